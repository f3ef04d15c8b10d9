#include "console_int.h"

static int fixed(const char *name, const char *content_type, struct response *r)
{
    respond_text(r, 200, html_template(name));
    r->content_type = content_type;
    /* the addresses of style sheet and script carry their version */
    respond_header(r, "Cache-Control", "public, max-age=3600");
    return 0;
}

int style_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    (void)q;
    (void)e;
    return fixed("style.css", "text/css; charset=utf-8", r);
}

int teams_window_script_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    (void)q;
    (void)e;
    return fixed("teams_window.js", "text/javascript; charset=utf-8", r);
}

int console_check_script_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    (void)q;
    (void)e;
    return fixed("console_check.js", "text/javascript; charset=utf-8", r);
}

int openapi_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    (void)q;
    (void)e;
    return fixed("openapi.yaml", "application/yaml", r);
}

/* Takes data over. */
static int page(const struct request *q, const char *name, json_t *data, struct response *r,
                struct err *e)
{
    char *html = NULL;
    if (html_page(q->mem, name, arena_json(q->mem, data), &html, e) != 0) {
        return err_set(e, ERR_INTERNAL, "html", "%s cannot be made", name);
    }
    respond_html(q->mem, r, 200, html, NULL);
    return 0;
}

static json_t *titled(const char *title)
{
    return json_must(json_pack("{s:s, s:b}", "title", title, "wide", 1));
}

/* Without the database it is the page of everybody. */
int front_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct console c = {.web = w, .q = q, .r = r, .mem = q->mem};
    struct err ignored = {0};
    bool known = false, any = true;
    bool read = console_who(&c, &known, &ignored) == 0 && console_any_bot(&c, &any, &ignored) == 0;
    json_t *data = titled("About");
    json_put(data, "known", json_boolean(read && known));
    json_put(data, "any_bot", json_boolean(!read || any));
    return page(q, "front.html", data, r, e);
}

int privacy_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    return page(q, "privacy.html", titled("Privacy"), r, e);
}

int terms_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    return page(q, "terms.html", titled("Terms"), r, e);
}

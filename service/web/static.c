#include "web_int.h"

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

static int page(const struct request *q, const char *name, const char *title, struct response *r,
                struct err *e)
{
    char *html = NULL;
    json_t *data = arena_json(q->mem, json_pack("{s:s, s:b}", "title", title, "wide", 1));
    if (data == NULL || html_page(q->mem, name, data, &html, e) != 0) {
        return err_set(e, ERR_INTERNAL, "html", "%s cannot be made", name);
    }
    respond_html(q->mem, r, 200, html, NULL);
    return 0;
}

int front_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    return page(q, "front.html", "About", r, e);
}

int privacy_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    return page(q, "privacy.html", "Privacy", r, e);
}

int terms_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    return page(q, "terms.html", "Terms", r, e);
}

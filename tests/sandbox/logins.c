#include "logins.h"

#include "page.h"

#include <stdlib.h>
#include <string.h>

enum { KEEP_MAX = 20000 };

void logins_reset(struct logins *l)
{
    json_decref(l->requests);
    json_decref(l->sessions);
    json_decref(l->codes);
    l->requests = json_object();
    l->sessions = json_object();
    l->codes = json_object();
}

void logins_keep(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
    while (json_object_size(object) > KEEP_MAX) {
        char *oldest = xstrdup(json_object_iter_key(json_object_iter(object)));
        json_object_del(object, oldest);
        free(oldest);
    }
}

json_t *logins_code(const struct logins *l, const char *code)
{
    return code == NULL ? NULL : json_object_get(l->codes, code);
}

void logins_grant(struct logins *l, const char *code, const json_t *asked)
{
    json_t *data = json_deep_copy(asked);
    json_object_set_new(data, "since_ms", json_integer((json_int_t)clock_now_ms()));
    json_object_set_new(data, "used", json_false());
    logins_keep(l->codes, code, data);
}

json_t *logins_session(const struct logins *l, const struct request *req)
{
    const char *cookie = http_cookie(req, l->cookie);
    return cookie == NULL ? NULL : json_object_get(l->sessions, cookie);
}

void logins_sign_in(struct logins *l, struct request *req, json_t *session)
{
    char *sid = random_token("", 40);
    logins_keep(l->sessions, sid, session);
    char *cookie = xasprintf("%s=%s; Path=/; HttpOnly; SameSite=Lax", l->cookie, sid);
    http_reply_header(req, "Set-Cookie", cookie);
    free(cookie);
    free(sid);
}

bool logins_is_theirs(const struct logins *l, struct request *req, const json_t *asked)
{
    const json_t *session = logins_session(l, req);
    bool same = session != NULL && json_str(asked, "user") != NULL &&
                strcmp(json_str_or(session, "user", ""), json_str(asked, "user")) == 0;
    if (!same) {
        page_message(req, 403, "Not your login", "This browser is not signed in for it.", l->brand);
    }
    return same;
}

json_t *logins_form(const struct logins *l, struct request *req)
{
    if (!http_is(req, "POST")) {
        page_message(req, 405, "Not allowed", "This page takes a form.", l->brand);
        return NULL;
    }
    json_t *form = form_decode(buf_text(&req->body), req->body.len);
    return form == NULL ? json_object() : form;
}

json_t *logins_pending(const struct logins *l, struct request *req, const json_t *fields)
{
    const char *id = json_str(fields, "request");
    json_t *asked = id == NULL ? NULL : json_object_get(l->requests, id);
    if (asked == NULL) {
        page_message(req, 400, "This login is over", "Start again where you came from.", l->brand);
    }
    return asked;
}

void logins_add_person(struct buf *b, const char *login, const char *name)
{
    buf_add(b, "<button class=\"person\" name=\"username\" value=\"");
    buf_add_html(b, login);
    buf_add(b, "\">");
    buf_add_html(b, name);
    buf_add(b, "<small>");
    buf_add_html(b, login);
    buf_add(b, "</small></button>");
}

void logins_show(struct request *req, struct buf *b)
{
    page_end(b);
    http_reply_header(req, "Cache-Control", "no-store");
    http_reply_text(req, 200, "text/html; charset=utf-8", b->data);
    buf_free(b);
}

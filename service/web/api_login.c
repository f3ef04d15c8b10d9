#include "api_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* An admin gives a default connection its own tokens: a link, and the code its last page shows. */
enum { LOGIN_S = 10 * 60, CODE_DIGITS = 6 };

/* Only the newest link counts. */
static int end_earlier(struct api *a, const struct workspace *w, struct err *e)
{
    if (store_default_lock(a->s, a->workspace, a->name, e) != 0) {
        return -1;
    }
    for (;;) {
        struct login *l = NULL;
        if (store_login_find_open(a->s, a->workspace, "", a->name, &l, e) != 0) {
            return -1;
        }
        if (l == NULL) {
            return 0;
        }
        if (oauth_login_end(a->web->options.oauth, a->s, l, LOGIN_CANCELLED, "replaced", e) != 0 ||
            (store_login_takes_over(l) &&
             bot_takeover_replaced(a->web->options.bot, a->s, w, l, e) != 0)) {
            return -1;
        }
    }
}

static int connection_login(struct api *a, struct err *e)
{
    static const char *const keys[] = {NULL};
    struct workspace *w = NULL;
    struct default_connection *d = NULL;
    json_doc_known(&a->doc, keys);
    if (api_refuse(a, e) != 0 || api_workspace_lock(a, &w, e) != 0 || api_default(a, &d, e) != 0) {
        return -1;
    }
    struct app_site site;
    struct err why = {0};
    if (oauth_site(a->web->options.oauth, a->mem, d, &site, &why) != 0) {
        return err_set(e, ERR_CONFLICT, why.code,
                       "This connection cannot be used yet: it needs an app, a client id, a client "
                       "secret, and the \"vars\" that its app asks for.");
    }
    const char *hash = NULL;
    const char *handle = oauth_handle_new(a->mem, w->route, &hash);
    const struct id id = id_new();
    const struct login l = {.workspace = a->workspace,
                            .id = id.text,
                            .user_id = "",
                            .default_name = d->name,
                            .requested_by = a->q->actor,
                            .expires_at = clock_now() + LOGIN_S};
    if (end_earlier(a, w, e) != 0 || store_login_add(a->s, &l, hash, e) != 0 ||
        api_audit(a, "default_connection.login_started", d->name, NULL, e) != 0) {
        return -1;
    }
    api_answer(a, 200,
               json_pack("{s:s, s:o}", "login_url",
                         oauth_login_url(a->mem, a->web->options.oauth, handle), "expires",
                         api_time(a->mem, l.expires_at)));
    return 0;
}

/* A wrong try must be counted, so its transaction commits: the problem is an answer, no error. */
struct refusal {
    int status;
    const char *title;
    const char *code;
    const char *detail;
};

static void refuse(struct api *a, const struct refusal *p, int64_t tries_left)
{
    api_answer(a, p->status,
               json_pack("{s:o, s:s, s:i, s:s, s:s, s:s, s:I}", "type",
                         json_sprintf("urn:workbot:problem:%s", p->code), "title", p->title,
                         "status", p->status, "code", p->code, "detail", p->detail, "request_id",
                         a->q->id, "tries_left", (json_int_t)tries_left));
    a->r->content_type = "application/problem+json";
}

static const char *read_code(struct api *a)
{
    static const char *const keys[] = {"code", NULL};
    json_doc_known(&a->doc, keys);
    const char *code = json_doc_text(&a->doc, "code", true, 32);
    if (code != NULL &&
        (strlen(code) != CODE_DIGITS || strspn(code, "0123456789") != CODE_DIGITS)) {
        json_doc_fault(&a->doc, "code", "This must be the %d digits that the page shows.",
                       CODE_DIGITS);
    }
    return code;
}

static int find_waiting(struct api *a, const char **ret_id, struct err *e)
{
    struct login *list = NULL;
    size_t count = 0;
    if (store_login_waiting_code(a->s, a->workspace, "", &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i].default_name, a->name) && !store_login_takes_over(&list[i])) {
            *ret_id = list[i].id;
            return 0;
        }
    }
    *ret_id = NULL;
    return 0;
}

static void answer_confirm(struct api *a, const struct oauth_confirm *c)
{
    static const struct refusal refusals[] = {
        [OAUTH_CODE_NONE] = {409, "Conflict", "no_code_waiting",
                             "No login of this connection waits for a code. Open a login link "
                             "first."},
        [OAUTH_CODE_WRONG] = {422, "Unprocessable content", "code_wrong",
                              "This is not the code that the page shows."},
        [OAUTH_CODE_SPENT] = {410, "Gone", "code_spent",
                              "The tries or the time of this code are over. Start a new login."},
    };
    if (c->result == OAUTH_CODE_RIGHT) {
        api_answer(a, 200,
                   json_pack("{s:s, s:o}", "state", connection_state_name(CONNECTION_ACTIVE),
                             "account", api_account(&c->account)));
        return;
    }
    refuse(a, &refusals[c->result], c->tries_left);
}

static int connection_confirm(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct default_connection *d = NULL;
    const char *login_id = NULL;
    struct oauth_confirm c = {.result = OAUTH_CODE_NONE};
    const char *code = read_code(a);
    if (api_refuse(a, e) != 0 || api_workspace_lock(a, &w, e) != 0 || api_default(a, &d, e) != 0 ||
        find_waiting(a, &login_id, e) != 0) {
        return -1;
    }
    const struct oauth_typed typed = {
        .workspace = a->workspace, .user_id = "", .login_id = login_id, .code = code};
    if (login_id != NULL && oauth_confirm_code(a->web->options.oauth, a->s, &typed, &c, e) != 0) {
        return -1;
    }
    answer_confirm(a, &c);
    return 0;
}

int api_connection_login(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, connection_login, e);
}

int api_connection_confirm(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, connection_confirm, e);
}

#include "api_int.h"

#include "base/limits.h"
#include "base/str.h"

/* Grants that end by an admin's hand: nothing stays alive at an app that nobody here can use. */

int api_end_logins(struct api *a, const struct connection *c, enum login_state to,
                   struct api_ended *ended, struct err *e)
{
    struct login *list = NULL;
    size_t count = 0;
    if (store_login_list_open(a->s, a->workspace, c->user_id, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (list[i].state != LOGIN_CODE || !str_equal(list[i].default_name, c->default_name)) {
            continue;
        }
        ended->revoking += list[i].provisional == NULL ? 0 : 1;
        if (oauth_login_end(a->web->options.oauth, a->s, &list[i], to, "admin", e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int end_grant(struct api *a, const struct default_connection *d, const struct connection *c,
                     enum login_state to, struct api_ended *ended, struct err *e)
{
    struct connection *full = NULL;
    if (api_end_logins(a, c, to, ended, e) != 0) {
        return -1;
    }
    /* Locked: a refresh that ends now must not leave other tokens than those that are revoked. */
    if (store_connection_lock(a->s, a->workspace, c->id, &full, e) != 0) {
        return e->kind == ERR_NOT_FOUND ? 0 : -1; /* its user was faster */
    }
    ended->connections++;
    if (secret_empty(full->tokens.access) && secret_empty(full->tokens.refresh)) {
        return 0;
    }
    ended->revoking++;
    const struct oauth_grant gone = oauth_grant_of(full);
    return oauth_revoke_later(a->web->options.oauth, a->s, d, &gone, NULL, e);
}

/* user_id NULL: all personal ones; "": the default connection's own. */
static int end_owners(struct api *a, const struct default_connection *d,
                      struct connection_filter *f, enum login_state to, struct api_ended *ended,
                      struct err *e)
{
    size_t count = 0;
    do {
        struct connection *list = NULL;
        if (store_connection_page(a->s, a->workspace, f, &list, &count, e) != 0) {
            return -1;
        }
        for (size_t i = 0; i < count; i++) {
            f->after_id = list[i].id;
            if (str_equal(list[i].default_name, d->name) &&
                end_grant(a, d, &list[i], to, ended, e) != 0) {
                return -1;
            }
        }
    } while (count == (size_t)f->limit);
    return 0;
}

int api_end_grants(struct api *a, const struct default_connection *d, enum login_state to,
                   struct api_ended *ended, struct err *e)
{
    struct connection_filter own = {.app = d->app, .user_id = "", .limit = LIMIT_PAGE_COUNT};
    struct connection_filter personal = {.app = d->app, .limit = LIMIT_PAGE_COUNT};
    if (store_default_lock(a->s, d->workspace, d->name, e) != 0) {
        return -1;
    }
    if (end_owners(a, d, &own, to, ended, e) != 0) {
        return -1;
    }
    return end_owners(a, d, &personal, to, ended, e);
}

void api_answer_ended(struct api *a, const struct api_ended *ended)
{
    api_answer(a, 202,
               json_pack("{s:I, s:I}", "connections", (json_int_t)ended->connections, "revoking",
                         (json_int_t)ended->revoking));
}

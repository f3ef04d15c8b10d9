#include "oauth_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

enum {
    CODE_TRIES = 3,
    CODE_DIGITS = 6,
    AGAIN_S = 15 * 60 /* in which a platform sends something once more */
};

/* Off-boarding, and its user's other transactions, lock the user first, too. */
static int find_of_person(store *s, const struct oauth_typed *typed, struct login **ret,
                          size_t *ret_count, struct err *e)
{
    bool may = false;
    if (store_user_may_use(s, typed->workspace, typed->user_id, &may, e) != 0) {
        return -1;
    }
    *ret_count = 0;
    return may ? store_login_waiting_code(s, typed->workspace, typed->user_id, ret, ret_count, e)
               : 0;
}

static int find_waiting(store *s, const struct oauth_typed *typed, struct login **ret,
                        size_t *ret_count, struct err *e)
{
    if (!str_empty(typed->user_id)) {
        return find_of_person(s, typed, ret, ret_count, e);
    }
    if (store_login_lock(s, typed->workspace, typed->login_id, ret, e) != 0) {
        return -1;
    }
    bool waits =
        *ret != NULL && store_login_waits_for_code(*ret) && str_empty(store_login_person(*ret));
    *ret_count = waits ? 1 : 0;
    return 0;
}

/* The provisional row of a login that came to nothing goes as it came. */
static int drop_provisional(store *s, const struct login *l, struct err *e)
{
    struct connection *c = NULL;
    if (store_connection_find(s, l->workspace, l->default_name, l->user_id, &c, e) != 0) {
        return -1;
    }
    if (c == NULL || c->state != CONNECTION_PROVISIONAL) {
        return 0;
    }
    bool changed = false;
    return c->connected_at == 0
               ? store_connection_delete(s, l->workspace, c->id, e)
               : store_connection_set_state(s, l->workspace, c->id, -1, CONNECTION_DISCONNECTED,
                                            "login_ended", &changed, e);
}

struct ending {
    enum login_state state;
    const char *reason;
    const char *message_id; /* told what came of the revocation; NULL: nobody */
};

static int end_login(oauth *o, store *s, const struct login *l, const struct ending *how,
                     struct err *e)
{
    struct default_connection *d = NULL;
    struct login *now = NULL;
    /* Locked, and read again: a callback may have left tokens there a moment ago. */
    if (store_login_lock(s, l->workspace, l->id, &now, e) != 0 ||
        store_default_find(s, l->workspace, l->default_name, &d, e) != 0) {
        return -1;
    }
    if (now == NULL || now->state == LOGIN_DONE) {
        return 0; /* somebody was faster: what is connected stays */
    }
    /* expiry has taken them out of the row and hands them over in l */
    const json_t *provisional = now->provisional != NULL ? now->provisional : l->provisional;
    if (provisional != NULL && d != NULL) {
        struct provisional_grant left;
        oauth_provisional_read(store_arena(s), provisional, l->user_id, &left);
        if (oauth_revoke_later(o, s, d, &left.grant, how->message_id, e) != 0) {
            return -1;
        }
    }
    if (drop_provisional(s, l, e) != 0 ||
        store_login_set_state(s, l->workspace, l->id, how->state, how->reason, e) != 0) {
        return -1;
    }
    return 0;
}

int oauth_login_end(oauth *o, store *s, const struct login *l, enum login_state state,
                    const char *reason, struct err *e)
{
    return end_login(o, s, l, &(struct ending){.state = state, .reason = reason}, e);
}

int oauth_login_disconnect(oauth *o, store *s, const struct login *l, const char *message_id,
                           struct err *e)
{
    const struct ending how = {
        .state = LOGIN_REFUSED, .reason = "disconnected", .message_id = message_id};
    return end_login(o, s, l, &how, e);
}

static const char *window_hash(const struct login *l)
{
    const char *hash = json_text(l->provisional, "window");
    return hash == NULL ? "" : hash;
}

static int activate(oauth *o, store *s, const struct login *l, enum oauth_match match,
                    struct oauth_confirm *ret, struct err *e)
{
    arena *mem = store_arena(s);
    struct tokens t;
    oauth_tokens_read(mem, json_member(l->provisional, "tokens"), &t);
    const struct activation now = {.login = l,
                                   .tokens = &t,
                                   .account = &ret->account,
                                   .assurance = l->proven == NULL ? "code" : l->proven,
                                   .match = match,
                                   .code_hash =
                                       arena_printf(mem, "%s %s", l->code_hash, window_hash(l))};
    struct activated done = {0};
    if (oauth_activate(o, s, &now, &done, e) != 0) {
        return -1;
    }
    ret->connection_id = done.id;
    ret->before = done.before;
    ret->place = done.place;
    ret->account_differs = match == OAUTH_MATCH_DIFFERS;
    ret->result = OAUTH_CODE_RIGHT;
    return 0;
}

static int wrong(oauth *o, store *s, const struct login *l, struct oauth_confirm *ret,
                 struct err *e)
{
    int64_t tries = 0;
    if (store_login_wrong_code(s, l->workspace, l->id, &tries, e) != 0) {
        return -1;
    }
    ret->tries_left = tries < CODE_TRIES ? CODE_TRIES - tries : 0;
    ret->result = ret->tries_left > 0 ? OAUTH_CODE_WRONG : OAUTH_CODE_SPENT;
    return ret->tries_left > 0 ? 0 : oauth_login_end(o, s, l, LOGIN_REFUSED, "code_tries", e);
}

static bool is_its_code(arena *mem, const struct login *l, const struct oauth_typed *typed)
{
    const char *hash =
        oauth_code_hash(mem, &(struct coded){l->id, oauth_sites_stand(l)}, typed->code);
    return l->provisional != NULL &&
           (str_equal(l->code_hash, hash) || (typed->by_window && str_equal(window_hash(l), hash)));
}

static bool is_over(const struct login *l)
{
    return l->code_expires_at <= clock_now();
}

static struct login *whose_code(arena *mem, struct login *list, size_t count,
                                const struct oauth_typed *typed)
{
    struct login *over = NULL;
    for (size_t i = 0; i < count; i++) {
        if (is_its_code(mem, &list[i], typed)) {
            if (!is_over(&list[i])) {
                return &list[i];
            }
            over = &list[i];
        }
    }
    return over;
}

static bool was_done_with(arena *mem, const struct login *l, const char *code)
{
    for (int asked = 0; asked < 2 && l->code_hash != NULL; asked++) {
        const char *hash = oauth_code_hash(mem, &(struct coded){l->id, asked == 1}, code);
        if (strstr(l->code_hash, hash) != NULL) {
            return true;
        }
    }
    return false;
}

/* What is sent once more, perhaps under a new id, after it has done its work. */
static int look_back(store *s, const struct oauth_typed *typed, struct oauth_confirm *ret,
                     struct err *e)
{
    struct login *list = NULL, *open = NULL;
    size_t count = 0, opens = 0;
    if (store_login_list_ended(s, typed->workspace, typed->user_id, AGAIN_S, &list, &count, e) !=
            0 ||
        store_login_list_open(s, typed->workspace, typed->user_id, &open, &opens, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        bool done = list[i].state == LOGIN_DONE;
        if (done && was_done_with(store_arena(s), &list[i], typed->code)) {
            ret->result = OAUTH_CODE_AGAIN;
        }
        ret->ended = ret->ended || !done;
    }
    for (size_t i = 0; i < opens; i++) {
        if (open[i].proven != NULL && is_its_code(store_arena(s), &open[i], typed)) {
            ret->result = OAUTH_CODE_AGAIN;
        }
    }
    return 0;
}

/* Its rights may have been taken from whoever takes over. */
static int look_at_admin(store *s, const struct login *l, const char **ret_why, struct err *e)
{
    struct workspace *w = NULL;
    if (!store_login_takes_over(l)) {
        return 0;
    }
    if (store_workspace_find(s, l->workspace, &w, e) != 0) {
        return -1;
    }
    bool is = w != NULL && store_is_admin(w, store_login_person(l));
    *ret_why = is ? NULL : OAUTH_NOW_NO_ADMIN;
    return 0;
}

/* What the connection demands may have changed after the code was shown: a sign-in, which who waits
 * for a code has not done, or that the account is the person's own. A default connection's own
 * login is an admin's and has neither. *ret_why: why the code does not do; NULL: it does. */
static int look_anew(store *s, const struct login *l, const struct account *account,
                     enum oauth_match *ret_match, const char **ret_why, struct err *e)
{
    struct default_connection *d = NULL;
    struct user *u = NULL;
    *ret_why = NULL;
    *ret_match = OAUTH_MATCH_OFF;
    if (str_empty(l->user_id)) {
        return look_at_admin(s, l, ret_why, e);
    }
    if (store_default_find(s, l->workspace, l->default_name, &d, e) != 0 ||
        store_user_find(s, l->workspace, l->user_id, &u, e) != 0) {
        return -1;
    }
    if (d == NULL) {
        return 0;
    }
    *ret_match = oauth_match_account(d, u, account);
    if (d->assurance_sign_in && !str_equal(l->proven, "sign_in")) {
        *ret_why = OAUTH_NOW_SIGN_IN;
    } else if (oauth_match_refuses(d, *ret_match)) {
        *ret_why = *ret_match == OAUTH_MATCH_UNKNOWN ? OAUTH_NOW_E_MAIL : OAUTH_NOW_ACCOUNT;
    }
    return 0;
}

int oauth_confirm_account(oauth *o, store *s, struct login *l, struct oauth_confirm *ret,
                          struct err *e)
{
    enum oauth_match match = OAUTH_MATCH_OFF;
    ret->login = l;
    if (look_anew(s, l, &ret->account, &match, &ret->barred, e) != 0) {
        return -1;
    }
    if (ret->barred == NULL) {
        return activate(o, s, l, match, ret, e);
    }
    ret->result = OAUTH_CODE_SPENT;
    return oauth_login_end(o, s, l, LOGIN_REFUSED, ret->barred, e);
}

/* It has done its work, and is none of those that wait for a code any more. */
static int await_site(oauth *o, store *s, struct login *l, struct oauth_confirm *ret, struct err *e)
{
    l->proven = "code";
    l->code_expires_at = clock_now() + o->options.config->ttl_code;
    ret->login = l;
    ret->result = OAUTH_CODE_SITE;
    return store_login_set_proven(s, l, l->proven, l->code_expires_at, e);
}

/* The right code, in time. */
static int take(oauth *o, store *s, struct login *l, struct oauth_confirm *ret, struct err *e)
{
    oauth_account_read(store_arena(s), json_member(l->provisional, "account"), &ret->account);
    return oauth_sites_stand(l) ? await_site(o, s, l, ret, e)
                                : oauth_confirm_account(o, s, l, ret, e);
}

int oauth_confirm_spent(oauth *o, store *s, struct login *l, struct oauth_confirm *ret,
                        struct err *e)
{
    ret->login = l;
    ret->expired = true;
    ret->result = OAUTH_CODE_SPENT;
    return oauth_login_end(o, s, l, LOGIN_EXPIRED, "code_expired", e);
}

/* It fits none of those that wait. */
static int refuse(oauth *o, store *s, const struct oauth_typed *typed, struct login *newest,
                  struct oauth_confirm *ret, struct err *e)
{
    bool guess = !typed->by_window || strlen(typed->code) == CODE_DIGITS;
    if (guess && is_over(newest)) {
        return oauth_confirm_spent(o, s, newest, ret, e);
    }
    ret->login = newest;
    ret->result = OAUTH_CODE_WRONG;
    return guess && !typed->counted ? wrong(o, s, newest, ret, e) : 0;
}

int oauth_confirm_code(oauth *o, store *s, const struct oauth_typed *typed,
                       struct oauth_confirm *ret, struct err *e)
{
    struct login *list = NULL;
    size_t count = 0;
    memset(ret, 0, sizeof(*ret));
    if (find_waiting(s, typed, &list, &count, e) != 0) {
        return -1;
    }
    struct login *l = whose_code(store_arena(s), list, count, typed);
    if (l != NULL && !is_over(l)) {
        return take(o, s, l, ret, e);
    }
    if (l != NULL && typed->by_window) {
        return oauth_confirm_spent(o, s, l, ret, e);
    }
    if (typed->by_window && look_back(s, typed, ret, e) != 0) {
        return -1;
    }
    return count == 0 || ret->result == OAUTH_CODE_AGAIN ? 0
                                                         : refuse(o, s, typed, &list[0], ret, e);
}

#include "lists_int.h"
#include "login_int.h"
#include "run_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/* Logins and runs whose time is over, each with a notice (P9) and in a transaction of its own: what
 * is wrong with one keeps no other alive. */

enum { BATCH = 20 };

static int scene_of(bot *b, store *s, const char *workspace, const char *user_id, struct scene *ret,
                    bool *ret_known, struct err *e)
{
    struct workspace *w = NULL;
    struct user *u = NULL;
    if (store_workspace_find(s, workspace, &w, e) != 0 ||
        store_user_find(s, workspace, user_id, &u, e) != 0) {
        return -1;
    }
    *ret = (struct scene){.bot = b, .mem = store_arena(s), .s = s, .workspace = w, .user = u};
    *ret_known = w != NULL && u != NULL;
    return 0;
}

/* Nobody can log in any more for what it waited for. */
static bool let_go(const struct run *r)
{
    return str_equal(r->error_code, "connection_removed") ||
           str_equal(r->error_code, "connection_changed");
}

static int end_let_go(struct scene *sc, struct run *r, struct err *e)
{
    struct recipe *recipe = NULL;
    const struct err why = {.kind = ERR_NOT_FOUND, .code = r->error_code};
    const struct failure f = {.why = &why};
    if (result_recipe(sc, r, &recipe, e) != 0) {
        return -1;
    }
    return run_end(sc, r, r->state, RUN_FAILED, failure_view(sc, r, recipe, &f), e);
}

static int expire_run(struct scene *sc, struct run *r, struct err *e)
{
    if (let_go(r)) {
        return end_let_go(sc, r, e);
    }
    const char *so_far = NULL;
    if (result_so_far(sc, r, &so_far, e) != 0) {
        return -1;
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "%s. %s",
              r->state == RUN_ASKING ? "This question has expired"
              : run_awaits_press(r)  ? "Nobody pressed a button in time"
                                     : "The time for the login is over",
              so_far == NULL ? "Nothing was done: type the command again." : so_far);
    view_note(view, "Reference %s", r->reference);
    return run_end(sc, r, r->state, RUN_EXPIRED, view, e);
}

/* Its tokens are there while its code is awaited. */
static const char *what_ran_out(const struct login *l)
{
    return l->proven != NULL ? "site_expired" : l->provisional != NULL ? "code_expired" : "expired";
}

int login_expired(struct scene *sc, const struct login *l, struct err *e)
{
    json_t *view = view_new(sc->mem);
    if (login_end(sc, l, LOGIN_EXPIRED, what_ran_out(l), e) != 0) {
        return -1;
    }
    if (l->message_id == NULL) {
        return 0;
    }
    view_text(view, "This login has expired%s. Nothing was connected.",
              l->proven != NULL        ? ": no site was chosen in time"
              : l->provisional != NULL ? ": its code was not typed in time"
                                       : "");
    prompt_add_renew(view, l);
    return say_update(sc, l->message_id, view, e);
}

struct expiry {
    bot *bot;
    arena *mem;
    store *s;   /* NULL: none is open */
    bool tell;  /* the user, too */
    bool found; /* there was one to end */
};

/* What it has decided stands all the same: its claim ends with it, and so does the step that waits
 * for a press. */
static int expire_run_untold(struct expiry *x, const struct run *r, struct err *e)
{
    struct scene sc = {.bot = x->bot, .mem = store_arena(x->s), .s = x->s};
    struct run next = *r;
    bool changed = false;
    next.state = let_go(r) ? RUN_FAILED : RUN_EXPIRED;
    if (wait_over_untold(&sc, r, e) != 0 || decided_end(&sc, r, next.state, NULL, e) != 0) {
        return -1;
    }
    return store_run_update(x->s, &next, r->state, &changed, e);
}

static int next_run(struct expiry *x, struct err *e)
{
    struct run *r = NULL;
    size_t count = 0;
    struct scene sc;
    bool known = false;
    if (store_run_expired(x->s, 1, &r, &count, e) != 0) {
        return -1;
    }
    x->found = count > 0;
    if (!x->found) {
        return 0;
    }
    if (x->tell && scene_of(x->bot, x->s, r->workspace, r->user_id, &sc, &known, e) != 0) {
        return -1;
    }
    if (!known) {
        return expire_run_untold(x, r, e);
    }
    return expire_run(&sc, r, e) != 0 ? -1 : home_touch(&sc, e);
}

static int next_login(struct expiry *x, struct err *e)
{
    struct login *l = NULL;
    size_t count = 0;
    struct scene sc;
    bool known = false;
    if (store_login_expire(x->s, 1, &l, &count, e) != 0) {
        return -1;
    }
    x->found = count > 0;
    if (!x->found) {
        return 0;
    }
    if (x->tell &&
        scene_of(x->bot, x->s, l->workspace, store_login_person(l), &sc, &known, e) != 0) {
        return -1;
    }
    /* an admin's login has nobody to tell, but its tokens must be revoked all the same */
    if (!known) {
        return oauth_login_end(x->bot->options.oauth, x->s, l, LOGIN_EXPIRED, what_ran_out(l), e);
    }
    return login_expired(&sc, l, e) != 0 ? -1 : home_touch(&sc, e);
}

/* The login of an admin who has left, and whom nobody took it over from: its time is over. */
static int next_left(struct expiry *x, struct err *e)
{
    const char *workspace = NULL, *id = NULL;
    struct connection *c = NULL;
    struct default_connection *d = NULL;
    bool changed = false;
    if (store_owner_left_due(x->s, OAUTH_OWNER_LEFT, &workspace, &id, e) != 0) {
        return -1;
    }
    x->found = id != NULL;
    if (!x->found) {
        return 0;
    }
    if (store_connection_lock(x->s, workspace, id, &c, e) != 0 ||
        store_default_find(x->s, workspace, c->default_name, &d, e) != 0) {
        return -1;
    }
    const struct oauth_evidence of = {.connection_id = c->id,
                                      .default_name = c->default_name,
                                      .user_id = c->owner == NULL ? "" : c->owner};
    const struct oauth_grant gone = oauth_grant_of(c);
    if (d != NULL && oauth_revoke_on_record(x->bot->options.oauth, x->s, d, &gone, &of, e) != 0) {
        return -1;
    }
    return store_connection_set_state(x->s, workspace, id, -1, CONNECTION_NEEDS_LOGIN,
                                      OAUTH_OWNER_LEFT, &changed, e);
}

static int next_ending(struct expiry *x, struct err *e)
{
    return ending_next(x->bot, x->s, x->tell, &x->found, e);
}

static const struct kind {
    int (*next)(struct expiry *x, struct err *e);
    enum metric metric;
    const char *label;
} kinds[] = {{next_run, METRIC_RUNS, "result=\"expired\""},
             {next_login, METRIC_LOGINS, "result=\"expired\""},
             {next_left, METRIC_REVOKES, "result=\"owner_left\""},
             {next_ending, METRIC_ENDINGS, NULL}};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static int in_transaction(struct expiry *x, const struct kind *k, struct err *e)
{
    x->found = false;
    if (x->s == NULL && store_open(x->bot->options.stores, x->mem, &x->s, e) != 0) {
        return -1;
    }
    if (store_begin(x->s, e) != 0 || k->next(x, e) != 0 || store_commit(x->s, e) != 0) {
        store_close(x->s);
        x->s = NULL;
        return -1;
    }
    metric_add(k->metric, k->label, x->found ? 1 : 0);
    return 0;
}

/* What cannot be told ends all the same, or it would stand before all others for ever; then *why
 * says what was wrong with it. */
static int expire_one(struct expiry *x, const struct kind *k, struct err *why, struct err *e)
{
    x->tell = true;
    if (in_transaction(x, k, e) == 0) {
        return 0;
    }
    if (e->kind == ERR_DATABASE) {
        return -1;
    }
    *why = *e;
    *e = (struct err){.kind = ERR_NONE};
    err_wrap(why, "expired without a notice");
    x->tell = false;
    return in_transaction(x, k, e);
}

static int expire_batch(struct expiry *x, const struct kind *k, bool *ret_more, struct err *e)
{
    struct err why = {.kind = ERR_NONE};
    for (int i = 0; i < BATCH; i++) {
        if (expire_one(x, k, &why, e) != 0) {
            return -1;
        }
        if (!x->found) {
            break;
        }
    }
    *ret_more = *ret_more || x->found;
    if (why.kind != ERR_NONE) {
        *e = why;
        return -1;
    }
    return 0;
}

int bot_expire(bot *b, arena *mem, bool *ret_more, struct err *e)
{
    struct expiry x = {.bot = b, .mem = mem};
    bool more = false;
    int rc = 0;
    for (size_t i = 0; i < KINDS; i++) {
        struct err why = {.kind = ERR_NONE};
        if (expire_batch(&x, &kinds[i], &more, &why) != 0) {
            *e = rc == 0 ? why : *e;
            rc = -1;
        }
    }
    store_close(x.s);
    *ret_more = more;
    return rc;
}

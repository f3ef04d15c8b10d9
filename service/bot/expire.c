#include "bot_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/* Logins and runs whose time is over, each with a notice (P9) and in a transaction of its own: what
 * is wrong with one keeps no other alive. And the outcome of revocations. */

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
    if (recipe_of(sc, r, &recipe, e) != 0) {
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
                                     : "I waited for the login for a day",
              so_far == NULL ? "Nothing was done: type the command again." : so_far);
    view_note(view, "Reference %s", r->reference);
    return run_end(sc, r, r->state, RUN_EXPIRED, view, e);
}

/* Its tokens are there while its code is awaited. */
static const char *what_ran_out(const struct login *l)
{
    return l->provisional != NULL ? "code_expired" : "expired";
}

static int expire_login(struct scene *sc, const struct login *l, struct err *e)
{
    json_t *view = view_new(sc->mem);
    if (oauth_login_end(sc->bot->options.oauth, sc->s, l, LOGIN_EXPIRED, what_ran_out(l), e) != 0) {
        return -1;
    }
    if (l->message_id == NULL) {
        return 0;
    }
    view_text(view, "This login has expired%s. Nothing was connected.",
              l->provisional != NULL ? ": its code was not typed in time" : "");
    view_button(view, &(struct button){.title = "New login", .action = "renew", .value = l->id});
    return say_update(sc, l->message_id, view, e);
}

static int expire_run_untold(store *s, const struct run *r, struct err *e)
{
    struct run next = *r;
    bool changed = false;
    next.state = let_go(r) ? RUN_FAILED : RUN_EXPIRED;
    return store_run_update(s, &next, r->state, &changed, e);
}

struct expiry {
    bot *bot;
    arena *mem;
    store *s;   /* NULL: none is open */
    bool tell;  /* the user, too */
    bool found; /* there was one to end */
};

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
        return expire_run_untold(x->s, r, e);
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
    if (x->tell && scene_of(x->bot, x->s, l->workspace, l->user_id, &sc, &known, e) != 0) {
        return -1;
    }
    /* an admin's login has nobody to tell, but its tokens must be revoked all the same */
    if (!known) {
        return oauth_login_end(x->bot->options.oauth, x->s, l, LOGIN_EXPIRED, what_ran_out(l), e);
    }
    return expire_login(&sc, l, e) != 0 ? -1 : home_touch(&sc, e);
}

static const struct kind {
    int (*next)(struct expiry *x, struct err *e);
    enum metric metric;
} kinds[] = {{next_run, METRIC_RUNS}, {next_login, METRIC_LOGINS}};
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
    metric_add(k->metric, "result=\"expired\"", x->found ? 1 : 0);
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

/* --- the receipt of a disconnect (P12) --- */

static json_t *receipt_view(struct scene *sc, const char *title, bool tried, enum app_revoked how)
{
    json_t *view = view_new(sc->mem);
    if (!tried) {
        view_text(view,
                  "Disconnected here, but %s did not confirm that it ended the login. Please end "
                  "it in its own settings too.",
                  title);
    } else if (how == APP_REVOKED) {
        view_text(view, "Disconnected: %s has ended the login too.", title);
    } else {
        view_text(view,
                  "Disconnected here only: %s offers no way to end the login from outside. You can "
                  "end it in its own settings.",
                  title);
    }
    view_note(view, "Type `connections` to connect again.");
    return view;
}

struct receipt {
    const char *message_id;
    const char *title;
    bool tried; /* false: given up */
    enum app_revoked how;
};

static int tell_revoked(bot *b, store *s, const struct job *j, const struct receipt *r,
                        struct err *e)
{
    struct message *m = NULL;
    struct scene sc;
    bool known = false;
    if (r->message_id == NULL) {
        return 0;
    }
    if (store_message_find(s, j->workspace, r->message_id, &m, e) != 0) {
        return -1;
    }
    if (m == NULL || m->user_id == NULL) {
        return 0;
    }
    if (scene_of(b, s, j->workspace, m->user_id, &sc, &known, e) != 0) {
        return -1;
    }
    const char *title = r->title == NULL ? "the app" : r->title;
    return known ? say_update(&sc, r->message_id, receipt_view(&sc, title, r->tried, r->how), e)
                 : 0;
}

static int end_revoke(bot *b, arena *mem, const struct job *j, const struct receipt *r,
                      struct err *e)
{
    store *s = NULL;
    if (store_open(b->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    store_follow(s, j);
    int rc =
        store_begin(s, e) != 0 || tell_revoked(b, s, j, r, e) != 0 || store_job_done(s, j, e) != 0
            ? -1
            : store_commit(s, e);
    store_close(s);
    return rc;
}

int bot_job_revoke(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct oauth_revoked revoked;
    if (oauth_revoke_run(b->options.oauth, mem, j, &revoked, e) != 0) {
        return -1;
    }
    const struct receipt r = {.message_id = revoked.message_id,
                              .title = revoked.app_title,
                              .tried = true,
                              .how = revoked.result};
    return end_revoke(b, mem, j, &r, e);
}

int bot_revoke_failed(bot *b, arena *mem, const struct job *j, const struct err *why, struct err *e)
{
    json_t *payload = NULL;
    if (json_read(mem, j->payload, &payload, e) != 0) {
        return -1;
    }
    const app *a = apps_find(b->options.apps, json_text(payload, "app"));
    const struct receipt r = {.message_id = json_text(payload, "message_id"),
                              .title = a == NULL ? NULL : app_title(a)};
    (void)why;
    return end_revoke(b, mem, j, &r, e);
}

#include "bot_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/* Logins and runs whose time is over, each with a notice (P9); and the outcome of revocations. */

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

static int expire_run(struct scene *sc, struct run *r, struct err *e)
{
    json_t *view = view_new(sc->mem);
    metric_add(METRIC_RUNS, "result=\"expired\"", 1);
    view_text(view, r->state == RUN_ASKING
                        ? "This question has expired, and nothing was done. Type the command again."
                        : "I waited for the login for a day, and nothing was done. Type the "
                          "command again.");
    view_note(view, "Reference %s", r->reference);
    return run_end(sc, r, r->state, RUN_EXPIRED, view, e);
}

static int expire_login(struct scene *sc, const struct login *l, struct err *e)
{
    json_t *view = view_new(sc->mem);
    metric_add(METRIC_LOGINS, "result=\"expired\"", 1);
    if (oauth_login_end(sc->bot->options.oauth, sc->s, l, LOGIN_EXPIRED, "expired", e) != 0) {
        return -1;
    }
    if (l->message_id == NULL) {
        return 0;
    }
    view_text(view, "This login has expired.");
    view_button(view, &(struct button){.title = "New login", .action = "renew", .value = l->id});
    return say_update(sc, l->message_id, view, e);
}

static int expire_runs(bot *b, store *s, size_t *ret_count, struct err *e)
{
    struct run *list = NULL;
    if (store_run_expired(s, BATCH, &list, ret_count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < *ret_count; i++) {
        struct scene sc;
        bool known = false;
        if (scene_of(b, s, list[i].workspace, list[i].user_id, &sc, &known, e) != 0 ||
            (known && expire_run(&sc, &list[i], e) != 0)) {
            return -1;
        }
    }
    return 0;
}

static int expire_logins(bot *b, store *s, size_t *ret_count, struct err *e)
{
    struct login *list = NULL;
    if (store_login_expire(s, BATCH, &list, ret_count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < *ret_count; i++) {
        struct scene sc;
        bool known = false;
        if (scene_of(b, s, list[i].workspace, list[i].user_id, &sc, &known, e) != 0) {
            return -1;
        }
        /* an admin's login has nobody to tell, but its tokens must be revoked all the same */
        int rc = known
                     ? expire_login(&sc, &list[i], e)
                     : oauth_login_end(b->options.oauth, s, &list[i], LOGIN_EXPIRED, "expired", e);
        if (rc != 0) {
            return -1;
        }
    }
    return 0;
}

int bot_expire(bot *b, arena *mem, bool *ret_more, struct err *e)
{
    store *s = NULL;
    size_t runs = 0, logins = 0;
    if (store_open(b->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_begin(s, e) != 0 || expire_runs(b, s, &runs, e) != 0 ||
                     expire_logins(b, s, &logins, e) != 0
                 ? -1
                 : store_commit(s, e);
    store_close(s);
    *ret_more = rc == 0 && (runs == BATCH || logins == BATCH);
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

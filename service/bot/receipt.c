#include "lists_int.h"

#include "base/clock.h"
#include "base/str.h"

/* What came of a revocation: the receipt of a disconnect (P12), or a line in the audit. */

struct receipt {
    const struct job *job;
    struct oauth_revoked revoked;
    bool tried; /* false: given up */
    bool again; /* nothing came of it yet: it is tried again */
};

/* In the body of a message: it has said so. */
static const char AGAIN[] = "again";

static const char *app_words(const struct receipt *r)
{
    return r->revoked.app_title == NULL ? "the app" : r->revoked.app_title;
}

/* Why a login that is of no use here lives on at the app. */
static int add_kept(struct scene *sc, const struct receipt *r, struct err *e)
{
    const struct oauth_revoked *x = &r->revoked;
    if (x->kept_for.id == NULL) {
        return 0;
    }
    json_t *detail = arena_json(
        sc->mem, json_pack("{s:s?, s:s?, s:s, s:s}", "connection", x->default_name, "user",
                           x->user_id, "acts", x->kept_for.default_name, "why", "same_account"));
    return store_audit_add(sc->s, r->job->workspace, "system", "connection.grant_kept",
                           x->kept_for.id, detail, e);
}

/* What the receipt says, and what nobody reads of who has left: what came of it. */
static int add_evidence(struct scene *sc, const struct receipt *r, struct err *e)
{
    const struct oauth_evidence *of = &r->revoked.of;
    bool ended = r->tried && r->revoked.result == APP_REVOKED;
    const char *result = !r->tried ? "failed" : (ended ? "revoked" : "not_offered");
    result = r->revoked.kept_for.id == NULL ? result : "kept";
    if (of->connection_id == NULL) {
        return 0;
    }
    json_t *detail =
        arena_json(sc->mem, json_pack("{s:s, s:s, s:s}", "connection", of->default_name, "user",
                                      of->user_id, "result", result));
    if (r->revoked.access_until > 0) {
        json_put(detail, "access_until",
                 json_string(clock_rfc3339(sc->mem, r->revoked.access_until)));
    }
    return store_audit_add(sc->s, r->job->workspace, "system", "connection.revoked",
                           of->connection_id, detail, e);
}

static void add_result(struct scene *sc, json_t *view, const struct receipt *r,
                       const struct ended *of)
{
    const char *title = app_words(r);
    const char *holder = r->revoked.kept_for.user_id;
    const char *what = of->account == NULL ? "" : arena_printf(sc->mem, " %s", of->account);
    if (r->again) {
        view_text(view,
                  "Disconnected%s here. %s does not answer at the moment, so the login has not "
                  "ended there yet. It will be tried again, and what comes of it will stand here.",
                  what, title);
    } else if (!r->tried) {
        view_text(view,
                  "Disconnected%s here, but %s did not confirm that it ended the login. Please end "
                  "it in its own settings too.",
                  what, title);
    } else if (r->revoked.kept_for.id != NULL) {
        view_text(view,
                  "Disconnected%s here. %s keeps one login for each account, and %s still acts by "
                  "it: so it lives on there.",
                  what, title,
                  str_empty(holder) ? "the shared connection" : "another connection here");
    } else if (r->revoked.access_until > 0) {
        view_text(view,
                  "Disconnected%s: %s has ended the login. The access that it gave out last is "
                  "deleted here, but lives on there for a short while: %s has no way to end it.",
                  what, title, title);
        view_stamp(view, r->revoked.access_until, "It runs out by itself, at the latest");
    } else if (r->revoked.result == APP_REVOKED) {
        view_text(view, "Disconnected%s: %s has ended the login too.", what, title);
    } else {
        view_text(view,
                  "Disconnected%s here only: %s offers no way to end the login from outside. You "
                  "can end it in its own settings.",
                  what, title);
    }
}

static int say_receipt(struct scene *sc, const struct message *m, const struct receipt *r,
                       struct err *e)
{
    const struct ended of = ended_read(m->body);
    json_t *view = view_new(sc->mem);
    if (r->again && json_is_true(json_member(m->body, AGAIN))) {
        return 0;
    }
    if (r->again) {
        json_put(view, AGAIN, json_true());
    }
    add_result(sc, view, r, &of);
    ended_keep(view, &of);
    if (ended_add_rest(sc, view, &of, e) != 0) {
        return -1;
    }
    view_note(view, "Type `connections` to connect again.");
    return say_update(sc, m->id, view, e);
}

static int tell_revoked(struct scene *sc, const struct receipt *r, struct err *e)
{
    const struct job *j = r->job;
    const char *message_id = r->revoked.message_id;
    struct message *m = NULL;
    struct workspace *w = NULL;
    struct user *u = NULL;
    if (message_id == NULL) {
        return 0;
    }
    if (store_message_find(sc->s, j->workspace, message_id, &m, e) != 0) {
        return -1;
    }
    if (m == NULL || m->user_id == NULL) {
        return 0;
    }
    if (store_workspace_find(sc->s, j->workspace, &w, e) != 0 ||
        store_user_find(sc->s, j->workspace, m->user_id, &u, e) != 0) {
        return -1;
    }
    sc->workspace = w;
    sc->user = u;
    return w != NULL && u != NULL ? say_receipt(sc, m, r, e) : 0;
}

static int end_revoke(struct scene *sc, void *arg, struct err *e)
{
    const struct receipt *r = arg;
    if (r->revoked.next != NULL) {
        return oauth_revoke_go_on(sc->s, r->job, &r->revoked, e) != 0
                   ? -1
                   : store_job_done(sc->s, r->job, e);
    }
    return tell_revoked(sc, r, e) != 0 || add_kept(sc, r, e) != 0 || add_evidence(sc, r, e) != 0 ||
                   store_job_done(sc->s, r->job, e) != 0
               ? -1
               : 0;
}

static bool is_outage(const struct err *why)
{
    return why->kind == ERR_UPSTREAM_BUSY || why->kind == ERR_TIMEOUT || why->kind == ERR_LIMIT;
}

static int tell_again(struct scene *sc, void *arg, struct err *e)
{
    return tell_revoked(sc, arg, e);
}

int bot_job_revoke(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    struct receipt r = {.job = j, .tried = true};
    if (oauth_revoke_run(b->options.oauth, mem, j, &r.revoked, e) != 0) {
        struct err unsaid = {0}; /* then the next try says it */
        r.again = is_outage(e);
        if (r.again) {
            (void)scene_do(&sc, NULL, tell_again, &r, &unsaid);
        }
        return -1;
    }
    return scene_do(&sc, j, end_revoke, &r, e);
}

int bot_revoke_failed(bot *b, arena *mem, const struct job *j, const struct err *why, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    struct receipt r = {.job = j, .tried = false};
    (void)why;
    return oauth_revoke_read(b->options.oauth, mem, j, &r.revoked, e) != 0
               ? -1
               : scene_do(&sc, j, end_revoke, &r, e);
}

#include "bot_int.h"

/* What came of a revocation: the receipt of a disconnect (P12), or a line in the audit. */

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
    const struct job *job;
    struct oauth_revoked revoked;
    bool tried; /* false: given up */
};

/* Who has left is told nothing: what came of it stands in the audit. */
static int add_evidence(struct scene *sc, const struct receipt *r, struct err *e)
{
    const struct oauth_evidence *of = &r->revoked.of;
    bool ended = r->tried && r->revoked.result == APP_REVOKED;
    const char *result = !r->tried ? "failed" : (ended ? "revoked" : "not_offered");
    if (of->connection_id == NULL) {
        return 0;
    }
    json_t *detail =
        arena_json(sc->mem, json_pack("{s:s, s:s, s:s}", "connection", of->default_name, "user",
                                      of->user_id, "result", result));
    return store_audit_add(sc->s, r->job->workspace, "system", "connection.revoked",
                           of->connection_id, detail, e);
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
    const char *title = r->revoked.app_title == NULL ? "the app" : r->revoked.app_title;
    json_t *view = receipt_view(sc, title, r->tried, r->revoked.result);
    return w != NULL && u != NULL ? say_update(sc, message_id, view, e) : 0;
}

static int end_revoke(struct scene *sc, void *arg, struct err *e)
{
    const struct receipt *r = arg;
    return tell_revoked(sc, r, e) != 0 || add_evidence(sc, r, e) != 0 ||
                   store_job_done(sc->s, r->job, e) != 0
               ? -1
               : 0;
}

int bot_job_revoke(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    struct receipt r = {.job = j, .tried = true};
    if (oauth_revoke_run(b->options.oauth, mem, j, &r.revoked, e) != 0) {
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

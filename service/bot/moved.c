#include "bot_int.h"

#include "base/json.h"
#include "base/str.h"

/*
 * A team's workspace becomes part of its organisation's (the job `move` of the organisation's
 * workspace): what was there goes on here, and whoever loses something by it is told.
 */

enum { BUSY_WAIT_S = 2 /* until what is under way there has ended */ };

static const char *account_words(struct scene *sc, const struct connection *c)
{
    return str_empty(c->account.name) ? "another account" : words_account(sc->mem, &c->account);
}

/* Its tokens are revoked by a job of the organisation: the team's rows are gone. */
static int end_lost(struct scene *sc, const struct move_lost *lost, struct err *e)
{
    const struct connection *c = lost->connection;
    const char *workspace = sc->workspace->workspace;
    struct default_connection def = *lost->def;
    def.workspace = workspace;
    json_t *detail = arena_json(
        sc->mem, json_pack("{s:s, s:s}", "connection", c->default_name, "user", c->user_id));
    if (oauth_revoke_later(sc->bot->options.oauth, sc->s, &def, &c->tokens, NULL, e) != 0 ||
        store_audit_add(sc->s, workspace, "system", "connection.superseded", c->id, detail, e) !=
            0) {
        return -1;
    }
    if (str_empty(c->user_id)) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    view_text(view,
              "**%s**: I serve your whole organisation now, and you were connected in two of its "
              "workspaces. I keep the connection that you used last and end the other one (%s).",
              words_app(sc, def.app), account_words(sc, c));
    view_note(view, "Type `connections` to see what you have.");
    return notice_one(sc, c->user_id, view, e);
}

static void add_list(json_t *view, const char *title, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        view_field(view, i == 0 ? title : " ", list[i]);
    }
}

static int tell_admins(struct scene *sc, const char *from, const struct workspace_moved *m,
                       struct err *e)
{
    json_t *view = view_new(sc->mem);
    view_text(view,
              "The workspace `%s` of your organisation is part of this installation now, with its "
              "connections and commands. Its admins are none here until you name them.",
              from);
    add_list(view, "Renamed, as the name was taken", m->renamed, m->renamed_count);
    add_list(view, "Switched off, as the command was taken", m->disabled, m->disabled_count);
    add_list(view,
             "Switched off, as everybody there could run it with a shared account: say who may "
             "now",
             m->closed, m->closed_count);
    return notice_all(sc, view, e);
}

static int note_move(struct scene *sc, const char *from, const struct workspace_moved *m,
                     struct err *e)
{
    json_t *detail = arena_json(
        sc->mem, json_pack("{s:s, s:i, s:i, s:i, s:i}", "from", from, "renamed",
                           (int)m->renamed_count, "closed", (int)m->closed_count, "disabled",
                           (int)m->disabled_count, "superseded", (int)m->lost_count));
    return store_audit_add(sc->s, sc->workspace->workspace, "system", "workspace.moved", from,
                           detail, e);
}

static int take_over(struct scene *sc, const char *from, struct workspace_moved *ret, struct err *e)
{
    struct workspace *w = NULL;
    const struct workspace_move q = {.from = from, .to = sc->workspace->workspace};
    if (store_workspace_move(sc->s, &q, ret, e) != 0) {
        return -1;
    }
    if (ret->gone || ret->busy) {
        return 0;
    }
    if (store_workspace_find(sc->s, q.to, &w, e) != 0) {
        return -1;
    }
    sc->workspace = w;
    for (size_t i = 0; i < ret->lost_count; i++) {
        if (end_lost(sc, &ret->lost[i], e) != 0) {
            return -1;
        }
    }
    return note_move(sc, from, ret, e) != 0 ? -1 : tell_admins(sc, from, ret, e);
}

static int run(struct scene *sc, void *arg, struct err *e)
{
    const struct job *j = *(const struct job *const *)arg;
    json_t *payload = NULL;
    const struct workspace to = {.workspace = j->workspace};
    struct workspace_moved moved;
    if (json_read(sc->mem, j->payload, &payload, e) != 0) {
        return -1;
    }
    const char *from = json_text(payload, "from");
    if (from == NULL) {
        return err_set(e, ERR_INPUT, "job_payload", "move job %s names no workspace", j->id);
    }
    sc->workspace = &to;
    if (take_over(sc, from, &moved, e) != 0) {
        return -1;
    }
    return moved.busy ? store_job_wait(sc->s, j, BUSY_WAIT_S, "move_busy", e)
                      : store_job_done(sc->s, j, e);
}

int bot_job_move(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    return scene_do(&sc, j, run, &j, e);
}

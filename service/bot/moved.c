#include "install_int.h"

#include "base/json.h"
#include "base/str.h"

/*
 * A team's workspace becomes part of its organisation's (the job `move` of the organisation's
 * workspace): what was there goes on here, and whoever loses something by it is told.
 */

enum {
    BUSY_WAIT_S = 2,   /* until what is under way there has ended */
    BROKEN_WAIT_S = 60 /* it is woken when the bot works again */
};

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
    const struct oauth_grant gone = oauth_grant_of(c);
    if (oauth_revoke_later(sc->bot->options.oauth, sc->s, &def, &gone, NULL, e) != 0 ||
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

/* --- is it so? --- */

struct moving {
    const struct job *job;
    const char *from;
    const struct workspace *to, *team;
    const char *wait; /* for what; NULL: it does not wait */
    int64_t wait_s;
    bool moves;
};

static int load(struct scene *sc, void *arg, struct err *e)
{
    struct moving *m = arg;
    struct workspace *to = NULL, *team = NULL;
    json_t *payload = NULL;
    if (json_read(sc->mem, m->job->payload, &payload, e) != 0) {
        return -1;
    }
    m->from = json_text(payload, "from");
    if (m->from == NULL) {
        return err_set(e, ERR_INPUT, "job_payload", "move job %s names no workspace", m->job->id);
    }
    if (store_workspace_find(sc->s, m->job->workspace, &to, e) != 0 ||
        store_workspace_find(sc->s, m->from, &team, e) != 0) {
        return -1;
    }
    m->to = to;
    m->team = team;
    return 0;
}

/* Of a team whose organisation is not known the platform's list alone can say. */
static bool is_of(const struct workspace *team, const struct workspace *organisation)
{
    return str_empty(team->organization) || str_empty(organisation->organization) ||
           str_equal(team->organization, organisation->organization);
}

/* Whose rows belong to whom is not for an event to say. */
static int ask(struct scene *sc, struct moving *m, struct err *e)
{
    struct oauth_bot as;
    struct teams teams;
    if (m->to == NULL || m->team == NULL || !is_of(m->team, m->to)) {
        return 0;
    }
    if (str_equal(m->to->state, "broken") && store_job_may_wait(m->job)) {
        m->wait = STORE_JOB_HELD;
        m->wait_s = BROKEN_WAIT_S;
        return 0;
    }
    if (!str_equal(m->to->state, "active")) {
        return 0; /* installed again, it is told its teams anew */
    }
    sc->workspace = m->to;
    if (teams_ask(sc, &as, &teams, e) != 0) {
        return -1;
    }
    m->moves = teams_have(&teams, m->from);
    m->wait = teams_unsure(&teams, m->from, true, m->job->created_at) ? teams_unsure_code : NULL;
    m->wait_s = TEAMS_AGAIN_S;
    return 0;
}

static int run(struct scene *sc, void *arg, struct err *e)
{
    struct moving *m = arg;
    struct workspace_moved moved = {.busy = false};
    sc->workspace = m->to;
    if (m->moves && take_over(sc, m->from, &moved, e) != 0) {
        return -1;
    }
    if (moved.busy) {
        m->wait_s = BUSY_WAIT_S;
        m->wait = "move_busy";
    }
    return m->wait != NULL ? store_job_wait(sc->s, m->job, m->wait_s, m->wait, e)
                           : store_job_done(sc->s, m->job, e);
}

int bot_job_move(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    struct moving m = {.job = j};
    if (scene_do(&sc, j, load, &m, e) != 0 || ask(&sc, &m, e) != 0) {
        return -1;
    }
    return scene_do(&sc, j, run, &m, e);
}

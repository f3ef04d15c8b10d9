#include "install_int.h"

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

/*
 * Where the bot was taken away, people's personal connections are revoked and forgotten, their
 * logins and waiting runs ended (P12), a batch of people at a time. What admins set up stays for a
 * while, for an installation that comes back.
 */

enum { BATCH = 25, FORGET_AFTER_S = 30 * 86400, FORGET_BATCH = 5 };

struct purge {
    struct scene scene;
    const struct job *job;
    const char *why, *after; /* "uninstalled" or "teams"; the last person of the batch before */
    const char **people;
    size_t count;
    bool *stays;     /* of each of people */
    bool unsure;     /* of the teams: looked at again later */
    json_t *payload; /* of the job; "gone": teams that have lost the bot, as was said "at" */
};

static const char *const whys[] = {[PURGE_UNINSTALLED] = "uninstalled", [PURGE_TEAMS] = "teams"};

static int add_job(store *s, const char *workspace, json_t *payload, struct err *e)
{
    struct job j = {.workspace = workspace,
                    .kind = JOB_PURGE,
                    .lane = "purge",
                    .priority = JOB_PRIORITY_REVOKE,
                    .payload = bytes_of(json_write(store_arena(s), payload))};
    return store_job_add(s, &j, e);
}

int purge_later(store *s, const char *workspace, enum purge_why why, const struct purge_gone *gone,
                struct err *e)
{
    json_t *payload = json_pack("{s:s, s:s}", "why", whys[why], "after", "");
    if (gone != NULL) {
        json_object_set(payload, "gone", gone->teams);
        json_object_set_new(payload, "at", json_integer(gone->said_at));
    }
    return add_job(s, workspace, arena_json(store_arena(s), payload), e);
}

/* --- who stays: a member of another workspace that has the bot --- */

/* One that is gone, and that the list still holds, or holds again. */
static bool is_unsure(const struct purge *p, const struct teams *teams)
{
    const json_t *gone = json_member(p->payload, "gone");
    int64_t at = json_i64(p->payload, "at");
    for (size_t i = 0; i < json_array_size(gone); i++) {
        const char *team = json_string_value(json_array_get(gone, i));
        if (teams_unsure(teams, team, false, at > 0 ? at : p->job->created_at)) {
            return true;
        }
    }
    return false;
}

/* Whoever cannot be placed stays: the nightly comparison looks again. */
static bool has_team(const struct teams *teams, const struct chat_person *person)
{
    for (size_t i = 0; i < person->teams_count; i++) {
        if (teams_have(teams, person->teams[i])) {
            return true;
        }
    }
    return person->teams_count == 0;
}

static int ask_person(struct purge *p, struct oauth_bot *as, const struct teams *teams, size_t i,
                      struct err *e)
{
    const struct bot_options *o = &p->scene.bot->options;
    const struct chat_driver *driver = chats_driver(o->chats, p->job->workspace);
    struct chat_person person = {0};
    while (driver->person(o->chats, p->scene.mem, &as->access, p->people[i], &person, e) != 0) {
        bool gone = e->kind == ERR_NOT_FOUND || str_equal(e->code, "chat_not_granted");
        if (gone || str_equal(e->code, "chat_unclear")) {
            p->stays[i] = !gone; /* who cannot be placed stays, as in has_team */
            *e = (struct err){0};
            return 0;
        }
        if (!oauth_bot_again(o->oauth, p->scene.mem, as, e)) {
            return -1;
        }
    }
    p->stays[i] = has_team(teams, &person);
    return 0;
}

static int ask_who_stays(struct purge *p, struct err *e)
{
    struct oauth_bot as;
    struct teams teams;
    if (teams_ask(&p->scene, &as, &teams, e) != 0) {
        return -1;
    }
    p->unsure = is_unsure(p, &teams);
    if (!teams.known || p->unsure) {
        p->count = 0;
        return 0;
    }
    for (size_t i = 0; i < p->count; i++) {
        if (ask_person(p, &as, &teams, i, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- a batch --- */

static int load(struct scene *sc, void *arg, struct err *e)
{
    struct purge *p = arg;
    struct workspace *w = NULL;
    if (json_read(sc->mem, p->job->payload, &p->payload, e) != 0 ||
        store_workspace_find(sc->s, p->job->workspace, &w, e) != 0) {
        return -1;
    }
    p->why = json_text(p->payload, "why");
    p->after = json_text(p->payload, "after");
    sc->workspace = w;
    /* installed again meanwhile: whoever is left keeps what they have */
    const char *wanted = str_equal(p->why, whys[PURGE_UNINSTALLED]) ? "removed" : "active";
    if (w == NULL || !str_equal(w->state, wanted)) {
        return 0;
    }
    if (store_people_held(sc->s, w->workspace, p->after, BATCH, &p->people, &p->count, e) != 0) {
        return -1;
    }
    p->stays = arena_array(sc->mem, p->count + 1, sizeof *p->stays);
    return 0;
}

static int act(struct scene *sc, void *arg, struct err *e)
{
    struct purge *p = arg;
    if (p->unsure) {
        return store_job_wait(sc->s, p->job, TEAMS_AGAIN_S, teams_unsure_code, e);
    }
    for (size_t i = 0; i < p->count; i++) {
        const struct parting how = {.why = p->why};
        if (!p->stays[i] && people_end(sc, p->people[i], &how, e) != 0) {
            return -1;
        }
    }
    if (p->count == BATCH) {
        json_object_set_new(p->payload, "after", json_string(p->people[BATCH - 1]));
        if (add_job(sc->s, p->job->workspace, p->payload, e) != 0) {
            return -1;
        }
    }
    return store_job_done(sc->s, p->job, e);
}

int bot_job_purge(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct purge p = {.scene = {.bot = b, .mem = mem}, .job = j};
    if (scene_do(&p.scene, j, load, &p, e) != 0) {
        return -1;
    }
    if (p.count > 0 && str_equal(p.why, whys[PURGE_TEAMS]) && ask_who_stays(&p, e) != 0) {
        return -1;
    }
    return scene_do(&p.scene, j, act, &p, e);
}

/* --- what admins set up, when its time is over --- */

static int revoke_default(struct scene *sc, const struct default_connection *d, struct err *e)
{
    struct connection *c = NULL;
    if (store_connection_find(sc->s, d->workspace, d->name, "", &c, e) != 0) {
        return -1;
    }
    if (c == NULL) {
        return 0;
    }
    const struct oauth_grant gone = oauth_grant_of(c);
    return oauth_revoke_later(sc->bot->options.oauth, sc->s, d, &gone, NULL, e);
}

static int revoke_defaults(struct scene *sc, const char *workspace, struct err *e)
{
    struct default_connection *list = NULL;
    size_t count = 0;
    if (store_default_list(sc->s, workspace, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (revoke_default(sc, &list[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int forget(struct scene *sc, const char *workspace, struct err *e)
{
    struct workspace *w = NULL;
    bool existed = false;
    if (store_begin(sc->s, e) != 0 || store_workspace_lock(sc->s, workspace, &w, e) != 0) {
        return -1;
    }
    if (w == NULL || !str_equal(w->state, "removed")) {
        return store_commit(sc->s, e);
    }
    if (revoke_defaults(sc, workspace, e) != 0 ||
        store_workspace_delete(sc->s, workspace, &existed, e) != 0 ||
        store_audit_add(sc->s, workspace, "system", "workspace.deleted", workspace, NULL, e) != 0) {
        return -1;
    }
    return store_commit(sc->s, e);
}

int bot_forget_removed(bot *b, arena *mem, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    const char **list = NULL;
    size_t count = 0;
    if (store_open(b->options.stores, mem, &sc.s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_removed(sc.s, FORGET_AFTER_S, FORGET_BATCH, &list, &count, e);
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = forget(&sc, list[i], e);
    }
    store_close(sc.s);
    return rc;
}

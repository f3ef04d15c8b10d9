#include "lists_int.h"

#include "base/json.h"
#include "base/str.h"

/* Connections that would end for want of use: renewed when somebody asks for it, or by the clock
 * where an admin wants that. */

enum { AT_ONCE = 20, AGAIN_S = 6 * 3600 };

int bot_keep_due(bot *b, store *s, struct err *e)
{
    struct known_end *due = NULL;
    size_t count = 0;
    (void)b;
    if (store_begin(s, e) != 0 || store_keep_due(s, AT_ONCE, AGAIN_S, &due, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (store_keep_add(s, &due[i], NULL, e) != 0) {
            return -1;
        }
    }
    return store_commit(s, e);
}

/* --- asked for --- */

static void add_connect(json_t *view, const struct connection *c)
{
    if (!str_empty(c->user_id)) {
        view_button(view, &(struct button){.title = "Log in again",
                                           .action = "reconnect",
                                           .value = c->default_name,
                                           .style = BUTTON_PRIMARY});
    }
}

static int say_over(struct turn *t, const struct connection *c, struct err *e)
{
    struct scene *sc = &t->scene;
    json_t *view = view_new(sc->mem);
    view_text(view, "There is nothing to keep any more. **%s**: %s.", words_app(sc, c->app),
              words_state(sc->mem, c));
    add_connect(view, c);
    return say_private(t, view, NULL, e);
}

/* What comes of it takes the place of this; the home page cannot be that place. */
static int say_renewing(struct turn *t, const struct connection *c, const char **ret_id,
                        struct err *e)
{
    struct scene *sc = &t->scene;
    json_t *view = view_new(sc->mem), *page = view_new(sc->mem);
    const char *title = words_app(sc, c->app);
    view_text(view, "Renewing your connection to **%s** ...", title);
    if (t->event.surface != SURFACE_HOME) {
        return say_private(t, view, ret_id, e);
    }
    view_text(page, "I am renewing your connection to **%s**, and tell you in our %s how it went.",
              title, words_dm(sc));
    return say_dm(sc, view, ret_id, e) != 0 ? -1 : say_private(t, page, NULL, e);
}

int action_keep(struct turn *t, const char *value, struct err *e)
{
    struct scene *sc = &t->scene;
    struct connection *c = NULL;
    const char *message_id = NULL;
    bool may = false;
    if (!id_valid(value) ||
        store_user_may_use(sc->s, sc->workspace->workspace, t->event.user_id, &may, e) != 0) {
        return id_valid(value) ? -1 : 0;
    }
    if (store_connection_load(sc->s, sc->workspace->workspace, value, &c, e) != 0) {
        return e->kind == ERR_NOT_FOUND ? list_say_deleted(t, e) : -1;
    }
    bool own =
        str_empty(c->user_id) ? words_for_admin(sc) : str_equal(c->user_id, t->event.user_id);
    if (!may || !own) {
        return 0; /* the id in a button selects nobody else's connection */
    }
    if (c->state != CONNECTION_ACTIVE) {
        return say_over(t, c, e);
    }
    const struct known_end x = {
        .workspace = c->workspace, .connection_id = c->id, .generation = c->generation};
    return say_renewing(t, c, &message_id, e) != 0 ? -1 : store_keep_add(sc->s, &x, message_id, e);
}

/* --- done --- */

struct kept {
    const struct job *job;
    const char *message_id;      /* NULL: nobody asked */
    const struct connection *as; /* as it stands; NULL: *why says why not */
    const struct err *why;
};

static json_t *kept_view(struct scene *sc, const struct kept *k, const struct connection *c)
{
    json_t *view = view_new(sc->mem);
    const char *title = words_app(sc, c->app), *until = ending_words(sc->mem, c);
    if (k->as != NULL) {
        view_text(view, "**Kept.** Your connection to %s is good%s%s%s.", title,
                  until == NULL ? "" : " ", until == NULL ? "" : until,
                  until == NULL ? "" : ", and longer when it is used");
        return view;
    }
    view_text(view, "%s", words_failure(sc->mem, k->why, NULL, title));
    if (k->why->kind == ERR_LOGIN_NEEDED) {
        add_connect(view, c);
    } else {
        ending_add_button(view, c);
    }
    return view;
}

static int tell_asker(struct scene *sc, const struct kept *k, const struct connection *c,
                      struct err *e)
{
    struct message *m = NULL;
    struct user *u = NULL;
    if (store_message_find(sc->s, k->job->workspace, k->message_id, &m, e) != 0) {
        return -1;
    }
    if (m == NULL || m->user_id == NULL) {
        return 0;
    }
    if (store_user_find(sc->s, k->job->workspace, m->user_id, &u, e) != 0) {
        return -1;
    }
    sc->user = u;
    return u == NULL ? 0 : say_update(sc, k->message_id, kept_view(sc, k, c), e);
}

/* What only an admin can mend is told to the admins, asked or not; a login of one's own is not. */
static int tell(struct scene *sc, const struct kept *k, const struct connection *c, struct err *e)
{
    struct default_connection *d = NULL;
    if (store_default_find(sc->s, c->workspace, c->default_name, &d, e) != 0) {
        return -1;
    }
    bool own = !str_empty(c->user_id) && k->as == NULL && k->why->kind == ERR_LOGIN_NEEDED;
    if (k->as == NULL && !own && notice_admins(sc, d, k->why->code, NULL, e) != 0) {
        return -1;
    }
    return k->message_id == NULL ? 0 : tell_asker(sc, k, c, e);
}

static int end_keep(struct scene *sc, void *arg, struct err *e)
{
    const struct kept *k = arg;
    struct workspace *w = NULL;
    json_t *payload = NULL;
    struct connection *c = NULL;
    if (json_read(sc->mem, k->job->payload, &payload, e) != 0 ||
        store_workspace_find(sc->s, k->job->workspace, &w, e) != 0) {
        return -1;
    }
    sc->workspace = w;
    if (store_connection_load(sc->s, k->job->workspace, json_text(payload, "connection"), &c, e) !=
        0) {
        if (e->kind != ERR_NOT_FOUND) {
            return -1;
        }
        *e = (struct err){.kind = ERR_NONE};
    }
    if (c != NULL && w != NULL && tell(sc, k, c, e) != 0) {
        return -1;
    }
    return store_job_done(sc->s, k->job, e);
}

static int read_job(arena *mem, const struct job *j, struct known_end *ret,
                    const char **ret_message, struct err *e)
{
    json_t *payload = NULL;
    if (json_read(mem, j->payload, &payload, e) != 0) {
        return -1;
    }
    *ret = (struct known_end){.workspace = j->workspace,
                              .connection_id = json_text(payload, "connection"),
                              .generation = json_i64(payload, "generation")};
    *ret_message = json_text(payload, "message_id");
    return ret->connection_id != NULL
               ? 0
               : err_set(e, ERR_INPUT, "job_payload", "keep job %s names no connection", j->id);
}

int bot_job_keep(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    struct kept k = {.job = j};
    struct known_end x;
    struct connection *c = NULL;
    struct err why = {.kind = ERR_NONE};
    if (read_job(mem, j, &x, &k.message_id, e) != 0) {
        return -1;
    }
    if (oauth_keep(b->options.oauth, mem, &x, k.message_id != NULL, &c, &why) != 0) {
        if (err_fate(why.kind) == FATE_AGAIN) {
            *e = why;
            return -1;
        }
        k.why = &why;
    } else {
        k.as = c;
    }
    return scene_do(&sc, j, end_keep, &k, e);
}

int bot_keep_failed(bot *b, arena *mem, const struct job *j, const struct err *why, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    struct kept k = {.job = j, .why = why};
    struct known_end x;
    return read_job(mem, j, &x, &k.message_id, e) != 0 ? -1 : scene_do(&sc, j, end_keep, &k, e);
}

#include "lists_int.h"
#include "login_int.h"
#include "people_int.h"
#include "run_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/* Runs that wait for a login: parked once, released once (P9). */

/* At most RUNS_AT_ONCE runs of one recipe for one user are under way: whoever types or presses a
 * hundred times takes no workers from others (P13), and a run that waits for a busy app holds up
 * only its likes. */
enum { RUNS_AT_ONCE = 4 };

static const char *lane_of(arena *mem, const struct run *r)
{
    unsigned n = 0;
    for (const char *p = r->id; *p != '\0'; p++) {
        n = n * 31 + (unsigned char)*p;
    }
    return arena_printf(mem, "run:%s:%s:%u", r->user_id, r->recipe, n % RUNS_AT_ONCE);
}

int run_enqueue(struct scene *sc, struct run *r, enum run_state from, struct err *e)
{
    bool changed = false;
    struct run next = *r;
    next.state = RUN_QUEUED;
    next.expires_at = 0;
    next.asking = NULL;
    if (from != RUN_QUEUED) {
        if (store_run_update(sc->s, &next, from, &changed, e) != 0) {
            return -1;
        }
        if (!changed) {
            return 0; /* somebody else moved it on: exactly once */
        }
    }
    *r = next;
    sc->changed = true;
    if ((from == RUN_QUEUED || from == RUN_ASKING) && decided_hold(sc, r, e) != 0) {
        return -1;
    }
    json_t *payload = arena_json(sc->mem, json_pack("{s:s}", "run", r->id));
    if (sc->told) {
        json_object_set_new(payload, "told", json_true());
    }
    struct job j = {.workspace = r->workspace,
                    .kind = JOB_RUN,
                    .lane = lane_of(sc->mem, r),
                    .priority = JOB_PRIORITY_NORMAL,
                    .payload = bytes_of(json_write(sc->mem, payload))};
    return store_job_add(sc->s, &j, e);
}

int run_show(struct scene *sc, struct run *r, json_t *view, struct err *e)
{
    if (r->act.name != NULL) {
        view_note(view, "Begun for you by `%s`, which you allowed.", r->act.name);
    }
    if (!run_for_one(r) && r->state == RUN_PARKED && r->message_id == NULL) {
        return say_dm(sc, view, NULL, e); /* no line for all has said that it waits: say_parked */
    }
    if (!run_for_one(r)) {
        view_set_owner(view, r->user_id);
    }
    if (r->message_id != NULL) {
        return say_update(sc, r->message_id, view, e);
    }
    const struct target t = run_target(sc, r);
    return say_new(sc, &t, view, &r->message_id, e);
}

int run_end(struct scene *sc, struct run *r, enum run_state from, enum run_state to, json_t *view,
            struct err *e)
{
    bool changed = false;
    if (wait_over(sc, r, e) != 0 || decided_end(sc, r, to, &view, e) != 0 ||
        (view != NULL && run_show(sc, r, view, e) != 0)) {
        return -1;
    }
    struct run next = *r;
    next.state = to;
    if (store_run_update(sc->s, &next, from, &changed, e) != 0) {
        return -1;
    }
    if (!changed) {
        return err_set(e, ERR_LEASE_LOST, "run_moved", "run %s moved on", r->reference);
    }
    *r = next;
    sc->changed = true;
    return connected_tell(sc, r, e) != 0 ? -1 : pending_changed(sc, e);
}

/* The same command with the same inputs, typed again: the newer one stands for both, and takes over
 * the prompt. */
static int supersede_twins(struct scene *sc, const struct run *r, const char *login_id,
                           struct err *e)
{
    struct run *open = NULL;
    size_t count = 0;
    if (store_run_open(sc->s, r->workspace, r->user_id, &open, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        struct run *twin = &open[i];
        if (twin->state != RUN_PARKED || run_awaits_press(twin) || str_equal(twin->id, r->id) ||
            !str_equal(twin->recipe, r->recipe) || !json_equal(twin->inputs, r->inputs)) {
            continue;
        }
        json_t *view = view_new(sc->mem);
        view_text(view, "Replaced: you typed the same command again below.");
        view_note(view, "Reference %s", twin->reference);
        if (run_end(sc, twin, RUN_PARKED, RUN_SUPERSEDED, view, e) != 0 ||
            store_login_set_run(sc->s, r->workspace, login_id, r->id, r->message_id, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* What its user is shown in that line's place: how it stands, and no link. */
static json_t *parked_view(struct scene *sc, const struct run *r,
                           const struct default_connection *d)
{
    json_t *view = view_new(sc->mem);
    struct recipe *recipe = NULL;
    struct err unused = {0};
    bool known = recipe_of(sc, r, &recipe, &unused) == 0 && recipe != NULL;
    view_text(view, "**%s** waits for your login to %s.", known ? recipe->title : r->recipe,
              words_app(sc, d->app));
    view_note(view, "I have asked you for it in our one-to-one chat. It goes on by itself then; "
                    "`pending` shows it there, too.");
    view_note(view, "Reference %s. Only you see this.", r->reference);
    return view;
}

/* In a shared place a neutral line stands for the run; the prompt itself goes to its user. */
static json_t *neutral_view(struct scene *sc, const struct run *r,
                            const struct default_connection *d)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "%s, I sent you a private message to go on.",
              str_visible(sc->user->name) ? sc->user->name : "Hello");
    if (words_has_home(sc)) {
        view_note(view, "It is in our direct messages. My home page shows what waits, too.");
    } else {
        view_note(view, "It is in our one-to-one chat. If you do not see it, open a chat with me "
                        "and send `pending`.");
    }
    view_set_promise(view, true);
    if (words_has_own_views(sc)) {
        view_set_own(view, sc->user->user_id, parked_view(sc, r, d));
    }
    return view;
}

/* Whoever was told in private is told no more where all read it: the result alone stands there. */
static int say_parked(struct scene *sc, struct run *r, const struct default_connection *d,
                      struct err *e)
{
    bool known = sc->told && r->message_id == NULL;
    return known ? 0 : run_line(sc, r, neutral_view(sc, r, d), e);
}

static json_t *waiting_view(struct scene *sc, const struct login *l,
                            const struct default_connection *d, const struct run *r)
{
    json_t *view = view_new(sc->mem);
    const char *title = words_app(sc, d->app);
    bool code = l->state == LOGIN_CODE;
    view_text(view,
              store_login_waits_for_code(l)
                  ? "This waits for the %s code that your browser shows: type it here."
              : code ? "This waits for you to choose a %s site: I have asked you which."
                     : "This waits for the %s login that I asked you for already.",
              title);
    if (!code) {
        prompt_add_button(sc, l, view, arena_printf(sc->mem, "Log in to %s", title));
    }
    view_button(view, &(struct button){.title = "Cancel it", .action = "drop", .value = r->id});
    return view;
}

static int park_behind(struct scene *sc, struct run *r, const struct default_connection *d,
                       const char *login_id, struct err *e)
{
    struct login *l = NULL;
    if (run_in_private(r)) {
        if (store_login_find(sc->s, r->workspace, login_id, &l, e) != 0) {
            return -1;
        }
        return l == NULL ? 0 : run_show(sc, r, waiting_view(sc, l, d, r), e);
    }
    return say_parked(sc, r, d, e);
}

/* The login that this run would wait for was finished since the run was resolved. The open login,
 * if there is one, stays locked: whoever types its code now sees the run that we park. */
static int finished_meanwhile(struct scene *sc, const struct default_connection *d,
                              int64_t consent_generation, bool *ret, struct err *e)
{
    const char *workspace = sc->workspace->workspace, *user = sc->user->user_id;
    struct login *l = NULL;
    struct connection *c = NULL;
    if (store_login_find_open(sc->s, workspace, user, d->name, &l, e) != 0) {
        return -1;
    }
    if (l == NULL && store_connection_find(sc->s, workspace, d->name, user, &c, e) != 0) {
        return -1;
    }
    *ret = c != NULL && c->state == CONNECTION_ACTIVE && c->generation != consent_generation;
    return 0;
}

/* The prompt of this run, or a place behind the one that is open already. */
static int ask_login(struct scene *sc, struct run *r, const struct default_connection *d,
                     struct prompted *made, struct err *e)
{
    bool own = run_in_private(r);
    const struct target here = run_target(sc, r);
    if (!own && words_has_own_views(sc)) {
        struct id id = id_new();
        sc->from.line = r->message_id != NULL ? r->message_id : arena_strdup(sc->mem, id.text);
        sc->from.line_made = r->message_id != NULL;
    }
    const struct prompt p = {
        .def = d, .run = r, .message_id = own ? r->message_id : NULL, .target = own ? &here : NULL};
    if (prompt_open(sc, &p, made, e) != 0) {
        return -1;
    }
    if (made->reused) {
        int rc = park_behind(sc, r, d, made->login_id, e);
        return rc == 0 && own ? supersede_twins(sc, r, made->login_id, e) : rc;
    }
    if (!own) {
        return say_parked(sc, r, d, e);
    }
    r->message_id = made->message_id;
    return 0;
}

int run_park(struct scene *sc, struct run *r, const struct default_connection *d,
             int64_t consent_generation, struct err *e)
{
    enum run_state from = r->state;
    bool finished = false, changed = false;
    struct prompted made = {0};
    /* the person before the login, as browsers that come back take them */
    if (person_hold(sc, e) != 0 ||
        finished_meanwhile(sc, d, consent_generation, &finished, e) != 0) {
        return -1;
    }
    if (finished) {
        return run_enqueue(sc, r, from, e);
    }
    if (ask_login(sc, r, d, &made, e) != 0) {
        return -1;
    }
    sc->changed = true;
    struct run next = *r;
    next.state = RUN_PARKED;
    next.login_id = made.login_id;
    next.parked_at = clock_now();
    next.expires_at = next.parked_at + sc->bot->options.config->ttl_parked;
    if (store_run_update(sc->s, &next, from, &changed, e) != 0) {
        return -1;
    }
    return changed ? 0 : err_set(e, ERR_LEASE_LOST, "run_moved", "run %s moved on", r->reference);
}

bool run_is_stale(const struct scene *sc, const struct run *r, const struct recipe *recipe)
{
    bool late = clock_now() - r->parked_at > sc->bot->options.config->ttl_stale_write;
    return late && (recipe == NULL || recipe->writes) && !r->confirmed;
}

int run_ask_again(struct scene *sc, struct run *r, const struct recipe *recipe, struct err *e)
{
    json_t *view = view_new(sc->mem);
    bool changed = false;
    sc->changed = true;
    view_text(view, "This waited for a while. Shall I still run **%s**?",
              recipe == NULL ? r->recipe : recipe->title);
    words_inputs(sc, view, recipe, r, SIZE_MAX);
    words_inputs_link(sc, view, r);
    view_button(view, &(struct button){.title = "Run it now",
                                       .action = "run_now",
                                       .value = r->id,
                                       .style = BUTTON_PRIMARY});
    view_button(view, &(struct button){.title = "Cancel it", .action = "drop", .value = r->id});
    int rc = run_in_private(r) ? run_show(sc, r, view, e) : say_dm(sc, view, NULL, e);
    struct run next = *r;
    next.state = RUN_ASKING;
    next.asking = NULL;
    next.expires_at = clock_now() + sc->bot->options.config->ttl_parked;
    *r = next;
    return rc != 0 ? -1 : store_run_update(sc->s, &next, RUN_PARKED, &changed, e);
}

static int release_one(struct scene *sc, struct run *r, const struct connected *c, struct err *e)
{
    struct recipe *recipe = NULL;
    if (result_recipe(sc, r, &recipe, e) != 0) {
        return -1;
    }
    r->login_id = c->login->id;
    if (run_is_stale(sc, r, recipe)) {
        return run_ask_again(sc, r, recipe, e);
    }
    if (str_equal(r->message_id, c->login->message_id)) {
        json_t *view = view_new(sc->mem);
        view_text(view, "%s %s. Working on it.", c->chosen ? "Using" : "Logged in as",
                  words_account(sc->mem, c->account));
        if (say_update(sc, r->message_id, view, e) != 0) {
            return -1;
        }
    }
    return run_enqueue(sc, r, RUN_PARKED, e);
}

int run_release(struct scene *sc, struct connected *c, struct err *e)
{
    const struct login *l = c->login;
    if (store_run_parked_for(sc->s, l->workspace, l->user_id, l->default_name, &c->runs,
                             &c->runs_count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < c->runs_count; i++) {
        if (release_one(sc, &c->runs[i], c, e) != 0) {
            return -1;
        }
    }
    return 0;
}

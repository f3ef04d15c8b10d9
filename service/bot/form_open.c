#include "form_int.h"
#include "lists_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/* Opens a form by its trigger, outside any transaction. Whatever goes wrong, its user is asked in
 * private instead: nothing waits that nobody can see. */

struct opening {
    struct turn turn;
    json_t *payload;
    bool opened;
};

static int load(struct opening *o, struct err *e)
{
    struct scene *sc = &o->turn.scene;
    struct workspace *w = NULL;
    struct user *u = NULL;
    store *s = NULL;
    if (json_read(sc->mem, o->turn.job->payload, &o->payload, e) != 0 ||
        store_open(sc->bot->options.stores, sc->mem, &s, e) != 0) {
        return -1;
    }
    const char *user_id = json_text(o->payload, "user");
    int rc = store_workspace_find(s, o->turn.job->workspace, &w, e);
    if (rc == 0 && w != NULL) {
        rc = store_user_find(s, w->workspace, user_id, &u, e);
    }
    store_close(s);
    sc->workspace = w;
    sc->user = u;
    o->turn.event =
        (struct event){.kind = EVENT_TEXT,
                       .user_id = user_id,
                       .place = {.channel = u == NULL || u->dm_channel == NULL ? "" : u->dm_channel,
                                 .is_private = true}};
    return rc;
}

static int call_out(struct opening *o, const struct chat_driver *driver, const struct oauth_bot *as,
                    struct err *e)
{
    chats *c = o->turn.scene.bot->options.chats;
    arena *mem = o->turn.scene.mem;
    const json_t *form = json_member(o->payload, "show");
    const char *inside = json_text(o->payload, "inside");
    if (inside != NULL) {
        return driver->update_form(c, mem, &as->access, inside, form, e);
    }
    const char *trigger = json_text(o->payload, "trigger");
    if (trigger == NULL) {
        return err_set(e, ERR_CONFLICT, "chat_trigger", "there is no trigger");
    }
    return driver->open_form(c, mem, &as->access, trigger, form, e);
}

static int open_form(struct opening *o, struct err *e)
{
    const struct bot_options *b = &o->turn.scene.bot->options;
    arena *mem = o->turn.scene.mem;
    const struct workspace *w = o->turn.scene.workspace;
    const struct chat_driver *driver = chats_driver(b->chats, w->workspace);
    struct oauth_bot as = oauth_bot_of(w);
    if (driver == NULL || driver->open_form == NULL) {
        return err_set(e, ERR_CONFLICT, "chat_trigger", "the chat is switched off");
    }
    if (oauth_bot_access(b->oauth, mem, w->workspace, &as, e) != 0) {
        return -1;
    }
    while (call_out(o, driver, &as, e) != 0) {
        if (!oauth_bot_again(b->oauth, mem, &as, e)) {
            return -1;
        }
    }
    return 0;
}

static int ask_inputs(struct opening *o, struct run *r, struct err *e)
{
    struct turn *t = &o->turn;
    struct recipe *recipe = NULL;
    struct question q = {.form = "Open the form"};
    if (recipe_of(&t->scene, r, &recipe, e) != 0) {
        return -1;
    }
    if (recipe == NULL || recipe->inputs_count == 0) {
        return 0;
    }
    if (clocks_ask(&t->scene, recipe, r->inputs, &q, e) != 0) {
        return -1;
    }
    if (q.input == NULL) {
        q.input = bound_first(r, recipe); /* complete, and shown to be looked over */
    }
    if (q.input == NULL) {
        return run_enqueue(&t->scene, r, RUN_ASKING, e);
    }
    return question_ask(t, r, recipe, &q, e);
}

/* The other way to ask the same, with a button that has a fresh trigger. */
static int ask_in_private(struct opening *o, const char *run_id, struct err *e)
{
    struct turn *t = &o->turn;
    struct run *r = NULL;
    if (store_run_lock(t->scene.s, t->scene.workspace->workspace, run_id, &r, e) != 0) {
        return -1;
    }
    bool asks = r != NULL && str_equal(r->user_id, t->event.user_id) && run_asks(r);
    return asks ? ask_inputs(o, r, e) : 0; /* gone on meanwhile */
}

/* A view can be read in the one-to-one chat as well; a form without a run cannot. */
static int show_in_private(struct opening *o, struct err *e)
{
    struct turn *t = &o->turn;
    json_t *show = json_member(o->payload, "show");
    if (json_text(show, "form") == NULL) {
        return say_dm(&t->scene, show, NULL, e);
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "I was too slow to open the form. Please try that again.");
    view_note(view, "You can also type the command here: `help` lists them.");
    return say_dm(&t->scene, view, NULL, e);
}

static int fall_back(struct opening *o, struct err *e)
{
    const char *run_id = json_text(o->payload, "run");
    if (run_id != NULL) {
        return ask_in_private(o, run_id, e);
    }
    /* a form that was closed meanwhile needs no news */
    return json_text(o->payload, "inside") != NULL ? 0 : show_in_private(o, e);
}

static int settle(struct scene *sc, void *arg, struct err *e)
{
    struct opening *o = arg;
    if (!o->opened && sc->user != NULL && fall_back(o, e) != 0) {
        return -1;
    }
    return home_flush(sc, e) != 0 ? -1 : store_job_done(sc->s, o->turn.job, e);
}

int bot_job_form(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct opening o = {.turn = {.scene = {.bot = b, .mem = mem}, .job = j}};
    if (load(&o, e) != 0) {
        return -1;
    }
    if (o.turn.scene.workspace != NULL) {
        struct err why = {0};
        o.opened = open_form(&o, &why) == 0;
        if (!o.opened && str_equal(why.code, "chat_scope")) {
            files_note_scope(&o.turn.scene, why.needed);
        }
        metric_add(METRIC_FORMS, o.opened ? "result=\"opened\"" : "result=\"not_opened\"", 1);
    }
    return scene_do(&o.turn.scene, j, settle, &o, e);
}

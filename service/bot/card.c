#include "bot_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * Cards that others read, as one person sees or presses them, answered in the same breath: what of
 * a message is its owner's alone, and who may not press what.
 */

static int open_workspace(struct turn *t, struct err *e)
{
    struct workspace *w = NULL;
    if (store_workspace_find(t->scene.s, t->job->workspace, &w, e) != 0) {
        return -1;
    }
    t->scene.workspace = w;
    return 0;
}

/* Who did it, as we know of them: nobody is asked about anybody here. */
static int read_event(struct turn *t, bool *ret_ours, struct err *e)
{
    struct scene *sc = &t->scene;
    const struct chat_driver *driver = chats_driver(sc->bot->options.chats, t->job->workspace);
    struct user *u = NULL;
    *ret_ours = false;
    if (driver == NULL || open_workspace(t, e) != 0) {
        return driver == NULL ? 0 : -1;
    }
    if (sc->workspace == NULL || !str_equal(sc->workspace->state, "active")) {
        return 0;
    }
    if (driver->parse(sc->mem, job_kind_name(t->job->kind), t->job->payload,
                      sc->workspace->bot_user_id, &t->event, e) != 0) {
        return -1;
    }
    if (t->event.user_id != NULL &&
        store_user_find(sc->s, sc->workspace->workspace, t->event.user_id, &u, e) != 0) {
        return -1;
    }
    sc->user = u;
    *ret_ours = true;
    return 0;
}

/* --- a card that is looked at --- */

static int owner_address(struct turn *t, const char *owner, const char **ret, struct err *e)
{
    struct user *u = NULL;
    if (str_equal(owner, t->event.user_id)) {
        *ret = t->event.person_address;
        return 0;
    }
    if (store_user_find(t->scene.s, t->scene.workspace->workspace, owner, &u, e) != 0) {
        return -1;
    }
    *ret = u == NULL ? NULL : u->address;
    return 0;
}

static int look(struct turn *t, struct bot_view *ret, struct err *e)
{
    const struct scene *sc = &t->scene;
    const struct event *ev = &t->event;
    struct message *m = NULL;
    if (ev->kind != EVENT_LOOK || ev->our_id == NULL) {
        return 0;
    }
    if (store_message_find(sc->s, sc->workspace->workspace, ev->our_id, &m, e) != 0) {
        return -1;
    }
    if (m == NULL || m->user_id != NULL || !str_equal(m->channel, ev->place.channel)) {
        return 0;
    }
    const json_t *own = view_own(m->body);
    const char *owner = json_text(own, "user");
    bool is_owner = str_equal(owner, ev->user_id) && store_person_allowed(sc->user, sc->workspace);
    ret->view = is_owner ? own : m->body;
    ret->our_id = m->id;
    return owner == NULL ? 0 : owner_address(t, owner, &ret->owner_address, e);
}

static struct job job_of(const struct bot_sent *sent)
{
    return (struct job){.workspace = sent->workspace,
                        .kind = sent->kind,
                        .lane = sent->lane,
                        .priority = JOB_PRIORITY_NORMAL,
                        .payload = sent->payload,
                        .keys = {sent->keys[0], sent->keys[1], sent->keys[2]}};
}

int bot_view_of(bot *b, arena *mem, const struct bot_sent *sent, struct bot_view *ret,
                struct err *e)
{
    struct job j = job_of(sent);
    struct turn t = {.scene = {.bot = b, .mem = mem}, .job = &j};
    bool ours = false;
    *ret = (struct bot_view){.view = NULL};
    if (store_open(b->options.stores, mem, &t.scene.s, e) != 0) {
        return -1;
    }
    int rc = read_event(&t, &ours, e);
    rc = rc == 0 && ours ? look(&t, ret, e) : rc;
    store_close(t.scene.s);
    return rc;
}

/* --- a button that is pressed --- */

/* It is said to whoever pressed and to nobody else: a line in the place would tell all of it. */
static int refuse(struct turn *t, const char **ret_refusal, struct err *e)
{
    bool others = false;
    if (t->event.kind != EVENT_ACTION || action_is_others(t, &others, e) != 0) {
        return t->event.kind != EVENT_ACTION ? 0 : -1;
    }
    if (others) {
        *ret_refusal = arena_printf(t->scene.mem, "%s %s", action_others, action_others_advice);
    }
    return 0;
}

static int keep(struct turn *t, struct job *j, const struct bot_sent *sent, struct err *e)
{
    if (store_job_add(t->scene.s, j, e) != 0) {
        return -1;
    }
    return clock_mono_ms() < sent->until_ms
               ? 0
               : err_set(e, ERR_TIMEOUT, "form_late", "nobody waits for this press any more");
}

static int take_press(struct turn *t, struct job *j, const struct bot_sent *sent,
                      const char **ret_refusal, struct err *e)
{
    bool ours = false;
    if (read_event(t, &ours, e) != 0 || (ours && refuse(t, ret_refusal, e) != 0)) {
        return -1;
    }
    return *ret_refusal != NULL ? 0 : keep(t, j, sent, e);
}

int bot_press_sent(bot *b, arena *mem, const struct bot_sent *sent, const char **ret_refusal,
                   struct err *e)
{
    struct job j = job_of(sent);
    struct turn t = {.scene = {.bot = b, .mem = mem}, .job = &j};
    *ret_refusal = NULL;
    if (store_enter(b->options.stores, mem, &t.scene.s, e) != 0) {
        return -1;
    }
    return store_leave(t.scene.s, take_press(&t, &j, sent, ret_refusal, e), e);
}

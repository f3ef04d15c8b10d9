#include "form_int.h"
#include "lists_int.h"

#include "base/json.h"
#include "base/str.h"

/*
 * A message row is how it should look; the send job makes the platform agree. What is told to one
 * person in one place is one lane: its order holds, and what Slack refuses for an hour keeps back
 * nobody else there. Somebody's one-to-one chat is one lane whether it has been opened or not.
 */
const char *bot_message_lane(arena *mem, const struct message *m)
{
    if (m->user_id != NULL && !m->ephemeral) {
        return arena_printf(mem, "send:@%s", m->user_id);
    }
    const char *whose = m->user_id != NULL ? m->user_id : view_owner(m->body);
    return whose == NULL ? arena_printf(mem, "send:%s", m->channel)
                         : arena_printf(mem, "send:%s:%s", m->channel, whose);
}

int bot_message_send(store *s, arena *mem, const struct message *m, struct err *e)
{
    json_t *payload = arena_json(mem, json_pack("{s:s}", "message", m->id));
    struct job j = {.workspace = m->workspace,
                    .kind = JOB_SEND,
                    .lane = bot_message_lane(mem, m),
                    .priority = JOB_PRIORITY_NORMAL,
                    .payload = bytes_of(json_write(mem, payload))};
    return store_job_add(s, &j, e);
}

json_t *bot_unreachable_view(arena *mem, const struct bot_unreached *who)
{
    json_t *view = view_new(mem);
    view_text(view, "%s, my private message to you %s.", str_empty(who->name) ? "Hello" : who->name,
              who->maybe ? "may not have arrived" : "did not arrive");
    if (who->idle) {
        view_note(view, "Please add me as an app, then send it to me there.");
    } else if (who->driver != NULL && who->driver->publish_home != NULL) {
        view_note(view, "Send me a direct message with `pending`, or open my home page, to go on.");
    } else {
        view_note(view, "Open a chat with me (add me as an app first, if you have not) and send "
                        "`pending` to go on.");
    }
    return view;
}

json_t *bot_refused_view(arena *mem)
{
    json_t *view = view_new(mem);
    view_text(view, "I had a message for you that this chat does not take: a fault of mine. "
                    "`pending` shows what waits for you.");
    return view;
}

/* ret_id may be NULL. */
static int add(struct scene *sc, struct message *m, const char **ret_id, struct err *e)
{
    m->workspace = sc->workspace->workspace;
    if (store_message_add(sc->s, m, e) != 0 || bot_message_send(sc->s, sc->mem, m, e) != 0) {
        return -1;
    }
    if (ret_id != NULL) {
        *ret_id = m->id;
    }
    return 0;
}

int say_new(struct scene *sc, const struct target *t, json_t *view, const char **ret_id,
            struct err *e)
{
    struct message m = {.id = t->id,
                        .channel = t->channel,
                        .thread = t->thread,
                        .user_id = t->user_id,
                        .ephemeral = t->ephemeral,
                        .from_channel = t->from.channel,
                        .from_thread = t->from.thread,
                        .body = view};
    return add(sc, &m, ret_id, e);
}

int say_update(struct scene *sc, const char *message_id, json_t *view, struct err *e)
{
    const char *workspace = sc->workspace->workspace;
    struct message *m = NULL;
    if (store_message_find(sc->s, workspace, message_id, &m, e) != 0) {
        return -1;
    }
    if (m == NULL) {
        return say_dm(sc, view, NULL, e); /* purged by age: what is to be told is told anew */
    }
    if (m->user_id != NULL && view_owner(view) != NULL) {
        view_note_moved(view); /* it could not stand where it was meant for */
    }
    if (!view_says_under(view) && view_under(m->body) != NULL) {
        view_set_under(view, view_under(m->body));
    }
    if (view_line(m->body) != NULL) {
        view_set_line(view, view_line(m->body)); /* it may never have arrived */
    }
    if (store_message_set_body(sc->s, workspace, message_id, view, e) != 0) {
        return -1;
    }
    m->body = view;
    return bot_message_send(sc->s, sc->mem, m, e);
}

static struct message dm_to(const struct scene *sc, json_t *view)
{
    const char *dm = sc->user->dm_channel;
    if (sc->from.line != NULL) {
        view_set_line(view, sc->from.line);
    }
    return (struct message){.channel = dm == NULL ? "" : dm,
                            .user_id = sc->user->user_id,
                            .from_channel = sc->from.channel,
                            .from_thread = sc->from.thread,
                            .body = view};
}

int say_dm(struct scene *sc, json_t *view, const char **ret_id, struct err *e)
{
    struct message m = dm_to(sc, view);
    return add(sc, &m, ret_id, e);
}

int say_dm_as(struct scene *sc, const char *id, json_t *view, struct err *e)
{
    struct message m = dm_to(sc, view);
    m.id = id;
    return add(sc, &m, NULL, e);
}

/* --- answers --- */

/* A little less than Slack's half an hour, since clocks differ. */
enum { RESPONSE_S = 29 * 60 };

int64_t say_response_until(const struct turn *t)
{
    return (t->event.at > 0 ? t->event.at : t->job->created_at) + RESPONSE_S;
}

/* Others read there, and the platform shows nothing to one of them alone. */
bool say_is_elsewhere(const struct turn *t)
{
    const struct scene *sc = &t->scene;
    const struct chat_driver *driver =
        chats_driver(sc->bot->options.chats, sc->workspace->workspace);
    return !t->event.place.is_private && driver != NULL && driver->no_ephemerals;
}

struct origin say_origin(const struct turn *t)
{
    const struct place *p = &t->event.place;
    struct id id = id_new();
    return (struct origin){.channel = p->channel,
                           .thread = p->thread,
                           .line =
                               say_is_elsewhere(t) ? arena_strdup(t->scene.mem, id.text) : NULL};
}

const char *say_line(struct scene *sc)
{
    const char *id = sc->from.line_made ? NULL : sc->from.line;
    sc->from.line_made = true;
    return id;
}

int say_points(struct turn *t, const struct pointing *to, struct err *e)
{
    struct scene *sc = &t->scene;
    const struct place *p = &t->event.place;
    struct target here = {.channel = p->channel, .thread = p->thread};
    if (t->pointed || !say_is_elsewhere(t) || str_empty(p->channel)) {
        return 0;
    }
    t->pointed = true;
    json_t *view = view_new(sc->mem);
    view_text(view, "%s, I %s in our one-to-one chat.",
              str_empty(sc->user->name) ? "Hello" : sc->user->name, to->what);
    view_set_promise(view, to->waits);
    here.id = say_line(sc);
    return say_new(sc, &here, view, NULL, e);
}

static int point_to_answer(struct turn *t, struct err *e)
{
    return say_points(t, &(struct pointing){.what = "have answered you"}, e);
}

/* For this user's eyes where others read, too: with the click's or the command's own address where
 * there is one, since that works where the bot is no member; in a thread by itself, since such an
 * answer would stand beside it. */
static struct message private_answer(const struct turn *t, json_t *view)
{
    const struct event *ev = &t->event;
    if (say_is_elsewhere(t)) {
        return dm_to(&t->scene, view);
    }
    const char *thread = ev->place.thread_is_new ? NULL : ev->place.thread;
    struct message m = {.channel = ev->place.channel,
                        .thread = thread,
                        .user_id = ev->user_id,
                        .ephemeral = !ev->place.is_private,
                        .body = view};
    if (m.ephemeral && thread == NULL && !secret_empty(ev->response_url)) {
        m.response_url = ev->response_url;
        m.response_adds = true;
        m.response_until = say_response_until(t);
    }
    return m;
}

struct target say_place(const struct turn *t)
{
    const struct place *p = &t->event.place;
    return (struct target){.channel = p->channel,
                           .thread = p->thread,
                           .user_id = p->is_private ? t->event.user_id : NULL};
}

/* The pressed message, when nobody else reads it, takes the answer. */
static int in_place(struct turn *t, json_t *view, const char **ret_id, struct err *e)
{
    const struct event *ev = &t->event;
    if (t->acted != NULL) {
        if (ret_id != NULL) {
            *ret_id = t->acted->id;
        }
        return say_update(&t->scene, t->acted->id, view, e);
    }
    /* purged, or of an earlier release: a new row that stands for what is on the screen */
    struct message m = {.channel = ev->place.channel,
                        .thread = ev->place.thread,
                        .user_id = ev->user_id,
                        .ephemeral = ev->message_id == NULL,
                        .platform_id = ev->message_id,
                        .response_url = ev->response_url,
                        .response_until = say_response_until(t),
                        .body = view};
    return add(&t->scene, &m, ret_id, e);
}

int say_beside(struct turn *t, json_t *view, const char **ret_id, struct err *e)
{
    struct message m = private_answer(t, view);
    return add(&t->scene, &m, ret_id, e) != 0 ? -1 : point_to_answer(t, e);
}

int say_words(struct turn *t, const char *text, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "%s", text);
    return say_beside(t, view, NULL, e);
}

int say_again(struct turn *t, const struct message *m, struct err *e)
{
    bool in_chat = t->event.surface == SURFACE_MESSAGE;
    struct message now = in_chat ? private_answer(t, m->body) : dm_to(&t->scene, m->body);
    now.workspace = m->workspace;
    now.id = m->id;
    return store_message_show_again(t->scene.s, &now, e) != 0
               ? -1
               : bot_message_send(t->scene.s, t->scene.mem, &now, e);
}

int say_private(struct turn *t, json_t *view, const char **ret_id, struct err *e)
{
    const struct event *ev = &t->event;
    bool own = ev->place.is_private || is_in_ephemeral(t);
    if (t->heard != NULL) {
        view_note(view, "I took that as `%s`, which needs nothing behind it.", t->heard);
        t->heard = NULL;
    }
    if (ev->surface == SURFACE_HOME) {
        return home_say(t, view, e);
    }
    if (ev->surface == SURFACE_FORM && t->navigates && ret_id == NULL) {
        return form_show(t, view, NULL, e);
    }
    if (ev->surface == SURFACE_FORM) {
        return say_dm(&t->scene, view, ret_id, e);
    }
    if (t->listed) {
        t->listed = false;
        if (pending_follow(t, view, e) != 0) {
            return -1;
        }
    }
    if (t->navigates && own) {
        return in_place(t, view, ret_id, e);
    }
    return say_beside(t, view, ret_id, e);
}

int say_prepare(struct turn *t, const char **ret_id, struct err *e)
{
    struct message m = private_answer(t, view_new(t->scene.mem));
    m.workspace = t->scene.workspace->workspace;
    if (store_message_add(t->scene.s, &m, e) != 0) {
        return -1;
    }
    *ret_id = m.id;
    return point_to_answer(t, e);
}

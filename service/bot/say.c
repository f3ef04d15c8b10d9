#include "bot_int.h"

#include "base/json.h"
#include "base/str.h"

/* A message row is how it should look; the send job makes the platform agree. Jobs of one
 * conversation run in order. */
static int add_send_job(struct scene *sc, const char *channel, const char *user_id,
                        const char *message_id, struct err *e)
{
    const char *lane = str_empty(channel) ? arena_printf(sc->mem, "send:@%s", user_id)
                                          : arena_printf(sc->mem, "send:%s", channel);
    json_t *payload = arena_json(sc->mem, json_pack("{s:s}", "message", message_id));
    struct job j = {.workspace = sc->workspace->workspace,
                    .kind = JOB_SEND,
                    .lane = lane,
                    .priority = JOB_PRIORITY_NORMAL,
                    .payload = bytes_of(json_write(sc->mem, payload))};
    return store_job_add(sc->s, &j, e);
}

static int add(struct scene *sc, struct message *m, const char **ret_id, struct err *e)
{
    m->workspace = sc->workspace->workspace;
    if (store_message_add(sc->s, m, e) != 0 ||
        add_send_job(sc, m->channel, m->user_id, m->id, e) != 0) {
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
    struct message m = {.channel = t->channel,
                        .thread = t->thread,
                        .user_id = t->user_id,
                        .ephemeral = t->ephemeral,
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
    if (store_message_set_body(sc->s, workspace, message_id, view, e) != 0) {
        return -1;
    }
    return add_send_job(sc, m->channel, m->user_id, message_id, e);
}

int say_dm(struct scene *sc, json_t *view, const char **ret_id, struct err *e)
{
    const char *dm = sc->user->dm_channel;
    const struct target t = {.channel = dm == NULL ? "" : dm, .user_id = sc->user->user_id};
    return say_new(sc, &t, view, ret_id, e);
}

int say_dm_as(struct scene *sc, const char *id, json_t *view, struct err *e)
{
    const char *dm = sc->user->dm_channel;
    struct message m = {
        .id = id, .channel = dm == NULL ? "" : dm, .user_id = sc->user->user_id, .body = view};
    return add(sc, &m, NULL, e);
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
    /* Not on record (ephemeral, or purged): a new row that stands for what is on the screen. */
    struct message m = {.channel = ev->place.channel,
                        .thread = ev->place.thread,
                        .user_id = ev->user_id,
                        .ephemeral = ev->message_id == NULL,
                        .platform_id = ev->message_id,
                        .response_url = ev->response_url,
                        .body = view};
    return add(&t->scene, &m, ret_id, e);
}

int say_private(struct turn *t, json_t *view, const char **ret_id, struct err *e)
{
    const struct event *ev = &t->event;
    bool own = ev->place.is_private || ev->message_id == NULL;
    if (ev->surface == SURFACE_HOME || ev->surface == SURFACE_FORM) {
        return say_dm(&t->scene, view, ret_id, e);
    }
    if (t->navigates && own) {
        return in_place(t, view, ret_id, e);
    }
    const struct target target = {.channel = ev->place.channel,
                                  .thread = ev->place.thread,
                                  .user_id = ev->user_id,
                                  .ephemeral = !ev->place.is_private};
    return say_new(&t->scene, &target, view, ret_id, e);
}

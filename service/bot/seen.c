#include "bot_int.h"

#include "base/str.h"

/* Of a platform that is reached where its events say: what an event says of that is kept, for what
 * is sent later. Of the others nothing is written. */

/* NULL: not said; what is known of it stays. */
static const char *kind_of(const struct place *p)
{
    if (p->is_private) {
        return "personal";
    }
    if (p->is_group) {
        return "group";
    }
    return p->is_unsure ? NULL : p->is_external ? "shared" : "channel";
}

static bool says_address(const struct event *ev)
{
    return ev->address != NULL && !str_empty(ev->place.channel);
}

struct reach seen_reach(const struct turn *t)
{
    const struct event *ev = &t->event;
    return says_address(ev) ? (struct reach){.address = ev->address,
                                             .channel = ev->place.channel,
                                             .person = ev->person_address}
                            : (struct reach){.address = NULL};
}

int seen_place(struct turn *t, struct err *e)
{
    const struct event *ev = &t->event;
    const struct conversation c = {.workspace = t->scene.workspace->workspace,
                                   .channel = ev->place.channel,
                                   .address = ev->address,
                                   .kind = kind_of(&ev->place),
                                   .team = ev->group,
                                   .at_ms = ev->at_ms,
                                   .begins = ev->kind == EVENT_JOINED};
    if (!says_address(ev) || ev->kind == EVENT_LEFT) {
        return 0;
    }
    return store_conversation_learn(t->scene.s, &c, e);
}

static int learn_time_zone(struct turn *t, struct err *e)
{
    const char *zone = t->event.time_zone;
    if (zone == NULL || str_equal(zone, t->scene.user->time_zone)) {
        return 0;
    }
    struct user *now = arena_copy(t->scene.mem, t->scene.user, sizeof *now);
    now->time_zone = zone;
    t->scene.user = now;
    return store_user_set_time_zone(t->scene.s, now->workspace, now->user_id, zone, e);
}

int seen_person(struct turn *t, struct err *e)
{
    if (learn_time_zone(t, e) != 0) {
        return -1;
    }
    const struct event *ev = &t->event;
    const struct user *u = t->scene.user;
    /* the one-to-one chat is noted as such */
    const char *seen_in = ev->place.is_private ? u->seen_in : ev->place.channel;
    bool known = str_equal(u->address, ev->person_address) && str_equal(u->seen_in, seen_in);
    if (ev->person_address == NULL || !says_address(ev) || known) {
        return 0;
    }
    return store_user_seen(t->scene.s, u->workspace, u->user_id, ev->person_address, seen_in, e);
}

/* Whoever takes the bot out of the one-to-one chat has done with it. What admins set up waits for
 * them to come back, as where the bot is taken out of a whole workspace. The chat says whose it is:
 * whoever else did it for that person, an admin, loses nothing. */
static int end_owner(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    const struct event *ev = &t->event;
    const struct parting how = {.why = "uninstalled", .uninstalled = true};
    const char *owner = NULL;
    if (store_conversation_owner(sc->s, sc->workspace->workspace, ev->place.channel, &owner, e) !=
        0) {
        return -1;
    }
    bool ends = owner != NULL && (ev->user_id == NULL || str_equal(ev->user_id, owner));
    return ends ? people_end(sc, owner, &how, e) : 0;
}

int bot_left(struct turn *t, struct err *e)
{
    const struct event *ev = &t->event;
    const struct conversation c = {.workspace = t->scene.workspace->workspace,
                                   .channel = ev->place.channel,
                                   .team = ev->group,
                                   .at_ms = ev->at_ms};
    bool late = false;
    if (store_conversation_gone(t->scene.s, &c, &late, e) != 0) {
        return -1;
    }
    /* it was put there again since, or somebody has written from there */
    return ev->place.is_private && !late ? end_owner(t, e) : 0;
}

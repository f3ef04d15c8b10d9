#include "run_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * Where things are told, by where they were asked for (P8). Four kinds of place, as a run has them:
 *
 *   dm       the user's one-to-one chat: everything in place
 *   private  typed or pressed where others read, answered to this user alone: a slash command, a
 *            button of an ephemeral, a shortcut. Everything in the run's own private message
 *   channel  what others may read stands there, what is private goes to the one-to-one chat
 *   shared   the same with people of other organisations: a neutral line alone stands there. On a
 *            platform without ephemerals such a command is a private one
 */
enum { FRESH_S = 10 /* as long holds what a message or a press said of its place */ };

static const char DM[] = "dm", PRIVATE[] = "private", SHARED[] = "shared", CHANNEL[] = "channel";

/* Such a message has no id of its own; on a platform without them a press that names none is of a
 * message that everybody reads. */
bool is_in_ephemeral(const struct turn *t)
{
    const struct event *ev = &t->event;
    return ev->kind == EVENT_ACTION && ev->surface == SURFACE_MESSAGE && ev->message_id == NULL &&
           !ev->place.is_private && !say_is_elsewhere(t);
}

bool turn_is_private(const struct turn *t)
{
    const struct event *ev = &t->event;
    return ev->place.is_private || ev->surface != SURFACE_MESSAGE || is_in_ephemeral(t);
}

/* A channel can have become a shared one since its message was posted. What cannot be known is
 * taken for shared: the answer is a private one then. of_group: what a group message is taken for,
 * of which it is never said. */
static bool is_shared(const struct scene *sc, struct oauth_bot *as, const char *channel,
                      bool of_group)
{
    const struct bot_options *o = &sc->bot->options;
    const struct chat_driver *driver = chats_driver(o->chats, sc->workspace->workspace);
    struct err why = {0};
    bool shared = true;
    if (driver == NULL) {
        return true; /* the platform was switched off since */
    }
    while (driver->is_shared(o->chats, sc->mem, &as->access, channel, &shared, &why) != 0) {
        if (!oauth_bot_again(o->oauth, sc->mem, as, &why)) {
            return str_equal(why.code, "chat_group") ? of_group : true;
        }
    }
    return shared;
}

int place_look(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    struct place *p = &t->event.place;
    struct oauth_bot as = oauth_bot_of(sc->workspace);
    const struct chat_driver *driver =
        chats_driver(sc->bot->options.chats, sc->workspace->workspace);
    bool said = driver != NULL && driver->presses_say_place && !p->is_unsure;
    if (turn_is_private(t) || p->is_external || said) {
        return 0;
    }
    if (oauth_bot_access(sc->bot->options.oauth, sc->mem, sc->workspace->workspace, &as, e) != 0) {
        return -1;
    }
    /* what the place itself once said of that holds for ever: nobody is asked then */
    if (oauth_bot_reach(sc->bot->options.oauth, sc->mem, &as, NULL, p->channel, e) != 0) {
        return -1;
    }
    as.access.address = t->event.address != NULL ? t->event.address : as.access.address;
    p->is_external = is_shared(sc, &as, p->channel, true);
    return 0;
}

int place_look_words(struct turn *t, struct err *e)
{
    return t->event.place.is_unsure ? place_look(t, e) : 0;
}

bool place_is_old(const struct run *r)
{
    bool waited = r->parked_at > 0 || r->created_at < clock_now() - FRESH_S;
    return waited && str_equal(r->place, CHANNEL);
}

bool place_look_again(struct scene *sc, struct run *r)
{
    oauth *o = sc->bot->options.oauth;
    struct oauth_bot as = oauth_bot_of(sc->workspace);
    struct err why = {0};
    bool known = oauth_bot_access(o, sc->mem, sc->workspace->workspace, &as, &why) == 0 &&
                 oauth_bot_reach(o, sc->mem, &as, NULL, r->channel, &why) == 0;
    if (known && !is_shared(sc, &as, r->channel, false)) {
        return false;
    }
    /* what stands there stays as it is: the rest is told where its user alone reads it */
    r->place = SHARED;
    r->message_id = NULL;
    return true;
}

void run_place(const struct turn *t, struct run *r)
{
    const struct place *p = &t->event.place;
    r->channel = p->channel;
    r->thread = p->thread;
    r->place = p->is_private ? DM : p->is_external ? SHARED : CHANNEL;
    bool apart = p->is_external && say_is_elsewhere(t);
    bool decides = json_text(r->pressed, "decides") != NULL; /* for all: its message says so */
    if (!p->is_private && (turn_is_private(t) || apart || decides)) {
        r->place = PRIVATE;
    }
    /* nobody would see an ephemeral in a thread that has not begun */
    if (p->thread_is_new && !str_equal(r->place, CHANNEL)) {
        r->thread = NULL;
    }
}

/* What an ephemeral's press gives replaces it, and works where the bot is no member. */
bool place_keeps(const struct run *r)
{
    return str_equal(r->place, CHANNEL) || str_equal(r->place, DM);
}

bool run_in_private(const struct run *r)
{
    return str_equal(r->place, DM) || str_equal(r->place, PRIVATE);
}

bool run_for_one(const struct run *r)
{
    return !str_equal(r->place, CHANNEL);
}

/* Whoever had to log in first has left the place for the one-to-one chat, and is told there. */
struct target run_target(const struct scene *sc, const struct run *r)
{
    const char *dm = sc->user->dm_channel;
    if (str_equal(r->place, CHANNEL)) {
        return (struct target){.channel = r->channel, .thread = r->thread};
    }
    if (str_equal(r->place, DM)) {
        return (struct target){.channel = r->channel, .thread = r->thread, .user_id = r->user_id};
    }
    if (str_equal(r->place, SHARED) && r->parked_at > 0) {
        return (struct target){.channel = dm == NULL ? "" : dm, .user_id = r->user_id};
    }
    return (struct target){
        .channel = r->channel, .thread = r->thread, .user_id = r->user_id, .ephemeral = true};
}

/* A line for all in the place of the run. Where it may become the result it is the run's message.
 */
int run_line(struct scene *sc, struct run *r, json_t *view, struct err *e)
{
    if (str_equal(r->place, CHANNEL) && r->message_id != NULL) {
        return run_show(sc, r, view, e);
    }
    view_set_owner(view, r->user_id);
    if (str_equal(r->place, CHANNEL)) {
        struct target first = run_target(sc, r);
        first.id = say_line(sc); /* what went to the one-to-one chat names it already */
        return say_new(sc, &first, view, &r->message_id, e);
    }
    const struct target t = {.channel = r->channel, .thread = r->thread};
    return say_new(sc, &t, view, NULL, e);
}

struct origin run_origin(const struct run *r)
{
    return run_in_private(r) ? (struct origin){.channel = NULL}
                             : (struct origin){.channel = r->channel, .thread = r->thread};
}

#include "bot_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* What the platform says of a person, by an event, when asked at use, or at night: stored, and
 * acted on. */

enum standing person_standing(const struct chat_person *p)
{
    if (p->deactivated) {
        return STANDING_DEACTIVATED;
    }
    if (p->nowhere) {
        return STANDING_UNKNOWN;
    }
    if (p->bot) {
        return STANDING_BOT;
    }
    if (p->stranger) {
        return STANDING_STRANGER;
    }
    return p->guest ? STANDING_GUEST : STANDING_MEMBER;
}

int person_ask(struct scene *sc, const char *user_id, struct chat_person *ret, struct err *e)
{
    const struct bot_options *o = &sc->bot->options;
    const struct workspace *w = sc->workspace;
    const struct chat_driver *driver = chats_driver(o->chats, w->workspace);
    struct oauth_bot as = oauth_bot_of(w);
    if (oauth_bot_access(o->oauth, sc->mem, w->workspace, &as, e) != 0) {
        return -1;
    }
    as.access.address = sc->reach.address;
    as.access.channel = sc->reach.channel;
    as.access.person = sc->reach.person;
    if (oauth_bot_reach(o->oauth, sc->mem, &as, user_id, NULL, e) != 0) {
        return -1;
    }
    as.access.until_ms = sc->until_ms;
    while (driver->person(o->chats, sc->mem, &as.access, user_id, ret, e) != 0) {
        if (!oauth_bot_again(o->oauth, sc->mem, &as, e)) {
            return -1;
        }
        as.access.until_ms = sc->until_ms;
    }
    return 0;
}

bool person_is_absent(const struct err *e, struct chat_person *ret)
{
    bool nowhere = str_equal(e->code, "chat_nowhere");
    if (e->kind != ERR_NOT_FOUND) {
        return false;
    }
    *ret = (struct chat_person){.deactivated = !nowhere, .nowhere = nowhere};
    return true;
}

bool person_stays_gone(const struct scene *sc, struct chat_person *ret, struct err *e)
{
    bool gone = sc->user != NULL && sc->user->standing == STANDING_DEACTIVATED;
    if (!gone || !person_is_absent(e, ret)) {
        return false;
    }
    *ret = (struct chat_person){.deactivated = true};
    *e = (struct err){0};
    return true;
}

/* --- of which team --- */

/* The platform's id out of the key of a workspace. */
static const char *id_of(const char *key)
{
    const char *mark = strchr(key, ':');
    return mark == NULL ? key : mark + 1;
}

static const char **teams_of(arena *mem, const struct chat_person *p, size_t *ret_count)
{
    const char **list = arena_array(mem, p->teams_count + 2, sizeof *list);
    size_t count = 0;
    if (p->team != NULL) {
        list[count++] = p->team;
    }
    if (p->organisation != NULL) {
        list[count++] = p->organisation;
    }
    for (size_t i = 0; i < p->teams_count; i++) {
        list[count++] = id_of(p->teams[i]);
    }
    *ret_count = count;
    return list;
}

bool person_is_of(const struct scene *sc, const char *team)
{
    const struct workspace *w = sc->workspace;
    const struct user *u = sc->user;
    return team == NULL || str_equal(team, id_of(w->workspace)) ||
           (w->organization != NULL && str_equal(team, w->organization)) ||
           (u != NULL && str_in(u->teams, u->teams_count, team));
}

bool person_says_team(arena *mem, const struct chat_person *p, const char *team)
{
    size_t count = 0;
    const char **list = teams_of(mem, p, &count);
    return str_in(list, count, team);
}

bool person_is_admin(const struct workspace *w, const char *user_id)
{
    return store_is_admin(w, user_id);
}

/* An event does not repeat everything: what it leaves out stands as it did. */
static const char *said_or(const struct person_news *news, const char *said, const char *was)
{
    bool left_out = str_empty(said) || str_equal(said, news->user_id);
    return left_out && !news->asked ? was : said;
}

static struct user *changed(struct scene *sc, const struct user *known,
                            const struct person_news *news)
{
    const struct chat_person *p = news->person;
    struct user *u = arena_alloc(sc->mem, sizeof(*u));
    *u = known == NULL
             ? (struct user){.workspace = sc->workspace->workspace, .user_id = news->user_id}
             : *known;
    u->name = said_or(news, p->name, u->name);
    u->email = said_or(news, p->email, u->email);
    /* not every platform says it where it says the rest */
    u->time_zone = str_empty(p->time_zone) ? u->time_zone : p->time_zone;
    u->standing = person_standing(p);
    if (news->asked) {
        u->teams = teams_of(sc->mem, p, &u->teams_count);
    }
    u->checked_at = clock_now();
    u->changed_at = p->changed_at;
    return u;
}

static const char *why_of(enum standing standing)
{
    switch ((int)standing) {
    case STANDING_DEACTIVATED:
        return "deactivated";
    case STANDING_GUEST:
        return "guest";
    case STANDING_BOT:
        return "bot";
    default:
        return "stranger";
    }
}

/* Nothing that was ended comes back by itself: connections, rights and logins are made anew. */
static int returned(struct scene *sc, const struct user *known, struct err *e)
{
    bool was_gone = known != NULL && known->standing != STANDING_UNKNOWN &&
                    !store_standing_allowed(known->standing, sc->workspace);
    return was_gone ? store_audit_add(sc->s, sc->workspace->workspace, "system", "person.returned",
                                      known->user_id, NULL, e)
                    : 0;
}

static int stays_or_leaves(struct scene *sc, const struct user *known, struct err *e)
{
    const struct workspace *w = sc->workspace;
    enum standing now = sc->user->standing;
    if (store_standing_allowed(now, w)) {
        return returned(sc, known, e);
    }
    bool new_here = known == NULL || known->standing == STANDING_UNKNOWN;
    bool was_here = !new_here && store_standing_allowed(known->standing, w);
    const struct parting how = {.why = why_of(now), .news = was_here};
    return leave(sc, &how, e);
}

/* Where the one-to-one chat was to be looked for, it is where private messages go from now on. */
static int take_dm(struct scene *sc, struct user *u, const struct chat_person *p, struct err *e)
{
    if (p->dm == NULL || str_equal(p->dm, u->dm_channel)) {
        return 0;
    }
    u->dm_channel = p->dm;
    return store_user_set_dm(sc->s, u->workspace, u->user_id, p->dm, e);
}

static int learn_dm(struct scene *sc, const struct chat_person *p, struct err *e)
{
    const struct conversation c = {.workspace = sc->workspace->workspace,
                                   .channel = p->dm,
                                   .address = p->dm_address,
                                   .kind = "personal"};
    return p->dm == NULL ? 0 : store_conversation_learn(sc->s, &c, e);
}

/* As if that person had taken the bot out of the one-to-one chat: rights stay, and who it is is
 * asked anew when something is done again. */
static int take_absence(struct scene *sc, const char *user_id, struct err *e)
{
    const struct parting how = {.why = "uninstalled", .uninstalled = true};
    struct user *now = NULL;
    if (people_end(sc, user_id, &how, e) != 0 ||
        store_user_find(sc->s, sc->workspace->workspace, user_id, &now, e) != 0) {
        return -1;
    }
    sc->user = now;
    return 0;
}

int person_take(struct scene *sc, const struct person_news *news, struct err *e)
{
    const struct chat_person *p = news->person;
    const struct workspace *w = sc->workspace;
    struct user *known = NULL;
    if (p->nowhere) {
        return take_absence(sc, news->user_id, e);
    }
    if (learn_dm(sc, p, e) != 0 ||
        store_user_lock(sc->s, w->workspace, news->user_id, &known, e) != 0) {
        return -1;
    }
    bool stale = known != NULL && p->changed_at > 0 && p->changed_at < known->changed_at;
    if (stale || (known == NULL && !news->asked && !person_is_admin(w, news->user_id))) {
        sc->user = known; /* whom nobody here knows leaves nothing behind */
        return 0;
    }
    struct user *now = changed(sc, known, news);
    if (store_user_put(sc->s, now, e) != 0 || take_dm(sc, now, p, e) != 0) {
        return -1;
    }
    sc->user = now;
    return stays_or_leaves(sc, known, e);
}

int person_take_alone(struct scene *sc, void *arg, struct err *e)
{
    return person_take(sc, arg, e);
}

/* --- who acts --- */

int person_lock(struct scene *sc, struct err *e)
{
    struct user *unused = NULL;
    return store_user_lock(sc->s, sc->workspace->workspace, sc->user->user_id, &unused, e);
}

int person_hold(struct scene *sc, struct err *e)
{
    bool may = false;
    const char *user_id = sc->user->user_id;
    if (store_user_may_use(sc->s, sc->workspace->workspace, user_id, &may, e) != 0) {
        return -1;
    }
    return may ? 0
               : err_set(e, ERR_UPSTREAM_BUSY, "person_moved", "%s may not use Workbot any more",
                         user_id);
}

/* --- events --- */

/* Would this event end something of this person (known NULL: nobody whom we know)? One that was
 * overtaken by a newer one is dropped, and of who may do nothing here already nothing is left. */
static bool would_end(const struct turn *t, const char *user_id, const struct user *known)
{
    const struct chat_person *p = &t->event.person;
    bool rights = person_is_admin(t->scene.workspace, user_id);
    bool allowed = store_standing_allowed(person_standing(p), t->scene.workspace);
    if ((known == NULL && !rights) || (allowed && !p->partial)) {
        return false;
    }
    if (known == NULL || p->partial) {
        return true;
    }
    bool stale = p->changed_at > 0 && p->changed_at < known->changed_at;
    return !stale && (rights || known->standing != person_standing(p));
}

/* Events come late, in any order, and in shared places of people of others: none ends anything
 * before the platform itself says so of this person. */
static int look_at(struct turn *t, const char *user_id, struct chat_person *ret, struct err *e)
{
    if (person_ask(&t->scene, user_id, ret, e) == 0) {
        return 0;
    }
    if (!person_is_absent(e, ret)) {
        return -1;
    }
    *e = (struct err){0};
    return 0;
}

static int find(struct turn *t, const char *user_id, struct user **ret, struct err *e)
{
    store *s = NULL;
    if (store_open(t->scene.bot->options.stores, t->scene.mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_user_find(s, t->scene.workspace->workspace, user_id, ret, e);
    store_close(s);
    return rc;
}

static int look_at_all(struct turn *t, struct err *e)
{
    const struct event *ev = &t->event;
    t->news = arena_array(t->scene.mem, ev->people_count, sizeof *t->news);
    for (size_t i = 0; i < ev->people_count; i++) {
        struct chat_person *p = arena_alloc(t->scene.mem, sizeof *p);
        struct user *known = NULL;
        if (find(t, ev->people[i], &known, e) != 0) {
            return -1;
        }
        if (!would_end(t, ev->people[i], known)) {
            continue;
        }
        if (look_at(t, ev->people[i], p, e) != 0) {
            return -1;
        }
        t->news[t->news_count++] =
            (struct person_news){.user_id = ev->people[i], .person = p, .asked = true};
    }
    return 0;
}

int person_look(struct turn *t, struct err *e)
{
    struct event *ev = &t->event;
    if (ev->people_count > 0) {
        return look_at_all(t, e);
    }
    if (!would_end(t, ev->user_id, t->scene.user)) {
        return 0;
    }
    t->asked = true;
    return look_at(t, ev->user_id, &ev->person, e);
}

int bot_person_changed(struct turn *t, struct err *e)
{
    const struct person_news one = {
        .user_id = t->event.user_id, .person = &t->event.person, .asked = t->asked};
    if (t->event.people_count == 0) {
        return person_take(&t->scene, &one, e);
    }
    for (size_t i = 0; i < t->news_count; i++) {
        if (person_take(&t->scene, &t->news[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

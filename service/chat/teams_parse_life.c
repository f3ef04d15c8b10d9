/* Activities of Teams that nobody typed: the bot comes to a place or leaves it, people leave.
 * Compared without case, as the platform's own pages spell them in more than one. */
#include "teams_read.h"

#include "base/json.h"
#include "base/str.h"

enum { PEOPLE_MAX = 50 };
static const struct event ignored = {.kind = EVENT_IGNORED};

/* Everything a person has here is one place; a thread plays no part in its life. */
static struct event event_of_place(const struct teams_reading *s, enum event_kind kind)
{
    struct event ev = teams_event_base(s, kind);
    ev.place.thread = NULL;
    ev.place.thread_is_new = false;
    return ev;
}

/* An upgrade of the app takes the bot to nobody new, and away from nobody. */
static struct event event_of_installation(const struct teams_reading *s)
{
    const char *action = json_text(s->activity, "action");
    if (str_equal_fold(action, "add")) {
        return event_of_place(s, EVENT_JOINED);
    }
    return str_equal_fold(action, "remove") ? event_of_place(s, EVENT_LEFT) : ignored;
}

/* --- conversationUpdate --- */

static bool has_bot(const struct teams_reading *s, const char *list)
{
    const char *bot = teams_bot(s->activity);
    size_t i = 0;
    const json_t *member = NULL;
    json_array_foreach(json_member(s->activity, list), i, member)
    {
        if (bot != NULL && str_equal(teams_id(member, "id"), bot)) {
            return true;
        }
    }
    return false;
}

/* Out of one team is not out of the organisation: the platform must be asked. Whoever is left out
 * of a list without end is found by the nightly comparison. */
static struct event event_of_removed(const struct teams_reading *s)
{
    struct event ev = event_of_place(s, EVENT_PERSON);
    const json_t *list = json_member(s->activity, "membersRemoved");
    size_t i = 0;
    const json_t *member = NULL;
    ev.user_id = ev.person_address = NULL;
    ev.person.partial = true;
    ev.people = arena_array(s->mem, PEOPLE_MAX, sizeof *ev.people);
    json_array_foreach(list, i, member)
    {
        const char *id = teams_guid(s->mem, json_text(member, "aadObjectId"));
        if (id == NULL || ev.people_count == PEOPLE_MAX) {
            continue;
        }
        ev.people[ev.people_count++] = id;
        if (ev.user_id == NULL) {
            ev.user_id = id;
            ev.person_address = teams_id(member, "id");
        }
    }
    return ev.people_count > 0 ? ev : ignored;
}

/* The activity comes by the team's own channel, and names the one that is gone. whole: the team is.
 */
static struct event event_of_end(const struct teams_reading *s, bool whole)
{
    struct event ev = event_of_place(s, EVENT_LEFT);
    const char *channel = teams_id(json_at(s->activity, "channelData.channel"), "id");
    ev.place.channel = channel != NULL ? channel : ev.place.channel;
    ev.group = whole ? ev.group : NULL;
    return ev;
}

static struct event event_of_change(const struct teams_reading *s)
{
    static const char *const ends[] = {"channelDeleted", "teamDeleted", "teamHardDeleted"};
    const char *type = json_text(json_member(s->activity, "channelData"), "eventType");
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (str_equal_fold(ends[i], type)) {
            return event_of_end(s, i > 0);
        }
    }
    if (has_bot(s, "membersAdded")) {
        return event_of_place(s, EVENT_JOINED);
    }
    return has_bot(s, "membersRemoved") ? event_of_place(s, EVENT_LEFT) : event_of_removed(s);
}

struct event teams_life_event(const struct teams_reading *s)
{
    if (teams_is_type(s->activity, "installationUpdate")) {
        return event_of_installation(s);
    }
    return teams_is_type(s->activity, "conversationUpdate") ? event_of_change(s) : ignored;
}

/* A stored activity of Teams as a struct event; typed words are read here. */
#include "teams_read.h"

#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

/* By the clock of the device that it was done with. A name that is none is found out where it is
 * used. */
static const char *time_zone_of(const json_t *activity)
{
    enum { NAME_MAX_BYTES = 64 };
    const char *name = json_text(activity, "localTimezone");
    return str_empty(name) || strlen(name) > NAME_MAX_BYTES ? NULL : name;
}

struct event teams_event_base(const struct teams_reading *s, enum event_kind kind)
{
    const char *tenant = teams_tenant(s->mem, s->activity);
    int64_t at_ms = teams_millis(json_text(s->activity, "timestamp"));
    return (struct event){
        .kind = kind,
        .workspace = tenant == NULL ? NULL : arena_printf(s->mem, TEAMS_PREFIX "%s", tenant),
        .user_id = teams_user(s->mem, s->activity),
        .place = teams_place(s->mem, s->activity),
        .address = json_text(s->activity, "serviceUrl"),
        .group = teams_id(json_at(s->activity, "channelData.team"), "id"),
        .person_address = teams_id(json_member(s->activity, "from"), "id"),
        .time_zone = time_zone_of(s->activity),
        .at = at_ms / 1000,
        .at_ms = at_ms,
    };
}

/* What nobody else sees is answered where nobody else sees it: in the one-to-one chat. */
void teams_event_apart(struct event *ev)
{
    ev->place = (struct place){.channel = "", .is_private = true};
}

/* The press of a button comes as a message, too, from clients that do not know the other way. */
static struct event event_of_message(const struct teams_reading *s)
{
    if (teams_press(s->mem, s->activity) != NULL) {
        return teams_press_event(s);
    }
    if (!teams_words_accepted(s->mem, s->activity)) {
        return (struct event){.kind = EVENT_IGNORED};
    }
    struct event ev = teams_event_base(s, EVENT_TEXT);
    ev.message_id = teams_id(s->activity, "id");
    ev.typed = teams_text(s->mem, s->activity);
    ev.text = teams_text_plain(s->mem, ev.typed);
    ev.has_file = str_empty(ev.text) && teams_has_file(s->activity);
    if (teams_is_targeted(s->activity)) {
        teams_event_apart(&ev);
    }
    return ev;
}

static struct event event_of_activity(const struct teams_reading *s)
{
    return teams_is_type(s->activity, "message") ? event_of_message(s) : teams_life_event(s);
}

static bool is_complete(const struct event *ev)
{
    bool by_somebody = ev->kind == EVENT_TEXT || ev->kind == EVENT_ACTION ||
                       ev->kind == EVENT_SUBMIT || ev->kind == EVENT_CHOICES ||
                       ev->kind == EVENT_CODE || ev->kind == EVENT_LOOK;
    return ev->workspace != NULL && ev->place.channel != NULL &&
           (ev->user_id != NULL || !by_somebody);
}

int teams_parse(arena *mem, const char *job_kind, struct bytes payload, const char *bot_user_id,
                struct event *ret, struct err *e)
{
    static const struct {
        const char *job_kind;
        struct event (*event_of)(const struct teams_reading *s);
    } kinds[] = {
        {"teams_activity", event_of_activity},
        {"teams_invoke", teams_invoke_event},
    };
    (void)bot_user_id; /* every activity names the bot that it is for, and the door has proven it */
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        json_t *activity = NULL;
        struct err why;
        if (!str_equal(kinds[i].job_kind, job_kind)) {
            continue;
        }
        if (json_read(mem, payload, &activity, &why) != 0 || !json_is_object(activity)) {
            return err_set(e, ERR_INPUT, "teams_body", "a stored payload is no JSON object");
        }
        struct event ev = kinds[i].event_of(&(struct teams_reading){mem, activity});
        *ret = is_complete(&ev) ? ev : (struct event){.kind = EVENT_IGNORED};
        return 0;
    }
    die("a job of kind %s holds no activity of Teams", job_kind == NULL ? "NULL" : job_kind);
}

/* Stored events of Slack that nobody typed: the home page, people, installations, channels. */
#include "chat_int.h"

#include "base/json.h"
#include "base/str.h"

static const json_t *inner(const struct slack_sent *s)
{
    return json_member(s->payload, "event");
}

static struct event event_base(const struct slack_sent *s, enum event_kind kind)
{
    static const int64_t implausible = 100000000000;
    int64_t at = json_i64(s->payload, "event_time");
    return (struct event){
        .kind = kind,
        .workspace = slack_event_workspace(s->mem, s->payload),
        .user_id = slack_id(inner(s), "user"),
        .place = {.channel = "", .is_private = true},
        .at = at > 0 && at <= implausible ? at : 0,
    };
}

static struct event event_of_home(const struct slack_sent *s)
{
    struct event ev = event_base(s, EVENT_HOME);
    const char *dm = slack_id(inner(s), "channel");
    ev.surface = SURFACE_HOME;
    ev.place.channel = dm == NULL ? "" : dm;
    return ev;
}

static struct event event_of_person(const struct slack_sent *s)
{
    struct event ev = event_base(s, EVENT_PERSON);
    if (ev.workspace != NULL) {
        slack_person_of(json_member(inner(s), "user"), ev.workspace, &ev.person);
    }
    return ev;
}

static struct event event_of_joined(const struct slack_sent *s)
{
    struct event ev = event_base(s, EVENT_JOINED);
    const char *channel = slack_id(inner(s), "channel");
    if (channel == NULL || !str_equal(ev.user_id, s->bot_user_id)) {
        return (struct event){.kind = EVENT_IGNORED};
    }
    ev.user_id = slack_id(inner(s), "inviter");
    ev.place = (struct place){.channel = channel,
                              .is_external = slack_flag(s->payload, "is_ext_shared_channel")};
    return ev;
}

static struct event event_of_channel(const struct slack_sent *s)
{
    struct event ev = event_base(s, EVENT_CHANNEL);
    const char *channel = slack_id(inner(s), "new_channel_id");
    ev.channel_was = slack_id(inner(s), "old_channel_id");
    if (channel == NULL || ev.channel_was == NULL) {
        return (struct event){.kind = EVENT_IGNORED};
    }
    ev.place = (struct place){.channel = channel};
    return ev;
}

static void read_teams(const struct slack_sent *s, struct event *ev)
{
    const json_t *ids = json_member(inner(s), "team_ids");
    ev->teams = arena_array(s->mem, json_array_size(ids) + 1, sizeof *ev->teams);
    for (size_t i = 0; i < json_array_size(ids); i++) {
        json_t *one = json_pack("{s:O}", "id", json_array_get(ids, i));
        const char *id = slack_id(arena_json(s->mem, one), "id");
        if (id != NULL) {
            ev->teams[ev->teams_count++] = arena_printf(s->mem, "%s%s", slack_driver.prefix, id);
        }
    }
}

static struct event event_of_install(const struct slack_sent *s)
{
    static const struct {
        const char *type, *action;
    } rows[] = {
        {"app_uninstalled", "uninstalled"},
        {"tokens_revoked", "tokens_revoked"},
        {"team_access_revoked", "access_revoked"},
        {"team_access_granted", "access_granted"},
    };
    struct event ev = event_base(s, EVENT_INSTALL);
    ev.user_id = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (str_equal(rows[i].type, json_text(inner(s), "type"))) {
            ev.action = rows[i].action;
        }
    }
    read_teams(s, &ev);
    return ev;
}

struct event slack_life_event(const struct slack_sent *s)
{
    static const struct {
        const char *type;
        struct event (*event_of)(const struct slack_sent *s);
        bool by_somebody;
    } rows[] = {
        {"app_home_opened", event_of_home, true},
        {"user_change", event_of_person, true},
        {"team_join", event_of_person, true},
        {"member_joined_channel", event_of_joined, false},
        {"channel_id_changed", event_of_channel, false},
        {"app_uninstalled", event_of_install, false},
        {"tokens_revoked", event_of_install, false},
        {"team_access_revoked", event_of_install, false},
        {"team_access_granted", event_of_install, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!str_equal(rows[i].type, json_text(inner(s), "type"))) {
            continue;
        }
        struct event ev = rows[i].event_of(s);
        bool complete = ev.workspace != NULL && (ev.user_id != NULL || !rows[i].by_somebody);
        return complete ? ev : (struct event){.kind = EVENT_IGNORED};
    }
    return (struct event){.kind = EVENT_IGNORED};
}

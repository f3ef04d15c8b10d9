/* Stored interactions of Slack as events: buttons and menus, shortcuts, forms that were sent
 * (docs.slack.dev/reference/interaction-payloads). */
#include "chat_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

static const char *first_id(const json_t *a, const char *key_a, const json_t *b, const char *key_b)
{
    const char *id = slack_id(a, key_a);
    return id != NULL ? id : slack_id(b, key_b);
}

/* What all interactions say: who, where Workbot is installed, how to answer. */
static struct event event_base(const struct slack_sent *s, enum event_kind kind)
{
    const json_t *payload = s->payload;
    const json_t *view = json_member(payload, "view");
    return (struct event){
        .kind = kind,
        .workspace = slack_interaction_workspace(s->mem, payload),
        .user_id = slack_id(payload, "user"),
        .user_team = slack_id(json_member(payload, "user"), "team_id"),
        /* without a conversation it stands for the person's own */
        .place = {.channel = "", .is_private = true},
        .view_id = slack_id(view, "id"),
        .view_hash = slack_token(view, "hash"),
        .response_url = secret_of(s->mem, json_text(payload, "response_url")),
        .trigger_id = json_text(payload, "trigger_id"),
        .at = slack_seconds(json_text(payload, "action_ts")),
    };
}

/* --- buttons and menus --- */

static const char *action_name(arena *mem, const json_t *action)
{
    const char *name = json_text(action, "action_id") + strlen(SLACK_ACTION_PREFIX);
    return arena_strndup(mem, name, strcspn(name, ":"));
}

static const char *action_value(const json_t *action)
{
    const char *value = json_text(action, "value");
    return value != NULL ? value : json_text(json_member(action, "selected_option"), "value");
}

static struct place action_place(const json_t *payload, const char *user_team)
{
    const json_t *container = json_member(payload, "container");
    const json_t *message = json_member(payload, "message");
    const char *channel = first_id(payload, "channel", container, "channel_id");
    const char *team = slack_id(payload, "team");
    return (struct place){
        .channel = channel,
        .thread = first_id(message, "thread_ts", container, "thread_ts"),
        /* an ephemeral can stand in a direct message of two people, where the bot is no member */
        .is_private = str_starts(channel, "D") && !slack_flag(container, "is_ephemeral"),
        .is_external = team != NULL && user_team != NULL && !str_equal(team, user_team),
    };
}

static const char *action_message(const json_t *payload)
{
    const json_t *container = json_member(payload, "container");
    if (slack_flag(container, "is_ephemeral")) {
        return NULL;
    }
    return first_id(container, "message_ts", json_member(payload, "message"), "ts");
}

/* Our message's id out of the name of the pressed block, "wb:<id>:<n>". */
static const char *action_our_id(arena *mem, const json_t *action)
{
    const char *block = json_text(action, "block_id");
    if (!str_starts(block, SLACK_ACTION_PREFIX)) {
        return NULL;
    }
    block += strlen(SLACK_ACTION_PREFIX);
    return arena_strndup(mem, block, strcspn(block, ":"));
}

static enum surface action_surface(const json_t *payload)
{
    const json_t *view = json_member(payload, "view");
    const char *container = json_text(json_member(payload, "container"), "type");
    if (!json_is_object(view) && !str_equal(container, "view")) {
        return SURFACE_MESSAGE;
    }
    return str_equal(json_text(view, "type"), "home") ? SURFACE_HOME : SURFACE_FORM;
}

static struct event event_of_action(const struct slack_sent *s)
{
    const json_t *action = slack_own_action(s->payload);
    struct event ev = event_base(s, EVENT_ACTION);
    if (action == NULL) {
        return (struct event){.kind = EVENT_IGNORED};
    }
    ev.surface = action_surface(s->payload);
    if (ev.surface == SURFACE_MESSAGE) {
        ev.place = action_place(s->payload, ev.user_team);
        ev.message_id = action_message(s->payload);
        ev.our_id = action_our_id(s->mem, action);
    }
    ev.action = action_name(s->mem, action);
    ev.value = action_value(action);
    ev.at = slack_seconds(json_text(action, "action_ts"));
    return ev;
}

/* --- shortcuts --- */

static struct event event_of_shortcut(const struct slack_sent *s)
{
    struct event ev = event_base(s, EVENT_SHORTCUT);
    const json_t *message = json_member(s->payload, "message");
    const char *channel = slack_id(s->payload, "channel");
    ev.surface = SURFACE_SHORTCUT;
    ev.action = slack_shortcut_name(s->payload);
    if (ev.action == NULL) {
        return (struct event){.kind = EVENT_IGNORED};
    }
    if (channel != NULL) {
        ev.place = (struct place){.channel = channel, .thread = slack_id(message, "thread_ts")};
        ev.message_id = first_id(s->payload, "message_ts", message, "ts");
        ev.typed = slack_text_decode(s->mem, json_text(message, "text"), s->bot_user_id);
        ev.text = ev.typed;
    }
    return ev;
}

/* --- forms --- */

/* What was chosen or typed; NULL when nothing was. */
static const char *one_value(arena *mem, const json_t *state)
{
    static const char *const plain[] = {"value", "selected_date", "selected_time", "selected_user"};
    const char *chosen = json_text(json_member(state, "selected_option"), "value");
    const json_t *moment = json_member(state, "selected_date_time");
    if (json_is_integer(moment)) {
        return clock_rfc3339(mem, json_integer_value(moment));
    }
    for (size_t i = 0; i < sizeof plain / sizeof plain[0] && chosen == NULL; i++) {
        chosen = json_text(state, plain[i]);
    }
    return chosen;
}

static const char *several_values(arena *mem, const json_t *options)
{
    enum { ALL_MAX = 4000 };
    struct str all = str_new(mem, ALL_MAX);
    size_t i = 0;
    const json_t *option = NULL;
    json_array_foreach(options, i, option)
    {
        str_add(&all, i == 0 ? "" : ",");
        str_add(&all, json_text(option, "value"));
    }
    return all.len == 0 ? NULL : all.text;
}

/* The one that was chosen: who it is and what it is called, and nothing that leads to it. */
static json_t *file_value(arena *mem, const json_t *files)
{
    enum { TYPE_MAX = 100 };
    const json_t *file = json_array_get(files, 0);
    const char *id = slack_id(file, "id");
    const char *name = json_text(file, "name"), *type = json_text(file, "mimetype");
    if (id == NULL) {
        return json_null();
    }
    return json_must(json_pack("{s:s, s:s, s:I, s:s}", "id", id, "name", name == NULL ? "" : name,
                               "size", (json_int_t)json_i64(file, "size"), "mime",
                               type == NULL ? "" : str_cut(mem, type, TYPE_MAX)));
}

static json_t *field_value(arena *mem, const json_t *state)
{
    const json_t *files = json_member(state, "files");
    if (json_is_array(files)) {
        return file_value(mem, files);
    }
    const json_t *options = json_member(state, "selected_options");
    const char *text =
        json_is_array(options) ? several_values(mem, options) : one_value(mem, state);
    return text == NULL ? json_null() : json_string(text);
}

/* A block of the form is named "<input>" or, after a change of the form, "<input>:<n>". */
static const json_t *form_fields(arena *mem, const json_t *view)
{
    json_t *fields = arena_json(mem, json_object());
    const char *block = NULL;
    json_t *elements = NULL;
    json_object_foreach(json_at(view, "state.values"), block, elements)
    {
        const char *name = arena_strndup(mem, block, strcspn(block, ":"));
        const json_t *state = json_object_iter_value(json_object_iter(elements));
        json_put(fields, name, field_value(mem, state));
    }
    return fields;
}

static struct event event_of_form(const struct slack_sent *s)
{
    const json_t *view = json_member(s->payload, "view");
    struct event ev = event_base(s, EVENT_SUBMIT);
    ev.surface = SURFACE_FORM;
    ev.action = slack_form_name(view);
    ev.value = json_text(view, "private_metadata");
    ev.fields = form_fields(s->mem, view);
    return ev.action == NULL ? (struct event){.kind = EVENT_IGNORED} : ev;
}

/* --- choices of a field --- */

static struct event event_of_suggestion(const struct slack_sent *s)
{
    const json_t *view = json_member(s->payload, "view");
    struct event ev = event_base(s, EVENT_CHOICES);
    const char *block = json_text(s->payload, "block_id");
    const char *typed = json_text(s->payload, "value");
    ev.surface = SURFACE_FORM;
    ev.action = slack_form_name(view);
    ev.value = json_text(view, "private_metadata");
    ev.typed = typed == NULL ? "" : typed;
    if (ev.action == NULL || block == NULL) {
        return (struct event){.kind = EVENT_IGNORED};
    }
    ev.field = arena_strndup(s->mem, block, strcspn(block, ":"));
    return ev;
}

struct event slack_interaction_event(const struct slack_sent *s)
{
    static const struct {
        const char *type;
        struct event (*event_of)(const struct slack_sent *s);
    } rows[] = {
        {"block_actions", event_of_action},        {"view_submission", event_of_form},
        {"block_suggestion", event_of_suggestion}, {"shortcut", event_of_shortcut},
        {"message_action", event_of_shortcut},
    };
    struct event ev = {.kind = EVENT_IGNORED};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (str_equal(rows[i].type, json_text(s->payload, "type"))) {
            ev = rows[i].event_of(s);
        }
    }
    bool complete = ev.workspace != NULL && ev.user_id != NULL && ev.place.channel != NULL;
    return complete ? ev : (struct event){.kind = EVENT_IGNORED};
}

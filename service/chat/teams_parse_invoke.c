/* Buttons of our cards, forms that were sent, codes of a sign-in window: what a person did in a
 * card or window rather than in words. */
#include "teams_read.h"

#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

static const struct event ignored = {.kind = EVENT_IGNORED};

/* --- buttons --- */

/* replyToId is the card's message, whichever way its button came. */
struct event teams_press_event(const struct teams_reading *s)
{
    const json_t *press = teams_press(s->mem, s->activity);
    if (press == NULL) {
        return ignored;
    }
    struct event ev = teams_event_base(s, EVENT_ACTION);
    ev.surface = SURFACE_MESSAGE;
    ev.message_id = teams_id(s->activity, "replyToId");
    ev.our_id = teams_id(press, "m");
    ev.action = json_text(press, "a");
    ev.value = json_text(press, "v");
    return ev;
}

/* A card that draws itself anew does nothing else. */
static struct event event_of_look(const struct teams_reading *s)
{
    struct event ev = teams_event_base(s, EVENT_LOOK);
    ev.surface = SURFACE_MESSAGE;
    ev.our_id = teams_id(teams_press(s->mem, s->activity), "m");
    return ev;
}

static struct event event_of_execute(const struct teams_reading *s)
{
    const json_t *value = teams_value(s->mem, s->activity);
    if (teams_is_refresh(value)) {
        return event_of_look(s);
    }
    struct event ev = teams_press_event(s);
    ev.told = ev.kind == EVENT_ACTION && !ev.place.is_private; /* chat_teams_shared_press_answer */
    return ev;
}

/* --- forms --- */

static const char *text_of(arena *mem, const json_t *value)
{
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        return str_empty(text) ? NULL : text;
    }
    /* clients send texts; what one sends as it is means the same */
    bool plain = json_is_number(value) || json_is_boolean(value);
    return plain ? json_write(mem, value) : NULL;
}

struct filled {
    arena *mem;
    const json_t *data;
    json_t *fields;
};

static const char *entered(const struct filled *f, const char *key, const char *behind)
{
    const char *id = arena_printf(f->mem, TEAMS_INPUT "%s%s", key, behind);
    return text_of(f->mem, json_member(f->data, id));
}

static const char *as_text(const struct filled *f, const char *key)
{
    return entered(f, key, "");
}

/* "yes" or nothing. */
static const char *as_flag(const struct filled *f, const char *key)
{
    const char *text = entered(f, key, "");
    return str_equal(text, "yes") ? text : NULL;
}

/* The day and the time that stand in two inputs, as a clock shows them. One alone is no time, and
 * is told of where the value is read. */
static const char *as_time(const struct filled *f, const char *key)
{
    const char *day = entered(f, key, ""), *time = entered(f, key, TEAMS_INPUT_TIME);
    bool both = day != NULL && time != NULL;
    return both ? arena_printf(f->mem, "%sT%s", day, time) : day != NULL ? day : time;
}

/* A field that nothing was entered in may be left out. */
static void take_fields(const struct filled *f, const char *list,
                        const char *(*as)(const struct filled *f, const char *key))
{
    size_t i = 0;
    const json_t *name = NULL;
    json_array_foreach(json_member(json_member(f->data, "wb"), list), i, name)
    {
        const char *key = json_string_value(name);
        if (key == NULL) {
            continue;
        }
        const char *text = as(f, key);
        json_t *value = text == NULL ? json_null() : json_string(text);
        if (value == NULL || json_object_set_new(f->fields, key, value) != 0) {
            die("out of memory for a form");
        }
    }
}

static const json_t *form_fields(arena *mem, const json_t *data)
{
    struct filled f = {mem, data, arena_json(mem, json_object())};
    take_fields(&f, "l", as_text);
    take_fields(&f, "y", as_flag);
    take_fields(&f, "t", as_time);
    return f.fields;
}

/* Whatever name stands in what was sent: these are all that our dialogs have. */
static bool is_ours(const char *form)
{
    static const char *const drawn[] = {"inputs"};
    for (size_t i = 0; i < sizeof drawn / sizeof drawn[0]; i++) {
        if (str_equal(drawn[i], form)) {
            return true;
        }
    }
    return false;
}

static struct event event_of_form(const struct teams_reading *s)
{
    const json_t *data = teams_data(s->mem, s->activity);
    const json_t *ours = json_member(data, "wb");
    struct event ev = teams_event_base(s, EVENT_SUBMIT);
    ev.surface = SURFACE_FORM;
    teams_event_apart(&ev);
    ev.action = json_text(ours, "f");
    ev.value = json_text(ours, "p");
    ev.fields = form_fields(s->mem, data);
    return is_ours(ev.action) ? ev : ignored;
}

/* --- sign-in --- */

static bool is_made_of(const char *text, size_t len, const char *allowed)
{
    return strlen(text) == len && text[strspn(text, allowed)] == '\0';
}

static const char *as_code(const char *text)
{
    enum { TYPED_DIGITS = 6, WINDOW_DIGITS = 32 };
    bool code = text != NULL && (is_made_of(text, TYPED_DIGITS, "0123456789") ||
                                 is_made_of(text, WINDOW_DIGITS, "0123456789abcdef"));
    return code ? text : NULL;
}

static const char *as_closed(const char *text)
{
    return str_equal(text, "CancelledByUser") ? "" : NULL;
}

static const char *as_done(const char *text)
{
    return str_equal(text, "connected") ? text : NULL;
}

/* The state's own text, or the first of its members that reads so. */
static const char *state_as(arena *mem, const json_t *activity, const char *(*as)(const char *text))
{
    json_t *state = json_member(teams_value(mem, activity), "state"), *member = NULL;
    const char *key = NULL, *found = as(json_string_value(state));
    json_object_foreach(state, key, member)
    {
        found = found != NULL ? found : as(json_string_value(member));
    }
    return found;
}

const char *teams_verify_state(arena *mem, const json_t *activity)
{
    const char *code = state_as(mem, activity, as_code);
    return code != NULL ? code : state_as(mem, activity, as_closed);
}

bool teams_verify_is_done(arena *mem, const json_t *activity)
{
    return teams_verify_state(mem, activity) == NULL && state_as(mem, activity, as_done) != NULL;
}

/* The window hands over what it showed; a code that is typed while a card waits for one comes so,
 * too. */
static struct event event_of_sign_in(const struct teams_reading *s)
{
    struct event ev = teams_event_base(s, EVENT_CODE);
    ev.surface = SURFACE_MESSAGE;
    ev.text = teams_verify_state(s->mem, s->activity);
    return ev;
}

struct event teams_invoke_event(const struct teams_reading *s)
{
    static const struct {
        const char *name;
        struct event (*event_of)(const struct teams_reading *s);
    } rows[] = {
        {"adaptiveCard/action", event_of_execute},
        {"task/fetch", teams_press_event},
        {"task/submit", event_of_form},
        {"signin/verifyState", event_of_sign_in},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (str_equal(rows[i].name, json_text(s->activity, "name"))) {
            return rows[i].event_of(s);
        }
    }
    return ignored;
}

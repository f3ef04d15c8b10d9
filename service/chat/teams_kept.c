/* Which activities are kept at the door, in which lane and under which keys, and what an invoke is
 * answered meanwhile. Pure, on the HTTP thread. */
#include "teams_read.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

enum { MINUTE_S = 60, WINDOW_MINUTES = 2 };

static void drop(struct teams_intake *out, const char *why)
{
    out->why = why;
}

/* --- keys --- */

/* Ids are long, keys are looked for a lot. */
static const char *key_of(arena *mem, const char *kind, const char *parts)
{
    return arena_printf(mem, "%s:%s", kind, crypto_hash_text(mem, parts));
}

/* The platform sends an activity again with its id, in its conversation. */
static const char *activity_key(arena *mem, const json_t *activity)
{
    const char *id = teams_id(activity, "id");
    const char *place = teams_id(json_member(activity, "conversation"), "id");
    return id == NULL || place == NULL ? NULL
                                       : key_of(mem, "act", arena_printf(mem, "%s %s", place, id));
}

/* And a slow press once more within a minute, under a new id: the token of the sending that it was
 * pressed in tells. What was pressed is sent anew (chat_driver.presses_once), so that whoever
 * presses again has another token; the windows are for where that did not arrive. Two windows of
 * two minutes, one minute apart, so that any two presses within a minute share one of them: keys of
 * one name are compared with each other alone. */
static void set_press_keys(arena *mem, const json_t *press, const char *user,
                           struct teams_intake *out)
{
    const char *token = teams_id(press, "t");
    long long minute = (long long)clock_now() / MINUTE_S;
    for (int i = 0; i < 2 && token != NULL; i++) {
        const char *what =
            arena_printf(mem, "%s %lld %s %lld", token, (long long)json_i64(press, "n"), user,
                         (minute + i) / WINDOW_MINUTES);
        out->keys[1 + i] = key_of(mem, "click", what);
    }
}

/* By the second key nearly all that comes again is known at once (store_job_add_many), so there
 * stands what an activity has but once: of a press the first of its windows. */
static void keep_of(arena *mem, const json_t *activity, const char *user, struct teams_intake *out)
{
    out->store = true;
    out->lane = arena_printf(mem, "user:%s", user);
    out->keys[1] = activity_key(mem, activity);
}

static void keep_press(arena *mem, const json_t *activity, const char *user,
                       struct teams_intake *out)
{
    keep_of(mem, activity, user, out);
    out->keys[0] = out->keys[1];
    set_press_keys(mem, teams_press(mem, activity), user, out);
}

/* --- activities --- */

/* Everybody comes and goes; what concerns the bot, and who is taken out of a team, is kept. */
static void keep_life(arena *mem, const json_t *activity, struct teams_intake *out)
{
    const struct teams_reading sent = {mem, activity};
    const struct event ev = teams_life_event(&sent);
    if (ev.kind == EVENT_IGNORED) {
        drop(out, "ignored");
        return;
    }
    bool personal = ev.user_id != NULL && (ev.place.is_private || ev.kind == EVENT_PERSON);
    out->store = true;
    out->lane = personal ? arena_printf(mem, "user:%s", ev.user_id) : "channel";
    out->keys[1] = activity_key(mem, activity);
}

static void keep_message(arena *mem, const json_t *activity, struct teams_intake *out)
{
    const char *user = teams_user(mem, activity);
    if (user == NULL) {
        drop(out, "no_person"); /* a guest of a meeting, another bot */
    } else if (teams_press(mem, activity) != NULL) {
        keep_press(mem, activity, user, out);
    } else if (teams_words_accepted(mem, activity)) {
        keep_of(mem, activity, user, out);
    } else {
        drop(out, "ignored");
    }
}

void teams_activity_kept(arena *mem, const json_t *activity, struct teams_intake *out)
{
    if (teams_is_type(activity, "message")) {
        keep_message(mem, activity, out);
    } else {
        keep_life(mem, activity, out);
    }
}

/* --- invokes --- */

struct invoke {
    arena *mem;
    const json_t *activity;
    const json_t *value; /* an object */
    const char *user;    /* NULL: nobody whom we know */
};

static int malformed(struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "teams_body", "an invoke without %s", what);
}

/* Where others read, it is looked at first whose button it is: then it is kept, or refused to
 * whoever pressed alone. */
static void press_of_shared(const struct invoke *v, struct teams_intake *out)
{
    if (teams_where(v->activity) == TEAMS_PERSONAL) {
        return;
    }
    out->late = teams_answer_message(v->mem, "I am slow right now and did nothing. Please press "
                                             "that again in a minute.");
    out->answers = TEAMS_ANSWER_PRESS;
    out->answer = NULL;
    out->store = false;
    drop(out, "press");
}

/* The work goes on behind the answer, and the card is changed when it is done. */
static int take_press(const struct invoke *v, struct teams_intake *out, struct err *e)
{
    if (!json_is_object(json_member(v->value, "action"))) {
        return malformed(e, "its action");
    }
    if (v->user == NULL) {
        out->answer =
            teams_answer_message(v->mem, "I cannot tell who you are here, so I did nothing.");
        drop(out, "no_person");
    } else if (teams_is_refresh(v->value)) {
        out->late = teams_answer_message(v->mem, "This is up to date.");
        out->answers = TEAMS_ANSWER_LOOK;
        drop(out, "look");
    } else if (teams_press(v->mem, v->activity) == NULL) {
        out->answer = teams_answer_error(
            v->mem, "I do not know this button. Type help to see what I can do.");
        drop(out, "ignored");
    } else {
        out->answer = chat_teams_press_answer(v->mem, NULL);
        keep_press(v->mem, v->activity, v->user, out);
        press_of_shared(v, out);
    }
    return 0;
}

static int take_task(const struct invoke *v, struct teams_intake *out, struct err *e)
{
    const json_t *data = json_member(v->value, "data");
    if (!json_is_object(data)) {
        return malformed(e, "its data");
    }
    if (v->user == NULL || !json_is_object(json_member(data, "wb"))) {
        out->answer = teams_task_message(v->mem, v->user == NULL ? "I cannot tell who you are here."
                                                                 : "I do not know this form.");
        drop(out, v->user == NULL ? "no_person" : "ignored");
        return 0;
    }
    out->late = teams_task_message(
        v->mem, "This takes too long right now. Close this window and try again in a minute.");
    out->answers = TEAMS_ANSWER_AT_ONCE;
    out->lane = arena_printf(v->mem, "user:%s", v->user);
    out->keys[0] = activity_key(v->mem, v->activity);
    drop(out, "form");
    return 0;
}

/* What comes of it is the answer, so that its client knows. One that nobody can have sent on was
 * begun by nobody. */
static int take_state(const struct invoke *v, struct teams_intake *out, struct err *e)
{
    const json_t *state = json_member(v->value, "state");
    if (!json_is_string(state) && !json_is_object(state)) {
        return malformed(e, "its state");
    }
    if (v->user == NULL) {
        out->answers = TEAMS_ANSWER_NOBODY;
        drop(out, "no_person");
        return 0;
    }
    if (teams_verify_is_done(v->mem, v->activity)) {
        drop(out, "ignored");
        return 0;
    }
    out->answers = TEAMS_ANSWER_CODE;
    out->keys[0] = activity_key(v->mem, v->activity);
    drop(out, "code");
    return 0;
}

static int take_failure(const struct invoke *v, struct teams_intake *out, struct err *e)
{
    (void)v;
    (void)e;
    drop(out, "ignored");
    return 0;
}

int teams_invoke_kept(arena *mem, const json_t *activity, struct teams_intake *out, struct err *e)
{
    static const struct {
        const char *name;
        int (*take)(const struct invoke *v, struct teams_intake *out, struct err *e);
    } rows[] = {
        {"adaptiveCard/action", take_press}, {"task/fetch", take_task},
        {"task/submit", take_task},          {"signin/verifyState", take_state},
        {"signin/failure", take_failure},
    };
    const char *name = json_text(activity, "name");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!str_equal(rows[i].name, name)) {
            continue;
        }
        const struct invoke v = {mem, activity, teams_value(mem, activity),
                                 teams_user(mem, activity)};
        return v.value == NULL ? malformed(e, "its value") : rows[i].take(&v, out, e);
    }
    out->answers = TEAMS_ANSWER_UNKNOWN;
    drop(out, "unknown_invoke");
    return 0;
}

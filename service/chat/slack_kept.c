/* Which events and interactions are kept at the door, in which lane and under which keys. Pure, on
 * the HTTP thread: what the platform sends in masses is told by a few members alone. */
#include "chat_int.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/str.h"

static const char *user_lane(arena *mem, const json_t *from)
{
    const char *user = slack_id(from, "user");
    return user == NULL ? NULL : arena_printf(mem, "user:%s", user);
}

/* --- events --- */

struct arrived {
    arena *mem;
    const json_t *envelope;
    const json_t *event;
};

typedef bool kept_fn(const struct arrived *a, struct slack_intake *out);

static bool keep_words(const struct arrived *a, struct slack_intake *out)
{
    if (!slack_event_accepted(a->event, slack_event_bot(a->envelope))) {
        return false;
    }
    const char *client_id = slack_id(a->event, "client_msg_id");
    out->lane = user_lane(a->mem, a->event);
    out->keys[1] =
        arena_printf(a->mem, "msg:%s:%s", slack_id(a->event, "channel"), slack_id(a->event, "ts"));
    out->keys[2] = client_id == NULL
                       ? NULL
                       : arena_printf(a->mem, "cmid:%s:%s", slack_id(a->event, "user"), client_id);
    return true;
}

static bool keep_home(const struct arrived *a, struct slack_intake *out)
{
    const char *tab = json_text(a->event, "tab");
    out->lane = user_lane(a->mem, a->event);
    return out->lane != NULL && (tab == NULL || str_equal(tab, "home"));
}

/* What we know of people, and nothing else of them: a new status text changes none of it. */
static uint64_t told_of(const json_t *user)
{
    static const char *const names[] = {"email", "display_name", "real_name"};
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        hash = hash_text(hash, json_text(json_member(user, "profile"), names[i]));
    }
    hash = hash_text(hash, json_text(user, "name"));
    hash = hash_text(hash, json_text(user, "tz"));
    return hash_text(hash, slack_id(user, "team_id"));
}

static bool is_flagged(const json_t *user)
{
    static const char *const flags[] = {"deleted", "is_restricted", "is_ultra_restricted",
                                        "is_stranger"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (json_flag(user, flags[i])) {
            return true;
        }
    }
    return false;
}

/* With each change of a status the whole person comes, in bursts: of those of a second that tell us
 * the same, one is enough. No longer than a second, or an e-mail that is changed and put back would
 * stay changed here. Not of those that may end something: who left, came back and left again has
 * left. */
static bool keep_person(const struct arrived *a, struct slack_intake *out)
{
    const json_t *user = json_member(a->event, "user");
    int64_t at = json_i64(a->envelope, "event_time");
    out->lane = user_lane(a->mem, a->event);
    if (out->lane == NULL || !json_is_object(user) || json_flag(user, "is_bot")) {
        return false;
    }
    if (at > 0 && !is_flagged(user)) {
        out->keys[1] = arena_printf(a->mem, "who:%s:%lld:%016llx", slack_id(a->event, "user"),
                                    (long long)at, (unsigned long long)told_of(user));
    }
    return true;
}

static bool keep_install(const struct arrived *a, struct slack_intake *out)
{
    (void)a;
    out->lane = "install";
    return true;
}

/* Of other people's sign-in tokens we hold none. */
static bool keep_revoked(const struct arrived *a, struct slack_intake *out)
{
    out->lane = "install";
    return json_array_size(json_member(json_member(a->event, "tokens"), "bot")) > 0;
}

static bool keep_moved(const struct arrived *a, struct slack_intake *out)
{
    out->lane = "channel";
    return slack_id(a->event, "old_channel_id") != NULL &&
           slack_id(a->event, "new_channel_id") != NULL;
}

/* Everybody joins channels; only the bot itself matters. */
static bool keep_joined(const struct arrived *a, struct slack_intake *out)
{
    const char *bot = slack_event_bot(a->envelope);
    const char *user = slack_id(a->event, "user");
    out->lane = "channel";
    return user != NULL && slack_id(a->event, "channel") != NULL &&
           (bot == NULL || str_equal(bot, user));
}

bool slack_event_kept(arena *mem, const json_t *envelope, struct slack_intake *out)
{
    static const struct {
        const char *type;
        kept_fn *keep;
    } rows[] = {
        {"message", keep_words},
        {"app_mention", keep_words},
        {"app_home_opened", keep_home},
        {"user_change", keep_person},
        {"team_join", keep_person},
        {"member_joined_channel", keep_joined},
        {"channel_id_changed", keep_moved},
        {"app_uninstalled", keep_install},
        {"tokens_revoked", keep_revoked},
        {"team_access_granted", keep_install},
        {"team_access_revoked", keep_install},
    };
    const struct arrived a = {mem, envelope, json_member(envelope, "event")};
    const char *type = json_text(a.event, "type");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!str_equal(rows[i].type, type)) {
            continue;
        }
        const char *event_id = slack_id(envelope, "event_id");
        out->keys[0] = event_id == NULL ? NULL : arena_printf(mem, "ev:%s", event_id);
        return rows[i].keep(&a, out);
    }
    return false;
}

/* --- interactions --- */

static bool keep_action(arena *mem, const json_t *payload, struct slack_intake *out)
{
    const json_t *action = slack_own_action(payload);
    const char *at = slack_id(action, "action_ts");
    if (action == NULL || at == NULL) {
        return false;
    }
    out->keys[0] = arena_printf(mem, "act:%s:%s:%s", slack_id(payload, "user"), at,
                                json_text(action, "action_id"));
    return true;
}

static bool keep_shortcut(arena *mem, const json_t *payload, struct slack_intake *out)
{
    const char *trigger = slack_token(payload, "trigger_id");
    if (trigger == NULL || slack_shortcut_name(payload) == NULL) {
        return false;
    }
    out->keys[0] = arena_printf(mem, "trig:%s", trigger);
    return true;
}

/* The same view sent twice is one answer: its hash changes with each update of it. */
static bool keep_submission(arena *mem, const json_t *payload, struct slack_intake *out)
{
    const json_t *view = json_member(payload, "view");
    const char *id = slack_id(view, "id");
    if (id == NULL || slack_form_name(view) == NULL) {
        return false;
    }
    const char *hash = slack_token(view, "hash");
    out->keys[0] = arena_printf(mem, "view:%s:%s", id, hash == NULL ? "" : hash);
    out->submission = true;
    out->late = slack_form_late(mem, view);
    return true;
}

bool slack_interaction_kept(arena *mem, const json_t *payload, struct slack_intake *out)
{
    static const struct {
        const char *type;
        bool (*keep)(arena *mem, const json_t *payload, struct slack_intake *out);
    } rows[] = {
        {"block_actions", keep_action},
        {"view_submission", keep_submission},
        {"shortcut", keep_shortcut},
        {"message_action", keep_shortcut},
    };
    const char *type = json_text(payload, "type");
    out->lane = user_lane(mem, payload);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && out->lane != NULL; i++) {
        if (str_equal(rows[i].type, type)) {
            out->urgent = json_text(payload, "trigger_id") != NULL;
            return rows[i].keep(mem, payload, out);
        }
    }
    return false;
}

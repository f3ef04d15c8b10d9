/* Teams for scripts and the chat page: people type; hostile deliveries; what everybody sees. */
#include "teams.h"

#include "world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BURST_MAX = 64, DUPLICATES_MAX = 1000 };

void teams_refuse(struct request *req, unsigned status, const char *error, const char *detail)
{
    http_reply_json(req, status,
                    json_pack("{s:b, s:s, s:s}", "ok", false, "error", error, "detail", detail));
}

/* ---- who and where ---- */

bool teams_scene_of(struct request *req, const json_t *body, struct teams_scene *ret)
{
    *ret = (struct teams_scene){.tenant = teams_tenant_named(json_str(body, "workspace"))};
    if (ret->tenant == NULL) {
        teams_refuse(req, 404, "unknown_workspace", "no such tenant in the seed");
        return false;
    }
    ret->user = teams_user_named(ret->tenant, json_str_or(body, "user", ""));
    if (ret->user == NULL) {
        teams_refuse(req, 404, "unknown_user", "\"user\" must be a name or id of this tenant");
        return false;
    }
    ret->user_key = json_str(ret->user, "id");
    const char *place = json_str(body, "place");
    ret->place = place == NULL ? NULL : teams_place_named(ret->tenant, ret->user_key, place);
    if (place != NULL && ret->place == NULL) {
        teams_refuse(req, 404, "unknown_place",
                     "\"place\" must be dm, the name of a channel or chat, or an id");
        return false;
    }
    ret->root = json_str(body, "thread");
    if (ret->root != NULL &&
        (!teams_is(ret->place, "channel") || teams_message(ret->place, ret->root) == NULL)) {
        teams_refuse(req, 404, "unknown_thread", "\"thread\" must be a first message's id");
        return false;
    }
    return true;
}

void teams_overlay(json_t *activity, const json_t *over)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)over, key, value)
    {
        json_t *old = json_object_get(activity, key);
        if (json_is_object(old) && json_is_object(value)) {
            teams_overlay(old, value);
        } else if (json_is_null(value)) {
            json_object_del(activity, key);
        } else {
            json_object_set_new(activity, key, json_deep_copy(value));
        }
    }
}

json_t *teams_body_damage(const json_t *body)
{
    json_t *damage = json_object_get(body, "damage");
    return json_is_string(damage) ? json_pack("{s:O}", "damage", damage) : json_deep_copy(damage);
}

void teams_tell(json_t *answer, const struct teams_sent *sent)
{
    json_t *attempts = json_object_get(answer, "attempts");
    if (attempts == NULL) {
        attempts = json_array();
        json_object_set_new(answer, "attempts", attempts);
        json_object_set_new(answer, "status", json_integer(sent->status));
        json_object_set_new(answer, "answer", json_text(sent->text, strlen(sent->text)));
    }
    json_array_append_new(attempts, teams_sent_json(sent));
}

/* ---- typing ---- */

/* Replaces "@name" by a mention; true when there was one. */
static bool mention(struct buf *text, json_t *entities, const char *id, const char *name)
{
    char *typed = xasprintf("@%s", name);
    char *mark = xasprintf("<at>%s</at>", name);
    struct buf out = {0};
    const char *at = buf_text(text);
    bool found = false;
    for (;;) {
        const char *hit = strcasestr(at, typed);
        if (hit == NULL) {
            break;
        }
        buf_addn(&out, at, (size_t)(hit - at));
        buf_add(&out, mark);
        at = hit + strlen(typed);
        found = true;
    }
    if (found) {
        buf_add(&out, at);
        json_array_append_new(entities,
                              json_pack("{s:s, s:{s:s, s:s}, s:s}", "type", "mention", "mentioned",
                                        "id", id, "name", name, "text", mark));
        buf_free(text);
        *text = out;
    } else {
        buf_free(&out);
    }
    free(mark);
    free(typed);
    return found;
}

/* What Teams makes of typed text, with the entities of the activity; true: the bot is mentioned. */
static bool typed_text(const struct teams_scene *s, const json_t *body, json_t *activity)
{
    struct buf text = {0};
    buf_add(&text, json_str_or(body, "text", ""));
    json_t *entities = json_object_get(activity, "entities");
    bool named = false;
    if (!json_flag(body, "raw", false)) {
        char *bot = teams_bot();
        named = mention(&text, entities, bot, teams_app("name"));
        free(bot);
        const char *key = NULL;
        json_t *user = NULL;
        json_object_foreach(json_object_get(s->tenant, "users"), key, user)
        {
            mention(&text, entities, json_str_or(user, "address", ""),
                    json_str_or(user, "real_name", ""));
        }
    }
    json_object_set_new(activity, "text", json_string(buf_text(&text)));
    json_object_set_new(activity, "textFormat", json_string("plain"));
    if (named) { /* a mention is rich text, and rich text comes twice */
        struct buf html = {0};
        buf_addf(&html, "<p>%s</p>", buf_text(&text));
        json_object_set_new(
            activity, "attachments",
            json_pack("[{s:s, s:s}]", "contentType", "text/html", "content", buf_text(&html)));
        buf_free(&html);
    }
    buf_free(&text);
    return named;
}

static bool may_type(struct request *req, const struct teams_scene *s)
{
    const char *wrong = NULL;
    if (s->place == NULL) {
        teams_refuse(req, 400, "no_place", "\"place\" is missing");
        return false;
    }
    if (!teams_member(s->place, s->user_key)) {
        wrong = "not_in_conversation";
    } else if (json_flag(s->user, "disabled", false)) {
        wrong = "user_disabled";
    } else if (teams_is(s->place, "personal") && !teams_bot_in(s->tenant, s->place)) {
        wrong = "not_installed";
    }
    if (wrong != NULL) {
        teams_refuse(req, 403, wrong, "this person cannot write there");
    }
    return wrong == NULL;
}

struct burst {
    json_t *activities[BURST_MAX];
    json_t *damage;
    size_t count;
    struct teams_sent sent[BURST_MAX];
};

static void burst_make(struct burst *b, json_t *activity, const json_t *body)
{
    int64_t repeat = json_int_or(body, "repeat", 1);
    b->count = repeat < 1 ? 1 : repeat > BURST_MAX ? BURST_MAX : (size_t)repeat;
    b->damage = teams_body_damage(body);
    for (size_t i = 0; i < b->count; i++) {
        b->activities[i] = json_deep_copy(activity);
        if (i > 0 && json_flag(body, "new_ids", false)) {
            char *id = teams_message_id();
            json_object_set_new(b->activities[i], "id", json_string(id));
            free(id);
        }
    }
}

struct lane {
    const json_t *activity, *damage;
    struct teams_sent sent;
};

static void *lane_main(void *arg)
{
    struct lane *lane = arg;
    lane->sent = teams_send(lane->activity, lane->damage, true);
    return NULL;
}

/* Sends all, together when asked, else one after the other. */
static void burst_send(struct burst *b, bool together, json_t *answer)
{
    pthread_t threads[BURST_MAX];
    struct lane lanes[BURST_MAX];
    bool begun[BURST_MAX] = {false};
    for (size_t i = 0; i < b->count; i++) {
        lanes[i] = (struct lane){.activity = b->activities[i], .damage = b->damage};
        begun[i] = together && b->count > 1 &&
                   pthread_create(&threads[i], NULL, lane_main, &lanes[i]) == 0;
        if (!begun[i]) {
            lane_main(&lanes[i]);
        }
    }
    for (size_t i = 0; i < b->count; i++) {
        if (begun[i]) {
            pthread_join(threads[i], NULL);
        }
        teams_tell(answer, &lanes[i].sent);
        teams_sent_free(&lanes[i].sent);
        json_decref(b->activities[i]);
    }
    json_decref(b->damage);
}

/* Stores what was typed and makes the activity; *ret_told: the bot hears of it. */
static json_t *say_make(const struct teams_scene *given, const json_t *body, bool *ret_told)
{
    struct teams_scene s = *given;
    json_t *message =
        json_pack("{s:s, s:s}", "from", s.user_key, "_typed", json_str_or(body, "text", ""));
    if (s.root != NULL) {
        json_object_set_new(message, "root", json_string(s.root));
    }
    if (json_str(body, "id") != NULL) {
        json_object_set(message, "id", json_object_get(body, "id"));
    }
    teams_message_add(s.place, message);
    s.root = json_str(message, "root");
    json_t *activity = teams_activity(&s, "message");
    json_object_set(activity, "id", json_object_get(message, "id"));
    bool named = typed_text(&s, body, activity);
    json_object_set(message, "text", json_object_get(activity, "text"));
    json_t *entities = json_object_get(body, "entities");
    if (entities != NULL) {
        json_array_extend(json_object_get(activity, "entities"), entities);
    }
    teams_overlay(activity, json_object_get(body, "activity"));
    *ret_told = json_flag(body, "deliver", true) && teams_bot_in(s.tenant, s.place) &&
                (named || teams_is(s.place, "personal") || json_flag(body, "rsc", false) ||
                 json_flag(body, "raw", false));
    return activity;
}

static void say(struct request *req, const json_t *body)
{
    struct teams_scene s;
    struct burst b = {.count = 0};
    json_t *answer = NULL;
    bool told = false;
    world_lock();
    if (teams_scene_of(req, body, &s) && may_type(req, &s)) {
        json_t *activity = say_make(&s, body, &told);
        answer = json_pack("{s:b, s:O, s:O, s:s, s:O, s:O, s:b, s:n}", "ok", true, "workspace",
                           json_object_get(s.tenant, "id"), "channel",
                           json_object_get(s.place, "id"), "user", s.user_key, "activity", activity,
                           "id", json_object_get(activity, "id"), "delivered", told, "status");
        json_object_set(answer, "conversation",
                        json_object_get(json_object_get(activity, "conversation"), "id"));
        if (told) {
            burst_make(&b, activity, body);
        }
        json_decref(activity);
    }
    world_unlock();
    if (answer == NULL) {
        return;
    }
    burst_send(&b, json_flag(body, "together", false), answer);
    http_reply_json(req, 200, answer);
}

/* ---- arbitrary deliveries ---- */

/* {"activity":{...}} whole, or {"type", user, place, "over":{...}} made as Teams makes it; and
 * {"damage"}. Never retried. */
static void deliver(struct request *req, const json_t *body)
{
    struct teams_scene s;
    json_t *activity = json_deep_copy(json_object_get(body, "activity"));
    json_t *damage = teams_body_damage(body);
    int64_t times = json_int_or(body, "duplicate", 1);
    world_lock();
    if (activity == NULL && teams_scene_of(req, body, &s)) {
        if (s.place == NULL) {
            teams_refuse(req, 400, "no_place", "\"place\" is missing");
        } else {
            activity = teams_activity(&s, json_str_or(body, "type", "message"));
        }
    }
    world_unlock();
    if (activity == NULL) {
        json_decref(damage);
        return;
    }
    teams_overlay(activity, json_object_get(body, "over"));
    json_t *answer = json_pack("{s:b, s:O}", "ok", true, "activity", activity);
    for (int64_t i = 0; i < (times < 1                ? 1
                             : times > DUPLICATES_MAX ? DUPLICATES_MAX
                                                      : times);
         i++) {
        struct teams_sent sent = teams_send(activity, damage, false);
        teams_tell(answer, &sent);
        teams_sent_free(&sent);
    }
    json_decref(activity);
    json_decref(damage);
    http_reply_json(req, 200, answer);
}

static void damage_next(struct request *req, const json_t *body)
{
    world_lock();
    const char *wrong = json_flag(body, "clear", false) ? NULL : teams_damage_add(body);
    if (json_flag(body, "clear", false)) {
        teams_damage_reset();
    }
    if (wrong != NULL) {
        teams_refuse(req, 400, "invalid_damage", wrong);
    } else {
        http_reply_json(req, 200, teams_damage_list());
    }
    world_unlock();
}

static void new_key(struct request *req, const json_t *body)
{
    world_lock();
    teams_keys_rotate(json_flag(body, "drop_old", false));
    http_reply_json(req, 200, json_pack("{s:b, s:o}", "ok", true, "keys", teams_keys_connector()));
    world_unlock();
}

/* ---- looking ---- */

static json_t *seen_message(json_t *tenant, const json_t *message, const char *user)
{
    bool bot = strcmp(json_str_or(message, "from", ""), "bot") == 0;
    const json_t *author = bot ? NULL : teams_user(tenant, json_str(message, "from"));
    json_t *copy = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)message, key, value)
    {
        if (key[0] != '_') {
            json_object_set_new(copy, key, json_deep_copy(value));
        }
    }
    json_t *card = teams_card_of(message, user);
    if (card != NULL) {
        json_object_set_new(json_array_get(json_object_get(copy, "attachments"), 0), "content",
                            json_deep_copy(card));
    }
    json_object_set(copy, "ts", json_object_get(message, "id"));
    json_object_set_new(
        copy, "author",
        json_string(bot ? teams_app("name") : json_str_or(author, "real_name", "")));
    json_object_set_new(copy, "is_bot", json_boolean(bot));
    json_object_set_new(copy, "private", json_boolean(json_str(message, "_to") != NULL));
    json_object_set_new(copy, "edited_count", json_integer(json_int_or(message, "_edits", 0)));
    if (json_str(message, "_typed") != NULL) {
        json_object_set(copy, "typed", json_object_get(message, "_typed"));
    }
    return copy;
}

static json_t *seen_by(json_t *tenant, const json_t *place, const char *user, size_t limit)
{
    json_t *list = json_array();
    const char *id = NULL;
    json_t *message = NULL;
    const json_t *stored = json_object_get(place, "messages");
    size_t count = json_object_size(stored);
    size_t skip = limit > 0 && count > limit ? count - limit : 0;
    size_t i = 0;
    json_object_foreach((json_t *)(uintptr_t)stored, id, message)
    {
        const char *only = json_str(message, "_to");
        bool open = only == NULL || strcmp(only, user) == 0;
        if (i++ >= skip && open && !json_flag(message, "_deleted", false)) {
            json_array_append_new(list, seen_message(tenant, message, user));
        }
    }
    return list;
}

static void messages(struct request *req)
{
    struct teams_scene s;
    if (!teams_scene_of(req, req->query, &s)) {
        return;
    }
    if (s.place == NULL || !teams_member(s.place, s.user_key)) {
        teams_refuse(req, s.place == NULL ? 400 : 403, "not_in_conversation",
                     "this person is not there");
        return;
    }
    int64_t limit = strtoll(json_str_or(req->query, "limit", "0"), NULL, 10);
    http_reply_json(
        req, 200,
        json_pack("{s:b, s:O, s:O, s:o}", "ok", true, "workspace", json_object_get(s.tenant, "id"),
                  "channel", json_object_get(s.place, "id"), "messages",
                  seen_by(s.tenant, s.place, s.user_key, limit < 0 ? 0 : (size_t)limit)));
}

static json_t *person_snapshot(json_t *tenant, const json_t *user, size_t limit)
{
    const char *key = json_str_or(user, "id", "");
    json_t *places = json_array();
    const char *id = NULL;
    json_t *place = NULL;
    json_object_foreach(json_object_get(tenant, "places"), id, place)
    {
        if (teams_member(place, key) && teams_bot_in(tenant, place)) {
            json_array_append_new(places, json_pack("{s:s, s:s, s:s, s:o}", "id", id, "kind",
                                                    json_str_or(place, "kind", ""), "name",
                                                    json_str_or(place, "name", ""), "messages",
                                                    seen_by(tenant, place, key, limit)));
        }
    }
    const char *role = json_str_or(user, "role", "");
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:o, s:o}", "id", key, "name",
                     json_str_or(user, "name", ""), "real_name", json_str_or(user, "real_name", ""),
                     "address", json_str_or(user, "address", ""), "installer", false, "guest",
                     strcmp(role, "guest") == 0, "stranger",
                     json_str(user, "tenant") != NULL || teams_anonymous(user), "screen",
                     teams_screen(key), "places", places);
}

static json_t *snapshot(size_t limit)
{
    json_t *out = json_array();
    const char *id = NULL;
    json_t *tenant = NULL;
    json_object_foreach(teams_tenants(), id, tenant)
    {
        json_t *people = json_array();
        const char *key = NULL;
        json_t *user = NULL;
        json_object_foreach(json_object_get(tenant, "users"), key, user)
        {
            if (!json_flag(user, "disabled", false)) {
                json_array_append_new(people, person_snapshot(tenant, user, limit));
            }
        }
        char *bot = teams_bot();
        json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:s, s:o}", "chat", "teams", "id", id,
                                             "name", json_str_or(tenant, "name", ""), "bot", bot,
                                             "people", people));
        free(bot);
    }
    return out;
}

static const struct chat_call calls[] = {
    {"/_say", say},
    {"/_click", teams_click},
    {"/_refresh", teams_refresh},
    {"/_submit", teams_task_submit},
    {"/_close", teams_task_close},
    {"/_window", teams_window},
    {"/_install", teams_install},
    {"/_uninstall", teams_uninstall},
    {"/_user", teams_change_user},
    {"/_place", teams_place_script},
    {"/_edit", teams_edit},
    {"/_event", teams_event},
    {"/_deliver", deliver},
    {"/_jwt", damage_next},
    {"/_keys", new_key},
    {NULL, NULL},
};

const struct chat teams_chat = {
    .calls = calls,
    .messages = messages,
    .view = teams_view,
    .snapshot = snapshot,
};

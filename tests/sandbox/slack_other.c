/* conversations.*, users.*, auth.* */
#include "slack.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

static json_t *missing_argument(const char *name)
{
    char *text = xasprintf("[ERROR] missing required field: %s", name);
    json_t *error = json_pack("{s:b, s:s, s:{s:[s]}}", "ok", false, "error", "invalid_arguments",
                              "response_metadata", "messages", text);
    free(text);
    return error;
}

static json_t *auth_test(struct slack_call *call)
{
    char *url = xasprintf("https://%s.slack.com/", json_str_or(call->team, "domain", ""));
    json_t *answer = json_pack(
        "{s:b, s:s, s:O, s:s, s:O, s:s, s:s, s:b}", "ok", true, "url", url, "team",
        json_object_get(call->team, "name"), "user", slack_bot(call->team, "name"), "team_id",
        json_object_get(call->team, "id"), "user_id", slack_bot(call->team, "user_id"), "bot_id",
        slack_bot(call->team, "bot_id"), "is_enterprise_install", false);
    free(url);
    const json_t *org = slack_org(call->team);
    if (org != NULL) {
        json_object_set(answer, "enterprise_id", json_object_get(org, "id"));
    }
    if (json_str(call->token, "enterprise") != NULL) {
        json_object_set(answer, "team_id", json_object_get(org, "id"));
        json_object_set(answer, "team", json_object_get(org, "name"));
        json_object_set_new(answer, "is_enterprise_install", json_true());
    }
    return answer;
}

static json_t *auth_teams_list(struct slack_call *call)
{
    json_t *list = json_array();
    const char *org = json_str_or(call->token, "enterprise", "");
    const char *id = NULL;
    json_t *team = NULL;
    json_object_foreach(slack_teams(), id, team)
    {
        bool mine = org[0] != '\0' ? slack_org_install(team) &&
                                         strcmp(json_str_or(team, "enterprise", ""), org) == 0
                                   : team == call->team;
        if (mine) {
            json_array_append_new(
                list, json_pack("{s:s, s:O}", "id", id, "name", json_object_get(team, "name")));
        }
    }
    return json_pack("{s:b, s:o, s:{s:s}}", "ok", true, "teams", list, "response_metadata",
                     "next_cursor", "");
}

static json_t *auth_revoke(struct slack_call *call)
{
    bool dry = slack_arg_flag(call, "test", false);
    if (!dry && json_object_get(call->token, "expires_ms") != NULL) {
        json_object_set_new(call->token, "revoked", json_true()); /* with rotation this one alone */
    } else if (!dry) {
        /* without token rotation this ends the whole installation */
        slack_event_later(call->team, NULL,
                          json_pack("{s:s, s:{s:[s]}}", "type", "tokens_revoked", "tokens", "bot",
                                    slack_bot(call->team, "user_id")));
        slack_event_later(call->team, NULL, json_pack("{s:s}", "type", "app_uninstalled"));
        const char *org = json_str(call->token, "enterprise");
        slack_install_end(org != NULL ? org : json_str_or(call->token, "team", ""));
    }
    return json_pack("{s:b, s:b}", "ok", true, "revoked", !dry);
}

static json_t *users_info(struct slack_call *call)
{
    const char *id = slack_arg(call, "user");
    if (id == NULL) {
        return missing_argument("user");
    }
    json_t *user = slack_user(call->team, id);
    if (user == NULL) {
        return slack_error("user_not_found");
    }
    return json_pack(
        "{s:b, s:o}", "ok", true, "user",
        slack_user_json(call->team, user, slack_has_scope(call->token, "users:read.email")));
}

static json_t *conversations_open(struct slack_call *call)
{
    const char *users = slack_arg(call, "users");
    const char *id = slack_arg(call, "channel");
    if (users == NULL && id == NULL) {
        return slack_error("users_list_not_supplied");
    }
    json_t *channel = NULL;
    bool was_open = true;
    if (users == NULL) {
        channel = slack_channel(call->team, id);
        if (channel == NULL || !slack_is_im(channel)) {
            return slack_error("channel_not_found");
        }
    } else if (strchr(users, ',') != NULL) {
        return slack_missing_scope(call->token, "mpim:write");
    } else {
        json_t *user = slack_user(call->team, users);
        if (user == NULL) {
            return slack_error("user_not_found");
        }
        if (json_flag(user, "deleted", false)) {
            return slack_error("user_disabled");
        }
        if (strcmp(users, slack_bot(call->team, "user_id")) == 0) {
            return slack_error("invalid_user_combination");
        }
        was_open = slack_dm(call->team, users, false) != NULL;
        channel = slack_dm(call->team, users, true);
    }
    json_t *answer =
        json_pack("{s:b, s:b, s:b}", "ok", true, "no_op", was_open, "already_open", was_open);
    json_t *out = slack_arg_flag(call, "return_im", false)
                      ? slack_channel_json(call->team, channel)
                      : json_pack("{s:O}", "id", json_object_get(channel, "id"));
    json_object_set_new(answer, "channel", out);
    return answer;
}

/* The scope that a conversation method needs for this kind, e.g. "groups:" + "read". */
static json_t *scope_refused(const struct slack_call *call, const json_t *channel,
                             const char *right)
{
    const char *kind = json_str_or(channel, "kind", "channel");
    const char *family = strcmp(kind, "im") == 0      ? "im"
                         : strcmp(kind, "mpim") == 0  ? "mpim"
                         : strcmp(kind, "group") == 0 ? "groups"
                                                      : "channels";
    char *scope = xasprintf("%s:%s", family, right);
    json_t *error =
        slack_has_scope(call->token, scope) ? NULL : slack_missing_scope(call->token, scope);
    free(scope);
    return error;
}

/* A conversation the bot may look at; private ones do not exist for strangers. */
static json_t *visible_channel(const struct slack_call *call, const char *right, json_t **ret_error)
{
    *ret_error = NULL;
    json_t *channel = slack_channel(call->team, slack_arg(call, "channel"));
    bool member = channel != NULL && slack_is_member(channel, slack_bot(call->team, "user_id"));
    bool public = strcmp(json_str_or(channel, "kind", ""), "channel") == 0;
    if (channel == NULL || (!member && !public)) {
        *ret_error = slack_error("channel_not_found");
        return NULL;
    }
    *ret_error = scope_refused(call, channel, right);
    return *ret_error == NULL ? channel : NULL;
}

static json_t *conversations_info(struct slack_call *call)
{
    json_t *error = NULL;
    json_t *channel = visible_channel(call, "read", &error);
    if (error != NULL) {
        return error;
    }
    return json_pack("{s:b, s:o}", "ok", true, "channel", slack_channel_json(call->team, channel));
}

struct window {
    const char *oldest, *latest, *thread;
    bool inclusive, metadata;
    size_t limit;
};

static bool in_window(const struct window *w, const json_t *message)
{
    const char *ts = json_str_or(message, "ts", "");
    const char *thread = json_str(message, "thread_ts");
    bool reply = thread != NULL && strcmp(thread, ts) != 0;
    if (json_str(message, "_to") != NULL) {
        return false;
    }
    if (w->thread != NULL) {
        if (strcmp(w->thread, thread == NULL ? ts : thread) != 0) {
            return false;
        }
    } else if (reply && strcmp(json_str_or(message, "subtype", ""), "thread_broadcast") != 0) {
        return false;
    }
    /* same number of digits, so text order is time order */
    int low = w->oldest == NULL ? 1 : strcmp(ts, w->oldest);
    int high = w->latest == NULL ? -1 : strcmp(ts, w->latest);
    return (low > 0 || (low == 0 && w->inclusive)) && (high < 0 || (high == 0 && w->inclusive));
}

static struct window read_window(const struct slack_call *call)
{
    struct window w = {
        .oldest = slack_arg(call, "oldest"),
        .latest = slack_arg(call, "latest"),
        .inclusive = slack_arg_flag(call, "inclusive", false),
        .metadata = slack_arg_flag(call, "include_all_metadata", false),
        .limit = 100,
    };
    const char *limit = slack_arg(call, "limit");
    int64_t asked = limit != NULL ? strtoll(limit, NULL, 10) : json_int_or(call->args, "limit", 0);
    if (asked > 0) {
        w.limit = asked > 999 ? 999 : (size_t)asked;
    }
    const char *cursor = slack_arg(call, "cursor");
    if (cursor != NULL && strncmp(cursor, "next_ts:", 8) == 0) {
        w.latest = cursor + 8;
        w.inclusive = false;
    }
    if (w.oldest != NULL && strcmp(w.oldest, "0") == 0) {
        w.oldest = NULL;
    }
    return w;
}

static json_t *window_read(const json_t *channel, const struct window *w)
{
    json_t *all = json_array();
    const char *ts = NULL;
    json_t *message = NULL;
    json_object_foreach(json_object_get(channel, "messages"), ts, message)
    {
        if (in_window(w, message)) {
            json_array_append(all, message);
        }
    }
    json_t *messages = json_array();
    size_t count = json_array_size(all);
    bool more = count > w->limit;
    for (size_t i = 0; i < count && i < w->limit; i++) {
        size_t at = w->thread != NULL ? i : count - 1 - i; /* history: newest first */
        json_t *copy = slack_message_public(json_array_get(all, at));
        if (!w->metadata) {
            json_object_del(copy, "metadata");
        }
        json_array_append_new(messages, copy);
    }
    json_t *answer =
        json_pack("{s:b, s:O, s:b}", "ok", true, "messages", messages, "has_more", more);
    if (more && w->thread == NULL) {
        const json_t *last = json_array_get(messages, json_array_size(messages) - 1);
        char *cursor = xasprintf("next_ts:%s", json_str_or(last, "ts", ""));
        json_object_set_new(answer, "response_metadata", json_pack("{s:s}", "next_cursor", cursor));
        free(cursor);
    }
    json_decref(messages);
    json_decref(all);
    return answer;
}

static json_t *conversations_history(struct slack_call *call)
{
    json_t *error = NULL;
    json_t *channel = visible_channel(call, "history", &error);
    if (error == NULL && !slack_is_member(channel, slack_bot(call->team, "user_id"))) {
        error = slack_error("not_in_channel");
    }
    if (error != NULL) {
        return error;
    }
    struct window w = read_window(call);
    return window_read(channel, &w);
}

static json_t *conversations_replies(struct slack_call *call)
{
    json_t *error = NULL;
    json_t *channel = visible_channel(call, "history", &error);
    if (error == NULL && slack_message(channel, slack_arg(call, "ts")) == NULL) {
        error = slack_error("thread_not_found");
    }
    if (error != NULL) {
        return error;
    }
    struct window w = read_window(call);
    w.thread = slack_arg(call, "ts");
    return window_read(channel, &w);
}

const struct slack_method slack_other_methods[] = {
    {"auth.test", NULL, true, auth_test},
    {"auth.revoke", NULL, false, auth_revoke},
    {"auth.teams.list", NULL, false, auth_teams_list},
    {"users.info", "users:read", false, users_info},
    {"conversations.open", "im:write", true, conversations_open},
    {"conversations.info", NULL, false, conversations_info},
    {"conversations.history", NULL, false, conversations_history},
    {"conversations.replies", NULL, false, conversations_replies},
    {NULL, NULL, false, NULL},
};

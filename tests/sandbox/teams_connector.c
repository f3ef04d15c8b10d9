/* The Bot Connector: what the bot calls at a conversation's serviceUrl. */
#include "teams.h"

#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENTS_MAX = 6, PAGE_MIN = 50, PAGE_MAX = 500, TIMES_MAX = 64 };

static json_t *sends; /* conversation id -> [ms...] of the last sends, for the limits */

void teams_connector_reset(void)
{
    json_decref(sends);
    sends = json_object();
}

struct connector_call {
    struct request *req;
    json_t *body;
    json_t *tenant, *place;
    const char *root; /* of "...;messageid=", or NULL */
    char *segments[SEGMENTS_MAX];
    size_t count;
};

void teams_connector_error(struct request *req, unsigned status, const char *code,
                           const char *message)
{
    http_reply_json(req, status,
                    json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", message));
}

/* ---- who calls ---- */

static bool authorized(struct request *req)
{
    const char *line = http_header(req, "Authorization");
    struct fault f;
    bool good = line != NULL && strncmp(line, "Bearer ", 7) == 0 && teams_token_good(line + 7) &&
                !fault_take("teams", "token_expired", req->method, req->path, &f);
    if (!good) {
        http_reply_json(
            req, 401,
            json_pack("{s:s}", "message", "Authorization has been denied for this request."));
    }
    return good;
}

/* Errors by name that a test asks for, in the forms in which Teams sends them. */
static bool told_error(struct request *req)
{
    struct fault f;
    if (fault_take("teams", "redirect", req->method, req->path, &f)) {
        http_redirect(req, 307, f.error);
        req->fault = "redirect";
        return true;
    }
    if (!fault_take("teams", "error", req->method, req->path, &f)) {
        return false;
    }
    unsigned status = f.status == 0 ? 403 : (unsigned)f.status;
    req->fault = "error";
    if (f.says_when) {
        char *seconds = xasprintf("%lld", (long long)f.retry_after);
        http_reply_header(req, "Retry-After", seconds);
        free(seconds);
    }
    if (strcmp(f.error, "empty") == 0) {
        http_reply_text(req, status, "text/plain", "");
    } else if (strcmp(f.error, "MessageWritesBlocked") == 0) {
        http_reply_json(req, status,
                        json_pack("{s:i, s:s}", "errorCode", 209, "message",
                                  "{\r\n  \"subCode\": \"MessageWritesBlocked\",\r\n  \"details\": "
                                  "\"Thread is blocked from message writes.\"\r\n}"));
    } else {
        teams_connector_error(req, status, f.error, "The operation was refused.");
    }
    return true;
}

/* ---- where ---- */

static bool find_place(struct connector_call *c)
{
    char *mark = strstr(c->segments[2], ";messageid=");
    if (mark != NULL) {
        *mark = '\0';
        c->root = mark + strlen(";messageid=");
    }
    c->place = teams_place(c->segments[2], &c->tenant);
    if (c->place == NULL || (c->root != NULL && !teams_is(c->place, "channel"))) {
        teams_connector_error(c->req, 404, "ConversationNotFound", "Conversation not found.");
        return false;
    }
    if (c->root != NULL && teams_message(c->place, c->root) == NULL) {
        teams_connector_error(c->req, 404, "ConversationNotFound", "Thread not found.");
        return false;
    }
    if (json_flag(c->place, "blocked", false)) {
        teams_connector_error(c->req, 403, "ConversationBlockedByUser",
                              "User blocked the conversation with the bot.");
        return false;
    }
    if (json_flag(c->tenant, "disabled_by_admin", false)) {
        teams_connector_error(c->req, 403, "BotDisabledByAdmin",
                              "The tenant admin disabled this bot");
        return false;
    }
    if (!teams_bot_in(c->tenant, c->place)) {
        teams_connector_error(c->req, 403, "BotNotInConversationRoster",
                              "The bot is not part of the conversation roster.");
        return false;
    }
    return true;
}

/* {"limits":{"send":{"count":7,"window_ms":1000}}}; true after a 429. */
static bool limited(struct connector_call *c)
{
    const json_t *limit = json_object_get(json_object_get(teams_settings(), "limits"), "send");
    if (limit == NULL) {
        return false;
    }
    int64_t now = clock_now_ms(), window = json_int_or(limit, "window_ms", 1000);
    const char *id = json_str_or(c->place, "id", "");
    json_t *times = json_object_get(sends, id);
    if (times == NULL) {
        times = json_array();
        json_object_set_new(sends, id, times);
    }
    while (json_array_size(times) > 0 &&
           (now - json_integer_value(json_array_get(times, 0)) >= window ||
            json_array_size(times) > TIMES_MAX)) {
        json_array_remove(times, 0);
    }
    if ((int64_t)json_array_size(times) >= json_int_or(limit, "count", 7)) {
        http_reply_header(c->req, "Retry-After", "1");
        teams_connector_error(c->req, 429, "Throttled", "Too many requests.");
        return true;
    }
    json_array_append_new(times, json_integer((json_int_t)now));
    return false;
}

/* ---- messages ---- */

static bool targeted(const struct connector_call *c)
{
    return strcmp(json_str_or(c->req->query, "isTargetedActivity", ""), "true") == 0;
}

/* The activity in the body as a message may be; false after a refusal. */
static bool content_good(struct connector_call *c, const json_t *activity)
{
    if ((int64_t)c->req->body.len > json_int_or(teams_settings(), "bytes_max", 28672)) {
        teams_connector_error(c->req, 413, "MessageSizeTooBig", "Message size too large.");
        return false;
    }
    json_t *faults = json_array();
    teams_message_check(activity, faults);
    bool good = json_array_size(faults) == 0;
    if (!good) {
        struct buf words = {0};
        for (size_t i = 0; i < json_array_size(faults); i++) {
            buf_addf(&words, "%s%s", i == 0 ? "" : "; ",
                     json_string_value(json_array_get(faults, i)));
        }
        teams_connector_error(c->req, 400, "BadSyntax", words.data);
        buf_free(&words);
    }
    json_decref(faults);
    return good;
}

static json_t *message_of(const json_t *activity)
{
    static const char *const kept[] = {"text",     "textFormat", "attachments", "summary",
                                       "entities", "replyToId",  "channelData"};
    json_t *message = json_pack("{s:s}", "from", "bot");
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        json_t *value = json_object_get(activity, kept[i]);
        if (value != NULL && !json_is_null(value)) {
            json_object_set_new(message, kept[i], json_deep_copy(value));
        }
    }
    return message;
}

/* A targeted message has one reader, who is in that place; false after a refusal. */
static bool target(struct connector_call *c, const json_t *activity, json_t *message)
{
    const json_t *to = json_object_get(activity, "recipient");
    const json_t *user = teams_user_found(json_str(to, "id"), NULL);
    if (!targeted(c)) {
        return true;
    }
    if (user == NULL || teams_is(c->place, "personal") ||
        !teams_member(c->place, json_str(user, "id"))) {
        teams_connector_error(c->req, 400, "Bad argument",
                              "The recipient of a targeted message must be a member.");
        return false;
    }
    json_object_set(message, "_to", json_object_get(user, "id"));
    return true;
}

/* Text and a card in one activity: Teams makes two messages of it and tells no id. */
static void split(struct connector_call *c, json_t *message)
{
    json_t *text = json_deep_copy(message);
    json_object_del(text, "attachments");
    json_object_del(message, "text");
    teams_message_add(c->place, text);
    teams_message_add(c->place, message);
    http_reply_json(c->req, 201, json_object());
}

static void post_activity(struct connector_call *c, const json_t *activity, const char *reply_to)
{
    const char *type = json_str_or(activity, "type", "");
    if (strcmp(type, "typing") == 0) {
        http_reply_json(c->req, 202, json_object());
        return;
    }
    if (strcmp(type, "message") != 0) {
        teams_connector_error(c->req, 400, "BadSyntax", "Unknown activity type");
        return;
    }
    if (!content_good(c, activity)) {
        return;
    }
    json_t *message = message_of(activity);
    const char *root = c->root;
    const json_t *answered =
        teams_message(c->place, reply_to != NULL ? reply_to : json_str(activity, "replyToId"));
    if (root == NULL && answered != NULL) {
        root = json_str(answered, "root");
    }
    if (root != NULL && teams_is(c->place, "channel")) {
        json_object_set_new(message, "root", json_string(root));
    }
    if (!target(c, activity, message)) {
        json_decref(message);
        return;
    }
    if (json_str_or(message, "text", "")[0] != '\0' &&
        json_array_size(json_object_get(message, "attachments")) > 0) {
        split(c, message);
        return;
    }
    teams_message_add(c->place, message);
    http_reply_json(c->req, 201, json_pack("{s:O}", "id", json_object_get(message, "id")));
}

/* The bot's own message with this id; NULL after a refusal. */
static json_t *own_message(struct connector_call *c)
{
    json_t *message = teams_message(c->place, c->segments[4]);
    if (message == NULL || json_flag(message, "_deleted", false)) {
        teams_connector_error(c->req, 404, "ActivityNotFoundInConversation",
                              "The activity was not found in the conversation.");
        return NULL;
    }
    if (strcmp(json_str_or(message, "from", ""), "bot") != 0) {
        teams_connector_error(c->req, 403, "NotEnoughPermissions",
                              "The bot can only change its own messages.");
        return NULL;
    }
    if ((json_str(message, "_to") != NULL) != targeted(c)) {
        teams_connector_error(c->req, 400, "INVALID_TARGETED_MESSAGE_ID",
                              "Targeted messages are changed by targeted calls only.");
        return NULL;
    }
    return message;
}

static void put_activity(struct connector_call *c)
{
    json_t *message = own_message(c);
    if (message == NULL || !content_good(c, c->body)) {
        return;
    }
    json_t *fresh = message_of(c->body);
    static const char *const replaced[] = {"text",    "textFormat", "attachments",
                                           "summary", "entities",   "_views"};
    for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++) {
        json_object_del(message, replaced[i]);
    }
    json_object_del(fresh, "replyToId");
    json_object_update(message, fresh);
    json_decref(fresh);
    json_object_set_new(message, "_edits", json_integer(json_int_or(message, "_edits", 0) + 1));
    world_touch();
    http_reply_json(c->req, 200, json_pack("{s:O}", "id", json_object_get(message, "id")));
}

static void delete_activity(struct connector_call *c)
{
    json_t *message = own_message(c);
    if (message == NULL) {
        return;
    }
    json_object_set_new(message, "_deleted", json_true());
    world_touch();
    http_reply_text(c->req, 200, "text/plain", "");
}

/* ---- new conversations ---- */

static void create_personal(struct connector_call *c, const json_t *members)
{
    const char *wanted = json_str(json_array_get(members, 0), "id");
    json_t *tenant = NULL;
    json_t *user = teams_user_found(wanted, &tenant);
    const json_t *data = json_object_get(json_object_get(c->body, "channelData"), "tenant");
    const char *named = json_str_or(data, "id", json_str_or(c->body, "tenantId", ""));
    bool by_address = user != NULL && strcmp(json_str_or(user, "address", ""), wanted) == 0;
    if (json_array_size(members) != 1 || user == NULL || !by_address) {
        teams_connector_error(c->req, 400, "BadSyntax",
                              "Incorrect conversation creation parameters");
        return;
    }
    if (strcmp(json_str_or(tenant, "id", ""), named) != 0) {
        teams_connector_error(c->req, 403, "NotEnoughPermissions", "Bot and user tenants differ");
        return;
    }
    if (!teams_reachable(tenant, user)) {
        teams_connector_error(c->req, 403, "BotNotInConversationRoster",
                              "The bot is not part of the conversation roster.");
        return;
    }
    json_t *place = teams_personal(tenant, json_str(user, "id"), true);
    json_object_set_new(place, "installed", json_true());
    http_reply_json(c->req, 201, json_pack("{s:O}", "id", json_object_get(place, "id")));
}

static void create_thread(struct connector_call *c, const char *channel)
{
    free(c->segments[2]);
    c->segments[2] = xstrdup(channel);
    c->count = 3;
    const json_t *activity = json_object_get(c->body, "activity");
    if (!find_place(c) || limited(c)) {
        return;
    }
    if (!teams_is(c->place, "channel") || !json_is_object(activity)) {
        teams_connector_error(c->req, 400, "BadSyntax",
                              "Incorrect conversation creation parameters");
        return;
    }
    if (!content_good(c, activity)) {
        return;
    }
    json_t *message = teams_message_add(c->place, message_of(activity));
    const char *id = json_str_or(message, "id", "");
    char *conversation = teams_conversation_id(c->place, id);
    http_reply_json(c->req, 201, json_pack("{s:s, s:s}", "id", conversation, "activityId", id));
    free(conversation);
}

static void create(struct connector_call *c)
{
    char *bot = teams_bot();
    const char *named = json_str(json_object_get(c->body, "bot"), "id");
    bool mine = named == NULL || strcmp(named, bot) == 0;
    free(bot);
    const json_t *data = json_object_get(c->body, "channelData");
    const char *channel = json_str(json_object_get(data, "channel"), "id");
    if (!mine) {
        teams_connector_error(c->req, 400, "BadSyntax", "The bot is another one");
    } else if (json_flag(c->body, "isGroup", false) && channel != NULL) {
        create_thread(c, channel);
    } else if (json_flag(c->body, "isGroup", false)) {
        teams_connector_error(c->req, 400, "BadSyntax",
                              "Incorrect conversation creation parameters");
    } else {
        create_personal(c, json_object_get(c->body, "members"));
    }
}

/* ---- members and teams ---- */

static json_t *member_json(const json_t *tenant, const json_t *user)
{
    const char *name = json_str_or(user, "real_name", "");
    const char *space = strchr(name, ' ');
    char *given = xstrndup(name, space == NULL ? strlen(name) : (size_t)(space - name));
    const char *email = json_str_or(user, "email", "");
    json_t *out = json_pack("{s:O, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id",
                            json_object_get(user, "address"), "name", name, "givenName", given,
                            "surname", space == NULL ? "" : space + 1, "email", email,
                            "userPrincipalName", json_str_or(user, "upn", email), "tenantId",
                            json_str_or(user, "tenant", json_str_or(tenant, "id", "")), "userRole",
                            json_str_or(user, "role", "user"));
    if (!teams_anonymous(user)) {
        json_object_set(out, "aadObjectId", json_object_get(user, "id"));
        json_object_set(out, "objectId", json_object_get(user, "id"));
    }
    free(given);
    return out;
}

static bool present(const struct connector_call *c, const json_t *user)
{
    return teams_member(c->place, json_str(user, "id")) && !json_flag(user, "disabled", false);
}

static void one_member(struct connector_call *c)
{
    const json_t *user = teams_user_found(c->segments[4], NULL);
    if (user == NULL || !present(c, user)) {
        teams_connector_error(c->req, 404, "MemberNotFoundInConversation",
                              "The member was not found in the conversation.");
        return;
    }
    http_reply_json(c->req, 200, member_json(c->tenant, user));
}

static void member_page(struct connector_call *c)
{
    int64_t size = strtoll(json_str_or(c->req->query, "pageSize", "200"), NULL, 10);
    int64_t from = strtoll(json_str_or(c->req->query, "continuationToken", "0"), NULL, 10);
    size = size < PAGE_MIN ? PAGE_MIN : size > PAGE_MAX ? PAGE_MAX : size;
    json_t *list = json_array();
    int64_t at = 0;
    const char *key = NULL;
    json_t *yes = NULL;
    json_object_foreach(json_object_get(c->place, "members"), key, yes)
    {
        const json_t *user = teams_user(c->tenant, key);
        if (user != NULL && present(c, user) && at++ >= from &&
            (int64_t)json_array_size(list) < size) {
            json_array_append_new(list, member_json(c->tenant, user));
        }
    }
    json_t *out = json_pack("{s:o}", "members", list);
    if (at > from + size) {
        char *next = xasprintf("%lld", (long long)(from + size));
        json_object_set_new(out, "continuationToken", json_string(next));
        free(next);
    }
    http_reply_json(c->req, 200, out);
}

static void team_details(struct connector_call *c)
{
    json_t *team = NULL;
    const char *tenant_id = NULL;
    json_t *tenant = NULL;
    json_object_foreach(teams_tenants(), tenant_id, tenant)
    {
        json_t *found = json_object_get(json_object_get(tenant, "teams"), c->segments[2]);
        if (found != NULL) {
            team = found;
            c->tenant = tenant;
        }
    }
    if (team == NULL || !json_flag(team, "installed", false)) {
        teams_connector_error(c->req, team == NULL ? 404 : 403,
                              team == NULL ? "ConversationNotFound" : "BotNotInConversationRoster",
                              "The bot is not part of the conversation roster.");
        return;
    }
    if (c->count == 3) {
        http_reply_json(c->req, 200,
                        json_pack("{s:O, s:O, s:O, s:O}", "id", json_object_get(team, "id"), "name",
                                  json_object_get(team, "name"), "aadGroupId",
                                  json_object_get(team, "aadGroupId"), "tenantId",
                                  json_object_get(c->tenant, "id")));
        return;
    }
    json_t *list = json_array();
    const char *id = NULL;
    json_t *place = NULL;
    json_object_foreach(json_object_get(c->tenant, "places"), id, place)
    {
        if (teams_team_of(c->tenant, place) == team) {
            bool general = strcmp(id, c->segments[2]) == 0;
            json_array_append_new(list, json_pack("{s:s, s:s?, s:s}", "id", id, "name",
                                                  general ? NULL : json_str(place, "name"), "type",
                                                  json_str_or(place, "type", "standard")));
        }
    }
    http_reply_json(c->req, 200, json_pack("{s:o}", "conversations", list));
}

/* ---- the table of operations ---- */

static void send_new(struct connector_call *c)
{
    post_activity(c, c->body, NULL);
}

static void send_reply(struct connector_call *c)
{
    if (teams_message(c->place, c->segments[4]) == NULL) {
        teams_connector_error(c->req, 404, "ActivityNotFoundInConversation",
                              "The activity was not found in the conversation.");
        return;
    }
    post_activity(c, c->body, c->segments[4]);
}

static const struct {
    const char *method;
    size_t count;
    const char *first, *third; /* v3/FIRST/{id}/THIRD/{id} */
    bool in_place, counts;
    void (*run)(struct connector_call *c);
} operations[] = {
    {"POST", 2, "conversations", NULL, false, false, create},
    {"POST", 4, "conversations", "activities", true, true, send_new},
    {"POST", 5, "conversations", "activities", true, true, send_reply},
    {"PUT", 5, "conversations", "activities", true, true, put_activity},
    {"DELETE", 5, "conversations", "activities", true, true, delete_activity},
    {"GET", 5, "conversations", "members", true, false, one_member},
    {"GET", 4, "conversations", "pagedmembers", true, false, member_page},
    {"GET", 3, "teams", NULL, false, false, team_details},
    {"GET", 4, "teams", "conversations", false, false, team_details},
};

static bool fits(const struct connector_call *c, size_t i)
{
    return http_is(c->req, operations[i].method) && c->count == operations[i].count &&
           strcmp(c->segments[0], "v3") == 0 && strcmp(c->segments[1], operations[i].first) == 0 &&
           (operations[i].third == NULL || strcmp(c->segments[3], operations[i].third) == 0);
}

static bool read_body(struct connector_call *c)
{
    if (http_is(c->req, "GET") || http_is(c->req, "DELETE")) {
        return true;
    }
    c->body = json_loadb(buf_text(&c->req->body), c->req->body.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(c->body) || !http_body_is(c->req, "application/json")) {
        teams_connector_error(c->req, 400, "BadSyntax", "Invalid or missing activity");
        return false;
    }
    return true;
}

static void run(struct connector_call *c)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (fits(c, i)) {
            bool go = read_body(c) && (!operations[i].in_place || find_place(c)) &&
                      !(operations[i].counts && limited(c));
            if (go) {
                operations[i].run(c);
            }
            return;
        }
    }
    teams_connector_error(c->req, 404, "NotFound", "No such operation.");
}

/* path: "/<region>/v3/...", each segment percent-encoded. */
void teams_connector(struct request *req, const char *path)
{
    struct connector_call c = {.req = req};
    const char *at = strchr(path + 1, '/');
    bool good = at != NULL;
    while (good && at != NULL && *at == '/' && c.count < SEGMENTS_MAX) {
        size_t len = strcspn(at + 1, "/");
        c.segments[c.count] = segment_decode(at + 1, len);
        good = c.segments[c.count] != NULL && strpbrk(at + 1, ":;@") == NULL;
        c.count += c.segments[c.count] != NULL;
        at += len + 1;
    }
    char *uuid = random_uuid();
    http_reply_header(req, "X-Correlating-OperationId", uuid);
    free(uuid);
    if (!good || c.count < 2) {
        teams_connector_error(req, 400, "BadSyntax", "Ids in the path must be percent-encoded");
    } else if (authorized(req) && !told_error(req)) {
        run(&c);
    }
    json_decref(c.body);
    for (size_t i = 0; i < c.count; i++) {
        free(c.segments[i]);
    }
}

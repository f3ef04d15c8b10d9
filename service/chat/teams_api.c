/* One call of Bot Connector, and what its answer means. learn.microsoft.com/azure/bot-service/
 * rest-api/bot-framework-rest-connector-api-reference; statuses: learn.microsoft.com/
 * microsoftteams/platform/bots/build-conversational-capability, "Status codes" */
#include "teams_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

enum {
    CALL_MS = 15000,
    RETRY_ABSENT_MS = 2000, /* 429 that does not say how long */
    RETRY_MOST_MS = 10 * 60 * 1000,
    URL_MAX = 8192,
    WORD_MAX = 60
};

/* What the platform gives as a reason, by status: the first row that fits counts; no word: any. Of
 * somebody who is not there it speaks with more than one status. */
static const struct refusal {
    int status; /* 0: any */
    const char *word;
    enum err_kind kind;
    const char *code;
} refusals[] = {
    {0, TEAMS_NO_MEMBER, ERR_NOT_FOUND, "chat_nobody"},
    {403, "BotNotInConversationRoster", ERR_FORBIDDEN, "chat_gone"},
    {403, "ConversationBlockedByUser", ERR_FORBIDDEN, "chat_blocked"},
    {403, "MessageWritesBlocked", ERR_FORBIDDEN, "chat_blocked"},
    {403, "BotDisabledByAdmin", ERR_CONFIG, "chat_disabled"},
    {403, "NotEnoughPermissions", ERR_CONFIG, "chat_settings"},
    {403, "InvalidBotApiHost", ERR_CONFIG, "chat_settings"},
    {404, "ActivityNotFoundInConversation", ERR_CONFLICT, "chat_message_gone"},
    {404, NULL, ERR_NOT_FOUND, "chat_target"},
    {401, NULL, ERR_CONFIG, "chat_client"},
    {400, NULL, ERR_INVALID, "chat_payload"}, /* the same again would be refused again */
    {413, NULL, ERR_INVALID, "chat_payload"},
    {412, NULL, ERR_UPSTREAM_BUSY, "chat_busy"},
};

/* The words of its error, as the pages spell them; anything else in their place is not repeated. */
static const char *plain_word(const char *word)
{
    size_t len = word == NULL ? 0 : strlen(word);
    bool plain =
        len > 0 && len <= WORD_MAX &&
        word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_ ")] == '\0';
    return plain ? word : NULL;
}

/* {"error":{"code"}}, or {"errorCode":209,"message":"{...\"subCode\":...}"}, or nothing at all. */
static const char *word_of(arena *mem, const json_t *answer)
{
    struct err unused = {0};
    json_t *inside = NULL;
    const char *word = plain_word(json_string_value(json_at(answer, "error.code")));
    const char *message = json_text(answer, "message");
    if (word == NULL && message != NULL && *message == '{' &&
        json_read(mem, bytes_of(message), &inside, &unused) == 0) {
        word = plain_word(json_text(inside, "subCode"));
    }
    return word == NULL ? "" : word;
}

/* What Microsoft finds the call by. */
static const char *trace_of(const struct net_response *r)
{
    const char *id = r->asked_headers[0];
    bool plain =
        !str_empty(id) && strlen(id) <= WORD_MAX &&
        id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0';
    return plain ? id : "unknown";
}

static int limited(const struct teams_call *call, int64_t wait_ms, struct err *e)
{
    (void)err_set(e, ERR_LIMIT, "chat_limit", "%s: Teams asks to slow down", call->path[0]);
    e->retry_after_ms = wait_ms;
    return -1;
}

static int64_t wait_of(const struct net_response *r)
{
    int64_t wait_ms = r->retry_after_ms > 0 ? r->retry_after_ms : RETRY_ABSENT_MS;
    return wait_ms < RETRY_MOST_MS ? wait_ms : RETRY_MOST_MS;
}

/* Where a wrong guess would end something, a refusal for other reasons is no "there is none". */
static bool is_unclear(const struct teams_call *call, const struct refusal *row, const char *word)
{
    return call->absent != NULL && row->kind == ERR_NOT_FOUND && !str_equal(word, call->absent);
}

static int refused(const struct teams_call *call, const struct net_response *r, const char *word,
                   struct err *e)
{
    struct refusal found = {r->status, NULL, ERR_UPSTREAM_REFUSED, "chat_refused"};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *row = &refusals[i];
        if ((row->status == 0 || row->status == r->status) &&
            (row->word == NULL || str_equal(row->word, word))) {
            found = *row;
            break;
        }
    }
    if (is_unclear(call, &found, word)) {
        found = (struct refusal){r->status, NULL, ERR_UPSTREAM_BUSY, "chat_unclear"};
    }
    (void)err_set(e, found.kind, found.code, "%s %s: status %d %s (operation %s)", call->method,
                  call->path[0], r->status, word, trace_of(r));
    e->maybe_done = call->writes && r->status >= 500;
    return -1;
}

static int busy(const struct teams_call *call, const struct net_response *r, struct err *e)
{
    (void)err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "%s %s: status %d (operation %s)",
                  call->method, call->path[0], r->status, trace_of(r));
    e->maybe_done = call->writes;
    return -1;
}

static int read_answer(arena *mem, const struct teams_call *call, const struct net_response *r,
                       json_t **ret, struct err *e)
{
    struct err unused = {0};
    json_t *answer = NULL;
    bool json = json_read(mem, r->body, &answer, &unused) == 0 && json_is_object(answer);
    if (r->status == 429) {
        return limited(call, wait_of(r), e);
    }
    if (r->status == 502 || r->status == 503 || r->status == 504) {
        return busy(call, r, e);
    }
    bool good = r->status >= 200 && r->status < 300;
    if (good && (json || r->body.len == 0)) {
        *ret = json ? answer : arena_json(mem, json_object());
        return 0;
    }
    /* a proxy's page, or half an answer */
    return good ? busy(call, r, e) : refused(call, r, word_of(mem, answer), e);
}

/* --- the request --- */

static char *url_of(arena *mem, const char *address, const struct teams_call *call)
{
    struct str url = str_new(mem, URL_MAX);
    size_t len = strlen(address);
    while (len > 0 && address[len - 1] == '/') {
        len--;
    }
    str_add_n(&url, address, len);
    str_add(&url, "/v3");
    for (size_t i = 0; i < TEAMS_PATH_MAX && call->path[i] != NULL; i++) {
        if (str_equal(call->path[i], ".") || str_equal(call->path[i], "..")) {
            return NULL; /* it would be taken out of the path, with what stands before it */
        }
        str_add_char(&url, '/');
        str_add_url(&url, call->path[i]);
    }
    if (call->query != NULL) {
        str_printf(&url, "?%s", call->query);
    }
    return url.cut ? NULL : url.text;
}

static int64_t time_for(const struct teams_call *call)
{
    int64_t left_ms = call->until_ms == 0 ? CALL_MS : call->until_ms - clock_mono_ms();
    left_ms = left_ms < 1 ? 1 : left_ms;
    return left_ms < CALL_MS ? left_ms : CALL_MS;
}

/* Looked at each time: it may come from the database. */
static int check_address(const chats *c, arena *mem, const char *address, struct err *e)
{
    if (address == NULL) {
        return err_set(e, ERR_NOT_FOUND, "chat_target", "no address of the conversation is known");
    }
    return teams_address_ok(&c->settings, mem, address)
               ? 0
               : err_set(e, ERR_FORBIDDEN, "chat_address",
                         "the address is on no host that is listed");
}

/* One try with this token. */
static int ask(chats *c, arena *mem, const struct teams_call *call, struct secret token,
               struct net_response *ret, struct err *e)
{
    const char *url = url_of(mem, call->address, call);
    if (url == NULL) {
        return err_set(e, ERR_INVALID, "chat_payload", "%s: ids that no path holds", call->path[0]);
    }
    const struct net_request q = {
        .method = call->method,
        .url = url,
        .peer = "teams",
        .bearer = token,
        .body = call->body == NULL ? NULL : json_write(mem, call->body),
        .content_type = call->body == NULL ? NULL : "application/json; charset=utf-8",
        .ask_headers = {"X-Correlating-OperationId"},
        .timeout_ms = time_for(call),
    };
    if (net_call(c->settings.http, mem, &q, ret, e) != 0) {
        e->maybe_done = e->maybe_done && call->writes;
        return err_wrap(e, "%s %s", call->method, call->path[0]);
    }
    return 0;
}

/* A token that is refused is not asked with again; nor is a second one, if it is no better. */
static int ask_twice(chats *c, arena *mem, const struct teams_call *call, struct net_response *ret,
                     struct err *e)
{
    struct secret token = {NULL, 0}, fresh = {NULL, 0};
    struct teams_token_query q = {.until_ms = call->until_ms};
    if (teams_token_get(c, mem, &q, &token, e) != 0 || ask(c, mem, call, token, ret, e) != 0) {
        return -1;
    }
    if (ret->status != 401) {
        return 0;
    }
    q.not_this = token;
    return teams_token_get(c, mem, &q, &fresh, e) != 0 ? -1 : ask(c, mem, call, fresh, ret, e);
}

/* Of GCC, which has the public cloud's keys and logins: nothing was done, and is where it says. */
static bool is_in_gcc(const chats *c, arena *mem, const struct teams_call *call,
                      const struct net_response *r)
{
    struct err unused = {0};
    json_t *answer = NULL;
    return r->status == 403 && c->teams_gcc != NULL && !str_equal(call->address, c->teams_gcc) &&
           json_read(mem, r->body, &answer, &unused) == 0 &&
           str_equal(word_of(mem, answer), "InvalidBotApiHost");
}

static int ask_there(chats *c, arena *mem, const struct teams_call *call, struct net_response *ret,
                     struct err *e)
{
    if (ask_twice(c, mem, call, ret, e) != 0) {
        return -1;
    }
    if (!is_in_gcc(c, mem, call, ret)) {
        return 0;
    }
    struct teams_call there = *call;
    there.address = c->teams_gcc;
    *ret = (struct net_response){.status = 0};
    return ask_twice(c, mem, &there, ret, e);
}

static int run(chats *c, arena *mem, const struct teams_call *call, json_t **ret, struct err *e)
{
    struct net_response r = {0};
    if (check_address(c, mem, call->address, e) != 0) {
        return -1;
    }
    int64_t left_ms = teams_pause_left(c->teams_pauses, call);
    if (left_ms > 0) {
        return limited(call, left_ms, e);
    }
    if (ask_there(c, mem, call, &r, e) != 0) {
        return -1;
    }
    if (r.status == 429) {
        teams_pause(c->teams_pauses, call, wait_of(&r));
    }
    return read_answer(mem, call, &r, ret, e);
}

static const char *label_of(int result, const struct err *why)
{
    if (result == 0) {
        return "chat=\"teams\",result=\"done\"";
    }
    if (why->kind == ERR_LIMIT) {
        return "chat=\"teams\",result=\"limit\"";
    }
    bool again = why->kind == ERR_UPSTREAM_BUSY || why->kind == ERR_TIMEOUT;
    return again ? "chat=\"teams\",result=\"busy\"" : "chat=\"teams\",result=\"refused\"";
}

int teams_api(chats *c, arena *mem, const struct teams_call *call, json_t **ret, struct err *e)
{
    struct teams_call q = *call;
    struct err why = {0};
    json_t *answer = NULL;
    q.address = q.address == NULL ? teams_cloud(&c->settings).base : q.address;
    int result = run(c, mem, &q, &answer, &why);
    metric_add(METRIC_CHAT_SENDS, label_of(result, &why), 1);
    if (result != 0 && e != NULL) {
        *e = why;
    }
    if (result == 0 && ret != NULL) {
        *ret = answer;
    }
    return result;
}

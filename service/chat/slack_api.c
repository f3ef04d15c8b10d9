/* One call of Slack's Web API, and what its answer means (docs.slack.dev/apis/web-api). */
#include "chat_int.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

enum {
    CALL_MS = 15000,
    RETRY_ABSENT_MS = 5000, /* 429 that does not say how long */
    RETRY_MOST_MS = 10 * 60 * 1000
};

struct refusal {
    const char *error;
    enum err_kind kind;
    const char *code;
    bool maybe_done;
};

#define DEAD(error)                                                                                \
    {                                                                                              \
        error, ERR_CONFIG, "chat_dead", false                                                      \
    }
#define SETTINGS(error)                                                                            \
    {                                                                                              \
        error, ERR_CONFIG, "chat_settings", false                                                  \
    }
#define TARGET(error)                                                                              \
    {                                                                                              \
        error, ERR_NOT_FOUND, "chat_target", false                                                 \
    }
#define GONE(error)                                                                                \
    {                                                                                              \
        error, ERR_CONFLICT, "chat_message_gone", false                                            \
    }
#define TRIGGER(error)                                                                             \
    {                                                                                              \
        error, ERR_CONFLICT, "chat_trigger", false                                                 \
    }
#define PAYLOAD(error)                                                                             \
    {                                                                                              \
        error, ERR_INTERNAL, "chat_payload", false                                                 \
    }
#define CLIENT(error)                                                                              \
    {                                                                                              \
        error, ERR_CONFIG, "chat_client", false                                                    \
    }
#define BUSY(error)                                                                                \
    {                                                                                              \
        error, ERR_UPSTREAM_BUSY, "chat_busy", false                                               \
    }

static const struct refusal REFUSALS[] = {
    DEAD("invalid_auth"),
    DEAD("not_authed"),
    DEAD("account_inactive"),
    DEAD("token_revoked"),
    DEAD("invalid_refresh_token"),
    {"token_expired", ERR_CONFIG, "chat_token_expired", false},
    {"missing_scope", ERR_CONFIG, "chat_scope", false},
    {"cannot_install_an_org_installed_app", ERR_CONFLICT, "chat_org_installed", false},
    SETTINGS("not_allowed_token_type"),
    SETTINGS("messages_tab_disabled"),
    SETTINGS("not_enabled"),
    SETTINGS("restricted_action"),
    SETTINGS("access_denied"),
    SETTINGS("accesslimited"),
    {"team_access_not_granted", ERR_NOT_FOUND, "chat_not_granted", false},
    {"file_not_found", ERR_NOT_FOUND, "file_gone", false},
    {"file_deleted", ERR_NOT_FOUND, "file_gone", false},
    TARGET("channel_not_found"),
    TARGET("not_in_channel"),
    TARGET("user_not_in_channel"),
    TARGET("is_archived"),
    TARGET("user_not_found"),
    TARGET("user_not_visible"),
    TARGET("user_disabled"),
    TARGET("users_not_found"),
    TARGET("invalid_user_combination"),
    TARGET("cannot_dm_bot"),
    TARGET("thread_not_found"),
    TARGET("no_permission"),
    TARGET("ekm_access_denied"),
    GONE("message_not_found"),
    GONE("cant_update_message"),
    GONE("edit_window_closed"),
    /* the pages do not agree on the names */
    TRIGGER("expired_trigger_id"),
    TRIGGER("trigger_expired"),
    TRIGGER("exchanged_trigger_id"),
    TRIGGER("trigger_exchanged"),
    TRIGGER("invalid_trigger_id"),
    TRIGGER("invalid_trigger"),
    TARGET("not_found"),
    GONE("hash_conflict"),
    PAYLOAD("view_too_large"),
    PAYLOAD("push_limit_reached"),
    PAYLOAD("invalid_blocks"),
    PAYLOAD("invalid_blocks_format"),
    PAYLOAD("msg_blocks_too_long"),
    PAYLOAD("msg_too_long"),
    PAYLOAD("no_text"),
    PAYLOAD("invalid_arguments"),
    PAYLOAD("invalid_arg_name"),
    PAYLOAD("invalid_json"),
    PAYLOAD("json_not_object"),
    PAYLOAD("invalid_metadata_format"),
    PAYLOAD("invalid_metadata_schema"),
    PAYLOAD("too_many_attachments"),
    PAYLOAD("duplicate_external_id"),
    {"ratelimited", ERR_LIMIT, "chat_limit", false},
    {"rate_limited", ERR_LIMIT, "chat_limit", false},
    {"internal_error", ERR_UPSTREAM_BUSY, "chat_busy", true},
    {"fatal_error", ERR_UPSTREAM_BUSY, "chat_busy", true},
    CLIENT("bad_client_secret"),
    CLIENT("invalid_client_id"),
    CLIENT("bad_redirect_uri"),
    CLIENT("oauth_authorization_url_mismatch"),
    {"invalid_code", ERR_INPUT, "chat_code", false},
    {"code_already_used", ERR_INPUT, "chat_code", false},
    {"code_expired", ERR_INPUT, "chat_code", false},
    BUSY("service_unavailable"),
    BUSY("request_timeout"),
    BUSY("team_added_to_org"),
    BUSY("org_login_required"),
};

void slack_call_add(struct slack_call *call, const char *name, const char *value)
{
    if (value == NULL) {
        return;
    }
    /* the last one stays empty: it ends the list */
    if (call->count + 1 >= NET_FIELDS_MAX) {
        die("%s with too many arguments", call->method);
    }
    call->fields[call->count++] = (struct net_field){.name = name, .value = value};
}

/* --- answers --- */

static int64_t retry_after(const struct net_response *r)
{
    if (r->retry_after_ms <= 0) {
        return RETRY_ABSENT_MS;
    }
    return r->retry_after_ms < RETRY_MOST_MS ? r->retry_after_ms : RETRY_MOST_MS;
}

static int limited(const char *method, const struct net_response *r, struct err *e)
{
    (void)err_set(e, ERR_LIMIT, "chat_limit", "%s: Slack asks to slow down", method);
    if (e != NULL) {
        e->retry_after_ms = retry_after(r);
    }
    return -1;
}

static int busy(const struct slack_call *call, const char *what, int status, struct err *e)
{
    (void)err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "%s: %s (status %d)", call->method, what,
                  status);
    if (e != NULL) {
        e->maybe_done = call->writes;
    }
    return -1;
}

/* Error words are Slack's own; anything else in their place is not repeated. */
static const char *error_word(const json_t *answer)
{
    const char *word = json_text(answer, "error");
    if (str_empty(word) || strlen(word) > 60 ||
        word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0') {
        return "unreadable";
    }
    return word;
}

/* What helps the admin or us: the scope that lacks, the place in the blocks. */
static const char *hint_of(const json_t *answer)
{
    const char *needed = json_text(answer, "needed");
    if (needed != NULL) {
        return needed;
    }
    const char *message = json_string_value(json_at(answer, "response_metadata.messages.0"));
    return message == NULL ? "" : message;
}

/* Into err.needed, in the letters of scopes alone: it is stored and told. */
static void note_needed(const struct refusal *row, const json_t *answer, struct err *e)
{
    const char *needed = json_text(answer, "needed");
    if (str_equal(row->code, "chat_scope") && needed != NULL &&
        needed[strspn(needed, "abcdefghijklmnopqrstuvwxyz0123456789:._,-")] == '\0') {
        (void)snprintf(e->needed, sizeof e->needed, "%s", needed);
    }
}

/* Where a wrong guess would end something, a refusal for other reasons is no "there is none". */
static bool is_unclear(const struct slack_call *call, const struct refusal *row)
{
    return call->absent != NULL && row->kind == ERR_NOT_FOUND &&
           !str_equal(row->error, call->absent);
}

static int unclear(const struct slack_call *call, const struct refusal *row, struct err *e)
{
    bool telling = str_equal(row->code, "chat_not_granted");
    return err_set(e, ERR_UPSTREAM_BUSY, telling ? row->code : "chat_unclear", "%s: %s",
                   call->method, row->error);
}

static int refused(const struct slack_call *call, const json_t *answer,
                   const struct net_response *r, struct err *e)
{
    const char *word = error_word(answer);
    const char *hint = hint_of(answer);
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        const struct refusal *row = &REFUSALS[i];
        if (!str_equal(row->error, word)) {
            continue;
        }
        if (row->kind == ERR_LIMIT) {
            return limited(call->method, r, e);
        }
        if (is_unclear(call, row)) {
            return unclear(call, row, e);
        }
        (void)err_set(e, row->kind, row->code, "%s: %s %.120s", call->method, word, hint);
        if (e != NULL) {
            e->maybe_done = row->maybe_done && call->writes;
            note_needed(row, answer, e);
        }
        return -1;
    }
    return err_set(e, ERR_UPSTREAM_REFUSED, "chat_refused", "%s: %s %.120s", call->method, word,
                   hint);
}

int slack_answer(arena *mem, const struct slack_call *call, const struct net_response *r,
                 json_t **ret, struct err *e)
{
    if (r->status == 429) {
        return limited(call->method, r, e);
    }
    if (r->status >= 500) {
        return busy(call, "Slack is out of order", r->status, e);
    }
    json_t *answer = NULL;
    struct err why;
    /* a proxy's page, or half an answer: Slack says ok in JSON or nothing is known */
    if (json_read(mem, r->body, &answer, &why) != 0 ||
        !json_is_boolean(json_member(answer, "ok"))) {
        return busy(call, "the answer is not Slack's", r->status, e);
    }
    if (!json_flag(answer, "ok")) {
        return refused(call, answer, r, e);
    }
    *ret = answer;
    return 0;
}

static const char *label_of(int result, const struct err *why)
{
    if (result == 0) {
        return "chat=\"slack\",result=\"done\"";
    }
    if (why->kind == ERR_LIMIT) {
        return "chat=\"slack\",result=\"limit\"";
    }
    bool again = why->kind == ERR_UPSTREAM_BUSY || why->kind == ERR_TIMEOUT;
    return again ? "chat=\"slack\",result=\"busy\"" : "chat=\"slack\",result=\"refused\"";
}

int slack_settle(int result, const struct err *why, struct err *e)
{
    metric_add(METRIC_CHAT_SENDS, label_of(result, why), 1);
    if (result != 0 && e != NULL) {
        *e = *why;
    }
    return result;
}

/* What writes nothing, or the same again, is never half done. */
static int call_failed(const struct slack_call *call, struct err *e)
{
    e->maybe_done = e->maybe_done && call->writes;
    return err_wrap(e, "%s", call->method);
}

static const char *field_of(const struct slack_call *call, const char *name)
{
    for (size_t i = 0; i < call->count; i++) {
        if (str_equal(call->fields[i].name, name)) {
            return call->fields[i].value;
        }
    }
    return NULL;
}

static int rests(const struct slack_call *call, int64_t left_ms, struct err *e)
{
    (void)err_set(e, ERR_LIMIT, "chat_limit", "%s: Slack has asked to slow down", call->method);
    if (e != NULL) {
        e->retry_after_ms = left_ms;
    }
    return -1;
}

static int64_t time_for(const struct chat_access *a, const struct slack_call *call)
{
    int64_t usual_ms = call->timeout_ms > 0 ? call->timeout_ms : CALL_MS;
    int64_t left_ms = a->until_ms == 0 ? usual_ms : a->until_ms - clock_mono_ms();
    left_ms = left_ms < 1 ? 1 : left_ms;
    return left_ms < usual_ms ? left_ms : usual_ms;
}

static int ask(chats *c, arena *mem, const struct chat_access *a, const struct slack_call *call,
               json_t **ret, struct err *e)
{
    struct net_request q = {
        .method = "POST",
        .url = arena_printf(mem, "%s/api/%s", c->settings.slack_url, call->method),
        .peer = "slack",
        .bearer = secret_empty(call->basic) ? a->bot_token : (struct secret){NULL, 0},
        .basic = call->basic,
        .timeout_ms = time_for(a, call),
    };
    memcpy(q.form, call->fields, sizeof q.form);
    struct net_response r;
    return net_call(c->settings.http, mem, &q, &r, e) == 0 ? slack_answer(mem, call, &r, ret, e)
                                                           : call_failed(call, e);
}

int slack_api(chats *c, arena *mem, const struct chat_access *a, const struct slack_call *call,
              json_t **ret, struct err *e)
{
    const struct slack_turn turn = {
        .workspace = a->workspace, .method = call->method, .channel = field_of(call, "channel")};
    int64_t left_ms = slack_pause_left(c->pauses, &turn);
    if (left_ms > 0) {
        return rests(call, left_ms, e);
    }
    struct err why = {0};
    int result = ask(c, mem, a, call, ret, &why);
    if (result != 0 && why.kind == ERR_LIMIT) {
        slack_pause(c->pauses, &turn, why.retry_after_ms);
    }
    return slack_settle(result, &why, e);
}

/* The Slack driver's calls over real HTTP to a scripted peer. */
#include <string.h>

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"
#include "service/chat/chat_int.h"
#include "tests/unit/chat/chat_help.h"
#include "tests/unit/net/scripted.h"

#define TOKEN "xoxb-sample-token"

struct fixture {
    arena *mem;
    struct scripted *peer;
    net_client *http;
    chats *c;
    const char *host;
    struct chat_access access;
    const char *answers[8]; /* whole HTTP answers, in turn; the last one repeats */
    json_t *view;
};

static bool answer_next(const struct scripted_request *q)
{
    const struct fixture *f = q->user;
    size_t i = q->number - 1;
    while (i > 0 && (i >= 8 || f->answers[i] == NULL)) {
        i--;
    }
    if (str_empty(f->answers[i])) {
        return false; /* hangs up without an answer */
    }
    (void)scripted_text(q->fd, f->answers[i]);
    return true;
}

static int set_up(void **state)
{
    arena *mem = arena_new();
    struct fixture *f = arena_alloc(mem, sizeof *f);
    f->mem = mem;
    f->peer = scripted_start(answer_next, f);
    f->host = arena_printf(mem, "127.0.0.1:%d", scripted_port(f->peer));
    f->http = net_client_new(
        &(struct net_options){.trusted_hosts = &f->host, .trusted_count = 1, .handles = 1});
    struct chat_settings settings = {
        .http = f->http,
        .slack_app_id = APP_ID,
        .slack_url = arena_printf(mem, "http://%s", f->host),
        .trusted_hosts = &f->host,
        .trusted_count = 1,
    };
    f->c = chats_new(mem, &settings);
    f->access = (struct chat_access){
        .workspace = "slack:T1", .bot_user_id = BOT_ID, .bot_token = secret_of(mem, TOKEN)};
    f->view = view_new(mem);
    view_text(f->view, "Hello **%s**", "<Ana>");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    net_client_free(f->http);
    scripted_stop(f->peer);
    arena_free(f->mem);
    return 0;
}

static char *http(struct fixture *f, const char *head, const char *type, const char *body)
{
    return arena_printf(f->mem, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                        head, type, strlen(body), body);
}

/* ' stands for " */
static char *ok_json(struct fixture *f, const char *body)
{
    return http(f, "200 OK", "application/json; charset=utf-8",
                json_write(f->mem, sample(f->mem, body)));
}

static char *last_request(struct fixture *f)
{
    char *text = arena_alloc(f->mem, SCRIPTED_REQUEST_MAX + 1);
    scripted_last(f->peer, text, SCRIPTED_REQUEST_MAX + 1);
    return text;
}

static const char *last_body(struct fixture *f)
{
    const char *body = strstr(last_request(f), "\r\n\r\n");
    assert_non_null(body);
    return body + 4;
}

static const char *sent(struct fixture *f, const char *field)
{
    const char *value = NULL;
    assert_int_equal(slack_form_field(f->mem, bytes_of(last_body(f)), field, &value, NULL), 0);
    return value;
}

static json_t *sent_json(struct fixture *f, const char *field)
{
    json_t *value = NULL;
    assert_int_equal(json_read(f->mem, bytes_of(sent(f, field)), &value, NULL), 0);
    return value;
}

static int post(struct fixture *f, bool ephemeral, const char **ret_id, struct err *e)
{
    struct chat_post p = {.channel = "C1",
                          .thread = "1.1",
                          .user_id = "U1",
                          .ephemeral = ephemeral,
                          .our_id = "0190-our-id",
                          .view = f->view};
    return slack_driver.post(f->c, f->mem, &f->access, &p, ret_id, e);
}

static void test_post(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = ok_json(f, "{'ok':true,'channel':'C1','ts':'5.1','warning':'x'}");
    const char *id = NULL;
    struct err e = {0};
    assert_int_equal(post(f, false, &id, &e), 0);
    assert_string_equal(id, "5.1");
    const char *request = last_request(f);
    assert_true(str_starts(request, "POST /api/chat.postMessage HTTP/1.1\r\n"));
    assert_non_null(strstr(request, "Authorization: Bearer " TOKEN "\r\n"));
    assert_null(strstr(last_body(f), TOKEN));
    assert_string_equal(sent(f, "channel"), "C1");
    assert_string_equal(sent(f, "thread_ts"), "1.1");
    assert_string_equal(sent(f, "text"), "Hello &lt;Ana&gt;");
    assert_string_equal(sent(f, "unfurl_links"), "false");
    assert_string_equal(sent(f, "unfurl_media"), "false");
    assert_null(sent(f, "user"));
    assert_true(json_equal(sent_json(f, "metadata"),
                           sample(f->mem, "{'event_type':'workbot_message',"
                                          "'event_payload':{'id':'0190-our-id'}}")));
    assert_true(json_equal(sent_json(f, "blocks"),
                           json_member(chat_slack_render(f->mem, f->view), "blocks")));
    assert_non_null(strstr(metrics_render(f->mem),
                           "workbot_chat_sends_total{chat=\"slack\",result=\"done\"} 1"));
}

static void test_post_ephemeral(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = ok_json(f, "{'ok':true,'message_ts':'5.1'}");
    const char *id = "untouched";
    struct err e = {0};
    assert_int_equal(post(f, true, &id, &e), 0);
    assert_null(id); /* no such message can be updated */
    assert_true(str_starts(last_request(f), "POST /api/chat.postEphemeral "));
    assert_string_equal(sent(f, "user"), "U1");
    assert_null(sent(f, "metadata"));
}

static void test_update(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = ok_json(f, "{'ok':true,'ts':'5.1'}");
    struct err e = {0};
    const struct chat_post p = {
        .channel = "D1", .message_id = "5.1", .our_id = "0190-our-id", .view = f->view};
    assert_int_equal(slack_driver.update(f->c, f->mem, &f->access, &p, &e), 0);
    assert_true(str_starts(last_request(f), "POST /api/chat.update "));
    assert_string_equal(sent(f, "ts"), "5.1");
    assert_non_null(sent(f, "blocks"));
}

static void test_open_dm(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = ok_json(f, "{'ok':true,'channel':{'id':'D7'}}");
    f->answers[1] = ok_json(f, "{'ok':true}");
    const char *channel = NULL;
    struct err e = {0};
    assert_int_equal(slack_driver.open_dm(f->c, f->mem, &f->access, "U1", &channel, &e), 0);
    assert_string_equal(channel, "D7");
    assert_string_equal(sent(f, "users"), "U1");
    assert_int_equal(slack_driver.open_dm(f->c, f->mem, &f->access, "U1", &channel, &e), -1);
    assert_int_equal(e.kind, ERR_UPSTREAM_BUSY);
}

/* Slack's classes of errors, one error word each, and what is left of an unknown one. */
static void test_error_classes(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *error;
        enum err_kind kind;
        const char *code;
        bool maybe_done;
    } rows[] = {
        {"invalid_auth", ERR_CONFIG, "chat_dead", false},
        {"not_authed", ERR_CONFIG, "chat_dead", false},
        {"account_inactive", ERR_CONFIG, "chat_dead", false},
        {"token_revoked", ERR_CONFIG, "chat_dead", false},
        {"token_expired", ERR_CONFIG, "chat_token_expired", false},
        {"missing_scope", ERR_CONFIG, "chat_scope", false},
        {"restricted_action", ERR_CONFIG, "chat_settings", false},
        {"messages_tab_disabled", ERR_CONFIG, "chat_settings", false},
        {"team_access_not_granted", ERR_NOT_FOUND, "chat_not_granted", false},
        {"channel_not_found", ERR_NOT_FOUND, "chat_target", false},
        {"not_in_channel", ERR_NOT_FOUND, "chat_target", false},
        {"user_not_in_channel", ERR_NOT_FOUND, "chat_target", false},
        {"is_archived", ERR_NOT_FOUND, "chat_target", false},
        {"user_disabled", ERR_NOT_FOUND, "chat_target", false},
        {"message_not_found", ERR_CONFLICT, "chat_message_gone", false},
        {"cant_update_message", ERR_CONFLICT, "chat_message_gone", false},
        {"edit_window_closed", ERR_CONFLICT, "chat_message_gone", false},
        {"invalid_blocks", ERR_INTERNAL, "chat_payload", false},
        {"msg_too_long", ERR_INTERNAL, "chat_payload", false},
        {"no_text", ERR_INTERNAL, "chat_payload", false},
        {"ratelimited", ERR_LIMIT, "chat_limit", false},
        {"internal_error", ERR_UPSTREAM_BUSY, "chat_busy", true},
        {"fatal_error", ERR_UPSTREAM_BUSY, "chat_busy", true},
        {"service_unavailable", ERR_UPSTREAM_BUSY, "chat_busy", false},
        {"org_login_required", ERR_UPSTREAM_BUSY, "chat_busy", false},
        {"something_new", ERR_UPSTREAM_REFUSED, "chat_refused", false},
        {"<script>", ERR_UPSTREAM_REFUSED, "chat_refused", false},
    };
    struct slack_call call = {.method = "chat.postMessage", .writes = true};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net_response r = {
            .status = 200,
            .body =
                bytes_of(arena_printf(f->mem, "{\"ok\":false,\"error\":\"%s\"}", rows[i].error)),
        };
        json_t *answer = NULL;
        struct err e = {0};
        assert_int_equal(slack_answer(f->mem, &call, &r, &answer, &e), -1);
        assert_int_equal(e.kind, rows[i].kind);
        assert_string_equal(e.code, rows[i].code);
        assert_int_equal(e.maybe_done, rows[i].maybe_done);
        assert_null(strstr(e.text, "<script>"));
        assert_true(e.kind != ERR_LIMIT || e.retry_after_ms > 0);
    }
}

/* An admin must know what to grant. */
static void test_missing_scope_names_it(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = ok_json(
        f, "{'ok':false,'error':'missing_scope','needed':'im:write','provided':'chat:write'}");
    const char *channel = NULL;
    struct err e = {0};
    assert_int_equal(slack_driver.open_dm(f->c, f->mem, &f->access, "U1", &channel, &e), -1);
    assert_string_equal(e.code, "chat_scope");
    assert_non_null(strstr(e.text, "im:write"));
}

/* With, without and with an unusable Retry-After: always a time, and a bounded one. */
static void slack_gotcha_20_retry_after_is_missing_or_no_number(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *head;
        int64_t least, most;
    } rows[] = {
        {"429 Too Many\r\nRetry-After: 30", 30000, 30000},
        {"429 Too Many", 1000, 60000},
        {"429 Too Many\r\nRetry-After: soon", 1000, 60000},
        {"429 Too Many\r\nRetry-After: 99999999", 1000, 600000},
        {"429 Too Many\r\nRetry-After: -5", 1000, 60000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f->answers[i] =
            http(f, rows[i].head, "application/json", "{\"ok\":false,\"error\":\"ratelimited\"}");
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *id = "untouched";
        struct err e = {0};
        f->access.workspace =
            arena_printf(f->mem, "slack:T%zu", i); /* each has limits of its own */
        assert_int_equal(post(f, false, &id, &e), -1);
        assert_int_equal(e.kind, ERR_LIMIT);
        assert_in_range(e.retry_after_ms, rows[i].least, rows[i].most);
        assert_false(e.maybe_done);
        assert_string_equal(id, "untouched");
    }
}

/* Who was told to wait does not ask again before; who was not told goes on. */
static void test_a_limit_rests_its_own_turn(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *workspace, *method, *channel;
        bool rests;
    } rows[] = {
        {"slack:T1", "chat.postMessage", "C1", true},
        {"slack:T1", "chat.postMessage", "C2", false},
        {"slack:T1", "chat.update", "C1", false},
        {"slack:T2", "chat.postMessage", "C1", false},
        {"slack:T1", "chat.postMessage", NULL, false},
    };
    const struct slack_turn limited = {"slack:T1", "chat.postMessage", "C1"};
    assert_int_equal(slack_pause_left(f->c->pauses, &limited), 0);
    slack_pause(f->c->pauses, &limited, 60000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct slack_turn t = {rows[i].workspace, rows[i].method, rows[i].channel};
        int64_t left = slack_pause_left(f->c->pauses, &t);
        assert_true(rows[i].rests ? left > 0 && left <= 60000 : left == 0);
    }
    /* a second channel is told the same: it is the method's limit */
    slack_pause(f->c->pauses, &(struct slack_turn){"slack:T1", "chat.postMessage", "C2"}, 30000);
    const struct slack_turn third = {"slack:T1", "chat.postMessage", "C3"};
    assert_in_range(slack_pause_left(f->c->pauses, &third), 1, 30000);
    assert_in_range(slack_pause_left(f->c->pauses, &limited), 30001, 60000);
    assert_int_equal(
        slack_pause_left(f->c->pauses, &(struct slack_turn){"slack:T1", "chat.update", "C3"}), 0);
}

/* The call is not made at all. */
static void test_a_resting_turn_calls_nobody(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = http(f, "429 Too Many\r\nRetry-After: 30", "application/json", "{}");
    f->answers[1] = ok_json(f, "{'ok':true,'ts':'1.2'}");
    const char *id = NULL;
    struct err e = {0};
    assert_int_equal(post(f, false, &id, &e), -1);
    assert_int_equal(post(f, false, &id, &e), -1);
    assert_string_equal(e.code, "chat_limit");
    assert_in_range(e.retry_after_ms, 1, 30000);
    assert_int_equal(scripted_requests(f->peer), 1);
    f->access.workspace = "slack:T2";
    assert_int_equal(post(f, false, &id, &e), 0);
}

/* No word of Slack's: it may have happened, and is tried again. */
static void test_answers_that_are_not_slacks(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = http(f, "200 OK", "text/html", "<html>maintenance</html>");
    f->answers[1] = http(f, "502 Bad Gateway", "text/html", "<html>");
    f->answers[2] = http(f, "200 OK", "application/json", "{\"ok\":\"yes\"}");
    f->answers[3] = http(f, "200 OK", "application/json", "[]");
    f->answers[4] = http(f, "302 Found\r\nLocation: http://127.0.0.1/x", "text/html", "");
    f->answers[5] = "";
    for (size_t i = 0; i < 6; i++) {
        const char *id = NULL;
        struct err e = {0};
        assert_int_equal(post(f, false, &id, &e), -1);
        assert_int_equal(err_fate(e.kind), FATE_AGAIN);
        assert_true(e.maybe_done);
        assert_null(strstr(e.text, TOKEN));
        assert_null(strstr(e.text, "maintenance"));
    }
    /* the same end of a call that changes nothing leaves nothing open */
    struct err e = {0};
    struct chat_person who;
    assert_int_equal(slack_driver.person(f->c, f->mem, &f->access, "U1", &who, &e), -1);
    assert_false(e.maybe_done);
}

/* --- response_url --- */

static void test_where_a_response_url_may_lead(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *url;
        bool ok;
    } rows[] = {
        {"https://hooks.slack.com/actions/T1/1/x", true},
        {"https://HOOKS.slack.com/actions/T1/1/x", true},
        {"https://hooks.slack-gov.com/actions/T1/1/x", true},
        {"http://hooks.slack.com/actions/T1/1/x", false},
        {"https://hooks.slack.com:8443/x", false},
        {"https://hooks.slack.com.evil.example/x", false},
        {"https://evil.example/hooks.slack.com", false},
        {"https://hooks.slack.com@evil.example/x", false},
        {"https://evil.example\\@hooks.slack.com/x", false},
        {"https://slack.com/x", false},
        {"https://xhooks.slack.com/x", false},
        {"https://127.0.0.1/x", false},
        {"ftp://hooks.slack.com/x", false},
        {"hooks.slack.com/x", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool ok = slack_response_url_ok(&f->c->settings, f->mem, rows[i].url);
        if (ok != rows[i].ok) {
            fail_msg("%s", rows[i].url);
        }
        struct err e = {0};
        if (!ok) {
            struct secret url = secret_of(f->mem, rows[i].url);
            assert_int_equal(slack_driver.respond(f->c, f->mem,
                                                  &(struct chat_answer){url, f->view, NULL, false},
                                                  &e),
                             -1);
            assert_int_equal(e.kind, ERR_FORBIDDEN);
            assert_string_equal(e.code, "chat_response_url");
        }
    }
    assert_int_equal(scripted_requests(f->peer), 0);
    assert_true(slack_response_url_ok(&f->c->settings, f->mem,
                                      arena_printf(f->mem, "http://%s/x", f->host)));
}

static struct secret response_url(struct fixture *f)
{
    return secret_of(f->mem, arena_printf(f->mem, "http://%s/actions/T1/sample-handle", f->host));
}

static void test_respond(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = http(f, "200 OK", "text/plain", "ok");
    f->answers[1] = ok_json(f, "{'ok':true}");
    struct err e = {0};
    assert_int_equal(
        slack_driver.respond(f->c, f->mem,
                             &(struct chat_answer){response_url(f), f->view, NULL, false}, &e),
        0);
    const char *request = last_request(f);
    assert_true(str_starts(request, "POST /actions/T1/sample-handle "));
    assert_null(strstr(request, "Authorization"));
    json_t *body = NULL;
    assert_int_equal(json_read(f->mem, bytes_of(last_body(f)), &body, NULL), 0);
    assert_true(json_flag(body, "replace_original"));
    assert_false(json_flag(body, "unfurl_links") || json_flag(body, "unfurl_media"));
    assert_int_equal(json_array_size(json_member(body, "blocks")), 1);
    assert_string_equal(json_text(body, "text"), "Hello &lt;Ana&gt;");
    assert_string_equal(json_text(body, "response_type"), "ephemeral");
    const struct chat_answer adds = {response_url(f), f->view, NULL, true};
    assert_int_equal(slack_driver.respond(f->c, f->mem, &adds, &e), 0);
    assert_int_equal(json_read(f->mem, bytes_of(last_body(f)), &body, NULL), 0);
    assert_false(json_flag(body, "replace_original"));
    assert_string_equal(json_text(body, "response_type"), "ephemeral");
}

/* A click in an ephemeral comes without its message: the block's name says which it was. */
static void test_buttons_name_their_message(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = ok_json(f, "{'ok':true}");
    struct err e = {0};
    json_t *view = view_new(f->mem);
    view_text(view, "x");
    view_button(view, &(struct button){.title = "Go", .action = "go"});
    view_row(view, &(struct button){.title = "Go", .action = "go"}, "row");
    const struct chat_answer x = {response_url(f), view, "0190-our-id", true};
    assert_int_equal(slack_driver.respond(f->c, f->mem, &x, &e), 0);
    json_t *body = NULL;
    assert_int_equal(json_read(f->mem, bytes_of(last_body(f)), &body, NULL), 0);
    const json_t *blocks = json_member(body, "blocks");
    assert_null(json_text(json_array_get(blocks, 0), "block_id"));
    assert_string_equal(json_text(json_array_get(blocks, 1), "block_id"), "wb:0190-our-id:1");
    assert_string_equal(json_text(json_array_get(blocks, 2), "block_id"), "wb:0190-our-id:2");
}

/* The sixth use, or after 30 minutes. */
static void test_response_url_that_is_used_up(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = ok_json(f, "{'ok':false,'error':'Expired url'}");
    f->answers[1] = http(f, "404 Not Found", "text/plain", "no_service");
    f->answers[2] = ok_json(f, "{'ok':false,'error':'used_url'}");
    f->answers[3] = ok_json(f, "{'ok':false,'error':'channel_not_found'}");
    for (size_t i = 0; i < 4; i++) {
        struct err e = {0};
        assert_int_equal(
            slack_driver.respond(f->c, f->mem,
                                 &(struct chat_answer){response_url(f), f->view, NULL, false}, &e),
            -1);
        assert_int_equal(e.kind, ERR_CONFLICT);
        assert_string_equal(e.code, "chat_message_gone");
        assert_null(strstr(e.text, "sample-handle"));
    }
}

static void test_response_url_in_trouble(void **state)
{
    struct fixture *f = *state;
    static const enum err_kind kinds[] = {ERR_LIMIT, ERR_UPSTREAM_BUSY, ERR_UPSTREAM_BUSY,
                                          ERR_UPSTREAM_BUSY, ERR_INTERNAL};
    f->answers[0] = http(f, "429 Too Many\r\nRetry-After: 3", "text/plain", "");
    f->answers[1] = http(f, "503 Busy", "text/html", "<html>");
    f->answers[2] = http(f, "200 OK", "text/html", "<html>");
    f->answers[3] = http(f, "302 Found\r\nLocation: https://evil.example/", "text/plain", "");
    f->answers[4] = ok_json(f, "{'ok':false,'error':'invalid_blocks'}");
    for (size_t i = 0; i < 5; i++) {
        struct err e = {0};
        assert_int_equal(
            slack_driver.respond(f->c, f->mem,
                                 &(struct chat_answer){response_url(f), f->view, NULL, false}, &e),
            -1);
        assert_int_equal(e.kind, kinds[i]);
        assert_null(strstr(e.text, "sample-handle"));
    }
    assert_int_equal(scripted_requests(f->peer), 5);
}

/* --- looking for a message --- */

static int find(struct fixture *f, const char *thread, const char **ret_id, struct err *e)
{
    struct chat_post p = {.channel = "C1", .thread = thread, .our_id = "our-2", .view = f->view};
    return slack_driver.find_post(f->c, f->mem, &f->access, &p, 1700000000, ret_id, e);
}

static void test_find_post(void **state)
{
    struct fixture *f = *state;
    f->answers[0] =
        ok_json(f, "{'ok':true,'messages':[{'ts':'9.1','text':'our-2'},{'ts':'9.2','metadata':{"
                   "'event_type':'other','event_payload':{'id':'our-2'}}}],"
                   "'response_metadata':{'next_cursor':'page2='}}");
    f->answers[1] =
        ok_json(f, "{'ok':true,'messages':[{'ts':'8.1','metadata':{'event_type':'workbot_message',"
                   "'event_payload':{'id':'our-1'}}},{'ts':'8.2','metadata':{'event_type':"
                   "'workbot_message','event_payload':{'id':'our-2'}}}],"
                   "'response_metadata':{'next_cursor':'page3='}}");
    f->answers[2] = ok_json(f, "{'ok':true,'messages':[],'response_metadata':{'next_cursor':''}}");
    const char *id = NULL;
    struct err e = {0};
    assert_int_equal(find(f, NULL, &id, &e), 0);
    assert_string_equal(id, "8.2");
    assert_true(str_starts(last_request(f), "POST /api/conversations.history "));
    assert_string_equal(sent(f, "cursor"), "page2=");
    assert_string_equal(sent(f, "oldest"), "1699999940.000000");
    assert_string_equal(sent(f, "include_all_metadata"), "true");
    assert_int_equal(find(f, "1.1", &id, &e), 0);
    assert_null(id);
    assert_true(str_starts(last_request(f), "POST /api/conversations.replies "));
    assert_string_equal(sent(f, "ts"), "1.1");
}

static void test_find_post_without_a_look(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = ok_json(f, "{'ok':false,'error':'missing_scope','needed':'channels:history'}");
    f->answers[1] = ok_json(f, "{'ok':false,'error':'not_in_channel'}");
    f->answers[2] = ok_json(f, "{'ok':true,'messages':[],'response_metadata':{'next_cursor':'x'}}");
    static const char *const codes[] = {"chat_no_history", "chat_target", "chat_no_history"};
    for (size_t i = 0; i < 3; i++) {
        const char *id = NULL;
        struct err e = {0};
        assert_int_equal(find(f, NULL, &id, &e), -1);
        assert_string_equal(e.code, codes[i]);
    }
}

/* --- people --- */

static void test_strangers(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *workspace, *user;
        bool stranger;
    } rows[] = {
        {"slack:T1", "{'team_id':'T1'}", false},
        {"slack:T1", "{'team_id':'T1','is_stranger':false}", false},
        {"slack:T1", "{'team_id':'T1','is_stranger':true}", true},
        {"slack:T1", "{'team_id':'T2'}", true},
        {"slack:T1", "{}", true},
        {"slack:T1", "{'team_id':null}", true},
        {"slack:T1", "{'team_id':'T2','enterprise_user':{'enterprise_id':'E1'}}", true},
        {"slack:T1",
         "{'team_id':'T2','enterprise_user':{'enterprise_id':'E1','teams':['T2','T1']}}", false},
        {"slack:E1", "{'team_id':'T2','enterprise_user':{'enterprise_id':'E1','teams':['T2']}}",
         false},
        {"slack:E1", "{'team_id':'E1'}", false},
        {"slack:E1", "{'team_id':'T2','enterprise_user':{'enterprise_id':'E2'}}", true},
        {"slack:E1", "{'team_id':'T2'}", true},
        {"slack:E1", "{'team_id':'T2','is_stranger':true,'enterprise_user':{'enterprise_id':'E1'}}",
         true},
        {"teams:T1", "{'team_id':'T1'}", true},
        {NULL, "{'team_id':'T1'}", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct chat_person who = {0};
        slack_person_of(sample(f->mem, rows[i].user), rows[i].workspace, &who);
        if (who.stranger != rows[i].stranger) {
            fail_msg("%s %s", rows[i].workspace, rows[i].user);
        }
    }
}

static void test_person(void **state)
{
    struct fixture *f = *state;
    f->answers[0] = ok_json(
        f, "{'ok':true,'user':{'id':'U1','team_id':'T1','name':'ana','real_name':'Ana Sample',"
           "'deleted':false,'tz':'Europe/Berlin','is_bot':false,'is_restricted':false,"
           "'is_ultra_restricted':true,'profile':{'display_name':'','real_name':'Ana S.',"
           "'email':'ana@acme.example'}}}");
    f->answers[1] = ok_json(f, "{'ok':true,'user':{'id':'U1','team_id':'T1','deleted':true,"
                               "'is_bot':true,'is_restricted':true}}");
    f->answers[2] = ok_json(f, "{'ok':true,'user':{'id':'U2','team_id':'T1'}}");
    f->answers[3] = ok_json(f, "{'ok':false,'error':'user_not_found'}");
    struct chat_person who = {0};
    struct err e = {0};
    assert_int_equal(slack_driver.person(f->c, f->mem, &f->access, "U1", &who, &e), 0);
    assert_string_equal(sent(f, "user"), "U1");
    assert_string_equal(who.name, "Ana S.");
    assert_string_equal(who.email, "ana@acme.example");
    assert_string_equal(who.time_zone, "Europe/Berlin");
    assert_true(who.guest);
    assert_false(who.deactivated || who.bot || who.stranger);
    assert_int_equal(slack_driver.person(f->c, f->mem, &f->access, "U1", &who, &e), 0);
    assert_true(who.deactivated && who.bot && who.guest);
    assert_string_equal(who.name, "U1");
    assert_int_equal(slack_driver.person(f->c, f->mem, &f->access, "U1", &who, &e), -1);
    assert_int_equal(slack_driver.person(f->c, f->mem, &f->access, "U1", &who, &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    assert_string_equal(e.code, "chat_target");
}

#define SEND_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEND_TEST(test_post),
        SEND_TEST(test_post_ephemeral),
        SEND_TEST(test_update),
        SEND_TEST(test_open_dm),
        SEND_TEST(test_error_classes),
        SEND_TEST(test_missing_scope_names_it),
        SEND_TEST(slack_gotcha_20_retry_after_is_missing_or_no_number),
        SEND_TEST(test_a_limit_rests_its_own_turn),
        SEND_TEST(test_a_resting_turn_calls_nobody),
        SEND_TEST(test_answers_that_are_not_slacks),
        SEND_TEST(test_where_a_response_url_may_lead),
        SEND_TEST(test_respond),
        SEND_TEST(test_buttons_name_their_message),
        SEND_TEST(test_response_url_that_is_used_up),
        SEND_TEST(test_response_url_in_trouble),
        SEND_TEST(test_find_post),
        SEND_TEST(test_find_post_without_a_look),
        SEND_TEST(test_strangers),
        SEND_TEST(test_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

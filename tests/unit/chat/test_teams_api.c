/* Calls of Bot Connector and the bot's own token, over real HTTP to a scripted Microsoft. */
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "tests/unit/chat/teams_peer.h"

#define CHANNEL "19:abc@thread.tacv2;messageid=1789999999000"
#define GOOD_TOKEN                                                                                 \
    "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,"                      \
    "\"access_token\":\"sample-token-1\"}"
#define SECOND_TOKEN                                                                               \
    "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"sample-token-2\"}"

static const struct teams_token_query ANY;

static int set_up(void **state)
{
    *state = teams_peer_start(NULL);
    return 0;
}

static int tear_down(void **state)
{
    teams_peer_stop(*state);
    return 0;
}

static const char *http(struct teams_peer *p, const char *head, const char *body)
{
    return arena_printf(p->mem,
                        "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                        "X-Correlating-OperationId: op-1\r\nContent-Length: %zu\r\n\r\n%s",
                        head, strlen(body), body);
}

/* The answers from now on, in turn. */
static void play(struct teams_peer *p, const char *first, const char *second, const char *third,
                 const char *fourth)
{
    const char *const all[] = {first, second, third, fourth};
    atomic_store(&p->asked, 0);
    for (size_t i = 0; i < 4; i++) {
        p->answers[i] = all[i];
    }
}

static struct teams_call call_of(struct teams_peer *p)
{
    return (struct teams_call){
        .method = "POST",
        .address = arena_printf(p->mem, "http://%s/emea/", p->host),
        .path = {"conversations", CHANNEL, "activities", NULL},
        .body = sample(p->mem, "{'type':'message','text':'hello'}"),
        .writes = true,
    };
}

static struct err fails(struct teams_peer *p, const struct teams_call *call, enum err_kind kind,
                        const char *code)
{
    struct err e = {0};
    json_t *answer = NULL;
    assert_int_equal(teams_api(p->c, p->mem, call, &answer, &e), -1);
    assert_null(answer);
    assert_string_equal(e.code, code);
    assert_int_equal(e.kind, kind);
    return e;
}

static const char *last(struct teams_peer *p)
{
    char *text = arena_alloc(p->mem, SCRIPTED_REQUEST_MAX);
    scripted_last(p->peer, text, SCRIPTED_REQUEST_MAX);
    return text;
}

static void teams_gotcha_05_ids_are_encoded(void **state)
{
    struct teams_peer *p = *state;
    struct err e = {0};
    json_t *answer = NULL;
    play(p, http(p, "200 OK", GOOD_TOKEN), http(p, "201 Created", "{\"id\":\"1790000000456\"}"),
         NULL, NULL);
    struct teams_call call = call_of(p);
    assert_int_equal(teams_api(p->c, p->mem, &call, &answer, &e), 0);
    assert_string_equal(json_text(answer, "id"), "1790000000456");
    const char *said = last(p);
    assert_true(str_starts(said, "POST /emea/v3/conversations/"
                                 "19%3Aabc%40thread.tacv2%3Bmessageid%3D1789999999000/activities "
                                 "HTTP/1.1\r\n"));
    assert_non_null(strstr(said, "\r\nAuthorization: Bearer sample-token-1\r\n"));
    assert_non_null(strstr(said, "\r\nContent-Type: application/json; charset=utf-8\r\n"));
    assert_non_null(strstr(said, "{\"text\":\"hello\",\"type\":\"message\"}"));
    call.path[1] = "../../x?y#z/..";
    call.query = "isTargetedActivity=true";
    call.method = "DELETE";
    call.body = NULL;
    assert_int_equal(teams_api(p->c, p->mem, &call, NULL, &e), 0);
    assert_true(str_starts(last(p), "DELETE /emea/v3/conversations/..%2F..%2Fx%3Fy%23z%2F../"
                                    "activities?isTargetedActivity=true HTTP/1.1\r\n"));
}

static void teams_gotcha_05_no_id_leads_out_of_its_path(void **state)
{
    struct teams_peer *p = *state;
    static const char *const bad[] = {".", ".."};
    p->login = http(p, "200 OK", GOOD_TOKEN);
    for (size_t i = 0; i < 2; i++) {
        struct teams_call call = call_of(p);
        call.path[1] = bad[i];
        (void)fails(p, &call, ERR_INVALID, "chat_payload");
    }
    assert_int_equal(p->asked, 0);
}

static void test_the_token_is_asked_for_once(void **state)
{
    struct teams_peer *p = *state;
    struct err e = {0};
    struct secret token;
    play(p, http(p, "200 OK", GOOD_TOKEN), http(p, "200 OK", SECOND_TOKEN), NULL, NULL);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(teams_token_get(p->c, p->mem, &ANY, &token, &e), 0);
        assert_string_equal(secret_reveal(token), "sample-token-1");
    }
    assert_int_equal(p->asked, 1);
    const char *said = last(p);
    assert_true(str_starts(said, "POST /login/" TENANT_A "/oauth2/v2.0/token HTTP/1.1\r\n"));
    assert_non_null(strstr(said, "\r\n\r\ngrant_type=client_credentials&client_id=" TEAMS_APP
                                 "&client_secret=sample%2Bsecret%2Fof+the+bot&scope="
                                 "https%3A%2F%2Fapi.botframework.com%2F.default"));
    const struct teams_token_query another = {.not_this = token};
    assert_int_equal(teams_token_get(p->c, p->mem, &another, &token, &e), 0);
    assert_string_equal(secret_reveal(token), "sample-token-2");
    assert_int_equal(p->asked, 2);
}

/* Shorter than the margin: half of its life is better than none. */
static void teams_gotcha_15_short_tokens_are_kept_too(void **state)
{
    struct teams_peer *p = *state;
    struct err e = {0};
    struct secret token;
    static const struct {
        const char *life;
        int asked; /* by three */
    } rows[] = {{"200", 1}, {"301", 1}, {"\"3599\"", 1}, {"0", 3}, {"-5", 3}, {"null", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct teams_peer *fresh = teams_peer_start(NULL);
        const char *body = arena_printf(
            p->mem, "{\"token_type\":\"Bearer\",\"expires_in\":%s,\"access_token\":\"t\"}",
            rows[i].life);
        play(fresh, http(p, "200 OK", body), NULL, NULL, NULL);
        for (int n = 0; n < 3; n++) {
            assert_int_equal(teams_token_get(fresh->c, fresh->mem, &ANY, &token, &e), 0);
        }
        assert_int_equal(fresh->asked, rows[i].asked);
        teams_peer_stop(fresh);
    }
}

static void *get_too(void *arg)
{
    struct teams_peer *p = arg;
    arena *mem = arena_new();
    struct err e = {0};
    struct secret token;
    assert_int_equal(teams_token_get(p->c, mem, &ANY, &token, &e), 0);
    arena_free(mem);
    return NULL;
}

static void test_one_asks_for_all(void **state)
{
    enum { CALLERS = 16 };
    struct teams_peer *p = *state;
    pthread_t threads[CALLERS];
    play(p, http(p, "200 OK", GOOD_TOKEN), NULL, NULL, NULL);
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, get_too, p), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(p->asked, 1);
}

/* Whoever must be done soon waits no longer, neither for another's fetch nor for his own; and what
 * he had no time for keeps nobody from trying. */
static void test_a_fetch_outlasts_nobodys_time(void **state)
{
    struct teams_peer *p = *state;
    pthread_t thread;
    struct secret token = {NULL, 0};
    struct err e = {0};
    play(p, http(p, "200 OK", GOOD_TOKEN), NULL, NULL, NULL);
    atomic_store(&p->held, true);
    int64_t begun = clock_mono_ms();
    struct teams_token_query soon = {.until_ms = begun + 100};
    assert_int_equal(teams_token_get(p->c, p->mem, &soon, &token, &e), -1);
    assert_int_equal(e.kind, ERR_TIMEOUT);
    assert_int_equal(pthread_create(&thread, NULL, get_too, p), 0);
    teams_peer_meets(p, 2);
    soon.until_ms = clock_mono_ms() + 100;
    assert_int_equal(teams_token_get(p->c, p->mem, &soon, &token, &e), -1);
    assert_int_equal(e.kind, ERR_TIMEOUT);
    soon.until_ms = begun;
    assert_int_equal(teams_token_get(p->c, p->mem, &soon, &token, &e), -1);
    assert_true(clock_mono_ms() - begun < 5000);
    assert_int_equal(p->arrived, 2);
    atomic_store(&p->held, false);
    pthread_join(thread, NULL);
    assert_int_equal(teams_token_get(p->c, p->mem, &ANY, &token, &e), 0);
    assert_string_equal(secret_reveal(token), "sample-token-1");
}

static void test_what_entra_refuses(void **state)
{
    struct teams_peer *p = *state;
    static const struct {
        const char *head, *body;
        enum err_kind kind;
        const char *code;
    } rows[] = {
        {"401 Unauthorized",
         "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: <secret>\"}",
         ERR_CONFIG, "chat_client"},
        {"400 Bad Request",
         "{\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS7000229: no\"}",
         ERR_CONFIG, "chat_client"},
        {"400 Bad Request", "{\"error\":\"something_new\"}", ERR_UPSTREAM_REFUSED, "chat_refused"},
        {"400 Bad Request", "{\"error\":\"temporarily_unavailable\"}", ERR_UPSTREAM_BUSY,
         "chat_busy"},
        {"503 Busy", "", ERR_UPSTREAM_BUSY, "chat_busy"},
        {"200 OK", "<html>", ERR_UPSTREAM_BUSY, "chat_busy"},
        {"200 OK", "{}", ERR_UPSTREAM_BUSY, "chat_busy"},
        {"200 OK", "{\"access_token\":\"t\",\"token_type\":\"mac\"}", ERR_UPSTREAM_BUSY,
         "chat_busy"},
        {"302 Found\r\nLocation: http://127.0.0.1:1/", "{}", ERR_UPSTREAM_REFUSED, "chat_refused"},
        {"429 Slow", "{}", ERR_LIMIT, "chat_limit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct teams_peer *fresh = teams_peer_start(NULL);
        play(fresh, http(p, rows[i].head, rows[i].body), NULL, NULL, NULL);
        struct teams_call call = call_of(fresh);
        struct err e = fails(fresh, &call, rows[i].kind, rows[i].code);
        assert_false(e.maybe_done);
        assert_null(strstr(e.text, "<secret>"));
        /* not at once again */
        (void)fails(fresh, &call, rows[i].kind, rows[i].code);
        assert_int_equal(fresh->asked, 1);
        teams_peer_stop(fresh);
    }
}

static void teams_gotcha_16_a_refused_token_is_renewed_once(void **state)
{
    struct teams_peer *p = *state;
    struct err e = {0};
    json_t *answer = NULL;
    struct teams_call call = call_of(p);
    const char *denied = http(p, "401 Unauthorized",
                              "{\"message\":\"Authorization has been denied for this request.\"}");
    play(p, http(p, "200 OK", GOOD_TOKEN), denied, http(p, "200 OK", SECOND_TOKEN),
         http(p, "200 OK", "{\"id\":\"1\"}"));
    assert_int_equal(teams_api(p->c, p->mem, &call, &answer, &e), 0);
    assert_int_equal(p->asked, 4);
    assert_non_null(strstr(last(p), "Bearer sample-token-2\r\n"));
}

static void teams_gotcha_16_a_fresh_token_that_is_refused_is_the_last(void **state)
{
    struct teams_peer *p = *state;
    struct teams_call call = call_of(p);
    const char *denied = http(p, "401 Unauthorized", "");
    play(p, http(p, "200 OK", GOOD_TOKEN), denied, http(p, "200 OK", SECOND_TOKEN), denied);
    (void)fails(p, &call, ERR_CONFIG, "chat_client");
    assert_int_equal(p->asked, 4);
}

/* A bot that is not registered, or switched off, is refused whatever token it shows. */
static void test_calls_that_are_refused_fetch_no_token_each(void **state)
{
    struct teams_peer *p = *state;
    struct teams_call call = call_of(p);
    p->login = http(p, "200 OK", GOOD_TOKEN);
    play(p, http(p, "401 Unauthorized", "{\"error\":{\"code\":\"BotNotRegistered\"}}"), NULL, NULL,
         NULL);
    for (int i = 0; i < 20; i++) {
        /* Entra has new ones without end */
        p->login = http(p, "200 OK",
                        arena_printf(p->mem,
                                     "{\"token_type\":\"Bearer\",\"expires_in\":3599,"
                                     "\"access_token\":\"sample-token-%d\"}",
                                     i));
        (void)fails(p, &call, ERR_CONFIG, "chat_client");
    }
    assert_int_equal(p->logins_asked, 2);
}

static void teams_gotcha_16_statuses(void **state)
{
    struct teams_peer *p = *state;
#define CODE(word) "{\"error\":{\"code\":\"" word "\",\"message\":\"<b>x</b>\"}}"
    static const struct {
        const char *head, *body;
        enum err_kind kind;
        const char *code;
        bool maybe_done;
    } rows[] = {
        {"400 X", CODE("BadSyntax"), ERR_INVALID, "chat_payload", false},
        {"400 X", CODE("Bad Argument"), ERR_INVALID, "chat_payload", false},
        {"403 X", CODE("BotNotInConversationRoster"), ERR_FORBIDDEN, "chat_gone", false},
        {"403 X", CODE("ConversationBlockedByUser"), ERR_FORBIDDEN, "chat_blocked", false},
        {"404 X", CODE("MemberNotFoundInConversation"), ERR_NOT_FOUND, "chat_nobody", false},
        {"400 X", CODE("MemberNotFoundInConversation"), ERR_NOT_FOUND, "chat_nobody", false},
        {"403 X", CODE("BotDisabledByAdmin"), ERR_CONFIG, "chat_disabled", false},
        {"403 X", CODE("NotEnoughPermissions"), ERR_CONFIG, "chat_settings", false},
        {"403 X", CODE("InvalidBotApiHost"), ERR_CONFIG, "chat_settings", false},
        {"403 X", CODE("SomethingNew"), ERR_UPSTREAM_REFUSED, "chat_refused", false},
        {"404 X", CODE("ConversationNotFound"), ERR_NOT_FOUND, "chat_target", false},
        {"404 X", CODE("ActivityNotFoundInConversation"), ERR_CONFLICT, "chat_message_gone", false},
        {"404 X", "", ERR_NOT_FOUND, "chat_target", false},
        {"405 X", "", ERR_UPSTREAM_REFUSED, "chat_refused", false},
        {"412 X", CODE("PreconditionFailed"), ERR_UPSTREAM_BUSY, "chat_busy", false},
        {"413 X", CODE("MessageSizeTooBig"), ERR_INVALID, "chat_payload", false},
        {"500 X", CODE("ServiceError"), ERR_UPSTREAM_REFUSED, "chat_refused", true},
        {"502 X", "<html>bad gateway</html>", ERR_UPSTREAM_BUSY, "chat_busy", true},
        {"503 X", "", ERR_UPSTREAM_BUSY, "chat_busy", true},
        {"504 X", "", ERR_UPSTREAM_BUSY, "chat_busy", true},
        {"200 X", "<html>a proxy</html>", ERR_UPSTREAM_BUSY, "chat_busy", true},
        {"200 X", "[]", ERR_UPSTREAM_BUSY, "chat_busy", true},
        {"301 X\r\nLocation: http://127.0.0.1:1/", "", ERR_UPSTREAM_REFUSED, "chat_refused", false},
    };
    struct teams_call call = call_of(p), reading = call_of(p);
    reading.writes = false;
    struct secret token;
    play(p, http(p, "200 OK", GOOD_TOKEN), NULL, NULL, NULL);
    assert_int_equal(teams_token_get(p->c, p->mem, &ANY, &token, NULL), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        play(p, http(p, rows[i].head, rows[i].body), NULL, NULL, NULL);
        struct err e = fails(p, &call, rows[i].kind, rows[i].code);
        assert_true(e.maybe_done == rows[i].maybe_done);
        assert_null(strchr(e.text, '<'));
        assert_non_null(strstr(e.text, "op-1"));
        assert_false(fails(p, &reading, rows[i].kind, rows[i].code).maybe_done);
    }
}

static void teams_gotcha_17_bodies_of_errors(void **state)
{
    struct teams_peer *p = *state;
    static const struct {
        const char *body, *code;
    } rows[] = {
        {"", "chat_refused"},
        {"<html>", "chat_refused"},
        {"null", "chat_refused"},
        {"{}", "chat_refused"},
        {"{\"message\":\"Forbidden\"}", "chat_refused"},
        {"{\"error\":\"BotNotInConversationRoster\"}", "chat_refused"},
        {"{\"error\":{\"code\":7}}", "chat_refused"},
        {"{\"errorCode\":209,\"message\":\"{\\\"subCode\\\":\\\"MessageWritesBlocked\\\"}\"}",
         "chat_blocked"},
        {"{\"errorCode\":209,\"message\":\"{broken\"}", "chat_refused"},
        {"{\"error\":{\"code\":\"BotDisabledByAdmin\",\"innerHttpError\":{\"statusCode\":0}}}",
         "chat_disabled"},
    };
    struct teams_call call = call_of(p);
    struct secret token;
    play(p, http(p, "200 OK", GOOD_TOKEN), NULL, NULL, NULL);
    assert_int_equal(teams_token_get(p->c, p->mem, &ANY, &token, NULL), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = {0};
        play(p, http(p, "403 Forbidden", rows[i].body), NULL, NULL, NULL);
        assert_int_equal(teams_api(p->c, p->mem, &call, NULL, &e), -1);
        assert_string_equal(e.code, rows[i].code);
    }
}

static void teams_gotcha_16_retry_after(void **state)
{
    struct teams_peer *p = *state;
    struct teams_call call = call_of(p);
    play(p, http(p, "200 OK", GOOD_TOKEN), http(p, "429 X\r\nRetry-After: 7", "{}"),
         http(p, "429 X", "{}"), http(p, "429 X\r\nRetry-After: 999999", "{}"));
    assert_int_equal(fails(p, &call, ERR_LIMIT, "chat_limit").retry_after_ms, 7000);
    call.path[1] = "a:2";
    assert_true(fails(p, &call, ERR_LIMIT, "chat_limit").retry_after_ms > 0);
    call.path[1] = "a:3";
    assert_int_equal(fails(p, &call, ERR_LIMIT, "chat_limit").retry_after_ms, 600000);
}

/* The limit is the conversation's, and whatever else was to be said there waits as well. */
static void teams_gotcha_16_a_conversation_rests_after_429(void **state)
{
    struct teams_peer *p = *state;
    struct err e = {0};
    p->login = http(p, "200 OK", GOOD_TOKEN);
    play(p, http(p, "429 Slow\r\nRetry-After: 30", "{}"), http(p, "200 OK", "{\"id\":\"1\"}"), NULL,
         NULL);
    struct teams_call call = call_of(p);
    (void)fails(p, &call, ERR_LIMIT, "chat_limit");
    call.path[1] = "19:abc@thread.tacv2;messageid=2";
    e = fails(p, &call, ERR_LIMIT, "chat_limit");
    assert_true(e.retry_after_ms > 20000 && e.retry_after_ms <= 30000);
    assert_false(e.maybe_done);
    assert_int_equal(p->asked, 1);
    /* reading has a limit of its own; others are not concerned */
    struct teams_call read = call;
    read.method = "GET";
    assert_int_equal(teams_api(p->c, p->mem, &read, NULL, &e), 0);
    call.path[1] = "19:other@thread.tacv2";
    assert_int_equal(teams_api(p->c, p->mem, &call, NULL, &e), 0);
    assert_int_equal(p->asked, 3);
}

/* A conversation of GCC is asked for at GCC's servers, once, where their host is listed. */
static void teams_gotcha_16_a_conversation_of_another_cloud(void **state)
{
    struct teams_peer *p = *state;
    json_t *answer = NULL;
    struct teams_call call = call_of(p);
    const char *elsewhere = http(p, "403 X", "{\"error\":{\"code\":\"InvalidBotApiHost\"}}");
    p->login = http(p, "200 OK", GOOD_TOKEN);
    assert_null(p->c->teams_gcc);
    play(p, elsewhere, NULL, NULL, NULL);
    (void)fails(p, &call, ERR_CONFIG, "chat_settings");
    assert_int_equal(p->asked, 1);
    p->c->teams_gcc = arena_printf(p->mem, "http://%s/gcc", p->host);
    play(p, elsewhere, http(p, "201 Created", "{\"id\":\"1\"}"), NULL, NULL);
    assert_int_equal(teams_api(p->c, p->mem, &call, &answer, NULL), 0);
    assert_string_equal(json_text(answer, "id"), "1");
    assert_true(str_starts(last(p), "POST /gcc/v3/conversations/19%3Aabc"));
    play(p, elsewhere, NULL, NULL, NULL);
    (void)fails(p, &call, ERR_CONFIG, "chat_settings");
    assert_int_equal(p->asked, 2);
}

static void test_who_is_meant_by_nobody_here(void **state)
{
    struct teams_peer *p = *state;
    struct teams_call call = call_of(p);
    call.absent = "MemberNotFoundInConversation";
    play(p, http(p, "200 OK", GOOD_TOKEN), http(p, "404 X", CODE("MemberNotFoundInConversation")),
         http(p, "404 X", CODE("ConversationNotFound")), http(p, "404 X", ""));
    (void)fails(p, &call, ERR_NOT_FOUND, "chat_nobody");
    (void)fails(p, &call, ERR_UPSTREAM_BUSY, "chat_unclear");
    (void)fails(p, &call, ERR_UPSTREAM_BUSY, "chat_unclear");
}

/* Whatever stands in the database: the token goes nowhere else, and is not even asked for. */
static void teams_gotcha_11_the_token_goes_to_listed_hosts_alone(void **state)
{
    struct teams_peer *p = *state;
    static const char *const bad[] = {
        "https://evil.example/",
        "http://smba.trafficmanager.net/",
        "https://x.trafficmanager.net/",
        "https://smba.trafficmanager.net.evil.com/",
        "https://u@smba.trafficmanager.net/",
        "https://smba.trafficmanager.net/?",
        "http://169.254.169.254/metadata/",
        "file:///etc/passwd",
        "",
    };
    play(p, http(p, "200 OK", GOOD_TOKEN), NULL, NULL, NULL);
    struct teams_call call = call_of(p);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        call.address = bad[i];
        (void)fails(p, &call, ERR_FORBIDDEN, "chat_address");
    }
    assert_int_equal(p->asked, 0);
}

static void test_a_lost_answer(void **state)
{
    struct teams_peer *p = *state;
    struct teams_call call = call_of(p);
    play(p, http(p, "200 OK", GOOD_TOKEN), "", NULL, NULL);
    struct err e = {0};
    assert_int_equal(teams_api(p->c, p->mem, &call, NULL, &e), -1);
    assert_int_equal(e.kind, ERR_UPSTREAM_BUSY);
    assert_true(e.maybe_done);
    call.writes = false;
    assert_int_equal(teams_api(p->c, p->mem, &call, NULL, &e), -1);
    assert_false(e.maybe_done);
}

static void test_nobody_waits_longer_than_asked(void **state)
{
    struct teams_peer *p = *state;
    struct teams_call call = call_of(p);
    play(p, http(p, "200 OK", GOOD_TOKEN), NULL, NULL, NULL);
    struct secret token;
    assert_int_equal(teams_token_get(p->c, p->mem, &ANY, &token, NULL), 0);
    call.until_ms = clock_mono_ms() - 1000;
    struct err e = {0};
    int64_t begun = clock_mono_ms();
    (void)teams_api(p->c, p->mem, &call, NULL, &e);
    assert_true(clock_mono_ms() - begun < 5000);
}

static void other_cloud(struct chat_settings *s)
{
    static const char *const hosts[] = {"bots.example", "bots.example:8443"};
    s->teams_service_hosts = hosts;
    s->teams_service_hosts_count = 2;
    s->teams_cloud = "gcc_high";
    s->trusted_hosts = NULL;
    s->trusted_count = 0;
}

static void test_clouds(void **state)
{
    (void)state;
    struct teams_peer *p = teams_peer_start(other_cloud);
    const struct chat_settings *s = &p->c->settings;
    assert_true(teams_address_ok(s, p->mem, "https://bots.example/x"));
    assert_true(teams_address_ok(s, p->mem, "https://bots.example:8443/x"));
    assert_true(teams_address_ok(s, p->mem, "https://bots.example:443/x"));
    assert_false(teams_address_ok(s, p->mem, "https://bots.example:444/x"));
    assert_false(teams_address_ok(s, p->mem, "http://bots.example/x"));
    assert_false(teams_address_ok(s, p->mem, "https://smba.infra.gov.teams.microsoft.us/gcch"));
    struct teams_cloud cloud = teams_cloud(s);
    assert_string_equal(cloud.issuer, "https://api.botframework.us");
    assert_string_equal(cloud.scope, "https://api.botframework.us/.default");
    assert_true(str_ends(cloud.openid_url, "/openid"));
    static const char *const names[] = {"public", "gcc", "gcc_high", "dod", "china"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct chat_settings only = {.teams_cloud = names[i]};
        cloud = teams_cloud(&only);
        assert_string_equal(cloud.name, names[i]);
        assert_true(str_starts(cloud.login_url, "https://login."));
        assert_true(cloud.base == NULL || teams_address_ok(&only, p->mem, cloud.base));
        assert_false(teams_address_ok(&only, p->mem, "https://evil.example/"));
    }
    static const char *const both[] = {"smba.trafficmanager.net",
                                       "smba.infra.gcc.teams.microsoft.com"};
    const struct chat_settings usual = {.teams_cloud = "public"}, gcc = {.teams_cloud = "gcc"},
                               listed = {.teams_cloud = "public",
                                         .teams_service_hosts = both,
                                         .teams_service_hosts_count = 2};
    assert_null(teams_cloud_gcc(&usual, p->mem));
    assert_null(teams_cloud_gcc(&gcc, p->mem));
    assert_string_equal(teams_cloud_gcc(&listed, p->mem),
                        "https://smba.infra.gcc.teams.microsoft.com/gcc");
    teams_peer_stop(p);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(teams_gotcha_05_ids_are_encoded),
        TEST(teams_gotcha_05_no_id_leads_out_of_its_path),
        TEST(test_the_token_is_asked_for_once),
        TEST(teams_gotcha_15_short_tokens_are_kept_too),
        TEST(test_one_asks_for_all),
        TEST(test_a_fetch_outlasts_nobodys_time),
        TEST(test_calls_that_are_refused_fetch_no_token_each),
        TEST(test_what_entra_refuses),
        TEST(teams_gotcha_16_a_refused_token_is_renewed_once),
        TEST(teams_gotcha_16_a_fresh_token_that_is_refused_is_the_last),
        TEST(teams_gotcha_16_statuses),
        TEST(teams_gotcha_17_bodies_of_errors),
        TEST(teams_gotcha_16_retry_after),
        TEST(teams_gotcha_16_a_conversation_of_another_cloud),
        TEST(teams_gotcha_16_a_conversation_rests_after_429),
        TEST(test_who_is_meant_by_nobody_here),
        TEST(teams_gotcha_11_the_token_goes_to_listed_hosts_alone),
        TEST(test_a_lost_answer),
        TEST(test_nobody_waits_longer_than_asked),
        cmocka_unit_test(test_clouds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* How providers differ in what they take and give: token requests, answers, revocation. */
#include "apps_help.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "tests/unit/base/helpers.h"

static const char grant_answer[] = "{\"access_token\":\"AT1\",\"token_type\":\"Bearer\"}";

static void start(struct bench *b, const char *from, const char *to, const char *answer)
{
    bench_start(b, "");
    b->answer = http_answer(b->mem, 200, "application/json", answer);
    b->site.app = sample_app(b->mem, from, to);
}

static int call(struct bench *b, bool first, struct tokens *t, struct account *a)
{
    const struct app_grant code = {.code = secret_of(b->mem, "C1"),
                                   .redirect_uri = "https://bot.example/cb",
                                   .verifier = secret_of(b->mem, "V1")};
    const struct app_grant refresh = {.refresh = secret_of(b->mem, "RT1")};
    b->e = (struct err){0};
    return app_token(b->mem, b->http, &b->site, &b->client, first ? &code : &refresh, t, a, &b->e);
}

/* One call; the request as it went out. */
static char *sent(struct bench *b, bool first)
{
    struct tokens t = {0};
    struct account a = {0};
    assert_int_equal(call(b, first, &t, &a), 0);
    assert_string_equal(secret_reveal(t.access), "AT1");
    return bench_request(b);
}

static void test_token_requests_take_many_forms(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        bool first;
        const char *line, *part; /* of what is sent */
        const char *lacks;
    } rows[] = {
        {"\"params\":{\"extra\":\"1\"}", "\"format\":\"json\",\"params\":{\"extra\":\"1\"}", true,
         "POST /v2/token ",
         "{\"code\":\"C1\",\"extra\":\"1\",\"grant_type\":\"authorization_code\","
         "\"redirect_uri\":\"https://bot.example/cb\"}",
         "grant_type="},
        {"\"params\":{\"extra\":\"1\"}", "\"headers\":{\"X-Kind\":\"a b\"}", true,
         "POST /v2/token ", "X-Kind: a b\r\n", "extra"},
        {"\"client_auth\":\"basic\"", "\"client_auth\":\"none\"", true, "POST /v2/token ",
         "client_id=sample-client", "client_secret"},
        {"\"client_auth\":\"basic\"", "\"client_auth\":\"none\"", true, "POST /v2/token ",
         "client_id=sample-client", "Authorization"},
        {"\"revoke\":", "\"refresh\":{\"url\":\"https://token.sample.example/renew\"},\"revoke\":",
         false, "POST /renew ", "refresh_token=RT1", "code="},
        {"\"revoke\":", "\"refresh\":{\"url\":\"https://token.sample.example/renew\"},\"revoke\":",
         true, "POST /v2/token ", "code=C1", "refresh_token"},
        {"\"revoke\":",
         "\"refresh\":{\"params\":{\"type\":\"refresh\",\"extra\":\"2\"}},\"revoke\":", false,
         "POST /v2/token ", "&extra=2&type=refresh", "extra=1"},
        {"\"params\":{\"extra\":\"1\"}", "\"params\":{\"grant_type\":\"own_code\"}", true,
         "POST /v2/token ", "grant_type=own_code&", "authorization_code"},
        {"\"params\":{\"extra\":\"1\"}", "\"params\":{\"grant_type\":\"own_code\"}", false,
         "POST /v2/token ", "grant_type=refresh_token&", "own_code"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        start(&b, rows[i].from, rows[i].to, grant_answer);
        const char *text = sent(&b, rows[i].first);
        bool ok = str_starts(text, rows[i].line) && strstr(text, rows[i].part) != NULL &&
                  strstr(text, rows[i].lacks) == NULL;
        if (!ok) {
            print_error("row %zu: %s\n", i, text);
        }
        assert_true(ok);
        bench_stop(&b);
    }
}

/* With the form encoding of RFC 6749 section 2.3.1, and what those get who decode nothing. */
static void test_apps_trap_20_basic_with_and_without_encoding(void **state)
{
    (void)state;
    static const struct {
        const char *to, *credential;
    } rows[] = {
        {"\"client_auth\":\"basic\"", "Authorization: Basic "
                                      "bXkrYXBwJTNBMTpwJTQwc3Mrd29yZCUyQiUyNSVDMyVBOQ=="},
        {"\"client_auth\":\"basic_raw\"", "Authorization: Basic bXkgYXBwOjE6cEBzcyB3b3JkKyXDqQ=="}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        start(&b, "\"client_auth\":\"basic\"", rows[i].to, grant_answer);
        b.client = (struct app_client){"my app:1", secret_of(b.mem, "p@ss word+%\xC3\xA9")};
        const char *text = sent(&b, true);
        assert_non_null(strstr(text, rows[i].credential));
        assert_null(strstr(text, "client_id"));
        bench_stop(&b);
    }
}

static void read_answer(arena *mem, const char *definition, bool refresh, const char *body,
                        struct apps_answer *ret)
{
    const app *a = sample_app(mem, "\"params\":{\"extra\":\"1\"}", definition);
    const struct apps_answer_context c = {.rules = &a->token,
                                          .refresh = refresh,
                                          .status = 200,
                                          .content_type = "application/json",
                                          .asked_at = 1800000000};
    apps_answer_read(mem, &c, bytes_of(body), ret);
}

static void test_apps_trap_01_when_a_token_ends(void **state)
{
    (void)state;
    static const struct {
        const char *expires, *member;
        int64_t end;
    } rows[] = {
        {"{\"path\":\"expires_in\"}", "\"expires_in\":3600", 1800003600},
        {"{\"path\":\"expires_in\"}", "\"expires_in\":\"3600\"", 1800003600},
        {"{\"path\":\"expires_in\"}", "\"expires_in\":0", 0},
        {"{\"path\":\"expires_in\"}", "\"expires_in\":-5", 0},
        {"{\"path\":\"expires_in\"}", "\"expires_at\":1800003600", 0}, /* no other counts */
        {"{\"path\":\"ends\",\"unit\":\"s\"}", "\"ends\":1800000060", 1800000060},
        {"{\"path\":\"ends\",\"unit\":\"s\"}", "\"ends\":1700000000", 0},
        {"{\"path\":\"ends\",\"unit\":\"ms\"}", "\"ends\":1800000060999", 1800000060},
        {"{\"path\":\"ends\",\"unit\":\"ms\"}", "\"ends\":\"1800000060999\"", 1800000060},
        {"{\"path\":\"ends\",\"unit\":\"iso\"}", "\"ends\":\"2027-01-15T08:01:00Z\"", 1800000060},
        {"{\"path\":\"ends\",\"unit\":\"iso\"}", "\"ends\":\"2027-01-15T09:01:00.5+01:00\"",
         1800000060},
        {"{\"path\":\"ends\",\"unit\":\"iso\"}", "\"ends\":\"soon\"", 0},
        {"{\"path\":\"a.b\",\"unit\":\"in_s\"}", "\"a\":{\"b\":60}", 1800000060},
        {"{\"path\":\"a.b\"}", "\"x\":1", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arena *mem = arena_new();
        struct apps_answer a;
        read_answer(mem, arena_printf(mem, "\"expires\":%s", rows[i].expires), false,
                    arena_printf(mem, "{\"access_token\":\"A\",%s}", rows[i].member), &a);
        assert_int_equal(a.kind, ANSWER_TOKENS);
        assert_int_equal(a.tokens.access_expires_at, rows[i].end);
        arena_free(mem);
    }
}

/* Beside the person's token stands the bot's: it is never taken for it. */
static void test_tokens_stand_in_an_object(void **state)
{
    (void)state;
    static const char nested[] = "\"tokens\":\"authed_user\"";
    arena *mem = arena_new();
    struct apps_answer a;
    read_answer(mem, nested, false,
                "{\"ok\":true,\"access_token\":\"BOT\",\"authed_user\":{\"access_token\":\"ME\","
                "\"refresh_token\":\"R\",\"expires_in\":60,\"scope\":\"a,b\"}}",
                &a);
    assert_int_equal(a.kind, ANSWER_TOKENS);
    assert_string_equal(secret_reveal(a.tokens.access), "ME");
    assert_string_equal(secret_reveal(a.tokens.refresh), "R");
    assert_int_equal(a.tokens.access_expires_at, 1800000060);
    assert_int_equal(a.tokens.scopes_count, 2);
    read_answer(mem, nested, false, "{\"access_token\":\"BOT\",\"authed_user\":{\"id\":\"U\"}}",
                &a);
    assert_int_equal(a.kind, ANSWER_REFUSED);
    read_answer(mem, nested, false, "{\"access_token\":\"BOT\"}", &a);
    assert_int_equal(a.kind, ANSWER_REFUSED);
    read_answer(mem, nested, true, "{\"access_token\":\"ME2\"}", &a);
    assert_int_equal(a.kind, ANSWER_TOKENS);
    arena_free(mem);
}

/* What an admin asks for instead may lack it: nobody is told that something is missing. */
static void test_nobody_lacks_what_was_not_asked_for(void **state)
{
    (void)state;
    static const char *const own[] = {"tickets"};
    static const char *const with[] = {"tickets", "write"};
    static const struct {
        const char *const *scopes;
        size_t count;
        int rc;
    } rows[] = {{own, 1, 0}, {with, 2, -1}, {NULL, 0, -1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct tokens t = {0};
        struct account a = {0};
        start(&b, "\"words\":\"Write\"", "\"words\":\"Change things\",\"required\":true",
              "{\"access_token\":\"AT1\",\"scope\":\"tickets\"}");
        const struct app_grant code = {.code = secret_of(b.mem, "C1"),
                                       .redirect_uri = "https://bot.example/cb",
                                       .verifier = secret_of(b.mem, "V1"),
                                       .scopes = rows[i].scopes,
                                       .scopes_count = rows[i].count};
        assert_int_equal(app_token(b.mem, b.http, &b.site, &b.client, &code, &t, &a, &b.e),
                         rows[i].rc);
        assert_string_equal(b.e.code == NULL ? "" : b.e.code,
                            rows[i].rc == 0 ? "" : "scope_missing");
        bench_stop(&b);
    }
}

static void test_a_grant_without_what_is_needed(void **state)
{
    (void)state;
    static const struct {
        const char *scope;
        int rc;
    } rows[] = {{"", 0},
                {",\"scope\":\"read write\"", 0},
                {",\"scope\":\"write,other\"", 0},
                {",\"scope\":\"read\"", -1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct tokens t = {0};
        struct account a = {0};
        start(&b, "\"words\":\"Write\"", "\"words\":\"Change things\",\"required\":true", "");
        b.answer = http_answer(b.mem, 200, "application/json",
                               arena_printf(b.mem, "{\"access_token\":\"AT1\"%s}", rows[i].scope));
        assert_int_equal(call(&b, true, &t, &a), rows[i].rc);
        if (rows[i].rc != 0) {
            assert_int_equal(b.e.kind, ERR_CONFIG);
            assert_string_equal(b.e.code, "scope_missing");
            assert_non_null(strstr(b.e.text, "\"Change things\" (write)"));
            assert_string_equal(secret_reveal(t.access), "AT1"); /* to be revoked */
        }
        /* a refresh is not the place to refuse it */
        assert_int_equal(call(&b, false, &t, &a), 0);
        bench_stop(&b);
    }
}

static void test_what_comes_with_the_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *code;
    } rows[] = {{"{\"access_token\":\"AT1\",\"team\":{\"id\":\"T1\"}}", NULL},
                {"{\"access_token\":\"AT1\",\"team\":{\"id\":\"T/1\"}}", "captured_var"},
                {"{\"access_token\":\"AT1\"}", "missing_var"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct tokens t = {0};
        struct account a = {.vars = NULL};
        start(&b, "\"values\":{\"v\":\"v2\"}", "\"values\":{\"v\":\"v2\"}", rows[i].answer);
        app *with =
            sample_app(b.mem, "\"token\":{",
                       "\"vars\":{\"team\":{\"from\":\"token\",\"pattern\":\"^[A-Z0-9]+$\"}},"
                       "\"token\":{\"capture\":{\"team\":\"team.id\"},");
        b.site.app = with;
        assert_int_equal(call(&b, true, &t, &a), rows[i].code == NULL ? 0 : -1);
        if (rows[i].code == NULL) {
            assert_string_equal(json_text(a.vars, "team"), "T1");
        } else {
            assert_string_equal(b.e.code, rows[i].code);
        }
        bench_stop(&b);
    }
}

/* A login that has lost its state at the end could never come back. */
static void test_an_authorize_url_is_whole_or_none(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char *url = NULL;
    struct err e = {.kind = ERR_NONE};
    char *hint = arena_alloc(mem, LIMIT_URL + 1);
    memset(hint, 'a', LIMIT_URL);
    const struct app_site site = {.app = sample_app(mem, "", ""), .host = "id.sample.example"};
    const struct app_authorize q = {
        .client_id = "c", .redirect_uri = "https://b.example", .state = "s", .login_hint = hint};
    assert_int_equal(app_authorize_url(mem, &site, &q, &url, &e), -1);
    assert_string_equal(e.code, "template_too_long");
    arena_free(mem);
}

static void test_the_authorize_url_in_other_words(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char *const scopes[] = {"read", "write"};
    struct app_site site = {
        .app = sample_app(mem, "\"params\":{\"audience\":\"a b&c\"}",
                          "\"params\":{\"audience\":\"\",\"x\":\"1\"},\"skip_empty\":true,"
                          "\"rename\":{\"client_id\":\"app_id\",\"response_type\":\"\","
                          "\"scope\":\"user_scope\"}"),
        .host = "id.sample.example"};
    const struct app_authorize q = {
        .client_id = "c", .redirect_uri = "r", .scopes = scopes, .scopes_count = 2, .state = "s"};
    assert_string_equal(authorize_url(mem, &site, &q),
                        "https://id.sample.example/auth?tenant=1&app_id=c&redirect_uri=r"
                        "&user_scope=read%2Cwrite&state=s&x=1");
    site.app =
        sample_app(mem, "\"params\":{\"audience\":\"a b&c\"}", "\"params\":{\"audience\":\"\"}");
    assert_true(str_ends(authorize_url(mem, &site, &q), "&state=s&audience="));
    arena_free(mem);
}

static void test_revoking_takes_many_forms(void **state)
{
    (void)state;
    static const struct {
        const char *revoke; /* behind the URL */
        int status;
        const char *line, *part, *lacks;
        int rc;
    } rows[] = {
        {"\"method\":\"DELETE\",\"param\":\"access_token\",\"token\":\"access\",\"format\":\"json\","
         "\"auth\":\"basic\",\"success\":[204]",
         204, "DELETE /apps/sample-client/grant ", "{\"access_token\":\"AT1\"}", "RT1", 0},
        {"\"auth\":\"basic\",\"success\":[204]", 200, "POST /apps/", "token=RT1", "AT1", -1},
        {"\"auth\":\"bearer\",\"token\":\"access\"", 200, "POST /apps/",
         "Authorization: Bearer AT1", "token=", 0},
        {"\"auth\":\"bearer\",\"param\":\"t\"", 200, "POST /apps/", "t=RT1", "AT1", 0},
        {"\"method\":\"GET\",\"format\":\"query\"", 200, "GET /apps/sample-client/grant?token=RT1 ",
         "Accept", "AT1", 0},
        {"\"auth\":\"client\"", 200, "POST /apps/", "Authorization: Basic ", "client_secret", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        bench_start(&b, "");
        b.answer = http_answer(b.mem, rows[i].status, "application/json", "");
        b.site.app = sample_app(
            b.mem,
            "\"url\":\"https://id.sample.example/revoke\",\"token\":\"both\",\"auth\":\"client\"",
            arena_printf(b.mem, "\"url\":\"https://id.sample.example/apps/{client_id}/grant\",%s",
                         rows[i].revoke));
        const struct tokens t = {.access = secret_of(b.mem, "AT1"),
                                 .refresh = secret_of(b.mem, "RT1")};
        enum app_revoked done = APP_REVOKE_NONE;
        assert_int_equal(app_revoke(b.mem, b.http, &b.site, &b.client, &t, &done, &b.e),
                         rows[i].rc);
        const char *text = bench_request(&b);
        bool ok = str_starts(text, rows[i].line) && strstr(text, rows[i].part) != NULL &&
                  strstr(text, rows[i].lacks) == NULL;
        if (!ok) {
            print_error("row %zu: %s\n", i, text);
        }
        assert_true(ok);
        bench_stop(&b);
    }
}

/* What says that the grant has ended, and what says only that this token does not do. */
static void test_apps_trap_13_what_a_refused_revocation_says(void **state)
{
    (void)state;
    static const struct {
        const char *revoke, *error;
        int status, rc;
        size_t requests;
    } rows[] = {
        {"\"auth\":\"bearer\",\"token\":\"access\"", "invalid_token", 401, -1, 1},
        {"\"auth\":\"bearer\",\"token\":\"access\"", "invalid_token", 400, 0, 1},
        {"\"token\":\"access\"", "invalid_token", 400, 0, 1},
        /* the other token is tried, and refused as well */
        {"\"token\":\"refresh\"", "unsupported_token_type", 400, -1, 2},
        {"\"token\":\"access\"", "unsupported_token_type", 400, -1, 1},
        {"\"gone\":[\"unsupported_token_type\"]", "unsupported_token_type", 400, 0, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        bench_start(&b, "");
        b.answer = http_answer(b.mem, rows[i].status, "application/json",
                               arena_printf(b.mem, "{\"error\":\"%s\"}", rows[i].error));
        b.site.app = sample_app(
            b.mem,
            "\"url\":\"https://id.sample.example/revoke\",\"token\":\"both\",\"auth\":\"client\"",
            arena_printf(b.mem, "\"url\":\"https://id.sample.example/revoke\",%s", rows[i].revoke));
        const struct tokens t = {.access = secret_of(b.mem, "AT1"),
                                 .refresh = secret_of(b.mem, "RT1")};
        enum app_revoked done = APP_REVOKE_NONE;
        int rc = app_revoke(b.mem, b.http, &b.site, &b.client, &t, &done, &b.e);
        if (rc != rows[i].rc || scripted_requests(b.server) != rows[i].requests) {
            fail_msg("row %zu: %d after %zu requests", i, rc, scripted_requests(b.server));
        }
        bench_stop(&b);
    }
}

/* An access token that outlives the login is told by when it runs out, not by when it began. */
static void test_what_is_left_of_a_revoked_login(void **state)
{
    (void)state;
    enum { NOW = 1790000000 };
    static const struct {
        int64_t leaves_s, expires_at, left;
        const char *access, *refresh;
    } rows[] = {
        {1800, NOW + 600, NOW + 600, "AT1", "RT1"}, /* as the app said */
        {1800, 0, NOW + 1800, "AT1", "RT1"},        /* it never said: at the latest */
        {1800, NOW, 0, "AT1", "RT1"},               /* over by now */
        {1800, NOW + 600, 0, "", "RT1"},            /* there is none */
        {1800, NOW + 600, 0, "AT1", ""},            /* it was revoked itself */
        {0, NOW + 600, 0, "AT1", "RT1"},            /* it ends with the login */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arena *mem = arena_new();
        const app *a =
            sample_app(mem, "\"token\":\"both\"",
                       arena_printf(mem, "\"leaves_access_s\":%lld", (long long)rows[i].leaves_s));
        const struct tokens t = {.access = secret_of(mem, rows[i].access),
                                 .refresh = secret_of(mem, rows[i].refresh),
                                 .access_expires_at = rows[i].expires_at};
        int64_t left = app_access_left(a, &t, NOW);
        if (left != rows[i].left) {
            fail_msg("row %zu: %lld", i, (long long)left);
        }
        arena_free(mem);
    }
}

/* The token is one segment, whatever it holds, and stands nowhere else. */
static void test_a_token_that_stands_in_the_path(void **state)
{
    (void)state;
    static const struct {
        const char *revoke, *line;
    } rows[] = {
        {"\"url\":\"https://id.sample.example/tokens/{token}\",\"method\":\"DELETE\"",
         "DELETE /tokens/R%2F..%2FT%3F%23%201%2B HTTP/1.1\r\n"},
        {"\"url\":\"https://id.sample.example/{client_id}/{token}/end\",\"method\":\"GET\"",
         "GET /sample-client/R%2F..%2FT%3F%23%201%2B/end HTTP/1.1\r\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        arena *kept = arena_new(); /* both peers are told of the same tokens */
        bench_start(&b, "");
        b.answer = http_answer(b.mem, 204, "application/json", "");
        b.site.app = sample_app(
            b.mem,
            "\"url\":\"https://id.sample.example/revoke\",\"token\":\"both\",\"auth\":\"client\"",
            rows[i].revoke);
        const struct tokens t = {.access = secret_of(kept, "AT1"),
                                 .refresh = secret_of(kept, "R/../T?# 1+")};
        enum app_revoked done = APP_REVOKE_NONE;
        assert_int_equal(app_revoke(b.mem, b.http, &b.site, &b.client, &t, &done, &b.e), 0);
        const char *text = bench_request(&b);
        assert_true(str_starts(text, rows[i].line));
        assert_null(strstr(text, "AT1"));
        assert_null(strstr(text, "token="));
        assert_int_equal(strlen(strstr(text, "\r\n\r\n")), 4);
        bench_stop(&b);

        /* what came to nothing names the host alone */
        bench_start(&b, "");
        b.site.app = sample_app(
            b.mem,
            "\"url\":\"https://id.sample.example/revoke\",\"token\":\"both\",\"auth\":\"client\"",
            rows[i].revoke);
        assert_int_equal(app_revoke(b.mem, b.http, &b.site, &b.client, &t, &done, &b.e), -1);
        assert_null(strstr(b.e.text, "R%2F"));
        assert_null(strstr(b.e.text, "R/"));
        bench_stop(&b);
        arena_free(kept);
    }
    arena *mem = arena_new();
    const struct faults *f = sample_faults(mem, "\"url\":\"https://id.sample.example/revoke\"",
                                           "\"url\":\"https://{token}.sample.example/revoke\"");
    assert_true(has_fault(f, "sample.json.revoke.url", "path alone"));
    arena_free(mem);
}

static void test_scopes_that_cover_others(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const apps *all = builtin_apps(mem);
    static const struct {
        const char *app, *granted, *scope;
        bool covers;
    } rows[] = {
        {"salesforce", "full", "api", true},
        {"salesforce", "FULL", "Api", true},
        {"salesforce", "full", "refresh_token", false},
        {"salesforce", "api", "full", false},
        {"salesforce", "api", "api", true},
        {"salesforce", "id", "email", true},
        {"github", "user", "user:email", true},
        {"github", "repo", "read:user", false},
        {"box", "full", "api", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const app *a = apps_find(all, rows[i].app);
        assert_int_equal(app_scope_covers(a, rows[i].granted, rows[i].scope), rows[i].covers);
    }
    arena_free(mem);
}

static void test_what_a_forecast_needs(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = sample_app(mem, "\"revoke\":",
                              "\"refresh\":{\"idle_days\":60,\"fixed_days\":100,"
                              "\"grants_per_user\":5},\"unverified\":[\"The days.\"],\"revoke\":");
    assert_int_equal(app_refresh_idle_days(a), 60);
    assert_int_equal(app_refresh_fixed_days(a), 100);
    assert_int_equal(app_grants_per_user(a), 5);
    assert_true(app_needs_secret(a));
    json_t *about = arena_json(mem, app_describe(a));
    assert_string_equal(json_string_value(json_at(about, "unverified.0")), "The days.");
    a = sample_app(mem, "\"client_auth\":\"basic\"", "\"client_auth\":\"none\"");
    assert_false(app_needs_secret(a));
    assert_int_equal(app_refresh_idle_days(a) + app_refresh_fixed_days(a), 0);
    arena_free(mem);
}

static void test_an_app_without_oauth2_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"api_key", "acts for nobody in particular"},
                                          {"oauth2_cc", "for no person"},
                                          {"basic", "a password"},
                                          {"smoke_signals", "another kind"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arena *mem = arena_new();
        const struct faults *f = definition_faults(
            mem, arena_printf(mem, "{\"name\":\"sample\",\"auth\":\"%s\"}", rows[i][0]));
        assert_int_equal(f->count, 1); /* what else is missing is of no interest */
        assert_true(has_fault(f, "sample.json.auth", rows[i][1]));
        assert_true(has_fault(f, "sample.json.auth", "OAuth2"));
        arena_free(mem);
    }
}

/* RFC 9207 section 2.4: whose metadata promises `iss` never sends a callback without it. */
static void test_apps_trap_08_an_issuer_that_is_demanded(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = sample_app(mem, "\"issuer\":\"https://id\"",
                              "\"issuer\":\"https://id\",\"issuer_required\":true");
    assert_true(app_issuer_fits(a, "https://id"));
    static const char *const others[] = {NULL, "", "https://id/", "HTTPS://ID", "https://evil"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(app_issuer_fits(a, others[i]));
    }
    arena_free(mem);
}

static void test_faults_of_these_keys(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *path, *part;
    } rows[] = {
        {"\"pkce\":false", "\"rename\":{\"state\":\"s\"}", "sample.json.authorize.rename.state",
         "Workbot sends"},
        {"\"pkce\":false", "\"rename\":{\"scope\":\"a b\"}", "sample.json.authorize.rename.scope",
         "Workbot sends"},
        {"\"issuer\":\"https://id\"", "\"issuer_required\":true",
         "sample.json.authorize.issuer_required", "Name the issuer"},
        {"\"extra\":\"1\"", "\"code\":\"1\"", "sample.json.token.params.code", "itself"},
        {"\"params\":{\"extra\":\"1\"}", "\"headers\":{\"Authorization\":\"x\"}",
         "sample.json.token.headers.Authorization", "itself"},
        {"\"params\":{\"extra\":\"1\"}", "\"headers\":{\"X-A\":\"a\\r\\nB: c\"}",
         "sample.json.token.headers.X-A", "one line"},
        {"\"params\":{\"extra\":\"1\"}", "\"expires\":{\"unit\":\"s\"}",
         "sample.json.token.expires.path", "required"},
        {"\"params\":{\"extra\":\"1\"}", "\"capture\":{\"team\":\"t\"}",
         "sample.json.token.capture.team", "variable"},
        {"\"token\":{", "\"refresh\":{\"idle_days\":-1},\"token\":{",
         "sample.json.refresh.idle_days", "from 0"},
        {"\"token\":\"both\"", "\"param\":\"\"", "sample.json.revoke.param", "which token"},
        {"\"token\":\"both\"", "\"method\":\"GET\"", "sample.json.revoke.format", "query"},
        {"\"token\":\"both\"", "\"token\":\"both\",\"leaves_access_s\":60",
         "sample.json.revoke.leaves_access_s", "has ended"},
        {"\"token\":\"both\"", "\"leaves_access_s\":86401", "sample.json.revoke.leaves_access_s",
         "86400"},
        {"\"token\":\"both\"", "\"success\":[302]", "sample.json.revoke.success[0]", "299"},
        {"\"token\":{", "\"vars\":{\"host\":{\"from\":\"token\"}},\"token\":{",
         "sample.json.vars.host", "lower-case"},
        {"\"token\":{", "\"vars\":{\"t\":{\"from\":\"token\"}},\"token\":{", "sample.json.vars.t",
         "Nothing sets"},
        {"\"token\":{", "\"vars\":{\"t\":{}},\"token\":{", "sample.json.vars.t.from", "required"},
        {"\"token\":{", "\"vars\":{\"t\":{\"from\":\"connection\",\"pattern\":\"a\"}},\"token\":{",
         "sample.json.vars.t.pattern", "regular"},
        {"\"token\":{",
         "\"vars\":{\"t\":{\"from\":\"connection\",\"default\":\"a/b\"}},\"token\":{",
         "sample.json.vars.t.default", "pattern"},
        {"\"path\":\"/{v}/me\"", "\"path\":\"/me\",\"url\":\"https://x.sample.example/me\"",
         "sample.json.identity.path", "in its place"},
        {"\"path\":\"/{v}/me\"", "\"path\":\"/me\",\"body\":{}", "sample.json.identity.body",
         "POST"},
        {"{\"path\":\"org.id\"}", "{\"var\":\"nope\"}", "sample.json.identity.key[0].var", "host"},
        {"[{\"path\":\"org.id\"},{\"path\":\"id\"}]", "[{\"var\":\"host\"}]",
         "sample.json.identity.key", "for ever"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arena *mem = arena_new();
        if (!has_fault(sample_faults(mem, rows[i].from, rows[i].to), rows[i].path, rows[i].part)) {
            print_error("row %zu\n", i);
            fail();
        }
        arena_free(mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_requests_take_many_forms),
        cmocka_unit_test(test_apps_trap_20_basic_with_and_without_encoding),
        cmocka_unit_test(test_apps_trap_01_when_a_token_ends),
        cmocka_unit_test(test_tokens_stand_in_an_object),
        cmocka_unit_test(test_a_grant_without_what_is_needed),
        cmocka_unit_test(test_nobody_lacks_what_was_not_asked_for),
        cmocka_unit_test(test_what_comes_with_the_tokens),
        cmocka_unit_test(test_an_authorize_url_is_whole_or_none),
        cmocka_unit_test(test_the_authorize_url_in_other_words),
        cmocka_unit_test(test_revoking_takes_many_forms),
        cmocka_unit_test(test_apps_trap_13_what_a_refused_revocation_says),
        cmocka_unit_test(test_what_is_left_of_a_revoked_login),
        cmocka_unit_test(test_a_token_that_stands_in_the_path),
        cmocka_unit_test(test_scopes_that_cover_others),
        cmocka_unit_test(test_what_a_forecast_needs),
        cmocka_unit_test(test_an_app_without_oauth2_is_refused_with_the_reason),
        cmocka_unit_test(test_apps_trap_08_an_issuer_that_is_demanded),
        cmocka_unit_test(test_faults_of_these_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

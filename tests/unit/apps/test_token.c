/* The token endpoint: dialects of answers, meanings of refusals, what is sent (P5, P6, P7). */
#include "apps_help.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "crypto.h"
#include "tests/unit/base/helpers.h"

enum { ASKED_AT = 1800000000 };

static struct apps_answer read_as(arena *mem, int status, const char *type, const char *body)
{
    const struct apps_answer_context c = {
        .status = status, .content_type = type, .asked_at = ASKED_AT};
    struct apps_answer answer;
    apps_answer_read(mem, &c, bytes_of(body), &answer);
    return answer;
}

static struct apps_answer read_json(arena *mem, const char *members)
{
    return read_as(
        mem, 200, "application/json",
        arena_printf(mem, "{\"access_token\":\"A\",\"token_type\":\"Bearer\"%s}", members));
}

static void test_apps_trap_01_every_way_to_say_when_it_ends(void **state)
{
    (void)state;
    static const struct {
        const char *members;
        int64_t end; /* 0: unknown */
    } rows[] = {
        {"", 0},
        {",\"expires_in\":3600", ASKED_AT + 3600},
        {",\"expires_in\":\"3600\"", ASKED_AT + 3600},
        {",\"expires_in\":3599.9", ASKED_AT + 3599},
        {",\"expires_in\":0", 0},
        {",\"expires_in\":-5", 0},
        {",\"expires_in\":null", 0},
        {",\"expires_in\":\"soon\"", 0},
        {",\"expires_in\":9223372036854775807", 0},
        {",\"expires_in\":-9223372036854775808", 0},
        {",\"expires_in\":1e300", 0},
        {",\"expires_in\":{}", 0},
        {",\"expires\":60", ASKED_AT + 60},
        {",\"expires_at\":1800003600", 1800003600},
        {",\"expires_at\":1800003600000", 1800003600},
        {",\"expires_at\":\"1800003600000\"", 1800003600},
        {",\"expires_at\":\"2027-01-15T09:00:00Z\"", 1800003600},
        {",\"expires_at\":\"2027-01-15T09:00:00.123Z\"", 1800003600},
        {",\"expires_at\":\"2027-01-15T10:00:00+01:00\"", 1800003600},
        {",\"expires_at\":\"2027-01-15T04:30:00.5-04:30\"", 1800003600},
        {",\"expires_at\":\"2027-01-15 09:00\"", 0},
        {",\"expires_at\":1700000000", 0},
        {",\"expires_at\":-1", 0},
        {",\"expires_at\":9223372036854775807", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arena *mem = arena_new();
        const struct apps_answer a = read_json(mem, rows[i].members);
        assert_int_equal(a.kind, ANSWER_TOKENS);
        if (a.tokens.access_expires_at != rows[i].end) {
            fail_msg("%s: %lld", rows[i].members, (long long)a.tokens.access_expires_at);
        }
        arena_free(mem);
    }
}

static void test_the_end_of_a_refresh_token(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_int_equal(read_json(mem, "").tokens.refresh_expires_at, 0);
    assert_int_equal(read_json(mem, ",\"refresh_token_expires_in\":10").tokens.refresh_expires_at,
                     ASKED_AT + 10);
    assert_int_equal(read_json(mem, ",\"refresh_expires_in\":\"10\"").tokens.refresh_expires_at,
                     ASKED_AT + 10);
    arena_free(mem);
}

static void test_scopes_as_text_or_list(void **state)
{
    (void)state;
    static const char *const rows[] = {",\"scope\":\"b a\"", ",\"scope\":\" b,a, \"",
                                       ",\"scope\":[\"b\",\"a\",7]"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arena *mem = arena_new();
        const struct tokens t = read_json(mem, rows[i]).tokens;
        assert_int_equal(t.scopes_count, 2);
        assert_string_equal(t.scopes[0], "b");
        assert_string_equal(t.scopes[1], "a");
        arena_free(mem);
    }
    arena *mem = arena_new();
    struct str many = str_new(mem, 10000);
    for (int i = 0; i < 300; i++) {
        str_printf(&many, "s%d ", i);
    }
    const char *members = arena_printf(mem, ",\"scope\":\"%s\"", many.text);
    assert_int_equal(read_json(mem, members).tokens.scopes_count, 100);
    arena_free(mem);
}

static void test_apps_trap_06_form_encoded_tokens(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char form[] = "application/x-www-form-urlencoded";
    struct apps_answer a = read_as(mem, 200, form,
                                   "access_token=a%2Bb&token_type=bearer&scope=x+y&refresh_token=r"
                                   "&expires_in=60&access_token=second&broken=%zz&=&novalue");
    assert_int_equal(a.kind, ANSWER_TOKENS);
    assert_string_equal(secret_reveal(a.tokens.access), "a+b");
    assert_string_equal(secret_reveal(a.tokens.refresh), "r");
    assert_int_equal(a.tokens.access_expires_at, ASKED_AT + 60);
    assert_int_equal(a.tokens.access_life_s, 60);
    assert_int_equal(a.tokens.scopes_count, 2);
    a = read_as(mem, 200, form, "error=bad_verification_code&error_description=x");
    assert_int_equal(a.kind, ANSWER_REFUSED);
    assert_string_equal(a.error, "bad_verification_code");
    /* only when the type says so */
    a = read_as(mem, 200, "text/plain", "access_token=a&token_type=bearer");
    assert_int_equal(a.kind, ANSWER_UNREADABLE);
    arena_free(mem);
}

static void test_apps_trap_06_what_is_no_token(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char *huge = arena_alloc(mem, LIMIT_TOKEN + 2);
    memset(huge, 'x', LIMIT_TOKEN + 1);
    const struct {
        int status;
        const char *body;
        enum apps_answer_kind want;
    } rows[] = {
        {200, "", ANSWER_UNREADABLE},
        {200, "<html>busy</html>", ANSWER_UNREADABLE},
        {200, "[]", ANSWER_UNREADABLE},
        {200, "null", ANSWER_UNREADABLE},
        {200, "{\"access_token\":", ANSWER_UNREADABLE},
        {200, "{\"access_token\":\"A\\u0000B\",\"token_type\":\"Bearer\"}", ANSWER_UNREADABLE},
        {200, "{\"access_token\":\"A\",\"access_token\":\"B\"}", ANSWER_UNREADABLE},
        {200, "{}", ANSWER_REFUSED},
        {200, "{\"error\":\"bad_verification_code\"}", ANSWER_REFUSED},
        {200, "{\"ok\":false,\"error\":\"invalid_code\"}", ANSWER_REFUSED},
        {200, "{\"ok\":false,\"access_token\":\"A\",\"token_type\":\"Bearer\"}", ANSWER_REFUSED},
        {200, "{\"error\":\"x\",\"access_token\":\"A\",\"token_type\":\"Bearer\"}", ANSWER_REFUSED},
        {200, "{\"error\":{\"a\":1},\"access_token\":\"A\",\"token_type\":\"Bearer\"}",
         ANSWER_REFUSED},
        {200, "{\"access_token\":\"\",\"token_type\":\"Bearer\"}", ANSWER_REFUSED},
        {200, "{\"access_token\":7,\"token_type\":\"Bearer\"}", ANSWER_REFUSED},
        {200, "{\"access_token\":\"A\\r\\nX: y\",\"token_type\":\"Bearer\"}", ANSWER_REFUSED},
        {200, "{\"access_token\":\"\\u00e9\",\"token_type\":\"Bearer\"}", ANSWER_REFUSED},
        {200, "{\"access_token\":\"A\",\"token_type\":\"mac\"}", ANSWER_REFUSED},
        {200, "{\"access_token\":\"A\"}", ANSWER_REFUSED},
        {200, "{\"access_token\":\"A\",\"token_type\":\"Bearer\",\"refresh_token\":\"\\n\"}",
         ANSWER_REFUSED},
        {400, "{\"access_token\":\"A\",\"token_type\":\"Bearer\"}", ANSWER_REFUSED},
        {201, "{\"access_token\":\"A\",\"token_type\":\"bEARER\",\"error\":null,\"ok\":true}",
         ANSWER_TOKENS},
        {200, "{\"access_token\":\"A\",\"token_type\":\"Bearer\",\"error\":\"\"}", ANSWER_TOKENS},
        {200, "{\"access_token\":\"A\",\"token_type\":\"Bearer\",\"refresh_token\":\"\"}",
         ANSWER_TOKENS},
        {200, arena_printf(mem, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\"}", huge),
         ANSWER_REFUSED},
        {200, arena_printf(mem, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\"}", huge + 1),
         ANSWER_TOKENS},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct apps_answer a = read_as(mem, rows[i].status, "application/json", rows[i].body);
        if (a.kind != rows[i].want) {
            fail_msg("row %zu %.60s: %d", i, rows[i].body, (int)a.kind);
        }
        assert_true((a.kind == ANSWER_TOKENS) == !secret_empty(a.tokens.access));
    }
    arena_free(mem);
}

/* P7: each row of the table of meanings, the generic one and Salesforce's. */
static void test_apps_trap_05_what_each_refusal_means(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *code, *message;
        enum apps_grant_kind grant;
        bool html;
        enum err_kind want;
    } rows[] = {
        {400, "invalid_grant", "expired access/refresh token", REFRESH_GRANT, false,
         ERR_LOGIN_NEEDED},
        {400, "invalid_grant", NULL, CODE_GRANT, false, ERR_LOGIN_NEEDED},
        {403, "invalid_grant", NULL, REFRESH_GRANT, false, ERR_LOGIN_NEEDED},
        {400, "invalid_grant", "token request is already being processed", REFRESH_GRANT, false,
         ERR_UPSTREAM_BUSY},
        {400, "invalid_grant", "expired authorization code", REFRESH_GRANT, false,
         ERR_UPSTREAM_BUSY},
        {400, "invalid_grant", "expired authorization code", CODE_GRANT, false, ERR_LOGIN_NEEDED},
        {400, "invalid_grant", "IP restricted", REFRESH_GRANT, false, ERR_ATTENTION},
        {400, "inactive_user", "user is inactive", REFRESH_GRANT, false, ERR_LOGIN_NEEDED},
        {400, "inactive_org", NULL, REFRESH_GRANT, false, ERR_ATTENTION},
        {400, "rate_limit_exceeded", NULL, REFRESH_GRANT, false, ERR_UPSTREAM_BUSY},
        {400, "invalid_client_id", NULL, REFRESH_GRANT, false, ERR_CONFIG},
        {400, "invalid_client_credentials", NULL, REFRESH_GRANT, false, ERR_CONFIG},
        {400, "redirect_uri_mismatch", NULL, CODE_GRANT, false, ERR_CONFIG},
        {400, "invalid_client", NULL, REFRESH_GRANT, false, ERR_CONFIG},
        {401, "invalid_client", NULL, REFRESH_GRANT, false, ERR_CONFIG},
        {400, "unauthorized_client", NULL, REFRESH_GRANT, false, ERR_CONFIG},
        {400, "invalid_scope", NULL, REFRESH_GRANT, false, ERR_CONFIG},
        {400, "unsupported_grant_type", NULL, REFRESH_GRANT, false, ERR_CONFIG},
        {400, "invalid_request", NULL, REFRESH_GRANT, false, ERR_CONFIG},
        {400, "temporarily_unavailable", NULL, REFRESH_GRANT, false, ERR_UPSTREAM_BUSY},
        {400, "server_error", NULL, REFRESH_GRANT, false, ERR_UPSTREAM_BUSY},
        {200, "server_error", NULL, REFRESH_GRANT, false, ERR_UPSTREAM_BUSY},
        {408, NULL, NULL, REFRESH_GRANT, false, ERR_UPSTREAM_BUSY},
        {429, NULL, NULL, REFRESH_GRANT, false, ERR_UPSTREAM_BUSY},
        {429, "whatever", NULL, REFRESH_GRANT, false, ERR_UPSTREAM_BUSY},
        {500, NULL, NULL, REFRESH_GRANT, false, ERR_UPSTREAM_BUSY},
        {503, "unknown_error", NULL, REFRESH_GRANT, false, ERR_UPSTREAM_BUSY},
        {200, NULL, NULL, REFRESH_GRANT, true, ERR_UPSTREAM_BUSY},
        {404, NULL, NULL, REFRESH_GRANT, true, ERR_UPSTREAM_BUSY},
        {404, NULL, NULL, REFRESH_GRANT, false, ERR_ATTENTION},
        {401, NULL, NULL, REFRESH_GRANT, false, ERR_ATTENTION},
        {403, "access_denied", NULL, REFRESH_GRANT, false, ERR_ATTENTION},
        {400, "something_new", "never seen", REFRESH_GRANT, false, ERR_ATTENTION},
        {302, NULL, NULL, REFRESH_GRANT, false, ERR_ATTENTION},
        {200, "bad_verification_code", NULL, CODE_GRANT, false, ERR_ATTENTION},
    };
    arena *mem = arena_new();
    const app *sf = apps_find(builtin_apps(mem), "salesforce");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct apps_refusal r = {rows[i].status, rows[i].code,  rows[i].message,
                                       false,          rows[i].grant, false};
        struct err e = {0};
        assert_int_equal(apps_token_error(sf, &r, rows[i].html, 0, &e), -1);
        if (e.kind != rows[i].want) {
            fail_msg("row %zu: %s", i, err_kind_name(e.kind));
        }
    }
    /* an app's own row: this server_error is a dead grant */
    const app *other = sample_app(mem, NULL, NULL);
    const struct apps_refusal dead = {401,   "server_error", "access_denied",
                                      false, REFRESH_GRANT,  false};
    struct err e = {0};
    apps_token_error(other, &dead, false, 0, &e);
    assert_int_equal(e.kind, ERR_LOGIN_NEEDED);
    assert_string_equal(e.code, "grant_dead");
    arena_free(mem);
}

static void test_when_to_try_again_and_what_a_gateway_leaves_open(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *sf = apps_find(builtin_apps(mem), "salesforce");
    struct err e = {0};
    const struct apps_refusal concurrent = {400,   "invalid_grant", "already being processed",
                                            false, REFRESH_GRANT,   false};
    apps_token_error(sf, &concurrent, false, 0, &e);
    assert_int_equal(e.retry_after_ms, 2000);
    assert_false(e.maybe_done);
    apps_token_error(sf, &concurrent, false, 9000, &e);
    assert_int_equal(e.retry_after_ms, 9000);
    static const struct {
        int status;
        bool maybe_done;
    } rows[] = {{200, false}, {500, false}, {502, false}, {503, false},
                {504, true},  {520, false}, {524, true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct apps_refusal r = {.status = rows[i].status, .grant = REFRESH_GRANT};
        e = (struct err){0};
        apps_token_error(sf, &r, true, 0, &e);
        assert_int_equal(e.kind, ERR_UPSTREAM_BUSY);
        assert_int_equal(e.maybe_done, rows[i].maybe_done);
    }
    arena_free(mem);
}

static void test_apps_trap_20_basic_credentials_are_form_encoded(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = sample_app(mem, NULL, NULL);
    const struct app_client client = {"my app:1", secret_of(mem, "p@ss word+%\xC3\xA9")};
    struct net_request q = {0};
    size_t n = 0;
    apps_client_auth(mem, a, &client, &q, &n);
    assert_int_equal(n, 0);
    assert_string_equal(secret_reveal(q.basic), "bXkrYXBwJTNBMTpwJTQwc3Mrd29yZCUyQiUyNSVDMyVBOQ==");
    assert_string_equal(crypto_pkce_challenge(mem, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    arena_free(mem);
}

static char *sf_tokens(const char *host, arena *mem, const char *more)
{
    return http_answer(
        mem, 200, "application/json;charset=UTF-8",
        arena_printf(mem,
                     "{\"access_token\":\"00Dx!AR8\","
                     "\"scope\":\"refresh_token api openid\",\"instance_url\":\"%s\","
                     "\"id\":\"https://login.salesforce.com/id/00Dx0000000BV7z/005x00000012Q9P\","
                     "\"token_type\":\"Bearer\",\"issued_at\":\"1278448101416\"%s}",
                     host, more));
}

static int code_call(struct bench *b, struct tokens *t, struct account *a)
{
    const struct app_grant grant = {
        .code = secret_of(b->mem, "aPrxsmIEeqM9=="),
        .redirect_uri = "https://bot.example/oauth/callback/sf1",
        .verifier = secret_of(b->mem, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")};
    return app_token(b->mem, b->http, &b->site, &b->client, &grant, t, a, &b->e);
}

static int refresh_call_of(struct bench *b, struct tokens *t, struct account *a)
{
    const struct app_grant grant = {.refresh = secret_of(b->mem, "5Aep861=")};
    return app_token(b->mem, b->http, &b->site, &b->client, &grant, t, a, &b->e);
}

static int refresh_call(struct bench *b, struct tokens *t)
{
    struct account unused = {0};
    return refresh_call_of(b, t, &unused);
}

static void test_a_code_becomes_tokens(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    bench_start(&b, sf_tokens("http://127.0.0.1:1/", mem, ",\"refresh_token\":\"5Aep861\""));
    struct tokens t = {0};
    struct account a = {0};
    assert_int_equal(code_call(&b, &t, &a), 0);
    assert_string_equal(secret_reveal(t.access), "00Dx!AR8");
    assert_string_equal(secret_reveal(t.refresh), "5Aep861");
    assert_int_equal(t.access_expires_at, 0);
    assert_int_equal(t.scopes_count, 3);
    assert_string_equal(a.api_base, "http://127.0.0.1:1");
    const char *q = bench_request(&b);
    assert_true(str_starts(q, "POST /services/oauth2/token HTTP/1.1\r\n"));
    assert_non_null(strcasestr(q, "\r\nAccept: application/json\r\n"));
    assert_null(strcasestr(q, "\r\nAuthorization:"));
    assert_true(str_ends(q, "\r\n\r\ngrant_type=authorization_code&code=aPrxsmIEeqM9%3D%3D"
                            "&redirect_uri=https%3A%2F%2Fbot.example%2Foauth%2Fcallback%2Fsf1"
                            "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
                            "&client_id=sample-client&client_secret=sample-secret"));
    bench_stop(&b);
    arena_free(mem);
}

/* Computed once, by other means than ours. */
static void test_apps_trap_20_salesforce_signs_its_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *signature, *issued_at;
        int rc;
    } rows[] = {
        {",\"signature\":\"3r4Hd3gBa1PtXL4KEj/6GricfJ6fT0qeWbmyuOwxDrM=\"", "1278448101416", 0},
        {",\"signature\":\"3r4Hd3gBa1PtXL4KEj/6GricfJ6fT0qeWbmyuOwxDrM=\"", "1278448101417", -1},
        {",\"signature\":\"4r4Hd3gBa1PtXL4KEj/6GricfJ6fT0qeWbmyuOwxDrM=\"", "1278448101416", -1},
        {",\"signature\":\"\"", "1278448101416", -1},
        {"", "1278448101416", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        arena *mem = arena_new();
        const char *body = arena_printf(
            mem,
            "{\"access_token\":\"00Dx!AR8\",\"token_type\":\"Bearer\",\"issued_at\":\"%s\","
            "\"id\":\"https://login.salesforce.com/id/00Dx0000000BV7z/005x00000012Q9P\"%s}",
            rows[i].issued_at, rows[i].signature);
        bench_start(&b, http_answer(mem, 200, "application/json", body));
        b.client.secret = secret_of(b.mem, "1955279925675241571");
        struct tokens t = {0};
        assert_int_equal(refresh_call(&b, &t), rows[i].rc);
        assert_string_equal(rows[i].rc == 0 ? "" : "token_signature",
                            rows[i].rc == 0 ? "" : b.e.code);
        bench_stop(&b);
        arena_free(mem);
    }
}

/* Of a connection whose account is known: 15 of an id's 18 characters tell it. */
static void test_apps_trap_20_a_renewal_names_the_same_account(void **state)
{
    (void)state;
    static const struct {
        const char *id; /* after https://login.salesforce.com */
        int rc;
    } rows[] = {
        {"/id/00Dx0000000BV7zAAH/005x00000012Q9PAAU", 0},
        {"/id/00Dx0000000BV7z/005x00000012Q9P", 0},
        {"/id/00Dx0000000BV7zAAH/005x00000012Q9QAAU", -1},
        {"/id/00Dx0000000BV7yAAH/005x00000012Q9PAAU", -1},
        {"/id/00dx0000000BV7zAAH/005x00000012Q9PAAU", -1},
        {"/id/00Dx0000000BV7z", 0},
        {"/elsewhere", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        arena *mem = arena_new();
        bench_start(&b, http_answer(mem, 200, "application/json",
                                    arena_printf(mem,
                                                 "{\"access_token\":\"00Dx!AR8\",\"token_type\":"
                                                 "\"Bearer\",\"id\":\"https://login.salesforce.com"
                                                 "%s\"}",
                                                 rows[i].id)));
        struct tokens t = {0};
        struct account a = {.key = "00Dx0000000BV7z:005x00000012Q9P"};
        if (refresh_call_of(&b, &t, &a) != rows[i].rc) {
            fail_msg("%s: %s", rows[i].id, b.e.text);
        }
        assert_string_equal(rows[i].rc == 0 ? "" : b.e.code,
                            rows[i].rc == 0 ? "" : "token_of_another");
        bench_stop(&b);
        arena_free(mem);
    }
}

static void test_a_first_grant_must_last(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    bench_start(&b, sf_tokens("http://127.0.0.1:1", mem, ""));
    struct tokens t = {0};
    struct account a = {0};
    assert_int_equal(code_call(&b, &t, &a), -1);
    assert_int_equal(b.e.kind, ERR_CONFIG);
    assert_string_equal(b.e.code, "no_refresh_token");
    assert_false(secret_empty(t.access)); /* to be revoked */
    /* a provider whose tokens do not end may leave it out */
    b.site.app = sample_app(b.mem, NULL, NULL);
    assert_int_equal(code_call(&b, &t, &a), 0);
    assert_true(secret_empty(t.refresh));
    assert_non_null(strcasestr(bench_request(&b), "\r\nAuthorization: Basic "));
    assert_null(strstr(bench_request(&b), "client_secret"));
    assert_null(strstr(bench_request(&b), "code_verifier"));
    assert_true(str_ends(bench_request(&b), "&extra=1"));
    bench_stop(&b);
    arena_free(mem);
}

static void test_a_stolen_base_address_is_refused(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    bench_start(&b, sf_tokens("https://evil.com", mem, ",\"refresh_token\":\"5Aep861\""));
    struct tokens t = {0};
    struct account a = {0};
    assert_int_equal(code_call(&b, &t, &a), -1);
    assert_int_equal(b.e.kind, ERR_CONFIG);
    assert_string_equal(b.e.code, "captured_host");
    assert_null(a.api_base);
    bench_stop(&b);
    arena_free(mem);
}

/* An organisation that renamed its domain says so with each refresh. What is not allowed is not
 * taken, and costs no token. */
static void test_apps_trap_10_a_refresh_may_say_where_the_account_is_now(void **state)
{
    (void)state;
    static const struct {
        const char *instance_url, *base, *not_taken;
    } rows[] = {
        {"\"https://renamed.my.salesforce.com\"", "https://renamed.my.salesforce.com", NULL},
        {"\"https://acme.my.salesforce.com/\"", "https://acme.my.salesforce.com", NULL},
        {"\"https://evil.example\"", "https://acme.my.salesforce.com", "captured_host"},
        {"\"https://salesforce.com.evil.example\"", "https://acme.my.salesforce.com",
         "captured_host"},
        {"\"http://renamed.my.salesforce.com\"", "https://acme.my.salesforce.com", "captured_host"},
        {"17", "https://acme.my.salesforce.com", "captured_host"},
        {"null", "https://acme.my.salesforce.com", NULL},
        {NULL, "https://acme.my.salesforce.com", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        arena *mem = arena_new();
        const char *body = arena_printf(
            mem,
            "{\"access_token\":\"00Dx!AR8\",\"token_type\":\"Bearer\",\"refresh_token\":\"next\"%s%s}",
            rows[i].instance_url == NULL ? "" : ",\"instance_url\":",
            rows[i].instance_url == NULL ? "" : rows[i].instance_url);
        bench_start(&b, http_answer(mem, 200, "application/json", body));
        struct tokens t = {0};
        struct account a = {.api_base = "https://acme.my.salesforce.com"};
        assert_int_equal(refresh_call_of(&b, &t, &a), 0);
        assert_string_equal(secret_reveal(t.refresh), "next");
        assert_string_equal(a.api_base, rows[i].base);
        assert_true(str_equal(a.not_taken, rows[i].not_taken));
        bench_stop(&b);
        arena_free(mem);
    }
}

static void test_apps_trap_02_a_refresh_may_bring_a_new_one(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char *const more[] = {"", ",\"refresh_token\":\"next\""};
    static const char *const want[] = {"", "next"};
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        bench_start(&b, sf_tokens("http://127.0.0.1:1", mem, more[i]));
        struct tokens t = {0};
        assert_int_equal(refresh_call(&b, &t), 0);
        assert_string_equal(secret_reveal(t.refresh), want[i]);
        assert_true(str_ends(bench_request(&b),
                             "\r\n\r\ngrant_type=refresh_token&refresh_token=5Aep861%3D"
                             "&client_id=sample-client&client_secret=sample-secret"));
        bench_stop(&b);
    }
    arena_free(mem);
}

/* Whole answers, as they come over the wire. No error's text holds what was sent (P5). */
static void test_apps_trap_06_refusals_over_the_wire(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char *huge = arena_alloc(mem, 300 * 1024);
    memset(huge, 'x', 299 * 1024);
    const struct {
        const char *answer;
        enum err_kind kind;
        const char *code;
        bool maybe_done;
    } rows[] = {
        {http_answer(mem, 400, "application/json",
                     "{\"error\":\"invalid_grant\","
                     "\"error_description\":\"expired access/refresh token 5Aep861=\"}"),
         ERR_LOGIN_NEEDED, "grant_dead", false},
        {http_answer(mem, 400, "application/json",
                     "{\"error\":\"invalid_client\",\"error_description\":\"sample-secret\"}"),
         ERR_CONFIG, "client_refused", false},
        {http_answer(mem, 400, "application/json", "{\"error\":\"5Aep861= sample-secret\"}"),
         ERR_ATTENTION, "token_refused", false},
        {http_answer(mem, 200, "text/html", "<html>maintenance</html>"), ERR_UPSTREAM_BUSY,
         "token_busy", false},
        {http_answer(mem, 503, "text/html", "<html>maintenance</html>"), ERR_UPSTREAM_BUSY,
         "token_busy", false},
        {http_answer(mem, 500, "text/html", "<html>oops</html>"), ERR_UPSTREAM_BUSY, "token_busy",
         false},
        {http_answer(mem, 502, "text/html", "<html>Bad Gateway</html>"), ERR_UPSTREAM_BUSY,
         "token_busy", false},
        {http_answer(mem, 504, "application/json", "{\"message\":\"Endpoint request timed out\"}"),
         ERR_UPSTREAM_BUSY, "token_busy", true},
        {http_answer(mem, 504, "application/json", "{\"error\":\"temporarily_unavailable\"}"),
         ERR_UPSTREAM_BUSY, "token_busy", false},
        {http_answer(mem, 401, "application/json", ""), ERR_ATTENTION, "token_refused", false},
        {http_answer(mem, 200, "application/json", huge), ERR_UPSTREAM_BUSY, "token_busy", false},
        {"HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", ERR_UPSTREAM_BUSY,
         "token_busy", false},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{", ERR_UPSTREAM_BUSY,
         "answer_lost", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        bench_start(&b, rows[i].answer);
        struct tokens t = {0};
        assert_int_equal(refresh_call(&b, &t), -1);
        if (b.e.kind != rows[i].kind || b.e.maybe_done != rows[i].maybe_done) {
            fail_msg("row %zu: %s %d %s", i, err_kind_name(b.e.kind), b.e.maybe_done, b.e.text);
        }
        assert_string_equal(b.e.code, rows[i].code);
        assert_null(strstr(b.e.text, "5Aep861"));
        assert_null(strstr(b.e.text, "sample-secret"));
        assert_int_equal(scripted_requests(b.server), 1);
        bench_stop(&b);
    }
    arena_free(mem);
}

static void test_a_peer_that_is_away(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    bench_start(&b, "");
    scripted_stop(b.server);
    struct tokens t = {0};
    assert_int_equal(refresh_call(&b, &t), -1);
    assert_int_equal(b.e.kind, ERR_UPSTREAM_BUSY);
    assert_false(b.e.maybe_done);
    /* an address that may not be called is nobody's dead grant */
    b.site.host = "127.0.0.1:1";
    assert_int_equal(refresh_call(&b, &t), -1);
    assert_int_equal(b.e.kind, ERR_CONFIG);
    assert_string_equal(b.e.code, "address"); /* nor is it a wrong secret */
    net_client_free(b.http);
    arena_free(b.mem);
    arena_free(mem);
}

static void test_apps_trap_13_what_is_revoked_already(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct {
        const char *answer;
        int rc;
        enum err_kind kind;
    } rows[] = {
        {http_answer(mem, 200, "text/plain", ""), 0, ERR_NONE},
        {http_answer(mem, 200, "application/json", "{\"status\":\"success\"}"), 0, ERR_NONE},
        {http_answer(mem, 400, "application/json", "{\"error\":\"invalid_token\"}"), 0, ERR_NONE},
        {http_answer(mem, 400, "application/json", "{\"error\":\"unsupported_token_type\"}"), 0,
         ERR_NONE},
        {http_answer(mem, 400, "application/json", "{\"error\":\"invalid_grant\"}"), 0, ERR_NONE},
        {http_answer(mem, 200, "text/html", "<html>sign in</html>"), -1, ERR_UPSTREAM_BUSY},
        {http_answer(mem, 503, "text/plain", ""), -1, ERR_UPSTREAM_BUSY},
        {http_answer(mem, 429, "text/plain", ""), -1, ERR_UPSTREAM_BUSY},
        {http_answer(mem, 401, "application/json", "{\"error\":\"invalid_client\"}"), -1,
         ERR_ATTENTION},
        {http_answer(mem, 200, "application/json", "{\"error\":{\"type\":\"denied\"}}"), -1,
         ERR_ATTENTION},
        {http_answer(mem, 404, "text/plain", "gone"), -1, ERR_ATTENTION},
        {http_answer(mem, 200, "application/json", "{\"error\":\"denied\"}"), -1, ERR_ATTENTION},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        bench_start(&b, rows[i].answer);
        const struct tokens t = {.access = secret_of(b.mem, "AT+1"),
                                 .refresh = secret_of(b.mem, "RT=1")};
        enum app_revoked done = APP_REVOKE_NONE;
        int rc = app_revoke(b.mem, b.http, &b.site, &b.client, &t, &done, &b.e);
        if (rc != rows[i].rc || b.e.kind != rows[i].kind) {
            fail_msg("row %zu: %d %s", i, rc, err_kind_name(b.e.kind));
        }
        assert_true((rc == 0) == (done == APP_REVOKED));
        assert_true(str_starts(bench_request(&b), "POST /services/oauth2/revoke "));
        assert_true(str_ends(bench_request(&b), "\r\n\r\ntoken=RT%3D1"));
        assert_int_equal(scripted_requests(b.server), 1);
        bench_stop(&b);
    }
    arena_free(mem);
}

static void test_revoking_where_there_is_less(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    bench_start(&b, http_answer(mem, 200, "text/plain", ""));
    struct tokens t = {.access = secret_of(b.mem, "AT1")};
    enum app_revoked done = APP_REVOKE_NONE;
    assert_int_equal(app_revoke(b.mem, b.http, &b.site, &b.client, &t, &done, &b.e), 0);
    assert_true(str_ends(bench_request(&b), "\r\n\r\ntoken=AT1"));
    /* both, with the client's proof */
    b.site.app = sample_app(b.mem, NULL, NULL);
    t.refresh = secret_of(b.mem, "RT1");
    assert_int_equal(app_revoke(b.mem, b.http, &b.site, &b.client, &t, &done, &b.e), 0);
    assert_int_equal(scripted_requests(b.server), 3);
    assert_non_null(strcasestr(bench_request(&b), "\r\nAuthorization: Basic "));
    /* no way at all */
    b.site.app = sample_app(b.mem,
                            "\"revoke\":{\"url\":\"https://id.sample.example/revoke\","
                            "\"token\":\"both\",\"auth\":\"client\"},",
                            "");
    assert_int_equal(app_revoke(b.mem, b.http, &b.site, &b.client, &t, &done, &b.e), 0);
    assert_int_equal(done, APP_REVOKE_NONE);
    assert_int_equal(scripted_requests(b.server), 3);
    bench_stop(&b);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apps_trap_01_every_way_to_say_when_it_ends),
        cmocka_unit_test(test_the_end_of_a_refresh_token),
        cmocka_unit_test(test_scopes_as_text_or_list),
        cmocka_unit_test(test_apps_trap_06_form_encoded_tokens),
        cmocka_unit_test(test_apps_trap_06_what_is_no_token),
        cmocka_unit_test(test_apps_trap_05_what_each_refusal_means),
        cmocka_unit_test(test_when_to_try_again_and_what_a_gateway_leaves_open),
        cmocka_unit_test(test_apps_trap_20_basic_credentials_are_form_encoded),
        cmocka_unit_test(test_a_code_becomes_tokens),
        cmocka_unit_test(test_apps_trap_20_salesforce_signs_its_tokens),
        cmocka_unit_test(test_apps_trap_20_a_renewal_names_the_same_account),
        cmocka_unit_test(test_a_first_grant_must_last),
        cmocka_unit_test(test_a_stolen_base_address_is_refused),
        cmocka_unit_test(test_apps_trap_10_a_refresh_may_say_where_the_account_is_now),
        cmocka_unit_test(test_apps_trap_02_a_refresh_may_bring_a_new_one),
        cmocka_unit_test(test_apps_trap_06_refusals_over_the_wire),
        cmocka_unit_test(test_a_peer_that_is_away),
        cmocka_unit_test(test_apps_trap_13_what_is_revoked_already),
        cmocka_unit_test(test_revoking_where_there_is_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

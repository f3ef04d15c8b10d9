/* Where an app is, and what a hostile host, base address or variable cannot do. */
#include "apps_help.h"

#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

static const app *salesforce(arena *mem)
{
    return apps_find(builtin_apps(mem), "salesforce");
}

static const char *checked(arena *mem, const app *a, const char *host, bool trusted)
{
    struct faults f;
    faults_init(&f, mem);
    const char *ret = NULL;
    app_check_host(a, host, trusted, "host", &f, &ret);
    assert_true((ret == NULL) == (f.count == 1));
    return ret;
}

static void test_hosts_that_may_be_used(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = salesforce(mem);
    static const struct {
        const char *given, *want;
    } rows[] = {
        {NULL, "login.salesforce.com"},
        {"", "login.salesforce.com"},
        {"login.salesforce.com", "login.salesforce.com"},
        {"TEST.salesforce.com", "test.salesforce.com"},
        {"acme.my.salesforce.com", "acme.my.salesforce.com"},
        {"acme--qa.sandbox.my.salesforce.com", "acme--qa.sandbox.my.salesforce.com"},
        {"x.develop.my.salesforce.com", "x.develop.my.salesforce.com"},
        {"acme.my.site.com", "acme.my.site.com"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(checked(mem, a, rows[i].given, false), rows[i].want);
    }
    assert_string_equal(checked(mem, a, "127.0.0.1:9002", true), "127.0.0.1:9002");
    arena_free(mem);
}

static void test_hosts_that_may_not(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = salesforce(mem);
    static const char *const hosts[] = {
        "evil.com/#",
        "a@b",
        "..",
        ".",
        ".my.salesforce.com",
        "-a.my.salesforce.com",
        "a-.my.salesforce.com",
        "a..my.salesforce.com",
        "acme.my.salesforce.com.",
        "acme.my.salesforce.com:443",
        "acme.my.salesforce.com/x",
        "https://login.salesforce.com",
        "evil.com\\.my.salesforce.com",
        "evil.com#.my.salesforce.com",
        "evil.com?.my.salesforce.com",
        "a b.my.salesforce.com",
        "a\n.my.salesforce.com",
        "{host}.my.salesforce.com",
        "%61.my.salesforce.com",
        "acme.my.salesforce.com.evil.com",
        "evilmy.salesforce.com",
        "acme.lightning.force.com",
        "acme.salesforce.com",
        "localhost",
        "127.0.0.1",
        "127.1",
        "[::1]",
        "127.0.0.1:9002",
        "\xC3\xA9.my.salesforce.com",
    };
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (checked(mem, a, hosts[i], false) != NULL) {
            fail_msg("accepted: %s", hosts[i]);
        }
    }
    char label[80];
    memset(label, 'a', 64);
    memcpy(label + 64, ".my.site.com", 13);
    assert_null(checked(mem, a, label, false));
    assert_non_null(checked(mem, a, label + 1, false));
    arena_free(mem);
}

static void test_an_app_of_own_sites_needs_a_host(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = sample_app(mem, "\"default\":\"id.sample.example\",", "");
    assert_null(checked(mem, a, "", false));
    arena_free(mem);
}

/* A host that no check has seen still stays inside its place. */
static void test_a_forged_host_stays_one_name(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char *const hosts[] = {"evil.com/#", "a@evil.com", "evil.com?x=", "evil.com\\x"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        const struct app_site site = {.app = salesforce(mem), .host = hosts[i]};
        const char *url = site_url(mem, &site, site.app->token.url);
        struct net_url parts;
        struct err e = {0};
        assert_true(net_url_parse(mem, url, &parts, &e) != 0 ||
                    strstr(parts.host, "evil.com") != parts.host ||
                    strlen(parts.host) > strlen("evil.com"));
    }
    arena_free(mem);
}

static int capture(arena *mem, const struct app_site *site, const char *url, const char **ret)
{
    struct err e = {0};
    char *base = NULL;
    int rc = apps_capture_base(mem, site, url, &base, &e);
    if (rc != 0) {
        assert_int_equal(e.kind, ERR_CONFIG);
        assert_string_equal(e.code, "captured_host");
    }
    *ret = base;
    return rc;
}

static void test_a_captured_base_must_be_the_vendors(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct app_site site = {.app = salesforce(mem), .host = "login.salesforce.com"};
    static const struct {
        const char *url, *want; /* NULL: refused */
    } rows[] = {
        {"https://acme.my.salesforce.com", "https://acme.my.salesforce.com"},
        {"https://acme.my.salesforce.com/", "https://acme.my.salesforce.com"},
        {"https://ACME.my.salesforce.com", "https://acme.my.salesforce.com"},
        {"https://na139.salesforce.com", "https://na139.salesforce.com"},
        {NULL, NULL},
        {"", NULL},
        {"acme.my.salesforce.com", NULL},
        {"http://acme.my.salesforce.com", NULL},
        {"https://evil.com", NULL},
        {"https://evil.com/.salesforce.com", NULL},
        {"https://evil.com#.salesforce.com", NULL},
        {"https://evil.com?.salesforce.com", NULL},
        {"https://evilsalesforce.com", NULL},
        {"https://.salesforce.com", NULL},
        {"https://acme.my.salesforce.com.evil.com", NULL},
        {"https://acme.my.salesforce.com@evil.com", NULL},
        {"https://acme.my.salesforce.com:8443", NULL},
        {"https://acme.my.salesforce.com/a?b", NULL},
        {"https://acme.my.salesforce.com/%2e%2e", NULL},
        {"https://acme.my.salesforce.com/{x}", NULL},
        {"https://127.0.0.1", NULL},
        {"https://169.254.169.254", NULL},
        {"file:///etc/passwd", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *base = NULL;
        int rc = capture(mem, &site, rows[i].url, &base);
        if ((rc == 0) != (rows[i].want != NULL)) {
            fail_msg("%s: %d", rows[i].url, rc);
        }
        if (rc == 0) {
            assert_string_equal(base, rows[i].want);
        }
    }
    arena_free(mem);
}

static void test_a_trusted_peer_may_name_itself(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct app_site peer = {
        .app = salesforce(mem), .host = "127.0.0.1:9002", .plain_http = true};
    const char *base = NULL;
    assert_int_equal(capture(mem, &peer, "http://127.0.0.1:9002", &base), 0);
    assert_string_equal(base, "http://127.0.0.1:9002");
    assert_int_equal(capture(mem, &peer, "http://127.0.0.1:9000/salesforce/acme/", &base), 0);
    assert_string_equal(base, "http://127.0.0.1:9000/salesforce/acme");
    assert_int_equal(capture(mem, &peer, "http://127.0.0.2:9002", &base), -1);
    assert_int_equal(capture(mem, &peer, "http://localhost:9002", &base), -1);
    assert_int_equal(capture(mem, &peer, "http://127.0.0.1:9002/a/../..", &base), 0);
    assert_string_equal(base, "http://127.0.0.1:9002"); /* the URL parser takes dots away */
    struct app_site far = peer;
    far.plain_http = false;
    assert_int_equal(capture(mem, &far, "http://127.0.0.1:9002", &base), -1);
    arena_free(mem);
}

static void test_the_authorize_url_of_salesforce(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct app_site site = {.app = salesforce(mem), .host = "login.salesforce.com"};
    struct app_authorize q = {
        .client_id = "3MVG9abc",
        .redirect_uri = "https://bot.example/oauth/callback/sf1",
        .state = "5f1c0b6d9a7e4c3f8b2a1d0e9c8b7a69",
        .challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    };
    q.scopes = app_scopes(site.app, &q.scopes_count);
    assert_string_equal(
        authorize_url(mem, &site, &q),
        "https://login.salesforce.com/services/oauth2/authorize?response_type=code"
        "&client_id=3MVG9abc&redirect_uri=https%3A%2F%2Fbot.example%2Foauth%2Fcallback%2Fsf1"
        "&scope=api%20refresh_token%20openid&state=5f1c0b6d9a7e4c3f8b2a1d0e9c8b7a69"
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        "&prompt=select_account");
    q.login_hint = "ana+x@acme.example&prompt=none";
    assert_true(str_ends(authorize_url(mem, &site, &q),
                         "&login_hint=ana%2Bx%40acme.example%26prompt%3Dnone"));
    assert_string_equal(app_authorize_origin(mem, &site), "https://login.salesforce.com");
    const struct app_site peer = {.app = site.app, .host = "127.0.0.1:9002", .plain_http = true};
    assert_string_equal(app_authorize_origin(mem, &peer), "http://127.0.0.1:9002");
    arena_free(mem);
}

static void test_the_authorize_url_of_another(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char *const scopes[] = {"read", "write"};
    const struct app_site site = {.app = sample_app(mem, NULL, NULL), .host = "id.sample.example"};
    const struct app_authorize q = {.client_id = "c",
                                    .redirect_uri = "r",
                                    .scopes = scopes,
                                    .scopes_count = 2,
                                    .state = "s",
                                    .challenge = "left out"};
    assert_string_equal(authorize_url(mem, &site, &q),
                        "https://id.sample.example/auth?tenant=1&response_type=code&client_id=c"
                        "&redirect_uri=r&scope=read%2Cwrite&state=s&audience=a%20b%26c");
    /* a trusted peer stands for every fixed host */
    const struct app_site peer = {.app = site.app, .host = "127.0.0.1:9", .plain_http = true};
    assert_string_equal(site_url(mem, &peer, site.app->token.url), "http://127.0.0.1:9/v2/token");
    assert_string_equal(api_base(mem, &peer), "http://127.0.0.1:9");
    assert_string_equal(api_base(mem, &site), "https://api.sample.example");
    arena_free(mem);
}

static void test_sandboxes_are_told_apart(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct app_site site = {.app = salesforce(mem), .host = "login.salesforce.com"};
    assert_false(apps_is_sandbox(mem, &site, "https://acme.my.salesforce.com"));
    assert_true(apps_is_sandbox(mem, &site, "https://acme--qa.sandbox.my.salesforce.com"));
    site.host = "test.salesforce.com";
    assert_true(apps_is_sandbox(mem, &site, "https://acme.my.salesforce.com"));
    arena_free(mem);
}

static void test_path_variables_stay_in_their_segment(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *values = json_of(mem, "{\"a\":\"x/../y?z#\\u00e9 {b}\",\"b\":\"..\",\"c\":\"\","
                                  "\"d\":7,\"e\":[1],\"f\":\".\",\"g\":\"%2e\"}");
    const struct apps_vars vars = {.values = values};
    struct err e = {0};
    char *url = NULL;
    assert_int_equal(apps_template_url(mem, "/p/{a}/{d}/{g}", &vars, &url, &e), 0);
    assert_string_equal(url, "/p/x%2F..%2Fy%3Fz%23%C3%A9%20%7Bb%7D/7/%252e");
    static const char *const broken[] = {"/{b}", "/{c}", "/{e}", "/{f}", "/{nothing}"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_int_equal(apps_template_url(mem, broken[i], &vars, &url, &e), -1);
        assert_string_equal(e.code, "bad_path");
    }
    arena_free(mem);
}

static void test_a_body_keeps_types_and_never_expands_values(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const json_t *values = json_of(mem, "{\"n\":5,\"t\":\"{n}\",\"o\":{\"x\":\"{n}\"}}");
    json_t *body = json_of(mem, "{\"a\":\"{n}\",\"b\":\"{t}\",\"c\":\"{o}\",\"d\":\"{nope}\","
                                "\"e\":[\"{nope}\",\"<{n}|{t}>\"],\"f\":true}");
    assert_string_equal(json_write(mem, arena_json(mem, apps_template_json(mem, body, values))),
                        "{\"a\":5,\"b\":\"{n}\",\"c\":{\"x\":\"{n}\"},\"e\":[\"<5|{n}>\"],"
                        "\"f\":true}");
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_that_may_be_used),
        cmocka_unit_test(test_hosts_that_may_not),
        cmocka_unit_test(test_an_app_of_own_sites_needs_a_host),
        cmocka_unit_test(test_a_forged_host_stays_one_name),
        cmocka_unit_test(test_a_captured_base_must_be_the_vendors),
        cmocka_unit_test(test_a_trusted_peer_may_name_itself),
        cmocka_unit_test(test_the_authorize_url_of_salesforce),
        cmocka_unit_test(test_the_authorize_url_of_another),
        cmocka_unit_test(test_sandboxes_are_told_apart),
        cmocka_unit_test(test_path_variables_stay_in_their_segment),
        cmocka_unit_test(test_a_body_keeps_types_and_never_expands_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

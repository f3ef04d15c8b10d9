#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/web/web_int.h"

#include "base/str.h"

/* Requests: headers, cookies, parameters, addresses. Responses: cookies, problems, pages. Gates. */

static arena *mem;
static struct err e;

static int setup(void **state)
{
    (void)state;
    mem = arena_new();
    e = (struct err){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

static struct request with(const struct header *headers, size_t count)
{
    return (struct request){.mem = mem,
                            .query = "",
                            .id = "r1",
                            .remote = "192.0.2.1",
                            .headers = headers,
                            .headers_count = count};
}

static void test_headers_ignore_case_and_are_counted(void **state)
{
    (void)state;
    const struct header list[] = {{"X-One", "a"}, {"x-one", "b"}, {"X-Two", "c"}};
    struct request q = with(list, 3);
    size_t count = 9;
    assert_string_equal(request_header(&q, "x-ONE", &count), "a");
    assert_int_equal(count, 2);
    assert_null(request_header(&q, "X-Three", &count));
    assert_int_equal(count, 0);
}

static void test_lines_of_a_list_are_one_list(void **state)
{
    (void)state;
    const char *proxies[] = {"127.0.0.1"};
    struct text_list trusted = {proxies, 1};
    const struct header list[] = {
        {"X-Forwarded-For", "198.51.100.1"}, {"X-Other", "x"}, {"x-forwarded-for", "203.0.113.9"}};
    struct request q = with(list, 3);
    const char *all = request_header_list(&q, "X-Forwarded-For");
    assert_string_equal(all, "198.51.100.1,203.0.113.9");
    assert_string_equal(request_remote(mem, &trusted, "127.0.0.1", all), "203.0.113.9");
    assert_string_equal(request_header_list(&q, "x-other"), "x");
    assert_null(request_header_list(&q, "X-Three"));
}

static void test_cookies(void **state)
{
    (void)state;
    const struct header list[] = {{"Cookie", "a=1; state=x%3D=y; ab=2"},
                                  {"cookie", "late=3;empty="}};
    struct request q = with(list, 2);
    assert_string_equal(request_cookie(&q, "a"), "1");
    assert_string_equal(request_cookie(&q, "state"), "x%3D=y");
    assert_string_equal(request_cookie(&q, "late"), "3");
    assert_string_equal(request_cookie(&q, "empty"), "");
    assert_null(request_cookie(&q, "b"));
    assert_null(request_cookie(&q, "A"));
    const struct header twice[] = {{"Cookie", "state=1; state=2"}};
    struct request t = with(twice, 1);
    assert_null(request_cookie(&t, "state")); /* a planted second one selects nothing */
}

static int query(const char *text, const char *name, const char **ret)
{
    struct request q = with(NULL, 0);
    q.query = text;
    return request_query(&q, name, ret, &e);
}

static void test_query_parameters(void **state)
{
    (void)state;
    const char *value = "untouched";
    assert_int_equal(query("a=1&b=x+y%2B%26&c", "b", &value), 0);
    assert_string_equal(value, "x y+&");
    assert_int_equal(query("a=1&c", "c", &value), 0);
    assert_string_equal(value, "");
    assert_int_equal(query("a=1", "b", &value), 0);
    assert_null(value);
    assert_int_equal(query("a%3d=1&%62=2", "b", &value), 0);
    assert_string_equal(value, "2");
    assert_int_equal(query("", "b", &value), 0);
    assert_null(value);
}

static void test_query_that_is_refused(void **state)
{
    (void)state;
    const char *value = NULL;
    assert_int_equal(query("a=1&a=2", "a", &value), -1);
    assert_string_equal(e.code, "twice");
    assert_int_equal(query("a=1&%61=2", "a", &value), -1);
    assert_int_equal(query("a=%zz", "a", &value), -1);
    assert_int_equal(query("a=%00", "a", &value), -1);
    assert_int_equal(query("a=%ff", "a", &value), -1);
    assert_int_equal(query("%=1&a=1", "a", &value), -1);
    assert_null(value);
}

static void test_forms(void **state)
{
    (void)state;
    const struct header type[] = {
        {"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}};
    const struct header json[] = {{"Content-Type", "application/json"}};
    const struct header longer[] = {{"Content-Type", "application/x-www-form-urlencodedness"}};
    struct request q = with(type, 1);
    const char *value = NULL;
    q.body = bytes_of("action=start&x=%C3%A4");
    assert_int_equal(request_form(&q, "x", &value, &e), 0);
    assert_string_equal(value, "\xc3\xa4");
    q.body = (struct bytes){(const uint8_t *)"a\0b=1", 5};
    assert_int_equal(request_form(&q, "a", &value, &e), -1);
    q.body = (struct bytes){NULL, 0};
    assert_int_equal(request_form(&q, "a", &value, &e), 0);
    assert_null(value);
    q = with(json, 1);
    assert_int_equal(request_form(&q, "a", &value, &e), -1);
    assert_string_equal(e.code, "content_type");
    q = with(longer, 1);
    assert_int_equal(request_form(&q, "a", &value, &e), -1);
    q = with(NULL, 0);
    assert_int_equal(request_form(&q, "a", &value, &e), -1);
}

/* Anybody may send it: it is not walked through for ever, and nothing is kept of it. */
static void test_forms_of_many_pairs_are_refused(void **state)
{
    (void)state;
    const struct header type[] = {{"Content-Type", "application/x-www-form-urlencoded"}};
    struct request q = with(type, 1);
    const char *value = NULL;
    char body[1100];
    memset(body, '&', sizeof body);
    memcpy(body, "a=1", 3);
    q.body = (struct bytes){(const uint8_t *)body, 3 + 999 + 1};
    assert_int_equal(request_form(&q, "a", &value, &e), 0);
    assert_string_equal(value, "1");
    q.body.len += 1;
    assert_int_equal(request_form(&q, "a", &value, &e), -1);
    assert_string_equal(e.code, "encoding");
    memset(body, 'n', sizeof body);
    memcpy(body, "a=1&", 4);
    body[sizeof body - 2] = '%'; /* of a name that none of ours can be */
    q.body.len = sizeof body;
    assert_int_equal(request_form(&q, "a", &value, &e), 0);
    assert_string_equal(value, "1");
}

static void test_forwarded_addresses(void **state)
{
    (void)state;
    const char *proxies[] = {"127.0.0.1", "10.0.0.0/8", "2001:db8::/32", "192.168.4.0/22",
                             "::1/128"};
    struct text_list trusted = {proxies, sizeof proxies / sizeof proxies[0]};
    struct text_list none = {NULL, 0};
    const struct {
        const char *peer, *header, *expected;
    } cases[] = {
        {"127.0.0.1", NULL, "127.0.0.1"},
        {"127.0.0.1", "203.0.113.9", "203.0.113.9"},
        {"127.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"}, /* the left one may be made up */
        {"127.0.0.1", "1.1.1.1,203.0.113.9, 10.1.2.3", "203.0.113.9"},
        {"127.0.0.1", "10.1.1.1, 10.1.2.3", "10.1.1.1"},
        {"198.51.100.7", "203.0.113.9", "198.51.100.7"}, /* not a proxy of ours */
        {"127.0.0.1", "nonsense", "127.0.0.1"},
        {"127.0.0.1", "203.0.113.9, nonsense", "127.0.0.1"},
        {"127.0.0.1", "", "127.0.0.1"},
        {"127.0.0.1", ",", "127.0.0.1"},
        {"2001:db8::1", "2001:db9::5", "2001:db9::5"},
        {"11.0.0.1", "203.0.113.9", "11.0.0.1"},
        {"192.168.7.255", "203.0.113.9", "203.0.113.9"},
        {"192.168.8.0", "203.0.113.9", "192.168.8.0"},
        {"::ffff:10.1.2.3", "203.0.113.9", "203.0.113.9"}, /* as a dual-stack listener sees it */
        {"::1", "203.0.113.9", "203.0.113.9"},
        {"::2", "203.0.113.9", "::2"},
        {"", "203.0.113.9", ""},
        {"127.0.0.1/1", "203.0.113.9", "127.0.0.1/1"}, /* a network is no peer */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(request_remote(mem, &trusted, cases[i].peer, cases[i].header),
                            cases[i].expected);
        assert_string_equal(request_remote(mem, &none, cases[i].peer, cases[i].header),
                            cases[i].peer);
    }
}

static void test_networks_of_strangers(void **state)
{
    (void)state;
    static const struct {
        const char *remote, *expected;
    } cases[] = {
        {"203.0.113.9", "203.0.113.9"},
        {"::ffff:203.0.113.9", "203.0.113.9"}, /* as a dual-stack listener sees it */
        {"::FFFF:cb00:7109", "203.0.113.9"},
        {"::ffff:203.0.113.10", "203.0.113.10"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"2001:0db8:1:2::9", "2001:db8:1:2::"},
        {"::1", "::"},
        {"::ffff:0:203.0.113.9", "::"}, /* not that prefix */
        {"unix:", "unix:"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char network[GATES_NETWORK];
        gates_network(cases[i].remote, network);
        assert_string_equal(network, cases[i].expected);
    }
}

static const char *header_of(const struct response *r, const char *name)
{
    for (size_t i = 0; i < r->headers_count; i++) {
        if (str_equal(r->headers[i].name, name)) {
            return r->headers[i].value;
        }
    }
    return NULL;
}

static void test_set_cookie(void **state)
{
    (void)state;
    struct config config = {.public_is_loopback = false};
    struct web w = {.config = &config};
    struct response r = {0};
    cookie_set(mem, &w, &r, &(struct header){"login", "abc"}, 600);
    assert_string_equal(header_of(&r, "Set-Cookie"),
                        "__Host-login=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure");
    r = (struct response){0};
    cookie_set(mem, &w, &r, &(struct header){"login", "abc"}, 0);
    assert_string_equal(header_of(&r, "Set-Cookie"),
                        "__Host-login=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure");
    config.public_is_loopback = true;
    r = (struct response){0};
    cookie_set(mem, &w, &r, &(struct header){"login", "abc"}, 600);
    assert_string_equal(header_of(&r, "Set-Cookie"),
                        "login=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=600");
}

/* P11: what a provider, the database or the configuration said never leaves. */
static void test_problems_hide_foreign_text(void **state)
{
    (void)state;
    for (int kind = ERR_INPUT; kind < ERR_KIND_COUNT; kind++) {
        struct response r = {0};
        err_set(&e, (enum err_kind)kind, "some_code", "CANARY of kind %d", kind);
        respond_problem(mem, &r, &e, "r1", NULL);
        json_t *body = arena_json(mem, json_loadb((const char *)r.body.data, r.body.len, 0, NULL));
        assert_non_null(body);
        bool own = kind == ERR_INPUT || kind == ERR_INVALID || kind == ERR_NOT_FOUND ||
                   kind == ERR_CONFLICT || kind == ERR_PRECONDITION || kind == ERR_MEDIA_TYPE ||
                   kind == ERR_TOO_LARGE; /* of a request: how many bytes its route takes */
        const char *detail = json_string_value(json_object_get(body, "detail"));
        assert_int_equal(strstr(detail, "CANARY") != NULL, own);
        assert_int_equal(json_integer_value(json_object_get(body, "status")), r.status);
        assert_int_equal(r.status, err_http_status((enum err_kind)kind));
        assert_string_equal(json_string_value(json_object_get(body, "code")), "some_code");
        assert_string_equal(json_string_value(json_object_get(body, "request_id")), "r1");
        assert_string_equal(r.content_type, "application/problem+json");
    }
}

static void test_problems_list_faults(void **state)
{
    (void)state;
    struct faults f;
    struct response r = {0};
    faults_init(&f, mem);
    faults_add(&f, "steps[0].with", "is <missing>");
    err_set(&e, ERR_INVALID, "recipe", "The recipe has faults.");
    respond_problem(mem, &r, &e, "r1", &f);
    assert_int_equal(r.status, 422);
    json_t *body = arena_json(mem, json_loadb((const char *)r.body.data, r.body.len, 0, NULL));
    assert_int_equal(json_array_size(json_object_get(body, "errors")), 1);
}

static void test_errors_are_pages_for_browsers_only(void **state)
{
    (void)state;
    const struct header browser[] = {{"Accept", "text/html,application/xhtml+xml"}};
    const struct route page = {.kind = ROUTE_WORKER, .gate = GATE_NONE};
    const struct route api = {.kind = ROUTE_WORKER, .gate = GATE_API};
    const struct route hook = {.kind = ROUTE_INTAKE, .gate = GATE_NONE};
    struct request q = with(browser, 1);
    struct request program = with(NULL, 0);
    struct response r;
    err_set(&e, ERR_UNAUTHENTIC, "token", "no");
    respond_error(&q, &page, &e, &r);
    assert_true(str_starts(r.content_type, "text/html"));
    respond_error(&program, &page, &e, &r);
    assert_string_equal(r.content_type, "application/problem+json");
    respond_error(&q, &api, &e, &r);
    assert_string_equal(r.content_type, "application/problem+json");
    assert_string_equal(header_of(&r, "WWW-Authenticate"), "Bearer");
    respond_error(&q, &hook, &e, &r);
    assert_int_equal(r.status, 401);
    assert_int_equal(r.body.len, 0);
    err_set(&e, ERR_DATABASE, "db_away", "no");
    e.retry_after_ms = 1500;
    respond_error(&q, &page, &e, &r);
    assert_int_equal(r.status, 503);
    assert_string_equal(header_of(&r, "Retry-After"), "2");
}

static void test_pages_have_the_security_headers(void **state)
{
    (void)state;
    struct response r = {0};
    respond_html(mem, &r, 200, "<p>", "https://login.salesforce.com");
    assert_string_equal(header_of(&r, "Content-Security-Policy"),
                        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action "
                        "'self' https://login.salesforce.com; frame-ancestors 'none'; base-uri "
                        "'none'");
    assert_string_equal(header_of(&r, "Cache-Control"), "no-store");
    assert_string_equal(header_of(&r, "Referrer-Policy"), "no-referrer");
    assert_string_equal(header_of(&r, "X-Content-Type-Options"), "nosniff");
    r = (struct response){0};
    respond_see_other(&r, "https://x.example/");
    assert_int_equal(r.status, 303);
    assert_string_equal(header_of(&r, "Cache-Control"), "no-store");
}

static const char ONE[] = "sample-operator-token-0000000000000001";
static const char TWO[] = "sample-operator-token-0000000000000002";

static gates *gates_with_tokens(void)
{
    struct config *config = arena_alloc(mem, sizeof *config);
    config->admin_tokens.items = arena_array(mem, 2, sizeof(struct secret));
    config->admin_tokens.items[0] = secret_of(mem, ONE);
    config->admin_tokens.items[1] = secret_of(mem, TWO);
    config->admin_tokens.count = 2;
    return gates_new(mem, config);
}

static int try_token(gates *g, const char *remote, const char *authorization,
                     const char **ret_actor)
{
    const struct route api = {.gate = GATE_API};
    const struct header list[] = {{"Authorization", authorization}};
    struct request q = with(list, authorization == NULL ? 0 : 1);
    q.remote = remote;
    e = (struct err){0};
    int result = gates_check(g, &api, &q, &e);
    *ret_actor = q.actor;
    return result;
}

static void test_tokens_open_the_api(void **state)
{
    (void)state;
    gates *g = gates_with_tokens();
    const char *one = NULL;
    const char *two = NULL;
    const char *none = NULL;
    assert_int_equal(try_token(g, "192.0.2.1", arena_printf(mem, "Bearer %s", ONE), &one), 0);
    assert_int_equal(try_token(g, "192.0.2.1", arena_printf(mem, "bearer %s", TWO), &two), 0);
    assert_true(str_starts(one, "token:"));
    assert_int_equal(strlen(one), 6 + 8);
    assert_string_not_equal(one, two);
    const char *wrong[] = {NULL, "", "Bearer", "Bearer ", ONE, "Basic abc", "Bearer sample"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(try_token(g, "192.0.2.2", wrong[i], &none), -1);
        assert_int_equal(e.kind, ERR_UNAUTHENTIC);
        assert_null(none);
    }
    gates *closed = gates_new(mem, arena_alloc(mem, sizeof(struct config)));
    assert_int_equal(try_token(closed, "192.0.2.1", "Bearer ", &none), -1);
}

static void test_wrong_tokens_are_limited_per_address(void **state)
{
    (void)state;
    gates *g = gates_with_tokens();
    const char *right = arena_printf(mem, "Bearer %s", ONE);
    const char *actor = NULL;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(try_token(g, "192.0.2.1", "Bearer wrong", &actor), -1);
        assert_int_equal(e.kind, ERR_UNAUTHENTIC);
    }
    assert_int_equal(try_token(g, "192.0.2.1", "Bearer wrong", &actor), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_true(e.retry_after_ms > 0 && e.retry_after_ms <= 60000);
    assert_int_equal(try_token(g, "192.0.2.1", right, &actor), 0); /* nobody is locked out */
    assert_int_equal(try_token(g, "192.0.2.9", right, &actor), 0);
    for (int i = 0; i < 10; i++) {
        (void)try_token(g, arena_printf(mem, "2001:db8:1:2::%d", i + 1), "Bearer wrong", &actor);
    }
    assert_int_equal(try_token(g, "2001:db8:1:2:ffff::1", "Bearer wrong", &actor), -1);
    assert_int_equal(e.kind, ERR_LIMIT); /* the same /64 */
    assert_int_equal(try_token(g, "2001:db8:1:3::1", right, &actor), 0);
}

static void test_forms_of_other_sites_are_refused(void **state)
{
    (void)state;
    gates *g = gates_with_tokens();
    const struct route form = {.gate = GATE_FORM};
    const struct {
        const char *site;
        int result;
    } cases[] = {{"same-origin", 0}, {"none", 0}, {"cross-site", -1}, {"same-site", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct header list[] = {{"Sec-Fetch-Site", cases[i].site}};
        struct request q = with(list, 1);
        assert_int_equal(gates_check(g, &form, &q, &e), cases[i].result);
    }
    struct request old_browser = with(NULL, 0);
    assert_int_equal(gates_check(g, &form, &old_browser, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_headers_ignore_case_and_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines_of_a_list_are_one_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cookies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_query_parameters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_query_that_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forms_of_many_pairs_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forwarded_addresses, setup, teardown),
        cmocka_unit_test(test_networks_of_strangers),
        cmocka_unit_test_setup_teardown(test_set_cookie, setup, teardown),
        cmocka_unit_test_setup_teardown(test_problems_hide_foreign_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_problems_list_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors_are_pages_for_browsers_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages_have_the_security_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens_open_the_api, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_tokens_are_limited_per_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forms_of_other_sites_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

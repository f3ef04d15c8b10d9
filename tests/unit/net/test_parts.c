/* The parts of the HTTP client that need no peer: addresses, URLs, forms, Retry-After. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "crypto.h"
#include "service/net/net_int.h"
#include "tests/unit/with_arena.h"

static void test_addresses_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:1::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "",
        "localhost",
        "1.2.3",
        "fe80::1%eth0",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (net_address_text_allowed(refused[i])) {
            fail_msg("%s is allowed", refused[i]);
        }
    }
    assert_false(net_address_text_allowed(NULL));
}

static void test_addresses_allowed(void **state)
{
    (void)state;
    static const char *const allowed[] = {
        "1.1.1.1",         "8.8.8.8",        "9.255.255.255",        "11.0.0.0",
        "100.63.255.255",  "100.128.0.0",    "126.255.255.255",      "128.0.0.1",
        "169.253.255.255", "172.15.255.255", "172.32.0.0",           "192.0.1.1",
        "192.167.255.255", "192.169.0.0",    "198.17.255.255",       "198.20.0.0",
        "223.255.255.255", "2001:200::1",    "2001:4860:4860::8888", "2606:4700::1111",
        "2a00::1",         "3ffe::1",        "::ffff:8.8.8.8",       "64:ff9b::8.8.8.8",
    };
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        if (!net_address_text_allowed(allowed[i])) {
            fail_msg("%s is refused", allowed[i]);
        }
    }
}

static void test_socket_addresses(void **state)
{
    (void)state;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x08080808)}};
    assert_true(net_address_allowed((struct sockaddr *)&v4));
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_false(net_address_allowed((struct sockaddr *)&v4));
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    assert_false(net_address_allowed((struct sockaddr *)&v6));
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_false(net_address_allowed(&local));
}

static void test_url_parts(void **state)
{
    (void)state;
    struct net_url u;
    struct err e = {0};
    assert_int_equal(net_url_parse(mem, "https://Acme.Example:8443/a/b%2Fc?x=1&y=2", &u, &e), 0);
    assert_string_equal(u.scheme, "https");
    assert_string_equal(u.host, "acme.example");
    assert_string_equal(u.host_port, "acme.example:8443");
    assert_string_equal(u.path, "/a/b%2Fc");
    assert_string_equal(u.query, "x=1&y=2");
    assert_int_equal(net_url_parse(mem, "HTTP://[2001:DB8::1]", &u, &e), 0);
    assert_string_equal(u.scheme, "http");
    assert_string_equal(u.host, "[2001:db8::1]");
    assert_string_equal(u.host_port, "[2001:db8::1]");
    assert_string_equal(u.path, "/");
    assert_string_equal(u.query, "");
    /* other spellings of an address become the address */
    assert_int_equal(net_url_parse(mem, "https://0x7f000001/", &u, &e), 0);
    assert_string_equal(u.host, "127.0.0.1");
}

static void test_url_refused(void **state)
{
    (void)state;
    static char huge[20000] = "https://a.example/";
    memset(huge + 18, 'a', sizeof(huge) - 19);
    const char *const refused[] = {
        NULL,
        "",
        "a.example",
        "/path",
        "ftp://a.example",
        "file:///etc/passwd",
        "javascript:1",
        "https:/a.example",
        "https:///a.example",
        "https:a.example",
        "https://",
        "https:// a",
        "https://user@a.example",
        "https://user:pw@a.example",
        "https://a.example/#f",
        "https://a.example\\@evil.test/",
        "https://a.example/\r\nX: y",
        "https://a.example/a b",
        "https://a.example:99999/",
        "https://a.example:x/",
        "https://[::1",
        "https://a%00.example/",
        "https://b\xc3\xbc.example/",
        huge,
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct net_url u = {.host = "untouched"};
        struct err e = {0};
        if (net_url_parse(mem, refused[i], &u, &e) != -1) {
            fail_msg("taken: %s as host %s", refused[i], u.host);
        }
        assert_string_equal(e.code, "bad_url");
        assert_int_equal(e.kind, ERR_INPUT);
        assert_string_equal(u.host, "untouched");
    }
}

static void test_form(void **state)
{
    (void)state;
    const struct net_field fields[] = {
        {.name = "grant_type", .value = "authorization_code"},
        {.name = "a b", .value = "x&y=z+1 %~*-._"},
        {.name = "empty", .value = ""},
        {.name = "none"},
        {.name = "secret", .secret = secret_of(mem, "s\xc3\xa9/\r\n")},
        {.name = NULL},
    };
    assert_string_equal(net_form(mem, fields),
                        "grant_type=authorization_code&a+b=x%26y%3Dz%2B1+%25%7E*-._&empty=&none="
                        "&secret=s%C3%A9%2F%0D%0A");
    assert_string_equal(net_form(mem, &fields[5]), "");
}

static void test_decode(void **state)
{
    (void)state;
    char *out = NULL;
    assert_true(net_url_decode(mem, "a%20b+c%2Fd%c3%A9", 17, true, &out));
    assert_string_equal(out, "a b c/d\xc3\xa9");
    assert_true(net_url_decode(mem, "a+b", 3, false, &out));
    assert_string_equal(out, "a+b");
    assert_true(net_url_decode(mem, "", 0, true, &out));
    assert_string_equal(out, "");
    static const char *const broken[] = {"%", "%2", "%zz", "a%0", "%00", "x%2", "%-1", "% 1"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        char *untouched = NULL;
        assert_false(net_url_decode(mem, broken[i], strlen(broken[i]), true, &untouched));
        assert_null(untouched);
    }
    /* an escape is not completed from behind the given length */
    assert_false(net_url_decode(mem, "%41", 2, true, &out));
    assert_false(net_url_decode(mem, "a\0b", 3, true, &out));
}

/* RFC 6749 section 2.3.1: both are form-encoded first */
static void test_basic(void **state)
{
    (void)state;
    struct secret s = net_basic_credential(mem, "id:1", secret_of(mem, "p w"), crypto_base64);
    assert_string_equal(secret_reveal(s), crypto_base64(mem, bytes_of("id%3A1:p+w")));
}

static void test_retry_after(void **state)
{
    (void)state;
    const int64_t now = 784111777000; /* Sun, 06 Nov 1994 08:49:37 GMT */
    const int64_t day = 86400000;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"", 0},
        {"0", 0},
        {"1", 1000},
        {"30", 30000},
        {"86400", 86400000},
        {"86401", 86400000},
        {"99999999999999999999999", 86400000},
        {"-5", 0},
        {"1.5", 0},
        {" 5", 0},
        {"5s", 0},
        {"soon", 0},
        {"Sunday", 0},
        {"Sun, 06 Nov 1994 08:50:37 GMT", 60000},
        {"Sunday, 06-Nov-94 08:50:37 GMT", 60000},
        {"Sun Nov  6 08:50:37 1994", 60000},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Sat, 05 Nov 1994 08:49:37 GMT", 0},
        {"Fri, 06 Nov 2099 08:49:37 GMT", 86400000},
        {"Sun, 99 Nov 1994 08:50:37 GMT", 0},
        {"Sun, 06 Nov 1994 08:50", 60000 - 37000},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ms = net_retry_after(cases[i].text, now);
        if (ms != cases[i].ms) {
            fail_msg("%s gives %lld", cases[i].text, (long long)ms);
        }
        assert_true(ms >= 0 && ms <= day);
    }
}

static void test_peer_labels(void **state)
{
    (void)state;
    const char *slack = net_peer_label("slack");
    assert_string_equal(slack, "peer=\"slack\"");
    char copy[] = "slack";
    assert_ptr_equal(net_peer_label(copy), slack);
    assert_string_equal(net_peer_label(NULL), "peer=\"other\"");
    assert_string_equal(net_peer_label(""), "peer=\"other\"");
    assert_string_equal(net_peer_label("a\"b"), "peer=\"other\"");
    assert_string_equal(net_peer_label("https://x.example"), "peer=\"other\"");
    for (int i = 0; i < 200; i++) {
        (void)net_peer_label(arena_printf(mem, "peer-%d", i));
    }
    assert_string_equal(net_peer_label("peer-199"), "peer=\"other\"");
    assert_ptr_equal(net_peer_label("slack"), slack);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_set_up, arena_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_addresses_refused),
        TEST(test_addresses_allowed),
        TEST(test_socket_addresses),
        TEST(test_url_parts),
        TEST(test_url_refused),
        TEST(test_form),
        TEST(test_decode),
        TEST(test_basic),
        TEST(test_retry_after),
        TEST(test_peer_labels),
    };
    return cmocka_run_group_tests_name("net parts", tests, NULL, NULL);
}

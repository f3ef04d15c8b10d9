/* The pure parts: tokens and accounts as JSON, handles, codes. */
#include "service/oauth/oauth_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "tests/unit/base/helpers.h"

static void tokens_come_back(void **state)
{
    (void)state;
    static const char *scopes[] = {"api", "refresh token", "ü"};
    arena *mem = arena_new(), *later = arena_new();
    const struct tokens given = {.access = secret_of(mem, "sample-access \"\\ü"),
                                 .refresh = secret_of(mem, "sample-refresh"),
                                 .access_expires_at = INT64_C(9999999999),
                                 .refresh_expires_at = 5,
                                 .scopes = scopes,
                                 .scopes_count = 3};
    struct tokens back = {.access_expires_at = 77};
    json_t *value = oauth_tokens_json(&given);
    oauth_tokens_read(later, value, &back);
    json_decref(value);
    arena_free(mem); /* what was read stands on its own arena */
    assert_string_equal(secret_reveal(back.access), "sample-access \"\\ü");
    assert_string_equal(secret_reveal(back.refresh), "sample-refresh");
    assert_int_equal(back.access_expires_at, INT64_C(9999999999));
    assert_int_equal(back.refresh_expires_at, 5);
    assert_int_equal(back.scopes_count, 3);
    assert_string_equal(back.scopes[1], "refresh token");
    assert_string_equal(back.scopes[2], "ü");
    arena_free(later);
}

static void empty_tokens_come_back_empty(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct tokens none = {0}, back = {.access = secret_of(mem, "old"), .scopes_count = 9};
    json_t *value = arena_json(mem, oauth_tokens_json(&none));
    assert_non_null(value);
    oauth_tokens_read(mem, value, &back);
    assert_true(secret_empty(back.access) && secret_empty(back.refresh));
    assert_int_equal(back.scopes_count, 0);
    /* what was not written by us is nothing, not a crash */
    json_t *odd = arena_json(mem, json_pack("{s:i, s:[i,s,n], s:s}", "access", 5, "scopes", 1, "a",
                                            "access_expires_at", "soon"));
    oauth_tokens_read(mem, odd, &back);
    assert_true(secret_empty(back.access));
    assert_int_equal(back.scopes_count, 1);
    assert_int_equal(back.access_expires_at, 0);
    oauth_tokens_read(mem, NULL, &back);
    assert_int_equal(back.scopes_count, 0);
    arena_free(mem);
}

static void accounts_come_back(void **state)
{
    (void)state;
    arena *mem = arena_new(), *later = arena_new();
    const struct account given = {.key = "00D/005",
                                  .name = "ana@acme.example",
                                  .email = NULL,
                                  .organization = "00Dsample",
                                  .sandbox = true,
                                  .api_base = "https://acme.my.salesforce.com"};
    struct account back = {.email = "old"};
    json_t *value = oauth_account_json(&given);
    oauth_account_read(later, value, &back);
    json_decref(value);
    assert_string_equal(back.key, given.key);
    assert_string_equal(back.name, given.name);
    assert_null(back.email);
    assert_string_equal(back.organization, given.organization);
    assert_true(back.sandbox);
    assert_string_equal(back.api_base, given.api_base);
    struct account none = {0};
    value = oauth_account_json(&none);
    assert_non_null(value);
    oauth_account_read(later, value, &back);
    json_decref(value);
    assert_true(back.key == NULL && back.name == NULL && !back.sandbox);
    arena_free(mem);
    arena_free(later);
}

static void a_handle_begins_with_its_route(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const char *hash = NULL, *other = NULL, *route = NULL, *split = NULL;
    char *handle = oauth_handle_new(mem, "0123456789abcdef", &hash);
    assert_true(oauth_handle_split(mem, handle, &route, &split));
    assert_string_equal(route, "0123456789abcdef");
    assert_string_equal(split, hash);
    assert_null(strstr(handle, hash)); /* what is stored does not open anything */
    assert_int_equal(strlen(handle), 16 + 1 + 48);
    char *second = oauth_handle_new(mem, "0123456789abcdef", &other);
    assert_false(str_equal(handle, second));
    assert_false(str_equal(hash, other));
    arena_free(mem);
}

static void other_shapes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "x",
        "0123456789abcde",
        "0123456789ABCDEF.secret",
        " 0123456789abcdef",
        "g123456789abcdef.secret",
        "../0123456789abcdef",
        "0123456789abcde.f",
        "%30123456789abcdef",
    };
    arena *mem = arena_new();
    const char *route = "unset", *hash = "unset";
    assert_false(oauth_handle_split(mem, NULL, &route, &hash));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(oauth_handle_split(mem, bad[i], &route, &hash));
    }
    char *longest = arena_alloc(mem, 300);
    memset(longest, 'a', 201);
    assert_false(oauth_handle_split(mem, longest, &route, &hash));
    assert_string_equal(route, "unset");
    assert_string_equal(hash, "unset");
    longest[200] = '\0';
    assert_true(oauth_handle_split(mem, longest, &route, &hash));
    assert_int_equal(strlen(route), 16);
    arena_free(mem);
}

/* One character more, less or changed is another handle. */
static void every_character_counts(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const char *hash = NULL, *route = NULL, *changed = NULL;
    char *handle = oauth_handle_new(mem, "fedcba9876543210", &hash);
    for (size_t i = 16; i < strlen(handle); i++) {
        char *copy = arena_strdup(mem, handle);
        copy[i] = copy[i] == '0' ? '1' : '0';
        assert_true(oauth_handle_split(mem, copy, &route, &changed));
        assert_false(str_equal(changed, hash));
    }
    assert_true(oauth_handle_split(mem, arena_printf(mem, "%s ", handle), &route, &changed));
    assert_false(str_equal(changed, hash));
    arena_free(mem);
}

static void a_code_belongs_to_its_login(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char *one = oauth_code_hash(mem, &(struct coded){"login-1", false}, "123456");
    assert_string_equal(one, oauth_code_hash(mem, &(struct coded){"login-1", false}, "123456"));
    assert_string_not_equal(one, oauth_code_hash(mem, &(struct coded){"login-2", false}, "123456"));
    assert_string_not_equal(one, oauth_code_hash(mem, &(struct coded){"login-1", false}, "123457"));
    /* a release that asks for no site makes the first one: it must not fit the second */
    assert_string_not_equal(one, oauth_code_hash(mem, &(struct coded){"login-1", true}, "123456"));
    assert_null(strstr(one, "123456"));
    assert_int_equal(strlen(oauth_cookie_key(mem, "any-state")), 12);
    assert_string_not_equal(oauth_cookie_key(mem, "a"), oauth_cookie_key(mem, "b"));
    arena_free(mem);
}

/* What the typed code and the window's code are compared with, and what they make usable. */
static void what_waits_for_its_code_comes_back(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct tokens tokens = {.access = secret_of(mem, "sample-access")};
    const struct account account = {.key = "005A"};
    struct provisional p = {.tokens = &tokens, .account = &account};
    json_t *typed = oauth_provisional_json(mem, &p);
    assert_null(json_object_get(typed, "window"));
    p.window_hash =
        oauth_code_hash(mem, &(struct coded){"login-1", false}, "0123456789abcdef0123456789abcdef");
    json_t *either = oauth_provisional_json(mem, &p);
    assert_string_equal(json_string_value(json_object_get(either, "window")), p.window_hash);
    struct tokens t;
    struct account a;
    oauth_tokens_read(mem, json_object_get(either, "tokens"), &t);
    oauth_account_read(mem, json_object_get(either, "account"), &a);
    assert_string_equal(secret_reveal(t.access), "sample-access");
    assert_string_equal(a.key, "005A");
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_back),
        cmocka_unit_test(empty_tokens_come_back_empty),
        cmocka_unit_test(accounts_come_back),
        cmocka_unit_test(a_handle_begins_with_its_route),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(every_character_counts),
        cmocka_unit_test(a_code_belongs_to_its_login),
        cmocka_unit_test(what_waits_for_its_code_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

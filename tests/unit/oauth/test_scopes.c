/* What a login lacks of what is asked for by now, and whether another one would bring it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "service/oauth/oauth_int.h"

static arena *mem;
static oauth one;

static int load(void **state)
{
    (void)state;
    struct faults faults;
    apps *all = NULL;
    mem = arena_new();
    faults_init(&faults, mem);
    assert_int_equal(apps_load(mem, NULL, &all, &faults), 0);
    one.options.apps = all;
    return 0;
}

static int unload(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

/* "a b" -> names */
static const char **split(const char *text, size_t *ret)
{
    const char **list = arena_array(mem, strlen(text) + 1, sizeof(*list));
    *ret = 0;
    for (const char *rest = text, *name; (name = str_split(mem, &rest, ' ')) != NULL;) {
        if (*name != '\0') {
            list[(*ret)++] = name;
        }
    }
    return list;
}

static struct default_connection asking(const char *scopes)
{
    struct default_connection d = {.app = "salesforce"};
    d.scopes = split(scopes, &d.scopes_count);
    return d;
}

static struct connection granted(const char *scopes)
{
    struct connection c = {.app = "salesforce"};
    c.tokens.scopes = split(scopes, &c.tokens.scopes_count);
    return c;
}

static void what_lacks_is_compared_as_apps_name_it(void **state)
{
    (void)state;
    static const struct {
        const char *asked, *granted, *lacks;
    } table[] = {
        {"a b", "b a", ""},
        {"a b", "a", "b"},
        {"a", "a b", ""},
        {"A", "a", ""},
        {"a b", "", ""}, /* nobody knows */
        {"https://x.example/auth/mail a", "mail a", ""},
        {"mail", "https://x.example/auth/mail", ""},
        {"mail", "https://x.example/auth/gmail", "mail"},
        {"openid profile email offline_access a", "b", "a"},
        {"", "refresh_token openid", "api"}, /* the app's own */
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct default_connection d = asking(table[i].asked);
        const struct connection c = granted(table[i].granted);
        const struct oauth_scopes lacking = oauth_scopes_lacking(&one, mem, &d, &c);
        const char *only = lacking.count == 1 ? lacking.names[0] : "";
        assert_int_equal(lacking.count, *table[i].lacks != '\0');
        assert_string_equal(only, table[i].lacks);
    }
}

static void consent_helps_only_to_what_would_be_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *asked, *granted, *needed;
        bool helps;
    } table[] = {
        {"a b", "a", "b", true},    {"a b", "a", "", true}, {"a b", "a", "a", false},
        {"a", "a", "b", false},     {"a", "a", "", false},  {"a b", "a", "c b", true},
        {"a b", "", "b", true},     {"a b", "", "", true},  {"a b", "", "c", false},
        {"a b", "a b", "b", false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct default_connection d = asking(table[i].asked);
        const struct connection c = granted(table[i].granted);
        assert_int_equal(oauth_consent_helps(&one, mem, &d, &c, table[i].needed), table[i].helps);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lacks_is_compared_as_apps_name_it),
        cmocka_unit_test(consent_helps_only_to_what_would_be_asked_for),
    };
    return cmocka_run_group_tests(tests, load, unload);
}

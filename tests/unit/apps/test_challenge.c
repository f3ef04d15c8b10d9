/* WWW-Authenticate as apps write it: does it say insufficient_scope, and of which scopes? */
#include "apps_help.h"

#include <string.h>

#include "service/apps/apps_int.h"
#include "tests/unit/base/helpers.h"

static void test_it_is_read_as_apps_write_it(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        const char *scope; /* NULL: it does not say it */
    } rows[] = {
        {"Bearer error=\"insufficient_scope\", scope=\"a b\"", "a b"},
        {"Bearer realm=\"x, error=invalid_token\", error=\"insufficient_scope\"", ""},
        {"bearer ERROR=Insufficient_Scope,Scope=a", "a"},
        {"Bearer scope=\"a\" , error = \"insufficient_scope\"", "a"},
        {"Bearer error=\"insufficient_scope\" error_description=\"say \\\"a\\\"\" scope=\"b\"",
         "b"},
        {"Basic realm=\"x\", Bearer error=\"insufficient_scope\", scope=\"a\"", "a"},
        {"Bearer error=\"insufficient_scope\", scope=\"a\", Basic realm=\"x\", scope=\"b\"", "a"},
        {"DPoP scope=\"b\", Bearer error=\"insufficient_scope\"", ""},
        {"error=\"insufficient_scope\"", ""},
        {"Bearer error=\"insufficient_scope\", scope=\"not ended", "not ended"},
        {"Bearer error=\"invalid_token\", scope=\"a\"", NULL},
        {"Bearer error_description=\"insufficient_scope\"", NULL},
        {"Bearer realm=\"error=insufficient_scope\"", NULL},
        {"insufficient_scope", NULL},
        {"Bearer error=", NULL},
        {"= \" , =\\", NULL},
        {"", NULL},
        {NULL, NULL},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *scope = NULL;
        bool says = apps_challenge_scope(mem, rows[i].header, &scope);
        assert_int_equal(says, rows[i].scope != NULL);
        if (says) {
            assert_string_equal(scope, rows[i].scope);
        }
    }
    arena_free(mem);
}

static const char *words; /* of the last error: constants */

static struct err error_of(const app *a, int status, const char *header, const char *body)
{
    arena *mem = arena_new();
    const struct net_response r = {.status = status,
                                   .body = bytes_of(body),
                                   .content_type = "application/json",
                                   .www_authenticate = header,
                                   .has_body = *body != '\0'};
    struct err e = {0};
    apps_api_error(mem, a, &r, true, &words, &e);
    arena_free(mem);
    return e;
}

static void test_the_header_counts_before_any_row(void **state)
{
    (void)state;
    static const char said[] = "Bearer error=\"insufficient_scope\", scope=\"a b\"";
    struct apps_rule rule = {.status = 403, .meaning = MEANS_REFUSED, .words = "No right."};
    static const char *paths[] = {"error"};
    const app any = {.name = "any", .errors = {.code = {paths, 1}}};
    app rows = any;
    rows.errors.rules = (struct apps_rules){&rule, 1};
    const char *body = "{\"error\":\"insufficient_scope\"}";

    struct err e = error_of(&rows, 403, said, "");
    assert_string_equal(e.code, "app_scope");
    assert_string_equal(e.needed, "a b");
    assert_false(e.maybe_done);
    assert_null(words); /* those of the row are about something else */
    assert_string_equal(error_of(&any, 401, said, "").code, "app_scope");
    assert_string_equal(error_of(&any, 403, "", body).code, "app_scope");
    assert_string_equal(error_of(&rows, 403, "", body).code, "app_refused");
    assert_string_equal(words, "No right.");
    rule.code = "insufficient_scope";
    assert_string_equal(error_of(&rows, 403, said, body).code, "app_scope");
    assert_string_equal(words, "No right.");
    rule.code = NULL;
    assert_string_equal(error_of(&any, 401, "", body).code, "app_401");
    assert_string_equal(error_of(&any, 403, "", "{}").code, "app_refused");
    rule.meaning = MEANS_SCOPE;
    e = error_of(&rows, 403, "", "{}");
    assert_string_equal(e.code, "app_scope");
    assert_string_equal(e.needed, "");
}

/* What does not fit is not named, rather than cut. */
static void test_too_many_scopes_are_none(void **state)
{
    (void)state;
    const app any = {.name = "any"};
    char header[300];
    memset(header, 'x', sizeof(header));
    memcpy(header, "Bearer error=insufficient_scope,scope=", 38);
    header[sizeof(header) - 1] = '\0';
    struct err e = error_of(&any, 403, header, "");
    assert_string_equal(e.code, "app_scope");
    assert_string_equal(e.needed, "");
}

/* As ServiceNow says it, without a detail: a new consent may bring what lacks. */
static void test_servicenow_names_a_missing_scope(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = apps_find(builtin_apps(mem), "servicenow");
    struct err e = error_of(a, 403, NULL,
                            "{\"error\":{\"message\":\"Missing required api access scope\","
                            "\"detail\":null},\"status\":\"failure\"}");
    assert_string_equal(e.code, "app_scope");
    assert_non_null(strstr(words, "widen the scope"));
    assert_string_equal(error_of(a, 403, NULL, "{\"error\":{\"message\":\"No\"}}").code,
                        "app_refused");
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_read_as_apps_write_it),
        cmocka_unit_test(test_the_header_counts_before_any_row),
        cmocka_unit_test(test_too_many_scopes_are_none),
        cmocka_unit_test(test_servicenow_names_a_missing_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* An answer of 2xx that is none: with an error in it, with nothing, or with what is no JSON. */
#include "apps_help.h"

#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

struct row {
    int status;
    const char *body;
    const char *code; /* NULL: done */
    bool maybe_done;
};

static int act(struct bench *b, const char *action, const char *with, struct app_result *r)
{
    const struct app_call c = {.mem = b->mem,
                               .http = b->http,
                               .site = b->site,
                               .access = secret_of(b->mem, "sample-access"),
                               .idempotency_key = "run-1",
                               .account_key = "o:p:user7"};
    const char *words = NULL;
    *r = (struct app_result){0};
    b->e = (struct err){0};
    return app_act(&c, app_action_find(b->site.app, action), json_of(b->mem, with), r, &words,
                   &b->e);
}

static void judged(const struct row *row, const char *action, const char *with)
{
    struct bench b;
    struct app_result r;
    arena *mem = arena_new();
    bench_start(&b, http_answer(mem, row->status, "application/json", row->body));
    if (act(&b, action, with, &r) != (row->code == NULL ? 0 : -1) ||
        !str_equal(row->code, b.e.code) || b.e.maybe_done != row->maybe_done) {
        fail_msg("%s %d %s: %s, maybe done %d", action, row->status, row->body,
                 b.e.code == NULL ? "done" : b.e.code, b.e.maybe_done);
    }
    bool twice = str_equal(row->code, "app_odd") && !row->maybe_done;
    assert_int_equal(scripted_requests(b.server), twice ? 2 : 1);
    bench_stop(&b);
    arena_free(mem);
}

static void test_apps_trap_06_a_write_that_shows_nothing_is_not_done(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {201, "{\"id\":\"00Q000000000001AAA\",\"success\":true,\"errors\":[]}", NULL, false},
        {201, "", "app_odd", true},
        {201, "{}", "app_odd", true},
        {201, "{\"id\":null}", "app_odd", true},
        {201, "[]", "app_odd", true},
        {201, "[{\"message\":\"no\",\"errorCode\":\"UNKNOWN\"}]", "app_refused", true},
        {201, "{\"error\":{\"code\":\"x\",\"message\":\"no\"}}", "app_refused", true},
        {201, "{\"ok\":false,\"error\":\"nope\"}", "app_refused", true},
        {201, "{\"id\":18446744073709551616}", "app_odd", true},
        {201, "{\"id\":1e400}", "app_odd", true},
        {201, "{\"id\":\"a\\u0000b\"}", "app_odd", true},
        {201, "\"created\"", "app_odd", true},
        {201, "<html>asleep</html>", "app_unreadable", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        judged(&rows[i], "create_record", "{\"object\":\"Lead\",\"fields\":{\"LastName\":\"x\"}}");
    }
}

static void test_apps_trap_06_a_read_that_shows_nothing_is_asked_once_more(void **state)
{
    (void)state;
    static const char query[] = "{\"soql\":\"SELECT Id FROM Lead\"}";
    static const struct row listed[] = {
        {200, "{\"totalSize\":0,\"done\":true,\"records\":[]}", NULL, false},
        {200, "{}", NULL, false}, /* some apps leave out what is empty */
        {200, "", "app_odd", false},
        {200, "[{\"message\":\"no\",\"errorCode\":\"UNKNOWN\"}]", "app_refused", false},
        {200, "[1]", "app_odd", false},
        {200, "{\"records\":[{\"n\":18446744073709551616}]}", "app_odd", false},
        {200, "\xEF\xBB\xBF{\"records\":[]}", "app_odd", false},
        {200, "<html>asleep</html>", "app_unreadable", false},
    };
    for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++) {
        judged(&listed[i], "query", query);
    }
    static const char record[] = "{\"object\":\"Lead\",\"id\":\"00Q000000000001AAA\"}";
    static const struct row whole[] = {
        {200, "{\"Name\":\"x\",\"error\":\"a field of its own\"}", "app_refused", false},
        {200, "{\"Name\":\"x\",\"errors\":[\"a field of its own\"]}", NULL, false},
        {200, "{\"errors\":[\"no\"],\"message\":\"x\"}", "app_refused", false},
        {200, "{\"message\":\"x\"}", NULL, false},
        {200, "", "app_odd", false},
    };
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        judged(&whole[i], "get_record", record);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apps_trap_06_a_write_that_shows_nothing_is_not_done),
        cmocka_unit_test(test_apps_trap_06_a_read_that_shows_nothing_is_asked_once_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

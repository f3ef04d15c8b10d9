/* What each refusal of ServiceNow's and Box's API, and the rest of Salesforce's, means to the
 * engine and to the person: the rows of their documents, body in, words out (P7, P11). */
#include "apps_help.h"

#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

struct refusal {
    const char *answer; /* the whole HTTP answer; NULL: status and body */
    int status;
    const char *body;
    enum err_kind kind;
    const char *words;     /* part of them; NULL: none */
    int64_t retry_after_s; /* 0: not said */
};

struct case_of {
    const char *app, *action, *with;
    const struct refusal *rows;
    size_t count;
};

static void expect(const struct case_of *c, const struct refusal *row, size_t number)
{
    struct bench b;
    struct app_result r = {0};
    const char *words = NULL;
    arena *mem = arena_new();
    bench_start(&b, row->answer != NULL
                        ? row->answer
                        : http_answer(mem, row->status, "application/json", row->body));
    b.site.app = apps_find(builtin_apps(b.mem), c->app);
    const struct app_call call = {.mem = b.mem,
                                  .http = b.http,
                                  .site = b.site,
                                  .access = secret_of(b.mem, "sample-access"),
                                  .idempotency_key = "run/1 step?",
                                  .account_key = "acme.service-now.com:6816"};
    const app_action *x = app_action_find(b.site.app, c->action);
    assert_non_null(x);
    assert_int_equal(app_act(&call, x, json_of(b.mem, c->with), &r, &words, &b.e), -1);
    if (b.e.kind != row->kind || b.e.retry_after_ms != row->retry_after_s * 1000) {
        fail_msg("%s, row %zu: %s, %lld ms, %s", c->app, number, err_kind_name(b.e.kind),
                 (long long)b.e.retry_after_ms, b.e.text);
    }
    if (row->words == NULL ? words != NULL : words == NULL || strstr(words, row->words) == NULL) {
        fail_msg("%s, row %zu: %s", c->app, number, words == NULL ? "no words" : words);
    }
    bench_stop(&b);
    arena_free(mem);
}

static void expect_all(const struct case_of *c)
{
    for (size_t i = 0; i < c->count; i++) {
        expect(c, &c->rows[i], i);
    }
}

#define SN(message, detail)                                                                        \
    "{\"error\":{\"message\":\"" message "\",\"detail\":" detail "},\"status\":\"failure\"}"

static const struct refusal servicenow[] = {
    {NULL, 401, SN("User Not Authenticated", "\"Required to provide Auth information\""),
     ERR_UNAUTHENTIC, NULL, 0},
    {NULL, 401, SN("User is not authenticated", "null"), ERR_UNAUTHENTIC, NULL, 0},
    {NULL, 400, SN("Invalid table x_none", "null"), ERR_UPSTREAM_REFUSED, "uses a table", 0},
    {NULL, 403,
     SN("Operation Failed", "\"ACL Exception Update Failed due to security constraints\""),
     ERR_UPSTREAM_REFUSED, "may not change that record", 0},
    {NULL, 403,
     SN("Operation Failed", "\"ACL Exception Insert Failed due to security constraints\""),
     ERR_UPSTREAM_REFUSED, "no right to do that", 0},
    {NULL, 403, SN("Insufficient rights", "null"), ERR_UPSTREAM_REFUSED, "no right to do that", 0},
    {NULL, 403,
     SN("Operation Failed", "\"Error during insert of incident (x), aborted by Business Rule\""),
     ERR_UPSTREAM_REFUSED, "A rule of your ServiceNow stopped this", 0},
    {NULL, 403,
     SN("Operation Failed", "\"Data Policy Exception: The following fields are mandatory: A\""),
     ERR_UPSTREAM_REFUSED, "a field that was left empty", 0},
    {NULL, 404,
     SN("No Record found", "\"Record doesn't exist or ACL restricts the record retrieval\""),
     ERR_UPSTREAM_REFUSED, "no such record", 0},
    {NULL, 400, SN("Requested URI does not represent any resource", "null"), ERR_UPSTREAM_REFUSED,
     "not switched on there", 0},
    {NULL, 429,
     SN("Rate limit exceeded", "\"Rate limit of 100 requests per hour for Table API exceeded\""),
     ERR_LIMIT, "takes no more calls", 60},
    {"HTTP/1.1 429 X\r\nRetry-After: 1700\r\nContent-Length: 0\r\n\r\n", 0, NULL, ERR_LIMIT,
     "takes no more calls", 1700},
    {"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 31\r\n\r\n"
     "<p>Your instance is hibernating",
     0, NULL, ERR_UPSTREAM_BUSY, "instance sleeps", 60},
    {NULL, 503, SN("Service unavailable", "null"), ERR_UPSTREAM_BUSY, NULL, 0},
    {NULL, 400, SN("Something of tomorrow", "null"), ERR_UPSTREAM_REFUSED, NULL, 0},
};

#define BOX(status, code) "{\"type\":\"error\",\"status\":" #status ",\"code\":\"" code "\"}"

static const struct refusal box[] = {
    {"HTTP/1.1 401 X\r\nWWW-Authenticate: Bearer realm=\"Service\", error=\"invalid_token\", "
     "error_description=\"The access token provided is invalid.\"\r\nContent-Length: 0\r\n\r\n",
     0, NULL, ERR_UNAUTHENTIC, NULL, 0},
    {NULL, 403, BOX(403, "insufficient_scope"), ERR_UPSTREAM_REFUSED, "does not let this app", 0},
    {NULL, 403, BOX(403, "access_denied_insufficient_permissions"), ERR_UPSTREAM_REFUSED,
     "no right to do that", 0},
    {NULL, 403, BOX(403, "forbidden_by_policy"), ERR_UPSTREAM_REFUSED, "A rule of your company", 0},
    {NULL, 404, BOX(404, "not_found"), ERR_UPSTREAM_REFUSED, "no such item", 0},
    {NULL, 404, BOX(404, "trashed"), ERR_UPSTREAM_REFUSED, "trash", 0},
    {NULL, 409, BOX(409, "item_name_in_use"), ERR_UPSTREAM_REFUSED, "with this name", 0},
    {NULL, 409, BOX(409, "name_temporarily_reserved"), ERR_UPSTREAM_BUSY, "just storing", 5},
    {NULL, 409, BOX(409, "operation_blocked_temporary"), ERR_UPSTREAM_BUSY, "another change", 5},
    {NULL, 412, BOX(412, "precondition_failed"), ERR_UPSTREAM_REFUSED, "changed this file", 0},
    {NULL, 400, BOX(400, "bad_request"), ERR_UPSTREAM_REFUSED, "one of the values", 0},
    {NULL, 405, BOX(405, "method_not_allowed"), ERR_UPSTREAM_REFUSED, NULL, 0},
    {NULL, 429, BOX(429, "rate_limit_exceeded"), ERR_LIMIT, "no more calls of yours", 60},
    {"HTTP/1.1 429 X\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n", 0, NULL, ERR_LIMIT,
     "no more calls of yours", 5},
    {NULL, 503, BOX(503, "unavailable"), ERR_UPSTREAM_BUSY, NULL, 0},
    {NULL, 400, BOX(400, "of_tomorrow"), ERR_UPSTREAM_REFUSED, NULL, 0},
};

#define SF(code) "[{\"message\":\"<b>no</b>\",\"errorCode\":\"" code "\"}]"

/* Those of the document that test_act.c has not. */
static const struct refusal salesforce[] = {
    {NULL, 401, SF("INVALID_AUTH_HEADER"), ERR_UNAUTHENTIC, NULL, 0},
    {NULL, 400, SF("JSON_PARSER_ERROR"), ERR_UPSTREAM_REFUSED, "could not read a value", 0},
    {NULL, 400, SF("NO_APPLICABLE_PROCESS"), ERR_UPSTREAM_REFUSED, "No approval process", 0},
    {NULL, 400, SF("INVALID_CROSS_REFERENCE_KEY"), ERR_UPSTREAM_REFUSED, "named here", 0},
    {NULL, 400, SF("ALREADY_IN_PROCESS"), ERR_UPSTREAM_REFUSED, NULL, 0},
    {NULL, 403, SF("API_CURRENTLY_DISABLED"), ERR_UPSTREAM_REFUSED, "switched off", 0},
    {NULL, 420, "", ERR_UPSTREAM_REFUSED, NULL, 0},
    {NULL, 412, "[]", ERR_UPSTREAM_REFUSED, NULL, 0},
    {NULL, 428, "[]", ERR_UPSTREAM_REFUSED, NULL, 0},
    {NULL, 431, "", ERR_UPSTREAM_REFUSED, NULL, 0},
    {NULL, 500, SF("UNKNOWN_EXCEPTION"), ERR_UPSTREAM_BUSY, NULL, 0},
    {NULL, 503, SF("SERVER_UNAVAILABLE"), ERR_UPSTREAM_BUSY, NULL, 0},
};

#define ROWS(list) list, sizeof(list) / sizeof((list)[0])

static void test_servicenow(void **state)
{
    (void)state;
    expect_all(&(struct case_of){"servicenow", "get_incident", "{\"number\":\"INC0010001\"}",
                                 ROWS(servicenow)});
}

static void test_box(void **state)
{
    (void)state;
    expect_all(&(struct case_of){"box", "file_info", "{\"id\":\"8018809384\"}", ROWS(box)});
}

static void test_salesforce(void **state)
{
    (void)state;
    expect_all(&(struct case_of){"salesforce", "query", "{\"soql\":\"SELECT Id FROM Lead\"}",
                                 ROWS(salesforce)});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servicenow),
        cmocka_unit_test(test_box),
        cmocka_unit_test(test_salesforce),
    };
    return cmocka_run_group_tests_name("apps: refusals", tests, NULL, NULL);
}

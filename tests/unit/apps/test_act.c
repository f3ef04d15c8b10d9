/* Actions: what is sent, what comes back, what each refusal means to the user (P5, P10, P11). */
#include "apps_help.h"

#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

static struct app_call call_of(struct bench *b)
{
    return (struct app_call){.mem = b->mem,
                             .http = b->http,
                             .site = b->site,
                             .access = secret_of(b->mem, "00Dx!access"),
                             .idempotency_key = "run/1 step?",
                             .account_key = "o:u"};
}

static int act(struct bench *b, const char *action, const char *with, struct app_result *r,
               const char **words)
{
    const struct app_call c = call_of(b);
    const app_action *x = app_action_find(b->site.app, action);
    assert_non_null(x);
    *r = (struct app_result){0};
    b->e = (struct err){0};
    return app_act(&c, x, json_of(b->mem, with), r, words, &b->e);
}

/* The request's first line, and its body. */
static void sent(struct bench *b, const char *line, const char *body)
{
    const char *q = bench_request(b);
    char *first = arena_strndup(b->mem, q, strcspn(q, "\r"));
    assert_string_equal(first, arena_printf(b->mem, "%s HTTP/1.1", line));
    assert_string_equal(strstr(q, "\r\n\r\n") + 4, body);
    assert_non_null(strcasestr(q, "\r\nAuthorization: Bearer 00Dx!access\r\n"));
    assert_non_null(strcasestr(q, "\r\nAccept: application/json\r\n"));
    if (body[0] != '\0') {
        assert_non_null(strcasestr(q, "\r\nContent-Type: application/json\r\n"));
    }
}

static const char *output(struct bench *b, const struct app_result *r)
{
    return json_write(b->mem, r->output);
}

static void test_create_sends_a_post(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    bench_start(&b, http_answer(mem, 201, "application/json",
                                "{\"id\":\"006xx0000000001AAA\",\"success\":true,\"errors\":[]}"));
    struct app_result r;
    const char *words = NULL;
    assert_int_equal(act(&b, "create_record",
                         "{\"object\":\"Opportunity\",\"fields\":{\"Name\":\"A \\\"b\\\"\","
                         "\"Amount\":5000.5,\"Open__c\":true}}",
                         &r, &words),
                     0);
    sent(&b, "POST /services/data/v67.0/sobjects/Opportunity",
         "{\"Amount\":5000.5,\"Name\":\"A \\\"b\\\"\",\"Open__c\":true}");
    assert_string_equal(r.record_id, "006xx0000000001AAA");
    assert_string_equal(r.record_url, arena_printf(mem, "http://%s/006xx0000000001AAA", b.host));
    assert_string_equal(output(&b, &r), "{\"id\":\"006xx0000000001AAA\"}");
    b.site.api_base = arena_printf(b.mem, "http://%s/org", b.host);
    assert_int_equal(act(&b, "create_record", "{\"object\":\"Lead\",\"fields\":{}}", &r, &words),
                     0);
    sent(&b, "POST /org/services/data/v67.0/sobjects/Lead", "{}");
    bench_stop(&b);
    arena_free(mem);
}

static void test_apps_trap_14_upsert_is_repeatable(void **state)
{
    (void)state;
    static const char with[] = "{\"object\":\"Case\",\"external_id_field\":\"Bot_Key__c\","
                               "\"fields\":{\"Subject\":\"x\"}}";
    static const struct {
        int status;
        const char *body, *id;
    } rows[] = {
        {201, "{\"id\":\"500xx0000000001AAA\",\"success\":true,\"created\":true}",
         "500xx0000000001AAA"},
        {200, "{\"id\":\"500xx0000000001AAA\",\"success\":true,\"created\":false}",
         "500xx0000000001AAA"},
        {204, "", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arena *mem = arena_new();
        struct bench b;
        bench_start(&b, rows[i].status == 204
                            ? "HTTP/1.1 204 No Content\r\n\r\n"
                            : http_answer(mem, rows[i].status, "application/json", rows[i].body));
        struct app_result r;
        const char *words = NULL;
        assert_int_equal(act(&b, "create_record", with, &r, &words), 0);
        if (rows[i].id == NULL) {
            /* read back, in vain: the write is done, and without a link */
            sent(&b,
                 "GET /services/data/v67.0/sobjects/Case/Bot_Key__c/run%2F1%20step%3F?fields=Id",
                 "");
            assert_null(r.record_id);
            assert_null(r.record_url);
            assert_non_null(strstr(json_text(r.output, APPS_NOT_TAKEN), "no link could be had"));
        } else {
            sent(&b, "PATCH /services/data/v67.0/sobjects/Case/Bot_Key__c/run%2F1%20step%3F",
                 "{\"Subject\":\"x\"}");
            assert_string_equal(r.record_id, rows[i].id);
        }
        const app_action *x = app_action_find(b.site.app, "create_record");
        assert_true(app_action_repeatable(x, json_of(mem, with)));
        assert_false(app_action_repeatable(x, json_of(mem, "{\"object\":\"Case\"}")));
        assert_false(app_action_repeatable(
            x, json_of(mem, "{\"object\":\"Case\",\"external_id_field\":\"\"}")));
        bench_stop(&b);
        arena_free(mem);
    }
}

static void test_apps_trap_14_204_has_no_body(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    struct app_result r;
    const char *words = NULL;
    bench_start(&b, "HTTP/1.1 204 No Content\r\n\r\n");
    assert_int_equal(act(&b, "update_record",
                         "{\"object\":\"Case\",\"id\":\"500xx0000000001\",\"fields\":{\"A\":1}}",
                         &r, &words),
                     0);
    sent(&b, "PATCH /services/data/v67.0/sobjects/Case/500xx0000000001", "{\"A\":1}");
    assert_string_equal(output(&b, &r), "{\"id\":\"500xx0000000001\"}");
    assert_true(str_ends(r.record_url, "/500xx0000000001"));
    assert_true(app_action_repeatable(app_action_find(b.site.app, "update_record"), NULL));
    bench_stop(&b);
    bench_start(&b, http_answer(mem, 200, "application/json",
                                "{\"attributes\":{\"type\":\"Case\"},\"Subject\":\"x\"}"));
    assert_int_equal(act(&b, "get_record",
                         "{\"object\":\"Case\",\"id\":\"500xx0000000001AAA\","
                         "\"fields\":\"Subject,Owner.Name\"}",
                         &r, &words),
                     0);
    sent(&b,
         "GET /services/data/v67.0/sobjects/Case/500xx0000000001AAA?fields=Subject%2COwner.Name",
         "");
    assert_string_equal(json_text(r.output, "Subject"), "x");
    assert_int_equal(
        act(&b, "get_record", "{\"object\":\"Case\",\"id\":\"500xx0000000001AAA\"}", &r, &words),
        0);
    sent(&b, "GET /services/data/v67.0/sobjects/Case/500xx0000000001AAA", "");
    bench_stop(&b);
    arena_free(mem);
}

static void test_query_gives_records_total_and_first(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    struct app_result r;
    const char *words = NULL;
    bench_start(&b, http_answer(mem, 200, "application/json",
                                "{\"totalSize\":2,\"done\":true,\"records\":[{\"Id\":\"001A\"},"
                                "{\"Id\":\"001B\"}]}"));
    assert_int_equal(act(&b, "query",
                         "{\"soql\":\"SELECT Id FROM Account WHERE Name = :n\","
                         "\"values\":{\"n\":\"O'Hara & co\"}}",
                         &r, &words),
                     0);
    sent(&b,
         "GET /services/data/v67.0/query?q=SELECT%20Id%20FROM%20Account%20WHERE%20Name%20%3D%20"
         "%27O%5C%27Hara%20%26%20co%27",
         "");
    assert_string_equal(
        output(&b, &r),
        arena_printf(mem,
                     "{\"first\":{\"Id\":\"001A\",\"url\":\"http://%s/001A\"},\"records\":["
                     "{\"Id\":\"001A\",\"url\":\"http://%s/001A\"},"
                     "{\"Id\":\"001B\",\"url\":\"http://%s/001B\"}],\"total\":2}",
                     b.host, b.host, b.host));
    assert_string_equal(r.record_id, "001A");
    bench_stop(&b);
    bench_start(&b, http_answer(mem, 200, "application/json",
                                "{\"totalSize\":0,\"done\":true,\"records\":[]}"));
    assert_int_equal(act(&b, "query", "{\"soql\":\"SELECT Id FROM Account\"}", &r, &words), 0);
    assert_string_equal(output(&b, &r), "{\"first\":null,\"records\":[],\"total\":0}");
    assert_null(r.record_id);
    assert_null(r.record_url);
    bench_stop(&b);
    arena_free(mem);
}

static void test_another_app_is_the_same_code(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    struct app_result r;
    const char *words = NULL;
    bench_start(&b, http_answer(mem, 200, "application/json", "{\"id\":42}"));
    b.site.app = sample_app(b.mem, NULL, NULL);
    assert_int_equal(
        act(&b, "approve", "{\"task\":\"a/b\",\"note\":\"fine & {task}\"}", &r, &words), 0);
    sent(&b, "PUT /v2/tasks/a%2Fb?notify=fine%20%26%20%7Btask%7D",
         "{\"by\":[\"for a/b: fine & {task}\"],\"state\":\"approved\",\"why\":\"fine & {task}\"}");
    assert_string_equal(r.record_id, "42");
    assert_true(str_ends(r.record_url, "/t/42"));
    assert_int_equal(act(&b, "approve", "{\"task\":\"t1\"}", &r, &words), 0);
    sent(&b, "PUT /v2/tasks/t1", "{\"by\":[\"for t1: \"],\"state\":\"approved\"}");
    bench_stop(&b);
    arena_free(mem);
}

/* Every row of Salesforce's table, and what stands behind it. */
static void test_apps_trap_14_what_each_refusal_means(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const struct {
        int status;
        const char *body;
        enum err_kind kind;
        const char *words; /* part of them; NULL: none */
    } rows[] = {
        {401, "[{\"message\":\"Session expired or invalid\",\"errorCode\":\"INVALID_SESSION_ID\"}]",
         ERR_UNAUTHENTIC, NULL},
        {401, "", ERR_UNAUTHENTIC, NULL},
        {401, "[{\"message\":\"Connected app is not attached to Agent\",\"errorCode\":\"X\"}]",
         ERR_UPSTREAM_REFUSED, "administrator"},
        {401, "[{\"message\":\"This session is not valid for use with the REST API\"}]",
         ERR_UPSTREAM_REFUSED, "administrator"},
        {403, "Bad_OAuth_Token", ERR_UNAUTHENTIC, NULL},
        {403, "[{\"errorCode\":\"REQUEST_LIMIT_EXCEEDED\"}]", ERR_LIMIT, "no calls left"},
        {400, "[{\"errorCode\":\"UNABLE_TO_LOCK_ROW\"}]", ERR_UPSTREAM_BUSY, "right now"},
        {400, "[{\"errorCode\":\"REQUIRED_FIELD_MISSING\",\"fields\":[\"LastName\",\"Company\"]}]",
         ERR_UPSTREAM_REFUSED, "needs these fields: LastName, Company."},
        {400, "[{\"errorCode\":\"REQUIRED_FIELD_MISSING\",\"fields\":[\"<b>\",7,\"*x*\"]}]",
         ERR_UPSTREAM_REFUSED, "left empty."},
        {400, "[{\"errorCode\":\"REQUIRED_FIELD_MISSING\"}]", ERR_UPSTREAM_REFUSED, "left empty."},
        {400, "[{\"errorCode\":\"FIELD_CUSTOM_VALIDATION_EXCEPTION\",\"fields\":[]}]",
         ERR_UPSTREAM_REFUSED, "A rule of your Salesforce"},
        {400, "[{\"errorCode\":\"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST\",\"fields\":[\"A__c\"]}]",
         ERR_UPSTREAM_REFUSED, "on their lists in Salesforce: A__c."},
        {400, "[{\"errorCode\":\"DUPLICATES_DETECTED\"}]", ERR_UPSTREAM_REFUSED, "like this one"},
        {400, "[{\"errorCode\":\"DUPLICATE_VALUE\"}]", ERR_UPSTREAM_REFUSED, "with this value"},
        {400, "[{\"errorCode\":\"INSUFFICIENT_ACCESS_OR_READONLY\"}]", ERR_UPSTREAM_REFUSED,
         "may not change"},
        {403, "[{\"errorCode\":\"INSUFFICIENT_ACCESS\"}]", ERR_UPSTREAM_REFUSED, "no right"},
        {400, "[{\"errorCode\":\"INVALID_FIELD\"}]", ERR_UPSTREAM_REFUSED, "field"},
        {400, "[{\"errorCode\":\"MALFORMED_QUERY\"}]", ERR_UPSTREAM_REFUSED, "query"},
        {400, "[{\"errorCode\":\"MALFORMED_ID\"}]", ERR_UPSTREAM_REFUSED, "id"},
        {404, "[{\"errorCode\":\"NOT_FOUND\"}]", ERR_UPSTREAM_REFUSED, "no such record"},
        {404, "[{\"errorCode\":\"ENTITY_IS_DELETED\"}]", ERR_UPSTREAM_REFUSED, "deleted"},
        {403, "[{\"errorCode\":\"API_DISABLED_FOR_ORG\"}]", ERR_UPSTREAM_REFUSED, "administrator"},
        {300, "[\"/services/data/v67.0/sobjects/Case/1\",\"/services/data/v67.0/sobjects/Case/2\"]",
         ERR_UPSTREAM_REFUSED, "Several records"},
        {400, "{\"error\":\"invalid_request\"}", ERR_UPSTREAM_REFUSED, NULL},
        {400, "[{\"errorCode\":\"SOMETHING_NEW\",\"message\":\"<script>\"}]", ERR_UPSTREAM_REFUSED,
         NULL},
        {409, "[]", ERR_UPSTREAM_REFUSED, NULL},
        {403, "<html>WAF</html>", ERR_UPSTREAM_BUSY, NULL},
        {429, "", ERR_LIMIT, NULL},
        {302, "", ERR_UPSTREAM_REFUSED, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        bench_start(&b, http_answer(mem, rows[i].status, "application/json", rows[i].body));
        struct app_result r;
        const char *words = NULL;
        assert_int_equal(
            act(&b, "create_record", "{\"object\":\"Lead\",\"fields\":{}}", &r, &words), -1);
        if (b.e.kind != rows[i].kind) {
            fail_msg("row %zu: %s", i, err_kind_name(b.e.kind));
        }
        assert_false(b.e.maybe_done);
        assert_null(strstr(b.e.text, "script"));
        if (rows[i].words == NULL) {
            assert_null(words);
        } else if (words == NULL || strstr(words, rows[i].words) == NULL) {
            fail_msg("row %zu: %s", i, words);
        }
        assert_int_equal(scripted_requests(b.server), 1);
        bench_stop(&b);
    }
    arena_free(mem);
}

static void test_when_to_try_again(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct {
        const char *answer;
        int64_t wait_ms;
    } rows[] = {
        {http_answer(mem, 403, "application/json", "[{\"errorCode\":\"REQUEST_LIMIT_EXCEEDED\"}]"),
         300000},
        {"HTTP/1.1 429 X\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", 17000},
        {"HTTP/1.1 503 X\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", 17000},
        {"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        bench_start(&b, rows[i].answer);
        assert_int_equal(act(&b, "query", "{\"soql\":\"SELECT Id FROM Lead\"}", &r, &words), -1);
        assert_int_equal(b.e.retry_after_ms, rows[i].wait_ms);
        assert_int_equal(err_fate(b.e.kind), FATE_AGAIN);
        bench_stop(&b);
    }
    arena_free(mem);
}

/* P10: which answers leave a write in doubt. A read never is. */
static void test_a_lost_write_is_marked(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct {
        const char *answer;
        bool write;
    } rows[] = {
        {http_answer(mem, 500, "application/json", "[{\"errorCode\":\"UNKNOWN_EXCEPTION\"}]"),
         true},
        {http_answer(mem, 503, "text/html", "<html>"), true},
        {http_answer(mem, 408, "text/plain", ""), true},
        {http_answer(mem, 200, "text/html", "<html>please sign in</html>"), true},
        {http_answer(mem, 202, "application/json", "{}"), true},
        {http_answer(mem, 201, "text/html", "<html>"), true},
        {"HTTP/1.1 201 X\r\nConnection: close\r\nContent-Length: 99\r\n\r\n{", true},
        {http_answer(mem, 502, "application/json", "[{\"errorCode\":\"SERVER_UNAVAILABLE\"}]"),
         true},
        {http_answer(mem, 503, "application/json", "[{\"errorCode\":\"SERVER_UNAVAILABLE\"}]"),
         true},
        {"HTTP/1.1 503 X\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.1 504 X\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", true},
        /* the app's own word that it did not begin */
        {"HTTP/1.1 503 X\r\nRetry-After: 17\r\nContent-Type: application/json\r\n"
         "Content-Length: 36\r\n\r\n[{\"errorCode\":\"SERVER_UNAVAILABLE\"}]",
         false},
        {http_answer(mem, 503, "application/json",
                     "[{\"errorCode\":\"SERVER_UNAVAILABLE\","
                     "\"message\":\"Too many requests waiting for connections\"}]"),
         false},
        {http_answer(mem, 503, "application/json", "[{\"errorCode\":\"REQUEST_LIMIT_EXCEEDED\"}]"),
         false},
        {http_answer(mem, 429, "text/plain", ""), false},
        {http_answer(mem, 400, "application/json", "[]"), false},
        {http_answer(mem, 403, "text/html", "<html>"), false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        bench_start(&b, rows[i].answer);
        assert_int_equal(
            act(&b, "create_record", "{\"object\":\"Lead\",\"fields\":{}}", &r, &words), -1);
        if (b.e.maybe_done != rows[i].write) {
            fail_msg("row %zu: %s", i, b.e.text);
        }
        assert_int_equal(scripted_requests(b.server), 1);
        assert_int_equal(act(&b, "query", "{\"soql\":\"SELECT Id FROM Lead\"}", &r, &words), -1);
        assert_false(b.e.maybe_done);
        bench_stop(&b);
    }
    arena_free(mem);
}

static void test_what_a_lost_answer_leaves(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    bench_start(&b, "");
    static const struct {
        const char *action, *with;
        enum app_lookup want;
    } rows[] = {
        {"create_record", "{\"object\":\"Lead\",\"fields\":{}}", APP_CANNOT_TELL},
        {"create_record", "{\"object\":\"Lead\",\"fields\":{},\"external_id_field\":\"K__c\"}",
         APP_NOT_FOUND},
        {"update_record", "{}", APP_NOT_FOUND},
        {"query", "{}", APP_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct app_call c = call_of(&b);
        struct app_result r;
        enum app_lookup found = APP_FOUND;
        assert_int_equal(app_look_up(&c, app_action_find(b.site.app, rows[i].action),
                                     json_of(mem, rows[i].with), &found, &r, &b.e),
                         0);
        assert_int_equal(found, rows[i].want);
    }
    assert_int_equal(scripted_requests(b.server), 0);
    bench_stop(&b);
    arena_free(mem);
}

/* Values of templates are checked when they are known; nothing is sent. */
static void test_bad_values_are_not_sent(void **state)
{
    (void)state;
    static const struct {
        const char *action, *with, *name;
    } rows[] = {
        {"create_record", "{\"object\":\"Lead/../User\",\"fields\":{}}", "\"object\""},
        {"create_record", "{\"object\":\"Lead?x\",\"fields\":{}}", "\"object\""},
        {"create_record", "{\"object\":\"..\",\"fields\":{}}", "\"object\""},
        {"create_record", "{\"object\":\"\",\"fields\":{}}", "\"object\""},
        {"create_record", "{\"object\":7,\"fields\":{}}", "\"object\""},
        {"create_record", "{\"object\":\"Lead\\nX\",\"fields\":{}}", "\"object\""},
        {"create_record", "{\"object\":\"Lead\",\"fields\":\"x\"}", "\"fields\""},
        {"create_record", "{\"object\":\"Lead\",\"fields\":{\"a b\":1}}", "\"fields\""},
        {"create_record", "{\"object\":\"Lead\",\"fields\":{},\"external_id_field\":\"a/b\"}",
         "\"external_id_field\""},
        {"create_record", "{\"object\":\"Lead\"}", "\"fields\""},
        {"update_record", "{\"object\":\"Lead\",\"id\":\"../../x\",\"fields\":{}}", "\"id\""},
        {"update_record", "{\"object\":\"Lead\",\"id\":\"0011\",\"fields\":{}}", "\"id\""},
        {"update_record", "{\"object\":\"Lead\",\"id\":\"500xx00000000011\",\"fields\":{}}",
         "\"id\""},
        {"get_record", "{\"object\":\"Lead\",\"id\":\"500xx0000000001\",\"fields\":\"a,,b\"}",
         "\"fields\""},
        {"query",
         "{\"soql\":\"SELECT Id FROM L WHERE a = :d\",\"values\":{\"d\":{\"date\":"
         "\"2026-01-01 OR x\"}}}",
         "\"values\""},
        {"query", "{\"soql\":\"SELECT Id FROM L WHERE a = :d\",\"values\":{\"d\":[1]}}",
         "\"values\""},
        {"query", "{\"soql\":\"SELECT Id FROM L WHERE a = :d\",\"values\":{\"d\":1e-20}}",
         "\"values\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arena *mem = arena_new();
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        bench_start(&b, "");
        assert_int_equal(act(&b, rows[i].action, rows[i].with, &r, &words), -1);
        if (b.e.kind != ERR_INVALID || words == NULL || strstr(words, rows[i].name) == NULL) {
            fail_msg("row %zu: %s %s", i, b.e.text, words);
        }
        assert_int_equal(scripted_requests(b.server), 0);
        bench_stop(&b);
        arena_free(mem);
    }
}

static void test_apps_trap_14_soql_values_cannot_leave_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *soql, *values, *want;
    } rows[] = {
        {"a = :x", "{\"x\":\"v\"}", "a = 'v'"},
        {"a = :x", "{\"x\":\"' OR Name != '\"}", "a = '\\' OR Name != \\''"},
        {"a = :x", "{\"x\":\"\\\\' OR 1=1\"}", "a = '\\\\\\' OR 1=1'"},
        {"a = :x", "{\"x\":\"\\\"\\n\\r\\t\\b\\f\\u0001\"}", "a = '\\\"\\n\\r\\t\\b\\f '"},
        {"a = :x AND b = :y", "{\"x\":\":y\",\"y\":\"z\"}", "a = ':y' AND b = 'z'"},
        {"a = :x", "{\"x\":5}", "a = 5"},
        {"a = :x", "{\"x\":-2.5}", "a = -2.5"},
        {"a = :x", "{\"x\":0.1}", "a = 0.1"},
        {"a = :x", "{\"x\":0.0000001}", "a = 0.0000001"},
        {"a = :x", "{\"x\":99999999999.99}", "a = 99999999999.99"},
        {"a = :x", "{\"x\":3.0}", "a = 3.0"},
        {"a = :x", "{\"x\":true}", "a = true"},
        {"a = :x", "{\"x\":null}", "a = null"},
        {"a = :x", "{}", "a = null"},
        {"a = :x", "{\"x\":{\"date\":\"2026-12-31\"}}", "a = 2026-12-31"},
        {"a = :x", "{\"x\":{\"datetime\":\"2026-12-31T10:00:00Z\"}}", "a = 2026-12-31T10:00:00Z"},
        {"a = :x", "{\"x\":{\"datetime\":\"2026-12-31T10:00:00+01:00\"}}",
         "a = 2026-12-31T10:00:00+01:00"},
        {"a = ':x' AND b = :x", "{\"x\":\"v\"}", "a = ':x' AND b = 'v'"},
        {"a = 'it\\'s :x' AND b = :x", "{\"x\":\"v\"}", "a = 'it\\'s :x' AND b = 'v'"},
        {"d = LAST_N_DAYS:30 AND t > 2026-01-01T10:00:00Z", "{}",
         "d = LAST_N_DAYS:30 AND t > 2026-01-01T10:00:00Z"},
        {"a = :x_1)", "{\"x_1\":1,\"x\":2}", "a = 1)"},
        {"a = 'open :x", "{\"x\":1}", "a = 'open :x"},
        {"a :", "{}", "a :"},
        {"a = '\\", "{}", "a = '\\"},
    };
    arena *mem = arena_new();
    struct err e = {0};
    char *bound = NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            apps_soql_bind(mem, rows[i].soql, json_of(mem, rows[i].values), &bound, &e), 0);
        assert_string_equal(bound, rows[i].want);
    }
    static const char *const refused[] = {
        "{\"x\":[]}",
        "{\"x\":{}}",
        "{\"x\":{\"date\":\"2026-1-1\"}}",
        "{\"x\":{\"date\":\"2026-01-01'\"}}",
        "{\"x\":{\"date\":7}}",
        "{\"x\":{\"datetime\":\"2026-01-01\"}}",
        "{\"x\":{\"date\":\"2026-01-01\",\"y\":1}}",
        "{\"x\":1e300}",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(apps_soql_bind(mem, "a = :x", json_of(mem, refused[i]), &bound, &e), -1);
        assert_int_equal(e.kind, ERR_INVALID);
    }
    arena_free(mem);
}

static struct faults *checked(arena *mem, const char *action, const char *with)
{
    struct faults *f = arena_alloc(mem, sizeof(*f));
    faults_init(f, mem);
    const struct json_doc d = json_doc(f, mem, "with", json_of(mem, with));
    app_action_check(app_action_find(apps_find(builtin_apps(mem), "salesforce"), action), &d);
    return f;
}

static void test_a_repository_is_no_way_up(void **state)
{
    (void)state;
    static const struct {
        const char *repo;
        size_t faults;
    } rows[] = {{".", 1},    {"..", 1},   {"site", 0}, {".github", 0}, {"...", 0},
                {"...x", 0}, {"a..b", 0}, {"..x", 0},  {"a/b", 1}};
    arena *mem = arena_new();
    const app_action *x = app_action_find(apps_find(builtin_apps(mem), "github"), "get_issue");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct faults f;
        faults_init(&f, mem);
        const struct json_doc d = json_doc(
            &f, mem, "with",
            json_of(mem, arena_printf(mem, "{\"owner\":\"a\",\"number\":\"1\",\"repo\":\"%s\"}",
                                      rows[i].repo)));
        app_action_check(x, &d);
        if (f.count != rows[i].faults) {
            fail_msg("%s: %zu", rows[i].repo, f.count);
        }
    }
    arena_free(mem);
}

static void test_a_recipe_is_checked_before_it_runs(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_int_equal(checked(mem, "create_record",
                             "{\"object\":\"Opportunity\",\"fields\":{\"Name\":\"{{inputs.n}}\"}}")
                         ->count,
                     0);
    assert_int_equal(checked(mem, "update_record",
                             "{\"object\":\"{{inputs.o}}\",\"id\":\"{{steps.a.id}}\","
                             "\"fields\":\"{{inputs.f}}\"}")
                         ->count,
                     0);
    const struct faults *f = checked(
        mem, "create_record", "{\"object\":\"a-b\",\"fields\":{\"1x\":1},\"filds\":{},\"id\":1}");
    assert_int_equal(f->count, 4);
    assert_true(has_fault(f, "with.object", "API name"));
    assert_true(has_fault(f, "with.fields", "one name"));
    assert_true(has_fault(f, "with.filds", "not known"));
    assert_true(has_fault(f, "with.id", "not known"));
    f = checked(mem, "update_record", "{}");
    assert_int_equal(f->count, 3);
    assert_true(has_fault(f, "with.id", "required"));
    f = checked(mem, "query",
                "{\"soql\":\"SELECT Id FROM A WHERE b = '{{inputs.b}}'\",\"values\":{}}");
    assert_true(has_fault(f, "with.soql", "no {{template}}"));
    f = checked(mem, "query", "{\"soql\":\"WHERE b = :b AND c = :c\",\"values\":{\"b\":1}}");
    assert_int_equal(f->count, 1);
    assert_true(has_fault(f, "with.values", ":c"));
    f = checked(mem, "query", "{\"soql\":7,\"values\":[]}");
    assert_true(has_fault(f, "with.soql", "SOQL"));
    assert_true(has_fault(f, "with.values", "object"));
    arena_free(mem);
}

static int identify(struct bench *b, struct account *a)
{
    b->e = (struct err){0};
    return app_identify(b->mem, b->http, &b->site, secret_of(b->mem, "00Dx!access"), a, NULL,
                        &b->e);
}

/* The same person and organisation, whichever form of the ids the answer has. */
static void test_apps_trap_14_ids_of_15_and_of_18(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char *const forms[][2] = {{"005x00000012Q9P", "00Dx0000000BV7z"},
                                           {"005x00000012Q9PAAU", "00Dx0000000BV7zEAG"},
                                           {"005x00000012Q9PAAU", "00Dx0000000BV7z"}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct bench b;
        struct account a = {0};
        bench_start(&b, http_answer(mem, 200, "application/json",
                                    arena_printf(mem,
                                                 "{\"user_id\":\"%s\",\"organization_id\":\"%s\","
                                                 "\"preferred_username\":\"jane@acme.example\"}",
                                                 forms[i][0], forms[i][1])));
        a.api_base = arena_printf(mem, "http://%s/acme", b.host);
        assert_int_equal(identify(&b, &a), 0);
        assert_string_equal(a.key, "00Dx0000000BV7z:005x00000012Q9P");
        bench_stop(&b);
    }
    arena_free(mem);
}

static void test_who_it_is(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    bench_start(&b,
                http_answer(mem, 200, "application/json",
                            "{\"sub\":\"https://login.salesforce.com/id/x/y\","
                            "\"user_id\":\"005x00000012Q9PAAU\","
                            "\"organization_id\":\"00Dx0000000BV7zEAG\","
                            "\"preferred_username\":\"jane@acme.example\",\"name\":\"Jane Doe\","
                            "\"email\":\"jane@acme.example\"}"));
    struct account a = {0};
    a.api_base = arena_printf(mem, "http://%s/acme", b.host);
    assert_int_equal(identify(&b, &a), 0);
    assert_string_equal(a.key, "00Dx0000000BV7z:005x00000012Q9P");
    assert_string_equal(a.name, "jane@acme.example");
    assert_string_equal(a.email, "jane@acme.example");
    assert_string_equal(a.organization, "00Dx0000000BV7zEAG");
    assert_false(a.sandbox);
    sent(&b,
         "GET /acme/services/data/v67.0/query/"
         "?q=SELECT+Name,IsSandbox+FROM+Organization+LIMIT+1",
         "");
    assert_int_equal(scripted_requests(b.server), 2);
    bench_stop(&b);
    /* numbers are ids too, and what is not said is not there */
    bench_start(&b, http_answer(mem, 200, "application/json",
                                "{\"id\":7,\"org\":{\"id\":\"o\"},\"login\":\"jane\"}"));
    b.site.app = sample_app(b.mem, NULL, NULL);
    a = (struct account){0};
    assert_int_equal(identify(&b, &a), 0);
    assert_string_equal(a.key, "o:7");
    assert_null(a.email);
    bench_stop(&b);
    arena_free(mem);
}

/* The second probe names the organization; what it cannot say stays as the first one said. */
static void test_the_organization_has_a_name(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct {
        const char *answer, *organization;
        bool test_site, sandbox;
    } rows[] = {
        {"{\"records\":[{\"Name\":\"Acme\",\"IsSandbox\":false}]}", "Acme", false, false},
        {"{\"records\":[{\"Name\":\"Acme\",\"IsSandbox\":true}]}", "Acme", false, true},
        {"{\"records\":[{\"Name\":\"Acme\",\"IsSandbox\":false}]}", "Acme", true, false},
        {"{\"records\":[{\"Name\":\"Acme\"}]}", "Acme", true, true},
        {"{\"records\":[{\"Name\":\"\",\"IsSandbox\":\"true\"}]}", "00Do", false, false},
        {"{\"records\":[]}", "00Do", true, true},
        {"[{\"errorCode\":\"INVALID_TYPE\"}]", "00Do", false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int status = 200; status <= 500; status += 100) {
            struct bench b;
            bench_start(&b, http_answer(mem, 200, "application/json",
                                        "{\"user_id\":\"u\",\"organization_id\":\"00Do\","
                                        "\"preferred_username\":\"n\"}"));
            b.details = http_answer(mem, status, "application/json", rows[i].answer);
            app told = *b.site.app;
            const char *marks[] = {"127.0.0"};
            told.sandbox_marks = (struct apps_texts){marks, rows[i].test_site ? 1 : 0};
            b.site.app = &told;
            struct account a = {0};
            assert_int_equal(identify(&b, &a), 0);
            assert_string_equal(a.organization, status == 200 ? rows[i].organization : "00Do");
            assert_int_equal(a.sandbox, status == 200 ? rows[i].sandbox : rows[i].test_site);
            bench_stop(&b);
        }
    }
    arena_free(mem);
}

static void test_who_it_is_not(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct {
        const char *answer;
        enum err_kind kind;
    } rows[] = {
        {http_answer(mem, 403, "text/html", "Bad_OAuth_Token"), ERR_UNAUTHENTIC},
        {http_answer(mem, 401, "text/plain", ""), ERR_UNAUTHENTIC},
        {http_answer(mem, 403, "text/html", "<html>"), ERR_UPSTREAM_BUSY},
        {http_answer(mem, 200, "text/html", "<html>sign in</html>"), ERR_UPSTREAM_BUSY},
        {http_answer(mem, 200, "application/json", "[]"), ERR_UPSTREAM_REFUSED},
        {http_answer(mem, 200, "application/json",
                     "{\"user_id\":\"u\",\"preferred_username\":\"n\"}"),
         ERR_UPSTREAM_REFUSED},
        {http_answer(mem, 200, "application/json",
                     "{\"user_id\":\"u\",\"organization_id\":\"\",\"preferred_username\":\"n\"}"),
         ERR_UPSTREAM_REFUSED},
        {http_answer(mem, 200, "application/json", "{\"user_id\":\"u\",\"organization_id\":\"o\"}"),
         ERR_UPSTREAM_REFUSED},
        {http_answer(mem, 503, "text/plain", ""), ERR_UPSTREAM_BUSY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        bench_start(&b, rows[i].answer);
        struct account a = {0};
        assert_int_equal(identify(&b, &a), -1);
        if (b.e.kind != rows[i].kind) {
            fail_msg("row %zu: %s", i, err_kind_name(b.e.kind));
        }
        assert_null(a.key);
        bench_stop(&b);
    }
    arena_free(mem);
}

static void test_a_link_of_a_row_is_ours_or_none(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bench b;
    bench_start(&b, http_answer(mem, 200, "application/json",
                                "{\"searchRecords\":["
                                "{\"url\":\"https://elsewhere.example/\"},"
                                "{\"Id\":\"001xx0000000001AAA\",\"url\":\"https://other.example\"},"
                                "{\"Id\":{},\"url\":\"https://elsewhere.example/\"}]}"));
    struct app_result r;
    const char *words = NULL;
    assert_int_equal(act(&b, "search", "{\"text\":\"acme\",\"object\":\"Account\"}", &r, &words),
                     0);
    assert_string_equal(output(&b, &r),
                        arena_printf(mem,
                                     "{\"first\":{},\"records\":[{},{\"Id\":\"001xx0000000001AAA\","
                                     "\"url\":\"http://%s/001xx0000000001AAA\"},{\"Id\":{}}]}",
                                     b.host));
    bench_stop(&b);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_sends_a_post),
        cmocka_unit_test(test_apps_trap_14_upsert_is_repeatable),
        cmocka_unit_test(test_apps_trap_14_204_has_no_body),
        cmocka_unit_test(test_query_gives_records_total_and_first),
        cmocka_unit_test(test_another_app_is_the_same_code),
        cmocka_unit_test(test_apps_trap_14_what_each_refusal_means),
        cmocka_unit_test(test_when_to_try_again),
        cmocka_unit_test(test_a_lost_write_is_marked),
        cmocka_unit_test(test_what_a_lost_answer_leaves),
        cmocka_unit_test(test_bad_values_are_not_sent),
        cmocka_unit_test(test_apps_trap_14_soql_values_cannot_leave_their_place),
        cmocka_unit_test(test_a_repository_is_no_way_up),
        cmocka_unit_test(test_a_recipe_is_checked_before_it_runs),
        cmocka_unit_test(test_apps_trap_14_ids_of_15_and_of_18),
        cmocka_unit_test(test_a_link_of_a_row_is_ours_or_none),
        cmocka_unit_test(test_who_it_is),
        cmocka_unit_test(test_the_organization_has_a_name),
        cmocka_unit_test(test_who_it_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

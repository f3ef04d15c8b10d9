/* What a definition may say of the API beyond the plain request: how each key shows on the wire and
 * in what the user reads. */
#include "apps_help.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "tests/unit/base/helpers.h"

static int act(struct bench *b, const char *with, struct app_result *r, const char **words)
{
    const struct app_call c = {.mem = b->mem,
                               .http = b->http,
                               .site = b->site,
                               .access = secret_of(b->mem, "sample-access"),
                               .idempotency_key = "run-1",
                               .account_key = "o:p:user7"};
    *r = (struct app_result){0};
    b->e = (struct err){0};
    return app_act(&c, app_action_find(b->site.app, "approve"), json_of(b->mem, with), r, words,
                   &b->e);
}

static void start(struct bench *b, const char *answer, const char *from, const char *to)
{
    bench_start(b, answer);
    b->site.app = sample_app(b->mem, from, to);
}

static const char *line(struct bench *b)
{
    const char *q = bench_request(b);
    return arena_strndup(b->mem, q, strcspn(q, "\r"));
}

static const char *body(struct bench *b)
{
    return strstr(bench_request(b), "\r\n\r\n") + 4;
}

static bool has_header(struct bench *b, const char *header)
{
    return strcasestr(bench_request(b), arena_printf(b->mem, "\r\n%s\r\n", header)) != NULL;
}

static const char ok_answer[] =
    "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"id\":42}";

static void test_headers_and_the_token_header(void **state)
{
    (void)state;
    struct bench b;
    struct app_result r;
    const char *words = NULL;
    start(&b, ok_answer, "\"error\":{",
          "\"headers\":{\"X-Version\":\"2022-06-28\",\"accept\":\"application/vnd.sample+json\"},"
          "\"token_header\":{\"name\":\"X-Token\",\"prefix\":\"tok \"},\"error\":{");
    assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), 0);
    assert_true(has_header(&b, "X-Version: 2022-06-28"));
    assert_true(has_header(&b, "Accept: application/vnd.sample+json"));
    assert_true(has_header(&b, "X-Token: tok sample-access"));
    assert_null(strcasestr(bench_request(&b), "Authorization"));
    assert_null(strcasestr(bench_request(&b), "Accept: application/json"));
    bench_stop(&b);
    start(&b, ok_answer, "\"error\":{", "\"token_header\":{\"name\":\"X-Token\"},\"error\":{");
    assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), 0);
    assert_true(has_header(&b, "X-Token: sample-access"));
    bench_stop(&b);
    start(&b, ok_answer, "\"method\":\"PUT\"",
          "\"method\":\"PUT\",\"headers\":{\"If-Match\":\"{note}\",\"X-Who\":\"u/{account_id}\","
          "\"Content-Type\":\"application/json-patch+json\"}");
    assert_int_equal(act(&b, "{\"task\":\"t\",\"note\":\"e1\"}", &r, &words), 0);
    assert_true(has_header(&b, "If-Match: e1"));
    assert_true(has_header(&b, "X-Who: u/user7"));
    assert_true(has_header(&b, "Content-Type: application/json-patch+json"));
    assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), 0);
    assert_null(strcasestr(bench_request(&b), "If-Match"));
    /* a value that would begin a header of its own is not sent */
    assert_int_equal(act(&b, "{\"task\":\"t\",\"note\":\"e1\\r\\nX-Evil: 1\"}", &r, &words), -1);
    assert_string_equal(b.e.code, "bad_input");
    assert_non_null(strstr(words, "\"note\" as it is: it must be one line"));
    assert_int_equal(scripted_requests(b.server), 2);
    bench_stop(&b);
}

static void test_a_request_to_another_base(void **state)
{
    (void)state;
    struct bench b;
    struct app_result r;
    const char *words = NULL;
    bench_start(&b, ok_answer);
    static const char bases[] =
        "\"bases\":{\"up\":\"https://upload.sample.example/api/2.0\"},"
        "\"error\":{\"code\":[\"code\"]}},"
        "\"actions\":{\"approve\":{\"title\":\"Approve\",\"writes\":true,"
        "\"inputs\":{\"task\":{\"words\":\"t\"},\"note\":{\"words\":\"n\"}},"
        "\"requests\":[{\"base\":\"up\",\"path\":\"/files\","
        "\"success\":[200]}],\"output\":\"answer\"},\"other\":{"
        "\"title\":\"Approve\",\"writes\":true,\"approves\":true,";
    b.site.app = sample_app(b.mem,
                            "\"error\":{\"code\":[\"code\"]}},\"actions\":{\"approve\":{"
                            "\"title\":\"Approve\",\"writes\":true,\"approves\":true,",
                            bases);
    assert_int_equal(act(&b, "{}", &r, &words), 0);
    assert_string_equal(line(&b), "GET /api/2.0/files HTTP/1.1");
    bench_stop(&b);
}

static const char inputs[] = "\"note\":{\"words\":\"a note\"}";
static const char typed[] =
    "\"note\":{\"words\":\"a note\",\"strip\":\"^|\"},"
    "\"n\":{\"type\":\"number\",\"words\":\"a number\"},"
    "\"b\":{\"type\":\"boolean\",\"words\":\"yes or no\",\"default\":true},"
    "\"d\":{\"type\":\"date\",\"words\":\"a date\"},"
    "\"l\":{\"type\":\"list\",\"words\":\"names\",\"pattern\":\"^[a-z]+$\",\"max\":4},"
    "\"s\":{\"words\":\"four characters\",\"max\":4},"
    "\"o\":{\"type\":\"object\",\"words\":\"fields\",\"keys\":\"^[a-z]+$\",\"max\":4}}";

/* The body shows the values with their types. */
static app *typed_app(arena *mem)
{
    const app *plain = sample_app(mem, inputs, arena_strndup(mem, typed, strlen(typed) - 1));
    app *a = arena_alloc(mem, sizeof(*a));
    *a = *plain;
    static const char shown[] = "{\"n\":\"{n}\",\"b\":\"{b}\",\"d\":\"{d}\",\"l\":\"{l}\","
                                "\"t\":\"{note}\",\"all\":\"{n} {b} {l}\"}";
    a->actions[0].requests[0].body = json_of(mem, shown);
    return a;
}

static void test_inputs_have_types(void **state)
{
    (void)state;
    static const struct {
        const char *with, *body; /* NULL: refused, the words name the input */
        const char *name;
    } rows[] = {
        {"{\"task\":\"t\"}", "{\"all\":\" true \",\"b\":true}", NULL},
        {"{\"task\":\"t\",\"n\":5,\"b\":false,\"d\":\"2026-02-28\",\"l\":[\"a\",\"b\"],"
         "\"note\":\"x^y|z^^\"}",
         "{\"all\":\"5 false a,b\",\"b\":false,\"d\":\"2026-02-28\",\"l\":[\"a\",\"b\"],\"n\":5,"
         "\"t\":\"xyz\"}",
         NULL},
        {"{\"task\":\"t\",\"n\":\" 12.50 \",\"b\":\"false\"}",
         "{\"all\":\"12.5 false \",\"b\":false,\"n\":12.5}", NULL},
        {"{\"task\":\"t\",\"note\":\"^^\",\"n\":\"\",\"b\":null}",
         "{\"all\":\" true \",\"b\":true}", NULL},
        {"{\"task\":\"t\",\"l\":[]}", "{\"all\":\" true \",\"b\":true,\"l\":[]}", NULL},
        {"{\"task\":\"t\",\"n\":\"5,000\"}", NULL, "\"n\""},
        {"{\"task\":\"t\",\"n\":\"\\\"5\\\"\"}", NULL, "\"n\""},
        {"{\"task\":\"t\",\"n\":true}", NULL, "\"n\""},
        {"{\"task\":\"t\",\"b\":\"yes\"}", NULL, "\"b\""},
        {"{\"task\":\"t\",\"b\":1}", NULL, "\"b\""},
        {"{\"task\":\"t\",\"d\":\"2026-02-30\"}", NULL, "\"d\""},
        {"{\"task\":\"t\",\"d\":\"2026-2-3\"}", NULL, "\"d\""},
        {"{\"task\":\"t\",\"d\":\"tomorrow\"}", NULL, "\"d\""},
        {"{\"task\":\"t\",\"d\":20260101}", NULL, "\"d\""},
        {"{\"task\":\"t\",\"l\":\"a\"}", NULL, "\"l\""},
        {"{\"task\":\"t\",\"l\":[\"A\"]}", NULL, "\"l\""},
        {"{\"task\":\"t\",\"l\":[5]}", NULL, "\"l\""},
        {"{\"task\":\"t\",\"l\":[[\"a\"]]}", NULL, "\"l\""},
        {"{\"task\":\"t\",\"l\":[\"abcd\"]}",
         "{\"all\":\" true abcd\",\"b\":true,\"l\":[\"abcd\"]}", NULL},
        {"{\"task\":\"t\",\"l\":[\"abcde\"]}", NULL, "\"l\""},
        {"{\"task\":\"t\",\"s\":\"\u00e4\u00f6\u00fc\u00df\"}", "{\"all\":\" true \",\"b\":true}",
         NULL},
        {"{\"task\":\"t\",\"s\":\"abcde\"}", NULL, "\"s\""},
        {"{\"task\":\"t\",\"o\":{\"abcd\":1}}", "{\"all\":\" true \",\"b\":true}", NULL},
        {"{\"task\":\"t\",\"o\":{\"abcde\":1}}", NULL, "\"o\""},
    };
    struct bench b;
    bench_start(&b, ok_answer);
    b.site.app = typed_app(b.mem);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct app_result r;
        const char *words = NULL;
        int rc = act(&b, rows[i].with, &r, &words);
        if (rc != (rows[i].body == NULL ? -1 : 0)) {
            fail_msg("row %zu: %s", i, b.e.text);
        }
        if (rows[i].body == NULL) {
            assert_string_equal(b.e.code, "bad_input");
            assert_non_null(strstr(words, rows[i].name));
        } else {
            assert_string_equal(body(&b), rows[i].body);
        }
    }
    bench_stop(&b);
}

/* What a recipe's author reads: a template is any type, a value is looked at. */
static void test_a_recipe_of_typed_inputs_is_checked(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app_action *x = app_action_find(typed_app(mem), "approve");
    struct faults f;
    faults_init(&f, mem);
    struct json_doc d = json_doc(
        &f, mem, "with",
        json_of(mem, "{\"task\":\"{{inputs.t}}\",\"n\":\"{{inputs.n}}\",\"b\":\"{{inputs.b}}\","
                     "\"d\":\"{{inputs.d}}\",\"l\":[\"{{inputs.l}}\"]}"));
    app_action_check(x, &d);
    assert_int_equal(f.count, 0);
    d = json_doc(&f, mem, "with",
                 json_of(mem, "{\"task\":\"t\",\"n\":\"many\",\"b\":7,\"d\":\"2026-13-01\","
                              "\"l\":[\"A\"]}"));
    app_action_check(x, &d);
    assert_int_equal(f.count, 4);
    assert_true(has_fault(&f, "with.n", "a number"));
    assert_true(has_fault(&f, "with.b", "yes or no"));
    assert_true(has_fault(&f, "with.d", "a date"));
    assert_true(has_fault(&f, "with.l", "names"));
    arena_free(mem);
}

/* What each connection has of its own; a missing value is no empty one. */
static void test_variables_of_the_connection(void **state)
{
    (void)state;
    struct bench b;
    struct app_result r;
    const char *words = NULL;
    bench_start(&b, ok_answer);
    app *a = sample_app(b.mem, "\"hosts\"",
                        "\"vars\":{\"cloud_id\":{\"from\":\"connection\","
                        "\"pattern\":\"^.{1,9}$\"}},\"hosts\"");
    b.site.app = a;
    struct apps_request *q = &a->actions[0].requests[0];
    q->path = "/ex/{cloud_id}/tasks/{task}";
    a->actions[0].record_url = "https://{host}/{cloud_id}/x?uri=t%3D{id}&by={task}";
    b.site.vars = json_of(b.mem, "{\"cloud_id\":\"c/1\",\"other\":\"o\"}");
    assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), 0);
    assert_string_equal(line(&b), "PUT /ex/c%2F1/tasks/t HTTP/1.1");
    assert_string_equal(r.record_url,
                        arena_printf(b.mem, "http://%s/c%%2F1/x?uri=t%%3D42&by=t", b.host));
    b.site.vars = NULL;
    assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), -1);
    assert_int_equal(b.e.kind, ERR_CONFIG);
    assert_string_equal(b.e.code, "missing_var");
    q->path = "/tasks/{task}";
    q->body = json_of(b.mem, "{\"in\":[\"{cloud_id}\"]}");
    assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), -1);
    assert_string_equal(b.e.code, "missing_var");
    assert_int_equal(scripted_requests(b.server), 1);
    /* a link that cannot be made does not take the write back */
    q->body = NULL;
    assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), 0);
    assert_string_equal(r.record_id, "42");
    assert_null(r.record_url);
    bench_stop(&b);
}

/* A 2xx that is a refusal all the same. */
static void test_a_refusal_with_200(void **state)
{
    (void)state;
    static const char rows_of[] =
        "\"errors\":[{\"code\":\"RATELIMITED\",\"means\":\"limit\"},"
        "{\"code\":\"AUTH\",\"means\":\"unauthentic\"},{\"code\":\"INTERNAL\",\"means\":\"busy\"},"
        "{\"contains\":\"locked\",\"means\":\"refused\",\"words\":\"It is locked.\"}],"
        "\"refused_when\":[{\"path\":\"errors.0\",\"code\":\"errors.0.type\",\"message\":"
        "\"errors.0.text\"},{\"path\":\"ok\",\"is\":false}],"
        "\"error\":{\"message\":[\"why.0\",\"why\"],";
    static const struct {
        const char *body;
        enum err_kind kind; /* ERR_NONE: none */
        bool maybe_done;
        const char *words;
    } rows[] = {
        {"{\"id\":42}", ERR_NONE, false, NULL},
        {"{\"id\":42,\"errors\":[],\"ok\":true}", ERR_NONE, false, NULL},
        {"{\"id\":42,\"errors\":null}", ERR_NONE, false, NULL},
        {"{\"errors\":[{\"type\":\"NEW\"}]}", ERR_UPSTREAM_REFUSED, false, NULL},
        {"{\"errors\":[{\"type\":\"RATELIMITED\"}]}", ERR_LIMIT, false, NULL},
        {"{\"errors\":[{\"type\":\"AUTH\"}]}", ERR_UNAUTHENTIC, false, NULL},
        {"{\"errors\":[{\"type\":\"INTERNAL\"}]}", ERR_UPSTREAM_BUSY, true, NULL},
        {"{\"errors\":[{\"text\":\"it is LOCKED\"}]}", ERR_UPSTREAM_REFUSED, false,
         "It is locked."},
        {"{\"ok\":false,\"why\":\"locked\"}", ERR_UPSTREAM_REFUSED, false, "It is locked."},
        {"{\"ok\":false,\"why\":[\"locked\"]}", ERR_UPSTREAM_REFUSED, false, "It is locked."},
        {"{\"ok\":false}", ERR_UPSTREAM_REFUSED, false, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        arena *mem = arena_new();
        start(&b, http_answer(mem, 200, "application/json", rows[i].body), "\"error\":{", rows_of);
        int rc = act(&b, "{\"task\":\"t\"}", &r, &words);
        if (rc != (rows[i].kind == ERR_NONE ? 0 : -1) || b.e.kind != rows[i].kind ||
            b.e.maybe_done != rows[i].maybe_done) {
            fail_msg("row %zu: %s", i, b.e.text);
        }
        if (rows[i].words == NULL) {
            assert_null(words);
        } else {
            assert_string_equal(words, rows[i].words);
        }
        bench_stop(&b);
        arena_free(mem);
    }
}

static void test_a_refusal_of_one_request(void **state)
{
    (void)state;
    static const char rows_of[] =
        "\"method\":\"PUT\",\"refused_when\":[{\"path\":\"0.success\",\"is\":false,"
        "\"code\":\"0.errors.0.statusCode\",\"words\":\"It did not work.\"},"
        "{\"path\":\"n\",\"is_not\":1},{\"path\":\"row\",\"missing\":true,\"words\":\"None.\"}]";
    static const struct {
        const char *body, *words; /* NULL: no refusal */
        const char *code;
    } rows[] = {
        {"[{\"success\":false,\"errors\":[{\"statusCode\":\"NO_GO\"}]}]", "It did not work.",
         "NO_GO"},
        {"{\"n\":2,\"row\":1}", "", "no code"},
        {"{\"row\":1}", "", "no code"},
        {"{\"n\":1}", "None.", "no code"},
        {"{\"n\":1,\"row\":null}", "None.", "no code"},
        {"{\"n\":1,\"row\":{},\"id\":7}", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        arena *mem = arena_new();
        start(&b, http_answer(mem, 200, "application/json", rows[i].body), "\"method\":\"PUT\"",
              rows_of);
        assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), rows[i].words == NULL ? 0 : -1);
        if (rows[i].words != NULL) {
            assert_int_equal(b.e.kind, ERR_UPSTREAM_REFUSED);
            assert_false(b.e.maybe_done);
            assert_string_equal(words == NULL ? "" : words, rows[i].words);
            assert_non_null(strstr(b.e.text, rows[i].code));
        }
        bench_stop(&b);
        arena_free(mem);
    }
}

/* What a code means may differ from one request to another. */
static void test_a_request_has_words_of_its_own(void **state)
{
    (void)state;
    static const char rows_of[] =
        "\"method\":\"PUT\",\"errors\":[{\"code\":\"GONE\",\"means\":\"refused\","
        "\"words\":\"It was decided.\"},{\"code\":\"WAIT\",\"means\":\"busy\",\"nothing_done\":true}]";
    static const struct {
        int status;
        const char *body, *words;
        enum err_kind kind;
    } rows[] = {
        {400, "{\"code\":\"GONE\"}", "It was decided.", ERR_UPSTREAM_REFUSED},
        {400, "{\"code\":\"WAIT\"}", "", ERR_UPSTREAM_BUSY},
        {429, "{\"code\":\"OTHER\"}", "", ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        arena *mem = arena_new();
        start(&b, http_answer(mem, rows[i].status, "application/json", rows[i].body),
              "\"method\":\"PUT\"", rows_of);
        assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), -1);
        assert_int_equal(b.e.kind, rows[i].kind);
        assert_false(b.e.maybe_done);
        assert_string_equal(words == NULL ? "" : words, rows[i].words);
        bench_stop(&b);
        arena_free(mem);
    }
}

static void test_when_to_come_again(void **state)
{
    (void)state;
    arena *mem = arena_new();
    int64_t now_s = clock_now_ms() / 1000;
    const struct {
        const char *head;
        int64_t least_ms, most_ms;
    } rows[] = {
        {"429 X\r\nRetry-After: 3\r\nX-Wait: 9", 3000, 3000},
        {"429 X\r\nX-Wait: 9", 9000, 9000},
        {arena_printf(mem, "429 X\r\nX-Reset: %lld", (long long)now_s + 60), 50000, 60000},
        {arena_printf(mem, "429 X\r\nX-Reset: %lld.75", (long long)now_s + 60), 50000, 60000},
        {arena_printf(mem, "503 X\r\nX-Reset: %lld", (long long)now_s + 60), 0, 0},
        {arena_printf(mem, "429 X\r\nX-Reset: %lld", (long long)now_s - 60), 0, 0},
        {arena_printf(mem, "429 X\r\nX-Reset: %lld", (long long)now_s + 200000), 0, 0},
        {"429 X\r\nX-Reset: soon", 0, 0},
        {"429 X\r\nX-Reset: 99999999999999999999", 0, 0},
        {"503 X\r\nX-Wait: 9", 9000, 9000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        start(&b, arena_printf(mem, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", rows[i].head),
              "\"error\":{", "\"retry\":{\"after\":\"X-Wait\",\"at\":[\"X-Reset\"]},\"error\":{");
        assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), -1);
        if (b.e.retry_after_ms < rows[i].least_ms || b.e.retry_after_ms > rows[i].most_ms) {
            fail_msg("row %zu: %lld", i, (long long)b.e.retry_after_ms);
        }
        bench_stop(&b);
    }
    arena_free(mem);
}

/* A request may be meant for one kind of value only. */
static void test_which_request_is_meant(void **state)
{
    (void)state;
    struct bench b;
    struct app_result r;
    const char *words = NULL;
    start(
        &b, ok_answer, "\"requests\":[",
        "\"requests\":[{\"when\":{\"input\":\"task\",\"pattern\":\"^04i.*$\"},\"method\":\"POST\","
        "\"path\":\"/classic\",\"success\":[200],\"repeatable\":true},");
    assert_int_equal(act(&b, "{\"task\":\"04i1\"}", &r, &words), 0);
    assert_string_equal(line(&b), "POST /classic HTTP/1.1");
    assert_int_equal(act(&b, "{\"task\":\"x04i1\"}", &r, &words), 0);
    assert_string_equal(line(&b), "PUT /v2/tasks/x04i1 HTTP/1.1");
    const app_action *x = app_action_find(b.site.app, "approve");
    assert_true(app_action_repeatable(x, json_of(b.mem, "{\"task\":\"04i1\"}")));
    assert_false(app_action_repeatable(x, json_of(b.mem, "{\"task\":\"14i1\"}")));
    bench_stop(&b);
}

static const char with_file[] =
    "\"note\":{\"words\":\"a note\"},\"file\":{\"type\":\"file\",\"words\":\"a file\"}},"
    "\"requests\":[{\"when\":\"file\",\"method\":\"POST\",\"path\":\"/files\",\"multipart\":["
    "{\"name\":\"attributes\",\"json\":{\"name\":\"{file_name}\",\"parent\":{\"id\":\"{task}\"}}},"
    "{\"name\":\"file\",\"file\":\"{file}\"}],\"success\":[200]},";

/* RFC 7578, in the order of the definition: some apps read the attributes before the file. */
static void test_a_file_is_sent_in_parts(void **state)
{
    (void)state;
    static const struct {
        const char *file, *name, *data; /* NULL: refused */
    } rows[] = {
        {"{\"name\":\"a \\\"b\\\".txt\",\"content\":\"one\\ntwo\"}", "a %22b%22.txt", "one\ntwo"},
        {"{\"name\":\"a.bin\",\"content_base64\":\"aGVsbG8=\"}", "a.bin", "hello"},
        {"{\"name\":\"a.txt\",\"content\":\"\"}", "a.txt", ""},
        {"{\"name\":\"a.bin\",\"content_base64\":\"aGVsbG8\"}", NULL, NULL},
        {"{\"name\":\"a.bin\",\"content_base64\":\"a*\"}", NULL, NULL},
        {"{\"name\":\"../a\",\"content\":\"x\"}", NULL, NULL},
        {"{\"name\":\"a\\r\\nX: y\",\"content\":\"x\"}", NULL, NULL},
        {"{\"name\":\"\",\"content\":\"x\"}", NULL, NULL},
        {"{\"name\":\"a\",\"content\":\"x\",\"content_base64\":\"aGVsbG8=\"}", NULL, NULL},
        {"{\"name\":\"a\"}", NULL, NULL},
        {"{\"content\":\"x\"}", NULL, NULL},
        {"\"a.txt\"", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        start(&b, ok_answer, "\"note\":{\"words\":\"a note\"}},\"requests\":[", with_file);
        const char *with = arena_printf(b.mem, "{\"task\":\"7\",\"file\":%s}", rows[i].file);
        int rc = act(&b, with, &r, &words);
        if (rc != (rows[i].name == NULL ? -1 : 0)) {
            fail_msg("row %zu: %s", i, b.e.text);
        }
        if (rc != 0) {
            assert_string_equal(b.e.code, "bad_input");
            assert_int_equal(scripted_requests(b.server), 0);
            bench_stop(&b);
            continue;
        }
        assert_string_equal(line(&b), "POST /files HTTP/1.1");
        const char *q = bench_request(&b);
        assert_non_null(strstr(q, "\r\nContent-Type: multipart/form-data; boundary="));
        const char *attributes = strstr(q, "name=\"attributes\"\r\n"
                                           "Content-Type: application/json\r\n\r\n{\"name\":");
        const char *file =
            strstr(q, arena_printf(b.mem, "name=\"file\"; filename=\"%s\"", rows[i].name));
        assert_non_null(attributes);
        assert_non_null(file);
        assert_true(attributes < file);
        assert_non_null(strstr(attributes, "\"parent\":{\"id\":\"7\"}}\r\n"));
        assert_true(str_starts(strstr(file, "\r\n\r\n") + 4,
                               arena_printf(b.mem, "%s\r\n--", rows[i].data)));
        bench_stop(&b);
    }
}

static void test_a_file_has_a_bound(void **state)
{
    (void)state;
    struct bench b;
    struct app_result r;
    const char *words = NULL;
    start(&b, ok_answer, "\"note\":{\"words\":\"a note\"}},\"requests\":[", with_file);
    size_t most = 10 * 1024 * 1024;
    char *text = arena_alloc(b.mem, most + 2);
    memset(text, 'x', most + 1);
    json_t *with = arena_json(
        b.mem, json_pack("{s:s, s:{s:s, s:s}}", "task", "7", "file", "name", "a", "content", text));
    const struct app_call c = {.mem = b.mem, .http = b.http, .site = b.site};
    assert_int_equal(app_act(&c, app_action_find(b.site.app, "approve"), with, &r, &words, &b.e),
                     -1);
    assert_string_equal(b.e.code, "bad_input");
    assert_int_equal(scripted_requests(b.server), 0);
    bench_stop(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers_and_the_token_header),
        cmocka_unit_test(test_a_request_to_another_base),
        cmocka_unit_test(test_inputs_have_types),
        cmocka_unit_test(test_a_recipe_of_typed_inputs_is_checked),
        cmocka_unit_test(test_variables_of_the_connection),
        cmocka_unit_test(test_a_refusal_with_200),
        cmocka_unit_test(test_a_refusal_of_one_request),
        cmocka_unit_test(test_a_request_has_words_of_its_own),
        cmocka_unit_test(test_when_to_come_again),
        cmocka_unit_test(test_which_request_is_meant),
        cmocka_unit_test(test_a_file_is_sent_in_parts),
        cmocka_unit_test(test_a_file_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

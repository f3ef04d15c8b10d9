/* An answer that is a file: gone to once where it lies, without the token, and bounded. */
#include "apps_help.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "crypto.h"
#include "tests/unit/base/helpers.h"

static const char with_file[] =
    "\"requests\":[{\"when\":{\"input\":\"task\",\"pattern\":\"^file$\"},\"path\":\"/files/{task}\","
    "\"success\":[200],\"file\":{\"hosts\":[\".files.example\"]},"
    "\"errors\":[{\"status\":202,\"means\":\"busy\",\"retry_after_s\":5,\"words\":\"Not yet.\"}],"
    "\"output\":{\"file\":\"answer.file\",\"size\":\"answer.size\"}},";

/* `there` is the answer where the file lies; NULL: nothing lies anywhere. */
static void start(struct bench *b, const char *answer, const char *there)
{
    bench_start(b, answer);
    b->site.app = sample_app(b->mem, "\"requests\":[", with_file);
    b->mark = "GET /there";
    b->details = there;
}

static int get(struct bench *b, struct app_result *r, const char **words)
{
    const struct app_call c = {.mem = b->mem,
                               .http = b->http,
                               .site = b->site,
                               .access = secret_of(b->mem, "sample-access"),
                               .idempotency_key = "run-1",
                               .account_key = "o:p:user7"};
    *r = (struct app_result){0};
    *words = NULL;
    b->e = (struct err){0};
    return app_act(&c, app_action_find(b->site.app, "approve"),
                   json_of(b->mem, "{\"task\":\"file\"}"), r, words, &b->e);
}

static char *leads_to(struct bench *b, int status, const char *url)
{
    return arena_printf(b->mem, "HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                        status, url);
}

static char *there(struct bench *b)
{
    return arena_printf(b->mem, "http://%s/there?sample-signature", b->host);
}

static const char plain[] =
    "HTTP/1.1 200 X\r\nContent-Disposition: attachment;filename=\"a.txt\"\r\n"
    "Content-Type: text/html\r\nContent-Length: 5\r\n\r\nhello";

static void test_a_file_is_fetched_where_it_lies_without_the_token(void **state)
{
    (void)state;
    static const int statuses[] = {302, 303, 307};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        start(&b, "", plain);
        b.answer = leads_to(&b, statuses[i], there(&b));
        assert_int_equal(get(&b, &r, &words), 0);
        assert_int_equal(scripted_requests(b.server), 2);
        const char *q = bench_request(&b);
        assert_true(str_starts(q, "GET /there?sample-signature HTTP/1.1\r\n"));
        assert_null(strcasestr(q, "authorization"));
        assert_null(strstr(q, "sample-access"));
        const json_t *file = json_member(r.output, "file");
        assert_string_equal(json_text(file, "name"), "a.txt");
        assert_string_equal(json_text(file, "content_base64"), "aGVsbG8=");
        assert_int_equal(json_integer_value(json_member(r.output, "size")), 5);
        bench_stop(&b);
    }
}

static void test_a_file_may_be_the_answer_itself(void **state)
{
    (void)state;
    struct bench b;
    struct app_result r;
    const char *words = NULL;
    start(&b, plain, NULL);
    assert_int_equal(get(&b, &r, &words), 0);
    assert_int_equal(scripted_requests(b.server), 1);
    assert_non_null(strcasestr(bench_request(&b), "\r\nAuthorization: Bearer sample-access"));
    bench_stop(&b);
}

static void test_what_a_file_is_called(void **state)
{
    (void)state;
    static const struct {
        const char *header, *name;
    } rows[] = {
        {"attachment;filename=\"contract.pdf\";filename*=UTF-8''contr%C3%A4ct.pdf", "contr\xc3\xa4"
                                                                                    "ct.pdf"},
        {"attachment; FILENAME=plain.pdf; size=5", "plain.pdf"},
        {"attachment; filename=\"../../etc/passwd\"", ".._.._etc_passwd"},
        {"attachment; filename*=UTF-8''a%0d%0aX%2f", "a__X_"},
        {"attachment; filename*=UTF-8''%ff.pdf", "file"},
        {"attachment; filename=\"\"", "file"},
        {"inline", "file"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        start(&b, "", NULL);
        b.answer = arena_printf(
            b.mem, "HTTP/1.1 200 X\r\nContent-Disposition: %s\r\nContent-Length: 1\r\n\r\nx",
            rows[i].header);
        assert_int_equal(get(&b, &r, &words), 0);
        const json_t *file = json_member(r.output, "file");
        assert_string_equal(json_text(file, "name"), rows[i].name);
        const char *name = NULL;
        struct bytes data;
        assert_true(apps_input_file(b.mem, file, &name, &data));
        bench_stop(&b);
    }
}

static void test_a_file_has_a_bound(void **state)
{
    (void)state;
    for (int more = 0; more <= 1; more++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        start(&b, "", NULL);
        size_t len = LIMIT_FILE_BETWEEN_STEPS + (size_t)more;
        char *text = arena_alloc(b.mem, len + 1);
        memset(text, 'x', len);
        b.details =
            arena_printf(b.mem, "HTTP/1.1 200 X\r\nContent-Length: %zu\r\n\r\n%s", len, text);
        b.answer = leads_to(&b, 302, there(&b));
        assert_int_equal(get(&b, &r, &words), -more);
        if (more) {
            assert_string_equal(b.e.code, "too_large");
            assert_non_null(strstr(words, "larger than 1 MB"));
        }
        bench_stop(&b);
    }
}

/* Where the redirect leads is the app's word, and the app may be fooled. */
static void test_a_file_lies_only_where_the_definition_says(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool allowed;
    } rows[] = {
        {"https://dl.files.example/x?y=z", true},
        {"https://files.example/x", false},
        {"https://dl.files.example.evil.example/x", false},
        {"https://evil-files.example/x", false},
        {"https://dl.files.example:8443/x", false},
        {"https://u@dl.files.example/x", false},
        {"http://dl.files.example/x", false},
        {"https://10.0.0.1/x", false},
        {"file:///etc/passwd", false},
        {"/x", false},
        {"", false},
    };
    static const char *suffix = ".files.example";
    const struct apps_texts hosts = {&suffix, 1};
    arena *mem = arena_new();
    const struct app_site site = {.app = sample_app(mem, NULL, NULL), .host = "app.example.com"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(apps_is_below(mem, &site, rows[i].url, &hosts), rows[i].allowed);
    }
    arena_free(mem);

    struct bench b;
    struct app_result r;
    const char *words = NULL;
    start(&b, "", plain);
    b.answer = leads_to(&b, 302, "https://evil.example/x");
    assert_int_equal(get(&b, &r, &words), -1);
    assert_string_equal(b.e.code, "captured_host");
    assert_int_equal(scripted_requests(b.server), 1);
    bench_stop(&b);
}

static void test_a_second_redirect_and_refusals_there(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *code;
    } rows[] = {{302, "app_refused"}, {401, "app_refused"}, {403, "app_refused"},
                {404, "app_refused"}, {503, "app_busy"},    {429, "app_busy"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        start(&b, "", NULL);
        b.answer = leads_to(&b, 302, there(&b));
        b.details = leads_to(&b, rows[i].status, there(&b));
        assert_int_equal(get(&b, &r, &words), -1);
        assert_string_equal(b.e.code, rows[i].code);
        assert_non_null(strstr(words, "does not hand this file out"));
        assert_int_equal(scripted_requests(b.server), 2);
        bench_stop(&b);
    }
}

static void test_a_file_that_is_not_ready_and_other_calls(void **state)
{
    (void)state;
    struct bench b;
    struct app_result r;
    const char *words = NULL;
    start(&b, "HTTP/1.1 202 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", NULL);
    assert_int_equal(get(&b, &r, &words), -1);
    assert_int_equal(b.e.kind, ERR_UPSTREAM_BUSY);
    assert_int_equal(b.e.retry_after_ms, 7000);
    bench_stop(&b);

    /* no other call goes anywhere */
    start(&b, "", plain);
    b.answer = leads_to(&b, 302, there(&b));
    const struct app_call c = {.mem = b.mem, .http = b.http, .site = b.site};
    assert_int_equal(app_act(&c, app_action_find(b.site.app, "approve"),
                             json_of(b.mem, "{\"task\":\"t\"}"), &r, &words, &b.e),
                     -1);
    assert_int_equal(scripted_requests(b.server), 1);
    bench_stop(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_fetched_where_it_lies_without_the_token),
        cmocka_unit_test(test_a_file_may_be_the_answer_itself),
        cmocka_unit_test(test_what_a_file_is_called),
        cmocka_unit_test(test_a_file_has_a_bound),
        cmocka_unit_test(test_a_file_lies_only_where_the_definition_says),
        cmocka_unit_test(test_a_second_redirect_and_refusals_there),
        cmocka_unit_test(test_a_file_that_is_not_ready_and_other_calls),
    };
    return cmocka_run_group_tests_name("apps: download", tests, NULL, NULL);
}

/* P10: what counts as done already, what was not done although the app took it, and how a lost
 * answer is found out. */
#include "apps_help.h"

#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

static struct app_call call_of(struct bench *b)
{
    return (struct app_call){.mem = b->mem,
                             .http = b->http,
                             .site = b->site,
                             .access = secret_of(b->mem, "sample-access"),
                             .idempotency_key = "run-1",
                             .account_key = "o:user7"};
}

static int act(struct bench *b, const char *with, struct app_result *r, const char **words)
{
    const struct app_call c = call_of(b);
    *r = (struct app_result){0};
    b->e = (struct err){0};
    return app_act(&c, app_action_find(b->site.app, "approve"), json_of(b->mem, with), r, words,
                   &b->e);
}

static void start(struct bench *b, int status, const char *body, const char *from, const char *to)
{
    bench_start(b, "");
    b->answer = http_answer(b->mem, status, "application/json", body);
    b->site.app = sample_app(b->mem, from, to);
}

static const char *output(struct bench *b, const struct app_result *r)
{
    return json_write(b->mem, r->output);
}

static const char with_already[] =
    "\"success\":[200],\"already\":[{\"status\":409,\"code\":\"in_use\","
    "\"record_id\":[\"answer.conflicts.0.id\",\"answer.conflicts.id\"]},"
    "{\"status\":409,\"code\":\"taken\",\"where\":{\"by\":\"{task}\"},"
    "\"record_id\":\"input.task\"},"
    "{\"contains\":\"already decided\",\"record_id\":\"input.task\","
    "\"output\":{\"why\":\"answer.text\"}}]}],"
    "\"output\":{\"task\":\"answer.id\",\"etag\":\"answer.etag\"}";

static void test_what_is_there_already_is_done(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *output, *id; /* NULL: refused */
    } rows[] = {
        {200, "{\"id\":\"1\",\"etag\":\"e\"}", "{\"etag\":\"e\",\"task\":\"1\"}", "1"},
        {409, "{\"code\":\"in_use\",\"conflicts\":[{\"id\":\"7\"}]}",
         "{\"already\":true,\"etag\":null,\"task\":\"7\"}", "7"},
        {409, "{\"code\":\"in_use\",\"conflicts\":{\"id\":7}}",
         "{\"already\":true,\"etag\":null,\"task\":\"7\"}", "7"},
        {409, "{\"code\":\"in_use\"}", "{\"already\":true,\"etag\":null,\"task\":null}", NULL},
        {400, "{\"text\":\"it was Already Decided\"}",
         "{\"already\":true,\"why\":\"it was Already Decided\"}", "t1"},
        {409, "{\"code\":\"reserved\"}", NULL, NULL},
        {409, "{\"code\":\"taken\",\"by\":\"t1\"}",
         "{\"already\":true,\"etag\":null,\"task\":\"t1\"}", "t1"},
        {409, "{\"code\":\"taken\",\"by\":\"t2\"}", NULL, NULL},
        {409, "{\"code\":\"taken\"}", NULL, NULL},
        {400, "{\"code\":\"in_use\"}", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        start(&b, rows[i].status, rows[i].body, "\"success\":[200]}],\"output\":\"answer\"",
              with_already);
        app *a = arena_alloc(b.mem, sizeof(*a));
        *a = *b.site.app;
        const char *message[] = {"text"};
        a->errors.message = (struct apps_texts){message, 1};
        a->actions[0].app = a;
        b.site.app = a;
        int rc = act(&b, "{\"task\":\"t1\"}", &r, &words);
        if (rc != (rows[i].output == NULL ? -1 : 0)) {
            fail_msg("row %zu: %s", i, b.e.text);
        }
        if (rc == 0) {
            assert_string_equal(output(&b, &r), rows[i].output);
            assert_string_equal(r.record_id == NULL ? "" : r.record_id,
                                rows[i].id == NULL ? "" : rows[i].id);
        } else {
            assert_int_equal(b.e.kind, ERR_UPSTREAM_REFUSED);
        }
        assert_int_equal(scripted_requests(b.server), 1);
        bench_stop(&b);
    }
}

/* The app answers 200 and shows the old value: an access rule dropped the field. */
static void test_a_kept_value_is_a_refusal(void **state)
{
    (void)state;
    static const char expect[] =
        "\"success\":[200],\"expect\":[{\"path\":\"result.why\",\"equals\":\"{note}\","
        "\"words\":\"The old note stands.\"},{\"path\":\"result.state\",\"equals\":\"approved\","
        "\"words\":\"It is not approved.\"}]";
    static const struct {
        const char *with, *body, *words; /* NULL: done */
    } rows[] = {
        {"{\"task\":\"t\",\"note\":\"n\"}", "{\"result\":{\"why\":\"n\",\"state\":\"approved\"}}",
         NULL},
        {"{\"task\":\"t\"}", "{\"result\":{\"why\":\"old\",\"state\":\"approved\"}}", NULL},
        {"{\"task\":\"t\",\"note\":\"n\"}",
         "{\"id\":1,\"result\":{\"why\":\"o\",\"state\":\"approved\"}}", "The old note stands."},
        {"{\"task\":\"t\",\"note\":\"n\"}", "{\"result\":{\"state\":\"approved\"}}",
         "The old note stands."},
        {"{\"task\":\"t\"}", "{\"id\":1,\"result\":{\"state\":\"requested\"}}",
         "It is not approved."},
        {"{\"task\":\"t\"}", "{\"id\":1}", "It is not approved."},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        start(&b, 200, rows[i].body, "\"success\":[200]", expect);
        assert_int_equal(act(&b, rows[i].with, &r, &words), rows[i].words == NULL ? 0 : -1);
        if (rows[i].words != NULL) {
            assert_string_equal(words, rows[i].words);
            assert_string_equal(b.e.code, "app_refused");
            assert_false(b.e.maybe_done);
        }
        bench_stop(&b);
    }
}

static enum app_lookup look(struct bench *b, const char *with, struct app_result *r)
{
    const struct app_call c = call_of(b);
    enum app_lookup found = APP_FOUND;
    b->e = (struct err){0};
    int rc = app_look_up(&c, app_action_find(b->site.app, "approve"), json_of(b->mem, with), &found,
                         r, &b->e);
    assert_int_equal(rc, b->e.kind == ERR_NONE ? 0 : -1);
    assert_false(b->e.maybe_done);
    return found;
}

static const char by_key[] =
    "\"look_up\":{\"path\":\"/find\",\"query\":{\"key\":\"{idempotency_key}\"},\"none\":[404],"
    "\"found\":\"result.0\",\"output\":{\"id\":\"found.id\",\"who\":\"input.account_id\"},"
    "\"record_id\":\"found.id\",\"before\":true},\"output\":\"answer\"";

static void test_a_lost_answer_is_looked_up(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum app_lookup found;
        enum err_kind kind;
    } rows[] = {
        {200, "{\"result\":[{\"id\":\"9\"}]}", APP_FOUND, ERR_NONE},
        {200, "{\"result\":[]}", APP_NOT_FOUND, ERR_NONE},
        {404, "{\"code\":\"none\"}", APP_NOT_FOUND, ERR_NONE},
        {403, "{\"code\":\"acl\"}", APP_CANNOT_TELL, ERR_UPSTREAM_REFUSED},
        {401, "", APP_CANNOT_TELL, ERR_UNAUTHENTIC},
        {503, "", APP_CANNOT_TELL, ERR_UPSTREAM_BUSY},
        {200, "<html>", APP_CANNOT_TELL, ERR_UPSTREAM_BUSY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        start(&b, rows[i].status, rows[i].body, "\"output\":\"answer\"", by_key);
        enum app_lookup found = look(&b, "{\"task\":\"t\"}", &r);
        if (found != rows[i].found || b.e.kind != rows[i].kind) {
            fail_msg("row %zu: %d %s", i, (int)found, b.e.text);
        }
        if (found == APP_FOUND) {
            assert_string_equal(output(&b, &r), "{\"id\":\"9\",\"who\":\"user7\"}");
            assert_string_equal(r.record_id, "9");
            assert_true(str_ends(r.record_url, "/t/9"));
        }
        assert_true(str_starts(bench_request(&b), "GET /find?key=run-1 HTTP/1.1\r\n"));
        bench_stop(&b);
    }
}

/* Of the rows of a list, the one that is ours; what must be there before the write proves that it
 * was not done, its absence proves nothing. */
static void test_whose_row_it_is_and_what_proves_nothing(void **state)
{
    (void)state;
    static const char lists[] =
        "\"look_up\":[{\"when\":{\"input\":\"task\",\"pattern\":\"^w.*$\"},\"path\":\"/w/{task}\","
        "\"not_done\":\"records.0\",\"found\":\"rows\",\"where\":{\"m.text\":\"{note}\","
        "\"n\":\"{task}\"},\"output\":\"found\"}],\"output\":\"answer\"";
    static const struct {
        const char *with, *body;
        enum app_lookup found;
    } rows[] = {
        {"{\"task\":\"w1\",\"note\":\"hi\"}",
         "{\"rows\":[{\"m\":{\"text\":\"hi\"},\"n\":\"w2\"},{\"m\":{\"text\":\"hi\"},\"n\":\"w1\","
         "\"id\":5}]}",
         APP_FOUND},
        {"{\"task\":\"w1\",\"note\":\"hi\"}", "{\"rows\":[{\"m\":{\"text\":\"ho\"},\"n\":\"w1\"}]}",
         APP_CANNOT_TELL},
        {"{\"task\":\"w1\",\"note\":\"hi\"}", "{\"rows\":[],\"records\":[{\"Id\":\"1\"}]}",
         APP_NOT_FOUND},
        {"{\"task\":\"w1\"}", "{\"rows\":[{\"n\":\"w1\"}]}", APP_CANNOT_TELL},
        {"{\"task\":\"x1\",\"note\":\"hi\"}", "{\"records\":[1]}", APP_CANNOT_TELL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        start(&b, 200, rows[i].body, "\"output\":\"answer\"", lists);
        enum app_lookup found = look(&b, rows[i].with, &r);
        if (found != rows[i].found) {
            fail_msg("row %zu: %d", i, (int)found);
        }
        if (found == APP_FOUND) {
            assert_int_equal(json_i64(r.output, "id"), 5);
        }
        assert_int_equal(scripted_requests(b.server), strstr(rows[i].with, "w1") == NULL ? 0 : 1);
        bench_stop(&b);
    }
}

/* The proof may be what an answer says, and not only that something is in it. */
static void test_what_an_answer_proves(void **state)
{
    (void)state;
    static const char rows_of[] =
        "\"look_up\":{\"path\":\"/x\",\"found\":\"rows\",\"where\":{\"state\":\"open\"},"
        "\"not_done\":{\"path\":\"total\",\"is\":0},\"output\":\"found\"},\"output\":\"answer\"";
    static const struct {
        const char *body;
        enum app_lookup found;
    } rows[] = {
        {"{\"total\":1,\"rows\":[{\"state\":\"open\"}]}", APP_FOUND},
        {"{\"total\":1,\"rows\":[{\"state\":\"closed\"}]}", APP_CANNOT_TELL},
        {"{\"total\":0,\"rows\":[]}", APP_NOT_FOUND},
        {"{\"rows\":[]}", APP_CANNOT_TELL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        start(&b, 200, rows[i].body, "\"output\":\"answer\"", rows_of);
        if (look(&b, "{\"task\":\"t\"}", &r) != rows[i].found) {
            fail_msg("row %zu", i);
        }
        bench_stop(&b);
    }
}

static void test_before_a_write_the_app_is_asked(void **state)
{
    (void)state;
    static const struct {
        int status; /* of the look-up */
        const char *body;
        int rc;
        int requests;
    } rows[] = {
        {200, "{\"result\":[{\"id\":\"9\"}]}", 0, 1},
        {200, "{\"result\":[]}", 0, 2},
        {404, "{}", 0, 2},
        {403, "{\"code\":\"acl\"}", -1, 1},
        {503, "", -1, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct app_result r;
        const char *words = NULL;
        start(&b, 200, "{\"id\":\"new\"}", "\"output\":\"answer\"", by_key);
        b.mark = "GET /find";
        b.details = http_answer(b.mem, rows[i].status, "application/json", rows[i].body);
        assert_int_equal(act(&b, "{\"task\":\"t\"}", &r, &words), rows[i].rc);
        assert_int_equal(scripted_requests(b.server), rows[i].requests);
        assert_false(b.e.maybe_done);
        if (rows[i].rc == 0) {
            assert_string_equal(r.record_id, rows[i].requests == 1 ? "9" : "new");
        }
        bench_stop(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_there_already_is_done),
        cmocka_unit_test(test_a_kept_value_is_a_refusal),
        cmocka_unit_test(test_a_lost_answer_is_looked_up),
        cmocka_unit_test(test_whose_row_it_is_and_what_proves_nothing),
        cmocka_unit_test(test_what_an_answer_proves),
        cmocka_unit_test(test_before_a_write_the_app_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

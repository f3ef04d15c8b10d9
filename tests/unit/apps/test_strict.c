/* What the catalogue refuses although each word of it is known: what could never work, and what no
 * definition may decide. */
#include "apps_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

static const char taken[] = "Workbot does not set itself";
static const char one_line[] = "one line";

static void assert_fault(const char *from, const char *to, const char *path, const char *part)
{
    arena *mem = arena_new();
    const struct faults *f = sample_faults(mem, from, to);
    if (!has_fault(f, path, part)) {
        fail_msg("%s", to);
    }
    arena_free(mem);
}

static void test_no_definition_sets_what_a_call_is(void **state)
{
    (void)state;
    static const struct {
        const char *header, *value, *part;
    } rows[] = {{"Authorization", "Bearer x", taken},
                {"Host", "evil.example", taken},
                {"content-length", "0", taken},
                {"Transfer-Encoding", "chunked", taken},
                {"Connection", "close", taken},
                {"COOKIE", "a=b", taken},
                {"X Y", "v", "RFC 9110"},
                {"X:Y", "v", "RFC 9110"},
                {"X\\r\\nEvil", "v", "RFC 9110"},
                {"", "v", "RFC 9110"},
                {"X-A", "y\\r\\nEvil: 1", one_line},
                {"X-A", "y\\nz", one_line}};
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *headers =
            arena_printf(mem, "\"headers\":{\"%s\":\"%s\"},", rows[i].header, rows[i].value);
        json_t *name = json_of(mem, arena_printf(mem, "[\"%s\"]", rows[i].header));
        const char *path =
            arena_printf(mem, "headers.%s", json_string_value(json_array_get(name, 0)));
        assert_fault("\"error\":{", arena_printf(mem, "%s\"error\":{", headers),
                     arena_printf(mem, "sample.json.api.%s", path), rows[i].part);
        assert_fault("\"method\":\"PUT\"", arena_printf(mem, "%s\"method\":\"PUT\"", headers),
                     arena_printf(mem, "sample.json.actions.approve.requests[0].%s", path),
                     rows[i].part);
        assert_fault("\"margin_s\":60", arena_printf(mem, "%s\"margin_s\":60", headers),
                     arena_printf(mem, "sample.json.token.%s", path), rows[i].part);
    }
    arena_free(mem);
    assert_fault("\"margin_s\":60", "\"headers\":{\"Accept\":\"x\"},\"margin_s\":60",
                 "sample.json.token.headers.Accept", taken);
}

static void test_the_tokens_own_header(void **state)
{
    (void)state;
    assert_fault("\"error\":{", "\"token_header\":{\"name\":\"Host\"},\"error\":{",
                 "sample.json.api.token_header.name", taken);
    assert_fault("\"error\":{", "\"token_header\":{\"name\":\"X T\"},\"error\":{",
                 "sample.json.api.token_header.name", "RFC 9110");
    assert_fault("\"error\":{",
                 "\"token_header\":{\"name\":\"X-T\",\"prefix\":\"a\\r\\nb\"},\"error\":{",
                 "sample.json.api.token_header.prefix", one_line);
    arena *mem = arena_new();
    /* the usual header with another word before the token, and a header that bears a name */
    (void)sample_app(mem, "\"error\":{",
                     "\"headers\":{\"X-A\":\"a\\tb\",\"Accept\":\"text/plain\"},"
                     "\"token_header\":{\"name\":\"Authorization\",\"prefix\":\"Token \"},"
                     "\"error\":{");
    arena_free(mem);
}

static void test_a_path_stays_where_it_is(void **state)
{
    (void)state;
    static const char *const bad[] = {"/{v}/../x", "/./{task}", "/{task}/..",
                                      "/.",        "/%2e%2E/x", "/x/.%2e"};
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_fault("\"path\":\"/{v}/tasks/{task}\"", arena_printf(mem, "\"path\":\"%s\"", bad[i]),
                     "sample.json.actions.approve.requests[0].path", "segment");
    }
    assert_fault("\"/{v}/me\"", "\"/{v}/../me\"", "sample.json.identity.path", "segment");
    assert_fault("\"login\"", "\"login\",\"details\":{\"path\":\"/a/..\",\"organization\":\"n\"}",
                 "sample.json.identity.details.path", "segment");
    assert_fault("\"output\":\"answer\"",
                 "\"look_up\":{\"path\":\"/x/../y\",\"not_done\":\"a\"},\"output\":\"answer\"",
                 "sample.json.actions.approve.look_up.path", "segment");
    (void)sample_app(mem, "\"path\":\"/{v}/tasks/{task}\"", "\"path\":\"/.well-known/a..b/...\"");
    arena_free(mem);
}

static void test_no_name_of_an_answer_is_empty(void **state)
{
    (void)state;
    static const char action[] = "sample.json.actions.approve";
    arena *mem = arena_new();
    assert_fault("\"output\":\"answer\"", "\"output\":{\"x\":\"answer..a\"}",
                 arena_printf(mem, "%s.output", action), "names");
    assert_fault("\"output\":\"answer\"", "\"output\":\"answer.\"",
                 arena_printf(mem, "%s.output", action), "names");
    assert_fault("\"record_id\":\"answer.id\"", "\"record_id\":\"answer.a..b\"",
                 arena_printf(mem, "%s.record_id", action), "names");
    assert_fault(
        "\"method\":\"PUT\"",
        "\"method\":\"PUT\",\"expect\":[{\"path\":\".s\",\"equals\":\"1\",\"words\":\"w\"}]",
        arena_printf(mem, "%s.requests[0].expect[0].path", action), "names");
    assert_fault("\"code\":[\"code\"]", "\"code\":[\"a..code\"]", "sample.json.api.error.code[0]",
                 "names");
    assert_fault("{\"path\":\"org.id\"}", "{\"path\":\"org.\"}", "sample.json.identity.key[0].path",
                 "names");
    assert_fault("\"name\":\"login\"", "\"name\":\"a..b\"", "sample.json.identity.name", "names");
    arena_free(mem);
}

static void test_hosts_are_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"127.0.0.1", "127.0.0.0x1", "[::1]",         "localhost",
                                      "x.127.1",   "a.example:8", "A.sample.test", "2130706433"};
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_fault("\"names\":[\"id.sample.example\"]",
                     arena_printf(mem, "\"names\":[\"id.sample.example\",\"%s\"]", bad[i]),
                     "sample.json.hosts.names[1]", "full name");
    }
    arena_free(mem);
}

static void test_patterns_are_whole_and_small(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *part; /* NULL: good */
    } rows[] = {{"^a|b$", "parentheses"},
                {"^(a|b)|c$", "parentheses"},
                {"^a\\\\$", "from ^ to $"},
                {"^(a)\\\\1$", "refers back"},
                {"^[0-9]{1,255}{1,255}{1,255}$", "behind a repeat"},
                {"^a+*$", "behind a repeat"},
                {"^(([0-9]{1,255}){1,255}){1,255}$", "smaller"},
                {"^(.{1,50}){50}$", "smaller"},
                {"^.{32767}$", "smaller"},
                {"^.{3000,}$", "smaller"},
                {"^(((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)$", "smaller"},
                {"^(a|b)$", NULL},
                {"^[|{]$", NULL},
                {"^[]|]{1,3}[^]|][[:alpha:]|]$", NULL},
                {"^a\\\\|b\\\\\\\\$", NULL},
                {"^.{1,1000}$", NULL},
                {"^[A-Z]+(-[A-Z0-9_.]*)*$", NULL}};
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *to =
            arena_printf(mem, "\"words\":\"a note\",\"pattern\":\"%s\"", rows[i].pattern);
        if (rows[i].part == NULL) {
            (void)sample_app(mem, "\"words\":\"a note\"", to);
        } else {
            assert_fault("\"words\":\"a note\"", to,
                         "sample.json.actions.approve.inputs.note.pattern", rows[i].part);
        }
    }
    arena_free(mem);
}

static void test_an_app_can_do_something(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct faults *f = definition_faults(mem, "{\"name\":\"x\",\"actions\":{}}");
    assert_true(has_fault(f, "sample.json.actions", "can do"));
    arena_free(mem);
}

/* A FIFO that nobody writes would hold the process that opens it; alarm() ends such a one. */
static void test_only_files_are_opened(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char dir[] = "/tmp/workbot-apps-XXXXXX";
    assert_non_null(mkdtemp(dir));
    const char *fifo = arena_printf(mem, "%s/fifo.json", dir);
    const char *folder = arena_printf(mem, "%s/folder.json", dir);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    struct faults f;
    faults_init(&f, mem);
    apps *all = NULL;
    (void)alarm(20);
    assert_int_equal(apps_load(mem, dir, &all, &f), -1);
    (void)alarm(0);
    assert_true(has_fault(&f, "fifo.json", "no regular file"));
    assert_true(has_fault(&f, "folder.json", "no regular file"));
    assert_int_equal(f.count, 2);
    assert_int_equal(unlink(fifo), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(dir), 0);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_definition_sets_what_a_call_is),
        cmocka_unit_test(test_the_tokens_own_header),
        cmocka_unit_test(test_a_path_stays_where_it_is),
        cmocka_unit_test(test_no_name_of_an_answer_is_empty),
        cmocka_unit_test(test_hosts_are_names),
        cmocka_unit_test(test_patterns_are_whole_and_small),
        cmocka_unit_test(test_an_app_can_do_something),
        cmocka_unit_test(test_only_files_are_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

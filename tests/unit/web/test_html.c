#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/web/web_int.h"

#include "base/limits.h"
#include "base/str.h"
#include "tests/unit/with_arena.h"

/* The template language: what is escaped, what is a section, what is refused. */

static const char *render(const char *tmpl, const char *data)
{
    struct err e = {0};
    json_t *value = arena_json(mem, json_loads(data, 0, NULL));
    assert_non_null(value);
    return html_render(mem, tmpl, value, &e);
}

static void check(const char *tmpl, const char *data, const char *expected)
{
    const char *got = render(tmpl, data);
    assert_non_null(got);
    assert_string_equal(got, expected);
}

static void test_values_are_always_escaped(void **state)
{
    (void)state;
    check("<a title=\"{{x}}\">{{x}}</a>", "{\"x\":\"<b>'&\\\"\"}",
          "<a title=\"&lt;b&gt;&#39;&amp;&quot;\">&lt;b&gt;&#39;&amp;&quot;</a>");
    /* there is no raw form: the triple is no tag, & is no sign */
    assert_null(render("{{{x}}}", "{\"x\":\"<b>\"}"));
    assert_null(render("{{&x}}", "{\"x\":\"<b>\"}"));
    /* data that looks like a template stays data */
    check("{{x}}", "{\"x\":\"{{y}}{{#z}}\",\"y\":\"no\"}", "{{y}}{{#z}}");
}

static void test_words_to_type_are_code(void **state)
{
    (void)state;
    check("{{~x}}", "{\"x\":\"Type `a<b` or `c`.\"}",
          "Type <code>a&lt;b</code> or <code>c</code>.");
    check("{{~x}}", "{\"x\":\"`<i>\"}", "`&lt;i&gt;"); /* a sign of somebody's name */
    check("{{~x}}|{{~y}}", "{\"x\":3}", "|");
}

static void test_values_of_other_types(void **state)
{
    (void)state;
    check("{{n}}|{{absent}}|{{t}}|{{o}}", "{\"n\":-42,\"t\":true,\"o\":{\"a\":1}}", "-42|||");
}

static void test_sections(void **state)
{
    (void)state;
    check("{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{\"x\":true}", "yes");
    check("{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{\"x\":false}", "no");
    check("{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{}", "no");
    check("{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{\"x\":\"\"}", "no");
    check("{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{\"x\":[]}", "no");
    check("{{#x}}{{a}}{{b}}{{/x}}", "{\"b\":\"outer\",\"x\":{\"a\":\"in \"}}", "in outer");
    check("{{#x}}<{{a}}>{{/x}}", "{\"x\":[{\"a\":1},{\"a\":2}]}", "<1><2>");
    check("{{#x}}<{{.}}>{{/x}}", "{\"x\":[\"a\",\"&\"]}", "<a><&amp;>");
    check("{{#x}}{{#x}}{{/x}}!{{/x}}", "{\"x\":true}", "!");
    check("a{{! not shown }}b", "{}", "ab");
}

static void test_a_part_stands_in_its_place(void **state)
{
    (void)state;
    check("{{>part_problem.html}}", "{}", "\n");
    check("<{{#l}}{{>part_problem.html}}{{/l}}>", "{\"l\":[{\"problem\":\"a<b\"}, {}]}",
          "<<div class=\"notice bad\" role=\"alert\"><p>a&lt;b</p>\n</div>\n\n\n>");
    assert_null(render("{{>not_there.html}}", "{}"));
}

static void test_broken_templates_are_errors(void **state)
{
    (void)state;
    const char *broken[] = {"{{x",     "{{}}",         "{{#x}}",
                            "{{/x}}",  "{{#a}}{{/b}}", "{{#a}}{{#b}}{{/a}}{{/b}}",
                            "{{ x }}", "{{a-b}}",      "{{A}}"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct err e = {0};
        json_t *data = arena_json(mem, json_pack("{s:b, s:b}", "a", 1, "b", 1));
        assert_null(html_render(mem, broken[i], data, &e));
        assert_string_equal(e.code, "html");
    }
}

static void test_work_and_output_are_bounded(void **state)
{
    (void)state;
    /* six levels of a hundred items: 10^12 rounds without a limit */
    json_t *list = json_array();
    for (int i = 0; i < 100; i++) {
        json_array_append_new(list, json_object());
    }
    json_t *data = arena_json(mem, json_pack("{s:o}", "l", list));
    struct err e = {0};
    assert_null(html_render(
        mem, "{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}", data, &e));
    struct str deep = str_new(mem, 4096);
    for (int i = 0; i < 40; i++) {
        str_add(&deep, "{{#x}}");
    }
    for (int i = 0; i < 40; i++) {
        str_add(&deep, "{{/x}}");
    }
    assert_null(render(deep.text, "{\"x\":true}"));
    size_t len = 2 * LIMIT_EDITOR_BODY + 128 * 1024; /* the longest page holds a text twice */
    char *big = arena_alloc(mem, len + 1);
    memset(big, 'x', len);
    assert_null(render(big, "{}"));
}

static void test_every_page_renders_whole(void **state)
{
    (void)state;
    const char *pages[] = {"login.html",   "code.html",  "done.html",    "message.html",
                           "expired.html", "front.html", "privacy.html", "terms.html"};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        struct err e = {0};
        char *html = NULL;
        json_t *data = arena_json(
            mem, json_pack("{s:s, s:s, s:s, s:b, s:[{s:s}], s:s, s:s, s:[{s:s, s:s}]}", "title",
                           "A <title>", "app", "<i>App</i>", "account", "\"><script>", "has_scopes",
                           1, "scopes", "words", "<script>", "action", "/x?a=1&b=2",
                           "not_me_action", "/y", "fields", "name", "<n>", "value", "\"v"));
        assert_int_equal(html_page(mem, pages[i], data, &html, &e), 0);
        assert_non_null(strstr(html, "A &lt;title&gt;"));
        assert_non_null(strstr(html, "</html>"));
        assert_null(strstr(html, "<script"));
        assert_null(strstr(html, "style="));
        assert_null(strstr(html, "<i>App"));
        assert_null(strstr(html, "{{"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_always_escaped),
        cmocka_unit_test(test_words_to_type_are_code),
        cmocka_unit_test(test_values_of_other_types),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_a_part_stands_in_its_place),
        cmocka_unit_test(test_broken_templates_are_errors),
        cmocka_unit_test(test_work_and_output_are_bounded),
        cmocka_unit_test(test_every_page_renders_whole),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}

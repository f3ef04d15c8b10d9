/*
 * No value changes the shape of what it goes into (P14): thousands of values made of signs that
 * mean something somewhere, always the same ones for a seed. The readers here share no code with
 * the writers. The same with the parsers of others: tests/flow/p14_shapes.test.mjs.
 */
#include "tests/unit/recipe/recipe_help.h"

#include <string.h>

#include "base/str.h"

/* service/apps/api_int.h, whose names of inputs are not those of recipes */
int apps_soql_bind(arena *mem, const char *soql, const json_t *values, char **ret, struct err *e);

enum { CASES = 5000 };

static char *hostile(arena *mem, uint64_t *seed)
{
    static const char *const parts[] = {"'",          "\\",      "\"",       "\n",
                                        "\r",         "\t",      "\b",       "\x01",
                                        "%",          "%27",     "%2e",      "..",
                                        ".",          "/",       "?",        "#",
                                        "&",          "=",       "@",        ":",
                                        ":v",         "//",      "{{",       "}}",
                                        "{",          "}",       "[",        "]",
                                        ",",          "^",       "^NQ",      " OR ",
                                        "--",         "<",       ">",        "<!channel>",
                                        "|",          "*",       "\xc3\xbc", "\xf0\x9f\x98\x80",
                                        "a",          "0",       " ",        "{{inputs.w}}",
                                        "\\'",        "\\u0027", "null",     ";",
                                        "javascript:"};
    struct str s = str_new(mem, 400);
    for (size_t i = pick(seed, 9); i > 0; i--) {
        str_add(&s, parts[pick(seed, sizeof parts / sizeof parts[0])]);
    }
    return s.text;
}

/* The value of a quoted SOQL literal at *io_at, which moves behind it; NULL: it does not end. */
static char *read_literal(arena *mem, const char **io_at)
{
    static const char escapes[] = "nrtbf\\'\"", meant[] = "\n\r\t\b\f\\'\"";
    struct str out = str_new(mem, 4000);
    const char *at = *io_at;
    assert_int_equal(*at++, '\'');
    for (; *at != '\0' && *at != '\''; at++) {
        const char *escape = *at == '\\' && at[1] != '\0' ? strchr(escapes, at[1]) : NULL;
        assert_true(*at != '\\' || escape != NULL);
        str_add_char(&out, escape == NULL ? *at : meant[escape - escapes]);
        at += escape != NULL;
    }
    *io_at = at + 1;
    return *at == '\0' ? NULL : out.text;
}

static void p14_a_value_of_a_query_is_one_literal(void **state)
{
    (void)state;
    static const char before[] = "SELECT Id FROM Task WHERE Subject = ",
                      behind[] = " AND Done = 'no :v'";
    uint64_t seed = test_seed();
    for (size_t i = 0; i < CASES; i++) {
        arena *mem = arena_new();
        char *value = hostile(mem, &seed);
        json_t *context =
            arena_json(mem, json_pack("{s:{s:s, s:s}}", "inputs", "v", value, "w", "w"));
        json_t *with = quoted(mem, "{'v':'{{inputs.v}}','w':'{{inputs.w}}'}"), *values = NULL;
        struct err e = {0};
        char *soql = NULL;
        assert_int_equal(template_expand(mem, with, context, &values, &e), 0);
        assert_int_equal(
            apps_soql_bind(mem, arena_printf(mem, "%s:v%s", before, behind), values, &soql, &e), 0);
        assert_true(str_starts(soql, before));
        const char *at = soql + strlen(before);
        char *read = read_literal(mem, &at);
        assert_non_null(read);
        assert_string_equal(at, behind);
        for (char *p = value; *p != '\0'; p++) {
            bool kept = (unsigned char)*p >= ' ' || strchr("\n\r\t\b\f", *p) != NULL;
            *p = kept ? *p : ' ';
        }
        assert_string_equal(read, value);
        arena_free(mem);
    }
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes up to the next sign of a URL's own, which must be `end`; gives what stands behind it. */
static const char *read_part(arena *mem, const char *at, const char *end, char **ret)
{
    struct str out = str_new(mem, 4000);
    for (; *at != '\0' && strchr("/?#&=@:;+\\ \"<>", *at) == NULL; at++) {
        if (*at == '%') {
            assert_true(digit(at[1]) >= 0 && digit(at[2]) >= 0);
            str_add_char(&out, (char)(digit(at[1]) * 16 + digit(at[2])));
            at += 2;
        } else {
            assert_true((unsigned char)*at > ' ' && (unsigned char)*at < 127);
            str_add_char(&out, *at);
        }
    }
    assert_true(str_starts(at, end));
    *ret = out.text;
    return at + strlen(end);
}

static void p14_a_value_of_a_link_is_one_part(void **state)
{
    (void)state;
    static const char begin[] = "https://app.example/find/";
    uint64_t seed = test_seed();
    size_t links = 0;
    for (size_t i = 0; i < CASES; i++) {
        arena *mem = arena_new();
        const char *value = hostile(mem, &seed);
        json_t *context =
            arena_json(mem, json_pack("{s:{s:s}, s:s}", "inputs", "v", value, "base", begin));
        const char *text =
            i % 2 == 0
                ? "https://app.example/find/{{inputs.v}}/all?q={{inputs.v | url}}&r=x{{inputs.v}}#{{inputs.v}}"
                : "{{base}}{{inputs.v}}/all?q={{inputs.v}}&r=x{{inputs.v|trim|url}}#{{inputs.v}}";
        char *url = template_url(mem, text, context, 8000), *part = NULL;
        bool dots = str_equal(value, ".") || str_equal(value, "..");
        assert_true((url == NULL) == dots);
        if (!dots) {
            assert_true(str_starts(url, begin));
            const char *at = read_part(mem, url + strlen(begin), "/all?q=", &part);
            assert_string_equal(part, value);
            at = read_part(mem, at, "&r=", &part);
            assert_string_equal(part, value);
            at = read_part(mem, at, "#", &part);
            at = read_part(mem, at, "", &part);
            assert_string_equal(part, value);
            assert_string_equal(at, "");
            links++;
        }
        arena_free(mem);
    }
    assert_true(links > CASES / 2);
}

static void p14_a_value_of_a_body_is_one_value(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (size_t i = 0; i < CASES; i++) {
        arena *mem = arena_new();
        const char *value = hostile(mem, &seed);
        json_t *context =
            arena_json(mem, json_pack("{s:{s:s, s:s}}", "inputs", "v", value, "w", "w"));
        json_t *with = quoted(
                   mem, "{'a':'{{inputs.v}}','b':{'c':['x{{inputs.v}}y','{{inputs.v|json}}']}}"),
               *out = NULL;
        json_t *back = NULL, *inner = NULL;
        struct err e = {0};
        assert_int_equal(template_expand(mem, with, context, &out, &e), 0);
        assert_int_equal(json_read(mem, bytes_of(json_write(mem, out)), &back, &e), 0);
        assert_int_equal(json_object_size(back), 2);
        assert_string_equal(json_text(back, "a"), value);
        assert_int_equal(json_array_size(json_at(back, "b.c")), 2);
        assert_string_equal(json_string_value(json_at(back, "b.c.0")),
                            arena_printf(mem, "x%sy", value));
        assert_int_equal(
            json_read(mem, bytes_of(json_string_value(json_at(back, "b.c.1"))), &inner, &e), 0);
        assert_string_equal(json_string_value(inner), value);
        arena_free(mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p14_a_value_of_a_query_is_one_literal),
        cmocka_unit_test(p14_a_value_of_a_link_is_one_part),
        cmocka_unit_test(p14_a_value_of_a_body_is_one_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Templates: typed, total, one pass. */
#include "tests/unit/recipe/recipe_help.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"

static const char sample[] =
    "{'inputs':{'name':'Ana & Co','amount':12.5,'count':7,'yes':true,'nothing':null,'empty':'',"
    "'tricky':'{{inputs.name}} {{','uni':'Zürich'},"
    "'steps':{'opp':{'id':'006','list':[{'Name':'first'},{'Name':'second'}],'object':{'b':1,"
    "'a':[true,null]}}}}";

static char *text_of(arena *mem, const char *template)
{
    return template_text(mem, template, quoted(mem, sample), 2000);
}

/* The expansion of a value as compact JSON with ' for ". */
static char *expanded(arena *mem, const char *value)
{
    json_t *out = NULL;
    struct err e = {0};
    if (template_expand(mem, quoted(mem, value), quoted(mem, sample), &out, &e) != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
    char *json = json_write(mem, out);
    for (char *p = json; *p != '\0'; p++) {
        *p = *p == '"' ? '\'' : *p;
    }
    return json;
}

static void text_holds_values_as_text(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain", "plain"},
        {"", ""},
        {"{{inputs.name}}", "Ana & Co"},
        {"a {{ inputs.name }} b", "a Ana & Co b"},
        {"{{inputs.count}}/{{inputs.amount}}/{{inputs.yes}}", "7/12.5/true"},
        {"[{{inputs.nothing}}{{inputs.absent}}{{inputs.empty}}{{absent}}]", "[]"},
        {"{{steps.opp.list.1.Name}}", "second"},
        {"{{steps.opp.list.2.Name}}{{steps.opp.list.-1}}{{steps.opp.list.x}}", ""},
        {"{{steps.opp.object}}", "{\"a\":[true,null],\"b\":1}"},
        {"{{steps.opp.id.deeper}}", ""},
        {"}} { } {inputs.name}", "}} { } {inputs.name}"},
        {"{{inputs.uni}}!", "Zürich!"},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(text_of(mem, cases[i][0]), cases[i][1]);
    }
    arena_free(mem);
}

static void alone_a_value_keeps_its_type(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"'{{inputs.amount}}'", "12.5"},
        {"'{{ inputs.count }}'", "7"},
        {"'{{inputs.yes}}'", "true"},
        {"'{{steps.opp.list}}'", "[{'Name':'first'},{'Name':'second'}]"},
        {"'{{steps.opp.object}}'", "{'a':[true,null],'b':1}"},
        {"'{{inputs.empty}}'", "''"},
        {"'{{inputs.absent}}'", "null"},
        /* with anything beside it, a space too, it is text */
        {"'{{inputs.amount}} '", "'12.5 '"},
        {"'{{inputs.count}}{{inputs.count}}'", "'77'"},
        {"5", "5"},
        {"[null,false]", "[null,false]"},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(expanded(mem, cases[i][0]), cases[i][1]);
    }
    arena_free(mem);
}

static void missing_members_are_left_out(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{'a':'{{inputs.absent}}','b':'{{inputs.nothing}}','c':'{{inputs.name}}'}",
         "{'c':'Ana & Co'}"},
        /* a null that the author wrote is meant; empty text is a value */
        {"{'a':null,'b':'{{inputs.empty}}','c':'x{{inputs.absent}}'}", "{'a':null,'b':'','c':'x'}"},
        /* positions of a list mean something */
        {"['{{inputs.absent}}','{{inputs.count}}',{'a':'{{inputs.absent}}'}]", "[null,7,{}]"},
        {"{'a':[{'b':['{{inputs.count}}',['{{steps.opp.id}}']]}]}", "{'a':[{'b':[7,['006']]}]}"},
        /* keys are no templates */
        {"{'{{inputs.name}}':1}", "{'{{inputs.name}}':1}"},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(expanded(mem, cases[i][0]), cases[i][1]);
    }
    arena_free(mem);
}

static void values_are_not_expanded_again(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_string_equal(text_of(mem, "<{{inputs.tricky}}>"), "<{{inputs.name}} {{>");
    assert_string_equal(expanded(mem, "{'a':'{{inputs.tricky}}','b':'{{inputs.tricky}}}}'}"),
                        "{'a':'{{inputs.name}} {{','b':'{{inputs.name}} {{}}'}");
    arena_free(mem);
}

/* What the context holds is shared with later steps: an expansion changes neither it nor the
 * recipe. */
static void nothing_is_shared_with_the_context(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *context = quoted(mem, sample);
    json_t *value = quoted(mem, "{'o':'{{steps.opp.object}}','l':['x']}");
    char *before = json_write(mem, context), *recipe = json_write(mem, value);
    json_t *out = NULL;
    struct err e = {0};
    assert_int_equal(template_expand(mem, value, context, &out, &e), 0);
    json_object_clear(json_member(out, "o"));
    json_array_clear(json_member(out, "l"));
    assert_string_equal(json_write(mem, context), before);
    assert_string_equal(json_write(mem, value), recipe);
    arena_free(mem);
}

static void broken_syntax_is_named(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "{{",       "{{a",        "{{}}",       "{{ }}",     "{{a..b}}",   "{{.a}}",
        "{{a.}}",   "{{.}}",      "{{a b}}",    "{{{a}}}",   "{{a{{b}}}}", "ok {{a}} {{",
        "{{a|up}}", "{{a[0]}}",   "{{a/../b}}", "{{\"a\"}}", "{{a\nb}}",   "{{ü}}",
        "{{a;b}}",  "{{#if a}}x", "{{a}",       "{{a%2eb}}", "{{$a}}",     "{{a\tb}}",
        "{{*}}",    "{{a,b}}",    "{{'a'}}",    "{{a}}{{b",  "{{a\\b}}",   "{{a=b}}",
    };
    static const char *const fine[] = {
        "",
        "x",
        "}}",
        "{ {a}}",
        "{{a}}",
        "{{ a }}",
        "{{a.b-c_d.0}}",
        "{{a}}{{b}}",
        "{{__proto__}}",
        "{{a|upper}}",
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const char *why = NULL;
        if (template_check(broken[i], &why) || why == NULL) {
            fail_msg("passed: %s", broken[i]);
        }
        /* a text that was never checked is still total: it stays as it is from there on */
        assert_non_null(text_of(mem, broken[i]));
    }
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        const char *why = NULL;
        if (!template_check(fine[i], &why)) {
            fail_msg("refused: %s: %s", fine[i], why);
        }
    }
    char path[230] = "{{";
    memset(path + 2, 'a', 199);
    memcpy(path + 201, "}}", 3);
    const char *why = NULL;
    assert_true(template_check(path, &why));
    memset(path + 2, 'a', 200);
    memcpy(path + 202, "}}", 3);
    assert_false(template_check(path, &why));
    assert_non_null(strstr(why, "200"));
    arena_free(mem);
}

static char *repeated(arena *mem, const char *unit, size_t count)
{
    struct str s = str_new(mem, strlen(unit) * count + 1);
    for (size_t i = 0; i < count; i++) {
        str_add(&s, unit);
    }
    return s.text;
}

static void text_is_cut_between_characters(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *context = quoted(mem, sample);
    for (size_t max = 0; max < 40; max++) {
        char *text = template_text(mem, "ab€{{inputs.uni}}ü😀{{inputs.uni}}😀😀", context, max);
        assert_true(strlen(text) <= max);
        assert_true(str_is_utf8(text, strlen(text)));
    }
    /* the reader sees that something is missing */
    assert_string_equal(template_text(mem, "{{inputs.name}} and more", context, 10), "Ana & C…");
    assert_string_equal(template_text(mem, "{{inputs.name}}", context, 8), "Ana & Co");
    arena_free(mem);
}

static void large_templates_end(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *context = quoted(mem, sample);
    char *template = repeated(mem, "{{inputs.uni}} ", 700); /* 10 KB */
    const char *why = NULL;
    assert_true(template_check(template, &why));
    assert_string_equal(template_text(mem, template, context, 64000),
                        repeated(mem, "Zürich ", 700));
    char *open = repeated(mem, "{{", 5000);
    assert_false(template_check(open, &why));
    assert_string_equal(template_text(mem, open, context, 20000), open);
    arena_free(mem);
}

static int expand_with(arena *mem, json_t *value, const char *text, json_t **ret, struct err *e)
{
    json_t *context = arena_json(mem, json_pack("{s:{s:s}}", "inputs", "big", text));
    return template_expand(mem, value, context, ret, e);
}

static void too_long_is_an_error_not_a_cut(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *alone = quoted(mem, "'{{inputs.big}}'"), *beside = quoted(mem, "'{{inputs.big}} '");
    static const char *const units[] = {"x", "ü", "€", "😀"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        for (size_t over = 0; over < 12; over++) {
            size_t size = LIMIT_TEMPLATE_OUTPUT - 6 + over;
            char *big = repeated(mem, units[i], size / strlen(units[i]));
            json_t *out = NULL;
            struct err e = {0};
            bool fits = strlen(big) + 2 <= LIMIT_TEMPLATE_OUTPUT;
            assert_int_equal(expand_with(mem, alone, big, &out, &e), fits ? 0 : -1);
            assert_true(!fits || json_string_length(out) == strlen(big));
            fits = strlen(big) + 3 <= LIMIT_TEMPLATE_OUTPUT;
            assert_int_equal(expand_with(mem, beside, big, &out, &e), fits ? 0 : -1);
            assert_true(fits || e.kind == ERR_INVALID);
            assert_true(fits || str_equal(e.code, "template_too_long"));
        }
    }
    arena_free(mem);
}

/* A step answered with megabytes, and a recipe names them in every member: without a bound that
 * counts on the way this would take gigabytes before it is refused. Here it must stay cheap enough
 * for the address space that the test runs in. */
static void small_templates_cannot_grow_without_bound(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char *big = repeated(mem, "0123456789abcdef", 256 * 1024); /* 4 MB */
    json_t *list = arena_json(mem, json_array());
    json_t *nested = arena_json(mem, json_object());
    for (size_t i = 0; i < 5000; i++) {
        json_array_append_new(list, json_string("{{inputs.big}}"));
        json_object_set_new(nested, arena_printf(mem, "k%zu", i), json_string("{{inputs}} x"));
    }
    json_t *out = NULL;
    struct err e = {0};
    assert_int_equal(expand_with(mem, list, big, &out, &e), -1);
    assert_string_equal(e.code, "template_too_long");
    assert_int_equal(expand_with(mem, nested, big, &out, &e), -1);
    assert_null(out);
    arena_free(mem);
}

/* --- functions --- */

static const char values[] =
    "{'t':' Ana & Co ','e':'','n':12.5,'p':99.99,'prices':[0.1,1234567.89],'i':7,'y':true,'z':null,'list':['a',2,{'k':'v'},null],'none':[],"
    "'d':'2026-02-09','m':'2026-12-31T23:10:00.000+0000','odd':'2026-13-01','zone':'2026-12-31T20:30:00-05:00','local':'2026-12-31 14:30','q':'it\\u0027s \\\\ \\\"x\\\"',"
    "'uni':'Zürich','deep':{'b':1,'a':[1]}}";

static void every_function_takes_every_value(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{{t|upper}}", " ANA & CO "},
        {"{{t | trim | lower}}", "ana & co"},
        {"{{uni|upper}}", "ZüRICH"},
        {"{{i|upper}}{{y|upper}}{{z|upper}}{{absent|upper}}", "7TRUE"},
        {"{{e|default('none')}}|{{z|default(\"none\")}}|{{absent | default( 'no | (x)' ) }}",
         "none|none|no | (x)"},
        {"{{i|default('none')}}{{none|default('x')}}{{absent|default('')}}", "7[]"},
        {"{{d|date('long')}}, {{d|date('short')}}, {{m|date('iso')}}",
         "9 February 2026, 9 Feb 2026, 2026-12-31"},
        {"{{m|date('long')}}", "31 December 2026"},
        {"{{m|date('utc')}}, {{zone|date('utc')}}", "2026-12-31 23:10:00, 2027-01-01 01:30:00"},
        {"{{local|date('utc')}} {{d|date('utc')}} {{odd|date('utc')}} {{i|date('utc')}}",
         "2026-12-31 14:30 2026-02-09 2026-13-01 7"},
        {"{{odd|date('long')}}{{i|date('iso')}}{{absent|date('long')}}", "2026-13-017"},
        {"{{list|count}} {{none|count}} {{deep|count}} {{uni|count}} {{i|count}} {{absent|count}}",
         "4 0 2 6 1 0"},
        {"{{list|join(', ')}}", "a, 2, {\"k\":\"v\"}, "},
        {"{{none|join('x')}}{{i|join('x')}}{{absent|join('x')}}", "7"},
        {"{{t|url}}", "%20Ana%20%26%20Co%20"},
        {"{{uni|url}}{{deep|url}}", "Z%C3%BCrich%7B%22a%22%3A%5B1%5D%2C%22b%22%3A1%7D"},
        {"{{t|json}} {{n|json}} {{list|json}}", "\" Ana & Co \" 12.5 [\"a\",2,{\"k\":\"v\"},null]"},
        {"{{p}} {{p|json}} {{p|trim}} {{p|url}} {{p|soql}}", "99.99 99.99 99.99 99.99 99.99"},
        {"{{prices|join(', ')}} {{prices|json}}", "0.1, 1234567.89 [0.1,1234567.89]"},
        {"{{q|json}}", "\"it's \\\\ \\\"x\\\"\""},
        {"{{q|soql}}", "it\\'s \\\\ \\\"x\\\""},
        {"{{list|first}}{{list|last}}{{i|first}}{{none|first}}{{none|last}}{{absent|last}}", "a7"},
        {"{{list | first | upper | default('x') | json | count}}", "3"},
        {"{{absent|upper|default('b')|upper}}", "B"},
    };
    arena *mem = arena_new();
    const json_t *context = quoted(mem, values);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why = NULL;
        if (!template_check(cases[i][0], &why)) {
            fail_msg("%s: %s", cases[i][0], why);
        }
        assert_string_equal(template_text(mem, cases[i][0], context, 2000), cases[i][1]);
    }
    arena_free(mem);
}

static void functions_alone_give_typed_values(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{{list|count}}", "4"},      {"{{list|first}}", "\"a\""},    {"{{list|last}}", "null"},
        {"{{none|first}}", "null"},   {"{{n|default('x')}}", "12.5"}, {"{{n|upper}}", "\"12.5\""},
        {"{{absent|upper}}", "null"}, {"{{absent|count}}", "0"},      {"{{i|json}}", "\"7\""},
        {"{{i|date('iso')}}", "7"},
    };
    arena *mem = arena_new();
    const json_t *context = quoted(mem, values);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *out = NULL;
        struct err e = {0};
        assert_int_equal(
            template_expand(mem, arena_json(mem, json_string(cases[i][0])), context, &out, &e), 0);
        assert_string_equal(json_write(mem, out), cases[i][1]);
    }
    arena_free(mem);
}

static void wrong_functions_and_arguments_are_faults(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{{a|nope}}", "there is no such function"},
        {"{{a|}}", "there is no such function"},
        {"{{a||upper}}", "there is no such function"},
        {"{{a|Upper}}", "there is no such function"},
        {"{{a|upper('x')}}", "takes no argument"},
        {"{{a|upper()}}", "one text in quotes"},
        {"{{a|default}}", "takes one text"},
        {"{{a|default()}}", "one text in quotes"},
        {"{{a|default(x)}}", "one text in quotes"},
        {"{{a|default('x)}}", "one text in quotes"},
        {"{{a|default('x' }}", "one text in quotes"},
        {"{{a|default('x','y')}}", "one text in quotes"},
        {"{{a|default('x') upper}}", "behind one another"},
        {"{{a|upper lower}}", "behind one another"},
        {"{{a|date}}", "date takes"},
        {"{{a|date('full')}}", "date takes"},
        {"{{a upper}}", "a path may hold"},
        {"{{|upper}}", "a path may hold"},
        {"{{a|trim|trim|trim|trim|trim|trim}}", "over 5 functions"},
    };
    static const char *const names[] = {"count", "date",  "default", "first", "join",  "json",
                                        "last",  "lower", "soql",    "trim",  "upper", "url"};
    const char *why = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (template_check(cases[i][0], &why) || strstr(why, cases[i][1]) == NULL) {
            fail_msg("%s: %s", cases[i][0], why);
        }
    }
    assert_false(template_check("{{a|nope}}", &why));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_non_null(strstr(why, names[i]));
    }
}

/* Functions make nothing from nothing, and what they make on the way is counted. */
static void functions_cannot_grow_without_bound(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *list = arena_json(mem, json_array());
    for (size_t i = 0; i < 20000; i++) {
        json_array_append_new(list, json_string("twenty bytes of text"));
    }
    const json_t *context = arena_json(mem, json_pack("{s:O}", "list", list));
    struct str many = str_new(mem, 200000);
    for (size_t i = 0; i < 2000; i++) {
        str_add(&many, "{{list|json|count}}");
    }
    assert_true(strlen(template_text(mem, many.text, context, 2000)) <= 2000);
    static const char *const texts[] = {"{{list|url}}", "{{list|join(', ')}}",
                                        "{{list|json|url|url}}"};
    struct err e = {0};
    json_t *out = NULL;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            template_expand(mem, arena_json(mem, json_string(texts[i])), context, &out, &e), -1);
        assert_string_equal(e.code, "template_too_long");
    }
    assert_int_equal(
        template_expand(mem, arena_json(mem, json_string(many.text)), context, &out, &e), -1);
    assert_int_equal(
        template_expand(mem, arena_json(mem, json_string("{{list|count}}")), context, &out, &e), 0);
    assert_int_equal(json_integer_value(out), 20000);
    arena_free(mem);
}

/* --- properties --- */

static char *random_text(arena *mem, uint64_t *seed)
{
    static const char *const parts[] = {"{{",       "}}",
                                        "{",        "}",
                                        ".",        " ",
                                        "a",        "inputs.name",
                                        "{{a}}",    "ü",
                                        "😀",        "\n",
                                        "-",        "steps.opp.list.0",
                                        "\"",       "0",
                                        "|",        "default(\"x\")",
                                        "| upper ", "|json",
                                        "('",       "join(', ')"};
    struct str s = str_new(mem, 400);
    for (size_t i = pick(seed, 14); i > 0; i--) {
        str_add(&s, parts[pick(seed, sizeof parts / sizeof parts[0])]);
    }
    return s.text;
}

/* Whatever the text: its expansion ends, is UTF-8, is within its bound, and the checker accepts
 * exactly the texts in which every "{{" was a slot. */
static void any_text_ends(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    arena *mem = arena_new();
    json_t *context = quoted(mem, sample);
    for (size_t i = 0; i < 20000; i++) {
        char *template = random_text(mem, &seed);
        const char *why = NULL;
        bool good = template_check(template, &why);
        assert_true(good || why != NULL);
        size_t max = pick(&seed, 120);
        char *text = template_text(mem, template, context, max);
        assert_true(strlen(text) <= max && str_is_utf8(text, strlen(text)));
        if (strstr(template, "{{") == NULL) {
            assert_true(good);
            assert_string_equal(template_text(mem, template, context, 1000), template);
        }
    }
    arena_free(mem);
}

/* What a step took along: a bound of its own, for one file. */
static void a_file_of_a_step_may_be_longer(void **state)
{
    (void)state;
    arena *mem = arena_new();
    for (int more = 0; more <= 1; more++) {
        size_t len = LIMIT_FILE_BETWEEN_STEPS / 3 * 4 + (size_t)(more * 5000);
        char *text = arena_alloc(mem, len + 1);
        memset(text, 'A', len);
        json_t *file = json_pack("{s:s, s:s}", "name", "a.pdf", "content_base64", text);
        json_t *context = arena_json(mem, json_pack("{s:{s:{s:o}}}", "steps", "get", "file", file));
        json_t *out = NULL;
        struct err e = {0};
        json_t *with = quoted(mem, "{'file':'{{steps.get.file}}','folder_id':'7'}");
        assert_int_equal(template_expand(mem, with, context, &out, &e), -more);
        if (more) {
            assert_string_equal(e.code, "template_too_long");
            continue;
        }
        assert_string_equal(json_text(json_member(out, "file"), "content_base64"), text);
        with = quoted(mem, "{'file':'{{steps.get.file}}','again':'{{steps.get.file}}'}");
        assert_int_equal(template_expand(mem, with, context, &out, &e), -1);
        with = quoted(mem, "{'file':'a {{steps.get.file}}'}");
        assert_int_equal(template_expand(mem, with, context, &out, &e), -1);
    }
    arena_free(mem);
}

/* A user's text in a recipe of ours appears there once, whole and unchanged, whatever it holds. */
static void a_value_appears_as_it_is(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    arena *mem = arena_new();
    for (size_t i = 0; i < 5000; i++) {
        char *value = random_text(mem, &seed);
        json_t *context = arena_json(mem, json_pack("{s:{s:s}}", "inputs", "v", value));
        char *wanted = arena_printf(mem, "<%s|%s>", value, value);
        assert_string_equal(template_text(mem, "<{{inputs.v}}|{{inputs.v}}>", context, 4000),
                            wanted);
        json_t *out = NULL;
        struct err e = {0};
        json_t *with = quoted(mem, "{'a':'{{inputs.v}}','b':['-{{inputs.v}}']}");
        assert_int_equal(template_expand(mem, with, context, &out, &e), 0);
        assert_string_equal(json_text(out, "a"), value);
        assert_string_equal(json_string_value(json_at(out, "b.0")) + 1, value);
    }
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_holds_values_as_text),
        cmocka_unit_test(alone_a_value_keeps_its_type),
        cmocka_unit_test(missing_members_are_left_out),
        cmocka_unit_test(values_are_not_expanded_again),
        cmocka_unit_test(nothing_is_shared_with_the_context),
        cmocka_unit_test(broken_syntax_is_named),
        cmocka_unit_test(text_is_cut_between_characters),
        cmocka_unit_test(large_templates_end),
        cmocka_unit_test(too_long_is_an_error_not_a_cut),
        cmocka_unit_test(small_templates_cannot_grow_without_bound),
        cmocka_unit_test(a_file_of_a_step_may_be_longer),
        cmocka_unit_test(every_function_takes_every_value),
        cmocka_unit_test(functions_alone_give_typed_values),
        cmocka_unit_test(wrong_functions_and_arguments_are_faults),
        cmocka_unit_test(functions_cannot_grow_without_bound),
        cmocka_unit_test(any_text_ends),
        cmocka_unit_test(a_value_appears_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* "name: Acme renewal amount: 5000": the split, and what is missing. */
#include "tests/unit/recipe/recipe_help.h"

#include <string.h>

#include "base/str.h"

/* Stands in for the C library's, in this program: it counts the characters that are looked at. */
static size_t looked_at;

char *strchr(const char *s, int c)
{
    const char wanted = (char)c;
    for (;; s++) {
        looked_at++;
        if (*s == wanted || *s == '\0') {
            return *s == wanted ? (char *)(uintptr_t)s : NULL;
        }
    }
}

static const char deal[] = "[{'name':'name','required':true},{'name':'amount','type':'number'},"
                           "{'name':'close','type':'date','required':true},{'name':'note'}]";

/* "given JSON with ' for quotes | unknown, unknown" */
static char *split(arena *mem, const struct recipe *r, const char *text)
{
    struct recipe_words w;
    recipe_inputs_split(mem, r, text, &w);
    char *given = json_write(mem, w.given);
    for (char *p = given; *p != '\0'; p++) {
        *p = *p == '"' ? '\'' : *p;
    }
    struct str out = str_new(mem, 40000);
    str_printf(&out, "%s |", given);
    for (size_t i = 0; i < w.unknown_count; i++) {
        str_printf(&out, "%s %s", i == 0 ? "" : ",", w.unknown[i]);
    }
    for (size_t i = 0; i < w.repeated_count; i++) {
        str_printf(&out, "%s twice: %s", i == 0 ? "" : ",", w.repeated[i]);
    }
    return out.text;
}

static void the_split_is_at_known_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "{} |"},
        {"   \n ", "{} |"},
        {"name: Acme renewal amount: 5000", "{'amount':'5000','name':'Acme renewal'} |"},
        {"name:Acme amount:5000", "{'amount':'5000','name':'Acme'} |"},
        {"  name :Acme", "{} | name :Acme"},
        {"Name: a AMOUNT: 1", "{'amount':'1','name':'a'} |"},
        {"name: Acme\namount: 5\r\n\tclose: 2026-12-31",
         "{'amount':'5','close':'2026-12-31','name':'Acme'} |"},
        {"name: two\n lines\n\n", "{'name':'two\\n lines'} |"},
        /* colons that belong to a value */
        {"name: see https://x.example/a:b?amount=1 amount: 5",
         "{'amount':'5','name':'see https://x.example/a:b?amount=1'} |"},
        {"name: https://amount:8080/", "{'name':'https://amount:8080/'} |"},
        {"name: call at 12:30 note: 9:15", "{'name':'call at 12:30','note':'9:15'} |"},
        {"name: Re: Fwd: hello", "{'name':'Re: Fwd: hello'} |"},
        {"name: a (amount: 5)", "{'name':'a (amount: 5)'} |"},
        {"name:amount: 5", "{'name':'amount: 5'} |"},
        {"name: my-amount: 5 amount-x: 6", "{'name':'my-amount: 5 amount-x: 6'} |"},
        {"name: ::: : amount", "{'name':'::: : amount'} |"},
        {"name: Zoë & 日本語 😀 note: é", "{'name':'Zoë & 日本語 😀','note':'é'} |"},
        /* quotes hold what would be read as inputs */
        {"name: \"quoted\"", "{'name':'quoted'} |"},
        {"name: \"a amount: 5\" amount: 6", "{'amount':'6','name':'a amount: 5'} |"},
        {"name: \"colour: red\"", "{'name':'colour: red'} |"},
        {"name: \"half", "{'name':'\\'half'} |"},
        {"name: \"half amount: 5", "{'amount':'5','name':'\\'half'} |"},
        {"name: \"a\"b c\" note: \"", "{'name':'a\\'b c','note':'\\''} |"},
        {"name: \"a\" note: \"b\"c", "{'name':'a','note':'\\'b\\'c'} |"},
        {"name: \"a\"\tnote: \"b\"", "{'name':'a','note':'b'} |"},
        {"name: the \"best\" deal", "{'name':'the \\'best\\' deal'} |"},
        /* nothing behind the colon is not given */
        {"name: amount: 5", "{'amount':'5'} |"},
        {"note:", "{} |"},
    };
    arena *mem = arena_new();
    struct recipe *r = recipe_with(mem, deal);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(split(mem, r, cases[i][0]), cases[i][1]);
    }
    arena_free(mem);
}

/* What is not understood is named, never dropped: a command that ran without a value that was
 * typed would be a wrong command. */
static void the_rest_is_named(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Acme renewal", "{} | Acme renewal"},
        {"Acme renewal amount: 5", "{'amount':'5'} | Acme renewal"},
        {"stage: Won name: Acme", "{'name':'Acme'} | stage"},
        {"stage: Won owner: Ana name: Acme", "{'name':'Acme'} | stage, owner"},
        {"nmae: Acme", "{} | nmae"},
        {"https://x.example name: a", "{'name':'a'} | https://x.example"},
        {"at 12:30 name: a", "{'name':'a'} | at 12:30"},
        {"name: a name: b", "{'name':'b'} | twice: name"},
        {"name: a amount: 1 NAME: b", "{'amount':'1','name':'b'} | twice: name"},
        {"名前: x", "{} | 名前: x"},
        {"name: surname: x", "{'name':'surname: x'} | surname"},
        {"name: Acme colour: red amount: 5", "{'amount':'5','name':'Acme colour: red'} | colour"},
        {"name: \"Acme\" colour: red", "{'name':'Acme'} | colour: red"},
    };
    arena *mem = arena_new();
    struct recipe *r = recipe_with(mem, deal);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(split(mem, r, cases[i][0]), cases[i][1]);
    }
    struct recipe *none = recipe_with(mem, "[]");
    assert_string_equal(split(mem, none, ""), "{} |");
    assert_string_equal(split(mem, none, "name: Acme"), "{} | name");
    arena_free(mem);
}

/* Quotes that end nothing, and such as end far behind, are gone by once. */
static void quotes_are_looked_at_once(void **state)
{
    (void)state;
    enum { LENGTH = 28 * 1024 };
    static const char *const units[] = {
        "name: \"x\"y ", "name: \"x ",   "\"",
        "name: \"",      "note: \"x\" ", "name: \"x\"y note: \"z\" "};
    arena *mem = arena_new();
    struct recipe *r = recipe_with(mem, deal);
    struct recipe_words w;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct str text = str_new(mem, LENGTH + 1);
        while (text.len + strlen(units[i]) <= LENGTH) {
            str_add(&text, units[i]);
        }
        looked_at = 0;
        recipe_inputs_split(mem, r, text.text, &w);
        assert_true(looked_at >= text.len);
        assert_true(looked_at <= 3 * text.len);
    }
    arena_free(mem);
}

static void large_texts_end(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct recipe *r = recipe_with(mem, deal);
    struct recipe_words w;
    static const char *const units[] = {"x", "name: ", "x: ", ":", "ü", "name:", "a ", "note: x "};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct str s = str_new(mem, 100000);
        while (s.len < 40000) { /* what Slack lets through, five times our own bound */
            str_add(&s, units[i]);
        }
        recipe_inputs_split(mem, r, s.text, &w);
        assert_true(w.unknown_count <= 30);
        for (size_t k = 0; k < w.unknown_count; k++) {
            assert_true(str_is_utf8(w.unknown[k], strlen(w.unknown[k])));
        }
    }
    struct str value = str_new(mem, 8192);
    while (value.len < 8100) {
        str_add(&value, "ab Cd: ");
    }
    recipe_inputs_split(mem, r, arena_printf(mem, "note: %s amount: 7", value.text), &w);
    assert_string_equal(json_text(w.given, "note"), str_trim(mem, value.text));
    assert_string_equal(json_text(w.given, "amount"), "7");
    assert_int_equal(w.unknown_count, 0);
    arena_free(mem);
}

/* Values without a known name's colon in them come back as they were typed, whatever they hold and
 * in whatever order. */
static void what_is_typed_comes_back(void **state)
{
    (void)state;
    static const char *const names[] = {"name", "amount", "close", "note"};
    static const char *const words[] = {"Acme",  "12:30", "https://x.example/?q=name:1",
                                        "Re:",   "ü",     "-",
                                        "(name", "a:b",   "x\ny",
                                        "name",  "😀",     "Surname:"};
    uint64_t seed = test_seed();
    arena *mem = arena_new();
    struct recipe *r = recipe_with(mem, deal);
    for (size_t round = 0; round < 5000; round++) {
        struct str text = str_new(mem, 4000);
        char *wanted[4] = {NULL};
        size_t first = pick(&seed, 4), count = 1 + pick(&seed, 4);
        for (size_t i = 0; i < count; i++) {
            size_t n = (first + i) % 4;
            struct str value = str_new(mem, 400);
            for (size_t k = 1 + pick(&seed, 5); k > 0; k--) {
                str_printf(&value, "%s%s", value.len == 0 ? "" : " ",
                           words[pick(&seed, sizeof words / sizeof words[0])]);
            }
            wanted[n] = value.text;
            str_printf(&text, "%s:%s%s%s", names[n], pick(&seed, 2) ? " " : "  ", value.text,
                       pick(&seed, 2) ? " " : "\n");
        }
        struct recipe_words w;
        recipe_inputs_split(mem, r, text.text, &w);
        assert_int_equal(w.unknown_count, 0);
        assert_int_equal(json_object_size(w.given), count);
        for (size_t n = 0; n < 4; n++) {
            assert_true(str_equal(json_text(w.given, names[n]), wanted[n]));
        }
    }
    arena_free(mem);
}

static void missing_inputs_are_asked_in_order(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct recipe *r = recipe_with(mem, "[{'name':'a','required':true},"
                                        "{'name':'b','required':true,'default':'bee'},"
                                        "{'name':'c','type':'number','default':5},"
                                        "{'name':'d','required':true},{'name':'e'}]");
    json_t *inputs = arena_json(mem, json_object());
    assert_string_equal(recipe_missing(r, inputs)->name, "a");
    json_object_set_new(inputs, "a", json_string("x"));
    assert_string_equal(recipe_missing(r, inputs)->name, "d");
    /* an empty text is no answer, and no value of an optional input either */
    json_object_set_new(inputs, "d", json_string(""));
    json_object_set_new(inputs, "e", json_string(""));
    assert_string_equal(recipe_missing(r, inputs)->name, "d");
    json_object_set_new(inputs, "d", json_false());
    assert_null(recipe_missing(r, inputs));
    assert_string_equal(json_write(mem, inputs), "{\"a\":\"x\",\"b\":\"bee\",\"c\":5,\"d\":false}");
    /* a default gives way to what was typed */
    json_object_set_new(inputs, "b", json_string("own"));
    assert_null(recipe_missing(r, inputs));
    assert_string_equal(json_text(inputs, "b"), "own");
    arena_free(mem);
}

/* a value that does not fit is asked for in its place, whether it is required or not */
static void misfits_are_asked_in_order(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct recipe *r = recipe_with(mem, deal);
    json_t *inputs = quoted(mem, "{'amount':'lots','close':'soon','note':'x'}");
    const char *why = NULL;
    assert_string_equal(recipe_asks(mem, r, inputs, &why)->name, "name");
    assert_null(why);
    json_object_set_new(inputs, "name", json_string("Acme"));
    assert_string_equal(recipe_asks(mem, r, inputs, &why)->name, "amount");
    assert_true(str_starts(why, "That is not a number."));
    json_object_set_new(inputs, "amount", json_integer(5));
    assert_string_equal(recipe_asks(mem, r, inputs, &why)->name, "close");
    assert_true(str_starts(why, "That is not a date."));
    json_object_set_new(inputs, "close", json_string("2026-02-30"));
    assert_string_equal(recipe_asks(mem, r, inputs, &why)->name, "close");
    assert_true(str_starts(why, "That is not a date: there is no "));
    json_object_set_new(inputs, "close", json_string("2026-12-31"));
    assert_null(recipe_asks(mem, r, inputs, &why));
    assert_null(why);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_split_is_at_known_names),
        cmocka_unit_test(the_rest_is_named),
        cmocka_unit_test(quotes_are_looked_at_once),
        cmocka_unit_test(large_texts_end),
        cmocka_unit_test(what_is_typed_comes_back),
        cmocka_unit_test(missing_inputs_are_asked_in_order),
        cmocka_unit_test(misfits_are_asked_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

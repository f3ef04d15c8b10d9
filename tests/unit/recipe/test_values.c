/* Text to the type of an input. */
#include "tests/unit/recipe/recipe_help.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* The value as JSON, or NULL with a sentence that was given. */
static char *value_of(arena *mem, const struct recipe_input *in, const char *text)
{
    json_t *value = NULL;
    const char *why = NULL;
    if (recipe_input_value(mem, in, text, &value, &why)) {
        assert_non_null(value);
        return json_write(mem, value);
    }
    assert_null(value);
    assert_non_null(why);
    assert_true(strlen(why) > 10);
    return NULL;
}

struct row {
    const char *text;
    const char *json; /* NULL: refused */
};

static void check(enum input_type type, const struct row *cases, size_t count)
{
    arena *mem = arena_new();
    const struct recipe_input in = {.name = "x", .type = type};
    for (size_t i = 0; i < count; i++) {
        char *got = value_of(mem, &in, cases[i].text);
        if (!str_equal(got, cases[i].json)) {
            fail_msg("\"%s\" gives %s", cases[i].text, got == NULL ? "a refusal" : got);
        }
    }
    arena_free(mem);
}
#define CHECK(type, cases) check((type), (cases), sizeof(cases) / sizeof((cases)[0]))

static void numbers(void **state)
{
    (void)state;
    static const struct row cases[] = {
        {"5000", "5000"},
        {" 7 \n", "7"},
        {"-3", "-3"},
        {"+3", "3"},
        {"0", "0"},
        {"007", "7"},
        {"12.5", "12.5"},
        {"0.1", "0.1"},
        {"-.5", "-0.5"},
        {"5.", "5.0"},
        {"123456789.12", "123456789.12"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        /* not rounded behind the user's back */
        {"9223372036854775808", NULL},
        {"99999999999999999999999", NULL},
        {"12345678901234567.89", NULL},
        {"", NULL},
        {" ", NULL},
        {".", NULL},
        {"-", NULL},
        {"+", NULL},
        {"+-5", NULL},
        {"--5", NULL},
        {"5-", NULL},
        {"1.2.3", NULL},
        {"1 000", NULL},
        {"1,000", NULL},
        {"1'000", NULL},
        {"12,5", NULL},
        {"$5", NULL},
        {"5%", NULL},
        {"5k", NULL},
        {"nan", NULL},
        {"NaN", NULL},
        {"inf", NULL},
        {"-Infinity", NULL},
        {"0x10", NULL},
        {"0X1p3", NULL},
        {"1e5", NULL},
        {"1E400", NULL},
        {"٣", NULL},
        {"five", NULL},
        {"5\n6", NULL},
    };
    CHECK(INPUT_NUMBER, cases);
    arena *mem = arena_new();
    const struct recipe_input in = {.name = "x", .type = INPUT_NUMBER};
    char *huge = arena_alloc(mem, 4001);
    memset(huge, '9', 4000);
    assert_null(value_of(mem, &in, huge));
    huge[1] = '.';
    assert_non_null(value_of(mem, &in, huge));
    arena_free(mem);
}

static void booleans(void **state)
{
    (void)state;
    static const struct row cases[] = {
        {"yes", "true"}, {"Yes", "true"},    {" TRUE ", "true"}, {"y", "true"},   {"on", "true"},
        {"1", "true"},   {"no", "false"},    {"NO", "false"},    {"n", "false"},  {"off", "false"},
        {"0", "false"},  {"false", "false"}, {"", NULL},         {"maybe", NULL}, {"yess", NULL},
        {"10", NULL},    {"yes no", NULL},   {"null", NULL},     {"ja", NULL},
    };
    CHECK(INPUT_BOOLEAN, cases);
}

static void dates(void **state)
{
    (void)state;
    static const struct row cases[] = {
        {"2026-12-31", "\"2026-12-31\""},
        {" 2026-01-01 ", "\"2026-01-01\""},
        {"2024-02-29", "\"2024-02-29\""},
        {"2000-02-29", "\"2000-02-29\""},
        {"9999-12-31", "\"9999-12-31\""},
        {"2026-02-29", NULL},
        {"1900-02-29", NULL},
        {"2100-02-29", NULL},
        {"2026-04-31", NULL},
        {"2026-00-10", NULL},
        {"2026-13-10", NULL},
        {"2026-10-00", NULL},
        {"2026-10-32", NULL},
        {"2026-1-1", NULL},
        {"26-01-01", NULL},
        {"31.12.2026", NULL},
        {"2026/12/31", NULL},
        {"2026-12-31T00:00", NULL},
        {"20261231", NULL},
        {"+026-12-31", NULL},
        {"-026-12-31", NULL},
        {"2026-+1-31", NULL},
        {"2026- 1-31", NULL},
        {"2026-12-3x", NULL},
        {"tomorrow", NULL},
        {"", NULL},
    };
    CHECK(INPUT_DATE, cases);
}

/* Exactly the days that the calendar has: 146,097 in 400 years. */
static void every_day_of_400_years(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct recipe_input in = {.name = "x", .type = INPUT_DATE};
    size_t days = 0;
    for (int year = 1801; year <= 2200; year++) {
        for (int month = 0; month <= 13; month++) {
            for (int day = 28; day <= 32; day++) {
                char text[40];
                json_t *value = NULL;
                const char *why = NULL;
                (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
                days += recipe_input_value(mem, &in, text, &value, &why) ? 1 : 0;
            }
        }
    }
    assert_int_equal(days, 146097 - 400 * 12 * 27);
    arena_free(mem);
}

static void texts(void **state)
{
    (void)state;
    static const struct row cases[] = {
        {"a", "\"a\""},
        {"  two  words \n", "\"two  words\""},
        {"12:30", "\"12:30\""},
        {"Zoë 日本 😀", "\"Zoë 日本 😀\""},
        {"{{inputs.x}} <!channel> \"", "\"{{inputs.x}} <!channel> \\\"\""},
    };
    CHECK(INPUT_STRING, cases);
    arena *mem = arena_new();
    const struct recipe_input in = {.name = "x", .type = INPUT_STRING};
    /* as many characters as the refusal says, however many bytes each of them has */
    static const char *const letters[] = {"x", "ö", "日", "😀"};
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        struct str text = str_new(mem, 4L * 4001);
        for (size_t n = 0; n < 4000; n++) {
            str_add(&text, letters[i]);
        }
        assert_non_null(value_of(mem, &in, text.text));
        str_add(&text, letters[i]);
        json_t *value = NULL;
        const char *why = NULL;
        assert_false(recipe_input_value(mem, &in, text.text, &value, &why));
        assert_string_equal(why, "That is too long: 4,000 characters at most.");
    }
    arena_free(mem);
}

static void options_by_label_or_value(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct recipe *r =
        recipe_with(mem, "[{'name':'stage','options':[{'label':'Won','value':'Closed Won'},"
                         "{'label':'In talks','value':'Negotiation/Review'}],'default':'in talks'},"
                         "{'name':'size','type':'number','options':[{'label':'Small','value':'10'},"
                         "{'label':'Large','value':'99.5'}],'default':10}]");
    const struct recipe_input *stage = recipe_input_find(r, "stage");
    const struct recipe_input *size = recipe_input_find(r, "SIZE");
    assert_string_equal(value_of(mem, stage, "Won"), "\"Closed Won\"");
    assert_string_equal(value_of(mem, stage, " wON "), "\"Closed Won\"");
    assert_string_equal(value_of(mem, stage, "closed won"), "\"Closed Won\"");
    assert_string_equal(value_of(mem, stage, "negotiation/review"), "\"Negotiation/Review\"");
    assert_string_equal(value_of(mem, size, "large"), "99.5");
    assert_string_equal(value_of(mem, size, "10"), "10");
    assert_null(value_of(mem, stage, "Wo"));
    assert_null(value_of(mem, stage, ""));
    assert_null(value_of(mem, size, "11"));
    assert_string_equal(json_string_value(stage->fallback), "Negotiation/Review");
    assert_int_equal(json_integer_value(size->fallback), 10);
    json_t *value = NULL;
    const char *why = NULL;
    assert_false(recipe_input_value(mem, stage, "Lost", &value, &why));
    assert_string_equal(why, "Choose one of: Won, In talks.");
    arena_free(mem);
}

static char *file_of(arena *mem, const char *sent)
{
    static const char *endings[] = {"pdf", "txt"};
    const struct recipe_input in = {
        .name = "deed", .type = INPUT_FILE, .endings = endings, .endings_count = 2};
    json_t *body = arena_json(mem, json_loads(sent, 0, NULL)), *value = NULL;
    const char *why = NULL;
    if (recipe_input_file(mem, &in, body, &value, &why)) {
        assert_true(recipe_is_file(value));
        return json_write(mem, value);
    }
    return arena_strdup(mem, why);
}

static void a_file_is_who_it_is_and_no_path(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_string_equal(
        file_of(mem, "{\"id\":\"F1\",\"name\":\"../a\\nb.PDF\",\"size\":5,\"mime\":\"x/y\"}"),
        "{\"id\":\"F1\",\"mime\":\"x/y\",\"name\":\".._a_b.PDF\",\"size\":5}");
    assert_string_equal(file_of(mem, "{\"id\":\"F1\",\"name\":\"pdf\",\"size\":5,\"mime\":\"\"}"),
                        "Choose a file of one of these kinds: .pdf, .txt.");
    assert_string_equal(
        file_of(mem, "{\"id\":\"F1\",\"name\":\"a.pdf\",\"size\":10485761,\"mime\":\"\"}"),
        "This file is larger than 10 MB, the most that I take.");
    assert_string_equal(file_of(mem, "{\"name\":\"a.pdf\",\"size\":1,\"mime\":\"\"}"),
                        "Please choose a file.");
    arena_free(mem);
}

/* Any text gives a finite value or a sentence, and a number's text is taken as what it says. */
static void any_text_gives_a_value_or_a_sentence(void **state)
{
    (void)state;
    static const char letters[] = "0123456789+-. eExXnNaAiIfF\n";
    uint64_t seed = test_seed();
    arena *mem = arena_new();
    for (size_t i = 0; i < 50000; i++) {
        char text[16] = "";
        size_t len = pick(&seed, sizeof text - 1);
        for (size_t k = 0; k < len; k++) {
            text[k] = letters[pick(&seed, sizeof letters - 1)];
        }
        for (int type = 0; type < INPUT_TYPE_COUNT; type++) {
            const struct recipe_input in = {.name = "x", .type = (enum input_type)type};
            json_t *value = NULL;
            const char *why = NULL;
            bool fits = recipe_input_value(mem, &in, text, &value, &why);
            assert_true(fits ? value != NULL : value == NULL && why != NULL);
            if (fits && json_is_real(value)) {
                assert_true(isfinite(json_real_value(value)));
                assert_true(strchr(text, '.') != NULL);
            }
        }
        if (i % 1000 == 999) {
            arena_free(mem);
            mem = arena_new();
        }
    }
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(booleans),
        cmocka_unit_test(dates),
        cmocka_unit_test(every_day_of_400_years),
        cmocka_unit_test(texts),
        cmocka_unit_test(options_by_label_or_value),
        cmocka_unit_test(a_file_is_who_it_is_and_no_path),
        cmocka_unit_test(any_text_gives_a_value_or_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

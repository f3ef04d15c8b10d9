#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "tests/unit/base/helpers.h"

struct reading {
    arena *mem;
    struct faults faults;
    struct json_doc doc;
};

static struct reading *open_text(const char *text)
{
    arena *mem = arena_new();
    struct reading *r = arena_alloc(mem, sizeof *r);
    struct err e = {0};
    json_t *value = NULL;
    assert_int_equal(json_read(mem, bytes_of(text), &value, &e), 0);
    r->mem = mem;
    faults_init(&r->faults, mem);
    r->doc = json_doc(&r->faults, mem, "", value);
    return r;
}

static void close_with(struct reading *r, const char *faults)
{
    assert_string_equal(faults_line(r->mem, &r->faults, 4000), faults);
    arena_free(r->mem);
}

static void test_good_document_has_no_faults(void **state)
{
    (void)state;
    struct reading *r = open_text("{\"name\":\"x\",\"on\":false,\"n\":-3,\"list\":[1,2],"
                                  "\"kind\":\"date\",\"o\":{\"a\":\"b\"},\"os\":[{\"a\":\"c\"}]}");
    static const char *const kinds[] = {"text", "date", NULL};
    static const char *const keys[] = {"name", "on", "n", "list", "kind", "o", "os", NULL};
    assert_string_equal(json_doc_text(&r->doc, "name", true, 1), "x");
    assert_false(json_doc_flag(&r->doc, "on", true));
    assert_int_equal(json_doc_i64(&r->doc, "n", 9), -3);
    assert_int_equal(json_array_size(json_doc_array(&r->doc, "list", true, 2)), 2);
    assert_int_equal(json_doc_choice(&r->doc, "kind", kinds, 0), 1);
    struct json_doc o = json_doc_member(&r->doc, "o", true);
    assert_string_equal(json_doc_text(&o, "a", true, 9), "b");
    struct json_doc item = json_doc_item(&r->doc, "os", 0);
    assert_string_equal(json_doc_text(&item, "a", true, 9), "c");
    json_doc_known(&r->doc, keys);
    close_with(r, "");
}

static void test_absent_members_give_defaults(void **state)
{
    (void)state;
    static const char *const kinds[] = {"text", NULL};
    static const char *const documents[] = {
        "{}", "{\"t\":null,\"on\":null,\"n\":null,\"l\":null,\"k\":null,\"o\":null}"};
    for (size_t i = 0; i < 2; i++) {
        struct reading *r = open_text(documents[i]);
        assert_null(json_doc_text(&r->doc, "t", false, 10));
        assert_true(json_doc_flag(&r->doc, "on", true));
        assert_int_equal(json_doc_i64(&r->doc, "n", 9), 9);
        assert_null(json_doc_array(&r->doc, "l", false, 10));
        assert_int_equal(json_doc_choice(&r->doc, "k", kinds, 7), 7);
        struct json_doc o = json_doc_member(&r->doc, "o", false);
        assert_null(o.object);
        /* nothing is missing in a document that need not be there */
        assert_null(json_doc_text(&o, "name", true, 10));
        close_with(r, "");
    }
}

static void test_required_members(void **state)
{
    (void)state;
    struct reading *r = open_text("{\"empty\":\"\",\"null\":null}");
    assert_null(json_doc_text(&r->doc, "a", true, 10));
    assert_null(json_doc_text(&r->doc, "empty", true, 10));
    assert_null(json_doc_text(&r->doc, "null", true, 10));
    assert_null(json_doc_array(&r->doc, "l", true, 10));
    struct json_doc o = json_doc_member(&r->doc, "o", true);
    assert_null(json_doc_text(&o, "inner", true, 10));
    assert_string_equal(json_doc_text(&r->doc, "empty", false, 10), "");
    close_with(r, "a: This is required.; empty: This must not be empty.; null: This is required.; "
                  "l: This is required.; o: This is required.");
}

static void test_wrong_types(void **state)
{
    (void)state;
    static const char *const kinds[] = {"text", "date", NULL};
    struct reading *r = open_text("{\"t\":1,\"on\":\"true\",\"n\":1.5,\"l\":{},\"k\":[],\"o\":[],"
                                  "\"os\":[1]}");
    assert_null(json_doc_text(&r->doc, "t", false, 10));
    assert_true(json_doc_flag(&r->doc, "on", true));
    assert_int_equal(json_doc_i64(&r->doc, "n", 9), 9);
    assert_null(json_doc_array(&r->doc, "l", false, 10));
    assert_int_equal(json_doc_choice(&r->doc, "k", kinds, 7), -1);
    assert_null(json_doc_member(&r->doc, "o", false).object);
    assert_null(json_doc_item(&r->doc, "os", 0).object);
    assert_null(json_doc_item(&r->doc, "os", 1).object);
    close_with(r, "t: This must be text.; on: This must be true or false.; "
                  "n: This must be a whole number.; l: This must be a list.; "
                  "k: This must be one of: text, date.; o: This must be an object.; "
                  "os[0]: This must be an object.");
}

static void test_bounds(void **state)
{
    (void)state;
    struct reading *r = open_text("{\"t\":\"\xC3\xA9\xC3\xA9\",\"l\":[1,2,3]}");
    assert_non_null(json_doc_text(&r->doc, "t", true, 4));
    assert_null(json_doc_text(&r->doc, "t", true, 3));
    assert_non_null(json_doc_array(&r->doc, "l", true, 3));
    assert_null(json_doc_array(&r->doc, "l", true, 2));
    close_with(r, "t: This may have at most 3 bytes.; l: This may have at most 2 entries.");
}

static void test_choice_lists_the_choices(void **state)
{
    (void)state;
    static const char *const kinds[] = {"text", "date", NULL};
    struct reading *r = open_text("{\"k\":\"Date\",\"e\":\"\"}");
    assert_int_equal(json_doc_choice(&r->doc, "k", kinds, 0), -1);
    assert_int_equal(json_doc_choice(&r->doc, "e", kinds, 0), -1);
    close_with(r, "k: This must be one of: text, date.; e: This must be one of: text, date.");
}

static void test_unknown_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {"a", "b", NULL};
    struct reading *r = open_text("{\"o\":{\"a\":1,\"c\":2}}");
    struct json_doc o = json_doc_member(&r->doc, "o", true);
    json_doc_known(&o, keys);
    struct json_doc none = json_doc_member(&r->doc, "absent", false);
    json_doc_known(&none, keys);
    close_with(r, "o.c: This key is not known here. Known are: a, b.");
}

static void test_paths_and_own_faults(void **state)
{
    (void)state;
    struct reading *r = open_text("{\"steps\":[{},{\"with\":{\"x\":[{}]}}]}");
    struct json_doc step = json_doc_item(&r->doc, "steps", 1);
    struct json_doc with = json_doc_member(&step, "with", true);
    struct json_doc item = json_doc_item(&with, "x", 0);
    json_doc_fault(&item, "y", "Never %d%%.", 5);
    json_doc_fault(&item, NULL, "Whole.");
    json_doc_fault(&r->doc, NULL, "Top.");
    close_with(r, "steps[1].with.x[0].y: Never 5%.; steps[1].with.x[0]: Whole.; Top.");
}

static void test_document_is_no_object(void **state)
{
    (void)state;
    static const char *const documents[] = {"[]", "1", "\"x\"", "null", "true"};
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct reading *r = open_text(documents[i]);
        assert_null(json_doc_text(&r->doc, "a", true, 10));
        close_with(r, "This must be an object.");
    }
    struct faults f;
    arena *mem = arena_new();
    faults_init(&f, mem);
    struct json_doc d = json_doc(&f, mem, "recipe", NULL);
    assert_null(json_doc_array(&d, "a", true, 1));
    assert_string_equal(faults_line(mem, &f, 100), "recipe: This must be an object.");
    arena_free(mem);
}

static void test_hostile_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {"a", NULL};
    struct reading *r = open_text("{\"%s%n\":1,\"\":2}");
    json_doc_known(&r->doc, keys);
    assert_int_equal(r->faults.count, 2);
    assert_string_equal(r->faults.list[0].path, "%s%n");
    assert_string_equal(r->faults.list[1].path, "");
    arena_free(r->mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_document_has_no_faults),
        cmocka_unit_test(test_absent_members_give_defaults),
        cmocka_unit_test(test_required_members),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_choice_lists_the_choices),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_paths_and_own_faults),
        cmocka_unit_test(test_document_is_no_object),
        cmocka_unit_test(test_hostile_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

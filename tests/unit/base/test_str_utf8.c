#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

/* RFC 3629 section 3, for any number of at most 21 bits. */
static size_t encode(uint32_t point, char *to)
{
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    to[0] = (char)(lead[len] | point);
    return len;
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x1FFFFF; point++) {
        char text[4];
        size_t len = encode(point, text);
        bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        bool good = point <= 0x10FFFF && !surrogate;
        assert_int_equal(str_utf8_step(text, len), good ? len : 0);
        assert_int_equal(str_is_utf8(text, len), good && point != 0);
        if (len > 1) {
            assert_int_equal(str_utf8_step(text, len - 1), 0);
        }
    }
}

/* Every text of two bytes: jansson, which has its own decoder, must agree. */
static void test_agrees_with_another_decoder(void **state)
{
    (void)state;
    for (int first = 1; first < 256; first++) {
        for (int second = 1; second < 256; second++) {
            char text[3] = {(char)first, (char)second, '\0'};
            json_t *other = json_string(text);
            assert_int_equal(str_is_utf8(text, 2), other != NULL);
            json_decref(other);
        }
    }
    uint64_t seed = 3;
    for (int i = 0; i < 300000; i++) {
        char text[5] = {0};
        uint64_t n = next_number(&seed);
        text[0] = (char)(0xE0 + n % 24);
        for (int k = 1; k < 4; k++) {
            text[k] = (char)(0x7E + (n >> (8 * k)) % 0x44);
        }
        json_t *other = json_string(text);
        assert_int_equal(str_is_utf8(text, 4), other != NULL);
        json_decref(other);
    }
}

static void test_overlong_forms_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\xC0\x80",
        "\xC0\xAF",
        "\xC1\xBF",
        "\xE0\x80\xAF",
        "\xE0\x9F\xBF",
        "\xF0\x80\x80\xAF",
        "\xF0\x8F\xBF\xBF",
        "\xF8\x88\x80\x80\x80",
        "\xFC\x84\x80\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\x80",
        "\xBF",
        "a\xE2\x82",
        "\xE2\x28\xA1",
        "\xE2\x82\x28",
        "\xED\xA0\x80\xED\xB0\x80",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(str_is_utf8(wrong[i], strlen(wrong[i])));
    }
    assert_false(str_is_utf8("a\0b", 3));
    assert_true(str_is_utf8("", 0));
    assert_true(str_is_utf8("a\0", 1));
    assert_int_equal(str_utf8_step("x", 0), 0);
}

static void test_fit_splits_nothing(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    static const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t max = 0; max < sizeof wanted / sizeof wanted[0]; max++) {
        assert_int_equal(str_fit(text, 10, max), wanted[max]);
    }
    /* no UTF-8: cut where asked, never before the start */
    assert_int_equal(str_fit("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
    assert_int_equal(str_fit("\x80\x80\x80", 3, 1), 1);
    assert_int_equal(str_fit("", 0, 0), 0);
}

static void test_clean(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_null(str_clean(mem, NULL));
    assert_string_equal(str_clean(mem, ""), "");
    assert_string_equal(str_clean(mem, "gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
    assert_string_equal(str_clean(mem, "\xff"), "\xEF\xBF\xBD");
    assert_string_equal(str_clean(mem, "a\xE2\x82z\xC3"), "a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD");
    arena_free(mem);
}

static void test_visible(void **state)
{
    (void)state;
    static const char *const blank[] = {NULL,
                                        "",
                                        " ",
                                        "\t\n",
                                        "\xC2\xA0",
                                        "\xE3\x85\xA4" /* U+3164 */,
                                        "\xE2\x80\x8B\xE2\x81\xA0",
                                        "\xE2\x80\xAE",
                                        "\xE2\xA0\x80",
                                        "\xEF\xBB\xBF",
                                        "\xF3\xA0\x80\xA0"};
    static const char *const seen[] = {
        "a", " a", "\xE2\x80\x8B.", "\xD7\x90", "\xF0\x9F\x98\x80", "\xC2\xA1", "\xff"};
    for (size_t i = 0; i < sizeof blank / sizeof blank[0]; i++) {
        assert_false(str_visible(blank[i]));
    }
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
        assert_true(str_visible(seen[i]));
    }
}

static void test_straight(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_string_equal(str_straight(mem, ""), "");
    assert_string_equal(str_straight(mem, "Ana\xE2\x80\xAE neB"), "Ana neB");
    assert_string_equal(str_straight(mem, "\xE2\x81\xA6x\xE2\x81\xA9\xE2\x80\xAA"), "x");
    /* words of right-to-left languages, their marks, and what is no UTF-8 stay */
    static const char kept[] = "\xD7\x90\xE2\x80\x8F! \xff\xE2\x80";
    assert_string_equal(str_straight(mem, kept), kept);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_agrees_with_another_decoder),
        cmocka_unit_test(test_overlong_forms_are_refused),
        cmocka_unit_test(test_fit_splits_nothing),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_visible),
        cmocka_unit_test(test_straight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

static void test_points(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t point;
        size_t step;
    } rows[] = {
        {"", 0, 1},
        {"a\xC3\xB6", 'a', 1},
        {"\xC3\xB6", 0xF6, 2},
        {"\xE2\x80\x9C", 0x201C, 3},
        {"\xF0\x9F\x98\x80", 0x1F600, 4},
        {"\xC3", 0xFFFD, 1}, /* cut */
        {"\xFFz", 0xFFFD, 1},
        {"\xED\xA0\x80", 0xFFFD, 1}, /* a surrogate */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t step = 0;
        assert_int_equal(str_point(rows[i].text, &step), rows[i].point);
        assert_int_equal(step, rows[i].step);
    }
}

static void each(const char *text, bool wanted)
{
    size_t step = 0;
    for (; *text != '\0'; text += step) {
        uint32_t point = str_point(text, &step);
        if (str_is_letter(point) != wanted) {
            fail_msg("U+%04X", (unsigned)point);
        }
    }
}

static void test_letters(void **state)
{
    (void)state;
    each("aZ09_ªµºÀÖØöøÿĀſƀɏʰ\xCC\x81ͰΆΐώϿЀяёҁӿԱևאתابو٣ञதഅაჵሀẞἀⱠꙀﬁﷲ１Ａｚ", true);
    each(
        " \t\n!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~\x7F\xC2\x80\xC2\xA0«»¿×÷§·‐–—‘’“”„…‹›€™→★☃、。「」，！？：",
        false);
    each(";·՚։־׃،؛؟٪۔।॥჻", false);
    each("田中太郎さんハングル한국어ไทย😀\xEF\xBF\xBD",
         false); /* nothing stands between their words */
}

static void fold(const char *large, const char *small)
{
    size_t step = 0, other = 0;
    for (; *large != '\0'; large += step, small += other) {
        uint32_t point = str_point(large, &step), wanted = str_point(small, &other);
        assert_int_equal(str_fold(point), wanted);
        assert_int_equal(str_fold(wanted), wanted);
    }
    assert_string_equal(small, "");
}

static void test_fold(void **state)
{
    (void)state;
    fold("AZ09@.ÀÖØÞŸĀĮĶĹŇŊŽǍȘΆΈΉΊΌΎΏΑΣΫЀЏАЯҐӐԱՖḀẠỸ", "az09@.àöøþÿāįķĺňŋžǎșάέήίόύώασϋѐџаяґӑաֆḁạỹ");
    fold("×÷ßĸŉ田ς", "×÷ßĸŉ田σ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_fold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

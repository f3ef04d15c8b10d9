#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/bot/login_int.h"
#include "tests/unit/with_arena.h"

/* P4: which words are read as a typed code. */

static void six_digits_alone_are_a_code(void **state)
{
    static const char *const texts[] = {"868267",  "868 267",  "868-267",    " 868267 ",
                                        "868267.", "`868267`", "\"868267\"", "8 6 8 2 6 7"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_string_equal(code_in(mem, texts[i], false), "868267");
        assert_string_equal(code_in(mem, texts[i], true), "868267");
    }
}

static void a_code_among_words(void **state)
{
    static const char *const texts[] = {"code is 868267",
                                        "my code: 868 267",
                                        "The code is 868-267.",
                                        "it's 868267",
                                        "868267 is the code",
                                        "Code=868267",
                                        "Der Code auf der Seite ist 868267"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_string_equal(code_in(mem, texts[i], true), "868267");
        assert_null(code_in(mem, texts[i], false));
    }
}

static void other_words_are_no_code(void **state)
{
    static const char *const texts[] = {"",
                                        "code",
                                        "86826",
                                        "8682671",
                                        "12.345678",
                                        "2026-12-31",
                                        "868267 868267",
                                        "code 1: 868267",
                                        "please find me invoice number 868267",
                                        "the code which I have seen on that page there is 868267"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_null(code_in(mem, texts[i], true));
        assert_null(code_in(mem, texts[i], false));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_digits_alone_are_a_code),
        cmocka_unit_test(a_code_among_words),
        cmocka_unit_test(other_words_are_no_code),
    };
    return cmocka_run_group_tests_name("bot/code", tests, arena_set_up, arena_tear_down);
}

#include <string.h>

#include "base/str.h"
#include "service/chat/chat_int.h"
#include "tests/unit/base/helpers.h"
#include "tests/unit/chat/chat_help.h"

static const struct row {
    const char *in, *out;
} ROWS[] = {
    /* what Slack sends for what a person typed */
    {"<@UBOT> get case 00012", "get case 00012"},
    {"<@UBOT|workbot>: find “Acme &amp; Co”", "find \"Acme & Co\""},
    {"mail <mailto:j.doe@x.com|j.doe@x.com>", "mail j.doe@x.com"},
    {"open <http://box.com/f/1?a=1&amp;b=2|box.com/f/1>", "open http://box.com/f/1?a=1&b=2"},
    {"set x &amp;lt;b&amp;gt;", "set x &lt;b&gt;"},
    /* the own mention */
    {"  <@UBOT>  ,: help  ", "help"},
    {"<@UBOT>", ""},
    {"<@UBOT>:", ""},
    {"help <@UBOT>", "help"},
    {"help <@UBOT> me", "help me"},
    {"<@UBOT> <@UBOT> help", "help"},
    {"<@UBOTX> help", "@UBOTX help"},
    {"<@UBO> help", "@UBO help"},
    {"<@UBOT help", "<@UBOT help"},
    /* other control sequences */
    {"ask <@U1>", "ask @U1"},
    {"ask <@W1|ana>", "ask @W1"},
    {"in <#C1|general>", "in #general"},
    {"in <#C1|>", "in #C1"},
    {"in <#C1>", "in #C1"},
    {"ping <!subteam^S1|@devs>", "ping @devs"},
    {"ping <!subteam^S1>", "ping @S1"},
    {"ping <!here> <!channel> <!everyone>", "ping @here @channel @everyone"},
    {"ping <!here|here>", "ping @here"},
    {"at <!date^1700000000^{date}|Nov 14>", "at Nov 14"},
    {"call <tel:+1555|+1 555>", "call +1555"},
    {"open <https://x.com>", "open https://x.com"},
    {"open <https://x.com|&lt;evil&gt;>", "open https://x.com"},
    {"a &lt;@U1&gt; b", "a <@U1> b"},
    {"a &lt;!channel&gt; b", "a <!channel> b"},
    {"a <> b", "a <> b"},
    {"a < b", "a < b"},
    {"a <<https://x.com>", "a <https://x.com"},
    {"tail &am", "tail &am"},
    {"&quot;x&quot; &nbsp;", "&quot;x&quot; &nbsp;"},
    /* typography of commands */
    {"find „Acme” ‘x’ – — y", "find \"Acme\" 'x' - - y"},
    {"help\xC2\xA0salesforce", "help salesforce"},
    {"\xEF\xBB\xBFhe\xE2\x80\x8Blp\xE2\x80\x8F", "help"},
    {"he\xE2\x80\x8D"
     "lp",
     "help"},
    /* behind the first name: are values, which keep what is visible */
    {"create opportunity — now name: Acme – “Big” deal",
     "create opportunity - now name: Acme – “Big” deal"},
    {"create name: Ana’s amount:\xC2\xA0"
     "5\xE2\x80\x8B"
     "000",
     "create name: Ana’s amount: 5000"},
    {"open https://x.com – x", "open https://x.com - x"},
    {"say :smile: – x", "say :smile: - x"},
    {"name:“x”", "name:“x”"},
    {"日本 – 語", "日本 - 語"},
};

static void test_rows(void **state)
{
    (void)state;
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const char *out = slack_text_plain(mem, slack_text_decode(mem, ROWS[i].in, BOT_ID));
        assert_string_equal(out, ROWS[i].out);
    }
    arena_free(mem);
}

static void test_typed_keeps_its_characters(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_string_equal(slack_text_decode(mem, "<@UBOT> Müller – “Söhne” &amp; Co", BOT_ID),
                        "Müller – “Söhne” & Co");
    assert_string_equal(slack_text_decode(mem, "<@UBOT> help", NULL), "@UBOT help");
    assert_string_equal(slack_text_decode(mem, NULL, BOT_ID), "");
    arena_free(mem);
}

static void test_mentions(void **state)
{
    (void)state;
    assert_true(slack_text_mentions("x <@UBOT> y", BOT_ID));
    assert_true(slack_text_mentions("<<@UBOT|bot>", BOT_ID));
    assert_false(slack_text_mentions("x &lt;@UBOT&gt; y", BOT_ID));
    assert_false(slack_text_mentions("<@UBOTS>", BOT_ID));
    assert_false(slack_text_mentions("<@UBOT", BOT_ID));
    assert_false(slack_text_mentions(NULL, BOT_ID));
    assert_false(slack_text_mentions("<@>", ""));
}

/* What decoding gives is never longer, never broken, and has no control sequence of its own. */
static void test_random_texts(void **state)
{
    (void)state;
    static const char *const parts[] = {"<",
                                        ">",
                                        "|",
                                        "&amp;",
                                        "&lt;",
                                        "@UBOT",
                                        "#C1",
                                        "!",
                                        "“",
                                        "–",
                                        "name",
                                        ":",
                                        " ",
                                        "https://x.com/a",
                                        "😀",
                                        "&",
                                        "^",
                                        "mailto:",
                                        "\xE2\x80\x8D",
                                        "\n"};
    uint64_t seed = 20261122;
    for (int round = 0; round < 20000; round++) {
        arena *mem = arena_new();
        struct str in = str_new(mem, 1000);
        for (uint64_t n = next_number(&seed) % 12; n > 0; n--) {
            str_add(&in, parts[next_number(&seed) % (sizeof parts / sizeof parts[0])]);
        }
        const char *out = slack_text_decode(mem, in.text, BOT_ID);
        const char *plain = slack_text_plain(mem, out);
        assert_true(strlen(out) <= in.len && strlen(plain) <= strlen(out));
        assert_true(str_is_utf8(out, strlen(out)) && str_is_utf8(plain, strlen(plain)));
        arena_free(mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_typed_keeps_its_characters),
        cmocka_unit_test(test_mentions),
        cmocka_unit_test(test_random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

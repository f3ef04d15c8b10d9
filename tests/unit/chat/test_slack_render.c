#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "service/chat/chat_int.h"
#include "tests/unit/base/helpers.h"
#include "tests/unit/chat/chat_help.h"

static int set_up(void **state)
{
    *state = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static const char *text_at(const json_t *message, const char *path)
{
    const char *text = json_string_value(json_at(message, path));
    if (text == NULL) {
        fail_msg("nothing at %s", path);
    }
    return text;
}

static char *filled(arena *mem, const char *unit, size_t times)
{
    struct str s = str_new(mem, strlen(unit) * times + 1);
    for (size_t i = 0; i < times; i++) {
        str_add(&s, unit);
    }
    return s.text;
}

/* --- the card itself --- */

static void test_format_is_read_in_the_format_only(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_text(view, "Created **%s** in `%s`, %lld of %s*%% done", "**a** `b` %s", "c`d", 5LL,
              "<x>");
    assert_true(json_equal(view, sample(mem, "{'blocks':[{'kind':'text','spans':['Created ',"
                                             "{'bold':'**a** `b` %s'},' in ',{'code':'c`d'},"
                                             "', 5 of <x>*% done']}]}")));
}

static void test_lists_join_the_last_block(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_title(view, "Your **%s**", "accounts");
    view_field(view, "App", "Box");
    view_field(view, "State", NULL);
    view_note(view, "note");
    view_field(view, "App", "x");
    view_divider(view);
    for (int i = 0; i < 6; i++) {
        view_button(view, &(struct button){.title = "Go", .action = "go"});
    }
    view_button(view, &(struct button){.title = "Stop",
                                       .action = "stop",
                                       .value = "v",
                                       .url = "https://x",
                                       .style = BUTTON_DANGER,
                                       .confirm = "Sure?"});
    json_t *blocks = json_member(view, "blocks");
    static const char *const kinds[] = {"title",   "fields",  "note",   "fields",
                                        "divider", "buttons", "buttons"};
    assert_int_equal(json_array_size(blocks), 7);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(json_text(json_array_get(blocks, i), "kind"), kinds[i]);
    }
    assert_string_equal(text_at(blocks, "0.text"), "Your accounts");
    assert_string_equal(text_at(blocks, "1.fields.1.value"), "");
    assert_int_equal(json_array_size(json_at(blocks, "5.buttons")), 5);
    assert_true(json_equal(json_at(blocks, "6.buttons.1"),
                           sample(mem, "{'title':'Stop','action':'stop','value':'v',"
                                       "'url':'https://x','style':'danger','confirm':'Sure?'}")));
}

static void test_broken_text_is_replaced(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_text(view, "%s",
              "a\xff"
              "b");
    view_field(view, "\xC3", "\xE2\x82");
    view_button(view, &(struct button){.title = "\xff", .action = "go"});
    assert_string_equal(text_at(view, "blocks.0.spans.0"), "a\xEF\xBF\xBD"
                                                           "b");
    assert_non_null(chat_slack_render(mem, view));
}

static void wrong_format(void *arg)
{
    view_text(arg, "%lld **open", 1LL);
}

static void test_wrong_formats_die(void **state)
{
    arena *mem = *state;
    assert_true(dies(wrong_format, view_new(mem), "leaves a style open"));
}

static void test_summary(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    assert_string_equal(view_summary(mem, view), "Workbot");
    view_note(view, "a note");
    assert_string_equal(view_summary(mem, view), "a note");
    view_text(view, "Open **%s**\n now: %s", "Box", "https://bot.example/login/r.sample (soon)");
    assert_string_equal(view_summary(mem, view), "Open Box now: … (soon)");
    view_title(view, "%s", "Title");
    assert_string_equal(view_summary(mem, view), "Title");
    json_t *ended = view_new(mem);
    view_stamp(ended, 1790000000, "**%s** by %s", "Approved", "Ana");
    view_text(ended, "Approval of %s", "Acme renewal");
    assert_string_equal(view_summary(mem, ended), "Approved by Ana: Approval of Acme renewal");
    assert_string_equal(view_subject(mem, ended), "Approval of Acme renewal");
    json_t *long_one = view_new(mem);
    view_title(long_one, "%s", filled(mem, "é", 4000));
    assert_true(strlen(view_summary(mem, long_one)) <= 300);
}

/* --- Block Kit --- */

static void test_a_whole_message(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_title(view, "Salesforce");
    view_text(view, "**%s** is not connected.", "Salesforce");
    view_note(view, "as `%s`", "ana");
    view_field(view, "App", "Box");
    view_divider(view);
    view_button(view, &(struct button){.title = "Connect",
                                       .action = "open_login",
                                       .url = "https://bot.example/login/x",
                                       .style = BUTTON_PRIMARY});
    view_button(view, &(struct button){.title = "Not now",
                                       .action = "cancel",
                                       .value = "salesforce",
                                       .confirm = "The link stops working."});
    json_t *expected = sample(
        mem, "{'text':'Salesforce','blocks':["
             "{'type':'header','text':{'type':'plain_text','text':'Salesforce','emoji':false}},"
             "{'type':'section','text':{'type':'mrkdwn','verbatim':true,"
             "'text':'*Salesforce* is not connected.'}},"
             "{'type':'context','elements':[{'type':'mrkdwn','verbatim':true,'text':'as `ana`'}]},"
             "{'type':'section','fields':[{'type':'mrkdwn','verbatim':true,'text':'*App*\\nBox'}]},"
             "{'type':'divider'},"
             "{'type':'actions','elements':["
             "{'type':'button','action_id':'wb:open_login:1','style':'primary',"
             "'url':'https://bot.example/login/x',"
             "'text':{'type':'plain_text','text':'Connect','emoji':false}},"
             "{'type':'button','action_id':'wb:cancel:2','value':'salesforce',"
             "'text':{'type':'plain_text','text':'Not now','emoji':false},"
             "'confirm':{'title':{'type':'plain_text','text':'Are you sure?','emoji':false},"
             "'text':{'type':'plain_text','text':'The link stops working.','emoji':false},"
             "'confirm':{'type':'plain_text','text':'Yes','emoji':false},"
             "'deny':{'type':'plain_text','text':'No','emoji':false}}}]}]}");
    json_t *got = chat_slack_render(mem, view);
    if (!json_equal(got, expected)) {
        fail_msg("%s", json_write(mem, got));
    }
}

/* Data cannot mention, link or style. */
static void slack_gotcha_23_text_of_others_mentions_links_and_styles_nothing(void **state)
{
    arena *mem = *state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"<!channel>", "&lt;!channel&gt;"},
        {"<@U1> & <http://evil|bank.com>", "&lt;@U1&gt; &amp; &lt;http://evil|bank.com&gt;"},
        {"&lt;!here&gt;", "&amp;lt;!here&amp;gt;"},
        {"my_field_name 5 * 3 a~b", "my_field_name 5 * 3 a~b"},
        {"*bold* _it_ ~no~", "∗bold∗ ˍitˍ ∼no∼"},
        {"__init__", "ˍˍinitˍˍ"},
        {"a`b", "aˋb"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *view = view_new(mem);
        view_text(view, "%s", rows[i].in);
        view_note(view, "**%s**", "*<x>*");
        view_note(view, "`%s`", "`*<x>*");
        view_field(view, "L", rows[i].in);
        json_t *got = chat_slack_render(mem, view);
        assert_string_equal(text_at(got, "blocks.0.text.text"), rows[i].out);
        assert_string_equal(text_at(got, "blocks.1.elements.0.text"), "*∗&lt;x&gt;∗*");
        assert_string_equal(text_at(got, "blocks.2.elements.0.text"), "`ˋ*&lt;x&gt;*`");
        assert_string_equal(text_at(got, "blocks.3.fields.0.text"),
                            arena_printf(mem, "*L*\n%s", rows[i].out));
        assert_null(strpbrk(text_at(got, "text"), "<>"));
    }
}

static void test_no_address_in_the_fallback(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_text(view, "Log in at %s", "https://bot.example/login/r.sample");
    view_button(view, &(struct button){.title = "Log in",
                                       .action = "open",
                                       .url = "https://bot.example/login/x"});
    assert_string_equal(text_at(chat_slack_render(mem, view), "text"), "Log in at …");
}

static void test_empty_texts_are_left_out(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_title(view, "%s", " \n");
    view_text(view, "%s", "");
    view_text(view, "**%s**", "  ");
    view_note(view, "`%s`", "\n\t");
    view_button(view, &(struct button){.title = "", .action = "go"});
    assert_int_equal(json_array_size(json_at(chat_slack_render(mem, view), "blocks")), 0);
    view_field(view, "", " ");
    assert_string_equal(text_at(chat_slack_render(mem, view), "blocks.0.fields.0.text"), "*-*\n-");
}

/* 3,001 characters are split, nothing is lost. */
static void test_long_text_is_split(void **state)
{
    arena *mem = *state;
    static const char *const units[] = {"a", "&", "é", "😀", "*"};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        json_t *view = view_new(mem);
        view_text(view, "**%s**", filled(mem, units[u], 3001));
        json_t *got = chat_slack_render(mem, view);
        size_t found = 0;
        const char *shown = *units[u] == '&' ? "&amp;" : *units[u] == '*' ? "∗" : units[u];
        json_t *blocks = json_member(got, "blocks");
        assert_true(json_array_size(blocks) >= 2);
        for (size_t i = 0; i < json_array_size(blocks); i++) {
            const char *text = text_at(json_array_get(blocks, i), "text.text");
            assert_true(slack_units(text) <= 3000);
            assert_true(str_is_utf8(text, strlen(text)));
            assert_true(str_starts(text, "*") && str_ends(text, "*"));
            found += (strlen(text) - 2) / strlen(shown);
        }
        assert_int_equal(found, 3001);
    }
}

static void test_plain_texts_are_cut_between_characters(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_title(view, "%s", filled(mem, "😀", 151));
    view_button(view, &(struct button){.title = filled(mem, "😀", 76),
                                       .action = "go",
                                       .confirm = filled(mem, "é", 301)});
    view_field(view, filled(mem, "x", 3000), filled(mem, "y", 3000));
    json_t *got = chat_slack_render(mem, view);
    const char *title = text_at(got, "blocks.0.text.text");
    assert_true(str_is_utf8(title, strlen(title)) && str_ends(title, "😀…"));
    assert_int_equal(slack_units(title), 149);
    assert_true(slack_units(text_at(got, "blocks.1.elements.0.text.text")) <= 75);
    assert_int_equal(slack_units(text_at(got, "blocks.1.elements.0.confirm.text.text")), 300);
    const char *field = text_at(got, "blocks.2.fields.0.text");
    assert_true(slack_units(field) <= 2000 && str_ends(field, "… (cut)"));
}

/* Slack paints a dialog's own button green unless it is told otherwise. */
static void test_the_confirm_of_a_dangerous_button_is_as_red_as_the_button(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_button(view, &(struct button){.title = "Disconnect",
                                       .action = "disconnect",
                                       .style = BUTTON_DANGER,
                                       .confirm = "Sure?"});
    view_button(view, &(struct button){.title = "Connect",
                                       .action = "connect",
                                       .style = BUTTON_PRIMARY,
                                       .confirm = "Sure?"});
    json_t *got = chat_slack_render(mem, view);
    assert_string_equal(text_at(got, "blocks.0.elements.0.confirm.style"), "danger");
    assert_null(json_at(got, "blocks.0.elements.1.confirm.style"));
}

/* A value or address that was cut would be another one: such a button is left out. */
static void test_buttons_that_do_not_fit(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_button(view,
                &(struct button){.title = "a", .action = "a", .value = filled(mem, "x", 2001)});
    view_button(view, &(struct button){.title = "b", .action = "b", .url = filled(mem, "x", 3001)});
    view_button(view, &(struct button){.title = "c", .action = filled(mem, "x", 255)});
    view_button(view,
                &(struct button){.title = "d", .action = "d", .value = filled(mem, "x", 2000)});
    json_t *got = chat_slack_render(mem, view);
    assert_int_equal(json_array_size(json_at(got, "blocks.0.elements")), 1);
    assert_string_equal(text_at(got, "blocks.0.elements.0.text.text"), "d");
}

static void test_fifty_one_blocks(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    for (int i = 0; i < 26; i++) {
        view_text(view, "row %lld", (long long)i);
        view_divider(view);
    }
    json_t *fewer = chat_slack_render(mem, view);
    assert_int_equal(json_array_size(json_member(fewer, "blocks")), 26);
    for (int i = 26; i < 51; i++) {
        view_text(view, "row %lld", (long long)i);
    }
    json_t *got = chat_slack_render(mem, view);
    assert_int_equal(json_array_size(json_member(got, "blocks")), 50);
    assert_string_equal(text_at(got, "blocks.48.text.text"), "row 48");
    assert_string_equal(text_at(got, "blocks.49.elements.0.text"),
                        "There is more than fits in one message.");
}

static void test_eleven_fields(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    for (int i = 0; i < 21; i++) {
        view_field(view, "L", "v");
    }
    json_t *got = chat_slack_render(mem, view);
    assert_int_equal(json_array_size(json_at(got, "blocks.0.fields")), 10);
    assert_int_equal(json_array_size(json_at(got, "blocks.2.fields")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_is_read_in_the_format_only),
        cmocka_unit_test(test_lists_join_the_last_block),
        cmocka_unit_test(test_broken_text_is_replaced),
        cmocka_unit_test(test_wrong_formats_die),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_a_whole_message),
        cmocka_unit_test(slack_gotcha_23_text_of_others_mentions_links_and_styles_nothing),
        cmocka_unit_test(test_no_address_in_the_fallback),
        cmocka_unit_test(test_empty_texts_are_left_out),
        cmocka_unit_test(test_long_text_is_split),
        cmocka_unit_test(test_plain_texts_are_cut_between_characters),
        cmocka_unit_test(test_the_confirm_of_a_dangerous_button_is_as_red_as_the_button),
        cmocka_unit_test(test_buttons_that_do_not_fit),
        cmocka_unit_test(test_fifty_one_blocks),
        cmocka_unit_test(test_eleven_fields),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

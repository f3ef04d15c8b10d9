#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "service/chat/teams_draw.h"
#include "tests/unit/chat/teams_help.h"

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

static json_t *card_of(arena *mem, const json_t *view)
{
    json_t *card = teams_card(mem, view, "msg-7", "tok1");
    assert_string_equal(json_text(card, "type"), "AdaptiveCard");
    assert_string_equal(json_text(card, "version"), "1.5");
    assert_true(strlen(json_write(mem, card)) < 26 * 1024);
    return card;
}

static void assert_at(arena *mem, const json_t *value, const char *path, const char *wanted)
{
    const json_t *found = json_at(value, path);
    if (found == NULL || !json_equal(found, sample(mem, wanted))) {
        fail_msg("%s is %s, not %s", path, json_write(mem, found), wanted);
    }
}

static char *filled(arena *mem, const char *unit, size_t times)
{
    struct str s = str_new(mem, strlen(unit) * times + 1);
    for (size_t i = 0; i < times; i++) {
        str_add(&s, unit);
    }
    return s.text;
}

static json_t *button_view(arena *mem, const struct button *b)
{
    json_t *view = view_new(mem);
    view_button(view, b);
    return view;
}

/* --- what each block becomes --- */

static void test_words(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_title(view, "Your accounts");
    view_text(view, "Created **%s** in `%s`", "Acme", "x");
    view_divider(view);
    view_note(view, "small");
    view_divider(view);
    json_t *card = card_of(mem, view);
    assert_at(mem, card, "body",
              "[{'type':'TextBlock','text':'Your accounts','wrap':true,'weight':'Bolder',"
              "'size':'Large','style':'heading'},"
              "{'type':'RichTextBlock','inlines':[{'type':'TextRun','text':'Created '},"
              "{'type':'TextRun','text':'Acme','weight':'Bolder'},"
              "{'type':'TextRun','text':' in '},"
              "{'type':'TextRun','text':'x','fontType':'Monospace'}]},"
              "{'type':'RichTextBlock','separator':true,'inlines':[{'type':'TextRun',"
              "'text':'small','isSubtle':true,'size':'Small'}]}]");
    assert_string_equal(teams_summary(mem, view), "Your accounts");
}

static void test_fields(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_field(view, "Owner", "Ana Lima (Sales), $1,200.50!");
    view_field(view, "Closed", "");
    view_divider(view);
    view_field(view, "Name", "Ac*me");
    view_field(view, "Stage", "Won");
    json_t *card = card_of(mem, view);
    assert_at(mem, card, "body.0",
              "{'type':'FactSet','facts':[{'title':'Owner','value':'Ana Lima (Sales), $1,200.50!'},"
              "{'title':'Closed','value':'\xE2\x80\x93'}]}");
    assert_at(mem, card, "body.1",
              "{'type':'RichTextBlock','separator':true,'inlines':[{'type':'TextRun',"
              "'text':'Name: ','weight':'Bolder'},{'type':'TextRun','text':'Ac*me'}]}");
    assert_at(mem, card, "body.2.spacing", "'Small'");
    assert_int_equal(json_array_size(json_member(card, "body")), 3);
}

static void test_buttons(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_button(view, &(struct button){.title = "Open", .action = "open", .url = "https://x/y"});
    view_button(view,
                &(struct button){
                    .title = "Go", .action = "run_now", .value = "run-1", .style = BUTTON_PRIMARY});
    json_t *card = card_of(mem, view);
    assert_at(mem, card, "body",
              "[{'type':'ActionSet','actions':[{'type':'Action.OpenUrl','title':'Open',"
              "'url':'https://x/y'},{'type':'Action.Execute','title':'Go','verb':'run_now',"
              "'style':'positive','data':{'wb':{'a':'run_now','v':'run-1','m':'msg-7','n':2,"
              "'t':'tok1'}},'fallback':{'type':'Action.Submit','title':'Go','data':{'wb':"
              "{'a':'run_now','v':'run-1','m':'msg-7','n':2,'t':'tok1'}}}}]}]");
    for (int i = 0; i < 5; i++) {
        view_button(view, &(struct button){.title = "More", .action = "page", .value = "1 help"});
    }
    card = card_of(mem, view);
    assert_int_equal(json_array_size(json_at(card, "body.0.actions")), 5);
    assert_int_equal(json_array_size(json_at(card, "body.1.actions")), 2);
    assert_at(mem, card, "body.1.actions.1.data.wb.n", "7");
}

/* The page opens in a window of the client, and in the browser for clients without. */
static void test_a_login_opens_in_a_window(void **state)
{
    arena *mem = *state;
    static const struct {
        const char *url;
        bool window;
    } rows[] = {{"https://bot.acme.example/login/ab.cd", true},
                {"http://127.0.0.1:3000/login/ab.cd", true},
                {"http://localhost:3000/login/ab.cd", true},
                {"http://bot.acme.example/login/ab.cd", false},
                {"http://127.0.0.1.acme.example/login/ab.cd", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct button login = {
            .title = "Log in", .action = "login", .url = rows[i].url, .window = true};
        json_t *view = view_new(mem);
        view_button(view, &login);
        view_button(view, &(struct button){.title = "Back", .action = "back", .value = "l1"});
        const char *plain = arena_printf(mem, "'type':'Action.OpenUrl','title':'%s','url':'%s'",
                                         rows[i].window ? "In the browser" : "Log in", rows[i].url);
        const char *window = arena_printf(
            mem,
            "{'type':'Action.Submit','title':'Log in','data':{'msteams':{'type':'signin',"
            "'value':'%s?window=teams&width=600&height=640'}}},",
            rows[i].url);
        json_t *card = card_of(mem, view);
        int next = rows[i].window ? 2 : 1;
        assert_at(mem, card, "body.0.actions.0",
                  rows[i].window ? arena_printf(mem, "%.*s", (int)strlen(window) - 1, window)
                                 : arena_printf(mem, "{%s}", plain));
        if (rows[i].window) {
            assert_at(mem, card, "body.0.actions.1", arena_printf(mem, "{%s}", plain));
        }
        assert_at(mem, card, arena_printf(mem, "body.0.actions.%d.data.wb.n", next), "2");
        assert_int_equal(json_array_size(json_at(card, "body.0.actions")), next + 1);
    }
}

static void test_questions(void **state)
{
    arena *mem = *state;
    json_t *card = card_of(mem, button_view(mem, &(struct button){.title = "Delete",
                                                                  .action = "forget",
                                                                  .value = "c1",
                                                                  .style = BUTTON_DANGER,
                                                                  .confirm = "For good?",
                                                                  .confirm_title = "Delete it?"}));
    assert_at(mem, card, "body.0.actions.0.type", "'Action.ShowCard'");
    assert_at(mem, card, "body.0.actions.0.title", "'Delete'");
    assert_at(mem, card, "body.0.actions.0.card.body.0.inlines.0.text", "'Delete it?'");
    assert_at(mem, card, "body.0.actions.0.card.body.1.inlines.0.text", "'For good?'");
    assert_at(mem, card, "body.0.actions.0.card.body.2.actions.0.verb", "'forget'");
    assert_at(mem, card, "body.0.actions.0.card.body.2.actions.0.style", "'destructive'");
}

static void test_rows(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_row(view, &(struct button){.title = "Go", .action = "go"}, "**%s** is ready", "It");
    view_row(view, NULL, "no button");
    view_row(view, &(struct button){.title = "Go", .action = "go"}, "%s", " ");
    json_t *card = card_of(mem, view);
    assert_at(mem, card, "body.0.columns.0.width", "'stretch'");
    assert_at(mem, card, "body.0.columns.0.items.0.inlines.0.text", "'It'");
    assert_at(mem, card, "body.0.columns.1.width", "'auto'");
    assert_at(mem, card, "body.0.columns.1.items.0.actions.0.verb", "'go'");
    assert_at(mem, card, "body.1.inlines.0.text", "'no button'");
    assert_at(mem, card, "body.2.type", "'ActionSet'");
}

/* Beside a long button hardly a word would stand on a line. */
static void test_a_row_with_a_long_button(void **state)
{
    static const struct {
        const char *title, *type;
    } rows[] = {{"Twelve chars", "'ColumnSet'"},
                {"Thirteen char", "'Container'"},
                {"\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", "'ColumnSet'"}};
    arena *mem = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *view = view_new(mem);
        view_row(view, &(struct button){.title = rows[i].title, .action = "go"}, "%s", "It");
        view_divider(view);
        view_row(view, &(struct button){.title = rows[i].title, .action = "go"}, "%s", "It");
        json_t *card = card_of(mem, view);
        assert_at(mem, card, "body.0.type", rows[i].type);
        assert_at(mem, card, "body.1.separator", "true");
        if (strcmp(rows[i].type, "'Container'") == 0) {
            assert_at(mem, card, "body.0.items.0.inlines.0.text", "'It'");
            assert_at(mem, card, "body.0.items.1.actions.0.verb", "'go'");
            assert_at(mem, card, "body.0.items.1.spacing", "'Small'");
        }
    }
}

static void test_without_ids(void **state)
{
    arena *mem = *state;
    json_t *view = button_view(mem, &(struct button){.title = "Go", .action = "go"});
    json_t *card = teams_card(mem, view, NULL, NULL);
    assert_at(mem, card, "body.0.actions.0.data.wb", "{'a':'go','n':1}");
}

static void test_a_button_that_opens_a_form(void **state)
{
    arena *mem = *state;
    json_t *view = button_view(
        mem,
        &(struct button){.title = "Fill in", .action = "resume", .value = "r1", .opens = true});
    json_t *card = card_of(mem, view);
    assert_at(mem, card, "body.0.actions.0",
              "{'type':'Action.Submit','title':'Fill in','data':{'msteams':{'type':'task/fetch'},"
              "'wb':{'a':'resume','v':'r1','m':'msg-7','n':1,'t':'tok1'}}}");
}

static void test_what_cannot_be_sent_whole(void **state)
{
    arena *mem = *state;
    const struct button none[] = {
        {.title = "Go", .action = "go", .value = filled(mem, "x", 2001)},
        {.title = "Go",
         .action = "go",
         .url = arena_printf(mem, "https://%s", filled(mem, "x", 3000))},
        {.title = "Go", .action = "go", .url = "javascript:alert(1)"},
        {.title = "Go", .action = "go", .url = "msteams://x"},
        {.title = " ", .action = "go"},
        {.title = "Go", .action = ""},
    };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        json_t *card = card_of(mem, button_view(mem, &none[i]));
        assert_null(strstr(json_write(mem, card), "Action."));
    }
    json_t *card =
        card_of(mem, button_view(mem, &(struct button){.title = filled(mem, "\xC3\xA9", 80),
                                                       .action = "go",
                                                       .value = filled(mem, "x", 2000)}));
    const char *title = json_string_value(json_at(card, "body.0.actions.0.title"));
    assert_int_equal(str_characters(title), 75);
    assert_true(str_ends(title, "\xC3\xA9\xE2\x80\xA6"));
}

static void test_a_view_of_nothing(void **state)
{
    arena *mem = *state;
    json_t *card = card_of(mem, view_new(mem));
    assert_at(mem, card, "body.0.inlines.0.text", "'Workbot'");
    json_t *view = view_new(mem);
    view_text(view, "%s", " \n ");
    card = card_of(mem, view);
    assert_int_equal(json_array_size(json_member(card, "body")), 1);
}

static void test_places_are_words(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_text(view, "Typed in <#%s>.", "19:ops@thread.tacv2");
    json_t *card = card_of(mem, view);
    assert_null(strstr(json_write(mem, card), "19:ops"));
    assert_at(mem, card, "body.0.inlines.1.text", "'another conversation'");
    assert_string_equal(teams_summary(mem, view), "Typed in another conversation.");
}

/* --- data --- */

/* What markdown, mentions, HTML and dates are made of. */
static const char *const hostile[] = {"[click](https://evil.example)",
                                      "**bold**",
                                      "_it_",
                                      "# head",
                                      "- item",
                                      "1. one",
                                      "<at>Bo</at>",
                                      "<b>x</b>",
                                      "&lt;b&gt;",
                                      "a\\*b",
                                      "`code`",
                                      "![i](https://evil.example/x.png)",
                                      "https://evil.example",
                                      "a\nb",
                                      "| a | b |",
                                      "~~x~~",
                                      "{{DATE(2026-01-01T00:00:00Z)}}"};

static void test_teams_gotcha_18_foreign_text_is_inert(void **state)
{
    arena *mem = *state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        json_t *view = view_new(mem);
        view_title(view, "*%s", hostile[i]);
        view_field(view, hostile[i], "value");
        view_divider(view);
        view_field(view, "label", hostile[i]);
        view_text(view, "%s and **%s**", hostile[i], hostile[i]);
        view_row(view, &(struct button){.title = hostile[i], .action = "go"}, "%s", hostile[i]);
        json_t *card = card_of(mem, view);
        char *text = json_write(mem, card);
        assert_null(strstr(text, "\"TextBlock\""));
        assert_null(strstr(text, "\"FactSet\""));
        assert_null(strstr(text, "\"entities\""));
    }
}

static void test_dates_are_not_made_of_data(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_text(view, "%s", "{{DATE(2026-01-01T00:00:00Z)}} {x} {{{y");
    json_t *card = card_of(mem, view);
    assert_string_equal(json_string_value(json_at(card, "body.0.inlines.0.text")),
                        "{\xE2\x80\x8B{DATE(2026-01-01T00:00:00Z)}} {x} {\xE2\x80\x8B{\xE2\x80\x8B"
                        "{y");
}

static void test_plain_words(void **state)
{
    (void)state;
    static const char *const plain[] = {"Ana",  "b.example",  "12,000.5 (net)", "50 % off!",
                                        "x-y",  "2026-12-31", "it's \"so\"",    "\xC3\xA9t\xC3\xA9",
                                        "v1.2", "3"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        assert_true(teams_is_plain(plain[i]));
    }
    static const char *const not [] = {"1.",    "2) x", "#x",          "+1",
                                       "a_b",   " x",   "a@b.example", "see www.b.example",
                                       "WWW.b", "x://y"};
    for (size_t i = 0; i < sizeof not / sizeof not [0]; i++) {
        assert_false(teams_is_plain(not [i]));
    }
}

/* --- size --- */

static void test_teams_gotcha_18_long_text_is_cut(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_title(view, "Report");
    view_text(view, "%s", filled(mem, "\xE2\x82\xAC uro", 12000));
    view_button(view, &(struct button){.title = "More", .action = "page", .value = "20 help"});
    json_t *card = card_of(mem, view);
    const json_t *body = json_member(card, "body");
    size_t count = json_array_size(body);
    assert_true(strlen(json_write(mem, card)) > 18 * 1024);
    assert_string_equal(json_text(json_array_get(body, count - 1), "type"), "ActionSet");
    assert_non_null(strstr(json_write(mem, json_array_get(body, count - 2)), "more than fits"));
}

static void test_many_blocks_are_cut(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    for (int i = 0; i < 500; i++) {
        view_row(view, &(struct button){.title = "Go", .action = "go", .value = "v"}, "row %lld",
                 (long long)i);
    }
    json_t *card = card_of(mem, view);
    const json_t *body = json_member(card, "body");
    size_t count = json_array_size(body);
    assert_true(count > 20);
    assert_non_null(strstr(json_write(mem, json_array_get(body, count - 1)), "more than fits"));
    assert_non_null(strstr(json_write(mem, json_array_get(body, 0)), "row 0"));
}

static void test_many_buttons_are_cut(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    for (int i = 0; i < 100; i++) {
        view_button(
            view, &(struct button){.title = "Go", .action = "go", .value = filled(mem, "v", 1900)});
    }
    json_t *card = card_of(mem, view);
    assert_non_null(strstr(json_write(mem, card), "more than fits"));
    assert_non_null(strstr(json_write(mem, card), "Action.Execute"));
}

/* --- what goes first --- */

static size_t count_of(arena *mem, const json_t *card, const char *words)
{
    size_t count = 0;
    for (const char *at = json_write(mem, card); (at = strstr(at, words)) != NULL; at++) {
        count++;
    }
    return count;
}

static void assert_says(arena *mem, const json_t *card, const char *words)
{
    assert_true(strlen(json_write(mem, card)) < 25 * 1024);
    if (strstr(json_write(mem, card), words) == NULL) {
        fail_msg("%s is not in %s", words, json_write(mem, card));
    }
}

static void test_what_was_done_stays_before_its_buttons(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_text(view, "Made a deal, as Ana");
    view_field(view, "Amount", "5");
    for (int i = 0; i < 7; i++) {
        view_button(view, &(struct button){.title = arena_printf(mem, "Next %d", i),
                                           .action = "run",
                                           .value = filled(mem, "v", 1900)});
    }
    json_t *card = card_of(mem, view);
    assert_says(mem, card, "Made a deal, as Ana");
    assert_says(mem, card, "Next 0");
    assert_says(mem, card, "more than fits");
    assert_null(strstr(json_write(mem, card), "Next 6"));
}

static void test_a_question_keeps_its_buttons(void **state)
{
    arena *mem = *state;
    static const char *const fills[] = {"x", "* words ", "\xE3\x81\x82", "\x01"};
    for (size_t k = 0; k < sizeof fills / sizeof fills[0]; k++) {
        json_t *view = view_new(mem);
        view_text(view, "It may have happened or not.");
        view_text(view, "Please look there before you choose.");
        for (int i = 0; i < 30; i++) {
            view_field(view, arena_printf(mem, "note%d", i), filled(mem, fills[k], 2700));
        }
        view_button(view, &(struct button){.title = "It happened", .action = "a", .value = "r1"});
        view_button(view, &(struct button){.title = "Run it again", .action = "b", .value = "r1"});
        view_note(view, "Reference WB-1");
        json_t *card = card_of(mem, view);
        assert_says(mem, card, "happened or not");
        assert_says(mem, card, "look there");
        assert_says(mem, card, "It happened");
        assert_says(mem, card, "Run it again");
        assert_says(mem, card, "WB-1");
        assert_says(mem, card, "note0");
    }
}

static void test_every_row_keeps_its_buttons(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    for (int i = 0; i < 8; i++) {
        view_divider(view);
        view_text(view, "**Row %lld** waits", (long long)i);
        for (int k = 0; k < 10; k++) {
            view_field(view, arena_printf(mem, "note%d", k), filled(mem, "a_b ", 300));
        }
        view_note(view, "Typed today");
        view_button(view, &(struct button){.title = "Go on", .action = "a", .value = "r1@list"});
        view_button(view, &(struct button){.title = "Cancel", .action = "b", .value = "r1@list"});
    }
    json_t *card = card_of(mem, view);
    assert_says(mem, card, "Row 7");
    assert_int_equal(count_of(mem, card, "\"Cancel\""),
                     16); /* each with what stands in its place */
}

static void test_a_long_text_goes_before_what_leads_on(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_text(view, "What it is");
    view_text(view, "%s", filled(mem, "words ", 9000));
    view_button(view, &(struct button){.title = "Go", .action = "go", .value = "v"});
    view_note(view, "Reference WB-1");
    json_t *card = card_of(mem, view);
    assert_says(mem, card, "What it is");
    assert_says(mem, card, "Action.Execute");
    assert_says(mem, card, "WB-1");
    assert_says(mem, card, "more than fits");
}

static void test_pieces(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_text(view, "%s**%s**", filled(mem, "x", 2998), filled(mem, "\xF0\x9F\x98\x80", 2));
    json_t *card = card_of(mem, view);
    assert_int_equal(json_array_size(json_member(card, "body")), 2);
    assert_at(mem, card, "body.1.inlines",
              "[{'type':'TextRun','text':'\xF0\x9F\x98\x80\xF0\x9F\x98\x80','weight':'Bolder'}]");
}

/* --- views of one's own --- */

static void test_refresh(void **state)
{
    arena *mem = *state;
    const char *people[70];
    for (size_t i = 0; i < 70; i++) {
        people[i] = arena_printf(mem, "29:%zu", i);
    }
    json_t *view = view_new(mem);
    view_text(view, "x");
    json_t *card = card_of(mem, view);
    teams_card_refresh(card, "msg-7", people, 70);
    assert_at(mem, card, "refresh.action",
              "{'type':'Action.Execute','title':'Refresh','verb':'refresh',"
              "'data':{'wb':{'a':'refresh','m':'msg-7'}}}");
    assert_int_equal(json_array_size(json_at(card, "refresh.userIds")), 60);
    assert_at(mem, card, "refresh.userIds.59", "'29:59'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_buttons),
        cmocka_unit_test(test_a_login_opens_in_a_window),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_a_row_with_a_long_button),
        cmocka_unit_test(test_without_ids),
        cmocka_unit_test(test_a_button_that_opens_a_form),
        cmocka_unit_test(test_what_cannot_be_sent_whole),
        cmocka_unit_test(test_a_view_of_nothing),
        cmocka_unit_test(test_places_are_words),
        cmocka_unit_test(test_teams_gotcha_18_foreign_text_is_inert),
        cmocka_unit_test(test_dates_are_not_made_of_data),
        cmocka_unit_test(test_plain_words),
        cmocka_unit_test(test_teams_gotcha_18_long_text_is_cut),
        cmocka_unit_test(test_what_was_done_stays_before_its_buttons),
        cmocka_unit_test(test_a_question_keeps_its_buttons),
        cmocka_unit_test(test_every_row_keeps_its_buttons),
        cmocka_unit_test(test_a_long_text_goes_before_what_leads_on),
        cmocka_unit_test(test_many_blocks_are_cut),
        cmocka_unit_test(test_many_buttons_are_cut),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_refresh),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

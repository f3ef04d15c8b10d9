#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "service/chat/chat_int.h"
#include "tests/unit/base/helpers.h"
#include "tests/unit/chat/chat_help.h"

/* Forms within the limits of docs.slack.dev/surfaces/modals, and what the sending of one is
 * answered. */

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

static char *filled(arena *mem, const char *unit, size_t times)
{
    struct str s = str_new(mem, strlen(unit) * times + 1);
    for (size_t i = 0; i < times; i++) {
        str_add(&s, unit);
    }
    return s.text;
}

static json_t *form_named(arena *mem, const char *heading)
{
    return form_new(mem, &(struct form){.name = "inputs",
                                        .heading = heading,
                                        .submit = "Run",
                                        .private_value = "the-run"});
}

static const json_t *drawn(arena *mem, const struct form_field *f)
{
    json_t *form = form_named(mem, "Form");
    form_add(form, f);
    return json_at(chat_slack_render_form(mem, form), "blocks.0");
}

static void assert_json(arena *mem, const json_t *is, const char *expected)
{
    if (!json_equal(is, sample(mem, expected))) {
        fail_msg("%s", json_write(mem, is));
    }
}

/* --- the modal --- */

static void test_a_form_is_a_modal(void **state)
{
    arena *mem = *state;
    json_t *form = form_named(mem, "Create an opportunity in the pipeline");
    view_text(form, "**Above**");
    const json_t *modal = chat_slack_render_form(mem, form);
    assert_json(mem, modal,
                "{'type':'modal','callback_id':'wb:inputs','private_metadata':'the-run',"
                "'title':{'type':'plain_text','text':'Create an opportunity i…','emoji':false},"
                "'submit':{'type':'plain_text','text':'Run','emoji':false},"
                "'close':{'type':'plain_text','text':'Not now','emoji':false},"
                "'blocks':[{'type':'section','text':{'type':'mrkdwn','text':'*Above*',"
                "'verbatim':true}}]}");
}

static void test_a_view_is_a_modal_with_nothing_to_send(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_text(view, "Gone.");
    const json_t *modal = chat_slack_render_form(mem, view);
    assert_null(json_member(modal, "callback_id"));
    assert_null(json_member(modal, "submit"));
    assert_string_equal(json_string_value(json_at(modal, "title.text")), "Workbot");
    assert_string_equal(json_string_value(json_at(modal, "close.text")), "Close");
}

static void test_each_kind_has_its_element(void **state)
{
    arena *mem = *state;
    static const struct form_choice choices[] = {{"Early", "e"}, {"Won", "w"}};
    static const char *const endings[] = {"pdf", "txt"};
    static const struct {
        struct form_field field;
        const char *element;
    } cases[] = {
        {{.name = "a", .kind = FORM_TEXT, .value = "x", .sample = "s"},
         "{'type':'plain_text_input','action_id':'a','max_length':3000,'initial_value':'x',"
         "'placeholder':{'type':'plain_text','text':'s','emoji':false}}"},
        {{.name = "a", .kind = FORM_LINES},
         "{'type':'plain_text_input','action_id':'a','multiline':true,'max_length':3000}"},
        {{.name = "a", .kind = FORM_NUMBER, .value = "12.5"},
         "{'type':'number_input','action_id':'a','is_decimal_allowed':true,"
         "'initial_value':'12.5'}"},
        {{.name = "a", .kind = FORM_DATE, .value = "2026-12-31"},
         "{'type':'datepicker','action_id':'a','initial_date':'2026-12-31'}"},
        {{.name = "a", .kind = FORM_FILE}, "{'type':'file_input','action_id':'a','max_files':1}"},
        {{.name = "a", .kind = FORM_FILE, .endings = endings, .endings_count = 2},
         "{'type':'file_input','action_id':'a','max_files':1,'filetypes':['pdf','txt']}"},
        {{.name = "a", .kind = FORM_CHOICE, .value = "w", .choices = choices, .choices_count = 2},
         "{'type':'static_select','action_id':'a','placeholder':{'type':'plain_text','text':"
         "'Choose one','emoji':false},'initial_option':{'text':{'type':'plain_text','text':'Won',"
         "'emoji':false},'value':'w'},'options':[{'text':{'type':'plain_text','text':'Early',"
         "'emoji':false},'value':'e'},{'text':{'type':'plain_text','text':'Won','emoji':false},"
         "'value':'w'}]}"},
        {{.name = "a",
          .kind = FORM_CHOICE,
          .value = "w",
          .choices = choices,
          .choices_count = 2,
          .search = true},
         "{'type':'external_select','action_id':'a','min_query_length':0,'placeholder':{'type':"
         "'plain_text','text':'Choose one','emoji':false},'initial_option':{'text':{'type':"
         "'plain_text','text':'Won','emoji':false},'value':'w'}}"},
        {{.name = "a", .kind = FORM_FLAG, .value = "no", .required = true},
         "{'type':'radio_buttons','action_id':'a','initial_option':{'text':{'type':'plain_text',"
         "'text':'No','emoji':false},'value':'no'},'options':[{'text':{'type':'plain_text','text':"
         "'Yes','emoji':false},'value':'yes'},{'text':{'type':'plain_text','text':'No','emoji':"
         "false},'value':'no'}]}"},
        {{.name = "a", .kind = FORM_FLAG, .value = "no"},
         "{'type':'checkboxes','action_id':'a','options':[{'text':{'type':'plain_text','text':"
         "'Yes','emoji':false},'value':'yes'}]}"},
        {{.name = "a", .kind = FORM_FLAG, .value = "yes"},
         "{'type':'checkboxes','action_id':'a','options':[{'text':{'type':'plain_text','text':"
         "'Yes','emoji':false},'value':'yes'}],'initial_options':[{'text':{'type':'plain_text',"
         "'text':'Yes','emoji':false},'value':'yes'}]}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const json_t *block = drawn(mem, &cases[i].field);
        assert_json(mem, json_member(block, "element"), cases[i].element);
        assert_string_equal(json_text(block, "block_id"), "a");
        assert_string_equal(json_string_value(json_at(block, "label.text")), "a");
    }
}

static void test_what_is_required_is_not_said_to_be_optional(void **state)
{
    arena *mem = *state;
    const struct form_field text = {.name = "a", .kind = FORM_TEXT, .required = true};
    const struct form_field flag = {.name = "a", .kind = FORM_FLAG, .required = true};
    const struct form_field box = {.name = "a", .kind = FORM_FLAG};
    const struct form_field free = {.name = "a", .kind = FORM_TEXT};
    assert_false(json_is_true(json_member(drawn(mem, &text), "optional")));
    assert_false(json_is_true(json_member(drawn(mem, &flag), "optional")));
    assert_true(json_is_true(json_member(drawn(mem, &box), "optional")));
    assert_true(json_is_true(json_member(drawn(mem, &free), "optional")));
}

static void test_what_is_too_long_is_cut_or_left_out(void **state)
{
    arena *mem = *state;
    const struct form_choice choices[] = {{filled(mem, "é", 200), "short"},
                                          {"too long a value", filled(mem, "v", 76)}};
    const struct form_field field = {.name = "a",
                                     .label = filled(mem, "é", 3000),
                                     .kind = FORM_CHOICE,
                                     .hint = filled(mem, "h", 3000),
                                     .choices = choices,
                                     .choices_count = 2};
    const json_t *block = drawn(mem, &field);
    assert_int_equal(slack_units(json_string_value(json_at(block, "label.text"))), 2000);
    assert_int_equal(slack_units(json_string_value(json_at(block, "hint.text"))), 2000);
    assert_int_equal(json_array_size(json_at(block, "element.options")), 1);
    assert_int_equal(slack_units(json_string_value(json_at(block, "element.options.0.text.text"))),
                     75);
    const struct form_field text = {.name = "a",
                                    .kind = FORM_TEXT,
                                    .value = filled(mem, "x", 3001),
                                    .sample = filled(mem, "s", 151)};
    block = drawn(mem, &text);
    assert_null(json_at(block, "element.initial_value")); /* a value that was cut is another one */
    assert_int_equal(slack_units(json_string_value(json_at(block, "element.placeholder.text"))),
                     150);
}

/* 30 inputs, each with as much as a recipe may say of it, and a page of 300 rows above them. */
static void test_the_largest_form_is_taken(void **state)
{
    arena *mem = *state;
    json_t *form = form_named(mem, "x");
    struct form_choice choices[100];
    for (size_t i = 0; i < 100; i++) {
        choices[i] = (struct form_choice){filled(mem, "é", 37), arena_printf(mem, "%zu", i)};
    }
    for (int i = 0; i < 300; i++) {
        view_text(form, "%s", filled(mem, "é", 1400));
    }
    for (int i = 0; i < 30; i++) {
        form_add(form, &(struct form_field){.name = arena_printf(mem, "input_%d", i),
                                            .kind = i == 0 ? FORM_CHOICE : FORM_LINES,
                                            .value = filled(mem, "é", 1500),
                                            .hint = filled(mem, "é", 150),
                                            .sample = filled(mem, "é", 100),
                                            .choices = choices,
                                            .choices_count = 100});
    }
    const json_t *modal = chat_slack_render_form(mem, form);
    assert_true(json_array_size(json_member(modal, "blocks")) <= 100);
    assert_true(strlen(json_write(mem, modal)) < 250000);
    size_t inputs = 0;
    for (size_t i = 0; i < json_array_size(json_member(modal, "blocks")); i++) {
        const json_t *block = json_array_get(json_member(modal, "blocks"), i);
        inputs += str_equal(json_text(block, "type"), "input") ? 1 : 0;
    }
    assert_int_equal(inputs, 30);
}

/* --- answers --- */

static const char SENT[] =
    "{'type':'view_submission','view':{'id':'V1','callback_id':'wb:inputs','blocks':["
    "{'type':'section','block_id':'name'},{'type':'input','block_id':'amount'},"
    "{'type':'input','block_id':'name:2'}]}}";

static struct bytes payload(arena *mem)
{
    return bytes_of(json_write(mem, sample(mem, SENT)));
}

static void test_errors_stand_at_their_blocks(void **state)
{
    arena *mem = *state;
    const struct form_answer a = {
        .errors = sample(mem, "{'name':'Fill in <this>','elsewhere':'Not shown'}")};
    json_t *answer = NULL;
    struct err e;
    assert_int_equal(
        json_read(mem, bytes_of(chat_slack_form_answer(mem, payload(mem), &a)), &answer, &e), 0);
    assert_json(mem, answer,
                "{'response_action':'errors','errors':{'name:2':'Fill in <this>',"
                "'amount':'Not shown'}}");
}

/* slack_gotcha_04: a word in the body would keep the form open */
static void test_slack_gotcha_04_a_form_that_was_taken_is_answered_with_nothing(void **state)
{
    arena *mem = *state;
    const struct form_answer a = {.errors = NULL};
    assert_null(chat_slack_form_answer(mem, payload(mem), &a));
}

static void test_a_next_form_takes_its_place(void **state)
{
    arena *mem = *state;
    const struct form_answer a = {.next = form_named(mem, "Next")};
    json_t *answer = NULL;
    struct err e;
    assert_int_equal(
        json_read(mem, bytes_of(chat_slack_form_answer(mem, payload(mem), &a)), &answer, &e), 0);
    assert_string_equal(json_text(answer, "response_action"), "update");
    assert_string_equal(json_string_value(json_at(answer, "view.title.text")), "Next");
}

static void test_too_late_is_an_error_at_the_first_input(void **state)
{
    arena *mem = *state;
    const char *late = slack_form_late(mem, json_member(sample(mem, SENT), "view"));
    assert_non_null(strstr(late, "\"errors\":{\"amount\":"));
    assert_null(slack_form_late(mem, sample(mem, "{'blocks':[{'type':'section'}]}")));
}

static void test_choices_are_at_most_a_hundred(void **state)
{
    arena *mem = *state;
    struct form_choice list[101];
    for (size_t i = 0; i < 101; i++) {
        list[i] = (struct form_choice){"City", arena_printf(mem, "c%zu", i)};
    }
    json_t *answer = NULL;
    struct err e;
    assert_int_equal(json_read(mem, bytes_of(chat_slack_choices(mem, list, 101)), &answer, &e), 0);
    assert_int_equal(json_array_size(json_member(answer, "options")), 100);
    assert_string_equal(chat_slack_choices(mem, list, 0), "{\"options\":[]}");
}

/* --- choices asked for, at the door and in the parser --- */

static const char SUGGESTION[] =
    "{'type':'block_suggestion','api_app_id':'A0SAMPLE01','user':{'id':'U1','team_id':'T1'},"
    "'team':{'id':'T1'},'enterprise':null,'is_enterprise_install':false,'block_id':'city:3',"
    "'action_id':'city','value':'Ber','view':{'id':'V1','callback_id':'wb:inputs',"
    "'private_metadata':'the-run'}}";

static void test_a_search_is_answered_and_never_stored(void **state)
{
    arena *mem = *state;
    const chats *c = chats_at_the_door(mem, SIGNING_SECRET);
    struct slack_intake in = {0};
    struct err e;
    struct bytes body = as_form(mem, bytes_of(json_write(mem, sample(mem, SUGGESTION))));
    assert_int_equal(chat_slack_intake(c, mem, SLACK_OPTIONS, body, &in, &e), 0);
    assert_true(in.choices && !in.store);
    assert_string_equal(in.workspace, "slack:T1");
    assert_string_equal(in.late, "{\"options\":[]}");
    struct event ev = {0};
    assert_int_equal(
        chats_driver(c, "slack:T1")->parse(mem, "slack_interaction", in.payload, BOT_ID, &ev, &e),
        0);
    assert_int_equal(ev.kind, EVENT_CHOICES);
    assert_string_equal(ev.field, "city");
    assert_string_equal(ev.typed, "Ber");
    assert_string_equal(ev.value, "the-run");
    body = as_form(mem, changed(mem, SUGGESTION, "", "{'type':'view_submission'}"));
    assert_int_equal(chat_slack_intake(c, mem, SLACK_OPTIONS, body, &in, &e), 0);
    assert_false(in.choices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_form_is_a_modal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_view_is_a_modal_with_nothing_to_send, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_each_kind_has_its_element, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_required_is_not_said_to_be_optional, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_too_long_is_cut_or_left_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_largest_form_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors_stand_at_their_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_slack_gotcha_04_a_form_that_was_taken_is_answered_with_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_next_form_takes_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_late_is_an_error_at_the_first_input, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_choices_are_at_most_a_hundred, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_search_is_answered_and_never_stored, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

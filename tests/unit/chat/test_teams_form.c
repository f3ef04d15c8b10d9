#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "service/chat/teams_read.h"
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

static json_t *form_with(arena *mem, const struct form_field *field)
{
    json_t *form = form_new(mem, &(struct form){.name = "inputs",
                                                .heading = "Create a case",
                                                .submit = "Run",
                                                .private_value = "run-1"});
    view_note(form, "what it is for");
    form_add(form, field);
    return form;
}

static json_t *answer_of(arena *mem, char *text)
{
    json_t *answer = NULL;
    struct err e = {0};
    assert_int_equal(json_read(mem, bytes_of(text), &answer, &e), 0);
    assert_true(strlen(text) < 28 * 1024);
    return answer;
}

static json_t *card_in(arena *mem, const json_t *form)
{
    const json_t *answer = answer_of(mem, chat_teams_form_opened(mem, form));
    assert_string_equal(json_string_value(json_at(answer, "task.type")), "continue");
    json_t *value = json_at(answer, "task.value");
    assert_string_equal(json_string_value(json_at(value, "card.contentType")),
                        "application/vnd.microsoft.card.adaptive");
    return json_at(value, "card.content");
}

static void assert_at(arena *mem, const json_t *value, const char *path, const char *wanted)
{
    const json_t *found = json_at(value, path);
    if (found == NULL || !json_equal(found, sample(mem, wanted))) {
        fail_msg("%s is %s, not %s", path, json_write(mem, found), wanted);
    }
}

static void test_the_module(void **state)
{
    arena *mem = *state;
    json_t *form = form_with(mem, &(struct form_field){.name = "subject",
                                                       .label = "Subject",
                                                       .kind = FORM_TEXT,
                                                       .required = true,
                                                       .value = "Broken",
                                                       .hint = "In *one* line",
                                                       .sample = "It is broken"});
    form_add(form, &(struct form_field){.name = "urgent", .label = "Urgent", .kind = FORM_FLAG});
    json_t *answer = answer_of(mem, chat_teams_form_opened(mem, form));
    assert_at(mem, answer, "task.value.title", "'Create a case'");
    assert_at(mem, answer, "task.value.width", "'medium'");
    json_t *card = card_in(mem, form);
    assert_at(mem, card, "body.0.inlines.0.text", "'what it is for'");
    assert_at(mem, card, "body.1",
              "{'type':'Input.Text','id':'in_subject','label':'Subject','maxLength':3000,"
              "'value':'Broken','placeholder':'It is broken','isRequired':true,"
              "'errorMessage':'Please fill this in.'}");
    assert_at(mem, card, "body.2.inlines.0.text", "'In *one* line'");
    assert_at(mem, card, "body.3",
              "{'type':'Input.Toggle','id':'in_urgent','label':'Urgent','title':'Yes',"
              "'valueOn':'yes','valueOff':'no','value':'no'}");
    assert_at(mem, card, "actions",
              "[{'type':'Action.Submit','title':'Run','data':{'wb':{'f':'inputs','p':'run-1',"
              "'l':['subject'],'y':['urgent']}}}]");
}

static void test_kinds(void **state)
{
    arena *mem = *state;
    const struct form_choice two[] = {{"One", "1"}, {"Two", "2"}};
    const struct {
        struct form_field field;
        const char *input;
    } rows[] = {
        {{.name = "x", .kind = FORM_LINES, .value = "a\nb"},
         "{'type':'Input.Text','id':'in_x','label':'x','maxLength':3000,'isMultiline':true,"
         "'value':'a\\nb'}"},
        {{.name = "x", .kind = FORM_NUMBER, .value = "1200.5", .sample = "7"},
         "{'type':'Input.Number','id':'in_x','label':'x','value':1200.5,'placeholder':'7'}"},
        {{.name = "x", .kind = FORM_NUMBER, .value = "many"},
         "{'type':'Input.Number','id':'in_x','label':'x'}"},
        {{.name = "x", .kind = FORM_DATE, .value = "2026-12-31"},
         "{'type':'Input.Date','id':'in_x','label':'x','value':'2026-12-31'}"},
        {{.name = "x", .kind = FORM_FLAG, .value = "yes", .required = true},
         "{'type':'Input.Toggle','id':'in_x','label':'x','title':'Yes','valueOn':'yes',"
         "'valueOff':'no','value':'yes'}"},
        {{.name = "x", .kind = FORM_CHOICE, .value = "2", .choices = two, .choices_count = 2},
         "{'type':'Input.ChoiceSet','id':'in_x','label':'x','style':'compact','value':'2',"
         "'placeholder':'Choose one','choices':[{'title':'One','value':'1'},"
         "{'title':'Two','value':'2'}]}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *card = card_in(mem, form_with(mem, &rows[i].field));
        assert_at(mem, card, "body.1", rows[i].input);
    }
}

/* --- long lists --- */

static struct form_choice *many(arena *mem, size_t count)
{
    struct form_choice *list = arena_array(mem, count, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        list[i].label = arena_printf(mem, "Account number %zu", i);
        list[i].value = arena_printf(mem, "#%zu", i);
    }
    return list;
}

static json_t *list_card(arena *mem, size_t count, const char *value)
{
    struct form_field field = {.name = "account",
                               .label = "Account",
                               .kind = FORM_CHOICE,
                               .value = value,
                               .choices = many(mem, count),
                               .choices_count = count};
    return card_in(mem, form_with(mem, &field));
}

static void test_long_lists(void **state)
{
    arena *mem = *state;
    json_t *card = list_card(mem, 60, "#7");
    assert_at(mem, card, "body.1.style", "'filtered'");
    assert_at(mem, card, "body.1.value", "'#7'");
    assert_int_equal(json_array_size(json_at(card, "body.1.choices")), 60);
    /* too many to be sent: they are looked for by words */
    card = list_card(mem, 1000, NULL);
    assert_at(mem, card, "body.1.type", "'Input.Text'");
    assert_null(json_at(card, "body.1.choices"));
    assert_null(json_at(card, "body.2"));
    card = list_card(mem, 1000, "#999");
    assert_at(mem, card, "body.1.value", "'Account number 999'");
    /* typed as it is called, and shown anew for another field's sake: it stays */
    card = list_card(mem, 1000, "account NUMBER 99");
    assert_at(mem, card, "body.1.type", "'Input.Text'");
    assert_at(mem, card, "body.1.value", "'Account number 99'");
    assert_null(json_at(card, "body.2"));
    card = list_card(mem, 60, "account NUMBER 7");
    assert_at(mem, card, "body.1.value", "'#7'");
    card = list_card(mem, 1000, "NUMBER 99");
    assert_at(mem, card, "body.1.type", "'Input.ChoiceSet'");
    assert_int_equal(json_array_size(json_at(card, "body.1.choices")), 11);
    assert_at(mem, card, "body.1.choices.1", "{'title':'Account number 990','value':'#990'}");
    card = list_card(mem, 1000, "Nobody");
    assert_at(mem, card, "body.1.type", "'Input.Text'");
    assert_at(mem, card, "body.1.value", "'Nobody'");
    assert_non_null(strstr(json_write(mem, json_at(card, "body.2")), "Nothing has this"));
}

static void test_many_lists(void **state)
{
    arena *mem = *state;
    json_t *form = form_with(mem, &(struct form_field){.name = "a", .kind = FORM_TEXT});
    for (int i = 0; i < 8; i++) {
        form_add(form, &(struct form_field){.name = arena_printf(mem, "f%d", i),
                                            .kind = FORM_CHOICE,
                                            .choices = many(mem, 60),
                                            .choices_count = 60});
    }
    json_t *card = card_in(mem, form);
    assert_at(mem, card, "body.2.type", "'Input.ChoiceSet'");
    assert_at(mem, card, "body.9.type", "'Input.Text'");
    json_t *answer = answer_of(mem, chat_teams_form_opened(mem, form));
    assert_at(mem, answer, "task.value.height", "'large'");
}

static char *filled(arena *mem, const char *unit, size_t times)
{
    struct str s = str_new(mem, strlen(unit) * times + 1);
    for (size_t i = 0; i < times; i++) {
        str_add(&s, unit);
    }
    return s.text;
}

/* As many inputs as a recipe can have, each with all that it can say. */
static json_t *full_form(arena *mem, const char *letter, size_t length)
{
    json_t *form = form_with(mem, &(struct form_field){.name = "first", .kind = FORM_TEXT});
    for (int i = 0; i < 29; i++) {
        form_add(form, &(struct form_field){.name = arena_printf(mem, "field_number_%d", i),
                                            .label = arena_printf(mem, "field_number_%d", i),
                                            .kind = i < 10 ? FORM_CHOICE : FORM_TEXT,
                                            .required = true,
                                            .hint = filled(mem, letter, length),
                                            .sample = filled(mem, letter, length),
                                            .choices = many(mem, 20),
                                            .choices_count = 20});
    }
    return form;
}

static void test_a_form_of_much_goes_without_samples_and_hints(void **state)
{
    arena *mem = *state;
    static const char *const letters[] = {"h", "\xE3\x81\x82", "\xF0\x9F\x98\x80", "\""};
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        json_t *form = full_form(mem, letters[i], 200);
        json_t *body = json_member(card_in(mem, form), "body");
        size_t inputs = 0, k = 0;
        const json_t *item = NULL;
        json_array_foreach(body, k, item)
        {
            inputs += str_starts(json_text(item, "type"), "Input.");
        }
        assert_int_equal(inputs, 30);
    }
    json_t *small = full_form(mem, "h", 5);
    assert_non_null(strstr(json_write(mem, card_in(mem, small)), "hhhhh"));
}

/* More than a form holds is not cut: it is told what to do. */
static void test_what_no_form_holds(void **state)
{
    arena *mem = *state;
    json_t *form = form_with(mem, &(struct form_field){.name = "first", .kind = FORM_TEXT});
    for (int i = 0; i < 12; i++) {
        form_add(form, &(struct form_field){.name = arena_printf(mem, "n%d", i),
                                            .kind = FORM_LINES,
                                            .value = filled(mem, "x", 2900)});
    }
    json_t *answer = answer_of(mem, chat_teams_form_opened(mem, form));
    assert_at(mem, answer, "task.type", "'message'");
    assert_non_null(strstr(json_write(mem, answer), "Answer in our chat"));
}

/* --- answers --- */

static void test_errors_stand_at_their_fields(void **state)
{
    arena *mem = *state;
    json_t *form =
        form_with(mem, &(struct form_field){
                           .name = "amount", .kind = FORM_TEXT, .value = "old", .hint = "a hint"});
    form_add(form, &(struct form_field){.name = "close", .kind = FORM_DATE, .value = "2026-12-31"});
    form_fill(form, sample(mem, "{'amount':'[x](y)','close':null,'other':'z'}"));
    const struct form_answer a = {.errors = sample(mem, "{'amount':'That is **no** number.'}"),
                                  .again = form};
    json_t *answer = answer_of(mem, chat_teams_form_answer(mem, &a));
    json_t *body = json_at(answer, "task.value.card.content.body");
    assert_at(mem, body, "1.value", "'[x](y)'");
    assert_at(mem, body, "2.inlines",
              "[{'type':'TextRun','text':'That is **no** number.','color':'Attention'}]");
    assert_at(mem, body, "3.inlines.0.text", "'a hint'");
    assert_null(json_at(body, "4.value"));
    assert_at(mem, body, "4.id", "'in_close'");
}

static void test_what_follows(void **state)
{
    arena *mem = *state;
    assert_null(chat_teams_form_answer(mem, &(struct form_answer){.errors = NULL}));
    json_t *view = view_new(mem);
    view_text(view, "This command has run already.");
    json_t *answer =
        answer_of(mem, chat_teams_form_answer(mem, &(struct form_answer){.next = view}));
    assert_at(mem, answer, "task.value.title", "'Workbot'");
    assert_at(mem, answer, "task.value.card.content.body.0.inlines.0.text",
              "'This command has run already.'");
    assert_null(json_at(answer, "task.value.card.content.actions"));
    const struct form_answer wrong = {.errors = sample(mem, "{'text':'Too long.'}")};
    answer = answer_of(mem, chat_teams_form_answer(mem, &wrong));
    assert_at(mem, answer, "task", "{'type':'message','value':'Too long.'}");
    answer = answer_of(mem, chat_teams_form_opened(mem, NULL));
    assert_at(mem, answer, "task.type", "'message'");
}

/* What goes out comes back. */
static void test_there_and_back(void **state)
{
    arena *mem = *state;
    json_t *form = form_with(mem, &(struct form_field){.name = "name", .kind = FORM_TEXT});
    form_add(form, &(struct form_field){.name = "urgent", .kind = FORM_FLAG});
    form_add(form, &(struct form_field){.name = "loud", .kind = FORM_FLAG});
    form_add(form, &(struct form_field){.name = "close", .kind = FORM_DATE});
    json_t *data = json_deep_copy(json_at(card_in(mem, form), "actions.0.data"));
    json_object_update_new(
        data, json_pack("{s:s, s:s, s:s}", "in_name", "Acme", "in_urgent", "yes", "in_loud", "no"));
    json_t *activity = sample(mem, TEAMS_FORM);
    json_object_set_new(json_member(activity, "value"), "data", data);
    struct event ev = {0};
    struct err e = {0};
    assert_int_equal(
        teams_parse(mem, "teams_invoke", bytes_of(json_write(mem, activity)), NULL, &ev, &e), 0);
    assert_string_equal(ev.action, "inputs");
    assert_string_equal(ev.value, "run-1");
    assert_true(json_equal(ev.fields, sample(mem, "{'name':'Acme','close':null,'urgent':'yes',"
                                                  "'loud':null}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_module),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_many_lists),
        cmocka_unit_test(test_a_form_of_much_goes_without_samples_and_hints),
        cmocka_unit_test(test_what_no_form_holds),
        cmocka_unit_test(test_errors_stand_at_their_fields),
        cmocka_unit_test(test_what_follows),
        cmocka_unit_test(test_there_and_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

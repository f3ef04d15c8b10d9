/* What the door keeps of proven activities, under which keys, and what invokes are answered. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "service/chat/teams_int.h"
#include "tests/unit/chat/teams_help.h"

#define OTHER_TENANT "44444444-0000-0000-0000-00000000000b"
#define WORKING                                                                                    \
    "{\"statusCode\":200,\"type\":\"application/vnd.microsoft.activity.message\","                 \
    "\"value\":\"Working on it.\"}"

struct fixture {
    arena *mem;
    chats *c;
};

static int set_up(void **state)
{
    static const char *const tenants[] = {"44444444-0000-0000-0000-0000000000ff", TENANT_A};
    arena *mem = arena_new();
    struct fixture *f = arena_alloc(mem, sizeof *f);
    f->mem = mem;
    f->c = chats_new(mem, &(struct chat_settings){.teams_app_id = "x",
                                                  .teams_allowed_tenants = tenants,
                                                  .teams_allowed_tenants_count = 2});
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(((struct fixture *)*state)->mem);
    return 0;
}

static struct teams_activity read_of(struct fixture *f, struct bytes body)
{
    json_t *json = NULL;
    assert_int_equal(json_read(f->mem, body, &json, NULL), 0);
    return (struct teams_activity){.text = body, .json = json};
}

static struct teams_intake take(struct fixture *f, const char *sample, const char *path,
                                const char *changes)
{
    struct teams_intake in = {0};
    struct err e = {0};
    const struct teams_activity a = read_of(f, changed(f->mem, sample, path, changes));
    if (chat_teams_intake(f->c, f->mem, &a, &in, &e) != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
    assert_true(in.store == (in.why == NULL));
    assert_true(!in.store || (in.lane != NULL && in.workspace != NULL && in.keys[1] != NULL));
    return in;
}

static void expect_dropped(struct teams_intake in, const char *why)
{
    assert_false(in.store);
    assert_string_equal(in.why, why);
}

static void expect_fault(struct fixture *f, struct bytes body)
{
    struct teams_intake in = {.why = "untouched"};
    struct err e = {0};
    const struct teams_activity a = read_of(f, body);
    assert_int_equal(chat_teams_intake(f->c, f->mem, &a, &in, &e), -1);
    assert_string_equal(e.code, "teams_body");
    assert_int_equal(e.kind, ERR_INPUT);
    assert_string_equal(in.why, "untouched");
}

static void test_words(void **state)
{
    struct fixture *f = *state;
    struct teams_intake in = take(f, TEAMS_DM, "", "{}");
    assert_string_equal(in.workspace, "teams:" TENANT_A);
    assert_string_equal(in.job_kind, "teams_activity");
    assert_string_equal(in.lane, "user:" ANA);
    assert_false(in.invoke);
    assert_null(in.keys[0]);
    assert_null(in.answer);
    assert_int_equal(in.answers, TEAMS_ANSWER_EMPTY);
    assert_non_null(strstr((const char *)in.payload.data, "\"help\""));
    assert_true(take(f, TEAMS_MENTION, "", "{}").store);
}

static void teams_gotcha_03_unmentioned_words_stay_outside(void **state)
{
    struct fixture *f = *state;
    expect_dropped(take(f, TEAMS_MENTION, "", "{'entities':[]}"), "ignored");
    expect_dropped(take(f, TEAMS_MENTION, "entities.0.mentioned", "{'id':'28:another'}"),
                   "ignored");
}

static void teams_gotcha_04_who_and_where_is_said_or_not(void **state)
{
    struct fixture *f = *state;
    expect_dropped(take(f, TEAMS_DM, "from", "{'aadObjectId':'(absent)'}"), "no_person");
    expect_dropped(take(f, TEAMS_DM, "from", "{'aadObjectId':'not-a-guid'}"), "no_person");
    assert_true(take(f, TEAMS_DM, "", "{'channelData':'(absent)'}").store);
    assert_true(take(f, TEAMS_DM, "conversation", "{'tenantId':'(absent)'}").store);
    assert_true(take(f, TEAMS_DM, "conversation", "{'tenantId':null}").store);
    struct bytes neither = changed(f->mem, TEAMS_DM, "", "{'channelData':null}");
    struct teams_intake in =
        take(f, (const char *)neither.data, "conversation", "{'tenantId':'(absent)'}");
    expect_dropped(in, "no_tenant");
    expect_dropped(take(f, TEAMS_DM, "conversation", "{'tenantId':'" OTHER_TENANT "'}"),
                   "no_tenant");
    in = take(f, TEAMS_DM, "conversation", "{'tenantId':'44444444-0000-0000-0000-00000000000A'}");
    assert_string_equal(in.workspace, "teams:" TENANT_A);
}

static void test_other_organisations_are_dropped_without_a_word(void **state)
{
    struct fixture *f = *state;
    struct bytes dm = changed(f->mem, TEAMS_DM, "", "{'channelData':null}");
    struct teams_intake in =
        take(f, (const char *)dm.data, "conversation", "{'tenantId':'" OTHER_TENANT "'}");
    expect_dropped(in, "tenant");
    assert_int_equal(in.answers, TEAMS_ANSWER_EMPTY);
    struct bytes press = changed(f->mem, TEAMS_EXECUTE, "", "{'channelData':null}");
    in = take(f, (const char *)press.data, "conversation", "{'tenantId':'" OTHER_TENANT "'}");
    expect_dropped(in, "tenant");
    assert_null(in.answer);
}

static void teams_gotcha_24_edits_and_other_types_are_nothing(void **state)
{
    struct fixture *f = *state;
    static const char *const types[] = {"messageUpdate",    "messageDelete", "messageReaction",
                                        "typing",           "event",         "endOfConversation",
                                        "somethingBrandNew"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        expect_dropped(take(f, TEAMS_DM, "", arena_printf(f->mem, "{'type':'%s'}", types[i])),
                       "ignored");
    }
    expect_dropped(take(f, TEAMS_DM, "from", "{'id':'28:another-bot'}"), "ignored");
    expect_dropped(take(f, TEAMS_DM, "", "{'text':''}"), "ignored");
}

static bool same_by_a_key(const struct teams_intake *a, const struct teams_intake *b)
{
    for (size_t i = 0; i < 3; i++) {
        if (a->keys[i] != NULL && str_equal(a->keys[i], b->keys[i])) {
            return true;
        }
    }
    return false;
}

static void teams_gotcha_01_the_same_again_is_known(void **state)
{
    struct fixture *f = *state;
    struct teams_intake a = take(f, TEAMS_DM, "", "{}");
    struct teams_intake b = take(f, TEAMS_DM, "", "{'timestamp':'2026-09-01T10:00:15.123Z'}");
    assert_true(same_by_a_key(&a, &b));
    b = take(f, TEAMS_DM, "", "{'id':'1790000000999'}");
    assert_false(same_by_a_key(&a, &b));
    /* ids are of a conversation */
    b = take(f, TEAMS_DM, "conversation", "{'id':'a:another'}");
    assert_false(same_by_a_key(&a, &b));
    for (size_t i = 0; i < 3; i++) {
        assert_true(a.keys[i] == NULL || strlen(a.keys[i]) <= 80);
    }
}

static void teams_gotcha_01_a_press_comes_again_under_a_new_id(void **state)
{
    struct fixture *f = *state;
    struct teams_intake a = take(f, TEAMS_EXECUTE, "", "{}");
    struct teams_intake b = take(f, TEAMS_EXECUTE, "", "{'id':'f:2'}");
    assert_true(same_by_a_key(&a, &b));
    /* the same button by the other way of sending it */
    b = take(f, TEAMS_SUBMIT, "", "{}");
    assert_string_equal(b.job_kind, "teams_activity");
    assert_true(same_by_a_key(&a, &b));
    static const char *const others[] = {"{'t':'tok2'}", "{'n':4}"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct bytes press = changed(f->mem, TEAMS_EXECUTE, "value.action.data.wb", others[i]);
        b = take(f, (const char *)press.data, "", "{'id':'f:2'}");
        assert_false(same_by_a_key(&a, &b));
    }
    struct bytes bo = changed(f->mem, TEAMS_EXECUTE, "from",
                              "{'aadObjectId':'33333333-0000-0000-0000-00000000000b'}");
    b = take(f, (const char *)bo.data, "", "{'id':'f:2'}");
    assert_false(same_by_a_key(&a, &b));
    assert_string_equal(b.lane, "user:33333333-0000-0000-0000-00000000000b");
}

/* What no card of ours holds is no press of ours. */
static void test_presses_are_as_large_as_buttons(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *key;
        size_t max;
    } rows[] = {{"v", TEAMS_VALUE_MAX}, {"m", 64}, {"t", 64}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t more = 0; more < 2; more++) {
            char *text = arena_alloc(f->mem, rows[i].max + 2);
            memset(text, 'x', rows[i].max + more);
            struct teams_intake in = take(f, TEAMS_EXECUTE, "value.action.data.wb",
                                          arena_printf(f->mem, "{'%s':'%s'}", rows[i].key, text));
            assert_true((in.keys[1] != NULL) == (more == 0));
        }
    }
}

/* An id of dots would lead out of a path. */
static void test_ids_lead_nowhere_else(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {".", "..", "..;messageid=1", ".;x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_dropped(
            take(f, TEAMS_DM, "conversation", arena_printf(f->mem, "{'id':'%s'}", bad[i])),
            "ignored");
    }
    assert_true(take(f, TEAMS_DM, "conversation", "{'id':'a:..'}").store);
}

static void teams_gotcha_08_a_press_is_answered_and_kept(void **state)
{
    struct fixture *f = *state;
    struct teams_intake in =
        take(f, TEAMS_EXECUTE, "conversation", "{'conversationType':'personal'}");
    assert_true(in.store && in.invoke);
    assert_string_equal(in.job_kind, "teams_invoke");
    assert_string_equal(in.answer, WORKING);
    /* where others read, it is looked at first whose it is; what a job needs is there already */
    static const char *const places[] = {"{'conversationType':'channel'}",
                                         "{'conversationType':'groupChat'}",
                                         "{'conversationType':'(absent)'}"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        in = take(f, TEAMS_EXECUTE, "conversation", places[i]);
        expect_dropped(in, "press");
        assert_int_equal(in.answers, TEAMS_ANSWER_PRESS);
        assert_null(in.answer);
        assert_non_null(strstr(in.late, "did nothing"));
        assert_true(in.lane != NULL && in.keys[0] != NULL && in.keys[1] != NULL);
    }
}

static void teams_gotcha_08_values_that_are_texts_or_missing(void **state)
{
    struct fixture *f = *state;
    struct bytes good = changed(f->mem, TEAMS_EXECUTE, "", "{}");
    json_t *activity = NULL;
    struct err e = {0};
    assert_int_equal(json_read(f->mem, good, &activity, &e), 0);
    char *text = json_write(f->mem, json_member(activity, "value"));
    json_object_set_new(activity, "value", json_string(text));
    struct teams_intake in = {0};
    const struct teams_activity as_text = read_of(f, bytes_of(json_write(f->mem, activity)));
    assert_int_equal(chat_teams_intake(f->c, f->mem, &as_text, &in, &e), 0);
    assert_int_equal(in.answers, TEAMS_ANSWER_PRESS);
    static const char *const values[] = {"{'value':'(absent)'}",
                                         "{'value':null}",
                                         "{'value':7}",
                                         "{'value':[]}",
                                         "{'value':'no json'}",
                                         "{'value':{}}",
                                         "{'value':{'action':7}}",
                                         "{'value':{'trigger':'manual'}}"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        expect_fault(f, changed(f->mem, TEAMS_EXECUTE, "", values[i]));
        expect_fault(f, changed(f->mem, TEAMS_FORM, "", values[i]));
    }
}

static void teams_gotcha_10_automatic_refreshes_and_unknown_buttons_do_nothing(void **state)
{
    struct fixture *f = *state;
    struct teams_intake in = take(f, TEAMS_EXECUTE, "value", "{'trigger':'automatic'}");
    expect_dropped(in, "look");
    assert_int_equal(in.answers, TEAMS_ANSWER_LOOK);
    assert_non_null(in.late);
    in = take(f, TEAMS_EXECUTE, "value.action", "{'verb':'refresh'}");
    expect_dropped(in, "look");
    in = take(f, TEAMS_EXECUTE, "value.action", "{'data':{'other':1}}");
    expect_dropped(in, "ignored");
    assert_non_null(strstr(in.answer, "\"application/vnd.microsoft.error\""));
    in = take(f, TEAMS_EXECUTE, "from", "{'aadObjectId':null}");
    expect_dropped(in, "no_person");
    assert_non_null(strstr(in.answer, "activity.message"));
}

static void test_forms_are_for_a_worker(void **state)
{
    struct fixture *f = *state;
    struct teams_intake in = take(f, TEAMS_FORM, "", "{}");
    expect_dropped(in, "form");
    assert_int_equal(in.answers, TEAMS_ANSWER_AT_ONCE);
    assert_non_null(strstr(in.late, "{\"task\":{\"type\":\"message\""));
    in = take(f, TEAMS_FORM, "", "{'name':'task/fetch'}");
    assert_int_equal(in.answers, TEAMS_ANSWER_AT_ONCE);
    in = take(f, TEAMS_FORM, "value", "{'data':{'x':1}}");
    expect_dropped(in, "ignored");
    assert_int_equal(in.answers, TEAMS_ANSWER_EMPTY);
    assert_non_null(strstr(in.answer, "{\"task\":{\"type\":\"message\""));
}

static void teams_gotcha_08_unknown_invokes(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"'composeExtension/query'",
                                        "'fileConsent/invoke'",
                                        "'signin/tokenExchange'",
                                        "'tab/fetch'",
                                        "'ADAPTIVECARD/ACTION'",
                                        "''",
                                        "null",
                                        "7"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct teams_intake in =
            take(f, TEAMS_EXECUTE, "", arena_printf(f->mem, "{'name':%s}", names[i]));
        expect_dropped(in, "unknown_invoke");
        assert_int_equal(in.answers, TEAMS_ANSWER_UNKNOWN);
        assert_null(in.answer);
    }
}

static struct teams_intake state_of(struct fixture *f, const char *value)
{
    return take(f, TEAMS_EXECUTE, "",
                arena_printf(f->mem, "{'name':'signin/verifyState','value':%s}", value));
}

static void teams_gotcha_09_states_of_a_sign_in_window(void **state)
{
    struct fixture *f = *state;
    static const char *const states[] = {"'123456'", "'0123456789abcdef0123456789abcdef'",
                                         "'CancelledByUser'", "{'any':'thing'}", "''"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct teams_intake in = state_of(f, arena_printf(f->mem, "{'state':%s}", states[i]));
        expect_dropped(in, "code");
        assert_int_equal(in.answers, TEAMS_ANSWER_CODE);
        assert_null(in.answer);
        assert_null(in.late);
    }
    static const char *const done[] = {"'connected'", "{'result':'connected'}"};
    for (size_t i = 0; i < sizeof done / sizeof done[0]; i++) {
        struct teams_intake in = state_of(f, arena_printf(f->mem, "{'state':%s}", done[i]));
        expect_dropped(in, "ignored");
        assert_int_equal(in.answers, TEAMS_ANSWER_EMPTY);
    }
    struct bytes sent = changed(f->mem, TEAMS_EXECUTE, "",
                                "{'name':'signin/verifyState','value':{'state':'123456'}}");
    struct teams_intake nobody =
        take(f, (const char *)sent.data, "from", "{'aadObjectId':'(absent)'}");
    expect_dropped(nobody, "no_person");
    assert_int_equal(nobody.answers, TEAMS_ANSWER_NOBODY);
    expect_fault(
        f, changed(f->mem, TEAMS_EXECUTE, "", "{'name':'signin/verifyState','value':{'state':7}}"));
    expect_fault(f,
                 changed(f->mem, TEAMS_EXECUTE, "", "{'name':'signin/verifyState','value':null}"));
    struct teams_intake failed =
        take(f, TEAMS_EXECUTE, "", "{'name':'signin/failure','value':{'code':'x'}}");
    expect_dropped(failed, "ignored");
    assert_int_equal(failed.answers, TEAMS_ANSWER_EMPTY);
}

static void teams_gotcha_06_comings_and_goings_of_the_bot_are_kept(void **state)
{
    struct fixture *f = *state;
    struct teams_intake in = take(f, TEAMS_CHANGE, "", "{}");
    assert_true(in.store);
    assert_string_equal(in.lane, "channel");
    expect_dropped(
        take(f, TEAMS_CHANGE, "", "{'membersAdded':[{'id':'29:other','aadObjectId':'" ANA "'}]}"),
        "ignored");
    in = take(f, TEAMS_CHANGE, "",
              "{'membersAdded':[],'membersRemoved':[{'id':'29:o','aadObjectId':"
              "'33333333-0000-0000-0000-00000000000c'}]}");
    assert_string_equal(in.lane, "user:33333333-0000-0000-0000-00000000000c");
}

static void teams_gotcha_07_installations(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(take(f, TEAMS_INSTALL, "", "{}").lane, "channel");
    assert_true(take(f, TEAMS_INSTALL, "", "{'action':'REMOVE'}").store);
    assert_true(take(f, TEAMS_INSTALL, "from", "{'aadObjectId':'(absent)'}").store);
    expect_dropped(take(f, TEAMS_INSTALL, "", "{'action':'add-upgrade'}"), "ignored");
    expect_dropped(take(f, TEAMS_INSTALL, "", "{'action':'remove-upgrade'}"), "ignored");
    struct teams_intake in = take(f, TEAMS_INSTALL, "",
                                  "{'conversation':{'conversationType':'personal','id':'a:1',"
                                  "'tenantId':'" TENANT_A "'}}");
    assert_string_equal(in.lane, "user:" ANA);
}

static void test_what_is_no_object(void **state)
{
    struct fixture *f = *state;
    expect_dropped(take(f, "[]", "", "{}"), "no_tenant");
    expect_dropped(take(f, "'x'", "", "{}"), "no_tenant");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(teams_gotcha_03_unmentioned_words_stay_outside),
        cmocka_unit_test(teams_gotcha_04_who_and_where_is_said_or_not),
        cmocka_unit_test(test_other_organisations_are_dropped_without_a_word),
        cmocka_unit_test(teams_gotcha_24_edits_and_other_types_are_nothing),
        cmocka_unit_test(teams_gotcha_01_the_same_again_is_known),
        cmocka_unit_test(teams_gotcha_01_a_press_comes_again_under_a_new_id),
        cmocka_unit_test(test_presses_are_as_large_as_buttons),
        cmocka_unit_test(test_ids_lead_nowhere_else),
        cmocka_unit_test(teams_gotcha_08_a_press_is_answered_and_kept),
        cmocka_unit_test(teams_gotcha_08_values_that_are_texts_or_missing),
        cmocka_unit_test(teams_gotcha_10_automatic_refreshes_and_unknown_buttons_do_nothing),
        cmocka_unit_test(test_forms_are_for_a_worker),
        cmocka_unit_test(teams_gotcha_08_unknown_invokes),
        cmocka_unit_test(teams_gotcha_09_states_of_a_sign_in_window),
        cmocka_unit_test(teams_gotcha_06_comings_and_goings_of_the_bot_are_kept),
        cmocka_unit_test(teams_gotcha_07_installations),
        cmocka_unit_test(test_what_is_no_object),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

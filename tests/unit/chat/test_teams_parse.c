#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "service/chat/teams_int.h"
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

static struct event parse(arena *mem, const char *kind, struct bytes payload)
{
    struct event ev = {0};
    struct err e = {0};
    if (teams_parse(mem, kind, payload, TEAMS_BOT, &ev, &e) != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
    return ev;
}

static struct event activity(arena *mem, const char *text, const char *path, const char *changes)
{
    return parse(mem, "teams_activity", changed(mem, text, path, changes));
}

static struct event invoke(arena *mem, const char *text, const char *path, const char *changes)
{
    return parse(mem, "teams_invoke", changed(mem, text, path, changes));
}

#define assert_ignored(ev) assert_int_equal((ev).kind, EVENT_IGNORED)

/* --- words --- */

static void test_dm(void **state)
{
    struct event ev = activity(*state, TEAMS_DM, "", "{}");
    assert_int_equal(ev.kind, EVENT_TEXT);
    assert_int_equal(ev.surface, SURFACE_MESSAGE);
    assert_string_equal(ev.workspace, "teams:" TENANT_A);
    assert_string_equal(ev.user_id, ANA);
    assert_string_equal(ev.person_address, "29:1AbC-_x");
    assert_string_equal(ev.address, "https://smba.trafficmanager.net/emea/");
    assert_string_equal(ev.place.channel, "a:1xyz_-9");
    assert_true(ev.place.is_private);
    assert_false(ev.place.is_unsure);
    assert_null(ev.place.thread);
    assert_string_equal(ev.message_id, "1790000000123");
    assert_string_equal(ev.text, "help");
    assert_string_equal(ev.typed, "help");
    assert_int_equal(ev.at, 1788256800);
    assert_int_equal(ev.at_ms, 1788256800123);
}

static void test_mention(void **state)
{
    struct event ev = activity(*state, TEAMS_MENTION, "", "{}");
    assert_int_equal(ev.kind, EVENT_TEXT);
    assert_string_equal(ev.text, "help");
    assert_string_equal(ev.place.channel, "19:ops@thread.tacv2");
    assert_string_equal(ev.place.thread, "1790000000100");
    assert_false(ev.place.thread_is_new || ev.place.is_private || ev.place.is_group);
    assert_false(ev.place.is_external || ev.place.is_unsure);
    ev = activity(*state, TEAMS_MENTION, "", "{'id':'1790000000100'}");
    assert_true(ev.place.thread_is_new);
}

static void test_places(void **state)
{
    arena *mem = *state;
    struct event ev = activity(mem, TEAMS_MENTION, "conversation",
                               "{'conversationType':'groupChat','id':'19:g@thread.v2'}");
    assert_true(ev.place.is_group && ev.place.is_unsure && !ev.place.is_private);
    assert_null(ev.place.thread);
    ev = activity(mem, TEAMS_MENTION, "channelData.channel", "{'type':'Shared'}");
    assert_true(ev.place.is_external && !ev.place.is_unsure);
    ev = activity(mem, TEAMS_MENTION, "channelData.channel", "{'type':'(absent)'}");
    assert_true(ev.place.is_unsure);
    ev = activity(mem, TEAMS_MENTION, "channelData.channel", "{'type':'Private'}");
    assert_false(ev.place.is_unsure);
    ev = activity(mem, TEAMS_MENTION, "conversation", "{'conversationType':'(absent)'}");
    assert_true(ev.place.is_unsure && !ev.place.is_private);
}

static void test_teams_gotcha_03_unmentioned_words(void **state)
{
    arena *mem = *state;
    assert_ignored(activity(mem, TEAMS_MENTION, "", "{'entities':[]}"));
    assert_ignored(activity(mem, TEAMS_MENTION, "", "{'entities':null}"));
    assert_ignored(activity(mem, TEAMS_MENTION, "entities.0.mentioned", "{'id':'28:another'}"));
    assert_ignored(activity(mem, TEAMS_MENTION, "entities.0", "{'type':'clientInfo'}"));
    assert_ignored(activity(mem, TEAMS_DM, "conversation", "{'conversationType':'groupChat'}"));
    assert_ignored(activity(mem, TEAMS_DM, "conversation", "{'conversationType':'(absent)'}"));
}

static void test_targeted_words_are_answered_apart(void **state)
{
    struct event ev = activity(*state, TEAMS_MENTION, "recipient", "{'isTargeted':true}");
    assert_int_equal(ev.kind, EVENT_TEXT);
    assert_string_equal(ev.place.channel, "");
    assert_true(ev.place.is_private);
}

static void test_nobody_of_ours(void **state)
{
    arena *mem = *state;
    assert_ignored(activity(mem, TEAMS_DM, "from", "{'id':'" TEAMS_BOT "'}"));
    assert_ignored(activity(mem, TEAMS_DM, "from", "{'id':'28:another-bot'}"));
    assert_ignored(activity(mem, TEAMS_DM, "from", "{'role':'bot'}"));
    assert_ignored(activity(mem, TEAMS_DM, "", "{'text':''}"));
    assert_ignored(activity(mem, TEAMS_DM, "", "{'text':null}"));
    assert_ignored(activity(mem, TEAMS_DM, "", "{'text':'(absent)'}"));
    assert_ignored(activity(mem, TEAMS_DM, "", "{'conversation':null}"));
    assert_ignored(activity(mem, TEAMS_DM, "", "{'type':'messageReaction'}"));
    assert_ignored(activity(mem, TEAMS_DM, "", "{'type':'typing'}"));
    assert_ignored(activity(mem, TEAMS_DM, "", "{'type':7}"));
    assert_ignored(activity(mem, TEAMS_DM, "", "{'value':{'another':'card'},'text':''}"));
}

static void test_teams_gotcha_24_edits_are_no_commands(void **state)
{
    arena *mem = *state;
    assert_ignored(activity(mem, TEAMS_DM, "",
                            "{'type':'messageUpdate','channelData':{'eventType':'editMessage',"
                            "'tenant':{'id':'" TENANT_A "'}}}"));
    assert_ignored(activity(mem, TEAMS_DM, "", "{'type':'messageDelete'}"));
}

static void test_teams_gotcha_04_whose_activity(void **state)
{
    arena *mem = *state;
    struct event ev = activity(mem, TEAMS_DM, "", "{'channelData':'(absent)'}");
    assert_string_equal(ev.workspace, "teams:" TENANT_A);
    ev = activity(mem, TEAMS_DM, "conversation", "{'tenantId':'(absent)'}");
    assert_string_equal(ev.workspace, "teams:" TENANT_A);
    ev = activity(mem, TEAMS_DM, "conversation",
                  "{'tenantId':'44444444-0000-0000-0000-00000000000A'}");
    assert_string_equal(ev.workspace, "teams:" TENANT_A);
    assert_ignored(activity(mem, TEAMS_DM, "channelData.tenant",
                            "{'id':'44444444-0000-0000-0000-00000000000b'}"));
    assert_ignored(activity(mem, TEAMS_DM, "conversation", "{'tenantId':'common'}"));
    assert_ignored(activity(mem, TEAMS_DM, "from", "{'aadObjectId':'(absent)'}"));
    assert_ignored(activity(mem, TEAMS_DM, "from", "{'aadObjectId':'ana'}"));
    assert_ignored(activity(mem, TEAMS_DM, "from", "{'aadObjectId':7}"));
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        int64_t at_ms;
    } rows[] = {
        {"{'timestamp':'2026-09-01T10:00:00Z'}", 1788256800000},
        {"{'timestamp':'2026-09-01T12:00:00.1234567+02:00'}", 1788256800123},
        {"{'timestamp':'2026-09-01T04:30:00-05:30'}", 1788256800000},
        {"{'timestamp':'2026-09-01T10:00:00.9Z'}", 1788256800900},
        {"{'timestamp':'yesterday'}", 0},
        {"{'timestamp':1788256800}", 0},
        {"{'timestamp':'1800-09-01T10:00:00Z'}", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct event ev = activity(*state, TEAMS_DM, "", rows[i].text);
        assert_int_equal(ev.at_ms, rows[i].at_ms);
        assert_int_equal(ev.at, rows[i].at_ms / 1000);
    }
}

/* --- cards --- */

static void assert_pressed(const struct event *ev)
{
    assert_int_equal(ev->kind, EVENT_ACTION);
    assert_int_equal(ev->surface, SURFACE_MESSAGE);
    assert_string_equal(ev->user_id, ANA);
    assert_string_equal(ev->action, "disconnect");
    assert_string_equal(ev->value, "conn-1");
    assert_string_equal(ev->our_id, "msg-7");
    assert_string_equal(ev->message_id, "1790000000300");
}

static void test_buttons(void **state)
{
    arena *mem = *state;
    struct event ev = invoke(mem, TEAMS_EXECUTE, "", "{}");
    assert_pressed(&ev);
    assert_string_equal(ev.place.channel, "19:ops@thread.tacv2");
    assert_string_equal(ev.place.thread, "1790000000100");
    assert_null(ev.trigger_id);
    ev = activity(mem, TEAMS_SUBMIT, "", "{}");
    assert_pressed(&ev);
    assert_true(ev.place.is_private);
    /* messageBack comes with words of its own */
    ev = activity(mem, TEAMS_SUBMIT, "", "{'text':'Disconnect'}");
    assert_pressed(&ev);
    ev = activity(mem, TEAMS_SUBMIT, "",
                  "{'value':'{\\'wb\\':{\\'a\\':\\'disconnect\\',\\'v\\':\\'conn-1\\',"
                  "\\'m\\':\\'msg-7\\'}}'}");
    assert_pressed(&ev);
}

static void test_buttons_of_nobody(void **state)
{
    arena *mem = *state;
    assert_ignored(invoke(mem, TEAMS_EXECUTE, "from", "{'aadObjectId':'(absent)'}"));
    assert_ignored(invoke(mem, TEAMS_EXECUTE, "value.action", "{'data':null}"));
    assert_ignored(invoke(mem, TEAMS_EXECUTE, "value.action.data", "{'wb':'x'}"));
    assert_ignored(invoke(mem, TEAMS_EXECUTE, "value.action.data.wb", "{'a':'(absent)'}"));
    assert_ignored(invoke(mem, TEAMS_EXECUTE, "", "{'value':'no JSON'}"));
    assert_ignored(invoke(mem, TEAMS_EXECUTE, "", "{'value':'(absent)'}"));
    assert_ignored(invoke(mem, TEAMS_EXECUTE, "", "{'name':'composeExtension/query'}"));
    assert_ignored(invoke(mem, TEAMS_EXECUTE, "", "{'name':'(absent)'}"));
}

static void test_teams_gotcha_10_a_refresh_presses_nothing(void **state)
{
    arena *mem = *state;
    struct event ev = invoke(mem, TEAMS_EXECUTE, "value", "{'trigger':'automatic'}");
    assert_int_equal(ev.kind, EVENT_LOOK);
    assert_null(ev.action);
    ev = invoke(mem, TEAMS_EXECUTE, "value.action", "{'verb':'refresh'}");
    assert_int_equal(ev.kind, EVENT_LOOK);
    ev = invoke(mem, TEAMS_EXECUTE, "value",
                "{'action':{'verb':'refresh','data':{'wb':{'a':'refresh','m':'msg-9'}}}}");
    assert_int_equal(ev.kind, EVENT_LOOK);
    assert_string_equal(ev.our_id, "msg-9");
    /* of a card from before an upgrade: the bot says that it does nothing any more */
    ev = invoke(mem, TEAMS_EXECUTE, "value.action.data.wb", "{'a':'long_gone'}");
    assert_int_equal(ev.kind, EVENT_ACTION);
    assert_string_equal(ev.action, "long_gone");
}

static void test_a_button_that_opens_a_form(void **state)
{
    arena *mem = *state;
    struct event ev = parse(mem, "teams_invoke",
                            changed(mem, TEAMS_EXECUTE, "",
                                    "{'name':'task/fetch','value':{'data':{'wb':{'a':'resume',"
                                    "'v':'run-1','m':'msg-7'}},'context':{'theme':'dark'}}}"));
    assert_int_equal(ev.kind, EVENT_ACTION);
    assert_string_equal(ev.action, "resume");
    assert_string_equal(ev.value, "run-1");
    assert_null(ev.trigger_id);
}

static void test_forms(void **state)
{
    arena *mem = *state;
    struct event ev = invoke(mem, TEAMS_FORM, "", "{}");
    assert_int_equal(ev.kind, EVENT_SUBMIT);
    assert_int_equal(ev.surface, SURFACE_FORM);
    assert_string_equal(ev.action, "inputs");
    assert_string_equal(ev.value, "run-1");
    assert_string_equal(ev.place.channel, "");
    assert_true(ev.place.is_private);
    assert_true(
        json_equal(ev.fields, sample(mem, "{'name':'Acme','amount':null,'wb':'x','close':null}")));
    ev = invoke(mem, TEAMS_FORM, "value.data", "{'in_amount':1200.5,'in_close':true}");
    assert_true(json_equal(
        ev.fields, sample(mem, "{'name':'Acme','amount':'1200.5','wb':'x','close':'true'}")));
    assert_ignored(invoke(mem, TEAMS_FORM, "value.data.wb", "{'f':'(absent)'}"));
    assert_ignored(invoke(mem, TEAMS_FORM, "value.data.wb", "{'f':'use'}")); /* never drawn */
    ev = invoke(mem, TEAMS_FORM, "value.data.wb", "{'l':[7,null]}");
    assert_int_equal(json_object_size(ev.fields), 0);
}

static struct event window_event(arena *mem, const char *state)
{
    return invoke(mem, TEAMS_SUBMIT, "",
                  arena_printf(mem,
                               "{'type':'invoke','name':'signin/verifyState',"
                               "'value':{'state':%s}}",
                               state));
}

static void test_teams_gotcha_09_codes_of_a_window(void **state)
{
    static const struct {
        const char *state, *text;
    } rows[] = {
        {"'123456'", "123456"},
        {"'0123456789abcdef0123456789abcdef'", "0123456789abcdef0123456789abcdef"},
        {"'CancelledByUser'", ""},
        {"{'result':'123456'}", "123456"},
        {"{'time':1790000000,'x':'words','any':'0123456789abcdef0123456789abcdef'}",
         "0123456789abcdef0123456789abcdef"},
        {"{'result':'CancelledByUser'}", ""},
        {"{'result':'CancelledByUser','code':'123456'}", "123456"},
        {"{'deeper':{'code':'123456'}}", NULL},
        {"{}", NULL},
        {"['123456']", NULL},
        {"''", NULL},
        {"null", NULL},
        {"123456", NULL},
        {"'12 34'", NULL},
        {"'1234567'", NULL},
        {"'0123456789ABCDEF0123456789ABCDEF'", NULL},
        {"'0123456789abcdef0123456789abcdef0'", NULL},
        {"'salesforce create opportunity'", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct event ev = window_event(*state, rows[i].state);
        assert_int_equal(ev.kind, EVENT_CODE);
        if (rows[i].text == NULL) {
            assert_null(ev.text);
        } else {
            assert_string_equal(ev.text, rows[i].text);
        }
    }
}

static void test_a_file_without_words(void **state)
{
    arena *mem = *state;
    static const char *const files[] = {"{'contentType':'image/png'}",
                                        "{'contentType':'text/html'},{'contentType':'image/png'}"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *with = arena_printf(mem, "{'text':null,'attachments':[%s]}", files[i]);
        struct event ev = activity(mem, TEAMS_DM, "", with);
        assert_int_equal(ev.kind, EVENT_TEXT);
        assert_true(ev.has_file);
        assert_string_equal(ev.text, "");
    }
    static const char *const none[] = {"{'contentType':'text/html'}", "{'contentType':''}", "{}",
                                       "7", ""};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_ignored(activity(mem, TEAMS_DM, "",
                                arena_printf(mem, "{'text':null,'attachments':[%s]}", none[i])));
    }
    struct event ev = activity(mem, TEAMS_DM, "", "{'attachments':[{'contentType':'image/png'}]}");
    assert_false(ev.has_file);
}

/* --- life --- */

static void test_teams_gotcha_07_installations(void **state)
{
    arena *mem = *state;
    struct event ev = activity(mem, TEAMS_INSTALL, "", "{}");
    assert_int_equal(ev.kind, EVENT_JOINED);
    assert_string_equal(ev.place.channel, "19:ops@thread.tacv2");
    assert_string_equal(ev.user_id, ANA);
    assert_int_equal(activity(mem, TEAMS_INSTALL, "", "{'action':'ADD'}").kind, EVENT_JOINED);
    ev = activity(mem, TEAMS_INSTALL, "from", "{'aadObjectId':'(absent)'}");
    assert_int_equal(ev.kind, EVENT_JOINED);
    assert_null(ev.user_id);
    ev = activity(mem, TEAMS_INSTALL, "", "{'action':'Remove'}");
    assert_int_equal(ev.kind, EVENT_LEFT);
    assert_ignored(activity(mem, TEAMS_INSTALL, "", "{'action':'add-upgrade'}"));
    assert_ignored(activity(mem, TEAMS_INSTALL, "", "{'action':'Remove-Upgrade'}"));
    assert_ignored(activity(mem, TEAMS_INSTALL, "", "{'action':'(absent)'}"));
    ev = activity(mem, TEAMS_DM, "", "{'type':'installationUpdate','action':'remove'}");
    assert_int_equal(ev.kind, EVENT_LEFT);
    assert_true(ev.place.is_private);
    assert_string_equal(ev.user_id, ANA);
}

static void test_teams_gotcha_06_members(void **state)
{
    arena *mem = *state;
    assert_int_equal(activity(mem, TEAMS_CHANGE, "", "{}").kind, EVENT_JOINED);
    assert_int_equal(
        activity(mem, TEAMS_CHANGE, "", "{'membersAdded':[{'id':'" TEAMS_BOT "'}]}").kind,
        EVENT_JOINED);
    assert_ignored(activity(mem, TEAMS_CHANGE, "", "{'membersAdded':[{'id':'29:other'}]}"));
    assert_ignored(activity(mem, TEAMS_CHANGE, "", "{'membersAdded':'(absent)'}"));
    assert_ignored(activity(mem, TEAMS_CHANGE, "recipient", "{'id':'28:another'}"));
    struct event ev =
        activity(mem, TEAMS_CHANGE, "",
                 "{'membersAdded':'(absent)','membersRemoved':[{'id':'" TEAMS_BOT "'}]}");
    assert_int_equal(ev.kind, EVENT_LEFT);
    assert_string_equal(ev.place.channel, "19:ops@thread.tacv2");
    ev = activity(mem, TEAMS_CHANGE, "",
                  "{'membersAdded':'(absent)','membersRemoved':[{'id':'29:other',"
                  "'aadObjectId':'33333333-0000-0000-0000-00000000000B'}]}");
    assert_int_equal(ev.kind, EVENT_PERSON);
    assert_true(ev.person.partial);
    assert_string_equal(ev.user_id, "33333333-0000-0000-0000-00000000000b");
    assert_string_equal(ev.person_address, "29:other");
}

static void test_places_that_end(void **state)
{
    arena *mem = *state;
    struct event ev = activity(mem, TEAMS_CHANGE, "channelData", "{'eventType':'channeldeleted'}");
    assert_int_equal(ev.kind, EVENT_LEFT);
    assert_string_equal(ev.place.channel, "19:gone@thread.tacv2");
    ev = activity(mem, TEAMS_CHANGE, "channelData", "{'eventType':'teamDeleted','channel':null}");
    assert_string_equal(ev.place.channel, "19:ops@thread.tacv2");
    ev = activity(mem, TEAMS_CHANGE, "",
                  "{'membersAdded':'(absent)','channelData':{'eventType':'channelRenamed'}}");
    assert_ignored(ev);
}

static void test_broken_payloads(void **state)
{
    static const char *const broken[] = {"", "[]", "{", "null", "{\"a\":1,\"a\":2}"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct event ev = {0};
        struct err e = {0};
        assert_int_equal(teams_parse(*state, "teams_activity", bytes_of(broken[i]), NULL, &ev, &e),
                         -1);
        assert_int_equal(e.kind, ERR_INPUT);
        assert_string_equal(e.code, "teams_body");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dm),
        cmocka_unit_test(test_mention),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_teams_gotcha_03_unmentioned_words),
        cmocka_unit_test(test_targeted_words_are_answered_apart),
        cmocka_unit_test(test_nobody_of_ours),
        cmocka_unit_test(test_teams_gotcha_24_edits_are_no_commands),
        cmocka_unit_test(test_teams_gotcha_04_whose_activity),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_buttons),
        cmocka_unit_test(test_buttons_of_nobody),
        cmocka_unit_test(test_teams_gotcha_10_a_refresh_presses_nothing),
        cmocka_unit_test(test_a_button_that_opens_a_form),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_a_file_without_words),
        cmocka_unit_test(test_teams_gotcha_09_codes_of_a_window),
        cmocka_unit_test(test_teams_gotcha_07_installations),
        cmocka_unit_test(test_teams_gotcha_06_members),
        cmocka_unit_test(test_places_that_end),
        cmocka_unit_test(test_broken_payloads),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

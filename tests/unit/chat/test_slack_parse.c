#include <string.h>

#include "base/str.h"
#include "tests/unit/chat/chat_help.h"

struct fixture {
    arena *mem;
    chats *chats;
    const struct chat_driver *driver;
};

static int set_up(void **state)
{
    arena *mem = arena_new();
    struct fixture *f = arena_alloc(mem, sizeof *f);
    chats *on = chats_at_the_door(mem, SIGNING_SECRET);
    *f = (struct fixture){mem, on, chats_driver(on, "slack:T1")};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(((struct fixture *)*state)->mem);
    return 0;
}

static struct event parse(struct fixture *f, const char *kind, struct bytes payload)
{
    struct event ev = {0};
    struct err e = {0};
    if (f->driver->parse(f->mem, kind, payload, BOT_ID, &ev, &e) != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
    return ev;
}

static struct event dm(struct fixture *f, const char *path, const char *changes)
{
    return parse(f, "slack_event", changed(f->mem, SAMPLE_DM, path, changes));
}

static struct event mention(struct fixture *f, const char *path, const char *changes)
{
    return parse(f, "slack_event", changed(f->mem, SAMPLE_MENTION, path, changes));
}

static struct event click(struct fixture *f, const char *path, const char *changes)
{
    return parse(f, "slack_interaction", changed(f->mem, SAMPLE_CLICK, path, changes));
}

static void test_drivers(void **state)
{
    struct fixture *f = *state;
    chats *on = chats_at_the_door(f->mem, SIGNING_SECRET);
    assert_true(chats_slack_on(on));
    assert_string_equal(chats_driver(on, "slack:E1")->name, "slack");
    assert_null(chats_driver(on, "teams:1"));
    assert_null(chats_driver(on, "slack"));
    assert_null(chats_driver(on, NULL));
    struct chat_settings none = {0};
    chats *off = chats_new(f->mem, &none);
    assert_false(chats_slack_on(off));
    assert_null(chats_driver(off, "slack:T1"));
}

static void test_dm(void **state)
{
    struct fixture *f = *state;
    struct event ev = dm(f, "event", "{'text':'  name: a &amp; “b” '}");
    assert_int_equal(ev.kind, EVENT_TEXT);
    assert_string_equal(ev.workspace, "slack:T1");
    assert_string_equal(ev.user_id, "U1");
    assert_null(ev.user_team);
    assert_string_equal(ev.place.channel, "D1");
    assert_null(ev.place.thread);
    assert_false(ev.place.thread_is_new);
    assert_true(ev.place.is_private);
    assert_false(ev.place.is_external);
    assert_string_equal(ev.message_id, "1700000000.000100");
    assert_string_equal(ev.text, "name: a & “b”");
    assert_string_equal(ev.typed, "name: a & “b”");
    assert_null(ev.action);
    assert_true(secret_empty(ev.response_url));
    assert_int_equal(ev.at, 1700000000);
}

static void test_mention(void **state)
{
    struct fixture *f = *state;
    struct event ev = mention(f, "event", "{'text':'<@UBOT>: help “x”'}");
    assert_int_equal(ev.kind, EVENT_TEXT);
    assert_string_equal(ev.text, "help \"x\"");
    assert_string_equal(ev.typed, "help “x”");
    assert_string_equal(ev.user_team, "T1");
    assert_string_equal(ev.place.channel, "C1");
    assert_string_equal(ev.place.thread, "1700000001.000100");
    assert_false(ev.place.is_private);
    assert_string_equal(mention(f, "event", "{'text':'<@UBOT>'}").text, "");
}

static void test_threads(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(mention(f, "event", "{'thread_ts':'1690000000.5'}").place.thread,
                        "1690000000.5");
    assert_string_equal(dm(f, "event", "{'thread_ts':'1690000000.5'}").place.thread,
                        "1690000000.5");
    struct event group =
        dm(f, "event", "{'channel':'G1','channel_type':'mpim','text':'<@UBOT> help'}");
    assert_string_equal(group.place.thread, "1700000000.000100");
}

/* P8: only a one-to-one chat is private. */
static void test_private_places(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *type;
        bool is_private;
    } rows[] = {
        {"im", true}, {"mpim", false}, {"channel", false}, {"group", false}, {"app_home", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct event ev =
            dm(f, "event",
               arena_printf(f->mem, "{'channel_type':'%s','text':'<@UBOT> x'}", rows[i].type));
        assert_int_equal(ev.kind, EVENT_TEXT);
        assert_int_equal(ev.place.is_private, rows[i].is_private);
    }
    assert_false(mention(f, "event", "{'channel':'D1'}").place.is_private);
    assert_true(mention(f, "", "{'is_ext_shared_channel':true}").place.is_external);
}

static void test_whose_event(void **state)
{
    struct fixture *f = *state;
    struct event ev = dm(f, "event", "{'user':{'id':'U1','team_id':'T9'},'channel':{'id':'D1'}}");
    assert_string_equal(ev.user_id, "U1");
    assert_string_equal(ev.user_team, "T9");
    assert_string_equal(ev.place.channel, "D1");
    assert_string_equal(dm(f, "event", "{'user_team':'T7'}").user_team, "T7");
    assert_string_equal(dm(f, "", "{'team_id':'TFOREIGN'}").workspace, "slack:T1");
    assert_string_equal(dm(f, "", "{'authorizations':'(absent)'}").workspace, "slack:T1");
    assert_string_equal(dm(f, "authorizations.0",
                           "{'team_id':null,'enterprise_id':'E1','is_enterprise_install':true}")
                            .workspace,
                        "slack:E1");
    assert_int_equal(dm(f, "authorizations.0", "{'team_id':null}").kind, EVENT_IGNORED);
}

/* Where the door did not know our bot user, the stored one decides. */
static void test_own_words_are_ignored(void **state)
{
    struct fixture *f = *state;
    struct bytes own = changed(f->mem, SAMPLE_DM, "event", "{'user':'UBOT'}");
    assert_int_equal(parse(f, "slack_event", own).kind, EVENT_IGNORED);
    assert_int_equal(dm(f, "event", "{'bot_id':'B1'}").kind, EVENT_IGNORED);
    assert_int_equal(dm(f, "event", "{'edited':{'user':'U1'}}").kind, EVENT_IGNORED);
    assert_int_equal(dm(f, "event", "{'channel_type':'channel'}").kind, EVENT_IGNORED);
    assert_int_equal(dm(f, "", "{'event':null}").kind, EVENT_IGNORED);
}

static void test_times(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dm(f, "event", "{'ts':'1515449522000016'}").at, 1700000000);
    struct bytes both = changed(f->mem, SAMPLE_DM, "event", "{'ts':'1515449522000016'}");
    char *text = arena_strdup(f->mem, (const char *)both.data);
    char *time = strstr(text, "1700000000");
    while (time != NULL && !str_starts(time - 2, "\":")) {
        time = strstr(time + 1, "1700000000");
    }
    assert_non_null(time);
    memcpy(time, "9999999999", 10);
    assert_int_equal(parse(f, "slack_event", bytes_of(text)).at, 9999999999);
    assert_int_equal(dm(f, "", "{'event_time':1515449522000016}").at, 1700000000);
    struct bytes none = changed(
        f->mem, (const char *)changed(f->mem, SAMPLE_DM, "event", "{'ts':'1515449522000016'}").data,
        "", "{'event_time':1515449522000016}");
    assert_int_equal(parse(f, "slack_event", none).at, 0);
    assert_string_equal(parse(f, "slack_event", none).message_id, "1515449522000016");
}

static void test_click(void **state)
{
    struct fixture *f = *state;
    struct event ev = click(f, "", "{}");
    assert_int_equal(ev.kind, EVENT_ACTION);
    assert_string_equal(ev.workspace, "slack:T1");
    assert_string_equal(ev.user_id, "U1");
    assert_string_equal(ev.user_team, "T1");
    assert_string_equal(ev.action, "disconnect");
    assert_string_equal(ev.value, "conn-1");
    assert_string_equal(ev.message_id, "1700000002.000100");
    assert_string_equal(ev.place.channel, "D1");
    assert_null(ev.place.thread);
    assert_true(ev.place.is_private);
    assert_string_equal(secret_reveal(ev.response_url),
                        "https://hooks.slack.com/actions/T1/1/sample");
    assert_string_equal(ev.trigger_id, "13345224609.738474920.8088930838d88f008e0");
    assert_int_equal(ev.at, 1700000003);
    assert_null(ev.text);
}

static void test_clicks_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct event hidden = click(f, "container", "{'is_ephemeral':true}");
    assert_null(hidden.message_id);
    assert_null(hidden.our_id); /* "b1" is no name of ours */
    assert_string_equal(click(f, "actions.0", "{'block_id':'wb:0190-our-id:2'}").our_id,
                        "0190-our-id");
    assert_false(hidden.place.is_private);
    struct event bare = click(f, "", "{'message':'(absent)','channel':'(absent)'}");
    assert_string_equal(bare.message_id, "1700000002.000100");
    assert_string_equal(bare.place.channel, "D1");
    struct event home = click(f, "",
                              "{'message':'(absent)','channel':'(absent)',"
                              "'container':{'type':'view','view_id':'V1'},"
                              "'view':{'id':'V1','type':'home','hash':'1.a'},"
                              "'response_url':'(absent)','trigger_id':'(absent)'}");
    assert_int_equal(home.kind, EVENT_ACTION);
    assert_int_equal(home.surface, SURFACE_HOME);
    assert_string_equal(home.place.channel, "");
    assert_null(home.message_id);
    assert_true(secret_empty(home.response_url));
    assert_true(home.place.is_private);
    assert_string_equal(home.view_id, "V1");
    assert_string_equal(home.view_hash, "1.a");
    assert_int_equal(click(f, "", "{'view':{'id':'V1','type':'modal'}}").surface, SURFACE_FORM);
    struct event channel = click(f, "",
                                 "{'channel':{'id':'C1'},'message':{'ts':'5.1',"
                                 "'thread_ts':'4.1'}}");
    assert_false(channel.place.is_private);
    assert_string_equal(channel.place.thread, "4.1");
}

/* Who pressed is what Slack signed, never what a value says. */
static void test_the_one_who_pressed(void **state)
{
    struct fixture *f = *state;
    struct event ev = click(f, "user", "{'id':'UEVIL','team_id':'TFOREIGN'}");
    assert_string_equal(ev.user_id, "UEVIL");
    assert_string_equal(ev.user_team, "TFOREIGN");
    assert_string_equal(ev.workspace, "slack:T1");
    assert_true(ev.place.is_external);
    assert_string_equal(click(f, "actions.0", "{'value':'user:U2'}").user_id, "U1");
}

static void test_values(void **state)
{
    struct fixture *f = *state;
    struct event chosen = click(f, "actions.0",
                                "{'type':'static_select','value':'(absent)',"
                                "'selected_option':{'value':'v2'}}");
    assert_string_equal(chosen.value, "v2");
    assert_null(click(f, "actions.0", "{'value':'(absent)','selected_option':null}").value);
    assert_string_equal(click(f, "actions.0", "{'action_id':'wb:open_login'}").action,
                        "open_login");
    assert_string_equal(click(f, "actions.0", "{'action_id':'wb:'}").action, "");
    assert_int_equal(click(f, "actions.0", "{'action_id':'other'}").kind, EVENT_IGNORED);
    assert_int_equal(click(f, "", "{'type':'view_submission'}").kind, EVENT_IGNORED);
    assert_int_equal(click(f, "", "{'team':null}").kind, EVENT_IGNORED);
    assert_string_equal(
        click(f, "", "{'team':null,'enterprise':{'id':'E1'},'is_enterprise_install':true}")
            .workspace,
        "slack:E1");
}

static struct event slash(struct fixture *f, const char *changes)
{
    static const char typed[] = "{'team_id':'T1','enterprise_id':'E1','is_enterprise_install':"
                                "'false','user_id':'U1','channel_id':'D7','text':'help',"
                                "'response_url':'https://hooks.slack.com/commands/T1/1/x',"
                                "'trigger_id':'1.2.ab'}";
    return parse(f, "slack_command", changed(f->mem, typed, "", changes));
}

/* The same decoder as for messages, and no D... is taken for the one with the bot. */
static void test_commands(void **state)
{
    struct fixture *f = *state;
    struct event ev = slash(f, "{'text':' get “x” for <@U2|bo>   in <#C1|deals> &amp; '}");
    assert_int_equal(ev.kind, EVENT_TEXT);
    assert_int_equal(ev.surface, SURFACE_COMMAND);
    assert_string_equal(ev.workspace, "slack:T1");
    assert_string_equal(ev.user_id, "U1");
    assert_string_equal(ev.place.channel, "D7");
    assert_null(ev.place.thread);
    assert_null(ev.message_id);
    assert_false(ev.place.is_private);
    assert_string_equal(ev.text, "get \"x\" for @U2   in #deals &");
    assert_string_equal(secret_reveal(ev.response_url), "https://hooks.slack.com/commands/T1/1/x");
    assert_string_equal(ev.trigger_id, "1.2.ab");
    assert_int_equal(ev.at, 0);
    assert_string_equal(slash(f, "{'text':''}").text, "");
    assert_string_equal(slash(f, "{'text':'(absent)'}").text, "");
    assert_string_equal(slash(f, "{'is_enterprise_install':'true'}").workspace, "slack:E1");
    assert_int_equal(slash(f, "{'user_id':'(absent)'}").kind, EVENT_IGNORED);
}

static void test_shortcuts(void **state)
{
    struct fixture *f = *state;
    struct event ev = click(f, "",
                            "{'type':'shortcut','callback_id':'wb_connections','actions':"
                            "'(absent)','channel':'(absent)','container':'(absent)',"
                            "'message':'(absent)','action_ts':'1700000009.1'}");
    assert_int_equal(ev.kind, EVENT_SHORTCUT);
    assert_int_equal(ev.surface, SURFACE_SHORTCUT);
    assert_string_equal(ev.action, "connections");
    assert_string_equal(ev.place.channel, "");
    assert_true(ev.place.is_private);
    assert_int_equal(ev.at, 1700000009);
    ev = click(f, "",
               "{'type':'message_action','callback_id':'wb_use','channel':{'id':'C1'},"
               "'message_ts':'5.1','message':{'ts':'5.1','thread_ts':'4.1','text':'a &lt; b'}}");
    assert_int_equal(ev.kind, EVENT_SHORTCUT);
    assert_string_equal(ev.action, "use");
    assert_string_equal(ev.text, "a < b");
    assert_string_equal(ev.place.channel, "C1");
    assert_string_equal(ev.place.thread, "4.1");
    assert_string_equal(ev.message_id, "5.1");
    assert_false(ev.place.is_private);
    assert_int_equal(click(f, "", "{'type':'shortcut','callback_id':'x'}").kind, EVENT_IGNORED);
}

static void test_forms(void **state)
{
    struct fixture *f = *state;
    struct event ev =
        click(f, "",
              "{'type':'view_submission','actions':'(absent)','view':{'id':'V1','hash':'1.a',"
              "'callback_id':'wb:inputs','private_metadata':'run-1','state':{'values':{"
              "'name':{'wb:in':{'type':'plain_text_input','value':'Acme'}},"
              "'amount:2':{'wb:in':{'type':'number_input','value':null}},"
              "'stage':{'wb:in':{'type':'static_select','selected_option':{'value':'won'}}},"
              "'none':{'wb:in':{'type':'static_select','selected_option':null}},"
              "'close':{'wb:in':{'type':'datepicker','selected_date':'2026-12-31'}},"
              "'flag':{'wb:in':{'type':'checkboxes','selected_options':[{'value':'true'}]}},"
              "'off':{'wb:in':{'type':'checkboxes','selected_options':[]}}}}}}");
    assert_int_equal(ev.kind, EVENT_SUBMIT);
    assert_string_equal(ev.action, "inputs");
    assert_string_equal(ev.value, "run-1");
    assert_string_equal(ev.view_id, "V1");
    assert_true(json_equal(ev.fields, sample(f->mem, "{'name':'Acme','amount':null,'stage':'won',"
                                                     "'none':null,'close':'2026-12-31',"
                                                     "'flag':'true','off':null}")));
    assert_int_equal(
        click(f, "", "{'type':'view_submission','view':{'id':'V1','callback_id':'x'}}").kind,
        EVENT_IGNORED);
}

static void test_life(void **state)
{
    struct fixture *f = *state;
    struct event ev = dm(f, "event", "{'type':'app_home_opened','tab':'home'}");
    assert_int_equal(ev.kind, EVENT_HOME);
    assert_string_equal(ev.place.channel, "D1");
    ev = dm(f, "event",
            "{'type':'user_change','user':{'id':'U1','deleted':true,'team_id':'T1','name':'ana'}}");
    assert_int_equal(ev.kind, EVENT_PERSON);
    assert_true(ev.person.deactivated);
    assert_false(ev.person.stranger);
    assert_string_equal(ev.person.name, "ana");
    ev = dm(f, "event",
            "{'type':'member_joined_channel','user':'UBOT','channel':'C1',"
            "'inviter':'U1'}");
    assert_int_equal(ev.kind, EVENT_JOINED);
    assert_string_equal(ev.user_id, "U1");
    assert_string_equal(ev.place.channel, "C1");
    assert_int_equal(dm(f, "event", "{'type':'member_joined_channel','user':'U1'}").kind,
                     EVENT_IGNORED);
    ev =
        dm(f, "event", "{'type':'channel_id_changed','old_channel_id':'G1','new_channel_id':'C1'}");
    assert_int_equal(ev.kind, EVENT_CHANNEL);
    assert_string_equal(ev.channel_was, "G1");
    assert_string_equal(ev.place.channel, "C1");
    ev = dm(f, "event", "{'type':'team_access_revoked','team_ids':['T1','T 2',7,'T3']}");
    assert_int_equal(ev.kind, EVENT_INSTALL);
    assert_string_equal(ev.action, "access_revoked");
    assert_int_equal(ev.teams_count, 2);
    assert_string_equal(ev.teams[1], "slack:T3");
    assert_null(ev.user_id);
    assert_int_equal(ev.at, 1700000000);
    assert_string_equal(dm(f, "event", "{'type':'tokens_revoked'}").action, "tokens_revoked");
    assert_string_equal(dm(f, "event", "{'type':'app_uninstalled'}").action, "uninstalled");
}

static void test_broken_payloads(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"", "[]", "{", "7"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct event ev = {0};
        struct err e = {0};
        assert_int_equal(f->driver->parse(f->mem, "slack_event", bytes_of(bad[i]), BOT_ID, &ev, &e),
                         -1);
        assert_int_equal(e.kind, ERR_INPUT);
        assert_string_equal(e.code, "slack_body");
    }
}

static void test_links(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(f->driver->link(f->chats, f->mem, "slack:T1", "D1"),
                        "https://slack.com/app_redirect?channel=D1&team=T1");
    assert_string_equal(f->driver->link(f->chats, f->mem, "slack:E1", "D&1"),
                        "https://slack.com/app_redirect?channel=D%261");
    assert_null(f->driver->link(f->chats, f->mem, "slack:T1", NULL));
    assert_null(f->driver->link(f->chats, f->mem, "teams:1", "D1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drivers),
        cmocka_unit_test(test_dm),
        cmocka_unit_test(test_mention),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_private_places),
        cmocka_unit_test(test_whose_event),
        cmocka_unit_test(test_own_words_are_ignored),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_click),
        cmocka_unit_test(test_clicks_elsewhere),
        cmocka_unit_test(test_the_one_who_pressed),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_shortcuts),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_broken_payloads),
        cmocka_unit_test(test_links),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "tests/unit/chat/chat_help.h"

static struct slack_intake take(struct door *f, enum slack_route route, struct bytes body)
{
    struct slack_intake in = {0};
    struct err e = {0};
    if (chat_slack_intake(f->c, f->mem, route, body, &in, &e) != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
    return in;
}

static void expect_fault(struct door *f, enum slack_route route, struct bytes body,
                         const char *code)
{
    struct slack_intake in = {.why = "untouched"};
    struct err e = {0};
    assert_int_equal(chat_slack_intake(f->c, f->mem, route, body, &in, &e), -1);
    assert_string_equal(e.code, code);
    assert_int_equal(e.kind, str_equal(code, "slack_app") ? ERR_FORBIDDEN : ERR_INPUT);
    assert_string_equal(in.why, "untouched");
}

static struct slack_intake dm(struct door *f, const char *path, const char *changes)
{
    return take(f, SLACK_EVENTS, changed(f->mem, SAMPLE_DM, path, changes));
}

static struct slack_intake click(struct door *f, const char *path, const char *changes)
{
    return take(f, SLACK_INTERACTIONS,
                as_form(f->mem, changed(f->mem, SAMPLE_CLICK, path, changes)));
}

static void expect_dropped(struct slack_intake in, const char *why)
{
    assert_false(in.store);
    assert_string_equal(in.why, why);
    assert_null(in.workspace);
    assert_null(in.payload.data);
}

static void test_url_verification(void **state)
{
    struct door *f = *state;
    struct slack_intake in =
        take(f, SLACK_EVENTS,
             bytes_of("{\"token\":\"x\",\"challenge\":\"abc123\",\"type\":\"url_verification\"}"));
    expect_dropped(in, "challenge");
    assert_string_equal(in.content_type, "text/plain");
    assert_string_equal(in.answer, "abc123");
    expect_fault(f, SLACK_EVENTS, bytes_of("{\"type\":\"url_verification\"}"), "slack_body");
    expect_fault(f, SLACK_EVENTS, bytes_of("{\"type\":\"url_verification\",\"challenge\":7}"),
                 "slack_body");
}

static void test_dm_is_stored_with_all_keys(void **state)
{
    struct door *f = *state;
    struct bytes body = changed(f->mem, SAMPLE_DM, "", "{}");
    struct slack_intake in = take(f, SLACK_EVENTS, body);
    assert_true(in.store);
    assert_false(in.urgent);
    assert_null(in.answer);
    assert_string_equal(in.workspace, "slack:T1");
    assert_string_equal(in.job_kind, "slack_event");
    assert_string_equal(in.lane, "user:U1");
    assert_string_equal(in.keys[0], "ev:Ev1");
    assert_string_equal(in.keys[1], "msg:D1:1700000000.000100");
    assert_string_equal(in.keys[2], "cmid:U1:c-1");
    assert_ptr_equal(in.payload.data, body.data); /* no copy on the HTTP thread */
    assert_int_equal(in.payload.len, body.len);
}

static void test_missing_ids_leave_their_key_out(void **state)
{
    struct door *f = *state;
    assert_null(dm(f, "", "{'event_id':'(absent)'}").keys[0]);
    assert_null(dm(f, "event", "{'client_msg_id':'(absent)'}").keys[2]);
    assert_null(dm(f, "event", "{'client_msg_id':'a b'}").keys[2]);
}

/* Another event id for the same message still shares a key. */
static void test_mention_and_message_share_a_key(void **state)
{
    struct door *f = *state;
    struct slack_intake a = take(f, SLACK_EVENTS, changed(f->mem, SAMPLE_MENTION, "", "{}"));
    struct slack_intake b = take(
        f, SLACK_EVENTS,
        changed(f->mem, SAMPLE_MENTION, "event", "{'type':'message','channel_type':'channel'}"));
    assert_true(a.store && b.store);
    assert_string_equal(a.keys[1], b.keys[1]);
}

static void test_workspace_of_events(void **state)
{
    struct door *f = *state;
    static const struct {
        const char *path, *changes, *workspace;
    } rows[] = {
        {"", "{'team_id':'TFOREIGN','enterprise_id':'EFOREIGN'}", "slack:T1"},
        {"", "{'authorizations':'(absent)'}", "slack:T1"},
        {"", "{'authorizations':[]}", "slack:T1"},
        {"", "{'authorizations':null,'team_id':null,'enterprise_id':'E1'}", "slack:E1"},
        {"authorizations.0", "{'team_id':null,'enterprise_id':'E1','is_enterprise_install':true}",
         "slack:E1"},
        {"authorizations.0", "{'enterprise_id':'E1','is_enterprise_install':true}", "slack:E1"},
        {"authorizations.0", "{'enterprise_id':'E1','is_enterprise_install':'true'}", "slack:E1"},
        {"authorizations.0", "{'enterprise_id':'E1','is_enterprise_install':'false'}", "slack:T1"},
        {"authorizations.0", "{'enterprise_id':'E1','is_enterprise_install':false}", "slack:T1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slack_intake in = dm(f, rows[i].path, rows[i].changes);
        assert_true(in.store);
        assert_string_equal(in.workspace, rows[i].workspace);
    }
}

/* Where an authorization stands, a foreign outer team selects nothing. */
static void test_foreign_team_is_no_way_out(void **state)
{
    struct door *f = *state;
    expect_dropped(dm(f, "authorizations.0", "{'team_id':null}"), "no_workspace");
    expect_dropped(dm(f, "authorizations.0", "{'is_enterprise_install':true}"), "no_workspace");
    expect_dropped(dm(f, "authorizations.0", "{'team_id':'T1 or 1=1'}"), "no_workspace");
    expect_dropped(dm(f, "", "{'authorizations':[7]}"), "no_workspace");
}

/* Own and other bots' words, edits, joins, previews, broken shapes. */
static void test_ignored_at_the_door(void **state)
{
    struct door *f = *state;
    static const char *const changes[] = {
        "{'subtype':'bot_message'}",
        "{'subtype':'message_changed','user':'(absent)','message':{'user':'U1','text':'x'}}",
        "{'subtype':'message_deleted','deleted_ts':'1.2'}",
        "{'subtype':'channel_join'}",
        "{'subtype':'me_message'}",
        "{'subtype':7}",
        "{'bot_id':'B1'}",
        "{'bot_id':'B1','user':'UBOT'}",
        "{'user':'UBOT'}",
        "{'user':'(absent)'}",
        "{'user':null}",
        "{'user':['U1']}",
        "{'hidden':true}",
        "{'edited':{'user':'U1','ts':'1700000009.000100'}}",
        "{'text':''}",
        "{'text':'(absent)'}",
        "{'channel':'(absent)'}",
        "{'ts':'(absent)'}",
        "{'ts':1700000000.0001}",
        "{'type':'app_home_opened','tab':'messages'}",
        "{'type':'app_home_opened','tab':'home','user':null}",
        "{'type':'user_change'}",
        "{'type':'user_change','user':{'id':'U1','is_bot':true}}",
        "{'type':'tokens_revoked'}",
        "{'type':'tokens_revoked','tokens':{'oauth':['U1']}}",
        "{'type':'tokens_revoked','tokens':{'bot':[]}}",
        "{'type':'channel_id_changed','old_channel_id':'G1'}",
        "{'type':'member_joined_channel','user':'U1'}",
        "{'type':'link_shared'}",
        "{'type':'(absent)'}",
        "{'channel_type':'channel'}",
        "{'channel_type':'mpim'}",
        "{'channel_type':'(absent)'}",
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct slack_intake in = dm(f, "event", changes[i]);
        if (in.store) {
            fail_msg("stored: %s", changes[i]);
        }
        expect_dropped(in, "ignored");
        assert_null(in.answer);
    }
    expect_dropped(dm(f, "", "{'event':'(absent)'}"), "ignored");
    expect_dropped(dm(f, "", "{'event':[]}"), "ignored");
    expect_dropped(dm(f, "", "{'type':'something_new'}"), "ignored");
    expect_dropped(dm(f, "", "{'type':null}"), "ignored");
    expect_dropped(dm(f, "", "{'type':'app_rate_limited','minute_rate_limited':1518467820}"),
                   "rate_limited");
}

static void test_kept_at_the_door(void **state)
{
    struct door *f = *state;
    static const char *const changes[] = {
        "{'subtype':null,'bot_id':null,'edited':null,'hidden':false}",
        "{'subtype':'file_share','files':[]}",
        "{'subtype':'thread_broadcast','thread_ts':'1.1'}",
        "{'user':{'id':'U1','team_id':'T1'}}",
        "{'channel':{'id':'D1'}}",
        "{'channel_type':'app_home'}",
        "{'channel_type':'mpim','text':'<@UBOT|workbot> help'}",
        "{'channel_type':'channel','text':'please <@UBOT> help'}",
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct slack_intake in = dm(f, "event", changes[i]);
        assert_true(in.store);
        assert_string_equal(in.keys[1], "msg:D1:1700000000.000100");
        assert_string_equal(in.lane, "user:U1");
    }
}

static void test_malformed_events(void **state)
{
    struct door *f = *state;
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "7",
                                      "\"x\"",
                                      "null",
                                      "{\"type\":\"\xff\"}",
                                      "{\"type\":\"a\",\"type\":\"b\"}",
                                      "payload=%7B%7D",
                                      "{\"api_app_id\":7}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_fault(f, SLACK_EVENTS, bytes_of(bad[i]), "slack_body");
    }
    struct str deep = str_new(f->mem, 100000);
    for (int i = 0; i < 50000; i++) {
        str_add_char(&deep, '[');
    }
    expect_fault(f, SLACK_EVENTS, bytes_of(deep.text), "slack_body");
}

static void test_another_app_is_refused_everywhere(void **state)
{
    struct door *f = *state;
    const char *other = "{'api_app_id':'A0OTHER'}";
    expect_fault(f, SLACK_EVENTS, changed(f->mem, SAMPLE_DM, "", other), "slack_app");
    expect_fault(f, SLACK_INTERACTIONS, as_form(f->mem, changed(f->mem, SAMPLE_CLICK, "", other)),
                 "slack_app");
    expect_fault(f, SLACK_COMMANDS, bytes_of("command=%2Fworkbot&api_app_id=A0OTHER"), "slack_app");
    assert_true(dm(f, "", "{'api_app_id':'(absent)'}").store);
    assert_true(dm(f, "", "{'api_app_id':null}").store);
}

static void test_click_is_stored(void **state)
{
    struct door *f = *state;
    struct slack_intake in = click(f, "", "{}");
    assert_true(in.store);
    assert_true(in.urgent);
    assert_string_equal(in.workspace, "slack:T1");
    assert_string_equal(in.job_kind, "slack_interaction");
    assert_string_equal(in.lane, "user:U1");
    assert_string_equal(in.keys[0], "act:U1:1700000003.840180:wb:disconnect:3");
    assert_null(in.keys[1]);
    assert_null(in.keys[2]);
    json_t *stored = NULL;
    assert_int_equal(json_read(f->mem, in.payload, &stored, NULL), 0);
    assert_true(json_equal(stored, sample(f->mem, SAMPLE_CLICK)));
}

static void test_url_button_is_stored(void **state)
{
    struct door *f = *state;
    assert_true(
        click(f, "actions.0", "{'value':'(absent)','url':'https://bot.example/login/x'}").store);
}

static void test_workspace_of_clicks(void **state)
{
    struct door *f = *state;
    static const struct {
        const char *changes, *workspace;
    } rows[] = {
        {"{'team':null,'enterprise':{'id':'E1'},'is_enterprise_install':true}", "slack:E1"},
        {"{'team':null,'enterprise':{'id':'E1'},'is_enterprise_install':'true'}", "slack:E1"},
        {"{'team':{'id':'T1','enterprise_id':'E1'},'is_enterprise_install':true}", "slack:E1"},
        {"{'enterprise':{'id':'E1'},'is_enterprise_install':false}", "slack:T1"},
        {"{'enterprise':{'id':'E1'},'is_enterprise_install':'false'}", "slack:T1"},
        {"{'user':{'id':'U1','team_id':'TFOREIGN'}}", "slack:T1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(click(f, "", rows[i].changes).workspace, rows[i].workspace);
    }
    /* a person's own team is no tenant key */
    expect_dropped(click(f, "", "{'team':null}"), "no_workspace");
    expect_dropped(click(f, "", "{'is_enterprise_install':true}"), "no_workspace");
}

static void test_ignored_interactions(void **state)
{
    struct door *f = *state;
    static const char *const changes[] = {
        "{'type':'view_submission'}",
        "{'type':'view_submission','view':{'id':'V1','callback_id':'other'}}",
        "{'type':'view_submission','view':{'callback_id':'wb:inputs'}}",
        "{'type':'view_closed'}",
        "{'type':'shortcut'}",
        "{'type':'shortcut','callback_id':'other'}",
        "{'type':'shortcut','callback_id':'wb_use'}",
        "{'type':'shortcut','callback_id':'wb_connections','trigger_id':null}",
        "{'type':'message_action'}",
        "{'type':'message_action','callback_id':'wb_connections'}",
        "{'type':'(absent)'}",
        "{'actions':[]}",
        "{'actions':'(absent)'}",
        "{'user':'(absent)'}",
        "{'actions':[{'action_id':'x'}]}",
        "{'actions':[{'action_id':'wb:x:1'}]}",
        "{'actions':{'action_id':'wb:x:1'}}",
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        expect_dropped(click(f, "", changes[i]), "ignored");
    }
}

/* Fields given twice, broken escapes, NUL, what is no object. */
static void test_form_decoding(void **state)
{
    struct door *f = *state;
    static const char *const bad[] = {
        "",
        "payload",
        "payload=",
        "payload=%7B",
        "payload=%7B%7",
        "payload=%zz",
        "payload=%00",
        "payload=%7B%7D%00",
        "payload=%7B%22type%22%3A%22%FF%22%7D",
        "payload=[]",
        "payload=7",
        "payload=%22x%22",
        "payload=%7B%7D&payload=%7B%7D",
        "payload=%7B%7D&p%61yload=%7B%7D",
        "other=%7B%7D",
        "payloads=%7B%7D",
        "Payload=%7B%7D",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_fault(f, SLACK_INTERACTIONS, bytes_of(bad[i]), "slack_body");
    }
    expect_dropped(take(f, SLACK_INTERACTIONS, bytes_of("a=1&payload=%7B%7D&b=%zz")), "ignored");
    struct slack_intake plus =
        take(f, SLACK_INTERACTIONS,
             as_form(f->mem, changed(f->mem, SAMPLE_CLICK, "actions.0", "{'value':'a+b c'}")));
    assert_non_null(memmem(plus.payload.data, plus.payload.len, "a+b c", 5));
    char *with_plus = (char *)(uintptr_t)as_form(
                          f->mem, changed(f->mem, SAMPLE_CLICK, "actions.0", "{'value':'a b'}"))
                          .data;
    char *space = strstr(with_plus, "a%20b");
    assert_non_null(space);
    memcpy(space, "a++++b", 5); /* five plus signs' worth of "a%20b" */
    assert_true(take(f, SLACK_INTERACTIONS, bytes_of(with_plus)).store);
}

/* Nothing of such a body is looked at. */
static void test_ssl_check(void **state)
{
    struct door *f = *state;
    static const struct {
        const char *body;
        bool is_check;
    } rows[] = {
        {"ssl_check=1&token=x", true},
        {"token=x&ssl_check=1", true},
        {"ssl_check=1&payload=%7B%22type%22%3A%22block_actions%22%7D", true},
        {"ssl_check=1&api_app_id=A0OTHER&command=%2Fworkbot", true},
        {"ssl_check=0", false},
        {"ssl_check=true", false},
        {"ssl_check=11", false},
        {"ssl_check=", false},
        {"ssl_check", false},
        {"ssl_check=1&ssl_check=0", false},
        {"xssl_check=1", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes body = bytes_of(rows[i].body);
        assert_int_equal(chat_slack_is_ssl_check(f->mem, body), rows[i].is_check);
        struct slack_intake in = {0};
        if (rows[i].is_check) {
            in = take(f, SLACK_COMMANDS, body);
            expect_dropped(in, "ssl_check");
            assert_null(in.answer);
        } else if (chat_slack_intake(f->c, f->mem, SLACK_COMMANDS, body, &in, NULL) == 0) {
            expect_dropped(in, "ignored");
        }
    }
    /* on the other routes it means nothing */
    expect_fault(f, SLACK_INTERACTIONS, bytes_of("ssl_check=1"), "slack_body");
}

/* Nobody typed these, and still they matter. */
static void test_life_is_kept(void **state)
{
    struct door *f = *state;
    static const struct {
        const char *changes, *lane;
    } rows[] = {
        {"{'type':'app_home_opened','tab':'home'}", "user:U1"},
        {"{'type':'app_home_opened','tab':'(absent)'}", "user:U1"},
        {"{'type':'user_change','user':{'id':'U1','deleted':true}}", "user:U1"},
        {"{'type':'team_join','user':{'id':'U1'}}", "user:U1"},
        {"{'type':'member_joined_channel','user':'UBOT','channel':'C1'}", "channel"},
        {"{'type':'channel_id_changed','old_channel_id':'G1','new_channel_id':'C1'}", "channel"},
        {"{'type':'app_uninstalled','user':'(absent)','channel':'(absent)'}", "install"},
        {"{'type':'tokens_revoked','tokens':{'bot':['UBOT']}}", "install"},
        {"{'type':'team_access_revoked','team_ids':['T1']}", "install"},
        {"{'type':'team_access_granted','team_ids':['T1']}", "install"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slack_intake in = dm(f, "event", rows[i].changes);
        if (!in.store) {
            fail_msg("not stored: %s", rows[i].changes);
        }
        assert_string_equal(in.job_kind, "slack_event");
        assert_string_equal(in.lane, rows[i].lane);
        assert_string_equal(in.keys[0], "ev:Ev1");
        assert_false(in.urgent);
    }
}

static const char *nameless_key(struct door *f, const char *more)
{
    struct bytes body = changed(f->mem, SAMPLE_DM, "event",
                                "{'type':'user_change','user':{'id':'U1','deleted':true}}");
    body = changed(f->mem, (const char *)body.data, "", more);
    body = changed(f->mem, (const char *)body.data, "", "{'event_id':'(absent)'}");
    struct slack_intake in = take(f, SLACK_EVENTS, body);
    assert_true(in.store);
    return in.keys[0];
}

/* Slack gives each event an id. One without is kept once all the same. */
static void test_what_has_no_id_is_known_by_all_of_it(void **state)
{
    struct door *f = *state;
    const char *key = nameless_key(f, "{}");
    assert_int_equal(strncmp(key, "body:", 5), 0);
    assert_int_equal(strlen(key), 5 + 64);
    assert_string_equal(key, nameless_key(f, "{}"));
    assert_string_not_equal(key, nameless_key(f, "{'event_context':'EC9'}"));
}

static const char *person_key(struct door *f, const char *changes)
{
    return dm(f, "event", changes).keys[1];
}

/* Of a burst of status changes one is kept; whatever tells us something new is, also what was so a
 * second ago and was not so since. */
static void test_status_bursts_share_a_key(void **state)
{
    struct door *f = *state;
    const char *first = person_key(
        f,
        "{'type':'user_change','user':{'id':'U1','profile':{'email':'a@x.com','status_text':''}}}");
    assert_non_null(first);
    assert_string_equal(
        first, person_key(f, "{'type':'user_change','user':{'id':'U1','profile':{'email':'a@x.com',"
                             "'status_text':'at lunch'}}}"));
    static const char *const others[] = {
        "{'type':'user_change','user':{'id':'U2','profile':{'email':'a@x.com'}}}",
        "{'type':'user_change','user':{'id':'U1','profile':{'email':'b@x.com'}}}",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_string_not_equal(first, person_key(f, others[i]));
    }
    /* what may end something always arrives */
    static const char *const leavers[] = {
        "{'type':'user_change','user':{'id':'U1','deleted':true,'profile':{'email':'a@x.com'}}}",
        "{'type':'user_change','user':{'id':'U1','is_restricted':true}}",
        "{'type':'user_change','user':{'id':'U1','is_ultra_restricted':true}}",
        "{'type':'user_change','user':{'id':'U1','is_stranger':true}}",
    };
    for (size_t i = 0; i < sizeof leavers / sizeof leavers[0]; i++) {
        assert_null(person_key(f, leavers[i]));
    }
    struct bytes later = changed(f->mem, SAMPLE_DM, "", "{'event_time':1700000001}");
    char *text = arena_strndup(f->mem, (const char *)later.data, later.len);
    later = changed(f->mem, text, "event",
                    "{'type':'user_change','user':{'id':'U1',"
                    "'profile':{'email':'a@x.com'}}}");
    assert_string_not_equal(first, take(f, SLACK_EVENTS, later).keys[1]);
}

static struct slack_intake command(struct door *f, const char *fields)
{
    return take(
        f, SLACK_COMMANDS,
        bytes_of(arena_printf(f->mem, "api_app_id=" APP_ID "&command=%%2Fworkbot&%s", fields)));
}

/* Its answer is empty: nothing shows in the conversation, the typed line least of all. */
static void test_slack_gotcha_04_command_is_answered_with_nothing(void **state)
{
    struct door *f = *state;
    struct slack_intake in =
        command(f, "team_id=T1&user_id=U1&channel_id=C1&text=help+me&trigger_id=1.2.ab&"
                   "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1%2F1%2Fx");
    assert_true(in.store);
    assert_true(in.urgent);
    assert_null(in.answer);
    assert_string_equal(in.workspace, "slack:T1");
    assert_string_equal(in.job_kind, "slack_command");
    assert_string_equal(in.lane, "user:U1");
    assert_string_equal(in.keys[0], "cmd:1.2.ab");
    json_t *stored = NULL;
    assert_int_equal(json_read(f->mem, in.payload, &stored, NULL), 0);
    assert_string_equal(json_text(stored, "text"), "help me");
    assert_string_equal(json_text(stored, "response_url"),
                        "https://hooks.slack.com/commands/T1/1/x");
    assert_null(json_member(stored, "token"));
}

static void test_workspace_of_commands(void **state)
{
    struct door *f = *state;
    static const struct {
        const char *fields, *workspace;
    } rows[] = {
        {"team_id=T1&enterprise_id=E1&is_enterprise_install=false", "slack:T1"},
        {"team_id=T1&enterprise_id=E1&is_enterprise_install=true", "slack:E1"},
        {"enterprise_id=E1&is_enterprise_install=true", "slack:E1"},
        {"team_id=T1", "slack:T1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *fields = arena_printf(f->mem, "user_id=U1&channel_id=D9&%s", rows[i].fields);
        assert_string_equal(command(f, fields).workspace, rows[i].workspace);
    }
    expect_dropped(command(f, "user_id=U1&channel_id=D9"), "no_workspace");
    expect_dropped(command(f, "team_id=T1&channel_id=D9"), "ignored");
    expect_dropped(command(f, "team_id=T1&user_id=U1"), "ignored");
    expect_fault(f, SLACK_COMMANDS, bytes_of("user_id=U1&user_id=U2&channel_id=C1&team_id=T1"),
                 "slack_body");
    expect_fault(f, SLACK_COMMANDS, bytes_of("user_id=U1&channel_id=C1&team_id=T1&text=%ff"),
                 "slack_body");
}

static void test_shortcuts_and_forms_are_kept(void **state)
{
    struct door *f = *state;
    struct slack_intake in =
        click(f, "", "{'type':'shortcut','callback_id':'wb_connections','actions':'(absent)'}");
    assert_true(in.store && in.urgent && !in.submission);
    assert_string_equal(in.keys[0], "trig:13345224609.738474920.8088930838d88f008e0");
    in = click(f, "", "{'type':'message_action','callback_id':'wb_use','actions':'(absent)'}");
    assert_true(in.store && in.urgent);
    in = click(f, "",
               "{'type':'view_submission','actions':'(absent)','view':{'id':'V1',"
               "'callback_id':'wb:inputs','hash':'156.abc'}}");
    assert_true(in.store && in.submission);
    assert_string_equal(in.job_kind, "slack_interaction");
    assert_string_equal(in.keys[0], "view:V1:156.abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_verification),
        cmocka_unit_test(test_dm_is_stored_with_all_keys),
        cmocka_unit_test(test_missing_ids_leave_their_key_out),
        cmocka_unit_test(test_mention_and_message_share_a_key),
        cmocka_unit_test(test_workspace_of_events),
        cmocka_unit_test(test_foreign_team_is_no_way_out),
        cmocka_unit_test(test_ignored_at_the_door),
        cmocka_unit_test(test_kept_at_the_door),
        cmocka_unit_test(test_malformed_events),
        cmocka_unit_test(test_another_app_is_refused_everywhere),
        cmocka_unit_test(test_click_is_stored),
        cmocka_unit_test(test_url_button_is_stored),
        cmocka_unit_test(test_workspace_of_clicks),
        cmocka_unit_test(test_ignored_interactions),
        cmocka_unit_test(test_form_decoding),
        cmocka_unit_test(test_ssl_check),
        cmocka_unit_test(test_life_is_kept),
        cmocka_unit_test(test_what_has_no_id_is_known_by_all_of_it),
        cmocka_unit_test(test_status_bursts_share_a_key),
        cmocka_unit_test(test_slack_gotcha_04_command_is_answered_with_nothing),
        cmocka_unit_test(test_workspace_of_commands),
        cmocka_unit_test(test_shortcuts_and_forms_are_kept),
    };
    return cmocka_run_group_tests(tests, door_set_up, door_tear_down);
}

/* Whose installation a payload is meant for: docs.slack.dev/apis/slack-connect and
 * docs.slack.dev/enterprise/organization-ready-apps, in the order that Slack's own framework
 * has. */
#include <string.h>

#include "service/chat/chat_int.h"
#include "tests/unit/chat/chat_help.h"

struct row {
    const char *payload;
    const char *workspace, *org; /* NULL: none */
};

static void expect(const char *found, const char *wanted, const char *payload)
{
    if (wanted == NULL ? found != NULL : found == NULL || strcmp(found, wanted) != 0) {
        fail_msg("%s instead of %s for %s", found == NULL ? "none" : found,
                 wanted == NULL ? "none" : wanted, payload);
    }
}

static void expect_all(struct slack_tenant (*tenant)(arena *, const json_t *),
                       const struct row *rows, size_t count)
{
    arena *mem = arena_new();
    for (size_t i = 0; i < count; i++) {
        struct slack_tenant t = tenant(mem, sample(mem, rows[i].payload));
        expect(t.workspace, rows[i].workspace, rows[i].payload);
        expect(t.org, rows[i].org, rows[i].payload);
    }
    arena_free(mem);
}

#define ALL(rows) rows, sizeof rows / sizeof rows[0]

static void test_events(void **state)
{
    static const struct row rows[] = {
        {"{'team_id':'T1','authorizations':[{'team_id':'T1','enterprise_id':null}]}", "slack:T1",
         NULL},
        {"{'authorizations':[{'team_id':'T1','enterprise_id':'E1','is_enterprise_install':false}]}",
         "slack:T1", "slack:E1"},
        {"{'authorizations':[{'team_id':null,'enterprise_id':'E1'}]}", "slack:E1", NULL},
        {"{'authorizations':[{'team_id':'E1','enterprise_id':null}]}", "slack:E1", NULL},
        {"{'authorizations':[{'team_id':'T1','enterprise_id':null,'is_enterprise_install':true}]}",
         NULL, NULL},
        /* app_uninstalled and tokens_revoked name no authorization */
        {"{'team_id':'T1','enterprise_id':'E1'}", "slack:T1", "slack:E1"},
        {"{'team_id':'T1'}", "slack:T1", NULL},
        {"{'team_id':null,'enterprise_id':'E1','authorizations':null}", "slack:E1", NULL},
        {"{'team_id':'E1','enterprise_id':'E1','authorizations':[]}", "slack:E1", NULL},
        {"{'team_id':{'id':'T1'}}", "slack:T1", NULL},
        {"{'team_id':7}", NULL, NULL},
        {"{}", NULL, NULL},
        {"[]", NULL, NULL},
    };
    (void)state;
    expect_all(slack_event_tenant, ALL(rows));
}

/* In a shared channel the outer ids can be those of the other company. */
static void slack_gotcha_08_the_outer_team_of_a_shared_channel_selects_nothing(void **state)
{
    static const struct row rows[] = {
        {"{'team_id':'TFOREIGN','enterprise_id':'EFOREIGN','authorizations':[{'team_id':'T1',"
         "'enterprise_id':null}]}",
         "slack:T1", NULL},
        {"{'team_id':'TFOREIGN','enterprise_id':'EFOREIGN','authorizations':[{'team_id':null,"
         "'enterprise_id':'E1','is_enterprise_install':true}]}",
         "slack:E1", NULL},
        {"{'team_id':'TFOREIGN','enterprise_id':'EFOREIGN','authorizations':[{'team_id':null,"
         "'enterprise_id':null}]}",
         NULL, NULL},
    };
    (void)state;
    expect_all(slack_event_tenant, ALL(rows));
}

static void test_interactions(void **state)
{
    static const struct row rows[] = {
        {"{'type':'block_actions','team':{'id':'T1'},'user':{'id':'U1','team_id':'T9'}}",
         "slack:T1", NULL},
        {"{'type':'block_actions','team':{'id':'T1','enterprise_id':'E1'}}", "slack:T1",
         "slack:E1"},
        {"{'type':'block_actions','team':{'id':'T1'},'enterprise':{'id':'E1'}}", "slack:T1",
         "slack:E1"},
        {"{'type':'shortcut','team':null,'enterprise':{'id':'E1'},'is_enterprise_install':true,"
         "'user':{'id':'U1','team_id':'T9'}}",
         "slack:E1", NULL},
        {"{'type':'message_action','team':null,'enterprise':{'id':'E1'}}", "slack:E1", NULL},
        {"{'type':'block_suggestion','team':null,'enterprise':{'id':'E1'},'user':{'id':'U1',"
         "'team_id':'E1'}}",
         "slack:E1", NULL},
        /* a person's own team is no installation */
        {"{'type':'block_actions','team':null,'enterprise':null,'user':{'id':'U1',"
         "'team_id':'T9'}}",
         NULL, NULL},
        {"{'type':'block_actions','user':{'id':'U1','team_id':'T9'}}", NULL, NULL},
        /* a home page may name another workspace of the organisation than the one open */
        {"{'type':'block_actions','team':{'id':'T1'},'view':{'app_installed_team_id':'T2'}}",
         "slack:T1", NULL},
    };
    (void)state;
    expect_all(slack_interaction_tenant, ALL(rows));
}

/* The team of a form is that of whoever sent it. */
static void test_forms(void **state)
{
    static const struct row rows[] = {
        {"{'type':'view_submission','team':{'id':'TFOREIGN'},'view':{'app_installed_team_id':"
         "'T1'}}",
         "slack:T1", NULL},
        {"{'type':'view_closed','team':{'id':'TFOREIGN'},'enterprise':{'id':'E1'},'view':{"
         "'app_installed_team_id':'T1'}}",
         "slack:T1", "slack:E1"},
        {"{'type':'view_submission','team':{'id':'T1'},'view':{}}", "slack:T1", NULL},
        {"{'type':'view_submission','team':{'id':'T1'},'view':{'app_installed_team_id':null}}",
         "slack:T1", NULL},
        {"{'type':'view_submission','team':null,'enterprise':{'id':'E1'},'view':{"
         "'app_installed_team_id':'T1'},'is_enterprise_install':true}",
         "slack:E1", NULL},
        {"{'type':'view_submission','team':null,'enterprise':null,'view':{"
         "'app_installed_team_id':'E1'}}",
         "slack:E1", NULL},
        {"{'type':'view_submission','team':null,'view':{'id':'V1'},'user':{'team_id':'T9'}}", NULL,
         NULL},
    };
    (void)state;
    expect_all(slack_interaction_tenant, ALL(rows));
}

/* A slash command says "true" where all others say true. */
static void slack_gotcha_24_an_org_wide_installation_is_true_or_the_text_true(void **state)
{
    static const struct row commands[] = {
        {"{'team_id':'T1','enterprise_id':'E1','is_enterprise_install':'true'}", "slack:E1", NULL},
        {"{'team_id':'T1','enterprise_id':'E1','is_enterprise_install':'false'}", "slack:T1",
         "slack:E1"},
        {"{'team_id':'T1','is_enterprise_install':'false'}", "slack:T1", NULL},
        {"{'team_id':'T1'}", "slack:T1", NULL},
        {"{'team_id':'T1','enterprise_id':''}", "slack:T1", NULL},
        {"{'team_id':'','enterprise_id':'E1'}", "slack:E1", NULL},
    };
    static const struct row clicks[] = {
        {"{'team':{'id':'T1'},'enterprise':{'id':'E1'},'is_enterprise_install':true}", "slack:E1",
         NULL},
        {"{'team':{'id':'T1'},'enterprise':{'id':'E1'},'is_enterprise_install':'true'}", "slack:E1",
         NULL},
        {"{'team':{'id':'T1'},'enterprise':{'id':'E1'},'is_enterprise_install':'false'}",
         "slack:T1", "slack:E1"},
        {"{'team':{'id':'T1'},'enterprise':{'id':'E1'},'is_enterprise_install':false}", "slack:T1",
         "slack:E1"},
        {"{'team':{'id':'T1'},'enterprise':{'id':'E1'},'is_enterprise_install':null}", "slack:T1",
         "slack:E1"},
    };
    (void)state;
    expect_all(slack_command_tenant, ALL(commands));
    expect_all(slack_interaction_tenant, ALL(clicks));
}

/* What was stored is read again by its kind. */
static void test_the_other_home_of_a_stored_payload(void **state)
{
    static const struct {
        const char *job_kind, *payload, *org;
    } rows[] = {
        {"slack_event", "{\"team_id\":\"T1\",\"enterprise_id\":\"E1\"}", "slack:E1"},
        {"slack_interaction", "{\"team\":{\"id\":\"T1\",\"enterprise_id\":\"E1\"}}", "slack:E1"},
        {"slack_command",
         "{\"team_id\":\"T1\",\"enterprise_id\":\"E1\",\"is_enterprise_install\":\"false\"}",
         "slack:E1"},
        {"slack_event", "{\"team_id\":\"T1\"}", NULL},
        {"slack_event", "no JSON", NULL},
        {"run", "{\"team_id\":\"T1\",\"enterprise_id\":\"E1\"}", NULL},
    };
    arena *mem = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect(slack_other_home(mem, rows[i].job_kind, bytes_of(rows[i].payload)), rows[i].org,
               rows[i].payload);
    }
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(slack_gotcha_08_the_outer_team_of_a_shared_channel_selects_nothing),
        cmocka_unit_test(test_interactions),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(slack_gotcha_24_an_org_wide_installation_is_true_or_the_text_true),
        cmocka_unit_test(test_the_other_home_of_a_stored_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

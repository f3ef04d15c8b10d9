#include "tests/unit/chat/chat_help.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

const char SAMPLE_DM[] =
    "{'type':'event_callback','token':'dep','team_id':'T1','enterprise_id':null,"
    "'api_app_id':'" APP_ID "','event_id':'Ev1','event_time':1700000000,"
    "'is_ext_shared_channel':false,'authorizations':[{'enterprise_id':null,'team_id':'T1',"
    "'user_id':'" BOT_ID "','is_bot':true,'is_enterprise_install':false}],"
    "'event':{'type':'message','channel':'D1','user':'U1','text':'help','client_msg_id':'c-1',"
    "'ts':'1700000000.000100','event_ts':'1700000000.000100','channel_type':'im','team':'T1'}}";

const char SAMPLE_MENTION[] =
    "{'type':'event_callback','team_id':'T1','api_app_id':'" APP_ID "','event_id':'Ev2',"
    "'event_time':1700000000,'is_ext_shared_channel':false,'authorizations':[{'enterprise_id':null,"
    "'team_id':'T1','user_id':'" BOT_ID "','is_bot':true,'is_enterprise_install':false}],"
    "'event':{'type':'app_mention','channel':'C1','user':'U1','text':'<@" BOT_ID "> help',"
    "'ts':'1700000001.000100','user_team':'T1'}}";

const char SAMPLE_CLICK[] =
    "{'type':'block_actions','api_app_id':'" APP_ID "','user':{'id':'U1','username':'ana',"
    "'team_id':'T1'},'team':{'id':'T1','domain':'acme'},'enterprise':null,"
    "'is_enterprise_install':false,'trigger_id':'13345224609.738474920.8088930838d88f008e0',"
    "'container':{'type':'message','message_ts':'1700000002.000100','channel_id':'D1',"
    "'is_ephemeral':false},'channel':{'id':'D1','name':'directmessage'},"
    "'message':{'type':'message','ts':'1700000002.000100','text':'x'},"
    "'response_url':'https://hooks.slack.com/actions/T1/1/sample','actions':[{'type':'button',"
    "'action_id':'wb:disconnect:3','block_id':'b1','value':'conn-1','text':{'type':'plain_text',"
    "'text':'Disconnect'},'action_ts':'1700000003.840180'}]}";

chats *chats_at_the_door(arena *mem, const char *secrets)
{
    struct secret *list = arena_array(mem, 8, sizeof *list);
    size_t count = 0;
    const char *part = NULL;
    for (const char *rest = secrets; (part = str_split(mem, &rest, ',')) != NULL;) {
        list[count++] = secret_of(mem, part);
    }
    struct chat_settings settings = {
        .slack_app_id = APP_ID,
        .slack_url = "https://slack.com",
        .slack_signing_secrets = list,
        .slack_signing_secrets_count = count,
    };
    return chats_new(mem, &settings);
}

int door_set_up(void **state)
{
    arena *mem = arena_new();
    struct door *d = arena_alloc(mem, sizeof *d);
    *d = (struct door){mem, chats_at_the_door(mem, SIGNING_SECRET)};
    *state = d;
    return 0;
}

int door_tear_down(void **state)
{
    arena_free(((struct door *)*state)->mem);
    return 0;
}

json_t *sample(arena *mem, const char *text)
{
    char *quoted = arena_strdup(mem, text);
    for (char *c = quoted; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    json_error_t fault;
    json_t *value = json_loads(quoted, JSON_DECODE_ANY, &fault);
    if (value == NULL) {
        fail_msg("sample is no JSON: %s", fault.text);
    }
    return arena_json(mem, value);
}

struct bytes changed(arena *mem, const char *text, const char *path, const char *changes)
{
    json_t *value = sample(mem, text);
    json_t *place = *path == '\0' ? value : json_at(value, path);
    assert_non_null(place);
    json_t *news = sample(mem, changes);
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach(news, key, member)
    {
        if (str_equal(json_string_value(member), "(absent)")) {
            json_object_del(place, key);
        } else {
            json_object_set(place, key, member);
        }
    }
    return bytes_of(json_write(mem, value));
}

struct bytes as_form(arena *mem, struct bytes payload)
{
    struct str s = str_new(mem, 3 * payload.len + 20);
    str_add(&s, "payload=");
    str_add_url(&s, (const char *)arena_bytes(mem, payload).data);
    return bytes_of(s.text);
}

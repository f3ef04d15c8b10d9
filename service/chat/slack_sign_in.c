/* Sign in with Slack (docs.slack.dev/authentication/sign-in-with-slack; OpenID Connect Core 1.0
 * section 3.1): which Slack user sits in the browser. Its token is looked at and not kept. */
#include "chat_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

#define CLAIM_USER "https://slack.com/user_id"
#define CLAIM_TEAM "https://slack.com/team_id"
#define CLAIM_ORGANISATION "https://slack.com/enterprise_id"

enum { URL_MAX = 4096 };

/* The id of a workspace of ours at Slack: T... or, of an organisation, E...; "" of none. */
static const char *home_of(const struct chat_sign_in *q)
{
    return q->workspace + strlen(slack_driver.prefix);
}

static bool is_organisation(const char *home)
{
    return home[0] == 'E';
}

/* Its tokens are issued by the same (docs: "iss": "https://slack.com"). */
static char *origin_of(const chats *c, arena *mem)
{
    struct net_url url;
    struct err unused = {0};
    bool read = net_url_parse(mem, c->settings.slack_url, &url, &unused) == 0;
    return read ? arena_printf(mem, "%s://%s", url.scheme, url.host_port) : NULL;
}

bool slack_sign_in_client(const chats *c, arena *mem, struct chat_sign_in_client *ret)
{
    const struct chat_settings *s = &c->settings;
    *ret = (struct chat_sign_in_client){.id = s->slack_sign_in_client_id,
                                        .on = s->slack_sign_in,
                                        .workspace = slack_driver.prefix,
                                        .origin = origin_of(c, mem)};
    return s->slack_app_id != NULL && ret->id != NULL && ret->origin != NULL &&
           !secret_empty(s->slack_sign_in_client_secret);
}

char *slack_sign_in_url(const chats *c, arena *mem, const struct chat_sign_in *q)
{
    const char *home = home_of(q);
    if (c->settings.slack_sign_in_client_id == NULL) {
        return NULL;
    }
    const char *const parts[][2] = {
        {"?response_type=code&scope=openid&client_id=", c->settings.slack_sign_in_client_id},
        {"&state=", q->state},
        {"&nonce=", q->nonce},
        {"&redirect_uri=", q->redirect_uri},
        {"&team=", str_empty(home) || is_organisation(home) ? NULL : home},
    };
    struct str url = str_new(mem, URL_MAX);
    str_printf(&url, "%s/openid/connect/authorize", c->settings.slack_url);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i][1] != NULL) {
            str_add(&url, parts[i][0]);
            str_add_url(&url, parts[i][1]);
        }
    }
    return url.text;
}

/* --- the token endpoint --- */

static int exchange(chats *c, arena *mem, const struct chat_sign_in *q, json_t **ret, struct err *e)
{
    struct slack_call call = {.method = "openid.connect.token"};
    const struct chat_access nobody = {.workspace = q->workspace};
    slack_call_add(&call, "grant_type", "authorization_code");
    slack_call_add(&call, "client_id", c->settings.slack_sign_in_client_id);
    slack_call_add(&call, "redirect_uri", q->redirect_uri);
    slack_call_add(&call, "client_secret", "");
    call.fields[call.count - 1] = (struct net_field){
        .name = "client_secret", .secret = c->settings.slack_sign_in_client_secret};
    slack_call_add(&call, "code", "");
    call.fields[call.count - 1] = (struct net_field){.name = "code", .secret = q->code};
    return slack_api(c, mem, &nobody, &call, ret, e);
}

/* --- its id token --- */

static bool keys_may_be_old(const struct err *e)
{
    return str_equal(e->code, "jwt_key_unknown") || str_equal(e->code, "jwt_keys");
}

static int open_token(chats *c, arena *mem, struct secret token, json_t **ret, struct err *e)
{
    struct bytes keys;
    struct err why = {0};
    if (slack_keys_get(c, mem, false, &keys, e) != 0) {
        return -1;
    }
    if (crypto_jwt_open(mem, token, keys, ret, &why) == 0) {
        return 0;
    }
    if (!keys_may_be_old(&why)) {
        *e = why;
        return -1;
    }
    return slack_keys_get(c, mem, true, &keys, e) != 0 ? -1
                                                       : crypto_jwt_open(mem, token, keys, ret, e);
}

static int read_token(chats *c, arena *mem, const struct chat_sign_in *q, const json_t *answer,
                      json_t **ret, struct err *e)
{
    const struct jwt_rules rules = {.issuer = origin_of(c, mem),
                                    .audience = c->settings.slack_sign_in_client_id,
                                    .nonce = q->nonce,
                                    .now = clock_now()};
    const char *token = json_text(answer, "id_token");
    if (token == NULL) {
        return err_set(e, ERR_UNAUTHENTIC, "jwt_shape", "the answer holds no id token");
    }
    return open_token(c, mem, secret_of(mem, token), ret, e) != 0
               ? -1
               : crypto_jwt_check(*ret, &rules, e);
}

/* --- who that is --- */

/* Of an organisation a person may be signed in to any workspace: what counts is the organisation,
 * and that stands in userInfo alone. */
static int ask_organisation(chats *c, arena *mem, const struct chat_sign_in *q,
                            const json_t *answer, struct chat_identity *ret, struct err *e)
{
    struct slack_call call = {.method = "openid.connect.userInfo"};
    const struct chat_access person = {
        .workspace = q->workspace, .bot_token = secret_of(mem, json_text(answer, "access_token"))};
    json_t *info = NULL;
    if (slack_api(c, mem, &person, &call, &info, e) != 0) {
        return -1;
    }
    /* OpenID Connect Core 5.3.2: it may be about somebody else */
    if (!str_equal(slack_id(info, CLAIM_USER), ret->user_id)) {
        return err_set(e, ERR_UNAUTHENTIC, "sign_in_other_info", "userInfo tells of another user");
    }
    ret->organisation = slack_id(info, CLAIM_ORGANISATION);
    ret->at_home = str_equal(ret->organisation, home_of(q));
    return 0;
}

int slack_sign_in(chats *c, arena *mem, const struct chat_sign_in *q, struct chat_identity *ret,
                  struct err *e)
{
    json_t *answer = NULL, *claims = NULL;
    if (exchange(c, mem, q, &answer, e) != 0 || read_token(c, mem, q, answer, &claims, e) != 0) {
        return -1;
    }
    struct chat_identity found = {.user_id = slack_id(claims, CLAIM_USER),
                                  .team = slack_id(claims, CLAIM_TEAM)};
    if (found.user_id == NULL || found.team == NULL) {
        return err_set(e, ERR_UNAUTHENTIC, "jwt_shape", "the id token names no user and team");
    }
    found.at_home = !is_organisation(home_of(q)) && str_equal(found.team, home_of(q));
    if (!found.at_home && ask_organisation(c, mem, q, answer, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

/* Is an activity from Bot Connector? learn.microsoft.com/azure/bot-service/rest-api/
 * bot-framework-rest-connector-authentication, and stricter than Microsoft's own libraries: they
 * take tokens without end, keys without endorsements and activities without an address. The token
 * comes first: nothing of a body is read for somebody who has proven nothing. */
#include "teams_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

enum { SKEW_S = 300, TOKEN_MAX = 4096, FIELD_MAX = 1024 };

#define SCHEME "Bearer "

struct proof {
    chats *c;
    arena *mem; /* of what nobody needs when it is over */
    int64_t now;
    const json_t *claims, *key;
};

static int refuse(struct err *e, const char *code, const char *what)
{
    return err_set(e, ERR_UNAUTHENTIC, code, "%s", what);
}

/* One header with one scheme, written as the platform writes it, and one token. */
static int read_header(const struct proof *p, const struct teams_credentials *from,
                       struct secret *ret, struct err *e)
{
    const char *text = from->authorization;
    if (from->authorization_count != 1 || text == NULL || !str_starts(text, SCHEME)) {
        return refuse(e, "teams_header", "not exactly one bearer token");
    }
    const char *token = text + strlen(SCHEME);
    size_t len = strnlen(token, TOKEN_MAX + 1);
    if (len == 0 || len > TOKEN_MAX || strcspn(token, " \t,") != len) {
        return refuse(e, "teams_header", "not exactly one bearer token of usual length");
    }
    *ret = secret_new(p->mem, token, len);
    return 0;
}

/* --- what the token says --- */

static int check_time(const struct proof *p, struct err *e)
{
    const json_t *exp = json_member(p->claims, "exp"), *nbf = json_member(p->claims, "nbf");
    if (!json_is_integer(exp) || (nbf != NULL && !json_is_integer(nbf))) {
        return refuse(e, "teams_time", "says not from when to when it holds");
    }
    /* no sums with what others sent */
    if (json_integer_value(exp) < p->now - SKEW_S) {
        return refuse(e, "teams_time", "its time is over");
    }
    if (nbf != NULL && json_integer_value(nbf) > p->now + SKEW_S) {
        return refuse(e, "teams_time", "of the future");
    }
    return 0;
}

static int check_claims(const struct proof *p, struct err *e)
{
    /* tokens of Entra, the emulator's among them, have other issuers */
    if (!str_equal(json_text(p->claims, "iss"), teams_cloud(&p->c->settings).issuer)) {
        return refuse(e, "teams_issuer", "issued by somebody else");
    }
    if (check_time(p, e) != 0) {
        return -1;
    }
    const char *audience = json_text(p->claims, "aud");
    bool ours = audience != NULL && str_equal(audience, p->c->settings.teams_app_id);
    return ours ? 0 : refuse(e, "teams_audience", "issued to somebody else");
}

/* Before any key is looked for: what can be none of ours makes nobody fetch one, or wait. */
static int read_token(struct proof *p, struct secret token, const char **ret_kid, struct err *e)
{
    struct jwt_unproven said = {0};
    struct err why = {0};
    if (crypto_jwt_read(p->mem, token, &said, &why) != 0) {
        return refuse(e, "teams_token", why.text);
    }
    *ret_kid = said.kid;
    p->claims = said.claims;
    return check_claims(p, e);
}

/* And again, as the signature covers it. */
static int open_token(struct proof *p, struct secret token, struct err *e)
{
    struct err why = {0};
    json_t *claims = NULL;
    if (crypto_jwt_open_by(p->mem, token, p->key, &claims, &why) != 0) {
        return refuse(e, "teams_signature", why.text);
    }
    p->claims = claims;
    return check_claims(p, e);
}

static int prove(struct proof *p, const struct teams_credentials *from, struct err *e)
{
    struct secret token = {NULL, 0};
    struct teams_key_query q = {.fetched = from->keys_fetched};
    json_t *key = NULL;
    if (read_header(p, from, &token, e) != 0 || read_token(p, token, &q.kid, e) != 0 ||
        teams_keys_find(p->c, p->mem, &q, &key, e) != 0) {
        return -1;
    }
    p->key = key;
    return open_token(p, token, e);
}

/* --- the body, and what the token says of it --- */

static bool has_text(const json_t *activity, const char *path)
{
    const char *text = json_string_value(json_at(activity, path));
    return !str_empty(text) && strlen(text) <= FIELD_MAX;
}

/* What every activity has, and what the token is compared with. */
static int read_activity(arena *mem, struct bytes body, struct teams_activity *ret, struct err *e)
{
    static const char *const needed[] = {"type", "channelId", "serviceUrl", "conversation.id",
                                         "from.id"};
    struct err why = {0};
    json_t *json = NULL;
    if (json_read(mem, body, &json, &why) != 0) {
        return err_set(e, ERR_INPUT, "teams_body", "%s", why.text);
    }
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!has_text(json, needed[i])) {
            return err_set(e, ERR_INPUT, "teams_body", "no activity: %s is missing", needed[i]);
        }
    }
    *ret = (struct teams_activity){.text = body, .json = json};
    return 0;
}

/* Which channels a key speaks for. */
static int check_endorsement(const struct proof *p, const struct teams_activity *a, struct err *e)
{
    const json_t *list = json_member(p->key, "endorsements");
    const char *channel = json_text(a->json, "channelId");
    bool endorsed = false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        endorsed |= str_equal(json_string_value(json_array_get(list, i)), channel);
    }
    return endorsed && str_equal(channel, "msteams")
               ? 0
               : err_set(e, ERR_FORBIDDEN, "teams_endorsement",
                         "the key does not speak for this channel");
}

static size_t length_without_slash(const char *url)
{
    size_t len = strlen(url);
    return len > 0 && url[len - 1] == '/' ? len - 1 : len;
}

static int check_address(const struct proof *p, const struct teams_activity *a, struct err *e)
{
    const char *claimed = json_text(p->claims, "serviceurl");
    const char *address = json_text(a->json, "serviceUrl");
    if (claimed == NULL) {
        return refuse(e, "teams_address", "the token names no serviceUrl");
    }
    size_t len = length_without_slash(claimed);
    if (len == 0 || len != length_without_slash(address) || strncmp(claimed, address, len) != 0) {
        return refuse(e, "teams_address", "the token names another serviceUrl");
    }
    return teams_address_ok(&p->c->settings, p->mem, address)
               ? 0
               : refuse(e, "teams_address_host",
                        "a proven serviceUrl is on no host that is listed");
}

int chat_teams_verify(chats *c, arena *mem, const struct teams_credentials *from, struct bytes body,
                      int64_t now, struct teams_activity *ret, struct err *e)
{
    struct teams_activity a = {.json = NULL};
    struct proof p = {.c = c, .mem = arena_new(), .now = now};
    bool good = prove(&p, from, e) == 0 && read_activity(mem, body, &a, e) == 0 &&
                check_endorsement(&p, &a, e) == 0 && check_address(&p, &a, e) == 0;
    arena_free(p.mem);
    if (good) {
        *ret = a;
    }
    return good ? 0 : -1;
}

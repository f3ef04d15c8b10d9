#include "tests/unit/chat/teams_peer.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

const char TEAMS_CLAIMS[] = "{'iss':'" TEAMS_ISSUER "','aud':'" TEAMS_APP
                            "','serviceurl':'" TEAMS_ADDRESS "','nbf':1790000000,'exp':1790003900}";

/* --- the peer --- */

static bool send_json(const struct scripted_request *q, int status, const char *body)
{
    char head[128];
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                   status, strlen(body));
    return scripted_text(q->fd, head) && scripted_text(q->fd, body);
}

static bool answer(const struct scripted_request *q)
{
    struct teams_peer *p = q->user;
    atomic_fetch_add(&p->arrived, 1);
    while (atomic_load(&p->held)) {
        clock_wait_ms(1);
    }
    int status = atomic_load(&p->keys_status);
    if (str_starts(q->text, "GET /openid ")) {
        char body[512];
        atomic_fetch_add(&p->metadata_asked, 1);
        (void)snprintf(body, sizeof body, "{\"issuer\":\"" TEAMS_ISSUER "\",\"jwks_uri\":\"%s\"}",
                       p->jwks_uri);
        return send_json(q, status, body);
    }
    if (str_starts(q->text, "GET /keys ") ||
        (str_starts(q->text, "GET /login/") &&
         strstr(q->text, "/discovery/v2.0/keys HTTP/1.1") != NULL)) {
        atomic_fetch_add(&p->keys_asked, 1);
        return send_json(q, status, p->key_set);
    }
    if (p->login != NULL && str_starts(q->text, "POST /login/")) {
        atomic_fetch_add(&p->logins_asked, 1);
        return scripted_text(q->fd, p->login);
    }
    int i = atomic_fetch_add(&p->asked, 1);
    while (i > 0 && (i >= TEAMS_ANSWERS || p->answers[i] == NULL)) {
        i--;
    }
    return !str_empty(p->answers[i]) && scripted_text(q->fd, p->answers[i]);
}

struct teams_peer *teams_peer_start(void (*changes)(struct chat_settings *s))
{
    static const char *const tenants[] = {TENANT_A};
    static EVP_PKEY *keys[2];
    for (size_t i = 0; i < 2; i++) {
        keys[i] = keys[i] == NULL ? EVP_RSA_gen(2048) : keys[i];
        assert_non_null(keys[i]);
    }
    arena *mem = arena_new();
    struct teams_peer *p = arena_alloc(mem, sizeof *p);
    p->mem = mem;
    p->ours = keys[0];
    p->other = keys[1];
    atomic_store(&p->keys_status, 200);
    p->key_set = teams_key_set(mem, teams_jwk(mem, p->ours, "k1", "['msteams','webchat']"), NULL);
    p->peer = scripted_start(answer, p);
    p->host = arena_printf(mem, "127.0.0.1:%d", scripted_port(p->peer));
    p->jwks_uri = arena_printf(mem, "http://%s/keys", p->host);
    p->http = net_client_new(
        &(struct net_options){.trusted_hosts = &p->host, .trusted_count = 1, .handles = 1});
    struct chat_settings s = {
        .http = p->http,
        .teams_app_id = TEAMS_APP,
        .teams_app_secret = secret_of(mem, "sample+secret/of the bot"),
        .teams_tenant_id = TENANT_A,
        .teams_allowed_tenants = tenants,
        .teams_allowed_tenants_count = 1,
        .teams_cloud = "public",
        .teams_openid_url = arena_printf(mem, "http://%s/openid", p->host),
        .teams_login_url = arena_printf(mem, "http://%s/login", p->host),
        .trusted_hosts = &p->host,
        .trusted_count = 1,
    };
    if (changes != NULL) {
        changes(&s);
    }
    p->c = chats_new(mem, &s);
    return p;
}

void teams_peer_meets(struct teams_peer *p, int count)
{
    while (atomic_load(&p->arrived) < count) {
        clock_wait_ms(1);
    }
}

void teams_peer_stop(struct teams_peer *p)
{
    atomic_store(&p->held, false);
    net_client_free(p->http);
    scripted_stop(p->peer);
    arena_free(p->mem);
}

/* --- keys and tokens, by OpenSSL alone --- */

static const char *number(arena *mem, EVP_PKEY *key, const char *name)
{
    BIGNUM *n = NULL;
    uint8_t bytes[1024];
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
    int len = BN_bn2bin(n, bytes);
    BN_free(n);
    return crypto_base64url(mem, (struct bytes){bytes, (size_t)len});
}

json_t *teams_jwk(arena *mem, EVP_PKEY *key, const char *kid, const char *endorsements)
{
    json_t *jwk = json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s]}", "kty", "RSA", "use", "sig", "kid",
                            kid, "n", number(mem, key, OSSL_PKEY_PARAM_RSA_N), "e",
                            number(mem, key, OSSL_PKEY_PARAM_RSA_E), "x5c", "certificate");
    if (endorsements != NULL) {
        json_object_set(jwk, "endorsements", sample(mem, endorsements));
    }
    return jwk;
}

const char *teams_key_set(arena *mem, json_t *first, json_t *second)
{
    json_t *keys = json_array();
    json_array_append_new(keys, first);
    if (second != NULL) {
        json_array_append_new(keys, second);
    }
    return json_write(mem, arena_json(mem, json_pack("{s:o}", "keys", keys)));
}

const char *teams_token_by(arena *mem, EVP_PKEY *key, const EVP_MD *md, const char *header,
                           const char *payload)
{
    uint8_t bytes[1024];
    size_t len = sizeof bytes;
    const char *text = arena_printf(mem, "%s.%s", crypto_base64url(mem, bytes_of(header)),
                                    crypto_base64url(mem, bytes_of(payload)));
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(c, NULL, md, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(c, bytes, &len, (const uint8_t *)text, strlen(text)), 1);
    EVP_MD_CTX_free(c);
    return arena_printf(mem, "%s.%s", text, crypto_base64url(mem, (struct bytes){bytes, len}));
}

const char *teams_token_with(struct teams_peer *p, const char *changes)
{
    struct bytes claims = changed(p->mem, TEAMS_CLAIMS, "", changes);
    return teams_token_by(p->mem, p->ours, EVP_sha256(), TEAMS_HEADER, (const char *)claims.data);
}

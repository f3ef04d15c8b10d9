/* Who may hand us activities: every row of the table of statuses, and what the official libraries
 * let through. Tokens are made by OpenSSL alone; keys come over real HTTP. */
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto.h"
#include "tests/unit/chat/teams_peer.h"

static int set_up(void **state)
{
    struct teams_peer *p = teams_peer_start(NULL);
    struct err e = {0};
    assert_int_equal(chat_teams_keys_fetch(p->c, p->mem, 0, &e), 0);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    teams_peer_stop(*state);
    return 0;
}

/* "200", or "<status> <code>" */
static const char *verdict(struct teams_peer *p, const struct teams_credentials *from,
                           struct bytes body)
{
    struct err e = {0};
    struct teams_activity a = {.json = NULL};
    int result = chat_teams_verify(p->c, p->mem, from, body, TEAMS_NOW, &a, &e);
    assert_true((result == 0) == (a.json != NULL && a.text.data == body.data));
    return result == 0 ? "200" : arena_printf(p->mem, "%d %s", err_http_status(e.kind), e.code);
}

static struct bytes body_of(struct teams_peer *p, const char *changes)
{
    return changed(p->mem, TEAMS_DM, "", changes);
}

static void expect_header(struct teams_peer *p, const char *header, const char *wanted)
{
    const struct teams_credentials from = {header, header == NULL ? 0 : 1, false};
    assert_string_equal(verdict(p, &from, body_of(p, "{}")), wanted);
}

static void expect_token(struct teams_peer *p, const char *token, const char *wanted)
{
    expect_header(p, arena_printf(p->mem, "Bearer %s", token), wanted);
}

static void expect_body(struct teams_peer *p, struct bytes body, const char *wanted)
{
    const char *header = arena_printf(p->mem, "Bearer %s", teams_token_with(p, "{}"));
    const struct teams_credentials from = {header, 1, false};
    assert_string_equal(verdict(p, &from, body), wanted);
}

static void test_the_good_one(void **state)
{
    struct teams_peer *p = *state;
    expect_token(p, teams_token_with(p, "{}"), "200");
    /* nothing is refused for what it adds */
    expect_token(p, teams_token_with(p, "{'jti':'x','later':{'a':[1,null]}}"), "200");
    expect_token(p, teams_token_with(p, "{'nbf':'(absent)'}"), "200");
}

static void teams_gotcha_13_headers(void **state)
{
    struct teams_peer *p = *state;
    const char *t = teams_token_with(p, "{}");
    expect_header(p, NULL, "401 teams_header");
    const char *const bad[] = {"",
                               "Bearer",
                               "Bearer ",
                               t,
                               arena_printf(p->mem, "bearer %s", t),
                               arena_printf(p->mem, "BEARER %s", t),
                               arena_printf(p->mem, "Bearer  %s", t),
                               arena_printf(p->mem, "Bearer %s ", t),
                               arena_printf(p->mem, " Bearer %s", t),
                               arena_printf(p->mem, "Bearer\t%s", t),
                               arena_printf(p->mem, "Bearer %s %s", t, t),
                               arena_printf(p->mem, "Bearer %s, Bearer %s", t, t),
                               "Basic dXNlcjpwYXNz"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_header(p, bad[i], "401 teams_header");
    }
    const struct teams_credentials twice = {arena_printf(p->mem, "Bearer %s", t), 2, false};
    assert_string_equal(verdict(p, &twice, body_of(p, "{}")), "401 teams_header");
    char *long_claim = arena_alloc(p->mem, 8 * 1024 + 1);
    memset(long_claim, 'x', 8 * 1024);
    expect_token(p, teams_token_with(p, arena_printf(p->mem, "{'x':'%s'}", long_claim)),
                 "401 teams_header");
}

static void teams_gotcha_13_algorithms(void **state)
{
    struct teams_peer *p = *state;
    const char *claims = (const char *)changed(p->mem, TEAMS_CLAIMS, "", "{}").data;
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"k1\"}",
        "{\"alg\":\"None\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\"}",
        "{\"alg\":\"PS256\",\"kid\":\"k1\"}",
        "{\"alg\":\"RS512\",\"kid\":\"k1\"}",
        "{\"alg\":\"rs256\",\"kid\":\"k1\"}",
        "{\"kid\":\"k1\"}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":null}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\",\"alg\":\"none\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"kid\":\"\"}",
        "{\"alg\":\"RS256\",\"kid\":7}",
        "[]",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        expect_token(p, teams_token_by(p->mem, p->ours, EVP_sha256(), headers[i], claims),
                     "401 teams_token");
    }
    /* the right digest under another name, and another digest under the right name */
    expect_token(
        p,
        teams_token_by(p->mem, p->ours, EVP_sha384(), "{\"alg\":\"RS384\",\"kid\":\"k1\"}", claims),
        "401 teams_token");
    expect_token(p, teams_token_by(p->mem, p->ours, EVP_sha384(), TEAMS_HEADER, claims),
                 "401 teams_signature");
}

/* The public key is known to everybody: as a secret of HS256 it would sign anything. */
static void teams_gotcha_13_the_public_key_is_no_secret(void **state)
{
    struct teams_peer *p = *state;
    const char *claims = (const char *)changed(p->mem, TEAMS_CLAIMS, "", "{}").data;
    const char *header = "{\"alg\":\"HS256\",\"kid\":\"k1\"}";
    const char *text = arena_printf(p->mem, "%s.%s", crypto_base64url(p->mem, bytes_of(header)),
                                    crypto_base64url(p->mem, bytes_of(claims)));
    unsigned char *der = NULL;
    int der_len = i2d_PUBKEY(p->ours, &der);
    assert_true(der_len > 0);
    struct digest d =
        crypto_hmac_sha256((struct bytes){der, (size_t)der_len}, bytes_of(""), bytes_of(text));
    OPENSSL_free(der);
    expect_token(p,
                 arena_printf(p->mem, "%s.%s", text,
                              crypto_base64url(p->mem, (struct bytes){d.bytes, sizeof d.bytes})),
                 "401 teams_token");
}

static void teams_gotcha_13_signatures(void **state)
{
    struct teams_peer *p = *state;
    const char *claims = (const char *)changed(p->mem, TEAMS_CLAIMS, "", "{}").data;
    expect_token(p, teams_token_by(p->mem, p->other, EVP_sha256(), TEAMS_HEADER, claims),
                 "401 teams_signature");
    char *token = arena_strdup(p->mem, teams_token_with(p, "{}"));
    char *at = strrchr(token, '.') + 1;
    *at = *at == 'A' ? 'B' : 'A';
    expect_token(p, token, "401 teams_signature");
    /* signed for one, said by another */
    const char *good = teams_token_with(p, "{}"),
               *other = teams_token_with(p, "{'exp':1790009999}");
    size_t head = strcspn(good, ".") + 1;
    size_t body = strcspn(other + head, ".");
    expect_token(p,
                 arena_printf(p->mem, "%.*s%.*s%s", (int)head, good, (int)body, other + head,
                              strrchr(good, '.')),
                 "401 teams_signature");
    const char *const shapes[] = {"x",
                                  "a.b",
                                  "a.b.c.d",
                                  "..",
                                  ".b.c",
                                  "a..c",
                                  "a.b.",
                                  "a b.c.d",
                                  "Z0FyYmFnZQ.Z0FyYmFnZQ.Z0FyYmFnZQ",
                                  "e30=.e30=.AAAA"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const char *seen = strchr(shapes[i], ' ') == NULL ? "401 teams_token" : "401 teams_header";
        expect_token(p, shapes[i], seen);
    }
}

static void teams_gotcha_13_keys_are_found_by_name_alone(void **state)
{
    struct teams_peer *p = *state;
    const char *claims = (const char *)changed(p->mem, TEAMS_CLAIMS, "", "{}").data;
    static const char *const names[] = {"k2", "K1", "../k1", "k1\\u0000", "k1 ", "keys", "%6b1"};
    for (int i = 0; i < TEAMS_KEYS_TRIES; i++) { /* no more fetches */
        assert_int_equal(chat_teams_keys_fetch(p->c, p->mem, 0, NULL), 0);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *header = arena_printf(p->mem, "{\"alg\":\"RS256\",\"kid\":\"%s\"}", names[i]);
        const char *seen = strstr(names[i], "u0000") == NULL ? "401 teams_key" : "401 teams_token";
        expect_token(p, teams_token_by(p->mem, p->ours, EVP_sha256(), header, claims), seen);
    }
}

static void teams_gotcha_25_other_issuers(void **state)
{
    struct teams_peer *p = *state;
    static const char *const claims[] = {
        "{'iss':'https://sts.windows.net/" TENANT_A "/','appid':'" TEAMS_APP "','ver':'1.0'}",
        "{'iss':'https://login.microsoftonline.com/" TENANT_A "/v2.0','azp':'" TEAMS_APP
        "','ver':'2.0'}",
        "{'iss':'https://api.botframework.us'}",
        "{'iss':'https://api.botframework.com/'}",
        "{'iss':'HTTPS://api.botframework.com'}",
        "{'iss':['https://api.botframework.com']}",
        "{'iss':null}",
        "{'iss':'(absent)'}",
    };
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        expect_token(p, teams_token_with(p, claims[i]), "401 teams_issuer");
    }
}

static void teams_gotcha_15_clocks(void **state)
{
    struct teams_peer *p = *state;
    static const struct {
        const char *claims, *wanted;
    } rows[] = {
        {"{'exp':1789999800}", "200"}, /* 300 s ago */
        {"{'exp':1789999799}", "401 teams_time"},
        {"{'exp':1789999740}", "401 teams_time"}, /* 6 minutes */
        {"{'nbf':1790000400}", "200"},            /* in 300 s */
        {"{'nbf':1790000401}", "401 teams_time"},
        {"{'exp':'(absent)'}", "401 teams_time"},
        {"{'exp':null}", "401 teams_time"},
        {"{'exp':'1790003900'}", "401 teams_time"},
        {"{'exp':1790003900.5}", "401 teams_time"},
        {"{'exp':-9223372036854775808}", "401 teams_time"},
        {"{'exp':9223372036854775807}", "200"},
        {"{'nbf':9223372036854775807}", "401 teams_time"},
        {"{'nbf':'1790000000'}", "401 teams_time"},
        {"{'nbf':null}", "401 teams_time"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_token(p, teams_token_with(p, rows[i].claims), rows[i].wanted);
    }
}

static void test_audiences(void **state)
{
    struct teams_peer *p = *state;
    static const char *const claims[] = {"{'aud':'22222222-aaaa-4bbb-8ccc-222222222223'}",
                                         "{'aud':['" TEAMS_APP "']}",
                                         "{'aud':['" TEAMS_APP "','x']}",
                                         "{'aud':'api://" TEAMS_APP "'}",
                                         "{'aud':'api://botid-" TEAMS_APP "'}",
                                         "{'aud':'" TEAMS_BOT "'}",
                                         "{'aud':''}",
                                         "{'aud':null}",
                                         "{'aud':'(absent)'}"};
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        expect_token(p, teams_token_with(p, claims[i]), "401 teams_audience");
    }
}

/* A new key set, of our key with these endorsements. */
static void endorse(struct teams_peer *p, const char *endorsements)
{
    p->key_set = teams_key_set(p->mem, teams_jwk(p->mem, p->ours, "k1", endorsements), NULL);
    p->c->teams_keys->full_ms = 0;
    assert_int_equal(chat_teams_keys_fetch(p->c, p->mem, 0, NULL), 0);
}

static void test_endorsements(void **state)
{
    struct teams_peer *p = *state;
    static const char *const lists[] = {
        NULL, "[]", "['webchat','directline']", "null", "['MSTEAMS']", "'msteams'", "[null]"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        endorse(p, lists[i]);
        expect_token(p, teams_token_with(p, "{}"), "403 teams_endorsement");
    }
    endorse(p, "['msteams','webchat']");
    expect_token(p, teams_token_with(p, "{}"), "200");
    /* endorsed, but not ours */
    expect_body(p, body_of(p, "{'channelId':'webchat'}"), "403 teams_endorsement");
    expect_body(p, body_of(p, "{'channelId':'emulator'}"), "403 teams_endorsement");
}

static void teams_gotcha_11_the_token_names_the_address(void **state)
{
    struct teams_peer *p = *state;
    static const struct {
        const char *claims, *wanted;
    } rows[] = {
        {"{'serviceurl':'https://smba.trafficmanager.net/emea'}", "200"}, /* one slash */
        {"{'serviceurl':'https://smba.trafficmanager.net/emea//'}", "401 teams_address"},
        {"{'serviceurl':'https://smba.trafficmanager.net/amer/'}", "401 teams_address"},
        {"{'serviceurl':'https://SMBA.trafficmanager.net/emea/'}", "401 teams_address"},
        {"{'serviceurl':'https://smba.trafficmanager.net/emea/x'}", "401 teams_address"},
        {"{'serviceurl':''}", "401 teams_address"},
        {"{'serviceurl':null}", "401 teams_address"},
        {"{'serviceurl':'(absent)'}", "401 teams_address"},
        {"{'serviceurl':'(absent)','serviceUrl':'" TEAMS_ADDRESS "'}", "401 teams_address"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_token(p, teams_token_with(p, rows[i].claims), rows[i].wanted);
    }
    expect_body(p, body_of(p, "{'serviceUrl':'https://evil.example/'}"), "401 teams_address");
}

/* Token and activity agree; the address is nobody's whom we know. */
static void teams_gotcha_11_hosts(void **state)
{
    struct teams_peer *p = *state;
    static const char *const bad[] = {"http://smba.trafficmanager.net/emea/",
                                      "https://evil-smba.trafficmanager.net/emea/",
                                      "https://x.trafficmanager.net/",
                                      "https://smba.trafficmanager.net.evil.com/emea/",
                                      "https://smba.trafficmanager.net./emea/",
                                      "https://smba.trafficmanager.net:8443/emea/",
                                      "https://u@smba.trafficmanager.net/emea/",
                                      "https://u:p@smba.trafficmanager.net/emea/",
                                      "https://smba.trafficmanager.net@evil.com/",
                                      "https://smba%2etrafficmanager.net/emea/",
                                      "https://smba.trafficmanager.net/emea/?x=1",
                                      "https://smba.trafficmanager.net/emea/#x",
                                      "https://smba.infra.gcc.teams.microsoft.com/gcc",
                                      "https:smba.trafficmanager.net/",
                                      "smba.trafficmanager.net",
                                      "ftp://smba.trafficmanager.net/"};
    static const char *const good[] = {TEAMS_ADDRESS, "https://smba.trafficmanager.net",
                                       "https://SMBA.trafficmanager.net/teams/",
                                       "https://smba.trafficmanager.net:443/amer/",
                                       "https://smba.trafficmanager.net/emea/" TENANT_A "/"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0] + sizeof good / sizeof good[0]; i++) {
        bool is_bad = i < sizeof bad / sizeof bad[0];
        const char *url = is_bad ? bad[i] : good[i - sizeof bad / sizeof bad[0]];
        const char *changes = arena_printf(p->mem, "{'serviceurl':'%s'}", url);
        const char *header = arena_printf(p->mem, "Bearer %s", teams_token_with(p, changes));
        const struct teams_credentials from = {header, 1, false};
        struct bytes body = body_of(p, arena_printf(p->mem, "{'serviceUrl':'%s'}", url));
        assert_string_equal(verdict(p, &from, body), is_bad ? "401 teams_address_host" : "200");
    }
}

static void test_bodies(void **state)
{
    struct teams_peer *p = *state;
    static const char *const changes[] = {
        "{'type':''}",        "{'type':'(absent)'}",         "{'type':7}",
        "{'channelId':''}",   "{'channelId':'(absent)'}",    "{'channelId':null}",
        "{'serviceUrl':''}",  "{'serviceUrl':'(absent)'}",   "{'serviceUrl':{}}",
        "{'conversation':7}", "{'conversation':'(absent)'}", "{'conversation':{'id':''}}",
        "{'from':{}}",        "{'from':'(absent)'}",         "{'from':{'id':null}}"};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        expect_body(p, body_of(p, changes[i]), "400 teams_body");
    }
    static const char *const bodies[] = {"",
                                         "[]",
                                         "null",
                                         "\"x\"",
                                         "{",
                                         "{\"type\":\"message\"} x",
                                         "{\"type\":\"message\",\"type\":\"invoke\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        expect_body(p, bytes_of(bodies[i]), "400 teams_body");
    }
}

/* --- two faults at once --- */

/* What comes first is answered; of a body nothing is said to somebody who has proven nothing. */
static void test_of_two_faults_the_first_is_told(void **state)
{
    struct teams_peer *p = *state;
    struct bytes good = body_of(p, "{}"), none = bytes_of("no JSON"), empty = bytes_of("{}");
    struct bytes elsewhere = body_of(p, "{'channelId':'webchat'}");
    struct bytes moved = body_of(p, "{'serviceUrl':'https://evil.example/'}");
    struct bytes both = body_of(p, "{'channelId':'webchat','serviceUrl':'https://evil.example/'}");
    const struct {
        const char *claims; /* NULL: no token at all */
        EVP_PKEY *key;
        struct bytes body;
        const char *wanted;
    } rows[] = {
        {NULL, NULL, none, "401 teams_header"},
        {NULL, NULL, empty, "401 teams_header"},
        {NULL, NULL, both, "401 teams_header"},
        {"{'iss':'x'}", p->other, none, "401 teams_issuer"},
        {"{'iss':'x','exp':1,'aud':'x'}", p->ours, none, "401 teams_issuer"},
        {"{'exp':1,'aud':'x'}", p->ours, none, "401 teams_time"},
        {"{'aud':'x'}", p->ours, elsewhere, "401 teams_audience"},
        {"{}", p->other, none, "401 teams_signature"},
        {"{}", p->other, elsewhere, "401 teams_signature"},
        {"{'serviceurl':'https://evil.example/'}", p->other, moved, "401 teams_signature"},
        {"{}", p->ours, none, "400 teams_body"},
        {"{'serviceurl':'(absent)'}", p->ours, empty, "400 teams_body"},
        {"{}", p->ours, both, "403 teams_endorsement"},
        {"{'serviceurl':'(absent)'}", p->ours, elsewhere, "403 teams_endorsement"},
        {"{}", p->ours, moved, "401 teams_address"},
        {"{}", p->ours, good, "200"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct teams_credentials from = {NULL, 0, false};
        if (rows[i].claims != NULL) {
            struct bytes claims = changed(p->mem, TEAMS_CLAIMS, "", rows[i].claims);
            from.authorization_count = 1;
            from.authorization =
                arena_printf(p->mem, "Bearer %s",
                             teams_token_by(p->mem, rows[i].key, EVP_sha256(), TEAMS_HEADER,
                                            (const char *)claims.data));
        }
        assert_string_equal(verdict(p, &from, rows[i].body), rows[i].wanted);
    }
}

/* A key that must be fetched first is asked for before anything is read of the body, and not for a
 * token that can be none of ours. */
static void test_a_request_waits_for_keys_with_its_bytes_alone(void **state)
{
    struct teams_peer *p = *state;
    const char *header = "{\"alg\":\"RS256\",\"kid\":\"k9\"}";
    static const struct {
        const char *claims, *wanted;
    } rows[] = {{"{}", "503 teams_keys"},
                {"{'aud':'x'}", "401 teams_audience"},
                {"{'exp':1}", "401 teams_time"},
                {"{'iss':'x'}", "401 teams_issuer"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes claims = changed(p->mem, TEAMS_CLAIMS, "", rows[i].claims);
        const char *token =
            teams_token_by(p->mem, p->ours, EVP_sha256(), header, (const char *)claims.data);
        const struct teams_credentials from = {arena_printf(p->mem, "Bearer %s", token), 1, false};
        assert_string_equal(verdict(p, &from, bytes_of("no JSON")), rows[i].wanted);
    }
}

/* --- what it costs --- */

static size_t json_taken;

static void *count_malloc(size_t size)
{
    json_taken += size;
    return malloc(size);
}

/* "[[],[],...]": some forty times its size, once it is read. */
static struct bytes many_lists(arena *mem, size_t count)
{
    size_t size = 3 * count + 1;
    char *text = arena_alloc(mem, size + 1);
    for (size_t i = 0; i < size; i++) {
        text[i] = "[],"[(i + 2) % 3];
    }
    text[0] = '[';
    text[size - 1] = ']';
    return (struct bytes){(const uint8_t *)text, size};
}

/* What anybody can send costs what its token costs. */
static void test_who_has_proven_nothing_has_nothing_read(void **state)
{
    struct teams_peer *p = *state;
    json_malloc_t usual = NULL;
    json_free_t usual_free = NULL;
    struct bytes body = many_lists(p->mem, 85000);
    const char *good = arena_printf(p->mem, "Bearer %s", teams_token_with(p, "{}"));
    const char *claims = (const char *)changed(p->mem, TEAMS_CLAIMS, "", "{}").data;
    const char *forged = teams_token_by(p->mem, p->other, EVP_sha256(), TEAMS_HEADER, claims);
    const char *unknown = teams_token_by(p->mem, p->other, EVP_sha256(),
                                         "{\"alg\":\"RS256\",\"kid\":\"k9\"}", claims);
    const struct {
        const char *header, *wanted;
    } rows[] = {{"Bearer x", "401 teams_token"},
                {arena_printf(p->mem, "Bearer %s", forged), "401 teams_signature"},
                {arena_printf(p->mem, "Bearer %s", unknown), "503 teams_keys"},
                {good, "400 teams_body"}};
    json_get_alloc_funcs(&usual, &usual_free);
    json_set_alloc_funcs(count_malloc, free);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct teams_credentials from = {rows[i].header, 1, false};
        json_taken = 0;
        assert_string_equal(verdict(p, &from, body), rows[i].wanted);
        bool read = str_equal(rows[i].wanted, "400 teams_body");
        assert_true(read ? json_taken > 2000 * 1024 : json_taken < 64 * 1024);
    }
    json_set_alloc_funcs(usual, usual_free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_good_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_13_headers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_13_algorithms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_13_the_public_key_is_no_secret, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_13_signatures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_13_keys_are_found_by_name_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_25_other_issuers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_15_clocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_audiences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_endorsements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_11_the_token_names_the_address, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_11_hosts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bodies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_two_faults_the_first_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_request_waits_for_keys_with_its_bytes_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_who_has_proven_nothing_has_nothing_read, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

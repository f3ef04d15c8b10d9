/* Signing in with Entra, over real HTTP to a scripted Microsoft: what is asked, whom an id token
 * proves and when, and where its keys come from. */
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "tests/unit/chat/teams_peer.h"

#define TENANT_B "55555555-0000-0000-0000-00000000000b"
#define NONCE "sample-nonce-of-this-attempt"

static const char *const tenants[] = {TENANT_A, TENANT_B};

static void on(struct chat_settings *s)
{
    s->teams_sign_in = true;
    s->teams_allowed_tenants = tenants;
    s->teams_allowed_tenants_count = 2;
}

static int set_up(void **state)
{
    *state = teams_peer_start(on);
    return 0;
}

static int tear_down(void **state)
{
    teams_peer_stop(*state);
    return 0;
}

static struct chat_sign_in attempt_of(struct teams_peer *p)
{
    return (struct chat_sign_in){.workspace = "teams:" TENANT_A,
                                 .redirect_uri = "https://bot.example/identity/teams/callback",
                                 .state = "state/1",
                                 .nonce = NONCE,
                                 .code = secret_of(p->mem, "1.AXsample+code")};
}

/* --- tokens --- */

/* The claims of a good one at TEAMS_NOW, less "iss", which names the peer's port. */
static const char *token_with(struct teams_peer *p, EVP_PKEY *key, const char *kid,
                              const char *changes)
{
    const char *good =
        arena_printf(p->mem,
                     "{'iss':'http://%s/login/" TENANT_A "/v2.0','aud':'" TEAMS_APP "','oid':'" ANA
                     "','tid':'" TENANT_A "','ver':'2.0','nonce':'" NONCE
                     "','iat':1790000000,'nbf':1790000000,'exp':1790003900}",
                     p->host);
    struct bytes claims = changed(p->mem, good, "", changes);
    const char *header =
        arena_printf(p->mem, "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"%s\"}", kid);
    return teams_token_by(p->mem, key, EVP_sha256(), header, (const char *)claims.data);
}

static struct chat_identity who;

/* "ok" and `who`, or the error's code */
static const char *read_at(struct teams_peer *p, const char *token, int64_t now)
{
    struct err e = {0};
    const struct chat_sign_in q = attempt_of(p);
    who = (struct chat_identity){0};
    return teams_sign_in_read(p->c, p->mem, &q, secret_of(p->mem, token), now, &who, &e) == 0
               ? "ok"
               : e.code;
}

static const char *read_changed(struct teams_peer *p, const char *changes)
{
    return read_at(p, token_with(p, p->ours, "k1", changes), TEAMS_NOW);
}

static void test_p4_whom_a_token_proves(void **state)
{
    struct teams_peer *p = *state;
    assert_string_equal(read_changed(p, "{}"), "ok");
    assert_string_equal(who.user_id, ANA);
    assert_string_equal(who.team, TENANT_A);
    assert_true(who.at_home);
    assert_null(who.organisation);
    /* ids are compared in lower case everywhere */
    assert_string_equal(read_changed(p, "{'oid':'33333333-0000-0000-0000-00000000000A',"
                                        "'tid':'44444444-0000-0000-0000-00000000000A'}"),
                        "ok");
    assert_string_equal(who.user_id, ANA);
    assert_true(who.at_home);
    /* of another tenant: somebody, and nobody of this workspace */
    assert_string_equal(read_changed(p, "{'tid':'" TENANT_B "'}"), "ok");
    assert_false(who.at_home);
}

static void test_p4_tokens_that_prove_nobody(void **state)
{
    struct teams_peer *p = *state;
    const struct {
        const char *changes, *code;
    } cases[] = {
        {"{'oid':'(absent)'}", "jwt_shape"},
        {"{'oid':'ana@acme.example'}", "jwt_shape"},
        {"{'oid':7}", "jwt_shape"},
        {"{'tid':'(absent)'}", "jwt_shape"},
        {"{'tid':'common'}", "jwt_shape"},
        {"{'iss':'(absent)'}", "jwt_issuer"},
        {arena_printf(p->mem, "{'iss':'http://%s/login/" TENANT_B "/v2.0'}", p->host),
         "jwt_issuer"},
        {arena_printf(p->mem, "{'iss':'http://%s/login/" TENANT_A "/v2.0/'}", p->host),
         "jwt_issuer"},
        {"{'iss':'https://sts.windows.net/" TENANT_A "/'}", "jwt_issuer"},
        {"{'aud':'(absent)'}", "jwt_audience"},
        {"{'aud':'api://" TEAMS_APP "'}", "jwt_audience"},
        {"{'aud':['" TEAMS_APP "','other']}", "jwt_audience"},
        {"{'azp':'other'}", "jwt_audience"},
        {"{'nonce':'(absent)'}", "jwt_nonce"},
        {"{'nonce':'sample-nonce-of-another-one'}", "jwt_nonce"},
        {"{'exp':'(absent)'}", "jwt_time"},
        {"{'iat':'(absent)'}", "jwt_time"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(read_changed(p, cases[i].changes), cases[i].code);
        assert_null(who.user_id);
    }
    assert_string_equal(read_at(p, token_with(p, p->other, "k1", "{}"), TEAMS_NOW),
                        "jwt_signature");
    assert_string_equal(read_at(p, "not.a.token", TEAMS_NOW), "jwt_shape");
}

static void test_p4_clocks(void **state)
{
    struct teams_peer *p = *state;
    const char *token = token_with(p, p->ours, "k1", "{}");
    static const struct {
        int64_t now;
        const char *code;
    } cases[] = {
        {1790003900 + 59, "ok"},
        {1790003900 + 60, "jwt_expired"},
        {1790000000 - 60, "ok"},
        {1790000000 - 61, "jwt_time"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(read_at(p, token, cases[i].now), cases[i].code);
    }
}

/* --- keys --- */

static void serve(struct teams_peer *p, EVP_PKEY *key, const char *kid, const char *issuer)
{
    json_t *jwk = teams_jwk(p->mem, key, kid, NULL);
    if (issuer != NULL) {
        json_object_set_new(jwk, "issuer", json_string(issuer));
    }
    p->key_set = teams_key_set(p->mem, jwk, NULL);
}

static struct teams_entra_set *set_of(struct teams_peer *p, size_t i)
{
    return &p->c->teams_entra_keys->sets[i];
}

static void pass(struct teams_peer *p, int64_t ms)
{
    set_of(p, 0)->fetched_ms -= ms;
    set_of(p, 0)->tried_ms -= ms;
}

/* "found", or the error's code */
static const char *find_of(struct teams_peer *p, const char *tenant, const char *kid)
{
    struct err e = {0};
    json_t *key = NULL;
    const struct teams_entra_query q = {tenant, kid};
    if (teams_entra_key(p->c, p->mem, &q, &key, &e) != 0) {
        return e.code;
    }
    assert_string_equal(json_text(key, "kid"), kid);
    assert_null(json_member(key, "x5c"));
    return "found";
}

static const char *find(struct teams_peer *p, const char *kid)
{
    return find_of(p, TENANT_A, kid);
}

static void test_keys_are_fetched_once_an_hour_of_each_tenant(void **state)
{
    struct teams_peer *p = *state;
    for (int i = 0; i < 10; i++) {
        assert_string_equal(find(p, "k1"), "found");
    }
    assert_int_equal(p->keys_asked, 1);
    pass(p, TEAMS_ENTRA_FRESH_MS - 60 * 1000);
    assert_string_equal(find(p, "k1"), "found");
    assert_int_equal(p->keys_asked, 1);
    pass(p, 60 * 1000);
    assert_string_equal(find(p, "k1"), "found");
    assert_int_equal(p->keys_asked, 2);
    /* another tenant has a set of its own; one that is not served has none */
    serve(p, p->other, "k2", NULL);
    assert_string_equal(find_of(p, TENANT_B, "k2"), "found");
    assert_string_equal(find(p, "k1"), "found");
    assert_string_equal(find_of(p, "66666666-0000-0000-0000-00000000000c", "k2"), "sign_in_keys");
    assert_int_equal(p->keys_asked, 3);
    char last[SCRIPTED_REQUEST_MAX];
    scripted_last(p->peer, last, sizeof last);
    assert_true(str_starts(last, "GET /login/" TENANT_B "/discovery/v2.0/keys HTTP/1.1\r\n"));
}

static void test_a_new_key_is_learnt_after_a_pause(void **state)
{
    struct teams_peer *p = *state;
    assert_string_equal(find(p, "k1"), "found");
    serve(p, p->other, "k2", NULL);
    for (int i = 0; i < 50; i++) {
        assert_string_equal(find(p, "k2"), "sign_in_keys");
    }
    assert_int_equal(p->keys_asked, 1);
    pass(p, TEAMS_ENTRA_PAUSE_MS);
    assert_string_equal(find(p, "k2"), "found");
    assert_string_equal(find(p, "k1"), "sign_in_keys");
    pass(p, TEAMS_ENTRA_PAUSE_MS);
    assert_string_equal(find(p, "k1"), "jwt_key_unknown");
    assert_int_equal(p->keys_asked, 3);
}

static void test_old_keys_go_on_for_a_day(void **state)
{
    struct teams_peer *p = *state;
    assert_string_equal(find(p, "k1"), "found");
    atomic_store(&p->keys_status, 503);
    pass(p, TEAMS_ENTRA_FRESH_MS);
    for (int i = 0; i < 20; i++) {
        assert_string_equal(find(p, "k1"), "found");
    }
    assert_int_equal(p->keys_asked, 2);
    pass(p, TEAMS_ENTRA_STALE_MS);
    assert_string_equal(find(p, "k1"), "sign_in_keys");
    atomic_store(&p->keys_status, 200);
    pass(p, TEAMS_ENTRA_PAUSE_MS);
    assert_string_equal(find(p, "k1"), "found");
}

/* Whoever comes first does not lock out whoever tries again a moment later. */
static void test_without_any_keys(void **state)
{
    struct teams_peer *p = *state;
    static const char *const sets[] = {
        "",   "<html>",        "[]",
        "{}", "{\"keys\":[]}", "{\"keys\":[{\"kid\":\"k1\",\"kty\":\"oct\",\"k\":\"AA\"}]}"};
    const char *good = p->key_set;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        p->key_set = sets[i];
        assert_string_equal(find(p, "k1"), "sign_in_keys");
    }
    p->key_set = good;
    atomic_store(&p->keys_status, 302);
    assert_string_equal(find(p, "k1"), "sign_in_keys");
    atomic_store(&p->keys_status, 200);
    assert_string_equal(find(p, "k1"), "found");
}

static void *find_too(void *arg)
{
    struct teams_peer *p = arg;
    arena *mem = arena_new();
    struct err e = {0};
    json_t *key = NULL;
    const struct teams_entra_query q = {TENANT_A, "k1"};
    assert_int_equal(teams_entra_key(p->c, mem, &q, &key, &e), 0);
    arena_free(mem);
    return NULL;
}

static void test_one_fetches_for_all(void **state)
{
    enum { CALLERS = 16 };
    struct teams_peer *p = *state;
    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, find_too, p), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(p->keys_asked, 1);
}

static void test_p4_a_key_signs_for_the_tenant_that_it_names(void **state)
{
    struct teams_peer *p = *state;
    const struct {
        const char *issuer, *code;
    } cases[] = {
        {arena_printf(p->mem, "http://%s/login/{tenantid}/v2.0", p->host), "ok"},
        {arena_printf(p->mem, "http://%s/login/" TENANT_A "/v2.0", p->host), "ok"},
        {arena_printf(p->mem, "http://%s/login/" TENANT_B "/v2.0", p->host), "jwt_issuer"},
        {"https://login.example/{tenantid}/v2.0", "jwt_issuer"},
        {"", "jwt_issuer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *kid = arena_printf(p->mem, "kid-%zu", i);
        serve(p, p->ours, kid, cases[i].issuer);
        pass(p, TEAMS_ENTRA_PAUSE_MS);
        assert_string_equal(read_at(p, token_with(p, p->ours, kid, "{}"), TEAMS_NOW),
                            cases[i].code);
    }
}

/* --- the way there and back --- */

static void test_the_way_there(void **state)
{
    struct teams_peer *p = *state;
    const struct chat_sign_in q = attempt_of(p);
    struct chat_sign_in_client client;
    assert_string_equal(chats_sign_in_origin(p->c, p->mem, q.workspace),
                        arena_printf(p->mem, "http://%s", p->host));
    assert_string_equal(
        teams_sign_in_url(p->c, p->mem, &q),
        arena_printf(p->mem,
                     "http://%s/login/" TENANT_A "/oauth2/v2.0/authorize?response_type=code"
                     "&response_mode=query&scope=openid%%20profile&prompt=select_account"
                     "&client_id=" TEAMS_APP "&state=state%%2F1&nonce=" NONCE
                     "&redirect_uri=https%%3A%%2F%%2Fbot.example%%2Fidentity%%2Fteams%%2Fcallback",
                     p->host));
    struct chat_settings other = p->c->settings;
    other.teams_login_url = NULL;
    other.teams_cloud = "gcc_high";
    const chats *gov = chats_new(p->mem, &other);
    assert_string_equal(chats_sign_in_origin(gov, p->mem, q.workspace),
                        "https://login.microsoftonline.us");
    other.teams_sign_in = false;
    const chats *off = chats_new(p->mem, &other);
    assert_null(chats_sign_in_origin(off, p->mem, q.workspace));
    /* switched off, it can be tried all the same */
    assert_non_null(chats_sign_in_client(off, p->mem, "teams", &client));
    assert_string_equal(client.origin, "https://login.microsoftonline.us");
    assert_string_equal(client.id, TEAMS_APP);
    assert_string_equal(client.workspace, "teams:" TENANT_A);
    assert_false(client.on);
    assert_null(chats_sign_in_client(off, p->mem, "slack", &client));
    assert_false(chats_sign_in_on(off, q.workspace));
    assert_true(chats_sign_in_on(p->c, q.workspace));
}

static const char *http(struct teams_peer *p, const char *status, const char *body)
{
    return arena_printf(p->mem,
                        "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        status, strlen(body), body);
}

/* "ok", or the error's code and kind */
static const char *sign_in(struct teams_peer *p, const char *status, const char *body,
                           enum err_kind *ret_kind)
{
    struct err e = {0};
    const struct chat_sign_in q = attempt_of(p);
    p->answers[0] = http(p, status, body);
    atomic_store(&p->asked, 0);
    int rc = teams_sign_in(p->c, p->mem, &q, &who, &e);
    *ret_kind = e.kind;
    return rc == 0 ? "ok" : e.code;
}

static void test_the_way_back(void **state)
{
    struct teams_peer *p = *state;
    enum err_kind kind = ERR_NONE;
    int64_t now = clock_now();
    const char *token =
        token_with(p, p->ours, "k1",
                   arena_printf(p->mem, "{'iat':%lld,'nbf':%lld,'exp':%lld}", (long long)now,
                                (long long)now, (long long)now + 3600));
    assert_string_equal(
        sign_in(p, "200 OK", arena_printf(p->mem, "{\"id_token\":\"%s\"}", token), &kind), "ok");
    assert_string_equal(who.user_id, ANA);
    assert_string_equal(sign_in(p, "200 OK", "{}", &kind), "jwt_shape");
    assert_int_equal(kind, ERR_UNAUTHENTIC);
    char last[SCRIPTED_REQUEST_MAX];
    scripted_last(p->peer, last, sizeof last);
    assert_true(str_starts(last, "POST /login/" TENANT_A "/oauth2/v2.0/token HTTP/1.1\r\n"));
    assert_non_null(strstr(last, "grant_type=authorization_code&client_id=" TEAMS_APP
                                 "&client_secret=sample%2Bsecret%2Fof+the+bot&redirect_uri="));
    assert_non_null(strstr(last, "&code=1.AXsample%2Bcode"));
}

static void test_what_a_refusal_means(void **state)
{
    struct teams_peer *p = *state;
    static const struct {
        const char *status, *body, *code;
        enum err_kind kind;
    } cases[] = {
        {"401 X", "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: x\"}",
         "chat_client", ERR_CONFIG},
        {"400 X", "{\"error\":\"unauthorized_client\"}", "chat_client", ERR_CONFIG},
        {"400 X", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS54005: x\"}",
         "chat_code", ERR_INPUT},
        {"400 X", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS65001: x\"}",
         "sign_in_barred", ERR_CONFIG},
        {"400 X", "{\"error\":\"consent_required\"}", "sign_in_barred", ERR_CONFIG},
        {"400 X", "{\"error\":\"interaction_required\"}", "chat_code", ERR_INPUT},
        {"400 X", "{\"error\":\"never_heard_of\"}", "chat_busy", ERR_UPSTREAM_BUSY},
        {"400 X", "<html>", "chat_busy", ERR_UPSTREAM_BUSY},
        {"503 X", "{\"error\":\"invalid_client\"}", "chat_busy", ERR_UPSTREAM_BUSY},
        {"429 X", "{}", "chat_limit", ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum err_kind kind = ERR_NONE;
        assert_string_equal(sign_in(p, cases[i].status, cases[i].body, &kind), cases[i].code);
        assert_int_equal(kind, cases[i].kind);
    }
}

static void test_who_is_barred(void **state)
{
    struct teams_peer *p = *state;
    static const struct {
        const char *error, *description;
        bool barred;
    } cases[] = {
        {"access_denied", "AADSTS65004: User declined to consent.", false},
        {"access_denied", NULL, false},
        {"access_denied", "", false},
        {"access_denied", "AADSTS90094: The grant requires admin permission.", true},
        {"access_denied", "AADSTS90095: x", true},
        {"interaction_required", "AADSTS65001: x", true},
        {"interaction_required", "AADSTS650010: x", false},
        {"consent_required", NULL, true},
        {"consent_required", "AADSTS65004: x", false},
        {"server_error", NULL, false},
        {NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(teams_sign_in_barred(p->mem, cases[i].error, cases[i].description),
                         cases[i].barred);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_p4_whom_a_token_proves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_p4_tokens_that_prove_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_p4_clocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys_are_fetched_once_an_hour_of_each_tenant, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_key_is_learnt_after_a_pause, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_old_keys_go_on_for_a_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_any_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_fetches_for_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_p4_a_key_signs_for_the_tenant_that_it_names, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_way_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_way_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_refusal_means, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_is_barred, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

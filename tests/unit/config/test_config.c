/* Settings: defaults, every kind of fault, rules between settings, and the reference table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "service/config/config_int.h"

#define SAMPLE_KEY "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SAMPLE_TOKEN "sample-operator-token-0123456789-abcdef"

struct pair {
    const char *name;
    const char *value;
};

enum { PAIRS_MAX = 64 };
static struct pair environment[PAIRS_MAX];

static const char *get(const char *name)
{
    for (size_t i = 0; i < PAIRS_MAX && environment[i].name != NULL; i++) {
        if (strcmp(environment[i].name, name) == 0) {
            return environment[i].value;
        }
    }
    return NULL;
}

/* Adds or replaces one name. */
static void put(const char *name, const char *value)
{
    size_t i = 0;
    while (environment[i].name != NULL && strcmp(environment[i].name, name) != 0) {
        i++;
    }
    assert_true(i < PAIRS_MAX - 1);
    environment[i] = (struct pair){name, value};
}

struct loaded {
    arena *mem;
    struct config c;
    struct faults faults;
};

static int setup(void **state)
{
    memset(environment, 0, sizeof(environment));
    put("WORKBOT_DATABASE_URL", "postgresql://workbot@db.example/workbot");
    put("WORKBOT_PUBLIC_URL", "https://bot.example.com/");
    put("WORKBOT_ENCRYPTION_KEYS", SAMPLE_KEY);
    struct loaded *l = calloc(1, sizeof(*l));
    assert_non_null(l);
    l->mem = arena_new();
    *state = l;
    return 0;
}

static int teardown(void **state)
{
    struct loaded *l = *state;
    arena_free(l->mem);
    free(l);
    return 0;
}

static struct loaded *load(void **state)
{
    struct loaded *l = *state;
    faults_init(&l->faults, l->mem);
    config_load(l->mem, get, &l->c, &l->faults);
    return l;
}

static void expect_none(const struct loaded *l)
{
    if (l->faults.count > 0) {
        fail_msg("unexpected: %s", faults_line(l->mem, &l->faults, 1000));
    }
}

/* Exactly one fault, on `name`, that contains `part`. */
static void expect_one(const struct loaded *l, const char *name, const char *part)
{
    if (l->faults.count != 1 || strcmp(l->faults.list[0].path, name) != 0 ||
        strstr(l->faults.list[0].text, part) == NULL) {
        fail_msg("wanted %s: ...%s..., got %zu: %s", name, part, l->faults.count,
                 faults_line(l->mem, &l->faults, 2000));
    }
}

static void test_defaults(void **state)
{
    struct loaded *l = load(state);
    const struct config *c = &l->c;
    expect_none(l);
    assert_string_equal(c->public_url, "https://bot.example.com");
    assert_string_equal(c->listen, "127.0.0.1:8080");
    assert_string_equal(c->ops_listen, "127.0.0.1:9090");
    assert_null(c->api_listen);
    assert_null(c->slack_app_id);
    assert_string_equal(c->slack_url, "https://slack.com");
    assert_false(c->slack_sign_in);
    assert_string_equal(c->teams_cloud, "public");
    assert_int_equal(c->workers, 32);
    assert_int_equal(c->db_connections, 12);
    assert_true(c->db_prepare);
    assert_int_equal(c->log_level, LOG_INFO);
    assert_int_equal(c->ttl_state, 600);
    assert_int_equal(c->ttl_code, 600);
    assert_int_equal(c->ttl_provisional, 600);
    assert_int_equal(c->ttl_question, 1800);
    assert_int_equal(c->ttl_stale_write, 900);
    assert_int_equal(c->ttl_parked, 86400);
    assert_int_equal(c->ttl_prompt, 604800);
    assert_int_equal(c->ttl_events, 3 * 86400);
    assert_int_equal(c->ttl_runs, 90 * 86400);
    assert_int_equal(c->ttl_audit, 400 * 86400);
    assert_false(c->public_is_loopback);
}

static void test_everything_set(void **state)
{
    put("WORKBOT_PUBLIC_URL", "http://127.0.0.1:8080");
    put("WORKBOT_LISTEN", "[::]:80");
    put("WORKBOT_API_LISTEN", "127.0.0.1:0");
    put("WORKBOT_TRUSTED_PROXIES", "10.0.0.1, fd00::/8");
    put("WORKBOT_ADMIN_TOKENS", SAMPLE_TOKEN "," SAMPLE_TOKEN "2");
    put("WORKBOT_ALLOWED_WORKSPACES", "slack:T1,teams:aaaa");
    put("WORKBOT_SLACK_APP_ID", "A1");
    put("WORKBOT_SLACK_CLIENT_ID", "1.2");
    put("WORKBOT_SLACK_CLIENT_SECRET", "sample-client-secret");
    put("WORKBOT_SLACK_SIGNING_SECRETS", "sample-signing-1, sample-signing-2");
    put("WORKBOT_SLACK_URL", "http://127.0.0.1:9000/slack/");
    put("WORKBOT_SLACK_SIGN_IN", "on");
    put("WORKBOT_TRUSTED_HTTP_HOSTS", "127.0.0.1:9000,localhost:9001");
    put("WORKBOT_WORKERS", "1100");
    put("WORKBOT_DB_PREPARE", "off");
    put("WORKBOT_LOG_LEVEL", "debug");
    put("WORKBOT_TTL_STATE", "90s");
    put("WORKBOT_TTL_PARKED", "2h");
    put("WORKBOT_TTL_CODE", "7");
    put("WORKBOT_APPS_DIR", "/etc/workbot/apps");
    struct loaded *l = load(state);
    expect_none(l);
    assert_true(l->c.public_is_loopback);
    assert_int_equal(l->c.trusted_proxies.count, 2);
    assert_int_equal(l->c.admin_tokens.count, 2);
    assert_string_equal(secret_reveal(l->c.admin_tokens.items[1]), SAMPLE_TOKEN "2");
    assert_int_equal(l->c.slack_signing_secrets.count, 2);
    assert_string_equal(secret_reveal(l->c.slack_signing_secrets.items[1]), "sample-signing-2");
    assert_string_equal(l->c.slack_url, "http://127.0.0.1:9000/slack");
    assert_true(l->c.slack_sign_in);
    assert_int_equal(l->c.workers, 1100);
    assert_false(l->c.db_prepare);
    assert_int_equal(l->c.log_level, LOG_DEBUG);
    assert_int_equal(l->c.ttl_state, 90);
    assert_int_equal(l->c.ttl_parked, 7200);
    assert_int_equal(l->c.ttl_code, 7);
    assert_true(config_trusts_host(&l->c, "LOCALHOST:9001"));
    assert_false(config_trusts_host(&l->c, "localhost:9000"));
    assert_false(config_trusts_host(&l->c, "localhost"));
}

static void test_required_all_at_once(void **state)
{
    memset(environment, 0, sizeof(environment));
    put("WORKBOT_PUBLIC_URL", "");
    struct loaded *l = load(state);
    assert_int_equal(l->faults.count, 3);
    assert_string_equal(l->faults.list[0].path, "WORKBOT_DATABASE_URL");
    assert_string_equal(l->faults.list[1].path, "WORKBOT_PUBLIC_URL");
    assert_string_equal(l->faults.list[2].path, "WORKBOT_ENCRYPTION_KEYS");
}

struct wrong {
    const char *name;
    const char *value;
    const char *part;
};

static void test_wrong_values(void **state)
{
    static const struct wrong wrongs[] = {
        {"WORKBOT_PUBLIC_URL", "http://bot.example.com", "must begin with https://"},
        {"WORKBOT_PUBLIC_URL", "https://bot.example.com/base", "no path"},
        {"WORKBOT_PUBLIC_URL", "bot.example.com", "such as https://"},
        {"WORKBOT_PUBLIC_URL", "https://user@bot.example.com", "without user"},
        {"WORKBOT_PUBLIC_URL", "https://bot.example.com:0", "such as https://"},
        {"WORKBOT_PUBLIC_URL", "https://bot.example.com:port", "such as https://"},
        {"WORKBOT_PUBLIC_URL", "https://good.example\\@evil.test", "such as https://"},
        {"WORKBOT_PUBLIC_URL", "https://[::1", "such as https://"},
        {"WORKBOT_PUBLIC_URL", "https://", "such as https://"},
        {"WORKBOT_PUBLIC_URL", "https://bot.example.com?x", "such as https://"},
        {"WORKBOT_LISTEN", "8080", "must be host:port"},
        {"WORKBOT_LISTEN", "127.0.0.1:65536", "must be host:port"},
        {"WORKBOT_LISTEN", "127.0.0.1:-1", "must be host:port"},
        {"WORKBOT_LISTEN", "::1:80", "must be host:port"},
        {"WORKBOT_TRUSTED_PROXIES", "proxy.example", "must list IP addresses"},
        {"WORKBOT_TRUSTED_PROXIES", "10.0.0.0/33", "must list IP addresses"},
        {"WORKBOT_ADMIN_TOKENS", "too-short", "at least 32"},
        {"WORKBOT_ADMIN_TOKENS", SAMPLE_TOKEN ",", "at least 32"},
        {"WORKBOT_ALLOWED_WORKSPACES", "T123", "slack:T..."},
        {"WORKBOT_SLACK_URL", "http://slack.example", "WORKBOT_TRUSTED_HTTP_HOSTS"},
        {"WORKBOT_TRUSTED_HTTP_HOSTS", "127.0.0.1:9000", "for development"},
        {"WORKBOT_TRUSTED_HTTP_HOSTS", "localhost", "must list host:port"},
        {"WORKBOT_WORKERS", "0", "from 1 to 1100"},
        {"WORKBOT_WORKERS", "1101", "from 1 to 1100"},
        {"WORKBOT_WORKERS", "many", "whole number"},
        {"WORKBOT_WORKERS", "99999999999999999999", "whole number"},
        {"WORKBOT_DB_CONNECTIONS", "1", "from 2 to 200"},
        {"WORKBOT_DB_PREPARE", "yes", "on or off"},
        {"WORKBOT_LOG_LEVEL", "loud", "debug, info"},
        {"WORKBOT_TEAMS_CLOUD", "moon", "gcc_high"},
        {"WORKBOT_TTL_RUNS", "1h", "WORKBOT_TTL_PARKED"},
        {"WORKBOT_TTL_STATE", "0", "from 1 to"},
        {"WORKBOT_TTL_STATE", "10 minutes", "whole number of seconds"},
        {"WORKBOT_TTL_STATE", "m", "whole number of seconds"},
        {"WORKBOT_TTL_STATE", "9223372036854775807d", "whole number of seconds"},
        {"WORKBOT_LISTEN", "127.0.0.1:80\n", "control characters"},
        {"WORKBOT_APPS_DIR", "\xff\xfe", "not UTF-8"},
        {"WORKBOT_SLACK_SIGN_IN", "on", "Slack is off"},
        {"WORKBOT_SLACK_SIGN_IN_CLIENT_SECRET", "sample-secret", "SIGN_IN_CLIENT_ID is missing"},
    };
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        void *fresh;
        setup(&fresh);
        put(wrongs[i].name, wrongs[i].value);
        struct loaded *l = load(&fresh);
        const char *name = strstr(wrongs[i].part, "SIGN_IN_CLIENT_ID") != NULL
                               ? "WORKBOT_SLACK_SIGN_IN_CLIENT_ID"
                               : wrongs[i].name;
        expect_one(l, name, wrongs[i].part);
        /* a whole sentence that names the setting */
        assert_non_null(strstr(l->faults.list[0].text, name));
        assert_true(str_ends(l->faults.list[0].text, "."));
        teardown(&fresh);
    }
    (void)state;
}

static void test_faults_show_no_secret(void **state)
{
    put("WORKBOT_ADMIN_TOKENS", "canary-short");
    put("WORKBOT_DATABASE_URL", "postgresql://u:canary@h/\n");
    put("WORKBOT_ENCRYPTION_KEYS", "canary");
    put("WORKBOT_ENCRYPTION_KEYS_FILE", "/nonexistent/canary");
    put("WORKBOT_SLACK_CLIENT_SECRET_FILE", "/nonexistent/canary");
    put("WORKBOT_SLACK_SIGNING_SECRETS", "canary");
    struct loaded *l = load(state);
    assert_int_equal(l->faults.count, 5);
    assert_null(strstr(faults_line(l->mem, &l->faults, 10000), "canary"));
}

static void test_slack_whole_or_not_at_all(void **state)
{
    put("WORKBOT_SLACK_APP_ID", "A1");
    struct loaded *l = load(state);
    assert_int_equal(l->faults.count, 3);
    assert_string_equal(l->faults.list[0].path, "WORKBOT_SLACK_CLIENT_ID");
    assert_string_equal(l->faults.list[1].path, "WORKBOT_SLACK_CLIENT_SECRET");
    assert_string_equal(l->faults.list[2].path, "WORKBOT_SLACK_SIGNING_SECRETS");
    assert_non_null(strstr(l->faults.list[0].text, "WORKBOT_SLACK_SIGNING_SECRETS, or none"));
}

static void test_slack_without_its_app_id_is_a_fault(void **state)
{
    put("WORKBOT_SLACK_CLIENT_ID", "1.2");
    struct loaded *l = load(state);
    assert_int_equal(l->faults.count, 1);
    assert_string_equal(l->faults.list[0].path, "WORKBOT_SLACK_APP_ID");
}

static void test_teams_needs_secret_and_tenant(void **state)
{
    put("WORKBOT_TEAMS_APP_ID", "00000000-0000-0000-0000-000000000000");
    struct loaded *l = load(state);
    assert_int_equal(l->faults.count, 2);
    for (size_t i = 0; i < l->faults.count; i++) {
        const char *text = l->faults.list[i].text;
        assert_non_null(strstr(text, "WORKBOT_TEAMS_APP_ID, WORKBOT_TEAMS_APP_SECRET and "
                                     "WORKBOT_TEAMS_TENANT_ID, or none"));
    }
}

/* Entra shows two columns, Value and Secret ID; only the second one is a GUID. */
static void test_teams_secret_id_is_no_secret(void **state)
{
    put("WORKBOT_TEAMS_APP_ID", "00000000-0000-0000-0000-000000000000");
    put("WORKBOT_TEAMS_TENANT_ID", "00000000-0000-0000-0000-000000000000");
    put("WORKBOT_TEAMS_APP_SECRET", "33333333-AAAA-4bbb-8ccc-333333333333");
    struct loaded *l = load(state);
    expect_one(l, "WORKBOT_TEAMS_APP_SECRET", "this looks like the Secret ID");
    assert_null(strstr(l->faults.list[0].text, "33333333"));
}

static void test_teams_ids_and_hosts(void **state)
{
#define GUID "22222222-AAAA-4bbb-8ccc-222222222222"
    static const struct {
        const char *name, *value, *faulty;
    } rows[] = {
        {"WORKBOT_TEAMS_APP_ID", GUID, NULL},
        {"WORKBOT_TEAMS_APP_ID", "28:" GUID, "WORKBOT_TEAMS_APP_ID"},
        {"WORKBOT_TEAMS_APP_ID", GUID "0", "WORKBOT_TEAMS_APP_ID"},
        {"WORKBOT_TEAMS_APP_ID", "22222222-aaaa", "WORKBOT_TEAMS_APP_ID"},
        {"WORKBOT_TEAMS_TENANT_ID", "acme.onmicrosoft.com", "WORKBOT_TEAMS_TENANT_ID"},
        {"WORKBOT_TEAMS_TENANT_ID", "botframework.com", "WORKBOT_TEAMS_ALLOWED_TENANTS"},
        {"WORKBOT_TEAMS_ALLOWED_TENANTS", GUID ",teams:" GUID, "WORKBOT_TEAMS_ALLOWED_TENANTS"},
        {"WORKBOT_TEAMS_ALLOWED_TENANTS", GUID "," GUID, NULL},
        {"WORKBOT_TEAMS_CLOUD", "dod", NULL},
        {"WORKBOT_TEAMS_CLOUD", "china", "WORKBOT_TEAMS_SERVICE_HOSTS"},
        {"WORKBOT_TEAMS_SERVICE_HOSTS", "*.trafficmanager.net", "WORKBOT_TEAMS_SERVICE_HOSTS"},
        {"WORKBOT_TEAMS_SERVICE_HOSTS", "https://bots.example", "WORKBOT_TEAMS_SERVICE_HOSTS"},
        {"WORKBOT_TEAMS_SERVICE_HOSTS", "smba.trafficmanager.net.", "WORKBOT_TEAMS_SERVICE_HOSTS"},
        {"WORKBOT_TEAMS_SERVICE_HOSTS", "bots.example.:8443", "WORKBOT_TEAMS_SERVICE_HOSTS"},
        {"WORKBOT_TEAMS_SERVICE_HOSTS", "bots.example:8443", NULL},
        {"WORKBOT_TEAMS_SERVICE_HOSTS", " , ", "WORKBOT_TEAMS_SERVICE_HOSTS"},
        {"WORKBOT_TEAMS_ALLOWED_TENANTS", ",", "WORKBOT_TEAMS_ALLOWED_TENANTS"},
        {"WORKBOT_TEAMS_LOGIN_URL", "http://login.example", "WORKBOT_TEAMS_LOGIN_URL"},
        {"WORKBOT_TEAMS_OPENID_URL", "http://login.example/x", "WORKBOT_TEAMS_OPENID_URL"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *fresh;
        setup(&fresh);
        put("WORKBOT_TEAMS_APP_ID", "22222222-aaaa-4bbb-8ccc-222222222222");
        put("WORKBOT_TEAMS_APP_SECRET", "sample-secret");
        put("WORKBOT_TEAMS_TENANT_ID", "44444444-0000-0000-0000-00000000000a");
        put(rows[i].name, rows[i].value);
        struct loaded *l = load(&fresh);
        if (rows[i].faulty == NULL) {
            expect_none(l);
        } else {
            expect_one(l, rows[i].faulty, rows[i].faulty);
        }
        teardown(&fresh);
    }
    void *fresh;
    setup(&fresh);
    put("WORKBOT_TEAMS_SIGN_IN", "on");
    expect_one(load(&fresh), "WORKBOT_TEAMS_SIGN_IN", "Teams is off");
    teardown(&fresh);
}

static void test_loopback_public_urls(void **state)
{
    static const char *const loopback[] = {"http://localhost:1", "http://127.1.2.3",
                                           "http://[::1]:8080"};
    for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
        put("WORKBOT_PUBLIC_URL", loopback[i]);
        struct loaded *l = load(state);
        expect_none(l);
        assert_true(l->c.public_is_loopback);
    }
    put("WORKBOT_PUBLIC_URL", "https://localhost");
    put("WORKBOT_TRUSTED_HTTP_HOSTS", "127.0.0.1:1");
    struct loaded *l = load(state);
    expect_none(l);
    assert_false(l->c.public_is_loopback);
    put("WORKBOT_PUBLIC_URL", "http://localhost.evil.test");
    l = load(state);
    assert_int_equal(l->faults.count, 2);
}

/* --- NAME_FILE --- */

static const char *file_with(const char *content, size_t len)
{
    static char path[64];
    (void)snprintf(path, sizeof(path), "/tmp/workbot-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, len), (ssize_t)len);
    close(fd);
    return path;
}

static void test_value_from_file(void **state)
{
    const char *path = file_with("warn\n", 5);
    put("WORKBOT_LOG_LEVEL_FILE", path);
    struct loaded *l = load(state);
    unlink(path);
    expect_none(l);
    assert_int_equal(l->c.log_level, LOG_WARN);
}

static void test_file_faults(void **state)
{
    static char large[20000];
    memset(large, 'x', sizeof(large));
    static const struct {
        const char *content;
        size_t len;
        const char *part;
    } files[] = {{"warn\n\n", 6, "control characters"},
                 {"", 0, "empty file"},
                 {"\n", 1, "empty file"},
                 {"wa\0rn", 5, "NUL"},
                 {large, sizeof(large), "too large"}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const char *path = file_with(files[i].content, files[i].len);
        put("WORKBOT_LOG_LEVEL_FILE", path);
        struct loaded *l = load(state);
        unlink(path);
        assert_true(l->faults.count > 0);
        assert_non_null(strstr(faults_line(l->mem, &l->faults, 1000), files[i].part));
    }
    put("WORKBOT_LOG_LEVEL_FILE", "/nonexistent/file");
    expect_one(load(state), "WORKBOT_LOG_LEVEL", "cannot be opened");
    put("WORKBOT_LOG_LEVEL_FILE", "/tmp");
    expect_one(load(state), "WORKBOT_LOG_LEVEL", "cannot be read");
}

static void test_both_set(void **state)
{
    const char *path = file_with("warn", 4);
    put("WORKBOT_LOG_LEVEL", "warn");
    put("WORKBOT_LOG_LEVEL_FILE", path);
    struct loaded *l = load(state);
    unlink(path);
    expect_one(l, "WORKBOT_LOG_LEVEL", "both set");
}

/* --- the rest --- */

static void test_unknown_names(void **state)
{
    struct loaded *l = *state;
    char one[] = "WORKBOT_LISTENN=x", two[] = "WORKBOT_BANANA=1", three[] = "WORKBOT_LISTEN=x";
    char four[] = "WORKBOT_LISTEN_FILE=x", five[] = "PATH=/bin", six[] = "WORKBOT_TTL_STATES_FILE=";
    char *env[] = {one, two, three, four, five, six, NULL};
    faults_init(&l->faults, l->mem);
    config_unknown(env, &l->faults);
    assert_int_equal(l->faults.count, 3);
    assert_non_null(strstr(l->faults.list[0].text, "did you mean WORKBOT_LISTEN?"));
    assert_string_equal(l->faults.list[1].path, "WORKBOT_BANANA");
    assert_non_null(strstr(l->faults.list[1].text, "docs/configuration.md"));
    assert_string_equal(l->faults.list[2].path, "WORKBOT_TTL_STATES_FILE");
}

static void test_trusted_proxies(void **state)
{
    put("WORKBOT_TRUSTED_PROXIES", "10.1.2.3, 192.168.4.0/22,fd00::/8,0.0.0.0/0,::1/128");
    struct loaded *l = load(state);
    expect_none(l);
    assert_int_equal(l->c.trusted_proxies.count, 5);
    assert_string_equal(l->c.trusted_proxies.items[1], "192.168.4.0/22");
}

static void test_proxies_that_are_no_network(void **state)
{
    static const char *const wrong[] = {"x",
                                        "10.1.2",
                                        "10.1.2.3/33",
                                        "10.1.2.3/-1",
                                        "10.1.2.3/",
                                        "10.1.2.3/8x",
                                        "fd00::/129",
                                        "proxy.example",
                                        "10.1.2.3:80",
                                        "10.1.2.3/8/8",
                                        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put("WORKBOT_TRUSTED_PROXIES", wrong[i]);
        expect_one(load(state), "WORKBOT_TRUSTED_PROXIES", "must list IP addresses");
    }
}

/* Each row has a unique name, a default that parses, and a place of its own. */
static void test_table(void **state)
{
    struct loaded *l = load(state);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        assert_true(str_starts(key->name, "WORKBOT_"));
        assert_true(str_ends(key->help, "."));
        assert_true(key->offset < sizeof(struct config));
        assert_false(key->need != NEED_NOT && key->absent != NULL);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(key->name, config_keys[j].name);
            assert_int_not_equal(key->offset, config_keys[j].offset);
        }
        if (config_is_secret(key->type)) {
            assert_null(key->absent);
        }
    }
    expect_none(l);
}

/* The page is read from the checkout, in which tests run. */
static void test_reference_is_documented(void **state)
{
    struct loaded *l = *state;
    FILE *f = fopen("docs/configuration.md", "r");
    assert_non_null(f);
    static char page[64 * 1024];
    size_t len = fread(page, 1, sizeof(page) - 1, f);
    page[len] = '\0';
    fclose(f);
    assert_non_null(strstr(page, config_reference(l->mem)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_everything_set),
        TEST(test_required_all_at_once),
        TEST(test_wrong_values),
        TEST(test_faults_show_no_secret),
        TEST(test_slack_whole_or_not_at_all),
        TEST(test_slack_without_its_app_id_is_a_fault),
        TEST(test_teams_needs_secret_and_tenant),
        TEST(test_teams_secret_id_is_no_secret),
        TEST(test_teams_ids_and_hosts),
        TEST(test_loopback_public_urls),
        TEST(test_value_from_file),
        TEST(test_file_faults),
        TEST(test_both_set),
        TEST(test_unknown_names),
        TEST(test_trusted_proxies),
        TEST(test_proxies_that_are_no_network),
        TEST(test_table),
        TEST(test_reference_is_documented),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}

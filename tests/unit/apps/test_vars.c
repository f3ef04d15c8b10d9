/* Variables of a site: which values may stand in which URL, and where they come from. */
#include "apps_help.h"

#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

/* A provider of tenants, regions, companies and sites. */
static const char tenants[] =
    "{\"name\":\"sample\",\"title\":\"Sample\","
    "\"hosts\":{\"default\":\"id.sample.example\",\"names\":[\"id.sample.example\"],"
    "\"suffixes\":[\".sample.example\"],\"api_suffixes\":[\".sample-api.example\"]},"
    "\"vars\":{"
    "\"tenant\":{\"from\":\"connection\",\"pattern\":\"^.{1,63}$\",\"words\":\"the tenant's id\"},"
    "\"team\":{\"from\":\"connection\",\"pattern\":\"^.{1,63}$\",\"default\":\"main\"},"
    "\"realm\":{\"from\":\"callback\",\"pattern\":\"^[0-9]{1,32}$\"},"
    "\"accounts\":{\"from\":\"callback\",\"pattern\":\"^.{1,99}$\",\"default\":\"id.sample.example\"},"
    "\"space\":{\"from\":\"token\",\"pattern\":\"^[A-Za-z0-9]{1,9}$\",\"default\":\"none\"},"
    "\"site\":{\"from\":\"lookup\",\"pattern\":\"^[a-z0-9-]{1,20}$\",\"words\":\"the site's id\"}},"
    "\"authorize\":{\"url\":\"https://{team}.sample.example/{tenant}/auth\","
    "\"params\":{\"resource\":\"of {tenant}\"}},"
    "\"callback\":{\"code\":\"oauth_code\","
    "\"capture\":{\"realm\":\"realmId\",\"accounts\":\"accounts-server\"}},"
    "\"token\":{\"url\":\"https://{accounts}/{tenant}/token\","
    "\"params\":{\"context\":\"stores/{realm}\"},\"capture\":{\"space\":\"team.id\"}},"
    "\"refresh\":{\"params\":{\"place\":\"{site}\"}},"
    "\"lookup\":[{\"path\":\"/sites\",\"list\":\"\",\"where\":{\"kind\":\"work\"},"
    "\"set\":{\"site\":\"id\"}}],"
    "\"identity\":{\"path\":\"/{realm}/me\",\"key\":[{\"var\":\"site\"},{\"path\":\"id\"}],"
    "\"name\":\"login\"},"
    "\"api\":{\"base\":\"https://api.sample-api.example/{site}\"},"
    "\"actions\":{\"get\":{\"title\":\"Get\",\"requests\":[{\"path\":\"/x\",\"success\":[200]}],"
    "\"output\":\"answer\"}}}";

static const char values[] = "{\"tenant\":\"t1\",\"realm\":\"77\",\"site\":\"s-1\"}";

static app *tenants_app(arena *mem)
{
    struct faults f;
    faults_init(&f, mem);
    app *a = apps_definition_read(mem, "sample.json", bytes_of(tenants), &f);
    assert_string_equal(faults_line(mem, &f, 2000), "");
    return a;
}

static int url_at(arena *mem, const char *vars, const char *url, char **ret, struct err *e)
{
    const app *a = tenants_app(mem);
    const struct app_site site = {.app = a,
                                  .host = "id.sample.example",
                                  .vars = app_site_vars(mem, a, json_of(mem, vars), NULL)};
    *e = (struct err){0};
    return apps_site_url(mem, &site, url, ret, e);
}

static const char *field_of(const struct net_request *r, const char *name)
{
    for (size_t i = 0; i < NET_FIELDS_MAX && r->form[i].name != NULL; i++) {
        if (str_equal(r->form[i].name, name)) {
            return r->form[i].value;
        }
    }
    return NULL;
}

static void test_variables_stand_in_parameters(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct err e = {0};
    char *url = NULL;
    const app *a = tenants_app(mem);
    struct app_site site = {.app = a,
                            .host = "id.sample.example",
                            .vars = app_site_vars(mem, a, json_of(mem, values), NULL)};
    const struct app_authorize asked = {
        .client_id = "c", .redirect_uri = "https://w.example/cb", .state = "s"};
    assert_int_equal(app_authorize_url(mem, &site, &asked, &url, &e), 0);
    assert_non_null(strstr(url, "&resource=of%20t1"));
    const struct app_client client = {.id = "c", .secret = secret_of(mem, "sample-secret")};
    const struct app_grant code = {.code = secret_of(mem, "code"), .redirect_uri = "r"};
    const struct app_grant refresh = {.refresh = secret_of(mem, "refresh")};
    struct net_request r;
    assert_int_equal(apps_token_request(mem, &site, &client, &code, &r, &e), 0);
    assert_string_equal(field_of(&r, "context"), "stores/77");
    assert_null(field_of(&r, "place"));
    assert_int_equal(apps_token_request(mem, &site, &client, &refresh, &r, &e), 0);
    assert_string_equal(field_of(&r, "context"), "stores/77");
    assert_string_equal(field_of(&r, "place"), "s-1");
    /* without its value nothing is sent */
    site.vars = app_site_vars(mem, a, json_of(mem, "{\"tenant\":\"t1\"}"), NULL);
    assert_int_equal(apps_token_request(mem, &site, &client, &code, &r, &e), -1);
    assert_string_equal(e.code, "missing_var");
    arena_free(mem);
}

static void test_parameters_hold_what_is_known_by_then(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *path;
    } rows[] = {{"of {tenant}", "of {realm}", "sample.json.authorize.params.resource"},
                {"of {tenant}", "of {nope}", "sample.json.authorize.params.resource"},
                {"stores/{realm}", "stores/{site}", "sample.json.token.params.context"},
                {"\"{site}\"}},", "\"{host}\"}},", "sample.json.refresh.params.place"}};
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct faults f;
        faults_init(&f, mem);
        const char *at = strstr(tenants, rows[i].from);
        assert_non_null(at);
        const char *text = arena_printf(mem, "%.*s%s%s", (int)(at - tenants), tenants, rows[i].to,
                                        at + strlen(rows[i].from));
        assert_null(apps_definition_read(mem, "sample.json", bytes_of(text), &f));
        if (!has_fault(&f, rows[i].path, "not known here")) {
            fail_msg("%s: %s", rows[i].to, faults_line(mem, &f, 500));
        }
    }
    arena_free(mem);
}

static void test_variables_stand_in_urls(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct err e = {0};
    char *url = NULL;
    const app *a = tenants_app(mem);
    assert_int_equal(url_at(mem, values, a->authorize.url, &url, &e), 0);
    assert_string_equal(url, "https://main.sample.example/t1/auth");
    assert_int_equal(url_at(mem, values, a->token.url, &url, &e), 0);
    assert_string_equal(url, "https://id.sample.example/t1/token");
    assert_int_equal(url_at(mem, values, a->api_base, &url, &e), 0);
    assert_string_equal(url, "https://api.sample-api.example/s-1");
    /* in a path every value stays in its segment */
    assert_int_equal(url_at(mem, "{\"tenant\":\"a/../b?c#d@e\"}", a->authorize.url, &url, &e), 0);
    assert_string_equal(url, "https://main.sample.example/a%2F..%2Fb%3Fc%23d%40e/auth");
    /* what is not there fits nothing */
    assert_int_equal(url_at(mem, "{}", a->authorize.url, &url, &e), -1);
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_string_equal(e.code, "missing_var");
    const struct app_site peer = {.app = a,
                                  .host = "127.0.0.1:9",
                                  .plain_http = true,
                                  .vars = app_site_vars(mem, a, json_of(mem, values), NULL)};
    assert_string_equal(site_url(mem, &peer, a->token.url), "http://127.0.0.1:9/t1/token");
    arena_free(mem);
}

static void test_apps_trap_10_a_variable_leads_to_no_other_host(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = tenants_app(mem);
    static const char *const teams[] = {"evil.com/#",   "a@b", "..",   ".",           "a/b", "a:80",
                                        "evil.com\\\\", "-a",  "a..b", "evil.com%2f", "A B", "x?y",
                                        "\\u00e9",      "a\\n"};
    struct err e = {0};
    char *url = NULL;
    for (size_t i = 0; i < sizeof(teams) / sizeof(teams[0]); i++) {
        /* whoever set it, it is as if it were not there: the default stands */
        const char *vars = arena_printf(mem, "{\"tenant\":\"t\",\"team\":\"%s\"}", teams[i]);
        assert_int_equal(url_at(mem, vars, a->authorize.url, &url, &e), 0);
        assert_string_equal(url, "https://main.sample.example/t/auth");
        /* and by hand it gets no further */
        const struct app_site site = {
            .app = a, .host = "id.sample.example", .vars = json_of(mem, vars)};
        assert_int_equal(apps_site_url(mem, &site, a->authorize.url, &url, &e), -1);
        assert_string_equal(e.code, "missing_var");
        struct faults f;
        faults_init(&f, mem);
        app_check_vars(a, json_of(mem, vars), "vars", &f);
        assert_true(has_fault(&f, "vars.team", "another form"));
    }
    arena_free(mem);
}

/* A variable that is a whole host, or its end, stays below the definition's own. */
static void test_apps_trap_10_a_captured_host_is_the_apps(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = tenants_app(mem);
    static const struct {
        const char *accounts;
        int rc;
    } rows[] = {{"id.sample.example", 0},
                {"eu.sample.example", 0},
                {"eu.sample-api.example", 0},
                {"evil.example", -1},
                {"sample.example", -1},
                {"xsample.example", -1},
                {"eu.sample.example.evil.example", -1},
                {"localhost", -1},
                {"10.0.0.1", -1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *url = NULL;
        struct err e = {0};
        const char *vars =
            arena_printf(mem, "{\"tenant\":\"t\",\"accounts\":\"%s\"}", rows[i].accounts);
        assert_int_equal(url_at(mem, vars, a->token.url, &url, &e), rows[i].rc);
        if (rows[i].rc != 0) {
            assert_int_equal(e.kind, ERR_CONFIG);
            assert_string_equal(e.code, "captured_host");
        } else {
            assert_string_equal(url, arena_printf(mem, "https://%s/t/token", rows[i].accounts));
        }
    }
    arena_free(mem);
}

static void test_what_the_callback_brings(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = tenants_app(mem);
    struct app_site site = {.app = a, .host = "id.sample.example"};
    struct account account = {0};
    struct err e = {0};
    assert_string_equal(app_callback_code(a), "oauth_code");
    assert_string_equal(app_callback_code(sample_app(mem, NULL, NULL)), "code");
    const json_t *query = json_of(mem, "{\"realmId\":\"123\",\"state\":\"s\","
                                       "\"accounts-server\":\"https://eu.sample.example/\"}");
    assert_int_equal(app_callback_vars(mem, &site, query, &account, &e), 0);
    assert_string_equal(json_text(account.vars, "realm"), "123");
    assert_string_equal(json_text(account.vars, "accounts"), "eu.sample.example");
    assert_null(json_text(account.vars, "state"));
    static const struct {
        const char *query, *own, *code;
    } rows[] = {{"{}", "{}", "missing_var"},
                {"{\"realmId\":\"\"}", "{}", "missing_var"},
                {"{\"realmId\":\"12a\"}", "{}", "captured_var"},
                {"{\"realmId\":\"../1\"}", "{}", "captured_var"},
                {"{\"realmId\":\"1\",\"accounts-server\":\"https://evil.example/x#\"}", "{}",
                 "captured_var"},
                {"{\"realmId\":\"1\",\"accounts-server\":\"http://eu.sample.example\"}", "{}",
                 "captured_var"},
                {"{\"realmId\":\"1\"}", "{\"realm\":\"2\"}", "other_var"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct account none = {0};
        site.own = json_of(mem, rows[i].own);
        assert_int_equal(app_callback_vars(mem, &site, json_of(mem, rows[i].query), &none, &e), -1);
        assert_int_equal(e.kind, ERR_CONFIG);
        assert_string_equal(e.code, rows[i].code);
        assert_null(none.vars);
    }
    arena_free(mem);
}

static void test_whose_value_counts(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = tenants_app(mem);
    const json_t *own = json_of(mem, "{\"site\":\"own\",\"tenant\":\"t\",\"gone\":\"x\"}");
    const json_t *account =
        json_of(mem, "{\"site\":\"account\",\"realm\":\"5\",\"team\":\"a\",\"space\":\"not ok\"}");
    const json_t *vars = app_site_vars(mem, a, own, account);
    assert_string_equal(json_text(vars, "site"), "own");
    assert_string_equal(json_text(vars, "realm"), "5");
    assert_string_equal(json_text(vars, "team"), "a");
    assert_string_equal(json_text(vars, "space"), "none"); /* outside its pattern: the default */
    assert_null(json_text(vars, "gone"));
    assert_int_equal(json_object_size(vars), 6);
    arena_free(mem);
}

static void test_what_an_admin_sets(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = tenants_app(mem);
    struct faults f;
    faults_init(&f, mem);
    app_check_vars(a, json_of(mem, "{\"tenant\":\"t\",\"site\":\"s\"}"), "vars", &f);
    assert_int_equal(f.count, 0);
    app_check_vars(a, json_of(mem, "{\"site\":\"S/1\",\"realm\":7,\"nope\":\"x\"}"), "vars", &f);
    assert_true(has_fault(&f, "vars.tenant", "the tenant's id"));
    assert_true(has_fault(&f, "vars.site", "the site's id"));
    assert_true(has_fault(&f, "vars.realm", "text"));
    assert_true(has_fault(&f, "vars.nope", "no variable"));
    faults_init(&f, mem);
    app_check_vars(a, NULL, "vars", &f);
    assert_int_equal(f.count, 1);
    arena_free(mem);
}

/* --- look-ups --- */

static void sites(struct bench *b, const char *list)
{
    bench_start(b, "");
    b->answer = http_answer(b->mem, 200, "application/json", list);
    b->site.app = tenants_app(b->mem);
}

static int look_up(struct bench *b, const char *own, struct account *ret)
{
    b->e = (struct err){0};
    b->site.own = json_of(b->mem, own);
    b->site.vars =
        app_site_vars(b->mem, b->site.app, b->site.own, json_of(b->mem, "{\"realm\":\"9\"}"));
    /* what is found stands in the base, so the question itself may not need it */
    b->site.api_base = arena_printf(b->mem, "http://%s", b->host);
    const struct apps_probe p = {b->mem, b->http, &b->site, secret_of(b->mem, "AT1")};
    return apps_look_up_vars(&p, ret, NULL, &b->e);
}

static void test_a_lookup_takes_the_one_that_fits(void **state)
{
    (void)state;
    static const struct {
        const char *list, *own, *site, *code, *words;
    } rows[] = {
        {"[{\"id\":\"s-1\",\"kind\":\"work\"},{\"id\":\"s-2\",\"kind\":\"home\"}]", "{}", "s-1",
         NULL, NULL},
        {"[{\"id\":\"s-1\",\"kind\":\"work\"},{\"id\":\"s-3\",\"kind\":\"work\"}]",
         "{\"site\":\"s-3\"}", "s-3", NULL, NULL},
        {"[{\"id\":\"s-1\",\"kind\":\"work\"},{\"id\":\"s-3\",\"kind\":\"work\"}]", "{}", NULL,
         "lookup_many", "\"vars\" of the default connection: \"site\", the site's id"},
        {"[]", "{}", NULL, "lookup_none", "the site's id"},
        {"{}", "{}", NULL, "lookup_none", "the site's id"},
        {"[{\"id\":\"s-1\",\"kind\":\"work\"}]", "{\"site\":\"s-9\"}", NULL, "lookup_none",
         "\"s-9\""},
        {"[{\"id\":\"../x\",\"kind\":\"work\"}]", "{}", NULL, "captured_var", "site"},
        {"[{\"kind\":\"work\"}]", "{}", NULL, "missing_var", "site"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct account account = {0};
        sites(&b, rows[i].list);
        int rc = look_up(&b, rows[i].own, &account);
        assert_int_equal(rc, rows[i].code == NULL ? 0 : -1);
        if (rc == 0) {
            assert_string_equal(json_text(account.vars, "site"), rows[i].site);
            assert_non_null(strstr(bench_request(&b), "GET /sites HTTP/1.1"));
            assert_non_null(strcasestr(bench_request(&b), "Authorization: Bearer AT1"));
        } else {
            assert_int_equal(b.e.kind, ERR_CONFIG);
            assert_string_equal(b.e.code, rows[i].code);
            assert_non_null(strstr(b.e.text, rows[i].words));
            assert_null(account.vars);
        }
        bench_stop(&b);
    }
}

static int look_up_all(struct bench *b, struct app_sites *ret, struct account *io)
{
    b->e = (struct err){0};
    b->site.vars = app_site_vars(b->mem, b->site.app, NULL, json_of(b->mem, "{\"realm\":\"9\"}"));
    b->site.api_base = arena_printf(b->mem, "http://%s", b->host);
    const struct apps_probe p = {b->mem, b->http, &b->site, secret_of(b->mem, "AT1")};
    return apps_look_up_vars(&p, io, ret, &b->e);
}

/* What a person knows each by; one that is listed twice is one, as some apps list their products.
 */
static void test_of_several_rows_a_person_may_choose(void **state)
{
    (void)state;
    static const char list[] =
        "[{\"id\":\"s-1\",\"kind\":\"work\",\"name\":\"Acme\",\"url\":\"https://a.example/x\"},"
        "{\"id\":\"s-1\",\"kind\":\"work\",\"name\":\"Acme\"},"
        "{\"id\":\"s-2\",\"kind\":\"home\",\"name\":\"Home\"},"
        "{\"id\":\"s-3\",\"kind\":\"work\",\"url\":7}]";
    for (int labelled = 0; labelled < 2; labelled++) {
        struct bench b;
        struct account account = {.vars = NULL};
        struct app_sites found = {.count = 0};
        sites(&b, list);
        b.site.app->lookups[0].label = labelled ? "name" : NULL;
        b.site.app->lookups[0].host = "url";
        int rc = look_up_all(&b, &found, &account);
        if (!labelled) {
            assert_int_equal(rc, -1);
            assert_string_equal(b.e.code, "lookup_many");
            assert_non_null(strstr(b.e.text, "has 2 to choose from"));
        } else {
            assert_int_equal(rc, 0);
            assert_int_equal(found.count, 2);
            assert_string_equal(found.items[0].label, "Acme");
            assert_string_equal(found.items[0].host, "a.example");
            assert_string_equal(json_text(found.items[0].account.vars, "site"), "s-1");
            assert_string_equal(found.items[1].label, "s-3"); /* it has no name there */
            assert_null(found.items[1].host);
            assert_string_equal(json_text(found.items[1].account.vars, "site"), "s-3");
        }
        bench_stop(&b);
    }
}

/* P13: however many an app lists, a login holds its thread no longer for that. */
static void test_a_list_that_does_not_end_is_not_walked_again_for_each_row(void **state)
{
    (void)state;
    struct bench b;
    struct account account = {.vars = NULL};
    struct app_sites found = {.count = 0};
    arena *mem = arena_new();
    struct str list = str_new(mem, 4 * 1024 * 1024);
    str_add(&list, "[");
    for (int i = 0; i < 60000; i++) {
        str_printf(&list, "%s{\"id\":\"s-%d\",\"kind\":\"work\"}", i == 0 ? "" : ",", i);
    }
    str_add(&list, "]");
    sites(&b, list.text);
    b.site.app->lookups[0].label = "name";
    assert_int_equal(look_up_all(&b, &found, &account), -1);
    assert_string_equal(b.e.code, "lookup_many");
    assert_non_null(strstr(b.e.text, "has 100 or more to choose from"));
    bench_stop(&b);
    arena_free(mem);
}

static void test_the_identity_may_be_a_row_and_its_key_a_variable(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        int rc;
    } rows[] = {
        {"{\"result\":[{\"sys_id\":\"68\",\"login\":\"ana\"}]}", 0},
        {"{\"result\":[]}", -1},
        {"{\"result\":[{\"sys_id\":\"1\",\"login\":\"a\"},{\"sys_id\":\"2\",\"login\":\"b\"}]}",
         -1},
        {"{\"sys_id\":\"68\",\"login\":\"ana\"}", -1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench b;
        struct account account = {0};
        bench_start(&b, "");
        b.answer = http_answer(b.mem, 200, "application/json", rows[i].answer);
        b.site.app = sample_app(
            b.mem, "{\"path\":\"/{v}/me\",\"key\":[{\"path\":\"org.id\"},{\"path\":\"id\"}],",
            "{\"path\":\"/who\",\"method\":\"POST\",\"body\":{\"query\":\"me\"},\"one\":\"result\","
            "\"key\":[{\"var\":\"host\"},{\"path\":\"sys_id\"}],");
        int rc =
            app_identify(b.mem, b.http, &b.site, secret_of(b.mem, "AT1"), &account, NULL, &b.e);
        assert_int_equal(rc, rows[i].rc);
        if (rc == 0) {
            assert_string_equal(account.key, arena_printf(b.mem, "%s:68", b.host));
            assert_string_equal(account.name, "ana");
            assert_true(str_starts(bench_request(&b), "POST /who HTTP/1.1"));
            assert_true(str_ends(bench_request(&b), "\r\n\r\n{\"query\":\"me\"}"));
        } else {
            assert_string_equal(b.e.code, "no_identity");
        }
        bench_stop(&b);
    }
}

/* The people of a sandbox may be kept at an address of their own. */
static void test_who_somebody_is_in_a_sandbox(void **state)
{
    (void)state;
    for (int sandbox = 0; sandbox < 2; sandbox++) {
        struct bench b;
        struct account account = {0};
        bench_start(&b, "");
        b.answer = http_answer(b.mem, 200, "application/json", "{\"id\":\"68\",\"login\":\"ana\"}");
        const char *hosts = arena_printf(b.mem, "\"sandbox\":{\"hosts\":[\"%s\"]},",
                                         sandbox ? b.host : "sandbox.sample.example");
        b.site.app = sample_app(
            b.mem,
            "\"identity\":{\"path\":\"/{v}/me\",\"key\":[{\"path\":\"org.id\"},{\"path\":\"id\"}],",
            arena_printf(b.mem,
                         "%s\"identity\":{\"url\":\"https://id.sample.example/who\","
                         "\"sandbox_url\":\"https://id.sample.example/try/who\","
                         "\"key\":[{\"path\":\"id\"}],",
                         hosts));
        assert_int_equal(
            app_identify(b.mem, b.http, &b.site, secret_of(b.mem, "AT1"), &account, NULL, &b.e), 0);
        assert_true(str_starts(bench_request(&b), sandbox ? "GET /try/who " : "GET /who "));
        assert_int_equal(account.sandbox, sandbox);
        bench_stop(&b);
    }
}

static void test_no_value_holds_a_control_character(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct apps_var *any = apps_var_find(tenants_app(mem), "tenant"); /* "^.{1,63}$" */
    assert_true(apps_var_fits(any, "t 1~"));
    assert_true(apps_var_fits(any, "caf\xC3\xA9"));
    for (int c = 1; c <= 0x7f; c = c == 0x1f ? 0x7f : c + 1) {
        const char *value = arena_printf(mem, "7%cX-Other: 1", c);
        if (apps_var_fits(any, value)) {
            fail_msg("0x%02x fits", (unsigned)c);
        }
    }
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_somebody_is_in_a_sandbox),
        cmocka_unit_test(test_variables_stand_in_urls),
        cmocka_unit_test(test_variables_stand_in_parameters),
        cmocka_unit_test(test_parameters_hold_what_is_known_by_then),
        cmocka_unit_test(test_apps_trap_10_a_variable_leads_to_no_other_host),
        cmocka_unit_test(test_apps_trap_10_a_captured_host_is_the_apps),
        cmocka_unit_test(test_what_the_callback_brings),
        cmocka_unit_test(test_no_value_holds_a_control_character),
        cmocka_unit_test(test_whose_value_counts),
        cmocka_unit_test(test_what_an_admin_sets),
        cmocka_unit_test(test_a_lookup_takes_the_one_that_fits),
        cmocka_unit_test(test_of_several_rows_a_person_may_choose),
        cmocka_unit_test(test_a_list_that_does_not_end_is_not_walked_again_for_each_row),
        cmocka_unit_test(test_the_identity_may_be_a_row_and_its_key_a_variable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

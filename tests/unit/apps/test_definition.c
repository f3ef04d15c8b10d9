/* The catalogue: strict reading, all faults at once. */
#include "apps_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

/* The list is sorted by name, and no name stands there twice. */
static void assert_sorted(const apps *all)
{
    for (size_t i = 1; apps_at(all, i) != NULL; i++) {
        assert_true(strcmp(app_name(apps_at(all, i - 1)), app_name(apps_at(all, i))) < 0);
    }
}

static void test_salesforce_is_built_in(void **state)
{
    (void)state;
    arena *mem = arena_new();
    apps *all = builtin_apps(mem);
    const app *sf = apps_find(all, "salesforce");
    assert_non_null(sf);
    assert_non_null(apps_find(all, "servicenow"));
    assert_sorted(all);
    assert_null(apps_find(all, "Salesforce"));
    assert_null(apps_find(all, NULL));
    assert_string_equal(app_title(sf), "Salesforce");
    size_t count = 0;
    const char *const *scopes = app_scopes(sf, &count);
    assert_int_equal(count, 3);
    assert_string_equal(scopes[0], "api");
    assert_string_equal(scopes[1], "refresh_token");
    assert_string_equal(scopes[2], "openid");
    assert_string_not_equal(app_scope_words(sf, "api"), "api");
    assert_string_equal(app_scope_words(sf, "wave_api"), "wave_api");
    assert_false(app_single_use_refresh(sf)); /* a setting of its admin */
    assert_false(app_old_refresh_lives(sf));
    assert_true(app_revokes_one_grant(sf));
    assert_true(app_issuer_fits(sf, NULL) && app_issuer_fits(sf, "https://any"));
    assert_int_equal(app_refresh_margin_s(sf), 90);
    arena_free(mem);
}

static void test_the_description_is_complete(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *about = arena_json(mem, app_describe(apps_find(builtin_apps(mem), "salesforce")));
    assert_string_equal(json_string_value(json_at(about, "hosts.default")), "login.salesforce.com");
    assert_int_equal(json_array_size(json_at(about, "actions")), 13);
    assert_true(json_is_true(json_at(about, "actions.0.writes")));
    assert_false(json_is_true(json_at(about, "actions.2.writes")));
    assert_string_equal(json_string_value(json_at(about, "actions.0.inputs.0.name")), "object");
    assert_string_equal(json_string_value(json_at(about, "scopes.0.name")), "api");
    arena_free(mem);
}

static void test_another_provider_needs_no_code(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const app *a = sample_app(mem, NULL, NULL);
    assert_true(app_single_use_refresh(a));
    assert_false(app_old_refresh_lives(a));
    assert_false(app_revokes_one_grant(a));
    assert_true(app_revokes_all_grants(a));
    assert_true(app_issuer_fits(a, "https://id") && app_issuer_fits(a, NULL));
    assert_false(app_issuer_fits(a, "https://id/") || app_issuer_fits(a, ""));
    assert_int_equal(app_refresh_margin_s(a), 60);
    const app_action *x = app_action_find(a, "approve");
    assert_true(app_action_approves(x));
    assert_true(app_action_writes(x));
    assert_false(app_action_repeatable(x, NULL));
    arena_free(mem);
}

/* One change of a good definition, the place and a word of its fault. */
static void test_each_fault_is_found_where_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *path, *part;
    } rows[] = {
        {"\"name\":\"sample\"", "\"name\":\"Sa mple\"", "sample.json.name", "lower-case"},
        {"\"title\":\"Sample\"", "\"title\":\"\"", "sample.json.title", "empty"},
        {"\"title\":\"Sample\"", "\"title\":7", "sample.json.title", "text"},
        {"\"title\":\"Sample\"", "\"title\":\"S\",\"label\":\"S\"", "sample.json.label", "known"},
        {"\"v2\"", "\"v2/../x\"", "sample.json.values", "\"v\""},
        {"\"v2\"", "\"..\"", "sample.json.values", "\"v\""},
        {"\"basic\"", "\"mtls\"", "sample.json.client_auth", "post, basic"},
        {"\"default\":\"id.sample.example\"", "\"default\":\"evil.example\"",
         "sample.json.hosts.default", "neither"},
        {"\".sample.example\"", "\"sample.example\"", "sample.json.hosts.api_suffixes[0]", "dot"},
        {"\".sample.example\"", "\".com\"", "sample.json.hosts.api_suffixes[0]", "two names"},
        {"https://id.sample.example/auth", "http://id.sample.example/auth",
         "sample.json.authorize.url", "https://"},
        {"https://id.sample.example/auth", "https://{host}.evil.example/auth",
         "sample.json.authorize.url", "https://{host}/"},
        {"https://id.sample.example/auth", "https://{host}@evil.example/auth",
         "sample.json.authorize.url", "https://{host}/"},
        {"https://id.sample.example/auth", "https://id.sample.example/{tenant}",
         "sample.json.authorize.url", "{tenant} is not known"},
        {"\"audience\"", "\"state\"", "sample.json.authorize.params.state", "itself"},
        {"\"extra\"", "\"client_secret\"", "sample.json.token.params.client_secret", "itself"},
        {"\"scope_separator\":\",\"", "\"scope_separator\":\", \"",
         "sample.json.authorize.scope_separator", "1 bytes"},
        {"\"words\":\"Read\"", "\"word\":\"Read\"", "sample.json.authorize.scopes[0].words",
         "required"},
        {"\"client_auth\":", "\"driver\":\"nobody\",\"client_auth\":", "sample.json.driver",
         "no driver"},
        {"\"margin_s\":60", "\"margin_s\":100000", "sample.json.token.margin_s", "900"},
        {"\"margin_s\":60", "\"margin_s\":\"60\"", "sample.json.token.margin_s", "whole number"},
        {"\"margin_s\":60", "\"api_base\":\"u\",\"margin_s\":-1", "sample.json.token.margin_s",
         "900"},
        {"\"means\":\"dead\"", "\"means\":\"limit\"", "sample.json.token.errors[0].means", "dead"},
        {"\"means\":\"dead\"", "\"words\":\"x\"", "sample.json.token.errors[0].means", "required"},
        {"\"status\":401,\"code\":\"server_error\",\"contains\":\"access_denied\",", "",
         "sample.json.token.errors[0]", "everything"},
        {"\"status\":401", "\"status\":42", "sample.json.token.errors[0].status", "HTTP"},
        {"\"means\":\"dead\"", "\"means\":\"dead\",\"retry_after_s\":90000",
         "sample.json.token.errors[0].retry_after_s", "86400"},
        {"\"token\":\"both\"", "\"token\":\"all\"", "sample.json.revoke.token", "refresh, access"},
        {"\"/{v}/me\"", "\"/{w}/me\"", "sample.json.identity.path", "{w} is not known"},
        {"\"login\"", "\"login\",\"details\":{\"path\":\"org\",\"organization\":\"n\"}",
         "sample.json.identity.details.path", "begin"},
        {"\"login\"", "\"login\",\"details\":{\"path\":\"/o?q={w}\",\"organization\":\"n\"}",
         "sample.json.identity.details.path", "{w} is not known"},
        {"\"login\"", "\"login\",\"details\":{\"path\":\"/org\"}", "sample.json.identity.details",
         "organization or sandbox"},
        {"\"login\"", "\"login\",\"details\":{\"organization\":\"n\"}",
         "sample.json.identity.details.path", "required"},
        {"\"login\"", "\"login\",\"details\":[]", "sample.json.identity.details", "object"},
        {"\"login\"", "\"login\",\"details\":{\"path\":\"/o\",\"name\":\"n\"}",
         "sample.json.identity.details.name", "known"},
        {"{\"path\":\"org.id\"},{\"path\":\"id\"}", "", "sample.json.identity.key", "person"},
        {"{\"path\":\"org.id\"}", "{\"path\":\"org.id\",\"first\":-1}",
         "sample.json.identity.key[0].first", "100"},
        {"\"path\":\"/{v}/tasks/{task}\"", "\"path\":\"/{v}/tasks/{job}\"",
         "sample.json.actions.approve.requests[0].path", "{job}"},
        {"\"path\":\"/{v}/tasks/{task}\"", "\"path\":\"//x/{task\"",
         "sample.json.actions.approve.requests[0].path", "brace"},
        {"\"path\":\"/{v}/tasks/{task}\"", "\"path\":\"tasks\"",
         "sample.json.actions.approve.requests[0].path", "begin"},
        {"\"why\":\"{note}\"", "\"why\":{\"x\":[\"{nope}\"]}",
         "sample.json.actions.approve.requests[0].body", "{nope}"},
        {"\"notify\":\"{note}\"", "\"notify\":\"{nope}\"",
         "sample.json.actions.approve.requests[0].query", "{nope}"},
        {"\"method\":\"PUT\"", "\"method\":\"CONNECT\"",
         "sample.json.actions.approve.requests[0].method", "GET"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"when\":\"nope\"",
         "sample.json.actions.approve.requests[0].when", "nope"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"when\":\"note\"",
         "sample.json.actions.approve.requests", "always"},
        {"\"success\":[200]", "\"success\":[200,404]",
         "sample.json.actions.approve.requests[0].success[1]", "299"},
        {"\"words\":\"a note\"", "\"words\":\"a note\",\"pattern\":\"^[a-z$\"",
         "sample.json.actions.approve.inputs.note.pattern", "regular"},
        {"\"words\":\"a note\"", "\"words\":\"a note\",\"pattern\":\"[a-z]\"",
         "sample.json.actions.approve.inputs.note.pattern", "from ^ to $"},
        {"\"words\":\"a note\"", "\"words\":\"a note\",\"max\":0",
         "sample.json.actions.approve.inputs.note.max", "from 1 to 4000"},
        {"\"words\":\"a note\"", "\"words\":\"a note\",\"max\":\"9\"",
         "sample.json.actions.approve.inputs.note.max", "whole number"},
        {"\"words\":\"a note\"", "\"words\":\"yes or no\",\"type\":\"boolean\",\"max\":9",
         "sample.json.actions.approve.inputs.note.max", "belongs to a text"},
        {"\"words\":\"a note\"", "\"words\":\"a note\",\"keys\":\"^a$\"",
         "sample.json.actions.approve.inputs.note", "keys to an object"},
        {"\"words\":\"a note\"", "\"words\":\"q\",\"type\":\"soql\",\"values\":\"v\"",
         "sample.json.actions.approve.inputs", "no input \"v\""},
        {"\"output\":\"answer\"", "\"output\":\"secrets\"", "sample.json.actions.approve.output",
         "answer.PATH"},
        {"\"record_id\":\"answer.id\"", "\"record_id\":\"env.id\"",
         "sample.json.actions.approve.record_id", "answer.PATH"},
        {"\"{api_base}/t/{id}\"", "\"http://sample.example/{id}\"",
         "sample.json.actions.approve.record_url", "{api_base}/"},
        {"\"{api_base}/t/{id}\"", "\"https://{id}.sample.example/\"",
         "sample.json.actions.approve.record_url", "{api_base}/"},
        {"\"{api_base}/t/{id}\"", "\"https://{host}.evil.example/{id}\"",
         "sample.json.actions.approve.record_url", "https://{host}/"},
        {"\"{api_base}/t/{id}\"", "\"{api_base}/t/{job}\"",
         "sample.json.actions.approve.record_url", "{job}"},
        {"\"error\":{", "\"bases\":{\"up\":\"http://x\"},\"error\":{", "sample.json.api.bases.up",
         "https://"},
        {"\"error\":{", "\"bases\":[],\"error\":{", "sample.json.api.bases", "object"},
        {"\"error\":{", "\"headers\":{\"X\":\"{nope}\"},\"error\":{", "sample.json.api.headers",
         "{nope}"},
        {"\"error\":{", "\"headers\":{\"X\":7},\"error\":{", "sample.json.api.headers.X", "text"},
        {"\"error\":{", "\"token_header\":{\"prefix\":\"x\"},\"error\":{",
         "sample.json.api.token_header.name", "required"},
        {"\"error\":{",
         "\"retry\":{\"after\":[\"a\",\"b\",\"c\"],\"at\":[\"d\",\"e\"]},\"error\":{",
         "sample.json.api.retry", "4 headers"},
        {"\"error\":{", "\"retry\":{\"remaining\":\"a\"},\"error\":{",
         "sample.json.api.retry.remaining", "known"},
        {"\"error\":{", "\"refused_when\":[{\"is\":1}],\"error\":{",
         "sample.json.api.refused_when[0].path", "required"},
        {"\"error\":{", "\"refused_when\":[{\"path\":\"a\",\"is\":1,\"missing\":true}],\"error\":{",
         "sample.json.api.refused_when[0]", "Only one"},
        {"\"error\":{", "\"error\":{\"message\":[7],", "sample.json.api.error.message[0]", "text"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"base\":\"up\"",
         "sample.json.actions.approve.requests[0].base", "api.bases"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"headers\":{\"If-Match\":\"{etag}\"}",
         "sample.json.actions.approve.requests[0].headers", "{etag}"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"when\":{\"input\":\"note\",\"pattern\":\"x\"}",
         "sample.json.actions.approve.requests[0].when.pattern", "from ^ to $"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"when\":{\"pattern\":\"^x$\"}",
         "sample.json.actions.approve.requests[0].when.input", "required"},
        {"\"words\":\"a note\"", "\"words\":\"a note\",\"type\":\"float\"",
         "sample.json.actions.approve.inputs.note.type", "boolean"},
        {"\"words\":\"a note\"", "\"words\":\"a note\",\"type\":\"number\",\"strip\":\"^\"",
         "sample.json.actions.approve.inputs.note.strip", "text"},
        {"\"words\":\"a note\"", "\"words\":\"a note\",\"type\":\"number\",\"default\":\"x\"",
         "sample.json.actions.approve.inputs.note.default", "a note"},
        {"\"required\":true", "\"required\":true,\"default\":\"x\"",
         "sample.json.actions.approve.inputs.task.default", "left out"},
        {"\"success\":[200]", "\"multipart\":[{\"name\":\"f\",\"json\":1}],\"success\":[200]",
         "sample.json.actions.approve.requests[0].multipart", "body or parts"},
        {"\"success\":[200]", "\"multipart\":[{\"name\":\"f\"}],\"success\":[200]",
         "sample.json.actions.approve.requests[0].multipart[0]", "json or file"},
        {"\"success\":[200]",
         "\"multipart\":[{\"name\":\"f\",\"file\":\"{note}\"}],\"success\":[200]",
         "sample.json.actions.approve.requests[0].multipart[0].file", "type file"},
        {"\"success\":[200]",
         "\"multipart\":[{\"name\":\"f\",\"json\":[\"{x}\"]}],\"success\":[200]",
         "sample.json.actions.approve.requests[0].multipart[0].json", "{x}"},
        {"\"success\":[200]", "\"success\":[200],\"file\":{}",
         "sample.json.actions.approve.requests[0].file", "GET"},
        {"\"method\":\"PUT\"", "\"file\":{\"hosts\":[\"files.example\"]}",
         "sample.json.actions.approve.requests[0].file.hosts[0]", "dot"},
        {"\"success\":[200]", "\"errors\":[{\"code\":\"X\",\"means\":\"dead\"}],\"success\":[200]",
         "sample.json.actions.approve.requests[0].errors[0].means", "unauthentic"},
        {"\"output\":\"answer\"",
         "\"look_up\":{\"path\":\"/x\",\"not_done\":{\"is\":0}},\"output\":\"answer\"",
         "sample.json.actions.approve.look_up.not_done.path", "required"},
        {"\"output\":\"answer\"", "\"output\":{\"not_taken\":\"answer.x\"}",
         "sample.json.actions.approve.output.not_taken", "another name"},
        {"\"output\":\"answer\",", "", "sample.json.actions.approve.output", "required"},
        {"\"output\":\"answer\"", "\"output\":\"found.x\"", "sample.json.actions.approve.output",
         "answer.PATH"},
        {"\"record_id\":\"answer.id\"", "\"record_id\":[\"answer.id\",\"id\"]",
         "sample.json.actions.approve.record_id", "answer.PATH"},
        {"\"success\":[200]", "\"success\":\"200\"",
         "sample.json.actions.approve.requests[0].success", "list"},
        {"\"success\":[200]", "\"repeatable\":true",
         "sample.json.actions.approve.requests[0].success", "required"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"already\":[{\"record_id\":\"answer.id\"}]",
         "sample.json.actions.approve.requests[0].already[0]", "everything"},
        {"\"method\":\"PUT\"",
         "\"method\":\"PUT\",\"already\":[{\"status\":409,\"where\":{\"a\":\"{x}\"}}]",
         "sample.json.actions.approve.requests[0].already[0].where", "{x}"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"already\":[{\"status\":40}]",
         "sample.json.actions.approve.requests[0].already[0].status", "HTTP"},
        {"\"method\":\"PUT\"",
         "\"method\":\"PUT\",\"already\":[{\"status\":409,\"record_id\":\"id\"}]",
         "sample.json.actions.approve.requests[0].already[0].record_id", "answer.PATH"},
        {"\"method\":\"PUT\"",
         "\"method\":\"PUT\",\"expect\":[{\"path\":\"s\",\"equals\":\"{x}\",\"words\":\"w\"}]",
         "sample.json.actions.approve.requests[0].expect[0].equals", "{x}"},
        {"\"method\":\"PUT\"",
         "\"method\":\"PUT\",\"refused_when\":[{\"path\":\"s\",\"unless_code\":[\"A\"]}]",
         "sample.json.actions.approve.requests[0].refused_when[0].code", "unless_code"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"taken\":{\"nope\":\"s\"}",
         "sample.json.actions.approve.requests[0].taken.nope", "no input"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"taken\":{\"note\":\".s\"}",
         "sample.json.actions.approve.requests[0].taken.note", "names"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"expect\":[{\"path\":\"s\",\"equals\":\"1\"}]",
         "sample.json.actions.approve.requests[0].expect[0].words", "required"},
        {"\"output\":\"answer\"", "\"look_up\":{\"path\":\"/x\"},\"output\":\"answer\"",
         "sample.json.actions.approve.look_up.found", "happened"},
        {"\"output\":\"answer\"",
         "\"look_up\":{\"path\":\"/x\",\"found\":\"a\"},\"output\":\"answer\"",
         "sample.json.actions.approve.look_up.output", "found"},
        {"\"output\":\"answer\"",
         "\"look_up\":{\"path\":\"/x\",\"not_done\":\"a\",\"before\":true},\"output\":\"answer\"",
         "sample.json.actions.approve.look_up.found", "happened"},
        {"\"output\":\"answer\"",
         "\"look_up\":[{\"path\":\"/{x}\",\"not_done\":\"a\"}],\"output\":\"answer\"",
         "sample.json.actions.approve.look_up[0].path", "{x}"},
        {"\"output\":\"answer\"",
         "\"look_up\":{\"path\":\"/x\",\"found\":\"a\",\"output\":\"found\",\"none\":[200]},"
         "\"output\":\"answer\"",
         "sample.json.actions.approve.look_up.none[0]", "400"},
        {"\"output\":\"answer\"",
         "\"look_up\":{\"path\":\"/x\",\"found\":\"a\",\"output\":\"found\",\"where\":{\"m\":\"{y}\"}},"
         "\"output\":\"answer\"",
         "sample.json.actions.approve.look_up.where", "{y}"},
        {"\"title\":\"Approve\",\"writes\":true",
         "\"title\":\"Approve\",\"look_up\":{\"path\":\"/x\",\"not_done\":\"a\"}",
         "sample.json.actions.approve.look_up", "writes"},
        {"\"note\":{", "\"host\":{\"words\":\"h\"},\"note\":{",
         "sample.json.actions.approve.inputs.host", "something else"},
        {"\"method\":\"PUT\"",
         "\"method\":\"PUT\",\"read_back\":{\"path\":\"/{x}\",\"record_id\":\"answer.id\"}",
         "sample.json.actions.approve.requests[0].read_back.path", "{x}"},
        {"\"method\":\"PUT\"", "\"method\":\"PUT\",\"read_back\":{\"path\":\"/x\"}",
         "sample.json.actions.approve.requests[0].read_back.record_id", "required"},
        {"\"method\":\"PUT\"",
         "\"method\":\"PUT\",\"decided\":{\"path\":\"/x\",\"by\":\"a\",\"at\":\"b\"}",
         "sample.json.actions.approve.requests[0].decided.word", "required"},
        {"\"method\":\"PUT\"",
         "\"method\":\"PUT\",\"decided\":{\"path\":\"/x\",\"by\":\"a\",\"at\":\"b\",\"word\":\"c\",\"when\":\"x\"}",
         "sample.json.actions.approve.requests[0].decided.when", "no input"},
        {"\"method\":\"PUT\"",
         "\"method\":\"PUT\",\"errors\":[{\"code\":\"X\",\"means\":\"unsure\"}],"
         "\"decided\":{\"path\":\"/x\",\"by\":\"a\",\"at\":\"b\",\"word\":\"c\"}",
         "sample.json.actions.approve.requests[0].errors[0].means", "decided.ended"},
        {"\"method\":\"PUT\"",
         "\"method\":\"PUT\",\"decided\":{\"path\":\"/x\",\"by\":\"a\",\"at\":\"b\",\"word\":\"c\","
         "\"ended\":{\"path\":\"/x\",\"rows\":\"r\",\"words\":\"w\"}}",
         "sample.json.actions.approve.requests[0].decided.ended.waits", "required"},
        {"\"output\":\"answer\"",
         "\"output\":{\"a\":\"answer.a\"},\"rows\":[{\"in\":\"b\",\"id\":\"id\",\"url\":\"{api_base}/{id}\"}]",
         "sample.json.actions.approve.rows[0].in", "no \"b\" in output"},
        {"\"output\":\"answer\"",
         "\"output\":{\"a\":\"answer.a\"},\"rows\":[{\"in\":\"a\",\"id\":\"id\",\"url\":\"/{id}\"}]",
         "sample.json.actions.approve.rows[0].url", "must begin"},
        {"\"output\":\"answer\"",
         "\"output\":{\"a\":\"answer.a\"},\"rows\":[{\"in\":\"a\",\"url\":\"{api_base}/{id}\"}]",
         "sample.json.actions.approve.rows[0].id", "required"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arena *mem = arena_new();
        const struct faults *f = sample_faults(mem, rows[i].from, rows[i].to);
        if (!has_fault(f, rows[i].path, rows[i].part)) {
            fail_msg("row %zu", i);
        }
        arena_free(mem);
    }
}

static void test_all_faults_come_at_once(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct faults *f = definition_faults(
        mem, "{\"name\":\"x\",\"hosts\":{\"names\":\"a\"},\"authorize\":{\"url\":\"ftp://x\"},"
             "\"token\":[],\"secret\":1,\"actions\":{\"a\":{\"requests\":[]}}}");
    assert_true(has_fault(f, "sample.json.secret", "not known"));
    assert_true(has_fault(f, "sample.json.title", "required"));
    assert_true(has_fault(f, "sample.json.hosts.names", "list"));
    assert_true(has_fault(f, "sample.json.authorize.url", "https://"));
    assert_true(has_fault(f, "sample.json.token", "object"));
    assert_true(has_fault(f, "sample.json.identity", "required"));
    assert_true(has_fault(f, "sample.json.api", "required"));
    assert_true(has_fault(f, "sample.json.actions.a.requests", "always"));
    arena_free(mem);
}

static void test_what_is_no_definition_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "[]", "null", "\"x\"", "{", "{\"name\":\"a\",\"name\":\"b\"}", "7", "{}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        arena *mem = arena_new();
        assert_true(definition_faults(mem, texts[i])->count > 0);
        arena_free(mem);
    }
}

static void write_file(arena *mem, const char *dir, const char *name, const char *text)
{
    FILE *out = fopen(arena_printf(mem, "%s/%s", dir, name), "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void remove_file(arena *mem, const char *dir, const char *name)
{
    assert_int_equal(unlink(arena_printf(mem, "%s/%s", dir, name)), 0);
}

/* The good text of salesforce.json under another name serves as a further app. */
static char *further(arena *mem, const char *name)
{
    FILE *in = fopen("service/apps/definitions/salesforce.json", "r");
    assert_non_null(in);
    char *text = arena_alloc(mem, APPS_DEFINITION_MAX);
    size_t len = fread(text, 1, APPS_DEFINITION_MAX - 1, in);
    (void)fclose(in);
    assert_true(len > 1000);
    static const char own[] = "\"name\": \"salesforce\"";
    const char *at = strstr(text, own);
    return arena_printf(mem, "%.*s\"name\": \"%s\"%s", (int)(at - text), text, name,
                        at + strlen(own));
}

static void test_a_folder_adds_and_never_shadows(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char dir[] = "/tmp/workbot-apps-XXXXXX";
    assert_non_null(mkdtemp(dir));
    write_file(mem, dir, "acme.json", further(mem, "acme"));
    write_file(mem, dir, ".hidden.json", "not read");
    write_file(mem, dir, "README", "not read");
    struct faults f;
    faults_init(&f, mem);
    apps *all = NULL;
    assert_int_equal(apps_load(mem, dir, &all, &f), 0);
    assert_string_equal(app_name(apps_at(all, 0)), "acme");
    assert_non_null(apps_find(all, "salesforce"));
    assert_sorted(all);

    write_file(mem, dir, "salesforce.json", further(mem, "salesforce"));
    write_file(mem, dir, "other.json", further(mem, "another"));
    write_file(mem, dir, "broken.json", "{");
    char *large = arena_alloc(mem, APPS_DEFINITION_MAX + 10);
    memset(large, ' ', APPS_DEFINITION_MAX + 5);
    write_file(mem, dir, "large.json", large);
    assert_int_equal(apps_load(mem, dir, &all, &f), -1);
    assert_true(has_fault(&f, "salesforce.json", "already"));
    assert_true(has_fault(&f, "other.json", "another.json"));
    assert_true(has_fault(&f, "broken.json", "not JSON"));
    assert_true(has_fault(&f, "large.json", "larger"));
    assert_int_equal(f.count, 4);
    static const char *const names[] = {"acme.json",       ".hidden.json", "README",
                                        "salesforce.json", "other.json",   "broken.json",
                                        "large.json"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        remove_file(mem, dir, names[i]);
    }
    assert_int_equal(rmdir(dir), 0);
    faults_init(&f, mem);
    assert_int_equal(apps_load(mem, dir, &all, &f), -1);
    assert_true(has_fault(&f, "WORKBOT_APPS_DIR", "cannot be listed"));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_salesforce_is_built_in),
        cmocka_unit_test(test_the_description_is_complete),
        cmocka_unit_test(test_another_provider_needs_no_code),
        cmocka_unit_test(test_each_fault_is_found_where_it_is),
        cmocka_unit_test(test_all_faults_come_at_once),
        cmocka_unit_test(test_what_is_no_definition_is_refused),
        cmocka_unit_test(test_a_folder_adds_and_never_shadows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

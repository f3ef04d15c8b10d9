#include "apps_help.h"

#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

/* A provider with none of Salesforce's habits: client in Basic, comma scopes, no PKCE, single-use
 * refresh tokens that may be missing, both tokens revoked with the client, a fixed host. */
static const char sample[] =
    "{\"name\":\"sample\",\"title\":\"Sample\",\"values\":{\"v\":\"v2\"},"
    "\"hosts\":{\"default\":\"id.sample.example\",\"names\":[\"id.sample.example\"],"
    "\"api_suffixes\":[\".sample.example\"]},"
    "\"client_auth\":\"basic\","
    "\"authorize\":{\"url\":\"https://id.sample.example/auth?tenant=1\",\"pkce\":false,"
    "\"params\":{\"audience\":\"a b&c\"},\"scope_separator\":\",\",\"issuer\":\"https://id\","
    "\"scopes\":[{\"name\":\"read\",\"words\":\"Read\"},{\"name\":\"write\",\"words\":\"Write\"}]},"
    "\"token\":{\"url\":\"https://token.sample.example/{v}/token\",\"params\":{\"extra\":\"1\"},"
    "\"refresh_token\":\"optional\",\"single_use_refresh\":true,\"any_token_type\":true,"
    "\"margin_s\":60,\"errors\":[{\"status\":401,\"code\":\"server_error\","
    "\"contains\":\"access_denied\",\"means\":\"dead\"}]},"
    "\"revoke\":{\"url\":\"https://id.sample.example/revoke\",\"token\":\"both\",\"auth\":\"client\"},"
    "\"identity\":{\"path\":\"/{v}/me\",\"key\":[{\"path\":\"org.id\"},{\"path\":\"id\"}],"
    "\"name\":\"login\"},"
    "\"api\":{\"base\":\"https://api.sample.example\",\"error\":{\"code\":[\"code\"]}},"
    "\"actions\":{\"approve\":{\"title\":\"Approve\",\"writes\":true,\"approves\":true,"
    "\"inputs\":{\"task\":{\"words\":\"a task's id\",\"required\":true},"
    "\"note\":{\"words\":\"a note\"}},"
    "\"requests\":[{\"method\":\"PUT\",\"path\":\"/{v}/tasks/{task}\","
    "\"query\":{\"notify\":\"{note}\"},"
    "\"body\":{\"state\":\"approved\",\"why\":\"{note}\",\"by\":[\"for {task}: {note}\"]},"
    "\"success\":[200]}],\"output\":\"answer\",\"record_id\":\"answer.id\","
    "\"record_url\":\"{api_base}/t/{id}\"}}}";

static char *replaced(arena *mem, const char *from, const char *to)
{
    if (from == NULL) {
        return arena_strdup(mem, sample);
    }
    const char *at = strstr(sample, from);
    assert_non_null(at);
    return arena_printf(mem, "%.*s%s%s", (int)(at - sample), sample, to, at + strlen(from));
}

apps *builtin_apps(arena *mem)
{
    struct faults faults;
    faults_init(&faults, mem);
    apps *all = NULL;
    int rc = apps_load(mem, NULL, &all, &faults);
    assert_string_equal(faults_line(mem, &faults, 2000), "");
    assert_int_equal(rc, 0);
    return all;
}

struct faults *definition_faults(arena *mem, const char *text)
{
    struct faults *f = arena_alloc(mem, sizeof(*f));
    faults_init(f, mem);
    const app *a = apps_definition_read(mem, "sample.json", bytes_of(text), f);
    assert_true((a == NULL) == (f->count > 0));
    return f;
}

struct faults *sample_faults(arena *mem, const char *from, const char *to)
{
    return definition_faults(mem, replaced(mem, from, to));
}

app *sample_app(arena *mem, const char *from, const char *to)
{
    struct faults f;
    faults_init(&f, mem);
    app *a = apps_definition_read(mem, "sample.json", bytes_of(replaced(mem, from, to)), &f);
    assert_string_equal(faults_line(mem, &f, 2000), "");
    assert_non_null(a);
    return a;
}

bool has_fault(const struct faults *f, const char *path, const char *part)
{
    for (size_t i = 0; i < f->count && i < FAULTS_MAX; i++) {
        if (str_equal(f->list[i].path, path) && strstr(f->list[i].text, part) != NULL) {
            return true;
        }
    }
    print_error("no fault %s: ...%s..., only: %s\n", path, part, faults_line(f->mem, f, 4000));
    return false;
}

static bool give(const struct scripted_request *q)
{
    const struct bench *b = q->user;
    bool details = b->details != NULL && strstr(q->text, b->mark) != NULL;
    const char *answer = details ? b->details : b->answer;
    return scripted_text(q->fd, answer) && strstr(answer, "Connection: close") == NULL;
}

void bench_start(struct bench *b, const char *answer)
{
    *b = (struct bench){.mem = arena_new(), .mark = "FROM+Organization"};
    b->answer = arena_strdup(b->mem, answer);
    b->server = scripted_start(give, b);
    b->host = arena_printf(b->mem, "127.0.0.1:%d", scripted_port(b->server));
    const char *trusted = b->host;
    b->http = net_client_new(
        &(struct net_options){.trusted_hosts = &trusted, .trusted_count = 1, .handles = 2});
    b->site = (struct app_site){
        .app = apps_find(builtin_apps(b->mem), "salesforce"), .host = b->host, .plain_http = true};
    b->client = (struct app_client){"sample-client", secret_of(b->mem, "sample-secret")};
}

void bench_stop(struct bench *b)
{
    net_client_free(b->http);
    scripted_stop(b->server);
    arena_free(b->mem);
}

char *bench_request(struct bench *b)
{
    char *text = arena_alloc(b->mem, SCRIPTED_REQUEST_MAX + 1);
    scripted_last(b->server, text, SCRIPTED_REQUEST_MAX + 1);
    return text;
}

char *http_answer(arena *mem, int status, const char *type, const char *body)
{
    return arena_printf(mem, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                        status, type, strlen(body), body);
}

char *authorize_url(arena *mem, const struct app_site *site, const struct app_authorize *q)
{
    char *url = NULL;
    struct err e = {0};
    assert_int_equal(app_authorize_url(mem, site, q, &url, &e), 0);
    return url;
}

char *site_url(arena *mem, const struct app_site *site, const char *url)
{
    char *filled = NULL;
    struct err e = {0};
    assert_int_equal(apps_site_url(mem, site, url, &filled, &e), 0);
    return filled;
}

const char *api_base(arena *mem, const struct app_site *site)
{
    const char *base = NULL;
    struct err e = {0};
    assert_int_equal(apps_api_base(mem, site, &base, &e), 0);
    return base;
}

json_t *json_of(arena *mem, const char *text)
{
    json_t *value = NULL;
    struct err e = {0};
    assert_int_equal(json_read(mem, bytes_of(text), &value, &e), 0);
    return value;
}

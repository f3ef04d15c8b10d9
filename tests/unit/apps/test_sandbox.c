/* Salesforce's whole life against the sandbox, which shares no code with us: log in, who is it,
 * create, upsert twice, query, refresh, rotate, concurrent refresh, revoke, dead. */
#include "apps_help.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "crypto.h"
#include "tests/unit/base/helpers.h"

#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define REDIRECT "https://bot.example/oauth/callback/sf1"

struct world {
    arena *mem;
    pid_t pid;
    char dir[64];
    int port;
    int sf_port;
    net_client *http;
    struct app_site site;
    struct app_client client;
    struct app_call call;
    struct err e;
};

/* One request over a socket of its own, for what a browser or a script would do. */
static char *raw(struct world *w, int port, const char *head, const char *body)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)},
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    const char *text = arena_printf(w->mem,
                                    "%s\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
                                    "Content-Length: %zu\r\n\r\n%s",
                                    head, port, strlen(body), body);
    assert_true(scripted_text(fd, text));
    struct str s = str_new(w->mem, 200000);
    char part[4096];
    for (ssize_t n; (n = recv(fd, part, sizeof(part), 0)) > 0;) {
        str_add_n(&s, part, (size_t)n);
    }
    close(fd);
    return s.text;
}

/* What stands between two texts. */
static char *between(arena *mem, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    at += strlen(from);
    const char *end = strstr(at, to);
    assert_non_null(end);
    return arena_strndup(mem, at, (size_t)(end - at));
}

static void control(struct world *w, const char *path, const char *body)
{
    const char *head =
        arena_printf(w->mem, "PUT %s HTTP/1.1\r\nContent-Type: application/json", path);
    assert_non_null(strstr(raw(w, w->port, head, body), "\"ok\""));
}

/* The port that the sandbox wrote into its file; it is asked for until it is there. */
static int port_of(struct world *w, const char *name)
{
    const char *path = arena_printf(w->mem, "%s/%s", w->dir, name);
    for (int tries = 0; tries < 2000; tries++) {
        int port = 0;
        FILE *in = fopen(path, "r");
        bool found = in != NULL && fscanf(in, "%d", &port) == 1;
        if (in != NULL) {
            (void)fclose(in);
        }
        if (found) {
            return port;
        }
        (void)poll(NULL, 0, 5);
    }
    fail_msg("the sandbox does not start");
    return 0;
}

static void world_start(struct world *w, const char *program)
{
    *w = (struct world){.mem = arena_new(), .dir = "/tmp/workbot-sandbox-XXXXXX"};
    assert_non_null(mkdtemp(w->dir));
    char *main_file = arena_printf(w->mem, "%s/main", w->dir);
    char *sf_file = arena_printf(w->mem, "%s/sf", w->dir);
    w->pid = fork();
    if (w->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a failed test leaves nothing running */
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        execl(program, program, "--port", "0", "--port-file", main_file, "--salesforce-port", "0",
              "--salesforce-port-file", sf_file, (char *)NULL);
        _exit(127);
    }
    w->port = port_of(w, "main");
    w->sf_port = port_of(w, "sf");
    const char *host = arena_printf(w->mem, "127.0.0.1:%d", w->sf_port);
    w->http = net_client_new(
        &(struct net_options){.trusted_hosts = &host, .trusted_count = 1, .handles = 2});
    w->site = (struct app_site){
        .app = apps_find(builtin_apps(w->mem), "salesforce"), .host = host, .plain_http = true};
    w->client = (struct app_client){"3MVG9sampleAcme0001",
                                    secret_of(w->mem, "sample-acme-consumer-secret")};
    control(w, "/_config",
            "{\"salesforce\":{\"clients\":{\"3MVG9sampleAcme0001\":{\"redirect_uris\":"
            "[\"" REDIRECT "\"]}}}}");
}

static void world_stop(struct world *w)
{
    int status = 0;
    assert_int_equal(kill(w->pid, SIGTERM), 0);
    assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
    (void)unlink(arena_printf(w->mem, "%s/main", w->dir));
    (void)unlink(arena_printf(w->mem, "%s/sf", w->dir));
    (void)rmdir(w->dir);
    net_client_free(w->http);
    arena_free(w->mem);
}

/* Ana chooses her account and allows; gives the code of the redirect. */
static struct secret log_in(struct world *w)
{
    static const char form[] = "Content-Type: application/x-www-form-urlencoded";
    arena *mem = w->mem;
    struct app_authorize q = {.client_id = w->client.id,
                              .redirect_uri = REDIRECT,
                              .state = "5f1c0b6d9a7e4c3f8b2a1d0e9c8b7a69",
                              .challenge = crypto_pkce_challenge(mem, VERIFIER)};
    q.scopes = app_scopes(w->site.app, &q.scopes_count);
    const char *url = authorize_url(mem, &w->site, &q);
    const char *path = strchr(url + strlen("http://"), '/');
    const char *page = raw(w, w->sf_port, arena_printf(mem, "GET %s HTTP/1.1", path), "");
    const char *id = between(mem, page, "name=\"request\" value=\"", "\"");
    page = raw(w, w->sf_port, arena_printf(mem, "POST /login/choose HTTP/1.1\r\n%s", form),
               arena_printf(mem, "request=%s&username=ana@acme.example", id));
    const char *cookie = between(mem, page, "sandbox_sf_session=", ";");
    page =
        raw(w, w->sf_port,
            arena_printf(mem, "POST /login/consent HTTP/1.1\r\n%s\r\nCookie: sandbox_sf_session=%s",
                         form, cookie),
            arena_printf(mem, "request=%s&decision=allow", id));
    const char *location = between(mem, page, "ocation: ", "\r\n");
    assert_true(str_starts(location, REDIRECT "?"));
    const char *code = strstr(location, "code=") + strlen("code=");
    char *decoded = NULL;
    assert_true(net_url_decode(mem, code, strcspn(code, "&"), false, &decoded));
    return secret_of(mem, decoded);
}

static int token(struct world *w, const struct app_grant *grant, struct tokens *t,
                 struct account *a)
{
    w->e = (struct err){0};
    return app_token(w->mem, w->http, &w->site, &w->client, grant, t, a, &w->e);
}

static int act(struct world *w, const char *name, const char *with, struct app_result *r)
{
    const char *words = NULL;
    w->e = (struct err){0};
    w->call.mem = w->mem;
    w->call.http = w->http;
    w->call.site = w->site;
    return app_act(&w->call, app_action_find(w->site.app, name), json_of(w->mem, with), r, &words,
                   &w->e);
}

static void check_actions(struct world *w)
{
    struct app_result r = {0}, again = {0};
    assert_int_equal(act(w, "create_record",
                         "{\"object\":\"Opportunity\",\"fields\":{\"Name\":\"O'Hara \\\\ co\","
                         "\"StageName\":\"Prospecting\",\"CloseDate\":\"2026-12-31\"}}",
                         &r),
                     0);
    assert_int_equal(strlen(r.record_id), 18);
    assert_int_equal(act(w, "query",
                         "{\"soql\":\"SELECT Id, Name FROM Opportunity WHERE Name = :n AND "
                         "CloseDate = :d\",\"values\":{\"n\":\"O'Hara \\\\ co\",\"d\":{\"date\":"
                         "\"2026-12-31\"}}}",
                         &again),
                     0);
    assert_int_equal(json_i64(again.output, "total"), 1);
    assert_string_equal(again.record_id, r.record_id);
    /* the same key twice is one record */
    static const char upsert[] = "{\"object\":\"Task\",\"external_id_field\":\"Bot_Key__c\","
                                 "\"fields\":{\"Subject\":\"Call\"}}";
    w->call.idempotency_key = "run-1/step 2";
    if (act(w, "create_record", upsert, &r) == 0) {
        assert_int_equal(act(w, "create_record", upsert, &again), 0);
        assert_string_equal(r.record_id, again.record_id);
    } else {
        fail_msg("upsert: %s", w->e.text);
    }
    assert_int_equal(act(w, "create_record", "{\"object\":\"Opportunity\",\"fields\":{}}", &again),
                     -1);
    assert_int_equal(w->e.kind, ERR_UPSTREAM_REFUSED);
    w->call.access = secret_of(w->mem, "00Dxx!dead");
    assert_int_equal(act(w, "query", "{\"soql\":\"SELECT Id FROM Task\"}", &r), -1);
    assert_int_equal(w->e.kind, ERR_UNAUTHENTIC);
}

static void check_refreshes(struct world *w, struct tokens *t)
{
    struct tokens next = {0};
    struct account unused = {0};
    struct app_grant grant = {.refresh = t->refresh};
    assert_int_equal(token(w, &grant, &next, &unused), 0);
    assert_true(secret_empty(next.refresh));
    control(w, "/_faults", "{\"peer\":\"salesforce\",\"fault\":\"refresh_busy\",\"times\":1}");
    assert_int_equal(token(w, &grant, &next, &unused), -1);
    assert_int_equal(w->e.kind, ERR_UPSTREAM_BUSY);
    control(w, "/_faults",
            "{\"peer\":\"salesforce\",\"fault\":\"client_secret_refused\",\"times\":1}");
    assert_int_equal(token(w, &grant, &next, &unused), -1);
    assert_int_equal(w->e.kind, ERR_CONFIG);
    control(w, "/_faults", "{\"peer\":\"salesforce\",\"fault\":\"refresh_rotated\",\"times\":1}");
    assert_int_equal(token(w, &grant, &next, &unused), 0);
    assert_false(secret_empty(next.refresh));
    *t = next;
    enum app_revoked done = APP_REVOKE_NONE;
    for (int i = 0; i < 2; i++) { /* the second time it is gone already */
        assert_int_equal(app_revoke(w->mem, w->http, &w->site, &w->client, t, &done, &w->e), 0);
        assert_int_equal(done, APP_REVOKED);
    }
    grant.refresh = t->refresh;
    assert_int_equal(token(w, &grant, &next, &unused), -1);
    assert_int_equal(w->e.kind, ERR_LOGIN_NEEDED);
}

static const char *sandbox_program(void)
{
    const char *program = getenv("SANDBOX_BIN");
    return program == NULL ? "build/sandbox" : program;
}

static void test_a_whole_life(void **state)
{
    (void)state;
    if (access(sandbox_program(), X_OK) != 0) {
        print_message("# SKIP there is no %s: make builds it\n", sandbox_program());
        skip();
    }
    struct world w;
    world_start(&w, sandbox_program());
    const struct app_grant grant = {
        .code = log_in(&w), .redirect_uri = REDIRECT, .verifier = secret_of(w.mem, VERIFIER)};
    struct tokens t = {0};
    struct account a = {0};
    if (token(&w, &grant, &t, &a) != 0) {
        fail_msg("%s", w.e.text);
    }
    assert_int_equal(t.access_expires_at, 0);
    assert_string_equal(a.api_base, arena_printf(w.mem, "http://127.0.0.1:%d", w.sf_port));
    assert_int_equal(app_identify(w.mem, w.http, &w.site, t.access, &a, NULL, &w.e), 0);
    assert_string_equal(a.key, "00Dxx0000000001:005xx000000ANA1");
    assert_string_equal(a.name, "ana@acme.example");
    assert_string_equal(a.organization, "Acme Corporation");
    assert_false(a.sandbox);
    w.site.api_base = a.api_base;
    w.call.access = t.access;
    check_actions(&w);
    check_refreshes(&w, &t);
    struct account nobody = {0};
    assert_int_equal(app_identify(w.mem, w.http, &w.site, t.access, &nobody, NULL, &w.e), -1);
    assert_int_equal(w.e.kind, ERR_UNAUTHENTIC);
    /* the code was for one use */
    assert_int_equal(token(&w, &grant, &t, &a), -1);
    assert_int_equal(w.e.kind, ERR_LOGIN_NEEDED);
    world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_whole_life)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

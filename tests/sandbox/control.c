#include "control.h"

#include "app_hooks.h"
#include "faults.h"
#include "journal.h"
#include "peers.h"
#include "stories.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* the chat page, embedded; the assembler searches from the repository's root */
__asm__(".section .rodata\n"
        ".global sandbox_page\n"
        "sandbox_page:\n"
        ".incbin \"tests/sandbox/page.html\"\n"
        ".byte 0\n"
        ".previous\n");
extern const char sandbox_page[];
__asm__(".section .rodata\n"
        ".global sandbox_page_teams\n"
        "sandbox_page_teams:\n"
        ".incbin \"tests/sandbox/page_teams.js\"\n"
        ".byte 0\n"
        ".previous\n");
extern const char sandbox_page_teams[];

enum { SNAPSHOT_MESSAGES = 80, WAIT_MAX_MS = 60000, LOG_LIMIT = 1000 };

static void refuse(struct request *req, unsigned status, const char *error, const char *detail)
{
    http_reply_json(req, status,
                    json_pack("{s:b, s:s, s:s}", "ok", false, "error", error, "detail", detail));
}

/* The JSON object of the body; NULL after a refusal. An empty body is an empty object. */
static json_t *read_body(struct request *req)
{
    json_t *body = req->body.len == 0 ? json_object()
                                      : json_loadb(buf_text(&req->body), req->body.len, 0, NULL);
    if (!json_is_object(body)) {
        json_decref(body);
        refuse(req, 400, "invalid_json", "the body must be a JSON object");
        return NULL;
    }
    return body;
}

static int64_t query_number(const struct request *req, const char *name, int64_t fallback)
{
    const char *text = json_str(req->query, name);
    return text == NULL ? fallback : strtoll(text, NULL, 10);
}

static int64_t query_wait(const struct request *req)
{
    int64_t wait = query_number(req, "wait_ms", 0);
    return wait < 0 ? 0 : wait > WAIT_MAX_MS ? WAIT_MAX_MS : wait;
}

/* ---- chat calls, on worker threads ---- */

static const struct chat_call *chat_call_of(const struct peer *peer, const char *path)
{
    const struct chat_call *call = peer == NULL || peer->chat == NULL ? NULL : peer->chat->calls;
    while (call != NULL && call->path != NULL && strcmp(call->path, path) != 0) {
        call++;
    }
    return call == NULL || call->path == NULL ? NULL : call;
}

static bool chat_call_known(const char *path)
{
    for (size_t i = 0; peer_at(i) != NULL; i++) {
        if (chat_call_of(peer_at(i), path) != NULL) {
            return true;
        }
    }
    return false;
}

static void run_chat_call(struct request *req)
{
    json_t *body = read_body(req);
    if (body == NULL) {
        return;
    }
    const struct chat_call *call =
        chat_call_of(peer_find(json_str_or(body, "chat", "slack")), req->path);
    if (call == NULL) {
        refuse(req, 400, "unknown_chat", "\"chat\" must name a chat platform that can do this");
    } else {
        call->run(req, body);
    }
    json_decref(body);
}

static void post_chat_call(struct request *req)
{
    http_block(req, run_chat_call);
}

/* ---- what apps tell of their own accord ---- */

static void run_hook(struct request *req)
{
    json_t *body = read_body(req);
    if (body != NULL) {
        app_hook_send(req, body);
        json_decref(body);
    }
}

static void post_hook(struct request *req)
{
    http_block(req, run_hook);
}

static void run_happen(struct request *req)
{
    json_t *body = read_body(req);
    if (body != NULL) {
        story_happen(req, body);
        json_decref(body);
    }
}

static void post_happen(struct request *req)
{
    http_block(req, run_happen);
}

/* ---- looking ---- */

static void look(struct request *req, bool view)
{
    const struct peer *peer = peer_find(json_str_or(req->query, "chat", "slack"));
    if (peer == NULL || peer->chat == NULL) {
        refuse(req, 400, "unknown_chat", "\"chat\" must name a chat platform");
        return;
    }
    world_lock();
    (view ? peer->chat->view : peer->chat->messages)(req);
    world_unlock();
}

static void get_messages(struct request *req)
{
    look(req, false);
}

static void get_view(struct request *req)
{
    look(req, true);
}

static bool poll_log(struct request *req, bool last)
{
    int64_t limit = query_number(req, "limit", LOG_LIMIT);
    struct journal_filter filter = {
        .since = query_number(req, "since", 0),
        .limit = limit < 1 ? 1 : (size_t)limit,
        .peer = json_str(req->query, "peer"),
        .path = json_str(req->query, "path"),
        .direction = json_str(req->query, "direction"),
    };
    size_t found = 0;
    json_t *log = journal_read(&filter, &found);
    if (found == 0 && !last) {
        json_decref(log);
        return false;
    }
    json_object_set_new(log, "ok", json_true());
    http_reply_json(req, 200, log);
    return true;
}

static void get_log(struct request *req)
{
    http_wait(req, query_wait(req), poll_log);
}

static bool poll_chat(struct request *req, bool last)
{
    int64_t version = world_version();
    if (version == query_number(req, "since", 0) && !last) {
        return false;
    }
    world_lock();
    json_t *workspaces = json_array();
    for (size_t i = 0; peer_at(i) != NULL; i++) {
        if (peer_at(i)->chat != NULL) {
            json_t *part = peer_at(i)->chat->snapshot(SNAPSHOT_MESSAGES);
            json_array_extend(workspaces, part);
            json_decref(part);
        }
    }
    json_t *body = json_pack("{s:b, s:I, s:s, s:o}", "ok", true, "version", (json_int_t)version,
                             "bot_url", world_bot_url(), "workspaces", workspaces);
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    world_unlock();
    http_reply_text(req, 200, "application/json; charset=utf-8", text);
    free(text);
    return true;
}

static void get_chat(struct request *req)
{
    http_wait(req, query_wait(req), poll_chat);
}

static void get_state(struct request *req)
{
    const struct peer *peer = peer_find(req->path + strlen("/_state/"));
    if (peer == NULL) {
        refuse(req, 404, "unknown_peer", "no such peer");
        return;
    }
    world_lock();
    json_t *state = peer->state();
    char *text = json_dumps(state, JSON_COMPACT);
    json_decref(state);
    world_unlock();
    http_reply_text(req, 200, "application/json; charset=utf-8", text);
    free(text);
}

/* ---- faults and settings ---- */

static void put_faults(struct request *req)
{
    json_t *body = read_body(req);
    if (body == NULL) {
        return;
    }
    const char *wrong = fault_add(body);
    json_decref(body);
    if (wrong != NULL) {
        refuse(req, 400, "invalid_fault", wrong);
        return;
    }
    http_reply_json(req, 200, json_pack("{s:b, s:o}", "ok", true, "faults", fault_list()));
}

static void get_faults(struct request *req)
{
    http_reply_json(req, 200, json_pack("{s:b, s:o}", "ok", true, "faults", fault_list()));
}

static void delete_faults(struct request *req)
{
    fault_clear(json_str(req->query, "peer"));
    get_faults(req);
}

static void put_config(struct request *req)
{
    json_t *body = read_body(req);
    if (body == NULL) {
        return;
    }
    const char *wrong = NULL;
    const char *key = NULL;
    json_t *value = NULL;
    world_lock();
    json_object_foreach(body, key, value)
    {
        const struct peer *peer = peer_find(key);
        if (strcmp(key, "bot_url") == 0 && json_is_string(value)) {
            world_set_bot_url(json_string_value(value));
        } else if (strcmp(key, "public_url") == 0 && json_is_string(value)) {
            world_set_public_url(json_string_value(value));
        } else if (peer != NULL && json_is_object(value)) {
            wrong = wrong == NULL ? peer->configure(value) : wrong;
        } else {
            wrong = "keys are bot_url, public_url and the names of peers";
        }
    }
    world_unlock();
    json_decref(body);
    world_touch();
    if (wrong != NULL) {
        refuse(req, 400, "invalid_config", wrong);
        return;
    }
    http_reply_json(req, 200, json_pack("{s:b}", "ok", true));
}

/* Where each app is served at the root of a port of its own. */
static json_t *app_hosts(void)
{
    json_t *hosts = json_object();
    for (size_t i = 0; peer_at(i) != NULL; i++) {
        int port = http_port(peer_listener(peer_at(i)));
        if (port >= 0) {
            char *host = xasprintf("127.0.0.1:%d", port);
            json_object_set_new(hosts, peer_at(i)->name, json_string(host));
            free(host);
        }
    }
    return hosts;
}

static void get_config(struct request *req)
{
    world_lock();
    json_t *copy = json_deep_copy(world_seed());
    json_object_set_new(copy, "bot_url", json_string(world_bot_url()));
    json_object_set_new(copy, "public_url", json_string(world_public_url()));
    json_object_set_new(copy, "hosts", app_hosts());
    int port = http_port(peer_listener(&salesforce_peer));
    char *url = port < 0 ? NULL : xasprintf("http://127.0.0.1:%d", port);
    json_object_set_new(copy, "salesforce_url", url == NULL ? json_null() : json_string(url));
    free(url);
    world_unlock();
    http_reply_json(req, 200, copy);
}

static void post_reset(struct request *req)
{
    fault_clear(NULL);
    journal_clear();
    world_lock();
    world_reset();
    world_unlock();
    http_reply_json(req, 200, json_pack("{s:b}", "ok", true));
}

static void get_health(struct request *req)
{
    http_reply_json(req, 200, json_pack("{s:s}", "status", "ok"));
}

static void get_icon(struct request *req)
{
    http_reply_text(req, 204, "image/x-icon", "");
}

static void get_page(struct request *req)
{
    http_reply_header(req, "Cache-Control", "no-store");
    http_reply_header(
        req, "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data: http: https:; frame-ancestors 'none'");
    http_reply_text(req, 200, "text/html; charset=utf-8", sandbox_page);
}

static void get_page_teams(struct request *req)
{
    http_reply_text(req, 200, "text/javascript; charset=utf-8", sandbox_page_teams);
}

/* Microsoft's renderer of cards, out of the tests' npm packages; empty where they are not. */
static void get_adaptivecards(struct request *req)
{
    struct buf text = {0};
    FILE *file = fopen(world_cards_file(), "re");
    char part[16384];
    size_t len = 0;
    while (file != NULL && (len = fread(part, 1, sizeof part, file)) > 0) {
        buf_addn(&text, part, len);
    }
    if (file != NULL) {
        fclose(file);
    }
    http_reply_text(req, 200, "text/javascript; charset=utf-8", buf_text(&text));
    buf_free(&text);
}

static const struct {
    const char *method;
    const char *path;
    bool prefix;
    void (*run)(struct request *req);
} routes[] = {
    {"GET", "/", false, get_page},
    {"GET", "/page_teams.js", false, get_page_teams},
    {"GET", "/adaptivecards.js", false, get_adaptivecards},
    {"GET", "/favicon.ico", false, get_icon},
    {"GET", "/healthz", false, get_health},
    {"GET", "/_messages", false, get_messages},
    {"GET", "/_view", false, get_view},
    {"GET", "/_log", false, get_log},
    {"GET", "/_chat", false, get_chat},
    {"GET", "/_state/", true, get_state},
    {"PUT", "/_faults", false, put_faults},
    {"GET", "/_faults", false, get_faults},
    {"DELETE", "/_faults", false, delete_faults},
    {"PUT", "/_config", false, put_config},
    {"GET", "/_config", false, get_config},
    {"POST", "/_reset", false, post_reset},
    {"POST", "/_hook", false, post_hook},
    {"POST", "/_happen", false, post_happen},
};

void control_handle(struct request *req)
{
    if (req->query == NULL) {
        refuse(req, 400, "invalid_query", "the query does not decode");
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        bool path = routes[i].prefix
                        ? strncmp(req->path, routes[i].path, strlen(routes[i].path)) == 0
                        : strcmp(req->path, routes[i].path) == 0;
        if (path && http_is(req, routes[i].method)) {
            routes[i].run(req);
            return;
        }
    }
    if ((http_is(req, "POST") || http_is(req, "PUT")) && chat_call_known(req->path)) {
        post_chat_call(req);
        return;
    }
    refuse(req, 404, "not_found", "no such route; see tests/sandbox/README.md");
}

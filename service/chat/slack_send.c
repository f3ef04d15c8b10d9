/* Messages out: post, update, answer in place, open a direct message. */
#include "chat_int.h"

#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

enum { RESPOND_MS = 10000 };

/* Each block with buttons is named after our message: a click in an ephemeral comes without the
 * message, and by its timestamp Slack knows none. */
static json_t *render(arena *mem, const json_t *view, const char *our_id)
{
    json_t *message = chat_slack_render(mem, view);
    size_t i = 0;
    json_t *block = NULL;
    json_array_foreach(json_member(message, "blocks"), i, block)
    {
        bool pressed = json_member(block, "accessory") != NULL ||
                       str_equal(json_text(block, "type"), "actions");
        if (our_id != NULL && pressed) {
            const char *id = arena_printf(mem, SLACK_ACTION_PREFIX "%s:%zu", our_id, i);
            json_put(block, "block_id", json_string(id));
        }
    }
    return message;
}

static void add_content(arena *mem, struct slack_call *call, const struct chat_post *p)
{
    const json_t *message = render(mem, p->view, p->our_id);
    slack_call_add(call, "text", json_text(message, "text"));
    slack_call_add(call, "blocks", json_write(mem, json_member(message, "blocks")));
}

/* Both are needed to keep Slack from visiting the links of a message
 * (docs.slack.dev/messaging/unfurling-links-in-messages). */
static void add_no_previews(struct slack_call *call)
{
    slack_call_add(call, "unfurl_links", "false");
    slack_call_add(call, "unfurl_media", "false");
}

/* How a message of ours is found again after an answer that never came. */
static void add_our_id(arena *mem, struct slack_call *call, const char *our_id)
{
    if (our_id != NULL) {
        json_t *metadata = json_pack("{s:s, s:{s:s}}", "event_type", SLACK_METADATA_TYPE,
                                     "event_payload", "id", our_id);
        slack_call_add(call, "metadata", json_write(mem, arena_json(mem, metadata)));
    }
}

int slack_post(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
               const char **ret_message_id, struct err *e)
{
    struct slack_call call = {.method = p->ephemeral ? "chat.postEphemeral" : "chat.postMessage",
                              .writes = true};
    slack_call_add(&call, "channel", p->channel);
    slack_call_add(&call, "thread_ts", p->thread);
    add_content(mem, &call, p);
    add_no_previews(&call);
    if (p->ephemeral) {
        slack_call_add(&call, "user", p->user_id);
    } else {
        add_our_id(mem, &call, p->our_id);
    }
    json_t *answer = NULL;
    if (slack_api(c, mem, a, &call, &answer, e) != 0) {
        return -1;
    }
    *ret_message_id = p->ephemeral ? NULL : slack_id(answer, "ts");
    return 0;
}

int slack_update(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                 struct err *e)
{
    /* the same content twice is the same message: a lost answer leaves nothing open */
    struct slack_call call = {.method = "chat.update"};
    slack_call_add(&call, "channel", p->channel);
    slack_call_add(&call, "ts", p->message_id);
    add_content(mem, &call, p);
    json_t *answer = NULL;
    return slack_api(c, mem, a, &call, &answer, e);
}

int slack_open_dm(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                  const char **ret_channel, struct err *e)
{
    struct slack_call call = {.method = "conversations.open"};
    slack_call_add(&call, "users", user_id);
    json_t *answer = NULL;
    if (slack_api(c, mem, a, &call, &answer, e) != 0) {
        return -1;
    }
    const char *channel = slack_id(answer, "channel");
    if (channel == NULL) {
        return err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "conversations.open names no channel");
    }
    *ret_channel = channel;
    return 0;
}

int slack_publish_home(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                       const json_t *view, struct err *e)
{
    /* the same page twice is the same page */
    struct slack_call call = {.method = "views.publish"};
    slack_call_add(&call, "user_id", user_id);
    slack_call_add(&call, "view", json_write(mem, chat_slack_render_home(mem, view)));
    json_t *answer = NULL;
    return slack_api(c, mem, a, &call, &answer, e);
}

/* --- forms --- */

enum { FORM_MS = 4000 /* whoever pressed waits for it */ };

int slack_open_form(chats *c, arena *mem, const struct chat_access *a, const char *trigger_id,
                    const json_t *form, struct err *e)
{
    struct slack_call call = {.method = "views.open", .timeout_ms = FORM_MS};
    slack_call_add(&call, "trigger_id", trigger_id);
    slack_call_add(&call, "view", json_write(mem, chat_slack_render_form(mem, form)));
    json_t *answer = NULL;
    return slack_api(c, mem, a, &call, &answer, e);
}

int slack_update_form(chats *c, arena *mem, const struct chat_access *a, const char *form_id,
                      const json_t *form, struct err *e)
{
    struct slack_call call = {.method = "views.update", .timeout_ms = FORM_MS};
    slack_call_add(&call, "view_id", form_id);
    slack_call_add(&call, "view", json_write(mem, chat_slack_render_form(mem, form)));
    json_t *answer = NULL;
    return slack_api(c, mem, a, &call, &answer, e);
}

/* --- response_url --- */

static bool is_trusted(const struct chat_settings *s, const char *host_port)
{
    for (size_t i = 0; i < s->trusted_count; i++) {
        if (str_equal(s->trusted_hosts[i], host_port)) {
            return true;
        }
    }
    return false;
}

bool slack_response_url_ok(const struct chat_settings *s, arena *mem, const char *url)
{
    struct net_url u;
    struct err ignored;
    if (net_url_parse(mem, url, &u, &ignored) != 0) {
        return false;
    }
    if (is_trusted(s, u.host_port)) {
        return true;
    }
    /* host_port: with a port written it is none of these */
    return str_equal(u.scheme, "https") && (str_equal(u.host_port, "hooks.slack.com") ||
                                            str_equal(u.host_port, "hooks.slack-gov.com"));
}

/* Never in_channel: that would publish what was typed as well. */
static char *response_body(arena *mem, const struct chat_answer *x)
{
    json_t *body =
        json_pack("{s:s, s:b, s:b, s:b}", "response_type", "ephemeral", "replace_original",
                  x->adds ? 0 : 1, "unfurl_links", 0, "unfurl_media", 0);
    if (body == NULL || json_object_update(body, render(mem, x->view, x->our_id)) != 0) {
        die("out of memory for a message");
    }
    return json_write(mem, arena_json(mem, body));
}

static int used_up(const struct net_response *r, struct err *e)
{
    return err_set(e, ERR_CONFLICT, "chat_message_gone", "response_url is used up (status %d)",
                   r->status);
}

/* Refused: for good, unless Slack is busy or our message is invalid everywhere. */
static int read_refusal(arena *mem, const struct slack_call *call, const struct net_response *r,
                        struct err *e)
{
    json_t *answer = NULL;
    struct err why = {0};
    (void)slack_answer(mem, call, r, &answer, &why);
    bool not_the_address =
        why.kind == ERR_LIMIT || why.kind == ERR_UPSTREAM_BUSY || why.kind == ERR_INTERNAL;
    if (!not_the_address) {
        return used_up(r, e);
    }
    if (e != NULL) {
        *e = why;
    }
    return -1;
}

/* Slack answers "ok" or {"ok":true}; an address of more than 30 minutes or five uses is refused in
 * several ways. */
static int read_response(arena *mem, const struct net_response *r, struct err *e)
{
    static const struct slack_call call = {.method = "response_url"};
    json_t *answer = NULL;
    struct err ignored;
    if (r->status == 429 || r->status >= 500) {
        return slack_answer(mem, &call, r, &answer, e);
    }
    const json_t *ok =
        json_read(mem, r->body, &answer, &ignored) == 0 ? json_member(answer, "ok") : NULL;
    if (json_is_boolean(ok)) {
        return json_is_true(ok) ? 0 : read_refusal(mem, &call, r, e);
    }
    if (r->status >= 400) {
        return used_up(r, e);
    }
    if (r->status >= 200 && r->status < 300 && !str_equal(r->content_type, "text/html")) {
        return 0;
    }
    return read_refusal(mem, &call, r, e);
}

int slack_respond(chats *c, arena *mem, const struct chat_answer *x, struct err *e)
{
    const char *url = secret_reveal(x->response_url);
    if (!slack_response_url_ok(&c->settings, mem, url)) {
        return err_set(e, ERR_FORBIDDEN, "chat_response_url", "response_url is not Slack's");
    }
    struct net_request q = {
        .method = "POST",
        .url = url,
        .peer = "slack",
        .body = response_body(mem, x),
        .content_type = "application/json; charset=utf-8",
        .timeout_ms = RESPOND_MS,
    };
    struct err why = {0};
    struct net_response r;
    int result = net_call(c->settings.http, mem, &q, &r, &why) == 0
                     ? read_response(mem, &r, &why)
                     : err_wrap(&why, "response_url");
    return slack_settle(result, &why, e);
}

char *slack_link(const chats *c, arena *mem, const char *workspace, const char *channel)
{
    if (str_empty(channel) || !str_starts(workspace, slack_driver.prefix)) {
        return NULL;
    }
    const char *id = workspace + strlen(slack_driver.prefix);
    struct str url = str_new(mem, 500);
    str_printf(&url, "%s/app_redirect?channel=", c->settings.slack_url);
    str_add_url(&url, channel);
    /* of an organisation we do not know in which of its workspaces the person is */
    if (*id == 'T') {
        str_add(&url, "&team=");
        str_add_url(&url, id);
    }
    return url.text;
}

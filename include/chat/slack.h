#ifndef WB_CHAT_SLACK_H
#define WB_CHAT_SLACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "chat/driver.h"

/* What is Slack's alone: its door, its settings, its blocks. */

/* --- Slack at the door (slack_verify.c, slack_intake.c): pure, no I/O, on the HTTP thread --- */

struct slack_headers {
    const char *timestamp, *signature; /* X-Slack-...; NULL if absent or given twice */
};

/* Checks the raw body (docs.slack.dev/authentication/verifying-requests-from-slack): timestamp
 * within 300 s both ways, HMAC by any of the signing secrets. ERR_UNAUTHENTIC with code
 * "slack_timestamp" or "slack_signature". now: epoch seconds. */
int chat_slack_verify(const chats *c, const struct slack_headers *h, struct bytes body, int64_t now,
                      struct err *e);

/* True for the probe that Slack sends to command URLs without a signature: answer 200 with an empty
 * body and look at nothing else in it. To be asked before verifying, for that route alone. */
bool chat_slack_is_ssl_check(arena *mem, struct bytes body);

enum slack_route { SLACK_EVENTS, SLACK_INTERACTIONS, SLACK_COMMANDS, SLACK_OPTIONS };

/* What to do with a verified body. */
struct slack_intake {
    bool store;      /* else: answer at once and keep nothing */
    const char *why; /* of what is not stored: "challenge", "ignored", "rate_limited",
                        "no_workspace", "choices" or "ssl_check"; for a metric label */
    const char *workspace;
    const char *job_kind; /* "slack_event", "slack_interaction", "slack_command" */
    const char *lane;     /* "user:U...": one person's doings in order; "install", "channel" */
    bool urgent;          /* holds a trigger_id */
    bool submission;      /* a form was sent: its answer may say what is wrong with it */
    bool choices;         /* the choices of a field are asked for */
    const char *late;     /* of these two: the answer (JSON) when there was no time for one; NULL:
                             an empty body */
    const char *keys[3];  /* dedupe: event id or click; place and time; client message id; each
                             may be NULL */
    struct bytes payload; /* JSON to store; may point into the body */
    const char *content_type; /* of the answer; NULL: empty body */
    const char *answer;
};
/* ERR_INPUT "slack_body" for a malformed body, ERR_FORBIDDEN "slack_app" for another app's. */
int chat_slack_intake(const chats *c, arena *mem, enum slack_route route, struct bytes body,
                      struct slack_intake *ret, struct err *e);

/* --- the Slack app's settings (slack_manifest.c): docs.slack.dev/reference/app-manifest --- */

/* callback_id of our shortcuts */
#define SLACK_SHORTCUT_CONNECTIONS "wb_connections"
#define SLACK_SHORTCUT_USE "wb_use"

struct slack_manifest {
    const char *public_url; /* no trailing slash */
    bool signs_in;          /* this app is the one for Sign in with Slack, too */
};
json_t *chat_slack_manifest(arena *mem, const struct slack_manifest *m);
/* Slack's page that makes an app of it. */
char *chat_slack_manifest_link(arena *mem, const json_t *manifest);
/* The bot scopes that an installation asks for; NULL-terminated. */
const char *const *chat_slack_scopes(void);
/* Whoever installs may leave it out. */
bool chat_slack_scope_is_optional(const char *scope);

/* View to Block Kit: {"text":..., "blocks":[...]}, within all limits of
 * docs.slack.dev/reference/block-kit. */
json_t *chat_slack_render(arena *mem, const json_t *view);
/* The same as a home page: {"type":"home", "blocks":[...]}. */
json_t *chat_slack_render_home(arena *mem, const json_t *view);

#endif

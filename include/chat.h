#ifndef WB_CHAT_H
#define WB_CHAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "chat/form.h"
#include "net.h"

/*
 * The chat platforms. Above this module there is no Slack and no Teams: events come in as struct
 * event, messages go out as a view (a neutral card). A platform is one struct chat_driver.
 */

/* --- what happened (parse) --- */

enum event_kind {
    EVENT_IGNORED,  /* nothing for us: own messages, edits, joins, unknown types */
    EVENT_TEXT,     /* typed words: a message, a mention or a slash command */
    EVENT_ACTION,   /* pressed a button or chose from a menu of ours: in a message, home or form */
    EVENT_SHORTCUT, /* .action: "connections" (global) or "use" (on a message: .text its words,
                       .place where it stands, .message_id which) */
    EVENT_SUBMIT,   /* sent a form of ours: .action its name, .value its private value, .fields */
    EVENT_CHOICES,  /* looks for a choice of a field: .action and .value as above, .field, .typed */
    EVENT_HOME,     /* opened the home page of the bot */
    EVENT_PERSON,   /* the platform says something new of .user_id: .person is filled */
    EVENT_CHANNEL,  /* .channel_was became .place.channel */
    EVENT_JOINED,   /* the bot itself was added to .place; .user_id: by whom, NULL if not said */
    EVENT_INSTALL,  /* .action: "uninstalled", "tokens_revoked", "access_revoked" or
                       "access_granted"; .teams: of the last two; .at */
    EVENT_KIND_COUNT
};

/* Where a person did it: it decides which private ways there are. */
enum surface {
    SURFACE_MESSAGE, /* words in a conversation, or a button of a message */
    SURFACE_COMMAND, /* a slash command: works where the bot is no member */
    SURFACE_HOME,
    SURFACE_FORM,
    SURFACE_SHORTCUT
};

struct place {
    const char *channel; /* the platform's conversation id; "" where there is none (home, form,
                            global shortcut): then it stands for the user's one-to-one chat */
    const char *thread;  /* NULL: not in a thread */
    bool thread_is_new;  /* it would begin with what was typed: nobody sees an ephemeral in it */
    bool is_private;     /* read by this user and the bot alone: a one-to-one chat */
    bool is_group;       /* a conversation of several people without a name */
    bool is_external;    /* people of other organisations can read it; EVENT_ACTION: known only when
                            the one who pressed is one of them */
};

struct chat_person {
    const char *name; /* as shown in the chat */
    const char *email;
    const char *time_zone;
    bool deactivated;
    bool bot;
    bool guest;
    bool stranger;            /* of another organisation */
    const char *team;         /* the platform's id of the person's own; NULL: not said */
    const char **teams;       /* of the organisation, the person is in them: keys of workspaces */
    size_t teams_count;       /* 0: none are told */
    const char *organisation; /* that the person's teams belong to; NULL: none, or not said */
    int64_t changed_at;       /* when the platform changed any of this; 0: not said */
    bool partial;             /* not all of it was said: the platform must be asked */
};

struct event {
    enum event_kind kind;
    enum surface surface;
    const char *workspace; /* where Workbot is installed; "slack:T..." */
    const char *user_id;   /* who did it, as the platform signed it: the only acting user; NULL
                              where nobody did (EVENT_CHANNEL, EVENT_INSTALL) */
    const char *user_team; /* the person's own team or organisation; NULL if not said */
    struct place place;
    const char *our_id;     /* EVENT_ACTION: which of our messages it says that it stands in, by our
                               id; as little an authority as a value */
    const char *message_id; /* EVENT_TEXT: of the typed message, NULL for a slash command;
                               EVENT_ACTION: of ours, NULL if ephemeral or not in a message */
    /* EVENT_TEXT: decoded: platform escapes and own mention resolved, smart quotes, dashes and
     * spaces plain up to the first "name:", since values behind it keep their characters; "" when
     * there was only the mention */
    const char *text;
    const char *typed;    /* EVENT_TEXT: the same with all characters kept: for a free answer */
    const char *action;   /* our action's name, "disconnect" */
    const char *value;    /* our action's value: an id or words, never an authority */
    const json_t *fields; /* EVENT_SUBMIT: {input: text or null}; of several chosen, a comma between
                           */
    const char *field;    /* EVENT_CHOICES: which */
    const char *view_id, *view_hash; /* of the home or form it was done in */
    struct secret response_url;      /* where to answer in place; empty if none */
    const char *trigger_id;          /* opens a form within three seconds of the click */
    struct chat_person person;       /* EVENT_PERSON */
    const char *channel_was;         /* EVENT_CHANNEL */
    const char **teams;              /* EVENT_INSTALL: keys of workspaces, "slack:T..." */
    size_t teams_count;
    int64_t at; /* seconds; when it was done; 0: not said */
};

/* --- the neutral card (view.c) --- */

/*
 * A view is JSON, so that it can be stored:
 *   {"blocks":[{"kind":"title","text":...},
 *              {"kind":"text","spans":["plain",{"bold":"x"},{"code":"y"},
 *                                               {"channel":"C1"}]},
 *              {"kind":"note","spans":[...]},
 *              {"kind":"row","spans":[...],"button":{...}},
 *              {"kind":"fields","fields":[{"label":...,"value":...}]},
 *              {"kind":"divider"},
 *              {"kind":"buttons","buttons":[{"title","action","value","url","style","confirm"}]}]}
 * All texts are plain: each platform's renderer escapes them. In the formats below **x** is
 * bold, `x` is code and <#%s> is a place by its id; they are read in the format only, never in the
 * arguments, so data cannot style, mention or link. Formats take %s, %lld and %% only.
 */
json_t *view_new(arena *mem);
void view_title(json_t *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
void view_text(json_t *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
void view_note(json_t *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds to the last block when that holds fields, else opens one. */
void view_field(json_t *view, const char *label, const char *value);
void view_divider(json_t *view);

enum button_style { BUTTON_PLAIN, BUTTON_PRIMARY, BUTTON_DANGER };
struct button {
    const char *title;
    const char *action; /* [a-z_]+ */
    const char *value;  /* at most 1,900 bytes; may be NULL */
    const char *url;    /* opens in the browser; NULL: none */
    enum button_style style;
    const char *confirm, *confirm_title; /* a question asked before, and over it; NULL: none */
};
/* Adds to the last block when that holds buttons (at most 5 a row), else opens one. */
void view_button(json_t *view, const struct button *b);
/* A text with one button at its side; b NULL: none. Long lists are made of these. */
void view_row(json_t *view, const struct button *b, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Whose it is, of a view that everybody in a place may read: when it cannot stand there it goes to
 * this user alone, with the note that view_note_moved adds. NULL: nobody's. */
void view_set_owner(json_t *view, const char *user_id);
const char *view_owner(const json_t *view);
void view_note_moved(json_t *view);
/* One line of plain text for notifications: title or first text, never a link. */
char *view_summary(arena *mem, const json_t *view);

/* --- what a driver does --- */

struct chat_access {
    const char *workspace;
    const char *bot_user_id;
    struct secret bot_token;
    int64_t until_ms; /* monotonic: nobody waits for a call's answer after that; 0: as usual */
};

/* Who a bot's token is. */
struct chat_self {
    const char *user_id, *bot_id;
    const char *url; /* of the workspace; NULL: not known */
};

/* A bot's token as its platform gives it. */
struct chat_grant {
    struct secret access, refresh; /* no refresh: it never expires */
    int64_t expires_in_s;          /* 0: never */
};

struct chat_post {
    const char *channel;
    const char *message_id; /* to update; NULL: to post */
    const char *thread;     /* NULL: none */
    const char *user_id;    /* with ephemeral: the only reader */
    bool ephemeral;
    const char *our_id; /* our message id, carried in the platform's metadata and buttons */
    const json_t *view;
};

struct chat_answer {
    struct secret response_url;
    const json_t *view;
    const char *our_id;
    bool adds; /* a new message for whoever clicked or typed; else in place of what was clicked */
};

/* --- the platform's own sign-in: who sits in the browser (P4) --- */

/* One attempt, as it went to the platform. */
struct chat_sign_in {
    const char *workspace;
    const char *redirect_uri;
    const char *state;
    const char *nonce;
    struct secret code; /* of the return */
};

struct chat_identity {
    const char *user_id;
    const char *team;         /* where the person is signed in, for the audit */
    bool at_home;             /* that is the workspace itself, or its organisation */
    const char *organisation; /* of the team; NULL: none, or nobody asked because at_home */
};

typedef struct chats chats; /* all drivers with their settings; for all threads */

/*
 * Errors of calls out, by kind: ERR_LIMIT (with retry_after_ms), ERR_UPSTREAM_BUSY and ERR_TIMEOUT
 * (try again; maybe_done when it may have happened), ERR_CONFIG (installation dead or a scope is
 * missing: code "chat_dead", "chat_scope"), ERR_NOT_FOUND (no such place or person, or we are not
 * in it: code "chat_target"; an organisation has not given the bot to those workspaces:
 * "chat_not_granted"), ERR_CONFLICT (message cannot be changed any more: code
 * "chat_message_gone"), ERR_INTERNAL "chat_payload" (we sent something invalid). Further
 * ERR_CONFIG codes: "chat_settings" (an admin's switch forbids it), "chat_token_expired"; with
 * "chat_scope" err.needed names the scope; ERR_UPSTREAM_REFUSED "chat_refused" for a refusal that
 * we do not know; ERR_FORBIDDEN "chat_response_url" for an address that is not the platform's.
 */
struct chat_driver {
    const char *name;   /* "slack" */
    const char *prefix; /* of its workspaces: "slack:" */
    /* payload: what the door stored, by kind of job: "slack_event", "slack_interaction" or
     * "slack_command". Pure: a form that was sent can be read at the door, too. */
    int (*parse)(arena *mem, const char *job_kind, struct bytes payload, const char *bot_user_id,
                 struct event *ret, struct err *e);
    /* *ret_message_id is NULL for an ephemeral: it cannot be updated by its id. */
    int (*post)(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                const char **ret_message_id, struct err *e);
    int (*update)(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                  struct err *e);
    /* Answers through a response_url, so that one person alone reads it, also where the bot is no
     * member. ERR_CONFLICT "chat_message_gone" when it is used up or over. */
    int (*respond)(chats *c, arena *mem, const struct chat_answer *x, struct err *e);
    int (*open_dm)(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                   const char **ret_channel, struct err *e);
    /* Looks for a message of ours that carries our_id; *ret_message_id NULL when it is not there.
     * ERR_FORBIDDEN "chat_no_history" when the platform does not let us look. */
    int (*find_post)(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                     int64_t since, const char **ret_message_id, struct err *e);
    /* ERR_NOT_FOUND: there is nobody of this id; it off-boards. ERR_UPSTREAM_BUSY "chat_unclear",
     * "chat_not_granted": nothing is told of this person now. */
    int (*person)(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                  struct chat_person *ret, struct err *e);
    /* Where else a stored payload may belong when its workspace does not exist: an organisation's
     * installation. NULL: nowhere. */
    const char *(*other_home)(arena *mem, const char *job_kind, struct bytes payload);
    /* Makes the view the home page of this user; it replaces the one before. */
    int (*publish_home)(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                        const json_t *view, struct err *e);
    char *(*sign_in_origin)(const chats *c, arena *mem); /* of that page */
    /* Shows a form (chat/form.h) to who pressed or typed, by the trigger that came with it: it
     * works once, for three seconds. ERR_CONFLICT "chat_trigger" when it does not any more. NULL
     * where there are no forms. */
    int (*open_form)(chats *c, arena *mem, const struct chat_access *a, const char *trigger_id,
                     const json_t *form, struct err *e);
    /* A form that is open shows this now. ERR_NOT_FOUND when it is not open any more. */
    int (*update_form)(chats *c, arena *mem, const struct chat_access *a, const char *form_id,
                       const json_t *form, struct err *e);
    /* The platform's sign-in page; NULL where sign-in is switched off. */
    char *(*sign_in_url)(const chats *c, arena *mem, const struct chat_sign_in *q);
    /* Who came back from there, by the platform's signed word. ERR_UNAUTHENTIC: it does not prove
     * anybody (codes "jwt_..."); ERR_CONFIG "chat_client": our client is refused; ERR_INPUT
     * "chat_code": the code is spent; ERR_UPSTREAM_BUSY "sign_in_keys": its keys cannot be had. */
    int (*sign_in)(chats *c, arena *mem, const struct chat_sign_in *q, struct chat_identity *ret,
                   struct err *e);
    /* A new pair for a refresh token. ERR_CONFIG "chat_dead" or "chat_token_expired": it is worth
     * nothing any more; "chat_client": our own id or secret is wrong. */
    int (*refresh)(chats *c, arena *mem, const char *workspace, struct secret refresh,
                   struct chat_grant *ret, struct err *e);
    /* Does the platform take the bot's token, and whose is it? ERR_CONFIG "chat_dead": no. */
    int (*check)(chats *c, arena *mem, const struct chat_access *a, struct chat_self *ret,
                 struct err *e);
    /* Workspaces that have the bot by this organisation's installation, as keys; NULL: the platform
     * has no organisations. */
    int (*teams)(chats *c, arena *mem, const struct chat_access *a, const char ***ret,
                 size_t *ret_count, struct err *e);
    /* Behind our public address: where an admin installs the bot again. */
    char *(*install_path)(arena *mem, const char *workspace);
    /* Do others read this conversation? Holds for minutes. ERR_FORBIDDEN "chat_group": not said. */
    int (*is_shared)(chats *c, arena *mem, const struct chat_access *a, const char *channel,
                     bool *ret, struct err *e);
    /* A link back to a conversation for a web page; NULL if there is none. */
    char *(*link)(const chats *c, arena *mem, const char *workspace, const char *channel);
};

struct chat_settings {
    net_client *http;
    const char *slack_app_id; /* NULL: Slack is off */
    const char *slack_url;    /* "https://slack.com" */
    const char *slack_client_id;
    struct secret slack_client_secret;
    const char *slack_sign_in_client_id; /* NULL: Sign in with Slack is off */
    struct secret slack_sign_in_client_secret;
    const struct secret *slack_signing_secrets;
    size_t slack_signing_secrets_count;
    const char *const *trusted_hosts; /* local peers that may stand for hooks.slack.com */
    size_t trusted_count;
};

chats *chats_new(arena *mem, const struct chat_settings *settings);
/* The driver of a workspace; NULL when its platform is off or unknown. */
const struct chat_driver *chats_driver(const chats *c, const char *workspace);
bool chats_slack_on(const chats *c);
/* Can a person of this workspace be asked to sign in at the platform? */
bool chats_sign_in_on(const chats *c, const char *workspace);
/* "https://slack.com": where that page stands; NULL where sign-in is switched off. */
char *chats_sign_in_origin(const chats *c, arena *mem, const char *workspace);

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
/* The bot scopes that an installation asks for; NULL-terminated. */
const char *const *chat_slack_scopes(void);
/* Whoever installs may leave it out. */
bool chat_slack_scope_is_optional(const char *scope);

/* View to Block Kit: {"text":..., "blocks":[...]}, within all limits of
 * docs.slack.dev/reference/block-kit. */
json_t *chat_slack_render(arena *mem, const json_t *view);
/* The same as a home page: {"type":"home", "blocks":[...]}. */
json_t *chat_slack_render_home(arena *mem, const json_t *view);

#include "chat/install.h"

#endif

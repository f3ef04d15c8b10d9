#ifndef WB_CHAT_DRIVER_H
#define WB_CHAT_DRIVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "chat/event.h"
#include "chat/form.h"

/* What a driver does: one for each platform. */

struct chat_access {
    const char *workspace;
    const char *bot_user_id;
    struct secret bot_token;
    int64_t until_ms; /* monotonic: nobody waits for a call's answer after that; 0: as usual */
    /* Of platforms that are reached where their events say (struct event); NULL elsewhere: */
    const char *address; /* of the servers for the conversation that the call is about */
    const char *channel; /* person(): a conversation that the person is in */
    const char *person;  /* open_dm(): the person's other id */
    bool own;            /* is_shared(): it is known of old that it is not, and stays so */
};

/* Who a bot's token is. */
struct chat_self {
    const char *user_id, *bot_id;
    const char *url;       /* of the workspace; NULL: not known */
    const char *workspace; /* the key it belongs to; NULL: the platform does not say */
};

/* A bot's token as its platform gives it. */
struct chat_grant {
    struct secret access, refresh; /* no refresh: it never expires */
    int64_t expires_in_s;          /* 0: never */
};

struct chat_post {
    const char *channel;
    const char *address;    /* as chat_access.address */
    const char *message_id; /* to update; NULL: to post */
    const char *thread;     /* NULL: none */
    const char *user_id;    /* with ephemeral: the only reader */
    bool ephemeral;
    const char *owner_address; /* of the person who sees the view's own part (view_own): the
                                  platform's other id; NULL: nobody, or not known */
    const char *our_id;        /* our message id, carried in the platform's metadata and buttons */
    const json_t *view;
};

struct chat_answer {
    struct secret response_url;
    const json_t *view;
    const char *our_id;
    bool adds; /* a new message for whoever clicked or typed; else in place of what was clicked */
};

/* A file that somebody gave in a form. */
struct chat_file {
    const char *id;
    const char *user_id; /* who gave it: only that person's own file is fetched */
    size_t max;          /* bytes */
};

/* --- the platform's own sign-in: who sits in the browser (P4) --- */

/* One attempt, as it went to the platform. */
struct chat_sign_in {
    const char *workspace; /* its prefix alone: wherever who signs in is at home */
    const char *redirect_uri;
    const char *state;
    const char *nonce;
    const char *verifier; /* of PKCE (RFC 7636), used where the platform has it; NULL: without */
    struct secret code;   /* of the return */
};

/* What signs people in, whether logins are proven by it or not. */
struct chat_sign_in_client {
    const char *id;
    bool on;               /* logins are */
    const char *workspace; /* of an attempt that is nobody's login */
    const char *origin;    /* of its page */
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
 * in it: code "chat_target"; nobody of this id: "chat_nobody"; an organisation has not given the
 * bot to those workspaces: "chat_not_granted"), ERR_CONFLICT (message cannot be changed any more:
 * code "chat_message_gone"), "chat_payload" (we sent something invalid:
 * ERR_INVALID, or ERR_INTERNAL where the platform has been known to take it later). Further
 * ERR_CONFIG codes: "chat_settings" (an admin's switch forbids it), "chat_disabled" (an admin has
 * blocked the whole bot), "chat_token_expired"; with
 * "chat_scope" err.needed names the scope; ERR_FORBIDDEN "chat_gone": the bot was taken out of the
 * conversation; "chat_blocked": its user wants nothing from the bot; "chat_no_ephemeral",
 * "chat_no_history": the platform has no such thing; ERR_UPSTREAM_REFUSED "chat_refused" for a
 * refusal that we do not know; ERR_FORBIDDEN "chat_response_url" for an address that is not the
 * platform's.
 */
struct chat_driver {
    const char *name;   /* "slack" */
    const char *prefix; /* of its workspaces: "slack:" */
    const char *dm;     /* what its people call the chat with the bot alone: "direct message" */
    /* Its bot acts with the app's own credential, not with a token of each workspace: there is
     * nothing to install, and a workspace's row is made when somebody there first does something.
     */
    bool app_token;
    bool addressed;         /* it is reached where its events say: chat_access.address */
    bool presses_say_place; /* a press says of its place what words say; else the platform is asked
                             */
    bool own_views;         /* of what all read one person can be shown more: view_set_own */
    bool presses_once;   /* a press may come twice without telling so, but not on the same message
                            once it was sent anew */
    bool no_ephemerals;  /* what one person is to read stands in the one-to-one chat alone */
    bool unnamed_places; /* no reader is shown a place's name where a view has its id */
    /* A button of its one-to-one chat can open a page in a window of the client (button.window),
     * which takes a word from that page and sends it in the name of who sits there. */
    bool windows;
    /* A user's id as events name it, of one that somebody wrote by hand; NULL: it can be nobody's.
     * NULL where any word may be one. */
    const char *(*user_id)(arena *mem, const char *text);
    /* The same of a conversation; a link to it says it, too. */
    const char *(*channel_id)(arena *mem, const char *text);
    /* payload: what the door stored, by kind of job: "slack_event", "slack_interaction" or
     * "slack_command"; "teams_activity", "teams_invoke". Pure: a form that was sent can be read at
     * the door, too. */
    int (*parse)(arena *mem, const char *job_kind, struct bytes payload, const char *bot_user_id,
                 struct event *ret, struct err *e);
    /* *ret_message_id is NULL for an ephemeral: it cannot be updated by its id. */
    int (*post)(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                const char **ret_message_id, struct err *e);
    int (*update)(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                  struct err *e);
    /* NULL where events bring no response_url. Answers through one, so that one person alone reads
     * it, also where the bot is no member. ERR_CONFLICT "chat_message_gone" when it is used up or
     * over. */
    int (*respond)(chats *c, arena *mem, const struct chat_answer *x, struct err *e);
    int (*open_dm)(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                   const char **ret_channel, struct err *e);
    /* Looks for a message of ours that carries our_id; *ret_message_id NULL when it is not there.
     * ERR_FORBIDDEN "chat_no_history" when the platform does not let us look. */
    int (*find_post)(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                     int64_t since, const char **ret_message_id, struct err *e);
    /* ERR_NOT_FOUND: there is nobody of this id; it off-boards. The same with "chat_nowhere": the
     * bot is in no place of this person any more, which says nothing of who it is.
     * ERR_UPSTREAM_BUSY "chat_unclear", "chat_not_granted": nothing is told of this person now. */
    int (*person)(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                  struct chat_person *ret, struct err *e);
    /* Where else a stored payload may belong when its workspace does not exist: an organisation's
     * installation. NULL: nowhere. */
    const char *(*other_home)(arena *mem, const char *job_kind, struct bytes payload);
    /* Makes the view the home page of this user; it replaces the one before. */
    int (*publish_home)(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                        const json_t *view, struct err *e);
    /* False: there is no client that could sign anybody in. */
    bool (*sign_in_client)(const chats *c, arena *mem, struct chat_sign_in_client *ret);
    /* Shows a form (chat/form.h) to who pressed or typed, by the trigger that came with it: it
     * works once, for three seconds. ERR_CONFLICT "chat_trigger" when it does not any more. NULL
     * where there are no forms. */
    int (*open_form)(chats *c, arena *mem, const struct chat_access *a, const char *trigger_id,
                     const json_t *form, struct err *e);
    /* What a form carries of ours comes back as it was, by the platform's word; elsewhere whoever
     * sends one can have made it up. */
    bool form_kept;
    /* There are forms, shown in the answer to the press of a button that opens one
     * (button.opens), and in no other way. */
    bool form_in_answer;
    /* A form that is open shows this now. ERR_NOT_FOUND when it is not open any more. */
    int (*update_form)(chats *c, arena *mem, const struct chat_access *a, const char *form_id,
                       const json_t *form, struct err *e);
    /* The bytes of a file that somebody gave in a form, only from the platform's own host; NULL
     * where a form takes none. ERR_NOT_FOUND "file_gone"; ERR_FORBIDDEN "file_not_yours": somebody
     * else shared it; ERR_INVALID "file_elsewhere": it lies at another host, "file_too_large";
     * ERR_UPSTREAM_REFUSED "file_refused"; ERR_CONFIG "chat_scope". */
    int (*file)(chats *c, arena *mem, const struct chat_access *a, const struct chat_file *f,
                struct bytes *ret, struct err *e);
    const char *file_scope; /* what the bot must have been granted for that; NULL: nothing */
    /* The platform's sign-in page; NULL where it has no client. */
    char *(*sign_in_url)(const chats *c, arena *mem, const struct chat_sign_in *q);
    /* Who came back from there, by the platform's signed word. ERR_UNAUTHENTIC: it does not prove
     * anybody (codes "jwt_..."); ERR_CONFIG "chat_client": our client is refused,
     * "sign_in_barred": an administrator there must allow it first; ERR_INPUT "chat_code": the code
     * is spent; ERR_UPSTREAM_BUSY "sign_in_keys": its keys cannot be had. */
    int (*sign_in)(chats *c, arena *mem, const struct chat_sign_in *q, struct chat_identity *ret,
                   struct err *e);
    /* Did somebody come back without having signed in because an administrator there must allow it
     * first? error and description (each may be NULL): RFC 6749 section 4.1.2.1. NULL where nobody
     * ever must. */
    bool (*sign_in_barred)(arena *mem, const char *error, const char *description);
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
    /* A link back to a conversation for a web page; NULL if there is none. NULL where none opens a
     * conversation for everybody who may be in it. */
    char *(*link)(const chats *c, arena *mem, const char *workspace, const char *channel);
};

#endif

#ifndef WB_CHAT_TEAMS_INT_H
#define WB_CHAT_TEAMS_INT_H

#include <pthread.h>

#include "base/turn.h"
#include "chat_int.h"

/* Shared by the files of the Teams driver alone. */

#define TEAMS_PREFIX "teams:"

/* --- teams_activity.c: reading what Bot Connector sent; pure --- */

/* The tenant (lower case) in which an activity happened: conversation.tenantId, else
 * channelData.tenant.id. NULL when neither says it, or they differ, or it is no GUID. */
const char *teams_tenant(arena *mem, const json_t *activity);
/* Who acted: from.aadObjectId in lower case; NULL when it is absent or no GUID. */
const char *teams_user(arena *mem, const json_t *activity);
/* conversation.id up to ";messageid="; NULL when it is none. */
const char *teams_channel(arena *mem, const json_t *activity);
/* The root message of the thread, from behind ";messageid="; NULL when it is in none. */
const char *teams_thread(arena *mem, const json_t *activity);
/* An opaque id of the platform: up to 512 printable ASCII characters without space, quotes,
 * backslash, < and >. NULL else. */
const char *teams_id(const json_t *object, const char *key);
/* A GUID in lower case; NULL when the text is none. */
const char *teams_guid(arena *mem, const char *text);
/* activity.value as an object, also where it came as JSON in a text; NULL when it is neither. */
const json_t *teams_value(arena *mem, const json_t *activity);
enum { TEAMS_VALUE_MAX = 2000 }; /* bytes of the value of a button */
/* A press on a button of ours: {"a","v","m","n","t"}, the "wb" of what the button carries, of a
 * message, an adaptiveCard/action or a task module; NULL when it is none of ours. */
const json_t *teams_press(arena *mem, const json_t *activity);

/* --- teams_cloud.c: what differs between Microsoft's clouds --- */

struct teams_cloud {
    const char *name;
    const char *issuer;     /* of the tokens that come in */
    const char *openid_url; /* metadata of their keys */
    const char *login_url;  /* "https://login.microsoftonline.com" */
    const char *scope;      /* of our own token */
    const char *host;       /* the exact host of a serviceUrl; NULL: it must be set */
    const char *base; /* address of a conversation that nobody has stored one of; NULL: none */
};
/* Of these settings; WORKBOT_TEAMS_OPENID_URL and _LOGIN_URL stand over the table. */
struct teams_cloud teams_cloud(const struct chat_settings *s);
/* The address of GCC's servers, for a conversation that turns out to be there; NULL: this is that
 * cloud, or its host is not listed. */
const char *teams_cloud_gcc(const struct chat_settings *s, arena *mem);

/* --- teams_host.c: may our token go there? --- */

/* https, one of the exact hosts, no port but 443, no user info; or a trusted local peer that is
 * listed. The path is not looked at. */
bool teams_address_ok(const struct chat_settings *s, arena *mem, const char *url);

/* --- teams_keys.c: the keys that sign for Bot Connector --- */

enum {
    TEAMS_KEYS_FRESH_MS = 24 * 3600 * 1000,
    TEAMS_KEYS_TRIES = 3,             /* fetches in a row, whatever keys tokens name, */
    TEAMS_KEYS_TRY_MS = 2 * 60 * 1000 /* and one more each time this has passed */
};
struct teams_keys {
    struct turn turn;   /* of whoever fetches; its lock guards the rest */
    json_t *by_kid;     /* NULL: there never was a set */
    int64_t fetched_ms; /* on clock_mono_ms() */
    int64_t tried_ms;   /* while there is no set; 0: never */
    int64_t full_ms;    /* when all the tries are there again */
};
struct teams_keys *teams_keys_new(arena *mem);
struct teams_key_query {
    const char *kid;
    bool fetched; /* teams_credentials.keys_fetched */
};
/* The key of this id, with its "endorsements"; a copy. ERR_UPSTREAM_BUSY "teams_keys": not yet,
 * fetch first; "teams_no_keys": nothing could be fetched, and it is too early to try again;
 * ERR_UNAUTHENTIC "teams_key": there is none. */
int teams_keys_find(chats *c, arena *mem, const struct teams_key_query *q, json_t **ret,
                    struct err *e);
/* The keys of a set (JWKS) that can be used, each less what nobody uses of it, by their ids; the
 * first of one id counts. New reference; NULL when there is none. */
json_t *teams_keys_by_kid(arena *mem, const json_t *set);

/* --- teams_entra.c: the answers of Entra's token endpoint --- */

/* The object that it answered, be it a token or a refusal. ERR_LIMIT, ERR_UPSTREAM_BUSY: it is
 * neither. */
int teams_entra_read(arena *mem, const struct net_response *r, json_t **ret, struct err *e);
/* "AADSTS7000215" of an error_description (may be NULL), "no reason" else: all of it that is ever
 * repeated. */
const char *teams_entra_reason(arena *mem, const char *description);

/* --- teams_entra_keys.c: the keys that sign for Entra, of each tenant that is served --- */

enum {
    TEAMS_ENTRA_FRESH_MS = 3600 * 1000,
    TEAMS_ENTRA_STALE_MS = 24 * 3600 * 1000, /* good enough while Entra cannot be reached */
    TEAMS_ENTRA_PAUSE_MS = 5000              /* between two fetches for the sake of unknown keys */
};
struct teams_entra_set {
    struct turn turn;   /* of whoever fetches; its lock guards the rest */
    json_t *by_kid;     /* NULL: there never was a set */
    int64_t fetched_ms; /* on clock_mono_ms() */
    int64_t tried_ms;
};
struct teams_entra_keys {
    size_t count;
    struct teams_entra_set *sets; /* one of each tenant, in the order of the settings */
};
struct teams_entra_keys *teams_entra_keys_new(arena *mem, size_t tenants);
/* The key of this id in the tenant's set, which is fetched if it is time for that or lacks the key;
 * a copy. ERR_UPSTREAM_BUSY "sign_in_keys": there is no set, or it was fetched a moment ago and
 * lacks the key; ERR_UNAUTHENTIC "jwt_key_unknown": one that was fetched for its sake lacks it. */
struct teams_entra_query {
    const char *tenant, *kid;
};
int teams_entra_key(chats *c, arena *mem, const struct teams_entra_query *q, json_t **ret,
                    struct err *e);

/* --- teams_sign_in.c: signing in with Entra --- */

bool teams_sign_in_client(const chats *c, arena *mem, struct chat_sign_in_client *ret);
char *teams_sign_in_url(const chats *c, arena *mem, const struct chat_sign_in *q);
int teams_sign_in(chats *c, arena *mem, const struct chat_sign_in *q, struct chat_identity *ret,
                  struct err *e);
bool teams_sign_in_barred(arena *mem, const char *error, const char *description);
/* Whom an id token proves at this time (epoch seconds). */
int teams_sign_in_read(chats *c, arena *mem, const struct chat_sign_in *q, struct secret token,
                       int64_t now, struct chat_identity *ret, struct err *e);

/* --- teams_token.c: the bot's own token --- */

struct teams_token *teams_token_new(arena *mem);
struct teams_token_query {
    struct secret not_this; /* it was refused; may be empty */
    int64_t until_ms;       /* on clock_mono_ms(): whoever asks waits no longer; 0: as usual */
};
/* A token that holds for five more minutes, where the platform gives such ones; never not_this.
 * ERR_CONFIG "chat_client": our id, secret or tenant is refused, or a token that was fetched a
 * moment ago in place of one that was; ERR_UPSTREAM_BUSY, ERR_TIMEOUT, ERR_LIMIT,
 * ERR_UPSTREAM_REFUSED as all calls. */
int teams_token_get(chats *c, arena *mem, const struct teams_token_query *q, struct secret *ret,
                    struct err *e);

/* --- teams_api.c: one call out --- */

enum { TEAMS_PATH_MAX = 6 };
/* The platform's word for a person who is not in the conversation, or not in the tenant. */
#define TEAMS_NO_MEMBER "MemberNotFoundInConversation"

struct teams_call {
    const char *method;                   /* "POST" */
    const char *address;                  /* serviceUrl of the conversation; NULL: the cloud's */
    const char *path[TEAMS_PATH_MAX + 1]; /* segments behind /v3/, not encoded; ends with NULL:
                                             {"conversations", id, "activities"} */
    const char *query;                    /* "isTargetedActivity=true"; NULL: none */
    const json_t *body;                   /* NULL: none */
    bool writes;                          /* a lost answer leaves it open whether it happened */
    int64_t until_ms;                     /* as chat_access.until_ms; 0: as usual */
    const char *absent; /* the one word by which nothing is there; of others that say so elsewhere
                           nothing follows here. NULL: all of them say so */
};
/* *ret (may be NULL): the answer, an empty object where the platform gives none. Errors as
 * chat_driver's; ERR_FORBIDDEN "chat_address" when the address is not the platform's;
 * ERR_NOT_FOUND "chat_nobody": it says TEAMS_NO_MEMBER. */
int teams_api(chats *c, arena *mem, const struct teams_call *call, json_t **ret, struct err *e);

/* --- teams_pause.c: conversations that were asked too much of --- */

struct teams_pauses *teams_pauses_new(arena *mem);
/* Nothing of the kind is done in that conversation for so long. */
void teams_pause(struct teams_pauses *p, const struct teams_call *call, int64_t wait_ms);
/* Milliseconds until this may be tried; 0: now. */
int64_t teams_pause_left(struct teams_pauses *p, const struct teams_call *call);

/* --- teams_kept.c: is it for us? Then out gets lane, keys and what else a job needs --- */

void teams_activity_kept(arena *mem, const json_t *activity, struct teams_intake *out);
/* ERR_INPUT "teams_body" for one without what it must have. */
int teams_invoke_kept(arena *mem, const json_t *activity, struct teams_intake *out, struct err *e);

/* --- teams_invoke.c: what an invoke is answered, as the whole body --- */

/* Of adaptiveCard/action: a text for whoever pressed; a card in place of theirs; a refusal. */
char *teams_answer_message(arena *mem, const char *text);
char *teams_answer_card(arena *mem, const json_t *card);
char *teams_answer_error(arena *mem, const char *text);
/* Of task/fetch and task/submit: words in place of a form. */
char *teams_task_message(arena *mem, const char *text);

/* --- teams_card.c, teams_text.c, teams_form_view.c: views --- */

/* A view as an Adaptive Card 1.5 whose activity stays below 28 KB. our_id and token go into its
 * buttons. New reference on mem. */
json_t *teams_card(arena *mem, const json_t *view, const char *our_id, const char *token);
/* view_summary in words for Teams: "summary" of the card's activity. */
char *teams_summary(arena *mem, const json_t *view);
/* verb of a card that draws itself anew: it changes nothing. */
#define TEAMS_REFRESH "refresh"
/* These people ("29:...", the first 60) get a view of their own: their clients ask for it when they
 * see the card. Nothing that is for one of them alone may stand in the card itself. */
void teams_card_refresh(json_t *card, const char *our_id, const char *const *people, size_t count);
/* A form, or a view as one, as the "task" of a task module's answer; errors ({field: text}, NULL:
 * none) stand under their fields. */
json_t *teams_task(arena *mem, const json_t *form, const json_t *errors);
bool teams_task_too_long(arena *mem, const json_t *task); /* for Teams */
/* id of an input: this and the field's name, so that it is no other member of the data. */
#define TEAMS_INPUT "in_"
#define TEAMS_INPUT_TIME "-time" /* behind it: no name of an input holds a hyphen */
/* The words of a message as typed: own mention, entities and stray spaces removed. */
char *teams_text(arena *mem, const json_t *activity);

/* --- teams_parse.c, teams_parse_invoke.c, teams_parse_life.c --- */

int teams_parse(arena *mem, const char *job_kind, struct bytes payload, const char *bot_user_id,
                struct event *ret, struct err *e);

/* --- teams_send.c, teams_person.c, teams_place.c: what the driver does --- */

/* The tenant out of the key of a workspace. */
const char *teams_tenant_of(const char *workspace);
/* The tenants that an operator has named, and no other: also when one was taken off the list. */
bool teams_is_allowed(const struct chat_settings *s, const char *tenant);
int teams_post(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
               const char **ret_message_id, struct err *e);
int teams_update(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                 struct err *e);
int teams_find_post(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                    int64_t since, const char **ret_message_id, struct err *e);
int teams_open_dm(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                  const char **ret_channel, struct err *e);
int teams_person(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                 struct chat_person *ret, struct err *e);
/* teams_named.c: chat_driver.channel_id */
const char *teams_place_id(arena *mem, const char *text);
int teams_is_shared(chats *c, arena *mem, const struct chat_access *a, const char *channel,
                    bool *ret, struct err *e);

#endif

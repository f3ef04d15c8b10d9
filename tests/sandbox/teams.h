/* The Microsoft Teams stand-in, shared between its files: the Bot Connector, the two key sets, the
 * token endpoint and sign-in pages of Entra, and the people. State is JSON behind the world's lock:
 * tenant {id,name,users{key:{}},teams{id:{}},places{id:{}}}
 * user {id (object id, or "anonymous-..."),address "29:...",name,real_name,role?,tenant?,disabled?}
 * place {id,kind: personal|groupChat|channel,name,user?,team?,type?,installed,members{key:true},
 *        messages{id:{}}}
 * message {id,from: key|"bot",text,attachments[],root?,replyToId?} and keys that begin with "_":
 * _views{key: card} what one person's client got by an answer, _to (a targeted message's reader),
 * _edits, _typed. */
#ifndef SANDBOX_TEAMS_H
#define SANDBOX_TEAMS_H

#include "http.h"
#include "peers.h"

#include <openssl/evp.h>

/* ---- teams_state.c ---- */
const json_t *teams_settings(void);
const char *teams_app(const char *key);
/* "28:<app id>"; the caller frees. */
char *teams_bot(void);
/* What the bot sees as serviceUrl; the caller frees. */
char *teams_service_url(void);
json_t *teams_tenants(void);
json_t *teams_tenant(const char *id);
/* By id, name or domain; NULL wanted: the first. */
json_t *teams_tenant_named(const char *wanted);
json_t *teams_user(json_t *tenant, const char *key);
json_t *teams_user_named(json_t *tenant, const char *name_or_key);
/* By "29:..." address, object id or UPN, in any tenant (ret_tenant may be NULL). */
json_t *teams_user_found(const char *wanted, json_t **ret_tenant);
bool teams_anonymous(const json_t *user);
/* A conversation of any tenant by its id without ";messageid=". */
json_t *teams_place(const char *id, json_t **ret_tenant);
/* "dm" or "personal": the chat with the bot; else a name or an id. */
json_t *teams_place_named(json_t *tenant, const char *user, const char *wanted);
/* The chat of user and bot; created when asked. */
json_t *teams_personal(json_t *tenant, const char *user, bool create);
bool teams_is(const json_t *place, const char *kind);
bool teams_member(const json_t *place, const char *user);
json_t *teams_team_of(json_t *tenant, const json_t *place);
/* The bot is a part of this place. */
bool teams_bot_in(json_t *tenant, const json_t *place);
/* The person has the app, or is in a team where it is. */
bool teams_reachable(json_t *tenant, const json_t *user);
/* An epoch in milliseconds as Teams' message ids are, unique and rising. */
char *teams_message_id(void);
json_t *teams_message(const json_t *place, const char *id);
/* Takes over message; borrowed. */
json_t *teams_message_add(json_t *place, json_t *message);
/* The conversation id of a message as activities carry it; the caller frees. */
char *teams_conversation_id(const json_t *place, const char *root);
/* "2026-09-01T10:00:00.123Z" of now; the caller frees. */
char *teams_time(int64_t ms);
void teams_reset(json_t *seed);

/* ---- teams_jwt.c ---- */
/* A further key that signs from now on; the older ones leave the set when asked. */
void teams_keys_rotate(bool drop_old);
/* The set of the connector: with endorsements, and with keys that must not be trusted. */
json_t *teams_keys_connector(void);
/* The set of Entra's id_tokens. */
json_t *teams_keys_entra(void);
/* How a token is made, for the damages. */
struct teams_jwt {
    json_t *header, *claims;
    const char *alg;   /* how it is really signed: RS256 ... PS256, HS256, none */
    bool foreign;      /* by a key that is in no set */
    bool spoiled;      /* one bit of the signature differs */
    char *claims_text; /* NULL, or the payload as it goes out */
};
/* Header of a token of the connector, of Entra; both take over claims. */
struct teams_jwt teams_jwt_begin(json_t *claims);
struct teams_jwt teams_jwt_begin_entra(json_t *claims);
/* Signs and frees what jwt holds; the caller frees the token. */
char *teams_jwt_end(struct teams_jwt *jwt);

/* ---- teams_damage.c ---- */
void teams_damage_reset(void);
/* Adds {damage?, claims?, header?, activity?, times, seconds?} for the next deliveries; NULL or
 * what is wrong. */
const char *teams_damage_add(const json_t *body);
json_t *teams_damage_list(void);
/* The one that waits for the next delivery (new reference), or NULL. */
json_t *teams_damage_take(void);
/* The Authorization headers (at most two, NULL: none) of an activity, which the damage may change
 * too. The caller frees both. */
void teams_authorize(json_t *activity, const json_t *damage, char *ret_headers[2]);

/* ---- teams_deliver.c ---- */
struct teams_scene {
    json_t *tenant, *user, *place;
    const char *user_key;
    const char *root; /* of the thread, or NULL */
};
/* An activity of this person at this place, with everything that all activities have. */
json_t *teams_activity(const struct teams_scene *s, const char *type);
/* The same as an invoke of that name. Takes over value. */
json_t *teams_invoke(const struct teams_scene *s, const char *name, json_t *value);
struct teams_sent {
    int status;
    const char *failure;
    int64_t took_ms;
    char type[64];
    char *text; /* the body of the answer */
};
void teams_sent_free(struct teams_sent *sent);
json_t *teams_sent_json(const struct teams_sent *sent);
/* One POST to the bot, signed now; with the retries of the platform in the background when it
 * fails. damage may be NULL. For worker threads, lock not held. */
struct teams_sent teams_send(const json_t *activity, const json_t *damage, bool retry);
/* In the background. Takes over the activity. Lock held. */
void teams_send_later(json_t *activity);

/* ---- teams_connector.c ---- */
void teams_connector_reset(void);
void teams_connector(struct request *req, const char *path);
void teams_connector_error(struct request *req, unsigned status, const char *code,
                           const char *message);

/* ---- teams_entra.c, teams_sign_in.c ---- */
void teams_entra_reset(void);
/* Everything below /login; false: no such path. */
bool teams_entra(struct request *req, const char *path, const char *base);
/* A bot token that is good now. */
bool teams_token_good(const char *token);
void teams_sign_in_reset(void);
bool teams_sign_in(struct request *req, const char *tenant, const char *path, const char *base);
/* Redeems a code: answers, or refuses. */
void teams_sign_in_code(struct request *req, const char *tenant, const json_t *args,
                        const char *base);
void teams_entra_error(struct request *req, const char *error, int number, const char *words);

/* ---- teams_card.c ---- */
/* What is wrong with a message of the bot, as array of texts. */
void teams_message_check(const json_t *activity, json_t *ret_faults);
void teams_card_check(const json_t *card, json_t *ret_faults);
/* The card of a message as this person sees it, or NULL. */
json_t *teams_card_of(const json_t *message, const char *user);
/* The action by title, verb, id or number ("#2"); fallback: what an old client takes instead. */
json_t *teams_action(const json_t *card, const char *wanted, bool fallback);
/* All actions and buttons in order: array of borrowed nodes. */
json_t *teams_actions(const json_t *card);
/* Values of the inputs: those typed by id or label, else the card's own. Faults of Teams' client
 * (required, number, pattern) go to ret_errors by id. */
json_t *teams_inputs(const json_t *card, const json_t *typed, json_t *ret_errors);

/* ---- teams_script.c ---- */
extern const struct chat teams_chat;
void teams_refuse(struct request *req, unsigned status, const char *error, const char *detail);
/* Fills the scene out of {workspace?, user, place?, thread?}; false after a refusal. */
bool teams_scene_of(struct request *req, const json_t *body, struct teams_scene *ret);
/* Lays {"activity":{...}} of the body over it; null removes. */
void teams_overlay(json_t *activity, const json_t *over);
/* The delivery's outcome of a scripting call: answer gets status, attempts and more. */
void teams_tell(json_t *answer, const struct teams_sent *sent);
/* Damage of a scripting call: {"damage": name or object}; new reference or NULL. */
json_t *teams_body_damage(const json_t *body);

/* ---- teams_press.c ---- */
void teams_click(struct request *req, const json_t *body);
void teams_refresh(struct request *req, const json_t *body);

/* ---- teams_task.c ---- */
void teams_task_reset(void);
/* What the bot answered to task/fetch or task/submit; NULL, or what is wrong with it. */
const char *teams_task_answer(const struct teams_scene *s, const struct teams_sent *sent,
                              json_t *answer);
void teams_task_submit(struct request *req, const json_t *body);
void teams_task_close(struct request *req, const json_t *body);
/* {task, window} of a person. */
json_t *teams_screen(const char *user);
void teams_view(struct request *req);
/* A sign-in window opens; its id, or NULL and *ret_wrong. The caller frees. */
char *teams_window_open(const struct teams_scene *s, const char *url, const char **ret_wrong);
void teams_window(struct request *req, const json_t *body);

/* ---- teams_life.c ---- */
void teams_install(struct request *req, const json_t *body);
void teams_uninstall(struct request *req, const json_t *body);
void teams_change_user(struct request *req, const json_t *body);
void teams_place_script(struct request *req, const json_t *body);
void teams_edit(struct request *req, const json_t *body);
void teams_event(struct request *req, const json_t *body);

#endif

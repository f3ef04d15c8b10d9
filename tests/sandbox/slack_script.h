/* What the scripting calls of Slack share: who acts where, what of a message or view is pressed or
 * filled in, and the payloads that tell the bot. The world is locked in all of them. */
#ifndef SANDBOX_SLACK_SCRIPT_H
#define SANDBOX_SLACK_SCRIPT_H

#include "slack.h"

struct scene {
    json_t *team;
    json_t *user;
    json_t *channel;
    const char *user_id;
};

void script_refuse(struct request *req, unsigned status, const char *error, const char *detail);
/* The workspace by id, name or domain; NULL wanted: the first. */
json_t *script_team(const char *wanted);
/* Fills the scene out of {workspace?, user, place?}; false after a refusal. */
bool script_scene(struct request *req, const json_t *body, struct scene *ret);
json_t *script_sent(const struct slack_sent *sent);
/* The message with this ts, wherever it is. */
json_t *script_message(json_t *team, const char *ts, json_t **ret_channel);
/* "payload=" and the JSON, encoded. The caller frees. */
char *script_form(const json_t *payload);
/* A person of another company cannot use commands and shortcuts of an app that is not installed
 * there; true after the refusal. */
bool script_foreign(struct request *req, const json_t *body, const struct scene *s);

/* ---- slack_payload.c ---- */
/* type, user, team, enterprise, is_enterprise_install and token, as every interaction has them. */
json_t *payload_begin(const struct scene *s, const char *type, const char *trigger);
/* "channel" as interactions name it. */
json_t *payload_channel(const json_t *channel);
/* A view as Slack sends it: without the sandbox's own keys, with the values typed so far. */
json_t *payload_view(json_t *view);

/* ---- slack_elements.c ---- */
/* The element of these blocks by action id, label or the label of its input block; its block in
 * ret_block. NULL: there is none. */
json_t *element_find(const json_t *blocks, const char *wanted, json_t **ret_block);
/* What block_actions tells of one; body: {option|options|date|value|force...}. */
json_t *element_action(const json_t *element, const json_t *block, const json_t *body);
/* The empty or initial state of an input; NULL: this element has none (a button). */
json_t *element_initial(const json_t *element);
/* The state after a person chose or typed value; NULL: this cannot be entered there. */
json_t *element_entered(const json_t *element, const json_t *value);
/* What Slack's client says of a state before it sends anything; NULL: nothing. */
const char *element_wrong(const json_t *block, const json_t *element, const json_t *state);

/* ---- slack_life.c ---- */
void slack_change_user(struct request *req, const json_t *body);
void slack_join(struct request *req, const json_t *body);
void slack_install_script(struct request *req, const json_t *body);
void slack_uninstall(struct request *req, const json_t *body);
void slack_grant(struct request *req, const json_t *body);
void slack_channel_script(struct request *req, const json_t *body);

/* ---- slack_surfaces.c ---- */
void slack_shortcut(struct request *req, const json_t *body);
void slack_open_home(struct request *req, const json_t *body);
void slack_submit(struct request *req, const json_t *body);
void slack_upload(struct request *req, const json_t *body); /* slack_files.c */
void slack_close(struct request *req, const json_t *body);
void slack_suggest(struct request *req, const json_t *body);
void slack_screen_view(struct request *req);
/* {home, modal, stack} of a person; modal and home as Slack sends them, with the errors shown. */
json_t *slack_screen(json_t *team, const char *user);

#endif

/* The Slack stand-in, shared between its files. All state is JSON behind the world's lock:
 * team {id,name,domain,installer,bot{},users{id:{}},channels{id:{}}}
 * channel {id,name,kind: im|channel|group|mpim, user?, members{id:true}, messages{ts:{}}}
 * A message holds what Slack would answer, plus keys that begin with "_" and are never sent:
 * _to (an ephemeral's only reader), _edits (times edited). */
#ifndef SANDBOX_SLACK_H
#define SANDBOX_SLACK_H

#include "http.h"
#include "peers.h"

/* ---- slack_state.c ---- */
const json_t *slack_settings(void);
const char *slack_app(const char *key);
json_t *slack_teams(void);
json_t *slack_team(const char *id);
json_t *slack_tokens(void);
json_t *slack_user(json_t *team, const char *id);
json_t *slack_user_by_name(json_t *team, const char *name_or_id);
json_t *slack_channel(json_t *team, const char *id);
/* "dm" with a user: the DM with the bot; else an id or a name with or without "#". */
json_t *slack_place(json_t *team, const char *user, const char *place);
json_t *slack_dm(json_t *team, const char *user, bool create);
/* A new conversation out of the seed's {id, kind, user?, members[]…}; borrowed. */
json_t *slack_channel_new(json_t *team, const json_t *from);
bool slack_is_im(const json_t *channel);
bool slack_is_member(const json_t *channel, const char *user);
const char *slack_bot(const json_t *team, const char *key);
/* A message timestamp, unique and rising. */
void slack_ts(char ret[32]);
json_t *slack_message(json_t *channel, const char *ts);
/* Stores message (gets its ts unless it has one); returns it, borrowed. */
json_t *slack_message_add(json_t *channel, json_t *message);
/* A copy without the sandbox's own keys. */
json_t *slack_message_public(const json_t *message);
bool slack_may_see(const json_t *channel, const json_t *message, const char *user);
json_t *slack_user_json(json_t *team, const json_t *user, bool with_email);
json_t *slack_channel_json(json_t *team, const json_t *channel);
void slack_reset(json_t *seed);

/* The elements of a block that can be pressed or filled in; how many. */
size_t slack_block_elements(const json_t *block, json_t **ret, size_t max);

/* ---- slack_org.c: Enterprise Grid ---- */
void slack_orgs_reset(const json_t *seed);
json_t *slack_orgs(void);
json_t *slack_org_by_id(const char *id);
/* Adds the organisation's people and conversations of this workspace. */
void slack_org_people(const json_t *team, json_t *users);
void slack_org_channels(json_t *team);
/* Sets call->team to the workspace that a call with an organisation's token means; NULL or the
 * error code. */
struct slack_call;
const char *slack_org_team(struct slack_call *call, const char *org);
/* The organisation of a workspace, or NULL. */
const json_t *slack_org(const json_t *team);
/* The app reaches this workspace through an org-wide install. */
bool slack_org_install(const json_t *team);

/* ---- slack_installs.c ---- */
void slack_installs_reset(void);
json_t *slack_installs(void);
/* By workspace or organisation id; NULL: the app is not installed there. */
json_t *slack_install_of(const char *id);
/* The app is installed for this workspace, by itself or with its organisation. */
bool slack_installed(const json_t *team);
/* A first or further approval; scopes add up. Borrowed. */
json_t *slack_install_add(const char *id, bool org, const json_t *scopes);
/* Makes this token good. expires_ms 0: it does not rotate. */
void slack_install_token(json_t *install, const char *token, int64_t expires_ms);
/* Adds access_token, and with rotation refresh_token and expires_in, to an answer. */
void slack_install_issue(json_t *install, json_t *answer);
/* Spends a refresh token; NULL or the error code. */
const char *slack_install_refresh(const char *token, json_t **ret_install);
/* All tokens die. */
void slack_install_end(const char *id);

/* ---- slack_text.c ---- */
/* What Slack makes of typed text: entities, @names, links. The caller frees. */
char *slack_typed(json_t *team, const char *text);
/* Every http(s) address in a message, blocks and button URLs included: array of strings. */
json_t *slack_links(const json_t *message);

/* ---- slack_blocks.c ---- */
/* Checks blocks of a message or view (limits of docs.slack.dev/reference/block-kit); appends texts
 * like "must be less than 3001 characters [json-pointer:/blocks/0/text/text]". */
void slack_blocks_check(const json_t *blocks, bool in_view, json_t *ret_faults);
void slack_view_check(const json_t *view, json_t *ret_faults);
/* Options or option groups as /slack/options answers them. */
void slack_options_check(const json_t *given, json_t *ret_faults);
/* Gives ids to blocks and elements that have none, as Slack does. */
void slack_blocks_fill(json_t *blocks);

/* ---- slack_api.c ---- */
struct slack_call {
    struct request *req;
    json_t *args; /* form strings or JSON values */
    json_t *token;
    json_t *team;
    bool json;
};
json_t *slack_error(const char *code);
/* Text argument or NULL; empty counts as absent. */
const char *slack_arg(const struct slack_call *call, const char *name);
bool slack_arg_flag(const struct slack_call *call, const char *name, bool fallback);
/* An object or array: JSON as it is, or parsed from a form field. New reference; NULL when absent;
 * *ret_bad when it does not parse. */
json_t *slack_arg_json(const struct slack_call *call, const char *name, bool *ret_bad);
bool slack_has_scope(const json_t *token, const char *scope);
json_t *slack_missing_scope(const json_t *token, const char *needed);
void slack_api(struct request *req, const char *method);

/* ---- slack_limits.c ---- */
void slack_limits_reset(void);
/* 0: the call may pass (and counts); else the seconds to wait. */
int64_t slack_limited(const struct slack_call *call, const char *method);

struct slack_method {
    const char *name;
    const char *scope; /* NULL: none, or checked by the function */
    bool takes_json;
    json_t *(*run)(struct slack_call *call);
};
extern const struct slack_method slack_chat_methods[]; /* ended by a NULL name */
extern const struct slack_method slack_other_methods[];
extern const struct slack_method slack_view_methods[];

/* ---- slack_files.c ---- */
extern const struct slack_method slack_file_methods[];
void slack_files_reset(void);
/* A file of this person; what the spec names of it is as the spec says. Borrowed. */
json_t *slack_file_new(const json_t *team, const char *user, const json_t *spec);
/* What is entered in a modal: {"input": {"file": spec}} becomes a list of that file. */
json_t *slack_files_chosen(const json_t *team, const char *user, const json_t *values);
void slack_file_download(struct request *req, const char *rest);
/* Has a view of these blocks a place for a file? */
bool slack_takes_files(const json_t *blocks);

/* ---- slack_chat.c ---- */
/* Reads text, blocks and metadata into a new message; NULL and *ret_error when refused. */
json_t *slack_content(const struct slack_call *call, size_t text_max, json_t **ret_error);
/* Puts new content into a stored message and counts the edit. */
void slack_message_edit(json_t *team, json_t *channel, json_t *message, json_t *content);
/* A message of the bot: crawls it, and Slack's echo to the bot in DMs. */
json_t *slack_bot_post(json_t *team, json_t *channel, json_t *content, const char *ephemeral_to);
void slack_bot_changed(json_t *team, json_t *channel, json_t *message);

/* ---- slack_deliver.c ---- */
struct slack_sent {
    int status;
    const char *failure;
    int64_t took_ms;
};
/* Builds the signed envelope around an event (taken over). The caller frees. */
char *slack_envelope(json_t *team, json_t *channel, json_t *event, const char *event_id);
/* One POST to bot_url + path, signed now. For worker threads, lock not held. */
struct slack_sent slack_send(const char *path, const char *type, const char *body, int retry,
                             const char *why);
/* The same for a form whose answer counts: interactions, options, commands. The caller frees body.
 */
struct slack_answer {
    struct slack_sent sent;
    char type[64];
    struct buf body;
};
struct slack_answer slack_ask(const char *path, const char *form);
/* First attempt now, the retries later in the background as Slack does for events. */
struct slack_sent slack_send_event(const char *body);
/* In the background. Takes over the event. Lock held. */
void slack_event_later(json_t *team, json_t *channel, json_t *event);
/* The preview crawler (fault preview_bot) visits every link of the message. Lock held. */
void slack_crawl(const json_t *message);
char *slack_signature(const char *secret, const char *timestamp, const char *body, size_t len);

/* ---- slack_response.c ---- */
/* A new response_url for an action of user on message. The caller frees. */
char *slack_response_url(json_t *team, json_t *channel, const json_t *message, const char *user);
void slack_response(struct request *req, const char *rest);
/* view: the modal in which it was pressed, or NULL. */
char *slack_trigger(json_t *team, const char *user, const char *view);
/* NULL when good (and now used), else the error code. */
const char *slack_trigger_use(const char *trigger, json_t *team, const json_t **ret_trigger);
/* The workspace in which it was pressed, or NULL. */
json_t *slack_trigger_team(const char *trigger);
void slack_response_reset(void);
/* A conversation has another id now. */
void slack_response_moved(const char *old, const char *fresh);

/* ---- slack_views.c ---- */
void slack_views_reset(void);
json_t *slack_views(void);
/* The home page of a person, or NULL. */
json_t *slack_home(const json_t *team, const char *user);
/* The open modal (the topmost of the stack), or NULL. */
json_t *slack_modal(const json_t *team, const char *user);
/* All open modals, the topmost last: array of ids, borrowed, or NULL. */
json_t *slack_modals(const json_t *team, const char *user);
/* Takes the topmost modal away. */
void slack_modal_close(const json_t *team, const char *user);
/* The answer of the bot to a submission: puts view in the place of the topmost, or on top of it.
 * NULL, or what is wrong with the view: array of texts. */
json_t *slack_modal_set(json_t *team, const char *user, json_t *view, bool push);

/* ---- slack_oauth.c ---- */
void slack_authorize(struct request *req, const char *rest, const char *base);
/* What the page says of a bad authorize address, or NULL. */
const char *slack_authorize_wrong(const json_t *query);
json_t *slack_scopes_split(const char *text);
json_t *slack_oauth_access(struct request *req, const json_t *args);
json_t *slack_oauth_exchange(struct request *req, const json_t *args);
json_t *slack_apps_uninstall(struct request *req, const json_t *args);
/* A code for an approval without the page; the caller frees. NULL: no such person there. */
char *slack_oauth_code(const char *owner, const char *user, const char *redirect_uri,
                       const json_t *scopes);
void slack_oauth_reset(void);
/* Client id and secret of a call, by Basic or by field; never NULL. */
struct slack_client {
    char *pair;
    const char *id, *secret;
};
void slack_client_read(struct request *req, const json_t *args, struct slack_client *ret);
void slack_client_free(struct slack_client *client);

/* ---- slack_openid.c ---- */
void slack_openid_reset(void);
/* Pages, keys and discovery; false: not one of these paths. */
bool slack_openid(struct request *req, const char *path, const char *base);
json_t *slack_openid_token(struct request *req, const json_t *args);
extern const struct slack_method slack_openid_methods[];

/* ---- slack_jwt.c ---- */
/* A further key that signs from now on; the older ones stay in the set for a while. */
void slack_jwt_rotate(void);
json_t *slack_jwt_keys(void);
/* at_hash of OpenID Connect core 3.1.3.6. The caller frees. */
char *slack_jwt_half_hash(const char *text);
/* Signs (or spoils, as the faults say); the caller frees. */
char *slack_jwt_sign(json_t *claims);

/* ---- slack_script.c ---- */
extern const struct chat slack_chat;

#endif

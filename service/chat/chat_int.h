#ifndef WB_CHAT_INT_H
#define WB_CHAT_INT_H

#include "chat.h"

/* Shared by the files of this module alone. */

struct slack_pauses;
struct slack_keys;
struct places;
struct teams_keys;
struct teams_entra_keys;
struct teams_token;
struct teams_pauses;

struct chats {
    struct chat_settings settings;
    struct slack_pauses *pauses;
    struct slack_keys *keys;
    struct places *places;
    struct teams_keys *teams_keys;
    struct teams_entra_keys *teams_entra_keys;
    struct teams_token *teams_token;
    struct teams_pauses *teams_pauses;
    const char *teams_gcc; /* teams_cloud_gcc */
};

extern const struct chat_driver slack_driver, teams_driver;

/* --- places.c: who reads a place, remembered for two minutes in this process --- */

struct places *places_new(arena *mem);
const char *places_name(arena *mem, const char *workspace, const char *channel);
bool places_recall(struct places *p, const char *name, bool *ret);
void places_keep(struct places *p, const char *name, bool shared);
/* Who is in this place may have changed. */
void places_forget(struct places *p, const char *name);

/* --- slack_envelope.c: reading what Slack sent --- */

/* The id at `key`, given as text or as an object with "id"; NULL unless it looks like an id
 * (letters, digits and ._- only), so that it may stand in keys and URLs. */
const char *slack_id(const json_t *object, const char *key);
/* The same of an opaque text of up to 255 such letters: a trigger_id, a hash. */
const char *slack_token(const json_t *object, const char *key);
/* Slack says some flags as true and some as "true". */
bool slack_flag(const json_t *object, const char *key);
/* Our bot user as the envelope names it; NULL if it does not. */
const char *slack_event_bot(const json_t *envelope);
/* Are these words that a person typed for us? (docs.slack.dev/reference/events/message) bot_user_id
 * NULL: not known, thus not compared. */
bool slack_event_accepted(const json_t *event, const char *bot_user_id);
/* Whole seconds of a "seconds.micros" text; 0 when that is no plausible time. */
int64_t slack_seconds(const char *ts);

/* action_id of our buttons: "wb:<action>:<n>", n makes it unique in its message. */
#define SLACK_ACTION_PREFIX "wb:"
/* The only action of a block_actions payload; NULL when it is none of ours. */
const json_t *slack_own_action(const json_t *payload);

/* --- slack_tenant.c: whose installation a payload is meant for --- */

struct slack_tenant {
    const char *workspace; /* "slack:T...", or "slack:E..." of an org-wide installation; NULL when
                              the payload does not say */
    const char *org;       /* where to look when there is no such workspace; NULL: nowhere */
};
/* By ids as Slack gives them, each may be NULL; org_wide: is_enterprise_install. */
struct slack_tenant slack_tenant_of(arena *mem, const char *team, const char *org, bool org_wide);
struct slack_tenant slack_event_tenant(arena *mem, const json_t *envelope);
struct slack_tenant slack_interaction_tenant(arena *mem, const json_t *payload);
struct slack_tenant slack_command_tenant(arena *mem, const json_t *fields);
/* The first of them alone. */
const char *slack_event_workspace(arena *mem, const json_t *envelope);
const char *slack_interaction_workspace(arena *mem, const json_t *payload);
const char *slack_command_workspace(arena *mem, const json_t *fields);
/* chat_driver.other_home */
const char *slack_other_home(arena *mem, const char *job_kind, struct bytes payload);

/* "connections" or "use" for our shortcuts (callback_id wb_connections, wb_use); NULL else. */
const char *slack_shortcut_name(const json_t *payload);
/* The name of a form of ours: its callback_id is "wb:<name>"; NULL when it is none. */
const char *slack_form_name(const json_t *view);

/* --- slack_kept.c: is it for us? Then out gets lane, keys and what else a job needs --- */

bool slack_event_kept(arena *mem, const json_t *envelope, struct slack_intake *out);
bool slack_interaction_kept(arena *mem, const json_t *payload, struct slack_intake *out);

/* --- slack_form.c: application/x-www-form-urlencoded bodies --- */

/* The decoded value of the field `name`, NULL when absent. ERR_INPUT "slack_body" when it stands
 * there twice or is not decodable. */
int slack_form_field(arena *mem, struct bytes body, const char *name, const char **ret,
                     struct err *e);

/* --- slack_parse.c, slack_parse_click.c, slack_parse_life.c, slack_text.c --- */

int slack_parse(arena *mem, const char *job_kind, struct bytes payload, const char *bot_user_id,
                struct event *ret, struct err *e);
/* What was sent, and who we are. */
struct slack_sent {
    arena *mem;
    const json_t *payload;
    const char *bot_user_id;
};
/* slack_parse_click.c: buttons, shortcuts, forms. */
struct event slack_interaction_event(const struct slack_sent *s);
/* slack_parse_life.c: home pages, people, installations, channels; the event's type chooses. */
struct event slack_life_event(const struct slack_sent *s);
/* Control sequences and entities resolved, own mention removed (Slack: "Formatting message text").
 */
char *slack_text_decode(arena *mem, const char *text, const char *bot_user_id);
/* Typographic quotes, dashes and spaces as one types them in a command. Behind the
 * first "name:" stand values: quotes, dashes and joiners in them stay as they are. */
char *slack_text_plain(arena *mem, const char *text);
/* True when the text mentions the bot. */
bool slack_text_mentions(const char *text, const char *bot_user_id);

/* --- slack_mrkdwn.c: text objects --- */

enum {
    /* below Slack's 3,000 and 2,000, since nobody says how it counts */
    SLACK_SECTION_UNITS = 2900,
    SLACK_FIELD_UNITS = 1900
};

/* spans (see chat.h) as mrkdwn texts of at most max_units UTF-16 units each: array of strings.
 * Nothing in them mentions, links or styles but the spans' own bold and code. */
json_t *slack_mrkdwn(arena *mem, const json_t *spans, size_t max_units);
/* {"type":"plain_text",...} cut to max_units; NULL when nothing visible is left. New reference. */
json_t *slack_plain(arena *mem, const char *text, size_t max_units);
/* UTF-16 units of a text: what JavaScript, and so Slack, calls its length. */
size_t slack_units(const char *text);
/* & < > as entities. */
char *slack_escape(arena *mem, const char *text);

/* --- slack_render.c, slack_form_view.c: views --- */

/* The blocks of a home page or form, which may be so many and so large together. New reference. */
json_t *slack_page_blocks(arena *mem, const json_t *view, size_t blocks_max, size_t bytes_max);
/* What the sending of this form is answered when there was no time for it; NULL when it holds
 * nothing to fill in. */
char *slack_form_late(arena *mem, const json_t *view);

/* --- slack_api.c: calls out --- */

struct slack_call {
    const char *method;  /* "chat.postMessage" */
    bool writes;         /* a lost answer leaves it open whether it happened */
    struct secret basic; /* the app's own credential, in place of a bot's token */
    int64_t timeout_ms;  /* 0: as usual */
    const char *absent;  /* the one word by which nothing is there; of others that say so elsewhere
                            nothing follows here. NULL: all of them say so */
    struct net_field fields[NET_FIELDS_MAX];
    size_t count;
};
/* Adds a field; NULL value adds nothing. */
void slack_call_add(struct slack_call *call, const char *name, const char *value);
int slack_api(chats *c, arena *mem, const struct chat_access *a, const struct slack_call *call,
              json_t **ret, struct err *e);
/* Reads the answer to a Web API call: *ret the body when its ok is true. */
int slack_answer(arena *mem, const struct slack_call *call, const struct net_response *r,
                 json_t **ret, struct err *e);

/* --- slack_pause.c: whom Slack asked us to leave alone, and for how long --- */

struct slack_turn {
    const char *workspace, *method;
    const char *channel; /* NULL: the method is about no conversation */
};
struct slack_pauses *slack_pauses_new(arena *mem);
/* Slack's answer to this turn was 429: it, and nobody else's, rests for wait_ms. */
void slack_pause(struct slack_pauses *p, const struct slack_turn *t, int64_t wait_ms);
/* How long a call must wait, in milliseconds; 0: go. */
int64_t slack_pause_left(struct slack_pauses *p, const struct slack_turn *t);

/* Counts the end of a call out and passes its error on; returns `result`. */
int slack_settle(int result, const struct err *why, struct err *e);

/* --- slack_file.c --- */

#define SLACK_SCOPE_FILES "files:read"
int slack_file(chats *c, arena *mem, const struct chat_access *a, const struct chat_file *f,
               struct bytes *ret, struct err *e);

/* --- slack_install.c: what the driver does with the bot's own token --- */

int slack_refresh(chats *c, arena *mem, const char *workspace, struct secret refresh,
                  struct chat_grant *ret, struct err *e);
int slack_check(chats *c, arena *mem, const struct chat_access *a, struct chat_self *ret,
                struct err *e);
int slack_teams(chats *c, arena *mem, const struct chat_access *a, const char ***ret,
                size_t *ret_count, struct err *e);
char *slack_install_path(arena *mem, const char *workspace);

/* Of the metadata of our messages; its event_payload is {"id": our id}. */
#define SLACK_METADATA_TYPE "workbot_message"

/* --- slack_send.c, slack_find.c, slack_person.c, slack_place.c: what the driver does --- */

int slack_post(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
               const char **ret_message_id, struct err *e);
int slack_update(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                 struct err *e);
int slack_respond(chats *c, arena *mem, const struct chat_answer *x, struct err *e);
/* May a response_url of a payload be called? */
bool slack_response_url_ok(const struct chat_settings *s, arena *mem, const char *url);
int slack_open_dm(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                  const char **ret_channel, struct err *e);
int slack_find_post(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                    int64_t since, const char **ret_message_id, struct err *e);
int slack_person(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                 struct chat_person *ret, struct err *e);
/* A users.info user as a person; `workspace` says who is a stranger. */
void slack_person_of(const json_t *user, const char *workspace, struct chat_person *ret);
int slack_publish_home(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                       const json_t *view, struct err *e);
/* --- slack_sign_in.c, slack_keys.c --- */

bool slack_sign_in_client(const chats *c, arena *mem, struct chat_sign_in_client *ret);
char *slack_sign_in_url(const chats *c, arena *mem, const struct chat_sign_in *q);
int slack_sign_in(chats *c, arena *mem, const struct chat_sign_in *q, struct chat_identity *ret,
                  struct err *e);
struct slack_keys *slack_keys_new(arena *mem);
/* The key set (JWKS). `again`: one that is newer than any given so far, since that one lacks a key;
 * not more often than every few seconds. ERR_UPSTREAM_BUSY "sign_in_keys". */
int slack_keys_get(chats *c, arena *mem, bool again, struct bytes *ret, struct err *e);

int slack_open_form(chats *c, arena *mem, const struct chat_access *a, const char *trigger_id,
                    const json_t *form, struct err *e);
int slack_update_form(chats *c, arena *mem, const struct chat_access *a, const char *form_id,
                      const json_t *form, struct err *e);
int slack_is_shared(chats *c, arena *mem, const struct chat_access *a, const char *channel,
                    bool *ret, struct err *e);
char *slack_link(const chats *c, arena *mem, const char *workspace, const char *channel);

#endif

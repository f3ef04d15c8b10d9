#ifndef WB_RECIPE_H
#define WB_RECIPE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "apps.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/faults.h"
#include "chat.h"
#include "oauth.h"
#include "store.h"

/* Recipes: what a command does, for whom, in which app, as whom. Format: docs/recipes.md. */

enum input_type {
    INPUT_STRING,
    INPUT_NUMBER,
    INPUT_BOOLEAN,
    INPUT_DATE,
    INPUT_DATE_TIME,
    INPUT_FILE,
    INPUT_TYPE_COUNT
};

enum { RECIPE_TURNS_USUAL = 25, RECIPE_TURNS_MAX = 100 };

struct recipe_option {
    const char *label, *value;
};
struct recipe_input {
    const char *name;
    enum input_type type;
    bool required;
    bool multiline;            /* a text of several lines */
    const char *hint, *sample; /* NULL: none */
    const json_t *fallback;    /* "default": NULL: none */
    struct recipe_option *options;
    size_t options_count;
    const char **endings; /* of a file: "pdf"; none: any file does */
    size_t endings_count;
};
struct recipe_connection {
    const char *alias;
    const char *use; /* name of the default connection */
    bool verify_user_access;
};
struct recipe_field {
    const char *label, *value;
};
enum recipe_style { STYLE_PLAIN, STYLE_PRIMARY, STYLE_DANGER };
struct recipe_choice {
    const char *title, *value;
    const char *confirm; /* asked before; NULL: nothing is */
    enum recipe_style style;
};
/* A message with buttons; the run goes on with the one that is pressed. */
struct recipe_wait {
    const char *text; /* a template, as the fields' values */
    struct recipe_field *fields;
    size_t fields_count;
    struct recipe_choice *choices;
    size_t choices_count;
    bool everyone; /* whoever may run the recipe presses; else the run's user alone */
};
struct recipe_step {
    const char *id;
    const char *alias; /* NULL, as the action: it waits */
    const char *action;
    const struct recipe_wait *wait; /* NULL: it calls an app */
    const json_t *with;
    const json_t *when; /* NULL: always (condition.c) */
    const char *each;   /* the template of a list: the step runs once for each item; NULL: once */
    int64_t at_most;    /* items of that list */
};
struct recipe_button {
    const char *title, *command;
    const json_t *inputs;
    const char *confirm; /* asked before; NULL: nothing is */
    enum recipe_style style;
    const char **ask; /* inputs of its command that a form asks for, though they may be left out */
    size_t ask_count;
    const char *decides; /* what its run has made of the message, "approved"; NULL: it decides
                            nothing */
};
struct recipe_post {
    const char *channel;
    const char *app; /* the person is known by an account there; NULL: the channel is meant */
    const char *connection;  /* the default one that the account stands under; NULL: the only one */
    const char *email, *key; /* one of both, a template */
    const json_t *when;      /* nothing is told where it does not hold; NULL: always */
};
struct recipe {
    const char *name, *title, *hint;
    const char *command;     /* as written; NULL: triggered by a hook */
    const char *hook;        /* its name; NULL: triggered by the command */
    struct recipe_post post; /* of a hook's: where the reply goes */
    bool enabled, hidden, shared_approver;
    bool allow_everyone;
    const char **allow_users, **allow_channels, **allow_groups;
    size_t allow_users_count, allow_channels_count, allow_groups_count;
    struct recipe_connection *connections;
    size_t connections_count;
    struct recipe_input *inputs;
    size_t inputs_count;
    struct recipe_step *steps;
    size_t steps_count;
    const char *reply_text;
    struct recipe_field *reply_fields;
    size_t reply_fields_count;
    const char *reply_link_label, *reply_link_url;
    struct recipe_button *reply_buttons;
    size_t reply_buttons_count;
    const char *reply_menu_title; /* NULL: there is no menu */
    struct recipe_button *reply_menu;
    size_t reply_menu_count;
    bool writes; /* some step writes: known after recipe_check */
};

/* Shape: types, names, bounds, unknown keys, templates that parse. All faults at once. */
void recipe_parse(arena *mem, const json_t *body, struct recipe **ret, struct faults *faults);

/* A stored recipe, as a run goes by it (load.c). */
struct recipe_source {
    const char *name;
    const char *body;     /* of the run's version, as JSON */
    const char *body_now; /* of the current version; NULL: it is the same one, or there is none */
    const apps *apps;     /* know which steps approve; NULL without body_now */
};
/* Inputs, steps and reply are those of `body`; who may run it is what `body_now` says, a connection
 * is verified when either of both says so (by alias and default connection; one that is not there
 * any more stands as it did), and shared_approver holds when both do. ERR_CONFIG "recipe_faulty":
 * *ret is what could be read of `body`. */
int recipe_load(arena *mem, const struct recipe_source *from, struct recipe **ret, struct err *e);

/* What the recipe refers to: default connections of the workspace with their apps, other commands
 * of the workspace, built-in words. */
struct recipe_world {
    const apps *apps;
    const struct default_connection *connections;
    size_t connections_count;
    const struct recipe_row *recipes;
    size_t recipes_count;
    const char *const *reserved; /* NULL-terminated built-in words */
};
/* Templates that name what the recipe does not have, or has only later. Not part of recipe_parse():
 * a recipe that was stored before this was checked still runs. */
void recipe_check_references(arena *mem, const struct recipe *r, struct faults *faults);
/* Does a later step name what the step at this place gives? (Not of its count of turns alone, nor
 * in the reply.) */
bool recipe_step_is_needed(arena *mem, const struct recipe *r, size_t place);
/* The built-in word that this command collides with, and that goes first; NULL: none. A recipe that
 * was stored before a word was reserved may have one. */
const char *recipe_shadowed_by(arena *mem, const char *command, const char *const *reserved);
/* Meaning: design section 2 and 5.5, references too; sets r->writes. */
void recipe_check(arena *mem, struct recipe *r, const struct recipe_world *world,
                  struct faults *faults);

/* --- commands and inputs (match.c, inputs.c) --- */

/* Lower case, single spaces: what is stored and compared. */
char *recipe_command_fold(arena *mem, const char *command);
/* The row whose command begins `text` at a word boundary, with the rest of the text. */
const struct recipe_row *recipe_match(arena *mem, const struct recipe_row *list, size_t count,
                                      const char *text, const char **ret_rest);
/* The same for a text that begins with a command's words in any order; NULL, too, when several
 * commands have these words. */
const struct recipe_row *recipe_match_any_order(arena *mem, const struct recipe_row *list,
                                                size_t count, const char *text,
                                                const char **ret_rest);
struct recipe_words {
    json_t *given;        /* object: input name -> text */
    const char **unknown; /* names that look like inputs but are none, or loose words */
    size_t unknown_count;
    const char **repeated; /* inputs that were given more than once */
    size_t repeated_count;
};
/* "name: Acme renewal amount: 5000": split at known names followed by a colon. */
void recipe_inputs_split(arena *mem, const struct recipe *r, const char *rest,
                         struct recipe_words *ret);
/* Text to the input's type. false with a sentence for the user in *ret_why. The value is on mem.
 * Of a date_time it is the instant, "2026-12-01T13:00:00Z", or what a clock shows,
 * "2026-12-01T14:00:00", when the text names no zone: recipe_clocks_read() makes the instant. */
bool recipe_input_value(arena *mem, const struct recipe_input *in, const char *text, json_t **ret,
                        const char **ret_why);
/* The same of what a form brought for an input that is a file: {"id", "name", "size", "mime"} as a
 * chat driver reads it (event.fields). The value is that, and never the file's bytes. */
bool recipe_input_file(arena *mem, const struct recipe_input *in, const json_t *sent, json_t **ret,
                       const char **ret_why);
/* Is this a value that recipe_input_file() made? */
bool recipe_is_file(const json_t *value);
const struct recipe_input *recipe_input_find(const struct recipe *r, const char *name);
/* The first required input that has no value; NULL when complete. Fills defaults into *inputs; an
 * empty text is no value and is taken out. */
const struct recipe_input *recipe_missing(const struct recipe *r, json_t *inputs);
/* What is to be asked for next, in the recipe's order: a required input that has no value, or one
 * whose value does not fit its type, with the reason in *ret_why (such a value stands in *inputs as
 * the text that was given). NULL when a run may begin. Fills defaults as recipe_missing does. */
const struct recipe_input *recipe_asks(arena *mem, const struct recipe *r, json_t *inputs,
                                       const char **ret_why);

/* --- dates with a time (clocks.c) --- */

/* Is it an instant as run.inputs keeps it, "2026-12-01T13:00:00Z"? */
bool recipe_instant(const json_t *value, int64_t *ret);
/* The zone that this user's clock is read by; NULL: it is not known, and UTC is taken. */
int recipe_zone_of(store *s, const struct user *u, const char **ret, struct err *e);
/* "in your time zone (Europe/Zurich)" or "in UTC, as I do not know your time zone". */
char *recipe_zone_words(arena *mem, const char *zone);
struct recipe_misread {
    const struct recipe_input *input; /* NULL: all were read */
    const char *why;                  /* a sentence for the user */
};
/* Every date_time in *inputs that names no zone becomes the instant when the clock of `zone` (NULL:
 * UTC) shows it. One that the clock never shows, or twice, stays and is told of: the first such. */
int recipe_clocks_read(store *s, const struct recipe *r, const char *zone, json_t *inputs,
                       struct recipe_misread *ret, struct err *e);

/* --- who may, and as whom (allow.c, resolve.c): design section 2 --- */

struct recipe_person {
    const struct workspace *workspace;
    const struct user *user;
    const char *channel;
    bool of_hook;        /* a hook began it: user_id is "", and only a default connection can act */
    const char **groups; /* recipe_person_groups(); none: no group lets this person in */
    size_t groups_count;
};
/* The groups that the person stands in, read where this recipe asks for some; NULL: always. */
int recipe_person_groups(store *s, const struct recipe *r, struct recipe_person *io, struct err *e);
enum recipe_leave {
    LEAVE_GIVEN,
    LEAVE_NOT_HERE, /* in another place, perhaps: the recipe names some */
    LEAVE_NOT_YOU
};
enum recipe_leave recipe_leave_of(const struct recipe *r, const struct recipe_person *p);
bool recipe_allows(const struct recipe *r, const struct recipe_person *p); /* LEAVE_GIVEN */

enum recipe_rule { RULE_DEFAULT, RULE_INSTALLER, RULE_PERSONAL, RULE_LOGIN, RULE_COUNT };
const char *recipe_rule_name(enum recipe_rule rule);

struct resolved {
    enum recipe_rule rule; /* RULE_LOGIN: nothing may be called */
    const char *alias;
    struct default_connection *def;
    struct connection *connection; /* NULL when the rule's connection is missing or not active */
    const char *problem;           /* NULL, or why it cannot act: "no_default_tokens", "draft",
                                      "unknown_connection", "needs_attention" */
};
/* Which connection acts for one alias, and why. */
int recipe_resolve(store *s, const struct recipe_connection *c, const struct recipe_person *p,
                   struct resolved *ret, struct err *e);
/* What has begun stays with the user's own connection that is on record (acted), also where its
 * user has chosen another account meanwhile: as long as that can act. */
int recipe_resolve_again(store *s, const struct run *run, const struct run_connection *acted,
                         struct resolved *io, struct err *e);
/* As recipe_resolve() for many commands of one person, from lists that were read once: to be shown,
 * not to run by. */
struct recipe_stock {
    struct default_connection *defaults; /* all of the workspace */
    size_t defaults_count;
    struct connection *own; /* the person's */
    size_t own_count;
    struct connection *shared; /* the default connections' own */
    size_t shared_count;
};
void recipe_resolve_from(const struct recipe_stock *stock, const struct recipe_connection *c,
                         const struct recipe_person *p, struct resolved *ret);

/* --- templates (template.c): small, typed, total --- */

/* Checks syntax: "{{inputs.name | upper}}", paths of letters, digits, _, - and dots, functions of
 * the table with the arguments that they take. false with the reason. */
bool template_check(const char *text, const char **ret_why);
/* Expands every text in `value` against the context. A text that is only {{x}} keeps the type of x;
 * a missing x is null there and empty elsewhere; members that become null through a missing
 * optional input are left out. ERR_INVALID "template_too_long". */
int template_expand(arena *mem, const json_t *value, const json_t *context, json_t **ret,
                    struct err *e);
/* To text, cut at max bytes. */
char *template_text(arena *mem, const char *text, const json_t *context, size_t max);
/* To a URL: what stands for the beginning is one, all other values are percent-encoded (once, also
 * behind "| url"). NULL when it is longer than max or has a dot segment: it would lead elsewhere.
 */
char *template_url(arena *mem, const char *text, const json_t *context, size_t max);

/* The value of a text that is one "{{path}}" alone, borrowed from the context or on mem; *ret NULL:
 * absent. ERR_INVALID "template_too_long". */
int template_value(arena *mem, const char *text, const json_t *context, const json_t **ret,
                   struct err *e);

/* --- conditions (condition.c): `when` of a step, and of what a hook's recipe tells --- */

/* Does it hold in this context? NULL always does. ERR_INVALID "template_too_long". */
int recipe_condition(arena *mem, const json_t *when, const json_t *context, bool *ret,
                     struct err *e);

/* --- running (run.c) --- */

typedef struct recipes recipes;
struct recipes_options {
    const struct config *config;
    stores *stores;
    net_client *http;
    const apps *apps;
    oauth *oauth;
    chats *chats; /* of files that somebody gave there */
};
recipes *recipes_new(arena *boot, const struct recipes_options *options);

enum run_end {
    RUN_END_DONE,
    RUN_END_LOGIN,   /* `need` says for which default connection; nothing was done for it */
    RUN_END_AGAIN,   /* put the job back: err says why and when */
    RUN_END_FAILED,  /* err and words */
    RUN_END_UNKNOWN, /* a write may have happened: ask the user */
    RUN_END_WAIT,    /* the step `waits` is to ask in the chat; the run goes on with its answer */
    RUN_END_GONE     /* final already: nothing to do */
};
/* The item of a list at which a step with `each` stood. */
struct run_item {
    int64_t number;      /* from 1; 0: of no list */
    int64_t count;       /* how many there are; 0: not known any more */
    const json_t *value; /* NULL: not known any more */
};
struct run_outcome {
    enum run_end end;
    struct run *run;
    struct workspace *workspace; /* as store_run_case() gives them */
    struct user *user;
    struct recipe *recipe;
    struct resolved *resolved; /* one per alias of the recipe */
    size_t resolved_count;
    struct resolved *need;
    int64_t consent_generation; /* of RUN_END_LOGIN: the tokens that act and allow too little; 0:
                                   none act */
    json_t *context;            /* inputs, steps, connections: for the reply's templates */
    const char *step;           /* where it ended, for failed, unknown and waiting */
    const struct recipe_step *waits; /* of RUN_END_WAIT, at this place of the recipe */
    size_t waits_at;
    struct run_item item; /* of unknown */
    const char *words;    /* the app's refusal in plain words; NULL: use the error's words */
    struct err err;
    struct app_decided decided; /* of "already_decided": who it was, where the app says so */
    const struct run_connection *began_as; /* of RECIPE_ACCOUNT_CHANGED: as what it has written, */
    const struct connection *goes_as;      /* and as what it would go on */
    struct run_step *last; /* done and not stored yet: the caller's to store; NULL: none */
};
/* A run that RUN_END_FAILED with this code called nothing: another press of its message decides. */
#define RECIPE_DECISION_TAKEN "decision_taken"
/* The same, of a run that has written as another account than the one that acts by now. */
#define RECIPE_ACCOUNT_CHANGED "account_changed"
/* The outcome of the run's last step, for the transaction that stores the run's end. */
int recipe_last_step(store *s, const struct job *job, const struct run_outcome *o, struct err *e);
/* Runs or continues; records intent before and outcome after each step; the caller stores the end,
 * with the last step's outcome, together with the messages. -1 only for our own faults (database
 * away, lease lost). */
int recipe_run(recipes *r, arena *mem, const struct job *job, const char *run_id,
               struct run_outcome *ret, struct err *e);
/* The run met this before anything was tried: it comes back without an attempt used up. */
bool recipe_not_tried(const struct err *e);
/* A run that no worker could bring to an end: RUN_END_FAILED (err is the caller's), RUN_END_UNKNOWN
 * when a write of it may have happened, RUN_END_GONE. */
int recipe_give_up(recipes *r, arena *mem, const struct job *job, const char *run_id,
                   struct run_outcome *ret, struct err *e);

#endif

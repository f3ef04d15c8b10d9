#ifndef WB_BOT_INT_H
#define WB_BOT_INT_H

#include "bot.h"
#include "people_int.h"

/* Inside the bot: scenes and turns, and what each file offers the others. */

struct bot {
    struct bot_options options;
};

/* Where somebody asked for what is told elsewhere; channel NULL: nowhere to be told of it. */
struct origin {
    const char *channel, *thread;
    const char *line; /* the id of our message that promises it there, or will; NULL: none */
    bool line_made;   /* it stands there, or does once this is committed */
};

/* One open session of the store in which something is told to or asked of one user. */
struct scene {
    bot *bot;
    arena *mem;
    store *s;
    const struct workspace *workspace;
    const struct user *user;
    struct origin from; /* of what goes to the user's one-to-one chat now */
    bool told;    /* the user knows already that what is private goes to the one-to-one chat: a run
                     that waits for a login needs no line for all that says so */
    bool changed; /* what the user's home page shows: home_flush() ends the transaction */
    int64_t until_ms; /* monotonic: nobody waits for what comes of it after that; 0: as usual */
    const struct app_decided *decided; /* of the run that ends: who was first, in the app; NULL */
    struct reach reach; /* where to ask about the person, as the event says; zeros: not said */
};

/* One thing that a user did, being answered inside one transaction. */
struct turn {
    struct scene scene;
    const struct job *job;
    struct event event;
    struct message *acted;      /* ours that holds the pressed button; NULL: not on record */
    struct recipe_row *recipes; /* all of the workspace, by command */
    size_t recipes_count;
    bool navigates;           /* the pressed message turns into the answer */
    struct person_news *news; /* EVENT_PERSON of several: what the platform says of those of them */
    size_t news_count;        /* of whom it would end something */
    bool asked, foreign;  /* the person is the platform's word; it names another team for the id */
    bool ends;            /* EVENT_INSTALL: the look-up found that the installation is over */
    size_t from;          /* of a list that is longer than a page: the first row to show */
    bool fills;           /* a form is wanted although nothing is missing */
    const char *heard;    /* the word that was taken for what was typed; the answer says so */
    bool listed;          /* pressed in the list of what waits, which is to follow the answer */
    bool pointed;         /* the place says already that the answer stands elsewhere */
    bool said, form;      /* something was said on the home page; a form was opened */
    bool refused;         /* what was pressed is somebody else's: nothing has happened */
    bool again;           /* the platform sends it once more: nothing new begins */
    bool keeps;           /* a form that is shown anew goes without some of what the run keeps */
    const json_t **shows; /* somebody waits for the form that this opens: it goes here; else NULL */
    const struct bound
        *bound;           /* the button that began it; NULL: it was typed, or says all itself */
    enum bot_code *coded; /* the same for what came of a window's code */
};
/* dispatch.c: what an event does, in the transaction that ends its job; scene.user may be NULL. */
typedef int event_fn(struct turn *t, struct err *e);
event_fn bot_channel_moved, bot_channel_joined; /* channels.c */
/* seen.c: where the platform is reached, by the event; the bot was taken out of there */
event_fn seen_place, seen_person, bot_left;
struct reach seen_reach(const struct turn *t);
/* Who did what (scene, event), asked of the platform where that is needed, with no session open.
 * *ret_ours: it is for us to act on. */
int dispatch_look(struct turn *t, bool *ret_ours, struct err *e);
event_fn dispatch_act; /* what it does, in a transaction */

/* --- scene.c: one transaction of a scene --- */

typedef int scene_fn(struct scene *sc, void *arg, struct err *e);
/* Does the work in a session and transaction of its own (sc->s, which is NULL again afterwards);
 * of what fails nothing stays. j: its worker may go on with what is added; NULL: nobody's. */
int scene_do(struct scene *sc, const struct job *j, scene_fn *work, void *arg, struct err *e);

/* --- say.c: messages of ours --- */

struct target {
    const char *channel; /* "": the user's one-to-one chat, opened when it is sent */
    const char *thread;
    const char *user_id; /* the only reader; NULL: everybody there */
    bool ephemeral;
    struct origin from;
    const char *id; /* that the message gets; NULL: one of its own */
};
int say_new(struct scene *sc, const struct target *t, json_t *view, const char **ret_id,
            struct err *e);
int say_update(struct scene *sc, const char *message_id, json_t *view, struct err *e);
/* To the user's one-to-one chat. */
int say_dm(struct scene *sc, json_t *view, const char **ret_id, struct err *e);
/* The same, as the message with this id. */
int say_dm_as(struct scene *sc, const char *id, json_t *view, struct err *e);
/* Answers what the user did so that only this user reads it: in place when the pressed message is
 * the user's own, ephemerally in a shared place. ret_id may be NULL. */
int say_private(struct turn *t, json_t *view, const char **ret_id, struct err *e);
/* The same, and never in place of what was pressed. */
int say_beside(struct turn *t, json_t *view, const char **ret_id, struct err *e);
/* The same of a sentence. */
int say_words(struct turn *t, const char *text, struct err *e);
/* m, the presser's own, stands anew where a private answer would; its buttons are the same. */
int say_again(struct turn *t, const struct message *m, struct err *e);
/* A private message that is sent at its first update, in the way that say_private would take. */
int say_prepare(struct turn *t, const char **ret_id, struct err *e);
/* Does a private answer go to the one-to-one chat, since the place shows nothing to one alone? */
bool say_is_elsewhere(const struct turn *t);
struct pointing {
    const char *what; /* "have answered you" */
    bool waits;       /* something does: `pending` shows it */
};
/* Whoever asked looks for what comes where it was asked: once, a line there says that it is in the
 * one-to-one chat. Nothing where say_is_elsewhere does not hold. */
int say_points(struct turn *t, const struct pointing *to, struct err *e);
/* Where what goes to the one-to-one chat was asked for, with the line that say_points would make.
 */
struct origin say_origin(const struct turn *t);
/* The id of the message that is about to be made as that line; NULL: it is another one. */
const char *say_line(struct scene *sc);
/* Until when the event's response_url is good. */
int64_t say_response_until(const struct turn *t);
/* Where the result of what the user did belongs: the same conversation and thread, for all. */
struct target say_place(const struct turn *t);

/* --- place.c: where things are told --- */

/* Did it happen where this user alone reads the answer? */
bool turn_is_private(const struct turn *t);
bool is_in_ephemeral(const struct turn *t);
int place_look(struct turn *t, struct err *e); /* who reads there, if the event does not say */
event_fn place_look_words;                     /* the same for typed words */
bool place_is_old(const struct run *r);        /* it has waited: others may read there by now */
/* Asks, with no session open. True: it is a shared one now, for store_run_set_shared(). */
bool place_look_again(struct scene *sc, struct run *r);
void run_place(const struct turn *t, struct run *r); /* sets place, channel and thread */
/* Prompts, questions and the result stand in the run's own private message. */
bool run_in_private(const struct run *r);
/* A message stays there as it is when the result stands below it. */
bool place_keeps(const struct run *r);
bool run_for_one(const struct run *r); /* only its user reads how it ends */
struct target run_target(const struct scene *sc, const struct run *r);      /* of its message */
int run_line(struct scene *sc, struct run *r, json_t *view, struct err *e); /* neutral, for all */
struct origin run_origin(const struct run *r);

/* --- words.c: what people read --- */

/* "Salesforce" for a default connection, with its name where there are several of the app. */
const char *words_app(const struct scene *sc, const char *app);
/* The sentence for a failure; never provider text. words: the app's refusal in our words. */
char *words_failure(arena *mem, const struct err *why, const char *words, const char *app);
/* What is the matter, without advice: for a run that goes on by itself. */
char *words_reason(arena *mem, const struct err *why, const char *app);
/* The sentence for a stored error code; NULL: there is none. */
const char *words_code(arena *mem, const char *code, const char *title);
/* May this user use Workbot at all? and what is said to guests and strangers who may not. */
bool words_open_to(const struct scene *sc);
void words_closed(struct scene *sc, json_t *view);
/* Does the platform have a home page of the bot? */
bool words_has_home(const struct scene *sc);
/* What this chat's people call the private one with the bot: "our direct message". */
const char *words_dm(const struct scene *sc);
/* Can one person be shown more of what all read? */
bool words_has_own_views(const struct scene *sc);
/* What the chat calls a person, behind the bar of <@id|name>; unknown: what to say in its place. */
const char *words_name(const struct scene *sc, const char *user_id, const char *unknown);
/* Under words that send to an admin: up to two whom this user can ask, if any is known. In private
 * messages alone. */
void words_add_admins(struct scene *sc, json_t *view);
/* For admins, where there are no commands yet: who makes them, and how. */
void words_add_setup(const struct scene *sc, json_t *view);
/* May an address stand behind a button? */
bool words_is_link(const struct scene *sc, const char *url);
/* Names of rules and connections are an admin's words. */
bool words_for_admin(const struct scene *sc);
/* Before an account that is not the user's own ("the shared account, "); own: nothing. */
const char *words_shared(const struct scene *sc, bool own);
/* ASCII letters in upper case. */
char *words_upper(arena *mem, const char *text);
char *words_state(arena *mem, const struct connection *c);
char *words_ago(arena *mem, int64_t at); /* "3 minutes ago", "2026-11-22" */
/* The same, to the second, so that two of one minute differ: "20 seconds ago". */
char *words_age(arena *mem, int64_t at);
char *words_in(arena *mem, int64_t delay_s); /* "in 5 seconds" */
/* "ana@acme.example (Acme)" */
char *words_account(arena *mem, const struct account *a);
/* The person's name in the chat; the id where readers would see nothing of it. */
const char *words_person(const struct user *u);
/* A value of an input as people read it; of a file its name and size. */
char *words_value(arena *mem, const json_t *value);

/* --- commands.c: the table of built-in words --- */

typedef int command_fn(struct turn *t, const char *rest, struct err *e);
/* 1: it was a built-in word and has been answered; 0: it is not one; -1 */
int command_try(struct turn *t, const char *text, struct err *e);
/* The same for a recipe's command of which the words stand in another order. */
int command_try_any_order(struct turn *t, const char *text, struct err *e);
/* "hi", when it answers nothing: the help. */
int command_try_greeting(struct turn *t, const char *text, struct err *e);
command_fn command_help, command_connections, command_connect, command_disconnect, command_cancel,
    command_pending, command_history, command_why, command_whoami, command_console,
    command_take_over, command_allow, command_disallow;

/* actions.c: the table of buttons */
typedef int action_fn(struct turn *t, const char *value, struct err *e);
int action_press(struct turn *t, struct err *e);
/* In a turn that has an event and nothing else: is the button, by its message or by what its value
 * names, another person's? and what that person is told. */
int action_is_others(struct turn *t, bool *ret, struct err *e);
extern const char action_others[], action_others_advice[];
/* The pressed message still shows the button: it has not been answered. */
bool action_stands(const struct turn *t);
/* A button of an older version of ours, or none of ours. */
int action_say_dead(struct turn *t, struct err *e);
action_fn action_back, action_link, action_connect, action_reconnect, action_disconnect,
    action_forget, action_not_me, action_run, action_answer, action_drop, action_run_now,
    action_renew, action_unknown_done, action_unknown_again, action_resume, action_show_again,
    action_home, action_page, action_words, action_late, action_drop_login, action_keep,
    action_bound, action_choose, action_choice, action_add_account, action_take_over, action_site,
    action_post_again, action_act_allow, action_act_later, action_act_end;

/* notices.c: privately, to each admin and the installer; to one of them */
int notice_all(struct scene *sc, json_t *view, struct err *e);
int notice_one(struct scene *sc, const char *user_id, json_t *view, struct err *e);
/* A fault of this connection that only an admin can mend; other codes are no news. lacks: a
 * sentence of ours that names the scopes; NULL: none are known. */
int notice_admins(struct scene *sc, const struct default_connection *d, const char *code,
                  const char *lacks, struct err *e);

#endif

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
};

/* One open session of the store in which something is told to or asked of one user. */
struct scene {
    bot *bot;
    arena *mem;
    store *s;
    const struct workspace *workspace;
    const struct user *user;
    struct origin from; /* of what goes to the user's one-to-one chat now */
    bool changed;       /* what the user's home page shows: home_flush() ends the transaction */
    int64_t until_ms;   /* monotonic: nobody waits for what comes of it after that; 0: as usual */
};

/* One thing that a user did, being answered inside one transaction. */
struct turn {
    struct scene scene;
    const struct job *job;
    struct event event;
    struct message *acted;      /* ours that holds the pressed button; NULL: not on record */
    struct recipe_row *recipes; /* all of the workspace, by command */
    size_t recipes_count;
    bool navigates;      /* the pressed message turns into the answer */
    bool asked, foreign; /* the person is the platform's word; it names another team for the id */
    bool ends;           /* EVENT_INSTALL: the look-up found that the installation is over */
    size_t from;         /* of a list that is longer than a page: the first row to show */
    bool fills;          /* a form is wanted although nothing is missing */
    const char *heard;   /* the word that was taken for what was typed; the answer says so */
    bool listed;         /* pressed in the list of what waits, which is to follow the answer */
    bool said, form;     /* something was said on the home page; a form was opened */
};

/* dispatch.c: what an event does, in the transaction that ends its job; scene.user may be NULL. */
typedef int event_fn(struct turn *t, struct err *e);
event_fn bot_channel_moved, bot_channel_joined; /* channels.c */
/* Who did what (scene, event), asked of the platform where that is needed, with no session open.
 * *ret_ours: it is for us to act on. */
int dispatch_look(struct turn *t, bool *ret_ours, struct err *e);

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
/* A private message that is sent at its first update, in the way that say_private would take. */
int say_prepare(struct turn *t, const char **ret_id, struct err *e);
/* Until when the event's response_url is good. */
int64_t say_response_until(const struct turn *t);
/* Where the result of what the user did belongs: the same conversation and thread, for all. */
struct target say_place(const struct turn *t);

/* --- place.c: where things are told --- */

/* Did it happen where this user alone reads the answer? */
bool turn_is_private(const struct turn *t);
bool is_in_ephemeral(const struct event *ev);
int place_look(struct turn *t, struct err *e); /* who reads there, if the event does not say */
bool place_is_old(const struct run *r);        /* it has waited: others may read there by now */
/* Asks, with no session open. True: it is a shared one now, for store_run_set_shared(). */
bool place_look_again(struct scene *sc, struct run *r);
void run_place(const struct turn *t, struct run *r); /* sets place, channel and thread */
/* Prompts, questions and the result stand in the run's own private message. */
bool run_in_private(const struct run *r);
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
const char *words_code(arena *mem, const char *code);
/* May this user use Workbot at all? and what is said to guests and strangers who may not. */
bool words_open_to(const struct scene *sc);
void words_closed(struct scene *sc, json_t *view);
/* May an address stand behind a button? */
bool words_is_link(const struct scene *sc, const char *url);
/* ASCII letters in upper case. */
char *words_upper(arena *mem, const char *text);
char *words_state(arena *mem, const struct connection *c);
char *words_ago(arena *mem, int64_t at);     /* "3 minutes ago", "2026-11-22" */
char *words_in(arena *mem, int64_t delay_s); /* "in 5 seconds" */
/* "ana@acme.example (Acme)" */
char *words_account(arena *mem, const struct account *a);
/* What was given so far, in the recipe's order (NULL: as it is stored), for confirmations. */
void words_inputs(json_t *view, const struct recipe *recipe, const json_t *inputs);
/* The same, at most so many, and how many more there are. */
void words_inputs_first(json_t *view, const struct recipe *recipe, const json_t *inputs,
                        size_t max);

/* --- commands.c: the table of built-in words --- */

typedef int command_fn(struct turn *t, const char *rest, struct err *e);
/* 1: it was a built-in word and has been answered; 0: it is not one; -1 */
int command_try(struct turn *t, const char *text, struct err *e);
/* The same for a recipe's command of which the words stand in another order. */
int command_try_any_order(struct turn *t, const char *text, struct err *e);
/* "hi", when it answers nothing: the help. */
int command_try_greeting(struct turn *t, const char *text, struct err *e);
command_fn command_help, command_connections, command_connect, command_disconnect, command_cancel,
    command_pending, command_history, command_why, command_whoami;

/* actions.c: the table of buttons */
typedef int action_fn(struct turn *t, const char *value, struct err *e);
int action_press(struct turn *t, struct err *e);
/* The pressed message still shows the button: it has not been answered. */
bool action_stands(const struct turn *t);
action_fn action_back, action_login, action_connect, action_disconnect, action_forget, action_run,
    action_answer, action_drop, action_run_now, action_renew, action_unknown_done,
    action_unknown_again, action_resume, action_home, action_page, action_words, action_late,
    action_drop_login;

/* --- help.c --- */
int help_unknown(struct turn *t, const char *text, struct err *e); /* did you mean */
/* Several words that begin a command, and are none: which there are. As command_try(). */
int help_begun(struct turn *t, const char *folded, struct err *e);
int help_app(struct turn *t, const app *a, struct err *e);
/* Commands that are shown to people: switched on and not hidden. */
bool help_lists(const struct recipe_row *row);
struct outlook;
void help_add_command(struct turn *t, json_t *view, const struct outlook *o,
                      const struct recipe_row *row);

/* help_command.c */
int help_command(struct turn *t, const struct recipe_row *row, struct err *e);

/* --- outlook.c: what stands between this user and a command, here and now --- */

struct outlook {
    struct recipe_person person;
    struct recipe_stock stock;
};
int outlook_load(struct turn *t, struct outlook *ret, struct err *e);
enum obstacle {
    OBSTACLE_NONE,
    OBSTACLE_LOGIN, /* asked for when it is run */
    OBSTACLE_PLACE, /* allowed in other places */
    OBSTACLE_SETUP,
    OBSTACLE_FORBIDDEN,
    OBSTACLE_FAULTY
};
struct prospect {
    const struct recipe_row *row;
    const char *title;
    struct recipe *recipe; /* NULL: faulty */
    enum obstacle obstacle;
    struct resolved at; /* of OBSTACLE_LOGIN and OBSTACLE_SETUP */
};
void outlook_of(arena *mem, const struct outlook *o, const struct recipe_row *row,
                struct prospect *ret);
/* A line that says what is missing; none where nothing is. */
void outlook_add_note(struct scene *sc, json_t *view, const struct prospect *p);
/* Where a command of named places works. */
void outlook_add_places(json_t *view, const struct recipe *r);
/* A button that runs it may stand there. */
bool outlook_may_press(const struct prospect *p);

/* --- pending.c: what waits for the user --- */

struct pending_part {
    size_t from, size;
    bool links; /* login buttons hold their links: only where the view is told to go with them */
};
int pending_add(struct scene *sc, json_t *view, const struct pending_part *q, size_t *ret_total,
                struct err *e);
/* Was it pressed in that list? *ret_value: the button's value proper. */
bool pending_pressed(struct turn *t, const char *value, const char **ret_value);
/* The list as it is now, behind the answer. */
int pending_follow(struct turn *t, json_t *view, struct err *e);
/* Wherever the user's last list stands, it is made true. */
int pending_refresh(struct turn *t, struct err *e);
/* The same when it was no press. */
int pending_changed(struct scene *sc, struct err *e);

/* --- resume.c: buttons of a run that waits --- */

/* The pressed button is of another time: how the run stands now. */
int run_say_moved_on(struct turn *t, const struct run *r, struct err *e);
/* Nobody works on it: it waits for its user, or for its next try. */
bool run_may_cancel(const struct run *r);

/* --- history.c: a user's own runs --- */

const char *history_title(arena *mem, const struct run_line *l);
/* 1: rows were added; 0: there are none */
int history_add(struct scene *sc, json_t *view, size_t from, size_t limit, bool *ret_more,
                struct err *e);

/* --- pages.c: lists of more than fits --- */

enum { PAGES_END = 100000 };
struct page {
    size_t from, size, total;
    const char *words; /* what shows this list */
};
/* Which part this is, and buttons to the others. */
void page_end(struct scene *sc, json_t *view, const struct page *p);
/* The buttons alone: only whether there is more is known. */
void page_around(struct scene *sc, json_t *view, const struct page *p);
size_t page_from(const struct turn *t, size_t total);

/* --- list.c: the user's connections --- */
int list_view(struct scene *sc, json_t **ret, struct err *e);
/* The first few of them into a view, with a way to the rest. */
int list_add_some(struct scene *sc, json_t *view, struct err *e);
/* The default connections under which commands that wait for the user act by his own. */
enum { NEEDS_MAX = 200 };
struct needs {
    const char *names[NEEDS_MAX];
    size_t count;
};
int needs_load(struct scene *sc, struct needs *ret, struct err *e);
size_t needs_count(const struct needs *n, const char *default_name);
char *needs_words(arena *mem, size_t count);
/* This user's commands run on the default connections (rule "installer"). */
bool uses_default(const struct scene *sc);

/* --- start.c, question.c: from a command to a run --- */
int recipe_read(arena *mem, const struct recipe_row *row, struct recipe **ret, struct err *e);
int start_recipe(struct turn *t, const struct recipe_row *row, const char *rest, struct err *e);
/* The same from a button that carries inputs: an object of texts. */
int start_recipe_with(struct turn *t, const struct recipe_row *row, const json_t *given,
                      struct err *e);
struct question {
    const struct recipe_input *input;
    const char *why;  /* its value does not fit; NULL: it has none */
    const char *form; /* title of a button that opens the form for all of them; NULL: as usual */
};
/* "a number"; and a value that would do, NULL: none is known. */
const char *question_kind(const struct recipe_input *in);
const char *question_sample(const struct recipe_input *in);
/* Asks for an input in the user's one-to-one chat. The first question has the id of its run. */
int question_ask(struct turn *t, struct run *r, const struct recipe *recipe,
                 const struct question *q, struct err *e);
/* The newest run of the user that asks for an input in this conversation; NULL: none. */
int question_find(struct turn *t, struct run **ret, struct err *e);
/* 1: the text answered an open question; 0: none is open here; -1 */
int question_answer(struct turn *t, const char *text, struct err *e);
/* The open question here that `text` would answer, while it may mean something else. run NULL: it
 * answers none. */
struct meant {
    const struct run *run;
    const struct recipe *recipe;
    const struct recipe_input *input;
    const char *text;
};
int question_meant(struct turn *t, const char *text, struct meant *ret, struct err *e);
/* Of a button that answers so ("answer"); and that button, none for run NULL. */
char *question_answer_value(arena *mem, const struct meant *m);
void question_add_meant(struct scene *sc, json_t *view, const struct meant *m);
/* Takes `text` as the answer to what this run asks. */
int question_take(struct turn *t, struct run *r, const char *text, struct err *e);
int recipe_of(struct scene *sc, const struct run *r, struct recipe **ret, struct err *e);

/* --- prompt.c: asking to log in --- */

struct prompt {
    const struct default_connection *def;
    struct run *run;             /* waits for it; NULL: connect ahead of need */
    const char *message_id;      /* one of the user's private messages that becomes the prompt */
    const struct target *target; /* where a new one goes; NULL: the one-to-one chat */
};
struct prompted {
    const char *login_id;
    const char *message_id;
    bool reused; /* an open prompt stands already */
};
int prompt_open(struct scene *sc, const struct prompt *p, struct prompted *ret, struct err *e);
/* A prompt whose link does nothing any more must not look as if it did. */
int prompt_retire(struct scene *sc, const char *old_id, const char *new_id, struct err *e);
/* Back: it ends the login, and what waits for it; where something does, it asks first. */
void prompt_add_back(json_t *view, const struct login *l);
/* A button with the link of an open prompt; false when the link is not known any more. */
bool prompt_add_button(struct scene *sc, const struct login *l, json_t *view, const char *title);

/* --- code.c: 1: it was answered as a typed code; 0: it is none; -1 --- */

/* Six digits and nothing else, before anything else that they could mean. */
int code_try(struct turn *t, const char *text, struct err *e);
/* "my code: 868 267", when it is no command. */
int code_try_words(struct turn *t, const char *text, struct err *e);
/* A few digits that are no code, when they are nothing else either. */
int code_near(struct turn *t, const char *text, struct err *e);
/* The six digits of "123456", "123 456" or "123-456"; among_words: of "the code is 123456", too.
 * NULL for anything else. */
char *code_in(arena *mem, const char *text, bool among_words);

/* --- release.c, runs.c: runs go on or end --- */
int run_park(struct scene *sc, struct run *r, const struct default_connection *d, struct err *e);
struct connected {
    const struct login *login;
    const char *app;
    const struct account *account;
    bool differs;     /* its e-mail is not the chat profile's, and that is only worth a word */
    struct run *runs; /* that waited for it, as run_release leaves them */
    size_t runs_count;
};
/* The runs that waited for c's login go on (or ask again when they are old writes). */
int run_release(struct scene *sc, struct connected *c, struct err *e);
int run_enqueue(struct scene *sc, struct run *r, enum run_state from, struct err *e);
/* Ends a run with a view where its result belongs. */
int run_end(struct scene *sc, struct run *r, enum run_state from, enum run_state to, json_t *view,
            struct err *e);
/* The message that becomes the run's result shows this now; made if there is none. */
int run_show(struct scene *sc, struct run *r, json_t *view, struct err *e);
/* The run with this id if it is this user's; NULL else: ids in buttons select nobody. */
int run_of_user(struct turn *t, const char *run_id, struct run **ret, struct err *e);

/* --- connected.c: the notice that an app is connected, and what became of what waited --- */

int connected_say(struct scene *sc, const struct connected *c, struct err *e);
struct login_done {
    const struct login *login;
    const struct account *account;
    bool differs;
};
/* The login is done: what waited goes on, its prompt and a notice say so. */
int connected_settle(struct scene *sc, const struct login_done *done, struct err *e);
/* Of a login; the connection's name when that is gone. */
const char *connected_app(struct scene *sc, const struct login *l);
/* The run stands otherwise now: its line in the notice of its login, if there is one, says so. */
int connected_tell(struct scene *sc, const struct run *r, struct err *e);

/* --- home.c: the page of the bot that shows a user what is his --- */

/* This user's page is published anew, in the caller's transaction and best last in it: where his
 * connections, what waits for him or his runs change. Nothing when he never opened it. */
int home_touch(struct scene *sc, struct err *e);
/* The same, if the scene was marked as changed. */
int home_flush(struct scene *sc, struct err *e);
/* The user opened it. */
int home_open(struct turn *t, struct err *e);
/* The answer to a press on it stands there; home_pressed ends each such turn. */
int home_say(struct turn *t, json_t *view, struct err *e);
int home_pressed(struct turn *t, struct err *e);
/* home_page.c */
int home_page(struct scene *sc, json_t **ret, struct err *e);

/* notices.c: privately, to each admin and the installer; to one of them */
int notice_all(struct scene *sc, json_t *view, struct err *e);
int notice_one(struct scene *sc, const char *user_id, json_t *view, struct err *e);
/* A fault of this connection that only an admin can mend; other codes are no news. */
int notice_admins(struct scene *sc, const struct default_connection *d, const char *code,
                  struct err *e);

/* result.c */

/* What an earlier step of a run that ends now has written stays written. NULL: nothing. */
int result_so_far(struct scene *sc, const struct run *r, const char **ret, struct err *e);
/* A step of it was begun and its answer is not known: it may have happened. */
int result_unsure(struct scene *sc, const struct run *r, bool *ret, struct err *e);
json_t *result_view(struct scene *sc, const struct run_outcome *o);
struct failure {
    const struct err *why;
    const char *words; /* the app's refusal in our words; NULL: by the error's code */
    const char *app;   /* title; NULL: "The app" */
};
json_t *failure_view(struct scene *sc, const struct run *r, const struct recipe *recipe,
                     const struct failure *f);

#endif

#ifndef WB_BOT_LOGIN_INT_H
#define WB_BOT_LOGIN_INT_H

#include "bot_int.h"

/* Asking to log in, and what comes of it. */

/* --- prompt.c: asking to log in --- */

struct prompt {
    const struct default_connection *def;
    struct run *run;             /* waits for it; NULL: connect ahead of need */
    const char *message_id;      /* one of the user's private messages that becomes the prompt */
    const struct target *target; /* where a new one goes; NULL: the one-to-one chat */
    bool pressed;                /* by a button, which may be pressed more than once */
    bool moves;                  /* an open one that was pressed for goes there, too */
    bool adds;                   /* one more account, beside the one that is connected */
};
struct prompted {
    const char *login_id;
    const char *message_id;
    bool reused; /* an open prompt stands already, and stays where it is */
};
/* ERR_UPSTREAM_BUSY "person_moved": off-boarded meanwhile; tried again, it is refused. */
int prompt_open(struct scene *sc, const struct prompt *p, struct prompted *ret, struct err *e);
/* Its message still is the prompt. */
bool prompt_stands(struct scene *sc, const struct login *l);
/* A prompt whose link does nothing any more must not look as if it did. */
int prompt_retire(struct scene *sc, const char *old_id, const char *new_id, struct err *e);
/* Back: it ends the login, and what waits for it; where something does, it asks first. */
void prompt_add_back(struct scene *sc, json_t *view, const struct login *l);
/* A button with the link of an open prompt; false when the link is not known any more. */
bool prompt_add_button(struct scene *sc, const struct login *l, json_t *view, const char *title);

/* A new login in place of one that is over: for the chat's own logins, or to take over. */
void prompt_add_renew(json_t *view, const struct login *l);
/* The same, with the value (of a login that takes over it names the connection). */
void prompt_add_again(json_t *view, const struct login *l, const char *value, const char *title);

/* --- consent.c: a connection that acts and allows less than is asked for by now --- */

/* "See and change your data, Use Chatter"; NULL: it lacks nothing that is known of, or does not
 * act. */
char *consent_words(struct scene *sc, const struct default_connection *d,
                    const struct connection *c);
/* A sentence that names what the app says it needs, with the definition's words where it has some;
 * NULL: it says nothing that could be a list of scopes. */
char *consent_needed(struct scene *sc, const struct default_connection *d, const char *needed);
/* Why it lacks that, as a clause. */
const char *consent_cause(const struct default_connection *d, const struct connection *c);
/* To a prompt: what is wanted, why, and that c goes on meanwhile. */
void consent_add_reason(struct scene *sc, json_t *view, const struct default_connection *d,
                        const struct connection *c);

/* --- waiting.c: what waits for a login --- */

struct awaiting {
    const char *names; /* "Create an opportunity (name: Acme), ... and 2 more"; "" of none */
    size_t count;
    size_t presses; /* so many of them are presses that decide a message */
};
/* Of the login's user and connection. own: a run that is about to wait, too; NULL: none is. */
int awaiting_load(struct scene *sc, const struct login *l, const struct run *own,
                  struct awaiting *ret, struct err *e);
/* A button Back that asks first, with these names, and says what it does. */
void awaiting_add_back(struct scene *sc, json_t *view, const char *login_id,
                       const struct awaiting *w);
/* "cancels it", "takes back your press" */
const char *awaiting_back_does(const struct awaiting *w);
/* Back of the pressed message (NULL: not on record) has asked for just these. */
bool awaiting_told(struct scene *sc, const struct message *pressed, const struct awaiting *w);
/* Asks beside the pressed message, where its Back has not: more has come to wait since. */
int awaiting_ask(struct turn *t, const struct login *l, const struct awaiting *w, struct err *e);

/* --- code.c: 1: it was answered as a typed code; 0: it is none; -1 --- */

/* Six digits and nothing else, before anything else that they could mean. */
int code_try(struct turn *t, const char *text, struct err *e);
/* "my code: 868 267", when it is no command. */
int code_try_words(struct turn *t, const char *text, struct err *e);
/* A few digits that are no code, when they are nothing else either. */
int code_near(struct turn *t, const char *text, struct err *e);
/* What is said of a code that was not taken: wrong, with tries left, or the login has ended by it.
 */
struct meant; /* run_int.h */
int code_say_wrong(struct turn *t, const struct oauth_confirm *c, const struct meant *also,
                   struct err *e);
int code_say_none(struct turn *t, bool waits, struct err *e); /* it is no code of any login */
/* The six digits of "123456", "123 456" or "123-456"; among_words: of "the code is 123456", too.
 * NULL for anything else. */
char *code_in(arena *mem, const char *text, bool among_words);

/* --- code_window.c: the same from the window of a login, which nobody types --- */

event_fn code_by_window;

/* --- site.c: a proven login that reaches several sites asks which --- */

int site_ask(struct scene *sc, const struct login *l, struct err *e);
/* It has ended: nothing is to be chosen any more. l as it was before. */
int site_over(struct scene *sc, const struct login *l, struct err *e);
/* 1: the text named one; 0: it names none; -1 */
int site_try(struct turn *t, const char *text, struct err *e);

/* --- setup.c: the same of a set-up page's code --- */

/* Where others read it: a code that is good stands anywhere in this, and is so no more. */
int setup_shared(struct turn *t, const char *text, struct err *e);
/* The same of the words of somebody who is refused, who hears nothing of it. 0, or -1. */
int setup_shared_unheard(struct turn *t, struct err *e);
/* The turn is about to be setup_try's, in the one-to-one chat: what was known of the person before
 * is not enough to make an admin. */
bool setup_is_tried(const struct turn *t);
/* "admin 123456" */
int setup_try(struct turn *t, const char *text, struct err *e);
/* "admin", or with other digits, when it is no command: also while something is asked, unless that
 * question lists it. */
int setup_near(struct turn *t, const char *text, struct err *e);
/* To digits without that word: how such a code is sent. Nothing where others read,
 * or there are none. */
void setup_add_advice(const struct turn *t, json_t *view);

/* --- connected.c: the notice that an app is connected, and what became of what waited --- */

struct connected; /* run_int.h */
int connected_say(struct scene *sc, const struct connected *c, struct err *e);
struct login_done {
    const struct login *login;
    const char *connection_id;
    const struct account *account;
    const struct account *before; /* another one that it replaces; NULL: none */
    struct account_place place;
    bool differs;
};
/* The login is done: what waited goes on, its prompt and a notice say so. */
int connected_settle(struct scene *sc, const struct login_done *done, struct err *e);
/* Of a login; the connection's name when that is gone. */
const char *connected_app(struct scene *sc, const struct login *l);
/* The run stands otherwise now: its line in the notice of its login, if there is one, says so. */
int connected_tell(struct scene *sc, const struct run *r, struct err *e);

/* --- takeover.c: an admin logs a default connection in whose owner has left --- */

struct login_done;
/* Its value names the connection and nothing else: who may take it over is looked at when it is
 * pressed. */
void takeover_add_button(json_t *view, const char *default_name, const char *title);
/* What its prompt says to who is no admin any more. */
json_t *takeover_no_admin(struct scene *sc);

/* --- takeover_told.c: how that ends, and who hears of it --- */

/* The code was typed: the connection has a new owner. The other admins hear of it, and those whose
 * commands stopped for want of an owner since it was logged in last. */
int takeover_settle(struct scene *sc, const struct login_done *done, struct err *e);
/* Back, in its prompt. */
int takeover_back(struct turn *t, const struct login *l, struct err *e);

/* --- cancel.c --- */

bool login_is_open(const struct login *l);
/* The app's name, as people read it. */
int login_title(struct scene *sc, const struct login *l, const char **ret, struct err *e);
/* The login with this id if it is this user's, locked: ids in buttons select nobody else's. */
int login_of_user(struct turn *t, const char *id, struct login **ret, struct err *e);

/* --- expire.c --- */

int login_expired(struct scene *sc, const struct login *l, struct err *e);

/* --- returned.c: a browser asks --- */

typedef int return_fn(struct scene *sc, const void *arg, struct err *e);
/* Does the work in a transaction of its own, as a scene of the login's user, who is locked: before
 * the login, as off-boarding does. Nothing where the user is not known. */
int returned_scene(bot *b, arena *mem, const struct login *l, const struct workspace *w,
                   return_fn *work, const void *arg, struct err *e);

/* --- other_person.c: a warning that somebody else followed the link --- */

/* Ends it; a warning about its link loses its buttons. */
int login_end(struct scene *sc, const struct login *l, enum login_state state, const char *reason,
              struct err *e);
/* The warning, where the login has ended otherwise. */
int other_person_over(struct scene *sc, const struct login *l, struct err *e);

/* --- connect.c: which default connections a word means --- */

enum { CHOICES_MAX = 20 };
struct choices {
    struct default_connection *items[CHOICES_MAX];
    size_t count;
};
/* By their own name, else all of an app; all for "". */
int choices_find(struct turn *t, const char *word, struct choices *ret, struct err *e);
int choices_unknown(struct turn *t, const char *word, struct err *e);
/* A prompt, and what the place is told of it. adds: for one more account. */
int connect_anew(struct turn *t, const struct default_connection *d, bool adds, struct err *e);

#endif

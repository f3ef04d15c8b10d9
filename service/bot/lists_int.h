#ifndef WB_BOT_LISTS_INT_H
#define WB_BOT_LISTS_INT_H

#include "bot_int.h"

/* What is shown to a user of what is there, and of what is his. */

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
/* What keeps this command from running for him here, whatever he enters or logs in to; NULL:
 * nothing. The admins are told, as by a run that meets it. */
int outlook_setup(struct turn *t, const struct recipe *r, const char **ret_words, struct err *e);
/* Will it ask for a login before it runs? */
int outlook_login(struct turn *t, const struct recipe *r, bool *ret_waits, struct err *e);
/* A line that says what is missing; none where nothing is. */
void outlook_add_note(struct scene *sc, json_t *view, const struct prospect *p);
/* Where a command of named places works. */
void outlook_add_places(const struct scene *sc, json_t *view, const struct recipe *r);
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

/* --- history.c: a user's own runs --- */

const char *history_title(arena *mem, const struct run_line *l);
/* Why it failed: as its answer says it, as long as that is there. */
const char *history_failure(struct scene *sc, const struct run_line *l);
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
/* The same behind what the view says already. */
int list_add(struct scene *sc, json_t *view, struct err *e);
/* The answer to a press: said, and behind that the list as it is now. */
int list_say_behind(struct turn *t, json_t *said, struct err *e);
/* The same, where the connection that was pressed has been deleted. */
int list_say_deleted(struct turn *t, struct err *e);

/* --- disconnect.c --- */

/* The presser's own connection; NULL: somebody else's, or (*ret_gone) there is none any more. */
int disconnect_find(struct turn *t, const char *id, struct connection **ret, bool *ret_gone,
                    struct err *e);
int disconnect_one(struct turn *t, const struct connection *c, bool forget, struct err *e);

/* --- not_me.c --- */

/* The value of a button that ends this account's connection, and no other account's that has taken
 * its place there. */
char *not_me_value(arena *mem, const char *connection_id, const char *account_key);

/* A button that disconnects, asking first. */
void list_add_disconnect(struct scene *sc, json_t *view, const struct connection *c);
/* The first few of them into a view that shows what waits, too; with a way to the rest. */
int list_add_some(struct scene *sc, json_t *view, struct err *e);

/* A button that deletes one which is not connected. */
void list_add_delete(struct scene *sc, json_t *view, const struct connection *c);

/* --- accounts.c: several of one user under one default connection --- */

enum { ACCOUNTS_SHOWN = 8, ACCOUNT_TITLE_MAX = 60 };
struct accounts {
    const struct connection *chosen; /* NULL: none is */
    const struct connection *resting[ACCOUNTS_SHOWN];
    size_t resting_count;
    size_t count;  /* that were connected once */
    size_t acting; /* that could act, were they chosen */
    bool used;     /* the chosen one acts */
};
/* Of store_connection_list(). */
void accounts_of(const struct connection *list, size_t count, const char *default_name,
                 struct accounts *ret);
int accounts_load(struct scene *sc, const char *default_name, struct accounts *ret, struct err *e);
/* None acts, and one could. */
bool accounts_to_choose(const struct accounts *a);
/* Then: that it is so, and a button for each that could. */
void accounts_add_choices(struct scene *sc, json_t *view, const struct accounts *a);
void accounts_add_use(struct scene *sc, json_t *view, const struct connection *c);
/* name: as the list calls their app. */
void accounts_add_resting(struct scene *sc, json_t *view, const struct accounts *a,
                          const char *name);
void accounts_add_another(json_t *view, const struct default_connection *d);
void accounts_add_full(struct scene *sc, json_t *view, const char *title);

/* --- ended.c: which of several accounts ended --- */

struct ended {
    const char *account; /* NULL: of whoever has one alone, its app's name says it */
    const char *default_name;
    const char *id;
};
int ended_of(struct scene *sc, const struct connection *c, struct ended *ret, struct err *e);
/* With the message of this view, and from a message's body. */
void ended_keep(json_t *view, const struct ended *x);
struct ended ended_read(const json_t *view);
/* What he stays connected as; nothing where no account is named. */
int ended_add_rest(struct scene *sc, json_t *view, const struct ended *x, struct err *e);

/* --- ending.c: connections whose end is known --- */

/* "until 2027-01-20"; NULL: it is not known to end. */
char *ending_words(arena *mem, const struct connection *c);
/* "Expires", of one that is active. */
void ending_add_field(struct scene *sc, json_t *view, const struct default_connection *d,
                      const struct connection *c);
/* Why it may have ended without anybody's doing, where the app keeps few logins of one account. */
void ending_add_grants(struct scene *sc, json_t *view, const struct connection *c);
/* One press that puts its end off, when that is near. */
void ending_add_button(json_t *view, const struct connection *c);
/* Tells of one that is due, in the caller's transaction; tell false: it is taken as told. */
int ending_next(bot *b, store *s, bool tell, bool *ret_found, struct err *e);

/* list.c: The default connections under which commands that wait for the user act by his own. */
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

#endif

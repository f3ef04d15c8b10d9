#ifndef WB_BOT_H
#define WB_BOT_H

#include <stdbool.h>
#include <stdint.h>

#include "apps.h"
#include "base/arena.h"
#include "base/err.h"
#include "chat.h"
#include "config.h"
#include "oauth.h"
#include "recipe.h"
#include "store.h"

/*
 * The conversation: what a person typed or pressed becomes rows - runs, logins, messages, jobs - in
 * one transaction. Nothing here calls out, but for asking the platform who a person is.
 */
typedef struct bot bot;

struct bot_options {
    const struct config *config;
    stores *stores;
    chats *chats;
    const apps *apps;
    oauth *oauth;
    recipes *recipes;
};
bot *bot_new(arena *boot, const struct bot_options *options);

/* Job functions: 0 when the job is settled (done, again or dead) with its effects in one
 * transaction; -1 leaves settling to the worker. */
int bot_job_event(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_run(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_revoke(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_reconcile(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_home(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_purge(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_notice(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_move(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_form(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_check(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_hook(bot *b, arena *mem, const struct job *j, struct err *e);
int bot_job_keep(bot *b, arena *mem, const struct job *j, struct err *e);

/* Erases a person of a workspace (P15): ends everything of theirs and revokes it at the apps, then,
 * when nothing of that is under way any more, takes away or changes whatever names them and looks
 * for it once more. To be called again until `erased`. ERR_NOT_FOUND "no_workspace", "no_person";
 * ERR_CONFLICT "person_installs", "person_owns" with what to do first, "person_self". */
struct bot_forget {
    const char *workspace, *user_id;
    const char *actor; /* for the audit */
    /* May whoever asks do so still? Asked with the workspace locked before anything is ended, and
     * again before anything is erased; NULL: who has the machine may. */
    int (*still_may)(const void *arg, store *s, const struct workspace *w, struct err *e);
    const void *arg;
};
struct bot_forgotten {
    bool erased;
    int64_t waiting; /* not erased: jobs and runs under way; 0: proof.places name them still */
    const char *pseudonym;
    struct erased done;
    struct erase_proof proof;
};
int bot_forget(bot *b, arena *mem, const struct bot_forget *q, struct bot_forgotten *ret,
               struct err *e);

/* Starts a recipe for a person of a workspace, by a token of the role "act" and as if that person
 * had typed the command. ERR_NOT_FOUND "no_workspace", "no_recipe"; ERR_FORBIDDEN "act_token",
 * "act_off", "act_not_allowed" (the person is asked then, once a day), "act_recipe"; ERR_INVALID
 * with faults of the inputs; ERR_CONFLICT "act_key_used"; ERR_LIMIT "act_too_many". */
struct bot_act {
    const char *workspace, *user_id, *recipe;
    const char *key;          /* the same one begins the same run */
    const json_t *inputs;     /* an object of values; NULL: none */
    const char *token, *name; /* the token's digest and name; NULL: it is none of a workspace */
    const char *actor;        /* for the audit */
    struct faults *faults;
};
struct bot_acted {
    const char *run, *reference, *state;
};
int bot_act(bot *b, arena *mem, const struct bot_act *q, struct bot_acted *ret, struct err *e);

/* What a chat waits for with a person before it, as the door has read it. */
struct bot_sent {
    const char *workspace;
    enum job_kind kind; /* of its payload */
    struct bytes payload;
    const char *lane, *keys[3]; /* as a job's */
    int64_t until_ms; /* monotonic: after that nobody waits, and nothing is done any more */
};
/* A form that was sent: checked, and what it asks for is committed, or nothing is. ERR_TIMEOUT
 * "form_late" when the time was over. */
int bot_form_sent(bot *b, arena *mem, const struct bot_sent *sent, struct form_answer *ret,
                  struct err *e);
/* The press of a button that opens a form, on a chat that shows one in its answer: *ret the form;
 * NULL: none opens, and what there is to say stands in the chat. Else as above. */
int bot_form_open(bot *b, arena *mem, const struct bot_sent *sent, const json_t **ret,
                  struct err *e);
/* What the window of a login handed over (EVENT_CODE): taken, or not, in one transaction; what
 * there is to say stands in the one-to-one chat. Else as above. */
enum bot_code {
    BOT_CODE_TAKEN, /* its login is done, now or when it came before */
    BOT_CODE_WRONG, /* it is not the code of a login that waits for one, or that one's time is over
                     */
    BOT_CODE_NONE,  /* no login of this person waits for one */
    BOT_CODE_CANCELLED /* the window was closed: nothing changes */
};
int bot_code_sent(bot *b, arena *mem, const struct bot_sent *sent, enum bot_code *ret,
                  struct err *e);
/* A press in a place that others read, before anything is done: kept as a job, or *ret_refusal is
 * what whoever pressed is told, since the button is somebody else's; else NULL. ERR_TIMEOUT
 * "form_late" as above. */
int bot_press_sent(bot *b, arena *mem, const struct bot_sent *sent, const char **ret_refusal,
                   struct err *e);
/* A message of ours as whoever asks sees it (EVENT_LOOK); view NULL: there is nothing to see.
 * Changes nothing and asks nobody. */
struct bot_view {
    const json_t *view;
    const char *our_id;
    const char *owner_address; /* chat_post.owner_address */
};
int bot_view_of(bot *b, arena *mem, const struct bot_sent *sent, struct bot_view *ret,
                struct err *e);
/* The choices of a field that has many, by what was typed so far. Changes nothing. */
int bot_form_choices(bot *b, arena *mem, const struct bot_sent *sent, struct form_choice **ret,
                     size_t *ret_count, struct err *e);

/* oauth_return.connected; arg: the bot. What waited for the login goes on. */
int bot_login_connected(void *arg, store *s, const struct oauth_outcome *o, struct err *e);
/* The titles of what waits for this login, for its page, "and 2 more"; *ret NULL: nothing does. */
int bot_login_awaited(store *s, const struct login *l, const char **ret, size_t *ret_count,
                      struct err *e);

/* What a platform granted is kept, in one transaction, if the workspace may install by itself or
 * was made by an admin; the first who installed is its installer by that, and is welcomed. */
struct bot_install {
    bool allowed;
    bool first;            /* nobody had installed it there, nor given it a token */
    bool installer, admin; /* what whoever did it now is there */
    bool has_commands;     /* of before */
    const char *missing;   /* scopes that were asked for and not granted, for people; NULL: none */
};
int bot_install(bot *b, arena *mem, const struct installation *i, struct bot_install *ret,
                struct err *e);
/* This person is no admin of the workspace any more, in this transaction: where tokens of the API
 * that they made still work, the audit says so, by `actor`, and a job tells the admins once. */
int bot_admin_ended(store *s, const char *workspace, const char *user_id, const char *actor,
                    struct err *e);
/* Has this workspace a token of the bot? */
int bot_stands(bot *b, arena *mem, const char *workspace, bool *ret, struct err *e);

/* The page of a set-up link shows a new code, to be sent in the chat (setup.c); *ret NULL: the link
 * is over. */
int bot_setup_show(bot *b, arena *mem, const struct setup *link, const char **ret, struct err *e);

/* The page of a console link shows a new code, to be sent in the chat (console.c), and this browser
 * (hash of its cookie) is the one that it lets in; *ret NULL: the link is over, or another
 * browser's. */
struct bot_console {
    const struct console_session *link;
    const char *browser_hash, *was_hash; /* was: of the cookie that came; NULL: none */
};
int bot_console_show(bot *b, arena *mem, const struct bot_console *what, const char **ret,
                     struct err *e);

/* Workspaces that were removed 30 days ago go with all that admins set up there; the grants of
 * their default connections are revoked. */
int bot_forget_removed(bot *b, arena *mem, struct err *e);

/* After oauth_callback() and oauth_identity(): the prompt in the chat says what happened and what
 * to do next. */
int bot_login_returned(bot *b, arena *mem, const struct oauth_outcome *o, struct err *e);
/* "Not me" on the page: login ended, tokens revoked, prompt says so. */
int bot_login_not_me(bot *b, arena *mem, const struct workspace *w, const struct login *l,
                     struct err *e);
/* A login to take a default connection over in the chat was ended by another way to log it in. */
int bot_takeover_replaced(bot *b, store *s, const struct workspace *w, const struct login *l,
                          struct err *e);
/* "Send me a new prompt" on the page of an old handle: a new prompt goes to its user privately,
 * unless one is open already or the user may not use Workbot (any more): then an old link makes no
 * rows and changes no prompt. */
enum bot_renewed { BOT_RENEWED, BOT_RENEWED_BEFORE, BOT_RENEWED_NEVER };
int bot_prompt_renew(bot *b, arena *mem, const struct workspace *w, const struct login *l,
                     enum bot_renewed *ret, struct err *e);

/* Logins and runs whose time is over, each told to its user. *ret_more: there is more to do. */
int bot_expire(bot *b, arena *mem, bool *ret_more, struct err *e);

/* A message of ours is to be sent: what one person does in a place is told there in its order, and
 * one that the platform refuses again and again keeps nobody else's back. */
int bot_message_send(store *s, arena *mem, const struct message *m, struct err *e);
/* What a hook's recipe tells could not be delivered: the admins are told. Nothing of others. */
int bot_post_undelivered(store *s, arena *mem, const struct message *m, const char *code,
                         struct err *e);
/* The lane of its send jobs: a job of another one is of the time before the message moved. */
const char *bot_message_lane(arena *mem, const struct message *m);
/* What is said where it was asked for, when the private message about it could not arrive. */
struct bot_unreached {
    const struct chat_driver *driver; /* NULL: its platform was switched off */
    const char *name;                 /* of the reader; NULL: nobody's */
    bool maybe;                       /* nobody can say whether it arrived */
    bool idle;                        /* it was an answer: nothing waits */
};
json_t *bot_unreachable_view(arena *mem, const struct bot_unreached *who);
/* What is said in private, when the platform does not take a message of that person as it is. */
json_t *bot_refused_view(arena *mem);
/* The same on the user's home page, if it was ever opened; last in a transaction. */
int bot_unreachable_at_home(store *s, arena *mem, const struct user *u, struct err *e);

/* Adds the jobs that compare the people of a workspace with what its platform says of them, for
 * those workspaces whose time has come. */
int bot_reconcile_due(bot *b, store *s, struct err *e);
/* The same for jobs that ask about tokens of bots. */
int bot_check_due(bot *b, store *s, struct err *e);
/* The same for jobs that renew connections which would end for want of use. */
int bot_keep_due(bot *b, store *s, struct err *e);

/* Built-in words, NULL-terminated: no recipe's command may equal or begin one. */
const char *const *bot_reserved_words(void);

/* A revocation that is given up: its user is told to end the login in the app. */
int bot_revoke_failed(bot *b, arena *mem, const struct job *j, const struct err *why,
                      struct err *e);

/* A renewal that is given up: whoever asked for it is told. */
int bot_keep_failed(bot *b, arena *mem, const struct job *j, const struct err *why, struct err *e);

/* Tells an end that a worker could not bring about: attempts used up, fault of ours. */
int bot_run_failed(bot *b, arena *mem, const struct job *j, const struct err *why, struct err *e);

#endif

#ifndef WB_STORE_CONSOLE_H
#define WB_STORE_CONSOLE_H

/* Who is signed in to the console, and how they got there: an admin by a link and a code, an
 * operator by a token. The common rules stand in store.h. */

#include "store/session.h"

enum {
    CONSOLE_CODES_MAX = 5, /* codes that one link shows */
    CONSOLE_TRIES = 3      /* wrong ones that it outlives but for the last */
};

/* One sign-in of one admin. */
struct console_session {
    const char *workspace;
    const char *id;
    const char *user_id;
    const char *link_hash;    /* the link itself stands nowhere */
    const char *browser_hash; /* NULL: the link was not used yet */
    int64_t link_expires_at;
    int64_t codes; /* shown so far */
    int64_t proven_at;
    int64_t opened_at, last_used_at, expires_at; /* 0: not signed in */
    int64_t ended_at;
};

/* A new link of this user, who had no other one that can be used from now on. */
int store_console_add(store *s, const struct console_session *x, struct err *e);
int store_console_by_link(store *s, const char *workspace, const char *link_hash,
                          struct console_session **ret, struct err *e);
/* Its code is code_hash from now on, and this browser the one that it lets in. *ret false: the link
 * is over, used up, another browser's, or has shown its last code. */
struct console_code {
    const char *id;
    const char *browser_hash; /* as it will be */
    const char *was_hash;     /* as it must be, where the link was used before; NULL: none came */
    const char *code_hash;
    int64_t ttl_s;
};
int store_console_show(store *s, const char *workspace, const struct console_code *c, bool *ret,
                       struct err *e);
enum console_typed {
    CONSOLE_CODE_RIGHT,
    CONSOLE_CODE_WRONG,
    CONSOLE_CODE_SPENT, /* that was the last try: its link is over */
    CONSOLE_CODE_NONE   /* no link of this user shows one */
};
/* This user sent a code in the chat: a right one proves the link's browser. */
int store_console_prove(store *s, const char *workspace, const char *user_id, const char *code_hash,
                        enum console_typed *ret, struct err *e);
/* The proven browser is signed in, once. *ret false: it is not the one, or not (any more) proven.
 */
struct console_entry {
    const char *id, *browser_hash, *token_hash;
    int64_t ttl_s;
};
int store_console_enter(store *s, const char *workspace, const struct console_entry *x, bool *ret,
                        struct err *e);
/* In place of a typed code: this attempt of some browser to sign in at the chat platform, by its
 * hash, for as long as the link is good. It can be guessed by nobody, so a link has any number, and
 * the newest 20 can come back: whoever else has the link voids neither the code that its owner's
 * page shows nor, in a moment, an attempt. *ret false: the link is over, or proven. */
int store_console_sign_in(store *s, const char *workspace, const char *id, const char *hash,
                          bool *ret, struct err *e);
/* Spends such an attempt: *ret whose link it is; NULL: there is no such one. */
int store_console_returned(store *s, const char *workspace, const char *hash,
                           struct console_session **ret, struct err *e);
/* Whose link it is has signed in in this very browser: signed in here, once. */
int store_console_let_in(store *s, const char *workspace, const struct console_entry *x, bool *ret,
                         struct err *e);
/* Whose cookie this is; *ret NULL: nobody's, or it was not used for idle_s, or its time is over.
 * It counts as used now. */
int store_console_find(store *s, const char *workspace, const char *token_hash, int64_t idle_s,
                       struct console_session **ret, struct err *e);
/* Those that are signed in, newest first. */
int store_console_list(store *s, const char *workspace, int64_t idle_s,
                       struct console_session **ret, size_t *ret_count, struct err *e);
/* Ends one (id), all of a user (user_id), or all of the workspace, with links that can be used. */
int store_console_end(store *s, const char *workspace, const char *id, const char *user_id,
                      int64_t *ret_count, struct err *e);
/* Ends those of people who are no admins any more. */
int store_console_prune(store *s, const char *workspace, struct err *e);

/* --- operators --- */

int store_operator_enter(store *s, const char *token_hash, const char *actor, int64_t ttl_s,
                         struct err *e);
/* The actor, as above; *ret NULL: nobody. */
int store_operator_find(store *s, const char *token_hash, int64_t idle_s, const char **ret,
                        struct err *e);
/* One operator in one browser. */
struct operator_session {
    const char *id; /* the beginning of token_hash: it names a session, and opens none */
    const char *actor;
    int64_t opened_at, last_used_at;
};
/* Those that are signed in, newest first, also with tokens that are none of the deployment's any
 * more. */
int store_operator_list(store *s, int64_t idle_s, struct operator_session **ret, size_t *ret_count,
                        struct err *e);
/* By its id, or by the whole token_hash; *ret_actor NULL: there was none. */
int store_operator_end(store *s, const char *id, const char **ret_actor, struct err *e);

#endif

#ifndef WB_STORE_CONVERSATIONS_H
#define WB_STORE_CONVERSATIONS_H

/* Where a platform is reached that has no one address for all: its conversations and its people.
 * The common rules stand in store.h. */

#include "store/session.h"

struct conversation {
    const char *workspace;
    const char *channel;
    const char *address; /* of the platform's servers for it, as its newest event says */
    const char *kind; /* "personal", "group", "channel" (of one organisation, for ever), "shared";
                         NULL: not said; what was known stays, else "shared" */
    const char *team; /* the platform's team that it is a channel of; NULL: of none, or not said */
    int64_t at_ms;    /* when what says so happened; 0: not said, it is no older than all */
    bool begins;      /* learn: the bot came there, and to all of the team */
};
/* Something came from there: this is its address from now on, and it is not gone, unless it is
 * older than what took the bot away. Writes and locks nothing when that is known already. */
int store_conversation_learn(store *s, const struct conversation *c, struct err *e);
/* The bot was taken out of it, and of all that its team (NULL: none) has: channel, team and at_ms
 * alone count. *ret_late (may be NULL): something newer was heard from there, or whose one-to-one
 * chat it is has begun a login or connected since, so nothing is gone. */
int store_conversation_gone(store *s, const struct conversation *c, bool *ret_late, struct err *e);
/* Something is to be posted there though nothing was ever heard from it: it is tried by the newest
 * address of this workspace. On a platform that has no addresses, nothing happens. */
int store_conversation_assume(store *s, const char *workspace, const char *channel, struct err *e);
/* Whose one-to-one chat it is; NULL: nobody's that is known. */
int store_conversation_owner(store *s, const char *workspace, const char *channel,
                             const char **ret_user_id, struct err *e);

/* How the platform is asked about something; texts are NULL where nothing is known. */
struct reach {
    const char *address;
    const char *channel; /* of a person: a conversation that the person is in */
    const char *person;  /* the person's other id */
    bool own;            /* of a channel: nobody of another organisation is in it, ever */
};
int store_reach_channel(store *s, const char *workspace, const char *channel, struct reach *ret,
                        struct err *e);
/* By the one-to-one chat, or else where the person was last seen; to be asked about, if there is
 * nothing better, by one that is gone. */
int store_reach_user(store *s, const char *workspace, const char *user_id, struct reach *ret,
                     struct err *e);
/* Who writes by this other id, and in which conversation. */
int store_user_seen(store *s, const char *workspace, const char *user_id, const char *address,
                    const char *channel, struct err *e);

#endif

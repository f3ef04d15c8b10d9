#ifndef WB_OAUTH_BOT_TOKEN_H
#define WB_OAUTH_BOT_TOKEN_H

#include "oauth.h"

/* --- the bot's own token at its chat (bot_token.c) --- */

struct oauth_bot {
    struct chat_access access; /* for the calls of a chat driver */
    int64_t expires_at;        /* of its token, epoch seconds; 0: never */
    int64_t generation;        /* of its token */
    bool active;               /* its workspace is */
    bool renews;               /* there is something to renew it with */
    bool unchecked;            /* the platform has not said yet whose it is: nobody uses it */
    bool asks;                 /* except for whoever asks that (oauth_bot_check) */
    bool refused;              /* in: the platform said that this very token has expired */
    bool renewed;              /* oauth_bot_again has given another one: it does so once */
};
/* What a row says that was just read. */
struct oauth_bot oauth_bot_of(const struct workspace *w);
/*
 * A usable token of this workspace's bot (none where the app's own does: that the workspace is
 * active is all that it takes), refreshed first when it is about to end: by one caller over all
 * replicas, and the new pair is stored before anybody uses it. With *ret from a row that
 * was just read (oauth_bot_of) a usable token costs no query; zeros: the row is read. No session of
 * the store may be open. Errors: ERR_CONFIG "chat_dead" (none is stored, or the platform does not
 * take it any more: the workspace is broken until it is installed again), ERR_LIMIT "refreshing"
 * (again after retry_after_ms), ERR_LIMIT "chat_unchecked" (one that was put, of which the platform
 * has not said yet whose it is: oauth_bot_check wakes the jobs that wait for it),
 * ERR_UPSTREAM_BUSY, ERR_TIMEOUT.
 */
int oauth_bot_access(oauth *o, arena *mem, const char *workspace, struct oauth_bot *ret,
                     struct err *e);
/* To be asked after each failed call of a chat driver. True: *as has another token, *e is cleared,
 * and the same call is to be made once more. False: *e stands; what it says of the bot itself
 * (dead, a scope that lacks) has been noted. while ((rc = driver->person(c, mem, &as.access, id,
 * &person, e)) != 0 && oauth_bot_again(o, mem, &as, e)) {
 *     }
 */
bool oauth_bot_again(oauth *o, arena *mem, struct oauth_bot *as, struct err *e);
/* Asks the platform about a token that was refused, or that nobody has tried: one that it takes
 * makes the workspace active, one that it refuses, or that is another workspace's, breaks it. Else
 * *e says why nothing is known. */
int oauth_bot_check(oauth *o, arena *mem, const char *workspace, struct err *e);
/* Where the platform is asked about this user, or about this channel when user_id is NULL: into
 * as->access, for the drivers that need it. No session of the store may be open. */
int oauth_bot_reach(oauth *o, arena *mem, struct oauth_bot *as, const char *user_id,
                    const char *channel, struct err *e);
/* Was a call refused for its token alone? */
bool oauth_bot_is_refused(const struct err *e);

#endif

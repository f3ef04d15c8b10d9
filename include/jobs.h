#ifndef WB_JOBS_H
#define WB_JOBS_H

#include <stdint.h>

#include "bot.h"
#include "chat.h"
#include "config.h"
#include "oauth.h"
#include "store.h"

/* Work out of the database: threads that claim, run and settle jobs; the janitor. */
typedef struct jobs jobs;

struct jobs_options {
    const struct config *config;
    stores *stores;
    stores *reserved; /* what the claimer and the janitor use: no job keeps them waiting */
    chats *chats;
    bot *bot;
    oauth *oauth;
    void (*cut)(void *arg); /* ends running calls out when the drain time is over */
    void *cut_arg;
};
/* How many of so many workers run commands at the same time, that is, may wait for apps. */
size_t jobs_places(size_t workers);
/* Starts config->workers threads, the claimer and the janitor. */
jobs *jobs_start(arena *boot, const struct jobs_options *options);
/* There is something to do: called after commits, from any thread. */
void jobs_wake(void *jobs);
/* No more claims; running jobs end (at most drain_ms), threads joined. */
void jobs_stop(jobs *j, int64_t drain_ms);

#endif

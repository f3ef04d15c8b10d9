/* What all stand-ins share: one lock around all state, the seed, the settings of the program and
 * a version that grows with every visible change (for the chat page). */
#ifndef SANDBOX_WORLD_H
#define SANDBOX_WORLD_H

#include "util.h"

void world_lock(void);
void world_unlock(void);

/* Something visible changed: wakes the long polls. Any thread, lock held or not. */
void world_touch(void);
int64_t world_version(void);

/* Loads the built-in seed, lays the file over it (NULL: none) and resets every peer.
 * Objects are merged key by key, everything else is replaced. 0 or -1 with a message. */
int world_load(const char *file);
/* Back to the state after world_load; settings made since (PUT /_config) stay. */
void world_reset(void);

/* Settings of the seed's top level. The lock is held. */
const char *world_bot_url(void); /* where deliveries go; "" when unset */
void world_set_bot_url(const char *url);
/* Address at which the bot reaches the main listener: "http://127.0.0.1:PORT" unless set. */
const char *world_public_url(void);
void world_set_public_url(const char *url);
const json_t *world_seed(void);
/* Where the npm package adaptivecards has its script; it need not be there. */
const char *world_cards_file(void);
void world_set_cards_file(const char *file);

#endif

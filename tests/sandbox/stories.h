/* What people do in the apps themselves, so that the apps tell the bot of it. POST /_happen. */
#ifndef SANDBOX_STORIES_H
#define SANDBOX_STORIES_H

#include "http.h"

/* On a worker thread, the world unlocked; body is the JSON object of the call. */
void story_happen(struct request *req, const json_t *body);

#endif

/* The apps' own messages to the bot: outbound messages, webhooks, scripts. POST /_hook. */
#ifndef SANDBOX_APP_HOOKS_H
#define SANDBOX_APP_HOOKS_H

#include "http.h"

/* On a worker thread; body is the JSON object of the call. */
void app_hook_send(struct request *req, const json_t *body);
/* The same without an answer: whether it was taken. */
bool app_hook_tell(const json_t *ask);

#endif

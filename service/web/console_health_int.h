#ifndef WB_WEB_CONSOLE_HEALTH_INT_H
#define WB_WEB_CONSOLE_HEALTH_INT_H

#include "console_int.h"

/* What the pages of health share. */

/* What of a workspace needs somebody: the bot, default connections, hooks. [{label, text, href,
 * state: {word, tone}}] (console_needs.c) */
int console_needs(struct console *c, json_t **ret, struct err *e);
/* data gets "waiting", "waits_long", "waiting_words" and "oldest" of a queue as the API tells it
 * (console_health.c). */
void console_put_queue(struct console *c, const json_t *queue, json_t *data);

#endif

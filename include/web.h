#ifndef WB_WEB_H
#define WB_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include "apps.h"
#include "base/arena.h"
#include "base/err.h"
#include "bot.h"
#include "chat.h"
#include "config.h"
#include "crypto.h"
#include "net.h"
#include "oauth.h"
#include "recipe.h"
#include "store.h"

/*
 * HTTP in: webhooks (verified and committed before the 200), the login pages, the API and the ops
 * listener. libmicrohttpd lives behind service/web/server.c.
 */
typedef struct web web;

struct web_options {
    const struct config *config;
    stores *stores;
    stores *reserved; /* what stores inbound events; NULL: `stores` */
    const keyring *keys;
    chats *chats;
    const apps *apps;
    oauth *oauth;
    bot *bot;
    bool serve_web;          /* false for the role `worker`: the ops listener only */
    void (*wake)(void *arg); /* called after events were committed */
    void *wake_arg;
};

/* Binds all listeners and starts their threads. ERR_CONFIG with the address that cannot be
 * bound. */
int web_start(arena *boot, const struct web_options *options, web **ret, struct err *e);
/* What /readyz asks: 0 when the database answers, has its migrations, and holds what the keys open.
 */
int web_ready(const web *w, arena *mem, struct err *e);
/* The port that a listener got (for port 0): "main", "ops" or "api". */
int web_port(const web *w, const char *listener);
/* SIGTERM: no new connections, readiness false, running requests end (at most drain_ms), suspended
 * ones are answered, threads joined. */
void web_stop(web *w, int64_t drain_ms);

#endif

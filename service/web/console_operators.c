#include "console_int.h"

#include "base/clock.h"
#include "base/log.h"

/* Operators who are in the console, and their ends. An operator belongs to no workspace, whose
 * audit could say so: the log does, with the token's fingerprint and the address. */

int console_operators(struct console *c, json_t *data, struct err *e)
{
    struct operator_session *list = NULL;
    size_t count = 0;
    store *s = NULL;
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_operator_list(s, c->web->config->ttl_console_idle, &list, &count, e);
    store_close(s);
    json_put(data, "operators", json_array());
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct operator_session *x = &list[i];
        if (!gates_knows(c->web->gates, x->actor)) {
            continue; /* its token is none any more: it lets nobody in */
        }
        json_push(
            json_member(data, "operators"),
            json_must(json_pack("{s:s, s:s, s:b, s:s, s:s}", "id", x->id, "actor", x->actor, "own",
                                str_starts(c->token_hash, x->id), "opened",
                                console_time(c->mem, clock_rfc3339(c->mem, x->opened_at)), "used",
                                console_time(c->mem, clock_rfc3339(c->mem, x->last_used_at)))));
    }
    return rc;
}

int console_operator_end(const struct console *c, const char *id, struct err *e)
{
    store *s = NULL;
    const char *of = NULL;
    if (store_enter(c->web->options.stores, c->mem, &s, e) != 0 ||
        store_leave(s, store_operator_end(s, id, &of, e), e) != 0) {
        return -1;
    }
    if (of != NULL) {
        log_info("an operator was signed out of the console", LOG_TEXT("actor", c->actor),
                 LOG_TEXT("session_of", of), LOG_TEXT("address", c->q->remote),
                 LOG_TEXT("request_id", c->q->id));
    }
    return 0;
}

int console_operators_end(struct console *c, struct err *e)
{
    const char *id = NULL;
    if (console_field(c, "id", &id, e) != 0 || console_operator_end(c, id, e) != 0) {
        return -1;
    }
    bool own = !str_empty(id) && str_starts(c->token_hash, id);
    console_done(c, own ? "/console" : "/console/deployment", "ended");
    return 0;
}

#include "engine.h"

#include "base/str.h"

/*
 * The app takes a person's token, and it allows less than a step needs (RFC 6750 section 3.1): a
 * refresh brings nothing more. Its person is asked for consent again, once: a run whose new login
 * does not bring it either has failed, and so have all that come after it.
 */

/* A login there was finished while this run waited for it. */
static int has_waited(const struct engine *g, store *s, const struct default_connection *d,
                      bool *ret, struct err *e)
{
    const struct run *r = g->out->run;
    struct login *l = NULL;
    if (r->login_id != NULL && store_login_find(s, r->workspace, r->login_id, &l, e) != 0) {
        return -1;
    }
    *ret = l != NULL && l->state == LOGIN_DONE && str_equal(l->default_name, d->name);
    return 0;
}

/* Nobody is asked for it again, until they log in there or an admin changes the scopes. */
static int remember(store *s, const struct connection *c, struct err *e)
{
    bool changed = false;
    if (store_begin(s, e) != 0 ||
        store_connection_set_state(s, c->workspace, c->id, c->generation, CONNECTION_ACTIVE,
                                   OAUTH_SCOPE_REFUSED, &changed, e) != 0 ||
        (changed && store_home_want(s, c->workspace, c->user_id, 1, e) != 0)) {
        return -1;
    }
    return store_commit(s, e);
}

static int look(struct engine *g, store *s, const struct engine_scope *q, bool *ret_ask,
                struct err *e)
{
    const struct resolved *d = q->resolved;
    const oauth *o = g->recipes->options.oauth;
    struct connection *c = NULL;
    bool waited = false;
    if (store_connection_load(s, d->connection->workspace, d->connection->id, &c, e) != 0 ||
        has_waited(g, s, d->def, &waited, e) != 0) {
        return -1;
    }
    if (c->state != CONNECTION_ACTIVE || str_equal(c->reason, OAUTH_SCOPE_REFUSED) ||
        !oauth_consent_helps(o, g->mem, d->def, c, q->needed)) {
        return 0;
    }
    *ret_ask = !waited;
    return waited ? remember(s, c, e) : 0;
}

int engine_consent(struct engine *g, const struct engine_scope *q, bool *ret_ask, struct err *e)
{
    store *s = NULL;
    *ret_ask = false;
    if (q->resolved->rule != RULE_PERSONAL) {
        return 0;
    }
    if (engine_open(g, &s, e) != 0) {
        return -1;
    }
    int rc = look(g, s, q, ret_ask, e);
    store_close(s);
    if (rc == 0 && *ret_ask) {
        g->out->end = RUN_END_LOGIN;
        g->out->need = q->resolved;
        g->out->consent_generation = q->generation;
    }
    return rc;
}

#include "engine.h"

#include "base/str.h"
#include "crypto.h"

/*
 * What has begun as one account does not go on as another one. Where its person chose another one
 * meanwhile, it stays with the one on record for as long as that can act. Where the login itself is
 * another account's by now, what was only read may go on as that, and what has written stops: its
 * record and its answer name one account for each connection (P2).
 */

char *engine_account_hash(const struct engine *g, const struct account *a)
{
    return a->key == NULL
               ? NULL
               : crypto_hash_text(g->mem, arena_printf(g->mem, "%s %s", g->out->run->id, a->key));
}

static bool is_personal(const struct resolved *d)
{
    return d->rule == RULE_PERSONAL || d->rule == RULE_LOGIN;
}

/* Under this alias; also what may only have been written. */
static bool has_written(const struct engine *g, const char *alias)
{
    const struct recipe *r = g->out->recipe;
    for (size_t i = 0; i < g->known_count; i++) {
        size_t place = (size_t)(g->known[i].position % STEP_SPAN);
        const struct recipe_step *p = place < r->steps_count ? &r->steps[place] : NULL;
        bool over =
            str_equal(g->known[i].state, "skipped") || str_equal(g->known[i].state, "failed");
        if (p != NULL && !over && g->known[i].turn != STEP_LOOP && str_equal(p->alias, alias) &&
            engine_may_write(g, p)) {
            return true;
        }
    }
    return false;
}

static bool is_other(const struct engine *g, const struct run_connection *acted,
                     const struct resolved *d)
{
    const char *now =
        d->connection == NULL ? NULL : engine_account_hash(g, &d->connection->account);
    return now != NULL && acted->account_hash != NULL && !str_equal(now, acted->account_hash);
}

int engine_stay(struct engine *g, store *s, struct resolved *io, struct err *e)
{
    struct run_outcome *out = g->out;
    struct run_connection *list = NULL, *acted = NULL;
    size_t count = 0;
    if (store_run_connections(s, out->run->workspace, out->run->id, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count && acted == NULL; i++) {
        acted = str_equal(list[i].alias, io->alias) ? &list[i] : NULL;
    }
    if (acted == NULL) {
        return 0;
    }
    if (is_personal(io) && recipe_resolve_again(s, out->run, acted, io, e) != 0) {
        return -1;
    }
    if (is_other(g, acted, io) && has_written(g, io->alias)) {
        out->began_as = acted;
        out->goes_as = io->connection;
    }
    return 0;
}

#include "oauth_int.h"

#include "base/str.h"

/*
 * Some apps say the same of a grant that has ended and of a client that is wrong (P7). Whether the
 * client is right is shown by a refresh of the default connection's own tokens, which are of the
 * same client: on record and under the lease of that row, as every refresh is.
 */

static int load_own(oauth *o, arena *mem, const struct default_connection *d,
                    struct connection **ret, struct err *e)
{
    store *s = NULL;
    if (store_open(o->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_connection_find(s, d->workspace, d->name, "", ret, e);
    store_close(s);
    return rc;
}

static bool can_tell(const struct connection *own, const struct connection *asked)
{
    return own != NULL && !str_equal(own->id, asked->id) && own->state == CONNECTION_ACTIVE &&
           !secret_empty(own->tokens.refresh);
}

void oauth_clear_up(oauth *o, arena *mem, const struct oauth_unclear *of, struct err *io)
{
    struct connection *own = NULL, *unused = NULL;
    struct err why = {0};
    if (!str_equal(io->code, "grant_unclear")) {
        return;
    }
    if (load_own(o, mem, of->def, &own, &why) != 0) {
        *io = why;
        return;
    }
    bool asked = can_tell(own, of->connection);
    if (asked && oauth_refresh(o, mem, own, of->def, &unused, &why) == 0) {
        io->code = "grant_dead";
        return;
    }
    if (asked && err_fate(why.kind) == FATE_AGAIN) {
        *io = why; /* nothing is known yet */
        io->maybe_done = false;
        return;
    }
    err_set(io, ERR_CONFIG, "grant_unclear",
            "connection %s: its grant has ended, or the client of %s is wrong", of->connection->id,
            of->def->name);
}

#ifndef WB_STORE_MOVES_H
#define WB_STORE_MOVES_H

/* A team's workspace becomes part of its organisation's (moves.c, move_rows.c). The common rules
 * stand in store.h. */

#include "store/connections.h"
#include "store/people.h"
#include "store/session.h"
#include "store/workspaces.h"

struct workspace_move {
    const char *from, *to;
};

/* One that gave way to another of the same person: its row is gone, its tokens are still alive. */
struct move_lost {
    struct connection *connection;
    struct default_connection *def;
};

struct workspace_moved {
    bool gone; /* there is no such workspace (any more) */
    bool busy; /* work of it is under way: to be tried again, after a rollback */
    struct move_lost *lost;
    size_t lost_count;
    const char **renamed; /* "acme-salesforce is acme-salesforce-t0acme now": default connections
                             and recipes whose name was taken */
    size_t renamed_count;
    const char **disabled; /* recipes whose command was taken, by their new name */
    size_t disabled_count;
    const char **closed; /* recipes that everybody of the team could run with a shared account: off
                            until an admin says who it is now */
    size_t closed_count;
};

/*
 * Everything of `from` belongs to `to` afterwards, in the caller's transaction; `to` keeps its
 * settings and admins. Links and callbacks go on to work. A default connection of the same name,
 * app, host and client is one with that of `to`; of two connections of one person under it the
 * active one stays, of two alike the one used last.
 */
int store_workspace_move(store *s, const struct workspace_move *q, struct workspace_moved *ret,
                         struct err *e);

/* A job of the organisation's workspace for each of these teams (keys of workspaces) that has a
 * workspace of its own: the organisation's installation reaches them now. */
int store_move_want(store *s, const char *org, const char *const *teams, size_t count,
                    struct err *e);

#endif

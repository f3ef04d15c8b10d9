#ifndef WB_STORE_WORKSPACES_H
#define WB_STORE_WORKSPACES_H

/* Workspaces: settings, installation, and the bot's own token. The common rules stand in
 * store.h. */

#include "store/session.h"

/* --- workspaces (workspaces.c) --- */

struct workspace {
    const char *workspace; /* "slack:T..." */
    const char *route;     /* 16 hex digits */
    const char *name;
    const char *installer; /* user id, or NULL */
    const char **admins;
    size_t admins_count;
    bool installer_uses_default;
    bool guests_allowed;
    const char *bot_user_id;
    struct secret bot_token;
    struct secret bot_refresh; /* of a put alone: with a bot_token that rotates */
    int64_t bot_expires_at;    /* 0: never */
    int64_t bot_generation;
    bool bot_renews;       /* it rotates, and may still be renewed */
    bool bot_unchecked;    /* it stands there, and the platform has not said yet whose it is */
    const char *bot_fault; /* why its token cannot be used, or soon will not be; NULL */
    const char *bot_id;
    const char **bot_scopes; /* granted */
    size_t bot_scopes_count;
    const char **missing_scopes;
    size_t missing_scopes_count;
    const char *organization; /* the platform's id of it; NULL: none */
    bool org_wide;            /* the installation serves all of the organisation */
    const char *url;          /* of the workspace in the browser; NULL: not known */
    const char *state;        /* "draft", "active", "broken", "removed" */
    int64_t installed_at, ended_at;
    int64_t created_at, updated_at;
    bool acting;       /* tokens of the role "act" may start recipes for people */
    int64_t stored_us; /* updated_at in microseconds: tells one change from the next */
};

/* Stores the settings, bot_user_id, bot_token and state; makes the route at the first put (w->route
 * is ignored). An empty bot_token keeps the stored one unless clear_token; another one, or none,
 * takes all with it that was known of the old one. Of a new one nothing is known: it is due to be
 * checked in 15 seconds, unless store_bot_check_later() has it done at once. */
int store_workspace_put(store *s, const struct workspace *w, bool clear_token, struct err *e);
int store_workspace_find(store *s, const char *workspace, struct workspace **ret, struct err *e);
/* The same, locked until the transaction ends: its settings and what belongs to it change one after
 * the other. Users, runs and logins may still be added. */
int store_workspace_lock(store *s, const char *workspace, struct workspace **ret, struct err *e);
/* A row with the defaults where there is none; waits for whoever makes the same one. */
int store_workspace_make(store *s, const char *workspace, bool *ret_made, struct err *e);
/* By the routing key of a public link. */
int store_workspace_by_route(store *s, const char *route, struct workspace **ret, struct err *e);
/* Those behind the key `after` (NULL: from the first), in the order of strcmp; at most `limit`. */
struct workspace_line {
    const char *workspace, *name, *state;
};
int store_workspace_page(store *s, const char *after, int64_t limit, struct workspace_line **ret,
                         size_t *ret_count, struct err *e);
/* Has anything ever come from its chat? */
int store_workspace_heard(store *s, const char *workspace, bool *ret, struct err *e);
/* Is Workbot installed anywhere? */
int store_workspace_any(store *s, bool *ret, struct err *e);
/* How far its set-up is. */
struct workspace_progress {
    bool installed; /* the bot was, at least once */
    bool app;       /* a default connection has its client */
    bool recipe;    /* one is switched on */
    bool ran;       /* a run was done, and is kept still */
};
int store_workspace_progress(store *s, const char *workspace, struct workspace_progress *ret,
                             struct err *e);
/* With everything in it, except the audit trail and revoke jobs. */
int store_workspace_delete(store *s, const char *workspace, bool *ret_existed, struct err *e);

/* --- installation (installations.c) --- */

/* Of a bot. */
struct bot_tokens {
    struct secret access, refresh; /* no refresh: it never expires */
    int64_t expires_at;            /* 0: never */
};

/* What a platform granted. */
struct installation {
    const char *workspace;
    const char *name;    /* as the platform calls it; used where the row has none */
    const char *user_id; /* who installed */
    bool first;          /* becomes installer and admin by it */
    const char *bot_user_id, *bot_id;
    struct bot_tokens tokens;
    const char **scopes;
    size_t scopes_count;
    const char **missing_scopes; /* of those that were asked for */
    size_t missing_scopes_count;
    const char *organization;
    bool org_wide;
    const char **teams; /* that an organisation's installation reaches: keys of workspaces */
    size_t teams_count;
    const char *url;
};
/* The grant takes the place of what stood in this row, and the workspace is active. */
int store_workspace_install(store *s, const struct installation *i, struct err *e);
/* Removed: the bot's tokens are wiped, settings stay. *ret_ended false: it was removed before, or
 * has another token than that of `generation`, so that somebody has installed it again. */
int store_workspace_end(store *s, const char *workspace, int64_t generation, bool *ret_ended,
                        struct err *e);
/* Removed ones whose time is over. */
int store_workspace_removed(store *s, int64_t older_than_s, int64_t limit, const char ***ret,
                            size_t *ret_count, struct err *e);
/* Users, in the order of their ids, who have personal connections, open logins or open runs. */
int store_people_held(store *s, const char *workspace, const char *after_user_id, int64_t limit,
                      const char ***ret, size_t *ret_count, struct err *e);
/* A scope that a call lacked; *ret_new: it had not been noted since the installation. */
int store_workspace_scope_missing(store *s, const char *workspace, const char *scope, bool *ret_new,
                                  struct err *e);

/* --- the bot's token: its refresh by lease and generation (bot_tokens.c) --- */

/* One caller over all replicas gets *ret_mine = true, with the refresh token: the row is active,
 * has this generation and no live lease, and now one of lease_s. *ret_tries: how often this very
 * token has been sent without an answer, this time included. */
struct bot_refresh {
    bool mine;
    int64_t tries;
    struct secret refresh;
};
int store_bot_refresh_begin(store *s, const char *workspace, int64_t generation, int64_t lease_s,
                            struct bot_refresh *ret, struct err *e);
/* The new pair, generation + 1. False when the generation moved on. */
int store_bot_refresh_done(store *s, const char *workspace, int64_t generation,
                           const struct bot_tokens *t, bool *ret_stored, struct err *e);
/* No new pair; the next may try after cool_s. answered: the platform has surely not used the
 * refresh token up. fault: no more tries with it; NULL: none. */
struct bot_refresh_failure {
    bool answered;
    int64_t cool_s;
    const char *fault;
};
int store_bot_refresh_failed(store *s, const char *workspace, int64_t generation,
                             const struct bot_refresh_failure *f, struct err *e);
/* The platform does not take the token of this generation any more: state "broken". */
int store_bot_broken(store *s, const char *workspace, int64_t generation, const char *fault,
                     bool *ret_changed, struct err *e);

/* Workspaces whose bot token the platform is to be asked about now: broken ones, and those with a
 * token that nobody has tried. The next time of each is later, from a minute on to an hour. */
int store_bot_check_due(store *s, int64_t max, const char ***ret, size_t *ret_count, struct err *e);
/* Adds the job that asks; one that waits already is enough. */
int store_bot_check_later(store *s, const char *workspace, struct err *e);
/* The platform takes the token of this generation: the workspace is active, and what was held for
 * it goes on. expired: it takes it no more, but may renew it. *ret_changed false: the row has moved
 * on, or what is wrong with it is another thing. */
struct bot_good {
    const char *user_id, *bot_id, *url; /* NULL: as it was */
    bool expired;
};
int store_bot_good(store *s, const char *workspace, int64_t generation, const struct bot_good *g,
                   bool *ret_changed, struct err *e);

#endif

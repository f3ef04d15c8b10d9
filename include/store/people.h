#ifndef WB_STORE_PEOPLE_H
#define WB_STORE_PEOPLE_H

/* Workspaces, their users, and the default connections that admins set up. The common rules
 * stand in store.h. */

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
    const char *state;
    int64_t created_at, updated_at;
};

/* Stores every member; makes the route at the first put (w->route is ignored). An empty bot_token
 * keeps the stored one unless clear_token. */
int store_workspace_put(store *s, const struct workspace *w, bool clear_token, struct err *e);
int store_workspace_find(store *s, const char *workspace, struct workspace **ret, struct err *e);
/* The same, locked until the transaction ends: its settings and what belongs to it change one after
 * the other. Users, runs and logins may still be added. */
int store_workspace_lock(store *s, const char *workspace, struct workspace **ret, struct err *e);
/* A row with the defaults where there is none; waits for whoever makes the same one. */
int store_workspace_make(store *s, const char *workspace, bool *ret_made, struct err *e);
/* By the routing key of a public link. */
int store_workspace_by_route(store *s, const char *route, struct workspace **ret, struct err *e);
/* With everything in it, except the audit trail and revoke jobs. */
int store_workspace_delete(store *s, const char *workspace, bool *ret_existed, struct err *e);

/* --- users (users.c) --- */

enum standing {
    STANDING_UNKNOWN,
    STANDING_MEMBER,
    STANDING_GUEST,
    STANDING_STRANGER,
    STANDING_BOT,
    STANDING_DEACTIVATED,
    STANDING_COUNT
};

struct user {
    const char *workspace;
    const char *user_id;
    const char *name;
    const char *email;
    const char *time_zone;
    enum standing standing;
    const char *dm_channel;
    int64_t checked_at;          /* when the platform was last asked */
    int64_t home_opened_at;      /* 0: has never looked at the home page */
    const char *pending_message; /* the last list of what waits for this user; NULL: none */
};

int store_user_find(store *s, const char *workspace, const char *user_id, struct user **ret,
                    struct err *e);
/* Inserts or replaces name, email, time zone, standing and checked_at = now; keeps dm_channel. */
int store_user_put(store *s, const struct user *u, struct err *e);
int store_user_set_dm(store *s, const char *workspace, const char *user_id, const char *channel,
                      struct err *e);

/* Where the last list of what waits for this user stands. */
int store_user_set_pending(store *s, const char *workspace, const char *user_id,
                           const char *message_id, struct err *e);

/* --- default connections (defaults.c) --- */

struct default_connection {
    const char *workspace;
    const char *name;
    const char *app;
    const char *host;
    const char *client_id; /* NULL: draft */
    struct secret client_secret;
    int64_t client_version;
    const char **scopes;
    size_t scopes_count;
    bool assurance_sign_in;    /* else the typed code */
    const char *account_match; /* "off", "warn", "require" */
    const char *callback_key;
    int64_t created_at, updated_at;
};

/* Inserts or replaces everything but callback_key and created_at; the given client_version is
 * stored. An empty client_secret is stored as none. The first put makes a callback_key where none
 * is given. */
int store_default_put(store *s, const struct default_connection *d, struct err *e);
int store_default_find(store *s, const char *workspace, const char *name,
                       struct default_connection **ret, struct err *e);
/* The client_version as it stands, and no change of the row until the transaction ends; *ret is -1
 * when the row is gone. Before any lock of its logins and connections. */
int store_default_hold(store *s, const char *workspace, const char *name, int64_t *ret,
                       struct err *e);
/* Locks it for a change: waits for those that hold it. */
int store_default_lock(store *s, const char *workspace, const char *name, struct err *e);
int store_default_by_callback(store *s, const char *workspace, const char *callback_key,
                              struct default_connection **ret, struct err *e);
int store_default_list(store *s, const char *workspace, struct default_connection **ret,
                       size_t *ret_count, struct err *e);
int store_default_delete(store *s, const char *workspace, const char *name, struct err *e);

#endif

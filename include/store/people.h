#ifndef WB_STORE_PEOPLE_H
#define WB_STORE_PEOPLE_H

/* The users of workspaces, and the default connections that admins set up. The common rules
 * stand in store.h. */

#include "store/session.h"
#include "store/workspaces.h"

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
    const char **teams; /* ids of teams and organisations, as the platform said when last asked */
    size_t teams_count;
    const char *dm_channel;
    int64_t checked_at;          /* when the platform was last asked */
    int64_t changed_at;          /* when it last changed what it says; 0: not said */
    int64_t home_opened_at;      /* 0: has never looked at the home page */
    const char *pending_message; /* the last list of what waits for this user; NULL: none */
    const char *address;         /* the platform's other id; NULL: it has none (conversations.h) */
    const char *seen_in;         /* where this user last did something; NULL: not noted */
};

int store_user_find(store *s, const char *workspace, const char *user_id, struct user **ret,
                    struct err *e);
/* The same, locked until the transaction ends. */
int store_user_lock(store *s, const char *workspace, const char *user_id, struct user **ret,
                    struct err *e);
/* Inserts or replaces name, email, time zone, standing, teams, changed_at (where it is said) and
 * checked_at = now; keeps dm_channel. */
int store_user_put(store *s, const struct user *u, struct err *e);
int store_user_set_dm(store *s, const char *workspace, const char *user_id, const char *channel,
                      struct err *e);

int store_user_set_time_zone(store *s, const char *workspace, const char *user_id,
                             const char *time_zone, struct err *e);

/* --- who may use Workbot (users.c): one rule for all that is done in a person's name --- */

/* Somebody of this standing, in a workspace that welcomes guests or not? */
bool store_standing_allowed(enum standing standing, const struct workspace *w);
/* This user (NULL: nobody), in this workspace, which must still have the bot? As both were read. */
bool store_person_allowed(const struct user *u, const struct workspace *w);
/* Is this user the installer, or named an admin? What they may do also asks the rule above. */
bool store_is_admin(const struct workspace *w, const char *user_id);
/* The same of the rows as they stand, and neither changes until the transaction ends: whoever
 * off-boards this user waits and finds what was stored, or was first and *ret is false. A default
 * connection's login has no user (""): true. After a hold of the default connection, before any
 * lock of logins, runs and connections. */
int store_user_may_use(store *s, const char *workspace, const char *user_id, bool *ret,
                       struct err *e);

/* Where the last list of what waits for this user stands. */
int store_user_set_pending(store *s, const char *workspace, const char *user_id,
                           const char *message_id, struct err *e);

/* --- the users of a workspace, in a list (people.c) --- */

struct person {
    const char *user_id, *name; /* "": no name is known */
    const char *standing;       /* as stored: "member", "guest", ... */
    int64_t connections;        /* personal ones, in any state */
    int64_t created_at;
    int64_t last_run_at; /* when the last run that is kept began; 0: there is none */
    bool erasing;        /* an erasure has begun and is not done */
};
struct person_filter {
    const char *user_id;       /* this one alone; NULL: all */
    const char *begins;        /* what name or id begin with, in any case of letters; NULL */
    const char *after_user_id; /* NULL: from the start */
    int64_t limit;
};
/* In the order of their ids. */
int store_person_page(store *s, const char *workspace, const struct person_filter *f,
                      struct person **ret, size_t *ret_count, struct err *e);

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
    const json_t *vars;        /* name -> text; NULL: none */
    bool assurance_sign_in;    /* else the typed code */
    const char *account_match; /* "off", "warn", "require" */
    bool keep_alive;           /* what rests under it is renewed before it ends */
    const char *callback_key;
    int64_t created_at, updated_at;
    int64_t stored_us; /* updated_at in microseconds: tells one change from the next */
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
/* Workspaces with a connection that demands the chat platform's sign-in. */
int store_default_demanding(store *s, const char ***ret, size_t *ret_count, struct err *e);
int store_default_delete(store *s, const char *workspace, const char *name, struct err *e);

#endif

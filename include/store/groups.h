#ifndef WB_STORE_GROUPS_H
#define WB_STORE_GROUPS_H

/* People that recipes let in by the name of their group. The common rules stand in store.h. */

#include "store/session.h"

enum { GROUP_USERS_MAX = 5000 };

struct user_group {
    const char *workspace;
    const char *name;
    const char **users; /* not of a list */
    size_t users_count;
    int64_t created_at, updated_at;
};

/* Inserts, or replaces the users. */
int store_group_put(store *s, const struct user_group *g, struct err *e);
int store_group_find(store *s, const char *workspace, const char *name, struct user_group **ret,
                     struct err *e);
/* In the order of their names, without the users. */
int store_group_list(store *s, const char *workspace, struct user_group **ret, size_t *ret_count,
                     struct err *e);
/* ERR_NOT_FOUND "no_group". */
int store_group_delete(store *s, const char *workspace, const char *name, struct err *e);
/* The names of all groups that this user stands in. */
int store_groups_of(store *s, const char *workspace, const char *user_id, const char ***ret,
                    size_t *ret_count, struct err *e);

#endif

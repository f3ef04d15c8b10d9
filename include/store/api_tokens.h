#ifndef WB_STORE_API_TOKENS_H
#define WB_STORE_API_TOKENS_H

/* Tokens of the API that belong to one workspace (api_tokens.c). The common rules stand in store.h.
 */

#include "store/session.h"

enum { API_TOKENS_MAX = 100 }; /* of a workspace, expired ones too */

/* Bits, so that a route can name those that may use it. */
enum api_role {
    API_ROLE_NONE = 0,
    API_ROLE_READ = 1,
    API_ROLE_OPERATE = 2,
    API_ROLE_ADMIN = 4,
    API_ROLE_ACT = 8
};

struct api_token {
    const char *workspace;
    const char *name;
    enum api_role role;
    const char *digest;  /* crypto_hash_text() of the token, which stands nowhere */
    const char *begins;  /* the token's beginning, shown for searches */
    const char *made_by; /* as the audit names it */
    int64_t expires_at;  /* 0: never */
    int64_t last_used_at, created_at;
};

const char *store_api_role_word(enum api_role role);

/* ERR_CONFLICT "token_name" or "too_many_tokens". The caller holds the workspace's lock. */
int store_api_token_add(store *s, const struct api_token *t, struct err *e);
/* One that is good, by the routing key of its workspace and its digest; notes that it was used. */
int store_api_token_use(store *s, const char *route, const char *digest, struct api_token **ret,
                        struct err *e);
/* In the order of their names. */
int store_api_token_list(store *s, const char *workspace, struct api_token **ret, size_t *ret_count,
                         struct err *e);
/* Who stands behind a token, as the audit names them: its maker or, of one that another token made,
 * that one's. list: all of the workspace. */
const char *store_api_token_maker(const struct api_token *list, size_t count,
                                  const struct api_token *t);
/* *ret: the one that is gone now; NULL: there was none. */
int store_api_token_delete(store *s, const char *workspace, const char *name,
                           struct api_token **ret, struct err *e);

#endif

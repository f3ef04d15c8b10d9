#ifndef WB_OAUTH_INT_H
#define WB_OAUTH_INT_H

#include "base/log.h"
#include "oauth.h"

struct oauth {
    struct oauth_options options;
};

/* codec.c: tokens and accounts as JSON, for sealed places only. */
json_t *oauth_tokens_json(const struct tokens *t);
void oauth_tokens_read(arena *mem, const json_t *value, struct tokens *ret);
json_t *oauth_account_json(const struct account *a);
void oauth_account_read(arena *mem, const json_t *value, struct account *ret);
struct app_client oauth_client(const struct default_connection *d);

/* What is stored of a code typed in the chat: bound to its login. */
char *oauth_code_hash(arena *mem, const char *login_id, const char *code);

/* revoke.c: ends a grant at the app now, once, for want of a database that could keep it for later.
 * False: it may stay alive there. Counted. */
bool oauth_revoke_now(oauth *o, arena *mem, const struct default_connection *d,
                      const struct tokens *t);

/* refresh.c: new tokens for a row of this generation, by the one refresher over all replicas.
 * *ret is the row as it stands afterwards. Errors as oauth_access(). */
int oauth_refresh(oauth *o, arena *mem, const struct connection *c,
                  const struct default_connection *d, struct connection **ret, struct err *e);

/* --- bot_token.c, bot_refresh.c: the bot's own token --- */

bool oauth_bot_lives(const struct oauth_bot *as, int64_t margin_s);
/* *as is the row's token when that is another one by now, and lives. */
int oauth_bot_newer(oauth *o, arena *mem, struct oauth_bot *as, bool *ret_newer, struct err *e);
/* A new pair; *as holds it. Errors as oauth_bot_access(). */
int oauth_bot_renew(oauth *o, arena *mem, struct oauth_bot *as, struct err *e);
/* The workspace of a token that is worth nothing is broken. -1 with ERR_CONFIG "chat_dead". */
int oauth_bot_break(oauth *o, arena *mem, const struct oauth_bot *as, const char *fault,
                    struct err *e);
void oauth_bot_log(enum log_level level, const char *message, const struct oauth_bot *as,
                   const struct err *why);

#endif

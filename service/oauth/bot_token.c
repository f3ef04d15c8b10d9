#include "oauth_int.h"

#include "base/str.h"

/* The bot's own token at its chat: found, and given again when the platform refuses it. */

struct oauth_bot oauth_bot_of(const struct workspace *w)
{
    return (struct oauth_bot){.access = {.workspace = w->workspace,
                                         .bot_user_id = w->bot_user_id,
                                         .bot_token = w->bot_token}};
}

static int load(oauth *o, arena *mem, const char *workspace, struct oauth_bot *ret, struct err *e)
{
    store *s = NULL;
    struct workspace *w = NULL;
    if (store_open(o->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_find(s, workspace, &w, e);
    store_close(s);
    if (rc == 0 && w != NULL) {
        *ret = oauth_bot_of(w);
    }
    return rc;
}

int oauth_bot_access(oauth *o, arena *mem, const char *workspace, struct oauth_bot *ret,
                     struct err *e)
{
    if (secret_empty(ret->access.bot_token) && load(o, mem, workspace, ret, e) != 0) {
        return -1;
    }
    if (ret->refused || secret_empty(ret->access.bot_token)) {
        return err_set(e, ERR_CONFIG, "chat_dead", "the bot of %s has no usable token", workspace);
    }
    return 0;
}

bool oauth_bot_again(oauth *o, arena *mem, struct oauth_bot *as, struct err *e)
{
    if (as->renewed || !str_equal(e->code, "chat_token_expired")) {
        return false;
    }
    struct err why = {0};
    as->refused = true;
    if (oauth_bot_access(o, mem, as->access.workspace, as, &why) != 0) {
        *e = why;
        return false;
    }
    as->renewed = true;
    *e = (struct err){0};
    return true;
}

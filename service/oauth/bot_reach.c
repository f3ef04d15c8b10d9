#include "oauth_int.h"

/* Where a platform is asked about somebody or a conversation, when it has no one address for all
 * and no event is at hand that says it. */

static int find(store *s, const struct chat_access *a, const char *user_id, struct reach *ret,
                struct err *e)
{
    return user_id != NULL ? store_reach_user(s, a->workspace, user_id, ret, e)
                           : store_reach_channel(s, a->workspace, a->channel, ret, e);
}

int oauth_bot_reach(oauth *o, arena *mem, struct oauth_bot *as, const char *user_id,
                    const char *channel, struct err *e)
{
    struct chat_access *a = &as->access;
    const struct chat_driver *driver = chats_driver(o->options.chats, a->workspace);
    struct reach found;
    store *s = NULL;
    if (driver == NULL || !driver->addressed || a->address != NULL) {
        return 0;
    }
    if (store_open(o->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    a->channel = channel;
    int rc = find(s, a, user_id, &found, e);
    store_close(s);
    if (rc == 0) {
        a->address = found.address;
        a->channel = found.channel;
        a->person = found.person;
        a->own = found.own;
    }
    return rc;
}

#include "bot_int.h"

/* Tokens of bots that the platform is to be asked about. */

int bot_job_check(bot *b, arena *mem, const struct job *j, struct err *e)
{
    store *s = NULL;
    if (oauth_bot_check(b->options.oauth, mem, j->workspace, e) != 0 ||
        store_open(b->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_job_done(s, j, e);
    store_close(s);
    return rc;
}

int bot_check_due(bot *b, store *s, struct err *e)
{
    enum { AT_ONCE = 50 };
    const char **due = NULL;
    size_t count = 0;
    (void)b;
    if (store_begin(s, e) != 0 || store_bot_check_due(s, AT_ONCE, &due, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (store_bot_check_later(s, due[i], e) != 0) {
            return -1;
        }
    }
    return store_commit(s, e);
}

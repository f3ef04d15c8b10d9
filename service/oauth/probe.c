#include "oauth_int.h"

/* Does a connection answer, and as whom? */

static int ask(oauth *o, arena *mem, const struct oauth_use *use, int64_t *ret_generation,
               struct account *ret, struct err *e)
{
    struct oauth_access access;
    if (oauth_access(o, mem, use, &access, e) != 0) {
        return -1;
    }
    *ret = access.account;
    *ret_generation = access.generation;
    return app_identify(mem, o->options.http, &access.site, access.token, ret, NULL, e);
}

int oauth_probe(oauth *o, arena *mem, const struct oauth_use *use, struct account *ret,
                struct err *e)
{
    struct oauth_use again = *use;
    if (ask(o, mem, use, &again.refused_generation, ret, e) == 0) {
        return 0;
    }
    if (e->kind != ERR_UNAUTHENTIC) {
        return -1;
    }
    *e = (struct err){0};
    int64_t unused = 0;
    return ask(o, mem, &again, &unused, ret, e);
}

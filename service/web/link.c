#include "web_int.h"

int link_load(web *w, arena *mem, const struct link *link, struct workspace **ret, struct err *e)
{
    const char *route = NULL, *hash = NULL;
    store *s = NULL;
    *ret = NULL;
    if (!oauth_handle_split(mem, link->handle, &route, &hash)) {
        return 0;
    }
    if (store_open(w->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_by_route(s, route, ret, e);
    if (rc == 0 && *ret != NULL) {
        rc = link->rows(link->arg, s, hash, e);
    }
    store_close(s);
    return rc;
}

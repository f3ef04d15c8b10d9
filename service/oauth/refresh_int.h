#ifndef WB_REFRESH_INT_H
#define WB_REFRESH_INT_H

#include "oauth_int.h"

/* One refresh: the call and what its failures mean (refresh.c), what it brought (refresh_keep.c).
 */

struct refresh {
    oauth *oauth;
    arena *mem;
    const struct connection *c;
    const struct default_connection *d;
    int64_t attempt;
    int64_t lease_ends_ms; /* on clock_mono_ms() */
};

/* Work in a session of the store of its own. */
typedef int refresh_fn(struct refresh *r, store *s, void *arg, struct err *e);
int refresh_in_store(struct refresh *r, refresh_fn *work, void *arg, struct err *e);
refresh_fn refresh_reload; /* arg: struct connection ** */

/* What came of a call that brought tokens. */
struct refresh_kept {
    struct refreshed row;
    const char *label;  /* in the metrics */
    const char *notice; /* told to the admins along with it; NULL: nothing is */
};
struct refreshed refresh_row(const struct connection *c, const struct tokens *t);
/* Stores it, for as long as the lease lasts; what the row has no place for any more is revoked. */
int refresh_keep(struct refresh *r, struct refresh_kept *n, struct err *e);

#endif

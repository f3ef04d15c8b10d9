#ifndef WB_OAUTH_ENTER_H
#define WB_OAUTH_ENTER_H

#include "oauth/try.h"

/* --- the console's door (enter.c): the one whose link it is signs in at the chat platform --- */

/* A state that neither a login nor a try has. */
bool oauth_is_entry(const char *state);
/* The routing key that it carries; false: it has no such shape. */
bool oauth_entry_route(arena *mem, const char *state, const char **ret);
/* What is stored of an attempt: of the state and this browser's cookie together, so that neither
 * is worth anything without the other. */
char *oauth_entry_hash(arena *mem, const char *state, const char *cookie);
/* To the sign-in of this workspace's platform; *ret_hash as above. ERR_CONFIG "sign_in_off". */
int oauth_entry_begin(oauth *o, arena *mem, const struct workspace *w, struct oauth_begin *ret,
                      const char **ret_hash, struct err *e);

/* oauth_tried.reason, besides those of a try: somebody else is signed in there. */
#define OAUTH_ENTRY_OTHER "other_person"
struct oauth_entrant {
    const struct workspace *workspace;
    const char *user_id;
};
/* Who came back, by a state that is spent already: OAUTH_TRY_PROVEN of this very person alone. 0
 * for every reason; -1 only for our own faults. */
int oauth_entry_return(oauth *o, arena *mem, const struct oauth_entrant *of,
                       const struct oauth_return *r, struct oauth_tried *ret, struct err *e);

#endif

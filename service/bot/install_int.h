#ifndef WB_BOT_INSTALL_INT_H
#define WB_BOT_INSTALL_INT_H

#include "bot_int.h"

/* Where the bot is installed, and no longer is. */

/* --- life.c: an installation ends, or its organisation changes where it is --- */

event_fn life_look, life_change;

/* --- homeless.c: events of places where the bot is not installed --- */

/* There is no such workspace: the event moves to the organisation's installation behind it, with
 * its keys, or is dropped. Settles the job. */
int homeless_settle(struct turn *t, const struct chat_driver *driver, struct err *e);
/* There is nothing to install, and this is the first that comes from there: the workspace begins.
 */
int homeless_begin(struct turn *t, struct err *e);
/* Counts one, and logs one in a while. state: of the workspace; NULL: there is none. */
void homeless_note(const char *workspace, const char *state);
void homeless_tell(struct turn *t, const struct chat_driver *driver);
/* Does this wait until the workspace works again? A slash command is answered at once instead. */
bool homeless_holds(const struct turn *t);
/* Fails with STORE_JOB_HELD. */
int homeless_hold(const struct turn *t, struct err *e);

/* --- installed.c --- */

/* Where an admin installs the bot again, if that is done in a browser. */
void installed_button(struct scene *sc, json_t *view);

#endif

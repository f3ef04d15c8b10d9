#ifndef WB_BOT_INSTALL_INT_H
#define WB_BOT_INSTALL_INT_H

#include "bot_int.h"

/* Where the bot is installed, and no longer is. */

/* --- life.c: an installation ends, or its organisation changes where it is --- */

event_fn life_look, life_change;

/* --- teams.c: which workspaces of an organisation have the bot --- */

struct teams {
    bool known;        /* false: there is nobody to ask */
    const char **keys; /* of workspaces */
    size_t count;
};
/* The platform's list, as the bot of sc's workspace; *as is who asked. No session may be open. */
int teams_ask(struct scene *sc, struct oauth_bot *as, struct teams *ret, struct err *e);
bool teams_have(const struct teams *t, const char *team);
/* It was said at that time that the team has got the bot (granted) or lost it, and the list says
 * otherwise: too early to believe either. The list is to be read again after TEAMS_AGAIN_S. */
bool teams_unsure(const struct teams *t, const char *team, bool granted, int64_t said_at);
enum { TEAMS_AGAIN_S = 5 };
extern const char teams_unsure_code[]; /* of a job that waits for that */

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

/* --- tokens_left.c --- */

/* Tells the admins which API tokens of somebody who is none any more still work, if any does. */
int tokens_left_say(struct scene *sc, const char *user_id, struct err *e);

#endif

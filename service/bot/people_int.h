#ifndef WB_BOT_PEOPLE_INT_H
#define WB_BOT_PEOPLE_INT_H

#include "bot.h"

/* Inside the bot: who people are, and those who leave. */

struct scene;
struct turn;

/* --- other_person.c: somebody else followed this login's link and signed in as himself --- */

int other_person_tell(struct scene *sc, const struct oauth_outcome *o, struct err *e);

/* --- people.c: what the platform says of a person --- */

enum standing person_standing(const struct chat_person *p);
/* The installer, or one that is named as an admin. */
bool person_is_admin(const struct workspace *w, const char *user_id);
/* Is this team (NULL: not said) the workspace, its organisation, or one that the platform has named
 * for sc's user? */
bool person_is_of(const struct scene *sc, const char *team);
/* Does the platform's answer name this team for the person? */
bool person_says_team(arena *mem, const struct chat_person *p, const char *team);
/* Asks the platform, with no session open. ERR_NOT_FOUND: it knows nobody of this id, or
 * ("chat_nowhere") the bot is in no place of that person any more. */
int person_ask(struct scene *sc, const char *user_id, struct chat_person *ret, struct err *e);
/* Does that failure say so? Then *ret is what is known of the person. */
bool person_is_absent(const struct err *e, struct chat_person *ret);
/* Is that so, and was sc's user known as gone before? Then that holds, and the failure is none. */
bool person_stays_gone(const struct scene *sc, struct chat_person *ret, struct err *e);
struct person_news {
    const char *user_id;
    const struct chat_person *person;
    bool asked; /* the platform was asked: what it left out is not so, and a row is made */
};
/* Stores it and acts on it, in the caller's transaction; sc->user is how it stands then (NULL for
 * somebody who is not known here), sc->workspace too. */
int person_take(struct scene *sc, const struct person_news *news, struct err *e);
/* The same, for scene_do: arg is the news. */
int person_take_alone(struct scene *sc, void *arg, struct err *e);
/* What ends or answers logins and runs takes their person first, then the login, then runs: as
 * off-boarding does, and browsers that come back. It also is the lane of a press that waits for its
 * form. */
int person_lock(struct scene *sc, struct err *e);
/* Whoever was off-boarded while this was read is asked for nothing: ERR_UPSTREAM_BUSY
 * "person_moved", and the job looks again. Else off-boarding waits until this is stored. */
int person_hold(struct scene *sc, struct err *e);
int person_look(struct turn *t, struct err *e);
int bot_person_changed(struct turn *t, struct err *e);

/* --- leave.c --- */

/* Ends everything of sc's user, revokes upstream and purges, in the caller's transaction; one line
 * in the audit when there was anything to end. Safe to do twice. */
struct parting {
    const char *why;  /* stable code, for the audit */
    bool news;        /* a line also when there was nothing to end */
    bool uninstalled; /* took the bot out of the one-to-one chat: rights stay, nothing is told there
                       */
};
int leave(struct scene *sc, const struct parting *how, struct err *e);
/* The same of this person, who is asked about again before anything more is done as that person. */
int people_end(struct scene *sc, const char *user_id, const struct parting *how, struct err *e);

/* --- purge.c: people lose what they had where the bot is no longer --- */

enum purge_why {
    PURGE_UNINSTALLED, /* everybody */
    PURGE_TEAMS        /* whoever is a member of no workspace that has the bot */
};
/* A job, in the caller's transaction. gone: of PURGE_TEAMS, keys of workspaces that have lost the
 * bot, as was said at that time, epoch seconds; borrowed. */
struct purge_gone {
    json_t *teams;
    int64_t said_at;
};
int purge_later(store *s, const char *workspace, enum purge_why why, const struct purge_gone *gone,
                struct err *e);

#endif

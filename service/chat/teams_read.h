#ifndef WB_SERVICE_CHAT_TEAMS_READ_H
#define WB_SERVICE_CHAT_TEAMS_READ_H

#include "teams_int.h"

/* What the reading of activities needs beyond teams_activity.c; pure. */

/* --- teams_words.c --- */

enum teams_where { TEAMS_ELSEWHERE, TEAMS_PERSONAL, TEAMS_GROUP, TEAMS_CHANNEL };
enum teams_where teams_where(const json_t *activity);
struct place teams_place(arena *mem, const json_t *activity);
/* Epoch milliseconds of a timestamp (RFC 3339); 0 when it is none. */
int64_t teams_millis(const char *text);
/* Our bot as the activity's recipient names it: "28:<app id>". */
const char *teams_bot(const json_t *activity);
/* Types are spelled in more than one case. */
bool teams_is_type(const json_t *activity, const char *type);
/* Is this entity a mention of our bot? By its id: a name is anybody's. */
bool teams_is_own_mention(const json_t *activity, const json_t *entity);
/* Shown to its sender and the bot alone, wherever it was typed. */
bool teams_is_targeted(const json_t *activity);
/* Are these words that a person typed for us? Elsewhere than in a one-to-one chat only what
 * mentions the bot, also where all messages reach us. */
bool teams_words_accepted(arena *mem, const json_t *activity);
/* A picture, a document, a card of another app. */
bool teams_has_file(const json_t *activity);
/* Does the value of an adaptiveCard/action ask for the card anew, and nothing else? */
bool teams_is_refresh(const json_t *value);
/* What a button or form carried, with what was filled in; NULL: nothing. Our own part of it stands
 * under "wb": of a button see teams_press, of a form {"f": its name, "p": its private value,
 * "l": [its fields], "y": [those that are flags]}. */
const json_t *teams_data(arena *mem, const json_t *activity);

/* What a signin/verifyState hands over: six digits or a window's 32 hex digits; "": the window was
 * closed; NULL: nothing that we know. Phones give an object with it, under a name that is written
 * down nowhere. */
const char *teams_verify_state(arena *mem, const json_t *activity);
/* The window's last page said that the login is done already, and there is no code. */
bool teams_verify_is_done(arena *mem, const json_t *activity);

/* --- teams_text.c --- */

/* What teams_text gives, as a command: event.text. */
char *teams_text_plain(arena *mem, const char *typed);

/* --- teams_parse_invoke.c, teams_parse_life.c --- */

struct teams_reading {
    arena *mem;
    const json_t *activity;
};
/* What all of them say: who, whose, where, when. */
struct event teams_event_base(const struct teams_reading *s, enum event_kind kind);
/* It happened in no conversation. */
void teams_event_apart(struct event *ev);
/* A press on a button of a card: a message or an invoke. */
struct event teams_press_event(const struct teams_reading *s);
struct event teams_invoke_event(const struct teams_reading *s);
struct event teams_life_event(const struct teams_reading *s);

#endif

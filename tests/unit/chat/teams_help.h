#ifndef WB_TESTS_UNIT_CHAT_TEAMS_HELP_H
#define WB_TESTS_UNIT_CHAT_TEAMS_HELP_H

#include "tests/unit/chat/chat_help.h"

#define TEAMS_BOT "28:22222222-aaaa-4bbb-8ccc-222222222222"
#define TENANT_A "44444444-0000-0000-0000-00000000000a"
#define ANA "33333333-0000-0000-0000-00000000000a"

extern const char TEAMS_DM[];      /* "help" in a one-to-one chat */
extern const char TEAMS_MENTION[]; /* "<at>Workbot</at> help" in a thread of a channel */
extern const char TEAMS_EXECUTE[]; /* adaptiveCard/action of our card */
extern const char TEAMS_SUBMIT[];  /* the same button as a message */
extern const char TEAMS_FORM[];    /* task/submit */
extern const char TEAMS_INSTALL[]; /* installationUpdate of a team */
extern const char TEAMS_CHANGE[];  /* conversationUpdate: the bot was added */

#endif

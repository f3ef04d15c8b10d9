#ifndef WB_CHAT_EVENT_H
#define WB_CHAT_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"

/* What happened in a chat, as a driver reads it (parse). */

enum event_kind {
    EVENT_IGNORED,  /* nothing for us: own messages, edits, joins, unknown types */
    EVENT_TEXT,     /* typed words: a message, a mention or a slash command */
    EVENT_ACTION,   /* pressed a button or chose from a menu of ours: in a message, home or form */
    EVENT_SHORTCUT, /* .action: "connections" (global) or "use" (on a message: .text its words,
                       .place where it stands, .message_id which) */
    EVENT_SUBMIT,   /* sent a form of ours: .action its name, .value its private value, .fields */
    EVENT_CHOICES,  /* looks for a choice of a field: .action and .value as above, .field, .typed */
    EVENT_CODE,   /* the window of a login has ended: .text what it, or who typed there, hands over:
                     a code; "": it was closed; NULL: none that can be read */
    EVENT_LOOK,   /* is shown .our_id in .place as this person sees it; nothing is done by it */
    EVENT_HOME,   /* opened the home page of the bot */
    EVENT_PERSON, /* the platform says something new of .user_id: .person is filled */
    EVENT_CHANNEL, /* .channel_was became .place.channel */
    EVENT_JOINED,  /* the bot itself was added to .place; .user_id: by whom, NULL if not said */
    EVENT_LEFT,    /* the bot itself was taken out of .place; is_private: of a one-to-one chat, by
                      .user_id (NULL: not said), and what the person whose chat it is has here ends */
    EVENT_INSTALL, /* .action: "uninstalled", "tokens_revoked", "access_revoked" or
                      "access_granted"; .teams: of the last two; .at */
    EVENT_KIND_COUNT
};

/* Where a person did it: it decides which private ways there are. */
enum surface {
    SURFACE_MESSAGE, /* words in a conversation, or a button of a message */
    SURFACE_COMMAND, /* a slash command: works where the bot is no member */
    SURFACE_HOME,
    SURFACE_FORM,
    SURFACE_SHORTCUT
};

struct place {
    const char *channel; /* the platform's conversation id; "" where there is none (home, form,
                            global shortcut): then it stands for the user's one-to-one chat */
    const char *thread;  /* NULL: not in a thread */
    bool thread_is_new;  /* it would begin with what was typed: nobody sees an ephemeral in it */
    bool is_private;     /* read by this user and the bot alone: a one-to-one chat */
    bool is_group;       /* a conversation of several people without a name */
    bool is_external;    /* people of other organisations can read it; EVENT_ACTION: known only when
                            the one who pressed is one of them */
    bool is_unsure;      /* EVENT_TEXT, and presses where they say it: it is not said whether people
                            of other organisations can read it, so the platform is to be asked */
};

struct chat_person {
    const char *name; /* as shown in the chat */
    const char *email;
    const char *time_zone;
    bool deactivated;
    bool nowhere; /* the bot is in no place of this person any more; nothing else is said */
    bool bot;
    bool guest;
    bool stranger;            /* of another organisation */
    const char *team;         /* the platform's id of the person's own; NULL: not said */
    const char **teams;       /* of the organisation, the person is in them: keys of workspaces */
    size_t teams_count;       /* 0: none are told */
    const char *organisation; /* that the person's teams belong to; NULL: none, or not said */
    int64_t changed_at;       /* when the platform changed any of this; 0: not said */
    bool partial;             /* not all of it was said: the platform must be asked */
    const char *dm; /* the one-to-one chat, where it was looked for to ask; NULL: it was not */
    const char *dm_address; /* of the platform's servers for it */
};

struct event {
    enum event_kind kind;
    enum surface surface;
    const char *workspace; /* where Workbot is installed; "slack:T..." */
    const char *user_id;   /* who did it, as the platform signed it: the only acting user; NULL
                              where nobody did (EVENT_CHANNEL, EVENT_INSTALL) */
    const char *user_team; /* the person's own team or organisation; NULL if not said */
    struct place place;
    const char *address;        /* where the platform's servers for .place are reached; NULL: it has
                                   one for all */
    const char *group;          /* the platform's team that .place belongs to; NULL: none, or it is
                                   not said. EVENT_LEFT: all of it is meant */
    const char *person_address; /* the platform's other id of .user_id, by which it is written to;
                                   NULL: there is none */
    const char
        *time_zone;     /* of .user_id, "Europe/Zurich", where what was done says it; else NULL */
    const char *our_id; /* EVENT_ACTION: which of our messages it says that it stands in, by our
                           id; as little an authority as a value */
    const char *message_id; /* EVENT_TEXT: of the typed message, NULL for a slash command;
                               EVENT_ACTION: of ours, NULL if ephemeral or not in a message */
    /* EVENT_TEXT: decoded: platform escapes and own mention resolved, smart quotes, dashes and
     * spaces plain up to the first "name:", since values behind it keep their characters; "" when
     * there was only the mention */
    const char *text;
    bool has_file;        /* EVENT_TEXT: a file came instead of words */
    const char *typed;    /* EVENT_TEXT: the same with all characters kept: for a free answer */
    bool told;            /* EVENT_ACTION: whoever pressed reads in the answer to the press, alone,
                             that what is private stands in the one-to-one chat */
    const char *action;   /* our action's name, "disconnect" */
    const char *value;    /* our action's value: an id or words, never an authority */
    const json_t *fields; /* EVENT_SUBMIT: {input: text or null}, of a file {"id", "name", "size",
                             "mime"}; of several chosen, a comma between
                           */
    const char *field;    /* EVENT_CHOICES: which */
    const char *view_id, *view_hash; /* of the home or form it was done in */
    struct secret response_url;      /* where to answer in place; empty if none */
    const char *trigger_id;          /* opens a form within three seconds of the click */
    struct chat_person person;       /* EVENT_PERSON */
    const char **people; /* EVENT_PERSON that says the same of several: all of them, .user_id too */
    size_t people_count; /* 0: of .user_id alone */
    const char *channel_was; /* EVENT_CHANNEL */
    const char **teams;      /* EVENT_INSTALL: keys of workspaces, "slack:T..." */
    size_t teams_count;
    int64_t at;    /* seconds; when it was done; 0: not said */
    int64_t at_ms; /* the same in milliseconds, of a platform that says so much; else 0 */
};

#endif

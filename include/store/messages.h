#ifndef WB_STORE_MESSAGES_H
#define WB_STORE_MESSAGES_H

/* Messages of ours in a chat, the audit trail, and what leaves when. The common rules
 * stand in store.h. */

#include "store/jobs.h"
#include "store/session.h"

/* --- messages of ours in a chat (messages.c) --- */

struct message {
    const char *workspace;
    const char *id;
    const char *channel; /* "" for a user's DM that is not opened yet */
    const char *thread;
    const char *user_id; /* the only reader; NULL: everybody there */
    bool ephemeral;
    const char *platform_id;    /* the platform's id (Slack ts); NULL until posted */
    struct secret response_url; /* of the command or the last click in it; empty if none */
    bool response_adds;         /* that makes a new message; else it replaces the one clicked in */
    int64_t response_until;     /* and is not tried after this */
    const char *from_channel;   /* where its reader asked for it, when it is sent elsewhere */
    const char *from_thread;
    json_t *body; /* a view */
    int64_t version;
    int64_t sent_version;
    int64_t post_started_at; /* a first post was begun and its answer not stored */
    const char *state;
};

/* Makes the id when absent. The caller adds the send job. */
int store_message_add(store *s, struct message *m, struct err *e);
int store_message_find(store *s, const char *workspace, const char *id, struct message **ret,
                       struct err *e);
/* The same, of an id of ours; it stays so until the transaction ends. */
int store_message_lock(store *s, const char *workspace, const char *id, struct message **ret,
                       struct err *e);
/* What a press says of the message that it is in. */
struct message_named {
    const char *workspace;
    const char *channel;
    const char *platform_id; /* NULL: the platform names none */
    const char *id;          /* ours, as its buttons say it; NULL: they do not */
    bool copies;             /* a copy that a repeated post left there is that message, too */
};
/* The message of a press: by the platform's id, or by ours, while the platform's is not on record
 * yet or not named. NULL: none, or one that stands elsewhere. */
int store_message_pressed(store *s, const struct message_named *at, struct message **ret,
                          struct err *e);
/* A new body: version + 1. */
int store_message_set_body(store *s, const char *workspace, const char *id, json_t *body,
                           struct err *e);
/* The same body as a new version, to be sent; *ret_is false: it has one already, or was never sent.
 */
int store_message_once_more(store *s, const struct message *m, bool *ret_is, struct err *e);
/* The click's address replaces what it was clicked in until then. */
int store_message_set_response_url(store *s, const char *workspace, const char *id,
                                   struct secret url, int64_t until, struct err *e);
/* The same body is posted anew where *m says (channel to from_thread). What stood before is no
 * message of ours any more, unless it is one person's own in the same place: that is this one. */
int store_message_show_again(store *s, const struct message *m, struct err *e);
/* What the platform has now. channel and platform_id replace the stored ones where given. */
int store_message_sent(store *s, const char *workspace, const char *id, const char *channel,
                       const char *platform_id, int64_t version, struct err *e);
int store_message_failed(store *s, const char *workspace, const char *id, const char *error_code,
                         struct err *e);
/* Delivery changes its way: posted anew where it stands, without a response_url. */
int store_message_anew(store *s, const char *workspace, const char *id, struct err *e);
/* Delivery changes its way: no longer ephemeral, into the user's DM. user_id: the only reader from
 * now on; NULL: as it was. */
int store_message_redirect(store *s, const char *workspace, const char *id, const char *channel,
                           const char *user_id, struct err *e);

/* --- what the outbox asks and notes (outgoing.c) --- */

struct outgoing {
    struct message *message; /* NULL: gone, or its workspace is, or the lease is not ours */
    const char *bot_user_id;
    struct secret bot_token; /* empty: the workspace is not active */
    int64_t bot_expires_at, bot_generation;
    bool bot_renews, bot_unchecked;
    bool active;
    const char *dm_channel; /* of the message's reader; NULL: not known */
    const char *address;    /* of the platform's servers for where it goes; NULL: not known */
    bool gone;              /* the bot was taken out of there */
    const char *person;     /* the reader's other id; NULL: none */
};
/* The message as it is, by the lease of its job. One that has to be posted for the first time has
 * the intent of that on record from now on; *ret shows what stood there before. */
int store_outgoing_take(store *s, const struct job *j, const char *message_id, struct outgoing *ret,
                        struct err *e);
/* The platform said that nothing was posted: the intent is off the record, and the next try need
 * not look for a lost post. */
int store_outgoing_refused(store *s, const struct job *j, const char *message_id, struct err *e);

/* One more of so many; *ret false: that was the last one before. Forgotten after until. */
struct store_use {
    const char *workspace;
    const char *key;
    int64_t until; /* epoch seconds */
    int64_t most;
};
int store_use_take(store *s, const struct store_use *use, bool *ret, struct err *e);
/* One more use of m's response_url, of uses_max; *ret false: it has had them all. */
int store_outgoing_use(store *s, const struct message *m, int64_t uses_max, bool *ret,
                       struct err *e);

/* --- notices to admins (notices.c) --- */

/* Is this (a fault of a connection, say) to be told now? At most once in every_s seconds. */
int store_notice_due(store *s, const char *workspace, const char *key, int64_t every_s,
                     bool *ret_due, struct err *e);
/* Those whose keys begin so and that were told that long ago: for keys that never come again. */
int store_notice_forget(store *s, const char *workspace, const char *prefix, int64_t older_than_s,
                        struct err *e);

/* --- audit (audit.c) --- */

struct audit_row {
    const char *id;
    int64_t at;
    const char *actor;
    const char *action; /* "connection.connected", "recipe.changed", ... */
    const char *subject;
    json_t *detail;
};
/* detail may be NULL; never holds a secret, a payload or an input. */
int store_audit_add(store *s, const char *workspace, const char *actor, const char *action,
                    const char *subject, json_t *detail, struct err *e);
struct audit_filter {
    const char *actor, *subject; /* NULL: all */
    const char *action;          /* this one, or all that begin with it and a dot; NULL: all */
    int64_t since, until;        /* at or after, and before; 0: all */
    const char *before_id;       /* cursor */
    int64_t limit;
};
int store_audit_page(store *s, const char *workspace, const struct audit_filter *f,
                     struct audit_row **ret, size_t *ret_count, struct err *e);

/* --- retention (retention.c): P15 --- */

struct retention {
    int64_t events_s, runs_s, audit_s, batch;
};
/* Removes in small batches what is over its time; *ret_more when there is more to do. */
int store_retention_sweep(store *s, const struct retention *r, bool *ret_more, struct err *e);

#endif

#ifndef WB_STORE_SEALS_H
#define WB_STORE_SEALS_H

/*
 * The audit's chain of seals, one per workspace (seals.c, seal_days.c). Each day (UTC) that is over
 * gets a seal: an HMAC of its lines and of the seal before, by a random key of the workspace that
 * stands sealed like a token, so it outlives the rotation of encryption keys. Days without lines
 * are sealed, too. A day whose time is over is retired: its lines may leave, its seal stays.
 */

#include "store/session.h"

enum { SEAL_HEX = 64, SEAL_DAY = 10, SEAL_ID = 36 };

/* How far the lines of one day have been read, in the order of their time. */
struct seal_reading {
    const char *workspace;
    char day[SEAL_DAY + 1]; /* "2026-11-22" */
    struct bytes key;
    int64_t lines;
    int64_t erased;            /* of them, those in which a pseudonym stands for a person */
    char digest[SEAL_HEX + 1]; /* "": none yet */
    int64_t at_us;             /* the last line's */
    char id[SEAL_ID + 1];
};
/* At the begin of this day. */
struct seal_reading store_seal_reading(const char *workspace, const char *day, struct bytes key);
/* At most max lines more; *ret_done: that was the last. */
int store_seal_read(store *s, struct seal_reading *io, int64_t max, bool *ret_done, struct err *e);

/* What the chain holds behind a line: id, time in microseconds, actor, action, subject, detail. */
enum { SEAL_PARTS = 6 };
char *store_seal_line(arena *mem, const char *const parts[SEAL_PARTS]);
char *store_seal_next(arena *mem, struct bytes key, const char *before, const char *line);
/* Of a line in which a person was erased: what the chain held before it and behind it as it was,
 * and the line as it is. */
struct seal_erased {
    const char *before, *behind, *line;
};
char *store_seal_erased(arena *mem, struct bytes key, const struct seal_erased *x);

struct audit_seal {
    const char *workspace, *day, *day_before, *day_after;
    int64_t lines;
    const char *digest;
    int64_t sealed_at;
    bool late; /* later than the night after its day and a day more */
    const char *previous, *seal;
    int64_t retired_at;
    const char *retired_seal; /* NULL: not retired */
};
/* What `seal` and `retired_seal` must be. */
char *store_seal_of(arena *mem, struct bytes key, const struct audit_seal *x);
char *store_seal_retired(arena *mem, struct bytes key, const struct audit_seal *x);

/* --- every minute, by each replica: safe to do twice (seals.c) --- */

/* Workspaces that have no chain get one. */
int store_seal_adopt(store *s, struct err *e);
struct seal_step {
    bool found;  /* something was due */
    bool sealed; /* and this day is sealed now */
    struct audit_seal seal;
    struct err held; /* or its workspace cannot go on, and waits an hour: ERR_INTERNAL
                        "seal_missing", or as crypto_open() */
};
/* Reads on, at most max lines, where a day is due; at its end it gets its seal. In a transaction.
 */
int store_seal_step(store *s, int64_t max, struct seal_step *ret, struct err *e);
/* Retires at most max sealed days that are over for longer than keep_s. In a transaction. */
int store_seal_retire(store *s, int64_t keep_s, int64_t max, int64_t *ret_count, struct err *e);
/* In seconds, for how long the lines are kept where keep_s is asked for: longer where the role does
 * not own the tables, and who does has said so (db_give_rights). */
int store_seal_kept(store *s, int64_t keep_s, int64_t *ret, struct err *e);
/* Chains of workspaces that are gone and have no line any more. */
int store_seal_forget(store *s, struct err *e);

/* --- to be checked (seal_days.c) --- */

struct audit_chain {
    const char *workspace;
    bool there; /* false: only seals or lines are */
    struct bytes sealed_key;
    const char *began, *sealed_to;
    const char *due_to;    /* a service that runs has sealed so far */
    bool behind;           /* more than a day */
    int64_t before, after; /* lines outside of it: before it began, since the last seal */
};
/* workspace NULL: all. */
int store_chain_list(store *s, const char *workspace, struct audit_chain **ret, size_t *ret_count,
                     struct err *e);
/* ERR_INTERNAL as crypto_open(). */
int store_chain_key(store *s, const struct audit_chain *c, struct bytes *ret, struct err *e);
/* Behind this day (NULL: from the first), in order. */
int store_seal_page(store *s, const char *workspace, const char *after_day, int64_t limit,
                    struct audit_seal **ret, size_t *ret_count, struct err *e);

#endif

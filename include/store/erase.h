#ifndef WB_STORE_ERASE_H
#define WB_STORE_ERASE_H

/*
 * Erasing a person (P15): erase_who.c says by which words, erase.c takes away what is theirs and
 * looks for what is left, erase_audit.c puts a pseudonym in their place in the audit. The common
 * rules stand in store.h.
 */

#include "store/session.h"

struct erase {
    const char *workspace, *user_id;
    const char *pseudonym; /* "erased-<8 hex digits>" */
    const char **keys;     /* user id and chats: columns that are keys hold them as they are */
    size_t keys_count;
    const char **ids; /* those and e-mail addresses: looked for in every text */
    size_t ids_count;
    const char **names; /* looked for in what people said and did, not in settings */
    size_t names_count;
    const char *actor;   /* who erases, for the audit; of store_erase_do */
    const char **spared; /* words of theirs that mean others, too, or nobody: not looked for */
    size_t spared_count;
};

/* Reads what stands for this person, and keeps it until the person is erased; *ret_known false:
 * it is no person's id that the workspace knows, or nothing here names it. (erase_who.c) */
int store_erase_begin(store *s, const char *workspace, const char *user_id, struct erase *ret,
                      bool *ret_known, struct err *e);

/* Default connections whose own login is this person's. */
int store_erase_owns(store *s, const char *workspace, const char *user_id, const char ***ret,
                     size_t *ret_count, struct err *e);

/* Jobs under way that are about this person, and runs of theirs: both end by themselves. */
int store_erase_waiting(store *s, const struct erase *x, int64_t *ret, struct err *e);

/* Deletes the person's rows, and puts the pseudonym where others name them; the audit too, in which
 * a line says so ("person.erased"). In the caller's transaction. */
struct erased {
    int64_t rows;   /* deleted */
    int64_t values; /* of others, changed */
    int64_t lines;  /* of the audit, changed */
};
int store_erase_do(store *s, const struct erase *x, struct erased *ret, struct err *e);

/* Looks through every readable column and every sealed value of the workspace. */
struct erase_proof {
    int64_t columns, sealed; /* searched */
    int64_t unopened;        /* sealed values that no key opens: nobody can say what is in them */
    int64_t found;
    const char **places; /* "message.body", where it was found */
    size_t places_count;
    const char **words, **spared; /* of theirs, looked for and not */
    size_t words_count, spared_count;
};
int store_erase_prove(store *s, const struct erase *x, struct erase_proof *ret, struct err *e);

/* The words alone, before anything is begun: what an erasure of now would look for, and what not.
 * Keeps nothing. (erase_who.c) */
int store_erase_foresee(store *s, const char *workspace, const char *user_id,
                        struct erase_proof *ret, struct err *e);

/* --- erase_audit.c --- */

/* io: with what has been erased elsewhere, which the audit's own line tells. */
int store_erase_audit(store *s, const struct erase *x, struct erased *io, struct err *e);

#endif

#ifndef WB_STORE_KEYS_H
#define WB_STORE_KEYS_H

/* Which encryption keys seal what is stored, and sealing it anew with the first one. The common
 * rules stand in store.h. */

#include "store/session.h"

/* This process seals with the first key of its ring, and is named: the key stays in use until a
 * rotation finds none of its values. */
int store_keys_note(store *s, struct err *e);
/* ERR_CONFIG "keys_wrong" when a key that was in use before this process started, and still is, is
 * not in its ring. One that came later is another replica's news: its values wait for that one. */
int store_keys_ready(store *s, struct err *e);

/* How many values a key seals. */
struct key_tally {
    char id[17]; /* "" : values that are no sealed ones */
    int64_t values;
};

/* A walk through all sealed values, page by page; zeros begin it. It may be dropped and begun again
 * at any time: a value is sealed anew once. */
struct key_walk {
    bool reseal; /* with the first key of the ring */
    size_t column;
    char workspace[256], key[256]; /* of the last row read; "" : none of this column */
    int64_t read;                  /* values, all in all */
    int64_t stale;                 /* of these, sealed with another key of the ring */
    int64_t resealed;              /* of these, what nobody else has written meanwhile */
    int64_t damaged;               /* what its key does not open: it is left as it is */
    int64_t missing;               /* whose key is not in the ring */
    struct key_tally tallies[32];  /* by the key that seals a value once the page is done */
    bool done;
};
/* "run.inputs", whose turn it is; w->column counts from 0 to *ret_of. */
const char *store_keys_column(const struct key_walk *w, size_t *ret_of);
/* The next page, in a transaction of its own; one that seals notes the key before. ERR_DATABASE:
 * the same page may be tried again. */
int store_keys_page(store *s, struct key_walk *io, struct err *e);

/* A rotation has found no value of this key. *ret false: a process sealed with it in the last five
 * minutes, so there may be new ones. */
int store_keys_emptied(store *s, const char *id, bool *ret, struct err *e);

/* Each process notes its key once a minute, so one that has died counts as alive for so long. */
enum { STORE_KEYS_LIVE_S = 180 };
struct key_user {
    const char *key;     /* NULL: nobody */
    const char *process; /* in words: "process 4711 on web-1" */
    int64_t age_s;       /* of its last note */
    int64_t until;       /* seconds since the epoch: from then on it counts as dead */
};
/* The process that noted last, of those that seal with another key than the first of the ring and
 * live, as far as is known. */
int store_keys_older(store *s, struct key_user *ret, struct err *e);

/* A key that seals something, as far as is known, or that this process holds. */
struct key_row {
    const char *id;
    bool first;                 /* this process seals with it */
    bool present;               /* it is in this process's ring */
    bool in_use;                /* a value of it may be stored */
    int64_t since_at, noted_at; /* a process said that it seals with it; 0: none has */
    const char *noted_by;       /* which one, last, in words; NULL: not known */
};
/* In use first, in the order of the ids. */
int store_keys_list(store *s, struct key_row **ret, size_t *ret_count, struct err *e);

/* Is this column walked through? For the test that holds the list against the catalogue. */
bool store_keys_knows(const char *table, const char *column);

#endif

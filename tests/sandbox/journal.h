/* The journal: every call in and out, in order, kept in a ring bounded by number and by bytes.
 * Bodies are kept as they were, secrets included: tests search them for leaks. */
#ifndef SANDBOX_JOURNAL_H
#define SANDBOX_JOURNAL_H

#include "util.h"

struct journal_entry {
    const char *peer;
    bool out;
    const char *method;
    const char *path; /* raw target, or the whole address of a call out */
    int status;       /* 0: no answer */
    int64_t took_ms;
    const char *failure; /* why there was no answer */
    const char *fault;   /* name of the fault applied */
    const char *headers; /* request headers as lines */
    const char *request;
    size_t request_len;
    const char *response;
    size_t response_len;
};

void journal_init(size_t entries_max, size_t bytes_max);
void journal_add(const struct journal_entry *entry);
/* Entries after `since` as JSON, oldest first, at most limit; peer and path filter when not
 * NULL (path: a part of it). {"entries":[...],"next":seq to ask for next,"first":oldest kept} */
struct journal_filter {
    int64_t since;
    size_t limit;
    const char *peer;
    const char *path;
    const char *direction; /* "in", "out" or NULL */
};
json_t *journal_read(const struct journal_filter *filter, size_t *ret_count);
int64_t journal_last(void);
void journal_clear(void);

#endif

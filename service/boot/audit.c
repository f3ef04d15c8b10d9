#include "boot_int.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/*
 * `workbot check --audit [WORKSPACE]`: is the audit what was sealed each night? It reads every line
 * and says of each day what is wrong with it. It changes nothing.
 */

enum { SEALS_A_PAGE = 200, LINES_A_PAGE = 5000 };

struct audit_check {
    struct service *service;
    const struct audit_chain *chain;
    struct bytes key;
    int64_t days, retired, lines, erased, late, faults;
    char expected[SEAL_DAY + 1]; /* the day whose seal comes next */
    char last[SEAL_DAY + 1];     /* the last that is there; "": none */
    char seal[SEAL_HEX + 1];     /* and its seal; "": it is wrong itself */
    char late_last[SEAL_DAY + 1];
};

static void keep(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text == NULL ? "" : text);
}
#define KEEP(to, text) keep((to), sizeof(to), (text))

static void fault(struct audit_check *x, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fault(struct audit_check *x, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%s: ", x->chain->workspace);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    x->faults++;
}

/* A session and an arena for a page: a long trail is read in little memory. */
static int open_page(const struct audit_check *x, arena **ret_mem, store **ret, struct err *e)
{
    *ret_mem = arena_new();
    if (store_open(x->service->stores, *ret_mem, ret, e) == 0) {
        return 0;
    }
    arena_free(*ret_mem);
    return -1;
}

static void close_page(arena *mem, store *s)
{
    store_close(s);
    arena_free(mem);
}

/* --- one day --- */

static int read_day(struct audit_check *x, struct seal_reading *io, struct err *e)
{
    bool done = false;
    while (!done) {
        arena *mem = NULL;
        store *s = NULL;
        if (open_page(x, &mem, &s, e) != 0) {
            return -1;
        }
        int rc = store_seal_read(s, io, LINES_A_PAGE, &done, e);
        close_page(mem, s);
        if (rc != 0) {
            return -1;
        }
    }
    x->lines += io->lines;
    x->erased += io->erased;
    return 0;
}

static int check_lines(struct audit_check *x, const struct audit_seal *d, struct err *e)
{
    struct seal_reading now = store_seal_reading(d->workspace, d->day, x->key);
    if (read_day(x, &now, e) != 0) {
        return -1;
    }
    if (now.lines != d->lines) {
        fault(x, "%s: %lld lines were sealed, and %lld are there", d->day, (long long)d->lines,
              (long long)now.lines);
    } else if (!str_equal(now.digest, d->digest)) {
        fault(x, "%s: a line was changed, or put in another's place or time", d->day);
    }
    return 0;
}

static void check_link(struct audit_check *x, const struct audit_seal *d)
{
    bool follows = str_equal(d->day, x->expected);
    if (!follows && strcmp(d->day, x->expected) < 0) {
        fault(x, "%s: a seal of before the audit began", d->day);
    } else if (!follows && str_equal(d->day_before, x->expected)) {
        fault(x, "%s: the seal is missing", x->expected);
    } else if (!follows) {
        fault(x, "%s to %s: the seals are missing", x->expected, d->day_before);
    } else if ((x->last[0] == '\0' || x->seal[0] != '\0') && !str_equal(d->previous, x->seal)) {
        fault(x, "%s: it was sealed behind another seal than the one before it", d->day);
    }
}

/* Is the seal's own row what was written? */
static bool seal_holds(struct audit_check *x, arena *mem, const struct audit_seal *d)
{
    if (!str_equal(store_seal_of(mem, x->key, d), d->seal)) {
        fault(x, "%s: the seal itself was changed", d->day);
        return false;
    }
    if (d->retired_at != 0 && !str_equal(store_seal_retired(mem, x->key, d), d->retired_seal)) {
        fault(x, "%s: its lines were let go, and not by Workbot", d->day);
    }
    return true;
}

static int check_day(struct audit_check *x, arena *mem, const struct audit_seal *d, struct err *e)
{
    check_link(x, d);
    bool holds = seal_holds(x, mem, d);
    x->days++;
    x->retired += d->retired_at != 0 ? 1 : 0;
    if (d->late) {
        x->late++;
        KEEP(x->late_last, d->day);
    }
    KEEP(x->expected, d->day_after);
    KEEP(x->last, d->day);
    KEEP(x->seal, holds ? d->seal : NULL);
    return !holds || d->retired_at != 0 ? 0 : check_lines(x, d, e);
}

/* --- one workspace --- */

static int check_days(struct audit_check *x, struct err *e)
{
    char after[SEAL_DAY + 1] = "";
    for (size_t count = SEALS_A_PAGE; count == SEALS_A_PAGE;) {
        arena *mem = NULL;
        store *s = NULL;
        struct audit_seal *list = NULL;
        if (open_page(x, &mem, &s, e) != 0) {
            return -1;
        }
        int rc = store_seal_page(s, x->chain->workspace, after[0] == '\0' ? NULL : after,
                                 SEALS_A_PAGE, &list, &count, e);
        store_close(s);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            rc = check_day(x, mem, &list[i], e);
            KEEP(after, list[i].day);
        }
        arena_free(mem);
        if (rc != 0) {
            return -1;
        }
    }
    return 0;
}

static void check_ends(struct audit_check *x)
{
    const struct audit_chain *c = x->chain;
    if (x->last[0] != '\0' && strcmp(x->last, c->sealed_to) < 0) {
        fault(x, "%s to %s: the seals are missing", x->expected, c->sealed_to);
    } else if (x->last[0] == '\0' && strcmp(c->began, c->sealed_to) <= 0) {
        fault(x, "%s to %s: the seals are missing", c->began, c->sealed_to);
    } else if (strcmp(x->last, c->sealed_to) > 0) {
        fault(x, "%s: the chain ends there, and there are seals of later days", c->sealed_to);
    }
    if (c->before > 0) {
        fault(x, "before %s: %lld lines stand before the first day", c->began,
              (long long)c->before);
    }
    if (c->behind) {
        fault(x, "%s: nothing was sealed since; it should be sealed to %s. Is no worker running?",
              c->sealed_to, c->due_to);
    }
}

static void sum_up(const struct audit_check *x)
{
    const char *workspace = x->chain->workspace;
    printf("%s: %lld days sealed to %s, %lld of them retired, %lld lines read; not sealed yet: "
           "%lld; last seal %.16s: %s\n",
           workspace, (long long)x->days, x->last[0] == '\0' ? "none" : x->last,
           (long long)x->retired, (long long)x->lines, (long long)x->chain->after,
           x->seal[0] == '\0' ? "none" : x->seal, x->faults == 0 ? "whole" : "BROKEN");
    if (x->erased > 0) {
        printf("%s: in %lld of these lines a pseudonym stands for a person who was erased\n",
               workspace, (long long)x->erased);
    }
    if (x->late > 0) {
        printf("%s: %lld of these days, the last of them %s, were sealed later than the night "
               "after: what was changed before that does not show\n",
               workspace, (long long)x->late, x->late_last);
    }
}

static int check_chain(struct service *s, const struct audit_chain *c, bool *io_whole,
                       struct err *e)
{
    struct audit_check x = {.service = s, .chain = c};
    struct err why = {0};
    arena *mem = arena_new();
    store *st = NULL;
    if (store_open(s->stores, mem, &st, e) != 0) {
        arena_free(mem);
        return -1;
    }
    bool opens = c->there && store_chain_key(st, c, &x.key, &why) == 0;
    store_close(st);
    int rc = 0;
    if (!c->there) {
        fault(&x, "its chain and its key were taken away: nothing of it can be verified");
    } else if (!opens) {
        fault(&x, "the key of its seals does not open: %s", why.text);
    } else {
        KEEP(x.expected, c->began);
        rc = check_days(&x, e);
        check_ends(&x);
    }
    if (rc == 0 && opens) {
        sum_up(&x);
    }
    *io_whole = *io_whole && x.faults == 0;
    arena_free(mem);
    return rc;
}

int audit_check(struct service *s, const char *workspace, bool *ret_whole, struct err *e)
{
    struct audit_chain *list = NULL;
    size_t count = 0;
    store *st = NULL;
    *ret_whole = true;
    if (store_open(s->stores, s->mem, &st, e) != 0) {
        return -1;
    }
    int rc = store_chain_list(st, workspace, &list, &count, e);
    store_close(st);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = check_chain(s, &list[i], ret_whole, e);
    }
    if (rc == 0 && count == 0) {
        printf("there is no audit%s%s\n", workspace == NULL ? "" : " of ",
               workspace == NULL ? "" : workspace);
        *ret_whole = workspace == NULL;
    }
    return rc;
}

#include "boot_int.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* `workbot keys` and `workbot keys rotate`: which encryption keys are in use, and the way to free
 * one. Beside a running service, and as often as wanted. */

enum { PASSES = 5, TRIES = 20, TRY_PAUSE_MS = 500, SAY_EVERY_MS = 5000 };

/* A page that met a busy row, or a database that went away for a moment, is tried again. */
static int page(struct service *s, struct key_walk *w, struct err *e)
{
    for (int i = 0;; i++) {
        arena *mem = arena_new();
        store *st = NULL;
        int rc = store_open(s->stores, mem, &st, e) == 0 ? store_keys_page(st, w, e) : -1;
        store_close(st);
        arena_free(mem);
        if (rc == 0 || e->kind != ERR_DATABASE || i == TRIES) {
            return rc;
        }
        clock_wait_ms(TRY_PAUSE_MS);
        *e = (struct err){0};
    }
}

/* What a walk had done when the column began whose turn it is, and when it last said a word. */
struct progress {
    size_t column;
    int64_t read, resealed, said_ms;
};

/* A line for each column in which something was sealed anew, and while others take long. */
static void say_progress(struct progress *p, const struct key_walk *w, const char *name, size_t of)
{
    bool ended = w->column != p->column;
    int64_t read = w->read - p->read, resealed = w->resealed - p->resealed;
    int64_t now_ms = clock_mono_ms();
    if ((ended && resealed > 0) || now_ms - p->said_ms >= SAY_EVERY_MS) {
        printf("%s (column %zu of %zu): %lld values read%s, %lld sealed anew\n", name,
               p->column + 1, of, (long long)read, ended ? "" : " so far", (long long)resealed);
        fflush(stdout);
        p->said_ms = now_ms;
    }
    if (ended) {
        p->column = w->column;
        p->read = w->read;
        p->resealed = w->resealed;
    }
}

static int walk(struct service *s, struct key_walk *w, struct err *e)
{
    struct progress p = {.said_ms = clock_mono_ms()};
    while (!w->done) {
        size_t of = 0;
        const char *name = store_keys_column(w, &of);
        if (page(s, w, e) != 0) {
            return -1;
        }
        if (w->reseal) {
            say_progress(&p, w, name, of);
        }
    }
    return 0;
}

static const struct key_tally *tally_of(const struct key_walk *w, const char *id)
{
    static const struct key_tally none;
    for (size_t i = 0; i < sizeof w->tallies / sizeof w->tallies[0]; i++) {
        if (w->tallies[i].values > 0 && str_equal(w->tallies[i].id, id)) {
            return &w->tallies[i];
        }
    }
    return &none;
}

static bool in_ring(const struct service *s, const char *id)
{
    const char *own = NULL;
    for (size_t i = 0; (own = crypto_keyring_id(s->keys, i)) != NULL; i++) {
        if (str_equal(own, id)) {
            return true;
        }
    }
    return false;
}

static void print_tallies(const struct service *s, const struct key_walk *w)
{
    const char *id = NULL;
    for (size_t i = 0; (id = crypto_keyring_id(s->keys, i)) != NULL; i++) {
        printf("%-16s %10lld values%s\n", id, (long long)tally_of(w, id)->values,
               i == 0 ? ", seals" : "");
    }
    for (size_t i = 0; i < sizeof w->tallies / sizeof w->tallies[0]; i++) {
        const struct key_tally *t = &w->tallies[i];
        if (t->values > 0 && !in_ring(s, t->id)) {
            printf("%-16s %10lld values%s\n", t->id[0] == '\0' ? "(damaged)" : t->id,
                   (long long)t->values,
                   t->id[0] == '\0' ? ": no key opens them"
                                    : ": this key is not in WORKBOT_ENCRYPTION_KEYS");
        }
    }
}

int keys_print(struct service *s, struct err *e)
{
    struct key_walk w = {0};
    if (walk(s, &w, e) != 0) {
        return -1;
    }
    print_tallies(s, &w);
    return 0;
}

/* Until a whole walk has found nothing to do: its tallies are exact. */
static int reseal_all(struct service *s, struct key_walk *ret, struct err *e)
{
    int64_t resealed = 0;
    *ret = (struct key_walk){.stale = 1};
    for (int i = 0; i < PASSES && ret->stale > 0; i++) {
        *ret = (struct key_walk){.reseal = true};
        if (walk(s, ret, e) != 0) {
            return -1;
        }
        resealed += ret->resealed;
    }
    ret->resealed = resealed;
    return 0;
}

/* What may leave the settings now; *ret_all false: not every key but the first. */
static int free_keys(struct service *s, const struct key_walk *w, bool *ret_all, struct err *e)
{
    const char *id = NULL;
    store *st = NULL;
    *ret_all = true;
    if (store_open(s->stores, s->mem, &st, e) != 0) {
        return -1;
    }
    int rc = 0;
    for (size_t i = 1; rc == 0 && (id = crypto_keyring_id(s->keys, i)) != NULL; i++) {
        bool empty = false;
        if (tally_of(w, id)->values == 0 && (rc = store_keys_emptied(st, id, &empty, e)) == 0) {
            printf(empty ? "the key %s seals nothing any more: it may leave "
                           "WORKBOT_ENCRYPTION_KEYS\n"
                         : "the key %s seals nothing now, but a process sealed with it a moment "
                           "ago: restart that with the new first key, and run this again after "
                           "five minutes\n",
                   id);
        }
        *ret_all = *ret_all && empty;
    }
    store_close(st);
    return rc;
}

int keys_older(struct service *s, struct key_user *ret, struct err *e)
{
    store *st = NULL;
    if (store_open(s->stores, s->mem, &st, e) != 0) {
        return -1;
    }
    int rc = store_keys_older(st, ret, e);
    store_close(st);
    return rc;
}

/* Before anything is sealed: what a process cannot open it cannot serve. */
static int may_begin(struct service *s, bool *ret, struct err *e)
{
    struct key_user older;
    if (keys_older(s, &older, e) != 0) {
        return -1;
    }
    *ret = older.key == NULL;
    if (older.key != NULL) {
        printf("nothing was sealed anew: %s seals with the key %s, was alive %lld s ago, and might "
               "not open what the key %s seals. Restart every process with these settings, then "
               "run this again: at %s, if that one has ended and was the last, else %d s after the "
               "last one has ended\n",
               older.process, older.key, (long long)older.age_s, crypto_keyring_id(s->keys, 0),
               clock_rfc3339(s->mem, older.until), STORE_KEYS_LIVE_S);
    }
    return 0;
}

static int rotate(struct service *s, bool *ret_all, struct err *e)
{
    struct key_walk w = {0};
    bool may = false;
    *ret_all = false;
    if (may_begin(s, &may, e) != 0) {
        return -1;
    }
    if (!may) {
        return keys_print(s, e);
    }
    if (reseal_all(s, &w, e) != 0) {
        return -1;
    }
    printf("%lld values were sealed anew with the key %s\n", (long long)w.resealed,
           crypto_keyring_id(s->keys, 0));
    if (w.damaged > 0) {
        printf("%lld values do not open with the key that they name: they were changed or moved, "
               "and are left as they are\n",
               (long long)w.damaged);
    }
    print_tallies(s, &w);
    bool freed = false;
    if (w.stale > 0) {
        printf("a process still seals with an older key: restart it with the new first key, and "
               "run this again\n");
    } else if (free_keys(s, &w, &freed, e) != 0) {
        return -1;
    }
    *ret_all = freed && w.missing == 0;
    return 0;
}

int command_keys(int argc, char **argv)
{
    struct service s = {.mem = arena_new()};
    struct err e = {0};
    bool all = true;
    bool rotates = argc == 1 && strcmp(argv[0], "rotate") == 0;
    if (argc != 0 && !rotates) {
        return command_misused(&s, "keys [rotate]");
    }
    if (!settings_load(&s)) {
        arena_free(s.mem);
        return 1;
    }
    build_objects(&s);
    int rc = rotates ? rotate(&s, &all, &e) : keys_print(&s, &e);
    if (rc != 0) {
        fprintf(stderr, "keys: %s\n", e.text);
    }
    build_free(&s);
    return rc == 0 && all ? 0 : 1;
}

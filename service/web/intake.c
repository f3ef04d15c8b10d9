#include "web_int.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/queue.h"
#include "base/str.h"

/*
 * Group commit. While one statement is on its way, the events of all other connections gather in
 * the queue; a writer then takes them all at once. So the number of commits per second stays what
 * the disk can do, and the number of events in each grows with the load.
 */
struct intake {
    stores *stores;
    void (*wake)(void *arg);
    void *wake_arg;
    queue *waiting;
    pthread_t writers[INTAKE_WRITERS];
    _Atomic int64_t logged_ms;
};

enum { LOG_EVERY_MS = 1000 }; /* while the database is away each batch fails at once */

/* Memory that is never touched costs nothing: nearly every item is one seed. */
struct batch {
    struct intake_item *items[INTAKE_BATCH];
    size_t first[INTAKE_BATCH + 1]; /* seed of each item, and one behind the last */
    struct job_seed seeds[INTAKE_BATCH * INTAKE_SEEDS];
};

static int commit(intake *i, const struct job_seed *seeds, size_t count, int64_t *ret_stored,
                  struct err *e)
{
    arena *mem = arena_new();
    store *s = NULL;
    int result = store_open(i->stores, mem, &s, e);
    if (result == 0) {
        result = store_job_add_many(s, seeds, count, ret_stored, e);
    }
    store_close(s);
    arena_free(mem);
    return result;
}

static void finish(struct batch *b, size_t from, size_t count, bool ok)
{
    for (size_t i = from; i < from + count; i++) {
        b->items[i]->done(b->items[i], ok);
    }
}

static void note_failure(intake *i, const struct err *e, size_t count)
{
    metric_add(METRIC_ERRORS, "kind=\"intake\"", 1);
    if (log_due(&i->logged_ms, LOG_EVERY_MS)) {
        log_err(LOG_ERROR, "events were not stored", e, &LOG_INT("events", count), 1);
    }
}

/* Which of a batch was there before is not told: of two chats in one the duplicates are of both. */
static void count_stored(const struct job_seed *seeds, size_t count, int64_t stored)
{
    const char *chat = seeds[0].chat;
    for (size_t n = 0; n < count; n++) {
        metric_add(METRIC_ACKS, seeds[n].chat, 1);
        chat = str_equal(seeds[n].chat, seeds[0].chat) ? chat : "chat=\"both\"";
    }
    metric_add(METRIC_DUPLICATES, chat, (int64_t)count - stored);
}

/* Commits items [from, from + count). A batch that the database refuses is cut in halves, so that
 * one item it cannot take fails alone; when the database is away all fail at once. */
static bool settle(intake *i, struct batch *b, size_t from, size_t count)
{
    struct err e = {0};
    int64_t stored = 0;
    const struct job_seed *seeds = b->seeds + b->first[from];
    size_t events = b->first[from + count] - b->first[from];
    if (commit(i, seeds, events, &stored, &e) == 0) {
        metric_observe(METRIC_INTAKE_BATCH, NULL, (double)events);
        count_stored(seeds, events, stored);
        finish(b, from, count, true);
        return stored > 0;
    }
    if (e.kind == ERR_DATABASE || count == 1) {
        note_failure(i, &e, events);
        finish(b, from, count, false);
        return false;
    }
    bool first = settle(i, b, from, count / 2);
    return settle(i, b, from + count / 2, count - count / 2) || first;
}

static void gather(struct batch *b, size_t count)
{
    size_t at = 0;
    for (size_t n = 0; n < count; n++) {
        const struct intake_item *item = b->items[n];
        b->first[n] = at;
        memcpy(b->seeds + at, item->seeds, item->count * sizeof *item->seeds);
        at += item->count;
    }
    b->first[count] = at;
}

static void *writer_main(void *arg)
{
    intake *i = arg;
    struct batch *b = calloc(1, sizeof *b);
    if (b == NULL) {
        die("out of memory");
    }
    size_t count = 0;
    while ((count = queue_take_many(i->waiting, (void **)b->items, INTAKE_BATCH, -1)) > 0) {
        gather(b, count);
        if (settle(i, b, 0, count) && i->wake != NULL) {
            i->wake(i->wake_arg);
        }
    }
    free(b);
    return NULL;
}

intake *intake_new(stores *s, void (*wake)(void *arg), void *wake_arg)
{
    intake *i = calloc(1, sizeof *i);
    if (i == NULL) {
        die("out of memory");
    }
    *i = (intake){
        .stores = s, .wake = wake, .wake_arg = wake_arg, .waiting = queue_new(INTAKE_QUEUE)};
    for (size_t n = 0; n < INTAKE_WRITERS; n++) {
        if (pthread_create(&i->writers[n], NULL, writer_main, i) != 0) {
            die("cannot start an intake writer");
        }
        pthread_setname_np(i->writers[n], "intake");
    }
    return i;
}

bool intake_put(intake *i, struct intake_item *item)
{
    if (item->count == 0 || item->count > INTAKE_SEEDS) {
        die("an item of the intake holds %zu events", item->count);
    }
    return queue_put(i->waiting, item);
}

void intake_stop(intake *i)
{
    queue_close(i->waiting);
    for (size_t n = 0; n < INTAKE_WRITERS; n++) {
        pthread_join(i->writers[n], NULL);
    }
}

void intake_free(intake *i)
{
    if (i != NULL) {
        queue_free(i->waiting);
        free(i);
    }
}

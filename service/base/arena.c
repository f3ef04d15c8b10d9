#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_OBJECT_EACH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_OBJECT_EACH 1
#endif
#endif
#ifndef ARENA_OBJECT_EACH
#define ARENA_OBJECT_EACH 0
#endif

enum {
    ALIGN = alignof(max_align_t),
    BLOCK_FIRST = 4 * 1024,
    BLOCK_LARGEST = 64 * 1024,
    /* larger objects get a block of their own, so that the rest of the current one is not lost */
    LARGE = 1024
};

struct block {
    struct block *next;
    size_t size; /* of data */
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

struct deferred {
    struct deferred *next;
    void (*fn)(void *object);
    void *object;
};

struct arena {
    struct block *blocks;  /* newest first; only for arena_free() */
    struct block *current; /* where small objects go */
    size_t next_size;
    struct deferred *deferred;
};

arena *arena_new(void)
{
    arena *a = calloc(1, sizeof *a);
    if (a == NULL) {
        die("out of memory");
    }
    a->next_size = BLOCK_FIRST;
    return a;
}

void arena_free(arena *a)
{
    if (a == NULL) {
        return;
    }
    while (a->deferred != NULL) {
        struct deferred *d = a->deferred;
        a->deferred = d->next;
        d->fn(d->object);
    }
    struct block *next = NULL;
    for (struct block *b = a->blocks; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

static struct block *block_new(arena *a, size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(struct block)) {
        die("out of memory: %zu bytes asked", size);
    }
    struct block *b = calloc(1, sizeof *b + size);
    if (b == NULL) {
        die("out of memory: %zu bytes asked", size);
    }
    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

void *arena_alloc(arena *a, size_t size)
{
    if (ARENA_OBJECT_EACH || size > LARGE) {
        return block_new(a, size)->data;
    }
    size_t step = size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
    struct block *b = a->current;
    if (b == NULL || b->size - b->used < step) {
        b = block_new(a, a->next_size);
        a->current = b;
        a->next_size = a->next_size * 2 < BLOCK_LARGEST ? a->next_size * 2 : BLOCK_LARGEST;
    }
    void *object = b->data + b->used;
    b->used += step;
    return object;
}

void *arena_array(arena *a, size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) {
        die("array of %zu times %zu bytes asked", count, size);
    }
    return arena_alloc(a, total);
}

void *arena_copy(arena *a, const void *from, size_t size)
{
    void *copy = arena_alloc(a, size);
    if (size > 0) {
        memcpy(copy, from, size);
    }
    return copy;
}

struct bytes arena_bytes(arena *a, struct bytes from)
{
    if (from.len == SIZE_MAX) {
        die("out of memory: %zu bytes asked", from.len);
    }
    uint8_t *copy = arena_alloc(a, from.len + 1);
    if (from.len > 0) {
        memcpy(copy, from.data, from.len);
    }
    return (struct bytes){copy, from.len};
}

char *arena_strndup(arena *a, const char *text, size_t len)
{
    if (text == NULL) {
        return NULL;
    }
    size_t used = strnlen(text, len);
    char *copy = arena_alloc(a, used + 1);
    memcpy(copy, text, used);
    return copy;
}

char *arena_strdup(arena *a, const char *text)
{
    return text == NULL ? NULL : arena_copy(a, text, strlen(text) + 1);
}

/* Most texts fit behind what is there: they are written once, not measured first. */
char *arena_vprintf(arena *a, const char *format, va_list args)
{
    struct block *b = a->current;
    size_t room = b == NULL || ARENA_OBJECT_EACH ? 0 : b->size - b->used;
    room = room < LARGE ? room : LARGE;
    char *tail = room == 0 ? NULL : (char *)b->data + b->used;
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(tail, room, format, args);
    if (len < 0) {
        die("a format that cannot be printed");
    }
    size_t size = (size_t)len + 1;
    if (size > room && room > 0) {
        memset(tail, 0, room);
    }
    char *text = arena_alloc(a, size); /* the tail, if it fits */
    if (size > room) {
        (void)vsnprintf(text, size, format, again);
    }
    va_end(again);
    return text;
}

char *arena_printf(arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(a, format, args);
    va_end(args);
    return text;
}

void arena_defer(arena *a, void (*fn)(void *object), void *object)
{
    struct deferred *d = arena_alloc(a, sizeof *d);
    d->fn = fn;
    d->object = object;
    d->next = a->deferred;
    a->deferred = d;
}

static void drop_json(void *object)
{
    json_decref(object);
}

json_t *arena_json(arena *a, json_t *owned)
{
    if (owned != NULL) {
        arena_defer(a, drop_json, owned);
    }
    return owned;
}

struct bytes bytes_of(const char *text)
{
    if (text == NULL) {
        return (struct bytes){NULL, 0};
    }
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

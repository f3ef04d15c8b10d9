#ifndef WB_BASE_ARENA_H
#define WB_BASE_ARENA_H

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Memory that lives as long as one request, one job or the process.
 *
 * Invariants: an allocation never returns NULL (out of memory dies: the service keeps no state of
 * its own and leases expire) and is zero-filled; nothing is freed one by one; arena_free() runs
 * the deferred calls in reverse order and then releases everything. An arena belongs to one thread
 * at a time. Under AddressSanitizer every object is its own malloc, so overflows stay visible.
 */
typedef struct arena arena;

/* A view of memory owned by somebody else; data may hold NUL bytes and is not terminated. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

arena *arena_new(void);
/* Runs deferred calls, frees everything. NULL is a no-op. */
void arena_free(arena *a);

void *arena_alloc(arena *a, size_t size);
/* For arrays: dies when count * size overflows. */
void *arena_array(arena *a, size_t count, size_t size);
void *arena_copy(arena *a, const void *from, size_t size);
char *arena_strdup(arena *a, const char *text); /* NULL gives NULL */
/* At most len bytes, ends at a NUL; NULL gives NULL. */
char *arena_strndup(arena *a, const char *text, size_t len);
char *arena_printf(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(arena *a, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Copies bytes; the copy is followed by a NUL that is not counted. */
struct bytes arena_bytes(arena *a, struct bytes from);

/* Calls fn(object) when the arena is freed, last deferred first. */
void arena_defer(arena *a, void (*fn)(void *object), void *object);
/* Takes over one reference to a JSON value and gives it back for use while the arena lives.
 * NULL gives NULL. */
json_t *arena_json(arena *a, json_t *owned);

/* Without the NUL; NULL gives no bytes. */
struct bytes bytes_of(const char *text);

#endif

#include "base/secret.h"

#include <stdint.h>
#include <string.h>

#include "base/die.h"

struct wiped {
    char *bytes;
    size_t size;
};

static void wipe(void *object)
{
    struct wiped *w = object;
    explicit_bzero(w->bytes, w->size);
}

struct secret secret_new(arena *mem, const char *bytes, size_t len)
{
    if (bytes == NULL || len == 0) {
        return (struct secret){NULL, 0};
    }
    if (len == SIZE_MAX) {
        die("a secret of %zu bytes asked", len);
    }
    struct wiped *w = arena_alloc(mem, sizeof *w);
    w->size = len + 1;
    w->bytes = arena_alloc(mem, w->size);
    memcpy(w->bytes, bytes, len);
    arena_defer(mem, wipe, w);
    return (struct secret){w->bytes, len};
}

struct secret secret_of(arena *mem, const char *text)
{
    return secret_new(mem, text, text == NULL ? 0 : strlen(text));
}

bool secret_empty(struct secret s)
{
    return s.opaque == NULL || s.len == 0;
}

const char *secret_reveal(struct secret s)
{
    return s.opaque == NULL ? "" : s.opaque;
}

bool secret_equal(struct secret a, struct secret b)
{
    if (a.len != b.len) {
        return false;
    }
    /* volatile: the compiler may not leave the loop at the first difference */
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < a.len; i++) {
        difference = (unsigned char)(difference | (a.opaque[i] ^ b.opaque[i]));
    }
    return difference == 0;
}

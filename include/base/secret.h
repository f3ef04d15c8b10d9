#ifndef WB_BASE_SECRET_H
#define WB_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * A value that must never be printed: a token, a client secret, a key. It is not a string, so no
 * format, log macro or JSON writer takes it; whoever needs the bytes says so with secret_reveal(),
 * which is easy to find in review. Its memory is wiped when the arena is freed.
 */
struct secret {
    const char *opaque; /* only secret.c and secret_reveal() look inside */
    size_t len;
};

struct secret secret_new(arena *mem, const char *bytes, size_t len);
struct secret secret_of(arena *mem, const char *text); /* NULL gives an empty secret */
bool secret_empty(struct secret s);
/* The bytes, NUL-terminated. The caller passes them straight to a header, form or cipher. */
const char *secret_reveal(struct secret s);
bool secret_equal(struct secret a, struct secret b); /* time does not depend on content */

#endif

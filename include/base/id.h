#ifndef WB_BASE_ID_H
#define WB_BASE_ID_H

#include <stdbool.h>

#include "base/arena.h"

/* Made by us before a row exists, so that a sealed value can be bound to its row, a batch can be
 * written in one statement, and a repeated write is seen as one. RFC 9562 version 7: sorts by the
 * time it was made. */
struct id {
    char text[37];
};

struct id id_new(void);
/* True for 36 characters of the canonical lower-case form: what may be given to a uuid column. */
bool id_valid(const char *text);

#endif

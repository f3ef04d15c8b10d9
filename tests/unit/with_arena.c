#include "tests/unit/with_arena.h"

#include <stddef.h>

arena *mem;

int arena_set_up(void **state)
{
    (void)state;
    mem = arena_new();
    return 0;
}

int arena_tear_down(void **state)
{
    (void)state;
    arena_free(mem);
    mem = NULL;
    return 0;
}

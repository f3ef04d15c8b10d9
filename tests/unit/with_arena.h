#ifndef WB_TESTS_UNIT_WITH_ARENA_H
#define WB_TESTS_UNIT_WITH_ARENA_H

#include "base/arena.h"

/* An arena of each test's own, for cmocka_unit_test_setup_teardown. */
extern arena *mem;
int arena_set_up(void **state);
int arena_tear_down(void **state);

#endif

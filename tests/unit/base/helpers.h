#ifndef WB_TESTS_UNIT_BASE_HELPERS_H
#define WB_TESTS_UNIT_BASE_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

/* Runs fn(arg) and gives what it wrote to file descriptor 2, on mem. */
char *capture_stderr(arena *mem, void (*fn)(void *arg), void *arg);

/* Runs fn(arg) in a child process; true when it aborted. Its last words are checked to be one line
 * of JSON that holds `words`. */
bool dies(void (*fn)(void *arg), void *arg, const char *words);

/* Runs fn(arg) in `count` threads at once and waits for all. */
void in_threads(size_t count, void *(*fn)(void *arg), void *arg);

/* A seeded sequence (xorshift64*), the same in every run. */
uint64_t next_number(uint64_t *seed);

/* The lines of text, without their newline, NULL-terminated; the last line must end in one. */
char **lines_of(arena *mem, const char *text);

#endif

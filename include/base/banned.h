#ifndef WB_BASE_BANNED_H
#define WB_BASE_BANNED_H

/*
 * Calls that service code may not make, as compile errors with the replacement in the message.
 * The Makefile includes this before every file of service/ (-include base/banned.h). The functions
 * are declared once more with an attribute, not poisoned or redefined, so that system headers and
 * libraries' headers included later stay intact; whoever defines them is included first, and the
 * parentheses around a name keep a macro of that name away. For gcc alone: clang ignores the
 * attribute on what a header defined inline, and every file passes gcc.
 */
#ifndef __clang__

#include <alloca.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAN(type, name, parameters, instead)                                                       \
    type(name) parameters __attribute__((unavailable("use " instead)));

/* no bound, or a bound that does not end the text */
BAN(char *, strcpy, (char *restrict, const char *restrict), "arena_strdup or struct str")
BAN(char *, strcat, (char *restrict, const char *restrict), "struct str")
BAN(char *, strncpy, (char *restrict, const char *restrict, size_t), "arena_strndup")
BAN(char *, strncat, (char *restrict, const char *restrict, size_t), "struct str")
BAN(int, sprintf, (char *restrict, const char *restrict, ...), "snprintf or arena_printf")
BAN(int, vsprintf, (char *restrict, const char *restrict, va_list), "arena_vprintf")
BAN(char *, gets, (char *), "fgets")

/* no error answer */
BAN(int, atoi, (const char *), "str_to_i64")
BAN(long, atol, (const char *), "str_to_i64")
BAN(long long, atoll, (const char *), "str_to_i64")
BAN(double, atof, (const char *), "strtod")

/* state shared by all threads */
BAN(char *, strerror, (int), "strerror_r")
BAN(char *, strtok, (char *restrict, const char *restrict), "str_split")
BAN(struct tm *, gmtime, (const time_t *), "clock_rfc3339 or gmtime_r")
BAN(struct tm *, localtime, (const time_t *), "gmtime_r")
BAN(char *, ctime, (const time_t *), "clock_rfc3339")
BAN(char *, asctime, (const struct tm *), "clock_rfc3339")

/* guessable */
BAN(int, rand, (void), "the random bytes of crypto")
BAN(void, srand, (unsigned), "the random bytes of crypto")
BAN(long, random, (void), "the random bytes of crypto")

/* a shell, an unbounded stack, a wait that nobody can end */
BAN(int, system, (const char *), "nothing: the service starts no programs")
BAN(FILE *, popen, (const char *, const char *), "nothing: the service starts no programs")
#undef alloca
BAN(void *, alloca, (size_t), "arena_alloc")
BAN(unsigned, sleep, (unsigned), "a condition with a deadline")
BAN(int, usleep, (useconds_t), "a condition with a deadline")
BAN(int, nanosleep, (const struct timespec *, struct timespec *), "a condition with a deadline")

#endif
#endif

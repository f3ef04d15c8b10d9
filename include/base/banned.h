#ifndef WB_BASE_BANNED_H
#define WB_BASE_BANNED_H

/*
 * Calls that service code may not make, as compile errors with the replacement in the message.
 * The Makefile includes this before every file of service/ (-include base/banned.h). The functions
 * are declared once more with an attribute, not poisoned or redefined, so that system headers and
 * libraries' headers included later stay intact; whoever defines them is included first. For gcc
 * alone: clang ignores the attribute on what a header defined inline. Every file passes gcc.
 */
#ifndef __clang__

#include <alloca.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BANNED(instead) __attribute__((unavailable("use " instead)))

/* no bound, or a bound that does not end the text */
char *strcpy(char *restrict to, const char *restrict from) BANNED("arena_strdup or struct str");
char *strcat(char *restrict to, const char *restrict from) BANNED("struct str");
char *strncpy(char *restrict to, const char *restrict from, size_t n) BANNED("arena_strndup");
char *strncat(char *restrict to, const char *restrict from, size_t n) BANNED("struct str");
int sprintf(char *restrict to, const char *restrict format, ...) BANNED("arena_printf or snprintf");
int vsprintf(char *restrict to, const char *restrict format, va_list args) BANNED("arena_vprintf");
char *gets(char *to) BANNED("fgets");

/* no error answer */
int atoi(const char *text) BANNED("str_to_i64");
long atol(const char *text) BANNED("str_to_i64");
long long atoll(const char *text) BANNED("str_to_i64");
double atof(const char *text) BANNED("strtod");

/* state shared by all threads */
char *strtok(char *restrict text, const char *restrict separators) BANNED("str_split");
struct tm *gmtime(const time_t *at) BANNED("clock_rfc3339 or gmtime_r");
struct tm *localtime(const time_t *at) BANNED("gmtime_r");
char *ctime(const time_t *at) BANNED("clock_rfc3339");
char *asctime(const struct tm *t) BANNED("clock_rfc3339");

/* guessable */
int rand(void) BANNED("crypto's random bytes");
void srand(unsigned seed) BANNED("crypto's random bytes");
long random(void) BANNED("crypto's random bytes");

/* a shell, an unbounded stack, a wait that nobody can end */
int system(const char *command) BANNED("nothing: the service starts no programs");
FILE *popen(const char *command, const char *mode) BANNED("nothing: the service starts none");
#undef alloca
void *alloca(size_t size) BANNED("arena_alloc");
unsigned sleep(unsigned seconds) BANNED("queue_take or a condition with a deadline");
int usleep(useconds_t us) BANNED("queue_take or a condition with a deadline");

#endif
#endif

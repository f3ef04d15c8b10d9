#ifndef WB_BASE_DIE_H
#define WB_BASE_DIE_H

/* Prints one line to standard error and aborts: for faults of the program and for exhausted
 * memory, never for input, peers or the database. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif

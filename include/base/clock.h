#ifndef WB_BASE_CLOCK_H
#define WB_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

int64_t clock_now(void);     /* seconds since the epoch */
int64_t clock_now_ms(void);  /* milliseconds since the epoch */
int64_t clock_mono_ms(void); /* never goes back; for deadlines and durations */
int64_t clock_mono_us(void);

/* This thread does nothing for so long. For work that cannot go back into a queue meanwhile. */
void clock_wait_ms(int64_t wait_ms);

/* "2026-11-22T10:00:00Z" (RFC 3339) of epoch seconds. */
char *clock_rfc3339(arena *mem, int64_t at);
/* The same back, or a day alone ("2026-11-22": its begin, UTC). False for anything else. */
bool clock_read_rfc3339(const char *text, int64_t *ret);

#endif

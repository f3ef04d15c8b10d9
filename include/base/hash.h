#ifndef WB_BASE_HASH_H
#define WB_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a of 64 bits (Fowler, Noll and Vo): spreads keys over tables. Whoever chooses the
 * text chooses the slot, so nothing may rest on two texts differing. */
#define HASH_START UINT64_C(14695981039346656037)

uint64_t hash_bytes(uint64_t hash, const void *data, size_t len);
/* With its NUL, so that "a","bc" and "ab","c" differ. NULL counts like "". */
uint64_t hash_text(uint64_t hash, const char *text);

#endif

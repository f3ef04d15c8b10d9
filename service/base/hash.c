#include "base/hash.h"

#include <string.h>

uint64_t hash_bytes(uint64_t hash, const void *data, size_t len)
{
    static const uint64_t prime = UINT64_C(1099511628211);
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * prime;
    }
    return hash;
}

uint64_t hash_text(uint64_t hash, const char *text)
{
    const char *there = text == NULL ? "" : text;
    return hash_bytes(hash, there, strlen(there) + 1);
}

#include "base/id.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/die.h"

enum {
    COUNTER_BITS = 12, /* rand_a of RFC 9562 section 5.7 */
    RANDOM_BYTES = 8,  /* rand_b and the variant */
    POOL_BYTES = 64 * RANDOM_BYTES
};

/* Milliseconds and counter of the last id of this process (RFC 9562 section 6.2, method 1). A full
 * counter runs over into the milliseconds, which the section allows. */
static _Atomic uint64_t last_stamp;

static _Thread_local struct {
    unsigned char bytes[POOL_BYTES];
    size_t left;
} pool;

static uint64_t next_stamp(void)
{
    uint64_t now = (uint64_t)clock_now_ms() << COUNTER_BITS;
    uint64_t last = atomic_load(&last_stamp);
    uint64_t next = 0;
    do {
        next = now > last ? now : last + 1;
    } while (!atomic_compare_exchange_weak(&last_stamp, &last, next));
    return next;
}

static void pool_fill(void)
{
    size_t have = 0;
    while (have < POOL_BYTES) {
        ssize_t got = getrandom(pool.bytes + have, POOL_BYTES - have, 0);
        if (got < 0 && errno != EINTR) {
            die("getrandom failed: error %d", errno);
        }
        have += got > 0 ? (size_t)got : 0;
    }
    pool.left = POOL_BYTES;
}

static uint64_t next_random(void)
{
    if (pool.left == 0) {
        pool_fill();
    }
    uint64_t value = 0;
    pool.left -= RANDOM_BYTES;
    memcpy(&value, pool.bytes + pool.left, RANDOM_BYTES);
    return value;
}

static void put_hex(char *to, uint64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        to[i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

struct id id_new(void)
{
    uint64_t stamp = next_stamp();
    uint64_t random = next_random();
    struct id id = {"xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx"};
    put_hex(id.text, stamp >> (COUNTER_BITS + 16), 8);
    put_hex(id.text + 9, stamp >> COUNTER_BITS, 4);
    put_hex(id.text + 15, stamp, 3);
    put_hex(id.text + 19, (random >> 48 & 0x3fff) | 0x8000, 4);
    put_hex(id.text + 24, random, 12);
    return id;
}

bool id_valid(const char *text)
{
    if (text == NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof(struct id) - 1; i++) {
        char c = text[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !hex) {
            return false;
        }
    }
    return text[sizeof(struct id) - 1] == '\0';
}

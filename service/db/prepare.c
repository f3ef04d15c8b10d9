#include "db_int.h"

#include <string.h>

#include "base/hash.h"

/*
 * The key is the statement's name and the address of its text. Two statements that share a name by
 * mistake thus never run one another's text: the second is refused by the server.
 */
static uint64_t key_of(const struct stmt *s)
{
    uintptr_t text = (uintptr_t)s->sql;
    uint64_t hash = hash_bytes(hash_text(HASH_START, s->name), &text, sizeof text);
    hash ^= hash >> 32;
    return hash == 0 ? 1 : hash;
}

static size_t slot_of(const struct prepared *p, uint64_t key)
{
    size_t at = (size_t)(key % PREPARED_SLOTS);
    while (p->slots[at] != 0 && p->slots[at] != key) {
        at = (at + 1) % PREPARED_SLOTS;
    }
    return at;
}

bool prepared_has(const struct prepared *p, const struct stmt *s)
{
    return p->slots[slot_of(p, key_of(s))] != 0;
}

void prepared_add(struct prepared *p, const struct stmt *s)
{
    uint64_t key = key_of(s);
    size_t at = slot_of(p, key);
    if (p->slots[at] == 0) {
        p->slots[at] = key;
        p->count++;
    }
}

bool prepared_full(const struct prepared *p)
{
    return p->count >= PREPARED_MAX;
}

void prepared_forget(struct prepared *p)
{
    memset(p, 0, sizeof *p);
}

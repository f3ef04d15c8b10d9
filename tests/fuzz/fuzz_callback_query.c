/*
 * The query of a provider's callback: what is found is decoded text that is well-formed and stands
 * once; a state is split only when it has the shape of ours, and then its parts can be looked up.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "oauth.h"
#include "service/web/web_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_hex(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

static void split(arena *mem, const char *handle)
{
    const char *route = NULL, *hash = NULL;
    if (!oauth_handle_split(mem, handle, &route, &hash)) {
        must(route == NULL && hash == NULL);
        return;
    }
    must(strlen(handle) <= 200 && is_hex(route, 16) && str_starts(handle, route));
    must(is_hex(hash, 64));
    must(is_hex(oauth_cookie_key(mem, handle), 12));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"state", "code", "error", "iss"};
    arena *mem = arena_new();
    char *query = arena_strndup(mem, (const char *)data, size);
    const struct request q = {.mem = mem, .query = query};
    split(mem, query);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = NULL;
        struct err e = {0};
        if (request_query(&q, names[i], &value, &e) != 0) {
            must(e.kind == ERR_INPUT && value == NULL);
        } else if (value != NULL) {
            must(strstr(query, "=") != NULL || value[0] == '\0');
            must(strlen(value) <= strlen(query) && str_is_utf8(value, strlen(value)));
            split(mem, value);
        }
    }
    arena_free(mem);
    return 0;
}

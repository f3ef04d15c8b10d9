/* A key set and a token of whoever: a line of JWKS, then the token. Claims come only out of a token
 * that the set has signed, and whatever they say is compared without harm. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size == 0 ? NULL : memchr(data, '\n', size);
    if (line == NULL) {
        return 0;
    }
    size_t head = (size_t)(line - data);
    arena *mem = arena_new();
    const char *text = arena_strndup(mem, (const char *)line + 1, size - head - 1);
    json_t *claims = NULL;
    struct err e = {0};
    struct jwt_unproven said = {0};
    int readable = crypto_jwt_read(mem, secret_of(mem, text), &said, &e) == 0;
    must(!readable || (!str_empty(said.kid) && json_is_object(said.claims)));
    const struct jwt_rules rules = {"https://slack.example", "100.200", "n1", 1700000000};
    if (crypto_jwt_open(mem, secret_of(mem, text), (struct bytes){data, head}, &claims, &e) != 0) {
        must(e.kind == ERR_UNAUTHENTIC && str_starts(e.code, "jwt_") && claims == NULL);
    } else {
        must(json_is_object(claims) && readable && json_equal(claims, said.claims));
        must(crypto_jwt_check(claims, &rules, &e) != 0 ||
             str_equal(json_text(claims, "iss"), rules.issuer));
    }
    arena_free(mem);
    return 0;
}

/*
 * Any document: what json_read() takes is what jansson takes, down to the value, as long as it is
 * not too deep; and what it refuses, jansson refuses too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *mem = arena_new();
    struct err e = {0};
    json_t *ours = NULL;
    json_t *theirs =
        json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    if (json_read(mem, (struct bytes){data, size}, &ours, &e) == 0) {
        must(theirs != NULL && json_equal(ours, theirs) == 1);
        must(str_equal(json_write(mem, ours), json_write(mem, theirs)));
    } else {
        must(str_equal(e.code, "bad_json"));
        must(theirs == NULL || strstr(e.text, "levels deep") != NULL);
    }
    json_decref(theirs);
    arena_free(mem);
    return 0;
}

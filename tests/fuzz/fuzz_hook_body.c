/* Whatever comes to a hook: it is refused, or its events are whole. The first byte chooses the kind
 * and whether the sender's rules name a header or a place for ids. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apps/hook.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

static const char *header_of(const void *headers, const char *name)
{
    if (str_equal(name, "Content-Type")) {
        return headers;
    }
    return str_equal(name, "X-Event") ? "event" : NULL;
}

static void check(arena *mem, const struct hook_events *events)
{
    must(events->count >= 1 && events->count <= HOOK_EVENTS_MAX);
    must(strlen(events->digest) == 64 && events->answer != NULL && events->answer_type != NULL);
    for (size_t i = 0; i < events->count; i++) {
        const struct hook_event *event = &events->list[i];
        const char *text = json_write(mem, event->data);
        json_t *again = NULL;
        must(event->id == NULL || (*event->id != '\0' && strlen(event->id) <= HOOK_ID_MAX));
        must(json_is_object(event->data) || json_is_array(event->data));
        must(json_read(mem, bytes_of(text), &again, NULL) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    arena *mem = arena_new();
    enum hook_kind kind = (enum hook_kind)(data[0] % HOOK_KIND_COUNT);
    struct hook_proof proof = {.kind = kind};
    proof.rules = arena_json(
        mem, (data[0] & 64) != 0 ? json_pack("{s:s, s:{s:s}}", "organization_id", "00Dx0000000BV7z",
                                             "event_id", "header", "X-Event")
                                 : json_pack("{s:s, s:{s:s}}", "organization_id", "00Dx0000000BV7z",
                                             "event_id", "path", "a.0.id"));
    struct hook_events events = {.count = 0};
    struct err e = {0};
    const struct hook_message m = {.body = {data + 1, size - 1},
                                   .header = header_of,
                                   .headers =
                                       kind == HOOK_SALESFORCE ? "text/xml" : "application/json"};
    if (hook_read(mem, &proof, &m, &events, &e) == 0) {
        check(mem, &events);
    } else {
        must(e.kind == ERR_INPUT || e.kind == ERR_UNAUTHENTIC);
    }
    arena_free(mem);
    return 0;
}

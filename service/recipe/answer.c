#include "engine.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/*
 * What an app answers to a step is read on an arena of its own, and its result alone outlives it: a
 * run may have a thousand calls. All results of a run together have a bound, so that no recipe, and
 * no app that answers more than was asked for, takes the memory of a process from everybody else.
 */

struct weight {
    size_t values, bytes; /* of texts */
};

/* json_read() bounds how deep that goes. */
static struct weight weigh(const json_t *value)
{
    struct weight w = {.values = 1, .bytes = json_string_length(value)};
    const char *name = NULL;
    size_t i = 0;
    json_t *inner = NULL;
    json_object_foreach((json_t *)(uintptr_t)value, name, inner)
    {
        struct weight more = weigh(inner);
        w = (struct weight){w.values + more.values, w.bytes + more.bytes};
    }
    json_array_foreach(value, i, inner)
    {
        struct weight more = weigh(inner);
        w = (struct weight){w.values + more.values, w.bytes + more.bytes};
    }
    return w;
}

bool engine_has_room(const struct engine *g, const json_t *output)
{
    struct weight w = weigh(output);
    return g->values + w.values <= LIMIT_JSON_VALUES_COUNT && g->bytes + w.bytes <= LIMIT_RUN_TEXTS;
}

void engine_holds(struct engine *g, const json_t *output)
{
    struct weight w = weigh(output);
    g->values += w.values;
    g->bytes += w.bytes;
}

static const char *kept_text(arena *mem, const char *text)
{
    return text == NULL ? NULL : arena_strdup(mem, text);
}

static void keep(arena *mem, struct app_result *io)
{
    io->output = io->output == NULL ? NULL : arena_json(mem, json_incref(io->output));
    io->record_id = kept_text(mem, io->record_id);
    io->record_url = kept_text(mem, io->record_url);
    io->decided.word = kept_text(mem, io->decided.word);
    io->decided.by = kept_text(mem, io->decided.by);
}

int engine_ask(struct engine *g, const struct engine_ask *q, struct engine_answer *ret,
               struct err *e)
{
    struct app_call c = q->call;
    *ret = (struct engine_answer){.found = APP_CANNOT_TELL};
    c.mem = arena_new();
    int rc = q->looks_up ? app_look_up(&c, q->action, q->with, &ret->found, &ret->result, e)
                         : app_act(&c, q->action, q->with, &ret->result, &ret->words, e);
    keep(g->mem, &ret->result);
    ret->words = kept_text(g->mem, ret->words);
    arena_free(c.mem);
    return rc;
}

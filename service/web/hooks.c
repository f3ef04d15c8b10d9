/* What the webhooks of all chats share. */
#include "web_int.h"

#include "base/die.h"
#include "base/str.h"

const char *hook_label(const struct hook_label *table, size_t count, const char *key)
{
    for (size_t i = 0; i + 1 < count; i++) {
        if (str_equal(table[i].key, key)) {
            return table[i].labels;
        }
    }
    return table[count - 1].labels;
}

static enum job_kind kind_of(const char *name)
{
    for (int kind = 0; kind < JOB_KIND_COUNT; kind++) {
        if (str_equal(job_kind_name((enum job_kind)kind), name)) {
            return (enum job_kind)kind;
        }
    }
    die("there is no job kind %s", name);
}

struct job_seed *hook_seed(web *w, arena *mem, const struct hook_job *job)
{
    struct job_seed *seed = arena_alloc(mem, sizeof *seed);
    seed->workspace = job->workspace;
    seed->id = id_new();
    seed->kind = kind_of(job->kind);
    seed->lane = job->lane;
    seed->priority = job->urgent ? JOB_PRIORITY_URGENT : JOB_PRIORITY_NORMAL;
    seed->sealed = store_job_seal(mem, w->options.keys, job->workspace, seed->id, job->payload);
    for (size_t i = 0; i < sizeof seed->keys / sizeof seed->keys[0]; i++) {
        seed->keys[i] = (*job->keys)[i];
    }
    seed->chat = job->chat;
    return seed;
}

void hook_respond_json(struct response *r, const char *json)
{
    respond_empty(r, 200);
    if (json != NULL) {
        r->content_type = "application/json";
        r->body = bytes_of(json);
    }
}

const char *hook_form_label(const struct form_answer *a)
{
    if (a->errors != NULL) {
        return "result=\"errors\"";
    }
    return a->next != NULL ? "result=\"next\"" : "result=\"taken\"";
}

void hook_wake(const web *w)
{
    if (w->options.wake != NULL) {
        w->options.wake(w->options.wake_arg);
    }
}

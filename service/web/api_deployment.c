#include "api_int.h"

/* The deployment as a whole, for its operators: what /readyz and the metrics know, and the keys. */

static json_t *key_json(const struct api *a, const struct key_row *k)
{
    return json_must(json_pack("{s:s, s:b, s:b, s:b, s:o, s:o, s:s?}", "id", k->id, "seals",
                               k->first, "present", k->present, "in_use", k->in_use, "since",
                               api_time(a->mem, k->since_at), "noted",
                               api_time(a->mem, k->noted_at), "noted_by", k->noted_by));
}

static int keys_json(struct api *a, json_t **ret, struct err *e)
{
    struct key_row *list = NULL;
    size_t count = 0;
    if (store_keys_list(a->s, &list, &count, e) != 0) {
        return -1;
    }
    *ret = arena_json(a->mem, json_array());
    for (size_t i = 0; i < count; i++) {
        json_push(*ret, key_json(a, &list[i]));
    }
    return 0;
}

static int deployment_get(struct api *a, struct err *e)
{
    json_t *keys = NULL;
    int64_t waiting = 0, oldest_s = 0;
    json_t *value = arena_json(a->mem, ops_ready_json(a->web, a->s));
    if (keys_json(a, &keys, e) != 0 || store_job_gauges(a->s, &waiting, &oldest_s, e) != 0) {
        return -1;
    }
    if (json_member(value, "reason") == NULL) {
        json_put(value, "reason", json_null());
    }
    json_put_words(value, "version", embed_release(a->mem));
    json_put_words(value, "process", store_process(a->s));
    json_put(value, "keys", json_incref(keys));
    json_put(value, "queue",
             json_must(json_pack("{s:I, s:I}", "waiting", (json_int_t)waiting, "oldest_seconds",
                                 (json_int_t)oldest_s)));
    api_answer(a, 200, json_incref(value));
    return 0;
}

int api_deployment_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, deployment_get, e);
}

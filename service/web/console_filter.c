#include "console_int.h"

/* Lists that can be searched: what stands in the address becomes the question to the API. */

int console_filter(struct console *c, const char *const *names, struct console_filter *ret,
                   struct err *e)
{
    const char *value = NULL;
    *ret = (struct console_filter){.query = str_new(c->mem, 4096),
                                   .values = arena_json(c->mem, json_object())};
    for (size_t i = 0; names[i] != NULL; i++) {
        if (request_query(c->q, names[i], &value, e) != 0) {
            return -1;
        }
        const char *trimmed = value == NULL ? "" : str_trim(c->mem, value);
        console_add_param(&ret->query, names[i], trimmed);
        json_put_words(ret->values, names[i], trimmed);
        ret->any = ret->any || trimmed[0] != '\0';
    }
    ret->same = arena_strdup(c->mem, ret->query.text);
    if (request_query(c->q, "cursor", &value, e) != 0) {
        return -1;
    }
    console_add_param(&ret->query, "cursor", value);
    ret->later = !str_empty(value);
    return 0;
}

int console_filtered(struct console *c, route_fn *handler, const struct console_filter *f,
                     json_t *data, struct err *e)
{
    struct console_answer a;
    const struct console_call call = {
        .method = WB_GET, .handler = handler, .name = c->name, .query = f->query.text};
    if (console_try(c, &call, &a, e) != 0) {
        return -1;
    }
    const char *next = json_text(a.value, "next");
    json_put_words(data, "problem", a.problem);
    json_put(data, "found",
             a.value == NULL || json_member(a.value, "items") == NULL
                 ? json_array()
                 : json_incref(json_member(a.value, "items")));
    json_put(data, "filter", json_incref(f->values));
    json_put(data, "filtered", json_boolean(f->any));
    json_put(data, "later", json_boolean(f->later));
    if (next != NULL) {
        struct str more = str_new(c->mem, 5000);
        str_add(&more, f->same);
        console_add_param(&more, "cursor", next);
        json_put_words(data, "more", more.text);
    }
    return 0;
}

int console_paged(struct console *c, route_fn *handler, json_t *data, struct err *e)
{
    static const char *const none[] = {NULL};
    struct console_filter f;
    return console_filter(c, none, &f, e) != 0 ? -1 : console_filtered(c, handler, &f, data, e);
}

json_t *console_choice(const char *value, const char *label, const char *chosen)
{
    json_t *one = json_must(json_pack("{s:b}", "chosen", str_equal(value, chosen)));
    json_put_words(one, "value", value);
    json_put_shown(one, "label", label);
    return one;
}

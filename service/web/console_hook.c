#include "console_hooks_int.h"

/* One hook: its address, what it started of late, how its messages are proven, its secret and its
 * end. A secret is shown by the page that made it, this once. */

enum { RUNS_SHOWN = 10 };

/* --- what the page shows --- */

/* The newest runs of the recipes that it starts. */
static int add_runs(struct console *c, const json_t *started_by, json_t *data, struct err *e)
{
    json_t *titles = NULL;
    if (console_titles(c, &titles, e) != 0) {
        return -1;
    }
    json_put(data, "runs", json_array());
    for (size_t i = 0; i < json_array_size(started_by); i++) {
        json_t *runs = NULL;
        struct str query = str_new(c->mem, 300);
        console_add_param(&query, "recipe", json_string_value(json_array_get(started_by, i)));
        str_printf(&query, "&limit=%d", RUNS_SHOWN);
        if (console_list(c, api_runs_get, query.text, &runs, e) != 0) {
            return -1;
        }
        for (size_t k = 0; k < json_array_size(runs); k++) {
            json_push(json_member(data, "runs"),
                      console_run_row(c, json_array_get(runs, k), NULL, titles));
        }
    }
    json_put(data, "any_run", json_boolean(json_array_size(json_member(data, "runs")) > 0));
    return 0;
}

static void add_choices(json_t *data, const char *key, const char *const *words, const char *chosen)
{
    json_put(data, key, json_array());
    for (size_t i = 0; words[i] != NULL; i += 2) {
        json_push(json_member(data, key), console_choice(words[i], words[i + 1], chosen));
    }
}

/* How its messages are proven, and by what an event is known again. */
static void add_rules(const struct console *c, const json_t *hook, json_t *data)
{
    static const char *const by[] = {"secret", "A secret in a header", "hmac",
                                     "A signature over the body (HMAC)", NULL};
    static const char *const algorithms[] = {"sha256", "SHA-256", "sha512", "SHA-512",
                                             "sha1",   "SHA-1",   NULL};
    static const char *const encodings[] = {"hex", "hex", "base64", "base64", NULL};
    static const char *const places[] = {"",       "Nowhere: the same bytes are one event",
                                         "path",   "In the body, at this path",
                                         "header", "In this header",
                                         NULL};
    const json_t *verify = json_member(hook, "verify"), *id = json_member(hook, "event_id");
    const char *path = json_text(id, "path"), *header = json_text(id, "header");
    const json_t *within = json_member(verify, "within_s");
    const char *texts[] = {"header", "prefix", "timestamp_header", "signed", NULL};
    for (size_t i = 0; texts[i] != NULL; i++) {
        json_put_words(data, texts[i], json_text(verify, texts[i]));
    }
    if (json_is_integer(within)) {
        json_put_words(data, "within_s",
                       arena_printf(c->mem, "%lld", (long long)json_integer_value(within)));
    }
    add_choices(data, "by_choices", by, json_text(verify, "by"));
    add_choices(data, "algorithm_choices", algorithms, json_text(verify, "algorithm"));
    add_choices(data, "encoding_choices", encodings, json_text(verify, "encoding"));
    add_choices(data, "event_choices", places,
                path != NULL     ? "path"
                : header != NULL ? "header"
                                 : "");
    json_put_words(data, "event_at", path != NULL ? path : header);
}

static json_t *facts_of(const struct console *c, const json_t *hook, const json_t *fresh)
{
    json_t *data = json_must(json_pack("{s:s, s:b, s:b}", "name", c->name, "enabled",
                                       json_flag(hook, "enabled"), "fresh", fresh != NULL));
    const struct console_hook_kind *kind = console_hook_kind(json_text(hook, "kind"));
    if (kind != NULL) {
        console_hook_fields(kind, data);
        json_put(data, "rotates", json_boolean(!kind->box));
    }
    json_put_words(data, "url", json_text(fresh == NULL ? hook : fresh, "url"));
    json_put_words(data, "secret", json_text(fresh, "secret"));
    json_put_words(data, "organization_id", json_text(hook, "organization_id"));
    json_put(data, "has_primary", json_boolean(json_flag(hook, "has_primary_key")));
    json_put(data, "has_secondary", json_boolean(json_flag(hook, "has_secondary_key")));
    json_put_words(data, "made_at", console_time(c->mem, json_text(hook, "created")));
    json_put_words(data, "changed_at", console_time(c->mem, json_text(hook, "updated")));
    json_put_words(data, "old_until", console_time(c->mem, json_text(hook, "old_secret_until")));
    add_rules(c, hook, data);
    return data;
}

int console_hook_show(struct console *c, const struct console_answer *said, struct err *e)
{
    const json_t *fresh = said->problem == NULL ? said->value : NULL;
    struct console_answer a;
    json_t *started_by = NULL;
    const struct console_call get = {.method = WB_GET, .handler = api_hook_get, .name = c->name};
    if (console_ask(c, &get, &a, e) != 0 || console_hook_recipes(c, &started_by, e) != 0) {
        return -1;
    }
    const json_t *started = json_member(started_by, c->name);
    json_t *data = arena_json(c->mem, facts_of(c, a.value, fresh));
    json_put_words(data, "tag", a.tag);
    if (add_runs(c, started, data, e) != 0) {
        return -1;
    }
    json_put(data, "any_recipe", json_boolean(json_array_size(started) > 0));
    if (started != NULL) {
        json_put(data, "recipes", json_deep_copy(started));
    }
    console_put_problem(data, said);
    json_put_words(data, "action", console_path(c, "/hooks/%s", c->name));
    const struct console_page page = {"console_hook.html", c->name, "hooks", said->status};
    return console_show(c, &page, json_incref(data), e);
}

int console_hook_page(struct console *c, struct err *e)
{
    return console_hook_show(c, &(struct console_answer){.status = 200}, e);
}

/* --- what its buttons do --- */

static int take_verify(struct console *c, json_t *body, struct err *e)
{
    static const char *const of_both[] = {"by", "header", "prefix", NULL};
    static const char *const of_hmac[] = {"algorithm", "encoding", "timestamp_header", "signed",
                                          NULL};
    json_t *verify = json_object();
    json_put(body, "verify", verify);
    for (size_t i = 0; of_both[i] != NULL; i++) {
        if (console_take(c, verify, of_both[i], e) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; str_equal(json_text(verify, "by"), "hmac") && of_hmac[i] != NULL; i++) {
        if (console_take(c, verify, of_hmac[i], e) != 0) {
            return -1;
        }
    }
    return json_text(verify, "timestamp_header") == NULL
               ? 0
               : console_take_number(c, verify, "within_s", e);
}

static int take_event_id(struct console *c, json_t *body, struct err *e)
{
    const char *place = NULL, *at = NULL;
    if (console_field(c, "event_place", &place, e) != 0 ||
        console_field(c, "event_at", &at, e) != 0) {
        return -1;
    }
    bool named = str_equal(place, "path") || str_equal(place, "header");
    json_put(body, "event_id", named ? json_object() : json_null());
    if (named) {
        json_put_words(json_member(body, "event_id"), place, str_trim(c->mem, at));
    }
    return 0;
}

static int save(struct console *c, struct console_call *call, struct err *e)
{
    static const char *const keys[] = {"organization_id", "primary_key", "secondary_key", NULL};
    const char *on = NULL, *proven = NULL;
    json_t *body = arena_json(c->mem, json_object());
    for (size_t i = 0; keys[i] != NULL; i++) {
        if (console_take(c, body, keys[i], e) != 0) {
            return -1;
        }
    }
    if (console_field(c, "enabled", &on, e) != 0 || console_field(c, "by", &proven, e) != 0) {
        return -1;
    }
    json_put(body, "enabled", json_boolean(str_equal(on, "on")));
    if (proven[0] != '\0' && (take_verify(c, body, e) != 0 || take_event_id(c, body, e) != 0)) {
        return -1;
    }
    call->method = WB_PUT;
    call->handler = api_hook_put;
    call->body = json_incref(body);
    return 0;
}

static int rotate(struct console *c, struct console_call *call, struct err *e)
{
    json_t *body = arena_json(c->mem, json_object());
    if (console_take_number(c, body, "overlap_s", e) != 0 ||
        console_take(c, body, "secret", e) != 0) {
        return -1;
    }
    call->handler = api_hook_rotate;
    call->body = json_incref(body);
    return 0;
}

static int end(struct console *c, struct console_call *call, struct err *e)
{
    (void)c;
    (void)e;
    call->method = WB_DELETE;
    call->handler = api_hook_delete;
    return 0;
}

int console_hook_do(struct console *c, struct err *e)
{
    static const struct console_deed deeds[] = {
        {"save", "saved", save, false, NULL},
        {"rotate", NULL, rotate, false, NULL},
        {"remove", "removed", end, true, "/hooks"},
        {.word = NULL},
    };
    return console_deeds(c, deeds, console_hook_show, e);
}

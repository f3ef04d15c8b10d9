#include "console_int.h"

/* One person: what Workbot knows of them, the end of their connections, and their erasure. */

static int load(struct console *c, json_t **ret, struct err *e)
{
    struct console_answer a;
    const struct console_call get = {.method = WB_GET, .handler = api_person_get, .name = c->name};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    *ret = a.value;
    return 0;
}

/* What the API would refuse an erasure for, told beforehand. */
static void put_hindrances(const struct console *c, const json_t *p, json_t *data)
{
    const json_t *logins = json_member(p, "default_connections");
    bool self = str_equal(json_text(p, "user"), c->user_id);
    json_put(data, "self", json_boolean(self));
    json_put(data, "logins", json_array());
    for (size_t i = 0; i < json_array_size(logins); i++) {
        const char *name = json_string_value(json_array_get(logins, i));
        json_t *row = json_object();
        json_put_words(row, "login", name);
        json_put_words(row, "login_href", console_path(c, "/connections/%s", name));
        json_push(json_member(data, "logins"), row);
    }
    json_put(data, "hindered",
             json_boolean(self || json_flag(p, "installer") || json_array_size(logins) > 0));
}

/* As `workbot forget` says them, after an erasure and before one. */
static void put_words(const struct console *c, const json_t *words, const char *key, json_t *data)
{
    struct str list = str_new(c->mem, 200);
    for (size_t i = 0; i < json_array_size(words); i++) {
        str_printf(&list, "%s\"%s\"", i == 0 ? "" : ", ",
                   json_string_value(json_array_get(words, i)));
    }
    json_put_shown(data, key, list.text);
}

static json_t *listed(const struct console *c, const char *const *words, size_t count)
{
    json_t *list = arena_json(c->mem, json_array());
    for (size_t i = 0; i < count; i++) {
        json_push(list, json_words(words[i]));
    }
    return list;
}

static int foresee(const struct console *c, json_t *data, struct err *e)
{
    struct erase_proof p;
    store *s = NULL;
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_erase_foresee(s, c->workspace, c->name, &p, e);
    store_close(s);
    if (rc == 0) {
        put_words(c, listed(c, p.words, p.words_count), "words", data);
        put_words(c, listed(c, p.spared, p.spared_count), "spared", data);
    }
    return rc;
}

/* What is under way still, as the erasure has found it. */
static void put_unfinished(const struct console *c, const json_t *erasure, json_t *data)
{
    long long waiting = (long long)json_i64(erasure, "waiting");
    const json_t *places = json_member(json_member(erasure, "proof"), "places");
    struct str list = str_new(c->mem, 200);
    for (size_t i = 0; i < json_array_size(places); i++) {
        str_printf(&list, "%s%s", i == 0 ? "" : ", ", json_string_value(json_array_get(places, i)));
    }
    json_put(data, "unfinished", json_true());
    json_put_words(data, "places", list.text);
    if (waiting > 0) {
        json_put_words(data, "waiting",
                       waiting == 1
                           ? "1 job or run of theirs is"
                           : arena_printf(c->mem, "%lld jobs or runs of theirs are", waiting));
    }
}

static int show(struct console *c, const struct console_answer *said, struct err *e)
{
    json_t *p = NULL;
    if (load(c, &p, e) != 0) {
        return -1;
    }
    json_t *data = arena_json(c->mem, console_person(c, p));
    put_hindrances(c, p, data);
    if (foresee(c, data, e) != 0) {
        return -1;
    }
    if (said->value != NULL && said->problem == NULL) {
        put_unfinished(c, said->value, data);
    }
    console_put_problem(data, said);
    json_put_words(data, "action", json_text(data, "href"));
    int status = said->problem == NULL ? 200 : said->status;
    const struct console_page page = {"console_person.html", json_text(data, "user_name"), "people",
                                      status};
    return console_show(c, &page, json_incref(data), e);
}

int console_person_page(struct console *c, struct err *e)
{
    return show(c, &(struct console_answer){.status = 200}, e);
}

/* --- what its buttons do --- */

static int disconnect(struct console *c, struct console_call *call, struct err *e)
{
    struct str query = str_new(c->mem, 300);
    (void)e;
    console_add_param(&query, "user", c->name);
    call->method = WB_DELETE;
    call->handler = api_personal_delete_all;
    call->query = query.text;
    return 0;
}

static int erase(struct console *c, struct console_call *call, struct err *e)
{
    (void)c;
    (void)e;
    call->method = WB_DELETE;
    call->handler = api_person_delete;
    return 0;
}

/* The proof: nothing that is stored names them any more. */
static int show_erased(struct console *c, const json_t *erasure, struct err *e)
{
    static const char *const counts[] = {"rows", "values", "audit_lines", NULL};
    static const char *const searched[] = {"columns", "sealed_values", "unopened", NULL};
    const json_t *proof = json_member(erasure, "proof");
    json_t *data = arena_json(c->mem, json_object());
    for (size_t i = 0; counts[i] != NULL; i++) {
        json_put(data, counts[i], json_must(json_integer(json_i64(erasure, counts[i]))));
    }
    for (size_t i = 0; searched[i] != NULL; i++) {
        json_put(data, searched[i], json_must(json_integer(json_i64(proof, searched[i]))));
    }
    json_put(data, "any_unopened", json_boolean(json_i64(proof, "unopened") > 0));
    put_words(c, json_member(proof, "words"), "words", data);
    put_words(c, json_member(proof, "words_not_searched"), "spared", data);
    json_put_words(data, "pseudonym", json_text(erasure, "pseudonym"));
    const struct console_page page = {"console_erased.html", "Erased", "people", 200};
    return console_show(c, &page, json_incref(data), e);
}

static int show_after(struct console *c, const struct console_answer *said, struct err *e)
{
    bool erased = said->problem == NULL && json_flag(said->value, "erased");
    return erased ? show_erased(c, said->value, e) : show(c, said, e);
}

int console_person_do(struct console *c, struct err *e)
{
    static const struct console_deed deeds[] = {
        {"disconnect", "disconnected", disconnect, true, NULL},
        {"erase", NULL, erase, true, NULL},
        {.word = NULL},
    };
    json_t *p = NULL;
    return load(c, &p, e) != 0 ? -1 : console_deeds(c, deeds, show_after, e);
}

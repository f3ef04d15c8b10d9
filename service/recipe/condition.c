#include "recipe_int.h"

#include <string.h>

#include "base/str.h"

/*
 * `when` of a step: is a value of the run like this? Small and total: it always has an answer,
 * whatever the value is, and it calls nothing. What is absent is an empty text.
 */

enum { DEPTH_MAX = 5, PARTS_MAX = 20 };

struct subject {
    arena *mem;
    const json_t *have; /* NULL: absent */
    const json_t *want;
};

static const char *text_of(arena *mem, const json_t *value)
{
    if (value == NULL || json_is_null(value)) {
        return "";
    }
    return json_is_string(value) ? json_string_value(value) : json_write(mem, value);
}

/* A number, or a text that is one as an input of type number takes it. */
static bool number_of(arena *mem, const json_t *value, double *ret)
{
    static const struct recipe_input number = {.type = INPUT_NUMBER};
    const char *why = NULL;
    json_t *read = NULL;
    if (json_is_string(value) &&
        recipe_input_value(mem, &number, json_string_value(value), &read, &why)) {
        value = read;
    }
    *ret = json_number_value(value);
    return json_is_number(value);
}

/* Numbers by their value (5 and 5.0 and "5"), all else by its text. */
static bool same(arena *mem, const json_t *a, const json_t *b)
{
    double x = 0, y = 0;
    bool numbers =
        (json_is_number(a) || json_is_number(b)) && number_of(mem, a, &x) && number_of(mem, b, &y);
    return numbers ? !(x < y) && !(y < x) : str_equal(text_of(mem, a), text_of(mem, b));
}

/* Below 0, 0 or above; false: they have no order. Texts by their bytes, as dates need it. */
static bool order(const struct subject *q, int *ret)
{
    double x = 0, y = 0;
    if (number_of(q->mem, q->have, &x) && number_of(q->mem, q->want, &y)) {
        *ret = x < y ? -1 : x > y;
        return true;
    }
    if (!json_is_string(q->have) || !json_is_string(q->want)) {
        return false;
    }
    *ret = strcmp(json_string_value(q->have), json_string_value(q->want));
    return true;
}

static bool is_equal(const struct subject *q)
{
    return same(q->mem, q->have, q->want);
}

static bool is_not_equal(const struct subject *q)
{
    return !is_equal(q);
}

static bool is_greater(const struct subject *q)
{
    int than = 0;
    return order(q, &than) && than > 0;
}

static bool is_less(const struct subject *q)
{
    int than = 0;
    return order(q, &than) && than < 0;
}

static bool is_empty(const struct subject *q)
{
    bool container = json_is_object(q->have) || json_is_array(q->have);
    return container ? json_object_size(q->have) + json_array_size(q->have) == 0
                     : text_of(q->mem, q->have)[0] == '\0';
}

static bool is_not_empty(const struct subject *q)
{
    return !is_empty(q);
}

static bool holds_one(arena *mem, const json_t *list, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (same(mem, json_array_get(list, i), value)) {
            return true;
        }
    }
    return false;
}

static bool contains(const struct subject *q)
{
    const char *want = text_of(q->mem, q->want);
    if (json_is_array(q->have)) {
        return holds_one(q->mem, q->have, q->want);
    }
    return json_is_string(q->have) && *want != '\0' &&
           strstr(json_string_value(q->have), want) != NULL;
}

static bool is_one_of(const struct subject *q)
{
    return holds_one(q->mem, q->want, q->have);
}

static const char *const names[] = {"equal",     "not_equal", "greater", "less", "empty",
                                    "not_empty", "contains",  "one_of",  NULL};
static const struct {
    bool (*holds)(const struct subject *q);
    bool takes_value, takes_list;
} operators[] = {
    {is_equal, true, false}, {is_not_equal, true, false}, {is_greater, true, false},
    {is_less, true, false},  {is_empty, false, false},    {is_not_empty, false, false},
    {contains, true, false}, {is_one_of, true, true},
};

/* --- the shape --- */

struct reading {
    size_t depth;
    size_t *parts; /* of the whole condition */
};

static void parse(const struct json_doc *d, struct reading at);

static void parse_value(const struct json_doc *d, int is)
{
    const json_t *value = json_member(d->object, "value");
    bool given = value != NULL && !json_is_null(value);
    if (given != operators[is].takes_value) {
        json_doc_fault(d, "value", given ? "\"%s\" takes no value." : "\"%s\" needs a value.",
                       names[is]);
    } else if (given &&
               (operators[is].takes_list ? !json_is_array(value)
                                         : json_is_array(value) || json_is_object(value))) {
        json_doc_fault(d, "value",
                       operators[is].takes_list ? "Give a list of values."
                                                : "Give a text, a number, true or false.");
    }
    recipe_parse_templates(d, "value", value);
}

static void parse_comparison(const struct json_doc *d)
{
    static const char *const keys[] = {"path", "is", "value", NULL};
    json_doc_known(d, keys);
    const char *path = json_doc_text(d, "path", true, TEMPLATE_PATH_MAX - 1);
    if (path != NULL && !template_path_ok(path)) {
        json_doc_fault(d, "path", "Give a path such as steps.found.count, without braces.");
    }
    int is = json_doc_choice(d, "is", names, -1);
    if (is >= 0) {
        parse_value(d, is);
    } else if (json_member(d->object, "is") == NULL) {
        json_doc_fault(d, "is", "This is required.");
    }
}

static void parse_list(const struct json_doc *d, const char *key, struct reading at)
{
    size_t count = json_array_size(json_doc_array(d, key, true, PARTS_MAX));
    if (count == 0) {
        json_doc_fault(d, key, "Give at least one condition.");
    }
    for (size_t i = 0; i < count; i++) {
        struct json_doc one = json_doc_item(d, key, i);
        parse(&one, at);
    }
}

static void parse(const struct json_doc *d, struct reading at)
{
    static const char *const all[] = {"all", NULL}, *const any[] = {"any", NULL},
                             *const no[] = {"not", NULL};
    if (d->object == NULL) {
        return; /* a fault was added */
    }
    at.depth++;
    if (at.depth > DEPTH_MAX || ++*at.parts > PARTS_MAX) {
        json_doc_fault(d, NULL, "A condition has at most %d parts, %d deep.", PARTS_MAX, DEPTH_MAX);
    } else if (json_member(d->object, "all") != NULL) {
        json_doc_known(d, all);
        parse_list(d, "all", at);
    } else if (json_member(d->object, "any") != NULL) {
        json_doc_known(d, any);
        parse_list(d, "any", at);
    } else if (json_member(d->object, "not") != NULL) {
        json_doc_known(d, no);
        struct json_doc part = json_doc_member(d, "not", true);
        parse(&part, at);
    } else {
        parse_comparison(d);
    }
}

const json_t *recipe_parse_condition(const struct json_doc *d, const char *key)
{
    size_t parts = 0;
    struct json_doc when = json_doc_member(d, key, false);
    parse(&when, (struct reading){.parts = &parts});
    return when.object;
}

/* --- the answer --- */

struct question {
    arena *mem;
    const json_t *context;
    struct err *e;
    bool failed;
};

static bool ask(struct question *q, const json_t *when);

/* all: is there none that does not hold; else: is there one that does. */
static bool ask_list(struct question *q, const json_t *list, bool all)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (ask(q, json_array_get(list, i)) != all) {
            return !all;
        }
    }
    return all;
}

static bool ask_value(struct question *q, const json_t *when)
{
    json_t *want = NULL;
    const json_t *value = json_member(when, "value");
    struct subject s = {.mem = q->mem, .have = json_at(q->context, json_text(when, "path"))};
    if (value != NULL && template_expand(q->mem, value, q->context, &want, q->e) != 0) {
        q->failed = true;
        return false;
    }
    s.want = want;
    size_t is = 0;
    while (names[is] != NULL && !str_equal(names[is], json_text(when, "is"))) {
        is++;
    }
    return names[is] != NULL && operators[is].holds(&s);
}

static bool ask(struct question *q, const json_t *when)
{
    const json_t *part = NULL;
    if (q->failed) {
        return false;
    }
    if ((part = json_member(when, "all")) != NULL) {
        return ask_list(q, part, true);
    }
    if ((part = json_member(when, "any")) != NULL) {
        return ask_list(q, part, false);
    }
    if ((part = json_member(when, "not")) != NULL) {
        return !ask(q, part);
    }
    return ask_value(q, when);
}

int recipe_condition(arena *mem, const json_t *when, const json_t *context, bool *ret,
                     struct err *e)
{
    struct question q = {.mem = mem, .context = context, .e = e};
    bool holds = when == NULL || ask(&q, when);
    if (q.failed) {
        return -1;
    }
    *ret = holds;
    return 0;
}

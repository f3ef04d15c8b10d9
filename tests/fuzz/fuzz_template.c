/*
 * A template, then "----", then the JSON context. An expansion ends, is within its bound and well
 * formed; text without a slot stays as it is; and a value is never searched for slots again: with
 * every brace taken out of the context, no brace appears that the template did not have. As the
 * parts of a URL values change nothing of its shape.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

/* The template as one text, and deep inside a value. */
static void expand(arena *mem, const char *template, const json_t *context)
{
    json_t *value = arena_json(mem, json_pack("{s:s, s:[s,i], s:{s:s}}", "a", template, "b",
                                              template, 5, "c", "d", template));
    json_t *out = NULL;
    struct err e = {0};
    if (template_expand(mem, value, context, &out, &e) != 0) {
        must(out == NULL && str_equal(e.code, "template_too_long"));
        return;
    }
    must(strlen(json_write(mem, out)) <= LIMIT_TEMPLATE_OUTPUT);
    must(json_integer_value(json_at(out, "b.1")) == 5);
    const json_t *one = json_at(out, "a"), *other = json_at(out, "c.d");
    must(one == NULL ? other == NULL : json_equal(one, other));
}

/* Behind an address of the template's own, no value adds a sign that means something in a URL. */
static void check_url(arena *mem, const char *template, const json_t *context)
{
    static const char *const signs[] = {"/", "?", "#", "&", "=", "@", ":", "\\", " ", "\r", "\n"};
    const char *text = arena_printf(mem, "https://app.example/%s", template);
    char *url = template_url(mem, text, context, 4000);
    must(url == NULL || strlen(url) <= 4000);
    for (size_t i = 0; url != NULL && i < sizeof signs / sizeof signs[0]; i++) {
        must(count_of(url, signs[i]) <= count_of(text, signs[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *mem = arena_new();
    char *template = arena_strndup(mem, (const char *)data, size);
    char *mark = strstr(template, "----");
    const char *json = mark == NULL ? "{\"a\":\"text\",\"b\":[1,{\"c\":\"{{a}}\"}]}" : mark + 4;
    json_t *context = NULL;
    struct err e = {0};
    if (mark != NULL) {
        *mark = '\0';
    }
    if (str_is_utf8(template, strlen(template)) &&
        json_read(mem, bytes_of(json), &context, &e) == 0) {
        const char *why = NULL;
        bool good = template_check(template, &why);
        must(good || why != NULL);
        size_t max = size * 3 % 4096;
        char *text = template_text(mem, template, context, max);
        must(strlen(text) <= max && str_is_utf8(text, strlen(text)));
        if (strstr(template, "{{") == NULL && strlen(template) <= max) {
            must(good && str_equal(text, template));
        }
        check_url(mem, template, context);
        if (good && strchr(template, '|') == NULL && strchr(json, '{') == strrchr(json, '{') &&
            strlen(text) + 4 < max && json_is_object(context)) {
            must(count_of(text, "{") <= count_of(template, "{"));
        }
        expand(mem, template, context);
    }
    arena_free(mem);
    return 0;
}

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "service/web/web_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A template, then "----", then the JSON data it is rendered with. A rendering ends, stays within
 * its bound, and never holds a "<" that the template did not have: data cannot make markup. Words
 * to type ({{~x}}) stand in elements of our own.
 */
static size_t count_of(const char *text, char c)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += *text == c ? 1 : 0;
    }
    return count;
}

static size_t times_in(const char *text, const char *part)
{
    size_t count = 0;
    while ((text = strstr(text, part)) != NULL) {
        count++;
        text += strlen(part);
    }
    return count;
}

static bool holds_markup(const char *html)
{
    size_t opened = times_in(html, "<code>"), closed = times_in(html, "</code>");
    return opened != closed || count_of(html, '<') > opened + closed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *mem = arena_new();
    char *tmpl = arena_strndup(mem, (const char *)data, size);
    char *mark = strstr(tmpl, "----");
    const char *json = mark == NULL ? "{\"x\":\"<&>\",\"l\":[{\"a\":1},{\"a\":\"'\"}]}" : mark + 4;
    if (mark != NULL) {
        *mark = '\0';
    }
    json_t *value = arena_json(mem, json_loads(json, JSON_REJECT_DUPLICATES, NULL));
    struct err e = {0};
    char *html = value == NULL ? NULL : html_render(mem, tmpl, value, &e);
    if (html != NULL && count_of(tmpl, '<') == 0 && strstr(tmpl, "{{>") == NULL &&
        (holds_markup(html) || strlen(html) > 512 * 1024)) {
        abort();
    }
    arena_free(mem);
    return 0;
}

#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/*
 * What a person gave, and where the definition puts it: a segment of an address that is "." or ".."
 * leads elsewhere, and a header ends with its line. No pattern of a definition need think of that.
 */

static const char *segment_fault(const char *text)
{
    if (str_empty(text)) {
        return "it is empty.";
    }
    bool dots = str_equal(text, ".") || str_equal(text, "..");
    return dots ? "it may not be \".\" or \"..\" where it stands in an address." : NULL;
}

/* RFC 9110 section 5.5 */
static const char *line_fault(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return "it must be one line, without control characters.";
        }
    }
    return NULL;
}

static const char *fault_of(arena *mem, const struct apps_request *q, const char *name,
                            const char *text)
{
    const char *slot = arena_printf(mem, "{%s}", name);
    const char *fault = strstr(q->path, slot) == NULL ? NULL : segment_fault(text);
    for (size_t i = 0; i < q->headers.count && fault == NULL; i++) {
        fault = strstr(q->headers.items[i].value, slot) == NULL ? NULL : line_fault(text);
    }
    return fault;
}

const char *apps_place_fault(const struct apps_act *t, const struct apps_request *q,
                             const json_t *later, const char **ret_input)
{
    arena *mem = t->call->mem;
    for (size_t i = 0; i < t->action->inputs_count; i++) {
        const char *name = t->action->inputs[i].name;
        const char *text = apps_value_text(mem, json_member(t->values, name));
        bool known = json_member(later, name) == NULL;
        const char *fault = known ? fault_of(mem, q, name, text) : NULL;
        if (fault != NULL) {
            *ret_input = name;
            return fault;
        }
    }
    return NULL;
}

const char *apps_longest_input(const struct apps_act *t)
{
    const char *longest = NULL;
    size_t most = 0;
    for (size_t i = 0; i < t->action->inputs_count; i++) {
        const char *name = t->action->inputs[i].name;
        const char *text = apps_value_text(t->call->mem, json_member(t->values, name));
        size_t len = text == NULL ? 0 : strlen(text);
        if (len > most) {
            longest = name;
            most = len;
        }
    }
    return longest;
}

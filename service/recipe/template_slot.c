#include "recipe_int.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* The grammar of a slot. It is read anew for each use: it is short, and nothing is stored of it. */

bool template_path_ok(const char *path)
{
    if (path[0] == '\0' || path[0] == '.' || strstr(path, "..") != NULL || str_ends(path, ".")) {
        return false;
    }
    for (const char *p = path; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.' && *p != '-') {
            return false;
        }
    }
    return strlen(path) < TEMPLATE_PATH_MAX;
}

static char *skip_spaces(char *at)
{
    return at + strspn(at, " ");
}

/* Ends the word at `at` and gives what stands behind it and its spaces; *ret_next is the sign
 * there. */
static char *end_word(char *at, const char *signs, char *ret_next)
{
    char *end = at + strcspn(at, signs);
    char *behind = skip_spaces(end);
    *ret_next = *behind;
    *end = '\0';
    return *ret_next == '\0' ? behind : behind + 1;
}

/* The text in quotes behind "(", and its ")". NULL: broken. */
static char *end_argument(char *at, const char **ret_argument)
{
    at = skip_spaces(at);
    char quote = *at;
    char *end = quote == '"' || quote == '\'' ? strchr(at + 1, quote) : NULL;
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    *ret_argument = at + 1;
    at = skip_spaces(end + 1);
    return *at == ')' ? skip_spaces(at + 1) : NULL;
}

/* The function behind a "|"; *io_at moves behind it, *ret_more: another "|" stands there. */
static const char *read_call(char **io_at, struct template_call *ret, bool *ret_more)
{
    char next = '\0';
    char *name = skip_spaces(*io_at);
    char *at = end_word(name, " (|", &next);
    ret->function = template_function_find(name);
    if (ret->function == NULL) {
        return "there is no such function; there are count, date, default, first, join, json, last, "
               "lower, soql, trim, upper and url";
    }
    if (next == '(') {
        at = end_argument(at, &ret->argument);
        if (at == NULL) {
            return "an argument is one text in quotes, between ( and )";
        }
        next = *at;
        at += next == '\0' ? 0 : 1;
    }
    if (next != '\0' && next != '|') {
        return "functions stand behind one another with \"|\" between them";
    }
    *ret_more = next == '|';
    *io_at = at;
    return template_function_fault(ret->function, ret->argument);
}

/* NULL, or the reason. */
static const char *read_slot(struct template_slot *s)
{
    char next = '\0';
    char *path = skip_spaces(s->text);
    char *at = end_word(path, " |", &next);
    s->path = path;
    s->calls_count = 0;
    if (strlen(path) >= TEMPLATE_PATH_MAX) {
        return "a path of over 200 characters";
    }
    if (!template_path_ok(path) || (next != '\0' && next != '|')) {
        return "a path may hold letters, digits, \"_\", \"-\" and single dots only";
    }
    for (bool more = next == '|'; more; s->calls_count++) {
        if (s->calls_count == TEMPLATE_CALLS_MAX) {
            return "over 5 functions behind one another";
        }
        struct template_call *c = &s->calls[s->calls_count];
        *c = (struct template_call){.argument = NULL};
        const char *why = read_call(&at, c, &more);
        if (why != NULL) {
            return why;
        }
    }
    return NULL;
}

int template_slot_next(const char *text, struct template_slot *ret, const char **ret_why)
{
    const char *open = strstr(text, "{{");
    if (open == NULL) {
        return 0;
    }
    const char *close = strstr(open, "}}");
    if (close == NULL) {
        *ret_why = "\"{{\" without \"}}\"";
        return -1;
    }
    size_t len = (size_t)(close - open) - 2;
    if (len >= TEMPLATE_SLOT_MAX) {
        *ret_why = "a template of over 400 characters";
        return -1;
    }
    memcpy(ret->text, open + 2, len);
    ret->text[len] = '\0';
    ret->start = open;
    ret->end = close + 2;
    const char *why = read_slot(ret);
    if (why != NULL) {
        *ret_why = why;
        return -1;
    }
    return 1;
}

const char *template_next(arena *mem, const char *text, const char **ret_path)
{
    struct template_slot slot;
    const char *why = NULL;
    if (template_slot_next(text, &slot, &why) != 1) {
        return NULL;
    }
    *ret_path = arena_strdup(mem, slot.path);
    return slot.end;
}

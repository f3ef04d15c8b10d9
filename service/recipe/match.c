#include "recipe.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

char *recipe_command_fold(arena *mem, const char *command)
{
    struct str out = str_new(mem, 400);
    char *lower = str_lower(mem, str_trim(mem, command));
    bool gap = false;
    for (const char *p = lower; *p != '\0'; p++) {
        if (isspace((unsigned char)*p)) {
            gap = true;
            continue;
        }
        if (gap) {
            str_add_char(&out, ' ');
        }
        gap = false;
        str_add_char(&out, *p);
    }
    return out.text;
}

/* Does `text` begin with the words of `command`, whatever the case and the spaces between them?
 * Returns the rest behind them, NULL if not. */
static const char *rest_behind(const char *text, const char *command)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    for (; *command != '\0'; command++) {
        if (*command == ' ') {
            if (!isspace((unsigned char)*text)) {
                return NULL;
            }
            while (isspace((unsigned char)*text)) {
                text++;
            }
        } else if (tolower((unsigned char)*text) != tolower((unsigned char)*command)) {
            return NULL;
        } else {
            text++;
        }
    }
    return *text == '\0' || isspace((unsigned char)*text) ? text : NULL;
}

const struct recipe_row *recipe_match(arena *mem, const struct recipe_row *list, size_t count,
                                      const char *text, const char **ret_rest)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].command == NULL || !list[i].enabled) {
            continue;
        }
        const char *rest = rest_behind(text, list[i].command);
        if (rest != NULL) {
            *ret_rest = str_trim(mem, rest);
            return &list[i];
        }
    }
    return NULL;
}

/* --- the same words in another order --- */

static size_t words_in(const char *command)
{
    size_t n = 1;
    for (; *command != '\0'; command++) {
        n += *command == ' ' ? 1 : 0;
    }
    return n;
}

/* The text's first words, folded, and where the rest begins; NULL when it has fewer. */
static const char *first_words(arena *mem, const char *text, size_t count, char **ret_folded)
{
    const char *p = text;
    for (size_t i = 0; i < count; i++) {
        p += strspn(p, " \t\r\n");
        size_t len = strcspn(p, " \t\r\n");
        if (len == 0) {
            return NULL;
        }
        p += len;
    }
    *ret_folded = recipe_command_fold(mem, arena_strndup(mem, text, (size_t)(p - text)));
    return p;
}

static size_t times_in(arena *mem, const char *words, const char *word)
{
    size_t n = 0;
    for (const char *rest = words, *part; (part = str_split(mem, &rest, ' ')) != NULL;) {
        n += str_equal(part, word) ? 1 : 0;
    }
    return n;
}

static bool same_words(arena *mem, const char *a, const char *b)
{
    bool same = true;
    for (const char *rest = a, *part; (part = str_split(mem, &rest, ' ')) != NULL;) {
        same = same && times_in(mem, a, part) == times_in(mem, b, part);
    }
    return same;
}

const struct recipe_row *recipe_match_any_order(arena *mem, const struct recipe_row *list,
                                                size_t count, const char *text,
                                                const char **ret_rest)
{
    const struct recipe_row *found = NULL;
    for (size_t i = 0; i < count; i++) {
        char *folded = NULL;
        if (list[i].command == NULL || !list[i].enabled) {
            continue;
        }
        const char *rest = first_words(mem, text, words_in(list[i].command), &folded);
        if (rest == NULL || !same_words(mem, list[i].command, folded)) {
            continue;
        }
        if (found != NULL) {
            return NULL; /* two commands of the same words: which one is not ours to guess */
        }
        found = &list[i];
        *ret_rest = str_trim(mem, rest);
    }
    return found;
}

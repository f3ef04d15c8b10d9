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

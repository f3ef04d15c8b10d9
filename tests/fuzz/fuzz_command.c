/*
 * A typed line, and (first line of the input, if there are two) the command of one more recipe.
 * Folding twice is folding once; a command is found in its own words; and the split invents
 * nothing: every value and every unknown word is a part of what was typed.
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

static struct recipe_option options[] = {{"Won", "Closed Won"}, {"In talks", "Negotiation"}};
static struct recipe_input inputs[] = {
    {.name = "name", .required = true},
    {.name = "amount", .type = INPUT_NUMBER},
    {.name = "close", .type = INPUT_DATE},
    {.name = "open", .type = INPUT_BOOLEAN},
    {.name = "stage", .options = options, .options_count = 2},
};
static const struct recipe sample = {.name = "sample", .inputs = inputs, .inputs_count = 5};

static void split(arena *mem, const char *text)
{
    struct recipe_words w;
    recipe_inputs_split(mem, &sample, text, &w);
    must(w.unknown_count <= LIMIT_INPUTS_COUNT);
    for (size_t i = 0; i < w.unknown_count; i++) {
        must(!str_empty(w.unknown[i]));
        must(strstr(text, w.unknown[i]) != NULL || str_ends(w.unknown[i], " (given twice)"));
    }
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(w.given, name, value)
    {
        const char *typed = json_string_value(value), *why = NULL;
        const struct recipe_input *in = recipe_input_find(&sample, name);
        json_t *parsed = NULL;
        must(in != NULL && !str_empty(typed) && strstr(text, typed) != NULL);
        must(recipe_input_value(mem, in, typed, &parsed, &why) ? parsed != NULL : why != NULL);
    }
    (void)recipe_missing(&sample, w.given);
}

static void match(arena *mem, const char *command, const char *text)
{
    char *folded = recipe_command_fold(mem, command);
    must(str_equal(recipe_command_fold(mem, folded), folded));
    const struct recipe_row list[] = {
        {.name = "typed", .command = folded[0] == '\0' ? NULL : folded, .enabled = true},
        {.name = "crm", .command = "crm create deal", .enabled = true},
        {.name = "off", .command = "off", .enabled = false},
    };
    const char *rest = NULL;
    const struct recipe_row *row = recipe_match(mem, list, 3, text, &rest);
    must((row == NULL) == (rest == NULL) && row != &list[2]);
    if (row != NULL) {
        must(strstr(text, rest) != NULL);
        split(mem, rest);
    }
    if (folded[0] != '\0') {
        must(recipe_match(mem, list, 1, folded, &rest) == &list[0] && rest[0] == '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *mem = arena_new();
    char *text = arena_strndup(mem, (const char *)data, size);
    /* a JSON text holds UTF-8 only, and so does whatever a chat hands on */
    if (str_is_utf8(text, strlen(text))) {
        char *line = strchr(text, '\n');
        char *command =
            arena_strndup(mem, text, line == NULL ? strlen(text) : (size_t)(line - text));
        if (strlen(command) <= LIMIT_LABEL) { /* longer ones are no recipe's */
            match(mem, command, text);
            match(mem, command, line == NULL ? text : line + 1);
        }
        split(mem, text);
    }
    arena_free(mem);
    return 0;
}

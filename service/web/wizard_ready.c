#include "wizard_int.h"

#include <string.h>

#include "base/die.h"

/* The pages of docs/recipes: title, first paragraph, and each block of JSON. */

static const struct {
    const char *file, *hook_kind;
} pages[] = {
    {"servicenow-incident.md", NULL},
    {"create-opportunity.md", NULL},
    {"box-folder.md", NULL},
    {"deal-with-folder.md", NULL},
    {"log-meeting.md", NULL},
    {"opportunity-approval.md", "salesforce_outbound"},
    {"servicenow-change-approval.md", "servicenow"},
};

static const char BLOCK[] = "```json\n", BLOCK_END[] = "\n```";

/* Lines up to the first empty one, as one. */
static char *paragraph(arena *mem, const char *text)
{
    const char *end = strstr(text, "\n\n");
    char *copy =
        end == NULL ? arena_strdup(mem, text) : arena_strndup(mem, text, (size_t)(end - text));
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at == '\n' ? ' ' : *at;
    }
    return copy;
}

static json_t *recipes_of(arena *mem, const char *text)
{
    json_t *list = arena_json(mem, json_array());
    for (const char *at = text; (at = strstr(at, BLOCK)) != NULL;) {
        const char *from = at + strlen(BLOCK), *end = strstr(from, BLOCK_END);
        struct err why = {0};
        json_t *one = NULL;
        if (end == NULL || json_read(mem, bytes_of(arena_strndup(mem, from, (size_t)(end - from))),
                                     &one, &why) != 0) {
            die("a recipe of the program does not read");
        }
        json_push(list, json_incref(one));
        at = end;
    }
    return list;
}

bool wizard_ready_at(const struct console *c, size_t index, struct wizard_ready *ret)
{
    if (index >= sizeof pages / sizeof pages[0]) {
        return false;
    }
    const char *text = html_template(pages[index].file), *rest = strstr(text, "\n\n");
    *ret = (struct wizard_ready){.file = pages[index].file,
                                 .hook_kind = pages[index].hook_kind,
                                 .title = paragraph(c->mem, text + strlen("# ")),
                                 .intro = rest == NULL ? "" : paragraph(c->mem, rest + 2),
                                 .recipes = recipes_of(c->mem, text)};
    return true;
}

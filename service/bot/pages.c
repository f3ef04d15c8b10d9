#include "lists_int.h"

#include <string.h>

#include "base/str.h"

/* Lists of more than fits: one page at a time, each made anew when it is asked for. */

void page_around(struct scene *sc, json_t *view, const struct page *p)
{
    bool more = p->total > p->from + p->size;
    if (p->from > 0) {
        size_t to = p->from > p->size ? p->from - p->size : 0;
        view_button(view, &(struct button){.title = "Previous",
                                           .action = "page",
                                           .value = arena_printf(sc->mem, "%zu %s", to, p->words)});
    }
    if (more) {
        view_button(view, &(struct button){.title = "More",
                                           .action = "page",
                                           .value = arena_printf(sc->mem, "%zu %s",
                                                                 p->from + p->size, p->words)});
    }
}

void page_end(struct scene *sc, json_t *view, const struct page *p)
{
    bool more = p->total > p->from + p->size;
    if (p->from > 0 || more) {
        view_note(view, "%lld to %lld of %lld", (long long)p->from + 1,
                  (long long)(more ? p->from + p->size : p->total), (long long)p->total);
        page_around(sc, view, p);
    }
}

/* "20 help salesforce": from there, what these words show. */
int action_page(struct turn *t, const char *value, struct err *e)
{
    const char *words = strchr(value, ' ');
    long long from = 0;
    if (words == NULL ||
        !str_to_i64(arena_strndup(t->scene.mem, value, (size_t)(words - value)), &from)) {
        return 0; /* was not written by us */
    }
    t->from = from > 0 && from < PAGES_END ? (size_t)from : 0;
    return command_try(t, words + 1, e) < 0 ? -1 : 0;
}

/* A list that became shorter since its button was drawn. */
size_t page_from(const struct turn *t, size_t total)
{
    return t->from < total ? t->from : 0;
}

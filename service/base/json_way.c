#include "base/json.h"
#include "base/str.h"

static void add(struct str *s, const struct json_way *w)
{
    if (w->up != NULL) {
        add(s, w->up);
    }
    if (w->name == NULL) {
        str_printf(s, "[%zu]", w->item);
        return;
    }
    str_add(s, w->up == NULL ? "" : ".");
    str_add(s, w->name);
}

char *json_way_text(arena *mem, const struct json_way *w)
{
    struct str s = str_new(mem, SIZE_MAX / 4);
    add(&s, w);
    return s.text;
}

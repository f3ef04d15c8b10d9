/* What of a card goes when it is too long for Teams. */
#include "teams_draw.h"

#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

enum {
    MORE_BYTES = 200,
    BIG_BUTTON_BYTES = 1000, /* a page or a way back takes less */
    LONG_BYTES = 400,
    SHORT_BYTES = 100
};

static const char MORE[] = "There is more than fits in one message.";

struct fitting {
    arena *mem;
    json_t *items;
    const struct teams_room *room;
    size_t bytes, max;
    bool gone; /* something is */
};

static size_t bytes_of_json(arena *mem, const json_t *value)
{
    return strlen(json_write(mem, value)) + 1;
}

static bool is_over(const struct fitting *f)
{
    return f->bytes > f->max;
}

static void drop(struct fitting *f, json_t *list, size_t at)
{
    f->bytes -= bytes_of_json(f->mem, json_array_get(list, at));
    f->gone = true;
    if (json_array_remove(list, at) != 0) {
        die("a card has lost what stood in it");
    }
}

/* --- long texts --- */

/* Both ends say most: what it is, and as whom it was done. */
static void cut(struct fitting *f, json_t *node, const char *key, size_t max)
{
    const char *text = json_text(node, key);
    size_t len = text == NULL ? 0 : strlen(text);
    if (len <= max) {
        return;
    }
    size_t head = str_fit(text, len, max / 2);
    size_t tail = str_fit(text, len, len - max / 4);
    size_t before = bytes_of_json(f->mem, node);
    json_put_words(node, key,
                   arena_printf(f->mem, "%.*s\xE2\x80\xA6%s", (int)head, text, text + tail));
    f->bytes -= before - bytes_of_json(f->mem, node);
}

static void cut_all(struct fitting *f, json_t *list, const char *key, size_t max)
{
    for (size_t i = json_array_size(list); i > 0 && is_over(f); i--) {
        cut(f, json_array_get(list, i - 1), key, max);
    }
}

static void cut_item(struct fitting *f, json_t *item, size_t max)
{
    cut_all(f, json_member(item, "inlines"), "text", max);
    cut_all(f, json_member(item, "facts"), "value", max);
}

static void cut_items(struct fitting *f, const json_t *list, size_t max)
{
    for (size_t i = json_array_size(list); i > 0 && is_over(f); i--) {
        cut_item(f, json_array_get(list, i - 1), max);
    }
}

/* --- what goes --- */

static bool has(const json_t *list, const json_t *item)
{
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(list, i, one)
    {
        if (one == item) {
            return true;
        }
    }
    return false;
}

static void drop_those(struct fitting *f, const json_t *list)
{
    for (size_t i = json_array_size(f->items); i > 0 && is_over(f); i--) {
        if (has(list, json_array_get(f->items, i - 1))) {
            drop(f, f->items, i - 1);
        }
    }
}

static bool is_buttons(const json_t *item)
{
    return str_equal(json_text(item, "type"), "ActionSet");
}

/* Where the buttons begin that stand last. */
static size_t end_of(const json_t *items)
{
    size_t end = json_array_size(items);
    while (end > 0 && is_buttons(json_array_get(items, end - 1))) {
        end--;
    }
    return end;
}

/* Those that take more than so many bytes, the last one first. */
static void drop_buttons(struct fitting *f, size_t from, size_t bytes_min)
{
    for (size_t i = json_array_size(f->items); i > from && is_over(f); i--) {
        json_t *actions = json_member(json_array_get(f->items, i - 1), "actions");
        for (size_t k = json_array_size(actions); k > 0 && is_over(f); k--) {
            if (bytes_of_json(f->mem, json_array_get(actions, k - 1)) > bytes_min) {
                drop(f, actions, k - 1);
            }
        }
        if (actions != NULL && json_array_size(actions) == 0) {
            drop(f, f->items, i - 1);
        }
    }
}

/* What stands last and leads on - the next page, a way back - stays; what comes before it goes,
 * from the end. */
static void drop_between(struct fitting *f, size_t from, size_t to)
{
    for (size_t i = to; i > from && is_over(f); i--) {
        drop(f, f->items, i - 1);
    }
}

/* --- all of it --- */

static void make_fit(struct fitting *f)
{
    const struct teams_room *room = f->room;
    cut_items(f, room->fields, LONG_BYTES);
    cut_items(f, room->fields, SHORT_BYTES);
    drop_those(f, room->rest);
    drop_those(f, room->fields);
    drop_buttons(f, end_of(f->items), BIG_BUTTON_BYTES);
    drop_between(f, room->lead, end_of(f->items));
    drop_buttons(f, end_of(f->items), 0);
    drop_between(f, 1, end_of(f->items));
    cut_items(f, f->items, SHORT_BYTES);
    drop_between(f, 0, json_array_size(f->items));
}

void teams_limit(arena *mem, json_t *items, const struct teams_room *room)
{
    struct fitting f = {.mem = mem,
                        .items = items,
                        .room = room,
                        .bytes = bytes_of_json(mem, items),
                        .max = room->bytes};
    if (!is_over(&f)) {
        return;
    }
    f.max -= MORE_BYTES;
    make_fit(&f);
    if (!f.gone) {
        return;
    }
    json_t *note = arena_json(mem, json_must(json_array()));
    teams_rich_text(mem, note, MORE, &(struct teams_style){.subtle = true, .size = "Small"});
    if (json_array_insert(items, end_of(items), json_array_get(note, 0)) != 0) {
        die("out of memory for a card");
    }
}

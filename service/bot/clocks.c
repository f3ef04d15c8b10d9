#include "form_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* Dates with a time, read by the clock of who gives them. */

static bool has_clocks(const struct recipe *r)
{
    for (size_t i = 0; i < r->inputs_count; i++) {
        if (r->inputs[i].type == INPUT_DATE_TIME) {
            return true;
        }
    }
    return false;
}

/* A text that is read by a clock: it names no zone. */
static bool is_civil(arena *mem, const struct recipe_input *in, const json_t *given)
{
    const char *text = json_string_value(given), *why = NULL;
    json_t *value = NULL;
    int64_t at = 0;
    return in->type == INPUT_DATE_TIME && text != NULL &&
           recipe_input_value(mem, in, text, &value, &why) && !recipe_instant(value, &at);
}

static bool any_civil(arena *mem, const struct recipe *r, const json_t *inputs)
{
    for (size_t i = 0; i < r->inputs_count; i++) {
        if (is_civil(mem, &r->inputs[i], json_member(inputs, r->inputs[i].name))) {
            return true;
        }
    }
    return false;
}

int clocks_ask(struct scene *sc, const struct recipe *r, json_t *inputs, struct question *io,
               struct err *e)
{
    struct recipe_misread misread = {.input = NULL};
    const char *zone = NULL;
    io->input = recipe_asks(sc->mem, r, inputs, &io->why);
    if (!has_clocks(r)) {
        return 0;
    }
    bool civil = any_civil(sc->mem, r, inputs);
    if ((civil && recipe_zone_of(sc->s, sc->user, &zone, e) != 0) ||
        recipe_clocks_read(sc->s, r, zone, inputs, &misread, e) != 0) {
        return -1;
    }
    io->in_utc = civil && zone == NULL;
    if (misread.input != NULL && (io->input == NULL || misread.input <= io->input)) {
        io->input = misread.input;
        io->why = misread.why;
    }
    return 0;
}

int clocks_note(struct scene *sc, const struct recipe_input *in, const char **ret, struct err *e)
{
    const char *zone = NULL;
    *ret = NULL;
    if (in->type != INPUT_DATE_TIME) {
        return 0;
    }
    if (recipe_zone_of(sc->s, sc->user, &zone, e) != 0) {
        return -1;
    }
    *ret = arena_printf(sc->mem, "The time is read %s.", recipe_zone_words(sc->mem, zone));
    return 0;
}

int clocks_of_form(struct scene *sc, const struct recipe *r, const json_t *inputs,
                   struct form_clocks *ret, struct err *e)
{
    struct form_clocks c = {.any = has_clocks(r)};
    json_t *read = arena_json(sc->mem, json_deep_copy(inputs));
    if (c.any && (recipe_zone_of(sc->s, sc->user, &c.zone, e) != 0 ||
                  recipe_clocks_read(sc->s, r, c.zone, read, &c.misread, e) != 0)) {
        return -1;
    }
    c.inputs = read;
    *ret = c;
    return 0;
}

int clocks_show(struct scene *sc, const char *zone, int64_t at, const char **ret, struct err *e)
{
    const char *shows = NULL;
    if (store_clock_at(sc->s, at, zone == NULL ? "UTC" : zone, &shows, e) != 0) {
        return -1;
    }
    *ret = arena_strndup(sc->mem, shows, strlen("2026-12-31T14:30"));
    return 0;
}

/* As its field showed it: whoever left it alone has changed nothing, not even its seconds, and
 * which of two such times was meant. */
static int keep(struct form_taking *x, const char *name, const char *zone, struct err *e)
{
    int64_t was = 0;
    const char *shown = NULL;
    const json_t *before = json_member(x->run->inputs, name);
    if (!recipe_instant(before, &was)) {
        return 0;
    }
    if (clocks_show(&x->turn->scene, zone, was, &shown, e) != 0) {
        return -1;
    }
    const char *sent = json_text(x->inputs, name);
    if (str_starts(sent, shown) && str_equal(sent + strlen(shown), ":00")) {
        json_object_set_new(x->inputs, name, json_deep_copy(before));
    }
    return 0;
}

int clocks_keep(struct form_taking *x, struct err *e)
{
    const struct scene *sc = &x->turn->scene;
    const char *zone = NULL;
    if (!any_civil(sc->mem, x->recipe, x->inputs)) {
        return 0;
    }
    if (recipe_zone_of(sc->s, sc->user, &zone, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < x->recipe->inputs_count; i++) {
        const struct recipe_input *in = &x->recipe->inputs[i];
        if (is_civil(sc->mem, in, json_member(x->inputs, in->name)) &&
            keep(x, in->name, zone, e) != 0) {
            return -1;
        }
    }
    return 0;
}

#include "form_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* Choices of a field that a form asks for while somebody types. */

static bool has(arena *mem, const char *text, const char *part)
{
    return strstr(str_lower(mem, text), str_lower(mem, part)) != NULL;
}

static int input_choices(struct turn *t, struct form_choice **ret, size_t *ret_count, struct err *e)
{
    struct run *r = NULL;
    struct recipe *recipe = NULL;
    if (store_run_find(t->scene.s, t->scene.workspace->workspace, t->event.value, &r, e) != 0) {
        return -1;
    }
    if (r == NULL || !str_equal(r->user_id, t->event.user_id)) {
        return 0;
    }
    if (recipe_of(&t->scene, r, &recipe, e) != 0) {
        return -1;
    }
    const struct recipe_input *in =
        recipe == NULL ? NULL : recipe_input_find(recipe, t->event.field);
    size_t count = in == NULL ? 0 : in->options_count;
    *ret = arena_array(t->scene.mem, count + 1, sizeof(**ret));
    for (size_t i = 0; i < count && *ret_count < FORM_CHOICES_SHOWN; i++) {
        if (has(t->scene.mem, in->options[i].label, t->event.typed)) {
            (*ret)[(*ret_count)++] =
                (struct form_choice){in->options[i].label, form_choice_key(t->scene.mem, in, i)};
        }
    }
    return 0;
}

int bot_form_choices(bot *b, arena *mem, const struct bot_sent *sent, struct form_choice **ret,
                     size_t *ret_count, struct err *e)
{
    struct job j = {.workspace = sent->workspace, .kind = sent->kind, .payload = sent->payload};
    struct turn t = {.scene = {.bot = b, .mem = mem, .until_ms = sent->until_ms}, .job = &j};
    bool ours = false;
    *ret_count = 0;
    if (form_look(&t, &j, &ours, e) != 0) {
        return -1;
    }
    bool known = ours && t.event.kind == EVENT_CHOICES && t.scene.user != NULL;
    if (!known || !words_open_to(&t.scene)) {
        return 0;
    }
    if (store_open(b->options.stores, mem, &t.scene.s, e) != 0) {
        return -1;
    }
    bool picks = str_equal(t.event.action, "use") && forms_kept(&t.scene);
    int rc = picks ? shortcut_choices(&t, ret, ret_count, e) : input_choices(&t, ret, ret_count, e);
    store_close(t.scene.s);
    return rc;
}

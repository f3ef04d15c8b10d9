/*
 * A recipe as somebody sends it: read, checked, and, when nothing is wrong with it, used. A recipe
 * without a fault is complete; faults are sentences at a place; and its steps' values either
 * expand or are too long.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static const apps *catalogue(void)
{
    static arena *boot; /* lives as long as the program */
    static apps *loaded;
    if (loaded == NULL) {
        boot = arena_new();
        struct faults f;
        faults_init(&f, boot);
        must(apps_load(boot, NULL, &loaded, &f) == 0);
    }
    return loaded;
}

static void check_faults(arena *mem, const struct faults *f)
{
    for (size_t i = 0; i < f->count && i < FAULTS_MAX; i++) {
        must(f->list[i].path != NULL && !str_empty(f->list[i].text));
    }
    must(json_array_size(arena_json(mem, faults_json(f))) > 0);
}

static void use(arena *mem, struct recipe *r)
{
    must(r->name != NULL && r->title != NULL && r->command != NULL && r->reply_text != NULL);
    must(r->steps_count > 0 && r->connections_count > 0);
    json_t *inputs = arena_json(mem, json_object());
    for (size_t i = 0; i < r->inputs_count; i++) {
        must(recipe_input_find(r, r->inputs[i].name) == &r->inputs[i]);
        json_object_set_new(inputs, r->inputs[i].name, json_string("{{inputs.x}} \"\n"));
    }
    must(recipe_missing(r, inputs) == NULL);
    json_t *context = arena_json(mem, json_pack("{s:O, s:{}}", "inputs", inputs, "steps"));
    for (size_t i = 0; i < r->steps_count; i++) {
        json_t *with = NULL;
        struct err e = {0};
        must(r->steps[i].id != NULL && r->steps[i].action != NULL && r->steps[i].with != NULL);
        if (template_expand(mem, r->steps[i].with, context, &with, &e) != 0) {
            must(str_equal(e.code, "template_too_long"));
        }
    }
    char *text = template_text(mem, r->reply_text, context, 100);
    must(strlen(text) <= 100 && str_is_utf8(text, strlen(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct default_connection connections[] = {{.name = "acme", .app = "salesforce"}};
    static const struct recipe_row others[] = {{.name = "other", .command = "other command"}};
    static const char *const reserved[] = {"help", "personal connections", NULL};
    const struct recipe_world world = {.apps = catalogue(),
                                       .connections = connections,
                                       .connections_count = 1,
                                       .recipes = others,
                                       .recipes_count = 1,
                                       .reserved = reserved};
    arena *mem = arena_new();
    json_t *body = NULL;
    struct err e = {0};
    if (json_read(mem, (struct bytes){data, size}, &body, &e) == 0) {
        struct recipe *r = NULL;
        struct faults f;
        faults_init(&f, mem);
        recipe_parse(mem, body, &r, &f);
        recipe_check(mem, r, &world, &f);
        if (f.count == 0) {
            use(mem, r);
        } else {
            check_faults(mem, &f);
        }
    }
    arena_free(mem);
    return 0;
}

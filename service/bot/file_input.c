#include "form_int.h"
#include "lists_int.h"

#include "base/json.h"
#include "base/str.h"

/* Inputs that are files: chosen in a form, where the platform's forms take any. */

/* An installation of before, or one where somebody has left it out. What it was granted is not
 * known where the token was put by hand: then the platform says so when it is asked. */
static bool lacks_scope(const struct workspace *w, const char *scope)
{
    return scope != NULL &&
           (str_in(w->missing_scopes, w->missing_scopes_count, scope) ||
            (w->bot_scopes_count > 0 && !str_in(w->bot_scopes, w->bot_scopes_count, scope)));
}

void files_note_scope(struct scene *sc, const char *scope)
{
    struct workspace *w = arena_alloc(sc->mem, sizeof(*w));
    *w = *sc->workspace;
    size_t count = w->missing_scopes_count;
    const char **list = arena_array(sc->mem, count + 1, sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        list[i] = w->missing_scopes[i];
    }
    list[count] = arena_strdup(sc->mem, scope);
    w->missing_scopes = list;
    w->missing_scopes_count = count + 1;
    sc->workspace = w;
}

const char *files_refused(const struct scene *sc)
{
    const struct workspace *w = sc->workspace;
    const struct chat_driver *driver = chats_driver(sc->bot->options.chats, w->workspace);
    if (driver == NULL || driver->file == NULL) {
        return "No file can be given in this chat.";
    }
    return lacks_scope(w, driver->file_scope)
               ? arena_printf(sc->mem,
                              "I may not read files in this workspace: an admin must install "
                              "Workbot again and allow %s.",
                              driver->file_scope)
               : NULL;
}

const char *files_missing(const struct scene *sc, const struct recipe *r, const json_t *inputs)
{
    const char *refused = NULL;
    for (size_t i = 0; i < r->inputs_count && refused == NULL; i++) {
        const struct recipe_input *in = &r->inputs[i];
        bool given = recipe_is_file(json_member(inputs, in->name));
        if (in->type == INPUT_FILE && in->required && !given) {
            refused = files_refused(sc);
            refused = refused == NULL ? NULL
                                      : arena_printf(sc->mem, "It needs a file for \"%s\". %s",
                                                     in->name, refused);
        }
    }
    return refused;
}

void form_add_file(struct scene *sc, json_t *form, const struct recipe_input *in,
                   const json_t *given)
{
    const char *refused = files_refused(sc);
    bool chosen = recipe_is_file(given);
    if (refused != NULL) {
        view_note(form, "**%s** is left out: %s", in->name, refused);
        return;
    }
    const char *hint = in->hint == NULL ? "" : in->hint;
    const char *typed = json_string_value(given);
    if (chosen) {
        hint = arena_printf(sc->mem, "You chose %s. Leave this empty to keep it.",
                            words_value(sc->mem, given));
    } else if (!str_empty(typed)) {
        hint = arena_printf(sc->mem, "%s cannot be typed: choose a file here. %s",
                            str_cut(sc->mem, typed, 100), hint);
    }
    form_add(form, &(struct form_field){.name = in->name,
                                        .label = in->name,
                                        .kind = FORM_FILE,
                                        .required = in->required && !chosen,
                                        .hint = *hint == '\0' ? NULL : hint,
                                        .endings = in->endings,
                                        .endings_count = in->endings_count});
}

const char *form_take_file(arena *mem, const struct recipe_input *in, const json_t *sent,
                           json_t *io_inputs)
{
    const char *why = NULL;
    json_t *value = NULL;
    bool kept = recipe_is_file(json_member(io_inputs, in->name));
    if (json_is_object(sent)) {
        if (!recipe_input_file(mem, in, sent, &value, &why)) {
            return why;
        }
        json_object_set(io_inputs, in->name, value);
        return NULL;
    }
    if (!kept) {
        json_object_del(io_inputs, in->name); /* words that were typed for it */
    }
    return in->required && !kept ? "Please choose a file." : NULL;
}

char *words_value(arena *mem, const json_t *value)
{
    enum { KB = 1000, MB = 1000 * 1000 };
    if (json_is_string(value)) {
        return arena_strdup(mem, json_string_value(value));
    }
    if (!recipe_is_file(value)) {
        return json_write(mem, value);
    }
    long long size = (long long)json_i64(value, "size");
    const char *name = json_text(value, "name");
    if (size >= MB) {
        return arena_printf(mem, "%s (%.1f MB)", name, (double)size / MB);
    }
    return size >= KB ? arena_printf(mem, "%s (%lld kB)", name, size / KB)
                      : arena_printf(mem, "%s (%lld bytes)", name, size);
}

#include "base/faults.h"

#include <stdarg.h>

#include "base/json.h"
#include "base/str.h"

void faults_init(struct faults *f, arena *mem)
{
    *f = (struct faults){.mem = mem};
}

bool faults_full(const struct faults *f)
{
    return f->count >= FAULTS_MAX;
}

void faults_add(struct faults *f, const char *path, const char *format, ...)
{
    if (!faults_full(f)) {
        va_list args;
        va_start(args, format);
        f->list[f->count].path = path == NULL ? "" : arena_strdup(f->mem, path);
        f->list[f->count].text = arena_vprintf(f->mem, format, args);
        va_end(args);
    }
    f->count++;
}

static size_t kept(const struct faults *f)
{
    return faults_full(f) ? FAULTS_MAX : f->count;
}

/* Text that came from a hostile document may be anything; JSON may not. */
static json_t *json_clean(arena *mem, const char *text)
{
    return json_string(str_clean(mem, text));
}

json_t *faults_json(const struct faults *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < kept(f); i++) {
        json_t *fault = json_object();
        json_object_set_new(fault, "path", json_clean(f->mem, f->list[i].path));
        json_object_set_new(fault, "text", json_clean(f->mem, f->list[i].text));
        json_array_append_new(list, fault);
    }
    return list;
}

struct json_place *faults_places(arena *mem, struct bytes text, const json_t *list)
{
    size_t count = json_array_size(list);
    const char **paths = arena_array(mem, count + 1, sizeof *paths);
    struct json_place *places = arena_array(mem, count + 1, sizeof *places);
    for (size_t i = 0; i < count; i++) {
        paths[i] = json_text(json_array_get(list, i), "path");
    }
    json_places(text, paths, count, places);
    return places;
}

char *faults_line(arena *mem, const struct faults *f, size_t max_bytes)
{
    /* one byte more than wanted shows str_cut() that something is missing */
    struct str s = str_new(mem, max_bytes + 4);
    for (size_t i = 0; i < kept(f); i++) {
        str_add(&s, i == 0 ? "" : "; ");
        if (!str_empty(f->list[i].path)) {
            str_add(&s, f->list[i].path);
            str_add(&s, ": ");
        }
        str_add(&s, f->list[i].text);
    }
    if (f->count > FAULTS_MAX) {
        str_printf(&s, "; and %zu more", f->count - FAULTS_MAX);
    }
    return str_cut(mem, s.text, max_bytes);
}

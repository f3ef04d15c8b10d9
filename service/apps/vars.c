#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* Values of declared variables: which are allowed, where they come from, which of them counts. */

enum { VALUE_MAX = 253 };

const struct apps_var *apps_var_find(const app *a, const char *name)
{
    for (size_t i = 0; i < a->vars_count; i++) {
        if (str_equal(a->vars[i].name, name)) {
            return &a->vars[i];
        }
    }
    return NULL;
}

static bool has_control(const char *value)
{
    const unsigned char *c = (const unsigned char *)value;
    while (*c >= ' ' && *c != 0x7f) {
        c++;
    }
    return *c != '\0';
}

bool apps_var_fits(const struct apps_var *v, const char *value)
{
    return !str_empty(value) && strlen(value) <= VALUE_MAX && !str_equal(value, ".") &&
           !str_equal(value, "..") && !has_control(value) &&
           regexec(v->pattern, value, 0, NULL, 0) == 0 && (!v->in_host || apps_is_host_part(value));
}

static const char *value_in(const struct apps_var *v, const json_t *values)
{
    const char *value = json_text(values, v->name);
    return value != NULL && apps_var_fits(v, value) ? value : NULL;
}

const json_t *app_site_vars(arena *mem, const app *a, const json_t *own, const json_t *account)
{
    json_t *vars = arena_json(mem, json_object());
    for (size_t i = 0; i < a->vars_count; i++) {
        const struct apps_var *v = &a->vars[i];
        const char *value = value_in(v, own);
        value = value == NULL ? value_in(v, account) : value;
        value = value == NULL ? v->value : value;
        if (value != NULL) {
            json_put(vars, v->name, json_string(value));
        }
    }
    return vars;
}

static void check_var(const app *a, const char *name, const json_t *value, const char *path,
                      struct faults *faults)
{
    const struct apps_var *v = apps_var_find(a, name);
    const char *at = arena_printf(faults->mem, "%s.%s", path, name);
    if (v == NULL) {
        faults_add(faults, at, "%s has no variable of this name.", a->title);
    } else if (!json_is_string(value)) {
        faults_add(faults, at, "This must be text.");
    } else if (!apps_var_fits(v, json_string_value(value))) {
        faults_add(faults, at, "This must be %s, and has another form than that.", v->words);
    }
}

void app_check_vars(const app *a, const json_t *vars, const char *path, struct faults *faults)
{
    union {
        const json_t *given;
        json_t *open;
    } o = {.given = vars}; /* jansson's iterator only reads, but its parameter is not const */
    for (void *at = json_object_iter(o.open); at != NULL; at = json_object_iter_next(o.open, at)) {
        check_var(a, json_object_iter_key(at), json_object_iter_value(at), path, faults);
    }
    for (size_t i = 0; i < a->vars_count; i++) {
        const struct apps_var *v = &a->vars[i];
        if (v->from == VAR_CONNECTION && v->value == NULL && json_member(vars, v->name) == NULL) {
            faults_add(faults, arena_printf(faults->mem, "%s.%s", path, v->name),
                       "%s needs this: %s.", a->title, v->words);
        }
    }
}

/* A whole host may come as an address: "https://accounts.example.eu/". */
static const char *host_alone(arena *mem, const struct apps_var *v, const char *value)
{
    static const char scheme[] = "https://";
    if (!v->in_host || value == NULL || !str_starts(value, scheme)) {
        return value;
    }
    const char *host = value + strlen(scheme);
    size_t len = strlen(host);
    return arena_strndup(mem, host, len > 0 && host[len - 1] == '/' ? len - 1 : len);
}

int apps_var_take(arena *mem, const struct app_site *site, const struct apps_given *given,
                  json_t *io, struct err *e)
{
    const app *a = site->app;
    const struct apps_var *v = given->var;
    const char *value = host_alone(mem, v, given->value);
    if (str_empty(value) && v->value != NULL) {
        return 0;
    }
    if (str_empty(value)) {
        return err_set(e, ERR_CONFIG, "missing_var", "%s did not give \"%s\" (%s)", a->name,
                       v->name, v->words);
    }
    if (!apps_var_fits(v, value)) {
        return err_set(e, ERR_CONFIG, "captured_var",
                       "%s gave a value of \"%s\" that its definition does not allow", a->name,
                       v->name);
    }
    const char *pinned = json_text(site->own, v->name);
    if (pinned != NULL && !str_equal(pinned, value)) {
        return err_set(e, ERR_CONFIG, "other_var",
                       "%s gave another \"%s\" (%s) than this connection is set to", a->name,
                       v->name, v->words);
    }
    json_put(io, v->name, json_string(value));
    return 0;
}

json_t *apps_vars_copy(arena *mem, const json_t *vars)
{
    return arena_json(mem, vars == NULL ? json_object() : json_must(json_deep_copy(vars)));
}

int app_callback_vars(arena *mem, const struct app_site *site, const json_t *query,
                      struct account *io, struct err *e)
{
    const struct apps_pairs *p = &site->app->callback.capture;
    json_t *vars = apps_vars_copy(mem, io->vars);
    for (size_t i = 0; i < p->count; i++) {
        const struct apps_given given = {apps_var_find(site->app, p->items[i].name),
                                         json_text(query, p->items[i].value)};
        if (apps_var_take(mem, site, &given, vars, e) != 0) {
            return -1;
        }
    }
    io->vars = vars;
    return 0;
}

int apps_token_vars(arena *mem, const struct app_site *site, const json_t *answer, bool again,
                    struct account *io, struct err *e)
{
    const struct apps_pairs *p = &site->app->token.capture;
    json_t *vars = apps_vars_copy(mem, io->vars);
    for (size_t i = 0; i < p->count; i++) {
        const struct apps_given given = {apps_var_find(site->app, p->items[i].name),
                                         apps_scalar(mem, json_at(answer, p->items[i].value))};
        if ((!again || !str_empty(given.value)) && apps_var_take(mem, site, &given, vars, e) != 0) {
            return -1;
        }
    }
    io->vars = vars;
    return 0;
}

/* Empty where no admin has set it: a parameter without its value asks for something else. */
static bool lacks(arena *mem, const struct app_site *site, const char *text, const char *name)
{
    return strstr(text, arena_printf(mem, "{%s}", name)) != NULL &&
           str_empty(json_text(site->vars, name));
}

int apps_var_text(arena *mem, const struct app_site *site, const char *text, const char **ret,
                  struct err *e)
{
    const app *a = site->app;
    for (size_t i = 0; i < a->vars_count; i++) {
        if (lacks(mem, site, text, a->vars[i].name)) {
            return err_set(e, ERR_CONFIG, "missing_var", "%s: the connection has no %s", a->name,
                           a->vars[i].name);
        }
    }
    *ret = strchr(text, '{') == NULL ? text : apps_template_text(mem, text, site->vars);
    return 0;
}

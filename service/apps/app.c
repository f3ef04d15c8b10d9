#include "apps_int.h"

#include "base/str.h"

/* What callers may know of an app. */

const char *app_name(const app *a)
{
    return a->name;
}

const char *app_title(const app *a)
{
    return a->title;
}

const char *const *app_scopes(const app *a, size_t *ret_count)
{
    *ret_count = a->scopes_count;
    return a->scope_names;
}

const char *app_scope_words(const app *a, const char *scope)
{
    for (size_t i = 0; i < a->scopes_count; i++) {
        if (str_equal(a->scopes[i].name, scope)) {
            return a->scopes[i].words;
        }
    }
    return scope;
}

bool app_tells_scopes(const app *a)
{
    return a->authorize.scopes_told;
}

bool app_scope_covers(const app *a, const char *granted, const char *scope)
{
    for (size_t i = 0; i < a->covers_count; i++) {
        const struct apps_cover *c = &a->covers[i];
        for (size_t n = 0; str_equal_fold(c->scope, granted) && n < c->covers.count; n++) {
            if (str_equal_fold(c->covers.items[n], scope)) {
                return true;
            }
        }
    }
    return str_equal_fold(granted, scope);
}

int64_t app_refresh_margin_s(const app *a)
{
    return a->token.margin_s;
}

bool app_single_use_refresh(const app *a)
{
    return a->token.single_use_refresh;
}

bool app_old_refresh_lives(const app *a)
{
    return a->token.old_refresh_lives;
}

bool app_revokes_one_grant(const app *a)
{
    return a->revoke.ends_one_grant;
}

bool app_spans_sites(const app *a)
{
    return a->lookups_count > 0;
}

bool app_revokes_all_grants(const app *a)
{
    return a->revoke.url != NULL && !a->revoke.ends_one_grant;
}

bool app_needs_secret(const app *a)
{
    return a->client_auth != CLIENT_AUTH_NONE;
}

int64_t app_refresh_idle_days(const app *a)
{
    return a->refresh.idle_days;
}

int64_t app_refresh_fixed_days(const app *a)
{
    return a->refresh.fixed_days;
}

int64_t app_grants_per_user(const app *a)
{
    return a->refresh.grants_per_user;
}

bool app_issuer_fits(const app *a, const char *iss)
{
    if (a->issuer == NULL) {
        return true;
    }
    return iss == NULL ? !a->issuer_required : str_equal(iss, a->issuer);
}

static json_t *vars_json(const app *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->vars_count; i++) {
        const struct apps_var *v = &a->vars[i];
        bool own = v->from == VAR_CONNECTION;
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s?, s:b}", "name", v->name, "words", v->words,
                                        "default", v->value, "required", own && v->value == NULL));
    }
    return list;
}

static json_t *action_json(const struct app_action *x)
{
    static const char *const types[] = {"text",    "object", "soql", "number",
                                        "boolean", "date",   "list", "file"};
    json_t *inputs = json_array();
    for (size_t i = 0; i < x->inputs_count; i++) {
        const struct apps_input *in = &x->inputs[i];
        json_array_append_new(inputs, json_pack("{s:s, s:s, s:b, s:s}", "name", in->name, "type",
                                                types[in->type], "required", in->required, "words",
                                                in->words));
    }
    return json_pack("{s:s, s:s, s:b, s:b, s:o}", "name", x->name, "title", x->title, "writes",
                     x->writes, "approves", x->approves, "inputs", inputs);
}

json_t *app_describe(const app *a)
{
    json_t *scopes = json_array();
    for (size_t i = 0; i < a->scopes_count; i++) {
        json_array_append_new(scopes,
                              json_pack("{s:s, s:s, s:b}", "name", a->scopes[i].name, "words",
                                        a->scopes[i].words, "required", a->scopes[i].required));
    }
    json_t *actions = json_array();
    for (size_t i = 0; i < a->actions_count; i++) {
        json_array_append_new(actions, action_json(&a->actions[i]));
    }
    return json_pack("{s:s, s:s, s:{s:s?, s:o, s:o}, s:o, s:o, s:o, s:o}", "name", a->name, "title",
                     a->title, "hosts", "default", a->host, "names",
                     json_texts(a->host_names.items, a->host_names.count), "suffixes",
                     json_texts(a->host_suffixes.items, a->host_suffixes.count), "vars",
                     vars_json(a), "scopes", scopes, "unverified",
                     json_texts(a->unverified.items, a->unverified.count), "actions", actions);
}

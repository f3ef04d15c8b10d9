#include "run_int.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/*
 * What a finished run looks like. It says as whom it ran (P2): with the account in that user's
 * private views, by the chat person's name where others read.
 */

enum { NOT_TAKEN_MAX = 5 };

static const char *acted_as(struct scene *sc, const struct resolved *d, bool is_private)
{
    bool shared = d->rule == RULE_DEFAULT || d->rule == RULE_INSTALLER;
    if (is_private) {
        const char *name = d->connection->account.name;
        const char *account = name != NULL ? name : words_account(sc->mem, &d->connection->account);
        return shared ? arena_printf(sc->mem, "%s (%s)", account,
                                     words_for_admin(sc) ? "the default connection"
                                                         : "the shared account")
                      : account;
    }
    if (shared) {
        return "the shared account";
    }
    return words_person(sc->user);
}

static char *as_whom(struct scene *sc, const struct run_outcome *o, bool is_private)
{
    struct str out = str_new(sc->mem, 500);
    const char *last = NULL;
    for (size_t i = 0; i < o->resolved_count; i++) {
        const char *who = acted_as(sc, &o->resolved[i], is_private);
        if (!str_equal(who, last)) {
            str_printf(&out, "%s%s", last == NULL ? "" : " and ", who);
        }
        last = who;
    }
    return out.text;
}

/* Where others read, an account is the chat person's name, and organisations are left out. */
json_t *result_context(struct scene *sc, const struct run_outcome *o, bool is_private)
{
    json_t *context = arena_json(sc->mem, json_deep_copy(o->context));
    json_t *connections = json_member(context, "connections");
    for (size_t i = 0; !is_private && i < o->resolved_count; i++) {
        json_t *c = json_member(connections, o->resolved[i].alias);
        json_object_set_new(c, "account", json_string(acted_as(sc, &o->resolved[i], is_private)));
        json_object_del(c, "email");
        json_object_del(c, "organization");
    }
    return context;
}

static void add_buttons(struct scene *sc, const struct run_outcome *o, const json_t *context,
                        json_t *view)
{
    const struct recipe *r = o->recipe;
    if (r->reply_link_url != NULL) {
        const char *url = template_url(sc->mem, r->reply_link_url, context, 2000);
        if (url != NULL && words_is_link(sc, url)) {
            view_button(view, &(struct button){.title = r->reply_link_label,
                                               .action = "open",
                                               .value = o->run->id,
                                               .url = url});
        }
    }
    struct err unused = {0}; /* the transaction that it belongs to ends with it */
    (void)bound_add(sc, view, &(struct bound_source){r, context, o->run}, &unused);
}

/* What an app did not take of a step, each sentence once. */
static void add_not_taken(const json_t *step, json_t *view, json_t *seen)
{
    const char *text = json_text(step, APPS_NOT_TAKEN);
    if (text != NULL && json_object_size(seen) < NOT_TAKEN_MAX && !json_member(seen, text)) {
        json_put(seen, text, json_true());
        view_text(view, "%s", text);
    }
}

static void add_all_not_taken(struct scene *sc, const struct recipe *r, const json_t *context,
                              json_t *view)
{
    json_t *steps = json_member(context, "steps");
    json_t *seen = arena_json(sc->mem, json_must(json_object()));
    for (size_t k = 0; k < r->steps_count; k++) {
        const json_t *step = json_member(steps, r->steps[k].id);
        /* of a step that runs once, "items" is its app's */
        const json_t *turns = r->steps[k].each == NULL ? NULL : json_member(step, "items");
        add_not_taken(step, view, seen);
        for (size_t i = 0; i < json_array_size(turns); i++) {
            add_not_taken(json_array_get(turns, i), view, seen);
        }
    }
}

void result_add_rest(struct scene *sc, const struct run_outcome *o, const json_t *context,
                     json_t *view)
{
    const struct recipe *r = o->recipe;
    add_all_not_taken(sc, r, context, view);
    for (size_t i = 0; i < r->reply_fields_count; i++) {
        const char *value = template_text(sc->mem, r->reply_fields[i].value, context, 1000);
        int64_t at = 0;
        if (!str_empty(value) && recipe_instant(arena_json(sc->mem, json_string(value)), &at)) {
            view_field_at(view, r->reply_fields[i].label, at);
        } else if (!str_empty(value)) {
            view_field(view, r->reply_fields[i].label, value);
        }
    }
    add_buttons(sc, o, context, view);
}

static json_t *view_for(struct scene *sc, const struct run_outcome *o, bool is_private)
{
    const struct recipe *r = o->recipe;
    json_t *context = result_context(sc, o, is_private);
    json_t *view = view_new(sc->mem);
    char *text = template_text(sc->mem, r->reply_text, context, 2000);
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '.') {
        text[len - 1] = '\0';
    }
    view_text(view, "%s, as %s", text, as_whom(sc, o, is_private));
    result_add_rest(sc, o, context, view);
    return view;
}

/* The same as in private, and why it was that account: the place shows this to nobody else. */
static json_t *own_view(struct scene *sc, const struct run_outcome *o)
{
    const struct recipe *r = o->recipe;
    json_t *view = view_for(sc, o, true);
    for (size_t i = 0; i < o->resolved_count; i++) {
        for (size_t k = 0; k < r->connections_count; k++) {
            if (str_equal(r->connections[k].alias, o->resolved[i].alias)) {
                why_add(sc, view, &o->resolved[i], &r->connections[k]);
            }
        }
    }
    view_note(view, "Reference %s. Only you see this.", o->run->reference);
    return view;
}

json_t *result_view(struct scene *sc, const struct run_outcome *o)
{
    bool is_private = run_for_one(o->run);
    json_t *view = view_for(sc, o, is_private);
    if (!is_private && words_has_own_views(sc)) {
        view_set_own(view, sc->user->user_id, own_view(sc, o));
    }
    return view;
}

const char *result_other_account(struct scene *sc, const struct run_outcome *o)
{
    const char *was = o->began_as->account;
    return !run_for_one(o->run)
               ? NULL
               : arena_printf(
                     sc->mem,
                     "It began as %s, and it would go on as %s, which is logged in now. It "
                     "stops here, and nothing more was done.",
                     was == NULL ? "another account" : was,
                     words_account(sc->mem, &o->goes_as->account));
}

static bool has_written(const struct scene *sc, const struct recipe *recipe,
                        const struct run_step *p)
{
    return str_equal(p->state, "done") && written_by(sc, recipe, p) != WRITES_NOTHING;
}

int result_recipe(struct scene *sc, const struct run *r, struct recipe **ret, struct err *e)
{
    struct err why = {0};
    if (recipe_of(sc, r, ret, &why) == 0) {
        return 0;
    }
    *ret = NULL;
    if (str_equal(why.code, "recipe_faulty")) {
        return 0;
    }
    *e = why;
    return -1;
}

int result_so_far(struct scene *sc, const struct run *r, const char **ret, struct err *e)
{
    struct run_step *steps = NULL;
    struct recipe *recipe = NULL;
    size_t count = 0;
    if (store_steps(sc->s, r->workspace, r->id, &steps, &count, e) != 0 ||
        result_recipe(sc, r, &recipe, e) != 0) {
        return -1;
    }
    struct str made = str_new(sc->mem, 1500);
    bool wrote = false;
    for (size_t i = 0; i < count; i++) {
        const char *record = steps[i].record_url == NULL ? steps[i].record_id : steps[i].record_url;
        if (!has_written(sc, recipe, &steps[i])) {
            continue;
        }
        wrote = true;
        if (record != NULL) {
            str_printf(&made, "%s%s", made.len == 0 ? "" : ", ", record);
        }
    }
    *ret = made.len > 0 ? arena_printf(sc->mem, "Made before that, and still there: %s", made.text)
           : wrote      ? "What it did in the app before that stays done."
                        : NULL;
    return 0;
}

int result_unsure(struct scene *sc, const struct run *r, bool *ret, struct err *e)
{
    struct run_step *steps = NULL;
    size_t count = 0;
    *ret = false;
    if (store_steps(sc->s, r->workspace, r->id, &steps, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        bool calls = steps[i].turn != STEP_LOOP && /* its turns do */
                     !(run_awaits_press(r) && str_equal(steps[i].step, r->asking));
        *ret = *ret || (calls && str_equal(steps[i].state, "started")) ||
               str_equal(steps[i].state, "unknown");
    }
    return 0;
}

json_t *failure_view(struct scene *sc, const struct run *r, const struct recipe *recipe,
                     const struct failure *f)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "**%s** did not work.", recipe == NULL ? r->recipe : recipe->title);
    const char *text = words_failure(sc->mem, f->why, f->words, f->app);
    bool ours = f->words == NULL; /* an app's own words mean its own admins */
    view_text(view, "%s", text);
    json_put(view, "failure", json_pack("{s:s, s:s}", "run", r->id, "text", text));
    if (ours && strstr(text, "dmin") != NULL && run_for_one(r)) {
        words_add_admins(sc, view);
    }
    view_note(view, "Reference %s", r->reference);
    return view;
}

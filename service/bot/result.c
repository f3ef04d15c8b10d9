#include "run_int.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/*
 * What a finished run looks like. It says as whom it ran (P2): with the account in that user's
 * private views, by the chat person's name where others read.
 */

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
static json_t *context_for(struct scene *sc, const struct run_outcome *o, bool is_private)
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
        const char *url = template_text(sc->mem, r->reply_link_url, context, 2000);
        if (words_is_link(sc, url)) {
            view_button(view, &(struct button){.title = r->reply_link_label,
                                               .action = "open",
                                               .value = o->run->id,
                                               .url = url});
        }
    }
    for (size_t i = 0; i < r->reply_buttons_count; i++) {
        const struct recipe_button *b = &r->reply_buttons[i];
        struct err unused = {0};
        json_t *inputs = NULL;
        if (template_expand(sc->mem, b->inputs == NULL ? json_null() : b->inputs, context, &inputs,
                            &unused) != 0) {
            continue;
        }
        json_t *call =
            arena_json(sc->mem, json_pack("{s:s, s:O}", "command", b->command, "inputs", inputs));
        const char *value = json_write(sc->mem, call);
        if (strlen(value) <= 1900) {
            view_button(view, &(struct button){.title = b->title, .action = "run", .value = value});
        }
    }
}

static json_t *view_for(struct scene *sc, const struct run_outcome *o, bool is_private)
{
    const struct recipe *r = o->recipe;
    json_t *context = context_for(sc, o, is_private);
    json_t *view = view_new(sc->mem);
    char *text = template_text(sc->mem, r->reply_text, context, 2000);
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '.') {
        text[len - 1] = '\0';
    }
    view_text(view, "%s, as %s", text, as_whom(sc, o, is_private));
    for (size_t i = 0; i < r->reply_fields_count; i++) {
        const char *value = template_text(sc->mem, r->reply_fields[i].value, context, 1000);
        if (!str_empty(value)) {
            view_field(view, r->reply_fields[i].label, value);
        }
    }
    add_buttons(sc, o, context, view);
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

int result_so_far(struct scene *sc, const struct run *r, const char **ret, struct err *e)
{
    struct run_step *steps = NULL;
    size_t count = 0;
    if (store_steps(sc->s, r->workspace, r->id, &steps, &count, e) != 0) {
        return -1;
    }
    struct str made = str_new(sc->mem, 1500);
    for (size_t i = 0; i < count; i++) {
        const char *record = steps[i].record_url == NULL ? steps[i].record_id : steps[i].record_url;
        if (str_equal(steps[i].state, "done") && record != NULL) {
            str_printf(&made, "%s%s", made.len == 0 ? "" : ", ", record);
        }
    }
    *ret = made.len == 0
               ? NULL
               : arena_printf(sc->mem, "Made before that, and still there: %s", made.text);
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
        *ret = *ret || str_equal(steps[i].state, "started") || str_equal(steps[i].state, "unknown");
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
    if (ours && strstr(text, "dmin") != NULL && run_for_one(r)) {
        words_add_admins(sc, view);
    }
    view_note(view, "Reference %s", r->reference);
    return view;
}

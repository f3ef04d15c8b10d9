#include "lists_int.h"
#include "run_int.h"

#include "base/str.h"

/* `why`: which connection would act for a command, or acted in a run, and by which rule (P2). */

static char *rule_words(arena *mem, enum recipe_rule rule)
{
    static const char *const words[RULE_COUNT] = {
        [RULE_DEFAULT] = "the command does not ask for your own account there",
        [RULE_INSTALLER] =
            "you installed Workbot, and its installer acts by the default connection",
        [RULE_PERSONAL] = "your own connection, since the command asks for it",
        [RULE_LOGIN] = "the command asks for your own account there",
    };
    return arena_strdup(mem, words[rule]);
}

static const char *missing_words(const struct resolved *d)
{
    static const struct {
        const char *problem, *text;
    } texts[] = {
        {"unknown_connection", "The connection that it uses is gone. An admin must look."},
        {"draft", "Its connection is not set up yet. An admin must finish it."},
        {"owner_left",
         "The shared account is the login of somebody who has left. An admin must log it in "
         "again."},
        {"no_default_tokens", "The shared account is not logged in. An admin must do that."},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (str_equal(d->problem, texts[i].problem)) {
            return texts[i].text;
        }
    }
    return NULL;
}

/* What admins call it helps them alone. */
static void add_rule(struct scene *sc, json_t *view, enum recipe_rule rule, const char *use)
{
    if (words_for_admin(sc)) {
        view_note(view, "Why: %s. Rule %s, connection `%s`.", rule_words(sc->mem, rule),
                  recipe_rule_name(rule), use);
    } else {
        view_note(view, "Why: %s.", rule_words(sc->mem, rule));
    }
}

/* Without saying so in an error: then the login is offered, which offers them, too. */
static bool is_to_choose(struct scene *sc, const struct resolved *d)
{
    struct accounts mine;
    struct err unused = {0};
    return accounts_load(sc, d->def->name, &mine, &unused) == 0 && accounts_to_choose(&mine);
}

void why_add(struct scene *sc, json_t *view, const struct resolved *d,
             const struct recipe_connection *c)
{
    const char *named = words_app(sc, d->def == NULL ? c->alias : d->def->app);
    const char *missing = missing_words(d);
    view_divider(view);
    if (missing != NULL) {
        view_text(view, "**%s**: nobody can act yet. %s", named, missing);
        words_add_admins(sc, view);
    } else if (d->connection == NULL && is_to_choose(sc, d)) {
        view_row(view,
                 &(struct button){.title = "Choose one", .action = "words", .value = "connections"},
                 "**%s**: none of your accounts there is used now.", named);
    } else if (d->connection == NULL) {
        view_row(view,
                 &(struct button){.title = arena_printf(sc->mem, "Connect %s", named),
                                  .action = "connect",
                                  .value = d->def->name,
                                  .style = BUTTON_PRIMARY},
                 "**%s**: your login is missing. I ask for it when you run the command.", named);
    } else {
        view_text(view, "**%s**: as %s%s", named, words_shared(sc, d->rule == RULE_PERSONAL),
                  words_account(sc->mem, &d->connection->account));
    }
    add_rule(sc, view, d->rule, c->use);
}

static void add_leave(struct scene *sc, json_t *view, const struct recipe *r,
                      const struct recipe_person *p)
{
    switch (recipe_leave_of(r, p)) {
    case LEAVE_GIVEN:
        view_text(view, "You may run it here.");
        return;
    case LEAVE_NOT_HERE:
        view_text(view, "You may not run it here.");
        outlook_add_places(sc, view, r);
        return;
    case LEAVE_NOT_YOU:
        view_text(view, "You may not run it. An admin of Workbot can allow it.");
        words_add_admins(sc, view);
        return;
    }
}

/* Why it does not work may be asked after it did not. */
static void add_outcome(struct scene *sc, json_t *view, const struct run_line *l, const char *which)
{
    if (l->state == RUN_FAILED) {
        view_text(view, "%s **did not work**. %s", which, history_failure(sc, l));
    } else if (l->state == RUN_UNKNOWN) {
        view_text(view,
                  "%s **may have happened or not**: the app's answer was lost. `pending` asks you "
                  "what to do.",
                  which);
    }
}

static int add_last(struct scene *sc, json_t *view, const char *recipe, struct err *e)
{
    struct run_line *l = NULL;
    size_t count = 0;
    const struct run_history q = {.user_id = sc->user->user_id, .recipe = recipe, .limit = 1};
    if (store_run_history(sc->s, sc->workspace->workspace, &q, &l, &count, e) != 0) {
        return -1;
    }
    if (count == 0 || (l->state != RUN_FAILED && l->state != RUN_UNKNOWN)) {
        return 0;
    }
    view_divider(view);
    add_outcome(sc, view, l,
                arena_printf(sc->mem, "Your last one, %s,", words_ago(sc->mem, l->created_at)));
    view_note(view, "Reference %s", l->reference);
    return 0;
}

static int why_command(struct turn *t, const struct recipe_row *row, struct err *e)
{
    struct scene *sc = &t->scene;
    struct recipe *r = NULL;
    struct err faulty = {0};
    json_t *view = view_new(sc->mem);
    struct recipe_person person = {
        .workspace = sc->workspace, .user = sc->user, .channel = t->event.place.channel};
    if (recipe_read(sc->mem, row, &r, &faulty) != 0) {
        view_text(view, "This command is set up wrong. An admin must look at its recipe.");
        words_add_admins(sc, view);
        return say_private(t, view, NULL, e);
    }
    if (recipe_person_groups(sc->s, r, &person, e) != 0) {
        return -1;
    }
    view_title(view, "%s", str_empty(r->title) ? row->name : r->title);
    view_note(view, "`%s`", row->command);
    add_leave(sc, view, r, &person);
    for (size_t i = 0; i < r->connections_count; i++) {
        struct resolved d;
        if (recipe_resolve(sc->s, &r->connections[i], &person, &d, e) != 0) {
            return -1;
        }
        why_add(sc, view, &d, &r->connections[i]);
    }
    return add_last(sc, view, row->name, e) != 0 ? -1 : say_private(t, view, NULL, e);
}

/* --- a run of the past --- */

static enum recipe_rule rule_called(const char *name)
{
    for (int i = 0; i < RULE_COUNT; i++) {
        if (str_equal(recipe_rule_name((enum recipe_rule)i), name)) {
            return (enum recipe_rule)i;
        }
    }
    return RULE_LOGIN;
}

static void add_acted(struct scene *sc, json_t *view, const struct run_connection *c)
{
    enum recipe_rule rule = rule_called(c->rule);
    view_divider(view);
    view_text(view, "**%s**: as %s%s", words_app(sc, c->app),
              words_shared(sc, rule == RULE_PERSONAL),
              str_empty(c->account) ? "an unnamed account" : c->account);
    add_rule(sc, view, rule, c->default_name);
}

/* reference NULL: of the newest run. */
static int why_run(struct turn *t, const char *reference, struct err *e)
{
    struct scene *sc = &t->scene;
    struct run_line *l = NULL;
    size_t count = 0;
    const struct run_history q = {.user_id = sc->user->user_id, .reference = reference, .limit = 1};
    json_t *view = view_new(sc->mem);
    if (store_run_history(sc->s, sc->workspace->workspace, &q, &l, &count, e) != 0) {
        return -1;
    }
    if (count == 0) {
        view_text(view, reference == NULL ? "You have run no command yet."
                                          : "You have no command with that reference.");
        view_note(view, "`why` and a command's words tell as whom it would run.");
        return say_private(t, view, NULL, e);
    }
    view_title(view, "%s", history_title(sc->mem, l));
    view_note(view, "%s · reference %s", words_ago(sc->mem, l->created_at), l->reference);
    add_outcome(sc, view, l, "It");
    if (l->acted_count == 0) {
        view_text(view, "It has not acted in any app.");
    }
    for (size_t i = 0; i < l->acted_count; i++) {
        add_acted(sc, view, &l->acted[i]);
    }
    return say_private(t, view, NULL, e);
}

int command_why(struct turn *t, const char *rest, struct err *e)
{
    const char *inputs = NULL;
    if (str_empty(rest) || str_starts_fold(rest, "wb-")) {
        const char *reference = str_empty(rest) ? NULL : words_upper(t->scene.mem, rest);
        return why_run(t, reference, e);
    }
    const struct recipe_row *row =
        recipe_match(t->scene.mem, t->recipes, t->recipes_count, rest, &inputs);
    if (row == NULL) {
        return help_unknown(t, rest, e) < 0 ? -1 : 0;
    }
    return why_command(t, row, e);
}

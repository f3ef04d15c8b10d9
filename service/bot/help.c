#include "lists_int.h"

#include <string.h>

#include "base/str.h"

/* `help`: which apps have commands, an app's commands, one command. Hidden ones are nowhere. */

enum { APPS_A_PAGE = 12, COMMANDS_A_PAGE = 18 };

bool help_lists(const struct recipe_row *row)
{
    return row->enabled && !row->hidden && row->command != NULL;
}

/* Does the command begin with these words? */
static bool begins(const struct recipe_row *row, const char *words)
{
    size_t len = strlen(words);
    return help_lists(row) && strncmp(row->command, words, len) == 0 &&
           (row->command[len] == ' ' || row->command[len] == '\0');
}

static bool of_some_app(const struct turn *t, const struct recipe_row *row)
{
    const apps *all = t->scene.bot->options.apps;
    for (size_t i = 0; apps_at(all, i) != NULL; i++) {
        if (begins(row, app_name(apps_at(all, i)))) {
            return true;
        }
    }
    return false;
}

void help_add_command(struct turn *t, json_t *view, const struct outlook *o,
                      const struct recipe_row *row)
{
    struct prospect p;
    outlook_of(t->scene.mem, o, row, &p);
    const char *hint = p.recipe == NULL ? NULL : p.recipe->hint;
    const struct button run = {.title = p.title, .action = "words", .value = row->command};
    view_row(view, outlook_may_press(&p) ? &run : NULL, "**%s** `%s`%s%s", p.title, row->command,
             hint == NULL ? "" : "\n", hint == NULL ? "" : hint);
    outlook_add_note(&t->scene, view, &p);
}

/* --- a list of commands --- */

typedef bool row_filter(const struct turn *t, const struct recipe_row *row, const char *words);

static bool begins_so(const struct turn *t, const struct recipe_row *row, const char *words)
{
    (void)t;
    return begins(row, words);
}

static bool of_no_app(const struct turn *t, const struct recipe_row *row, const char *words)
{
    (void)words;
    return help_lists(row) && !of_some_app(t, row);
}

static size_t count_of(const struct turn *t, row_filter *fits, const char *words)
{
    size_t n = 0;
    for (size_t i = 0; i < t->recipes_count; i++) {
        n += fits(t, &t->recipes[i], words) ? 1 : 0;
    }
    return n;
}

struct command_list {
    row_filter *fits;
    const char *words; /* for the filter */
    const char *typed; /* what shows this list */
};

static int add_commands(struct turn *t, json_t *view, const struct command_list *q, struct err *e)
{
    struct outlook o;
    size_t total = count_of(t, q->fits, q->words), n = 0;
    const struct page p = {
        .from = page_from(t, total), .size = COMMANDS_A_PAGE, .total = total, .words = q->typed};
    if (outlook_load(t, &o, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < t->recipes_count; i++) {
        if (!q->fits(t, &t->recipes[i], q->words)) {
            continue;
        }
        if (n >= p.from && n < p.from + p.size) {
            help_add_command(t, view, &o, &t->recipes[i]);
        }
        n++;
    }
    page_end(&t->scene, view, &p);
    return 0;
}

int help_app(struct turn *t, const app *a, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    const struct command_list q = {.fits = begins_so,
                                   .words = app_name(a),
                                   .typed = arena_printf(t->scene.mem, "help %s", app_name(a))};
    view_title(view, "%s", app_title(a));
    if (count_of(t, q.fits, q.words) == 0) {
        view_text(view, "There are no commands for %s here yet.", app_title(a));
    } else {
        view_note(
            view,
            "Type a command's words, or press its button. `help` and its words show its inputs.");
    }
    if (add_commands(t, view, &q, e) != 0) {
        return -1;
    }
    view_button(view, &(struct button){.title = "All apps", .action = "words", .value = "help"});
    return say_private(t, view, NULL, e);
}

static int help_list(struct turn *t, const char *title, const struct command_list *q, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_title(view, "%s", title);
    return add_commands(t, view, q, e) != 0 ? -1 : say_private(t, view, NULL, e);
}

int help_begun(struct turn *t, const char *folded, struct err *e)
{
    const struct command_list q = {
        .fits = begins_so, .words = folded, .typed = arena_printf(t->scene.mem, "help %s", folded)};
    if (strchr(folded, ' ') == NULL || count_of(t, begins_so, folded) == 0) {
        return 0;
    }
    return help_list(t, arena_printf(t->scene.mem, "Commands that begin with %s", folded), &q, e) ==
                   0
               ? 1
               : -1;
}

/* --- all of it --- */

static void add_apps(struct turn *t, json_t *view)
{
    const apps *all = t->scene.bot->options.apps;
    size_t total = 0, n = 0;
    for (size_t i = 0; apps_at(all, i) != NULL; i++) {
        total += count_of(t, begins_so, app_name(apps_at(all, i))) > 0 ? 1 : 0;
    }
    const struct page p = {
        .from = page_from(t, total), .size = APPS_A_PAGE, .total = total, .words = "help"};
    for (size_t i = 0; apps_at(all, i) != NULL; i++) {
        const app *a = apps_at(all, i);
        size_t count = count_of(t, begins_so, app_name(a));
        if (count == 0 || n++ < p.from || n > p.from + p.size) {
            continue;
        }
        view_row(view,
                 &(struct button){.title = app_title(a), .action = "words", .value = app_name(a)},
                 "**%s** · %lld %s", app_title(a), (long long)count,
                 count == 1 ? "command" : "commands");
    }
    page_end(&t->scene, view, &p);
}

static bool is_any(const struct turn *t, const struct recipe_row *row, const char *words)
{
    (void)t, (void)words;
    return help_lists(row);
}

static void add_others(struct turn *t, json_t *view)
{
    size_t others = count_of(t, of_no_app, NULL);
    if (others > 0) {
        view_row(
            view,
            &(struct button){.title = "More commands", .action = "words", .value = "help more"},
            "**More commands** · %lld %s", (long long)others, others == 1 ? "command" : "commands");
    }
}

static void add_none_yet(struct scene *sc, json_t *view)
{
    view_text(view, "There are no commands here yet.");
    if (words_for_admin(sc)) {
        words_add_setup(sc, view);
        return;
    }
    view_note(view, "An admin of Workbot must have them set up.");
    words_add_admins(sc, view);
}

static void add_utilities(const struct scene *sc, json_t *view)
{
    static const struct {
        const char *words, *title, *text;
    } words[] = {
        {"connections", "Personal accounts", "your connections: the accounts I act with as you"},
        {"pending", "Pending", "what waits for you"},
        {"history", "History", "your last commands and what came of them"},
        {"whoami", "Who am I", "who you are here, and which account acts in each app"},
        {"console", "Console", "for admins: recipes, connections, runs and the audit"},
    };
    size_t count = sizeof(words) / sizeof(words[0]) - (words_for_admin(sc) ? 0 : 1);
    view_divider(view);
    view_text(view, "**Utilities**");
    for (size_t i = 0; i < count; i++) {
        view_row(
            view,
            &(struct button){.title = words[i].title, .action = "words", .value = words[i].words},
            "`%s` %s", words[i].words, words[i].text);
    }
    view_note(view,
              "Type `cancel` to stop a question or a login, `why` and a command's words to see "
              "whose account it would use, `connect` or `disconnect` and an app's name to "
              "log in or out there.");
}

static int help_all(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_title(view, "What can I do for you?");
    bool some = count_of(t, is_any, NULL) > 0;
    view_text(view,
              "I run commands in your company's apps, as you where they ask for your own "
              "account.%s",
              some ? " Which app do you want to use?" : "");
    if (some) {
        add_apps(t, view);
        add_others(t, view);
    } else {
        add_none_yet(&t->scene, view);
    }
    add_utilities(&t->scene, view);
    return say_private(t, view, NULL, e);
}

/* --- `help` and words --- */

static const struct recipe_row *command_called(const struct turn *t, const char *words)
{
    for (size_t i = 0; i < t->recipes_count; i++) {
        if (help_lists(&t->recipes[i]) && str_equal(t->recipes[i].command, words)) {
            return &t->recipes[i];
        }
    }
    return NULL;
}

int command_help(struct turn *t, const char *rest, struct err *e)
{
    arena *mem = t->scene.mem;
    const char *words = recipe_command_fold(mem, rest);
    const struct recipe_row *row = command_called(t, words);
    const app *a = apps_called(t->scene.bot->options.apps, words);
    const struct command_list more = {.fits = of_no_app, .typed = "help more"};
    const struct command_list some = {
        .fits = begins_so, .words = words, .typed = arena_printf(mem, "help %s", words)};
    if (str_empty(words) || str_equal(words, "me")) {
        return help_all(t, e);
    }
    if (a != NULL) {
        return help_app(t, a, e);
    }
    if (row != NULL) {
        return help_command(t, row, e);
    }
    if (str_equal(words, "more") || str_equal(words, "more commands")) {
        return help_list(t, "More commands", &more, e);
    }
    if (count_of(t, begins_so, words) > 0) {
        return help_list(t, arena_printf(mem, "Commands that begin with %s", words), &some, e);
    }
    return help_unknown(t, words, e) < 0 ? -1 : 0;
}

#include "bot_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* `help`: which apps have commands; an app's commands as buttons; "did you mean". */

enum { BUTTONS_MAX = 20, SUGGESTIONS_MAX = 5 };

/* The app that a command belongs to: by its first word. */
static bool belongs(const struct recipe_row *row, const app *a)
{
    size_t len = strlen(app_name(a));
    return row->enabled && !row->hidden && row->command != NULL &&
           strncmp(row->command, app_name(a), len) == 0 &&
           (row->command[len] == ' ' || row->command[len] == '\0');
}

static bool listed(const struct recipe_row *row)
{
    return row->enabled && !row->hidden && row->command != NULL;
}

static size_t count_of(const struct turn *t, const app *a)
{
    size_t n = 0;
    for (size_t i = 0; i < t->recipes_count; i++) {
        n += belongs(&t->recipes[i], a) ? 1 : 0;
    }
    return n;
}

static void add_command(struct turn *t, json_t *view, const struct recipe_row *row)
{
    json_t *body = NULL;
    struct err unused = {0};
    const char *title = row->name, *hint = NULL;
    if (json_read(t->scene.mem, bytes_of(row->body), &body, &unused) == 0) {
        title = json_text(body, "title") != NULL ? json_text(body, "title") : row->name;
        hint = json_text(body, "hint");
    }
    view_text(view, "**%s** `%s`", title, row->command);
    if (hint != NULL) {
        view_note(view, "%s", hint);
    }
    view_button(view, &(struct button){.title = title, .action = "words", .value = row->command});
}

int help_app(struct turn *t, const app *a, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    size_t shown = 0;
    view_title(view, "%s", app_title(a));
    for (size_t i = 0; i < t->recipes_count && shown < BUTTONS_MAX; i++) {
        if (belongs(&t->recipes[i], a)) {
            add_command(t, view, &t->recipes[i]);
            shown++;
        }
    }
    if (shown == 0) {
        view_text(view, "There are no commands for %s here yet.", app_title(a));
    }
    return say_private(t, view, NULL, e);
}

static bool of_some_app(const struct turn *t, const struct recipe_row *row)
{
    const apps *all = t->scene.bot->options.apps;
    for (size_t i = 0; apps_at(all, i) != NULL; i++) {
        if (belongs(row, apps_at(all, i))) {
            return true;
        }
    }
    return false;
}

static void add_apps(struct turn *t, json_t *view)
{
    const apps *all = t->scene.bot->options.apps;
    for (size_t i = 0; apps_at(all, i) != NULL; i++) {
        const app *a = apps_at(all, i);
        size_t n = count_of(t, a);
        if (n == 0) {
            continue;
        }
        view_text(view, "**%s** · %lld %s", app_title(a), (long long)n,
                  n == 1 ? "command" : "commands");
        view_button(
            view, &(struct button){.title = app_title(a), .action = "words", .value = app_name(a)});
    }
}

static void add_others(struct turn *t, json_t *view)
{
    size_t total = 0, others = 0;
    for (size_t i = 0; i < t->recipes_count; i++) {
        const struct recipe_row *row = &t->recipes[i];
        total += listed(row) ? 1 : 0;
        if (!listed(row) || of_some_app(t, row) || others >= BUTTONS_MAX) {
            continue;
        }
        if (others++ == 0) {
            view_text(view, "**More commands**");
        }
        add_command(t, view, row);
    }
    if (total == 0) {
        view_text(view, "There are no commands here yet. An admin of Workbot adds recipes.");
    }
}

static int help_all(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_title(view, "What can I do for you?");
    view_text(view,
              "I run commands in your company's apps, as you where they ask for your own account.");
    add_apps(t, view);
    add_others(t, view);
    view_divider(view);
    view_text(view, "`connections` which accounts of yours I use · `pending` what waits for you · "
                    "`cancel` stops a question or a login");
    view_button(view, &(struct button){
                          .title = "Personal accounts", .action = "words", .value = "connections"});
    view_button(view, &(struct button){.title = "Pending", .action = "words", .value = "pending"});
    return say_private(t, view, NULL, e);
}

int command_help(struct turn *t, const char *rest, struct err *e)
{
    const apps *all = t->scene.bot->options.apps;
    for (size_t i = 0; !str_empty(rest) && apps_at(all, i) != NULL; i++) {
        const app *a = apps_at(all, i);
        if (str_equal_fold(rest, app_name(a)) || str_equal_fold(rest, app_title(a))) {
            return help_app(t, a, e);
        }
    }
    return help_all(t, e);
}

/* How many words of the text also stand in the command: enough to offer it. */
static size_t likeness(arena *mem, const char *text, const char *command)
{
    size_t n = 0;
    char *folded = recipe_command_fold(mem, str_cut(mem, text, 300));
    for (const char *rest = folded, *word; (word = str_split(mem, &rest, ' ')) != NULL;) {
        const char *at = strlen(word) < 3 ? NULL : strstr(command, word);
        n += at != NULL && (at == command || at[-1] == ' ') ? 1 : 0;
    }
    return n;
}

static const struct recipe_row *best_of(struct turn *t, const char *text, bool *taken)
{
    const struct recipe_row *best = NULL;
    size_t most = 0, index = 0;
    for (size_t i = 0; i < t->recipes_count; i++) {
        const struct recipe_row *row = &t->recipes[i];
        size_t n = taken[i] || !listed(row) ? 0 : likeness(t->scene.mem, text, row->command);
        if (n > most) {
            most = n;
            best = row;
            index = i;
        }
    }
    if (best != NULL) {
        taken[index] = true;
    }
    return best;
}

int help_unknown(struct turn *t, const char *text, struct err *e)
{
    arena *mem = t->scene.mem;
    bool *taken = arena_array(mem, t->recipes_count + 1, sizeof(bool));
    const struct recipe_row *row = NULL;
    json_t *view = view_new(mem);
    view_text(view, "I do not know that command: %s", str_cut(mem, text, 120));
    for (size_t i = 0; i < SUGGESTIONS_MAX && (row = best_of(t, text, taken)) != NULL; i++) {
        if (i == 0) {
            view_text(view, "Did you mean one of these?");
        }
        add_command(t, view, row);
    }
    view_button(view, &(struct button){.title = "Help", .action = "words", .value = "help"});
    return say_private(t, view, NULL, e) == 0 ? 1 : -1;
}

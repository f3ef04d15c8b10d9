#include "lists_int.h"
#include "run_int.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/*
 * The words a user can type, the same on every chat. An app's name alone and every
 * recipe's command come after them.
 */
static const struct command {
    const char *words; /* folded: lower case, single spaces */
    bool takes_rest;
    command_fn *run;
} commands[] = {
    {"help", true, command_help},
    {"connections", false, command_connections},
    {"personal_connections", false, command_connections},
    {"personal connections", false, command_connections},
    {"personal accounts", false, command_connections},
    {"connect", true, command_connect},
    {"disconnect", true, command_disconnect},
    {"cancel", false, command_cancel},
    {"pending", false, command_pending},
    {"history", false, command_history},
    {"whoami", false, command_whoami},
    {"why", true, command_why},
    {"console", true, command_console},
    {"take over", true, command_take_over},
    {"allow", true, command_allow},
    {"disallow", true, command_disallow},
};

const char *const *bot_reserved_words(void)
{
    /* with that of the set-up links */
    static const char *const words[] = {"help",
                                        "connections",
                                        "personal_connections",
                                        "personal connections",
                                        "personal accounts",
                                        "connect",
                                        "disconnect",
                                        "cancel",
                                        "pending",
                                        "whoami",
                                        "why",
                                        "history",
                                        "admin",
                                        "console",
                                        "take over",
                                        "allow",
                                        "disallow",
                                        NULL};
    return words;
}

static bool matches(const struct command *c, const char *folded)
{
    size_t len = strlen(c->words);
    if (strncmp(folded, c->words, len) != 0) {
        return false;
    }
    return folded[len] == '\0' || (c->takes_rest && folded[len] == ' ');
}

/* What people also type for them: the whole text, and no recipe has it as its command. */
static const struct alias {
    const char *words;
    command_fn *run;
} aliases[] = {
    {"?", command_help},
    {"menu", command_help},
    {"stop", command_cancel},
    {"quit", command_cancel},
};

/* While nothing is asked, these are no answer either. */
static const struct {
    const char *words, *answer;
} greetings[] = {
    {"hi", "Hello!"},
    {"hello", "Hello!"},
    {"hey", "Hello!"},
    {"thanks", "You are welcome."},
    {"thank you", "You are welcome."},
    {"ok", "All right."},
    {"okay", "All right."},
};

/* Nor are these, which other bots have. */
static const struct {
    const char *words;
    bool out;
} logins[] = {{"login", false}, {"log in", false}, {"sign in", false},
              {"logout", true}, {"log out", true}, {"sign out", true}};

/* "connections please": a built-in word that takes no rest, with one. */
static const struct command *begun(const char *folded)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        size_t len = strlen(commands[i].words);
        if (strncmp(folded, commands[i].words, len) == 0 && folded[len] == ' ') {
            return &commands[i];
        }
    }
    return NULL;
}

/* 1, 0 and -1 as command_try() */
static int try_likes(struct turn *t, const char *folded, struct err *e)
{
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (str_equal(folded, aliases[i].words)) {
            return aliases[i].run(t, "", e) == 0 ? 1 : -1;
        }
    }
    const struct command *c = begun(folded);
    if (c != NULL) {
        t->heard = c->words;
        return c->run(t, "", e) == 0 ? 1 : -1;
    }
    if (str_starts(folded, "delete ") &&
        apps_called(t->scene.bot->options.apps, folded + strlen("delete ")) != NULL) {
        return command_connections(t, "", e) == 0 ? 1 : -1; /* where each has its button */
    }
    return help_begun(t, folded, e);
}

/* Points to the word that does it: nothing begins or ends by a guess. */
static int say_login(struct turn *t, const char *named, bool out, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    const char *word = out ? "disconnect" : "connect";
    if (named == NULL) {
        view_text(view, "Type `%s` and an app's name to log %s there.", word, out ? "out" : "in");
    } else {
        view_text(view, "Type `%s %s` to log %s there.", word, named, out ? "out" : "in");
    }
    view_button(view, &(struct button){
                          .title = "Personal accounts", .action = "words", .value = "connections"});
    return say_private(t, view, NULL, e);
}

static int try_login(struct turn *t, const char *folded, struct err *e)
{
    for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
        size_t len = strlen(logins[i].words);
        bool said = strncmp(folded, logins[i].words, len) == 0;
        if (said && (folded[len] == '\0' || folded[len] == ' ')) {
            const app *a = folded[len] == '\0'
                               ? NULL
                               : apps_called(t->scene.bot->options.apps, folded + len + 1);
            return say_login(t, a == NULL ? NULL : app_name(a), logins[i].out, e) == 0 ? 1 : -1;
        }
    }
    return 0;
}

/* It is nobody's alone: where the platform shows nothing to one person alone it is said there, and
 * not in the one-to-one chat with a line that points to it. */
static int greet(struct turn *t, const char *answer, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    const struct target here = say_place(t);
    view_text(view, "%s Type `help` to see what I can do for you.", answer);
    return say_is_elsewhere(t) ? say_new(&t->scene, &here, view, NULL, e)
                               : say_private(t, view, NULL, e);
}

int command_try_greeting(struct turn *t, const char *text, struct err *e)
{
    char *folded = recipe_command_fold(t->scene.mem, text);
    folded[strcspn(folded, "!.,")] = '\0';
    for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        if (str_equal(folded, greetings[i].words)) {
            return greet(t, greetings[i].answer, e) == 0 ? 1 : -1;
        }
    }
    return try_login(t, folded, e);
}

int command_try(struct turn *t, const char *text, struct err *e)
{
    arena *mem = t->scene.mem;
    char *folded = recipe_command_fold(mem, text);
    if (folded[0] == '\0') {
        return command_help(t, "", e) == 0 ? 1 : -1;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (matches(&commands[i], folded)) {
            const char *rest = str_trim(mem, folded + strlen(commands[i].words));
            return commands[i].run(t, rest, e) == 0 ? 1 : -1;
        }
    }
    const app *a = apps_called(t->scene.bot->options.apps, folded);
    if (a != NULL) {
        return help_app(t, a, e) == 0 ? 1 : -1;
    }
    const char *rest = NULL;
    const struct recipe_row *row = recipe_match(mem, t->recipes, t->recipes_count, text, &rest);
    if (row != NULL) {
        return start_recipe(t, row, rest, e) == 0 ? 1 : -1;
    }
    return try_likes(t, folded, e);
}

int command_try_any_order(struct turn *t, const char *text, struct err *e)
{
    const char *rest = NULL;
    const struct recipe_row *row =
        recipe_match_any_order(t->scene.mem, t->recipes, t->recipes_count, text, &rest);
    if (row == NULL) {
        return 0;
    }
    return start_recipe(t, row, rest, e) == 0 ? 1 : -1;
}

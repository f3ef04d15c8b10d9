#include "api_int.h"

#include "base/json.h"
#include "base/str.h"

/* What a recipe may be stored with, and will not work until something else is mended. */

struct warned {
    struct api *a;
    arena *mem;
    const struct recipe_row *all; /* of the workspace */
    size_t count;
    struct faults *warnings;
};

/* What the command does not have is neither asked for nor taken: a typing mistake, or it has moved
 * on. */
static void warn_of_inputs(const struct warned *x, const struct recipe_button *b, const char *at,
                           const struct recipe *command)
{
    const char *name = NULL;
    json_t *value = NULL;
    for (size_t i = 0; i < b->ask_count; i++) {
        if (recipe_input_find(command, b->ask[i]) == NULL) {
            faults_add(x->warnings, arena_printf(x->mem, "%s.ask[%zu]", at, i),
                       "The command \"%s\" has no input \"%s\": no form asks for it.", b->command,
                       b->ask[i]);
        }
    }
    json_object_foreach((json_t *)(uintptr_t)b->inputs, name, value)
    {
        const struct recipe_input *in = recipe_input_find(command, name);
        if (in != NULL && in->type == INPUT_FILE) {
            faults_add(x->warnings, arena_printf(x->mem, "%s.inputs.%s", at, name),
                       "\"%s\" of the command \"%s\" is a file, which no button can give: a form "
                       "asks for it.",
                       name, b->command);
        }
        if (in == NULL) {
            faults_add(x->warnings, arena_printf(x->mem, "%s.inputs.%s", at, name),
                       "The command \"%s\" has no input \"%s\": its value goes nowhere.",
                       b->command, name);
        }
    }
}

/* A stored recipe that is faulty by now is another one's matter. */
static bool read_row(arena *mem, const struct recipe_row *row, struct recipe **ret)
{
    json_t *body = NULL;
    struct err unread = {0};
    struct faults faults;
    faults_init(&faults, mem);
    if (json_read(mem, bytes_of(row->body), &body, &unread) != 0) {
        return false;
    }
    recipe_parse(mem, body, ret, &faults);
    return faults.count == 0;
}

static int step_writes(const struct warned *x, const struct recipe *r, const struct recipe_step *p,
                       bool *ret, struct err *e)
{
    struct default_connection *d = NULL;
    size_t i = 0;
    while (i < r->connections_count && !str_equal(r->connections[i].alias, p->alias)) {
        i++;
    }
    if (p->alias == NULL || i == r->connections_count) {
        return 0;
    }
    if (store_default_find(x->a->s, x->a->workspace, r->connections[i].use, &d, e) != 0) {
        return -1;
    }
    const app *of = d == NULL ? NULL : apps_find(x->a->web->options.apps, d->app);
    const app_action *action = of == NULL ? NULL : app_action_find(of, p->action);
    *ret = *ret || action == NULL || app_action_writes(action); /* what is gone is not known */
    return 0;
}

/* What a command writes is what decides. */
static int warn_of_decision(const struct warned *x, const struct recipe_button *b, const char *at,
                            const struct recipe *command, struct err *e)
{
    bool writes = false;
    for (size_t i = 0; b->decides != NULL && i < command->steps_count; i++) {
        if (step_writes(x, command, &command->steps[i], &writes, e) != 0) {
            return -1;
        }
    }
    if (b->decides != NULL && !writes) {
        faults_add(x->warnings, arena_printf(x->mem, "%s.decides", at),
                   "The command \"%s\" writes nothing: it decides nothing, and the message keeps "
                   "its buttons.",
                   b->command);
    }
    return 0;
}

/* Buttons run by the commands as they stand now, this one's own among them. */
static int warn_of_button(const struct warned *x, const struct recipe_button *b, const char *at,
                          struct err *e)
{
    struct recipe *command = NULL;
    const char *rest = NULL;
    const struct recipe_row *row = recipe_match(x->mem, x->all, x->count, b->command, &rest);
    if (row == NULL) {
        faults_add(x->warnings, arena_printf(x->mem, "%s.command", at),
                   "No enabled recipe of this workspace has the command \"%s\": whoever presses "
                   "the button is told that it is not known.",
                   b->command);
    } else if (read_row(x->mem, row, &command)) {
        warn_of_inputs(x, b, at, command);
        return warn_of_decision(x, b, at, command, e);
    }
    return 0;
}

static int warn_of_hook(struct api *a, const struct recipe *r, struct faults *warnings,
                        struct err *e)
{
    struct hook *h = NULL;
    if (r->hook == NULL) {
        return 0;
    }
    if (store_hook_find(a->s, a->workspace, r->hook, &h, e) != 0) {
        return -1;
    }
    if (h == NULL) {
        faults_add(warnings, "trigger.hook",
                   "There is no hook \"%s\" in this workspace: until it is made, nothing starts "
                   "this recipe.",
                   r->hook);
    }
    return 0;
}

static int warn_of_connection(struct api *a, const struct recipe_connection *c,
                              struct faults *warnings, struct err *e)
{
    struct default_connection *d = NULL;
    struct connection *own = NULL;
    const char *path = arena_printf(a->mem, "connections.%s.use", c->alias);
    if (store_default_find(a->s, a->workspace, c->use, &d, e) != 0 ||
        store_connection_find(a->s, a->workspace, c->use, "", &own, e) != 0) {
        return -1;
    }
    bool works = connection_acts(own);
    if (d != NULL && api_is_draft(a, d)) {
        faults_add(warnings, path,
                   "The default connection \"%s\" is a draft: until it has a client id and a "
                   "secret, and the vars that its app needs, nobody can run this.",
                   c->use);
    } else if (!c->verify_user_access && !works) {
        faults_add(warnings, path,
                   "The default connection \"%s\", which acts here, is not logged in: until an "
                   "admin does that the command does not work.",
                   c->use);
    }
    return 0;
}

/* Who is told what only one organisation may read is looked for in one. */
static int warn_of_person(struct api *a, const struct recipe *r, struct faults *warnings,
                          struct err *e)
{
    const struct recipe_post *p = &r->post;
    struct default_connection *all = NULL;
    size_t count = 0, of_app = 0, named = 0;
    if (p->app == NULL) {
        return 0;
    }
    if (store_default_list(a->s, a->workspace, &all, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        bool same = str_equal(all[i].app, p->app);
        of_app += same ? 1 : 0;
        named += same && str_equal(all[i].name, p->connection) ? 1 : 0;
    }
    if (p->connection != NULL && named == 0) {
        faults_add(
            warnings, "post.person.connection",
            "There is no default connection \"%s\" of %s in this workspace: until it is made, "
            "the channel is told.",
            p->connection, p->app);
    } else if (p->connection == NULL && of_app != 1) {
        faults_add(warnings, "post.person.connection",
                   of_app == 0
                       ? "There is no default connection of %s in this workspace: until one "
                         "is made, the channel is told."
                       : "There are several default connections of %s: until one is named "
                         "here, nobody is looked for and the channel is told.",
                   p->app);
    }
    return 0;
}

/* Until it is made it lets nobody in. */
static int warn_of_groups(struct api *a, const struct recipe *r, struct faults *warnings,
                          struct err *e)
{
    for (size_t i = 0; i < r->allow_groups_count; i++) {
        struct user_group *g = NULL;
        if (store_group_find(a->s, a->workspace, r->allow_groups[i], &g, e) != 0) {
            return -1;
        }
        if (g == NULL) {
            faults_add(
                warnings, arena_printf(a->mem, "allow.groups[%zu]", i),
                "There is no group \"%s\" in this workspace: until it is made, nobody is let "
                "in by it.",
                r->allow_groups[i]);
        }
    }
    return 0;
}

/* In a chat whose forms take none the command can never run, or always runs without. */
static void warn_of_files(const struct api *a, const struct recipe *r, struct faults *warnings)
{
    const struct chat_driver *driver = chats_driver(a->web->options.chats, a->workspace);
    for (size_t i = 0; driver != NULL && driver->file == NULL && i < r->inputs_count; i++) {
        const struct recipe_input *in = &r->inputs[i];
        if (in->type == INPUT_FILE) {
            faults_add(warnings, arena_printf(a->mem, "inputs[%zu].type", i),
                       in->required
                           ? "No file can be given in this workspace's chat: nobody can run this."
                           : "No file can be given in this workspace's chat: it always runs "
                             "without one.");
        }
    }
}

static int warn_of_buttons(const struct warned *x, const struct recipe *r, struct err *e)
{
    for (size_t i = 0; i < r->reply_buttons_count; i++) {
        if (warn_of_button(x, &r->reply_buttons[i], arena_printf(x->mem, "reply.buttons[%zu]", i),
                           e) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < r->reply_menu_count; i++) {
        if (warn_of_button(x, &r->reply_menu[i], arena_printf(x->mem, "reply.menu.options[%zu]", i),
                           e) != 0) {
            return -1;
        }
    }
    return 0;
}

int api_recipe_warn(struct api *a, const struct recipe *r, json_t **ret, struct err *e)
{
    struct faults *warnings = arena_alloc(a->mem, sizeof *warnings);
    struct recipe_row *all = NULL;
    size_t count = 0;
    faults_init(warnings, a->mem);
    if (store_recipe_list(a->s, a->workspace, &all, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < r->connections_count; i++) {
        if (warn_of_connection(a, &r->connections[i], warnings, e) != 0) {
            return -1;
        }
    }
    if (warn_of_groups(a, r, warnings, e) != 0 || warn_of_hook(a, r, warnings, e) != 0 ||
        warn_of_person(a, r, warnings, e) != 0) {
        return -1;
    }
    warn_of_files(a, r, warnings);
    const struct warned x = {
        .a = a, .mem = a->mem, .all = all, .count = count, .warnings = warnings};
    if (warn_of_buttons(&x, r, e) != 0) {
        return -1;
    }
    *ret = faults_json(warnings);
    return 0;
}

#include "api_int.h"

#include "base/str.h"

/* What a recipe may be stored with, and will not work until something else is mended. */

/* Buttons run by the commands as they stand now, this one's own among them. */
static void warn_of_buttons(struct api *a, const struct recipe *r, const struct recipe_row *all,
                            size_t count, struct faults *warnings)
{
    for (size_t i = 0; i < r->reply_buttons_count; i++) {
        const char *rest = NULL, *command = r->reply_buttons[i].command;
        if (recipe_match(a->mem, all, count, command, &rest) == NULL) {
            faults_add(
                warnings, arena_printf(a->mem, "reply.buttons[%zu].command", i),
                "No enabled recipe of this workspace has the command \"%s\": whoever presses "
                "the button is told that it is not known.",
                command);
        }
    }
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
    bool works = own != NULL &&
                 (own->state == CONNECTION_ACTIVE || own->state == CONNECTION_NEEDS_ATTENTION);
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
    warn_of_buttons(a, r, all, count, warnings);
    *ret = faults_json(warnings);
    return 0;
}

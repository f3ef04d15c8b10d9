#include "recipe_int.h"

#include <string.h>

#include "base/str.h"

/* What a recipe means in its workspace: design section 2 and 5.5. */
struct check {
    arena *mem;
    struct recipe *recipe;
    const struct recipe_world *world;
    struct faults *faults;
};

static const struct recipe_connection *alias_find(const struct recipe *r, const char *alias)
{
    for (size_t i = 0; i < r->connections_count; i++) {
        if (str_equal(r->connections[i].alias, alias)) {
            return &r->connections[i];
        }
    }
    return NULL;
}

static const app *app_of(const struct check *c, const struct recipe_connection *rc)
{
    for (size_t i = 0; rc != NULL && i < c->world->connections_count; i++) {
        if (str_equal(c->world->connections[i].name, rc->use)) {
            return apps_find(c->world->apps, c->world->connections[i].app);
        }
    }
    return NULL;
}

static void check_connections(struct check *c)
{
    for (size_t i = 0; i < c->recipe->connections_count; i++) {
        const struct recipe_connection *rc = &c->recipe->connections[i];
        if (c->recipe->hook != NULL && rc->verify_user_access) {
            faults_add(c->faults,
                       arena_printf(c->mem, "connections.%s.verify_user_access", rc->alias),
                       "Nobody runs what a hook starts: only the default connection can act.");
        }
        if (rc->use != NULL && app_of(c, rc) == NULL) {
            faults_add(c->faults, arena_printf(c->mem, "connections.%s.use", rc->alias),
                       "There is no default connection \"%s\" in this workspace.", rc->use);
        }
    }
}

/* A shared connection that decides or writes must be meant. */
static void check_sharing(struct check *c, const struct recipe_connection *rc,
                          const app_action *action, const char *path)
{
    const struct recipe *r = c->recipe;
    if (rc->verify_user_access) {
        return;
    }
    if (r->hook != NULL) {
        if (app_action_approves(action)) {
            faults_add(c->faults, path,
                       "This step approves or rejects, and nobody runs it: let a button run a "
                       "command that does.");
        }
        return;
    }
    if (app_action_approves(action) && !r->shared_approver) {
        faults_add(c->faults, path,
                   "This step approves or rejects as the default connection. Verify user access "
                   "for \"%s\", or set shared_approver.",
                   rc->alias);
    }
    bool restricted = r->allow_users_count + r->allow_channels_count + r->allow_groups_count > 0;
    if (app_action_writes(action) && !r->allow_everyone && !restricted) {
        faults_add(c->faults, path,
                   "This step writes as the default connection \"%s\" for whoever types the "
                   "command. Say who may: \"allow\": \"everyone\", or users, groups and channels.",
                   rc->alias);
    }
}

static void check_step(struct check *c, size_t index)
{
    const struct recipe_step *p = &c->recipe->steps[index];
    const char *path = arena_printf(c->mem, "steps[%zu]", index);
    const struct recipe_connection *rc = alias_find(c->recipe, p->alias);
    if (p->alias == NULL || p->action == NULL) {
        return; /* it waits, or has faults of the shape */
    }
    if (rc == NULL) {
        faults_add(c->faults, arena_printf(c->mem, "%s.connection", path),
                   "The recipe's connections have no \"%s\".", p->alias);
        return;
    }
    const app *a = app_of(c, rc);
    const app_action *action = a == NULL ? NULL : app_action_find(a, p->action);
    if (a != NULL && action == NULL) {
        faults_add(c->faults, arena_printf(c->mem, "%s.action", path), "%s has no action \"%s\".",
                   app_title(a), p->action);
    }
    if (action == NULL) {
        return;
    }
    struct json_doc with =
        json_doc(c->faults, c->mem, arena_printf(c->mem, "%s.with", path), p->with);
    app_action_check(action, &with);
    check_sharing(c, rc, action, path);
    c->recipe->writes = c->recipe->writes || app_action_writes(action);
}

/* One command would hide the other: equal, or its words begin it. */
static bool collides(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    const char *shorter = la <= lb ? a : b, *longer = la <= lb ? b : a;
    size_t n = la <= lb ? la : lb;
    return strncmp(shorter, longer, n) == 0 && (longer[n] == '\0' || longer[n] == ' ');
}

const char *recipe_shadowed_by(arena *mem, const char *command, const char *const *reserved)
{
    const char *own = command == NULL ? NULL : recipe_command_fold(mem, command);
    for (size_t i = 0; own != NULL && reserved[i] != NULL; i++) {
        if (collides(own, reserved[i])) {
            return reserved[i];
        }
    }
    return NULL;
}

static void check_post(struct check *c)
{
    const char *name = c->recipe->post.app;
    if (name != NULL && apps_find(c->world->apps, name) == NULL) {
        faults_add(c->faults, "post.person.app", "There is no app \"%s\".", name);
    }
}

static void check_command(struct check *c)
{
    if (c->recipe->command == NULL) {
        return;
    }
    char *own = recipe_command_fold(c->mem, c->recipe->command);
    for (size_t i = 0; i < c->world->recipes_count; i++) {
        const struct recipe_row *other = &c->world->recipes[i];
        if (other->command != NULL && !str_equal(other->name, c->recipe->name) &&
            collides(own, other->command)) {
            faults_add(c->faults, "command",
                       "Recipe \"%s\" has the command \"%s\": one of them would hide the other.",
                       other->name, other->command);
        }
    }
    for (size_t i = 0; c->world->reserved[i] != NULL; i++) {
        if (collides(own, c->world->reserved[i])) {
            faults_add(c->faults, "command", "\"%s\" is a word of Workbot itself.",
                       c->world->reserved[i]);
        }
    }
    for (size_t i = 0; apps_at(c->world->apps, i) != NULL; i++) {
        const app *a = apps_at(c->world->apps, i);
        if (str_equal(own, app_name(a)) ||
            str_equal(own, recipe_command_fold(c->mem, app_title(a)))) {
            faults_add(c->faults, "command", "An app's name alone lists its commands.");
        }
    }
}

void recipe_check(arena *mem, struct recipe *r, const struct recipe_world *world,
                  struct faults *faults)
{
    struct check c = {.mem = mem, .recipe = r, .world = world, .faults = faults};
    check_connections(&c);
    for (size_t i = 0; i < r->steps_count; i++) {
        check_step(&c, i);
    }
    check_command(&c);
    check_post(&c);
    recipe_check_references(mem, r, faults);
}

#include "recipe.h"

#include "base/str.h"

static const char *const rule_names[RULE_COUNT] = {
    [RULE_DEFAULT] = "default",
    [RULE_INSTALLER] = "installer",
    [RULE_PERSONAL] = "personal",
    [RULE_LOGIN] = "login",
};

const char *recipe_rule_name(enum recipe_rule rule)
{
    return rule_names[rule];
}

static bool is_installer(const struct recipe_person *p)
{
    return p->workspace->installer_uses_default && p->workspace->installer != NULL &&
           str_equal(p->workspace->installer, p->user->user_id);
}

/* Tokens of somebody who has left act for nobody, while they wait for an admin to take over. */
static bool owner_left(const struct connection *c)
{
    return c != NULL && str_equal(c->reason, OAUTH_OWNER_LEFT);
}

/* Whose connection is to act under the default connection: "" its own. NULL: nobody's can. */
static const char *owner_of(const struct recipe_connection *c, const struct recipe_person *p,
                            struct resolved *found)
{
    if (found->def == NULL || found->def->client_id == NULL) {
        found->rule = RULE_DEFAULT;
        found->problem = found->def == NULL ? "unknown_connection" : "draft";
        return NULL;
    }
    found->rule = !c->verify_user_access ? RULE_DEFAULT
                  : is_installer(p)      ? RULE_INSTALLER
                                         : RULE_PERSONAL;
    return found->rule == RULE_PERSONAL ? p->user->user_id : "";
}

/* A default connection's own tokens act or nobody does, never a personal one in their place; and
 * a person's own act or they are asked to log in, never the default one. */
static void settle(struct connection *c, struct resolved *found)
{
    found->connection = connection_acts(c) && !owner_left(c) ? c : NULL;
    if (found->connection != NULL) {
        return;
    }
    if (found->rule == RULE_PERSONAL) {
        found->rule = RULE_LOGIN;
    } else {
        found->problem = owner_left(c) ? OAUTH_OWNER_LEFT : "no_default_tokens";
    }
}

int recipe_resolve(store *s, const struct recipe_connection *c, const struct recipe_person *p,
                   struct resolved *ret, struct err *e)
{
    struct resolved found = {.alias = c->alias, .rule = RULE_LOGIN};
    struct connection *acts = NULL;
    bool hook = p->of_hook && !c->verify_user_access;
    if (str_empty(p->user->user_id) && !hook) {
        return err_set(e, ERR_FORBIDDEN, "no_user", "nobody acts");
    }
    if (store_default_find(s, p->workspace->workspace, c->use, &found.def, e) != 0) {
        return -1;
    }
    const char *owner = owner_of(c, p, &found);
    if (owner != NULL &&
        store_connection_find(s, found.def->workspace, found.def->name, owner, &acts, e) != 0) {
        return -1;
    }
    if (owner != NULL) {
        settle(acts, &found);
    }
    *ret = found;
    return 0;
}

int recipe_resolve_again(store *s, const struct run *run, const struct run_connection *acted,
                         struct resolved *io, struct err *e)
{
    struct connection *c = NULL;
    struct err missing = {0};
    bool same = io->connection != NULL && str_equal(io->connection->id, acted->connection_id);
    if (same || acted->connection_id == NULL) {
        return 0;
    }
    if (store_connection_load(s, run->workspace, acted->connection_id, &c, &missing) != 0) {
        *e = missing.kind == ERR_NOT_FOUND ? *e : missing;
        return missing.kind == ERR_NOT_FOUND ? 0 : -1;
    }
    if (connection_acts(c) && str_equal(c->user_id, run->user_id) &&
        str_equal(c->default_name, io->def->name)) {
        io->connection = c;
        io->rule = RULE_PERSONAL;
    }
    return 0;
}

static struct connection *under(struct connection *list, size_t count, const char *default_name)
{
    for (size_t i = 0; i < count; i++) {
        if (!list[i].resting && str_equal(list[i].default_name, default_name)) {
            return &list[i];
        }
    }
    return NULL;
}

void recipe_resolve_from(const struct recipe_stock *stock, const struct recipe_connection *c,
                         const struct recipe_person *p, struct resolved *ret)
{
    struct resolved found = {.alias = c->alias, .rule = RULE_LOGIN};
    for (size_t i = 0; i < stock->defaults_count && found.def == NULL; i++) {
        found.def = str_equal(stock->defaults[i].name, c->use) ? &stock->defaults[i] : NULL;
    }
    const char *owner = owner_of(c, p, &found);
    if (owner != NULL) {
        bool own = *owner != '\0';
        settle(under(own ? stock->own : stock->shared, own ? stock->own_count : stock->shared_count,
                     found.def->name),
               &found);
    }
    *ret = found;
}

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

/* The default connection's own tokens act, or nobody does: never a personal one in their place. */
static int by_default(store *s, enum recipe_rule rule, struct resolved *ret, struct err *e)
{
    ret->rule = rule;
    if (store_connection_find(s, ret->def->workspace, ret->def->name, "", &ret->connection, e) !=
        0) {
        return -1;
    }
    if (ret->connection == NULL || ret->connection->state == CONNECTION_DISCONNECTED ||
        ret->connection->state == CONNECTION_NEEDS_LOGIN ||
        ret->connection->state == CONNECTION_PROVISIONAL) {
        ret->connection = NULL;
        ret->problem = "no_default_tokens";
    }
    return 0;
}

/* The person's own connection acts, or they are asked to log in: never the default one. */
static int by_person(store *s, const struct recipe_person *p, struct resolved *ret, struct err *e)
{
    struct connection *c = NULL;
    if (store_connection_find(s, ret->def->workspace, ret->def->name, p->user->user_id, &c, e) !=
        0) {
        return -1;
    }
    bool acts =
        c != NULL && (c->state == CONNECTION_ACTIVE || c->state == CONNECTION_NEEDS_ATTENTION);
    ret->rule = acts ? RULE_PERSONAL : RULE_LOGIN;
    ret->connection = acts ? c : NULL;
    return 0;
}

int recipe_resolve(store *s, const struct recipe *r, const struct recipe_connection *c,
                   const struct recipe_person *p, struct resolved *ret, struct err *e)
{
    (void)r;
    struct resolved found = {.alias = c->alias, .rule = RULE_LOGIN};
    if (str_empty(p->user->user_id)) {
        return err_set(e, ERR_FORBIDDEN, "no_user", "nobody acts");
    }
    if (store_default_find(s, p->workspace->workspace, c->use, &found.def, e) != 0) {
        return -1;
    }
    int rc = 0;
    if (found.def == NULL) {
        found.rule = RULE_DEFAULT;
        found.problem = "unknown_connection";
    } else if (found.def->client_id == NULL) {
        found.rule = RULE_DEFAULT;
        found.problem = "draft";
    } else if (!c->verify_user_access) {
        rc = by_default(s, RULE_DEFAULT, &found, e);
    } else if (is_installer(p)) {
        rc = by_default(s, RULE_INSTALLER, &found, e);
    } else {
        rc = by_person(s, p, &found, e);
    }
    if (rc == 0) {
        *ret = found;
    }
    return rc;
}

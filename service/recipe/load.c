#include "recipe_int.h"

#include "base/str.h"

/*
 * A stored recipe as a run goes by it. What it asks for and does is of the version that the run
 * began with; who may, and as whom, is what holds now: an admin who takes something away takes it
 * from the runs that wait, too. Whoever reads the result need not know that there are two.
 */

static int parse(arena *mem, const struct recipe_source *from, const char *text,
                 struct recipe **ret, struct err *e)
{
    json_t *body = NULL;
    struct faults *faults = arena_alloc(mem, sizeof(*faults));
    faults_init(faults, mem);
    if (json_read(mem, bytes_of(text), &body, e) != 0) {
        return -1;
    }
    recipe_parse(mem, body, ret, faults);
    return faults->count == 0 ? 0
                              : err_set(e, ERR_CONFIG, "recipe_faulty", "recipe %s: %s", from->name,
                                        faults_line(mem, faults, 150));
}

/* By the same alias for the same default connection; where there is none, by any that has one of
 * both: what was named anew is not meant to be open to everybody. */
static bool verified_now(const struct recipe *now, const struct recipe_connection *c)
{
    bool some = false;
    for (size_t i = 0; i < now->connections_count; i++) {
        const struct recipe_connection *n = &now->connections[i];
        bool alias = str_equal(n->alias, c->alias), use = str_equal(n->use, c->use);
        if (alias && use) {
            return n->verify_user_access;
        }
        some = some || ((alias || use) && n->verify_user_access);
    }
    return some;
}

static bool action_approves(const apps *all, const char *name)
{
    for (size_t i = 0; all != NULL && apps_at(all, i) != NULL; i++) {
        const app_action *x = app_action_find(apps_at(all, i), name);
        if (x != NULL && app_action_approves(x)) {
            return true;
        }
    }
    return false;
}

static bool approves(const apps *all, const struct recipe *r, const char *alias)
{
    for (size_t i = 0; i < r->steps_count; i++) {
        if (str_equal(r->steps[i].alias, alias) && action_approves(all, r->steps[i].action)) {
            return true;
        }
    }
    return false;
}

/* A connection is verified when either version says so; a shared one decides when both do. */
static void lay_over(const apps *all, struct recipe *r, const struct recipe *now)
{
    bool decides_no_more = r->shared_approver && !now->shared_approver;
    r->allow_everyone = now->allow_everyone;
    r->allow_users = now->allow_users;
    r->allow_users_count = now->allow_users_count;
    r->allow_channels = now->allow_channels;
    r->allow_channels_count = now->allow_channels_count;
    r->allow_groups = now->allow_groups;
    r->allow_groups_count = now->allow_groups_count;
    r->shared_approver = r->shared_approver && now->shared_approver;
    for (size_t i = 0; i < r->connections_count; i++) {
        struct recipe_connection *c = &r->connections[i];
        c->verify_user_access = c->verify_user_access || verified_now(now, c) ||
                                (decides_no_more && approves(all, r, c->alias));
    }
}

int recipe_load(arena *mem, const struct recipe_source *from, struct recipe **ret, struct err *e)
{
    struct recipe *now = NULL;
    if (parse(mem, from, from->body, ret, e) != 0) {
        return -1;
    }
    if (from->body_now == NULL) {
        return 0;
    }
    if (parse(mem, from, from->body_now, &now, e) != 0) {
        return -1;
    }
    lay_over(from->apps, *ret, now);
    return 0;
}

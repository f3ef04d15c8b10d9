#include "oauth_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/str.h"

/* Of several sites that one login reaches its person chooses one. What there is to choose from is
 * sealed with the login's tokens: a press names a row of it and nothing else. */

json_t *oauth_sites_json(const struct app_sites *sites)
{
    if (sites->count < 2) {
        return NULL;
    }
    struct id question = id_new();
    json_t *list = json_array();
    for (size_t i = 0; i < sites->count; i++) {
        const struct app_site_choice *x = &sites->items[i];
        json_push(list, json_pack("{s:s, s:s*, s:o}", "label", x->label, "host", x->host, "account",
                                  oauth_account_json(&x->account)));
    }
    return json_must(json_pack("{s:s, s:o}", "question", question.text, "rows", list));
}

bool oauth_sites_stand(const struct login *l)
{
    return json_member(l->provisional, "sites") != NULL;
}

bool oauth_sites_of(arena *mem, const struct login *l, struct oauth_sites *ret)
{
    const json_t *sites = json_member(l->provisional, "sites");
    const json_t *list = json_member(sites, "rows");
    if (sites == NULL || l->proven == NULL) {
        return false;
    }
    ret->question = arena_strdup(mem, json_text(sites, "question"));
    ret->count = json_array_size(list);
    ret->items = arena_array(mem, ret->count + 1, sizeof(*ret->items));
    for (size_t i = 0; i < ret->count; i++) {
        const json_t *row = json_array_get(list, i);
        const char *host = json_text(row, "host");
        ret->items[i].label = arena_strdup(mem, json_text(row, "label"));
        ret->items[i].host = host == NULL ? NULL : arena_strdup(mem, host);
    }
    return true;
}

static bool is_at(const struct app_site_choice *x, const json_t *vars)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(x->set, name, value)
    {
        if (!json_equal(value, json_member(vars, name))) {
            return false;
        }
    }
    return true;
}

const struct app_site_choice *oauth_site_before(const struct app_sites *sites,
                                                const struct connection *c)
{
    bool wrong = c == NULL || str_equal(c->reason, OAUTH_NOT_ME);
    for (size_t i = 0; !wrong && i < sites->count; i++) {
        if (is_at(&sites->items[i], c->account.vars)) {
            return &sites->items[i];
        }
    }
    return NULL;
}

/* It is this user's, proven, and asks just that. */
static bool is_asked(arena *mem, const struct login *l, const struct oauth_site_pick *pick)
{
    struct oauth_sites sites;
    return l != NULL && l->state == LOGIN_CODE && str_equal(l->user_id, pick->user_id) &&
           oauth_sites_of(mem, l, &sites) && str_equal(sites.question, pick->question) &&
           pick->index < sites.count;
}

int oauth_site_pick(oauth *o, store *s, const struct oauth_site_pick *pick,
                    struct oauth_confirm *ret, struct err *e)
{
    struct login *l = NULL;
    bool may = false;
    memset(ret, 0, sizeof(*ret));
    /* the user first, as off-boarding and browsers that come back lock them */
    if (store_user_may_use(s, pick->workspace, pick->user_id, &may, e) != 0 ||
        store_login_lock(s, pick->workspace, pick->login_id, &l, e) != 0) {
        return -1;
    }
    if (!may || !is_asked(store_arena(s), l, pick)) {
        return 0;
    }
    if (l->code_expires_at <= clock_now()) {
        return oauth_confirm_spent(o, s, l, ret, e);
    }
    const json_t *list = json_member(json_member(l->provisional, "sites"), "rows");
    const json_t *row = json_array_get(list, pick->index);
    oauth_account_read(store_arena(s), json_member(row, "account"), &ret->account);
    return oauth_confirm_account(o, s, l, ret, e);
}

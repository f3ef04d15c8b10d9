#include "web_int.h"

#include <string.h>

#include "base/str.h"

/* What may stand in the query of a call of /v1. A name that is not known is refused: a filter that
 * is misspelt would show everything. */

enum { NAMES_MAX = 8 };

/* By operationId; where there is no row nothing may stand there. A test holds it against
 * openapi.yaml. */
static const struct {
    const char *operation_id;
    const char *names[NAMES_MAX];
} known[] = {
    {"listWorkspaces", {"cursor", "limit"}},
    {"listConnections", {"cursor", "limit"}},
    {"listRecipes", {"cursor", "limit"}},
    {"listRecipeVersions", {"cursor", "limit"}},
    {"listHooks", {"cursor", "limit"}},
    {"listGroups", {"cursor", "limit"}},
    {"listApiTokens", {"cursor", "limit"}},
    {"listAudit", {"cursor", "limit", "actor", "action", "subject", "since", "until"}},
    {"deleteConnection", {"force"}},
    {"listPersonalConnections",
     {"cursor", "limit", "app", "user", "state", "connection", "begins"}},
    {"deletePersonalConnections", {"app", "user", "forget"}},
    {"deletePersonalConnection", {"forget"}},
    {"getStats", {"since", "by"}},
    {"listPeople", {"cursor", "limit", "begins"}},
    {"listRuns", {"cursor", "limit", "reference", "user", "state", "recipe", "since", "until"}},
};

static const char *const *names_of(const struct route *route)
{
    static const char *const none[NAMES_MAX];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_equal(known[i].operation_id, route->operation_id)) {
            return known[i].names;
        }
    }
    return none;
}

static bool is_known(const char *const *names, const char *name)
{
    for (size_t i = 0; i < NAMES_MAX && names[i] != NULL; i++) {
        if (str_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

int query_gate(const struct route *route, const struct request *q, struct err *e)
{
    if (route->gate != GATE_API) {
        return 0;
    }
    const char *const *names = names_of(route);
    for (const char *at = q->query; *at != '\0';) {
        size_t len = strcspn(at, "&");
        size_t name_len = strcspn(at, "=&");
        char *name = NULL;
        if (!net_url_decode(q->mem, at, name_len, true, &name) ||
            !str_is_utf8(name, strlen(name))) {
            return err_set(e, ERR_INPUT, "encoding", "A parameter is not well-formed.");
        }
        if (!is_known(names, name)) {
            return err_set(e, ERR_INPUT, "query", "There is no parameter \"%s\" here.",
                           str_cut(q->mem, name, 60));
        }
        at += len + (at[len] == '&' ? 1 : 0);
    }
    return 0;
}

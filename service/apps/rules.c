#include "apps_int.h"

#include <string.h>

#include "base/str.h"

enum { CODE_MAX = 64 };

static bool fits(const struct apps_rule *rule, const struct apps_refusal *r)
{
    return (rule->status == 0 || rule->status == r->status) &&
           (!rule->retry_after || r->retry_after) &&
           (rule->grant == ANY_GRANT || rule->grant == r->grant) &&
           (rule->code == NULL || str_equal(rule->code, r->code)) &&
           (rule->contains == NULL ||
            (r->message != NULL && strcasestr(r->message, rule->contains) != NULL));
}

const struct apps_rule *apps_rule_find(const struct apps_rules *rules, const struct apps_refusal *r)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (fits(&rules->items[i], r)) {
            return &rules->items[i];
        }
    }
    return NULL;
}

const char *apps_code_text(const char *code)
{
    size_t len = code == NULL ? 0 : strlen(code);
    bool plain =
        len > 0 && len <= CODE_MAX &&
        strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") == len;
    return plain ? code : "no code";
}

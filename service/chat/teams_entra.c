/* What Entra's token endpoint answers (learn.microsoft.com/entra/identity-platform/
 * reference-error-codes): for the bot's own token and for a person's sign-in alike. */
#include "teams_int.h"

#include <string.h>

#include "base/json.h"

#define NUMBER_PREFIX "AADSTS"

enum { REASON_MAX = 20 };

const char *teams_entra_reason(arena *mem, const char *description)
{
    const char *at = description == NULL ? NULL : strstr(description, NUMBER_PREFIX);
    if (at == NULL) {
        return "no reason";
    }
    size_t len = strlen(NUMBER_PREFIX);
    len += strspn(at + len, "0123456789");
    return arena_strndup(mem, at, len < REASON_MAX ? len : REASON_MAX);
}

int teams_entra_read(arena *mem, const struct net_response *r, json_t **ret, struct err *e)
{
    struct err unused = {0};
    json_t *answer = NULL;
    if (r->status == 429) {
        (void)err_set(e, ERR_LIMIT, "chat_limit", "Entra asks to slow down");
        e->retry_after_ms = r->retry_after_ms;
        return -1;
    }
    if (r->status >= 500 || json_read(mem, r->body, &answer, &unused) != 0 ||
        !json_is_object(answer)) {
        return err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "Entra: no answer, status %d", r->status);
    }
    *ret = answer;
    return 0;
}

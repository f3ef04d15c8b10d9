#include "oauth_int.h"

#include "base/clock.h"
#include "base/str.h"

bool oauth_code_stands(arena *mem, const struct login *l, const char *code, struct account *ret)
{
    bool stands = l->state == LOGIN_CODE && l->provisional != NULL &&
                  l->code_expires_at > clock_now() &&
                  str_equal(l->code_hash, oauth_code_hash(mem, l->id, code));
    if (stands) {
        oauth_account_read(mem, json_member(l->provisional, "account"), ret);
    }
    return stands;
}

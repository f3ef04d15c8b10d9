#include "oauth_int.h"

#include "base/clock.h"
#include "base/str.h"

bool oauth_code_stands(arena *mem, const struct login *l, const char *code, struct account *ret)
{
    const struct coded of = {l->id, oauth_sites_stand(l)};
    bool stands = store_login_waits_for_code(l) && l->provisional != NULL &&
                  l->code_expires_at > clock_now() &&
                  str_equal(l->code_hash, oauth_code_hash(mem, &of, code));
    if (stands) {
        oauth_account_read(mem, json_member(l->provisional, "account"), ret);
    }
    return stands;
}

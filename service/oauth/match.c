#include "oauth_int.h"

#include <string.h>

#include "base/str.h"

/* account_match: is the account that was logged in the chat user's own? */

static const char *const names[] = {[OAUTH_MATCH_OFF] = "off",
                                    [OAUTH_MATCH_SAME] = "same",
                                    [OAUTH_MATCH_DIFFERS] = "differs",
                                    [OAUTH_MATCH_UNKNOWN] = "unknown"};

const char *oauth_match_name(enum oauth_match match)
{
    return names[match];
}

static bool is_address(const char *text)
{
    const char *at = text == NULL ? NULL : strchr(text, '@');
    return at != NULL && at != text && at[1] != '\0' && strchr(at + 1, '@') == NULL;
}

/* RFC 5321 section 2.4 lets the part before the @ differ by case; no provider that gives accounts
 * to people does. Anything else counts: ana+x@ is not ana@. */
bool oauth_same_email(const char *a, const char *b)
{
    return is_address(a) && is_address(b) && str_equal_fold(a, b);
}

enum oauth_match oauth_match_account(const struct default_connection *d, const struct user *u,
                                     const struct account *account)
{
    if (str_equal(d->account_match, "off")) {
        return OAUTH_MATCH_OFF;
    }
    /* without a scope of its own the bot is told nobody's e-mail */
    if (u == NULL || !is_address(u->email)) {
        return OAUTH_MATCH_UNKNOWN;
    }
    return oauth_same_email(u->email, account->email) ? OAUTH_MATCH_SAME : OAUTH_MATCH_DIFFERS;
}

bool oauth_match_refuses(const struct default_connection *d, enum oauth_match match)
{
    return str_equal(d->account_match, "require") && match != OAUTH_MATCH_SAME;
}

#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/*
 * What WWW-Authenticate says (RFC 9110 section 11.6.1), as apps write it: quoted or not, in any
 * letter case, several challenges in one line. Anything odd is passed over.
 */

static const char BLANKS[] = " \t,";
static const char NAME_ENDS[] = " \t,=\"";

/* Whitespace around "=" is allowed and seldom. */
static const char *behind_equals(const char *p)
{
    p += strspn(p, " \t");
    return *p != '=' ? NULL : p + 1 + strspn(p + 1, " \t");
}

static const char *quoted(const char *p, struct str *ret)
{
    for (p++; *p != '\0' && *p != '"'; p++) {
        if (*p == '\\' && p[1] != '\0') {
            p++;
        }
        str_add_char(ret, *p);
    }
    return *p == '"' ? p + 1 : p;
}

static const char *value(const char *p, struct str *ret)
{
    if (*p == '"') {
        return quoted(p, ret);
    }
    size_t len = strcspn(p, BLANKS);
    str_add_n(ret, p, len);
    return p + len;
}

bool apps_challenge_scope(arena *mem, const char *header, const char **ret_scope)
{
    bool lacks = false;
    *ret_scope = "";
    const char *p = header == NULL ? "" : header;
    while (*(p += strspn(p, BLANKS)) != '\0') {
        size_t len = strcspn(p, NAME_ENDS);
        const char *name = arena_strndup(mem, p, len);
        const char *at = len == 0 ? NULL : behind_equals(p + len);
        if (at == NULL) { /* a scheme: another challenge begins */
            if (lacks) {
                return true;
            }
            *ret_scope = "";
            p += len == 0 ? 1 : len;
            continue;
        }
        struct str text = str_new(mem, LIMIT_LABEL);
        p = value(at, &text);
        if (str_equal_fold(name, "error")) {
            lacks = str_equal_fold(text.text, "insufficient_scope");
        } else if (str_equal_fold(name, "scope")) {
            *ret_scope = text.text;
        }
    }
    return lacks;
}

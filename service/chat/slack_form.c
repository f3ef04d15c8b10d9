#include "chat_int.h"

#include <string.h>

#include "base/str.h"

enum { FIELD_NAME_MAX = 32 }; /* of those that are asked for */

static size_t until(const char *text, size_t len, char stop)
{
    const char *found = memchr(text, stop, len);
    return found == NULL ? len : (size_t)(found - text);
}

/* A name is decoded as well, else "p%61yload" would be a second field of the same name. */
static bool is_named(struct bytes field, const char *name)
{
    char decoded[3 * FIELD_NAME_MAX + 1];
    const char *text = (const char *)field.data;
    size_t len = until(text, field.len, '=');
    /* each escape of three bytes stands for one */
    if (len > 3 * strlen(name) || len >= sizeof decoded) {
        return false;
    }
    return net_url_decode_to(text, len, true, decoded) && str_equal(decoded, name);
}

static int decode_value(arena *mem, struct bytes field, const char **ret, struct err *e)
{
    const char *text = (const char *)field.data;
    size_t skip = until(text, field.len, '=');
    skip += skip < field.len ? 1 : 0;
    char *value = NULL;
    if (!net_url_decode(mem, text + skip, field.len - skip, true, &value)) {
        return err_set(e, ERR_INPUT, "slack_body", "a form field has a broken escape");
    }
    *ret = value;
    return 0;
}

int slack_form_field(arena *mem, struct bytes body, const char *name, const char **ret,
                     struct err *e)
{
    const char *value = NULL;
    for (size_t at = 0; at < body.len;) {
        struct bytes field = {body.data + at, 0};
        field.len = until((const char *)field.data, body.len - at, '&');
        at += field.len + 1;
        if (!is_named(field, name)) {
            continue;
        }
        if (value != NULL) {
            return err_set(e, ERR_INPUT, "slack_body", "form field %s stands there twice", name);
        }
        if (decode_value(mem, field, &value, e) != 0) {
            return -1;
        }
    }
    *ret = value;
    return 0;
}

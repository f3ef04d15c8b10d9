#include "api_int.h"

#include <string.h>

#include "base/str.h"

/*
 * Conditional requests (RFC 9110 section 13.1): a change that is meant for what its sender has read
 * names it, and is refused when something else stands there by now. The tag is of the answer to a
 * GET, and of when it was stored last: secrets that change are seen in no answer.
 */

enum { TAG_DIGITS = 32 };

const char *api_tag(struct api *a, json_t *value, int64_t stored_us)
{
    const char *shown = json_write(a->mem, arena_json(a->mem, json_must(value)));
    const char *all = arena_printf(a->mem, "%lld %s", (long long)stored_us, shown);
    return arena_printf(a->mem, "\"%.*s\"", TAG_DIGITS, crypto_hash_text(a->mem, all));
}

bool api_is_conditional(const struct api *a)
{
    return request_header(a->q, "If-Match", NULL) != NULL ||
           request_header(a->q, "If-None-Match", NULL) != NULL;
}

/* One entity-tag (section 8.8.3): its length with the quotes, 0 for something else. */
static size_t tag_len(const char *at)
{
    const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;
    return end == NULL ? 0 : (size_t)(end - at) + 1;
}

/* Does the list name the tag? weakly: as If-None-Match compares (section 8.8.3.2). *ret_broken: it
 * is no such list. */
static bool names(const char *list, const char *tag, bool weakly, bool *ret_broken)
{
    bool found = false;
    *ret_broken = false;
    for (const char *at = list; *(at += strspn(at, " \t,")) != '\0';) {
        bool weak = str_starts(at, "W/");
        at += weak ? 2 : 0;
        size_t len = tag_len(at);
        const char *next = at + len + strspn(at + len, " \t");
        if (len == 0 || (*next != ',' && *next != '\0')) {
            *ret_broken = true;
            return false;
        }
        found = found || ((weakly || !weak) && tag != NULL && strlen(tag) == len &&
                          strncmp(at, tag, len) == 0);
        at = next;
    }
    return found;
}

static int does_not_hold(struct err *e, const char *text)
{
    return err_set(e, ERR_PRECONDITION, "precondition", "%s", text);
}

/* A header that cannot be read holds for nothing: its sender wanted to be careful. */
int api_condition(const struct api *a, const char *tag, struct err *e)
{
    const char *match = request_header_list(a->q, "If-Match");
    const char *none_match = request_header_list(a->q, "If-None-Match");
    bool broken = false;
    if (match != NULL &&
        (tag == NULL || (!str_equal(match, "*") && !names(match, tag, false, &broken)))) {
        return does_not_hold(e, tag == NULL ? "There is nothing here that If-Match could mean."
                                            : "This was changed since you read it: read it again, "
                                              "and make your change to what stands now.");
    }
    if (none_match == NULL) {
        return 0;
    }
    bool any = str_equal(none_match, "*");
    if (!any && names(none_match, tag, true, &broken)) {
        any = true;
    }
    return broken || (any && tag != NULL)
               ? does_not_hold(e, "There is one already, and If-None-Match wants none.")
               : 0;
}

void api_answer_tagged(struct api *a, int status, json_t *value, const char *tag)
{
    api_answer(a, status, value);
    respond_header(a->r, "ETag", tag);
}

#include "recipe_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

const char *recipe_parse_name(const struct json_doc *d, const char *key)
{
    const char *name = json_doc_text(d, key, true, LIMIT_NAME);
    if (name != NULL && (name[0] == '\0' ||
                         strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))) {
        json_doc_fault(d, key, "Use lower-case letters, digits and \"_\" only.");
    }
    return name;
}

const char *recipe_parse_template(const struct json_doc *d, const char *key, bool required,
                                  size_t max)
{
    const char *text = json_doc_text(d, key, required, max);
    const char *why = NULL;
    if (text != NULL && !template_check(text, &why)) {
        json_doc_fault(d, key, "This template cannot be read: %s.", why);
    }
    return text;
}

static bool is_name(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= LIMIT_NAME && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static void parse_own_name(const struct json_doc *d, struct recipe *r)
{
    r->name = json_doc_text(d, "name", true, LIMIT_NAME);
    if (r->name != NULL && !is_name(r->name)) {
        json_doc_fault(d, "name", "Use lower-case letters, digits and \"-\", first no \"-\".");
    }
}

static const char **text_list(const struct json_doc *d, const char *key, size_t *ret_count)
{
    json_t *list = json_doc_array(d, key, false, 500);
    const char **items = arena_array(d->mem, json_array_size(list) + 1, sizeof(char *));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_string_value(json_array_get(list, i));
        if (str_empty(item)) {
            json_doc_fault(d, key, "Item %zu is not a text.", i);
        } else {
            items[(*ret_count)++] = item;
        }
    }
    return items;
}

static void parse_allow_lists(const struct json_doc *d, struct recipe *r)
{
    static const char *const keys[] = {"users", "groups", "channels", NULL};
    json_doc_known(d, keys);
    r->allow_users = text_list(d, "users", &r->allow_users_count);
    r->allow_groups = text_list(d, "groups", &r->allow_groups_count);
    r->allow_channels = text_list(d, "channels", &r->allow_channels_count);
    for (size_t i = 0; i < r->allow_groups_count; i++) {
        if (!is_name(r->allow_groups[i])) {
            json_doc_fault(d, "groups", "\"%s\" cannot be the name of a group.",
                           str_cut(d->mem, r->allow_groups[i], LIMIT_NAME));
        }
    }
    if (d->object != NULL &&
        r->allow_users_count + r->allow_groups_count + r->allow_channels_count == 0) {
        json_doc_fault(d, NULL, "Name at least one user, group or channel, or write \"everyone\".");
    }
}

/* "everyone", or {users, groups, channels}. */
static void parse_allow(const struct json_doc *d, struct recipe *r)
{
    json_t *allow = json_member(d->object, "allow");
    if (allow == NULL || json_is_null(allow)) {
        return;
    }
    if (json_is_string(allow)) {
        r->allow_everyone = str_equal(json_string_value(allow), "everyone");
        if (!r->allow_everyone) {
            json_doc_fault(d, "allow",
                           "Write \"everyone\" or {\"users\": [], \"groups\": [], "
                           "\"channels\": []}.");
        }
        return;
    }
    struct json_doc a = json_doc_member(d, "allow", true);
    parse_allow_lists(&a, r);
}

/* It is the heading of the form, too, and a platform takes no blank one. */
static void parse_title(const struct json_doc *d, struct recipe *r)
{
    r->title = json_doc_text(d, "title", true, LIMIT_LABEL);
    if (r->title != NULL && *str_trim(d->mem, r->title) == '\0') {
        json_doc_fault(d, "title", "This must not be blank.");
    }
}

void recipe_parse(arena *mem, const json_t *body, struct recipe **ret, struct faults *faults)
{
    static const char *const keys[] = {
        "name",        "title",   "command",         "hint",  "allow",
        "connections", "inputs",  "steps",           "reply", "enabled",
        "hidden",      "trigger", "shared_approver", "post",  NULL};
    struct recipe *r = arena_alloc(mem, sizeof(*r));
    *ret = r;
    if (!json_is_object(body)) {
        faults_add(faults, "", "A recipe is a JSON object.");
        return;
    }
    struct json_doc d = json_doc(faults, mem, "", body);
    json_doc_known(&d, keys);
    parse_own_name(&d, r);
    parse_title(&d, r);
    r->hint = json_doc_text(&d, "hint", false, LIMIT_LABEL);
    r->enabled = json_doc_flag(&d, "enabled", true);
    r->hidden = json_doc_flag(&d, "hidden", false);
    r->shared_approver = json_doc_flag(&d, "shared_approver", false);
    recipe_parse_trigger(&d, r);
    parse_allow(&d, r);
    recipe_parse_connections(&d, r);
    recipe_parse_inputs(&d, r);
    recipe_parse_steps(&d, r);
    recipe_parse_reply(&d, r);
}

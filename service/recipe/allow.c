#include "recipe.h"

#include "base/str.h"

static bool listed(const char *const *list, size_t count, const char *value)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i], value)) {
            return true;
        }
    }
    return false;
}

enum recipe_leave recipe_leave_of(const struct recipe *r, const struct recipe_person *p)
{
    if (!store_standing_allowed(p->user->standing, p->workspace)) {
        return LEAVE_NOT_YOU;
    }
    /* With neither list the recipe's checker has made sure that nothing shared is written. */
    bool open = r->allow_everyone || (r->allow_users_count == 0 && r->allow_channels_count == 0);
    if (open || listed(r->allow_users, r->allow_users_count, p->user->user_id) ||
        listed(r->allow_channels, r->allow_channels_count, p->channel)) {
        return LEAVE_GIVEN;
    }
    return r->allow_channels_count > 0 ? LEAVE_NOT_HERE : LEAVE_NOT_YOU;
}

bool recipe_allows(const struct recipe *r, const struct recipe_person *p)
{
    return recipe_leave_of(r, p) == LEAVE_GIVEN;
}

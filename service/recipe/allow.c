#include "recipe.h"

#include "base/str.h"

int recipe_person_groups(store *s, const struct recipe *r, struct recipe_person *io, struct err *e)
{
    if (io->user == NULL || (r != NULL && r->allow_groups_count == 0)) {
        return 0;
    }
    return store_groups_of(s, io->workspace->workspace, io->user->user_id, &io->groups,
                           &io->groups_count, e);
}

static bool in_group(const struct recipe *r, const struct recipe_person *p)
{
    for (size_t i = 0; i < p->groups_count; i++) {
        if (str_in(r->allow_groups, r->allow_groups_count, p->groups[i])) {
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
    /* With no list the recipe's checker has made sure that nothing shared is written. */
    size_t lists = r->allow_users_count + r->allow_channels_count + r->allow_groups_count;
    bool open = r->allow_everyone || lists == 0;
    if (open || str_in(r->allow_users, r->allow_users_count, p->user->user_id) ||
        str_in(r->allow_channels, r->allow_channels_count, p->channel) || in_group(r, p)) {
        return LEAVE_GIVEN;
    }
    return r->allow_channels_count > 0 ? LEAVE_NOT_HERE : LEAVE_NOT_YOU;
}

bool recipe_allows(const struct recipe *r, const struct recipe_person *p)
{
    return recipe_leave_of(r, p) == LEAVE_GIVEN;
}

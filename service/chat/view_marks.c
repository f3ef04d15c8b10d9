/* What a card keeps for itself: whose it is, what others see in its place, what stood there before.
 * No platform draws any of it. */
#include "chat.h"

#include "base/json.h"

void view_set_owner(json_t *view, const char *user_id)
{
    json_put(view, "owner", json_string(user_id));
}

const char *view_owner(const json_t *view)
{
    return json_text(view, "owner");
}

void view_set_own(json_t *view, const char *user_id, const json_t *own)
{
    json_t *blocks = json_deep_copy(json_member(own, "blocks"));
    json_put(view, "own", json_pack("{s:s, s:o}", "user", user_id, "blocks", blocks));
}

const json_t *view_own(const json_t *view)
{
    return json_member(view, "own");
}

void view_set_under(json_t *view, const json_t *under)
{
    json_put(view, "under", under == NULL ? json_null() : json_deep_copy(under));
}

const json_t *view_under(const json_t *view)
{
    const json_t *under = json_member(view, "under");
    return json_is_object(under) ? under : NULL;
}

bool view_says_under(const json_t *view)
{
    return json_object_get(view, "under") != NULL;
}

void view_set_line(json_t *view, const char *message_id)
{
    json_put(view, "line", json_string(message_id));
}

const char *view_line(const json_t *view)
{
    return json_text(view, "line");
}

void view_set_promise(json_t *view, bool waits)
{
    json_put(view, "promise", json_boolean(waits));
}

bool view_promises(const json_t *view, bool *ret_waits)
{
    const json_t *promise = json_member(view, "promise");
    if (promise == NULL) {
        return false;
    }
    *ret_waits = json_is_true(promise);
    return true;
}

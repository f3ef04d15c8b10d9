#include "bot_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/* The life of a channel: the bot comes to it, and it gets another id. */

enum { ONCE_S = 315360000 /* ten years */, PUSH_S = 60, PUSH = 20 };

/* Whoever brought the bot to a one-to-one chat is greeted there. Where an admin gave it to many at
 * once nobody did, and nobody is written to unasked: so many in a minute are no people who try it.
 */
static int is_wanted(struct turn *t, bool *ret, struct err *e)
{
    struct scene *sc = &t->scene;
    int64_t minute = clock_now() / PUSH_S;
    const struct store_use use = {
        .workspace = sc->workspace->workspace,
        .key = arena_printf(sc->mem, "hellos:%lld", (long long)minute),
        .until = (minute + 2) * PUSH_S,
        .most = PUSH,
    };
    return t->event.place.is_private ? store_use_take(sc->s, &use, ret, e) : 0;
}

/* Said once in each channel, to everybody there: nothing in it is anybody's. */
int bot_channel_joined(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *channel = t->event.place.channel;
    bool due = false;
    if (t->event.place.is_private && t->event.user_id == NULL) {
        return 0;
    }
    if (store_notice_due(sc->s, sc->workspace->workspace,
                         arena_printf(sc->mem, "hello:%s", channel), ONCE_S, &due, e) != 0 ||
        (due && is_wanted(t, &due, e) != 0)) {
        return -1;
    }
    if (!due) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    view_text(view, t->event.place.is_private
                        ? "Hello. Send me `help` to see what I can do for you."
                        : "Hello. Mention me with `help` to see what I can do for you.");
    view_note(view,
              "I work in your apps as you, once you log in. What is private I tell you alone.");
    const struct target here = {.channel = channel};
    return say_new(sc, &here, view, NULL, e);
}

/* The body with the channel's new id in its list; NULL: that does not name it. */
static const char *renamed(arena *mem, const char *body, const char *was, const char *is)
{
    json_t *recipe = NULL, *one = NULL;
    size_t i = 0;
    bool found = false;
    if (json_read(mem, bytes_of(body), &recipe, NULL) != 0) {
        return NULL;
    }
    json_t *channels = json_at(recipe, "allow.channels");
    json_array_foreach(channels, i, one)
    {
        if (str_equal(json_string_value(one), was)) {
            json_array_set_new(channels, i, json_string(is));
            found = true;
        }
    }
    return found ? json_write(mem, recipe) : NULL;
}

static int rename_in_recipes(struct scene *sc, const char *was, const char *is, struct err *e)
{
    const char *workspace = sc->workspace->workspace;
    struct recipe_row *list = NULL;
    size_t count = 0;
    const char *quoted = arena_printf(sc->mem, "\"%s\"", was);
    if (store_recipe_naming(sc->s, workspace, quoted, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        const char *body = renamed(sc->mem, list[i].body, was, is);
        if (body != NULL && store_recipe_rewrite(sc->s, workspace, &list[i], body, e) != 0) {
            return -1;
        }
    }
    return 0;
}

int bot_channel_moved(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *workspace = sc->workspace->workspace;
    const char *was = t->event.channel_was, *is = t->event.place.channel;
    json_t *detail = arena_json(sc->mem, json_pack("{s:s}", "was", was));
    if (store_channel_moved(sc->s, workspace, was, is, e) != 0 ||
        (t->event.place.is_external && store_channel_shared(sc->s, workspace, is, e) != 0) ||
        rename_in_recipes(sc, was, is, e) != 0) {
        return -1;
    }
    return store_audit_add(sc->s, workspace, "system", "channel.moved", is, detail, e);
}

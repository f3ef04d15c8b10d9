#include "install_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * Tokens of the API are the workspace's: they go on when whoever made them is no admin any more, as
 * programs hang on them. But that person may still have them, so the admins who remain are told
 * which they are, and the audit has it.
 */

enum { SHOWN_MAX = 20 };

struct left {
    const struct api_token *list[API_TOKENS_MAX];
    size_t count;
};

static int find(store *s, const char *workspace, const char *user_id, struct left *ret,
                struct err *e)
{
    struct api_token *all = NULL;
    size_t count = 0;
    if (store_api_token_list(s, workspace, &all, &count, e) != 0) {
        return -1;
    }
    const char *by = arena_printf(store_arena(s), "user:%s", user_id);
    *ret = (struct left){.count = 0};
    for (size_t i = 0; i < count && ret->count < API_TOKENS_MAX; i++) {
        bool good = all[i].expires_at == 0 || all[i].expires_at > clock_now();
        if (good && str_equal(store_api_token_maker(all, count, &all[i]), by)) {
            ret->list[ret->count++] = &all[i];
        }
    }
    return 0;
}

int bot_admin_ended(store *s, const char *workspace, const char *user_id, const char *actor,
                    struct err *e)
{
    struct left left;
    if (find(s, workspace, user_id, &left, e) != 0) {
        return -1;
    }
    if (left.count == 0) {
        return 0;
    }
    json_t *names = json_array();
    for (size_t i = 0; i < left.count; i++) {
        json_push(names, json_words(left.list[i]->name));
    }
    json_t *detail = arena_json(store_arena(s), json_must(json_pack("{s:o}", "tokens", names)));
    return store_audit_add(s, workspace, actor, "api_token.maker_left", user_id, detail, e) != 0
               ? -1
               : oauth_notice_later(s, workspace, "tokens_left", user_id, e);
}

/* As it stands when it is said: they may be an admin again, and the tokens removed. */
int tokens_left_say(struct scene *sc, const char *user_id, struct err *e)
{
    struct left left;
    struct user *u = NULL;
    const char *workspace = sc->workspace->workspace;
    if (find(sc->s, workspace, user_id, &left, e) != 0 ||
        store_user_find(sc->s, workspace, user_id, &u, e) != 0) {
        return -1;
    }
    if (left.count == 0 || person_is_admin(sc->workspace, user_id)) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "**%s** is no admin here any more. API tokens that they made still work:",
              u == NULL ? user_id : words_person(u));
    for (size_t i = 0; i < left.count && i < SHOWN_MAX; i++) {
        view_text(view, "`%s` (%s)", left.list[i]->name, store_api_role_word(left.list[i]->role));
    }
    if (left.count > SHOWN_MAX) {
        view_text(view, "and %lld more", (long long)(left.count - SHOWN_MAX));
    }
    view_note(view, "They may still have them. Make others in their place and remove these, in the "
                    "console under API tokens; whatever uses one that was removed is refused at "
                    "once.");
    return notice_all(sc, view, e);
}

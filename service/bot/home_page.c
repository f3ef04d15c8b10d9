#include "lists_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * What stands on the home page. It lives until the next one is published, so it holds no login
 * link: its buttons lead to a prompt in the one-to-one chat. What the last press brought about
 * stands first; a whole list that was asked for stands alone.
 */

enum { PENDING_ROWS = 5, HISTORY_ROWS = 10, NEWS_S = 10 };

static bool has_title(const json_t *view)
{
    size_t i = 0;
    const json_t *block = NULL;
    json_array_foreach(json_member(view, "blocks"), i, block)
    {
        if (str_equal(json_text(block, "kind"), "title")) {
            return true;
        }
    }
    return false;
}

static void append(json_t *view, const json_t *other)
{
    json_array_extend(json_member(view, "blocks"), json_member(other, "blocks"));
}

static int add_pending(struct scene *sc, json_t *view, struct err *e)
{
    size_t total = 0;
    const struct pending_part q = {.size = PENDING_ROWS};
    view_title(view, "Waiting for you");
    if (pending_add(sc, view, &q, &total, e) != 0) {
        return -1;
    }
    if (total == 0) {
        view_text(view, "Nothing waits for you.");
    }
    if (total > PENDING_ROWS) {
        view_note(view, "%lld more wait.", (long long)(total - PENDING_ROWS));
        view_button(view, &(struct button){
                              .title = "All that waits", .action = "words", .value = "pending"});
    }
    return 0;
}

static int add_history(struct scene *sc, json_t *view, struct err *e)
{
    bool more = false;
    view_title(view, "Your last commands");
    int rc = history_add(sc, view, 0, HISTORY_ROWS, &more, e);
    if (rc == 0) {
        view_text(view, "You have run no command yet.");
    }
    if (more) {
        view_button(view,
                    &(struct button){.title = "History", .action = "words", .value = "history"});
    }
    return rc < 0 ? -1 : 0;
}

static int add_all(struct scene *sc, json_t *view, struct err *e)
{
    if (list_add_some(sc, view, e) != 0 || add_pending(sc, view, e) != 0 ||
        add_history(sc, view, e) != 0) {
        return -1;
    }
    view_divider(view);
    view_button(view, &(struct button){.title = "Help", .action = "words", .value = "help"});
    view_button(view, &(struct button){.title = "Who am I", .action = "words", .value = "whoami"});
    view_note(view, "Type to me in the Messages tab. Only you see this page.");
    return 0;
}

static json_t *closed_page(struct scene *sc)
{
    json_t *view = view_new(sc->mem);
    if (sc->user->standing == STANDING_GUEST || sc->user->standing == STANDING_STRANGER) {
        words_closed(sc, view);
    } else {
        view_text(view, "There is nothing to show here.");
    }
    return view;
}

int home_page(struct scene *sc, json_t **ret, struct err *e)
{
    json_t *said = NULL;
    if (!words_open_to(sc)) {
        *ret = closed_page(sc);
        return 0;
    }
    if (store_home_said(sc->s, sc->workspace->workspace, sc->user->user_id, &said, e) != 0) {
        return -1;
    }
    *ret = view_new(sc->mem);
    bool alone = said != NULL && has_title(said);
    bool news = said != NULL && clock_now() - json_integer_value(json_member(said, "at")) < NEWS_S;
    if (alone || news) {
        append(*ret, said);
        view_divider(*ret);
    }
    if (alone) {
        view_button(*ret, &(struct button){.title = "Back to the overview", .action = "home"});
        return 0;
    }
    return add_all(sc, *ret, e);
}

#include "lists_int.h"
#include "login_int.h"
#include "run_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * The notice that an app is connected and, under it, what becomes of each command that waited: the
 * answer itself stands in the command's own message, perhaps far above. The notice has the id of
 * its login, so that a run that ends finds it by its login.
 */

static json_t *last_block(json_t *view)
{
    json_t *blocks = json_member(view, "blocks");
    return json_array_get(blocks, json_array_size(blocks) - 1);
}

static const char *what_became(const struct run *r)
{
    switch ((int)r->state) {
    case RUN_ASKING:
        return "waits for your word";
    case RUN_DONE:
        return "is done";
    case RUN_FAILED:
        return "did not work";
    case RUN_UNKNOWN:
        return "needs your word";
    case RUN_CANCELLED:
        return "was cancelled";
    case RUN_EXPIRED:
    case RUN_SUPERSEDED:
        return "was not run";
    default:
        return "goes on now";
    }
}

/* Where its answer stands. What was typed where nobody else reads has no place with a name. */
static const char *where(const struct scene *sc, const struct run *r)
{
    bool asks = r->state == RUN_ASKING || r->state == RUN_UNKNOWN;
    if (asks || str_equal(r->place, "dm")) {
        return "see above";
    }
    if (run_in_private(r) && !str_equal(r->channel, sc->user->dm_channel)) {
        return "look where you typed it";
    }
    return run_for_one(r) ? "look in this chat" : NULL;
}

static int add_line(struct scene *sc, json_t *view, const struct run *r, struct err *e)
{
    const char *name = NULL, *there = where(sc, r);
    if (cancelled_name(sc, r, &name, e) != 0) {
        return -1;
    }
    if (there != NULL) {
        view_text(view, "Your command **%s** %s: %s.", name, what_became(r), there);
    } else {
        view_text(view, "Your command **%s** %s: see <#%s>.", name, what_became(r), r->channel);
    }
    json_object_set_new(last_block(view), "run", json_string(r->id));
    return 0;
}

/* Of two accounts one is used: which, and that the other one stays. */
static void add_others(struct scene *sc, json_t *view, const struct connected *c)
{
    if (c->place.used != NULL) {
        view_text(view, "Your commands go on as **%s**: you had both accounts already.",
                  words_account(sc->mem, &c->place.used->account));
    } else if (c->place.kept != NULL) {
        view_text(view,
                  "Your commands use this account from now on. You stay connected as **%s**, which "
                  "they do not use.",
                  words_account(sc->mem, &c->place.kept->account));
    }
}

static void add_choice(struct scene *sc, json_t *view, const struct connected *c)
{
    const struct connection renewed = {
        .id = c->connection_id, .account = c->account == NULL ? (struct account){0} : *c->account};
    if (c->place.used != NULL) {
        accounts_add_use(sc, view, &renewed);
    } else if (c->place.kept != NULL) {
        accounts_add_use(sc, view, c->place.kept);
    }
}

int connected_say(struct scene *sc, const struct connected *c, struct err *e)
{
    json_t *view = view_new(sc->mem);
    const struct connection *used = c->place.used;
    view_text(view,
              used == NULL ? "**%s is connected** as %s." : "**%s**: your login as %s is renewed.",
              words_app(sc, c->app), words_account(sc->mem, c->account));
    add_others(sc, view, c);
    for (size_t i = 0; i < c->runs_count; i++) {
        if (add_line(sc, view, &c->runs[i], e) != 0) {
            return -1;
        }
    }
    if (c->before != NULL) {
        const char *before = words_account(sc->mem, c->before);
        view_note(view, "Until now you were connected there as %s.", before);
        json_object_set_new(last_block(view), "before", json_string(before));
    }
    if (c->differs) {
        view_note(view,
                  "Its e-mail is not the one of your chat profile. If this is not the account "
                  "you meant, press Not me.");
    }
    view_note(view, "Type `help %s` to see what you can do there, `connections` to see or end it.",
              c->app);
    /* at once, whatever waits: nothing more is to be done as somebody else */
    view_button(
        view, &(struct button){.title = "Not me",
                               .action = "not_me",
                               .value = not_me_value(sc->mem, c->connection_id,
                                                     c->account == NULL ? NULL : c->account->key)});
    add_choice(sc, view, c);
    return say_dm_as(sc, c->login->id, view, e);
}

int connected_tell(struct scene *sc, const struct run *r, struct err *e)
{
    struct message *m = NULL;
    struct login *l = NULL;
    size_t i = 0;
    json_t *block = NULL, *view = view_new(sc->mem);
    if (r->login_id == NULL || store_message_find(sc->s, r->workspace, r->login_id, &m, e) != 0 ||
        m == NULL) {
        return r->login_id == NULL || m == NULL ? 0 : -1;
    }
    /* two runs that end at once: one after the other, so that each finds the other's line */
    if (store_login_lock(sc->s, r->workspace, r->login_id, &l, e) != 0 ||
        store_message_find(sc->s, r->workspace, r->login_id, &m, e) != 0 ||
        add_line(sc, view, r, e) != 0) {
        return -1;
    }
    json_array_foreach(json_member(m->body, "blocks"), i, block)
    {
        if (str_equal(json_text(block, "run"), r->id)) {
            json_object_update(block, last_block(view));
            return say_update(sc, m->id, m->body, e);
        }
    }
    return 0;
}

const char *connected_app(struct scene *sc, const struct login *l)
{
    struct default_connection *d = NULL;
    struct err unused = {0};
    if (store_default_find(sc->s, l->workspace, l->default_name, &d, &unused) != 0 || d == NULL) {
        return l->default_name;
    }
    return d->app;
}

int connected_settle(struct scene *sc, const struct login_done *done, struct err *e)
{
    const struct login *l = done->login;
    struct connected notice = {.login = l,
                               .connection_id = done->connection_id,
                               .app = connected_app(sc, l),
                               .account = done->account,
                               .before = done->before,
                               .place = done->place,
                               .differs = done->differs};
    bool becomes_result = false;
    sc->changed = true;
    metric_add(METRIC_LOGINS, "result=\"connected\"", 1);
    if (other_person_over(sc, l, e) != 0 || run_release(sc, &notice, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < notice.runs_count; i++) {
        becomes_result = becomes_result || str_equal(notice.runs[i].message_id, l->message_id);
    }
    /* The prompt of a run becomes its result; any other prompt becomes the list again. */
    if (!becomes_result && l->message_id != NULL) {
        json_t *list = NULL;
        if (list_view(sc, &list, e) != 0 || say_update(sc, l->message_id, list, e) != 0) {
            return -1;
        }
    }
    return connected_say(sc, &notice, e) != 0 ? -1 : pending_changed(sc, e);
}

int bot_login_connected(void *arg, store *s, const struct oauth_outcome *o, struct err *e)
{
    struct scene sc = {.bot = arg, .mem = store_arena(s), .s = s, .workspace = o->workspace};
    struct user *u = NULL;
    const struct login_done done = {.login = o->login,
                                    .connection_id = o->connection_id,
                                    .account = &o->account,
                                    .before = o->before,
                                    .place = o->place,
                                    .differs = o->account_differs};
    if (store_user_find(s, o->workspace->workspace, o->login->user_id, &u, e) != 0) {
        return -1;
    }
    if (u == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_user", "the login's user is gone");
    }
    sc.user = u;
    if (o->end == OAUTH_SITE_ASKED) {
        return site_ask(&sc, o->login, e) != 0 ? -1 : home_flush(&sc, e);
    }
    return connected_settle(&sc, &done, e) != 0 ? -1 : home_flush(&sc, e);
}

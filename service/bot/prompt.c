#include "lists_int.h"
#include "login_int.h"
#include "people_int.h"
#include "run_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * Asking to log in. The prompt goes to its user alone; its link is a stable handle that no GET
 * spends (P3), and one open prompt per user and connection is enough.
 */

/* What the user has there, if it is in this state. */
static const struct connection *in_state(struct scene *sc, const struct prompt *p,
                                         enum connection_state state)
{
    struct connection *c = NULL;
    struct err unused = {0};
    bool found = store_connection_find(sc->s, sc->workspace->workspace, p->def->name,
                                       sc->user->user_id, &c, &unused) == 0;
    return found && c != NULL && c->state == state ? c : NULL;
}

/* What works now ends with this login, also where it is of another account; unless that is added.
 */
static void add_replaced(struct scene *sc, json_t *view, const struct prompt *p,
                         const struct connection *acts)
{
    if (p->adds) {
        view_note(view,
                  "You are connected there as %s, and stay so. Your commands use the account that "
                  "you add, until you choose another one.",
                  words_account(sc->mem, &acts->account));
        view_note(view,
                  "Where the browser takes you back as the same account without asking, log out "
                  "there first.");
        return;
    }
    view_note(
        view,
        "You are connected there as %s. The account that you log in with now takes its place.",
        words_account(sc->mem, &acts->account));
}

void prompt_add_back(struct scene *sc, json_t *view, const struct login *l)
{
    struct awaiting w;
    struct err unused = {0};
    if (awaiting_load(sc, l, NULL, &w, &unused) != 0) {
        w = (struct awaiting){.count = 0}; /* Back looks for itself, and asks */
    }
    awaiting_add_back(sc, view, l->id, &w);
}

/* Which command it is: two of them that wait look alike without. */
static void add_inputs(struct scene *sc, json_t *view, const struct run *r)
{
    enum { INPUTS_SHOWN = 5 };
    struct recipe *recipe = NULL;
    struct err unused = {0};
    if (recipe_of(sc, r, &recipe, &unused) == 0 && recipe != NULL) {
        words_inputs(sc, view, recipe, r, INPUTS_SHOWN);
    }
}

static void add_waiting(struct scene *sc, json_t *view, const struct prompt *p,
                        const struct awaiting *w)
{
    if (p->run != NULL) {
        add_inputs(sc, view, p->run);
    }
    if (w->count == 1) {
        view_note(view, "**%s** waits for this and goes on by itself. Back %s.", w->names,
                  awaiting_back_does(w));
    } else if (w->count > 1) {
        view_note(view, "**%s** wait for this and go on by themselves. Back %s.", w->names,
                  awaiting_back_does(w));
    } else {
        view_note(view, "Commands then run in %s as you. You can disconnect at any time.",
                  words_app(sc, p->def->app));
    }
}

/* Instead of logging in. */
static void add_choices(struct scene *sc, json_t *view, const struct prompt *p)
{
    struct accounts mine;
    struct err unused = {0};
    if (!p->adds && accounts_load(sc, p->def->name, &mine, &unused) == 0) {
        accounts_add_choices(sc, view, &mine);
    }
}

static bool is_lost(const struct connection *c)
{
    return c != NULL && str_equal(c->reason, OAUTH_REFRESH_LOST);
}

static json_t *prompt_view(struct scene *sc, const struct prompt *p, const char *login_id,
                           const char *url)
{
    const char *app_words = words_app(sc, p->def->app);
    json_t *view = view_new(sc->mem);
    const struct connection *ended = in_state(sc, p, CONNECTION_NEEDS_LOGIN);
    bool lost = is_lost(in_state(sc, p, CONNECTION_NEEDS_ATTENTION));
    const struct connection *acts = in_state(sc, p, CONNECTION_ACTIVE);
    bool consent =
        acts != NULL && !p->adds && (p->run != NULL || consent_words(sc, p->def, acts) != NULL);
    struct awaiting w;
    struct err unused = {0};
    if (consent) {
        consent_add_reason(sc, view, p->def, acts);
    } else if (p->adds) {
        view_text(view, "**Log in to %s with the account that you want to add.**", app_words);
    } else if (ended != NULL) {
        view_text(view, "**Log in to %s again**: the login you had there has ended.", app_words);
        ending_add_grants(sc, view, ended);
    } else if (lost) {
        view_text(view, "**Log in to %s again**: its answers to renewing your login were lost.",
                  app_words);
    } else if (p->run != NULL) {
        view_text(view, "**Log in to %s** to go on. I act there as you, not as anybody else.",
                  app_words);
    } else {
        view_text(view, "**Log in to %s** to connect your account.", app_words);
    }
    const struct login l = {.workspace = sc->workspace->workspace,
                            .id = login_id,
                            .user_id = sc->user->user_id,
                            .default_name = p->def->name};
    if (awaiting_load(sc, &l, p->run, &w, &unused) != 0) {
        w = (struct awaiting){.count = 0};
    }
    if (acts != NULL && !consent) {
        add_replaced(sc, view, p, acts);
    }
    add_waiting(sc, view, p, &w);
    add_choices(sc, view, p);
    view_button(view, &(struct button){.title = arena_printf(sc->mem, "Log in to %s", app_words),
                                       .action = "login",
                                       .value = login_id,
                                       .url = url,
                                       .style = BUTTON_PRIMARY,
                                       .window = true});
    awaiting_add_back(sc, view, login_id, &w);
    return view;
}

static int show(struct scene *sc, const struct prompt *p, json_t *view, const char **ret_id,
                struct err *e)
{
    if (p->message_id != NULL) {
        *ret_id = p->message_id;
        return say_update(sc, p->message_id, view, e);
    }
    return p->target == NULL ? say_dm(sc, view, ret_id, e)
                             : say_new(sc, p->target, view, ret_id, e);
}

static int open_new(struct scene *sc, const struct prompt *p, struct prompted *ret, struct err *e)
{
    const struct config *config = sc->bot->options.config;
    const char *hash = NULL;
    struct id id = id_new();
    const char *handle = oauth_handle_new(sc->mem, sc->workspace->route, &hash);
    const char *url = oauth_login_url(sc->mem, sc->bot->options.oauth, handle);
    struct login l = {.workspace = sc->workspace->workspace,
                      .id = arena_strdup(sc->mem, id.text),
                      .user_id = sc->user->user_id,
                      .default_name = p->def->name,
                      .adds = p->adds,
                      .run_id = p->run == NULL ? NULL : p->run->id,
                      .requested_by = arena_printf(sc->mem, "user:%s", sc->user->user_id),
                      .expires_at = clock_now() + config->ttl_prompt};
    if (show(sc, p, prompt_view(sc, p, l.id, url), &l.message_id, e) != 0 ||
        store_login_add(sc->s, &l, hash, e) != 0) {
        return -1;
    }
    *ret = (struct prompted){.login_id = l.id, .message_id = l.message_id};
    sc->changed = true;
    return 0;
}

/* Of its prompt, in the message that was made for it; NULL when that tells something else now. */
static const json_t *button_of(struct scene *sc, const struct login *l, const char *action)
{
    struct message *m = NULL;
    struct err unused = {0};
    if (l->message_id == NULL ||
        store_message_find(sc->s, l->workspace, l->message_id, &m, &unused) != 0 || m == NULL) {
        return NULL;
    }
    return view_find_button(m->body, action);
}

bool prompt_stands(struct scene *sc, const struct login *l)
{
    return str_equal(json_text(button_of(sc, l, "back"), "value"), l->id);
}

bool prompt_add_button(struct scene *sc, const struct login *l, json_t *view, const char *title)
{
    /* the link stands in the prompt's message alone */
    const char *url = json_text(button_of(sc, l, "login"), "url");
    if (url == NULL) {
        return false;
    }
    view_button(view, &(struct button){.title = title,
                                       .action = "login",
                                       .value = l->id,
                                       .url = url,
                                       .style = BUTTON_PRIMARY,
                                       .window = true});
    return true;
}

void prompt_add_again(json_t *view, const struct login *l, const char *value, const char *title)
{
    bool takes = store_login_takes_over(l);
    view_button(view, &(struct button){.title = takes ? "Take over" : title,
                                       .action = takes ? "take_over" : "renew",
                                       .value = value});
}

void prompt_add_renew(json_t *view, const struct login *l)
{
    prompt_add_again(view, l, store_login_takes_over(l) ? l->default_name : l->id, "New login");
}

int prompt_retire(struct scene *sc, const char *old_id, const char *new_id, struct err *e)
{
    if (old_id == NULL || str_equal(old_id, new_id)) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "A newer login prompt has taken the place of this one: use the button there.");
    return say_update(sc, old_id, view, e);
}

/* The chat has taken it: what was refused, or found nobody, stands on our side alone. */
static bool is_shown(struct scene *sc, const struct login *l)
{
    struct message *m = NULL;
    struct err unused = {0};
    return l->message_id != NULL &&
           store_message_find(sc->s, l->workspace, l->message_id, &m, &unused) == 0 && m != NULL &&
           !str_equal(m->state, "failed");
}

/* A prompt that people can still follow: by its link, or by the code it asks for. */
static bool leads_on(struct scene *sc, const struct login *l)
{
    return l != NULL &&
           (l->state == LOGIN_CODE || (button_of(sc, l, "login") != NULL && is_shown(sc, l)));
}

/* It will still be there, and its link good for a while, when it is looked for. */
static bool lasts(struct scene *sc, const struct prompt *p, const struct login *l)
{
    struct message *m = NULL;
    struct err unused = {0};
    int64_t half_s = sc->bot->options.config->ttl_prompt / 2;
    if (l->state != LOGIN_OPEN || l->expires_at - clock_now() <= half_s ||
        store_message_find(sc->s, l->workspace, l->message_id, &m, &unused) != 0 || m == NULL) {
        return false;
    }
    return !m->ephemeral || str_equal(p->message_id, m->id);
}

/* Where it was pressed for stands the prompt from now on, with the link that it had: a browser that
 * has followed it goes on, and no other message leads there. It is wanted for itself now, whatever
 * else waits for it. */
static int move_here(struct scene *sc, const struct prompt *p, const struct login *l,
                     struct prompted *ret, struct err *e)
{
    const char *url = json_text(button_of(sc, l, "login"), "url"), *message_id = NULL;
    if (show(sc, p, prompt_view(sc, p, l->id, url), &message_id, e) != 0 ||
        store_login_set_run(sc->s, l->workspace, l->id, NULL, message_id, e) != 0) {
        return -1;
    }
    *ret = (struct prompted){.login_id = l->id, .message_id = message_id};
    sc->changed = true;
    return prompt_retire(sc, l->message_id, message_id, e);
}

static int reuse(struct scene *sc, const struct prompt *p, const struct login *l,
                 struct prompted *ret, struct err *e)
{
    if (p->run == NULL && p->moves && !str_equal(p->message_id, l->message_id)) {
        return move_here(sc, p, l, ret, e);
    }
    *ret = (struct prompted){.login_id = l->id, .message_id = l->message_id, .reused = true};
    return 0;
}

int prompt_open(struct scene *sc, const struct prompt *p, struct prompted *ret, struct err *e)
{
    struct login *l = NULL;
    if (person_hold(sc, e) != 0) {
        return -1;
    }
    if (store_login_find_open(sc->s, sc->workspace->workspace, sc->user->user_id, p->def->name, &l,
                              e) != 0) {
        return -1;
    }
    bool open = leads_on(sc, l);
    /* who waits for it, or has pressed before, is led there; who types it means another one */
    if (open && (p->run != NULL || (p->pressed && l->adds == p->adds && lasts(sc, p, l)))) {
        return reuse(sc, p, l, ret, e);
    }
    /* asked for on purpose, or a dead end: the earlier link stops here */
    if (l != NULL && login_end(sc, l, LOGIN_CANCELLED, "replaced", e) != 0) {
        return -1;
    }
    if (open_new(sc, p, ret, e) != 0) {
        return -1;
    }
    return open ? prompt_retire(sc, l->message_id, ret->message_id, e) : 0;
}

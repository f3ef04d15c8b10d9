#include "run_int.h"

#include "base/json.h"
#include "base/str.h"

/* A run that a hook began has nobody to answer: its reply is posted, and what goes wrong is told to
 * the admins. */

enum { EVERY_S = 3600, ACCOUNT_MAX = 1000 };

/* The account that the event names, as accounts are stored. */
static struct account_name account_of(struct scene *sc, const struct recipe_post *p,
                                      const json_t *context)
{
    const app *a = apps_find(sc->bot->options.apps, p->app);
    struct account_name name = {.app = p->app, .default_name = p->connection};
    if (p->email != NULL) {
        name.email = str_trim(sc->mem, template_text(sc->mem, p->email, context, ACCOUNT_MAX));
        return name;
    }
    name.key = str_trim(sc->mem, template_text(sc->mem, p->key, context, ACCOUNT_MAX));
    name.id = a == NULL ? NULL : app_account_id(sc->mem, a, name.key);
    return name;
}

/* Exactly one person with that account, who may use Workbot; else the channel. */
static int find_person(struct scene *sc, const struct run_outcome *o, const json_t *context,
                       struct user **ret, struct err *e)
{
    const struct recipe_post *p = &o->recipe->post;
    const char *id = NULL;
    struct user *u = NULL;
    *ret = NULL;
    if (p->app == NULL) {
        return 0;
    }
    const struct account_name name = account_of(sc, p, context);
    if (str_empty(name.email != NULL ? name.email : name.key)) {
        return 0;
    }
    if (store_account_person(sc->s, o->run->workspace, &name, &id, e) != 0 ||
        (id != NULL && store_user_find(sc->s, o->run->workspace, id, &u, e) != 0)) {
        return -1;
    }
    *ret = u != NULL && store_person_allowed(u, sc->workspace) ? u : NULL;
    return 0;
}

static json_t *view_of(struct scene *sc, const struct run_outcome *o, const json_t *context)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "%s", template_text(sc->mem, o->recipe->reply_text, context, 2000));
    result_add_rest(sc, o, context, view);
    json_object_set_new(view, "posts", json_string(o->run->recipe));
    return view;
}

int post_move(struct scene *sc, struct run *r, enum run_state to, struct err *e)
{
    bool changed = false;
    struct run next = *r;
    next.state = to;
    if (store_run_update(sc->s, &next, r->state, &changed, e) != 0) {
        return -1;
    }
    if (!changed) {
        return err_set(e, ERR_LEASE_LOST, "run_moved", "run %s moved on", r->reference);
    }
    r->state = to;
    return 0;
}

/* What cannot be compared is told rather than lost. */
static bool is_told(struct scene *sc, const struct run_outcome *o, const json_t *context)
{
    bool holds = true;
    struct err why = {0};
    return recipe_condition(sc->mem, o->recipe->post.when, context, &holds, &why) != 0 || holds;
}

int post_done(struct scene *sc, struct run_outcome *o, struct err *e)
{
    struct user *u = NULL;
    const json_t *context = result_context(sc, o, false);
    if (!is_told(sc, o, context)) {
        return post_move(sc, o->run, RUN_DONE, e);
    }
    if (find_person(sc, o, context, &u, e) != 0) {
        return -1;
    }
    struct target to = {.channel = o->recipe->post.channel};
    if (u != NULL) {
        to = (struct target){.channel = u->dm_channel == NULL ? "" : u->dm_channel,
                             .user_id = u->user_id};
    } else if (store_conversation_assume(sc->s, o->run->workspace, to.channel, e) != 0) {
        return -1;
    }
    o->run->result = json_member(o->context, "steps");
    json_t *view = view_of(sc, o, context);
    if (u != NULL) {
        json_object_set_new(view, "else_in", json_string(o->recipe->post.channel));
    }
    if (say_new(sc, &to, view, &o->run->message_id, e) != 0) {
        return -1;
    }
    return post_move(sc, o->run, RUN_DONE, e);
}

static bool is_off(const struct run *r)
{
    return str_equal(r->error_code, "recipe_off");
}

/* Whoever looks after the recipe looks up the run by its reference. */
static int tell_failed(struct scene *sc, const struct run_outcome *o, const char *app_words,
                       struct err *e)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "The recipe `%s`, which an event of an app starts, did not work.",
              o->run->recipe);
    view_text(view, "%s",
              is_off(o->run) ? "It was switched off or deleted while it was under way. What it had "
                               "not done stays so: please do the rest in the app."
                             : words_failure(sc->mem, &o->err, o->words, app_words));
    if (post_add_again(sc, view, o->run, e) != 0) {
        return -1;
    }
    view_note(view, "Reference %s. I tell you this once an hour at most.", o->run->reference);
    return notice_all(sc, view, e);
}

int post_failed(struct scene *sc, struct run_outcome *o, const char *app_words, struct err *e)
{
    struct run *r = o->run;
    const char *so_far = NULL;
    bool due = false;
    r->error_code = o->err.code;
    if (post_move(sc, r, RUN_FAILED, e) != 0 || result_so_far(sc, r, &so_far, e) != 0) {
        return -1;
    }
    if (is_off(r) && so_far == NULL) {
        return 0; /* somebody meant it: nothing of it is done */
    }
    if (store_notice_due(sc->s, r->workspace, post_failed_key(sc->mem, r), EVERY_S, &due, e) != 0) {
        return -1;
    }
    return due ? tell_failed(sc, o, app_words, e) : 0;
}

int post_unknown(struct scene *sc, struct run_outcome *o, const char *app_words, struct err *e)
{
    struct run *r = o->run;
    json_t *view = NULL;
    bool due = false;
    r->error_code = o->err.code;
    if (post_move(sc, r, RUN_UNKNOWN, e) != 0 ||
        store_notice_due(sc->s, r->workspace, post_asked_key(sc->mem, r->recipe), EVERY_S, &due,
                         e) != 0) {
        return -1;
    }
    if (!due) {
        return 0; /* whoever answers the one before is asked about it */
    }
    return post_question(sc, o, app_words, &view, e) != 0 ? -1 : notice_all(sc, view, e);
}

/* Whom it was meant for cannot be reached, as one whom nobody knows cannot: the channel reads it.
 */
static int post_in_channel(struct scene *sc, const struct message *m, const char *channel,
                           struct err *e)
{
    json_t *view = arena_json(sc->mem, json_deep_copy(m->body));
    const struct target to = {.channel = channel};
    const char *id = NULL;
    json_object_del(view, "else_in");
    return store_conversation_assume(sc->s, m->workspace, channel, e) != 0
               ? -1
               : say_new(sc, &to, view, &id, e);
}

/* No chat takes it as it is, wherever it goes. */
static bool is_refused(const char *code)
{
    return str_equal(code, "chat_payload");
}

/* channel: where it goes instead; NULL: nowhere. */
static json_t *undelivered_view(struct scene *sc, const struct message *m, const char *code,
                                const char *channel)
{
    const char *recipe = json_text(m->body, "posts");
    json_t *view = view_new(sc->mem);
    if (channel != NULL) {
        view_text(
            view,
            "What the recipe `%s` tells <@%s|%s> did not arrive (%s). It goes to <#%s> instead.",
            recipe, m->user_id, words_name(sc, m->user_id, "somebody"), code, channel);
    } else if (is_refused(code)) {
        view_text(view,
                  "What the recipe `%s` tells was refused by the chat (%s): such a message stands "
                  "nowhere, and nobody has read it.",
                  recipe, code);
        view_note(view, "That is a fault of mine. Shorter or simpler words of the recipe may do.");
    } else if (m->user_id != NULL) {
        view_text(view,
                  "What the recipe `%s` tells <@%s|%s> may not have arrived (%s): the chat did not "
                  "answer. Nobody else was told. Please ask them.",
                  recipe, m->user_id, words_name(sc, m->user_id, "somebody"), code);
    } else {
        view_text(view,
                  "What the recipe `%s` tells in <#%s> did not arrive (%s). Please add me "
                  "there, or name another channel in it.",
                  recipe, m->channel, code);
    }
    return view;
}

/* Where others read it instead; NULL: what may have come is not said again there, nor are its
 * buttons. */
static const char *other_place(const struct message *m, const char *code)
{
    return m->post_started_at != 0 || is_refused(code) ? NULL : json_text(m->body, "else_in");
}

/* Of the notices: what is told of each. */
static char *undelivered_key(arena *mem, const struct message *m, const char *code)
{
    const char *whom = other_place(m, code) != NULL ? "elsewhere"
                       : m->user_id != NULL         ? "person"
                                                    : "channel";
    return arena_printf(mem, "post:%s:%s:%s", json_text(m->body, "posts"), code, whom);
}

int bot_post_undelivered(store *s, arena *mem, const struct message *m, const char *code,
                         struct err *e)
{
    const char *channel = other_place(m, code);
    struct workspace *w = NULL;
    bool due = false;
    if (json_text(m->body, "posts") == NULL || m->sent_version > 0) {
        return 0;
    }
    if (store_workspace_find(s, m->workspace, &w, e) != 0) {
        return -1;
    }
    if (w == NULL) {
        return 0;
    }
    struct scene sc = {.mem = mem, .s = s, .workspace = w};
    const char *key = undelivered_key(mem, m, code);
    if ((channel != NULL && post_in_channel(&sc, m, channel, e) != 0) ||
        store_notice_due(s, m->workspace, key, EVERY_S, &due, e) != 0) {
        return -1;
    }
    return due ? notice_all(&sc, undelivered_view(&sc, m, code, channel), e) : 0;
}

#include "jobs_int.h"

#include "base/clock.h"
#include "base/str.h"

/*
 * The ways by which a message reaches its reader, and the next one when a way is closed (P8). What
 * one person alone reads is never put where others read it, whatever fails.
 */

bool sending_is_over(const struct message *m)
{
    return m->response_until <= clock_now();
}

bool sending_by_response(const struct message *m)
{
    return !secret_empty(m->response_url) && (m->ephemeral || m->platform_id == NULL);
}

bool sending_by_update(const struct message *m)
{
    return !sending_by_response(m) && m->platform_id != NULL && !m->ephemeral;
}

static int find(const struct sending *x, store *s, struct message **ret, struct err *e)
{
    return store_message_find(s, x->message->workspace, x->message->id, ret, e);
}

/* Its row is locked by now: what it says may have changed while it was on its way. */
static int note_moved(struct sending *x, store *s, struct err *e)
{
    struct message *now = NULL;
    if (find(x, s, &now, e) != 0) {
        return -1;
    }
    if (now == NULL) {
        return 0;
    }
    view_note_moved(now->body);
    return store_message_set_body(s, now->workspace, now->id, now->body, e);
}

/* In the lane that it belongs to now: two lanes for one message would send it twice. */
int sending_end_in_lane(struct sending *x, store *s, struct err *e)
{
    struct message *now = NULL;
    if (find(x, s, &now, e) != 0) {
        return -1;
    }
    if (now != NULL && str_equal(bot_message_lane(x->mem, now), x->job->lane)) {
        return store_job_again(s, x->job, 0, "chat_redirected", e);
    }
    if (store_job_done(s, x->job, e) != 0) {
        return -1;
    }
    return now == NULL ? 0 : bot_message_send(s, x->mem, now, e);
}

static int end_redirected(struct sending *x, store *s, struct err *e)
{
    const struct message *m = x->message;
    const char *dm = x->dm_channel == NULL ? "" : x->dm_channel;
    const char *owner = m->user_id == NULL ? view_owner(m->body) : NULL;
    if (store_message_redirect(s, m->workspace, m->id, dm, owner, e) != 0 ||
        (owner != NULL && note_moved(x, s, e) != 0)) {
        return -1;
    }
    return sending_end_in_lane(x, s, e);
}

/* It may have come to its reader there, and where others read it is no way for it any more. */
static int keep_private(struct sending *x, store *s, struct err *e)
{
    struct message *now = NULL;
    if (x->message->post_started_at == 0) {
        return 0;
    }
    if (find(x, s, &now, e) != 0) {
        return -1;
    }
    if (now == NULL || json_object_del(now->body, "else_in") != 0) {
        return 0; /* it has no such way */
    }
    return store_message_set_body(s, now->workspace, now->id, now->body, e);
}

/* The stored id of the one-to-one chat leads nowhere: it is opened anew. */
static int end_reopened(struct sending *x, store *s, struct err *e)
{
    const struct message *m = x->message;
    if (store_user_set_dm(s, m->workspace, m->user_id, NULL, e) != 0 ||
        keep_private(x, s, e) != 0 ||
        store_message_redirect(s, m->workspace, m->id, "", NULL, e) != 0) {
        return -1;
    }
    return sending_end_in_lane(x, s, e);
}

static int end_anew(struct sending *x, store *s, struct err *e)
{
    if (store_message_anew(s, x->message->workspace, x->message->id, e) != 0) {
        return -1;
    }
    return sending_end_in_lane(x, s, e);
}

/* Refused for good, in whatever words: one that we do not know says no more than that either. No
 * way is open to a message that is none anywhere, nor to a bot that may do nothing any more. */
static bool is_closed(const struct err *why)
{
    static const char *const everywhere[] = {"chat_payload", "chat_dead", "chat_token_expired",
                                             "chat_off", "chat_client"};
    for (size_t i = 0; i < sizeof everywhere / sizeof everywhere[0]; i++) {
        if (str_equal(why->code, everywhere[i])) {
            return false;
        }
    }
    return str_starts(why->code, "chat_") && err_fate(why->kind) == FATE_STOP;
}

/* What was posted there is not to be found, or the place itself is not. */
static bool is_lost(const struct err *why)
{
    return why->kind == ERR_NOT_FOUND || why->kind == ERR_CONFLICT;
}

static bool in_dm(const struct message *m)
{
    return m->user_id != NULL && !m->ephemeral;
}

/* Of what is posted: what everybody reads goes to its owner. */
static sending_fn *next_of_post(const struct sending *x, const struct err *why)
{
    const struct message *m = x->message;
    if (in_dm(m)) {
        return x->fresh_dm || !is_lost(why) ? NULL : end_reopened;
    }
    return m->user_id != NULL || view_owner(m->body) != NULL ? end_redirected : NULL;
}

/* What one person alone reads goes from the response_url to an ephemeral, and from there to the
 * one-to-one chat, where it stays; whoever waited for longer than a response_url lasts may not look
 * at the place any more. What was deleted, or may not be changed, is posted anew. */
sending_fn *sending_next_way(const struct sending *x, const struct err *why)
{
    const struct message *m = x->message;
    if (!is_closed(why)) {
        return NULL;
    }
    if (sending_by_response(m)) {
        return m->ephemeral && !sending_is_over(m) ? end_anew : end_redirected;
    }
    if (sending_by_update(m) &&
        (why->kind == ERR_CONFLICT || (in_dm(m) && why->kind != ERR_NOT_FOUND))) {
        return end_anew;
    }
    return next_of_post(x, why);
}

/* Ours that promised it there; NULL: there is none. It is locked: what says more than a promise may
 * come at the same moment, and stays. */
static int find_line(const struct sending *x, store *s, struct message **ret, struct err *e)
{
    const char *id = view_line(x->message->body);
    return id == NULL ? 0 : store_message_lock(s, x->message->workspace, id, ret, e);
}

static int edit_line(const struct sending *x, store *s, struct message *line, json_t *view,
                     struct err *e)
{
    if (view_owner(line->body) != NULL) {
        view_set_owner(view, view_owner(line->body));
    }
    line->body = view;
    return store_message_set_body(s, line->workspace, line->id, view, e) != 0
               ? -1
               : bot_message_send(s, x->mem, line, e);
}

static int say_in_place(struct sending *x, store *s, const struct user *u, struct err *e)
{
    const struct message *m = x->message;
    struct message *promised = NULL;
    bool waits = true;
    if (find_line(x, s, &promised, e) != 0) {
        return -1;
    }
    if (promised != NULL && !view_promises(promised->body, &waits)) {
        return 0; /* it says more than that by now: how it ended, or that this did not arrive */
    }
    const struct bot_unreached who = {.driver = chats_driver(x->options->chats, m->workspace),
                                      .name = u == NULL ? NULL : u->name,
                                      .maybe = str_equal(x->why->code, SENDING_UNSURE),
                                      .idle = !waits};
    json_t *view = bot_unreachable_view(x->mem, &who);
    if (promised != NULL) {
        return edit_line(x, s, promised, view, e);
    }
    struct message line = {.workspace = m->workspace,
                           .channel = m->from_channel,
                           .thread = m->from_thread,
                           .body = view};
    return store_message_add(s, &line, e) != 0 ? -1 : bot_message_send(s, x->mem, &line, e);
}

/* Nothing of it is said but that there was something: the words that were refused may be why. They
 * are themselves a message that may be refused, and say so where they were asked for. */
static int say_refused(struct sending *x, store *s, const char *owner, struct err *e)
{
    const struct message *m = x->message;
    struct user *u = NULL;
    struct message line = {.workspace = m->workspace,
                           .channel = "",
                           .user_id = owner,
                           .from_channel = m->from_channel,
                           .from_thread = m->from_thread,
                           .body = bot_refused_view(x->mem)};
    if (store_user_find(s, m->workspace, owner, &u, e) != 0) {
        return -1;
    }
    if (u == NULL) {
        return 0;
    }
    return store_message_add(s, &line, e) != 0 ? -1 : bot_message_send(s, x->mem, &line, e);
}

/* Who is told that the platform does not take the message; NULL: nobody is. */
static const char *refused_owner(const struct sending *x)
{
    const struct message *m = x->message;
    if (!str_equal(x->why->code, "chat_payload") ||
        json_equal(m->body, bot_refused_view(x->mem)) != 0) {
        return NULL;
    }
    return m->user_id != NULL ? m->user_id : view_owner(m->body);
}

/* The last way was closed, too. Where it was asked for, and on the reader's home page, a line
 * without any detail stands then, so that nobody waits for what does not come. */
int sending_tell_place(struct sending *x, store *s, struct err *e)
{
    const struct message *m = x->message;
    const char *owner = refused_owner(x);
    struct user *u = NULL;
    if (owner != NULL) {
        return say_refused(x, s, owner, e);
    }
    if (!in_dm(m) || m->sent_version > 0) {
        return 0;
    }
    if (store_user_find(s, m->workspace, m->user_id, &u, e) != 0 ||
        (!str_empty(m->from_channel) && say_in_place(x, s, u, e) != 0)) {
        return -1;
    }
    return u == NULL ? 0 : bot_unreachable_at_home(s, x->mem, u, e);
}

/* Broken, or working again by the time that this is asked, with the same token or another one. */
static bool may_speak_again(const struct sending *x, const struct workspace *w)
{
    bool mended =
        str_equal(w->state, "active") && (!x->bot.active || w->bot_generation != x->bot.generation);
    return mended || str_equal(w->state, "broken");
}

int sending_hold(struct sending *x, store *s, struct err *e)
{
    struct workspace *w = NULL;
    if (store_workspace_find(s, x->job->workspace, &w, e) != 0) {
        return -1;
    }
    return w != NULL && may_speak_again(x, w) && store_job_may_wait(x->job)
               ? err_set(e, ERR_CONFIG, STORE_JOB_HELD, "the bot of %s has no usable token",
                         x->job->workspace)
               : 0;
}

#include "jobs_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * A message row says how a message should look; this makes the platform agree. Updates are
 * exactly-once by nature. A first post leaves its intent on record and carries our id: after a
 * crash it is looked for before it is posted again.
 */
enum { RESPONSE_USES = 5 };

struct sending {
    const struct jobs_options *options;
    arena *mem;
    const struct job *job;
    const struct chat_driver *driver;
    struct message *message;
    const char *dm_channel; /* of the message's reader; NULL: not known */
    struct oauth_bot bot;
    const char
        *opened;  /* the one-to-one chat that the message went to; NULL: it stood in the row */
    bool posting; /* a first post was sent to the platform */
    const struct err *why; /* it is given up */
};

typedef int sending_fn(struct sending *x, store *s, struct err *e);

static int with_store(struct sending *x, bool in_tx, sending_fn *work, struct err *e)
{
    store *s = NULL;
    if (store_open(x->options->stores, x->mem, &s, e) != 0) {
        return -1;
    }
    store_follow(s, x->job);
    int rc = in_tx ? store_begin(s, e) : 0;
    if (rc == 0) {
        rc = work(x, s, e);
    }
    if (rc == 0 && in_tx) {
        rc = store_commit(s, e);
    }
    store_close(s);
    return rc;
}

static int load(struct sending *x, store *s, struct err *e)
{
    json_t *payload = NULL;
    struct outgoing found;
    if (json_read(x->mem, x->job->payload, &payload, e) != 0) {
        return -1;
    }
    const char *id = json_text(payload, "message");
    if (id == NULL) {
        return err_set(e, ERR_INPUT, "job_payload", "send job %s names no message", x->job->id);
    }
    if (store_outgoing_take(s, x->job, id, &found, e) != 0) {
        return -1;
    }
    x->message = found.message;
    x->dm_channel = found.dm_channel;
    x->bot = (struct oauth_bot){.access = {.workspace = x->job->workspace,
                                           .bot_user_id = found.bot_user_id,
                                           .bot_token = found.bot_token},
                                .expires_at = found.bot_expires_at,
                                .generation = found.bot_generation,
                                .renews = found.bot_renews};
    return 0;
}

static int end_job(struct sending *x, store *s, struct err *e)
{
    return store_job_done(s, x->job, e);
}

static int end_sent(struct sending *x, store *s, struct err *e)
{
    const struct message *m = x->message;
    if (store_message_sent(s, m->workspace, m->id, x->opened, m->platform_id, m->version, e) != 0) {
        return -1;
    }
    return end_job(x, s, e);
}

/* --- another way --- */

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
static int end_in_lane(struct sending *x, store *s, struct err *e)
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
    return end_in_lane(x, s, e);
}

static int end_anew(struct sending *x, store *s, struct err *e)
{
    if (store_message_anew(s, x->message->workspace, x->message->id, e) != 0) {
        return -1;
    }
    return end_in_lane(x, s, e);
}

/* --- the ways --- */

static int learn_dm(struct sending *x, store *s, struct err *e)
{
    const struct message *m = x->message;
    return store_user_set_dm(s, m->workspace, m->user_id, m->channel, e);
}

/* The one-to-one chat of the message's reader, opened when it is not known yet. */
static int need_channel(struct sending *x, struct err *e)
{
    struct message *m = x->message;
    if (!str_empty(m->channel)) {
        return 0;
    }
    if (!str_empty(x->dm_channel)) {
        m->channel = x->opened = x->dm_channel;
        return 0;
    }
    if (x->driver->open_dm(x->options->chats, x->mem, &x->bot.access, m->user_id, &m->channel, e) !=
        0) {
        return -1;
    }
    x->opened = m->channel;
    return with_store(x, false, learn_dm, e);
}

static struct chat_post post_of(const struct sending *x)
{
    const struct message *m = x->message;
    return (struct chat_post){.channel = m->channel,
                              .message_id = m->platform_id,
                              .thread = m->thread,
                              .user_id = m->user_id,
                              .ephemeral = m->ephemeral,
                              .our_id = m->id,
                              .view = m->body};
}

/* An earlier post may have arrived though its answer did not. */
static int find_lost_post(struct sending *x, const char **ret_found, struct err *e)
{
    const struct chat_post p = post_of(x);
    struct err why = {0};
    if (x->message->post_started_at == 0 || x->message->ephemeral) {
        return 0;
    }
    if (x->driver->find_post(x->options->chats, x->mem, &x->bot.access, &p,
                             x->message->post_started_at, ret_found, &why) == 0) {
        return 0;
    }
    /* a token that is refused says nothing of the post: the look is done over with another one */
    if (err_fate(why.kind) == FATE_AGAIN || oauth_bot_is_refused(&why)) {
        *e = why;
        return -1;
    }
    metric_add(METRIC_POSTS_REPEATED, NULL, 1); /* we may not look: it may appear twice */
    return 0;
}

static int update(struct sending *x, struct err *e)
{
    const struct chat_post p = post_of(x);
    return x->driver->update(x->options->chats, x->mem, &x->bot.access, &p, e);
}

static int first_post(struct sending *x, struct err *e)
{
    const char *found = NULL;
    if (need_channel(x, e) != 0 || find_lost_post(x, &found, e) != 0) {
        return -1;
    }
    if (found != NULL) {
        x->message->platform_id = found;
        return update(x, e);
    }
    const struct chat_post p = post_of(x);
    x->posting = true;
    return x->driver->post(x->options->chats, x->mem, &x->bot.access, &p, &x->message->platform_id,
                           e);
}

/* With a token that is found to have expired nothing was done: another one does it over. */
static int as_bot(struct sending *x, int (*call)(struct sending *x, struct err *e), struct err *e)
{
    oauth *o = x->options->oauth;
    if (oauth_bot_access(o, x->mem, x->job->workspace, &x->bot, e) != 0) {
        return -1;
    }
    while (call(x, e) != 0) {
        if (!oauth_bot_again(o, x->mem, &x->bot, e)) {
            return -1;
        }
    }
    return 0;
}

static int take_use(struct sending *x, store *s, struct err *e)
{
    bool left = false;
    if (store_outgoing_use(s, x->message, RESPONSE_USES, &left, e) != 0) {
        return -1;
    }
    return left ? 0 : err_set(e, ERR_CONFLICT, "chat_message_gone", "response_url is used up");
}

static bool is_over(const struct message *m)
{
    return m->response_until <= clock_now();
}

/* A response_url needs no token. It takes a few answers for a while, and what it would refuse is
 * not asked of it (docs.slack.dev/interactivity/handling-user-interaction). */
static int respond(struct sending *x, struct err *e)
{
    const struct message *m = x->message;
    const struct chat_answer answer = {.response_url = m->response_url,
                                       .view = m->body,
                                       .our_id = m->id,
                                       .adds = m->response_adds};
    if (is_over(m)) {
        return err_set(e, ERR_CONFLICT, "chat_message_gone", "response_url is over");
    }
    return with_store(x, false, take_use, e) != 0
               ? -1
               : x->driver->respond(x->options->chats, x->mem, &answer, e);
}

static bool by_response(const struct message *m)
{
    return !secret_empty(m->response_url) && (m->ephemeral || m->platform_id == NULL);
}

static bool by_update(const struct message *m)
{
    return !by_response(m) && m->platform_id != NULL && !m->ephemeral;
}

static int deliver(struct sending *x, struct err *e)
{
    const struct message *m = x->message;
    if (by_response(m)) {
        return respond(x, e);
    }
    return as_bot(x, by_update(m) ? update : first_post, e);
}

/* The next way when one is closed (P8): what one person alone reads goes from the response_url to
 * an ephemeral, and from there to the one-to-one chat, where it stays; whoever waited for longer
 * than a response_url lasts may not look at the place any more. What everybody reads goes to its
 * owner. What was deleted is posted anew. NULL: there is no other way. */
static sending_fn *next_way(const struct sending *x, const struct err *why)
{
    const struct message *m = x->message;
    bool gone = why->kind == ERR_NOT_FOUND || why->kind == ERR_CONFLICT ||
                str_equal(why->code, "chat_response_url");
    if (!gone) {
        return NULL;
    }
    if (by_response(m)) {
        return m->ephemeral && !is_over(m) ? end_anew : end_redirected;
    }
    if (by_update(m) && why->kind == ERR_CONFLICT) {
        return end_anew;
    }
    bool has_reader = m->user_id == NULL ? view_owner(m->body) != NULL : m->ephemeral;
    return has_reader ? end_redirected : NULL;
}

/* Nothing of ours can be there: neither from this try nor from one before. */
static bool surely_unposted(const struct sending *x, const struct err *why)
{
    const struct message *m = x->message;
    if (m->platform_id != NULL || m->ephemeral || !secret_empty(m->response_url)) {
        return false;
    }
    return x->posting ? !why->maybe_done : m->post_started_at == 0;
}

static int note_refused(struct sending *x, store *s, struct err *e)
{
    return store_outgoing_refused(s, x->job, x->message->id, e);
}

int outbox_send(const struct jobs_options *o, arena *mem, const struct job *j, struct err *e)
{
    struct sending x = {.options = o, .mem = mem, .job = j};
    if (with_store(&x, false, load, e) != 0) {
        return -1;
    }
    const struct message *m = x.message;
    x.driver = chats_driver(o->chats, j->workspace);
    if (m == NULL || x.driver == NULL || m->sent_version >= m->version) {
        return with_store(&x, true, end_job, e);
    }
    if (!str_equal(bot_message_lane(mem, m), j->lane)) {
        return with_store(&x, true, end_in_lane, e);
    }
    if (deliver(&x, e) == 0) {
        return with_store(&x, true, end_sent, e);
    }
    sending_fn *other = next_way(&x, e);
    if (other != NULL) {
        return with_store(&x, true, other, e);
    }
    if (surely_unposted(&x, e)) {
        /* should it fail, the next try looks for a post that is not there: no more than that */
        (void)with_store(&x, false, note_refused, &(struct err){0});
    }
    return -1;
}

/* The last way was closed, too. Where it was asked for a line without any detail stands then, so
 * that nobody waits for what does not come. */
static int tell_place(struct sending *x, store *s, struct err *e)
{
    const struct message *m = x->message;
    struct user *u = NULL;
    if (str_empty(m->from_channel) || m->user_id == NULL || m->sent_version > 0) {
        return 0;
    }
    if (store_user_find(s, m->workspace, m->user_id, &u, e) != 0) {
        return -1;
    }
    struct message line = {.workspace = m->workspace,
                           .channel = m->from_channel,
                           .thread = m->from_thread,
                           .body = bot_unreachable_view(x->mem, u == NULL ? NULL : u->name)};
    return store_message_add(s, &line, e) != 0 ? -1 : bot_message_send(s, x->mem, &line, e);
}

static int end_failed(struct sending *x, store *s, struct err *e)
{
    const struct message *m = x->message;
    if (m != NULL && (store_message_failed(s, m->workspace, m->id, x->why->code, e) != 0 ||
                      tell_place(x, s, e) != 0)) {
        return -1;
    }
    return store_job_dead(s, x->job, x->why->code, e);
}

int outbox_give_up(const struct jobs_options *o, arena *mem, const struct job *j,
                   const struct err *why, struct err *e)
{
    struct sending x = {.options = o, .mem = mem, .job = j, .why = why};
    return with_store(&x, false, load, e) != 0 ? -1 : with_store(&x, true, end_failed, e);
}

#include "jobs_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * A message row says how a message should look; this makes the platform agree. Updates are
 * exactly-once by nature. A first post leaves its intent on record and carries our id: after a
 * crash it is looked for before it is posted again.
 */
enum { RESPONSE_USES = 5 };

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

/* Of a message that all read: by which id the platform knows who sees more of it. */
static int find_owner(struct sending *x, store *s, struct err *e)
{
    const struct message *m = x->message;
    const char *owner =
        m == NULL || m->user_id != NULL ? NULL : json_text(view_own(m->body), "user");
    struct user *u = NULL;
    if (owner != NULL && store_user_find(s, m->workspace, owner, &u, e) != 0) {
        return -1;
    }
    x->owner_address = u == NULL ? NULL : u->address;
    return 0;
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
    x->gone = found.gone;
    x->bot = (struct oauth_bot){.access = {.workspace = x->job->workspace,
                                           .bot_user_id = found.bot_user_id,
                                           .bot_token = found.bot_token,
                                           .address = found.address,
                                           .person = found.person},
                                .active = found.active,
                                .expires_at = found.bot_expires_at,
                                .generation = found.bot_generation,
                                .renews = found.bot_renews,
                                .unchecked = found.bot_unchecked};
    return find_owner(x, s, e);
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

static int learn_dm(struct sending *x, store *s, struct err *e)
{
    const struct message *m = x->message;
    const struct conversation c = {.workspace = m->workspace,
                                   .channel = m->channel,
                                   .address = x->bot.access.address,
                                   .kind = "personal"};
    return store_user_set_dm(s, m->workspace, m->user_id, m->channel, e) != 0 ||
                   (c.address != NULL && store_conversation_learn(s, &c, e) != 0)
               ? -1
               : 0;
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
    x->fresh_dm = true;
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
                              .address = x->bot.access.address,
                              .message_id = m->platform_id,
                              .thread = m->thread,
                              .user_id = m->user_id,
                              .ephemeral = m->ephemeral,
                              .owner_address = x->owner_address,
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
    x->repeats = true;
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

/* A response_url needs no token. It takes a few answers for a while, and what it would refuse is
 * not asked of it (docs.slack.dev/interactivity/handling-user-interaction). */
static int respond(struct sending *x, struct err *e)
{
    const struct message *m = x->message;
    const struct chat_answer answer = {.response_url = m->response_url,
                                       .view = m->body,
                                       .our_id = m->id,
                                       .adds = m->response_adds};
    if (sending_is_over(m)) {
        return err_set(e, ERR_CONFLICT, "chat_message_gone", "response_url is over");
    }
    return with_store(x, false, take_use, e) != 0
               ? -1
               : x->driver->respond(x->options->chats, x->mem, &answer, e);
}

/* Of whom nothing is kept any more nothing leads to that chat either. */
static bool is_forgotten(const struct sending *x)
{
    const char *channel = str_empty(x->message->channel) ? x->dm_channel : x->message->channel;
    return x->driver->addressed && !str_empty(channel) && x->bot.access.address == NULL;
}

static int deliver(struct sending *x, struct err *e)
{
    const struct message *m = x->message;
    if (sending_by_response(m)) {
        return respond(x, e);
    }
    if (x->gone || is_forgotten(x)) {
        return err_set(e, ERR_FORBIDDEN, "chat_gone", "the bot was taken out of there");
    }
    return as_bot(x, sending_by_update(m) ? update : first_post, e);
}

static int note_gone(struct sending *x, store *s, struct err *e)
{
    const struct conversation c = {.workspace = x->message->workspace,
                                   .channel = x->message->channel};
    return store_conversation_gone(s, &c, NULL, e);
}

/* Nothing is sent there any more, also if the platform would take it. */
static void heed_gone(struct sending *x, const struct err *why)
{
    static const char *const codes[] = {"chat_gone", "chat_blocked", "chat_disabled"};
    bool gone = false;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        gone = gone || str_equal(why->code, codes[i]);
    }
    if (gone && !x->gone && !str_empty(x->message->channel)) {
        (void)with_store(x, false, note_gone, &(struct err){0}); /* else the next send finds out */
    }
}

/* Nothing of ours can be there: neither from this try nor from one before. */
static bool surely_unposted(const struct sending *x, const struct err *why)
{
    const struct message *m = x->message;
    if (m->platform_id != NULL || m->ephemeral || !secret_empty(m->response_url) || x->repeats) {
        return false;
    }
    return x->posting ? !why->maybe_done : m->post_started_at == 0;
}

/* It was sent, and nothing came back: it is there, more often than not. A refusal by the platform's
 * servers says that it is not. */
static bool is_lost(const struct err *why)
{
    return str_equal(why->code, "answer_lost") || str_equal(why->code, "upstream_timeout");
}

/* What stands there twice is a chance for whoever waits for it; a third would be a nuisance. */
static int unsure(struct err *e)
{
    return err_set(e, ERR_UPSTREAM_REFUSED, SENDING_UNSURE,
                   "the answer to a post was lost again, and it cannot be looked for");
}

static int note_refused(struct sending *x, store *s, struct err *e)
{
    return store_outgoing_refused(s, x->job, x->message->id, e);
}

/* It goes another way, waits for the bot, or has failed. */
static int undelivered(struct sending *x, struct err *e)
{
    struct err why = {0};
    heed_gone(x, e);
    sending_fn *other = sending_next_way(x, e);
    if (other != NULL) {
        return with_store(x, true, other, e);
    }
    if (surely_unposted(x, e)) {
        /* should it fail, the next try looks for a post that is not there: no more than that */
        (void)with_store(x, false, note_refused, &why);
    }
    if (oauth_bot_is_refused(e) && with_store(x, false, sending_hold, &why) != 0) {
        *e = why;
        return -1;
    }
    return x->repeats && x->posting && is_lost(e) ? unsure(e) : -1;
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
        return with_store(&x, true, sending_end_in_lane, e);
    }
    return deliver(&x, e) == 0 ? with_store(&x, true, end_sent, e) : undelivered(&x, e);
}

static int end_failed(struct sending *x, store *s, struct err *e)
{
    const struct message *m = x->message;
    /* the line first, as everybody locks it who changes both */
    if (m != NULL && (sending_tell_place(x, s, e) != 0 ||
                      bot_post_undelivered(s, x->mem, m, x->why->code, e) != 0 ||
                      store_message_failed(s, m->workspace, m->id, x->why->code, e) != 0)) {
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

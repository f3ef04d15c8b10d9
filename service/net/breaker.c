/*
 * What one peer may take of the process. A peer from which calls in a row came back without an
 * answer rests: calls to it fail at once, nothing is sent, until its time is over; then one call
 * alone is let through, whose end decides. It rests for the workspace whose calls these were; for
 * all when they were three workspaces', for what one or two of them meet may be of their own
 * making: a proxy, a firewall, an instance of theirs behind the shared address. And no peer,
 * however slow, holds more than its share of the workers. Each replica finds out by itself.
 */
#include "net_int.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "base/str.h"

enum {
    UNANSWERED_MAX = 8, /* in a row, over all its callers: then it rests */
    REST_FIRST_MS = 2000,
    REST_MAX_MS = 30000
};

static struct net_peer_load *find(struct net_peer_load *table, uint64_t key)
{
    for (size_t i = 0; i < NET_PEERS_MAX; i++) {
        if (table[i].peer == key) {
            return &table[i];
        }
    }
    return NULL;
}

/* The key's entry; a new one takes the place of one that nobody calls and that does not rest now,
 * the one unused for longest. NULL: there is none, so this call counts for nobody. With the lock
 * held. */
static struct net_peer_load *load_of(struct net_peer_load *table, uint64_t key)
{
    int64_t now_ms = clock_mono_ms();
    struct net_peer_load *free = find(table, key);
    if (free != NULL) {
        return free;
    }
    for (size_t i = 0; i < NET_PEERS_MAX; i++) {
        struct net_peer_load *l = &table[i];
        bool idle = l->in_flight == 0 && (l->rest_ms == 0 || now_ms >= l->rest_until_ms);
        if (idle && (free == NULL || l->used_at_ms < free->used_at_ms)) {
            free = l;
        }
    }
    if (free != NULL) {
        *free = (struct net_peer_load){.peer = key, .used_at_ms = now_ms};
    }
    return free;
}

bool net_was_held(const struct err *e)
{
    return str_equal(e->code, "peer_rests") || str_equal(e->code, "peer_full");
}

/* It says no time to come again: whoever called waits longer each time, and not all alike. */
static int held(const struct net_call_state *s, const char *code, const char *label, struct err *e)
{
    metric_add(METRIC_UPSTREAM_HELD, label, 1);
    return err_set(e, ERR_UPSTREAM_BUSY, code, "no call to %s now", s->url.host);
}

static bool full(const net_client *c, const struct net_peer_load *l, const struct net_request *q)
{
    size_t most = q->for_app ? c->per_app : c->per_peer;
    return most > 0 && l->in_flight >= most && !q->person_waits;
}

static bool rests(const struct net_peer_load *l, int64_t now_ms)
{
    return l != NULL && l->rest_ms > 0 && (now_ms < l->rest_until_ms || l->trying);
}

static void count_in(struct net_peer_load *l, int64_t now_ms)
{
    if (l != NULL) {
        l->trying = l->rest_ms > 0;
        l->in_flight++;
        l->used_at_ms = now_ms;
    }
}

/* Whose own calls rest does not try for all. */
static int enter(const net_client *c, const struct net_call_state *s, struct err *e)
{
    int64_t now_ms = clock_mono_ms();
    if (rests(s->own_load, now_ms) || rests(s->load, now_ms)) {
        return held(s, "peer_rests", "reason=\"rests\"", e);
    }
    if (s->load != NULL && s->load->rest_ms == 0 && full(c, s->load, s->q)) {
        return held(s, "peer_full", "reason=\"full\"", e);
    }
    count_in(s->own_load, now_ms);
    count_in(s->load, now_ms);
    return 0;
}

int net_peer_enter(net_client *c, struct net_call_state *s, struct err *e)
{
    pthread_mutex_lock(&c->lock);
    s->load = load_of(c->peers, s->peer);
    s->own_load = s->workspace == 0 ? NULL : find(c->own, s->own);
    int rc = enter(c, s, e);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

static void rest(struct net_peer_load *l)
{
    l->rest_ms = l->rest_ms == 0 ? REST_FIRST_MS : l->rest_ms * 2;
    l->rest_ms = l->rest_ms > REST_MAX_MS ? REST_MAX_MS : l->rest_ms;
    l->rest_until_ms = clock_mono_ms() + l->rest_ms;
    l->trying = false;
}

static bool is_third(struct net_peer_load *l, uint64_t workspace)
{
    for (size_t i = 0; i < sizeof l->of / sizeof l->of[0]; i++) {
        if (l->of[i] == 0) {
            l->of[i] = workspace;
        }
        if (l->of[i] == workspace) {
            return false;
        }
    }
    return true;
}

static void count_unanswered(struct net_peer_load *l, uint64_t workspace, bool for_all)
{
    if (l->unanswered == 0) {
        l->of[0] = l->of[1] = 0;
        l->of_several = false;
    }
    l->unanswered++;
    l->of_several = l->of_several || workspace == 0 || is_third(l, workspace);
    bool counts = !for_all || l->of_several;
    if (l->trying || (counts && l->rest_ms == 0 && l->unanswered >= UNANSWERED_MAX)) {
        rest(l);
    }
}

static void count_out(struct net_peer_load *l, const struct net_call_state *s, enum net_end end)
{
    if (l == NULL) {
        return;
    }
    if (end == NET_ANSWERED) {
        l->unanswered = 0;
        l->rest_ms = 0;
        l->trying = false;
    } else if (end == NET_UNANSWERED) {
        count_unanswered(l, s->workspace, l == s->load);
    } else {
        l->trying = false; /* it says nothing of the peer: the next one tries */
    }
}

void net_peer_leave(net_client *c, const struct net_call_state *s, enum net_end end)
{
    struct net_peer_load *own = s->own_load;
    pthread_mutex_lock(&c->lock);
    if (own != NULL) {
        own->in_flight--;
    } else if (s->workspace != 0) { /* only who finds no answer needs one */
        own = end == NET_UNANSWERED ? load_of(c->own, s->own) : find(c->own, s->own);
    }
    if (s->load != NULL) {
        s->load->in_flight--;
    }
    count_out(own, s, end);
    count_out(s->load, s, end);
    pthread_mutex_unlock(&c->lock);
}

/*
 * What one peer may take of the process. A peer from which calls in a row came back without an
 * answer rests: calls to it fail at once, nothing is sent, until its time is over; then one call
 * alone is let through, whose end decides. And no peer, however slow, holds more than its share of
 * the workers. Each replica finds out by itself.
 */
#include "net_int.h"

#include "base/clock.h"
#include "base/metrics.h"

enum {
    UNANSWERED_MAX = 8, /* in a row, over all its callers: then it rests */
    REST_FIRST_MS = 2000,
    REST_MAX_MS = 30000
};

/* The peer's entry; a new one takes the place of one that nobody calls and that is well, the one
 * unused for longest. NULL: there is none, so this call counts for nobody. With the lock held. */
static struct net_peer_load *load_of(net_client *c, uint64_t peer)
{
    struct net_peer_load *free = NULL;
    for (size_t i = 0; i < NET_PEERS_MAX; i++) {
        struct net_peer_load *l = &c->peers[i];
        if (l->peer == peer) {
            return l;
        }
        bool idle = l->in_flight == 0 && l->rest_ms == 0;
        if (idle && (free == NULL || l->used_at_ms < free->used_at_ms)) {
            free = l;
        }
    }
    if (free != NULL) {
        *free = (struct net_peer_load){.peer = peer};
    }
    return free;
}

/* It says no time to come again: whoever called waits longer each time, and not all alike. */
static int held(const struct net_call_state *s, const char *code, const char *label, struct err *e)
{
    metric_add(METRIC_UPSTREAM_HELD, label, 1);
    return err_set(e, ERR_UPSTREAM_BUSY, code, "no call to %s now", s->url.host);
}

static int enter(net_client *c, struct net_peer_load *l, const struct net_call_state *s,
                 struct err *e)
{
    int64_t now_ms = clock_mono_ms();
    if (l->rest_ms > 0) {
        if (now_ms < l->rest_until_ms || l->trying) {
            return held(s, "peer_rests", "reason=\"rests\"", e);
        }
        l->trying = true;
    } else if (c->per_peer > 0 && l->in_flight >= c->per_peer && !s->q->person_waits) {
        return held(s, "peer_full", "reason=\"full\"", e);
    }
    l->in_flight++;
    l->used_at_ms = now_ms;
    return 0;
}

int net_peer_enter(net_client *c, struct net_call_state *s, struct err *e)
{
    pthread_mutex_lock(&c->lock);
    s->load = load_of(c, s->peer);
    int rc = s->load == NULL ? 0 : enter(c, s->load, s, e);
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

void net_peer_leave(net_client *c, const struct net_call_state *s, enum net_end end)
{
    struct net_peer_load *l = s->load;
    if (l == NULL) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    l->in_flight--;
    if (end == NET_ANSWERED) {
        l->unanswered = 0;
        l->rest_ms = 0;
        l->trying = false;
    } else if (end == NET_UNANSWERED) {
        l->unanswered++;
        if (l->trying || (l->rest_ms == 0 && l->unanswered >= UNANSWERED_MAX)) {
            rest(l);
        }
    } else {
        l->trying = false; /* it says nothing of the peer: the next one tries */
    }
    pthread_mutex_unlock(&c->lock);
}

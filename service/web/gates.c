#include "web_int.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/hash.h"
#include "base/str.h"

enum {
    TRIES_MAX = 10, /* wrong tokens of one address in a window */
    WINDOW_MS = 60 * 1000,
    SLOTS = 1024, /* addresses remembered; two that share a slot push each other out */
    SPENT = 4096, /* states of installations remembered */
    SPENT_NEAR = 8
};

struct tries {
    char network[INET6_ADDRSTRLEN];
    int64_t since_ms;
    int64_t count;
};

struct spent {
    struct digest state;
    int64_t until_ms;
};

struct token {
    struct digest digest;
    const char *actor; /* "token:<first 8 hex digits of its hash>" */
};

_Static_assert((int)GATES_NETWORK == (int)INET6_ADDRSTRLEN, "room for any address");

struct gates {
    struct token *tokens;
    size_t tokens_count;
    pthread_mutex_t lock;
    struct tries tries[SLOTS];
    struct tries installs[SLOTS];
    struct spent spent[SPENT];
};

gates *gates_new(arena *boot, const struct config *config)
{
    gates *g = arena_alloc(boot, sizeof *g);
    if (pthread_mutex_init(&g->lock, NULL) != 0) {
        die("cannot make a lock");
    }
    g->tokens_count = config->admin_tokens.count;
    g->tokens = arena_array(boot, g->tokens_count + 1, sizeof *g->tokens);
    for (size_t i = 0; i < g->tokens_count; i++) {
        struct secret s = config->admin_tokens.items[i];
        const char *text = secret_reveal(s);
        g->tokens[i].digest = crypto_sha256((struct bytes){(const uint8_t *)text, s.len});
        g->tokens[i].actor =
            token_actor(boot, crypto_hex(boot, (struct bytes){g->tokens[i].digest.bytes, 32}));
    }
    return g;
}

static bool is_v4(const struct ip_address *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

/* A /64 is one IPv6 subscriber: its addresses share their tries. */
void gates_network(const char *remote, char ret[GATES_NETWORK])
{
    struct ip_address a;
    if (ip_address_parse(remote, &a)) {
        bool v4 = is_v4(&a);
        memset(a.bytes + 8, 0, v4 ? 0 : 8);
        if (inet_ntop(v4 ? AF_INET : AF_INET6, a.bytes + (v4 ? 12 : 0), ret, INET6_ADDRSTRLEN) !=
            NULL) {
            return;
        }
    }
    memset(ret, 0, INET6_ADDRSTRLEN);
    memcpy(ret, remote, strnlen(remote, INET6_ADDRSTRLEN - 1));
}

static struct tries *slot_of(struct tries *all, const char *network)
{
    return &all[hash_text(HASH_START, network) % SLOTS];
}

static bool is_running(const struct tries *t, const char *network, int64_t now_ms)
{
    return str_equal(t->network, network) && now_ms - t->since_ms < WINDOW_MS;
}

/* Counts a try; the time until the next may come when the address has spent its tries. */
static int64_t count_try(gates *g, struct tries *all, const char *remote)
{
    char network[INET6_ADDRSTRLEN];
    gates_network(remote, network);
    int64_t now_ms = clock_mono_ms();
    pthread_mutex_lock(&g->lock);
    struct tries *t = slot_of(all, network);
    if (!is_running(t, network, now_ms)) {
        memcpy(t->network, network, sizeof network);
        t->since_ms = now_ms;
        t->count = 0;
    }
    bool spent = t->count >= TRIES_MAX;
    int64_t wait_ms = spent ? t->since_ms + WINDOW_MS - now_ms : 0;
    t->count += spent ? 0 : 1;
    pthread_mutex_unlock(&g->lock);
    return wait_ms;
}

/* Every token is compared, so that the time does not tell which one was nearly right. */
static const char *actor_of(const gates *g, const char *given)
{
    struct digest d = crypto_sha256(bytes_of(given));
    const char *actor = NULL;
    for (size_t i = 0; i < g->tokens_count; i++) {
        if (crypto_equal(d.bytes, g->tokens[i].digest.bytes, sizeof d.bytes)) {
            actor = g->tokens[i].actor;
        }
    }
    return actor;
}

/* RFC 9110 section 11.1: the scheme's case does not matter. */
static const char *bearer_of(const struct request *q)
{
    size_t count = 0;
    const char *header = request_header(q, "Authorization", &count);
    return count == 1 && str_starts_fold(header, "Bearer ") ? header + sizeof "Bearer " - 1 : NULL;
}

int gates_token_wrong(gates *g, const struct request *q, struct err *e)
{
    int64_t wait_ms = count_try(g, g->tries, q->remote);
    if (wait_ms > 0) {
        err_set(e, ERR_LIMIT, "token_tries", "too many wrong tokens from %s", q->remote);
        e->retry_after_ms = wait_ms;
        return -1;
    }
    return err_set(e, ERR_UNAUTHENTIC, "token", "no valid token");
}

/* A right token always passes: behind a proxy many share an address, and whoever sends wrong ones
 * must not shut the operator out. */
static int check_token(gates *g, struct request *q, struct err *e)
{
    const char *given = bearer_of(q);
    q->actor = given == NULL ? NULL : actor_of(g, given);
    if (q->actor != NULL) {
        return 0;
    }
    if (given != NULL && token_shaped(given)) {
        q->token = given;
        return 0;
    }
    return gates_token_wrong(g, q, e);
}

int gates_token(gates *g, const struct request *q, const char *token, const char **ret_actor,
                struct err *e)
{
    *ret_actor = actor_of(g, token);
    return *ret_actor != NULL ? 0 : gates_token_wrong(g, q, e);
}

bool gates_knows(const gates *g, const char *actor)
{
    bool knows = false;
    for (size_t i = 0; i < g->tokens_count; i++) {
        knows = knows || str_equal(g->tokens[i].actor, actor);
    }
    return knows;
}

/* Our pages send no referrer, so a form of ours has no useful Origin; the browser's own word
 * (Fetch Metadata, section 2.3) is enough beside SameSite cookies and secret handles. */
static int check_form(const struct request *q, struct err *e)
{
    const char *site = request_header(q, "Sec-Fetch-Site", NULL);
    if (site == NULL || str_equal(site, "same-origin") || str_equal(site, "none")) {
        return 0;
    }
    return err_set(e, ERR_FORBIDDEN, "cross_site", "a form from another site");
}

int gates_check(gates *g, const struct route *route, struct request *q, struct err *e)
{
    switch (route->gate) {
    case GATE_NONE:
        return 0;
    case GATE_FORM:
        return check_form(q, e);
    case GATE_API:
        return check_token(g, q, e);
    default:
        die("gate %d does not exist", (int)route->gate);
    }
}

/* --- installations --- */

int64_t gates_install_begin(gates *g, const char *remote)
{
    return count_try(g, g->installs, remote);
}

void gates_install_done(gates *g, const char *remote)
{
    char network[INET6_ADDRSTRLEN];
    gates_network(remote, network);
    pthread_mutex_lock(&g->lock);
    struct tries *t = slot_of(g->installs, network);
    t->count -= is_running(t, network, clock_mono_ms()) && t->count > 0 ? 1 : 0;
    pthread_mutex_unlock(&g->lock);
}

/* Where all near it are taken, the one that ends first makes room. */
static struct spent *place_of(gates *g, const struct digest *state, bool *ret_known)
{
    size_t at = ((size_t)state->bytes[0] << 8 | state->bytes[1]) % SPENT;
    struct spent *first = &g->spent[at];
    for (size_t i = 0; i < SPENT_NEAR; i++) {
        struct spent *s = &g->spent[(at + i) % SPENT];
        if (memcmp(s->state.bytes, state->bytes, sizeof s->state.bytes) == 0) {
            *ret_known = true;
            return s;
        }
        first = s->until_ms < first->until_ms ? s : first;
    }
    *ret_known = false;
    return first;
}

bool gates_state_spend(gates *g, const char *state, int64_t ttl_s)
{
    struct digest d = crypto_sha256(bytes_of(state));
    bool known = false;
    pthread_mutex_lock(&g->lock);
    struct spent *s = place_of(g, &d, &known);
    if (!known) {
        *s = (struct spent){.state = d, .until_ms = clock_mono_ms() + ttl_s * 1000};
    }
    pthread_mutex_unlock(&g->lock);
    return !known;
}

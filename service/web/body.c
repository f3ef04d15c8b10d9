#include "server_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/limits.h"

/*
 * Bodies of requests, and what all of them together may take of the process (LIMIT_BODIES): most
 * come before anybody has proven who they are. When there is no room for more, the body that has
 * been on its way the longest gives way. Who means it is done in a moment, and whoever floods has
 * to send the whole budget again within that moment to get at them; its own slow bodies go first. A
 * body that is whole gives way no more, so those that are large leave a quarter to the small ones:
 * events of a chat are a few KB.
 */

enum {
    BODY_FIRST = 16 * 1024, /* reserved on a sender's word alone */
    BODY_LARGE = 64 * 1024,
    BODIES_LARGE = LIMIT_BODIES / 4 * 3
};

void bodies_start(struct bodies *b)
{
    TAILQ_INIT(&b->coming);
    if (pthread_mutex_init(&b->lock, NULL) != 0) {
        die("cannot start the bodies");
    }
}

/* Under the lock. */
static void give_back(struct bodies *b, struct call *c)
{
    if (c->body_coming) {
        TAILQ_REMOVE(&b->coming, c, coming);
        b->coming_bytes -= c->body_room;
        c->body_coming = false;
    }
    b->bytes -= c->body_room;
    free(c->body);
    c->body = NULL;
    c->body_room = 0;
}

/* Room for what comes next, and not more than the body can grow to. */
static size_t room_for(const struct call *c, size_t len)
{
    size_t need = c->body_len + len + 1;
    size_t room = c->body_room == 0 ? (size_t)BODY_FIRST : 2 * c->body_room;
    room = room < c->body_most ? room : c->body_most;
    return room > need ? room : need;
}

/* False: it is the turn of c itself, or what is whole leaves no room. */
static bool make_way(struct bodies *b, const struct call *c, size_t room)
{
    size_t most = room > BODY_LARGE ? BODIES_LARGE : LIMIT_BODIES;
    if (b->bytes - b->coming_bytes + room > most) {
        return false;
    }
    while (b->bytes - c->body_room + room > most) {
        struct call *oldest = TAILQ_FIRST(&b->coming);
        if (oldest == NULL || oldest == c) {
            return false;
        }
        give_back(b, oldest);
        oldest->body_gone = true;
    }
    return true;
}

static bool grow(struct bodies *b, struct call *c, size_t room)
{
    if (!make_way(b, c, room)) {
        return false;
    }
    uint8_t *larger = realloc(c->body, room);
    if (larger == NULL) {
        die("out of memory");
    }
    if (!c->body_coming) {
        TAILQ_INSERT_TAIL(&b->coming, c, coming);
        c->body_coming = true;
    }
    b->bytes += room - c->body_room;
    b->coming_bytes += room - c->body_room;
    c->body = larger;
    c->body_room = room;
    return true;
}

bool body_append(struct call *c, const char *data, size_t len)
{
    struct bodies *b = &c->server->bodies;
    pthread_mutex_lock(&b->lock);
    bool fits =
        !c->body_gone && (c->body_len + len + 1 <= c->body_room || grow(b, c, room_for(c, len)));
    if (fits) {
        memcpy(c->body + c->body_len, data, len);
        c->body_len += len;
        c->body[c->body_len] = '\0';
    } else {
        give_back(b, c);
    }
    pthread_mutex_unlock(&b->lock);
    return fits;
}

bool body_whole(struct call *c)
{
    struct bodies *b = &c->server->bodies;
    if (c->body_len == 0) {
        return true;
    }
    pthread_mutex_lock(&b->lock);
    bool there = !c->body_gone;
    if (c->body_coming) {
        TAILQ_REMOVE(&b->coming, c, coming);
        b->coming_bytes -= c->body_room;
        c->body_coming = false;
    }
    pthread_mutex_unlock(&b->lock);
    if (there) {
        c->q.body = (struct bytes){c->body, c->body_len};
    }
    return there;
}

void body_drop(struct call *c)
{
    struct bodies *b = &c->server->bodies;
    if (c->body_len == 0) {
        return;
    }
    c->q.body = (struct bytes){NULL, 0};
    pthread_mutex_lock(&b->lock);
    give_back(b, c);
    pthread_mutex_unlock(&b->lock);
}

#include "net_int.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { PEERS_MAX = 64, PEER_NAME_MAX = 32 };

struct peer {
    char name[PEER_NAME_MAX];
    char label[PEER_NAME_MAX + 16];
};

static pthread_mutex_t peers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct peer peers[PEERS_MAX];
static size_t peer_count;

static bool is_peer_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len < PEER_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static const char *label_find_or_add(const char *name)
{
    for (size_t i = 0; i < peer_count; i++) {
        if (str_equal(peers[i].name, name)) {
            return peers[i].label;
        }
    }
    if (peer_count == PEERS_MAX) {
        return NULL;
    }
    struct peer *p = &peers[peer_count++];
    memcpy(p->name, name, strlen(name) + 1);
    (void)snprintf(p->label, sizeof(p->label), "peer=\"%s\"", name);
    return p->label;
}

const char *net_peer_label(const char *peer)
{
    static const char other[] = "peer=\"other\"";
    if (peer == NULL || !is_peer_name(peer)) {
        return other;
    }
    pthread_mutex_lock(&peers_lock);
    const char *label = label_find_or_add(peer);
    pthread_mutex_unlock(&peers_lock);
    return label == NULL ? other : label;
}

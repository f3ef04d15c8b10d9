#ifndef WB_TESTS_UNIT_CHAT_TEAMS_PEER_H
#define WB_TESTS_UNIT_CHAT_TEAMS_PEER_H

#include <stdatomic.h>

#include <openssl/evp.h>

#include "service/chat/teams_int.h"
#include "tests/unit/chat/teams_help.h"
#include "tests/unit/net/scripted.h"

#define TEAMS_APP "22222222-aaaa-4bbb-8ccc-222222222222"
#define TEAMS_ADDRESS "https://smba.trafficmanager.net/emea/"
#define TEAMS_ISSUER "https://api.botframework.com"

enum { TEAMS_NOW = 1790000100, TEAMS_ANSWERS = 8 };

/* Microsoft on this machine: metadata, keys, logins and Bot Connector on one port. Whatever is no
 * metadata or key set is answered from `answers` in turn (whole HTTP answers, the last one repeats,
 * an empty one hangs up), or a login by `login`. None is while `held`. */
struct teams_peer {
    arena *mem;
    struct scripted *peer;
    net_client *http;
    chats *c;
    const char *host;
    const char *key_set;    /* JSON of the keys pages, Bot Connector's and Entra's */
    const char *jwks_uri;   /* as the metadata name it */
    atomic_int keys_status; /* of both pages; 200 */
    atomic_int arrived, metadata_asked, keys_asked, logins_asked, asked;
    atomic_bool held;
    const char *login; /* NULL: as the rest */
    const char *answers[TEAMS_ANSWERS];
    EVP_PKEY *ours, *other;
};

/* changes: settings that differ, may be NULL; called before the chats are made. */
struct teams_peer *teams_peer_start(void (*changes)(struct chat_settings *s));
void teams_peer_stop(struct teams_peer *p);
/* Waits until so many requests have come. */
void teams_peer_meets(struct teams_peer *p, int count);

/* A public key as the key set has it; endorsements: JSON, NULL: none. */
json_t *teams_jwk(arena *mem, EVP_PKEY *key, const char *kid, const char *endorsements);
/* {"keys":[...]} of up to two; steals both. */
const char *teams_key_set(arena *mem, json_t *first, json_t *second);

/* header.payload.signature by this key with this digest; headers and payloads are JSON. */
const char *teams_token_by(arena *mem, EVP_PKEY *key, const EVP_MD *md, const char *header,
                           const char *payload);
/* A good token for TEAMS_ADDRESS at TEAMS_NOW with changes (' for ", "(absent)" takes away). */
const char *teams_token_with(struct teams_peer *p, const char *changes);
#define TEAMS_HEADER "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"k1\"}"
extern const char TEAMS_CLAIMS[];

#endif

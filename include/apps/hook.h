#ifndef WB_APPS_HOOK_H
#define WB_APPS_HOOK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"

/*
 * What apps tell of their own accord: is a message genuine, and which events does it hold? Pure
 * functions over bytes. docs/hooks.md says how each sender is set up.
 */

enum hook_kind {
    HOOK_SALESFORCE, /* outbound messages: SOAP, unsigned; the address itself holds the secret */
    HOOK_SERVICENOW, /* JSON of a script, proven as HOOK_JSON */
    HOOK_BOX,        /* webhooks V2, signed by one of two keys */
    HOOK_JSON,       /* a secret in a header, or an HMAC over the body */
    HOOK_KIND_COUNT
};
const char *hook_kind_name(enum hook_kind kind);
/* HOOK_KIND_COUNT for another word. */
enum hook_kind hook_kind_of(const char *name);
/* NULL-terminated, in the order of the enum. */
const char *const *hook_kind_names(void);

/* The secret stands in the address, which is therefore shown once. */
bool hook_secret_in_address(enum hook_kind kind);
/* The app gives the keys; else the secret is ours or whatever an admin gives. */
bool hook_keys_of_app(enum hook_kind kind);

/* The rules of this kind as they are stored, from `verify`, `event_id` and `organization_id` of
 * this document: with all defaults written out. Faults go to the document's list. A new reference.
 */
json_t *hook_rules_read(enum hook_kind kind, const struct json_doc *d);

/* How messages of one hook are proven. */
struct hook_proof {
    enum hook_kind kind;
    const json_t *rules;         /* as hook_rules_read() gave them */
    struct secret first, second; /* either is enough; of Box its primary and secondary key */
};

/* A message as it came. */
struct hook_message {
    struct bytes body;
    const char *(*header)(const void *headers, const char *name); /* NULL: absent, or came twice */
    const void *headers;
    const char *secret; /* of the address; NULL: none stood there */
    int64_t now;
};

/* ERR_NOT_FOUND "hook_unknown" when the secret of the address is wrong (or stands there for
 * nothing); ERR_UNAUTHENTIC "hook_secret", "hook_signature", "hook_timestamp". */
int hook_verify(arena *mem, const struct hook_proof *proof, const struct hook_message *m,
                struct err *e);

struct hook_event {
    const char *id; /* the sender's; NULL: it gives none, and `digest` stands for it */
    const json_t *data;
};

struct hook_events {
    struct hook_event *list;
    size_t count;                     /* at least one */
    const char *digest;               /* of the body */
    const char *answer, *answer_type; /* once all are stored */
};

enum { HOOK_EVENTS_MAX = 100, HOOK_ID_MAX = 200 };

/* What a message that was proven says. ERR_MEDIA_TYPE "hook_type"; ERR_INPUT "hook_body";
 * ERR_UNAUTHENTIC "hook_organization" for another organisation than the rules name. */
int hook_read(arena *mem, const struct hook_proof *proof, const struct hook_message *m,
              struct hook_events *ret, struct err *e);

#endif

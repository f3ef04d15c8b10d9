#ifndef WB_CHAT_TEAMS_H
#define WB_CHAT_TEAMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/zip.h"
#include "chat/driver.h"

/* What is Microsoft Teams' alone: its door. learn.microsoft.com/azure/bot-service/rest-api/
 * bot-framework-rest-connector-authentication */

/* --- who sent it (teams_verify.c, teams_keys.c) --- */

struct teams_credentials {
    const char *authorization; /* the header's first line; NULL if absent */
    size_t authorization_count;
    bool keys_fetched; /* chat_teams_keys_fetch was called for this one: what is not known now is
                          nobody's */
};

/* One that is proven, read once. */
struct teams_activity {
    struct bytes text; /* as it came: points into the body */
    const json_t *json;
};

/*
 * Is this activity from Bot Connector, for our bot, from the address that it names? Pure, on the
 * HTTP thread, as long as the signing key is in memory. Nothing is read of the body until the token
 * is proven. Of what the token does not prove - who acts, in which tenant - the connector's word
 * stands (check chat_teams_intake). now: epoch seconds. In this order:
 * ERR_UNAUTHENTIC "teams_header", "teams_token", "teams_issuer", "teams_time", "teams_audience",
 * "teams_key"; ERR_UPSTREAM_BUSY "teams_keys": the keys are to be fetched first
 * (chat_teams_keys_fetch, on a worker), then ask again; "teams_signature"; ERR_INPUT "teams_body";
 * ERR_FORBIDDEN "teams_endorsement"; ERR_UNAUTHENTIC "teams_address", "teams_address_host".
 */
int chat_teams_verify(chats *c, arena *mem, const struct teams_credentials *from, struct bytes body,
                      int64_t now, struct teams_activity *ret, struct err *e);
/* Fetches the signing keys if it is time for that, or waits for whoever is fetching them, until
 * then at most (on clock_mono_ms(); 0: as long as it takes). 0 when there is a key set, if only an
 * old one; ERR_UPSTREAM_BUSY "teams_no_keys" when there never was one. */
int chat_teams_keys_fetch(chats *c, arena *mem, int64_t until_ms, struct err *e);

/* --- what to do with a proven activity (teams_intake.c): pure, on the HTTP thread --- */

enum teams_answer {
    TEAMS_ANSWER_EMPTY,   /* 200 without a body, or with `answer` */
    TEAMS_ANSWER_AT_ONCE, /* a worker makes it in the request: a task module */
    TEAMS_ANSWER_CODE,    /* the same: what a sign-in's window hands over */
    TEAMS_ANSWER_NOBODY,  /* 404: such a state of somebody whom we cannot know */
    TEAMS_ANSWER_LOOK,    /* the same: a card as this person sees it */
    TEAMS_ANSWER_PRESS,   /* the same: a button in a place that others read */
    TEAMS_ANSWER_UNKNOWN  /* 501: an invoke of a feature that we do not have */
};

struct teams_intake {
    bool store;            /* else: keep nothing */
    const char *why;       /* of what is not stored: "ignored", "tenant", "no_tenant", "no_person",
                              "form", "code", "look", "press",
                              "unknown_invoke"; for a metric label */
    const char *workspace; /* "teams:<tenant>" */
    const char *job_kind;  /* "teams_activity" or "teams_invoke" */
    const char *lane;      /* "user:<aadObjectId>": one person's doings in order; "install" */
    bool urgent;           /* somebody looks at a card or window that waits */
    bool invoke;           /* the HTTP answer is the answer */
    const char *keys[3];   /* dedupe: the activity in its conversation, the second one; of the press
                              of a button the first, and its two windows; each may be NULL */
    struct bytes payload;  /* JSON to store: the activity's text */
    const char *late;      /* of TEAMS_ANSWER_AT_ONCE: JSON when there was no time for another;
                              NULL: an empty body */
    enum teams_answer answers;
    const char *answer; /* JSON of TEAMS_ANSWER_EMPTY; NULL: no body */
};
/* ERR_INPUT "teams_body" for an invoke without its value. */
int chat_teams_intake(chats *c, arena *mem, const struct teams_activity *a,
                      struct teams_intake *ret, struct err *e);

/* --- the app package (teams_manifest.c): learn.microsoft.com/microsoft-365/extensibility/schema
 * ---
 */

/* Of the package. Teams takes another content under a higher one alone: a test holds the manifest's
 * digest and asks for it. */
#define TEAMS_MANIFEST_VERSION "1.0.0"

struct teams_manifest {
    const char *public_url; /* no trailing slash */
    const char *app_id;     /* of the bot, and of the app */
    const char *version;    /* three numbers */
};
json_t *chat_teams_manifest(arena *mem, const struct teams_manifest *m);
/* What the package holds, to be zipped: the manifest, indented, and two icons. */
enum { TEAMS_PACKAGE_FILES = 3 };
void chat_teams_package(arena *mem, const struct teams_manifest *m,
                        struct zip_file ret[TEAMS_PACKAGE_FILES]);
/* PNG: 192 x 192; and 32 x 32, white on nothing. */
struct bytes chat_teams_icon_color(void);
struct bytes chat_teams_icon_outline(void);

/* --- what a card is answered (teams_invoke.c, teams_send.c) --- */

/* refusal NULL: it is being worked on. */
char *chat_teams_press_answer(arena *mem, const char *refusal);
/* The same where others read: whoever pressed reads there, alone, that what is private comes in the
 * one-to-one chat. (event.told) */
char *chat_teams_shared_press_answer(arena *mem, const char *refusal);
struct teams_shown {
    const json_t *view;                 /* NULL: there is nothing to show */
    const char *our_id, *owner_address; /* as in struct chat_post */
};
char *chat_teams_card_shown(arena *mem, const struct teams_shown *s);

#endif

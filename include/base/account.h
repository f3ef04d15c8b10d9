#ifndef WB_BASE_ACCOUNT_H
#define WB_BASE_ACCOUNT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

/* Two nouns shared by the store, the apps and OAuth. */

/* Who a token acts as in an app. */
struct account {
    const char *key;          /* stable: organisation and person */
    const char *name;         /* "ana@acme.example" */
    const char *email;        /* NULL if the app does not say */
    const char *organization; /* id or name to show */
    bool sandbox;
    const char *api_base;  /* where API calls go, as captured and checked; NULL: the definition's */
    const json_t *vars;    /* name -> text: what the app told of this account; NULL: nothing */
    const char *not_taken; /* of app_token() alone: the code of why what a refresh said anew of
                              these two was not taken; NULL: it was, or it said nothing */
};

struct tokens {
    struct secret access;
    struct secret refresh;      /* empty: none */
    int64_t access_expires_at;  /* epoch seconds; 0: unknown, use until 401 */
    int64_t access_life_s;      /* how long it was good for when it came; 0: unknown */
    int64_t refresh_expires_at; /* 0: unknown */
    int64_t refresh_since;      /* when that refresh token was first given; 0: unknown */
    int64_t warn_at; /* when its owner is told of refresh_expires_at; 0: never, or told already */
    int64_t keep_at; /* when it is renewed where keep_alive is on; 0: that would not put its end off
                      */
    const char **scopes;
    size_t scopes_count;
};

#endif

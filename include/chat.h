#ifndef WB_CHAT_H
#define WB_CHAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "net.h"

/*
 * The chat platforms. Above this module there is no Slack and no Teams: events come in as struct
 * event, messages go out as a view (a neutral card). A platform is one struct chat_driver.
 */

#include "chat/driver.h" /* what a platform does, one table each */
#include "chat/event.h"  /* what happened */
#include "chat/form.h"   /* form.c: the neutral form */
#include "chat/view.h"   /* view.c: the neutral card */

#include "chat/install.h" /* slack_install.c */
#include "chat/slack.h"   /* slack_verify.c, slack_intake.c, slack_manifest.c, slack_render.c */
#include "chat/teams.h"   /* teams_verify.c, teams_keys.c, teams_intake.c */

struct chat_settings {
    net_client *http;
    const char *slack_app_id; /* NULL: Slack is off */
    const char *slack_url;    /* "https://slack.com" */
    const char *slack_client_id;
    struct secret slack_client_secret;
    bool slack_sign_in;                  /* logins are proven by it */
    const char *slack_sign_in_client_id; /* NULL: nobody can sign in with Slack */
    struct secret slack_sign_in_client_secret;
    const struct secret *slack_signing_secrets;
    size_t slack_signing_secrets_count;
    const char *teams_app_id; /* NULL: Teams is off */
    struct secret teams_app_secret;
    const char *teams_tenant_id;              /* home of the app, lower case */
    const char *const *teams_allowed_tenants; /* whose people are served, lower case */
    size_t teams_allowed_tenants_count;
    bool teams_sign_in;           /* logins are proven by it */
    const char *teams_cloud;      /* "public", "gcc", "gcc_high", "dod" or "china" */
    const char *teams_openid_url; /* NULL: that of the cloud; the next two alike */
    const char *teams_login_url;
    const char *const *teams_service_hosts;
    size_t teams_service_hosts_count;
    const char *const *trusted_hosts; /* local peers: they may stand for hooks.slack.com, and for
                                         hosts of a serviceUrl that are listed */
    size_t trusted_count;
};

chats *chats_new(arena *mem, const struct chat_settings *settings);
/* The driver of a workspace; NULL when its platform is off or unknown, or the workspace is of a
 * tenant that is not served. */
const struct chat_driver *chats_driver(const chats *c, const char *workspace);
/* The platform of a workspace, served or not: what is so by its key alone; NULL: none of ours. */
const struct chat_driver *chats_platform(const char *workspace);
bool chats_slack_on(const chats *c);
bool chats_teams_on(const chats *c);
/* Can a person of this workspace be asked to sign in at the platform? */
bool chats_sign_in_on(const chats *c, const char *workspace);
/* "https://slack.com": where that page stands; NULL where sign-in is switched off. */
char *chats_sign_in_origin(const chats *c, arena *mem, const char *workspace);
/* The platform of this name ("slack") whose sign-in has a client that can be tried, whether it is
 * switched on or not; NULL: there is none. */
const struct chat_driver *chats_sign_in_client(const chats *c, arena *mem, const char *platform,
                                               struct chat_sign_in_client *ret);

#endif

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
    const char *slack_sign_in_client_id; /* NULL: Sign in with Slack is off */
    struct secret slack_sign_in_client_secret;
    const struct secret *slack_signing_secrets;
    size_t slack_signing_secrets_count;
    const char *const *trusted_hosts; /* local peers that may stand for hooks.slack.com */
    size_t trusted_count;
};

chats *chats_new(arena *mem, const struct chat_settings *settings);
/* The driver of a workspace; NULL when its platform is off or unknown. */
const struct chat_driver *chats_driver(const chats *c, const char *workspace);
bool chats_slack_on(const chats *c);
/* Can a person of this workspace be asked to sign in at the platform? */
bool chats_sign_in_on(const chats *c, const char *workspace);
/* "https://slack.com": where that page stands; NULL where sign-in is switched off. */
char *chats_sign_in_origin(const chats *c, arena *mem, const char *workspace);

#endif

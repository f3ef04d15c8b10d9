#ifndef WB_CHAT_INSTALL_H
#define WB_CHAT_INSTALL_H

#include "chat/driver.h"

/* --- Slack's installation (slack_install.c) ---
 * docs.slack.dev/authentication/installing-with-oauth */

/* Slack's page that asks for them. team: a hint, or NULL. */
char *chat_slack_authorize_url(const chats *c, arena *mem, const char *redirect_uri,
                               const char *state, const char *team);

struct slack_grant {
    const char *app;       /* whose grant it is */
    const char *workspace; /* "slack:T...", "slack:E..." of an org-wide installation */
    const char *name;      /* of the workspace or organisation */
    const char *user_id;   /* who installed */
    const char *bot_user_id, *bot_id;
    struct chat_grant tokens;
    const char **scopes; /* granted */
    size_t scopes_count;
    const char *organization; /* its id; NULL: none */
    bool org_wide;
    const char **teams; /* that an org-wide installation reaches already: keys of workspaces */
    size_t teams_count;
    const char *url; /* of the workspace; NULL: not known */
};
/* Spends the code. ERR_INPUT "chat_code": it was spent before, or is too old; ERR_CONFLICT
 * "chat_org_installed": its organisation has installed the app for all. */
int chat_slack_exchange(chats *c, arena *mem, const char *code, const char *redirect_uri,
                        struct slack_grant *ret, struct err *e);
/* Is the grant of use? Fills in what the exchange did not say. ERR_FORBIDDEN "slack_app": it is
 * another app's; else what Slack says of its token. A Slack that is away refuses nothing. */
int chat_slack_examine(chats *c, arena *mem, struct slack_grant *g, struct err *e);
/* Gives back a grant that is of no use: apps.uninstall ends an installation with all its tokens.
 * Slack's pages leave open whether a bot may call it; else auth.revoke ends the permission, but the
 * app stays listed, and where tokens rotate it ends this one token alone. *ret_why: unless removed,
 * what Slack said to apps.uninstall. */
enum slack_back { SLACK_BACK_REMOVED, SLACK_BACK_REVOKED, SLACK_BACK_STANDS };
enum slack_back chat_slack_hand_back(chats *c, arena *mem, const struct slack_grant *g,
                                     struct err *ret_why);
/* Slack's page of this app in a workspace or organisation, where an admin removes it. */
char *chat_slack_manage_url(const chats *c, arena *mem, const char *workspace);
/* Slack's page where an organisation's admin says which workspaces get the app. */
char *chat_slack_add_teams_url(const chats *c, arena *mem, const char *organization);
/* Opens the bot in Slack. */
char *chat_slack_open_url(const chats *c, arena *mem, const char *workspace);

#endif

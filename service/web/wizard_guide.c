#include "wizard_int.h"

#include <ctype.h>
#include <string.h>

/* Where things stand in the menus of the other products. Menus are renamed by their makers: one
 * place to change those of apps, docs/setup-apps.md, whose numbered steps are part of the program.
 */

static const struct {
    const char *app, *host, *about;
} hosts[] = {
    {"salesforce", "acme.my.salesforce.com",
     "Setup > My Domain > Current My Domain URL, without https."},
    {"servicenow", "acme.service-now.com",
     "The address of your instance in the browser, without https."},
    {"box", NULL, NULL},
};

static const char *const other[] = {
    "In the app's settings for developers make an OAuth client of your own.",
    "Paste the redirect URI where it asks for one (also: callback URL).",
    "Allow it the scopes that are listed here, and take its client id and secret.", NULL};

/* Behind the heading of this app; NULL: the page does not have it. */
static const char *section(arena *mem, const char *title)
{
    const char *heading = arena_printf(mem, "\n## %s\n", title);
    const char *at = strstr(html_template("setup-apps.md"), heading);
    return at == NULL ? NULL : at + strlen(heading);
}

/* Its numbered steps; a line that is indented goes on with the one before. */
static void add_steps(arena *mem, const char *text, json_t *steps)
{
    struct str step = str_new(mem, 1000);
    bool open = false;
    for (const char *line;
         (line = str_split(mem, &text, '\n')) != NULL && !str_starts(line, "## ");) {
        bool begins = isdigit((unsigned char)line[0]) && str_starts(line + 1, ". ");
        if (open && !str_starts(line, "   ")) {
            json_push(steps, json_words(step.text));
            step = str_new(mem, 1000);
        }
        open = begins || (open && str_starts(line, "   "));
        if (open) {
            str_printf(&step, "%s%s", begins ? "" : " ", line + 3);
        }
    }
}

struct wizard_guide wizard_guide(const struct console *c, const char *app_key)
{
    struct wizard_guide g = {
        .host_about =
            "Of your organisation at the app, without https. Empty where the app has one for all.",
        .steps = arena_json(c->mem, json_array())};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        if (str_equal(hosts[i].app, app_key)) {
            g.host = hosts[i].host;
            g.host_about = hosts[i].about;
        }
    }
    const char *text = section(c->mem, console_app_title(c, app_key));
    if (text != NULL) {
        add_steps(c->mem, text, g.steps);
    }
    for (size_t i = 0; text == NULL && other[i] != NULL; i++) {
        json_push(g.steps, json_words(other[i]));
    }
    return g;
}

struct advice {
    const char *reason, *text;
};

static const struct advice advice[] = {
    {"client_refused",
     "The app does not take the client: its id or its secret is not what the app has. Most often the "
     "secret was cut when it was copied, or is that of another client."},
    {"address",
     "The name of the host leads to a private address, and only public ones are called. Look at the "
     "host, and at what DNS says of it."},
    {"token_signature",
     "The app's answer is not signed with the client's secret. Compare the secret, and look who "
     "answers in the app's place."},
    {OAUTH_EXCHANGE_REFUSED,
     "The app did not take the login: the client's id, its secret or the redirect URI is not what "
     "the app has. Compare all three."},
    {OAUTH_PROVIDER_ERROR,
     "The app sent the browser back with an error. Compare the client id, the redirect URI and the "
     "scopes with what the app has."},
    {"denied", "Access was declined in the app. Authorise again, and press Allow there."},
    {OAUTH_NO_REFRESH,
     "The app let somebody in and gave no refresh token, so it would end within hours. Let the "
     "client have one: a scope such as refresh_token or offline_access."},
    {OAUTH_NO_IDENTITY,
     "The app let somebody in and does not say whose account it is. Look at the scopes of the "
     "client, and at what that account may read."},
    {OAUTH_SCOPE_MISSING,
     "The app granted less than Workbot needs. Add the scopes that are listed here to the client, "
     "and authorise again."},
    {OAUTH_NOT_TAKEN, "The login took too long, or was used before. Authorise again."},
    {"grant_dead", "The app has ended this login. Authorise again."},
    {"grant_unclear",
     "The app takes this login no more, or not the client: it says the same of both. Compare the "
     "client's id and secret with what the app has, and authorise again."},
    {OAUTH_REFRESH_LOST, "The app's answer to renewing the login was lost. Authorise again."},
    {"lookup_many",
     "The account has several places in the app. Say which one is meant, in the fields below."},
    {"app_401", "The app does not take the login any more. Authorise again."},
};

/* otherwise: of a reason that has no row. */
static const char *find(const struct advice *list, size_t count, const char *reason,
                        const char *otherwise)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i].reason, reason)) {
            return list[i].text;
        }
    }
    return otherwise;
}

const char *wizard_advice(const char *reason)
{
    return find(advice, sizeof advice / sizeof advice[0], reason,
                "The app did not answer as it should. Look whether the host is right and the app "
                "is up, and try again; the log of Workbot has more.");
}

/* --- a try of the chat platform's sign-in --- */

static const struct advice at_slack[] = {
    {OAUTH_TRY_DENIED, "Signing in was cancelled at Slack. Try it again, and press Allow there."},
    {"chat_client",
     "Slack does not take the client. Compare its id and secret in Workbot's settings with Basic "
     "Information > App Credentials of the app in Slack, Client Secret > Show; where it speaks of a "
     "redirect URI, add the one below there."},
    {OAUTH_PROVIDER_ERROR,
     "Slack sent the browser back with an error. Where it speaks of a scope: sign-in asks for openid "
     "alone, which stands in OAuth & Permissions > User Token Scopes. Where Slack does not take it "
     "beside the bot's scopes, make a second Slack app with this redirect URL and the user scope "
     "openid, and set WORKBOT_SLACK_SIGN_IN_CLIENT_ID and WORKBOT_SLACK_SIGN_IN_CLIENT_SECRET."},
    {"chat_scope", "Slack does not let the app ask who signed in: add the scope openid in OAuth & "
                   "Permissions > User Token Scopes."},
    {"jwt_issuer",
     "What came back is signed in the name of another address than WORKBOT_SLACK_URL. "
     "Leave that setting out, or set it to the address that Slack has."},
};

static const struct advice at_entra[] = {
    {OAUTH_TRY_DENIED, "Signing in was cancelled at Entra. Try it again, and accept there."},
    {"chat_client",
     "Entra does not take the client. WORKBOT_TEAMS_APP_SECRET must be the Value (not the Secret ID) "
     "of a secret that has not expired: App registrations > your app > Certificates & secrets. "
     "WORKBOT_TEAMS_APP_ID is its Overview > Application (client) ID."},
    {OAUTH_SIGN_IN_BARRED,
     "An administrator of the directory must allow it first: Entra admin center > Enterprise "
     "applications > your app > Permissions > Grant admin consent. Then try it again."},
    {OAUTH_PROVIDER_ERROR,
     "Entra sent the browser back with an error. Look at App registrations > your app > "
     "Authentication: the platform must be Web with the redirect URI below, and Supported account "
     "types must take in the tenant that signs in."},
    {OAUTH_TRY_PLACE, "Somebody of another tenant came back. Sign in with an account of the tenant "
                      "that Workbot serves."},
    {"jwt_issuer", "What came back is signed by another cloud or address: compare "
                   "WORKBOT_TEAMS_CLOUD, and WORKBOT_TEAMS_LOGIN_URL where it is set."},
};

static const struct advice at_both[] = {
    {OAUTH_TRY_UNKNOWN,
     "This try was used already, took longer than ten minutes, or was begun in another browser or "
     "before you signed in here. Begin it again in this one."},
    {OAUTH_TRY_CHANGED, "The settings were changed meanwhile. Try it again."},
    {"chat_code", "The answer was too old, was used already, or belongs to another redirect URL "
                  "than the one below. Try it again."},
    {"jwt_expired", "What came back is over already: the clock of this machine is wrong. Set it, "
                    "and try again."},
    {"jwt_time", "What came back is not good yet: the clock of this machine is wrong. Set it, and "
                 "try again."},
    {"jwt_audience", "What came back is for another client. Compare the client id in Workbot's "
                     "settings with the app's."},
    {"jwt_nonce", "What came back belongs to another try. Begin it again; if it stays so, somebody "
                  "stands between this Workbot and the sign-in page."},
    {"sign_in_keys", "The keys of the sign-in page cannot be fetched: look whether this machine "
                     "reaches it, and try again."},
};

const char *wizard_sign_in_advice(const char *platform, const char *reason)
{
    bool slack = str_equal(platform, "slack");
    const char *own = slack ? find(at_slack, sizeof at_slack / sizeof at_slack[0], reason, NULL)
                            : find(at_entra, sizeof at_entra / sizeof at_entra[0], reason, NULL);
    const char *otherwise =
        str_starts(reason, "jwt_")
            ? "What came back is not signed in a way that counts, so it proves nobody. Try it "
              "again; the log of Workbot has more."
            : "The sign-in page did not answer as it should. Try it again in a minute; the log of "
              "Workbot has more.";
    return own != NULL ? own : find(at_both, sizeof at_both / sizeof at_both[0], reason, otherwise);
}

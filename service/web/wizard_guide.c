#include "wizard_int.h"

/* Where things stand in the menus of the apps that people begin with. Menus are renamed by their
 * makers: one place to change them. */

static const struct wizard_guide guides[] = {
    {"salesforce",
     "acme.my.salesforce.com",
     "Setup > My Domain > Current My Domain URL, without https.",
     {"Setup > External Client App Manager > New External Client App; give it a name and a contact e-mail.",
      "Under API (Enable OAuth Settings) tick Enable OAuth, and paste the redirect URI as Callback "
      "URL.",
      "Add the scopes that are listed here to Selected OAuth Scopes, and create it.",
      "Its tab Policies > Edit > OAuth Policies: Refresh Token Policy, Refresh token is valid until "
      "revoked.",
      "Its tab Settings > OAuth Settings > Consumer Key and Secret: the key is the client id. A new "
      "app works after some minutes."}},
    {"servicenow",
     "acme.service-now.com",
     "The address of your instance in the browser, without https.",
     {"All > Machine Identity Console > Inbound integrations > New integration > OAuth - "
      "Authorization code grant. In older releases: All > System OAuth > Application Registry > New "
      "> Create an OAuth API endpoint for external clients.",
      "Give it a name (and a provider name, where it asks for one), paste the redirect URI as "
      "Redirect URL, and leave Active ticked.",
      "Save, and open it again: Client ID is there, and the Client Secret behind the lock beside "
      "it."}},
    {"box",
     NULL,
     NULL,
     {"app.box.com/developers/console > Create Platform App: give it a name, choose User "
      "Authentication (OAuth 2.0), and Create App.",
      "Configuration > OAuth 2.0 Redirect URIs: paste the redirect URI.",
      "Configuration > Application Scopes: tick Write all files and folders stored in Box.",
      "Configuration > OAuth 2.0 Credentials: Client ID and Client Secret. Save Changes at the top.",
      "Where your company allows only listed apps, an admin of Box allows it by its client id: Admin "
      "Console > Integrations > Platform Apps Manager > User Authentication Apps."}},
};

static const struct wizard_guide other = {
    NULL,
    NULL,
    "Of your organisation at the app, without https. Empty where the app has one for all.",
    {"In the app's settings for developers make an OAuth client of your own.",
     "Paste the redirect URI where it asks for one (also: callback URL).",
     "Allow it the scopes that are listed here, and take its client id and secret."}};

const struct wizard_guide *wizard_guide(const char *app_key)
{
    for (size_t i = 0; i < sizeof guides / sizeof guides[0]; i++) {
        if (str_equal(guides[i].app, app_key)) {
            return &guides[i];
        }
    }
    return &other;
}

static const struct {
    const char *reason, *text;
} advice[] = {
    {"client_refused",
     "The app does not take the client: its id or its secret is not what the app has. Most often the "
     "secret was cut when it was copied, or is that of another client."},
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
    {OAUTH_REFRESH_LOST, "The app's answer to renewing the login was lost. Authorise again."},
    {"lookup_many",
     "The account has several places in the app. Say which one is meant, in the fields below."},
    {"app_401", "The app does not take the login any more. Authorise again."},
};

const char *wizard_advice(const char *reason)
{
    for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++) {
        if (str_equal(advice[i].reason, reason)) {
            return advice[i].text;
        }
    }
    return "The app did not answer as it should. Look whether the host is right and the app is up, "
           "and try again; the log of Workbot has more.";
}

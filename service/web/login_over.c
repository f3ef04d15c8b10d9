#include "login_int.h"

#include "base/clock.h"
#include "base/str.h"

/* What a page says of a login that is over, or of a page that has done its work: the real reason,
 * so that nobody waits for what cannot come. */

static const struct landing_over too_old = {
    "Link too old", "This link has run out",
    "Links to connect an account work for a limited time. Nothing was changed."};

static const struct {
    enum login_state state;
    const char *reason; /* NULL: any other */
    struct landing_over over;
} ends[] = {
    {LOGIN_CANCELLED,
     "replaced",
     {"Replaced", "There is a newer link",
      "A newer one has taken its place. Nothing was changed here."}},
    {LOGIN_CANCELLED,
     "admin",
     {"Ended", "An admin ended this login",
      "The connection was changed or ended by an admin of Workbot. Nothing was connected."}},
    {LOGIN_CANCELLED,
     "left",
     {"Ended", "This login was ended",
      "Workbot was not open to whoever asked for it. Nothing was connected."}},
    {LOGIN_CANCELLED,
     NULL,
     {"Cancelled", "This login was cancelled",
      "It was cancelled in the chat, so this link does nothing any more. Nothing was connected."}},
    {LOGIN_REFUSED,
     "code_tries",
     {"Ended", "Three wrong codes ended this login",
      "The code it showed does not work any more, and nothing was connected. To start again, look "
      "in your chat."}},
    {LOGIN_REFUSED,
     "not_me",
     {"Undone", "This login was undone",
      "Somebody pressed \"Not me\" in the browser, so nothing was connected."}},
    {LOGIN_REFUSED,
     "disconnected",
     {"Ended", "This login was ended",
      "The app was disconnected in the chat after it had begun. Nothing was connected."}},
    {LOGIN_REFUSED,
     "sign_in_required",
     {"Ended", "This login was ended",
      "Its connection asks by now that you sign in to your chat first, and a code does not do that. "
      "Nothing was connected. To start again, look in your chat."}},
    {LOGIN_REFUSED,
     "account_differs",
     {"Ended", "This login was ended",
      "Its connection takes by now only an account whose e-mail is the one of your chat profile. "
      "Nothing was connected. To start again, look in your chat."}},
    {LOGIN_REFUSED,
     "email_unknown",
     {"Ended", "This login was ended",
      "Its connection compares e-mails by now, and the chat does not tell yours. Nothing was "
      "connected, and the admins of Workbot have been told."}},
    {LOGIN_REFUSED, NULL, {"Ended", "This login has ended", "Nothing was connected."}},
    {LOGIN_EXPIRED,
     "code_expired",
     {"Too late", "The code has run out",
      "It was not typed in time, and does not work any more. Nothing was connected."}},
    {LOGIN_DONE,
     NULL,
     {"Done", "Already connected",
      "This login has done its work: an account was connected with it. Type `connections` in your "
      "chat to see how that stands, or to end it."}},
};

const struct landing_over *landing_over(const struct landing *g)
{
    const struct login *l = g->login;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (ends[i].state == l->state &&
            (ends[i].reason == NULL || str_equal(ends[i].reason, l->reason))) {
            return &ends[i].over;
        }
    }
    return &too_old;
}

static const struct landing_over code_stands = {
    "One step left", "The code is waiting to be typed",
    "The code that this page showed still works until its time is over, but it is shown only once. "
    "If you have lost it, log in again for a new one."};

static const struct landing_over site_stands = {
    "One step left", "Choose a site in your chat",
    "Your login reaches several. Workbot has asked you there which one to use."};

const struct landing_over *landing_came_back(const struct landing *g)
{
    if (g->login == NULL) {
        return NULL;
    }
    if (landing_is_open(g)) {
        bool stands = g->login->state == LOGIN_CODE && g->login->code_expires_at > clock_now();
        bool code = store_login_waits_for_code(g->login);
        return !stands ? NULL : code ? &code_stands : &site_stands;
    }
    return landing_over(g);
}

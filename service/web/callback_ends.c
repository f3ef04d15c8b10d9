#include "login_int.h"

#include "base/str.h"

/* What the page says of an attempt that came to nothing: at the app, or at the chat platform's
 * sign-in before it. */

static const struct callback_end at_app[OAUTH_END_COUNT] = {
    [OAUTH_DENIED] =
        {200, true, "Not connected",
         "You, or a rule of your company, declined access. Nothing was changed. You can "
         "try again here, or leave it and go back to the chat."},
    [OAUTH_EXPIRED] =
        {410, true, "This page has done its work",
         "The login was used already, took too long, or was begun in another browser. "
         "Look in your chat: the message there says how it stands and leads on."},
    [OAUTH_TRY_AGAIN] = {503, true, "The app did not answer",
                         "The app is away or busy at the moment. Nothing was connected, and the "
                         "link in your chat still works."},
    [OAUTH_MISCONFIGURED] =
        {502, true, "An admin must look at this",
         "The app and Workbot do not agree about this connection's set-up. "
         "Nothing was connected. Tell an admin of Workbot, who finds the reason in the log."},
    [OAUTH_GONE] = {410, false, "This login was ended",
                    "It was cancelled or replaced by a newer one. Nothing was connected."},
    [OAUTH_WRONG_ACCOUNT] =
        {403, true, "This is another person's account",
         "Its e-mail is not the one of your chat profile, and your company "
         "asks for the same. Nothing was connected. Try again, with the account "
         "that is yours."},
    [OAUTH_SITE_ASKED] =
        {200, false, "Choose a site in your chat",
         "Your login reaches several. Workbot has asked you in your chat which one "
         "to use, and goes on when you have said so."},
    [OAUTH_TOO_MANY] =
        {409, false, "These are all the accounts there is room for",
         "You have connected as many accounts of this app as one person can. Nothing was "
         "connected. Delete one of them in your chat (type connections), then add this one."},
    /* whose login it is, and why, is nobody's business who may hold its link by now */
    [OAUTH_NOT_ALLOWED] = {403, false, "Workbot is not open to you here",
                           "It works for members of a workspace alone, and this link is not one "
                           "of theirs any more. Nothing was connected. If you should be able to "
                           "use it, ask an admin of Workbot in your company."},
};

static const struct callback_end at_chat[OAUTH_END_COUNT] = {
    [OAUTH_DENIED] = {200, true, "Not connected",
                      "You did not sign in to your chat, so it is not certain whose login this is. "
                      "Nothing was changed. You can try again here, or leave it."},
    [OAUTH_TRY_AGAIN] = {503, true, "Your chat did not answer",
                         "Signing in to your chat does not work at the moment. Nothing was "
                         "connected, and the link there still works."},
    [OAUTH_UNPROVEN] = {403, true, "We could not tell who you are",
                        "Signing in to your chat did not say so in a way that counts. Nothing was "
                        "connected. Try again here, or with the link in your chat."},
    [OAUTH_MISCONFIGURED] =
        {502, true, "An admin must look at this",
         "Signing in to your chat is not set up right, and this connection asks "
         "for it. Nothing was connected. Tell an admin of Workbot, who finds the reason in the log."},
};

/* A default connection's own login: its admin began it on a page that says more. */
static const struct callback_end at_setup = {
    502, true, "The app and Workbot do not agree",
    "Something of this connection's set-up is not what the app has. Nothing was connected. The page "
    "where you began this login says what to look at; the log has the details."};

static bool is_default(const struct oauth_outcome *o)
{
    return o->login != NULL && str_empty(store_login_person(o->login));
}

/* Whoever signed in did nothing wrong, and trying again is in vain before that. */
static const struct callback_end barred = {
    403, true, "Your company must allow this first",
    "An administrator of your company's directory must allow people to sign in to Workbot, and has "
    "not. Nothing was connected. Admins of Workbot were told; try again when it is done."};

static const struct callback_end no_refresh = {
    502, true, "You would not stay connected",
    "The app let you in, but gave Workbot no refresh token: this login would have ended within hours. "
    "Its client or its scopes must allow one. Nothing was connected. Admins of Workbot were told; try "
    "again when it is mended."};

static const struct callback_end other_place = {
    403, true, "This account is in another place",
    "Your admin has set this connection to one company or site of the app, and you logged in to "
    "another one. Nothing was connected. Try again here, and choose that place or an account of it; "
    "if yours is right, ask an admin of Workbot to change the connection."};

static const struct callback_end nobody = {
    502, true, "The app did not say who you are",
    "It let you in, but not see who you are there, and Workbot connects no account that it cannot "
    "name. Nothing was connected. Try again here, and allow all that the app asks you for; if it "
    "stays so, an admin of Workbot must look at the scopes of this connection."};

static const struct callback_end not_taken = {
    410, true, "The app did not take this login",
    "It may have taken too long, or was finished in another window. Nothing was connected. Try again "
    "here, or with the link in your chat."};

/* What whoever came back can do about it, where the reason says more than the end. */
static const struct {
    const char *reason;
    const struct callback_end *end;
} by_reason[] = {{OAUTH_NO_REFRESH, &no_refresh},
                 {"other_var", &other_place},
                 {OAUTH_NO_IDENTITY, &nobody},
                 {OAUTH_NOT_TAKEN, &not_taken}};

const struct callback_end *callback_end(const struct oauth_outcome *o)
{
    if (o->signing_in && str_equal(o->reason, OAUTH_SIGN_IN_BARRED)) {
        return &barred;
    }
    for (size_t i = 0; i < sizeof(by_reason) / sizeof(by_reason[0]); i++) {
        if (str_equal(o->reason, by_reason[i].reason)) {
            return by_reason[i].end;
        }
    }
    if (o->end == OAUTH_MISCONFIGURED && is_default(o)) {
        return &at_setup;
    }
    const struct callback_end *said = o->signing_in ? &at_chat[o->end] : &at_app[o->end];
    return said->title == NULL ? &at_app[o->end] : said;
}

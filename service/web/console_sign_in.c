#include "console_int.h"

#include "base/clock.h"

/* How the chat platform's sign-in stands, for whoever decides on it: operators, who try it and
 * switch it on, and admins, who choose which connections demand it. */

static const struct {
    bool on, proven;
    const char *word, *tone;
    const char *operator_text, *admin_text;
} states[] = {
    {false, false, "Not tried", "plain",
     "It is off: logins are proven by a typed code. Try it before you switch it on.",
     "It is switched off here. Whoever runs this Workbot can try it on the set-up page and switch "
     "it on."},
    {false, true, "Works, is off", "good",
     "It works, and is off: logins are proven by a typed code. Switch it on in the settings, and "
     "start Workbot again.",
     "It was tried and works, and is switched off here. Whoever runs this Workbot can switch it "
     "on."},
    {true, false, "Never tried", "warn",
     "It is on, and nobody has tried it with this client and this address. If one of them is "
     "wrong, nobody can log in to a connection that demands it. Try it now.",
     "It is on, and was never tried with the client that it has. If that is wrong, nobody can log "
     "in to a connection that demands it. Have whoever runs this Workbot try it on the set-up "
     "page."},
    {true, true, "Works, is on", "good",
     "It is on. Connections demand it or a typed code, as an admin chooses for each.",
     "It is on, and was tried with the client that it has."},
};

static json_t *state_of(const struct console *c, bool on, bool proven)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (states[i].on == on && states[i].proven == proven) {
            return json_must(
                json_pack("{s:s, s:s, s:s}", "word", states[i].word, "tone", states[i].tone, "text",
                          c->is_operator ? states[i].operator_text : states[i].admin_text));
        }
    }
    return json_null();
}

static void put_proof(const struct console *c, const struct sign_in_proof *p, json_t *to)
{
    if (p != NULL) {
        json_put_words(to, "when", console_time(c->mem, clock_rfc3339(c->mem, p->proven_at)));
        json_put_words(to, "by", p->actor);
        json_put_shown(to, "place", p->place);
    }
}

int console_sign_in(struct console *c, const char *platform, json_t **ret, struct err *e)
{
    struct oauth_sign_in found;
    bool any = false;
    store *s = NULL;
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = oauth_sign_in(c->web->options.oauth, s, platform, &found, &any, e);
    store_close(s);
    if (rc != 0) {
        return -1;
    }
    bool slack = str_equal(platform, "slack"), proven = found.proof != NULL;
    *ret = arena_json(
        c->mem,
        json_must(json_pack("{s:b, s:b, s:b, s:s, s:s, s:s}", "any", any, "on",
                            any && found.client.on, "proven", proven, "platform", platform,
                            "setting", slack ? "WORKBOT_SLACK_SIGN_IN" : "WORKBOT_TEAMS_SIGN_IN",
                            "title", slack ? "Sign in with Slack" : "Sign in with Microsoft")));
    json_put_words(*ret, "redirect_uri", found.redirect_uri);
    if (any) {
        json_put_words(*ret, "client_id", found.client.id);
        json_put_words(*ret, "origin", found.client.origin);
        json_put(*ret, "state", state_of(c, found.client.on, proven));
        put_proof(c, found.proof, *ret);
    }
    return 0;
}

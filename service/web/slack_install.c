#include "web_int.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "slack_install_int.h"

/*
 * "Add to Slack": /slack/install sends the browser to Slack's page with a state, and a signed
 * cookie that binds the state to this browser; nothing is stored before it comes back (P3). It
 * serves as the direct install address of a Marketplace entry, too.
 */

enum { STATE_BYTES = 16, STATE_TTL_S = 600, TEAM_MAX = 32 };

static const char PURPOSE[] = "slack install";

/* One cookie for each state, so that two tabs do not disturb each other. */
static const char *cookie_of(arena *mem, const char *state)
{
    return arena_printf(mem, "wb_install_%.12s", crypto_hash_text(mem, state));
}

/* "<issued>.<signature of state and issued>" */
static char *cookie_value(arena *mem, const web *w, const char *state, const char *issued)
{
    const char *text = arena_printf(mem, "%s.%s", state, issued);
    return arena_printf(mem, "%s.%s", issued, crypto_sign(mem, w->options.keys, PURPOSE, text));
}

/* A hint for Slack's page; what is no team's id is left out. */
static const char *team_hint(const char *team)
{
    size_t len = team == NULL ? 0 : strlen(team);
    bool ok = len > 1 && len <= TEAM_MAX && team[0] == 'T' &&
              team[strspn(team, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0';
    return ok ? team : NULL;
}

char *slack_install_redirect_uri(arena *mem, const web *w)
{
    return arena_printf(mem, "%s/slack/oauth/callback", w->config->public_url);
}

int slack_install_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    const char *team = NULL;
    if (!chats_slack_on(w->options.chats)) {
        return err_set(e, ERR_NOT_FOUND, "no_route", "Slack is switched off here.");
    }
    if (request_query(q, "team", &team, e) != 0) {
        return -1;
    }
    arena *mem = q->mem;
    const char *state = crypto_random_hex(mem, STATE_BYTES);
    const char *issued = arena_printf(mem, "%" PRId64, clock_now());
    const struct header cookie = {.name = cookie_of(mem, state),
                                  .value = cookie_value(mem, w, state, issued)};
    cookie_set(mem, w, r, &cookie, STATE_TTL_S);
    respond_empty(r, 302);
    respond_header(r, "Cache-Control", "no-store");
    respond_header(r, "Location",
                   chat_slack_authorize_url(w->options.chats, mem,
                                            slack_install_redirect_uri(mem, w), state,
                                            team_hint(team)));
    return 0;
}

/* --- back from Slack --- */

/* The number before the dot; -1 when it is none. */
static int64_t issued_at(const char *cookie)
{
    enum { DIGITS_MAX = 12 };
    size_t digits = strspn(cookie, "0123456789");
    if (digits == 0 || digits > DIGITS_MAX || cookie[digits] != '.') {
        return -1;
    }
    int64_t at = 0;
    for (size_t i = 0; i < digits; i++) {
        at = at * 10 + (cookie[i] - '0');
    }
    return at;
}

/* Was this state made for this browser, and not long ago? */
static bool state_is_ours(const web *w, const struct request *q, const char *state)
{
    arena *mem = q->mem;
    const char *cookie = request_cookie(q, cookie_name(mem, w, cookie_of(mem, state)));
    int64_t at = cookie == NULL ? -1 : issued_at(cookie);
    int64_t age_s = clock_now() - at;
    if (at < 0 || age_s < 0 || age_s > STATE_TTL_S) {
        return false;
    }
    const char *dot = strchr(cookie, '.');
    const char *text =
        arena_printf(mem, "%s.%s", state, arena_strndup(mem, cookie, (size_t)(dot - cookie)));
    return crypto_signed(mem, w->options.keys, PURPOSE, text, dot + 1);
}

/* Begun on Slack's side (an admin's page, the Marketplace): it is begun again here, in this
 * browser.
 */
static int begin_here(struct response *r)
{
    respond_empty(r, 302);
    respond_header(r, "Cache-Control", "no-store");
    respond_header(r, "Location", "/slack/install");
    return 0;
}

struct back {
    const char *state, *code, *error;
};

static int read_back(const struct request *q, struct back *ret, struct err *e)
{
    return request_query(q, "state", &ret->state, e) != 0 ||
                   request_query(q, "code", &ret->code, e) != 0 ||
                   request_query(q, "error", &ret->error, e) != 0
               ? -1
               : 0;
}

static void drop_cookie(const web *w, const struct request *q, struct response *r,
                        const char *state)
{
    const struct header gone = {.name = cookie_of(q->mem, state), .value = ""};
    cookie_set(q->mem, w, r, &gone, 0);
}

int slack_oauth_callback_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct back back = {0};
    struct install_page p = {.web = w, .request = q, .response = r};
    if (!chats_slack_on(w->options.chats)) {
        return err_set(e, ERR_NOT_FOUND, "no_route", "Slack is switched off here.");
    }
    if (read_back(q, &back, e) != 0) {
        return -1;
    }
    if (back.error != NULL) {
        bool denied = str_equal(back.error, "access_denied");
        return install_end(&p, denied ? INSTALL_DENIED : INSTALL_BROKEN_OFF, e);
    }
    if (str_empty(back.state)) {
        return begin_here(r);
    }
    if (str_empty(back.code) || !state_is_ours(w, q, back.state)) {
        return install_end(&p, INSTALL_STALE, e);
    }
    drop_cookie(w, q, r, back.state);
    if (!gates_state_spend(w->gates, back.state, STATE_TTL_S)) {
        return install_end(&p, INSTALL_STALE, e);
    }
    if (gates_install_begin(w->gates, q->remote) > 0) {
        return install_end(&p, INSTALL_TOO_OFTEN, e);
    }
    return install_finish(&p, back.code, e);
}

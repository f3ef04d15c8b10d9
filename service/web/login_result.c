#include "login_int.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/*
 * The last page of a login where the chat has windows: GET /login/{handle}/result. It stands at an
 * address without state and code, so that a reload, a history and whoever looks over a shoulder
 * find none there. What it says is in a signed cookie of the browser that was sent here, and in the
 * login; a GET changes nothing, and without the cookie it tells no more than the link itself does.
 */

static const char PURPOSE[] = "login result";

static const char *const end_words[OAUTH_END_COUNT] = {
    [OAUTH_CODE_SHOWN] = "code",     [OAUTH_CONNECTED] = "connected",
    [OAUTH_DENIED] = "denied",       [OAUTH_EXPIRED] = "expired",
    [OAUTH_TRY_AGAIN] = "try_again", [OAUTH_MISCONFIGURED] = "misconfigured",
    [OAUTH_GONE] = "gone",           [OAUTH_WRONG_ACCOUNT] = "wrong_account",
    [OAUTH_PROVEN] = "proven",       [OAUTH_OTHER_PERSON] = "other_person",
    [OAUTH_UNPROVEN] = "unproven",   [OAUTH_NOT_ALLOWED] = "not_allowed",
    [OAUTH_TOO_MANY] = "too_many",   [OAUTH_SITE_ASKED] = "site_asked",
};

/* "<end>.<flags>.<code>.<window's code>.<reference>.<login>.<until>.<signature of all before>" */
enum field { END, FLAGS, CODE, WINDOW_CODE, REFERENCE, LOGIN, UNTIL, SIGNATURE, FIELD_COUNT };

static const char NONE[] = "-";

static const char *word(const char *text)
{
    return text == NULL ? NONE : text;
}

static const char *text_of(const char *word)
{
    return str_equal(word, NONE) ? NULL : word;
}

/* One for each link, so that logins in two tabs do not disturb each other. */
static const char *cookie_of(arena *mem, const char *handle)
{
    return arena_printf(mem, "wb_result_%s", oauth_cookie_key(mem, handle));
}

/* Reasons with a page of their own, and their flags. */
static const struct {
    const char *flag;
    const char *reason;
} told_apart[] = {
    {"b", OAUTH_SIGN_IN_BARRED}, {"r", OAUTH_NO_REFRESH}, {"t", OAUTH_NOT_TAKEN},
    {"i", OAUTH_NO_IDENTITY},    {"o", "other_var"},
};

static const char *flag_of(const char *reason)
{
    for (size_t i = 0; i < sizeof(told_apart) / sizeof(told_apart[0]); i++) {
        if (str_equal(reason, told_apart[i].reason)) {
            return told_apart[i].flag;
        }
    }
    return "";
}

static void write_cookie(struct login_end *p)
{
    arena *mem = p->to.mem;
    const struct oauth_outcome *o = &p->outcome;
    const char *text = arena_printf(mem, "%s.%s%s%s%s.%s.%s.%s.%s.%" PRId64, end_words[o->end],
                                    NONE, o->signing_in ? "s" : "", o->account_differs ? "d" : "",
                                    flag_of(o->reason), word(o->code), word(o->window_code),
                                    p->reference, p->landing.login->id, p->code_until);
    const struct header cookie = {
        .name = cookie_of(mem, p->landing.handle),
        .value = arena_printf(mem, "%s.%s", text,
                              crypto_sign(mem, p->web->options.keys, PURPOSE, text))};
    cookie_set(mem, p->web, p->to.response, &cookie, p->code_until - clock_now());
}

static bool has_flag(const char *flags, char flag)
{
    return strchr(flags, flag) != NULL;
}

static void read_fields(struct login_end *p, const char *const *field)
{
    struct oauth_outcome *o = &p->outcome;
    const char *flags = field[FLAGS];
    for (int i = 0; i < OAUTH_END_COUNT; i++) {
        if (str_equal(end_words[i], field[END])) {
            o->end = (enum oauth_end)i;
        }
    }
    o->signing_in = has_flag(flags, 's');
    o->account_differs = has_flag(flags, 'd');
    o->reason = NULL;
    for (size_t i = 0; i < sizeof(told_apart) / sizeof(told_apart[0]); i++) {
        o->reason = has_flag(flags, told_apart[i].flag[0]) ? told_apart[i].reason : o->reason;
    }
    o->code = text_of(field[CODE]);
    o->window_code = text_of(field[WINDOW_CODE]);
    p->reference = field[REFERENCE];
}

/* What this browser was sent here with, for this login and not too long ago. */
static bool read_cookie(struct login_end *p, const struct request *q)
{
    arena *mem = q->mem;
    const char *field[FIELD_COUNT] = {0}, *part = NULL;
    const char *value =
        request_cookie(q, cookie_name(mem, p->web, cookie_of(mem, p->landing.handle)));
    size_t count = 0;
    for (const char *rest = value; (part = str_split(mem, &rest, '.')) != NULL; count++) {
        if (count < FIELD_COUNT) {
            field[count] = part;
        }
    }
    long long until = 0;
    if (count != FIELD_COUNT || !str_to_i64(field[UNTIL], &until)) {
        return false;
    }
    size_t len = strlen(value) - strlen(field[SIGNATURE]) - 1;
    bool ours = crypto_signed(mem, p->web->options.keys, PURPOSE, arena_strndup(mem, value, len),
                              field[SIGNATURE]) &&
                str_equal(field[LOGIN], p->landing.login->id) && until > clock_now();
    if (ours) {
        p->code_until = until;
        read_fields(p, field);
    }
    return ours;
}

void login_result_show(struct login_end *p, const struct request *q)
{
    struct login_end before = {.web = p->web, .landing = p->landing};
    /* a callback that comes again says nothing new: what this browser was shown still holds */
    if (p->outcome.end != OAUTH_EXPIRED || !read_cookie(&before, q)) {
        write_cookie(p);
    }
    respond_see_other(p->to.response,
                      arena_printf(p->to.mem, "/login/%s/result%s", p->landing.handle,
                                   p->to.window ? "?window=teams" : ""));
}

/* --- GET --- */

/* Of several accounts the one that was logged in last. */
static const struct connection *newest(const struct connection *list, size_t count,
                                       const char *default_name)
{
    const struct connection *found = NULL;
    for (size_t i = 0; i < count; i++) {
        bool its = str_equal(list[i].default_name, default_name);
        bool newer = its && (found == NULL || list[i].connected_at > found->connected_at);
        found = newer ? &list[i] : found;
    }
    return found;
}

/* The account that was logged in, from where it stands now. *ret: it still stands as the page would
 * say. */
static int read_account(struct login_end *p, bool *ret, struct err *e)
{
    struct oauth_outcome *o = &p->outcome;
    const struct login *l = o->login;
    if (o->end != OAUTH_CONNECTED) {
        *ret = o->end != OAUTH_CODE_SHOWN ||
               oauth_code_stands(p->to.mem, l, word(o->code), &o->account);
        return 0;
    }
    store *s = NULL;
    struct connection *list = NULL;
    const struct connection *c = NULL;
    size_t count = 0;
    if (store_open(p->web->options.stores, p->to.mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_connection_list(s, l->workspace, l->user_id, &list, &count, e);
    store_close(s);
    c = rc == 0 ? newest(list, count, l->default_name) : NULL;
    *ret = rc == 0 && l->state == LOGIN_DONE && c != NULL && c->state == CONNECTION_ACTIVE;
    if (*ret) {
        o->account = c->account;
    }
    return rc;
}

static int page(struct login_end *p, const struct request *q, struct err *e)
{
    bool stands = false;
    struct landing *g = &p->landing;
    if (read_cookie(p, q)) {
        p->outcome.login = g->login;
        p->outcome.connection = g->connection;
        p->outcome.workspace = g->workspace;
        if (read_account(p, &stands, e) != 0) {
            return -1;
        }
    }
    if (!stands) {
        p->outcome = (struct oauth_outcome){.end = OAUTH_EXPIRED};
    }
    return login_end_page(p, e);
}

int login_result_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct login_end p = {.web = w, .reference = q->id};
    if (landing_prepare(w, q, r, &p.landing, &p.to, e) != 0) {
        return -1;
    }
    if (p.landing.login == NULL) {
        return landing_unknown(&p.to, e);
    }
    return landing_is_allowed(&p.landing) ? page(&p, q, e) : landing_not_allowed(&p.to, e);
}

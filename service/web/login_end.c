#include "login_int.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/* The last page of a browser's trip: the code, that it is connected, or why it is not. */

/* How long the code is good for. */
static const char *time_left(const struct login_end *p)
{
    int64_t minutes = (p->code_until - clock_now() + 59) / 60;
    return minutes < 2 ? "a minute" : arena_printf(p->to.mem, "%" PRId64 " minutes", minutes);
}

/* "Ana (Acme)": whom a code in wrong hands would serve. */
static const char *asked_by(const struct login_end *p)
{
    const struct landing *g = &p->landing;
    if (g->user == NULL || str_empty(g->user->name)) {
        return NULL;
    }
    return str_empty(g->workspace->name)
               ? g->user->name
               : arena_printf(p->to.mem, "%s (%s)", g->user->name, g->workspace->name);
}

static int code_page(struct login_end *p, struct err *e)
{
    const struct oauth_outcome *o = &p->outcome;
    const struct account *a = &o->account;
    bool personal = !str_empty(store_login_person(o->login));
    const char *account = a->name == NULL ? a->key : a->name;
    json_t *data = arena_json(
        p->to.mem,
        json_pack(
            "{s:s, s:s?, s:b, s:s, s:s, s:s, s:b, s:s, s:s?, s:s?, s:s?, s:b, s:s, s:s?, s:s, "
            "s:[{s:s, s:s}]}",
            "title", "Type this code", "person", asked_by(p), "differs", o->account_differs, "code",
            o->code, "chat", personal ? landing_chat(&p->landing) : "the console", "dm",
            landing_dm(p->web, &p->landing), "admin", !personal, "app",
            landing_app_title(p->web, &p->landing), "account", account, "email",
            str_equal(a->email, account) ? NULL : a->email, "organization", a->organization,
            "sandbox", a->sandbox, "expires", time_left(p), "back_link", p->to.back_link,
            "not_me_action", landing_path(&p->to, p->landing.handle), "fields", "name", "do",
            "value", "not_me"));
    return landing_page("code.html", data, 200, &p->to, e);
}

/* What an admin or the person can do stands before what is said of all such ends. */
static json_t *paragraphs(const char *words, const char *text)
{
    json_t *list = json_array();
    if (words != NULL) {
        json_push(list, json_pack("{s:o}", "text", json_shown(words)));
    }
    json_push(list, json_pack("{s:s}", "text", text));
    return list;
}

static const char *eyebrow_of(enum oauth_end end)
{
    return end == OAUTH_EXPIRED      ? "Nothing to do here"
           : end == OAUTH_SITE_ASKED ? "One step left"
                                     : NULL;
}

static int no_page(struct login_end *p, struct err *e)
{
    enum oauth_end end = p->outcome.end;
    const struct callback_end *said = callback_end(&p->outcome);
    const struct landing_over *over =
        end == OAUTH_EXPIRED || end == OAUTH_GONE ? landing_came_back(&p->landing) : NULL;
    const char *title = over == NULL ? said->title : over->title;
    const char *text = over == NULL ? said->text : over->text;
    const char *retry = said->retry && landing_is_open(&p->landing)
                            ? landing_path(&p->to, p->landing.handle)
                            : NULL;
    const char *eyebrow = over != NULL ? over->eyebrow : eyebrow_of(end);
    bool tone_error = eyebrow == NULL && end != OAUTH_DENIED;
    json_t *data = arena_json(
        p->to.mem,
        json_pack("{s:s, s:s?, s:o, s:b, s:s?, s:s, s:s?, s:s?, s:s?}", "title", title, "eyebrow",
                  eyebrow, "paragraphs", paragraphs(p->outcome.words, text), "tone_error",
                  tone_error, "retry_link", retry, "retry_label",
                  over == NULL ? "Try again" : "Log in again", "back_link", p->to.back_link,
                  "back_label", p->to.back_label, "reference", over == NULL ? p->reference : NULL));
    return landing_page("message.html", data, said->status, &p->to, e);
}

/* Whose login it is, in words that tell nothing else of anybody. */
static int other_person_page(struct login_end *p, struct err *e)
{
    arena *mem = p->to.mem;
    const char *person = asked_by(p), *chat = landing_chat(&p->landing);
    const char *whose = person == NULL ? "somebody else" : person;
    const char *text = arena_printf(
        mem,
        "It was asked for in %s by %s, and in this browser somebody else is signed in to %s. Nothing "
        "was connected, and %s was not asked. If it is yours, sign in to %s as yourself and try "
        "again; if not, close this page.",
        chat, whose, chat, landing_app_title(p->web, &p->landing), chat);
    json_t *data = arena_json(
        mem,
        json_pack("{s:s, s:[{s:s}], s:b, s:s?, s:s, s:s}", "title",
                  arena_printf(mem, "This login belongs to %s", whose), "paragraphs", "text", text,
                  "tone_error", 1, "retry_link",
                  landing_is_open(&p->landing) ? landing_path(&p->to, p->landing.handle) : NULL,
                  "retry_label", "Try again", "reference", p->reference));
    return landing_page("message.html", data, 403, &p->to, e);
}

static int done_page(struct login_end *p, struct err *e)
{
    const struct oauth_outcome *o = &p->outcome;
    const struct account *a = &o->account;
    json_t *data = arena_json(
        p->to.mem,
        json_pack("{s:s, s:s, s:s, s:s?, s:b, s:s, s:s?, s:b, s:s?}", "title", "Connected", "app",
                  landing_app_title(p->web, &p->landing), "account",
                  a->name == NULL ? a->key : a->name, "organization", a->organization, "sandbox",
                  a->sandbox, "chat", landing_chat(&p->landing), "command", o->login->run_id,
                  "differs", o->account_differs, "back_link", p->to.back_link));
    return landing_page("done.html", data, 200, &p->to, e);
}

/* Ends of which the prompt in the chat says what the page says: a window that closes takes nothing
 * with it. The others' pages stay, and lead on. */
static bool is_told(enum oauth_end end)
{
    return end == OAUTH_DENIED || end == OAUTH_MISCONFIGURED || end == OAUTH_WRONG_ACCOUNT ||
           end == OAUTH_TOO_MANY;
}

static void hand_over(struct login_end *p)
{
    const struct oauth_outcome *o = &p->outcome;
    if (o->end == OAUTH_CODE_SHOWN) {
        p->to.tells_code = o->window_code;
    } else if (o->end == OAUTH_CONNECTED || o->end == OAUTH_SITE_ASKED) {
        p->to.tells_code = "connected";
    } else if (is_told(o->end)) {
        p->to.tells_failure = "not_connected";
    }
}

int login_end_page(struct login_end *p, struct err *e)
{
    hand_over(p);
    switch ((int)p->outcome.end) {
    case OAUTH_CODE_SHOWN:
        return code_page(p, e);
    case OAUTH_CONNECTED:
        return done_page(p, e);
    case OAUTH_OTHER_PERSON:
        return other_person_page(p, e);
    default:
        return no_page(p, e);
    }
}

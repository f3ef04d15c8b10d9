#include "login_int.h"
#include "run_int.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "base/str.h"

/*
 * The code that the browser showed, typed in the chat: it proves that the person at the provider
 * and the person in the chat are one (P4).
 *
 * It is taken in the one-to-one chat alone. One that was typed where others read it is not taken,
 * is no try, and nothing is said about whether it was right. It stays good: a code works for the
 * user whose login showed it and for nobody else, so those who have read it cannot use it.
 */

enum {
    CODE_DIGITS = 6,
    WORDS_FEW = 3,
    WORDS_MANY = 8,
    WORD_MAX = 20,
    NEAR_LEAST = 4,
    NEAR_MOST = 7
};

struct reading {
    struct str digits;
    size_t words;
    bool says_code; /* one of the words is "code" */
    bool ended;     /* something that is no digit stands behind the first digits */
    bool spoilt;    /* more digits behind that, or no words at all */
};

static const char *read_digits(struct reading *r, const char *p)
{
    r->spoilt = r->spoilt || r->ended;
    while (isdigit((unsigned char)*p) ||
           ((*p == ' ' || *p == '-') && isdigit((unsigned char)p[1]))) {
        if (isdigit((unsigned char)*p)) {
            str_add_char(&r->digits, *p);
        }
        p++;
    }
    r->ended = true;
    return p;
}

static const char *read_word(struct reading *r, const char *p)
{
    char word[WORD_MAX + 1];
    size_t len = strcspn(p, " \t\n:.,;!=\"`()0123456789");
    snprintf(word, sizeof(word), "%.*s", (int)(len < WORD_MAX ? len : WORD_MAX), p);
    r->words += len > 0 ? 1 : 0;
    r->says_code = r->says_code || str_equal_fold(word, "code");
    return p + (len > 0 ? len : 1);
}

char *code_in(arena *mem, const char *text, bool among_words)
{
    struct reading r = {.digits = str_new(mem, CODE_DIGITS + 1)};
    for (const char *p = text; *p != '\0' && !r.spoilt;) {
        p = isdigit((unsigned char)*p) ? read_digits(&r, p) : read_word(&r, p);
    }
    size_t most = among_words ? (r.says_code ? WORDS_MANY : WORDS_FEW) : 0;
    bool six = r.digits.len == CODE_DIGITS && !r.digits.cut;
    return six && !r.spoilt && r.words <= most ? r.digits.text : NULL;
}

static int say_wrong(struct turn *t, int64_t left, const struct meant *also, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "That is not the code that your browser shows. %s",
              left == 1 ? "One try is left." : "Two tries are left.");
    question_add_meant(&t->scene, view, also);
    return say_private(t, view, NULL, e);
}

static const char *why_spent(const struct oauth_confirm *c)
{
    static const struct {
        const char *barred, *words;
    } now[] = {
        {OAUTH_NOW_SIGN_IN, "its connection asks by now that you sign in to this chat first"},
        {OAUTH_NOW_ACCOUNT, "its connection takes by now only an account whose e-mail is the one "
                            "of your chat profile"},
        {OAUTH_NOW_E_MAIL, "its connection compares e-mails by now, and this chat does not tell me "
                           "yours. The admins have been told"},
        {OAUTH_NOW_NO_ADMIN, "it is for admins of Workbot here, and you are none any more"},
    };
    for (size_t i = 0; c->barred != NULL && i < sizeof(now) / sizeof(now[0]); i++) {
        if (str_equal(now[i].barred, c->barred)) {
            return now[i].words;
        }
    }
    if (c->login->proven != NULL) {
        return "the time to choose a site is over";
    }
    return c->expired ? "the time for its code is over" : "that was the third wrong code";
}

static int tell_admins(struct scene *sc, const struct oauth_confirm *c, struct err *e)
{
    const struct login *l = c->login;
    struct default_connection *d = NULL;
    if (!str_equal(c->barred, OAUTH_NOW_E_MAIL)) {
        return 0;
    }
    return store_default_find(sc->s, l->workspace, l->default_name, &d, e) != 0
               ? -1
               : notice_admins(sc, d, "email_unknown", NULL, e);
}

/* Said once, where the person is looking, with the reason and the way on; the prompt, perhaps far
 * above, only stops asking. */
static int say_spent(struct turn *t, const struct oauth_confirm *c, const struct meant *also,
                     struct err *e)
{
    const struct login *l = c->login;
    json_t *view = view_new(t->scene.mem), *over = view_new(t->scene.mem);
    struct run *waiting = NULL;
    size_t count = 0;
    metric_add(METRIC_LOGINS, "result=\"code_refused\"", 1);
    if (other_person_over(&t->scene, l, e) != 0 || tell_admins(&t->scene, c, e) != 0 ||
        store_run_parked_for(t->scene.s, l->workspace, l->user_id, l->default_name, &waiting,
                             &count, e) != 0) {
        return -1;
    }
    view_text(view, "**This login has ended**: %s. %s was not connected.", why_spent(c),
              words_app(&t->scene, connected_app(&t->scene, l)));
    view_note(view, count > 0 ? "What you typed still waits. Log in again to go on."
                              : "Log in again if you still want to connect it.");
    prompt_add_renew(view, l);
    question_add_meant(&t->scene, view, also);
    if (say_private(t, view, NULL, e) != 0) {
        return -1;
    }
    view_text(over, "This login was not finished. See below.");
    return l->message_id == NULL ? 0 : say_update(&t->scene, l->message_id, over, e);
}

int code_say_wrong(struct turn *t, const struct oauth_confirm *c, const struct meant *also,
                   struct err *e)
{
    return c->result == OAUTH_CODE_WRONG ? say_wrong(t, c->tries_left, also, e)
                                         : say_spent(t, c, also, e);
}

/* Everybody there has read it: see above. 1: told; 0: this user's login waits for no code */
static int refuse_shared(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    struct login *waiting = NULL;
    size_t count = 0;
    if (store_login_waiting_code(sc->s, sc->workspace->workspace, t->event.user_id, &waiting,
                                 &count, e) != 0) {
        return -1;
    }
    if (count == 0) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "I did not use that code: **send it in our %s**, never where others read it.",
              words_dm(sc));
    view_note(view, "It works for you alone, so you can still type it there.");
    return say_private(t, view, NULL, e) == 0 ? 1 : -1;
}

/* Six digits for a question from where others read the result: they may be a code that no login
 * waits for any more, so that nothing is posted before its user has said so. */
static int ask_back(struct turn *t, const struct meant *also, struct err *e)
{
    if (also->run == NULL || run_in_private(also->run)) {
        return 0;
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Is %s the **%s** of **%s**, or a login code? No login of yours waits for one.",
              also->text, also->input->name, also->recipe->title);
    view_note(view, "You typed that command in <#%s>.", also->run->channel);
    view_button(view, &(struct button){
                          .title = arena_printf(t->scene.mem, "It is the %s", also->input->name),
                          .action = "answer",
                          .value = question_answer_value(t->scene.mem, also)});
    view_button(view,
                &(struct button){.title = "Cancel it", .action = "drop", .value = also->run->id});
    return say_private(t, view, NULL, e) == 0 ? 1 : -1;
}

/* While a login waits for its code, such digits are never taken as the answer to a question: a
 * mistyped one would stand where others read it. What they may also be is offered. */
static int take(struct turn *t, const char *code, const struct meant *also, struct err *e)
{
    struct scene *sc = &t->scene;
    struct oauth_confirm c;
    const struct oauth_typed typed = {
        .workspace = sc->workspace->workspace, .user_id = t->event.user_id, .code = code};
    if (oauth_confirm_code(sc->bot->options.oauth, sc->s, &typed, &c, e) != 0) {
        return -1;
    }
    switch (c.result) {
    case OAUTH_CODE_NONE:
        return 0;
    case OAUTH_CODE_WRONG:
    case OAUTH_CODE_SPENT:
        return code_say_wrong(t, &c, also, e) == 0 ? 1 : -1;
    case OAUTH_CODE_AGAIN:
        return 1;
    case OAUTH_CODE_SITE:
        return site_ask(sc, c.login, e) == 0 ? 1 : -1;
    case OAUTH_CODE_RIGHT:
        break;
    }
    const struct login_done done = {.login = c.login,
                                    .connection_id = c.connection_id,
                                    .account = &c.account,
                                    .before = c.before,
                                    .place = c.place,
                                    .differs = c.account_differs};
    int rc = store_login_takes_over(c.login) ? takeover_settle(sc, &done, e)
                                             : connected_settle(sc, &done, e);
    return rc == 0 ? 1 : -1;
}

static int try(struct turn *t, const char *text, bool among_words, struct err *e)
{
    struct meant also;
    const char *code = code_in(t->scene.mem, text, among_words);
    if (code == NULL) {
        return 0;
    }
    if (!t->event.place.is_private && t->event.surface != SURFACE_COMMAND) {
        return refuse_shared(t, e);
    }
    if (question_meant(t, text, &also, e) != 0) {
        return -1;
    }
    int rc = take(t, code, &also, e);
    return rc == 0 && !among_words ? ask_back(t, &also, e) : rc;
}

int code_try(struct turn *t, const char *text, struct err *e)
{
    return try(t, text, false, e);
}

int code_try_words(struct turn *t, const char *text, struct err *e)
{
    return code_in(t->scene.mem, text, false) != NULL ? 0 : try(t, text, true, e);
}

/* Nothing is said of what codes there are: only how one is got and typed. */
static void add_advice(json_t *view, bool waits)
{
    if (waits) {
        view_text(view, "That is not a code: it has six digits, as your browser shows them. No try "
                        "was used up.");
        return;
    }
    view_text(view, "That looks like a code, but no login of yours waits for one. A code works for "
                    "whoever began the login in this chat, for a few minutes and three tries.");
    view_note(view, "Type `connect` and the app to begin a new login, or `pending` to see what "
                    "waits.");
}

int code_say_none(struct turn *t, bool waits, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    add_advice(view, waits);
    return say_private(t, view, NULL, e);
}

int code_near(struct turn *t, const char *text, struct err *e)
{
    struct scene *sc = &t->scene;
    struct login *waiting = NULL;
    size_t count = 0, digits = 0;
    for (const char *p = text; *p != '\0'; p++) {
        digits += isdigit((unsigned char)*p) ? 1 : 0;
        if (!isdigit((unsigned char)*p) && strchr(" -.", *p) == NULL) {
            return 0;
        }
    }
    if (digits < NEAR_LEAST || digits > NEAR_MOST) {
        return 0;
    }
    if (store_login_waiting_code(sc->s, sc->workspace->workspace, t->event.user_id, &waiting,
                                 &count, e) != 0) {
        return -1;
    }
    json_t *view = view_new(sc->mem);
    add_advice(view, count > 0);
    if (count == 0) {
        setup_add_advice(t, view); /* a page that shows such a code may be the other one */
    }
    return say_private(t, view, NULL, e) == 0 ? 1 : -1;
}

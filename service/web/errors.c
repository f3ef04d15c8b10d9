#include "login_int.h"

#include "base/str.h"

/* A failed request's answer. What a page says for each kind of error: plain words, and what to do.
 */
struct words {
    const char *title;
    const char *text;
};

static struct words page_words(enum err_kind kind, const char *code)
{
    if (str_equal(code, "cross_site")) {
        return (struct words){"Please start from your chat",
                              "This form was sent from another site. Open the link in your chat "
                              "and go on from there."};
    }
    if (str_equal(code, "busy")) {
        return (struct words){"Please reload this page",
                              "Many people are here right now. Nothing was done yet: reload this "
                              "page in a minute to go on."};
    }
    if (kind == ERR_NOT_FOUND) {
        return (struct words){
            "This page does not exist",
            "Check the address, or go back to your chat and open the link again."};
    }
    switch (err_http_status(kind)) {
    case 400:
        return (struct words){"This link is not complete",
                              "Open the link in your chat again. Some mail and chat programs cut "
                              "long links."};
    case 413:
        return (struct words){"That is too much", "The form holds more than this page takes."};
    case 429:
        return (struct words){"Too many tries", "Please wait a minute, then try again."};
    case 503:
    case 504:
        return (struct words){"We cannot do this right now",
                              "Nothing was changed. Please try again in a minute."};
    default:
        return (struct words){"Something went wrong",
                              "Nothing was changed. Please try again; if it happens again, give "
                              "your admin the reference below."};
    }
}

/* In the console nobody came by a link of the chat, but for the one that lets them in. */
static bool in_console(const struct request *q)
{
    return q->path != NULL && str_starts(q->path, "/console") &&
           !str_starts(q->path, "/console/sign-in");
}

static const struct {
    const char *code; /* NULL: any of that status */
    int status;
    struct words words;
} console_pages[] = {
    {"cross_site",
     403,
     {"Please open this page again",
      "Its form is from before you signed in the last time, or from another site. Nothing was done: "
      "open the console again and go on from there."}},
    {"no_admin",
     403,
     {"You are no admin here any more",
      "Nothing was done. Who is an admin says the page People, to those who are."}},
    {NULL,
     404,
     {"This page does not exist",
      "Check the address. What stood here may have been removed: the console shows what there is."}},
    {NULL,
     400,
     {"That did not come whole",
      "Nothing was done: open the console again, go to the page and try once more."}},
};

static struct words console_words(const struct err *e)
{
    int status = err_http_status(e->kind);
    for (size_t i = 0; i < sizeof console_pages / sizeof console_pages[0]; i++) {
        if (console_pages[i].status == status &&
            (console_pages[i].code == NULL || str_equal(console_pages[i].code, e->code))) {
            return console_pages[i].words;
        }
    }
    return page_words(e->kind, e->code);
}

static bool error_page(const struct request *q, const struct err *e, struct response *r)
{
    int status = str_equal(e->code, "method") ? 405 : err_http_status(e->kind);
    bool console = in_console(q);
    struct words words = console ? console_words(e) : page_words(e->kind, e->code);
    const char *eyebrow = e->kind == ERR_NOT_FOUND ? "Not found" : NULL; /* else of its tone */
    json_t *data =
        arena_json(q->mem, json_pack("{s:s, s:s?, s:[{s:s}], s:s, s:b}", "title", words.title,
                                     "eyebrow", eyebrow, "paragraphs", "text", words.text,
                                     "reference", q->id, "tone_error", eyebrow == NULL));
    char *html = NULL;
    struct err broken;
    if (data != NULL && console) {
        json_put_words(data, "back_link", "/console");
        json_put_words(data, "back_label", "Open the console");
    }
    if (data == NULL || html_page(q->mem, "message.html", data, &html, &broken) != 0) {
        return false;
    }
    if (login_window(q)) {
        respond_window(q->mem, r, status, html, NULL);
    } else {
        respond_html(q->mem, r, status, html, NULL);
    }
    return true;
}

static void error_body(const struct request *q, const struct route *route, const struct err *e,
                       struct response *r)
{
    bool program = route != NULL && (route_is_webhook(route) || route->gate == GATE_API);
    if (program && route_is_webhook(route) && e->kind == ERR_UNAUTHENTIC) {
        respond_empty(r, 401); /* who cannot prove who they are learn nothing */
    } else if (program || !request_wants_html(q) || !error_page(q, e, r)) {
        respond_problem(q->mem, r, e, q->id, NULL);
    }
}

void respond_error(const struct request *q, const struct route *route, const struct err *e,
                   struct response *r)
{
    *r = (struct response){0};
    error_body(q, route, e, r);
    if (r->status == 401 && route != NULL && route->gate == GATE_API) {
        respond_header(r, "WWW-Authenticate", "Bearer"); /* RFC 6750 section 3 */
    }
    if (r->status == 429 || r->status == 503) {
        int64_t wait_s = e->retry_after_ms > 0 ? (e->retry_after_ms + 999) / 1000 : 1;
        respond_header(r, "Retry-After", arena_printf(q->mem, "%lld", (long long)wait_s));
    }
}

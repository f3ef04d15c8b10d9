#include "web_int.h"

#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

void respond_header(struct response *r, const char *name, const char *value)
{
    if (r->headers_count == RESPONSE_HEADERS_MAX) {
        die("a response has more than %d headers", RESPONSE_HEADERS_MAX);
    }
    r->headers[r->headers_count++] = (struct header){name, value};
}

static void respond_body(struct response *r, int status, const char *content_type,
                         struct bytes body)
{
    r->status = status;
    r->content_type = content_type;
    r->body = body;
    if (content_type != NULL) {
        respond_header(r, "X-Content-Type-Options", "nosniff");
    }
}

void respond_empty(struct response *r, int status)
{
    respond_body(r, status, NULL, (struct bytes){NULL, 0});
}

void respond_text(struct response *r, int status, const char *text)
{
    respond_body(r, status, "text/plain; charset=utf-8", bytes_of(text));
}

void respond_json(arena *mem, struct response *r, int status, const json_t *value)
{
    respond_body(r, status, "application/json", bytes_of(json_write(mem, value)));
    respond_header(r, "Cache-Control", "no-store");
}

static void respond_page(arena *mem, struct response *r, int status, const char *html,
                         const char *policy_more)
{
    const char *policy = arena_printf(
        mem,
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'%s; "
        "frame-ancestors 'none'; base-uri 'none'",
        policy_more);
    respond_body(r, status, "text/html; charset=utf-8", bytes_of(html));
    respond_header(r, "Content-Security-Policy", policy);
    respond_header(r, "Cache-Control", "no-store");
    respond_header(r, "Referrer-Policy", "no-referrer");
    respond_header(r, "X-Frame-Options", "DENY");
}

static const char *form_actions(arena *mem, const char *form_action)
{
    return form_action == NULL ? "" : arena_printf(mem, " %s", form_action);
}

void respond_html(arena *mem, struct response *r, int status, const char *html,
                  const char *form_action)
{
    respond_page(mem, r, status, html, form_actions(mem, form_action));
    respond_header(r, "Cross-Origin-Opener-Policy", "same-origin");
}

void respond_html_checked(arena *mem, struct response *r, int status, const char *html)
{
    respond_page(mem, r, status, html, "; script-src 'self'; connect-src 'self'");
    respond_header(r, "Cross-Origin-Opener-Policy", "same-origin");
}

/* The library asks for its list of origins, and has one of its own where it gets none. */
void respond_window(arena *mem, struct response *r, int status, const char *html,
                    const char *form_action)
{
    static const char SCRIPTS[] =
        "; script-src 'self' " TEAMS_LIBRARY_URL "; connect-src " TEAMS_LIBRARY_ORIGINS_URL;
    respond_page(mem, r, status, html,
                 arena_printf(mem, "%s%s", form_actions(mem, form_action), SCRIPTS));
}

void respond_see_other(struct response *r, const char *location)
{
    respond_body(r, 303, NULL, (struct bytes){NULL, 0});
    respond_header(r, "Location", location);
    respond_header(r, "Cache-Control", "no-store");
    respond_header(r, "Referrer-Policy", "no-referrer");
}

/* RFC 9110 names of the statuses of ERR_KINDS and of 405. */
static const char *status_title(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {{400, "Bad request"},
                  {401, "Not authenticated"},
                  {403, "Forbidden"},
                  {404, "Not found"},
                  {405, "Method not allowed"},
                  {409, "Conflict"},
                  {412, "Precondition failed"},
                  {413, "Content too large"},
                  {415, "Unsupported media type"},
                  {422, "Unprocessable content"},
                  {429, "Too many requests"},
                  {502, "An app refused"},
                  {503, "Unavailable"},
                  {504, "Timed out"}};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (titles[i].status == status) {
            return titles[i].title;
        }
    }
    return "Internal error";
}

/* Only errors that speak about the request itself may show their text: others may hold what a
 * provider, the database or the configuration said. */
static const char *problem_detail(const struct err *e)
{
    static const struct {
        enum err_kind kind;
        const char *text; /* NULL: the error's own */
    } details[] = {{ERR_INPUT, NULL},
                   {ERR_INVALID, NULL},
                   {ERR_NOT_FOUND, NULL},
                   {ERR_CONFLICT, NULL},
                   {ERR_PRECONDITION, NULL},
                   {ERR_UNAUTHENTIC, "The credentials are missing or not valid."},
                   {ERR_FORBIDDEN, "This is not allowed."},
                   {ERR_MEDIA_TYPE, NULL},
                   {ERR_TOO_LARGE, NULL},
                   {ERR_LIMIT, "Too many requests. Please try again later."},
                   {ERR_DATABASE, "The service is busy. Please try again shortly."},
                   {ERR_LEASE_LOST, "The service is busy. Please try again shortly."},
                   {ERR_UPSTREAM_BUSY, "The app is not available. Please try again shortly."},
                   {ERR_TIMEOUT, "This took too long. Please try again shortly."},
                   {ERR_UPSTREAM_REFUSED, "The app refused this."}};
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        if (details[i].kind == e->kind) {
            return details[i].text == NULL ? e->text : details[i].text;
        }
    }
    return "Something went wrong here. The operator finds it by the request id.";
}

void respond_problem(arena *mem, struct response *r, const struct err *e, const char *request_id,
                     const struct faults *faults)
{
    int status = str_equal(e->code, "method") ? 405 : err_http_status(e->kind);
    json_t *body =
        arena_json(mem, json_pack("{s:o, s:s, s:i, s:s, s:s, s:s}", "type",
                                  json_sprintf("urn:workbot:problem:%s", e->code), "title",
                                  status_title(status), "status", status, "code", e->code, "detail",
                                  problem_detail(e), "request_id", request_id));
    if (body == NULL) {
        die("a problem body cannot be made");
    }
    if (faults != NULL && faults->count > 0) {
        json_object_set_new(body, "errors", faults_json(faults));
    }
    respond_json(mem, r, status, body);
    r->content_type = "application/problem+json";
}

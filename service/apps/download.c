#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "crypto.h"

/*
 * An answer that is a file. Apps keep files elsewhere and answer with an address there, good for
 * some minutes by itself: it is gone to once, without the token, and only below the hosts that the
 * request lists. No other redirect is ever followed.
 */

enum { DOWNLOAD_MS = 60000 };

static const char *const asked[] = {"Location", "Content-Disposition"};

void apps_file_ask(const app *a, struct net_request *io)
{
    size_t n = a->errors.retry_after.count + a->errors.retry_at.count;
    io->ask_headers[n] = asked[0];
    io->ask_headers[n + 1] = asked[1];
    io->answer_max = LIMIT_FILE_BETWEEN_STEPS;
    io->timeout_ms = DOWNLOAD_MS;
}

static const char *header(const app *a, const struct net_response *r, size_t which)
{
    return r->asked_headers[a->errors.retry_after.count + a->errors.retry_at.count + which];
}

int apps_file_failed(const struct apps_act *t, const char **ret_words, struct err *e)
{
    if (str_equal(e->code, "too_large")) {
        *ret_words = arena_printf(t->call->mem,
                                  "This file is larger than %d MB, the most that a command takes "
                                  "from %s.",
                                  LIMIT_FILE_BETWEEN_STEPS / 1024 / 1024, t->action->app->title);
    }
    return -1;
}

/* Where the file lies answers in its own way, which is nothing of the app's: a 401 there says
 * nothing of the token. */
static int refused_there(const struct apps_act *t, const struct net_response *r,
                         const char **ret_words, struct err *e)
{
    const app *a = t->action->app;
    bool busy = r->status >= 500 || r->status == 429 || r->status == 408 || r->status == 202;
    e->retry_after_ms = busy ? r->retry_after_ms : 0;
    *ret_words = arena_printf(t->call->mem, "%s does not hand this file out.", a->title);
    return err_set(e, busy ? ERR_UPSTREAM_BUSY : ERR_UPSTREAM_REFUSED,
                   busy ? "app_busy" : "app_refused", "%s: HTTP %d where its file lies", a->name,
                   r->status);
}

int apps_file_follow(const struct apps_act *t, const struct apps_request *q,
                     struct net_response *io, const char **ret_words, struct err *e)
{
    arena *mem = t->call->mem;
    const app *a = t->action->app;
    struct net_request ask = {.method = "GET",
                              .url = header(a, io, 0),
                              .peer = a->name,
                              .workspace = t->call->site.workspace,
                              .for_app = true};
    bool leads_on = io->status == 302 || io->status == 303 || io->status == 307;
    if (!leads_on || q->file_hosts.count == 0) {
        return 0;
    }
    if (!apps_is_below(mem, &t->call->site, ask.url, &q->file_hosts)) {
        return err_set(e, ERR_CONFIG, "captured_host",
                       "%s keeps a file outside the hosts of its definition", a->name);
    }
    apps_file_ask(a, &ask);
    if (net_call(t->call->http, mem, &ask, io, e) != 0) {
        return apps_file_failed(t, ret_words, e);
    }
    return io->status == 200 ? 0 : refused_there(t, io, ret_words, e);
}

/* The text behind "name=" of a header, quoted or not (RFC 6266 section 4.1); NULL: none. */
static const char *parameter(arena *mem, const char *text, const char *name)
{
    const char *at = strcasestr(text, name);
    if (at == NULL) {
        return NULL;
    }
    at += strlen(name);
    bool quoted = *at == '"';
    at += quoted ? 1 : 0;
    return arena_strndup(mem, at, strcspn(at, quoted ? "\"" : "; \t"));
}

/* RFC 6266: the name in UTF-8 (RFC 8187) before the plain one. Whatever could be a path is none. */
static const char *name_of(arena *mem, const char *disposition)
{
    static const char utf8[] = "filename*=UTF-8''";
    const char *coded = parameter(mem, disposition, utf8);
    const char *plain = parameter(mem, disposition, "filename=");
    char *name = NULL;
    if (coded == NULL || !net_url_decode(mem, coded, strlen(coded), false, &name)) {
        name = arena_strdup(mem, plain == NULL ? "" : plain);
    }
    for (char *at = name; *at != '\0'; at++) {
        bool odd = strchr("/\\", *at) != NULL || (unsigned char)*at < ' ' || *at == 0x7f;
        *at = odd ? '_' : *at;
    }
    name = str_cut(mem, name, LIMIT_LABEL);
    return str_empty(name) || !str_is_utf8(name, strlen(name)) ? "file" : name;
}

const json_t *apps_file_answer(const struct apps_act *t, const struct net_response *r)
{
    arena *mem = t->call->mem;
    const char *name = name_of(mem, header(t->action->app, r, 1));
    return arena_json(
        mem, json_must(json_pack("{s:{s:s, s:s}, s:I}", "file", "name", name, "content_base64",
                                 crypto_base64(mem, r->body), "size", (json_int_t)r->body.len)));
}

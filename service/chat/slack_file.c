/* A file that somebody gave in a form (docs.slack.dev/reference/methods/files.info): who shared it
 * and how large it is are asked first, then it is fetched from Slack's own host and nowhere else,
 * since the bot's token goes along. */
#include "chat_int.h"

#include "base/json.h"
#include "base/str.h"
#include "net.h"

enum { DOWNLOAD_MS = 30000, RETRY_MS = 5000 };

/* Files lie at files.slack.com, or where the stand-in for all of Slack is. */
static bool is_slacks(const chats *c, arena *mem, const char *url)
{
    static const char scheme[] = "https://";
    const char *base = c->settings.slack_url;
    struct net_url at, home;
    struct err unread = {0};
    if (url == NULL || net_url_parse(mem, url, &at, &unread) != 0 ||
        net_url_parse(mem, base, &home, &unread) != 0 || !str_equal(at.scheme, home.scheme)) {
        return false;
    }
    const char *host =
        str_starts(base, scheme) ? arena_printf(mem, "files.%s", home.host_port) : home.host_port;
    return str_equal(at.host_port, host);
}

static bool is_elsewhere(const json_t *file)
{
    const char *mode = json_text(file, "mode");
    return json_flag(file, "is_external") || str_equal(mode, "external") ||
           str_equal(mode, "remote");
}

static bool is_gone(const json_t *file)
{
    const char *mode = json_text(file, "mode");
    return str_equal(mode, "tombstone") || str_equal(mode, "hidden_by_limit");
}

static int too_large(const struct chat_file *f, struct err *e)
{
    return err_set(e, ERR_INVALID, "file_too_large", "file %s is over %zu bytes", f->id, f->max);
}

/* May it be fetched at all? */
static int check(const chats *c, arena *mem, const struct chat_file *f, const json_t *file,
                 struct err *e)
{
    const char *url = json_text(file, "url_private_download");
    if (!str_equal(slack_id(file, "id"), f->id)) {
        return err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "files.info answers with another file");
    }
    if (is_gone(file)) {
        return err_set(e, ERR_NOT_FOUND, "file_gone", "file %s is deleted", f->id);
    }
    if (!str_equal(slack_id(file, "user"), f->user_id)) {
        return err_set(e, ERR_FORBIDDEN, "file_not_yours", "file %s is another's", f->id);
    }
    if (is_elsewhere(file) || !is_slacks(c, mem, url)) {
        return err_set(e, ERR_INVALID, "file_elsewhere", "file %s does not lie at Slack", f->id);
    }
    return json_i64(file, "size") > (int64_t)f->max ? too_large(f, e) : 0;
}

/* Whom Slack does not know by the token it shows its page for signing in. */
static bool is_page(const json_t *file, const struct net_response *r)
{
    bool page = str_equal(r->content_type, "text/html");
    bool meant = str_equal(json_text(file, "mimetype"), "text/html") &&
                 json_i64(file, "size") == (int64_t)r->body.len;
    return page && !meant;
}

static int not_given(const struct chat_file *f, const struct net_response *r, struct err *e)
{
    if (r->status == 404 || r->status == 410) {
        return err_set(e, ERR_NOT_FOUND, "file_gone", "file %s: HTTP %d", f->id, r->status);
    }
    if (r->status == 429 || r->status >= 500) {
        (void)err_set(e, r->status == 429 ? ERR_LIMIT : ERR_UPSTREAM_BUSY, "chat_busy",
                      "file %s: HTTP %d", f->id, r->status);
        e->retry_after_ms = r->retry_after_ms > 0 ? r->retry_after_ms : RETRY_MS;
        return -1;
    }
    return err_set(e, ERR_UPSTREAM_REFUSED, "file_refused", "file %s: HTTP %d", f->id, r->status);
}

static int download(chats *c, arena *mem, const struct chat_access *a, const json_t *file,
                    const struct chat_file *f, struct bytes *ret, struct err *e)
{
    const struct net_request q = {.method = "GET",
                                  .url = json_text(file, "url_private_download"),
                                  .peer = "slack",
                                  .bearer = a->bot_token,
                                  .timeout_ms = DOWNLOAD_MS,
                                  .answer_max = f->max};
    struct net_response r;
    if (net_call(c->settings.http, mem, &q, &r, e) != 0) {
        return str_equal(e->code, "too_large") ? too_large(f, e) : -1;
    }
    if (r.status != 200) {
        return not_given(f, &r, e);
    }
    if (is_page(file, &r)) {
        return err_set(e, ERR_UPSTREAM_REFUSED, "file_refused", "file %s: a page instead", f->id);
    }
    *ret = r.body;
    return 0;
}

int slack_file(chats *c, arena *mem, const struct chat_access *a, const struct chat_file *f,
               struct bytes *ret, struct err *e)
{
    struct slack_call call = {.method = "files.info"};
    json_t *answer = NULL;
    slack_call_add(&call, "file", f->id);
    if (slack_api(c, mem, a, &call, &answer, e) != 0) {
        return -1;
    }
    const json_t *file = json_member(answer, "file");
    return check(c, mem, f, file, e) != 0 ? -1 : download(c, mem, a, file, f, ret, e);
}

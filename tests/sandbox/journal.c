#include "journal.h"

#include "http.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 256 * 1024 };

struct kept {
    int64_t seq;
    int64_t time_ms;
    char *peer, *method, *path, *failure, *fault, *headers, *request, *response;
    size_t request_len, response_len, bytes;
    int64_t took_ms;
    int status;
    bool out;
};

static struct {
    pthread_mutex_t lock;
    struct kept *ring;
    size_t cap, head, count; /* head: the oldest */
    size_t bytes, bytes_max;
    int64_t last;
} journal = {.lock = PTHREAD_MUTEX_INITIALIZER};

void journal_init(size_t entries_max, size_t bytes_max)
{
    journal.ring = xcalloc(entries_max, sizeof *journal.ring);
    journal.cap = entries_max;
    journal.bytes_max = bytes_max;
}

static void drop_oldest(void)
{
    struct kept *k = &journal.ring[journal.head];
    char *texts[] = {k->peer,  k->method,  k->path,    k->failure,
                     k->fault, k->headers, k->request, k->response};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free(texts[i]);
    }
    journal.bytes -= k->bytes;
    *k = (struct kept){0};
    journal.head = (journal.head + 1) % journal.cap;
    journal.count--;
}

static char *copy_or_null(const char *text)
{
    return text == NULL ? NULL : xstrdup(text);
}

void journal_add(const struct journal_entry *e)
{
    size_t request_len = e->request_len < BODY_MAX ? e->request_len : BODY_MAX;
    size_t response_len = e->response_len < BODY_MAX ? e->response_len : BODY_MAX;
    struct kept k = {
        .time_ms = clock_now_ms(),
        .peer = xstrdup(e->peer),
        .out = e->out,
        .method = xstrdup(e->method),
        .path = xstrdup(e->path),
        .status = e->status,
        .took_ms = e->took_ms,
        .failure = copy_or_null(e->failure),
        .fault = copy_or_null(e->fault),
        .headers = xstrdup(e->headers),
        .request = xstrndup(e->request, request_len),
        .request_len = request_len,
        .response = xstrndup(e->response, response_len),
        .response_len = response_len,
    };
    k.bytes = sizeof k + strlen(k.path) + strlen(k.headers) + request_len + response_len + 64;
    pthread_mutex_lock(&journal.lock);
    while (journal.count > 0 &&
           (journal.count == journal.cap || journal.bytes + k.bytes > journal.bytes_max)) {
        drop_oldest();
    }
    k.seq = ++journal.last;
    journal.ring[(journal.head + journal.count) % journal.cap] = k;
    journal.count++;
    journal.bytes += k.bytes;
    pthread_mutex_unlock(&journal.lock);
    http_wake();
}

/* "A: b" lines as an object with lower-case names. */
static json_t *headers_json(const char *lines)
{
    json_t *object = json_object();
    for (const char *line = lines; *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t len = end == NULL ? strlen(line) : (size_t)(end - line);
        const char *colon = memchr(line, ':', len);
        if (colon != NULL) {
            char *name = xstrndup(line, (size_t)(colon - line));
            for (char *p = name; *p != '\0'; p++) {
                if (*p >= 'A' && *p <= 'Z') {
                    *p = (char)(*p - 'A' + 'a');
                }
            }
            const char *value = colon + 1;
            while (*value == ' ') {
                value++;
            }
            json_object_set_new(object, name, json_text(value, len - (size_t)(value - line)));
            free(name);
        }
        line += len + (end == NULL ? 0 : 1);
    }
    return object;
}

/* The arguments of a call: a JSON body, or else form fields; null when neither. */
static json_t *arguments_json(const struct kept *k)
{
    if (k->request_len == 0) {
        return json_null();
    }
    if (k->request[0] == '{' || k->request[0] == '[') {
        json_t *body = json_loadb(k->request, k->request_len, 0, NULL);
        return body == NULL ? json_null() : body;
    }
    json_t *form = form_decode(k->request, k->request_len);
    if (form != NULL) {
        json_object_del(form, "");
    }
    return form == NULL ? json_null() : form;
}

static json_t *entry_json(const struct kept *k)
{
    json_t *answer = json_loadb(k->response, k->response_len, 0, NULL);
    json_t *entry =
        json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:i, s:I, s:s?, s:s?}", "seq", (json_int_t)k->seq,
                  "time_ms", (json_int_t)k->time_ms, "peer", k->peer, "direction",
                  k->out ? "out" : "in", "method", k->method, "path", k->path, "status", k->status,
                  "took_ms", (json_int_t)k->took_ms, "failure", k->failure, "fault", k->fault);
    if (entry == NULL) { /* a path that is not UTF-8 */
        entry = json_pack("{s:I, s:s, s:s, s:i}", "seq", (json_int_t)k->seq, "peer", k->peer,
                          "direction", k->out ? "out" : "in", "status", k->status);
        json_object_set_new(entry, "path", json_text(k->path, strlen(k->path)));
    }
    json_object_set_new(entry, "headers", headers_json(k->headers));
    json_object_set_new(entry, "request", json_text(k->request, k->request_len));
    json_object_set_new(entry, "args", arguments_json(k));
    json_object_set_new(entry, "response", json_text(k->response, k->response_len));
    json_object_set_new(entry, "answer", answer == NULL ? json_null() : answer);
    return entry;
}

static bool wanted(const struct kept *k, const struct journal_filter *f)
{
    if (f->peer != NULL && strcmp(k->peer, f->peer) != 0) {
        return false;
    }
    if (f->direction != NULL && strcmp(f->direction, k->out ? "out" : "in") != 0) {
        return false;
    }
    return f->path == NULL || strstr(k->path, f->path) != NULL;
}

json_t *journal_read(const struct journal_filter *filter, size_t *ret_count)
{
    json_t *entries = json_array();
    pthread_mutex_lock(&journal.lock);
    int64_t first = journal.count == 0 ? journal.last + 1 : journal.ring[journal.head].seq;
    int64_t next = filter->since > journal.last ? journal.last : filter->since;
    /* sequence numbers have no gaps inside the ring, so the start is an offset */
    size_t skip = filter->since >= first ? (size_t)(filter->since - first + 1) : 0;
    size_t found = 0;
    for (size_t i = skip; i < journal.count && found < filter->limit; i++) {
        const struct kept *k = &journal.ring[(journal.head + i) % journal.cap];
        next = k->seq;
        if (wanted(k, filter)) {
            json_array_append_new(entries, entry_json(k));
            found++;
        }
    }
    pthread_mutex_unlock(&journal.lock);
    *ret_count = found;
    return json_pack("{s:o, s:I, s:I}", "entries", entries, "next", (json_int_t)next, "first",
                     (json_int_t)first);
}

int64_t journal_last(void)
{
    pthread_mutex_lock(&journal.lock);
    int64_t last = journal.last;
    pthread_mutex_unlock(&journal.lock);
    return last;
}

void journal_clear(void)
{
    pthread_mutex_lock(&journal.lock);
    while (journal.count > 0) {
        drop_oldest();
    }
    pthread_mutex_unlock(&journal.lock);
}

#include "client.h"

#include "http.h"
#include "journal.h"

#include <ctype.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ANSWER_MAX = 1024 * 1024 };

static pthread_key_t handle_key;
static pthread_once_t handle_once = PTHREAD_ONCE_INIT;

static void handle_free(void *handle)
{
    curl_easy_cleanup(handle);
}

static void handle_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    pthread_key_create(&handle_key, handle_free);
}

/* One handle per thread, so that connections stay open between calls. */
static CURL *handle_get(void)
{
    pthread_once(&handle_once, handle_init);
    CURL *handle = pthread_getspecific(handle_key);
    if (handle == NULL) {
        handle = curl_easy_init();
        if (handle == NULL) {
            abort();
        }
        pthread_setspecific(handle_key, handle);
    }
    curl_easy_reset(handle);
    return handle;
}

static size_t on_answer(char *data, size_t size, size_t count, void *user)
{
    struct call *call = user;
    size_t len = size * count;
    if (call->answer.len + len > ANSWER_MAX) {
        return 0;
    }
    buf_addn(&call->answer, data, len);
    return len;
}

static void note_type(struct call *call, const char *value, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < len && strchr(";\r\n", value[i]) == NULL; i++) {
        if (value[i] != ' ' && at < sizeof call->type - 1) {
            call->type[at++] = (char)tolower((unsigned char)value[i]);
        }
    }
    call->type[at] = '\0';
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
    static const char refuse[] = "x-slack-no-retry: 1";
    static const char type[] = "content-type:";
    struct call *call = user;
    size_t len = size * count;
    if (len >= sizeof refuse - 1 && strncasecmp(data, refuse, sizeof refuse - 1) == 0) {
        call->no_retry = true;
    }
    if (len > sizeof type - 1 && strncasecmp(data, type, sizeof type - 1) == 0) {
        note_type(call, data + sizeof type - 1, len - (sizeof type - 1));
    }
    return len;
}

/* Gives up soon when the program is asked to stop. */
static int on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)user;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return http_stopping() ? 1 : 0;
}

static const char *failure_of(CURLcode code)
{
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return "http_timeout";
    }
    if (code == CURLE_TOO_MANY_REDIRECTS) {
        return "too_many_redirects";
    }
    if (code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION) {
        return "ssl_error";
    }
    return "connection_failed";
}

static struct curl_slist *header_list(const struct call *call)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; i < CLIENT_HEADERS_MAX && call->headers[i] != NULL; i++) {
        list = curl_slist_append(list, call->headers[i]);
    }
    return list;
}

static void prepare(CURL *handle, struct call *call, struct curl_slist *headers)
{
    curl_easy_setopt(handle, CURLOPT_URL, call->url);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, call->redirects > 0 ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_MAXREDIRS, (long)call->redirects);
    if (strcmp(call->method, "HEAD") == 0) {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (strcmp(call->method, "POST") == 0) {
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, call->body == NULL ? "" : call->body);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, (long)call->body_len);
        curl_easy_setopt(handle, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
    } else if (strcmp(call->method, "GET") != 0) {
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call->method);
    }
}

static void journal_call(const struct call *call)
{
    struct buf headers = {0};
    for (size_t i = 0; i < CLIENT_HEADERS_MAX && call->headers[i] != NULL; i++) {
        buf_addf(&headers, "%s\n", call->headers[i]);
    }
    struct journal_entry entry = {
        .peer = call->peer,
        .out = true,
        .method = call->method,
        .path = call->url,
        .status = call->status,
        .took_ms = call->took_ms,
        .failure = call->failure,
        .headers = buf_text(&headers),
        .request = call->body == NULL ? "" : call->body,
        .request_len = call->body_len,
        .response = buf_text(&call->answer),
        .response_len = call->answer.len,
    };
    journal_add(&entry);
    buf_free(&headers);
}

void client_call(struct call *call)
{
    CURL *handle = handle_get();
    struct curl_slist *headers = header_list(call);
    prepare(handle, call, headers);
    int64_t begin = clock_mono_ms();
    CURLcode code = curl_easy_perform(handle);
    call->took_ms = clock_mono_ms() - begin;
    if (code == CURLE_OK) {
        long status = 0;
        char *location = NULL;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(handle, CURLINFO_EFFECTIVE_URL, &location);
        call->status = (int)status;
        call->location = location == NULL ? NULL : xstrdup(location);
    } else {
        call->failure = failure_of(code);
    }
    curl_slist_free_all(headers);
    journal_call(call);
}

void client_call_free(struct call *call)
{
    buf_free(&call->answer);
    free(call->location);
    call->location = NULL;
}

#include "net_int.h"

#include <string.h>

/* multipart/form-data. libcurl quotes names, picks the boundary and says the length. A part is read
 * from where it lies: it may be a whole file. It is read once: libcurl may not send such a request
 * a second time by itself (callbacks.c), so there is nothing to seek in, and half a file cannot go
 * out. Whoever calls once more begins at the front. */

struct reading {
    struct bytes data;
    size_t at;
};

static size_t on_read(char *to, size_t size, size_t count, void *user)
{
    struct reading *r = user;
    size_t left = r->data.len - r->at, len = size * count < left ? size * count : left;
    if (len > 0) {
        memcpy(to, r->data.data + r->at, len);
        r->at += len;
    }
    return len;
}

static CURLcode part_set(arena *mem, curl_mimepart *part, const struct net_part *p)
{
    struct reading *r = arena_alloc(mem, sizeof *r);
    r->data = p->data;
    CURLcode code = part == NULL ? CURLE_OUT_OF_MEMORY : curl_mime_name(part, p->name);
    if (code == CURLE_OK) {
        code = curl_mime_data_cb(part, (curl_off_t)p->data.len, on_read, NULL, NULL, r);
    }
    if (code == CURLE_OK && p->file_name != NULL) {
        code = curl_mime_filename(part, p->file_name);
    }
    if (code == CURLE_OK && p->content_type != NULL) {
        code = curl_mime_type(part, p->content_type);
    }
    return code;
}

CURLcode net_mime_set(CURL *curl, struct net_call_state *s)
{
    if (s->q->parts_count == 0) {
        return CURLE_OK;
    }
    s->mime = curl_mime_init(curl);
    CURLcode code = s->mime == NULL ? CURLE_OUT_OF_MEMORY : CURLE_OK;
    for (size_t i = 0; code == CURLE_OK && i < s->q->parts_count; i++) {
        code = part_set(s->mem, curl_mime_addpart(s->mime), &s->q->parts[i]);
    }
    return code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_MIMEPOST, s->mime) : code;
}

void net_mime_free(struct net_call_state *s)
{
    curl_mime_free(s->mime);
    s->mime = NULL;
}

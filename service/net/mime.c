#include "net_int.h"

/* multipart/form-data. libcurl quotes names, picks the boundary and says the length. */

static CURLcode part_set(curl_mimepart *part, const struct net_part *p)
{
    CURLcode code = part == NULL ? CURLE_OUT_OF_MEMORY : curl_mime_name(part, p->name);
    if (code == CURLE_OK) {
        code = curl_mime_data(part, (const char *)p->data.data, p->data.len);
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
        code = part_set(curl_mime_addpart(s->mime), &s->q->parts[i]);
    }
    return code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_MIMEPOST, s->mime) : code;
}

void net_mime_free(struct net_call_state *s)
{
    curl_mime_free(s->mime);
    s->mime = NULL;
}

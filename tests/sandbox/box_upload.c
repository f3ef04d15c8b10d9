/* Uploads (multipart: first the attributes, then the file), versions and downloads. */
#include "box.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static json_t *contents; /* file id -> its bytes */
static json_t *links;    /* token of a download -> file id */

void box_upload_reset(void)
{
    json_decref(contents);
    json_decref(links);
    contents = json_object();
    links = json_object();
}

void box_contents_set(json_t *file, const char *data, size_t len)
{
    char sha1[41];
    char *version = box_new_id();
    sha1_hex(data, len, sha1);
    json_object_set_new(contents, json_str_or(file, "id", ""), json_stringn_nocheck(data, len));
    json_object_set_new(file, "sha1", json_string(sha1));
    json_object_set_new(file, "size", json_integer((json_int_t)len));
    json_object_set_new(
        file, "file_version",
        json_pack("{s:s, s:s, s:s}", "type", "file_version", "id", version, "sha1", sha1));
    json_object_set_new(file, "versions", json_integer(json_int_or(file, "versions", 0) + 1));
    free(version);
}

/* ---- the form ---- */

struct part {
    char name[32];
    const char *data;
    size_t len;
};

/* First occurrence of text in the bytes, or NULL. */
static const char *find(const char *data, size_t len, const char *text)
{
    return memmem(data, len, text, strlen(text));
}

/* Reads one part at *at (behind its boundary line); false at the end or when malformed. */
static bool next_part(const char **at, const char *end, const char *mark, struct part *ret)
{
    const char *head_end = find(*at, (size_t)(end - *at), "\r\n\r\n");
    const char *stop =
        head_end == NULL ? NULL : find(head_end + 2, (size_t)(end - head_end - 2), mark);
    if (stop == NULL) {
        return false;
    }
    char *head = xstrndup(*at, (size_t)(head_end - *at));
    const char *name = strstr(head, "; name=\"");
    size_t len = name == NULL ? 0 : strcspn(name + 8, "\"");
    bool ok = strncasecmp(head, "Content-Disposition: form-data", 30) == 0 && len > 0 &&
              len < sizeof ret->name;
    if (ok) {
        memcpy(ret->name, name + 8, len);
        ret->name[len] = '\0';
        ret->data = head_end + 4;
        ret->len = (size_t)(stop - ret->data);
        *at = stop + strlen(mark);
    }
    free(head);
    return ok;
}

static char *boundary_of(const struct request *req)
{
    const char *type = http_header(req, "Content-Type");
    const char *mark = type == NULL ? NULL : strstr(type, "boundary=");
    if (mark == NULL || !http_body_is(req, "multipart/form-data")) {
        return NULL;
    }
    mark += strlen("boundary=");
    mark += *mark == '"' ? 1 : 0;
    size_t len = strcspn(mark, "\"; ");
    return len == 0 || len > 70 ? NULL : xasprintf("\r\n--%.*s", (int)len, mark);
}

/* The two parts in Box's order, or the code of the refusal. */
static const char *read_parts(const struct request *req, struct part *attributes, struct part *file)
{
    char *mark = boundary_of(req);
    const char *why = "bad_request";
    const char *at = buf_text(&req->body);
    const char *end = at + req->body.len;
    size_t first = mark == NULL ? 0 : strlen(mark) - 2;
    if (mark != NULL && req->body.len > first && memcmp(at, mark + 2, first) == 0) {
        at += first + 2; /* the line's end behind a boundary belongs to no part */
        struct part one = {0};
        struct part two = {0};
        bool both = at < end && next_part(&at, end, mark, &one);
        both = both && (at += 2) < end && next_part(&at, end, mark, &two);
        bool closed = both && end - at >= 2 && memcmp(at, "--", 2) == 0;
        if (closed && strcmp(one.name, "attributes") != 0 && strcmp(two.name, "attributes") == 0) {
            why = "metadata_after_file_contents";
        } else if (closed && strcmp(two.name, "file") == 0) {
            *attributes = one;
            *file = two;
            why = NULL;
        }
    }
    free(mark);
    return why;
}

/* Content-MD5 holds, for all its name, the SHA-1 of the file. */
static bool digest_fits(struct box_api *a, const struct part *file)
{
    const char *wanted = http_header(a->req, "Content-MD5");
    char sha1[41];
    sha1_hex(file->data, file->len, sha1);
    if (wanted == NULL || strcasecmp(wanted, sha1) == 0) {
        return true;
    }
    box_refuse(a->req, 400, "bad_digest",
               "The specified content-md5 did not match what we received", NULL);
    return false;
}

static void reply_file(struct box_api *a, unsigned status, const json_t *file)
{
    http_reply_json(
        a->req, status,
        json_pack("{s:i, s:[o]}", "total_count", 1, "entries", box_item_json(a, file, NULL)));
}

static void store_new(struct box_api *a, const json_t *attributes, const struct part *data)
{
    const char *name = json_str(attributes, "name");
    const char *parent = json_str_or(json_object_get(attributes, "parent"), "id", "");
    if (!box_check_name(a, name) || !box_may_add(a, parent)) {
        return;
    }
    json_t *there = box_named(a, parent, name);
    if (there != NULL) { /* an object here, where folders have a list */
        json_t *mini = box_item_mini(there);
        json_object_set(mini, "sha1", json_object_get(there, "sha1"));
        box_refuse(a->req, 409, "item_name_in_use", "Item with the same name already exists",
                   json_pack("{s:o}", "conflicts", mini));
        return;
    }
    box_count("writes");
    json_t *file = box_item_new(a, "file", name, parent);
    box_contents_set(file, data->data, data->len);
    reply_file(a, 201, file);
}

static void store_version(struct box_api *a, const char *id, const struct part *data)
{
    json_t *file = box_item(a, "file", id, true);
    const char *wanted = http_header(a->req, "If-Match");
    if (file == NULL) {
        return;
    }
    char *etag = xasprintf("%lld", (long long)json_int_or(file, "etag", 0));
    if (wanted != NULL && strcmp(wanted, etag) != 0) {
        box_refuse(a->req, 412, "precondition_failed",
                   "The resource has been modified. Please retrieve the resource again and retry",
                   NULL);
    } else {
        box_count("writes");
        box_contents_set(file, data->data, data->len);
        box_item_changed(file, a->user_id);
        reply_file(a, (unsigned)json_int_or(box_settings(), "version_status", 200), file);
    }
    free(etag);
}

void box_upload(struct box_api *a, const char *file_id)
{
    struct part head = {0};
    struct part data = {0};
    const char *why = read_parts(a->req, &head, &data);
    if (why != NULL) {
        box_refuse(a->req, 400, why, "The form of the upload is not as it must be", NULL);
        return;
    }
    json_t *attributes = json_loadb(head.data, head.len, 0, NULL);
    if (!json_is_object(attributes)) {
        box_refuse(a->req, 400, "bad_request", "The attributes are no JSON", NULL);
    } else if (digest_fits(a, &data)) {
        if (file_id == NULL) {
            store_new(a, attributes, &data);
        } else {
            store_version(a, file_id, &data);
        }
    }
    json_decref(attributes);
}

/* ---- download ---- */

void box_download(struct box_api *a, const json_t *file)
{
    struct fault f;
    if (fault_take("box", "not_ready", a->req->method, a->req->path, &f)) {
        char *seconds = xasprintf("%lld", (long long)f.retry_after);
        http_reply_header(a->req, "Retry-After", seconds);
        free(seconds);
        http_reply_text(a->req, 202, NULL, "");
        return;
    }
    char *token = random_token("", 40);
    json_object_set(links, token, json_object_get(file, "id"));
    /* another host than the one that was called: localhost for 127.0.0.1 and the other way round */
    const char *port = strrchr(a->call->base, ':');
    bool number = strstr(a->call->base, "//127.0.0.1") != NULL;
    char *url = xasprintf("http://%s%s/dl/%s", number ? "localhost" : "127.0.0.1",
                          port == NULL ? "" : port, token);
    http_redirect(a->req, 302, url);
    free(url);
    free(token);
}

/* It takes the address alone: who brings the API's token along has given it to another host. */
void box_download_host(struct box_call *call)
{
    const char *token = call->path + strlen("/dl/");
    const char *id = json_str_or(links, token, "");
    const json_t *bytes = json_object_get(contents, id);
    if (http_header(call->req, "Authorization") != NULL) {
        box_count("token_leaks");
        http_reply_text(call->req, 400, "text/plain", "Only one auth mechanism allowed\n");
    } else if (bytes == NULL) {
        http_reply_text(call->req, 404, "text/plain", "Not found\n");
    } else {
        const json_t *item = json_object_get(box_items(), id);
        char *as = xasprintf("attachment;filename=\"%s\"", json_str_or(item, "name", ""));
        http_reply_header(call->req, "Content-Disposition", as);
        free(as);
        http_reply_text(call->req, 200, "application/octet-stream", "");
        buf_addn(&call->req->reply, json_string_value(bytes), json_string_length(bytes));
    }
}

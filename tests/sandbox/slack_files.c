/* Files that a person chooses in a modal (docs.slack.dev/reference/methods/files.info), and where
 * they lie. Slack's own host hands them to a token with files:read, and leads all others to its
 * page for signing in. */
#include "slack.h"
#include "slack_script.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

static json_t *files;    /* id -> the file object */
static json_t *contents; /* id -> its bytes */

void slack_files_reset(void)
{
    json_decref(files);
    json_decref(contents);
    files = json_object();
    contents = json_object();
}

/* {"content"}, {"base64"} or {"bytes": how many}. */
static json_t *content_of(const json_t *spec)
{
    size_t len = 0;
    int64_t bytes = json_int_or(spec, "bytes", -1);
    const char *coded = json_str(spec, "base64");
    if (coded != NULL) {
        char *data = base64_decode(coded, &len);
        json_t *content = json_stringn_nocheck(data == NULL ? "" : data, len);
        free(data);
        return content;
    }
    if (bytes < 0) {
        return json_string(json_str_or(spec, "content", ""));
    }
    char *data = xcalloc((size_t)bytes + 1, 1);
    memset(data, 'x', (size_t)bytes);
    json_t *content = json_stringn_nocheck(data, (size_t)bytes);
    free(data);
    return content;
}

json_t *slack_file_new(const json_t *team, const char *user, const json_t *spec)
{
    char *id = random_id("F0", 9);
    json_t *content = content_of(spec);
    const char *name = json_str_or(spec, "name", "file.txt");
    char *url =
        xasprintf("%s/slack/files-pri/%s-%s/download/%s", world_public_url(),
                  json_str_or(team, "id", ""), id, json_flag(spec, "page", false) ? "page" : "it");
    const char *ending = strrchr(name, '.');
    json_int_t now = (json_int_t)(clock_now_ms() / 1000);
    json_t *file =
        json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:b, s:b, s:s, s:s}", "id",
                  id, "created", now, "timestamp", now, "name", name, "title", name, "mimetype",
                  "text/plain", "filetype", ending == NULL ? "text" : ending + 1, "user", user,
                  "size", (json_int_t)json_string_length(content), "mode", "hosted", "is_external",
                  false, "is_public", false, "url_private", url, "url_private_download", url);
    /* whatever a test wants to be otherwise: "user", "size", "mode", "url_private_download" */
    json_object_update_existing(file, (json_t *)(uintptr_t)spec);
    json_object_set(file, "_team", json_object_get(team, "id"));
    json_object_set_new(files, id, file);
    json_object_set_new(contents, id, content);
    free(url);
    free(id);
    return file;
}

static json_t *files_info(struct slack_call *call)
{
    const char *id = slack_arg(call, "file");
    json_t *file = id == NULL ? NULL : json_object_get(files, id);
    if (file == NULL ||
        !json_equal(json_object_get(file, "_team"), json_object_get(call->team, "id"))) {
        return slack_error("file_not_found");
    }
    return json_pack("{s:b, s:o, s:[], s:{}}", "ok", true, "file", slack_message_public(file),
                     "comments", "response_metadata");
}

const struct slack_method slack_file_methods[] = {
    {"files.info", "files:read", false, files_info},
    {NULL, NULL, false, NULL},
};

/* "T1-F1/download/it" */
void slack_file_download(struct request *req, const char *rest)
{
    const char *header = http_header(req, "Authorization");
    const char *dash = strchr(rest, '-');
    char *id = dash == NULL ? xstrdup("") : xstrndup(dash + 1, strcspn(dash + 1, "/"));
    const json_t *token = header == NULL || strncmp(header, "Bearer ", 7) != 0
                              ? NULL
                              : json_object_get(slack_tokens(), header + 7);
    const json_t *content = json_object_get(contents, id);
    bool page = strstr(rest, "/page") != NULL;
    if (token == NULL || !slack_has_scope(token, "files:read")) {
        http_redirect(req, 302, "/slack/?redir=files-pri");
    } else if (content == NULL || page) {
        http_reply_text(req, page ? 200 : 404, "text/html; charset=utf-8",
                        "<!DOCTYPE html><title>Sign in | Slack</title>");
    } else {
        http_reply_text(req, 200, "text/plain", "");
        buf_addn(&req->reply, json_string_value(content), json_string_length(content));
    }
    free(id);
}

json_t *slack_files_chosen(const json_t *team, const char *user, const json_t *values)
{
    json_t *out = json_object();
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)values, name, value)
    {
        const json_t *spec = json_object_get(value, "file");
        json_t *entered =
            spec == NULL ? json_deep_copy(value)
                         : json_pack("[o]", slack_message_public(slack_file_new(team, user, spec)));
        json_object_set_new(out, name, entered);
    }
    return out;
}

void slack_upload(struct request *req, const json_t *body)
{
    struct scene s;
    world_lock();
    if (script_scene(req, body, &s)) {
        json_t *file = slack_file_new(s.team, s.user_id, body);
        json_object_set_new(file, "user", json_string(s.user_id)); /* which the body may name */
        http_reply_json(req, 200,
                        json_pack("{s:b, s:o}", "ok", true, "file", slack_message_public(file)));
    }
    world_unlock();
}

bool slack_takes_files(const json_t *blocks)
{
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        const json_t *element = json_object_get(json_array_get(blocks, i), "element");
        if (strcmp(json_str_or(element, "type", ""), "file_input") == 0) {
            return true;
        }
    }
    return false;
}

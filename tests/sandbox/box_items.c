/* Folders, files, search, shared links. */
#include "box.h"

#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static json_t *items; /* id -> item */

void box_items_reset(void)
{
    json_decref(items);
    items = json_object();
}

json_t *box_items(void)
{
    return items;
}

static json_t *now_json(void)
{
    time_t now = (time_t)(clock_now_ms() / 1000);
    struct tm tm;
    char text[40];
    gmtime_r(&now, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S-00:00", &tm);
    return json_string(text);
}

static json_t *item_make(const char *type, const char *id, const char *name, const char *parent)
{
    json_t *item = json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:{}, s:I}", "type", type, "id", id,
                             "name", name, "parent", parent, "etag", 0, "created_at", now_json(),
                             "collaborators", "since_ms", (json_int_t)clock_now_ms());
    json_object_set(item, "modified_at", json_object_get(item, "created_at"));
    json_object_set_new(items, id, item);
    world_touch();
    return item;
}

void box_item_load(const json_t *enterprise, const json_t *from)
{
    json_t *owner = box_user_by_login(enterprise, json_str_or(from, "owner", ""));
    json_t *item = item_make(json_str_or(from, "type", "folder"), json_str_or(from, "id", ""),
                             json_str_or(from, "name", ""), json_str_or(from, "parent", "0"));
    json_object_set(item, "enterprise", json_object_get(enterprise, "key"));
    json_object_set(item, "owner", json_object_get(owner, "id"));
    json_object_set(item, "modified_by", json_object_get(owner, "id"));
    json_object_set_new(item, "since_ms", json_integer(0));
    const char *login = NULL;
    json_t *role = NULL;
    json_object_foreach(json_object_get(from, "collaborators"), login, role)
    {
        json_t *user = box_user_by_login(enterprise, login);
        json_object_set(json_object_get(item, "collaborators"), json_str_or(user, "id", ""), role);
    }
    if (strcmp(json_str_or(item, "type", ""), "file") == 0) {
        const char *text = json_str_or(from, "text", "");
        box_contents_set(item, text, strlen(text));
    }
}

json_t *box_item_new(const struct box_api *a, const char *type, const char *name,
                     const char *parent)
{
    char *id = box_new_id();
    json_t *item = item_make(type, id, name, parent);
    json_object_set(item, "enterprise", json_object_get(a->grant, "enterprise"));
    json_object_set_new(item, "owner", json_string(a->user_id));
    json_object_set_new(item, "modified_by", json_string(a->user_id));
    free(id);
    return item;
}

void box_item_changed(json_t *item, const char *user_id)
{
    json_object_set_new(item, "etag", json_integer(json_int_or(item, "etag", 0) + 1));
    json_object_set_new(item, "modified_at", now_json());
    json_object_set_new(item, "modified_by", json_string(user_id));
    world_touch();
}

/* ---- who may ---- */

/* What this person may do with it, by the item itself or a folder above: NULL, a role, "owner". */
static const char *role_of(const json_t *item, const char *user_id)
{
    for (int depth = 0; item != NULL && depth < 100; depth++) {
        if (strcmp(json_str_or(item, "owner", ""), user_id) == 0) {
            return "owner";
        }
        const char *role = json_str(json_object_get(item, "collaborators"), user_id);
        if (role != NULL) {
            return role;
        }
        item = json_object_get(items, json_str_or(item, "parent", "0"));
    }
    return NULL;
}

static bool role_writes(const char *role)
{
    return strstr("owner co-owner editor", role) != NULL;
}

json_t *box_item(struct box_api *a, const char *type, const char *id, bool write)
{
    json_t *item = json_object_get(items, id);
    const char *role = item == NULL ? NULL : role_of(item, a->user_id);
    if (role == NULL || (type != NULL && strcmp(json_str_or(item, "type", ""), type) != 0)) {
        json_t *error = json_pack("{s:[{s:s, s:s, s:s}]}", "errors", "reason", "invalid_parameter",
                                  "name", "item", "message", "Invalid value. Item not found");
        box_refuse(a->req, 404, "not_found", "Not Found", error);
        return NULL;
    }
    if (write && !role_writes(role)) {
        box_refuse(a->req, 403, "access_denied_insufficient_permissions",
                   "Access denied - insufficient permission", NULL);
        return NULL;
    }
    return item;
}

bool box_may_add(struct box_api *a, const char *folder)
{
    return strcmp(folder, "0") == 0 || box_item(a, "folder", folder, true) != NULL;
}

/* Lies in this folder, as this person sees it: what others share stands in the own root. */
static bool lies_in(const struct box_api *a, const json_t *item, const char *folder)
{
    const char *role = role_of(item, a->user_id);
    bool own = strcmp(json_str_or(item, "owner", ""), a->user_id) == 0;
    bool shared = json_str(json_object_get(item, "collaborators"), a->user_id) != NULL;
    bool here = strcmp(json_str_or(item, "parent", "0"), folder) == 0;
    return strcmp(folder, "0") == 0 ? (here && own) || (shared && !own) : here && role != NULL;
}

json_t *box_named(const struct box_api *a, const char *folder, const char *name)
{
    const char *id = NULL;
    json_t *item = NULL;
    json_object_foreach(items, id, item)
    {
        if (lies_in(a, item, folder) && strcasecmp(json_str_or(item, "name", ""), name) == 0) {
            return item;
        }
    }
    return NULL;
}

bool box_check_name(struct box_api *a, const char *name)
{
    size_t len = name == NULL ? 0 : strlen(name);
    bool bad = len == 0 || strpbrk(name, "/\\") != NULL || strcmp(name, ".") == 0 ||
               strcmp(name, "..") == 0 || name[len - 1] == ' ';
    for (size_t i = 0; i < len; i++) {
        bad = bad || (unsigned char)name[i] < 0x20;
    }
    if (len > 255) {
        box_refuse(a->req, 400, "item_name_too_long", "Item name too long", NULL);
    } else if (bad) {
        box_refuse(a->req, 400, "item_name_invalid", "Item name invalid", NULL);
    }
    return !bad && len <= 255;
}

/* ---- how it is shown ---- */

static json_t *etag_json(const json_t *item)
{
    char *text = xasprintf("%lld", (long long)json_int_or(item, "etag", 0));
    json_t *etag = json_string(text);
    free(text);
    return etag;
}

json_t *box_item_mini(const json_t *item)
{
    return json_pack("{s:O, s:O, s:o, s:O}", "type", json_object_get(item, "type"), "id",
                     json_object_get(item, "id"), "etag", etag_json(item), "name",
                     json_object_get(item, "name"));
}

json_t *box_user_mini(const json_t *enterprise, const char *id)
{
    const json_t *user = box_user(enterprise, id);
    return user == NULL
               ? json_null()
               : json_pack("{s:s, s:s, s:O, s:O}", "type", "user", "id", id, "name",
                           json_object_get(user, "name"), "login", json_object_get(user, "login"));
}

static json_t *parent_json(const char *id)
{
    const json_t *parent = json_object_get(items, id);
    return parent != NULL
               ? box_item_mini(parent)
               : json_pack("{s:s, s:s, s:s}", "type", "folder", "id", "0", "name", "All Files");
}

static json_t *path_json(const json_t *item)
{
    json_t *entries = json_array();
    const char *id = json_str_or(item, "parent", "0");
    for (int depth = 0; depth < 100; depth++) {
        json_array_insert_new(entries, 0, parent_json(id));
        const json_t *parent = json_object_get(items, id);
        if (parent == NULL) {
            break;
        }
        id = json_str_or(parent, "parent", "0");
    }
    return json_pack("{s:I, s:o}", "total_count", (json_int_t)json_array_size(entries), "entries",
                     entries);
}

static json_t *field_json(const struct box_api *a, const json_t *item, const char *name)
{
    if (strcmp(name, "parent") == 0) {
        return parent_json(json_str_or(item, "parent", "0"));
    }
    if (strcmp(name, "path_collection") == 0) {
        return path_json(item);
    }
    if (strcmp(name, "modified_by") == 0 || strcmp(name, "owned_by") == 0) {
        const char *key = name[0] == 'o' ? "owner" : name;
        return box_user_mini(a->enterprise, json_str_or(item, key, ""));
    }
    if (strcmp(name, "item_status") == 0) {
        return json_string("active");
    }
    json_t *value = json_object_get(item, name);
    return value == NULL ? json_null() : json_incref(value);
}

static const char file_fields[] =
    "sha1,name,description,size,path_collection,created_at,modified_at,modified_by,owned_by,"
    "shared_link,parent,item_status,file_version";
static const char folder_fields[] =
    "name,description,size,path_collection,created_at,modified_at,modified_by,owned_by,"
    "shared_link,parent,item_status";

json_t *box_item_json(const struct box_api *a, const json_t *item, const char *fields)
{
    bool file = strcmp(json_str_or(item, "type", ""), "file") == 0;
    const char *list = fields != NULL ? fields : file ? file_fields : folder_fields;
    json_t *out = json_pack("{s:O, s:O, s:o}", "type", json_object_get(item, "type"), "id",
                            json_object_get(item, "id"), "etag", etag_json(item));
    for (const char *p = list; *p != '\0';) {
        size_t len = strcspn(p, ",");
        char *name = xstrndup(p, len);
        if (len > 0 && json_object_get(out, name) == NULL) {
            json_object_set_new(out, name, field_json(a, item, name));
        }
        free(name);
        p += len + (p[len] == ',' ? 1 : 0);
    }
    return out;
}

static json_t *list_json(const struct box_api *a, const char *folder)
{
    json_t *entries = json_array();
    const char *id = NULL;
    json_t *item = NULL;
    json_object_foreach(items, id, item)
    {
        if (lies_in(a, item, folder)) {
            json_array_append_new(entries,
                                  box_item_json(a, item, json_str(a->req->query, "fields")));
        }
    }
    return entries;
}

/* ---- changes ---- */

static void conflict(struct box_api *a, const json_t *there, bool list)
{
    json_t *mini = box_item_mini(there);
    if (json_object_get(there, "sha1") != NULL) {
        json_object_set(mini, "sha1", json_object_get(there, "sha1"));
    }
    json_t *conflicts = list ? json_pack("[o]", mini) : mini;
    box_refuse(a->req, 409, "item_name_in_use", "Item with the same name already exists",
               json_pack("{s:o}", "conflicts", conflicts));
}

static void method_wrong(struct box_api *a)
{
    box_refuse(a->req, 405, "method_not_allowed", "Method Not Allowed", NULL);
}

static void folder_new(struct box_api *a)
{
    json_t *body = box_body(a->req);
    const char *name = json_str(body, "name");
    const char *parent = json_str_or(json_object_get(body, "parent"), "id", "");
    if (body == NULL) {
        return;
    }
    json_t *there = NULL;
    if (box_check_name(a, name) && box_may_add(a, parent)) {
        there = box_named(a, parent, name);
        if (there != NULL) {
            conflict(a, there, true);
        } else {
            box_count("writes");
            http_reply_json(a->req, 201,
                            box_item_json(a, box_item_new(a, "folder", name, parent),
                                          json_str(a->req->query, "fields")));
        }
    }
    json_decref(body);
}

static bool known_access(const json_t *link)
{
    const char *access = json_str(link, "access");
    return access == NULL || strcmp(access, "open") == 0 || strcmp(access, "company") == 0 ||
           strcmp(access, "collaborators") == 0;
}

/* NULL removes it; asking for one that exists keeps its address. */
static bool set_link(struct box_api *a, json_t *item, const json_t *link)
{
    if (json_is_null(link)) {
        json_object_set_new(item, "shared_link", json_null());
        return true;
    }
    const char *until = json_str(link, "unshared_at");
    if (!json_is_object(link) || !known_access(link) || (until != NULL && strlen(until) < 20)) {
        box_refuse(a->req, 400, "bad_request", "Bad Request: invalid shared_link", NULL);
        return false;
    }
    json_t *old = json_object_get(item, "shared_link");
    char *url = json_is_object(old)
                    ? xstrdup(json_str_or(old, "url", ""))
                    : xasprintf("%s/s/%s", a->call->base, json_str_or(item, "id", ""));
    json_object_set_new(item, "shared_link",
                        json_pack("{s:s, s:s, s:s?, s:b}", "url", url, "access",
                                  json_str_or(link, "access", "open"), "unshared_at", until,
                                  "is_password_enabled", false));
    free(url);
    return true;
}

/* Its new name or place, if they may be. */
static bool set_place(struct box_api *a, json_t *item, const json_t *body)
{
    const char *name = json_str_or(body, "name", json_str_or(item, "name", ""));
    const char *parent =
        json_str_or(json_object_get(body, "parent"), "id", json_str_or(item, "parent", "0"));
    bool moves = json_object_get(body, "parent") != NULL;
    if (!box_check_name(a, name) || (moves && !box_may_add(a, parent))) {
        return false;
    }
    json_t *there = box_named(a, parent, name);
    if (there != NULL && there != item) {
        conflict(a, there, strcmp(json_str_or(item, "type", ""), "folder") == 0);
        return false;
    }
    json_object_set_new(item, "name", json_string(name));
    json_object_set_new(item, "parent", json_string(parent));
    return true;
}

static bool etag_fits(struct box_api *a, const json_t *item)
{
    const char *wanted = http_header(a->req, "If-Match");
    json_t *etag = etag_json(item);
    bool fits = wanted == NULL || strcmp(wanted, json_string_value(etag)) == 0;
    json_decref(etag);
    if (!fits) {
        box_refuse(a->req, 412, "precondition_failed",
                   "The resource has been modified. Please retrieve the resource again and retry",
                   NULL);
    }
    return fits;
}

static void change(struct box_api *a, json_t *item)
{
    json_t *body = etag_fits(a, item) ? box_body(a->req) : NULL;
    if (body == NULL) {
        return;
    }
    json_t *link = json_object_get(body, "shared_link");
    if ((link == NULL || set_link(a, item, link)) && set_place(a, item, body)) {
        box_count("writes");
        box_item_changed(item, a->user_id);
        http_reply_json(a->req, 200, box_item_json(a, item, json_str(a->req->query, "fields")));
    }
    json_decref(body);
}

static void copy(struct box_api *a, const json_t *item)
{
    json_t *body = box_body(a->req);
    if (body == NULL) {
        return;
    }
    const char *parent = json_str_or(json_object_get(body, "parent"), "id", "");
    const char *name = json_str_or(body, "name", json_str_or(item, "name", ""));
    if (box_check_name(a, name) && box_may_add(a, parent)) {
        json_t *there = box_named(a, parent, name);
        if (there != NULL) {
            conflict(a, there, false);
        } else {
            box_count("writes");
            json_t *made = box_item_new(a, json_str_or(item, "type", "file"), name, parent);
            json_object_set(made, "sha1", json_object_get(item, "sha1"));
            json_object_set(made, "size", json_object_get(item, "size"));
            http_reply_json(a->req, 201, box_item_json(a, made, NULL));
        }
    }
    json_decref(body);
}

static void item_call(struct box_api *a, const char *type)
{
    bool read = http_is(a->req, "GET");
    json_t *item = read || http_is(a->req, "PUT") ? box_item(a, type, a->parts[1], !read) : NULL;
    if (!read && !http_is(a->req, "PUT")) {
        method_wrong(a);
    } else if (item != NULL && read) {
        http_reply_json(a->req, 200, box_item_json(a, item, json_str(a->req->query, "fields")));
    } else if (item != NULL) {
        change(a, item);
    }
}

static void folder_items(struct box_api *a)
{
    if (!http_is(a->req, "GET")) {
        method_wrong(a);
    } else if (strcmp(a->parts[1], "0") == 0 || box_item(a, "folder", a->parts[1], false) != NULL) {
        json_t *entries = list_json(a, a->parts[1]);
        http_reply_json(
            a->req, 200,
            json_pack("{s:o, s:i, s:s}", "entries", entries, "limit", 100, "next_marker", ""));
    }
}

void box_folders(struct box_api *a)
{
    if (a->count == 1 && http_is(a->req, "POST")) {
        folder_new(a);
    } else if (a->count == 2) {
        item_call(a, "folder");
    } else if (a->count == 3 && strcmp(a->parts[2], "items") == 0) {
        folder_items(a);
    } else {
        method_wrong(a);
    }
}

/* OPTIONS files/content: may this be uploaded? */
static void check_upload(struct box_api *a)
{
    json_t *body = box_body(a->req);
    const char *name = json_str(body, "name");
    const char *parent = json_str_or(json_object_get(body, "parent"), "id", "0");
    if (body != NULL && box_check_name(a, name) && box_may_add(a, parent)) {
        json_t *there = box_named(a, parent, name);
        if (there != NULL) {
            conflict(a, there, false);
        } else {
            char *url = xasprintf("%s/api/2.0/files/content", a->call->base);
            http_reply_json(a->req, 200,
                            json_pack("{s:s, s:n}", "upload_url", url, "upload_token"));
            free(url);
        }
    }
    json_decref(body);
}

void box_files(struct box_api *a)
{
    const char *sub = a->count == 3 ? a->parts[2] : "";
    bool get = http_is(a->req, "GET");
    json_t *file = NULL;
    if (a->count == 2 && strcmp(a->parts[1], "content") == 0) {
        if (http_is(a->req, "OPTIONS")) {
            check_upload(a);
        } else {
            method_wrong(a);
        }
    } else if (a->count == 2) {
        item_call(a, "file");
    } else if (strcmp(sub, "content") == 0 && get) {
        file = box_item(a, "file", a->parts[1], false);
        if (file != NULL) {
            box_download(a, file);
        }
    } else if (strcmp(sub, "tasks") == 0 && get) {
        file = box_item(a, "file", a->parts[1], false);
        if (file != NULL) {
            box_file_tasks(a, file);
        }
    } else if (strcmp(sub, "copy") == 0 && http_is(a->req, "POST")) {
        file = box_item(a, "file", a->parts[1], false);
        if (file != NULL) {
            copy(a, file);
        }
    } else {
        method_wrong(a);
    }
}

/* New items are found only after `index_ms`. */
void box_search(struct box_api *a)
{
    const char *query = json_str_or(a->req->query, "query", "");
    const char *type = json_str(a->req->query, "type");
    if (query[0] == '\0') {
        box_refuse(a->req, 400, "bad_request", "Bad Request: a query is needed", NULL);
        return;
    }
    int64_t before = clock_now_ms() - json_int_or(box_settings(), "index_ms", 0);
    json_t *entries = json_array();
    const char *id = NULL;
    json_t *item = NULL;
    json_object_foreach(items, id, item)
    {
        bool fits = strcasestr(json_str_or(item, "name", ""), query) != NULL &&
                    (type == NULL || strcmp(type, json_str_or(item, "type", "")) == 0) &&
                    json_int_or(item, "since_ms", 0) <= before && role_of(item, a->user_id) != NULL;
        if (fits) {
            json_array_append_new(entries,
                                  box_item_json(a, item, json_str(a->req->query, "fields")));
        }
    }
    http_reply_json(a->req, 200,
                    json_pack("{s:I, s:i, s:i, s:s, s:o}", "total_count",
                              (json_int_t)json_array_size(entries), "limit", 30, "offset", 0,
                              "type", "search_results_items", "entries", entries));
}

void box_item_page(struct box_call *call, const char *id)
{
    const json_t *item = json_object_get(items, id);
    if (item == NULL) {
        page_message(call->req, 404, "This item is not here",
                     "It was deleted, or you may not see it.", "box");
        return;
    }
    struct buf b = {0};
    page_begin(&b, json_str_or(item, "name", ""), "box");
    buf_add(&b, "<p class=\"tag\">");
    buf_add_html(&b, json_str_or(item, "type", ""));
    buf_add(&b, "</p><h1>");
    buf_add_html(&b, json_str_or(item, "name", ""));
    buf_add(&b, "</h1>");
    page_end(&b);
    http_reply_text(call->req, 200, "text/html; charset=utf-8", b.data);
    buf_free(&b);
}

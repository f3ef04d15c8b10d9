/* What is done around files: comments, tasks and their assignments, invitations, signatures. */
#include "box.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *comments;    /* id -> {id,item,message,user,since_ms} */
static json_t *tasks;       /* id -> {id,item,action,message,due_at,completion_rule,user} */
static json_t *assignments; /* id -> {id,task,user,resolution_state,message} */
static json_t *invitations; /* id -> {id,item,login,role} */
static json_t *signatures;  /* id -> what was asked for, status, user */

void box_work_reset(void)
{
    json_t **const all[] = {&comments, &tasks, &assignments, &invitations, &signatures};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        json_decref(*all[i]);
        *all[i] = json_object();
    }
}

static json_t *values_of(const json_t *object)
{
    json_t *list = json_array();
    json_t *copy = json_deep_copy(object);
    const char *id = NULL;
    json_t *value = NULL;
    json_object_foreach(copy, id, value)
    {
        json_array_append(list, value);
    }
    json_decref(copy);
    return list;
}

json_t *box_work_state(void)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "comments", values_of(comments), "tasks",
                     values_of(tasks), "assignments", values_of(assignments), "collaborations",
                     values_of(invitations), "sign_requests", values_of(signatures));
}

json_t *box_body(struct request *req)
{
    json_t *body = http_body_is(req, "application/json")
                       ? json_loadb(buf_text(&req->body), req->body.len, 0, NULL)
                       : NULL;
    if (!json_is_object(body)) {
        json_decref(body);
        box_refuse(req, 400, "bad_request", "Bad Request: the body is no JSON object", NULL);
        return NULL;
    }
    return body;
}

static void bad(struct box_api *a, const char *message)
{
    box_refuse(a->req, 400, "bad_request", message, NULL);
}

static void method_wrong(struct box_api *a)
{
    box_refuse(a->req, 405, "method_not_allowed", "Method Not Allowed", NULL);
}

static void not_found(struct box_api *a)
{
    box_refuse(a->req, 404, "not_found", "Not Found", NULL);
}

/* Keeps it under a new id, which is set in it; a borrowed reference. */
static json_t *keep(json_t *in, json_t *value)
{
    char *id = box_new_id();
    json_object_set_new(value, "id", json_string(id));
    json_object_set_new(in, id, value);
    free(id);
    box_count("writes");
    world_touch();
    return value;
}

/* The file or folder that body.item names. */
static json_t *item_of(struct box_api *a, const json_t *body, const char *type, bool write)
{
    const json_t *named = json_object_get(body, "item");
    const char *given = json_str(named, "type");
    if (given == NULL || (type != NULL && strcmp(given, type) != 0)) {
        bad(a, "Bad Request: item.type");
        return NULL;
    }
    return box_item(a, given, json_str_or(named, "id", ""), write);
}

/* ---- comments ---- */

/* The same words of the same person on the same file, a short time ago. */
static bool recent_similar(const struct box_api *a, const json_t *item, const char *message)
{
    int64_t window = json_int_or(box_settings(), "similar_comment_ms", 60000);
    const char *id = NULL;
    json_t *old = NULL;
    json_object_foreach(comments, id, old)
    {
        if (strcmp(json_str_or(old, "message", ""), message) == 0 &&
            strcmp(json_str_or(old, "user", ""), a->user_id) == 0 &&
            json_equal(json_object_get(old, "item"), json_object_get(item, "id")) &&
            clock_now_ms() - json_int_or(old, "since_ms", 0) < window) {
            return true;
        }
    }
    return false;
}

void box_comments(struct box_api *a)
{
    json_t *body = a->count == 1 && http_is(a->req, "POST") ? box_body(a->req) : NULL;
    if (a->count != 1 || !http_is(a->req, "POST")) {
        method_wrong(a);
    }
    if (body == NULL) {
        return;
    }
    const char *message = json_str(body, "message");
    message = message == NULL ? json_str(body, "tagged_message") : message;
    json_t *item = NULL;
    if (message == NULL || message[0] == '\0') {
        bad(a, "Bad Request: message");
    } else if ((item = item_of(a, body, NULL, false)) == NULL) {
        /* refused */
    } else if (recent_similar(a, item, message)) {
        box_refuse(a->req, 409, "recent_similar_comment",
                   "Looks like a similar comment has been posted recently", NULL);
    } else {
        json_t *made =
            keep(comments, json_pack("{s:s, s:O, s:s, s:s, s:I}", "type", "comment", "item",
                                     json_object_get(item, "id"), "message", message, "user",
                                     a->user_id, "since_ms", (json_int_t)clock_now_ms()));
        json_t *shown = json_deep_copy(made);
        json_object_set_new(shown, "item", box_item_mini(item));
        json_object_set_new(shown, "created_by", box_user_mini(a->enterprise, a->user_id));
        json_object_del(shown, "user");
        json_object_del(shown, "since_ms");
        http_reply_json(a->req, 201, shown);
    }
    json_decref(body);
}

/* ---- tasks ---- */

static json_t *assignment_json(const struct box_api *a, const json_t *assignment)
{
    const json_t *task = json_object_get(tasks, json_str_or(assignment, "task", ""));
    const json_t *item = json_object_get(box_items(), json_str_or(task, "item", ""));
    json_t *shown = json_deep_copy(assignment);
    json_object_set_new(shown, "type", json_string("task_assignment"));
    json_object_set_new(shown, "item", box_item_mini(item));
    json_object_set_new(shown, "assigned_to",
                        box_user_mini(a->enterprise, json_str_or(assignment, "user", "")));
    json_object_set_new(shown, "assigned_by",
                        box_user_mini(a->enterprise, json_str_or(task, "user", "")));
    json_object_del(shown, "user");
    json_object_del(shown, "task");
    return shown;
}

/* {total_count, entries} of the assignments of a task. */
static json_t *assignments_json(const struct box_api *a, const char *task)
{
    json_t *entries = json_array();
    const char *id = NULL;
    json_t *one = NULL;
    json_object_foreach(assignments, id, one)
    {
        if (strcmp(json_str_or(one, "task", ""), task) == 0) {
            json_array_append_new(entries, assignment_json(a, one));
        }
    }
    return json_pack("{s:I, s:o}", "total_count", (json_int_t)json_array_size(entries), "entries",
                     entries);
}

static json_t *task_json(const struct box_api *a, const json_t *task)
{
    const json_t *item = json_object_get(box_items(), json_str_or(task, "item", ""));
    json_t *shown = json_deep_copy(task);
    json_object_set_new(shown, "type", json_string("task"));
    json_object_set_new(shown, "item", box_item_mini(item));
    json_object_set_new(shown, "created_by",
                        box_user_mini(a->enterprise, json_str_or(task, "user", "")));
    json_object_set_new(shown, "task_assignment_collection",
                        assignments_json(a, json_str_or(task, "id", "")));
    json_object_set_new(shown, "is_completed", json_false());
    json_object_del(shown, "user");
    return shown;
}

static bool one_of(const char *text, const char *first, const char *second)
{
    return text != NULL && (strcmp(text, first) == 0 || strcmp(text, second) == 0);
}

static void task_new(struct box_api *a)
{
    json_t *body = box_body(a->req);
    if (body == NULL) {
        return;
    }
    const char *action = json_str_or(body, "action", "review");
    const char *rule = json_str_or(body, "completion_rule", "all_assignees");
    const char *due = json_str(body, "due_at");
    json_t *item = NULL;
    if (!one_of(action, "review", "complete") || !one_of(rule, "all_assignees", "any_assignee") ||
        (due != NULL && strlen(due) < 20)) {
        bad(a, "Bad Request: action, completion_rule or due_at");
    } else if ((item = item_of(a, body, "file", false)) != NULL) {
        json_t *made = keep(
            tasks, json_pack("{s:O, s:s, s:s, s:s, s:s?, s:s}", "item", json_object_get(item, "id"),
                             "action", action, "message", json_str_or(body, "message", ""),
                             "completion_rule", rule, "due_at", due, "user", a->user_id));
        http_reply_json(a->req, 201, task_json(a, made));
    }
    json_decref(body);
}

void box_file_tasks(struct box_api *a, const json_t *file)
{
    json_t *entries = json_array();
    const char *id = NULL;
    json_t *task = NULL;
    json_object_foreach(tasks, id, task)
    {
        if (json_equal(json_object_get(task, "item"), json_object_get(file, "id"))) {
            json_array_append_new(entries, task_json(a, task));
        }
    }
    http_reply_json(a->req, 200,
                    json_pack("{s:I, s:o}", "total_count", (json_int_t)json_array_size(entries),
                              "entries", entries));
}

/* A task whose file this person may see. */
static json_t *task_of(struct box_api *a, const char *id)
{
    json_t *task = json_object_get(tasks, id);
    if (task == NULL) {
        not_found(a);
        return NULL;
    }
    return box_item(a, "file", json_str_or(task, "item", ""), false) == NULL ? NULL : task;
}

void box_tasks(struct box_api *a)
{
    json_t *task = NULL;
    bool get = http_is(a->req, "GET");
    if (a->count == 1 && http_is(a->req, "POST")) {
        task_new(a);
    } else if (a->count == 2 && get) {
        task = task_of(a, a->parts[1]);
        if (task != NULL) {
            http_reply_json(a->req, 200, task_json(a, task));
        }
    } else if (a->count == 3 && get && strcmp(a->parts[2], "assignments") == 0) {
        task = task_of(a, a->parts[1]);
        if (task != NULL) {
            http_reply_json(a->req, 200, assignments_json(a, a->parts[1]));
        }
    } else {
        method_wrong(a);
    }
}

static json_t *assigned(const char *task, const char *user)
{
    const char *id = NULL;
    json_t *one = NULL;
    json_object_foreach(assignments, id, one)
    {
        if (strcmp(json_str_or(one, "task", ""), task) == 0 &&
            strcmp(json_str_or(one, "user", ""), user) == 0) {
            return one;
        }
    }
    return NULL;
}

static void assign(struct box_api *a)
{
    json_t *body = box_body(a->req);
    if (body == NULL) {
        return;
    }
    const json_t *named = json_object_get(body, "task");
    const json_t *to = json_object_get(body, "assign_to");
    json_t *task = strcmp(json_str_or(named, "type", ""), "task") == 0
                       ? task_of(a, json_str_or(named, "id", ""))
                       : NULL;
    json_t *user = json_str(to, "id") != NULL
                       ? box_user(a->enterprise, json_str(to, "id"))
                       : box_user_by_login(a->enterprise, json_str_or(to, "login", ""));
    if (task == NULL) {
        if (a->req->status == 0) {
            bad(a, "Bad Request: task");
        }
    } else if (user == NULL && json_str(to, "id") == NULL) {
        not_found(a);
    } else if (user == NULL) { /* as in life: an id that is nobody's is no tidy refusal */
        box_refuse(a->req, 500, "internal_server_error", "Internal Server Error", NULL);
    } else if (assigned(json_str_or(task, "id", ""), json_str_or(user, "id", "")) != NULL) {
        bad(a, "Bad Request: this task is already assigned to this user");
    } else {
        json_t *made =
            keep(assignments, json_pack("{s:O, s:O, s:s, s:s}", "task", json_object_get(task, "id"),
                                        "user", json_object_get(user, "id"), "resolution_state",
                                        "incomplete", "message", ""));
        http_reply_json(a->req, 201, assignment_json(a, made));
    }
    json_decref(body);
}

/* Tasks to review are approved or rejected, tasks to complete are completed. */
static bool may_be(const json_t *task, const char *state)
{
    bool review = strcmp(json_str_or(task, "action", ""), "review") == 0;
    return strcmp(state, "incomplete") == 0 ||
           (review ? one_of(state, "approved", "rejected") : strcmp(state, "completed") == 0);
}

/* Null for what is to be done again. */
static json_t *completed_at(const char *state)
{
    char text[40];
    time_t now = (time_t)(clock_now_ms() / 1000);
    struct tm t = {0};
    gmtime_r(&now, &t);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S-00:00", &t);
    return strcmp(state, "incomplete") == 0 ? json_null() : json_string(text);
}

static void decide(struct box_api *a, json_t *assignment)
{
    json_t *body = box_body(a->req);
    if (body == NULL) {
        return;
    }
    const json_t *task = json_object_get(tasks, json_str_or(assignment, "task", ""));
    const char *state = json_str(body, "resolution_state");
    const char *message = json_str(body, "message");
    if (strcmp(json_str_or(assignment, "user", ""), a->user_id) != 0) {
        box_refuse(a->req, 403, "access_denied_insufficient_permissions",
                   "Access denied - insufficient permission", NULL);
    } else if (state != NULL && !may_be(task, state)) {
        bad(a, "Bad Request: resolution_state");
    } else {
        box_count("writes");
        if (state != NULL) {
            json_object_set_new(assignment, "resolution_state", json_string(state));
            json_object_set_new(assignment, "completed_at", completed_at(state));
        }
        if (message != NULL) {
            json_object_set_new(assignment, "message", json_string(message));
        }
        http_reply_json(a->req, 200, assignment_json(a, assignment));
    }
    json_decref(body);
}

void box_assignments(struct box_api *a)
{
    if (a->count == 1 && http_is(a->req, "POST")) {
        assign(a);
        return;
    }
    json_t *one = a->count == 2 ? json_object_get(assignments, a->parts[1]) : NULL;
    if (one == NULL || task_of(a, json_str_or(one, "task", "")) == NULL) {
        not_found(a);
    } else if (http_is(a->req, "GET")) {
        http_reply_json(a->req, 200, assignment_json(a, one));
    } else if (http_is(a->req, "PUT")) {
        decide(a, one);
    } else {
        method_wrong(a);
    }
}

/* ---- invitations ---- */

static bool known_role(const char *role)
{
    static const char *const roles[] = {"editor",   "viewer",          "previewer",
                                        "uploader", "viewer uploader", "previewer uploader",
                                        "co-owner"};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (strcmp(roles[i], role) == 0) {
            return true;
        }
    }
    return false;
}

static bool invited(const json_t *item, const char *login)
{
    const char *id = NULL;
    json_t *one = NULL;
    json_object_foreach(invitations, id, one)
    {
        if (json_equal(json_object_get(one, "item"), json_object_get(item, "id")) &&
            strcmp(json_str_or(one, "login", ""), login) == 0) {
            return true;
        }
    }
    return false;
}

static void invite(struct box_api *a, json_t *item, const char *login, const char *role)
{
    json_t *user = box_user_by_login(a->enterprise, login);
    const char *id = json_str_or(user, "id", "");
    json_t *there = json_object_get(item, "collaborators");
    if (invited(item, login) || json_str(there, id) != NULL) {
        box_refuse(a->req, 400, "user_already_collaborator", "User is already a collaborator",
                   NULL);
        return;
    }
    if (user != NULL) {
        json_object_set_new(there, id, json_string(role));
    }
    json_t *made =
        keep(invitations, json_pack("{s:O, s:s, s:s}", "item", json_object_get(item, "id"), "login",
                                    login, "role", role));
    http_reply_json(a->req, 201,
                    json_pack("{s:s, s:O, s:s, s:s, s:o, s:o}", "type", "collaboration", "id",
                              json_object_get(made, "id"), "role", role, "status",
                              user == NULL ? "pending" : "accepted", "item", box_item_mini(item),
                              "accessible_by",
                              user == NULL ? json_null() : box_user_mini(a->enterprise, id)));
}

void box_collaborations(struct box_api *a)
{
    bool post = a->count == 1 && http_is(a->req, "POST");
    json_t *body = post ? box_body(a->req) : NULL;
    if (!post) {
        method_wrong(a);
    }
    if (body == NULL) {
        return;
    }
    const json_t *who = json_object_get(body, "accessible_by");
    const char *login = json_str(who, "login");
    const char *role = json_str_or(body, "role", "");
    json_t *item = NULL;
    if (strcmp(json_str_or(who, "type", ""), "user") != 0 || login == NULL || !known_role(role)) {
        bad(a, "Bad Request: accessible_by or role");
    } else if ((item = item_of(a, body, NULL, true)) != NULL) {
        invite(a, item, login, role);
    }
    json_decref(body);
}

/* ---- signatures ---- */

static bool all_have(const json_t *list, const char *key)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_str(json_array_get(list, i), key) == NULL) {
            return false;
        }
    }
    return json_array_size(list) > 0;
}

static json_t *sign_json(const json_t *one)
{
    json_t *shown = json_deep_copy(one);
    json_object_del(shown, "user");
    return shown;
}

static void sign_new(struct box_api *a)
{
    json_t *body = box_body(a->req);
    if (body == NULL) {
        return;
    }
    const json_t *files = json_object_get(body, "source_files");
    const char *folder = json_str_or(json_object_get(body, "parent_folder"), "id", "");
    const char *file = json_str_or(json_array_get(files, 0), "id", "");
    if (!all_have(json_object_get(body, "signers"), "email") || !all_have(files, "id")) {
        bad(a, "Bad Request: signers or source_files");
    } else if (strcmp(folder, "0") == 0) { /* the root is no place for what was signed */
        bad(a, "Bad Request: parent_folder");
    } else if (box_item(a, "file", file, false) != NULL && box_may_add(a, folder)) {
        char *link = xasprintf("%s/file/%s", a->call->base, file);
        json_t *made = json_deep_copy(body);
        json_object_set_new(made, "type", json_string("sign-request"));
        json_object_set_new(made, "status", json_string("created"));
        json_object_set_new(made, "prepare_url",
                            json_flag(body, "is_document_preparation_needed", false)
                                ? json_string(link)
                                : json_null());
        json_object_set_new(made, "user", json_string(a->user_id));
        free(link);
        http_reply_json(a->req, 201, sign_json(keep(signatures, made)));
    }
    json_decref(body);
}

void box_sign_requests(struct box_api *a)
{
    if (a->count == 1 && http_is(a->req, "POST")) {
        sign_new(a);
    } else if (a->count == 1 && http_is(a->req, "GET")) {
        json_t *entries = json_array();
        const char *id = NULL;
        json_t *one = NULL;
        json_object_foreach(signatures, id, one)
        {
            if (strcmp(json_str_or(one, "user", ""), a->user_id) == 0) {
                json_array_append_new(entries, sign_json(one));
            }
        }
        http_reply_json(
            a->req, 200,
            json_pack("{s:i, s:n, s:o}", "limit", 100, "next_marker", "entries", entries));
    } else {
        method_wrong(a);
    }
}

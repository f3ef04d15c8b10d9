/* What stands beside the records: search, Chatter, approvals of both engines, and several queries
 * in one call. */
#include "sf.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static json_t *error_row(const char *code, const char *message)
{
    return json_pack("[{s:s, s:s, s:[]}]", "statusCode", code, "message", message, "fields");
}

static bool is_object(const json_t *record, const char *name)
{
    return record != NULL && strcmp(json_str_or(record, "object", ""), name) == 0;
}

static const char *field(const json_t *record, const char *name)
{
    return json_str_or(json_object_get(record, "fields"), name, "");
}

static bool same_id(const char *a, const char *b)
{
    return strlen(a) >= 15 && strncmp(a, b, 15) == 0;
}

/* ---- approvals: the classic engine ---- */

static json_t *refused(const char *code, const char *message)
{
    return json_pack("{s:n, s:n, s:o, s:n, s:n, s:n, s:b}", "actorIds", "entityId", "errors",
                     error_row(code, message), "instanceId", "instanceStatus", "newWorkitemIds",
                     "success", false);
}

static json_t *pending(const struct sf_work *w, const char *record)
{
    const char *id = NULL;
    json_t *row = NULL;
    json_object_foreach(json_object_get(w->org, "records"), id, row)
    {
        if (is_object(row, "ProcessInstance") && same_id(field(row, "TargetObjectId"), record) &&
            strcmp(field(row, "Status"), "Pending") == 0) {
            return row;
        }
    }
    return NULL;
}

/* Whom the submitter names, else the first other user of the org. */
static const char *approver_of(const struct sf_work *w, const json_t *request)
{
    const json_t *named = json_object_get(request, "nextApproverIds");
    if (json_array_size(named) > 0) {
        const char *id = json_string_value(json_array_get(named, 0));
        return sf_user(w->org, id) == NULL ? NULL : id;
    }
    const char *id = NULL;
    json_t *user = NULL;
    json_object_foreach(json_object_get(w->org, "users"), id, user)
    {
        if (strcmp(id, w->user) != 0) {
            return id;
        }
    }
    return NULL;
}

/* What happened, for ever: the work item itself goes when it is decided. */
static void add_step(const struct sf_work *w, const json_t *process, const char *status,
                     const char *assigned, const char *comments)
{
    json_t *fields = json_pack("{s:O, s:s, s:s, s:s, s:s}", "ProcessInstanceId",
                               json_object_get(process, "id"), "StepStatus", status, "ActorId",
                               w->user, "OriginalActorId", assigned, "Comments", comments);
    sf_record_new(w->org, sf_object("ProcessInstanceStep"), fields, w->user);
    json_decref(fields);
}

static json_t *submit(const struct sf_work *w, const json_t *request)
{
    json_t *record = sf_record(w->org, json_str_or(request, "contextId", ""));
    const char *approver = approver_of(w, request);
    if (record == NULL || approver == NULL) {
        return refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    }
    if (!is_object(record, "Opportunity")) {
        return refused("NO_APPLICABLE_PROCESS", "No applicable approval process was found.");
    }
    const char *target = json_str_or(record, "id", "");
    if (pending(w, target) != NULL) {
        return refused("ALREADY_IN_PROCESS", "Cannot submit object already in process.");
    }
    sf_count_write();
    json_t *fields = json_pack("{s:s, s:s, s:s}", "TargetObjectId", target, "SubmittedById",
                               w->user, "Status", "Pending");
    json_t *process = sf_record_new(w->org, sf_object("ProcessInstance"), fields, w->user);
    json_decref(fields);
    add_step(w, process, "Started", w->user, json_str_or(request, "comments", ""));
    fields = json_pack("{s:O, s:s, s:s}", "ProcessInstanceId", json_object_get(process, "id"),
                       "ActorId", approver, "OriginalActorId", approver);
    json_t *item = sf_record_new(w->org, sf_object("ProcessInstanceWorkitem"), fields, w->user);
    json_decref(fields);
    return json_pack("{s:[s], s:s, s:n, s:O, s:s, s:[O], s:b}", "actorIds", approver, "entityId",
                     target, "errors", "instanceId", json_object_get(process, "id"),
                     "instanceStatus", "Pending", "newWorkitemIds", json_object_get(item, "id"),
                     "success", true);
}

json_t *sf_submit(json_t *org, const char *user, const char *record, const char *approver)
{
    const struct sf_work w = {.org = org, .user = user};
    json_t *request = json_pack("{s:s, s:[s]}", "contextId", record, "nextApproverIds", approver);
    json_t *row = submit(&w, request);
    json_decref(request);
    return row;
}

static json_t *decide(const struct sf_work *w, const json_t *request, const char *status)
{
    json_t *item = sf_record(w->org, json_str_or(request, "contextId", ""));
    if (item == NULL && strncmp(json_str_or(request, "contextId", ""), "04i", 3) == 0) {
        /* which of the two it is, no document says */
        bool gone = json_flag(sf_settings(), "approval_gone_is_cross_reference", false);
        return gone ? refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
                    : refused("ALREADY_PROCESSED", "The approval request was already processed.");
    }
    if (!is_object(item, "ProcessInstanceWorkitem")) {
        return refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    }
    if (!same_id(field(item, "ActorId"), w->user)) {
        return refused("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
                       "insufficient access rights on cross-reference id");
    }
    json_t *process = sf_record(w->org, field(item, "ProcessInstanceId"));
    sf_count_write();
    json_t *fields = json_pack("{s:s}", "Status", status);
    sf_record_change(w->org, process, fields, w->user);
    json_decref(fields);
    add_step(w, process, status, field(item, "OriginalActorId"),
             json_str_or(request, "comments", ""));
    sf_record_remove(w->org, item);
    return json_pack("{s:n, s:s, s:n, s:O, s:s, s:[], s:b}", "actorIds", "entityId",
                     field(process, "TargetObjectId"), "errors", "instanceId",
                     json_object_get(process, "id"), "instanceStatus", status, "newWorkitemIds",
                     "success", true);
}

static void approvals(const struct sf_work *w)
{
    json_t *body = sf_read_body(w->req);
    if (body == NULL) {
        return;
    }
    const json_t *requests = json_object_get(body, "requests");
    json_t *rows = json_array();
    bool all = json_array_size(requests) > 0;
    size_t i = 0;
    const json_t *request = NULL;
    json_array_foreach(requests, i, request)
    {
        const char *action = json_str_or(request, "actionType", "");
        json_t *row = NULL;
        if (strcmp(action, "Submit") == 0) {
            row = submit(w, request);
        } else if (strcmp(action, "Approve") == 0) {
            row = decide(w, request, "Approved");
        } else if (strcmp(action, "Reject") == 0) {
            row = decide(w, request, "Rejected");
        } else {
            row = refused("INVALID_ARGUMENT", "actionType");
        }
        all = all && json_is_true(json_object_get(row, "success"));
        json_array_append_new(rows, row);
    }
    /* the flag counts, whatever the status: both are seen */
    bool ok = all || json_flag(sf_settings(), "approval_refusals_with_200", false);
    http_reply_json(w->req, ok ? 200 : 400, rows);
    json_decref(body);
}

/* ---- approvals: the engine of flows ---- */

static const char *review(const struct sf_work *w, const json_t *input, const char **ret_message)
{
    json_t *item = sf_record(w->org, json_str_or(input, "approvalWorkItemId", ""));
    const char *decision = json_str_or(input, "approvalDecision", "");
    if (strcmp(json_str_or(input, "channelType", ""), "InvocableAction") != 0) {
        *ret_message = "Specify a valid channel type.";
        return "INVALID_INPUT";
    }
    bool approve = strcasecmp(decision, "approve") == 0;
    *ret_message = "The approval work item can't be reviewed.";
    if (!is_object(item, "ApprovalWorkItem") || (!approve && strcasecmp(decision, "reject") != 0)) {
        return "INVALID_INPUT";
    }
    if (!same_id(field(item, "AssignedToId"), w->user)) {
        *ret_message = "You must be the assignee of the approval work item.";
        return "INSUFFICIENT_ACCESS";
    }
    if (strcmp(field(item, "Status"), "Assigned") != 0) {
        *ret_message = "The approval work item must be in Assigned status.";
        return "INVALID_STATUS";
    }
    json_t *fields =
        json_pack("{s:s, s:s, s:s}", "Status", approve ? "Approved" : "Rejected", "ReviewedById",
                  w->user, "Comments", json_str_or(input, "comments", ""));
    sf_count_write();
    sf_record_change(w->org, item, fields, w->user);
    json_decref(fields);
    return NULL;
}

static void review_item(const struct sf_work *w)
{
    json_t *body = sf_read_body(w->req);
    if (body == NULL) {
        return;
    }
    const char *message = NULL;
    const json_t *inputs = json_object_get(body, "inputs");
    const char *code = review(w, json_array_get(inputs, 0), &message);
    http_reply_json(w->req, code == NULL ? 200 : 400,
                    json_pack("[{s:s, s:o, s:n, s:b, s:n, s:n, s:i, s:i}]", "actionName",
                              "reviewApprovalWorkItem", "errors",
                              code == NULL ? json_null() : error_row(code, message), "invocationId",
                              "isSuccess", code == NULL, "outcome", "outputValues", "sortOrder", -1,
                              "version", 1));
    json_decref(body);
}

/* ---- Chatter ---- */

/* The text of the segments, or NULL when one is none. */
static char *post_text(const json_t *body)
{
    const json_t *segments = json_object_get(json_object_get(body, "body"), "messageSegments");
    struct buf b = {0};
    size_t i = 0;
    const json_t *segment = NULL;
    json_array_foreach(segments, i, segment)
    {
        const char *text = json_str(segment, "text");
        if (strcmp(json_str_or(segment, "type", ""), "Text") != 0 || text == NULL ||
            text[0] == '\0') {
            buf_free(&b);
            return NULL;
        }
        buf_add(&b, text);
    }
    return b.data;
}

static void feed(const struct sf_work *w)
{
    json_t *body = sf_read_body(w->req);
    if (body == NULL) {
        return;
    }
    char *text = post_text(body);
    const char *subject = json_str_or(body, "subjectId", "");
    subject = strcmp(subject, "me") == 0 ? w->user : subject;
    if (text == NULL || strcmp(json_str_or(body, "feedElementType", ""), "FeedItem") != 0) {
        http_reply_json(w->req, 400, sf_error("JSON_PARSER_ERROR", "The post has no text."));
    } else if (sf_record(w->org, subject) == NULL && sf_user(w->org, subject) == NULL) {
        http_reply_json(w->req, 404, sf_error("NOT_FOUND", "The subject was not found."));
    } else {
        json_t *fields = json_pack("{s:s, s:s}", "ParentId", subject, "Body", text);
        sf_count_write();
        json_t *item = sf_record_new(w->org, sf_object("FeedItem"), fields, w->user);
        json_decref(fields);
        http_reply_json(w->req, 201,
                        json_pack("{s:O, s:s, s:{s:s}, s:{s:s}}", "id", json_object_get(item, "id"),
                                  "feedElementType", "FeedItem", "parent", "id", subject, "body",
                                  "text", text));
    }
    free(text);
    json_decref(body);
}

/* ---- search ---- */

static bool mentions(const json_t *record, const char *text)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(record, "fields"), name, value)
    {
        if (json_is_string(value) && strcasestr(json_string_value(value), text) != NULL) {
            return true;
        }
    }
    return false;
}

/* The fields that were asked for, with what every record carries; NULL: one is unknown. */
static json_t *shown(const struct sf_work *w, const struct sf_object *object, const json_t *record)
{
    const char *id = json_str_or(record, "id", "");
    char *url = xasprintf("/services/data/v67.0/sobjects/%s/%s", object->name, id);
    json_t *out =
        json_pack("{s:{s:s, s:s}, s:s}", "attributes", "type", object->name, "url", url, "Id", id);
    free(url);
    for (const char *p = json_str_or(w->req->query, "fields", ""); *p != '\0';) {
        size_t len = strcspn(p, ",");
        char *name = xstrndup(p, len);
        bool known = sf_knows_field(object, name);
        if (known) {
            json_object_set_new(out, name, sf_value(w->org, record, name));
        }
        free(name);
        if (!known) {
            json_decref(out);
            return NULL;
        }
        p += len + (p[len] == ',' ? 1 : 0);
    }
    return out;
}

static void search(const struct sf_work *w)
{
    const char *text = json_str_or(w->req->query, "q", "");
    const struct sf_object *object = sf_object(json_str_or(w->req->query, "sobject", ""));
    if (strlen(text) < 2 || object == NULL || sf_query_only(object)) {
        http_reply_json(w->req, 400,
                        strlen(text) < 2
                            ? sf_error("MALFORMED_SEARCH", "search term must be longer than one "
                                                           "character")
                            : sf_error("INVALID_TYPE", "sObject type is not supported."));
        return;
    }
    json_t *found = json_array();
    const char *id = NULL;
    json_t *record = NULL;
    json_object_foreach(json_object_get(w->org, "records"), id, record)
    {
        if (is_object(record, object->name) && mentions(record, text)) {
            json_t *row = shown(w, object, record);
            if (row == NULL) {
                json_decref(found);
                http_reply_json(w->req, 400, sf_error("INVALID_FIELD", "No such column"));
                return;
            }
            json_array_append_new(found, row);
        }
    }
    http_reply_json(w->req, 200, json_pack("{s:o, s:{}}", "searchRecords", found, "metadata"));
}

/* ---- several queries in one call ---- */

/* "+" and %XX; the caller frees. */
static char *decoded(const char *text)
{
    struct buf b = {0};
    buf_add(&b, "");
    for (; *text != '\0'; text++) {
        char hex[3] = {0};
        if (*text == '%' && text[1] != '\0' && text[2] != '\0') {
            memcpy(hex, text + 1, 2);
            char c = (char)strtol(hex, NULL, 16);
            buf_addn(&b, &c, 1);
            text += 2;
        } else {
            buf_addn(&b, *text == '+' ? " " : text, 1);
        }
    }
    return b.data;
}

static json_t *part(const struct sf_work *w, const json_t *request)
{
    const char *url = json_str_or(request, "url", "");
    const char *q = strstr(url, "/query?q=");
    json_t *error = NULL;
    json_t *answer = NULL;
    if (strncmp(url, "/services/data/v", 16) != 0 || q == NULL ||
        strcmp(json_str_or(request, "method", ""), "GET") != 0) {
        error = sf_error("NOT_FOUND", "The requested resource does not exist");
    } else {
        char *soql = decoded(q + 9);
        answer = sf_query(w->org, soql, &error);
        free(soql);
    }
    int status = answer == NULL ? 400 : 200;
    return json_pack("{s:o, s:{}, s:i, s:O}", "body", answer == NULL ? error : answer,
                     "httpHeaders", "httpStatusCode", status, "referenceId",
                     json_object_get(request, "referenceId"));
}

static void composite(const struct sf_work *w)
{
    json_t *body = sf_read_body(w->req);
    if (body == NULL) {
        return;
    }
    const json_t *requests = json_object_get(body, "compositeRequest");
    json_t *rows = json_array();
    size_t i = 0;
    const json_t *request = NULL;
    json_array_foreach(requests, i, request)
    {
        json_t *row =
            json_is_string(json_object_get(request, "referenceId")) ? part(w, request) : NULL;
        if (row != NULL) {
            json_array_append_new(rows, row);
        }
    }
    if (json_array_size(rows) == 0 || json_array_size(rows) != json_array_size(requests)) {
        json_decref(rows);
        http_reply_json(w->req, 400, sf_error("JSON_PARSER_ERROR", "compositeRequest"));
    } else {
        http_reply_json(w->req, 200, json_pack("{s:o}", "compositeResponse", rows));
    }
    json_decref(body);
}

bool sf_work(const struct sf_work *w)
{
    static const struct {
        const char *method;
        const char *parts[3];
        void (*run)(const struct sf_work *w);
    } routes[] = {
        {"POST", {"process", "approvals", NULL}, approvals},
        {"POST", {"actions", "standard", "reviewApprovalWorkItem"}, review_item},
        {"POST", {"chatter", "feed-elements", NULL}, feed},
        {"GET", {"parameterizedSearch", NULL, NULL}, search},
        {"POST", {"composite", NULL, NULL}, composite},
    };
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t count = 0;
        while (count < 3 && routes[i].parts[count] != NULL && count < w->count &&
               strcmp(routes[i].parts[count], w->parts[count]) == 0) {
            count++;
        }
        bool whole = count == 3 || routes[i].parts[count] == NULL;
        if (whole && count == w->count) {
            if (http_is(w->req, routes[i].method)) {
                routes[i].run(w);
            } else {
                http_reply_json(w->req, 405, sf_error("METHOD_NOT_ALLOWED", routes[i].method));
            }
            return true;
        }
    }
    return false;
}

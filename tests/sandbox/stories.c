/* A deal is submitted for approval in Salesforce, a change is raised in ServiceNow: the record is
 * made as its person makes it there, and whom the app was told to tell of it (`approvals` in its
 * settings) is told as the app tells: by outbound message, by a business rule. */
#include "stories.h"

#include <string.h>

#include "app_hooks.h"
#include "sf.h"
#include "sn.h"
#include "world.h"

/* What is to be sent once the world is unlocked; `asks` as POST /_hook takes them. */
struct story {
    const char *refused; /* why nothing happens, or NULL */
    json_t *asks;
    json_t *made; /* ids of what there is now */
};

static const json_t *approvals_of(const json_t *settings, const char *where)
{
    return json_object_get(json_object_get(settings, "approvals"), where);
}

/* One message to each that is told, `event` being the same for all: a reference each. */
static void tell_all(struct story *s, const json_t *approvals, const char *kind, json_t *event)
{
    size_t i = 0;
    json_t *to = NULL;
    json_array_foreach(json_object_get(approvals, "tell"), i, to)
    {
        json_t *ask = json_pack("{s:s}", "kind", kind);
        json_object_update(ask, event);
        json_object_update(ask, to);
        json_array_append_new(s->asks, ask);
    }
    json_decref(event);
}

/* ---- Salesforce ---- */

/* The first of the approvers who is not the submitter. */
static const char *approver_for(json_t *org, const json_t *approvals, const char *submitter)
{
    size_t i = 0;
    const json_t *name = NULL;
    json_array_foreach(json_object_get(approvals, "approvers"), i, name)
    {
        const char *id = json_str(sf_user_by_name(org, json_string_value(name)), "id");
        if (id != NULL && strcmp(id, submitter) != 0) {
            return id;
        }
    }
    return NULL;
}

static void submit_deal(struct story *s, const json_t *body)
{
    const char *key = json_str_or(body, "in", "acme"), *id = json_str_or(body, "record", "");
    json_t *org = sf_org(key);
    const json_t *approvals = approvals_of(sf_settings(), key);
    const json_t *record = org == NULL ? NULL : sf_record(org, id);
    if (record == NULL || approvals == NULL) {
        s->refused = "no such record, or no approvals set for this org";
        return;
    }
    json_t *fields = json_object_get(record, "fields");
    const char *owner = json_str_or(fields, "OwnerId", "");
    const char *approver = approver_for(org, approvals, owner);
    s->made = sf_submit(org, owner, id, approver == NULL ? "" : approver);
    if (!json_flag(s->made, "success", false)) {
        s->refused = "Salesforce does not take it: it waits already, or nobody could approve it";
        return;
    }
    const char *item =
        json_string_value(json_array_get(json_object_get(s->made, "newWorkitemIds"), 0));
    json_t *told = json_pack("{s:O?, s:O?}", "Name", json_object_get(fields, "Name"), "Amount",
                             json_object_get(fields, "Amount"));
    tell_all(s, approvals, "salesforce_outbound",
             json_pack("{s:[{s:s, s:s, s:o}]}", "notifications", "id", item, "record", id, "fields",
                       told));
}

/* ---- ServiceNow ---- */

static json_t *user_by_name(json_t *instance, const char *name)
{
    json_t *all = sn_records(instance, sn_table("sys_user"));
    json_t *found = NULL;
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *row = json_array_get(all, i);
        found = strcmp(json_str_or(row, "user_name", ""), name) == 0 ? row : found;
    }
    json_decref(all);
    return found;
}

static void raise_change(struct story *s, const json_t *body)
{
    const char *key = json_str_or(body, "in", "acme");
    json_t *instance = sn_instance(key);
    const json_t *approvals = approvals_of(sn_settings(), key);
    json_t *approver =
        instance == NULL ? NULL : user_by_name(instance, json_str_or(approvals, "approver", ""));
    json_t *by = instance == NULL ? NULL : user_by_name(instance, json_str_or(approvals, "by", ""));
    if (approver == NULL || by == NULL) {
        s->refused = "no such instance, or no approvals set for it";
        return;
    }
    const char *user = json_str_or(by, "sys_id", "");
    const char *text = json_str_or(body, "text", "New switch in the server room");
    json_t *fields =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "type", "normal", "requested_by", user,
                  "approval", "requested", "short_description", text, "risk", "3", "start_date",
                  "2026-12-05 21:00:00", "end_date", "2026-12-05 23:00:00");
    json_t *change = sn_record_new(instance, sn_table("change_request"), fields, user);
    json_decref(fields);
    fields = json_pack("{s:O, s:O, s:s, s:O, s:s}", "approver", json_object_get(approver, "sys_id"),
                       "sysapproval", json_object_get(change, "sys_id"), "source_table",
                       "change_request", "document_id", json_object_get(change, "sys_id"), "state",
                       "requested");
    json_t *asked = sn_record_new(instance, sn_table("sysapproval_approver"), fields, user);
    json_decref(fields);
    s->made = json_pack("{s:O, s:O}", "number", json_object_get(change, "number"), "approval",
                        json_object_get(asked, "sys_id"));
    char *id = xasprintf("%s:0", json_str_or(asked, "sys_id", ""));
    json_t *event =
        json_pack("{s:s, s:O, s:s, s:O, s:O, s:s, s:s, s:s, s:s, s:O}", "id", id, "approval",
                  json_object_get(asked, "sys_id"), "state", "requested", "approver_email",
                  json_object_get(approver, "email"), "number", json_object_get(change, "number"),
                  "text", text, "risk", "Moderate", "starts", "2026-12-05T21:00:00Z", "ends",
                  "2026-12-05T23:00:00Z", "requested_by", json_object_get(by, "name"));
    free(id);
    tell_all(s, approvals, "servicenow", json_pack("{s:o}", "body", event));
}

/* ---- any ---- */

static const struct {
    const char *event;
    void (*run)(struct story *s, const json_t *body);
} stories[] = {
    {"submit_for_approval", submit_deal},
    {"raise_change", raise_change},
};

void story_happen(struct request *req, const json_t *body)
{
    struct story s = {.refused = "\"event\" is submit_for_approval or raise_change",
                      .asks = json_array()};
    size_t told = 0;
    world_lock();
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        if (strcmp(json_str_or(body, "event", ""), stories[i].event) == 0) {
            s.refused = NULL;
            stories[i].run(&s, body);
        }
    }
    world_unlock();
    for (size_t i = 0; i < json_array_size(s.asks); i++) {
        told += app_hook_tell(json_array_get(s.asks, i)) ? 1 : 0;
    }
    if (s.refused == NULL) {
        http_reply_json(req, 200,
                        json_pack("{s:b, s:O, s:i, s:i}", "ok", true, "made", s.made, "told",
                                  (int)told, "of", (int)json_array_size(s.asks)));
    } else {
        http_reply_json(req, 400,
                        json_pack("{s:b, s:s, s:s}", "ok", false, "error", "not_possible", "detail",
                                  s.refused));
    }
    json_decref(s.asks);
    json_decref(s.made);
}

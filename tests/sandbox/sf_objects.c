/* The objects the sandbox's Salesforce knows, and their records. */
#include "sf.h"

#include "world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct sf_object objects[] = {
    {"Account",
     "001",
     {{"Name", SF_STRING, 255, true},
      {"Industry", SF_STRING, 255, false},
      {"Phone", SF_STRING, 40, false},
      {"Website", SF_STRING, 255, false},
      {"AnnualRevenue", SF_NUMBER, 0, false},
      {"Description", SF_STRING, 32000, false}}},
    {"Contact",
     "003",
     {{"LastName", SF_STRING, 80, true},
      {"FirstName", SF_STRING, 40, false},
      {"Email", SF_STRING, 80, false},
      {"Phone", SF_STRING, 40, false},
      {"Title", SF_STRING, 128, false},
      {"AccountId", SF_REFERENCE, 18, false}}},
    {"Lead",
     "00Q",
     {{"LastName", SF_STRING, 80, true},
      {"Company", SF_STRING, 255, true},
      {"FirstName", SF_STRING, 40, false},
      {"Email", SF_STRING, 80, false},
      {"Phone", SF_STRING, 40, false},
      {"Status", SF_STRING, 255, false},
      {"Description", SF_STRING, 32000, false}}},
    {"Opportunity",
     "006",
     {{"Name", SF_STRING, 120, true},
      {"StageName", SF_STRING, 255, false},
      {"CloseDate", SF_DATE, 0, true},
      {"Amount", SF_NUMBER, 0, false},
      {"Probability", SF_NUMBER, 0, false},
      {"AccountId", SF_REFERENCE, 18, false},
      {"Type", SF_STRING, 255, false},
      {"NextStep", SF_STRING, 255, false},
      {"LeadSource", SF_STRING, 255, false},
      {"IsPrivate", SF_BOOL, 0, false},
      {"Description", SF_STRING, 32000, false}}},
    {"Case",
     "500",
     {{"Subject", SF_STRING, 255, false},
      {"Description", SF_STRING, 32000, false},
      {"Origin", SF_STRING, 255, false},
      {"Priority", SF_STRING, 255, false},
      {"Status", SF_STRING, 255, false},
      {"AccountId", SF_REFERENCE, 18, false},
      {"ContactId", SF_REFERENCE, 18, false}}},
    {"CaseComment",
     "00a",
     {{"ParentId", SF_REFERENCE, 18, true},
      {"CommentBody", SF_STRING, 4000, false},
      {"IsPublished", SF_BOOL, 0, false}}},
    {"Task",
     "00T",
     {{"Subject", SF_STRING, 255, false},
      {"WhatId", SF_REFERENCE, 18, false},
      {"WhoId", SF_REFERENCE, 18, false},
      {"ActivityDate", SF_DATE, 0, false},
      {"Status", SF_STRING, 255, false},
      {"Priority", SF_STRING, 255, false},
      {"Description", SF_STRING, 32000, false}}},
    {"Event",
     "00U",
     {{"Subject", SF_STRING, 255, false},
      {"StartDateTime", SF_DATE_TIME, 0, true},
      {"DurationInMinutes", SF_NUMBER, 0, true},
      {"WhatId", SF_REFERENCE, 18, false},
      {"WhoId", SF_REFERENCE, 18, false},
      {"Location", SF_STRING, 255, false},
      {"Description", SF_STRING, 32000, false}}},
    {"FeedItem", "0D5", {{"ParentId", SF_REFERENCE, 18, true}, {"Body", SF_STRING, 10000, false}}},
    {"ProcessInstance",
     "04g",
     {{"TargetObjectId", SF_REFERENCE, 18, true},
      {"SubmittedById", SF_REFERENCE, 18, true},
      {"Status", SF_STRING, 40, true}}},
    {"ProcessInstanceWorkitem",
     "04i",
     {{"ProcessInstanceId", SF_REFERENCE, 18, true},
      {"ActorId", SF_REFERENCE, 18, true},
      {"OriginalActorId", SF_REFERENCE, 18, true}}},
    {"ProcessInstanceStep",
     "04h",
     {{"ProcessInstanceId", SF_REFERENCE, 18, true},
      {"StepStatus", SF_STRING, 40, true},
      {"ActorId", SF_REFERENCE, 18, true},
      {"OriginalActorId", SF_REFERENCE, 18, true},
      {"Comments", SF_STRING, 4000, false}}},
    {"ApprovalSubmission",
     "9jQ",
     {{"Status", SF_STRING, 40, true},
      {"RelatedRecordId", SF_REFERENCE, 18, true},
      {"SubmittedById", SF_REFERENCE, 18, true},
      {"Comments", SF_STRING, 4000, false}}},
    {"ApprovalWorkItem",
     "9jR",
     {{"ApprovalSubmissionId", SF_REFERENCE, 18, true},
      {"Status", SF_STRING, 40, true},
      {"AssignedToId", SF_REFERENCE, 18, true},
      {"RelatedRecordId", SF_REFERENCE, 18, true},
      {"ReviewedById", SF_REFERENCE, 18, true},
      {"Comments", SF_STRING, 4000, false}}},
    {"User",
     "005",
     {{"Username", SF_STRING, 80, true},
      {"Email", SF_STRING, 128, true},
      {"Name", SF_STRING, 121, false}}},
    {"Organization",
     "00D",
     {{"Id", SF_REFERENCE, 18, true},
      {"Name", SF_STRING, 80, true},
      {"IsSandbox", SF_BOOL, 0, false}}},
};

/* set by Salesforce alone; OwnerId may be set by the caller */
static const struct sf_field system_fields[] = {
    {"Id", SF_REFERENCE, 18, false},
    {"OwnerId", SF_REFERENCE, 18, false},
    {"CreatedById", SF_REFERENCE, 18, false},
    {"CreatedDate", SF_STRING, 0, false},
    {"LastModifiedById", SF_REFERENCE, 18, false},
    {"LastModifiedDate", SF_STRING, 0, false},
    {"IsDeleted", SF_BOOL, 0, false},
    {"CaseNumber", SF_STRING, 30, false},
};

static json_t *external; /* "org|object|field|value" -> [ids] */
static int64_t id_number, case_number;

void sf_objects_reset(void)
{
    json_decref(external);
    external = json_object();
    id_number = 0;
    case_number = 1000;
}

const struct sf_object *sf_object(const char *name)
{
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        if (strcmp(objects[i].name, name) == 0) {
            return &objects[i];
        }
    }
    return NULL;
}

const struct sf_field *sf_field(const struct sf_object *object, const char *name)
{
    for (size_t i = 0; i < 16 && object->fields[i].name != NULL; i++) {
        if (strcmp(object->fields[i].name, name) == 0) {
            return &object->fields[i];
        }
    }
    return NULL;
}

static bool is_organization(const struct sf_object *object)
{
    return strcmp(object->name, "Organization") == 0;
}

bool sf_query_only(const struct sf_object *object)
{
    static const char *const names[] = {"User",
                                        "FeedItem",
                                        "ProcessInstance",
                                        "ProcessInstanceWorkitem",
                                        "ProcessInstanceStep",
                                        "ApprovalSubmission",
                                        "ApprovalWorkItem"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(object->name, names[i]) == 0) {
            return true;
        }
    }
    return is_organization(object);
}

static bool is_custom(const char *name)
{
    size_t len = strlen(name);
    return len > 3 && len <= 43 && strcmp(name + len - 3, "__c") == 0;
}

static const struct sf_field *system_field(const char *name)
{
    for (size_t i = 0; i < sizeof system_fields / sizeof system_fields[0]; i++) {
        if (strcmp(system_fields[i].name, name) == 0) {
            return &system_fields[i];
        }
    }
    return NULL;
}

/* "ProcessInstance.Status": a field of what a record is a part of. */
static const struct whole {
    const char *part, *prefix, *object, *id_field;
} wholes[] = {
    {"ProcessInstanceWorkitem", "ProcessInstance.", "ProcessInstance", "ProcessInstanceId"},
    {"ProcessInstanceStep", "ProcessInstance.", "ProcessInstance", "ProcessInstanceId"},
    {"ApprovalWorkItem", "ApprovalSubmission.", "ApprovalSubmission", "ApprovalSubmissionId"},
};

static const struct whole *whole_of(const struct sf_object *object, const char *field)
{
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        if (strcmp(wholes[i].part, object->name) == 0 &&
            strncmp(field, wholes[i].prefix, strlen(wholes[i].prefix)) == 0) {
            return &wholes[i];
        }
    }
    return NULL;
}

/* "Account.Name": the name of what a field with an id leads to. */
static const struct {
    const char *path, *id_field;
} named[] = {{"Actor.Name", "ActorId"},
             {"ReviewedBy.Name", "ReviewedById"},
             {"SubmittedBy.Name", "SubmittedById"},
             {"Account.Name", "AccountId"}};

static const char *id_field_of(const char *path)
{
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (strcmp(named[i].path, path) == 0) {
            return named[i].id_field;
        }
    }
    return NULL;
}

bool sf_knows_field(const struct sf_object *object, const char *field)
{
    if (is_organization(object)) {
        return sf_field(object, field) != NULL;
    }
    const struct whole *whole = whole_of(object, field);
    if (whole != NULL) {
        return sf_knows_field(sf_object(whole->object), field + strlen(whole->prefix));
    }
    const char *id_field = id_field_of(field);
    return sf_field(object, field) != NULL || system_field(field) != NULL || is_custom(field) ||
           (id_field != NULL && sf_field(object, id_field) != NULL) ||
           strcmp(field, "Owner.Name") == 0 || strcmp(field, "Owner.Username") == 0 ||
           (strcmp(field, "Name") == 0 && strcmp(object->name, "CaseComment") != 0);
}

/* ---- checks ---- */

static json_t *fault_with_fields(const char *code, char *message, json_t *fields)
{
    json_t *fault =
        json_pack("[{s:s, s:s, s:o}]", "message", message, "errorCode", code, "fields", fields);
    free(message);
    return fault;
}

static bool is_date(const char *text)
{
    int year = 0;
    int month = 0;
    int day = 0;
    int used = 0;
    if (strlen(text) != 10 || sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 ||
        used != 10) {
        return false;
    }
    struct tm t = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = 12};
    struct tm back = t;
    return timegm(&back) != -1 && back.tm_mday == day && back.tm_mon == month - 1 && year >= 1700;
}

/* "2026-12-01T13:30:00Z", with a fraction or an offset as well. */
static bool is_date_time(const char *text)
{
    char day[11];
    int hour = 0;
    int minute = 0;
    int second = 0;
    int used = 0;
    snprintf(day, sizeof day, "%.10s", text);
    return is_date(day) &&
           sscanf(text + 10, "T%2d:%2d:%2d%n", &hour, &minute, &second, &used) == 3 && used == 9 &&
           hour < 24 && minute < 60 && second < 60 && strpbrk(text + 19, "Z+-") != NULL;
}

static bool is_number(const char *text)
{
    char *end = NULL;
    strtod(text, &end);
    return end != text && *end == '\0' && strspn(text, "+-0123456789.eE") == strlen(text);
}

/* NULL, or why this value does not fit; numbers given as text become numbers. */
static json_t *check_value(const struct sf_object *object, const struct sf_field *field,
                           json_t *fields, const json_t *value)
{
    const char *text = json_string_value(value);
    const char *kind = NULL;
    if (json_is_null(value)) {
        return NULL;
    }
    if (field->type == SF_DATE && (text == NULL || !is_date(text))) {
        kind = "date";
    } else if (field->type == SF_DATE_TIME && (text == NULL || !is_date_time(text))) {
        kind = "datetime";
    } else if (field->type == SF_NUMBER && text != NULL && is_number(text)) {
        json_object_set_new(fields, field->name, json_real(strtod(text, NULL)));
    } else if (field->type == SF_NUMBER && !json_is_number(value)) {
        kind = "double";
    } else if (field->type == SF_BOOL && !json_is_boolean(value)) {
        kind = "boolean";
    } else if ((field->type == SF_STRING || field->type == SF_REFERENCE) && text == NULL) {
        kind = "string";
    }
    if (kind != NULL) {
        char *shown = json_dumps(value, JSON_ENCODE_ANY);
        char *message =
            xasprintf("Cannot deserialize instance of %s from %s value %s or request "
                      "may be missing a required field at [line:1, column:2]",
                      kind, text == NULL ? "VALUE" : "VALUE_STRING", text == NULL ? shown : text);
        json_t *fault =
            json_pack("[{s:s, s:s}]", "message", message, "errorCode", "JSON_PARSER_ERROR");
        free(message);
        free(shown);
        return fault;
    }
    if (text != NULL && field->type == SF_STRING && utf8_length(text) > (size_t)field->max) {
        return fault_with_fields("STRING_TOO_LONG",
                                 xasprintf("%s %s: data value too large: %s (max length=%d)",
                                           object->name, field->name, text, field->max),
                                 json_pack("[s]", field->name));
    }
    if (text != NULL && field->type == SF_REFERENCE && strlen(text) != 15 && strlen(text) != 18) {
        return fault_with_fields("MALFORMED_ID",
                                 xasprintf("%s: id value of incorrect type: %s", field->name, text),
                                 json_pack("[s]", field->name));
    }
    return NULL;
}

static json_t *check_missing(const struct sf_object *object, const json_t *fields, bool creating)
{
    json_t *missing = json_array();
    struct buf names = {0};
    for (size_t i = 0; i < 16 && object->fields[i].name != NULL; i++) {
        const struct sf_field *field = &object->fields[i];
        const json_t *value = json_object_get(fields, field->name);
        const char *text = json_string_value(value);
        bool empty =
            value == NULL ? creating : json_is_null(value) || (text != NULL && text[0] == '\0');
        if (field->required && empty) {
            buf_addf(&names, "%s%s", names.len == 0 ? "" : ", ", field->name);
            json_array_append_new(missing, json_string(field->name));
        }
    }
    if (names.len == 0) {
        json_decref(missing);
        return NULL;
    }
    json_t *fault =
        fault_with_fields("REQUIRED_FIELD_MISSING",
                          xasprintf("Required fields are missing: [%s]", names.data), missing);
    buf_free(&names);
    return fault;
}

json_t *sf_check_fields(json_t *org, const struct sf_object *object, json_t *fields, bool creating)
{
    json_t *given = json_copy(fields);
    json_t *fault = NULL;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(given, name, value)
    {
        const struct sf_field *field = sf_field(object, name);
        if (fault != NULL || strcmp(name, "attributes") == 0) {
            continue;
        }
        if (field != NULL) {
            fault = check_value(object, field, fields, value);
        } else if (strcmp(name, "OwnerId") == 0) {
            if (sf_user(org, json_string_value(value)) == NULL) {
                fault = fault_with_fields("INVALID_CROSS_REFERENCE_KEY",
                                          xstrdup("Owner ID: owner cannot be blank"),
                                          json_pack("[s]", "OwnerId"));
            }
        } else if (system_field(name) != NULL) {
            fault = fault_with_fields(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                xasprintf("Unable to create/update fields: %s. Please check the security "
                          "settings of this field and verify that it is read/write for your "
                          "profile or permission set.",
                          name),
                json_pack("[s]", name));
        } else if (!is_custom(name)) {
            char *message =
                xasprintf("No such column '%s' on sobject of type %s", name, object->name);
            fault = json_pack("[{s:s, s:s}]", "message", message, "errorCode", "INVALID_FIELD");
            free(message);
        }
    }
    json_decref(given);
    return fault != NULL ? fault : check_missing(object, fields, creating);
}

/* ---- records ---- */

/* The three letters that make a 15-character id safe for case-blind programs. */
static char *id18(const char *id15)
{
    char tail[4] = "";
    for (size_t part = 0; part < 3; part++) {
        unsigned bits = 0;
        for (size_t i = 0; i < 5; i++) {
            bits |= isupper((unsigned char)id15[part * 5 + i]) ? 1U << i : 0U;
        }
        tail[part] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits];
    }
    return xasprintf("%s%s", id15, tail);
}

static char *new_id(const char *prefix)
{
    char *short_id = xasprintf("%sxx%010lld", prefix, (long long)(100000 + ++id_number));
    char *id = id18(short_id);
    free(short_id);
    return id;
}

static void stamp(json_t *fields, const char *user, bool creating)
{
    char text[40];
    struct tm t;
    time_t now = time(NULL);
    gmtime_r(&now, &t);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000+0000", &t);
    if (creating) {
        json_object_set_new(fields, "CreatedById", json_string(user));
        json_object_set_new(fields, "CreatedDate", json_string(text));
    }
    json_object_set_new(fields, "LastModifiedById", json_string(user));
    json_object_set_new(fields, "LastModifiedDate", json_string(text));
}

static char *external_key(const json_t *org, const char *object, const char *field,
                          const json_t *value)
{
    char *text = json_is_string(value) ? xstrdup(json_string_value(value))
                                       : json_dumps(value, JSON_ENCODE_ANY);
    char *key = xasprintf("%s|%s|%s|%s", json_str_or(org, "key", ""), object, field, text);
    free(text);
    return key;
}

/* Enters or leaves the index with every custom field. */
static void index_record(json_t *org, const json_t *record, bool enter)
{
    const char *name = NULL;
    json_t *value = NULL;
    const char *id = json_str_or(record, "id", "");
    json_object_foreach(json_object_get(record, "fields"), name, value)
    {
        if (!is_custom(name) || json_is_null(value)) {
            continue;
        }
        char *key = external_key(org, json_str_or(record, "object", ""), name, value);
        json_t *ids = json_object_get(external, key);
        if (ids == NULL) {
            ids = json_array();
            json_object_set_new(external, key, ids);
        }
        for (size_t i = json_array_size(ids); i-- > 0;) {
            if (strcmp(json_string_value(json_array_get(ids, i)), id) == 0) {
                json_array_remove(ids, i);
            }
        }
        if (enter) {
            json_array_append_new(ids, json_string(id));
        } else if (json_array_size(ids) == 0) {
            json_object_del(external, key);
        }
        free(key);
    }
}

json_t *sf_by_external_id(json_t *org, const char *object, const char *field, const char *value)
{
    json_t *text = json_string(value);
    char *key = external_key(org, object, field, text);
    json_t *ids = json_object_get(external, key);
    free(key);
    json_decref(text);
    return ids;
}

json_t *sf_record_new(json_t *org, const struct sf_object *object, json_t *fields, const char *user)
{
    json_t *own = json_deep_copy(fields);
    json_object_del(own, "attributes");
    char *id = json_str(own, "Id") != NULL ? xstrdup(json_str(own, "Id")) : new_id(object->prefix);
    json_object_set_new(own, "Id", json_string(id));
    if (json_str(own, "OwnerId") == NULL) {
        json_object_set_new(own, "OwnerId", json_string(user));
    }
    if (strcmp(object->name, "Opportunity") == 0 && json_str(own, "StageName") == NULL) {
        json_object_set_new(own, "StageName", json_string("Prospecting")); /* the org's default */
    }
    if (strcmp(object->name, "Case") == 0) {
        char number[32];
        snprintf(number, sizeof number, "%08lld", (long long)++case_number);
        json_object_set_new(own, "CaseNumber", json_string(number));
    }
    stamp(own, user, true);
    json_t *record = json_pack("{s:s, s:s, s:o}", "object", object->name, "id", id, "fields", own);
    json_object_set_new(json_object_get(org, "records"), id, record);
    index_record(org, record, true);
    free(id);
    world_touch();
    return record;
}

void sf_record_change(json_t *org, json_t *record, json_t *fields, const char *user)
{
    json_t *own = json_object_get(record, "fields");
    index_record(org, record, false);
    json_object_del(fields, "attributes");
    json_object_update(own, fields);
    stamp(own, user, false);
    index_record(org, record, true);
    world_touch();
}

void sf_record_remove(json_t *org, json_t *record)
{
    index_record(org, record, false);
    char *id = xstrdup(json_str_or(record, "id", ""));
    json_object_del(json_object_get(org, "records"), id);
    free(id);
    world_touch();
}

json_t *sf_record(json_t *org, const char *id)
{
    char *full = strlen(id) == 15 ? id18(id) : xstrdup(id);
    json_t *record = json_object_get(json_object_get(org, "records"), full);
    free(full);
    return record;
}

json_t *sf_records(json_t *org, const struct sf_object *object)
{
    if (!is_organization(object)) {
        return json_incref(json_object_get(org, "records"));
    }
    json_t *id = json_object_get(org, "id");
    json_t *own = json_pack("{s:s, s:O, s:{s:O, s:O, s:O}}", "object", object->name, "id", id,
                            "fields", "Id", id, "Name", json_object_get(org, "name"), "IsSandbox",
                            json_object_get(org, "is_sandbox"));
    return json_pack("{s:o}", json_string_value(id), own);
}

json_t *sf_value(json_t *org, const json_t *record, const char *field)
{
    const json_t *fields = json_object_get(record, "fields");
    const struct sf_object *object = sf_object(json_str_or(record, "object", ""));
    const struct whole *whole = object == NULL ? NULL : whole_of(object, field);
    if (whole != NULL) {
        json_t *there = sf_record(org, json_str_or(fields, whole->id_field, ""));
        return there == NULL ? json_null() : sf_value(org, there, field + strlen(whole->prefix));
    }
    const json_t *owner = sf_user(org, json_str(fields, "OwnerId"));
    if (id_field_of(field) != NULL) {
        const char *id = json_str_or(fields, id_field_of(field), "");
        const json_t *other = sf_user(org, id), *record_there = sf_record(org, id);
        return other != NULL          ? json_incref(json_object_get(other, "name"))
               : record_there != NULL ? sf_value(org, record_there, "Name")
                                      : json_null();
    }
    if (strcmp(field, "Owner.Name") == 0) {
        return json_incref(json_object_get(owner, "name"));
    }
    if (strcmp(field, "Owner.Username") == 0) {
        return json_incref(json_object_get(owner, "username"));
    }
    if (strcmp(field, "IsDeleted") == 0) {
        return json_false();
    }
    json_t *value = json_object_get(fields, field);
    if (value == NULL && strcmp(field, "Name") == 0 && json_str(fields, "LastName") != NULL) {
        char *name = xasprintf("%s%s%s", json_str_or(fields, "FirstName", ""),
                               json_str(fields, "FirstName") == NULL ? "" : " ",
                               json_str(fields, "LastName"));
        value = json_string(name);
        free(name);
        return value;
    }
    return value == NULL ? json_null() : json_incref(value);
}

static const char *type_name(enum sf_type type)
{
    switch (type) {
    case SF_STRING:
        return "string";
    case SF_NUMBER:
        return "double";
    case SF_DATE:
        return "date";
    case SF_DATE_TIME:
        return "datetime";
    case SF_BOOL:
        return "boolean";
    case SF_REFERENCE:
        return "reference";
    }
    return "string";
}

json_t *sf_describe(const struct sf_object *object)
{
    json_t *fields = json_array();
    for (size_t i = 0; i < 16 && object->fields[i].name != NULL; i++) {
        const struct sf_field *f = &object->fields[i];
        json_array_append_new(
            fields, json_pack("{s:s, s:s, s:s, s:i, s:b, s:b, s:b, s:b, s:[]}", "name", f->name,
                              "label", f->name, "type", type_name(f->type), "length", f->max,
                              "createable", true, "updateable", true, "nillable", !f->required,
                              "defaultedOnCreate", f->type == SF_BOOL, "picklistValues"));
    }
    return json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:o}", "name", object->name, "label",
                     object->name, "keyPrefix", object->prefix, "createable", true, "updateable",
                     true, "queryable", true, "fields", fields);
}

json_t *sf_object_names(void)
{
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", objects[i].name, "label",
                                              objects[i].name, "keyPrefix", objects[i].prefix));
    }
    return list;
}

/* The tables that the sandbox's ServiceNow knows, who may see and write what, and their records. */
#include "sn.h"

#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char nobody[] = "";

/* what incidents, changes, requests and the rest have in common */
static const struct sn_field task_fields[] = {
    {"number", SN_TEXT, NULL, nobody},
    {"sys_class_name", SN_TEXT, NULL, nobody},
    {"short_description", SN_TEXT, NULL, NULL},
    {"description", SN_TEXT, NULL, NULL},
    {"state", SN_CHOICE, "state", "itil"},
    {"active", SN_TEXT, NULL, nobody},
    {"urgency", SN_CHOICE, "urgency", NULL},
    {"impact", SN_CHOICE, "urgency", NULL},
    {"priority", SN_CHOICE, "priority", nobody},
    {"assigned_to", SN_REFERENCE, "sys_user", "itil"},
    {"assignment_group", SN_REFERENCE, "sys_user_group", "itil"},
    {"opened_by", SN_REFERENCE, "sys_user", nobody},
    {"correlation_id", SN_TEXT, NULL, NULL},
    {"correlation_display", SN_TEXT, NULL, NULL},
    {"contact_type", SN_TEXT, NULL, NULL},
    {"due_date", SN_DATE_TIME, NULL, "itil"},
    {"comments", SN_JOURNAL, NULL, NULL},
    {"work_notes", SN_JOURNAL, NULL, "itil"},
};

static const struct sn_field system_fields[] = {
    {"sys_id", SN_TEXT, NULL, nobody},         {"sys_created_on", SN_TEXT, NULL, nobody},
    {"sys_created_by", SN_TEXT, NULL, nobody}, {"sys_updated_on", SN_TEXT, NULL, nobody},
    {"sys_updated_by", SN_TEXT, NULL, nobody},
};

static const struct sn_table tables[] = {
    {"incident",
     "INC",
     true,
     {{"caller_id", SN_REFERENCE, "sys_user", NULL},
      {"category", SN_TEXT, NULL, NULL},
      {"hold_reason", SN_TEXT, NULL, "itil"},
      {"close_code", SN_TEXT, NULL, "itil"},
      {"close_notes", SN_TEXT, NULL, "itil"}}},
    {"change_request",
     "CHG",
     true,
     {{"type", SN_TEXT, NULL, nobody},
      {"requested_by", SN_REFERENCE, "sys_user", nobody},
      {"justification", SN_TEXT, NULL, NULL},
      {"risk", SN_TEXT, NULL, NULL},
      {"start_date", SN_DATE_TIME, NULL, NULL},
      {"end_date", SN_DATE_TIME, NULL, NULL},
      {"approval", SN_TEXT, NULL, nobody}}},
    {"sc_request",
     "REQ",
     true,
     {{"requested_for", SN_REFERENCE, "sys_user", NULL}, {"request_state", SN_TEXT, NULL, nobody}}},
    {"sc_req_item",
     "RITM",
     true,
     {{"request", SN_REFERENCE, "sc_request", nobody},
      {"cat_item", SN_REFERENCE, "sc_cat_item", nobody},
      {"requested_for", SN_REFERENCE, "sys_user", NULL},
      {"quantity", SN_TEXT, NULL, nobody},
      {"variables", SN_TEXT, NULL, nobody},
      {"stage", SN_TEXT, NULL, nobody}}},
    {"task", NULL, true, {{NULL, SN_TEXT, NULL, NULL}}},
    {"sys_user",
     NULL,
     false,
     {{"user_name", SN_TEXT, NULL, nobody},
      {"name", SN_TEXT, NULL, nobody},
      {"email", SN_TEXT, NULL, nobody},
      {"active", SN_TEXT, NULL, nobody}}},
    {"sys_user_group", NULL, false, {{"name", SN_TEXT, NULL, nobody}}},
    {"sc_cat_item",
     NULL,
     false,
     {{"name", SN_TEXT, NULL, nobody},
      {"short_description", SN_TEXT, NULL, nobody},
      {"mandatory", SN_TEXT, NULL, nobody}}},
    {"kb_knowledge",
     "KB",
     false,
     {{"number", SN_TEXT, NULL, nobody},
      {"short_description", SN_TEXT, NULL, nobody},
      {"text", SN_TEXT, NULL, nobody}}},
    {"sysapproval_approver",
     NULL,
     false,
     {{"approver", SN_REFERENCE, "sys_user", nobody},
      {"sysapproval", SN_REFERENCE, "task", nobody},
      {"source_table", SN_TEXT, NULL, nobody},
      {"document_id", SN_TEXT, NULL, nobody},
      {"state", SN_CHOICE, "approval", NULL},
      {"due_date", SN_TEXT, NULL, nobody},
      {"comments", SN_JOURNAL, NULL, NULL}}},
    {"sys_journal_field",
     NULL,
     false,
     {{"element_id", SN_TEXT, NULL, nobody},
      {"element", SN_TEXT, NULL, nobody},
      {"name", SN_TEXT, NULL, nobody},
      {"value", SN_TEXT, NULL, nobody}}},
};

static const struct {
    const char *list, *table, *value, *words;
} choices[] = {
    {"state", "incident", "1", "New"},
    {"state", "incident", "2", "In Progress"},
    {"state", "incident", "3", "On Hold"},
    {"state", "incident", "6", "Resolved"},
    {"state", "incident", "7", "Closed"},
    {"state", "incident", "8", "Canceled"},
    {"state", "change_request", "-5", "New"},
    {"state", "change_request", "-4", "Assess"},
    {"state", NULL, "1", "Open"},
    {"state", NULL, "2", "Work in Progress"},
    {"state", NULL, "3", "Closed Complete"},
    {"urgency", NULL, "1", "1 - High"},
    {"urgency", NULL, "2", "2 - Medium"},
    {"urgency", NULL, "3", "3 - Low"},
    {"priority", NULL, "1", "1 - Critical"},
    {"priority", NULL, "2", "2 - High"},
    {"priority", NULL, "3", "3 - Moderate"},
    {"priority", NULL, "4", "4 - Low"},
    {"priority", NULL, "5", "5 - Planning"},
    {"approval", NULL, "requested", "Requested"},
    {"approval", NULL, "approved", "Approved"},
    {"approval", NULL, "rejected", "Rejected"},
    {"approval", NULL, "not_required", "No Longer Required"},
    {"approval", NULL, "cancelled", "Cancelled"},
};

/* ---- what is known ---- */

const struct sn_table *sn_table(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (strcmp(tables[i].name, name) == 0) {
            return &tables[i];
        }
    }
    return NULL;
}

const struct sn_field *sn_field_at(const struct sn_table *table, size_t k)
{
    static const size_t systems = sizeof system_fields / sizeof system_fields[0];
    static const size_t commons = sizeof task_fields / sizeof task_fields[0];
    if (k < systems) {
        return &system_fields[k];
    }
    k -= systems;
    if (table->task && k < commons) {
        return &task_fields[k];
    }
    k -= table->task ? commons : 0;
    return k < 14 && table->fields[k].name != NULL ? &table->fields[k] : NULL;
}

const struct sn_field *sn_field(const struct sn_table *table, const char *name)
{
    const struct sn_field *field = NULL;
    for (size_t k = 0; (field = sn_field_at(table, k)) != NULL; k++) {
        if (strcmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

const struct sn_table *sn_table_of(const json_t *record, const struct sn_table *asked)
{
    const struct sn_table *own = sn_table(json_str_or(record, "sys_class_name", ""));
    return own == NULL ? asked : own;
}

static json_t *rows(json_t *instance, const char *table)
{
    json_t *all = json_object_get(instance, "tables");
    json_t *own = json_object_get(all, table);
    if (own == NULL) {
        json_object_set_new(all, table, json_object());
        own = json_object_get(all, table);
    }
    return own;
}

json_t *sn_records(json_t *instance, const struct sn_table *table)
{
    json_t *list = json_array();
    bool all_tasks = strcmp(table->name, "task") == 0;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (&tables[i] != table && !(all_tasks && tables[i].task)) {
            continue;
        }
        const char *id = NULL;
        json_t *row = NULL;
        json_object_foreach(rows(instance, tables[i].name), id, row)
        {
            json_array_append(list, row);
        }
    }
    return list;
}

json_t *sn_record(json_t *instance, const struct sn_table *table, const char *sys_id)
{
    bool all_tasks = strcmp(table->name, "task") == 0;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        json_t *row = &tables[i] == table || (all_tasks && tables[i].task)
                          ? json_object_get(rows(instance, tables[i].name), sys_id)
                          : NULL;
        if (row != NULL) {
            return row;
        }
    }
    return NULL;
}

json_t *sn_referred(json_t *instance, const struct sn_field *field, const char *value)
{
    return field == NULL || field->type != SN_REFERENCE || value == NULL || value[0] == '\0'
               ? NULL
               : sn_record(instance, sn_table(field->of), value);
}

static const char *choice_words(const char *list, const char *table, const char *value)
{
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (strcmp(choices[i].list, list) == 0 && strcmp(choices[i].value, value) == 0 &&
            (choices[i].table == NULL || strcmp(choices[i].table, table) == 0)) {
            return choices[i].words;
        }
    }
    return value;
}

const char *sn_display(json_t *instance, const struct sn_table *table, const json_t *record,
                       const char *name)
{
    const struct sn_field *field = sn_field(sn_table_of(record, table), name);
    const char *value = json_str_or(record, name, "");
    if (field != NULL && field->type == SN_CHOICE) {
        return choice_words(field->of, sn_table_of(record, table)->name, value);
    }
    const json_t *other = sn_referred(instance, field, value);
    return other == NULL ? value : json_str_or(other, "number", json_str_or(other, "name", value));
}

bool sn_may_see(const json_t *instance, const struct sn_table *table, const json_t *record,
                const char *user)
{
    static const char *const own[] = {"caller_id", "opened_by", "requested_for", "assigned_to"};
    if (strcmp(table->name, "sysapproval_approver") == 0) {
        return strcmp(json_str_or(record, "approver", ""), user) == 0 ||
               sn_has_role(instance, user, "itil");
    }
    if (strcmp(table->name, "sys_user") == 0) {
        const char *only = json_str(sn_settings(), "only_visible_user");
        return only == NULL || strcmp(json_str_or(record, "user_name", ""), only) == 0;
    }
    if (!table->task || sn_has_role(instance, user, "itil")) {
        return true;
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcmp(json_str_or(record, own[i], ""), user) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- writing ---- */

static char *now_text(void)
{
    char text[24];
    time_t now = (time_t)(clock_now_ms() / 1000);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return xstrdup(text);
}

static void set(json_t *record, const char *name, const char *value)
{
    json_object_set_new(record, name, json_string(value));
}

/* What audits name a user by. */
static const char *login_of(json_t *instance, const char *user)
{
    json_t *by = user[0] == '\0' ? NULL : sn_record(instance, sn_table("sys_user"), user);
    return json_str_or(by, "user_name", "system");
}

/* The sys_id that a value names: itself, or the record that people call so. */
static const char *reference_of(json_t *instance, const struct sn_field *field, const char *value)
{
    static const char *const names[] = {"name", "user_name", "number", "email"};
    const struct sn_table *table = sn_table(field->of);
    if (value[0] == '\0' || sn_record(instance, table, value) != NULL) {
        return value;
    }
    json_t *list = sn_records(instance, table);
    const char *found = NULL;
    for (size_t i = 0; i < json_array_size(list) && found == NULL; i++) {
        const json_t *row = json_array_get(list, i);
        for (size_t n = 0; n < sizeof names / sizeof names[0] && found == NULL; n++) {
            found =
                strcmp(json_str_or(row, names[n], ""), value) == 0 ? json_str(row, "sys_id") : NULL;
        }
    }
    json_decref(list); /* the rows stay in their tables */
    return found;
}

static void journal(json_t *instance, const struct sn_table *table, const json_t *record,
                    const char *element, const char *value, const char *user)
{
    json_t *fields =
        json_pack("{s:O, s:s, s:s, s:s}", "element_id", json_object_get(record, "sys_id"),
                  "element", element, "name", table->name, "value", value);
    sn_record_new(instance, sn_table("sys_journal_field"), fields, user);
    json_decref(fields);
}

/* Urgency and impact make the priority; the last states end a record. */
static void derive(const struct sn_table *table, json_t *record)
{
    if (!table->task) {
        return;
    }
    if (strcmp(table->name, "incident") == 0) {
        long sum = strtol(json_str_or(record, "urgency", "3"), NULL, 10) +
                   strtol(json_str_or(record, "impact", "3"), NULL, 10) - 1;
        char *text = xasprintf("%ld", sum < 1 ? 1 : sum > 5 ? 5 : sum);
        set(record, "priority", text);
        free(text);
    }
    const char *state = json_str_or(record, "state", "1");
    bool over = strcmp(table->name, "incident") == 0
                    ? strcmp(state, "7") == 0 || strcmp(state, "8") == 0
                    : strcmp(state, "3") == 0 || strcmp(state, "4") == 0;
    set(record, "active", over ? "false" : "true");
}

/* What a data policy demands of the record as it would be. */
static const char *policy(const struct sn_table *table, const json_t *record)
{
    const char *state = json_str_or(record, "state", "");
    if (strcmp(table->name, "incident") != 0) {
        return NULL;
    }
    bool closing = strcmp(state, "6") == 0 || strcmp(state, "7") == 0;
    if (closing && (json_str_or(record, "close_code", "")[0] == '\0' ||
                    json_str_or(record, "close_notes", "")[0] == '\0')) {
        return "Error during update of incident: Data Policy Exception: The following fields are "
               "mandatory: Resolution code, Resolution notes";
    }
    if (strcmp(state, "3") == 0 && json_str_or(record, "hold_reason", "")[0] == '\0') {
        return "Error during update of incident: Data Policy Exception: The following fields are "
               "mandatory: On hold reason";
    }
    return NULL;
}

/* An approval can be given or refused once, and by nobody but its approver. */
static bool approval_is_over(const struct sn_table *table, const json_t *record)
{
    return strcmp(table->name, "sysapproval_approver") == 0 &&
           strcmp(json_str_or(record, "state", ""), "requested") != 0;
}

static bool may_write(const json_t *instance, const struct sn_table *table,
                      const struct sn_field *field, const json_t *record, const char *user)
{
    if (field == NULL || field->role == nobody || approval_is_over(table, record) ||
        sn_names(sn_settings(), "fields_not_taken", field->name)) {
        return false;
    }
    return field->role == NULL || sn_has_role(instance, user, field->role);
}

/* "2026-12-31 13:30:00", in UTC: what looks otherwise is no date here. */
static bool is_date_time(const char *text)
{
    static const char shape[] = "0000-00-00 00:00:00";
    size_t i = 0;
    while (shape[i] != '\0' &&
           (shape[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == shape[i])) {
        i++;
    }
    return text[i] == '\0' && (i == 0 || shape[i] == '\0');
}

/* The texts that stay of what was sent: known fields that this user may write. */
static json_t *writable(json_t *instance, const struct sn_table *table, const json_t *record,
                        const json_t *fields, const char *user)
{
    json_t *out = json_object();
    const struct sn_field *field = NULL;
    for (size_t k = 0; (field = sn_field_at(table, k)) != NULL; k++) {
        const json_t *given = json_object_get(fields, field->name);
        if (given == NULL || !may_write(instance, table, field, record, user)) {
            continue;
        }
        char *text = json_is_string(given) ? xstrdup(json_string_value(given))
                     : json_is_null(given) ? xstrdup("")
                                           : json_dumps(given, JSON_ENCODE_ANY);
        const char *value = field->type == SN_REFERENCE ? reference_of(instance, field, text)
                            : field->type == SN_DATE_TIME && !is_date_time(text) ? NULL
                                                                                 : text;
        if (value != NULL) {
            set(out, field->name, value);
        }
        free(text);
    }
    return out;
}

const char *sn_record_write(json_t *instance, const struct sn_table *table, json_t *record,
                            const json_t *fields, const char *user)
{
    json_t *kept = writable(instance, table, record, fields, user);
    json_t *after = json_deep_copy(record);
    json_object_update(after, kept);
    const char *wrong = policy(table, after);
    json_decref(after);
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(kept, name, value)
    {
        if (wrong != NULL) {
            break;
        }
        if (sn_field(table, name)->type == SN_JOURNAL) {
            journal(instance, table, record, name, json_string_value(value), user);
        } else {
            json_object_set(record, name, value);
        }
    }
    json_decref(kept);
    if (wrong == NULL) {
        char *now = now_text();
        set(record, "sys_updated_on", now);
        set(record, "sys_updated_by", login_of(instance, user));
        free(now);
        derive(table, record);
        world_touch();
    }
    return wrong;
}

static void number_of(json_t *instance, const struct sn_table *table, json_t *record)
{
    json_t *numbers = json_object_get(instance, "numbers");
    int64_t next = json_int_or(numbers, table->name, 10000) + 1;
    json_object_set_new(numbers, table->name, json_integer((json_int_t)next));
    char *text = xasprintf("%s%07lld", table->prefix, (long long)next);
    set(record, "number", text);
    free(text);
}

json_t *sn_record_new(json_t *instance, const struct sn_table *table, const json_t *fields,
                      const char *user)
{
    char id[33];
    random_hex(id, 32);
    char *now = now_text();
    const char *by = login_of(instance, user);
    json_t *record = json_pack("{s:s, s:s, s:s, s:s, s:s}", "sys_id", id, "sys_created_on", now,
                               "sys_updated_on", now, "sys_created_by", by, "sys_updated_by", by);
    if (table->prefix != NULL && json_str(fields, "number") == NULL) {
        number_of(instance, table, record);
    }
    if (table->task) {
        set(record, "sys_class_name", table->name);
        set(record, "opened_by", user);
        set(record, "state", strcmp(table->name, "change_request") == 0 ? "-5" : "1");
        set(record, "urgency", "3");
        set(record, "impact", "3");
    }
    json_t *copy = json_deep_copy(fields);
    json_object_update(record, copy);
    json_decref(copy);
    derive(table, record);
    json_object_set_new(rows(instance, table->name), json_str_or(record, "sys_id", id), record);
    free(now);
    world_touch();
    return record;
}

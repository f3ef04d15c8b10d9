/* The ServiceNow stand-in, shared between its files. State is JSON behind the world's lock:
 * instance {key,name,roles{user:[]},tables{table:{sys_id:{field:text}}},numbers{}}
 * grant {id,instance,user,client_id,refresh_token,alive,...}: the tokens of one person for one
 * client; there are never two, as at ServiceNow. */
#ifndef SANDBOX_SN_H
#define SANDBOX_SN_H

#include "http.h"
#include "peers.h"

/* One request, taken apart. */
struct sn_call {
    struct request *req;
    json_t *instance; /* named by the path, or NULL: then the client or the token tells */
    const char *path; /* behind the instance, raw, begins with "/" */
    char *base;       /* address of the instance, without a slash at the end */
};

/* ---- sn.c ---- */
const json_t *sn_settings(void);
json_t *sn_instances(void);
json_t *sn_instance(const char *key);
/* Whether a setting is a list that holds this name. */
bool sn_names(const json_t *settings, const char *setting, const char *name);
bool sn_has_role(const json_t *instance, const char *user, const char *role);

/* ---- sn_login.c: authorize, login, consent ---- */
void sn_login_reset(void);
void sn_authorize(struct sn_call *call);
void sn_login(struct sn_call *call);
void sn_consent(struct sn_call *call);
json_t *sn_client(const char *client_id);
/* The code's data {client_id, redirect_uri, instance, user, scope, challenge?, since_ms, used} */
json_t *sn_code(const char *code);

/* ---- sn_token.c ---- */
void sn_token_reset(void);
void sn_token(struct sn_call *call);
void sn_revoke(struct sn_call *call);
/* The living grant behind the request's access token, or NULL. */
json_t *sn_session(const struct sn_call *call);
json_t *sn_grants(void);
json_t *sn_counts(void);
void sn_count(json_t *object, const char *name);

/* ---- sn_tables.c: what is known of the tables, and their records ---- */
enum sn_type { SN_TEXT, SN_CHOICE, SN_REFERENCE, SN_JOURNAL, SN_DATE_TIME };
struct sn_field {
    const char *name;
    enum sn_type type;
    const char *of;   /* table of a reference, name of a choice list */
    const char *role; /* needed to write it; "" means nobody may */
};
struct sn_table {
    const char *name;
    const char *prefix; /* of its numbers; NULL: it has none */
    bool task;          /* it extends task */
    struct sn_field fields[14];
};
const struct sn_table *sn_table(const char *name);
const struct sn_field *sn_field(const struct sn_table *table, const char *name);
/* The k-th field of a table, those of task included; NULL behind the last. */
const struct sn_field *sn_field_at(const struct sn_table *table, size_t k);
/* What kind of record this is: a row of task may be an incident. */
const struct sn_table *sn_table_of(const json_t *record, const struct sn_table *asked);
json_t *sn_record(json_t *instance, const struct sn_table *table, const char *sys_id);
/* Every record of a table, those that extend it included: a new reference. */
json_t *sn_records(json_t *instance, const struct sn_table *table);
/* A new record of these texts; the table's numbers and dates are filled in. Borrowed. */
json_t *sn_record_new(json_t *instance, const struct sn_table *table, const json_t *fields,
                      const char *user);
/* Changes a record as this user may: what the user may not write is left out without a word.
 * NULL, or the detail of a refusal by a rule. */
const char *sn_record_write(json_t *instance, const struct sn_table *table, json_t *record,
                            const json_t *fields, const char *user);
bool sn_may_see(const json_t *instance, const struct sn_table *table, const json_t *record,
                const char *user);
/* What people read instead of a value. */
const char *sn_display(json_t *instance, const struct sn_table *table, const json_t *record,
                       const char *field);
/* The record that a field refers to, or NULL. */
json_t *sn_referred(json_t *instance, const struct sn_field *field, const char *value);

/* ---- sn_query.c ---- */
/* Whether a record fits an encoded query; parts that make no sense are left out, unless the
 * setting invalid_query_returns_no_rows says otherwise. */
struct sn_query {
    json_t *instance;
    const struct sn_table *table;
    const char *user;
    bool ignored; /* the fault query_ignored: no condition counts */
};
bool sn_query_fits(const struct sn_query *query, const char *text, const json_t *record);
/* Sorts the list as ORDERBY or ORDERBYDESC says; by age if nothing does. */
void sn_query_sort(const char *text, json_t *list);

/* ---- sn_api.c: errors, bodies, the Table API ---- */
struct sn_api {
    struct sn_call *call;
    struct request *req;
    json_t *grant;
    json_t *instance;
    const char *user;
    const char *client_id;
};
void sn_refuse(struct request *req, unsigned status, const char *message, const char *detail);
/* The JSON object of the body, or NULL after a refusal. */
json_t *sn_body(struct sn_api *api);
/* A record as sysparm_fields, sysparm_display_value and sysparm_exclude_reference_link say. */
json_t *sn_row(struct sn_api *api, const struct sn_table *table, json_t *record);
/* Every field a pair of value and display value. */
json_t *sn_row_pairs(struct sn_api *api, const struct sn_table *table, json_t *record);
void sn_api(struct sn_call *call);
void sn_wrote(void);

/* ---- sn_other.c: change, catalog, knowledge, the user; pages of records ---- */
void sn_change(struct sn_api *api, const char *path);
void sn_catalog(struct sn_api *api, const char *path);
void sn_knowledge(struct sn_api *api, const char *path);
void sn_current_user(struct sn_api *api, const char *path);
void sn_page(struct sn_call *call);

#endif

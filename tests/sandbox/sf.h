/* The Salesforce stand-in, shared between its files. State is JSON behind the world's lock:
 * org {key,id,name,users{id:{}},records{id:{object,id,fields{}}}}
 * grant {id,org,user,client_id,scopes[],refresh_token,alive,...}: one approval of one person. */
#ifndef SANDBOX_SF_H
#define SANDBOX_SF_H

#include "http.h"
#include "peers.h"

/* One request, taken apart. */
struct sf_call {
    struct request *req;
    json_t *org;      /* named by the path, or NULL: then the client or the token tells */
    const char *path; /* behind the org, raw, begins with "/" */
    char *base;       /* address of the login host, without a slash at the end */
};

/* ---- sf.c ---- */
const json_t *sf_settings(void);
json_t *sf_orgs(void);
json_t *sf_org(const char *key);
json_t *sf_user(json_t *org, const char *id);
json_t *sf_user_by_name(json_t *org, const char *username);
/* Address of this org as the caller sees it; the caller frees. */
char *sf_instance_url(const struct sf_call *call, const json_t *org);

/* ---- sf_login.c: authorize, account chooser, consent ---- */
void sf_login_reset(void);
void sf_authorize(struct sf_call *call);
void sf_choose(struct sf_call *call);
void sf_approval_page(struct sf_call *call);
void sf_consent(struct sf_call *call);
json_t *sf_client(const char *client_id);
/* The code's data {client_id, redirect_uri, org, user, scopes, challenge?, since_ms, used, grant?}
 */
json_t *sf_code(const char *code);

/* ---- sf_token.c ---- */
void sf_token_reset(void);
void sf_token(struct sf_call *call);
void sf_revoke(struct sf_call *call);
void sf_introspect(struct sf_call *call);
void sf_userinfo(struct sf_call *call);
void sf_identity(struct sf_call *call);
/* The living grant behind the request's access token, or NULL. Counts as use of the session. */
json_t *sf_session(const struct sf_call *call);
bool sf_grant_has(const json_t *grant, const char *scope);
json_t *sf_grants(void);
json_t *sf_counts(void);

/* ---- sf_objects.c ---- */
enum sf_type { SF_STRING, SF_NUMBER, SF_DATE, SF_DATE_TIME, SF_BOOL, SF_REFERENCE };
struct sf_field {
    const char *name;
    enum sf_type type;
    int max;
    bool required;
};
struct sf_object {
    const char *name;
    const char *prefix;
    struct sf_field fields[16];
};
const struct sf_object *sf_object(const char *name);
/* Seen by queries alone: nothing below /sobjects shows or changes it. */
bool sf_query_only(const struct sf_object *object);
const struct sf_field *sf_field(const struct sf_object *object, const char *name);
/* NULL, or the array of faults as Salesforce words it. */
json_t *sf_check_fields(json_t *org, const struct sf_object *object, json_t *fields, bool creating);
json_t *sf_record_new(json_t *org, const struct sf_object *object, json_t *fields,
                      const char *user);
void sf_record_change(json_t *org, json_t *record, json_t *fields, const char *user);
void sf_record_remove(json_t *org, json_t *record);
json_t *sf_record(json_t *org, const char *id);
/* What a query goes through, of this and other objects, by id: a new reference. */
json_t *sf_records(json_t *org, const struct sf_object *object);
/* Value of a field of a record, system fields and Owner.Name included; new reference or NULL. */
json_t *sf_value(json_t *org, const json_t *record, const char *field);
bool sf_knows_field(const struct sf_object *object, const char *field);
json_t *sf_by_external_id(json_t *org, const char *object, const char *field, const char *value);
json_t *sf_describe(const struct sf_object *object);
json_t *sf_object_names(void);
void sf_objects_reset(void);

/* ---- sf_soql.c ---- */
/* The answer of a query, or NULL and *ret_error (an array). */
json_t *sf_query(json_t *org, const char *soql, json_t **ret_error);

/* ---- sf_work.c: search, Chatter, approvals of both engines, composite ---- */
struct sf_work {
    struct request *req;
    json_t *org;
    const char *user;
    char *const *parts; /* decoded path segments after the version */
    size_t count;
};
/* A record is submitted to the approval process by this user: the answer's row, a new reference. */
json_t *sf_submit(json_t *org, const char *user, const char *record, const char *approver);
/* False when there is no such resource: nothing is answered. */
bool sf_work(const struct sf_work *w);

/* ---- sf_data.c ---- */
/* The JSON object of the body, or NULL and the answer is given; the caller's to release. */
json_t *sf_read_body(struct request *req);
void sf_count_write(void);
json_t *sf_error(const char *code, const char *message);
void sf_data(struct sf_call *call);
void sf_record_page(struct sf_call *call, const char *id);

#endif

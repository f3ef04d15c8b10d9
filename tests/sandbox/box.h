/* The Box stand-in, shared between its files. State is JSON behind the world's lock:
 * enterprise {key,id,name,users{id:{id,login,name}}}
 * grant {id,enterprise,user,client_id,alive,refresh_token,...}: one approval of one person
 * item {type,id,name,parent,owner,etag,...}: a file or folder; parent "0" is the owner's root. */
#ifndef SANDBOX_BOX_H
#define SANDBOX_BOX_H

#include "http.h"
#include "peers.h"

/* One request, taken apart. */
struct box_call {
    struct request *req;
    const char *path; /* behind the prefix, raw, begins with "/" */
    const char *base; /* address of this peer, without a slash at the end */
};

/* One API call of a person. */
struct box_api {
    struct box_call *call;
    struct request *req;
    json_t *grant;
    json_t *enterprise;
    json_t *user;
    const char *user_id;
    char *parts[4]; /* decoded path segments after /2.0 */
    size_t count;
};

/* ---- box.c ---- */
const json_t *box_settings(void);
json_t *box_enterprise(const char *key);
json_t *box_user(const json_t *enterprise, const char *id);
json_t *box_user_by_login(const json_t *enterprise, const char *login);
/* A number that no other object has, as text; the caller frees. */
char *box_new_id(void);
/* {"type":"error",...}; info (stolen, may be NULL) is context_info. */
void box_refuse(struct request *req, unsigned status, const char *code, const char *message,
                json_t *info);
/* The fault "error" in Box's form, if one waits: true when it answered. */
bool box_fault_error(struct request *req);

/* ---- box_login.c: authorize, account chooser, consent ---- */
void box_login_reset(void);
void box_authorize(struct box_call *call);
void box_choose(struct box_call *call);
void box_consent_page(struct box_call *call);
void box_consent(struct box_call *call);
json_t *box_client(const char *client_id);
/* {client_id, redirect_uri, enterprise, user, since_ms, used} */
json_t *box_code(const char *code);

/* ---- box_token.c ---- */
void box_token_reset(void);
void box_token(struct box_call *call);
void box_revoke(struct box_call *call);
/* The living grant behind the request's access token, or NULL. */
json_t *box_session(const struct box_call *call);
json_t *box_grants(void);
json_t *box_counts(void);
void box_count(const char *name);

/* ---- box_items.c ---- */
void box_items_reset(void);
void box_item_load(const json_t *enterprise, const json_t *from);
json_t *box_items(void);
/* The item if this person may see it (write: may change it). Else NULL and the refusal was sent. */
json_t *box_item(struct box_api *a, const char *type, const char *id, bool write);
/* The id of the folder to put something into, likewise; "0" is the person's own root. */
bool box_may_add(struct box_api *a, const char *folder);
/* What has this name there, in any letter case. */
json_t *box_named(const struct box_api *a, const char *folder, const char *name);
/* True when the name may be used; else the refusal was sent. */
bool box_check_name(struct box_api *a, const char *name);
json_t *box_item_new(const struct box_api *a, const char *type, const char *name,
                     const char *parent);
void box_item_changed(json_t *item, const char *user_id);
/* As the API shows it: everything, or what `fields` of the query names. */
json_t *box_item_json(const struct box_api *a, const json_t *item, const char *fields);
/* {type,id,etag,name}: as it stands inside of other objects. */
json_t *box_item_mini(const json_t *item);
json_t *box_user_mini(const json_t *enterprise, const char *id);
void box_folders(struct box_api *a);
void box_files(struct box_api *a);
void box_search(struct box_api *a);
/* The page that a deep link or a shared link opens. */
void box_item_page(struct box_call *call, const char *id);

/* ---- box_upload.c ---- */
void box_upload_reset(void);
/* POST files/content and files/{id}/content at the upload host; file_id NULL: a new file. */
void box_upload(struct box_api *a, const char *file_id);
void box_contents_set(json_t *file, const char *data, size_t len);
void box_download(struct box_api *a, const json_t *file);
/* The host that a download leads to. */
void box_download_host(struct box_call *call);

/* ---- box_work.c ---- */
void box_work_reset(void);
json_t *box_work_state(void);
/* The JSON object of the request's body, or NULL and the refusal was sent. */
json_t *box_body(struct request *req);
void box_comments(struct box_api *a);
void box_tasks(struct box_api *a);
void box_assignments(struct box_api *a);
void box_file_tasks(struct box_api *a, const json_t *file);
void box_collaborations(struct box_api *a);
void box_sign_requests(struct box_api *a);

#endif

#ifndef WB_SERVICE_STORE_STORE_INT_H
#define WB_SERVICE_STORE_STORE_INT_H

#include <stddef.h>

#include "store.h"

/* Shared inside service/store and with its tests only. */

struct store {
    db *c;
    arena *mem;
    const keyring *keys;
    int64_t started_ms;        /* of this process, since the epoch */
    const char *process;       /* this one, in words: "process 4711 on web-1" */
    struct job_follow *follow; /* NULL: jobs are added for any worker */
    _Atomic int64_t *keys_fit_ms;
};

int store_query(store *s, const struct stmt *stmt, const struct db_arg *args, rows **ret,
                struct err *e);

/* --- rows.c: answers as structs --- */

/* Fills the zeroed struct `to` from one row. */
typedef int store_reader(store *s, const rows *r, size_t row, void *to, struct err *e);

struct store_ask {
    const struct stmt *stmt;
    const struct db_arg *args;
    store_reader *read;
    size_t size; /* of the struct */
};

/* The first column of all rows, as texts. */
int store_ask_texts(store *s, const struct stmt *stmt, const struct db_arg *args, const char ***ret,
                    size_t *ret_count, struct err *e);
/* The first row, or NULL when there is none. */
int store_ask_one(store *s, const struct store_ask *ask, void **ret, struct err *e);
/* All rows as one array. */
int store_ask_all(store *s, const struct store_ask *ask, void **ret, size_t *ret_count,
                  struct err *e);
/* Runs a statement that must touch a row; ERR_NOT_FOUND `code` when it touched none. */
int store_touch_one(store *s, const struct stmt *stmt, const struct db_arg *args, const char *code,
                    struct err *e);

/* A column of type jsonb that holds an object; NULL of one that holds none: {}. */
const json_t *store_object(arena *mem, const char *text);
char *store_object_text(arena *mem, const json_t *object);
/* The elements of a text[] as PostgreSQL writes it; NULL elements become "". */
const char **store_texts(arena *mem, const char *literal, size_t *ret_count);
/* The position of text among names, else `unknown`: a newer release may know more. */
int store_name_index(const char *const *names, int count, const char *text, int unknown);

/* A time to the microsecond: epoch() has seconds. */
#define MICROS(column) "(extract(epoch from " column ") * 1000000)::bigint"

/* Begins this column with that text, in any case of letters? As its index has it
 * (text_pattern_ops), also where the plan is made before the text is known: up to the last
 * character of Unicode. */
#define STORE_BEGINS(column, text)                                                                 \
    "(lower(" column ") ~>=~ lower(" text ")"                                                      \
    " and lower(" column ") ~<~ (lower(" text ") || chr(1114111)))"

/* --- sealed.c: values that only the service can read --- */

/* No data gives no data, both ways. */
struct bytes store_seal(const store *s, const struct seal_place *place, struct bytes plain);
int store_unseal(const store *s, const struct seal_place *place, struct bytes sealed,
                 struct bytes *ret, struct err *e);
struct bytes store_seal_json(const store *s, const struct seal_place *place, const json_t *value);
int store_unseal_json(const store *s, const struct seal_place *place, struct bytes sealed,
                      json_t **ret, struct err *e);
struct bytes store_seal_secret(const store *s, const struct seal_place *place,
                               struct secret secret);
int store_unseal_secret(const store *s, const struct seal_place *place, struct bytes sealed,
                        struct secret *ret, struct err *e);

/* --- keys.c: every sealed column --- */

/* page: sealed values behind a workspace and key that do not begin with $1, by the key; put: back
 * in their place, where nobody has written meanwhile. */
struct store_sealed_column {
    const char *name; /* "run.inputs" */
    const char *table, *column;
    const char *first; /* sorts before every key */
    struct stmt page, put;
};
const struct store_sealed_column *store_sealed_columns(size_t *ret_count);

/* --- erase_words.c, for the others --- */

/* The text with the pseudonym wherever a word of x stands alone in it, JSON string by string; NULL:
 * none does. names: those, too, not ids alone. */
char *store_erase_words(arena *mem, const struct erase *x, bool names, const char *text);

/* --- erase_keys.c, for erase_columns.c and erase_audit.c --- */

/* All of the value is an id of the person's ("user:" may stand before it) or, in a column of
 * accounts, an account of theirs: what stands there then; NULL: it is not. */
const char *store_erase_key(arena *mem, const struct erase *x, bool is_account, const char *value);
/* The same of each text of an array, as JSON. */
const char *store_erase_keys(arena *mem, const struct erase *x, const char *array);

/* --- erase_columns.c, for the others --- */

/* Ids and names. */
const char **store_erase_all(arena *mem, const struct erase *x, size_t *ret_count);
/* Of PostgreSQL, for collation C: what every text matches that store_erase_words changes, and few
 * others do. */
int store_erase_pattern(store *s, const struct erase *x, bool names, const char **ret,
                        struct err *e);
int store_erase_columns(store *s, const struct erase *x, int64_t *ret_changed, struct err *e);
/* Sets columns and places; adds to found. */
int store_erase_find_columns(store *s, const struct erase *x, struct erase_proof *io,
                             struct err *e);

/* --- erase_sealed.c, for erase.c --- */

enum { ERASE_SEALED_MAX = 64 }; /* columns */
int store_erase_sealed(store *s, const struct erase *x, int64_t *ret_changed, struct err *e);
int store_erase_find_sealed(store *s, const struct erase *x, struct erase_proof *io, struct err *e);

/* --- workspaces.c and bot_tokens.c: where a bot's tokens stand --- */

struct seal_place store_bot_place(const char *workspace);
struct seal_place store_bot_refresh_place(const char *workspace);

/* --- connections.c, for connection_tokens.c --- */

struct bytes store_tokens_seal(const store *s, const char *workspace, const char *id,
                               const struct tokens *t);
int store_tokens_open(const store *s, const struct connection *c, struct bytes sealed,
                      struct tokens *ret, struct err *e);

/* --- runs.c and users.c, for run_case.c --- */

#define STORE_RUN_COLUMNS                                                                          \
    "r.workspace, r.id, r.reference, r.recipe, r.version, r.user_id, r.state, r.inputs, "          \
    "r.asking, r.place, r.channel, r.thread, r.message_id, r.login_id, r.confirmed, r.result, "    \
    "r.error_code, epoch(r.created_at), epoch(r.parked_at), epoch(r.expires_at), "                 \
    "epoch(r.ended_at), epoch(r.asked_at), r.pressed, r.act_token, r.act_name, r.act_key"
enum { STORE_RUN_COLUMNS_COUNT = 26 };
store_reader store_read_run;
enum run_state store_run_state(const char *name);
enum standing store_standing(const char *name);

/* --- messages.c, for outgoing.c --- */

#define STORE_MESSAGE_COLUMNS                                                                      \
    "m.workspace, m.id, m.channel, m.thread, m.user_id, m.ephemeral, m.platform_id, "              \
    "m.response_url, m.body, m.version, m.sent_version, epoch(m.post_started_at), m.state, "       \
    "m.response_adds, epoch(m.response_until), m.from_channel, m.from_thread"
enum { STORE_MESSAGE_COLUMNS_COUNT = 17 };
store_reader store_read_message;

/* --- jobs.c, for job_claim.c --- */

/* JOB_KIND_COUNT for a kind that this release does not know. */
enum job_kind store_job_kind(const char *name);
struct seal_place store_job_place(const char *workspace, const char *id);

/* --- job_follow.c, for jobs.c --- */

/* Adds j for the worker of this session, with its payload sealed; *ret_taken false: it is still to
 * be added. */
int store_follow_add(store *s, const struct job *j, struct bytes sealed, bool *ret_taken,
                     struct err *e);
/* Other workers have something to do. */
void store_follow_left(store *s);

/* --- move_rows.c, move_names.c, for moves.c --- */

int store_move_rows(store *s, const struct workspace_move *q, struct err *e);
/* Is this table, and where given this sealed column of it, moved? For the test that holds it
 * against the catalogue. */
bool store_move_knows(const char *table, const char *sealed_column);
/* Renames in `from` what would clash in `to`. */
int store_move_names(store *s, const struct workspace_move *q, struct workspace_moved *ret,
                     struct err *e);

/* --- seal_days.c, for seals.c and erase_audit.c --- */

/* What the chain holds behind this line: parts (SEAL_PARTS), erased_digest, erased_seal. Of one in
 * which a person was erased it is what stands there, if the line and this place are what the
 * chain's key has sealed. */
const char *store_seal_behind(arena *mem, const struct seal_reading *d, const rows *r, size_t row,
                              bool *ret_erased);
struct seal_place store_chain_place(const char *workspace);

/* --- each file's statements, NULL-terminated; collected in stmts.c --- */

extern const struct stmt *const store_session_stmts[];
extern const struct stmt *const store_workspaces_stmts[];
extern const struct stmt *const store_installations_stmts[];
extern const struct stmt *const store_bot_tokens_stmts[];
extern const struct stmt *const store_users_stmts[];
extern const struct stmt *const store_people_stmts[];
extern const struct stmt *const store_leavers_stmts[];
extern const struct stmt *const store_homes_stmts[];
extern const struct stmt *const store_defaults_stmts[];
extern const struct stmt *const store_connections_stmts[];
extern const struct stmt *const store_connection_tokens_stmts[];
extern const struct stmt *const store_accounts_stmts[];
extern const struct stmt *const store_endings_stmts[];
extern const struct stmt *const store_logins_stmts[];
extern const struct stmt *const store_states_stmts[];
extern const struct stmt *const store_recipes_stmts[];
extern const struct stmt *const store_runs_stmts[];
extern const struct stmt *const store_run_steps_stmts[];
extern const struct stmt *const store_jobs_stmts[];
extern const struct stmt *const store_job_claim_stmts[];
extern const struct stmt *const store_job_follow_stmts[];
extern const struct stmt *const store_job_note_stmts[];
extern const struct stmt *const store_job_rehome_stmts[];
extern const struct stmt *const store_messages_stmts[];
extern const struct stmt *const store_notices_stmts[];
extern const struct stmt *const store_run_case_stmts[];
extern const struct stmt *const store_run_history_stmts[];
extern const struct stmt *const store_run_hooks_stmts[];
extern const struct stmt *const store_moves_stmts[];
extern const struct stmt *const store_move_names_stmts[];
extern const struct stmt *const store_move_rows_stmts[];
extern const struct stmt *const store_outgoing_stmts[];
extern const struct stmt *const store_audit_stmts[];
extern const struct stmt *const store_seals_stmts[];
extern const struct stmt *const store_seal_days_stmts[];
extern const struct stmt *const store_retention_stmts[];
extern const struct stmt *const store_channels_stmts[];
extern const struct stmt *const store_conversations_stmts[];
extern const struct stmt *const store_setups_stmts[];
extern const struct stmt *const store_stats_stmts[];
extern const struct stmt *const store_sign_in_stmts[];
extern const struct stmt *const store_hooks_stmts[];
extern const struct stmt *const store_keys_stmts[];
extern const struct stmt *const store_decisions_stmts[];
extern const struct stmt *const store_account_people_stmts[];
extern const struct stmt *const store_groups_stmts[];
extern const struct stmt *const store_api_tokens_stmts[];
extern const struct stmt *const store_permissions_stmts[];
extern const struct stmt *const store_time_zones_stmts[];
extern const struct stmt *const store_console_stmts[];
extern const struct stmt *const store_erase_stmts[];
extern const struct stmt *const store_erase_who_stmts[];
extern const struct stmt *const store_erase_columns_stmts[];
extern const struct stmt *const store_erase_sealed_stmts[];
extern const struct stmt *const store_erase_audit_stmts[];

#endif

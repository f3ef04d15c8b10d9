#include "store_int.h"

#include <pthread.h>

#include "base/die.h"

enum { STATEMENTS_MAX = 512 };

static const struct stmt *const *const files[] = {
    store_session_stmts,       store_workspaces_stmts,     store_users_stmts,
    store_defaults_stmts,      store_connections_stmts,    store_connection_tokens_stmts,
    store_endings_stmts,       store_logins_stmts,         store_states_stmts,
    store_recipes_stmts,       store_runs_stmts,           store_run_steps_stmts,
    store_jobs_stmts,          store_job_claim_stmts,      store_messages_stmts,
    store_notices_stmts,       store_run_case_stmts,       store_outgoing_stmts,
    store_audit_stmts,         store_retention_stmts,      store_job_follow_stmts,
    store_homes_stmts,         store_installations_stmts,  store_bot_tokens_stmts,
    store_run_history_stmts,   store_moves_stmts,          store_move_names_stmts,
    store_move_rows_stmts,     store_conversations_stmts,  store_channels_stmts,
    store_job_rehome_stmts,    store_leavers_stmts,        store_job_note_stmts,
    store_setups_stmts,        store_keys_stmts,           store_hooks_stmts,
    store_decisions_stmts,     store_accounts_stmts,       store_seals_stmts,
    store_seal_days_stmts,     store_account_people_stmts, store_groups_stmts,
    store_api_tokens_stmts,    store_console_stmts,        store_erase_stmts,
    store_erase_columns_stmts, store_erase_sealed_stmts,   store_erase_audit_stmts,
    store_time_zones_stmts,    store_permissions_stmts,    store_stats_stmts,
    store_sign_in_stmts,       store_run_hooks_stmts,      store_people_stmts,
    store_erase_who_stmts,
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct stmt *all[STATEMENTS_MAX];
static size_t all_count;

static void collect(void)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        for (const struct stmt *const *one = files[i]; *one != NULL; one++) {
            if (all_count == STATEMENTS_MAX) {
                die("more than %d statements", STATEMENTS_MAX);
            }
            all[all_count++] = *one;
        }
    }
}

const struct stmt *const *store_statements(size_t *ret_count)
{
    if (pthread_once(&once, collect) != 0) {
        die("pthread_once failed");
    }
    *ret_count = all_count;
    return all;
}

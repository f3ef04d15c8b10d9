#include "db_int.h"

/*
 * The one list of migrations, in the order in which they are applied: the file migrations/NAME.sql
 * without its suffix. A unit test compares it with the folder.
 */
#define MIGRATIONS(X)                                                                              \
    X(0001_create_workspaces)                                                                      \
    X(0002_create_connections)                                                                     \
    X(0003_create_recipes)                                                                         \
    X(0004_create_jobs)                                                                            \
    X(0005_create_notices)                                                                         \
    X(0006_add_job_lost)                                                                           \
    X(0007_index_open_runs)                                                                        \
    X(0008_add_job_kinds)                                                                          \
    X(0009_add_home_pages)                                                                         \
    X(0010_add_pages)                                                                              \
    X(0011_install_workspaces)                                                                     \
    X(0012_add_sign_in_and_leavers)                                                                \
    X(0013_defer_for_moves)                                                                        \
    X(0014_add_answer_ways)                                                                        \
    X(0015_add_purge_jobs)                                                                         \
    X(0016_index_leavers)                                                                          \
    X(0017_index_urgent_jobs)                                                                      \
    X(0018_add_person_teams)                                                                       \
    X(0019_check_bots)                                                                             \
    X(0020_add_run_asked)                                                                          \
    X(0021_add_teams)                                                                              \
    X(0022_add_conversation_teams)                                                                 \
    X(0023_add_admin_links)                                                                        \
    X(0024_add_vars)                                                                               \
    X(0025_note_keys)                                                                              \
    X(0026_add_endings)                                                                            \
    X(0027_add_accounts)                                                                           \
    X(0028_add_hooks)                                                                              \
    X(0029_add_decisions)                                                                          \
    X(0030_add_turns)                                                                              \
    X(0031_add_groups)                                                                             \
    X(0032_seal_audit)                                                                             \
    X(0036_add_api_tokens)                                                                         \
    X(0037_erase_people)                                                                           \
    X(0038_add_console)                                                                            \
    X(0042_keep_acting_account)                                                                    \
    X(0043_note_decision_steps)                                                                    \
    X(0044_read_text_arrays)                                                                       \
    X(0045_prove_before_choice)                                                                    \
    X(0046_know_time_zones)                                                                        \
    X(0047_act_for_users)                                                                          \
    X(0048_name_who_seals)                                                                         \
    X(0049_note_queue_age)                                                                         \
    X(0050_prove_sign_in)                                                                          \
    X(0064_note_rotation)                                                                          \
    X(0071_part_owner_and_service)                                                                 \
    X(0075_search_and_enter)                                                                       \
    X(0076_find_written_words)                                                                     \
    X(0077_tell_text_from_keys)                                                                    \
    X(0078_bound_look_ups_for_programs)                                                            \
    X(0079_prove_erased_lines_at_once)                                                             \
    X(0080_erase_in_audit_one_way)

/* The file's bytes and a NUL. The path is relative to the top of the checkout (-Wa,-I.). */
#define EMBED(name)                                                                                \
    __asm__(".pushsection .rodata\n"                                                               \
            ".globl migration_" #name "\n"                                                         \
            ".hidden migration_" #name "\n"                                                        \
            "migration_" #name ":\n"                                                               \
            ".incbin \"migrations/" #name ".sql\"\n"                                               \
            ".byte 0\n"                                                                            \
            ".popsection\n");                                                                      \
    extern const char migration_##name[] __attribute__((visibility("hidden")));
MIGRATIONS(EMBED)

#define ROW(name) {#name, migration_##name},
static const struct migration embedded[] = {MIGRATIONS(ROW){NULL, NULL}};

const struct migration *migrations_embedded(size_t *ret_count)
{
    *ret_count = sizeof embedded / sizeof embedded[0] - 1;
    return embedded;
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/store_support.h"

/* Design 8: every primary key, unique key and foreign key of a tenant table leads with the
 * workspace, on both sides, so that tables can be spread by that column. Global are `route`,
 * which finds a workspace, the keys of the deployment, and its operators in the console. */

#define GLOBAL "('route', 'encryption_key', 'operator_session', 'sign_in_try', 'sign_in_proof')"

/* One line per fault, empty when there is none. */
static const char faults_sql[] =
    "with tenant as ("
    "  select c.oid, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    "   where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname not in " GLOBAL "),"
    " fault (text) as ("
    "  select t.relname || ': has no primary key' from tenant t"
    "   where not exists (select 1 from pg_index i where i.indrelid = t.oid and i.indisprimary)"
    "  union all"
    "  select t.relname || ': unique key ' || i.indexrelid::regclass || ' does not lead with workspace'"
    "    from tenant t join pg_index i on i.indrelid = t.oid and i.indisunique"
    "    left join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]"
    "   where a.attname is distinct from 'workspace'"
    "  union all"
    "  select t.relname || ': foreign key ' || k.conname || ' does not lead with workspace'"
    "    from tenant t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'"
    "    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]"
    "   where a.attname <> 'workspace'"
    "  union all"
    "  select t.relname || ': foreign key ' || k.conname || ' does not arrive at a workspace'"
    "    from tenant t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'"
    "    join pg_attribute a on a.attrelid = k.confrelid and a.attnum = k.confkey[1]"
    "   where a.attname <> 'workspace'"
    "  union all"
    "  select t.relname || ': workspace may be null' from tenant t"
    "    join pg_attribute a on a.attrelid = t.oid and a.attname = 'workspace'"
    "   where not a.attnotnull)"
    "select coalesce(string_agg(text, E'\\n' order by text), '') from fault";

static const char *faults(void)
{
    return test_sql_text(world.base->mem, world.base->url, faults_sql);
}

static void test_every_key_leads_with_the_workspace(void **state)
{
    (void)state;
    assert_true(world_count("select count(*) from pg_tables where schemaname = 'public'") > 12);
    assert_string_equal(faults(), "");
}

static void test_the_guard_sees_each_kind_of_bad_table(void **state)
{
    (void)state;
    static const struct {
        const char *make;
        const char *fault;
    } planted[] = {
        {"create table planted (workspace text not null, id uuid)", "has no primary key"},
        {"create table planted (id uuid primary key, workspace text not null)",
         "unique key planted_pkey does not lead with workspace"},
        {"create table planted (workspace text, id uuid, name text unique,"
         " primary key (workspace, id))",
         "unique key planted_name_key does not lead with workspace"},
        {"create table planted (workspace text, id uuid, name text, primary key (workspace, id));"
         "create unique index planted_lower on planted (lower(workspace))",
         "unique key planted_lower does not lead with workspace"},
        {"create table planted (workspace text, id uuid, route text references route (route),"
         " primary key (workspace, id))",
         "foreign key planted_route_fkey does not lead with workspace"},
        {"create table planted (workspace text references route (route), id uuid,"
         " primary key (workspace, id))",
         "foreign key planted_workspace_fkey does not arrive at a workspace"},
    };
    for (size_t i = 0; i < sizeof planted / sizeof planted[0]; i++) {
        world_sql(planted[i].make);
        const char *found = faults();
        world_sql("drop table planted");
        const char *wanted = arena_printf(world.base->mem, "planted: %s", planted[i].fault);
        if (strstr(found, wanted) == NULL) {
            fail_msg("wanted \"%s\", found \"%s\"", wanted, found);
        }
    }
    assert_string_equal(faults(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_leads_with_the_workspace),
        cmocka_unit_test(test_the_guard_sees_each_kind_of_bad_table),
    };
    return cmocka_run_group_tests_name("guard: tenancy", tests, world_setup, world_teardown);
}

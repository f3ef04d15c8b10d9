#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "tests/db/store_support.h"

struct world world;

static const char sample_keys[] = "k2:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=,"
                                  "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

int world_setup(void **state)
{
    (void)state;
    struct err e = {.kind = ERR_NONE};
    world.base = test_db_new();
    arena *mem = world.base->mem;
    if (db_migrate(secret_of(mem, world.base->url), NULL, &e) != 0 ||
        crypto_keyring_parse(mem, secret_of(mem, sample_keys), &world.keys, &e) != 0) {
        die("%s: %s", e.code, e.text);
    }
    world.pool = test_pool(world.base->url, WORLD_CONNECTIONS);
    world.stores = stores_new(world.pool, world.keys);
    return 0;
}

int world_teardown(void **state)
{
    (void)state;
    stores_free(world.stores);
    db_pool_free(world.pool);
    test_db_free(world.base);
    return 0;
}

static void make_workspace(store *s, const char *workspace)
{
    struct workspace w = {.workspace = workspace,
                          .name = "Sample",
                          .installer = "UBEN",
                          .installer_uses_default = true,
                          .bot_user_id = "UBOT",
                          .bot_token = secret_of(store_arena(s), "xoxb-sample-canary")};
    struct default_connection d = {.workspace = workspace,
                                   .name = "crm",
                                   .app = "salesforce",
                                   .host = "login.salesforce.com",
                                   .client_id = "client",
                                   .client_secret = secret_of(store_arena(s), "client-canary"),
                                   .client_version = 1};
    struct user ana = {
        .workspace = workspace, .user_id = "UANA", .name = "Ana", .standing = STANDING_MEMBER};
    OK(store_workspace_put(s, &w, false, e));
    OK(store_default_put(s, &d, e));
    OK(store_user_put(s, &ana, e));
}

int world_reset(void **state)
{
    (void)state;
    /* as a superuser, whom the triggers of the audit do not stop */
    world_sql("set session_replication_role = replica;"
              "do $$ begin execute (select 'truncate ' || string_agg(format('%I', tablename), ', ')"
              "  from pg_tables where schemaname = 'public'); end $$");
    store *s = world_open();
    make_workspace(s, ACME);
    make_workspace(s, GLOBEX);
    world_close(s);
    return 0;
}

store *world_open(void)
{
    store *s = NULL;
    struct err e = {.kind = ERR_NONE};
    if (store_open(world.stores, arena_new(), &s, &e) != 0) {
        die("%s: %s", e.code, e.text);
    }
    return s;
}

void world_close(store *s)
{
    arena *mem = store_arena(s);
    store_close(s);
    arena_free(mem);
}

int64_t world_count(const char *sql)
{
    arena *mem = arena_new();
    const char *text = test_sql_text(mem, world.base->url, sql);
    int64_t count = text == NULL ? -1 : strtoll(text, NULL, 10);
    arena_free(mem);
    return count;
}

void world_sql(const char *sql)
{
    test_sql(world.base->url, sql);
}

struct runner {
    pthread_t thread;
    pthread_barrier_t *start;
    size_t number;
    void (*fn)(size_t number, void *context);
    void *context;
};

static void *run(void *argument)
{
    struct runner *r = argument;
    pthread_barrier_wait(r->start);
    r->fn(r->number, r->context);
    return NULL;
}

void world_threads(size_t count, void (*fn)(size_t number, void *context), void *context)
{
    pthread_barrier_t start;
    arena *mem = arena_new();
    struct runner *all = arena_array(mem, count, sizeof *all);
    if (pthread_barrier_init(&start, NULL, (unsigned)count) != 0) {
        die("no barrier");
    }
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct runner){.start = &start, .number = i, .fn = fn, .context = context};
        if (pthread_create(&all[i].thread, NULL, run, &all[i]) != 0) {
            die("no thread");
        }
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(all[i].thread, NULL);
    }
    pthread_barrier_destroy(&start);
    arena_free(mem);
}

struct tokens world_tokens(arena *mem, const char *name)
{
    static const char *scopes[] = {"api", "refresh_token"};
    return (struct tokens){.access = secret_of(mem, arena_printf(mem, "%s-access", name)),
                           .refresh = secret_of(mem, arena_printf(mem, "%s-refresh", name)),
                           .access_expires_at = clock_now() + 3600,
                           .scopes = scopes,
                           .scopes_count = 2};
}

struct account world_account(const char *name)
{
    return (struct account){.key = name,
                            .name = name,
                            .organization = "00Dsample",
                            .api_base = "https://acme.my.salesforce.com"};
}

const char *world_connect(store *s, const char *workspace, const char *user_id, const char *name)
{
    struct tokens t = world_tokens(store_arena(s), name);
    struct account a = world_account(name);
    const char *id = NULL;
    OK(store_connection_activate(s,
                                 &(const struct connection){.workspace = workspace,
                                                            .default_name = "crm",
                                                            .user_id = user_id,
                                                            .account = a,
                                                            .tokens = t,
                                                            .assurance = "code"},
                                 &id, e));
    return id;
}

struct job *world_lease(store *s, const char *workspace)
{
    struct job added = {.workspace = workspace, .kind = JOB_RUN, .payload = bytes_of("{}")};
    const struct job_claim want = {.owner = id_new(),
                                   .lease_s = 60,
                                   .max = 8,
                                   .per_workspace = 8,
                                   .after_workspace = "",
                                   .runs = {.all = 8, .each = 8}};
    struct job *list = NULL;
    size_t count = 0;
    OK(store_job_add(s, &added, e));
    OK(store_job_claim(s, &want, &list, &count, e));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].id, added.id) == 0) {
            return &list[i];
        }
    }
    fail_msg("the job was not claimed");
    return NULL;
}

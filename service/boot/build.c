#include "boot_int.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

enum {
    DRAIN_MS = 10000,
    DB_WAIT_MS = 5000,
    DB_STATEMENT_MS = 15000,
    RESERVED = 3, /* database connections, of few: 1 */
    RESERVE_FROM = 8,
    KEPT_FROM_ONE_PEER = 16, /* one worker of so many */
    KEPT_FROM_ONE_APP = 4,   /* one place for runs of so many */
    KEPT_FROM_ONE_APP_MAX = 32
};

static void build_database(struct service *s)
{
    size_t all = (size_t)s->config.db_connections;
    size_t reserved = all < RESERVE_FROM ? 1 : RESERVED;
    struct db_options options = {.url = s->config.database_url,
                                 .connections = all - reserved,
                                 .prepare = s->config.db_prepare,
                                 .wait_ms = DB_WAIT_MS,
                                 .statement_ms = s->patient ? 0 : DB_STATEMENT_MS};
    s->pool = db_pool_new(&options);
    s->stores = stores_new(s->pool, s->keys);
    options.connections = reserved;
    s->reserved_pool = db_pool_new(&options);
    s->reserved = stores_new(s->reserved_pool, s->keys);
}

/* Written in either case by people, compared in lower case. Nobody named: the app's own tenant. */
static const char *const *tenants(arena *mem, const struct config *c, size_t *ret_count)
{
    const struct text_list *list = &c->teams_allowed_tenants;
    size_t count = list->count > 0 ? list->count : 1;
    const char **all = arena_array(mem, count, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        all[i] = str_lower(mem, list->count > 0 ? list->items[i] : c->teams_tenant_id);
    }
    *ret_count = count;
    return all;
}

static void set_teams(arena *mem, const struct config *c, struct chat_settings *ret)
{
    if (c->teams_app_id == NULL) {
        return;
    }
    ret->teams_app_id = str_lower(mem, c->teams_app_id);
    ret->teams_app_secret = c->teams_app_secret;
    ret->teams_tenant_id = str_lower(mem, c->teams_tenant_id);
    ret->teams_allowed_tenants = tenants(mem, c, &ret->teams_allowed_tenants_count);
    ret->teams_sign_in = c->teams_sign_in;
    ret->teams_cloud = c->teams_cloud;
    ret->teams_openid_url = c->teams_openid_url;
    ret->teams_login_url = c->teams_login_url;
    ret->teams_service_hosts = c->teams_service_hosts.items;
    ret->teams_service_hosts_count = c->teams_service_hosts.count;
}

/* Of the workers that may wait for apps; less than one workspace alone may have of them (where
 * there are more than a few), so that its other apps are served beside one that hangs. */
static size_t app_share(size_t workers)
{
    size_t places = jobs_places(workers);
    size_t kept = (places + KEPT_FROM_ONE_APP - 1) / KEPT_FROM_ONE_APP;
    kept = kept > KEPT_FROM_ONE_APP_MAX ? KEPT_FROM_ONE_APP_MAX : kept;
    return places > kept ? places - kept : 1;
}

static void build_outside(struct service *s)
{
    const struct config *c = &s->config;
    size_t workers = (size_t)c->workers;
    const struct net_options net = {.trusted_hosts = c->trusted_http_hosts.items,
                                    .trusted_count = c->trusted_http_hosts.count,
                                    .handles = workers + 16,
                                    .per_peer = workers - workers / KEPT_FROM_ONE_PEER,
                                    .per_app = app_share(workers),
                                    .tls_trust = crypto_tls_trust};
    s->http = net_client_new(&net);
    net_forbid(db_thread_in_transaction);
    bool second_app = c->slack_sign_in_client_id != NULL;
    const char *sign_in_id = second_app ? c->slack_sign_in_client_id : c->slack_client_id;
    struct chat_settings chat = {.http = s->http,
                                 .slack_app_id = c->slack_app_id,
                                 .slack_url = c->slack_url,
                                 .slack_client_id = c->slack_client_id,
                                 .slack_client_secret = c->slack_client_secret,
                                 .slack_sign_in = c->slack_sign_in,
                                 .slack_sign_in_client_id = sign_in_id,
                                 .slack_sign_in_client_secret = second_app
                                                                    ? c->slack_sign_in_client_secret
                                                                    : c->slack_client_secret,
                                 .slack_signing_secrets = c->slack_signing_secrets.items,
                                 .slack_signing_secrets_count = c->slack_signing_secrets.count,
                                 .trusted_hosts = c->trusted_http_hosts.items,
                                 .trusted_count = c->trusted_http_hosts.count};
    set_teams(s->mem, c, &chat);
    s->chats = chats_new(s->mem, &chat);
}

void build_objects(struct service *s)
{
    build_database(s);
    build_outside(s);
    const struct oauth_options oauth_parts = {.config = &s->config,
                                              .stores = s->stores,
                                              .http = s->http,
                                              .apps = s->apps,
                                              .chats = s->chats};
    s->oauth = oauth_new(s->mem, &oauth_parts);
    const struct recipes_options recipe_parts = {.config = &s->config,
                                                 .stores = s->stores,
                                                 .http = s->http,
                                                 .apps = s->apps,
                                                 .oauth = s->oauth,
                                                 .chats = s->chats};
    s->recipes = recipes_new(s->mem, &recipe_parts);
    const struct bot_options bot_parts = {.config = &s->config,
                                          .stores = s->stores,
                                          .chats = s->chats,
                                          .apps = s->apps,
                                          .oauth = s->oauth,
                                          .recipes = s->recipes};
    s->bot = bot_new(s->mem, &bot_parts);
}

/* Events may arrive before the workers stand: they wait in the database. */
static void wake(void *arg)
{
    struct service *s = arg;
    if (s->jobs != NULL) {
        jobs_wake(s->jobs);
    }
}

static void cut(void *arg)
{
    net_client_stop(((struct service *)arg)->http);
}

int build_start(struct service *s, enum role role, struct err *e)
{
    const struct jobs_options work = {.config = &s->config,
                                      .stores = s->stores,
                                      .reserved = s->reserved,
                                      .chats = s->chats,
                                      .bot = s->bot,
                                      .oauth = s->oauth,
                                      .cut = cut,
                                      .cut_arg = s};
    if (role != ROLE_WEB) {
        s->jobs = jobs_start(s->mem, &work);
    }
    const struct web_options doors = {.config = &s->config,
                                      .stores = s->stores,
                                      .reserved = s->reserved,
                                      .keys = s->keys,
                                      .chats = s->chats,
                                      .apps = s->apps,
                                      .oauth = s->oauth,
                                      .bot = s->bot,
                                      .serve_web = role != ROLE_WORKER,
                                      .wake = wake,
                                      .wake_arg = s};
    return web_start(s->mem, &doors, &s->web, e);
}

void build_stop(struct service *s)
{
    int64_t began_ms = clock_mono_ms();
    if (s->web != NULL) {
        web_stop(s->web, DRAIN_MS);
    }
    if (s->jobs != NULL) {
        jobs_stop(s->jobs, DRAIN_MS);
    }
    log_info("stopped", LOG_INT("drain_ms", clock_mono_ms() - began_ms));
}

void build_free(struct service *s)
{
    net_client_stop(s->http);
    net_client_free(s->http);
    stores_free(s->stores);
    db_pool_free(s->pool);
    stores_free(s->reserved);
    db_pool_free(s->reserved_pool);
    arena_free(s->mem);
}

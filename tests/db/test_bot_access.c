#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oauth.h"
#include "tests/db/store_support.h"

/* What a call is about stays with it, whatever is read of its workspace meanwhile. */

#define TENANT "44444444-0000-4000-8000-00000000000a"

static oauth *oauth_of(arena *mem)
{
    static const char *const tenants[] = {TENANT};
    const struct chat_settings chat = {.slack_url = "https://slack.example",
                                       .teams_app_id = "22222222-aaaa-4bbb-8ccc-222222222222",
                                       .teams_cloud = "public",
                                       .teams_allowed_tenants = tenants,
                                       .teams_allowed_tenants_count = 1};
    const struct oauth_options options = {.stores = world.stores, .chats = chats_new(mem, &chat)};
    return oauth_new(mem, &options);
}

static void expect_kept(const char *workspace)
{
    arena *mem = arena_new();
    struct oauth_bot as = {.access = {.workspace = workspace,
                                      .until_ms = 7,
                                      .address = "https://smba.example/emea/",
                                      .channel = "19:a",
                                      .person = "29:ana",
                                      .own = true}};
    OK(oauth_bot_access(oauth_of(mem), mem, workspace, &as, e));
    assert_true(as.active);
    assert_int_equal(as.access.until_ms, 7);
    assert_string_equal(as.access.address, "https://smba.example/emea/");
    assert_string_equal(as.access.channel, "19:a");
    assert_string_equal(as.access.person, "29:ana");
    assert_true(as.access.own);
    arena_free(mem);
}

static void test_a_row_that_is_read_again_keeps_the_call(void **state)
{
    (void)state;
    store *s = world_open();
    bool made = false;
    OK(store_workspace_make(s, "teams:" TENANT, &made, e));
    world_close(s);
    world_sql("update workspace set state = 'active', bot_check_at = null");
    expect_kept("teams:" TENANT);
    expect_kept(ACME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_row_that_is_read_again_keeps_the_call, world_reset),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

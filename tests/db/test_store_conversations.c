#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "tests/db/store_support.h"

/* Where a platform is reached that has no one address for all. */

#define EMEA "https://smba.trafficmanager.net/emea/"
#define AMER "https://smba.trafficmanager.net/amer/"

static void learn(store *s, const char *channel, const char *address, const char *kind)
{
    const struct conversation c = {
        .workspace = ACME, .channel = channel, .address = address, .kind = kind};
    OK(store_conversation_learn(s, &c, e));
}

static struct reach channel_of(store *s, const char *channel)
{
    struct reach r;
    OK(store_reach_channel(s, ACME, channel, &r, e));
    return r;
}

static struct reach user_of(store *s, const char *user)
{
    struct reach r;
    OK(store_reach_user(s, ACME, user, &r, e));
    return r;
}

static void test_the_newest_address_holds(void **state)
{
    (void)state;
    store *s = world_open();
    assert_null(channel_of(s, "19:a").address);
    learn(s, "19:a", EMEA, "channel");
    assert_string_equal(channel_of(s, "19:a").address, EMEA);
    learn(s, "19:a", AMER, "channel");
    assert_string_equal(channel_of(s, "19:a").address, AMER);
    struct reach elsewhere;
    OK(store_reach_channel(s, GLOBEX, "19:a", &elsewhere, e));
    assert_null(elsewhere.address);
    assert_true(channel_of(s, "19:a").own);
    learn(s, "19:a", AMER, "shared");
    assert_false(channel_of(s, "19:a").own);
    world_close(s);
}

static void test_what_is_known_is_not_written_again(void **state)
{
    (void)state;
    store *s = world_open();
    learn(s, "19:a", EMEA, "channel");
    int64_t at = world_count("select xmin::text::bigint from conversation");
    learn(s, "19:a", EMEA, "channel");
    assert_int_equal(world_count("select xmin::text::bigint from conversation"), at);
    world_close(s);
}

static void test_a_conversation_that_is_gone_comes_back_with_its_next_event(void **state)
{
    (void)state;
    store *s = world_open();
    learn(s, "19:a", EMEA, "channel");
    OK(store_conversation_gone(s, ACME, "19:a", e));
    assert_null(channel_of(s, "19:a").address);
    learn(s, "19:a", EMEA, "channel");
    assert_string_equal(channel_of(s, "19:a").address, EMEA);
    world_close(s);
}

static void test_a_person_is_reached_by_the_one_to_one_chat_or_where_last_seen(void **state)
{
    (void)state;
    store *s = world_open();
    assert_null(user_of(s, "UANA").address);
    learn(s, "19:a", EMEA, "channel");
    OK(store_user_seen(s, ACME, "UANA", "29:ana", "19:a", e));
    struct reach r = user_of(s, "UANA");
    assert_string_equal(r.channel, "19:a");
    assert_string_equal(r.person, "29:ana");
    learn(s, "a:ana", AMER, "personal");
    OK(store_user_set_dm(s, ACME, "UANA", "a:ana", e));
    r = user_of(s, "UANA");
    assert_string_equal(r.channel, "a:ana");
    assert_string_equal(r.address, AMER);
    OK(store_conversation_gone(s, ACME, "a:ana", e));
    assert_string_equal(user_of(s, "UANA").channel, "19:a");
    OK(store_conversation_gone(s, ACME, "19:a", e));
    r = user_of(s, "UANA");
    assert_null(r.address);
    assert_string_equal(r.person, "29:ana");
    OK(store_user_forget(s, ACME, "UANA", e));
    assert_null(user_of(s, "UANA").person);
    world_close(s);
}

/* A message knows the way that it goes: the conversation's, or that to its reader. */
static void test_the_outbox_is_told_the_way(void **state)
{
    (void)state;
    store *s = world_open();
    struct outgoing out;
    struct message to_ana = {.workspace = ACME, .user_id = "UANA", .body = json_object()};
    struct message to_all = {.workspace = ACME, .channel = "19:a", .body = json_object()};
    OK(store_user_set_dm(s, ACME, "UANA", NULL, e));
    learn(s, "19:a", EMEA, "channel");
    OK(store_user_seen(s, ACME, "UANA", "29:ana", "19:a", e));
    OK(store_message_add(s, &to_ana, e));
    OK(store_message_add(s, &to_all, e));
    const struct job *j = world_lease(s, ACME);
    OK(store_outgoing_take(s, j, to_ana.id, &out, e));
    assert_string_equal(out.address, EMEA); /* where the chat with her will be asked for */
    assert_string_equal(out.person, "29:ana");
    assert_true(out.active);
    assert_false(out.gone);
    OK(store_conversation_gone(s, ACME, "19:a", e));
    OK(store_outgoing_take(s, j, to_all.id, &out, e));
    assert_true(out.gone);
    json_decref(to_ana.body);
    json_decref(to_all.body);
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_newest_address_holds, world_reset),
        cmocka_unit_test_setup(test_what_is_known_is_not_written_again, world_reset),
        cmocka_unit_test_setup(test_a_conversation_that_is_gone_comes_back_with_its_next_event,
                               world_reset),
        cmocka_unit_test_setup(test_a_person_is_reached_by_the_one_to_one_chat_or_where_last_seen,
                               world_reset),
        cmocka_unit_test_setup(test_the_outbox_is_told_the_way, world_reset),
    };
    return cmocka_run_group_tests_name("store: conversations", tests, world_setup, world_teardown);
}

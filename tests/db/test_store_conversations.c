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

static bool gone(store *s, const char *channel, const char *team, int64_t at)
{
    const struct conversation c = {
        .workspace = ACME, .channel = channel, .team = team, .at_ms = at * 1000};
    bool late = true;
    OK(store_conversation_gone(s, &c, &late, e));
    return !late;
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
    gone(s, "19:a", NULL, 0);
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
    gone(s, "a:ana", NULL, 0);
    assert_string_equal(user_of(s, "UANA").channel, "19:a");
    gone(s, "19:a", NULL, 0);
    r = user_of(s, "UANA"); /* to be asked about: nothing is sent there */
    assert_string_equal(r.address, AMER);
    assert_string_equal(r.person, "29:ana");
    world_close(s);
}

/* P15: the chat with somebody who has left is that person's, too. */
static void test_with_a_person_the_one_to_one_chat_is_forgotten(void **state)
{
    (void)state;
    store *s = world_open();
    learn(s, "19:a", EMEA, "channel");
    learn(s, "a:ana", AMER, "personal");
    OK(store_user_seen(s, ACME, "UANA", "29:ana", "19:a", e));
    OK(store_user_set_dm(s, ACME, "UANA", "a:ana", e));
    OK(store_user_forget(s, ACME, "UANA", e));
    assert_null(user_of(s, "UANA").person);
    assert_int_equal(world_count("select count(*) from conversation where channel = 'a:ana'"), 0);
    assert_int_equal(world_count("select count(*) from conversation"), 1);
    world_close(s);
}

static void tell(store *s, struct conversation c)
{
    c.workspace = ACME;
    c.address = EMEA;
    OK(store_conversation_learn(s, &c, e));
}

/* P13: events of one busy place do not wait for one another. */
static void test_what_is_known_is_not_locked(void **state)
{
    (void)state;
    store *s = world_open(), *other = world_open();
    learn(s, "19:a", EMEA, "channel");
    OK(store_begin(s, e));
    learn(s, "19:a", EMEA, "channel");
    OK(store_begin(other, e));
    assert_int_equal(world_count("select count(*) from (select 1 from conversation"
                                 " for update skip locked) x"),
                     1);
    learn(other, "19:a", EMEA, "channel");
    OK(store_commit(other, e));
    OK(store_commit(s, e));
    world_close(other);
    world_close(s);
}

static void test_what_does_not_say_the_kind_does_not_change_it(void **state)
{
    (void)state;
    store *s = world_open();
    learn(s, "19:a", EMEA, "channel");
    learn(s, "19:a", AMER, NULL);
    assert_true(channel_of(s, "19:a").own);
    assert_string_equal(channel_of(s, "19:a").address, AMER);
    learn(s, "19:b", EMEA, NULL);
    assert_false(channel_of(s, "19:b").own);
    learn(s, "19:b", EMEA, "channel");
    assert_true(channel_of(s, "19:b").own);
    world_close(s);
}

static void test_all_of_a_team_is_gone_and_back_together(void **state)
{
    (void)state;
    store *s = world_open();
    tell(s, (struct conversation){
                .channel = "19:a", .kind = "channel", .team = "19:a", .at_ms = 1000 * 100});
    tell(s, (struct conversation){.channel = "19:b", .team = "19:a", .at_ms = 1000 * 100});
    tell(s, (struct conversation){.channel = "19:c", .team = "19:c", .at_ms = 1000 * 100});
    assert_true(gone(s, "19:a", "19:a", 200));
    assert_int_equal(world_count("select count(*) from conversation where gone"), 2);
    assert_string_equal(channel_of(s, "19:c").address, EMEA);
    tell(s, (struct conversation){
                .channel = "19:a", .team = "19:a", .at_ms = 1000 * 300, .begins = true});
    assert_int_equal(world_count("select count(*) from conversation where gone"), 0);
    world_close(s);
}

static void test_what_comes_late_undoes_nothing(void **state)
{
    (void)state;
    store *s = world_open();
    tell(s, (struct conversation){.channel = "19:a", .team = "19:a", .at_ms = 1000 * 100});
    tell(s, (struct conversation){.channel = "19:b", .team = "19:a", .at_ms = 1000 * 100});
    tell(s, (struct conversation){
                .channel = "19:a", .team = "19:a", .at_ms = 1000 * 130, .begins = true});
    assert_false(gone(s, "19:a", "19:a", 120));
    assert_int_equal(world_count("select count(*) from conversation where gone"), 0);
    assert_true(gone(s, "19:a", "19:a", 140));
    tell(s, (struct conversation){
                .channel = "19:a", .team = "19:a", .at_ms = 1000 * 135, .begins = true});
    assert_int_equal(world_count("select count(*) from conversation where gone"), 2);
    tell(s, (struct conversation){.channel = "19:a", .at_ms = 1000 * 141});
    assert_int_equal(world_count("select count(*) from conversation where gone"), 1);
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
    gone(s, "19:a", NULL, 0);
    OK(store_outgoing_take(s, j, to_all.id, &out, e));
    assert_true(out.gone);
    /* nothing goes there: by its address the chat with her is asked for */
    OK(store_outgoing_take(s, j, to_ana.id, &out, e));
    assert_false(out.gone);
    assert_string_equal(out.address, EMEA);
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
        cmocka_unit_test_setup(test_with_a_person_the_one_to_one_chat_is_forgotten, world_reset),
        cmocka_unit_test_setup(test_what_is_known_is_not_locked, world_reset),
        cmocka_unit_test_setup(test_what_does_not_say_the_kind_does_not_change_it, world_reset),
        cmocka_unit_test_setup(test_all_of_a_team_is_gone_and_back_together, world_reset),
        cmocka_unit_test_setup(test_what_comes_late_undoes_nothing, world_reset),
        cmocka_unit_test_setup(test_the_outbox_is_told_the_way, world_reset),
    };
    return cmocka_run_group_tests_name("store: conversations", tests, world_setup, world_teardown);
}

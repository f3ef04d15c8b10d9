#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/str.h"
#include "service/web/server_int.h"

/* P14: what bodies hold together, and who gives way. No socket is needed: these are the calls that
 * the HTTP thread makes for the parts of a body. */

enum { PART = 16 * 1024, WEBHOOKS = 120, EVENT = 3000 };

static struct server server;
static const struct listening here = {.server = &server};
static const struct route webhook = {
    .kind = ROUTE_INTAKE, .pattern = "/slack/events", .body_max = LIMIT_WEBHOOK_BODY};

static int setup(void **state)
{
    (void)state;
    server = (struct server){0};
    bodies_start(&server.bodies);
    return 0;
}

static struct call *begin(void)
{
    struct call *c = call_new(&here, "/slack/events");
    c->route = &webhook;
    c->body_most = LIMIT_WEBHOOK_BODY + 1;
    return c;
}

/* False: it was refused on the way. */
static bool send(struct call *c, size_t len)
{
    static char part[PART];
    memset(part, 'x', sizeof part);
    while (len > 0 && !c->refused) {
        size_t now = len < PART ? len : PART;
        assert_true(call_body(c, part, now));
        assert_true(server.bodies.bytes <= LIMIT_BODIES);
        len -= now;
    }
    return !c->refused;
}

static void end(struct call *c)
{
    call_unref(c);
}

static void test_a_flood_of_unfinished_bodies_has_a_bound(void **state)
{
    struct call *flood[WEBHOOKS];
    (void)state;
    for (size_t i = 0; i < WEBHOOKS; i++) {
        flood[i] = begin();
        assert_true(send(flood[i], 960 * 1024)); /* whoever is newest gets through */
    }
    assert_true(server.bodies.bytes > LIMIT_BODIES / 2);
    struct call *genuine = begin();
    assert_true(send(genuine, EVENT));
    assert_true(body_whole(genuine));
    assert_int_equal(genuine->q.body.len, EVENT);
    assert_int_equal(genuine->q.body.data[EVENT], '\0');
    assert_false(body_whole(flood[0]));
    end(genuine);
    for (size_t i = 0; i < WEBHOOKS; i++) {
        end(flood[i]);
    }
    assert_int_equal(server.bodies.bytes, 0);
    assert_int_equal(server.bodies.coming_bytes, 0);
    assert_true(TAILQ_EMPTY(&server.bodies.coming));
}

static void test_who_gave_way_is_told_to_come_again(void **state)
{
    struct call *slow = begin(), *others[WEBHOOKS];
    (void)state;
    assert_true(send(slow, 100 * 1024));
    for (size_t i = 0; i < WEBHOOKS; i++) {
        others[i] = begin();
        assert_true(send(others[i], 960 * 1024));
    }
    assert_false(send(slow, PART));
    assert_int_equal(slow->r.status, 503);
    assert_true(call_end(slow)); /* with that answer */
    end(slow);
    assert_true(call_end(others[0]));
    assert_int_equal(others[0]->r.status, 503);
    for (size_t i = 0; i < WEBHOOKS; i++) {
        end(others[i]);
    }
    assert_int_equal(server.bodies.bytes, 0);
}

/* The one that is oldest itself takes nothing from those that came after it. */
static void test_an_old_body_does_not_push_out_a_new_one(void **state)
{
    struct call *old = begin(), *others[LIMIT_BODIES / LIMIT_WEBHOOK_BODY];
    size_t count = sizeof others / sizeof others[0], kept = 0;
    (void)state;
    assert_true(send(old, PART));
    for (size_t i = 0; i < count; i++) {
        others[i] = begin();
        send(others[i], 700 * 1024);
    }
    send(old, 600 * 1024);
    assert_true(old->refused);
    for (size_t i = 0; i < count; i++) {
        kept += body_whole(others[i]) ? 1 : 0;
        end(others[i]);
    }
    assert_true(kept >= 23); /* of a megabyte each, in three quarters of the budget */
    end(old);
}

static void test_large_bodies_that_are_whole_leave_room_for_events(void **state)
{
    struct call *large[WEBHOOKS];
    size_t taken = 0;
    (void)state;
    for (size_t i = 0; i < WEBHOOKS; i++) {
        large[i] = begin();
        taken += send(large[i], 700 * 1024) && body_whole(large[i]) ? 1 : 0;
    }
    assert_int_equal(taken, 23);
    struct call *events[WEBHOOKS];
    for (size_t i = 0; i < WEBHOOKS; i++) {
        events[i] = begin();
        assert_true(send(events[i], EVENT));
        assert_true(body_whole(events[i]));
    }
    for (size_t i = 0; i < WEBHOOKS; i++) {
        end(events[i]);
        end(large[i]);
    }
    assert_int_equal(server.bodies.bytes, 0);
}

/* A small body takes what was announced for it, and no more. */
static void test_small_bodies_are_cheap(void **state)
{
    struct call *c = begin();
    (void)state;
    c->body_most = EVENT + 1;
    assert_true(send(c, EVENT));
    assert_int_equal(server.bodies.bytes, EVENT + 1);
    end(c);
    struct call *none = begin();
    assert_true(body_whole(none));
    assert_int_equal(none->q.body.len, 0);
    end(none);
    struct call *too_much = begin();
    assert_false(send(too_much, LIMIT_WEBHOOK_BODY + 1));
    assert_int_equal(too_much->r.status, 413);
    assert_int_equal(server.bodies.bytes, 0);
    end(too_much);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_flood_of_unfinished_bodies_has_a_bound, setup),
        cmocka_unit_test_setup(test_who_gave_way_is_told_to_come_again, setup),
        cmocka_unit_test_setup(test_an_old_body_does_not_push_out_a_new_one, setup),
        cmocka_unit_test_setup(test_large_bodies_that_are_whole_leave_room_for_events, setup),
        cmocka_unit_test_setup(test_small_bodies_are_cheap, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

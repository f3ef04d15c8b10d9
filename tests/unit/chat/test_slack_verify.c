#include <string.h>

#include "base/str.h"
#include "crypto.h"
#include "tests/unit/chat/chat_help.h"

/* The body of the platform's own page, one line */
#define BODY_A                                                                                     \
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="         \
    "G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-"     \
    "collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%"             \
    "2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."               \
    "803a0bc887a14d10d2c447fce8b6703c"

static const struct vector {
    const char *timestamp;
    const char *body;
    const char *hex;
    size_t len;
} VECTORS[] = {
    {"1531420618", BODY_A, "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", 362},
    {"1700000000", "{\"token\":\"x\",\"challenge\":\"abc123\",\"type\":\"url_verification\"}",
     "9854b7eca71ad142054166bb68903baf18dd9722488b7bb80a852f4549de7896", 60},
    {"1700000000",
     "payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A%7B%22id%22%3A%22U1%22%7D%7D",
     "5850286d5b8fb97c0b07232434b4c11fa48a94a50b19d20b8dc23b6b5a6dedc7", 87},
    {"1700000000", "{\"text\":\"naïve “quotes”\"}",
     "26b591316b914869e191ee83664eef66a3cec3102b403dc521ac17962f4a80f1", 30},
    {"1700000000", "", "e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e2", 0},
};
enum { VECTOR_COUNT = sizeof VECTORS / sizeof VECTORS[0], SKEW = 300 };

static const int64_t AT = 1700000000;
#define GOOD "v0=e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e2"
static const struct bytes EMPTY = {(const uint8_t *)"", 0};

static void expect(const chats *c, const struct slack_headers *h, struct bytes body, int64_t now,
                   const char *code)
{
    struct err e = {0};
    int result = chat_slack_verify(c, h, body, now, &e);
    if (code == NULL) {
        assert_int_equal(result, 0);
        return;
    }
    assert_int_equal(result, -1);
    assert_int_equal(e.kind, ERR_UNAUTHENTIC);
    assert_string_equal(e.code, code);
}

static void test_vectors(void **state)
{
    struct door *f = *state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &VECTORS[i];
        assert_int_equal(strlen(v->body), v->len);
        struct slack_headers h = {v->timestamp, arena_printf(f->mem, "v0=%s", v->hex)};
        long long now = 0;
        assert_true(str_to_i64(v->timestamp, &now));
        expect(f->c, &h, bytes_of(v->body), now, NULL);
        /* a signature is good for its own body alone */
        struct bytes other = bytes_of(VECTORS[(i + 1) % VECTOR_COUNT].body);
        expect(f->c, &h, other, now, "slack_signature");
    }
}

static void slack_gotcha_06_raw_bytes_are_signed_not_the_decoded(void **state)
{
    struct door *f = *state;
    struct slack_headers h = {VECTORS[2].timestamp, arena_printf(f->mem, "v0=%s", VECTORS[2].hex)};
    struct bytes decoded =
        bytes_of("payload={\"type\":\"block_actions\",\"user\":{\"id\":\"U1\"}}");
    expect(f->c, &h, decoded, AT, "slack_signature");
}

static void slack_gotcha_25_300_seconds_pass_301_fail_both_ways(void **state)
{
    struct door *f = *state;
    struct slack_headers h = {"1700000000", GOOD};
    expect(f->c, &h, EMPTY, AT + SKEW, NULL);
    expect(f->c, &h, EMPTY, AT - SKEW, NULL);
    expect(f->c, &h, EMPTY, AT + SKEW + 1, "slack_timestamp");
    expect(f->c, &h, EMPTY, AT - SKEW - 1, "slack_timestamp");
}

static void test_unusable_timestamps(void **state)
{
    struct door *f = *state;
    static const char *const bad[] = {NULL,
                                      "",
                                      " 1700000000",
                                      "1700000000 ",
                                      "+1700000000",
                                      "-170000000",
                                      "0x6553f100",
                                      "1.7e9",
                                      "1700000000.0",
                                      "00000001700000000",
                                      "9999999999999999999999",
                                      "now"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct slack_headers h = {bad[i], GOOD};
        expect(f->c, &h, EMPTY, AT, "slack_timestamp");
    }
    /* the text of the header is signed, so another spelling of the same second is another text */
    struct slack_headers h = {"01700000000", GOOD};
    expect(f->c, &h, EMPTY, AT, "slack_signature");
}

static void slack_gotcha_06_upper_case_and_other_spellings_are_no_signature(void **state)
{
    struct door *f = *state;
    static const char upper[] =
        "v0=E32114B39F9A22E4B8D8778478B39E6ED0677E5562E5474C3104B4074F1917E2";
    static const char *const bad[] = {
        NULL,
        "",
        "v0=",
        upper,
        "V0=e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e2",
        "v1=e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e2",
        "e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e2",
        "v0=e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e",
        "v0=e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e22",
        "v0=e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917g2",
        "v0=e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e3",
        " v0=e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e2",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct slack_headers h = {"1700000000", bad[i]};
        expect(f->c, &h, EMPTY, AT, "slack_signature");
    }
}

static void test_every_flipped_bit_is_seen(void **state)
{
    struct door *f = *state;
    const struct vector *v = &VECTORS[1];
    struct slack_headers h = {v->timestamp, arena_printf(f->mem, "v0=%s", v->hex)};
    for (size_t i = 0; i < v->len * 8; i++) {
        struct bytes copy = bytes_of(v->body);
        uint8_t *data = arena_copy(f->mem, copy.data, copy.len);
        data[i / 8] = (uint8_t)(data[i / 8] ^ (1 << (i % 8)));
        expect(f->c, &h, (struct bytes){data, copy.len}, AT, "slack_signature");
    }
}

static void test_rotation_accepts_each_secret(void **state)
{
    struct door *f = *state;
    struct slack_headers h = {"1700000000", GOOD};
    expect(chats_at_the_door(f->mem, "sample-new," SIGNING_SECRET), &h, EMPTY, AT, NULL);
    expect(chats_at_the_door(f->mem, SIGNING_SECRET ",sample-old"), &h, EMPTY, AT, NULL);
    expect(chats_at_the_door(f->mem, "sample-new,sample-old"), &h, EMPTY, AT, "slack_signature");
}

static void test_the_empty_secret_signs_nothing(void **state)
{
    struct door *f = *state;
    struct digest d = crypto_hmac_sha256(bytes_of(""), bytes_of("v0:1700000000:"), EMPTY);
    const char *hex = crypto_hex(f->mem, (struct bytes){d.bytes, sizeof d.bytes});
    struct slack_headers h = {"1700000000", arena_printf(f->mem, "v0=%s", hex)};
    expect(chats_at_the_door(f->mem, ""), &h, EMPTY, AT, "slack_signature");
}

static void test_a_body_of_a_megabyte(void **state)
{
    struct door *f = *state;
    size_t len = 1024 * 1024;
    uint8_t *data = arena_alloc(f->mem, len);
    memset(data, 'x', len);
    struct digest d = crypto_hmac_sha256(bytes_of(SIGNING_SECRET), bytes_of("v0:1700000000:"),
                                         (struct bytes){data, len});
    const char *hex = crypto_hex(f->mem, (struct bytes){d.bytes, sizeof d.bytes});
    struct slack_headers h = {"1700000000", arena_printf(f->mem, "v0=%s", hex)};
    expect(f->c, &h, (struct bytes){data, len}, AT, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(slack_gotcha_06_raw_bytes_are_signed_not_the_decoded),
        cmocka_unit_test(slack_gotcha_25_300_seconds_pass_301_fail_both_ways),
        cmocka_unit_test(test_unusable_timestamps),
        cmocka_unit_test(slack_gotcha_06_upper_case_and_other_spellings_are_no_signature),
        cmocka_unit_test(test_every_flipped_bit_is_seen),
        cmocka_unit_test(test_rotation_accepts_each_secret),
        cmocka_unit_test(test_the_empty_secret_signs_nothing),
        cmocka_unit_test(test_a_body_of_a_megabyte),
    };
    return cmocka_run_group_tests(tests, door_set_up, door_tear_down);
}

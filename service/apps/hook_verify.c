#include "hook_int.h"

#include <string.h>

#include "apps_int.h"
#include "base/str.h"
#include "crypto.h"

/* Is a message genuine? Every secret is compared in a time that does not depend on it, the one
 * before the current one included. */

enum { BOX_WITHIN_S = 600, PARTS_MAX = 8 };
static const int64_t MILLISECONDS_FROM = 100000000000; /* as seconds: the year 5138 */

static const char *header(const struct hook_message *m, const char *name)
{
    return name == NULL ? NULL : m->header(m->headers, name);
}

static struct bytes key_of(struct secret s)
{
    return (struct bytes){(const uint8_t *)secret_reveal(s), s.len};
}

static bool text_is(struct secret wanted, const char *given)
{
    return given != NULL && !secret_empty(wanted) && strlen(given) == wanted.len &&
           crypto_equal(given, secret_reveal(wanted), wanted.len);
}

/* Behind its prefix; NULL when it does not begin with that. */
static const char *value_of(const struct hook_message *m, const json_t *rules)
{
    const char *value = header(m, json_text(rules, "header"));
    const char *prefix = json_text(rules, "prefix");
    if (value == NULL || str_empty(prefix)) {
        return value;
    }
    return str_starts(value, prefix) ? value + strlen(prefix) : NULL;
}

static int by_secret(const struct hook_proof *proof, const struct hook_message *m,
                     const json_t *rules, struct err *e)
{
    const char *given = value_of(m, rules);
    bool first = text_is(proof->first, given), second = text_is(proof->second, given);
    return first || second
               ? 0
               : err_set(e, ERR_UNAUTHENTIC, "hook_secret", "the secret is missing or wrong");
}

/* Seconds, milliseconds, or RFC 3339; 0: none of these. */
static int64_t time_of(const char *text)
{
    long long at = 0;
    if (text == NULL) {
        return 0;
    }
    if (!str_to_i64(text, &at)) {
        return apps_iso_time(text);
    }
    return at >= MILLISECONDS_FROM ? at / 1000 : at;
}

static int check_time(const char *given, const struct hook_message *m, int64_t within_s,
                      struct err *e)
{
    int64_t at = time_of(given);
    if (at <= 0 || at < m->now - within_s || at > m->now + within_s) {
        return err_set(e, ERR_UNAUTHENTIC, "hook_timestamp",
                       "the message's time is missing, or not ours");
    }
    return 0;
}

/* The parts of what is signed, in their order, around the body and the time. */
static size_t parts_of(arena *mem, const char *text, const struct hook_message *m,
                       const char *timestamp, struct bytes ret[PARTS_MAX])
{
    size_t count = 0;
    while (*text != '\0' && count < PARTS_MAX) {
        size_t plain = strcspn(text, "{");
        if (str_starts(text, "{body}")) {
            ret[count++] = m->body;
            text += strlen("{body}");
        } else if (str_starts(text, "{timestamp}")) {
            ret[count++] = bytes_of(timestamp);
            text += strlen("{timestamp}");
        } else {
            plain += plain == 0 ? 1 : 0;
            ret[count++] = bytes_of(arena_strndup(mem, text, plain));
            text += plain;
        }
    }
    return count;
}

struct signature {
    const char *algorithm, *encoding;
    struct bytes parts[PARTS_MAX];
    size_t count;
};

static bool signature_is(arena *mem, const struct signature *s, struct secret key,
                         const char *given)
{
    if (given == NULL || secret_empty(key)) {
        return false;
    }
    struct bytes mac = crypto_hmac(mem, s->algorithm, key_of(key), s->parts, s->count);
    bool hex = str_equal(s->encoding, "hex");
    const char *wanted = hex ? crypto_hex(mem, mac) : crypto_base64(mem, mac);
    const char *same = hex ? str_lower(mem, given) : given;
    return strlen(same) == strlen(wanted) && crypto_equal(same, wanted, strlen(wanted));
}

static int unsigned_message(struct err *e)
{
    return err_set(e, ERR_UNAUTHENTIC, "hook_signature", "the signature is missing or wrong");
}

static int by_hmac(arena *mem, const struct hook_proof *proof, const struct hook_message *m,
                   const json_t *rules, struct err *e)
{
    const char *time_header = json_text(rules, "timestamp_header");
    const char *timestamp = header(m, time_header), *given = value_of(m, rules);
    struct signature s = {.algorithm = json_text(rules, "algorithm"),
                          .encoding = json_text(rules, "encoding")};
    if (time_header != NULL && check_time(timestamp, m, json_i64(rules, "within_s"), e) != 0) {
        return -1;
    }
    s.count = parts_of(mem, json_text(rules, "signed"), m, timestamp, s.parts);
    bool first = signature_is(mem, &s, proof->first, given);
    bool second = signature_is(mem, &s, proof->second, given);
    return first || second ? 0 : unsigned_message(e);
}

/* developer.box.com/guides/webhooks/v2/signatures-v2: either key is enough, so that keys can be
 * changed one after the other. */
static int by_box(arena *mem, const struct hook_proof *proof, const struct hook_message *m,
                  struct err *e)
{
    const char *timestamp = header(m, "Box-Delivery-Timestamp");
    if (!str_equal(header(m, "Box-Signature-Version"), "1") ||
        !str_equal(header(m, "Box-Signature-Algorithm"), "HmacSHA256")) {
        return unsigned_message(e);
    }
    if (check_time(timestamp, m, BOX_WITHIN_S, e) != 0) {
        return -1;
    }
    const struct signature s = {.algorithm = "sha256",
                                .encoding = "base64",
                                .parts = {m->body, bytes_of(timestamp)},
                                .count = 2};
    bool first = signature_is(mem, &s, proof->first, header(m, "Box-Signature-Primary"));
    bool second = signature_is(mem, &s, proof->second, header(m, "Box-Signature-Secondary"));
    return first || second ? 0 : unsigned_message(e);
}

/* Nothing but the address proves the sender: a wrong one is no address of ours. */
static int by_address(const struct hook_proof *proof, const struct hook_message *m, struct err *e)
{
    bool first = text_is(proof->first, m->secret), second = text_is(proof->second, m->secret);
    return first || second ? 0
                           : err_set(e, ERR_NOT_FOUND, "hook_unknown", "There is nothing here.");
}

int hook_verify(arena *mem, const struct hook_proof *proof, const struct hook_message *m,
                struct err *e)
{
    if (hook_secret_in_address(proof->kind)) {
        return by_address(proof, m, e);
    }
    if (m->secret != NULL) {
        return err_set(e, ERR_NOT_FOUND, "hook_unknown", "There is nothing here.");
    }
    if (proof->kind == HOOK_BOX) {
        return by_box(mem, proof, m, e);
    }
    const json_t *rules = json_member(proof->rules, "verify");
    return str_equal(json_text(rules, "by"), "hmac") ? by_hmac(mem, proof, m, rules, e)
                                                     : by_secret(proof, m, rules, e);
}

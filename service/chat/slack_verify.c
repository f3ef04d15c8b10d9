/* Is a request from Slack? docs.slack.dev/authentication/verifying-requests-from-slack */
#include "chat_int.h"

#include <string.h>

#include "base/str.h"
#include "crypto.h"

enum {
    SKEW_S = 300,
    TIMESTAMP_MAX = 11, /* digits; good for five thousand years */
    SIGNATURE_LEN = 3 + 2 * (int)sizeof(struct digest)
};

static bool read_timestamp(const char *text, long long *ret)
{
    if (str_empty(text) || strnlen(text, TIMESTAMP_MAX + 1) > TIMESTAMP_MAX ||
        text[strspn(text, "0123456789")] != '\0') {
        return false;
    }
    return str_to_i64(text, ret);
}

/* Lower case alone: Slack sends nothing else. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_signature(const char *text, struct digest *ret)
{
    if (text == NULL || strnlen(text, SIGNATURE_LEN + 1) != SIGNATURE_LEN ||
        !str_starts(text, "v0=")) {
        return false;
    }
    struct digest d;
    for (size_t i = 0; i < sizeof d.bytes; i++) {
        int high = hex_value(text[3 + 2 * i]);
        int low = hex_value(text[4 + 2 * i]);
        if (high < 0 || low < 0) {
            return false;
        }
        d.bytes[i] = (uint8_t)(high * 16 + low);
    }
    *ret = d;
    return true;
}

/* "v0:<timestamp>:<body>" as it was received. */
static struct bytes base_string(arena *mem, const char *timestamp, struct bytes body)
{
    size_t head = 3 + strlen(timestamp) + 1;
    uint8_t *text = arena_alloc(mem, head + body.len);
    memcpy(text, "v0:", 3);
    memcpy(text + 3, timestamp, head - 4);
    text[head - 1] = ':';
    if (body.len > 0) {
        memcpy(text + head, body.data, body.len);
    }
    return (struct bytes){text, head + body.len};
}

static bool is_signed(const chats *c, const char *timestamp, struct bytes body,
                      const struct digest *given)
{
    arena *mem = arena_new();
    struct bytes message = base_string(mem, timestamp, body);
    bool good = false;
    for (size_t i = 0; i < c->settings.slack_signing_secrets_count && !good; i++) {
        struct secret s = c->settings.slack_signing_secrets[i];
        /* anybody knows the empty key */
        if (!secret_empty(s)) {
            struct digest d = crypto_hmac_sha256(bytes_of(secret_reveal(s)), message);
            good = crypto_equal(d.bytes, given->bytes, sizeof d.bytes);
        }
    }
    arena_free(mem);
    return good;
}

int chat_slack_verify(const chats *c, const struct slack_headers *h, struct bytes body, int64_t now,
                      struct err *e)
{
    long long at = 0;
    if (!read_timestamp(h->timestamp, &at)) {
        return err_set(e, ERR_UNAUTHENTIC, "slack_timestamp", "no usable timestamp header");
    }
    if (at < now - SKEW_S || at > now + SKEW_S) {
        return err_set(e, ERR_UNAUTHENTIC, "slack_timestamp", "timestamp is %lld s off",
                       (long long)now - at);
    }
    struct digest given;
    if (!read_signature(h->signature, &given)) {
        return err_set(e, ERR_UNAUTHENTIC, "slack_signature", "no usable signature header");
    }
    if (!is_signed(c, h->timestamp, body, &given)) {
        return err_set(e, ERR_UNAUTHENTIC, "slack_signature", "signature does not match");
    }
    return 0;
}

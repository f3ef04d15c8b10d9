/* Is a request from Slack? docs.slack.dev/authentication/verifying-requests-from-slack */
#include "chat_int.h"

#include <stdio.h>
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

/* Signed is "v0:<timestamp>:<body>", as it was received. */
static bool is_signed(const chats *c, const char *timestamp, struct bytes body,
                      const struct digest *given)
{
    char head[sizeof "v0::" + TIMESTAMP_MAX];
    (void)snprintf(head, sizeof head, "v0:%s:", timestamp);
    for (size_t i = 0; i < c->settings.slack_signing_secrets_count; i++) {
        struct secret s = c->settings.slack_signing_secrets[i];
        struct bytes key = bytes_of(secret_reveal(s));
        struct digest d = crypto_hmac_sha256(key, bytes_of(head), body);
        /* anybody knows the empty key */
        if (!secret_empty(s) && crypto_equal(d.bytes, given->bytes, sizeof d.bytes)) {
            return true;
        }
    }
    return false;
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

#include "net_int.h"

#include <string.h>

struct wipe {
    void *bytes;
    size_t len;
};

static void wipe_run(void *object)
{
    struct wipe *w = object;
    explicit_bzero(w->bytes, w->len);
}

void net_wipe_later(arena *mem, void *bytes, size_t len)
{
    struct wipe *w = arena_alloc(mem, sizeof(*w));
    *w = (struct wipe){bytes, len};
    arena_defer(mem, wipe_run, w);
}

static bool is_plain(char c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool digit = c >= '0' && c <= '9';
    return letter || digit || c == '*' || c == '-' || c == '.' || c == '_';
}

/* Writes the encoded text at `at`, which has room for three times its length; gives the end. */
static char *form_put(char *at, const char *text, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_plain(text[i])) {
            *at++ = text[i];
        } else if (c == ' ') {
            *at++ = '+';
        } else {
            *at++ = '%';
            *at++ = hex[c >> 4];
            *at++ = hex[c & 15];
        }
    }
    return at;
}

static const char *field_value(const struct net_field *f, size_t *ret_len)
{
    if (f->value != NULL) {
        *ret_len = strlen(f->value);
        return f->value;
    }
    *ret_len = f->secret.len;
    return f->secret.len == 0 ? "" : secret_reveal(f->secret);
}

char *net_form(arena *mem, const struct net_field *fields)
{
    size_t room = 1;
    size_t len;
    for (const struct net_field *f = fields; f->name != NULL; f++) {
        (void)field_value(f, &len);
        room += 3 * (strlen(f->name) + len) + 2;
    }
    /* one buffer of the right size: a growing one would leave copies of secrets behind */
    char *text = arena_alloc(mem, room);
    net_wipe_later(mem, text, room);
    char *at = text;
    for (const struct net_field *f = fields; f->name != NULL; f++) {
        if (f != fields) {
            *at++ = '&';
        }
        at = form_put(at, f->name, strlen(f->name));
        *at++ = '=';
        const char *value = field_value(f, &len);
        at = form_put(at, value, len);
    }
    *at = '\0';
    return text;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool net_url_decode_to(const char *text, size_t len, bool plus, char *out)
{
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = len - i > 2 ? hex_value(text[i + 1]) : -1;
            int low = len - i > 2 ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0') {
            return false;
        }
        out[at++] = c;
    }
    out[at] = '\0';
    return true;
}

bool net_url_decode(arena *mem, const char *text, size_t len, bool plus, char **ret)
{
    char *out = arena_alloc(mem, len + 1);
    if (!net_url_decode_to(text, len, plus, out)) {
        return false;
    }
    *ret = out;
    return true;
}

struct secret net_basic_credential(arena *mem, const char *id, struct secret secret,
                                   char *(*base64)(arena *, struct bytes))
{
    size_t id_len = strlen(id);
    size_t room = 3 * (id_len + secret.len) + 2;
    char *pair = arena_alloc(mem, room);
    net_wipe_later(mem, pair, room);
    char *at = form_put(pair, id, id_len);
    *at++ = ':';
    if (secret.len > 0) {
        at = form_put(at, secret_reveal(secret), secret.len);
    }
    const char *text = base64(mem, (struct bytes){(const uint8_t *)pair, (size_t)(at - pair)});
    return secret_of(mem, text);
}

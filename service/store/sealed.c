#include "store_int.h"

#include "base/json.h"

struct bytes store_seal(const store *s, const struct seal_place *place, struct bytes plain)
{
    if (plain.data == NULL) {
        return plain;
    }
    return crypto_seal(s->mem, s->keys, place, plain);
}

int store_unseal(const store *s, const struct seal_place *place, struct bytes sealed,
                 struct bytes *ret, struct err *e)
{
    if (sealed.data == NULL) {
        *ret = sealed;
        return 0;
    }
    if (crypto_open(s->mem, s->keys, place, sealed, ret, e) != 0) {
        return err_wrap(e, "%s.%s of %s", place->table, place->column, place->row);
    }
    return 0;
}

struct bytes store_seal_json(const store *s, const struct seal_place *place, const json_t *value)
{
    if (value == NULL) {
        return (struct bytes){NULL, 0};
    }
    return store_seal(s, place, bytes_of(json_write(s->mem, value)));
}

int store_unseal_json(const store *s, const struct seal_place *place, struct bytes sealed,
                      json_t **ret, struct err *e)
{
    struct bytes plain;
    if (store_unseal(s, place, sealed, &plain, e) != 0) {
        return -1;
    }
    if (plain.data == NULL) {
        *ret = NULL;
        return 0;
    }
    return json_read_ours(s->mem, plain, ret, e);
}

struct bytes store_seal_secret(const store *s, const struct seal_place *place, struct secret secret)
{
    if (secret_empty(secret)) {
        return (struct bytes){NULL, 0};
    }
    const char *plain = secret_reveal(secret);
    return store_seal(s, place, (struct bytes){(const uint8_t *)plain, secret.len});
}

int store_unseal_secret(const store *s, const struct seal_place *place, struct bytes sealed,
                        struct secret *ret, struct err *e)
{
    struct bytes plain;
    if (store_unseal(s, place, sealed, &plain, e) != 0) {
        return -1;
    }
    *ret = plain.data == NULL ? secret_of(s->mem, NULL)
                              : secret_new(s->mem, (const char *)plain.data, plain.len);
    return 0;
}

#include "web_int.h"

#include <string.h>

#include "base/str.h"

/*
 * Tokens of workspaces: wbt_<routing key of the workspace>_<secret>. The routing key says where to
 * look, as in every public link; the digest of the whole is what is stored.
 */

#define PREFIX "wbt_"
enum { ROUTE_DIGITS = 16, SECRET_BYTES = 24, SHOWN_DIGITS = 4, FINGERPRINT_DIGITS = 8 };
enum { HEAD_LEN = sizeof PREFIX - 1 + ROUTE_DIGITS + 1 };

static const char HEX[] = "0123456789abcdef";

char *token_new(arena *mem, const char *route, const char **ret_digest, const char **ret_begins)
{
    char *token = arena_printf(mem, PREFIX "%s_%s", route, crypto_random_hex(mem, SECRET_BYTES));
    *ret_digest = crypto_hash_text(mem, token);
    *ret_begins = arena_strndup(mem, token, HEAD_LEN + SHOWN_DIGITS);
    return token;
}

bool token_shaped(const char *text)
{
    return strnlen(text, HEAD_LEN + SECRET_BYTES * 2 + 1) == HEAD_LEN + SECRET_BYTES * 2 &&
           str_starts(text, PREFIX) && strspn(text + sizeof PREFIX - 1, HEX) == ROUTE_DIGITS &&
           text[HEAD_LEN - 1] == '_' && strspn(text + HEAD_LEN, HEX) == SECRET_BYTES * 2;
}

const char *token_actor(arena *mem, const char *digest)
{
    return arena_printf(mem, "token:%.*s", FINGERPRINT_DIGITS, digest);
}

static int look_up(web *w, struct request *q, struct api_token **ret, struct err *e)
{
    const char *route = arena_strndup(q->mem, q->token + sizeof PREFIX - 1, ROUTE_DIGITS);
    store *s = NULL;
    if (store_open(w->options.stores, q->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_api_token_use(s, route, crypto_hash_text(q->mem, q->token), ret, e);
    store_close(s);
    return rc;
}

int token_gate(web *w, const struct route *route, struct request *q, struct err *e)
{
    struct api_token *t = NULL;
    if (q->token == NULL || q->by != NULL) {
        return 0;
    }
    if (look_up(w, q, &t, e) != 0) {
        return -1;
    }
    if (t == NULL) {
        return gates_token_wrong(w->gates, q, e);
    }
    q->actor = token_actor(q->mem, t->digest);
    q->by = t;
    if (q->params[0] != NULL && !str_equal(q->params[0], t->workspace)) {
        return err_set(e, ERR_NOT_FOUND, "no_workspace", "There is no such workspace.");
    }
    return (route->roles & (int)t->role) != 0
               ? 0
               : err_set(e, ERR_FORBIDDEN, "token_role",
                         "A token of the role \"%s\" may not do this.",
                         store_api_role_word(t->role));
}

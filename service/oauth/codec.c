#include "oauth_int.h"

#include <string.h>

static const char *kept(arena *mem, const json_t *object, const char *key)
{
    const char *text = json_text(object, key);
    return text == NULL ? NULL : arena_strdup(mem, text);
}

json_t *oauth_tokens_json(const struct tokens *t)
{
    return json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:o}", "access", secret_reveal(t->access), "refresh",
        secret_reveal(t->refresh), "access_expires_at", (json_int_t)t->access_expires_at,
        "access_life_s", (json_int_t)t->access_life_s, "refresh_expires_at",
        (json_int_t)t->refresh_expires_at, "scopes", json_texts(t->scopes, t->scopes_count));
}

void oauth_tokens_read(arena *mem, const json_t *value, struct tokens *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->access = secret_of(mem, json_text(value, "access"));
    ret->refresh = secret_of(mem, json_text(value, "refresh"));
    ret->access_expires_at = json_i64(value, "access_expires_at");
    ret->access_life_s = json_i64(value, "access_life_s");
    ret->refresh_expires_at = json_i64(value, "refresh_expires_at");
    const json_t *scopes = json_member(value, "scopes");
    ret->scopes = arena_array(mem, json_array_size(scopes) + 1, sizeof(char *));
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        const char *scope = json_string_value(json_array_get(scopes, i));
        if (scope != NULL) {
            ret->scopes[ret->scopes_count++] = arena_strdup(mem, scope);
        }
    }
}

json_t *oauth_vars_json(const json_t *vars)
{
    return json_must(json_is_object(vars) ? json_deep_copy(vars) : json_object());
}

json_t *oauth_account_json(const struct account *a)
{
    return json_pack("{s:s?, s:s?, s:s?, s:s?, s:b, s:s?, s:o}", "key", a->key, "name", a->name,
                     "email", a->email, "organization", a->organization, "sandbox", a->sandbox,
                     "api_base", a->api_base, "vars", oauth_vars_json(a->vars));
}

void oauth_account_read(arena *mem, const json_t *value, struct account *ret)
{
    ret->key = kept(mem, value, "key");
    ret->name = kept(mem, value, "name");
    ret->email = kept(mem, value, "email");
    ret->organization = kept(mem, value, "organization");
    ret->sandbox = json_flag(value, "sandbox");
    ret->api_base = kept(mem, value, "api_base");
    ret->vars = arena_json(mem, oauth_vars_json(json_member(value, "vars")));
}

json_t *oauth_provisional_json(arena *mem, const struct provisional *p)
{
    return arena_json(mem,
                      json_pack("{s:o, s:o, s:s*, s:o*}", "tokens", oauth_tokens_json(p->tokens),
                                "account", oauth_account_json(p->account), "window", p->window_hash,
                                "sites", p->sites));
}

void oauth_provisional_read(arena *mem, const json_t *provisional, const char *user_id,
                            struct provisional_grant *ret)
{
    memset(ret, 0, sizeof(*ret));
    oauth_tokens_read(mem, json_member(provisional, "tokens"), &ret->tokens);
    oauth_account_read(mem, json_member(provisional, "account"), &ret->account);
    ret->grant = (struct oauth_grant){&ret->tokens, &ret->account, user_id};
}

struct app_client oauth_client(const struct default_connection *d)
{
    return (struct app_client){.id = d->client_id, .secret = d->client_secret};
}

char *oauth_code_hash(arena *mem, const struct coded *of, const char *code)
{
    return crypto_hash_text(
        mem, arena_printf(mem, "%s%s:%s", of->login_id, of->asks_site ? ":site" : "", code));
}

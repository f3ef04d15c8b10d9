#include "apps_int.h"

#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/str.h"

/*
 * What token endpoints answer, in every dialect of the providers that we know of. Pure: no clock,
 * no network. Hostile answers end as ANSWER_REFUSED or ANSWER_UNREADABLE, never as tokens.
 */

enum { SCOPES_MAX = 100, LIFE_MAX_S = 10 * 366 * 24 * 60 * 60 };

static const int64_t MILLISECONDS_FROM = 100000000000; /* as seconds this is the year 5138 */

/* application/x-www-form-urlencoded into a JSON object; the first of two equal names counts. */
static json_t *form_json(arena *mem, struct bytes body)
{
    json_t *object = arena_json(mem, json_object());
    const char *rest = arena_strndup(mem, (const char *)body.data, body.len);
    for (const char *part; (part = str_split(mem, &rest, '&')) != NULL;) {
        const char *sign = strchr(part, '=');
        char *name = NULL, *value = NULL;
        if (sign == NULL || !net_url_decode(mem, part, (size_t)(sign - part), true, &name) ||
            !net_url_decode(mem, sign + 1, strlen(sign + 1), true, &value) ||
            !str_is_utf8(name, strlen(name)) || !str_is_utf8(value, strlen(value))) {
            continue;
        }
        if (json_object_get(object, name) == NULL) {
            json_object_set_new(object, name, json_string(value));
        }
    }
    return object;
}

static const json_t *body_read(arena *mem, const struct apps_answer_context *c, struct bytes body)
{
    if (str_equal(c->content_type, "application/x-www-form-urlencoded")) {
        return form_json(mem, body);
    }
    json_t *value = NULL;
    struct err e = {0};
    if (json_read(mem, body, &value, &e) != 0 || !json_is_object(value)) {
        return NULL;
    }
    return value;
}

/* A token goes into a header: RFC 6749 appendix A.12 allows visible ASCII and the space. */
static bool is_token(const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    if (len == 0 || len > LIMIT_TOKEN) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            return false;
        }
    }
    return true;
}

static bool number_of(const json_t *value, int64_t *ret)
{
    long long number = 0;
    if (json_is_integer(value)) {
        *ret = json_integer_value(value);
        return true;
    }
    if (json_is_real(value) && json_real_value(value) > -1e15 && json_real_value(value) < 1e15) {
        *ret = (int64_t)json_real_value(value);
        return true;
    }
    if (json_is_string(value) && str_to_i64(json_string_value(value), &number)) {
        *ret = number;
        return true;
    }
    return false;
}

int64_t apps_iso_time(const char *text)
{
    struct tm t = {0};
    const char *rest = text == NULL ? NULL : strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
    if (rest == NULL) {
        return 0;
    }
    if (*rest == '.') {
        rest += 1 + strspn(rest + 1, "0123456789");
    }
    int64_t at = timegm(&t);
    struct tm offset = {0};
    bool zoned = *rest == '+' || *rest == '-';
    if (zoned && (strptime(rest + 1, "%H:%M", &offset) != NULL ||
                  strptime(rest + 1, "%H%M", &offset) != NULL)) {
        int64_t away = (int64_t)offset.tm_hour * 3600 + (int64_t)offset.tm_min * 60;
        return *rest == '+' ? at - away : at + away;
    }
    return str_equal(rest, "Z") ? at : 0;
}

/* A moment that makes no sense is unknown: the token is used until it is refused. */
static int64_t sane(int64_t at, int64_t asked_at)
{
    return at > asked_at && at - asked_at <= LIFE_MAX_S ? at : 0;
}

static int64_t after(const json_t *seconds, int64_t asked_at)
{
    int64_t n = 0;
    return number_of(seconds, &n) && n > 0 && n <= LIFE_MAX_S ? sane(asked_at + n, asked_at) : 0;
}

static int64_t access_end(const json_t *body, int64_t asked_at)
{
    const json_t *in = json_member(body, "expires_in");
    if (in == NULL) {
        in = json_member(body, "expires");
    }
    if (in != NULL) {
        return after(in, asked_at);
    }
    const json_t *value = json_member(body, "expires_at");
    int64_t at = 0;
    if (number_of(value, &at)) {
        return sane(at >= MILLISECONDS_FROM ? at / 1000 : at, asked_at);
    }
    return sane(apps_iso_time(json_string_value(value)), asked_at);
}

/* Where the definition says where and how, no other member counts. */
static int64_t said_end(const json_t *body, const struct apps_token_rules *rules, int64_t asked_at)
{
    const json_t *value = json_at(body, rules->expires);
    int64_t at = 0;
    switch (rules->expires_unit) {
    case EXPIRES_AT_S:
        return number_of(value, &at) ? sane(at, asked_at) : 0;
    case EXPIRES_AT_MS:
        return number_of(value, &at) ? sane(at / 1000, asked_at) : 0;
    case EXPIRES_AT_ISO:
        return sane(apps_iso_time(json_string_value(value)), asked_at);
    case EXPIRES_IN_S:
        break;
    }
    return after(value, asked_at);
}

static int64_t refresh_end(const json_t *body, int64_t asked_at)
{
    const json_t *in = json_member(body, "refresh_token_expires_in");
    return after(in == NULL ? json_member(body, "refresh_expires_in") : in, asked_at);
}

static void add_scopes(arena *mem, const char *text, struct tokens *t)
{
    while (text != NULL && *text != '\0' && t->scopes_count < SCOPES_MAX) {
        text += strspn(text, " ,");
        size_t len = strcspn(text, " ,");
        if (len > 0) {
            t->scopes[t->scopes_count++] = arena_strndup(mem, text, len);
        }
        text += len;
    }
}

static void read_scopes(arena *mem, const json_t *body, struct tokens *t)
{
    const json_t *scope = json_member(body, "scope");
    t->scopes = arena_array(mem, SCOPES_MAX, sizeof(*t->scopes));
    add_scopes(mem, json_string_value(scope), t);
    for (size_t i = 0; i < json_array_size(scope); i++) {
        add_scopes(mem, json_string_value(json_array_get(scope, i)), t);
    }
}

static bool type_accepted(const json_t *body, const struct apps_token_rules *rules)
{
    const char *type = json_text(body, "token_type");
    return (rules != NULL && rules->any_type) || (type != NULL && str_equal_fold(type, "Bearer"));
}

/* The object that holds the tokens. What stands beside it at a login is another token, and not the
 * person's; a refresh may leave the object out. */
static const json_t *holder_of(const json_t *body, const struct apps_answer_context *c)
{
    if (c->rules == NULL || c->rules->tokens == NULL) {
        return body;
    }
    const json_t *holder = json_at(body, c->rules->tokens);
    return json_is_object(holder) ? holder : c->refresh ? body : NULL;
}

/* Of the access token; 0: not said. */
static int64_t end_of(const json_t *value, const json_t *holder,
                      const struct apps_answer_context *c)
{
    bool said = c->rules != NULL && c->rules->expires != NULL;
    return said ? said_end(value, c->rules, c->asked_at) : access_end(holder, c->asked_at);
}

static bool says_error(const json_t *body, struct apps_answer *ret)
{
    const json_t *error = json_member(body, "error");
    const json_t *ok = json_member(body, "ok");
    ret->error = json_string_value(error);
    ret->description = json_text(body, "error_description");
    bool is_error = error != NULL && !json_is_null(error) && !json_is_false(error);
    return (is_error && !str_equal(ret->error, "")) || json_is_false(ok);
}

void apps_answer_read(arena *mem, const struct apps_answer_context *c, struct bytes body,
                      struct apps_answer *ret)
{
    *ret = (struct apps_answer){.kind = ANSWER_UNREADABLE};
    const json_t *value = body_read(mem, c, body);
    if (value == NULL) {
        return;
    }
    ret->body = value;
    ret->kind = ANSWER_REFUSED;
    const json_t *holder = holder_of(value, c);
    const char *access = json_text(holder, "access_token");
    const char *refresh = json_text(holder, "refresh_token");
    if (says_error(value, ret) || c->status < 200 || c->status > 299 || !is_token(access) ||
        (!str_empty(refresh) && !is_token(refresh)) || !type_accepted(holder, c->rules)) {
        return;
    }
    int64_t end = end_of(value, holder, c);
    ret->kind = ANSWER_TOKENS;
    ret->tokens = (struct tokens){.access = secret_of(mem, access),
                                  .access_expires_at = end,
                                  .access_life_s = end > c->asked_at ? end - c->asked_at : 0,
                                  .refresh_expires_at = refresh_end(holder, c->asked_at)};
    if (!str_empty(refresh)) {
        ret->tokens.refresh = secret_of(mem, refresh);
    }
    read_scopes(mem, holder, &ret->tokens);
}

#include "apps_int.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { FIELDS_SHOWN = 10, MESSAGE_MAX = 2000 };

bool apps_is_html(const struct net_response *r)
{
    size_t blank = 0;
    while (blank < r->body.len && strchr(" \t\r\n", r->body.data[blank]) != NULL &&
           r->body.data[blank] != '\0') {
        blank++;
    }
    return str_ends(r->content_type, "html") || (blank < r->body.len && r->body.data[blank] == '<');
}

const json_t *apps_json_body(arena *mem, const struct net_response *r)
{
    json_t *value = NULL;
    struct err e = {0};
    if (!r->has_body || json_read(mem, r->body, &value, &e) != 0) {
        return NULL;
    }
    return json_is_object(value) || json_is_array(value) ? value : NULL;
}

const char *apps_scalar(arena *mem, const json_t *value)
{
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    return json_is_integer(value) ? arena_printf(mem, "%lld", (long long)json_integer_value(value))
                                  : NULL;
}

const char *apps_first_scalar(arena *mem, const struct apps_texts *paths, const json_t *scope)
{
    const char *text = NULL;
    for (size_t i = 0; i < paths->count && text == NULL; i++) {
        text = apps_scalar(mem, json_at(scope, paths->items[i]));
    }
    return text;
}

struct apps_refusal apps_refusal_read(arena *mem, const app *a, const struct apps_said *said)
{
    const struct net_response *r = said->r;
    const struct apps_refused *row = said->row;
    const json_t *body = said->body;
    struct apps_refusal refusal = {.status = r->status,
                                   .decided = row != NULL && row->decided,
                                   .retry_after = apps_retry_after(a, r, false) > 0};
    if (body == NULL) {
        size_t len = r->body.len < MESSAGE_MAX ? r->body.len : MESSAGE_MAX;
        refusal.message = arena_strndup(mem, (const char *)r->body.data, len);
        return refusal;
    }
    refusal.code = row != NULL && row->code != NULL ? apps_scalar(mem, json_at(body, row->code))
                                                    : apps_first_scalar(mem, &a->errors.code, body);
    refusal.message = row != NULL && row->message != NULL
                          ? apps_scalar(mem, json_at(body, row->message))
                          : apps_first_scalar(mem, &a->errors.message, body);
    return refusal;
}

static bool is_field_name(const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    return len > 0 && len <= LIMIT_NAME + 17 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* "Name, StageName": only what are certainly names of fields; NULL when there are none. */
static const char *fields_of(arena *mem, const app *a, const json_t *body)
{
    const json_t *list = a->errors.fields == NULL ? NULL : json_at(body, a->errors.fields);
    struct str s = str_new(mem, LIMIT_LABEL);
    for (size_t i = 0, n = 0; i < json_array_size(list) && n < FIELDS_SHOWN; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (is_field_name(name)) {
            str_add(&s, n++ == 0 ? "" : ", ");
            str_add(&s, name);
        }
    }
    return s.len == 0 ? NULL : s.text;
}

static const char *words_of(arena *mem, const app *a, const struct apps_rule *rule,
                            const json_t *body)
{
    static const char slot[] = "{fields}";
    if (rule == NULL || rule->words_with_fields == NULL) {
        return rule == NULL ? NULL : rule->words;
    }
    const char *at = strstr(rule->words_with_fields, slot);
    const char *fields = fields_of(mem, a, body);
    if (at == NULL || fields == NULL) {
        return rule->words;
    }
    return arena_printf(mem, "%.*s%s%s", (int)(at - rule->words_with_fields),
                        rule->words_with_fields, fields, at + strlen(slot));
}

/* The header says it whatever row fits; without one, the code that most apps have for it does. */
static bool lacks_scope(arena *mem, const struct net_response *r, const struct apps_rule *rule,
                        const struct apps_refusal *refusal, const char **ret_scope)
{
    const char *scope = NULL;
    *ret_scope = "";
    if (r->status != 401 && r->status != 403) {
        return false;
    }
    if (apps_challenge_scope(mem, r->www_authenticate, &scope)) {
        *ret_scope = scope;
        return true;
    }
    return (rule == NULL && r->status == 403 && str_equal(refusal->code, "insufficient_scope"));
}

static enum apps_meaning meaning_of(const struct net_response *r,
                                    const struct apps_refusal *refusal,
                                    const struct apps_rule *rule, bool lacks)
{
    if (refusal->decided) {
        return MEANS_DECIDED;
    }
    if (lacks) {
        return MEANS_SCOPE;
    }
    if (rule != NULL) {
        return rule->meaning;
    }
    if (r->status == 401) {
        return MEANS_UNAUTHENTIC;
    }
    if (r->status == 429) {
        return MEANS_LIMIT;
    }
    bool busy = r->status >= 500 || r->status == 408 || r->status == 425 || apps_is_html(r);
    return busy ? MEANS_BUSY : MEANS_REFUSED;
}

/* Behind a 5xx, a time-out or a 2xx that is none of the known ones, a write may stand, unless the
 * definition knows that this answer proves the contrary. A 2xx that says that it is a refusal means
 * it, unless its own words are that the app could not say. */
static bool may_stand(const struct net_response *r, const struct apps_rule *rule, bool told)
{
    bool no = rule != NULL && (rule->meaning == MEANS_REFUSED || rule->meaning == MEANS_DECIDED ||
                               rule->meaning == MEANS_UNSURE);
    if (no || (rule != NULL && rule->nothing_done)) {
        return false;
    }
    if (told) {
        return rule != NULL && rule->meaning == MEANS_BUSY;
    }
    return r->status >= 500 || r->status < 300 || r->status == 408;
}

static const struct apps_rule *rule_of(const app *a, const struct apps_request *q,
                                       const struct apps_refusal *refusal)
{
    const struct apps_rule *rule = q == NULL ? NULL : apps_rule_find(&q->rules, refusal);
    return rule != NULL ? rule : apps_rule_find(&a->errors.rules, refusal);
}

/* Its words are of whatever has this status. */
static bool is_broad(const struct apps_rule *rule)
{
    return rule != NULL && rule->code == NULL && rule->contains == NULL;
}

int apps_api_refusal(arena *mem, const app *a, const struct apps_said *said,
                     const struct apps_request *q, bool writes, const char **ret_words,
                     struct err *e)
{
    static const struct {
        enum apps_meaning meaning;
        enum err_kind kind;
        const char *code;
    } kinds[] = {
        {MEANS_UNAUTHENTIC, ERR_UNAUTHENTIC, "app_401"},
        {MEANS_LIMIT, ERR_LIMIT, "app_limit"},
        {MEANS_BUSY, ERR_UPSTREAM_BUSY, "app_busy"},
        {MEANS_SCOPE, ERR_UPSTREAM_REFUSED, "app_scope"},
        {MEANS_DECIDED, ERR_UPSTREAM_REFUSED, "already_decided"},
        {MEANS_UNSURE, ERR_UPSTREAM_REFUSED, APPS_UNSURE},
        {MEANS_REFUSED, ERR_UPSTREAM_REFUSED, "app_refused"},
    };
    const struct net_response *r = said->r;
    const struct apps_refused *row = said->row;
    const struct apps_refusal refusal = apps_refusal_read(mem, a, said);
    const struct apps_rule *rule = rule_of(a, q, &refusal);
    const char *scope = NULL;
    bool lacks = lacks_scope(mem, r, rule, &refusal, &scope);
    enum apps_meaning meaning = meaning_of(r, &refusal, rule, lacks);
    size_t i = 0;
    while (kinds[i].meaning != MEANS_REFUSED && kinds[i].meaning != meaning) {
        i++;
    }
    *ret_words = lacks && is_broad(rule) ? NULL : words_of(mem, a, rule, said->body);
    if (*ret_words == NULL && row != NULL) {
        *ret_words = row->words;
    }
    err_set(e, kinds[i].kind, kinds[i].code, "%s: HTTP %d, %s", a->name, r->status,
            apps_code_text(refusal.code));
    int64_t wait_ms = apps_retry_after(a, r, meaning == MEANS_LIMIT);
    e->retry_after_ms = wait_ms > 0 || rule == NULL ? wait_ms : rule->retry_after_ms;
    e->maybe_done = writes && !lacks && may_stand(r, rule, row != NULL);
    (void)snprintf(e->needed, sizeof(e->needed), "%s",
                   strlen(scope) < sizeof(e->needed) ? scope : "");
    return -1;
}

int apps_api_error(arena *mem, const app *a, const struct net_response *r, bool writes,
                   const char **ret_words, struct err *e)
{
    const struct apps_said said = {.r = r, .body = apps_json_body(mem, r)};
    return apps_api_refusal(mem, a, &said, NULL, writes, ret_words, e);
}

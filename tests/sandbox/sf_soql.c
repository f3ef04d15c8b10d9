/* A subset of SOQL: SELECT fields | COUNT() FROM Object [WHERE a AND b ...] [ORDER BY f [ASC|DESC]]
 * [LIMIT n]. Conditions: field (= | != | < | <= | > | >= | LIKE) literal, field IN (literals). */
#include "sf.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS_MAX = 32, CONDITIONS_MAX = 16, VALUES_MAX = 32 };

enum token_kind { T_END, T_WORD, T_STRING, T_SIGN, T_BAD };

struct token {
    enum token_kind kind;
    char *text;
};

struct condition {
    char *field;
    char *sign; /* "=", "like", "in", ... */
    char *values[VALUES_MAX];
    bool quoted[VALUES_MAX];
    size_t count;
};

struct query {
    const char *at; /* what is not yet read */
    struct token token;
    json_t *error;

    const struct sf_object *object;
    char *fields[FIELDS_MAX];
    size_t field_count;
    bool counts_only;
    struct condition conditions[CONDITIONS_MAX];
    size_t condition_count;
    char *order;
    bool descending;
    long limit; /* -1: none */
};

static void fail(struct query *q, const char *code, char *message)
{
    if (q->error == NULL) {
        q->error = sf_error(code, message);
    }
    free(message);
}

static void malformed(struct query *q)
{
    fail(q, "MALFORMED_QUERY",
         xasprintf("unexpected token: '%s'", q->token.text == NULL ? "<EOF>" : q->token.text));
}

/* A quoted literal with SOQL's escapes; false when it does not end or an escape is unknown. */
static bool read_string(struct query *q, struct buf *b)
{
    static const char from[] = "nrtbfNRTBF\\'\"_%";
    static const char to[] = "\n\r\t\b\f\n\r\t\b\f\\'\"";
    buf_add(b, "");
    for (q->at++; *q->at != '\0' && *q->at != '\''; q->at++) {
        if (*q->at != '\\') {
            buf_addn(b, q->at, 1);
            continue;
        }
        q->at++;
        const char *known = *q->at == '\0' ? NULL : strchr(from, *q->at);
        if (known == NULL) {
            return false;
        }
        size_t i = (size_t)(known - from);
        if (i < sizeof to - 1) {
            buf_addn(b, to + i, 1);
        } else {
            buf_addn(b, q->at - 1, 2); /* \_ and \% keep their meaning for LIKE */
        }
    }
    if (*q->at != '\'') {
        return false;
    }
    q->at++;
    return true;
}

static void next(struct query *q)
{
    struct buf b = {0};
    free(q->token.text);
    q->token.text = NULL;
    q->at += strspn(q->at, " \t\r\n");
    if (*q->at == '\0') {
        q->token.kind = T_END;
        return;
    }
    if (*q->at == '\'') {
        q->token.kind = read_string(q, &b) ? T_STRING : T_BAD;
    } else if (isalnum((unsigned char)*q->at) || strchr("_-+.", *q->at) != NULL) {
        size_t len = 0;
        while (isalnum((unsigned char)q->at[len]) ||
               (q->at[len] != '\0' && strchr("_-+.:", q->at[len]) != NULL)) {
            len++;
        }
        buf_addn(&b, q->at, len);
        q->at += len;
        q->token.kind = T_WORD;
    } else {
        size_t len = strchr("<>!", *q->at) != NULL && q->at[1] == '=' ? 2 : 1;
        buf_addn(&b, q->at, len);
        q->at += len;
        q->token.kind = T_SIGN;
    }
    q->token.text = b.data == NULL ? xstrdup("") : b.data;
    if (q->token.kind == T_BAD) {
        fail(q, "MALFORMED_QUERY", xstrdup("Illegal string literal"));
    }
}

static bool is_word(const struct query *q, const char *word)
{
    return q->token.kind == T_WORD && strcasecmp(q->token.text, word) == 0;
}

static bool is_sign(const struct query *q, const char *sign)
{
    return q->token.kind == T_SIGN && strcmp(q->token.text, sign) == 0;
}

static void expect_word(struct query *q, const char *word)
{
    if (!is_word(q, word)) {
        malformed(q);
        return;
    }
    next(q);
}

static void expect_sign(struct query *q, const char *sign)
{
    if (!is_sign(q, sign)) {
        malformed(q);
        return;
    }
    next(q);
}

static char *take(struct query *q, enum token_kind kind)
{
    if (q->error != NULL || q->token.kind != kind) {
        malformed(q);
        return NULL;
    }
    char *text = q->token.text;
    q->token.text = NULL;
    next(q);
    return text;
}

static void read_fields(struct query *q)
{
    if (is_word(q, "COUNT")) {
        next(q);
        expect_sign(q, "(");
        expect_sign(q, ")");
        q->counts_only = true;
        return;
    }
    while (q->error == NULL && q->field_count < FIELDS_MAX) {
        char *field = take(q, T_WORD);
        if (field != NULL) {
            q->fields[q->field_count++] = field;
        }
        if (!is_sign(q, ",")) {
            return;
        }
        next(q);
    }
}

static void read_value(struct query *q, struct condition *c)
{
    if (c->count == VALUES_MAX || (q->token.kind != T_STRING && q->token.kind != T_WORD)) {
        malformed(q);
        return;
    }
    c->quoted[c->count] = q->token.kind == T_STRING;
    c->values[c->count++] = take(q, q->token.kind);
}

static void read_condition(struct query *q)
{
    struct condition *c = &q->conditions[q->condition_count++];
    c->field = take(q, T_WORD);
    if (is_word(q, "LIKE") || is_word(q, "IN")) {
        c->sign = xstrdup(is_word(q, "IN") ? "in" : "like");
        next(q);
    } else if (q->token.kind == T_SIGN && strchr("=!<>", q->token.text[0]) != NULL) {
        c->sign = take(q, T_SIGN);
    } else {
        malformed(q);
        return;
    }
    if (strcmp(c->sign, "in") != 0) {
        read_value(q, c);
        return;
    }
    expect_sign(q, "(");
    while (q->error == NULL) {
        read_value(q, c);
        if (!is_sign(q, ",")) {
            break;
        }
        next(q);
    }
    expect_sign(q, ")");
}

static void read_where(struct query *q)
{
    if (!is_word(q, "WHERE")) {
        return;
    }
    do {
        next(q);
        if (q->condition_count == CONDITIONS_MAX) {
            malformed(q);
            return;
        }
        read_condition(q);
    } while (q->error == NULL && is_word(q, "AND"));
}

static void read_tail(struct query *q)
{
    q->limit = -1;
    if (q->error == NULL && is_word(q, "ORDER")) {
        next(q);
        expect_word(q, "BY");
        q->order = take(q, T_WORD);
        if (is_word(q, "ASC") || is_word(q, "DESC")) {
            q->descending = is_word(q, "DESC");
            next(q);
        }
    }
    if (q->error == NULL && is_word(q, "LIMIT")) {
        next(q);
        char *text = take(q, T_WORD);
        char *end = NULL;
        q->limit = text == NULL ? 0 : strtol(text, &end, 10);
        if (text != NULL && (end == text || *end != '\0' || q->limit < 0)) {
            fail(q, "MALFORMED_QUERY", xasprintf("unexpected token: '%s'", text));
        }
        free(text);
    }
    if (q->error == NULL && q->token.kind != T_END) {
        malformed(q);
    }
}

static void check_known(struct query *q, const char *field)
{
    if (q->error == NULL && field != NULL && !sf_knows_field(q->object, field)) {
        fail(q, "INVALID_FIELD",
             xasprintf("\nSELECT %s FROM %s\n       ^\nERROR at Row:1:Column:8\nNo such column "
                       "'%s' on entity '%s'. If you are attempting to use a custom field, be sure "
                       "to append the '__c' after the custom field name.",
                       field, q->object->name, field, q->object->name));
    }
}

static void parse(struct query *q, const char *soql)
{
    q->at = soql;
    next(q);
    expect_word(q, "SELECT");
    read_fields(q);
    if (q->error == NULL) {
        expect_word(q, "FROM");
    }
    char *name = q->error == NULL ? take(q, T_WORD) : NULL;
    q->object = name == NULL ? NULL : sf_object(name);
    const char *refusal =
        json_str(json_object_get(sf_settings(), "object_errors"), name == NULL ? "" : name);
    if (q->error == NULL && refusal != NULL && strcmp(refusal, "INVALID_TYPE") != 0) {
        fail(q, refusal, xasprintf("%s cannot be read now", name));
    }
    if (q->error == NULL && (q->object == NULL || refusal != NULL)) {
        fail(q, "INVALID_TYPE", xasprintf("sObject type '%s' is not supported.", name));
    }
    free(name);
    if (q->error == NULL) {
        read_where(q);
        read_tail(q);
    }
    for (size_t i = 0; i < q->field_count; i++) {
        check_known(q, q->fields[i]);
    }
    for (size_t i = 0; i < q->condition_count; i++) {
        check_known(q, q->conditions[i].field);
    }
    check_known(q, q->order);
}

static void query_free(struct query *q)
{
    free(q->token.text);
    free(q->order);
    for (size_t i = 0; i < q->field_count; i++) {
        free(q->fields[i]);
    }
    for (size_t i = 0; i < q->condition_count; i++) {
        free(q->conditions[i].field);
        free(q->conditions[i].sign);
        for (size_t j = 0; j < q->conditions[i].count; j++) {
            free(q->conditions[i].values[j]);
        }
    }
}

/* ---- running ---- */

/* % any run, _ one character; both literal after a backslash. Case does not count, as in SOQL. */
static bool like(const char *text, const char *pattern)
{
    if (*pattern == '\0') {
        return *text == '\0';
    }
    if (*pattern == '%') {
        for (const char *p = text;; p++) {
            if (like(p, pattern + 1)) {
                return true;
            }
            if (*p == '\0') {
                return false;
            }
        }
    }
    if (*text == '\0') {
        return false;
    }
    if (*pattern == '_') {
        return like(text + 1, pattern + 1);
    }
    if (*pattern == '\\' && pattern[1] != '\0') {
        pattern++;
    }
    return tolower((unsigned char)*text) == tolower((unsigned char)*pattern) &&
           like(text + 1, pattern + 1);
}

static int compare(const json_t *value, const char *literal, bool quoted)
{
    if (!quoted && strcasecmp(literal, "null") == 0) {
        return json_is_null(value) ? 0 : 1;
    }
    if (json_is_boolean(value)) {
        return strcasecmp(json_is_true(value) ? "true" : "false", literal);
    }
    if (json_is_number(value)) {
        double difference = json_number_value(value) - strtod(literal, NULL);
        return difference < 0 ? -1 : difference > 0 ? 1 : 0;
    }
    const char *text = json_string_value(value);
    if (text == NULL) {
        return 1;
    }
    if (strlen(literal) == 15 && strlen(text) == 18 && strncmp(literal, text, 15) == 0) {
        return 0; /* a short id */
    }
    return strcasecmp(text, literal);
}

static bool holds(json_t *org, const json_t *record, const struct condition *c)
{
    json_t *value = sf_value(org, record, c->field);
    bool result = false;
    int order = compare(value, c->values[0], c->quoted[0]);
    if (strcmp(c->sign, "like") == 0) {
        result = json_is_string(value) && like(json_string_value(value), c->values[0]);
    } else if (strcmp(c->sign, "in") == 0) {
        for (size_t i = 0; i < c->count; i++) {
            result = result || compare(value, c->values[i], c->quoted[i]) == 0;
        }
    } else if (strcmp(c->sign, "=") == 0) {
        result = order == 0;
    } else if (strcmp(c->sign, "!=") == 0) {
        result = order != 0;
    } else if (!json_is_null(value)) {
        result = (c->sign[0] == '<' && order < 0) || (c->sign[0] == '>' && order > 0) ||
                 (c->sign[1] == '=' && order == 0);
    }
    json_decref(value);
    return result;
}

struct row {
    json_t *record;
    json_t *key;
    size_t at; /* what was made within one second stays in the order in which it was made */
    bool descending;
};

static int row_order(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    int order = 0;
    if (json_is_number(x->key) && json_is_number(y->key)) {
        double d = json_number_value(x->key) - json_number_value(y->key);
        order = d < 0 ? -1 : d > 0 ? 1 : 0;
    } else {
        const char *left = json_string_value(x->key);
        const char *right = json_string_value(y->key);
        order = strcmp(left == NULL ? "" : left, right == NULL ? "" : right);
    }
    if (order == 0) {
        order = x->at < y->at ? -1 : 1;
    }
    return x->descending ? -order : order;
}

/* "ProcessInstance.SubmittedBy.Name": an object in an object. */
static void put_field(json_t *out, const char *path, json_t *value)
{
    const char *dot = NULL;
    while ((dot = strchr(path, '.')) != NULL) {
        char *parent = xstrndup(path, (size_t)(dot - path));
        json_t *nested = json_object_get(out, parent);
        if (nested == NULL) {
            bool person = strcmp(parent, "Owner") == 0 || strcmp(parent, "SubmittedBy") == 0;
            nested = json_pack("{s:{s:s}}", "attributes", "type", person ? "User" : parent);
            json_object_set_new(out, parent, nested);
        }
        free(parent);
        out = nested;
        path = dot + 1;
    }
    json_object_set_new(out, path, value);
}

static json_t *select_fields(json_t *org, const struct query *q, const json_t *record)
{
    const char *id = json_str_or(record, "id", "");
    char *url = xasprintf("/services/data/v67.0/sobjects/%s/%s", q->object->name, id);
    json_t *out = json_pack("{s:{s:s, s:s}}", "attributes", "type", q->object->name, "url", url);
    free(url);
    for (size_t i = 0; i < q->field_count; i++) {
        put_field(out, q->fields[i], sf_value(org, record, q->fields[i]));
    }
    return out;
}

static json_t *run(json_t *org, const struct query *q)
{
    json_t *records = sf_records(org, q->object);
    struct row *rows = xcalloc(json_object_size(records) + 1, sizeof *rows);
    size_t count = 0;
    const char *id = NULL;
    json_t *record = NULL;
    json_object_foreach(records, id, record)
    {
        bool fits = strcmp(json_str_or(record, "object", ""), q->object->name) == 0;
        for (size_t i = 0; fits && i < q->condition_count; i++) {
            fits = holds(org, record, &q->conditions[i]);
        }
        if (fits) {
            rows[count].record = record;
            rows[count].at = count;
            rows[count].descending = q->descending;
            rows[count].key = q->order == NULL ? NULL : sf_value(org, record, q->order);
            count++;
        }
    }
    if (q->order != NULL) {
        qsort(rows, count, sizeof *rows, row_order);
    }
    size_t shown = q->limit >= 0 && (size_t)q->limit < count ? (size_t)q->limit : count;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (i < shown && !q->counts_only) {
            json_array_append_new(list, select_fields(org, q, rows[i].record));
        }
        json_decref(rows[i].key);
    }
    free(rows);
    json_decref(records);
    return json_pack("{s:I, s:b, s:o}", "totalSize", (json_int_t)shown, "done", true, "records",
                     list);
}

json_t *sf_query(json_t *org, const char *soql, json_t **ret_error)
{
    struct query q = {.limit = -1};
    parse(&q, soql);
    json_t *answer = q.error == NULL ? run(org, &q) : NULL;
    *ret_error = q.error;
    query_free(&q);
    return answer;
}

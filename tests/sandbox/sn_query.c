/* Encoded queries: conditions joined by ^ and ^OR, whole queries by ^NQ, ORDERBY at the end. */
#include "sn.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum verdict { NO, YES, SENSELESS };

static const struct {
    const char *text;
} operators[] = {{"ISNOTEMPTY"}, {"ISEMPTY"}, {"STARTSWITH"}, {"ENDSWITH"}, {"NOT LIKE"},
                 {"LIKE"},       {"IN"},      {"!="},         {">="},       {"<="},
                 {"="},          {">"},       {"<"}};

/* `*ret` is the field before the operator (the caller frees), the answer what follows. */
static const char *split(const char *condition, char **ret, const char **ret_operator)
{
    size_t len = strspn(condition, "abcdefghijklmnopqrstuvwxyz0123456789_.");
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        const char *text = operators[i].text;
        if (len > 0 && strncmp(condition + len, text, strlen(text)) == 0) {
            *ret = xstrndup(condition, len);
            *ret_operator = text;
            return condition + len + strlen(text);
        }
    }
    return NULL;
}

/* A value that is a script: who asks. NULL when no such script is known or allowed. */
static const char *script(const struct sn_query *q, const char *value)
{
    const json_t *user = sn_record(q->instance, sn_table("sys_user"), q->user);
    if (!json_flag(sn_settings(), "javascript_in_queries", true)) {
        return NULL;
    }
    if (strcmp(value, "javascript:gs.getUserID()") == 0) {
        return q->user;
    }
    return strcmp(value, "javascript:gs.getUserName()") == 0 ? json_str(user, "user_name") : NULL;
}

/* The value behind a name with dots, over one reference at most. */
static const char *value_of(const struct sn_query *q, const json_t *record, const char *name)
{
    const struct sn_table *table = sn_table_of(record, q->table);
    const char *dot = strchr(name, '.');
    if (dot == NULL) {
        return sn_field(table, name) == NULL ? NULL : json_str_or(record, name, "");
    }
    char *first = xstrndup(name, (size_t)(dot - name));
    const struct sn_field *field = sn_field(table, first);
    const json_t *other = sn_referred(q->instance, field, json_str(record, first));
    const char *value = field == NULL || field->type != SN_REFERENCE ? NULL
                        : other == NULL                              ? ""
                                        : json_str_or(other, dot + 1, "");
    free(first);
    return value;
}

static bool in_list(const char *list, const char *value)
{
    for (const char *p = list;; p++) {
        size_t len = strcspn(p, ",");
        if (strlen(value) == len && strncasecmp(p, value, len) == 0) {
            return true;
        }
        p += len;
        if (*p == '\0') {
            return false;
        }
    }
}

static bool compare(const char *operator, const char * has, const char *want)
{
    int order = strcasecmp(has, want);
    size_t long_has = strlen(has);
    size_t long_want = strlen(want);
    switch (operator[0]) {
    case '=':
        return order == 0;
    case '!':
        return order != 0;
    case '>':
        return operator[1] == '=' ? order >= 0 : order> 0;
    case '<':
        return operator[1] == '=' ? order <= 0 : order<0;
    case 'L':
        return strcasestr(has, want) != NULL;
    case 'N':
        return strcasestr(has, want) == NULL;
    case 'S':
        return strncasecmp(has, want, long_want) == 0;
    case 'E':
        return long_has >= long_want && strcasecmp(has + long_has - long_want, want) == 0;
    default:
        break;
    }
    return strcmp(operator, "IN") == 0        ? in_list(want, has)
           : strcmp(operator, "ISEMPTY") == 0 ? has[0] == '\0'
                                              : has[0] != '\0';
}

static enum verdict judge(const struct sn_query *q, const char *condition, const json_t *record)
{
    char *name = NULL;
    const char *operator= NULL;
    const char *want = split(condition, &name, &operator);
    const char *has = want == NULL ? NULL : value_of(q, record, name);
    free(name);
    if (want != NULL && strncmp(want, "javascript:", 11) == 0) {
        want = script(q, want);
    }
    if (has == NULL || want == NULL) {
        return json_flag(sn_settings(), "invalid_query_returns_no_rows", false) ? NO : SENSELESS;
    }
    return compare(operator, has, want) ? YES : NO;
}

/* One query: all of its conditions, where those behind ^OR belong to the one before. */
static bool part_fits(const struct sn_query *q, const char *text, const json_t *record)
{
    bool all = true;
    bool group = true; /* of the condition at hand and those joined to it by OR */
    for (const char *p = text; *p != '\0';) {
        bool joined = p != text && strncmp(p, "OR", 2) == 0 && strncmp(p, "ORDERBY", 7) != 0;
        p += joined ? 2 : 0;
        size_t len = strcspn(p, "^");
        char *condition = xstrndup(p, len);
        if (strncmp(condition, "ORDERBY", 7) != 0 && len > 0) {
            enum verdict v = judge(q, condition, record);
            if (joined) {
                group = group || v == YES;
            } else {
                all = all && group;
                group = v != NO;
            }
        }
        free(condition);
        p += len + (p[len] == '^' ? 1 : 0);
    }
    return all && group;
}

bool sn_query_fits(const struct sn_query *q, const char *text, const json_t *record)
{
    if (q->ignored) {
        return true;
    }
    for (const char *p = text;;) {
        const char *next = strstr(p, "^NQ");
        char *part = next == NULL ? xstrdup(p) : xstrndup(p, (size_t)(next - p));
        bool fits = part_fits(q, part, record);
        free(part);
        if (fits || next == NULL) {
            return fits;
        }
        p = next + 3;
    }
}

void sn_query_sort(const char *text, json_t *list)
{
    const char *by = strstr(text, "ORDERBY");
    if (by == NULL) {
        return;
    }
    bool down = strncmp(by, "ORDERBYDESC", 11) == 0;
    by += down ? 11 : 7;
    char *name = xstrndup(by, strcspn(by, "^"));
    for (size_t i = 1; i < json_array_size(list); i++) { /* stable, and lists are short */
        json_t *row = json_incref(json_array_get(list, i));
        size_t to = i;
        while (to > 0) {
            int order = strcmp(json_str_or(json_array_get(list, to - 1), name, ""),
                               json_str_or(row, name, ""));
            if (down ? order >= 0 : order <= 0) {
                break;
            }
            to--;
        }
        json_array_remove(list, i);
        json_array_insert_new(list, to, row);
    }
    free(name);
}

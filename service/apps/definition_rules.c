#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* Rows that say what a refusal means. */

enum { RULES_MAX = 100, RETRY_MAX_S = 86400 };

static const char *const meaning_names[] = {"refused", "busy",   "limit",   "unauthentic", "scope",
                                            "dead",    "config", "decided", "unsure"};

static enum apps_meaning meaning_of(const char *name)
{
    size_t i = 0;
    while (i < MEANS_UNSURE && !str_equal(meaning_names[i], name)) {
        i++;
    }
    return (enum apps_meaning)i;
}

static void check_rule(const struct json_doc *d, const struct apps_rule *rule)
{
    if (rule->status != 0 && (rule->status < 100 || rule->status > 599)) {
        json_doc_fault(d, "status", "This must be an HTTP status.");
    }
    if (rule->retry_after_ms < 0 || rule->retry_after_ms > RETRY_MAX_S * 1000) {
        json_doc_fault(d, "retry_after_s", "This must be from 0 to %d.", RETRY_MAX_S);
    }
    if (rule->words_with_fields != NULL &&
        (rule->words == NULL || strstr(rule->words_with_fields, "{fields}") == NULL)) {
        json_doc_fault(d, "words_with_fields",
                       "This must hold {fields}, and words stand beside it.");
    }
    if (rule->status == 0 && rule->code == NULL && rule->contains == NULL) {
        json_doc_fault(d, NULL, "This fits everything: say status, code or contains.");
    }
}

static void check_proof(const struct json_doc *d, const struct apps_rule *rule)
{
    if (rule->nothing_done && rule->meaning != MEANS_BUSY && rule->meaning != MEANS_LIMIT) {
        json_doc_fault(d, "nothing_done", "This belongs to rows that mean busy or limit.");
    }
    if (rule->unless_client_refused && rule->meaning != MEANS_DEAD) {
        json_doc_fault(d, "unless_client_refused", "This belongs to rows that mean dead.");
    }
}

static int64_t bounded(int64_t value, int64_t max)
{
    return value < 0 || value > max ? -1 : value;
}

static void read_rule(const struct json_doc *d, const char *const *meanings, struct apps_rule *ret)
{
    static const char *const keys[] = {"status",
                                       "code",
                                       "contains",
                                       "retry_after",
                                       "grant",
                                       "means",
                                       "retry_after_s",
                                       "nothing_done",
                                       "words",
                                       "words_with_fields",
                                       "unless_client_refused",
                                       NULL};
    static const char *const grants[] = {"any", "code", "refresh", NULL};
    json_doc_known(d, keys);
    int grant = json_doc_choice(d, "grant", grants, ANY_GRANT);
    int means = json_doc_choice(d, "means", meanings, -1);
    *ret = (struct apps_rule){
        .status = (int)bounded(json_doc_i64(d, "status", 0), 1000),
        .code = json_doc_text(d, "code", false, LIMIT_LABEL),
        .contains = json_doc_text(d, "contains", false, LIMIT_LABEL),
        .retry_after = json_doc_flag(d, "retry_after", false),
        .unless_client_refused = json_doc_flag(d, "unless_client_refused", false),
        .nothing_done = json_doc_flag(d, "nothing_done", false),
        .grant = grant < 0 ? ANY_GRANT : (enum apps_grant_kind)grant,
        .meaning = means < 0 ? MEANS_REFUSED : meaning_of(meanings[means]),
        .retry_after_ms = bounded(json_doc_i64(d, "retry_after_s", 0), RETRY_MAX_S) * 1000,
        .words = json_doc_text(d, "words", false, LIMIT_LABEL),
        .words_with_fields = json_doc_text(d, "words_with_fields", false, LIMIT_LABEL)};
    if (d->object == NULL) {
        return;
    }
    if (json_member(d->object, "means") == NULL) {
        json_doc_fault(d, "means", "This is required.");
    }
    check_rule(d, ret);
    check_proof(d, ret);
}

struct apps_rules apps_read_rules(const struct apps_reader *r, const struct json_doc *d,
                                  const char *key, const char *const *meanings)
{
    const json_t *list = json_doc_array(d, key, false, RULES_MAX);
    struct apps_rules rules = {.count = json_array_size(list)};
    rules.items = arena_array(r->mem, rules.count + 1, sizeof(*rules.items));
    for (size_t i = 0; i < rules.count; i++) {
        struct json_doc row = json_doc_item(d, key, i);
        read_rule(&row, meanings, &rules.items[i]);
    }
    return rules;
}

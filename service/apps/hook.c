#include "hook_int.h"

#include <string.h>

#include "base/str.h"
#include "crypto.h"

/* The kinds of hooks, and what a message that was proven says. */

static const char *const kinds[HOOK_KIND_COUNT + 1] = {[HOOK_SALESFORCE] = "salesforce_outbound",
                                                       [HOOK_SERVICENOW] = "servicenow",
                                                       [HOOK_BOX] = "box",
                                                       [HOOK_JSON] = "json"};

const char *hook_kind_name(enum hook_kind kind)
{
    return kinds[kind];
}

const char *const *hook_kind_names(void)
{
    return kinds;
}

enum hook_kind hook_kind_of(const char *name)
{
    int kind = 0;
    while (kind < HOOK_KIND_COUNT && !str_equal(kinds[kind], name)) {
        kind++;
    }
    return (enum hook_kind)kind;
}

bool hook_secret_in_address(enum hook_kind kind)
{
    return kind == HOOK_SALESFORCE;
}

bool hook_keys_of_app(enum hook_kind kind)
{
    return kind == HOOK_BOX;
}

static bool is_utf8_word(const char *charset)
{
    static const char *const words[] = {"utf-8", "\"utf-8\"", "utf8", NULL};
    size_t i = 0;
    while (words[i] != NULL && !str_equal(words[i], charset)) {
        i++;
    }
    return words[i] != NULL;
}

/* "application/json", "application/cloudevents+json"; a charset, if one stands there, is UTF-8. */
static bool is_type(arena *mem, const char *given, const char *wanted, const char *suffix)
{
    const char *rest = given == NULL ? "" : given;
    const char *type = str_lower(mem, str_trim(mem, str_split(mem, &rest, ';')));
    for (const char *part; (part = str_split(mem, &rest, ';')) != NULL;) {
        const char *word = str_lower(mem, str_trim(mem, part));
        if (str_starts(word, "charset=") && !is_utf8_word(word + strlen("charset="))) {
            return false;
        }
    }
    return str_equal(type, wanted) ||
           (suffix != NULL && str_starts(type, "application/") && str_ends(type, suffix));
}

static int check_type(arena *mem, enum hook_kind kind, const struct hook_message *m, struct err *e)
{
    const char *given = m->header(m->headers, "Content-Type");
    if (kind == HOOK_SALESFORCE) {
        return is_type(mem, given, "text/xml", NULL)
                   ? 0
                   : err_set(e, ERR_MEDIA_TYPE, "hook_type",
                             "The content type must be text/xml, in UTF-8.");
    }
    return is_type(mem, given, "application/json", "+json")
               ? 0
               : err_set(e, ERR_MEDIA_TYPE, "hook_type",
                         "The content type must be application/json, in UTF-8.");
}

/* An id that is too long to be kept is known by its digest. */
static const char *id_text(arena *mem, const char *text)
{
    if (str_empty(text)) {
        return NULL;
    }
    return strlen(text) <= HOOK_ID_MAX && str_is_utf8(text, strlen(text))
               ? arena_strdup(mem, text)
               : crypto_hash_text(mem, text);
}

static const char *id_value(arena *mem, const json_t *value)
{
    return json_is_integer(value) ? arena_printf(mem, "%lld", (long long)json_integer_value(value))
                                  : id_text(mem, json_string_value(value));
}

/* developer.box.com: BOX-DELIVERY-ID is new with each retry, the body's id is not. */
static const char *id_of(arena *mem, const struct hook_proof *proof, const struct hook_message *m,
                         const json_t *body)
{
    if (proof->kind == HOOK_BOX) {
        return id_value(mem, json_member(body, "id"));
    }
    const json_t *rules = json_member(proof->rules, "event_id");
    const char *header = json_text(rules, "header"), *path = json_text(rules, "path");
    if (header != NULL) {
        return id_text(mem, m->header(m->headers, header));
    }
    return path == NULL ? NULL : id_value(mem, json_at(body, path));
}

static int read_json(arena *mem, const struct hook_proof *proof, const struct hook_message *m,
                     struct hook_events *ret, struct err *e)
{
    json_t *body = NULL;
    struct err why = {0};
    if (json_read(mem, m->body, &body, &why) != 0) {
        return err_set(e, ERR_INPUT, "hook_body", "The body cannot be read: %s.", why.text);
    }
    if (!json_is_object(body) && !json_is_array(body)) {
        return err_set(e, ERR_INPUT, "hook_body", "The body must be a JSON object or list.");
    }
    ret->list = arena_alloc(mem, sizeof *ret->list);
    ret->list[0] = (struct hook_event){.id = id_of(mem, proof, m, body), .data = body};
    ret->count = 1;
    ret->answer = "{\"received\":true}";
    ret->answer_type = "application/json";
    return 0;
}

int hook_read(arena *mem, const struct hook_proof *proof, const struct hook_message *m,
              struct hook_events *ret, struct err *e)
{
    struct hook_events read = {.count = 0};
    struct digest digest = crypto_sha256(m->body);
    read.digest = crypto_hex(mem, (struct bytes){digest.bytes, sizeof digest.bytes});
    if (check_type(mem, proof->kind, m, e) != 0) {
        return -1;
    }
    int rc = proof->kind == HOOK_SALESFORCE
                 ? hook_salesforce_read(mem, proof->rules, m->body, &read, e)
                 : read_json(mem, proof, m, &read, e);
    if (rc == 0) {
        *ret = read;
    }
    return rc;
}

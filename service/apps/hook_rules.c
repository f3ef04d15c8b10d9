#include "hook_int.h"

#include <string.h>

#include "base/str.h"

/* The rules of a hook: read once, when it is set up, with all defaults written out. */

enum {
    HEADER_MAX = 100,
    PREFIX_MAX = 40,
    SIGNED_MAX = 100,
    PATH_MAX_BYTES = 200,
    WITHIN_S = 300,
    WITHIN_MIN_S = 30,
    WITHIN_MAX_S = 3600
};

#define OUR_HEADER "X-Workbot-Secret"

static bool is_printable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            return false;
        }
    }
    return true;
}

static const char *header_of(const struct json_doc *d, const char *key, const char *absent)
{
    const char *name =
        json_doc_text(d, key, absent == NULL && !str_equal(key, "timestamp_header"), HEADER_MAX);
    if (name != NULL && !str_is_token(name)) {
        json_doc_fault(d, key, "This must be the name of a header.");
    }
    return name == NULL ? absent : name;
}

static const char *prefix_of(const struct json_doc *d)
{
    const char *prefix = json_doc_text(d, "prefix", false, PREFIX_MAX);
    if (prefix != NULL && !is_printable(prefix)) {
        json_doc_fault(d, "prefix", "This must be what stands before the value in the header.");
    }
    return prefix == NULL ? "" : prefix;
}

static size_t times(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part)) {
        count++;
    }
    return count;
}

/* What is not signed proves nothing: a time beside the signature is worth what anybody writes. */
static const char *signed_of(const struct json_doc *d, bool timed)
{
    const char *text = json_doc_text(d, "signed", false, SIGNED_MAX);
    if (text == NULL) {
        return timed ? "{timestamp}.{body}" : "{body}";
    }
    if (!is_printable(text) || times(text, "{body}") != 1 ||
        times(text, "{timestamp}") != (timed ? 1 : 0) || times(text, "{") != (timed ? 2 : 1)) {
        json_doc_fault(d, "signed",
                       "This must hold {body} once, and {timestamp} once where there is a "
                       "timestamp_header; no other braces.");
    }
    return text;
}

static int64_t within_of(const struct json_doc *d)
{
    int64_t within_s = json_doc_i64(d, "within_s", WITHIN_S);
    if (within_s < WITHIN_MIN_S || within_s > WITHIN_MAX_S) {
        json_doc_fault(d, "within_s", "This must be %d to %d seconds.", WITHIN_MIN_S, WITHIN_MAX_S);
    }
    return within_s;
}

static json_t *hmac_rules(const struct json_doc *v)
{
    static const char *const keys[] = {"by",        "header",   "prefix",
                                       "algorithm", "encoding", "timestamp_header",
                                       "signed",    "within_s", NULL};
    static const char *const algorithms[] = {"sha1", "sha256", "sha512", NULL};
    static const char *const encodings[] = {"hex", "base64", NULL};
    json_doc_known(v, keys);
    const char *header = header_of(v, "header", NULL);
    const char *time_header = header_of(v, "timestamp_header", NULL);
    int algorithm = json_doc_choice(v, "algorithm", algorithms, 1);
    int encoding = json_doc_choice(v, "encoding", encodings, 0);
    int64_t within_s = within_of(v);
    const char *text = signed_of(v, time_header != NULL);
    json_t *rules = json_must(json_pack("{s:s, s:s?, s:s, s:s, s:s, s:s}", "by", "hmac", "header",
                                        header, "prefix", prefix_of(v), "algorithm",
                                        algorithms[algorithm < 0 ? 0 : algorithm], "encoding",
                                        encodings[encoding < 0 ? 0 : encoding], "signed", text));
    if (time_header != NULL) {
        json_put(rules, "timestamp_header", json_must(json_string(time_header)));
        json_put(rules, "within_s", json_must(json_integer(within_s)));
    } else if (json_member(v->object, "within_s") != NULL) {
        json_doc_fault(v, "within_s", "This needs a timestamp_header.");
    }
    return rules;
}

static json_t *secret_rules(const struct json_doc *v)
{
    static const char *const keys[] = {"by", "header", "prefix", NULL};
    json_doc_known(v, keys);
    return json_must(json_pack("{s:s, s:s, s:s}", "by", "secret", "header",
                               header_of(v, "header", OUR_HEADER), "prefix", prefix_of(v)));
}

static json_t *verify_rules(const struct json_doc *d)
{
    static const char *const ways[] = {"secret", "hmac", NULL};
    const struct json_doc v = json_doc_member(d, "verify", false);
    if (v.object == NULL) {
        return secret_rules(&v);
    }
    return json_doc_choice(&v, "by", ways, 0) == 1 ? hmac_rules(&v) : secret_rules(&v);
}

/* NULL: there is none. */
static json_t *id_rules(enum hook_kind kind, const struct json_doc *d)
{
    static const char *const keys[] = {"header", "path", NULL};
    const struct json_doc v = json_doc_member(d, "event_id", false);
    if (v.object == NULL) {
        return kind == HOOK_SERVICENOW ? json_must(json_pack("{s:s}", "path", "id")) : NULL;
    }
    json_doc_known(&v, keys);
    const char *header = json_doc_text(&v, "header", false, HEADER_MAX);
    const char *path = json_doc_text(&v, "path", false, PATH_MAX_BYTES);
    if ((header == NULL) == (path == NULL) || (header != NULL && !str_is_token(header)) ||
        (path != NULL && *path == '\0')) {
        json_doc_fault(d, "event_id",
                       "This must be {\"header\": its name} or {\"path\": where it stands in the "
                       "body, as \"event.id\"}.");
        return NULL;
    }
    return json_must(
        json_pack("{s:s}", header != NULL ? "header" : "path", header != NULL ? header : path));
}

/* As Salesforce writes it: 15 digits, or 18. */
static bool is_organization(const char *id)
{
    size_t len = strlen(id);
    return str_starts(id, "00D") && (len == 15 || len == 18) &&
           strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

static json_t *salesforce_rules(const struct json_doc *d)
{
    const char *id = json_doc_text(d, "organization_id", true, 18);
    if (id != NULL && !is_organization(id)) {
        json_doc_fault(d, "organization_id",
                       "This must be the organisation's id: 00D and 12 or 15 characters more.");
    }
    return json_must(json_pack("{s:s?}", "organization_id", id));
}

static void refuse(const struct json_doc *d, const char *const *keys, const char *why)
{
    for (size_t i = 0; keys[i] != NULL; i++) {
        if (json_member(d->object, keys[i]) != NULL) {
            json_doc_fault(d, keys[i], "%s", why);
        }
    }
}

json_t *hook_rules_read(enum hook_kind kind, const struct json_doc *d)
{
    static const char *const of_json[] = {"verify", "event_id", NULL};
    static const char *const of_salesforce[] = {"organization_id", NULL};
    if (kind == HOOK_JSON || kind == HOOK_SERVICENOW) {
        refuse(d, of_salesforce, "Only salesforce_outbound has this.");
        json_t *rules = json_must(json_object());
        json_t *id = id_rules(kind, d);
        json_put(rules, "verify", verify_rules(d));
        if (id != NULL) {
            json_put(rules, "event_id", id);
        }
        return rules;
    }
    refuse(d, of_json, "How these messages are proven and known again is the app's; leave it out.");
    if (kind == HOOK_SALESFORCE) {
        return salesforce_rules(d);
    }
    refuse(d, of_salesforce, "Only salesforce_outbound has this.");
    return json_must(json_object());
}

#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { TEXTS_MAX = 50, VALUES_MAX = 20 };

/* Lower-case letters, digits and "_", beginning with a letter. */
bool apps_is_word(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= LIMIT_NAME && text[0] >= 'a' && text[0] <= 'z' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

struct apps_texts apps_read_texts(const struct json_doc *d, const char *key, bool required)
{
    struct apps_texts t = {0};
    const json_t *list = json_doc_array(d, key, required, TEXTS_MAX);
    t.items = arena_array(d->mem, json_array_size(list) + 1, sizeof(*t.items));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (str_empty(text)) {
            json_doc_fault(d, arena_printf(d->mem, "%s[%zu]", key, i), "This must be text.");
        } else {
            t.items[t.count++] = text;
        }
    }
    return t;
}

void apps_need(const struct json_doc *d, const char *key)
{
    if (d->object != NULL && json_member(d->object, key) == NULL) {
        json_doc_fault(d, key, "This is required.");
    }
}

const char *apps_pair_value(const struct apps_pairs *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (str_equal(p->items[i].name, name)) {
            return p->items[i].value;
        }
    }
    return NULL;
}

static const char *value_of(const struct apps_pairs *pairs, const char *name, size_t len)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const char *have = pairs->items[i].name;
        if (strlen(have) == len && strncmp(have, name, len) == 0) {
            return pairs->items[i].value;
        }
    }
    return NULL;
}

static const char *fill(const struct apps_reader *r, const char *text)
{
    struct str s = str_new(r->mem, LIMIT_URL);
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        str_add_n(&s, text, plain);
        text += plain;
        size_t name = *text == '{' ? strcspn(text + 1, "}") : 0;
        const char *value = *text == '{' ? value_of(&r->app->values, text + 1, name) : NULL;
        if (value != NULL && text[name + 1] == '}') {
            str_add(&s, value);
            text += name + 2;
        } else if (*text == '{') {
            str_add_char(&s, *text++);
        }
    }
    return s.text;
}

const char *apps_read_filled(const struct apps_reader *r, const struct json_doc *d, const char *key,
                             bool required)
{
    const char *text = json_doc_text(d, key, required, LIMIT_URL / 4);
    return text == NULL ? NULL : fill(r, text);
}

struct apps_pairs apps_read_pairs(const struct apps_reader *r, const struct json_doc *d,
                                  const char *key, size_t max)
{
    struct apps_pairs p = {0};
    struct json_doc in = json_doc_member(d, key, false);
    size_t size = json_object_size(in.object);
    p.items = arena_array(r->mem, size + 1, sizeof(*p.items));
    if (size > max) {
        json_doc_fault(d, key, "This may have at most %zu members.", max);
        return p;
    }
    json_t *object = json_member(d->object, key);
    for (void *at = json_object_iter(in.object == NULL ? NULL : object); at != NULL;
         at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        const char *value = apps_read_filled(r, &in, name, false);
        if (value != NULL) {
            p.items[p.count++] = (struct apps_pair){name, value};
        }
    }
    return p;
}

/* "values" come first: everything else may name them. */
static void read_values(const struct apps_reader *r, const struct json_doc *top)
{
    struct apps_pairs p = apps_read_pairs(r, top, "values", VALUES_MAX);
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    for (size_t i = 0; i < p.count; i++) {
        const char *value = p.items[i].value;
        if (!apps_is_word(p.items[i].name) || strspn(value, plain) != strlen(value) ||
            strstr(value, "..") != NULL) {
            json_doc_fault(top, "values",
                           "\"%s\": names are lower-case words, values hold "
                           "letters, digits, \".\", \"_\" and \"-\".",
                           p.items[i].name);
        }
    }
    r->app->values = p;
}

void apps_check_suffixes(const struct json_doc *d, const char *key, const struct apps_texts *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const char *dot = strchr(t->items[i] + 1, '.');
        if (t->items[i][0] != '.' || dot == NULL || dot[1] == '\0') {
            json_doc_fault(d, arena_printf(d->mem, "%s[%zu]", key, i),
                           "This must begin with a dot and hold two names, like .example.com.");
        }
    }
}

static void read_hosts(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"default", "names", "suffixes", "api_suffixes", NULL};
    static const char *const sandbox_keys[] = {"hosts", "marks", NULL};
    struct json_doc d = json_doc_member(top, "hosts", true);
    json_doc_known(&d, keys);
    app *a = r->app;
    a->host = json_doc_text(&d, "default", false, LIMIT_LABEL);
    a->host_names = apps_read_texts(&d, "names", false);
    a->host_suffixes = apps_read_texts(&d, "suffixes", false);
    a->api_suffixes = apps_read_texts(&d, "api_suffixes", false);
    apps_check_hosts(&d, "names", &a->host_names);
    apps_check_suffixes(&d, "suffixes", &a->host_suffixes);
    apps_check_suffixes(&d, "api_suffixes", &a->api_suffixes);
    if (d.object != NULL && a->host_names.count + a->host_suffixes.count == 0) {
        json_doc_fault(&d, NULL, "This must list the app's hosts in names or suffixes.");
    }
    if (a->host != NULL) {
        struct faults own;
        faults_init(&own, r->mem);
        const char *host = NULL;
        app_check_host(a, a->host, false, "default", &own, &host);
        if (own.count > 0) {
            json_doc_fault(&d, "default", "This host is in neither names nor suffixes.");
        }
    }
    struct json_doc sandbox = json_doc_member(top, "sandbox", false);
    json_doc_known(&sandbox, sandbox_keys);
    a->sandbox_hosts = apps_read_texts(&sandbox, "hosts", false);
    a->sandbox_marks = apps_read_texts(&sandbox, "marks", false);
}

/* Another kind of login acts for nobody in particular, or in a way that nobody can end. */
static bool is_oauth2(const struct json_doc *top)
{
    static const struct {
        const char *auth, *why;
    } others[] = {
        {"api_key", "a key that is shared acts for nobody in particular"},
        {"basic", "a password that is handed over acts as its owner for ever, and only a change of "
                  "it ends that"},
        {"oauth2_cc", "client credentials act for the app, and for no person"},
        {"oauth1", "OAuth 1 signs each request in a way of its own"},
        {"jwt", "a signed assertion acts for the app, and for no person"},
        {"mtls", "a certificate acts for the app, and for no person"}};
    const char *auth = json_doc_text(top, "auth", false, LIMIT_NAME);
    if (auth == NULL || str_equal(auth, "oauth2")) {
        return true;
    }
    size_t i = 0, count = sizeof(others) / sizeof(others[0]);
    while (i < count && !str_equal(others[i].auth, auth)) {
        i++;
    }
    json_doc_fault(top, "auth",
                   "This app is not connected with OAuth2: Workbot connects each person with a "
                   "login of their own that ends on its own (RFC 6749, authorization code), and "
                   "%s.",
                   i < count ? others[i].why : "this is another kind");
    return false;
}

static void read_driver(const struct apps_reader *r, const struct json_doc *top)
{
    const char *name = json_doc_text(top, "driver", false, LIMIT_NAME);
    r->app->driver = apps_driver_find(name);
    if (name != NULL && r->app->driver == NULL) {
        json_doc_fault(top, "driver", "This program has no driver of that name.");
    }
}

static void read_all(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {
        "name",      "title",    "values",  "hosts",      "sandbox", "auth",   "vars",
        "authorize", "callback", "token",   "refresh",    "revoke",  "lookup", "client_auth",
        "identity",  "api",      "actions", "unverified", "driver",  NULL};
    json_doc_known(top, keys);
    r->app->name = json_doc_text(top, "name", true, LIMIT_NAME);
    r->app->title = json_doc_text(top, "title", true, LIMIT_LABEL);
    if (r->app->name != NULL && !apps_is_word(r->app->name)) {
        json_doc_fault(top, "name", "This must be lower-case letters, digits and \"_\".");
    }
    read_values(r, top);
    r->app->unverified = apps_read_texts(top, "unverified", false);
    read_driver(r, top);
    read_hosts(r, top);
    apps_read_vars(r, top);
    apps_read_oauth(r, top);
    apps_read_token(r, top);
    apps_read_api(r, top);
    apps_read_identity(r, top);
    apps_read_actions(r, top);
}

app *apps_definition_read(arena *boot, const char *source, struct bytes text, struct faults *faults)
{
    size_t before = faults->count;
    struct err e = {0};
    json_t *value = NULL;
    if (json_read(boot, text, &value, &e) != 0) {
        faults_add(faults, source, "This file is not JSON: %s.", e.text);
        return NULL;
    }
    struct apps_reader r = {.mem = boot, .app = arena_alloc(boot, sizeof(app))};
    struct json_doc top = json_doc(faults, boot, source, value);
    if (top.object != NULL && is_oauth2(&top)) {
        read_all(&r, &top);
    }
    return faults->count == before ? r.app : NULL;
}

#include "api_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/limits.h"
#include "base/str.h"

enum { SECRET_MAX = 4096 };

/* As in the table's check. */
static bool is_workspace_key(const char *key)
{
    if (str_starts(key, "slack:T") || str_starts(key, "slack:E")) {
        size_t len = strlen(key + 7);
        return len >= 1 && len <= 30 &&
               strspn(key + 7, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
    }
    return str_starts(key, "teams:") && strlen(key + 6) == 36 &&
           strspn(key + 6, "0123456789abcdef-") == 36;
}

static bool is_name(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= LIMIT_NAME && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* A key that no row can have is nowhere; only who makes something is told how it must look. */
static int check_workspace_key(struct api *a, struct err *e)
{
    if (a->workspace == NULL || is_workspace_key(a->workspace)) {
        return 0;
    }
    if (a->q->method == WB_PUT) {
        faults_add(&a->faults, "workspace",
                   "A workspace is slack:T..., slack:E... or teams:<lower-case tenant id>.");
        return api_refuse(a, e);
    }
    return err_set(e, ERR_NOT_FOUND, "no_workspace", "There is no such workspace.");
}

void api_check_name(struct api *a)
{
    if (!is_name(a->name)) {
        faults_add(&a->faults, "name",
                   "A name has 1 to 63 of a-z, 0-9 and \"-\", and does not begin with \"-\".");
    }
    const json_t *own = json_member(a->body, "name");
    if (own != NULL && !str_equal(json_string_value(own), a->name)) {
        faults_add(&a->faults, "name", "This must be the name that stands in the path.");
    }
}

/* A body is read before a session is taken: who sends nonsense holds none. A POST without one says
 * nothing, and lacks what it must say. */
static int read_body(struct api *a, struct err *e)
{
    enum method m = a->q->method;
    if (m == WB_GET || m == WB_DELETE) {
        return 0;
    }
    if (m == WB_POST && a->q->body.len == 0) {
        a->body = arena_json(a->mem, json_must(json_object()));
    } else if (json_read(a->mem, a->q->body, &a->body, e) != 0) {
        return -1;
    }
    a->doc = json_doc(&a->faults, a->mem, "", a->body);
    return api_refuse(a, e);
}

static int in_session(struct api *a, api_fn *fn, struct err *e)
{
    bool writes = a->q->method != WB_GET;
    if (store_open(a->web->options.stores, a->mem, &a->s, e) != 0) {
        return -1;
    }
    int rc = writes ? store_begin(a->s, e) : 0;
    if (rc == 0) {
        rc = fn(a, e);
    }
    if (rc == 0 && writes) {
        rc = store_commit(a->s, e);
    }
    store_close(a->s);
    return rc;
}

int api_run(web *w, const struct request *q, struct response *r, api_fn *fn, struct err *e)
{
    struct api a = {.web = w,
                    .q = q,
                    .r = r,
                    .mem = q->mem,
                    .workspace = q->params[0],
                    .name = q->params[0] == NULL ? NULL : q->params[1]};
    faults_init(&a.faults, q->mem);
    int rc = check_workspace_key(&a, e);
    if (rc == 0) {
        rc = read_body(&a, e);
    }
    if (rc == 0) {
        rc = in_session(&a, fn, e);
    }
    if (rc != 0 && a.faults.count > 0 && e->kind == ERR_INVALID) {
        *r = (struct response){0};
        respond_problem(q->mem, r, e, q->id, &a.faults);
        return 0;
    }
    return rc;
}

void api_answer(struct api *a, int status, json_t *value)
{
    if (value == NULL) {
        die("an answer of the API cannot be made");
    }
    respond_json(a->mem, a->r, status, arena_json(a->mem, value));
}

int api_refuse(const struct api *a, struct err *e)
{
    if (a->faults.count == 0) {
        return 0;
    }
    return err_set(e, ERR_INVALID, "invalid", "The request has %zu fault%s; \"errors\" lists them.",
                   a->faults.count, a->faults.count == 1 ? "" : "s");
}

static int is_there(struct workspace *found, struct workspace **ret, struct err *e)
{
    if (found == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_workspace", "There is no such workspace.");
    }
    *ret = found;
    return 0;
}

int api_workspace(struct api *a, struct workspace **ret, struct err *e)
{
    struct workspace *w = NULL;
    return store_workspace_find(a->s, a->workspace, &w, e) != 0 ? -1 : is_there(w, ret, e);
}

int api_still_may(struct api *a, const struct workspace *w, struct err *e)
{
    struct api_token *t = NULL;
    if (a->q->admin != NULL && !store_is_admin(w, a->q->admin)) {
        return err_set(e, ERR_FORBIDDEN, "no_admin", "%s is no admin any more", a->q->admin);
    }
    if (a->q->by == NULL) {
        return 0;
    }
    if (store_api_token_use(a->s, w->route, a->q->by->digest, &t, e) != 0) {
        return -1;
    }
    return t != NULL ? 0 : err_set(e, ERR_UNAUTHENTIC, "token", "the token was revoked");
}

int api_workspace_lock(struct api *a, struct workspace **ret, struct err *e)
{
    struct workspace *w = NULL;
    return store_workspace_lock(a->s, a->workspace, &w, e) != 0 || is_there(w, ret, e) != 0
               ? -1
               : api_still_may(a, w, e);
}

int api_default(struct api *a, struct default_connection **ret, struct err *e)
{
    struct default_connection *d = NULL;
    if (is_name(a->name) && store_default_find(a->s, a->workspace, a->name, &d, e) != 0) {
        return -1;
    }
    if (d == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_default_connection",
                       "There is no such connection in this workspace.");
    }
    *ret = d;
    return 0;
}

int api_touch_homes(struct api *a, struct err *e)
{
    enum { DELAY_S = 3 }; /* several changes in a row are shown together */
    return store_home_want(a->s, a->workspace, NULL, DELAY_S, e);
}

int api_audit(struct api *a, const char *action, const char *subject, json_t *detail, struct err *e)
{
    return store_audit_add(a->s, a->workspace, a->q->actor, action, subject,
                           arena_json(a->mem, detail), e);
}

/* --- readers --- */

bool api_given(const struct json_doc *d, const char *key)
{
    return json_member(d->object, key) != NULL;
}

static bool has_control(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return true;
        }
    }
    return false;
}

const char *api_line(const struct json_doc *d, const char *key, bool required, size_t max)
{
    const char *text = json_doc_text(d, key, required, max);
    if (text != NULL && has_control(text)) {
        json_doc_fault(d, key, "This must be one line without control characters.");
    }
    return text;
}

static bool is_word(const char *text, size_t max)
{
    return text[0] != '\0' && strlen(text) <= max && !has_control(text) &&
           strchr(text, ' ') == NULL;
}

const char *api_word(const struct json_doc *d, const char *key, size_t max)
{
    const char *text = json_doc_text(d, key, false, max);
    if (text != NULL && !is_word(text, max)) {
        json_doc_fault(d, key, "This must be a word without spaces; leave it out for none.");
    }
    return text;
}

const char **api_words(const struct json_doc *d, const char *key, size_t max, size_t *ret_count)
{
    json_t *list = json_doc_array(d, key, false, LIMIT_PAGE_COUNT);
    const char **words = arena_array(d->mem, json_array_size(list) + 1, sizeof *words);
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        const char *path = arena_printf(d->mem, "%s[%zu]", key, i);
        bool twice = false;
        for (size_t k = 0; k < count && word != NULL; k++) {
            twice = twice || str_equal(words[k], word);
        }
        if (word == NULL || !is_word(word, max)) {
            json_doc_fault(d, path, "This must be a word of at most %zu bytes, without spaces.",
                           max);
        } else if (twice) {
            json_doc_fault(d, path, "This stands in the list twice.");
        } else {
            words[count++] = word;
        }
    }
    *ret_count = count;
    return words;
}

struct api_secret api_secret(const struct json_doc *d, const char *key)
{
    const json_t *value = json_member(d->object, key);
    const char *text = json_doc_text(d, key, false, SECRET_MAX);
    if (text != NULL && !is_word(text, SECRET_MAX)) {
        json_doc_fault(d, key,
                       "This must be a secret without spaces; null removes the stored one.");
    }
    return (struct api_secret){.given = value != NULL, .value = secret_of(d->mem, text)};
}

bool api_secret_differs(struct api_secret given, struct secret stored)
{
    return given.given && !secret_equal(given.value, stored);
}

bool api_texts_equal(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
    if (a_count != b_count) {
        return false;
    }
    for (size_t i = 0; i < a_count; i++) {
        if (!str_equal(a[i], b[i])) {
            return false;
        }
    }
    return true;
}

/* --- writers --- */

void api_note(json_t *changed, bool differs, const char *key)
{
    if (differs) {
        json_array_append_new(changed, json_string(key));
    }
}

json_t *api_time(arena *mem, int64_t at)
{
    return at == 0 ? json_null() : json_string(clock_rfc3339(mem, at));
}

json_t *api_account(const struct account *a)
{
    if (a->key == NULL && a->name == NULL) {
        return json_null();
    }
    return json_pack("{s:s?, s:s?, s:s?, s:b}", "name", a->name, "email", a->email, "organization",
                     a->organization, "sandbox", a->sandbox ? 1 : 0);
}

/* --- the query --- */

int api_flag(const struct api *a, const char *name, bool *ret, struct err *e)
{
    const char *text = NULL;
    if (request_query(a->q, name, &text, e) != 0) {
        return -1;
    }
    if (text != NULL && !str_equal(text, "true") && !str_equal(text, "false")) {
        return err_set(e, ERR_INPUT, "query", "\"%s\" must be true or false.", name);
    }
    *ret = str_equal(text, "true");
    return 0;
}

/* --- lists --- */

int api_page(const struct api *a, struct api_page *ret, struct err *e)
{
    const char *limit = NULL;
    long long count = API_PAGE_COUNT;
    struct api_page page = {.cursor = NULL};
    if (request_query(a->q, "cursor", &page.cursor, e) != 0 ||
        request_query(a->q, "limit", &limit, e) != 0) {
        return -1;
    }
    if (limit != NULL && (!str_to_i64(limit, &count) || count < 1 || count > LIMIT_PAGE_COUNT)) {
        return err_set(e, ERR_INPUT, "query", "\"limit\" must be a number from 1 to %d.",
                       LIMIT_PAGE_COUNT);
    }
    page.limit = a->q->whole ? INT32_MAX : count;
    *ret = page;
    return 0;
}

int api_query_time(const struct api *a, const char *name, int64_t *ret, struct err *e)
{
    const char *text = NULL;
    if (request_query(a->q, name, &text, e) != 0) {
        return -1;
    }
    if (text != NULL && !clock_read_rfc3339(text, ret)) {
        return err_set(e, ERR_INPUT, "query",
                       "\"%s\" must be a time like 2026-11-22T10:00:00Z, or a day like 2026-11-22.",
                       name);
    }
    return 0;
}

void api_answer_list(struct api *a, json_t *items, const char *next)
{
    api_answer(a, 200, json_pack("{s:o, s:s?}", "items", items, "next", next));
}

struct api_window api_window(const struct api_page *page, const void *list, size_t count,
                             const char *(*name)(const void *list, size_t i))
{
    struct api_window w = {.from = 0};
    while (page->cursor != NULL && w.from < count &&
           strcmp(name(list, w.from), page->cursor) <= 0) {
        w.from++;
    }
    bool more = (int64_t)(count - w.from) > page->limit;
    w.to = more ? w.from + (size_t)page->limit : count;
    w.next = more ? name(list, w.to - 1) : NULL;
    return w;
}

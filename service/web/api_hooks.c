#include "api_int.h"

#include "apps/hook.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"

/*
 * Addresses where apps tell of their own events. A secret is shown once, by the call that made it:
 * when the hook is made, and when its secret is rotated. Where the address itself is the secret
 * (Salesforce), that is shown once. Box makes its keys; they come in and never go out.
 */

enum {
    SECRET_BYTES = 32,
    GIVEN_MIN = 16, /* of a secret that an admin brings along */
    OVERLAP_S = 24 * 3600,
    OVERLAP_MAX_S = 30 * 24 * 3600
};

static struct secret secret_make(arena *mem)
{
    return secret_of(mem, crypto_random_hex(mem, SECRET_BYTES));
}

/* Without a workspace's own route nobody finds it. */
static json_t *address(const struct api *a, const struct workspace *w, const struct hook *h,
                       bool once)
{
    const char *base = a->web->config->public_url;
    if (!hook_secret_in_address(hook_kind_of(h->kind))) {
        return json_must(json_sprintf("%s/hooks/%s.%s", base, w->route, h->handle));
    }
    return once ? json_must(json_sprintf("%s/hooks/%s.%s.%s", base, w->route, h->handle,
                                         secret_reveal(h->first)))
                : json_null();
}

static int no_hook(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "no_hook", "There is no such hook in this workspace.");
}

static const char *const rule_names[] = {"verify", "event_id", "organization_id", NULL};

/* once: the secret is new, and shown. */
static json_t *hook_json(const struct api *a, const struct workspace *w, const struct hook *h,
                         bool once)
{
    enum hook_kind kind = hook_kind_of(h->kind);
    bool keys = hook_keys_of_app(kind), before = !keys && h->second_until > clock_now();
    json_t *value = json_must(
        json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o}", "name", h->name, "kind", h->kind,
                  "enabled", h->enabled, "url", address(a, w, h, once), "old_secret_until",
                  api_time(a->mem, before ? h->second_until : 0), "created",
                  api_time(a->mem, h->created_at), "updated", api_time(a->mem, h->updated_at)));
    for (size_t i = 0; rule_names[i] != NULL; i++) {
        const json_t *rule = json_member(h->rules, rule_names[i]);
        json_put(value, rule_names[i], rule == NULL ? json_null() : json_deep_copy(rule));
    }
    if (keys) {
        json_put(value, "has_primary_key", json_boolean(!secret_empty(h->first)));
        json_put(value, "has_secondary_key", json_boolean(!secret_empty(h->second)));
    } else if (once && !hook_secret_in_address(kind)) {
        json_put(value, "secret", json_must(json_stringn(secret_reveal(h->first), h->first.len)));
    }
    return value;
}

static const char *tag_of(struct api *a, const struct workspace *w, const struct hook *h)
{
    return api_tag(a, hook_json(a, w, h, false), h->stored_us);
}

static int check_condition(struct api *a, const struct workspace *w, const struct hook *h,
                           struct err *e)
{
    return api_is_conditional(a) ? api_condition(a, h == NULL ? NULL : tag_of(a, w, h), e) : 0;
}

static int load(struct api *a, struct hook **ret, struct err *e)
{
    struct hook *h = NULL;
    if (store_hook_find(a->s, a->workspace, a->name, &h, e) != 0) {
        return -1;
    }
    *ret = h;
    return h == NULL ? no_hook(e) : 0;
}

static int hook_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct hook *h = NULL;
    if (api_workspace(a, &w, e) != 0 || load(a, &h, e) != 0) {
        return -1;
    }
    api_answer_tagged(a, 200, hook_json(a, w, h, false), tag_of(a, w, h));
    return 0;
}

static const char *name_at(const void *list, size_t i)
{
    return ((const struct hook *)list)[i].name;
}

static int hooks_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct hook *list = NULL;
    struct api_page page = {0};
    size_t count = 0;
    if (api_page(a, &page, e) != 0 || api_workspace(a, &w, e) != 0 ||
        store_hook_list(a->s, a->workspace, &list, &count, e) != 0) {
        return -1;
    }
    const struct api_window on = api_window(&page, list, count, name_at);
    json_t *items = json_must(json_array());
    for (size_t i = on.from; i < on.to; i++) {
        json_push(items, hook_json(a, w, &list[i], false));
    }
    api_answer_list(a, items, on.next);
    return 0;
}

/* --- PUT --- */

struct put {
    struct hook next;
    const struct hook *old; /* NULL: none */
    bool fresh;             /* the secret is new */
};

static void read_kind(struct api *a, struct put *p, enum hook_kind *ret)
{
    const struct json_doc *d = &a->doc;
    *ret = p->old == NULL ? HOOK_KIND_COUNT : hook_kind_of(p->old->kind);
    if (p->old == NULL && json_doc_text(d, "kind", true, LIMIT_NAME) == NULL) {
        return;
    }
    if (!api_given(d, "kind")) {
        return;
    }
    int kind = json_doc_choice(d, "kind", hook_kind_names(), -1);
    if (p->old != NULL && kind >= 0 && kind != (int)*ret) {
        json_doc_fault(d, "kind", "A hook keeps its kind: make another one, and delete this one.");
    } else if (kind >= 0) {
        *ret = (enum hook_kind)kind;
    }
}

/* What is not given stays as it is stored. */
static void read_rules(struct api *a, struct put *p, enum hook_kind kind)
{
    json_t *merged = arena_json(a->mem, p->old == NULL ? json_must(json_object())
                                                       : json_deep_copy(p->old->rules));
    for (size_t i = 0; rule_names[i] != NULL; i++) {
        json_t *given = json_object_get(a->body, rule_names[i]); /* null: back to the default */
        if (given != NULL) {
            json_object_set(merged, rule_names[i], given);
        }
    }
    const struct json_doc d = json_doc(&a->faults, a->mem, "", merged);
    p->next.rules = arena_json(a->mem, hook_rules_read(kind, &d));
}

static void check_given(const struct json_doc *d, const char *key, struct secret given)
{
    if (!secret_empty(given) && given.len < GIVEN_MIN) {
        json_doc_fault(d, key, "A secret has at least %d characters.", GIVEN_MIN);
    }
}

static void read_keys(struct api *a, struct put *p)
{
    static const char *const names[] = {"primary_key", "secondary_key"};
    struct secret *const keys[] = {&p->next.first, &p->next.second};
    for (size_t i = 0; i < 2; i++) {
        struct api_secret given = api_secret(&a->doc, names[i]);
        check_given(&a->doc, names[i], given.value);
        *keys[i] = given.given ? given.value : *keys[i];
    }
    if (secret_empty(p->next.first) && secret_empty(p->next.second)) {
        json_doc_fault(&a->doc, "primary_key",
                       "Give a signature key of the Box app, the primary or the secondary one.");
    }
}

static void refuse_all(struct api *a, const char *const *keys, const char *why)
{
    for (size_t i = 0; keys[i] != NULL; i++) {
        if (api_given(&a->doc, keys[i])) {
            json_doc_fault(&a->doc, keys[i], "%s", why);
        }
    }
}

/* A given one takes the place of the stored one at once; rotating lets both be good for a while. */
static void read_secret(struct api *a, struct put *p)
{
    struct api_secret given = api_secret(&a->doc, "secret");
    check_given(&a->doc, "secret", given.value);
    if (given.given && secret_empty(given.value)) {
        json_doc_fault(&a->doc, "secret", "A hook has a secret; leave it out to keep it.");
    }
    bool other = given.given && (p->old == NULL || !secret_equal(given.value, p->old->first));
    if (other || p->old == NULL) {
        p->next.first = given.given ? given.value : secret_make(a->mem);
        p->next.second = secret_of(a->mem, NULL);
        p->next.second_until = 0;
        p->fresh = true;
    }
}

static void read_secrets(struct api *a, struct put *p, enum hook_kind kind)
{
    static const char *const of_box[] = {"primary_key", "secondary_key", NULL};
    static const char *const ours[] = {"secret", NULL};
    if (hook_keys_of_app(kind)) {
        refuse_all(a, ours, "Box signs with keys of its own: primary_key and secondary_key.");
        read_keys(a, p);
        return;
    }
    refuse_all(a, of_box, "Only box has this.");
    if (hook_secret_in_address(kind)) {
        refuse_all(a, ours, "The secret stands in the address, and is made here.");
        if (p->old == NULL) {
            p->next.first = secret_make(a->mem);
            p->fresh = true;
        }
        return;
    }
    read_secret(a, p);
}

static void read_hook(struct api *a, struct put *p)
{
    static const char *const keys[] = {
        "name",   "kind",        "enabled",       "verify", "event_id", "organization_id",
        "secret", "primary_key", "secondary_key", NULL};
    static const struct hook none = {.enabled = true};
    enum hook_kind kind = HOOK_KIND_COUNT;
    json_doc_known(&a->doc, keys);
    api_check_name(a);
    read_kind(a, p, &kind);
    p->next = p->old == NULL ? none : *p->old;
    p->next.workspace = a->workspace;
    p->next.name = a->name;
    if (api_given(&a->doc, "enabled")) {
        p->next.enabled = json_doc_flag(&a->doc, "enabled", true);
    }
    if (kind != HOOK_KIND_COUNT) {
        p->next.kind = hook_kind_name(kind);
        read_rules(a, p, kind);
        read_secrets(a, p, kind);
    }
}

static json_t *changes(const struct put *p)
{
    static const struct hook none = {.enabled = true};
    const struct hook *old = p->old == NULL ? &none : p->old;
    json_t *list = json_array();
    api_note(list, !str_equal(old->kind, p->next.kind), "kind");
    api_note(list, old->enabled != p->next.enabled, "enabled");
    api_note(list, json_equal(old->rules, p->next.rules) != 1, "rules");
    api_note(list,
             !secret_equal(old->first, p->next.first) || !secret_equal(old->second, p->next.second),
             "secrets");
    return list;
}

static int put_it(struct api *a, const struct put *p, json_t *changed, struct err *e)
{
    if (p->old != NULL && json_array_size(changed) == 0) {
        return 0;
    }
    json_t *detail = json_pack("{s:s, s:O}", "kind", p->next.kind, "changed", changed);
    return store_hook_put(a->s, &p->next, e) != 0
               ? -1
               : api_audit(a, p->old == NULL ? "hook.created" : "hook.changed", a->name, detail, e);
}

static int hook_put(struct api *a, struct err *e)
{
    struct put p = {.fresh = false};
    struct workspace *w = NULL;
    struct hook *h = NULL;
    if (api_workspace_lock(a, &w, e) != 0 ||
        store_hook_find(a->s, a->workspace, a->name, &h, e) != 0 ||
        check_condition(a, w, h, e) != 0) {
        return -1;
    }
    p.old = h;
    read_hook(a, &p);
    if (api_refuse(a, e) != 0 || put_it(a, &p, arena_json(a->mem, changes(&p)), e) != 0 ||
        load(a, &h, e) != 0) {
        return -1;
    }
    api_answer_tagged(a, p.old == NULL ? 201 : 200, hook_json(a, w, h, p.fresh), tag_of(a, w, h));
    return 0;
}

/* --- rotation --- */

static void read_rotation(struct api *a, const struct hook *old, struct hook *next)
{
    static const char *const keys[] = {"overlap_s", "secret", NULL};
    const struct json_doc *d = &a->doc;
    json_doc_known(d, keys);
    int64_t overlap_s = json_doc_i64(d, "overlap_s", OVERLAP_S);
    struct api_secret given = api_secret(d, "secret");
    if (overlap_s < 0 || overlap_s > OVERLAP_MAX_S) {
        json_doc_fault(d, "overlap_s", "This must be 0 to %d seconds.", OVERLAP_MAX_S);
    }
    check_given(d, "secret", given.value);
    if (given.given &&
        (secret_empty(given.value) || hook_secret_in_address(hook_kind_of(old->kind)))) {
        json_doc_fault(d, "secret", "Leave it out: a new one is made here.");
    }
    *next = *old;
    next->first = given.given ? given.value : secret_make(a->mem);
    next->second = overlap_s > 0 ? old->first : secret_of(a->mem, NULL);
    next->second_until = overlap_s > 0 ? clock_now() + overlap_s : 0;
}

static int hook_rotate(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct hook *h = NULL, next;
    if (api_workspace_lock(a, &w, e) != 0 || load(a, &h, e) != 0 ||
        check_condition(a, w, h, e) != 0) {
        return -1;
    }
    if (hook_keys_of_app(hook_kind_of(h->kind))) {
        return err_set(e, ERR_CONFLICT, "hook_keys",
                       "Box makes its keys: change one there, and PUT it here.");
    }
    read_rotation(a, h, &next);
    json_t *detail = json_pack("{s:o}", "old_until", api_time(a->mem, next.second_until));
    arena_json(a->mem, detail);
    if (api_refuse(a, e) != 0 || store_hook_put(a->s, &next, e) != 0 ||
        api_audit(a, "hook.secret_rotated", a->name, json_incref(detail), e) != 0 ||
        load(a, &h, e) != 0) {
        return -1;
    }
    api_answer_tagged(a, 200, hook_json(a, w, h, true), tag_of(a, w, h));
    return 0;
}

static int hook_delete(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct hook *h = NULL;
    if (api_workspace_lock(a, &w, e) != 0 || load(a, &h, e) != 0 ||
        check_condition(a, w, h, e) != 0 ||
        store_hook_delete(a->s, a->workspace, a->name, e) != 0 ||
        api_audit(a, "hook.deleted", a->name, json_pack("{s:s}", "kind", h->kind), e) != 0) {
        return -1;
    }
    respond_empty(a->r, 204);
    return 0;
}

int api_hook_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, hook_get, e);
}

int api_hooks_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, hooks_get, e);
}

int api_hook_put(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, hook_put, e);
}

int api_hook_delete(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, hook_delete, e);
}

int api_hook_rotate(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, hook_rotate, e);
}

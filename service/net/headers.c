#include "net_int.h"

#include <stdio.h>
#include <string.h>

bool net_is_token(const char *text)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
                                "!#$%&'*+^`|~";
    return text[0] != '\0' && text[strspn(text, token)] == '\0';
}

/* No control characters: a line break would begin a header of the value's own. */
static bool is_header_value(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f) {
            return false;
        }
    }
    return true;
}

struct header_list {
    struct curl_slist *first;
    struct curl_slist **end;
    bool bad;
};

/* The list lives on the arena and is wiped with it: libcurl only reads it. */
static void header_add(struct net_call_state *s, struct header_list *list, const char *name,
                       const char *prefix, const char *value)
{
    if (!net_is_token(name) || !is_header_value(value)) {
        list->bad = true;
        return;
    }
    size_t room = strlen(name) + strlen(prefix) + strlen(value) + 3;
    struct curl_slist *item = arena_alloc(s->mem, sizeof(*item));
    char *line = arena_alloc(s->mem, room);
    net_wipe_later(s->mem, line, room);
    /* "Name;" is libcurl's way to send a header without value, "Name:" would remove it */
    bool empty = prefix[0] == '\0' && value[0] == '\0';
    (void)snprintf(line, room, empty ? "%s;" : "%s: %s%s", name, prefix, value);
    item->data = line;
    *list->end = item;
    list->end = &item->next;
}

static void add_credential(struct net_call_state *s, struct header_list *list)
{
    const struct net_request *q = s->q;
    if (!secret_empty(q->bearer) && q->token_header != NULL) {
        const char *prefix = q->token_prefix == NULL ? "" : q->token_prefix;
        list->bad = list->bad || !is_header_value(prefix);
        header_add(s, list, q->token_header, prefix, secret_reveal(q->bearer));
    } else if (!secret_empty(q->bearer)) {
        header_add(s, list, "Authorization", "Bearer ", secret_reveal(q->bearer));
    } else if (!secret_empty(q->basic)) {
        header_add(s, list, "Authorization", "Basic ", secret_reveal(q->basic));
    }
}

static const char *content_type_of(const struct net_request *q)
{
    if (q->form[0].name != NULL) {
        return "application/x-www-form-urlencoded";
    }
    return q->body == NULL ? NULL : q->content_type;
}

int net_headers_make(struct net_call_state *s, struct curl_slist **ret, struct err *e)
{
    const struct net_request *q = s->q;
    struct header_list list = {.end = &list.first};
    for (size_t i = 0; i < NET_HEADERS_MAX && q->headers[i].name != NULL; i++) {
        const char *value = q->headers[i].value;
        header_add(s, &list, q->headers[i].name, "", value == NULL ? "" : value);
    }
    add_credential(s, &list);
    const char *content_type = content_type_of(q);
    if (content_type != NULL) {
        header_add(s, &list, "Content-Type", "", content_type);
    }
    if (list.bad) {
        return err_set(e, ERR_INPUT, "bad_request",
                       "a header of a call to %s holds characters that no header may hold",
                       s->url.host);
    }
    /* "Name:" removes what libcurl would add: no waiting for 100 Continue, no invented type */
    static const char *const removed[] = {"Expect:", "Content-Type:"};
    for (size_t i = 0; i < (content_type == NULL && q->parts_count == 0 ? 2 : 1); i++) {
        struct curl_slist *item = arena_alloc(s->mem, sizeof(*item));
        item->data = arena_strdup(s->mem, removed[i]);
        *list.end = item;
        list.end = &item->next;
    }
    *ret = list.first;
    return 0;
}

#include "slack.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void add_escaped(struct buf *b, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '&') {
            buf_add(b, "&amp;");
        } else if (text[i] == '<') {
            buf_add(b, "&lt;");
        } else if (text[i] == '>') {
            buf_add(b, "&gt;");
        } else {
            buf_addn(b, text + i, 1);
        }
    }
}

/* "@name" at the start of word: the person's or the bot's id, or NULL. */
static const char *mention_of(json_t *team, const char *word, size_t len, size_t *ret_used)
{
    size_t used = 1;
    while (used < len && (isalnum((unsigned char)word[used]) || word[used] == '_')) {
        used++;
    }
    const char *id = NULL;
    const char *key = NULL;
    json_t *user = NULL;
    json_object_foreach(json_object_get(team, "users"), key, user)
    {
        const char *name = json_str_or(user, "name", "");
        if (id == NULL && strlen(name) == used - 1 && strncasecmp(name, word + 1, used - 1) == 0) {
            id = key;
        }
    }
    *ret_used = used;
    return id;
}

static bool is_link(const char *word, size_t len)
{
    return (len > 8 && strncmp(word, "https://", 8) == 0) ||
           (len > 7 && strncmp(word, "http://", 7) == 0);
}

/* A bare name such as example.com, which Slack links although no scheme was typed. */
static bool is_bare_domain(const char *word, size_t len)
{
    static const char *const ends[] = {".com", ".org", ".net", ".io"};
    size_t name = 0;
    while (name < len && (isalnum((unsigned char)word[name]) || strchr("-.", word[name]))) {
        name++;
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t tail = strlen(ends[i]);
        if (name == len && len > tail && strncasecmp(word + len - tail, ends[i], tail) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_email(const char *word, size_t len)
{
    const char *at = memchr(word, '@', len);
    if (at == NULL || at == word || memchr(at + 1, '@', len - (size_t)(at + 1 - word))) {
        return false;
    }
    const char *dot = memchr(at, '.', len - (size_t)(at - word));
    return dot != NULL && dot > at + 1 && dot + 1 < word + len;
}

static void add_link(struct buf *b, const char *scheme, const char *word, size_t len)
{
    buf_addf(b, "<%s", scheme);
    add_escaped(b, word, len);
    if (scheme[0] != '\0') {
        buf_add(b, "|");
        add_escaped(b, word, len);
    }
    buf_add(b, ">");
}

static void add_word(json_t *team, struct buf *b, const char *word, size_t len)
{
    size_t used = 0;
    const char *id = word[0] == '@' ? mention_of(team, word, len, &used) : NULL;
    if (id != NULL) {
        buf_addf(b, "<@%s>", id);
        add_escaped(b, word + used, len - used);
        return;
    }
    size_t core = len; /* closing punctuation is not part of a link */
    while (core > 0 && strchr(".,;:!?)", word[core - 1]) != NULL) {
        core--;
    }
    if (is_link(word, core)) {
        add_link(b, "", word, core);
    } else if (is_email(word, core)) {
        add_link(b, "mailto:", word, core);
    } else if (is_bare_domain(word, core)) {
        add_link(b, "http://", word, core);
    } else {
        core = 0;
    }
    add_escaped(b, word + core, len - core);
}

char *slack_typed(json_t *team, const char *text)
{
    struct buf b = {0};
    buf_add(&b, "");
    for (const char *p = text; *p != '\0';) {
        size_t blank = strspn(p, " \t\n");
        buf_addn(&b, p, blank);
        p += blank;
        size_t len = strcspn(p, " \t\n");
        if (len > 0) {
            add_word(team, &b, p, len);
        }
        p += len;
    }
    return b.data;
}

static void links_of_text(const char *text, json_t *links)
{
    for (const char *p = text; (p = strstr(p, "http")) != NULL;) {
        size_t len = strcspn(p, "<>| \t\r\n\"'`*");
        if (is_link(p, len)) {
            char *raw = xstrndup(p, len);
            struct buf url = {0};
            for (const char *c = raw; *c != '\0'; c++) {
                buf_addn(&url, c, 1);
                if (strncmp(c, "&amp;", 5) == 0) {
                    c += 4;
                }
            }
            json_array_append_new(links, json_text(url.data, url.len));
            buf_free(&url);
            free(raw);
        }
        p += len == 0 ? 4 : len;
    }
}

static void links_of(const json_t *value, json_t *links)
{
    if (json_is_string(value)) {
        links_of_text(json_string_value(value), links);
    }
    for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
        links_of(json_array_get(value, i), links);
    }
    if (json_is_object(value)) {
        void *iter = json_object_iter((json_t *)(uintptr_t)value);
        for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)value, iter)) {
            links_of(json_object_iter_value(iter), links);
        }
    }
}

json_t *slack_links(const json_t *message)
{
    json_t *all = json_array();
    links_of(json_object_get(message, "text"), all);
    links_of(json_object_get(message, "blocks"), all);
    json_t *seen = json_object();
    json_t *links = json_array();
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *link = json_array_get(all, i);
        if (json_object_get(seen, json_string_value(link)) == NULL) {
            json_object_set_new(seen, json_string_value(link), json_true());
            json_array_append(links, link);
        }
    }
    json_decref(seen);
    json_decref(all);
    return links;
}

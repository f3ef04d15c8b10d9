#include "login_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* A connection that acts, and allows less than its default connection asks for by now. */

enum { NAMED_MAX = 5, WORDS_MAX = 600 };

char *consent_words(struct scene *sc, const struct default_connection *d,
                    const struct connection *c)
{
    if (c == NULL || c->state != CONNECTION_ACTIVE) {
        return NULL;
    }
    const app *a = apps_find(sc->bot->options.apps, d->app);
    const struct oauth_scopes list = oauth_scopes_lacking(sc->bot->options.oauth, sc->mem, d, c);
    if (a == NULL || list.count == 0) {
        return NULL;
    }
    struct str s = str_new(sc->mem, WORDS_MAX);
    for (size_t i = 0; i < list.count && i < NAMED_MAX; i++) {
        str_printf(&s, "%s%s", i == 0 ? "" : ", ", app_scope_words(a, list.names[i]));
    }
    if (list.count > NAMED_MAX) {
        str_printf(&s, " and %zu more", list.count - NAMED_MAX);
    }
    return s.text;
}

char *consent_needed(struct scene *sc, const struct default_connection *d, const char *needed)
{
    static const char of_scopes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    " ._:/-";
    const app *a = apps_find(sc->bot->options.apps, d->app);
    if (a == NULL || str_empty(needed) || needed[strspn(needed, of_scopes)] != '\0') {
        return NULL;
    }
    struct str s = str_new(sc->mem, WORDS_MAX);
    for (const char *at = needed; *at != '\0'; at += strspn(at, " ")) {
        const char *name = arena_strndup(sc->mem, at, strcspn(at, " "));
        const char *words = app_scope_words(a, name);
        str_printf(&s, "%s%s", s.len == 0 ? "" : ", ", name);
        if (!str_equal(words, name)) {
            str_printf(&s, " (%s)", words);
        }
        at += strlen(name);
    }
    return s.len == 0 ? NULL : arena_printf(sc->mem, "It says that this needs %s.", s.text);
}

const char *consent_cause(const struct default_connection *d, const struct connection *c)
{
    return d->scopes_count > 0 && d->updated_at >= c->connected_at
               ? "an admin added it"
               : "your last login there did not allow it";
}

void consent_add_reason(struct scene *sc, json_t *view, const struct default_connection *d,
                        const struct connection *c)
{
    const char *title = words_app(sc, d->app);
    const char *words = consent_words(sc, d, c);
    if (words != NULL) {
        view_text(view, "**%s needs your consent to more**: %s (%s).", title, words,
                  consent_cause(d, c));
    } else {
        view_text(view, "**%s needs your consent to more**: your login there does not allow this.",
                  title);
    }
    view_note(view,
              "You stay connected as %s, and everything else goes on. Log in with the same "
              "account: another one would take its place.",
              words_account(sc->mem, &c->account));
}

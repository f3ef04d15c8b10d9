/* A channel or chat as somebody wrote it by hand: as events name it, or as Teams' own links do
 * (learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams). */
#include "teams_int.h"

#include <string.h>

#include "base/str.h"

enum { NAMED_MAX = 512 };

static bool is_plain(const char *text, size_t len)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
    return len > 0 && strspn(text, plain) >= len;
}

/* 19:...@thread.tacv2 and its like, or a:... of a one-to-one chat. */
static bool is_place(const char *id)
{
    size_t len = strlen(id);
    const char *at = strchr(id, '@');
    if (str_starts(id, "a:")) {
        return is_plain(id + 2, len - 2);
    }
    return str_starts(id, "19:") && at != NULL && is_plain(id + 3, (size_t)(at - id) - 3) &&
           is_plain(at + 1, strlen(at + 1));
}

/* What stands for the place in a link to it; NULL: it leads elsewhere. A link to a team names one
 * of its channels, and nobody means that one alone. */
static const char *in_link(const char *link)
{
    static const char *const paths[] = {"/l/channel/", "/l/message/", "/l/chat/"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const char *at = strstr(link, paths[i]);
        if (at != NULL) {
            return at + strlen(paths[i]);
        }
    }
    return NULL;
}

static char *decoded(arena *mem, const char *text)
{
    struct str out = str_new(mem, NAMED_MAX);
    while (*text != '\0') {
        bool colon = str_starts_fold(text, "%3a"), at = str_starts(text, "%40");
        str_add_char(&out, colon ? ':' : at ? '@' : *text);
        text += colon || at ? 3 : 1;
    }
    return out.cut ? NULL : out.text;
}

const char *teams_place_id(arena *mem, const char *text)
{
    const char *from = str_starts_fold(text, "https://") ? in_link(text) : text;
    char *id = from == NULL ? NULL : decoded(mem, arena_strndup(mem, from, strcspn(from, ";/?#")));
    return id != NULL && is_place(id) ? id : NULL;
}

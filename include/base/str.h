#ifndef WB_BASE_STR_H
#define WB_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * A growing text buffer on an arena. Invariants: text is NUL-terminated at all times; len never
 * passes max; what does not fit is cut (on a UTF-8 boundary, no escape in halves) and sets `cut`,
 * nothing is added behind a cut; so a writer needs no check per call and its owner checks once at
 * the end.
 */
struct str {
    arena *mem;
    char *text;
    size_t len;
    size_t room;
    size_t max;
    bool cut;
};

struct str str_new(arena *mem, size_t max);
void str_add(struct str *s, const char *text); /* NULL adds nothing */
void str_add_n(struct str *s, const char *text, size_t len);
void str_add_char(struct str *s, char c);
void str_printf(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Percent-encodes everything but RFC 3986 unreserved characters. */
void str_add_url(struct str *s, const char *text);
/* Appends text as the inside of a JSON string (RFC 8259 section 7), without the quotes; U+FFFD
 * stands for what is not UTF-8. */
void str_add_json(struct str *s, const char *text, size_t len);

bool str_equal(const char *a, const char *b);      /* NULL equals only NULL */
bool str_equal_fold(const char *a, const char *b); /* ASCII case ignored */
bool str_starts(const char *text, const char *prefix);
bool str_starts_fold(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
bool str_empty(const char *text); /* NULL or "" */
/* One of these is the text. */
bool str_in(const char *const *list, size_t count, const char *text);
/* A copy without leading and trailing ASCII white space. */
char *str_trim(arena *mem, const char *text);
/* A copy with ASCII letters in lower case. */
char *str_lower(arena *mem, const char *text);
/* A GUID (RFC 9562 section 4) in lower case; NULL when the whole text, or NULL, is none. */
char *str_guid(arena *mem, const char *text);
/* A token of RFC 9110 (section 5.6.2), as the name of a header is. */
bool str_is_token(const char *text);
/* A copy of at most max_bytes that ends on a UTF-8 boundary; an ellipsis marks a cut. */
char *str_cut(arena *mem, const char *text, size_t max_bytes);
/* True when text is well-formed UTF-8 (RFC 3629) without NUL. */
bool str_is_utf8(const char *text, size_t len);
/* Bytes of the well-formed UTF-8 sequence that text begins with (NUL is one); 0 if there is none.
 */
size_t str_utf8_step(const char *text, size_t len);
/* The code point that text begins with; *ret_step is its bytes. A byte that is no UTF-8 is U+FFFD;
 * at the NUL it is 0, and 1 byte. */
uint32_t str_point(const char *text, size_t *ret_step);
/* A letter, digit, underscore or combining mark of a script that puts spaces between words. Others
 * (Han, kana, Hangul, Thai) have no place where a word begins: false. */
bool str_is_letter(uint32_t point);
/* The lower case of one letter, where that is one: Latin, Greek, Cyrillic, Armenian. */
uint32_t str_fold(uint32_t point);
/* Unicode code points of well-formed UTF-8. */
size_t str_characters(const char *text);
/* The largest length up to max (and len) that splits no UTF-8 sequence. */
size_t str_fit(const char *text, size_t len, size_t max);
/* A copy in which U+FFFD stands for each byte that is not part of well-formed UTF-8. */
char *str_clean(arena *mem, const char *text);
/* False when readers see nothing of it: NULL, "", white space, characters without a shape. */
bool str_visible(const char *text);
/* A copy without the controls that turn the order of what stands behind them (UAX 9). */
char *str_straight(arena *mem, const char *text);
/* Whole text is one decimal int64; anything else is false and *ret untouched. */
bool str_to_i64(const char *text, long long *ret);

/* One part of `text` split at `separator`; *rest moves behind it and becomes NULL after the last.
 * Use: for (const char *rest = text, *part; (part = str_split(mem, &rest, ',')) != NULL;) */
char *str_split(arena *mem, const char **rest, char separator);

#endif

#ifndef WB_BASE_JSON_H
#define WB_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/faults.h"

/* Parses one JSON document: duplicate keys, NUL, invalid UTF-8, more than 64 levels and more than
 * LIMIT_JSON_VALUES_COUNT values are refused with ERR_INPUT "bad_json"; any JSON value is a
 * document. The error never quotes the document, which may hold secrets. The value lives on mem. */
int json_read(arena *mem, struct bytes text, json_t **ret, struct err *e);
/* The same of a text that we wrote ourselves: of many documents that were each within the bound it
 * may be made, and is read again however many values it has. */
int json_read_ours(arena *mem, struct bytes text, json_t **ret, struct err *e);
/* The same, and where it is not well-formed: line and column, from 1. */
struct json_place {
    int line, column;
};
int json_read_placed(arena *mem, struct bytes text, json_t **ret, struct json_place *ret_place,
                     struct err *e);
/* Where in this text, which is JSON, "steps[0].with.fields.Name" stands: a member's key, an item's
 * first character. Of what is not there, the nearest member or item around it (json_place.c). */
struct json_place json_place(struct bytes text, const char *path);
/* The same of several at once, in one walk through the text. */
void json_places(struct bytes text, const char *const *path, size_t count, struct json_place *ret);
/*
 * The way to one value of a document, a list on the stack of whoever walks there. Its text is made
 * only where it is told: made at each step it would cost the square of a hostile document.
 */
struct json_way {
    const struct json_way *up; /* NULL: the first, whose name is a path itself */
    const char *name;          /* of a member; NULL: */
    size_t item;               /* this item of a list */
};
/* "steps[0].with.fields.Name", on mem. */
char *json_way_text(arena *mem, const struct json_way *w);
/* Compact text on mem; keys sorted, so that equal values give equal text. NULL gives "null". */
char *json_write(arena *mem, const json_t *value);
/* The same for people: a line for each member and item, two spaces a level. */
char *json_write_lines(arena *mem, const json_t *value);

/* Building: what fails for want of memory (or is no UTF-8) dies. Values are taken over. */
json_t *json_must(json_t *value);
void json_put(json_t *object, const char *key, json_t *value);
void json_push(json_t *array, json_t *value);
/* A list of these texts, for others to take over. */
json_t *json_texts(const char *const *list, size_t count);
/* A text of people or of apps: what is no UTF-8 in it is replaced. NULL: "". */
json_t *json_words(const char *text);
/* The same for what is shown and never read back: no character turns the words behind it. */
json_t *json_shown(const char *text);
/* A member of such a text; NULL adds nothing. */
void json_put_words(json_t *object, const char *key, const char *text);
void json_put_shown(json_t *object, const char *key, const char *text);

/* Member readers: NULL, 0 or false when absent, null or of another type. */
const char *json_text(const json_t *object, const char *key);
int64_t json_i64(const json_t *object, const char *key);
bool json_flag(const json_t *object, const char *key);
json_t *json_member(const json_t *object, const char *key); /* borrowed; NULL if absent */
/* One of the items is this text; what is no list has none. */
bool json_has(const json_t *list, const char *text);
/* Value at "a.b.0.c"; array positions are decimal. Borrowed, NULL when there is none. */
json_t *json_at(const json_t *value, const char *path);

/*
 * Strict reading of a document with all faults at once. Every reader takes the member `key` of
 * `object`, adds a fault under "path.key" when it is missing (required) or of the wrong type or
 * outside its bounds, and gives NULL, 0 or the default then. null counts as absent. A document that
 * is not there (`object` is NULL) has no members and nobody complains about what it lacks.
 */
struct json_doc {
    struct faults *faults;
    arena *mem;
    const char *path; /* of `object` in the document; "" at the top */
    const json_t *object;
};

struct json_doc json_doc(struct faults *f, arena *mem, const char *path, const json_t *object);
/* A nested document: the object member key, or one that is not there if absent or wrong. */
struct json_doc json_doc_member(const struct json_doc *d, const char *key, bool required);
struct json_doc json_doc_item(const struct json_doc *d, const char *key, size_t index);
/* max in bytes; a required text may not be empty. */
const char *json_doc_text(const struct json_doc *d, const char *key, bool required, size_t max);
bool json_doc_flag(const struct json_doc *d, const char *key, bool absent);
int64_t json_doc_i64(const struct json_doc *d, const char *key, int64_t absent);
json_t *json_doc_array(const struct json_doc *d, const char *key, bool required, size_t max);
/* One of the NULL-terminated choices, else a fault that lists them. Returns its index, or -1. */
int json_doc_choice(const struct json_doc *d, const char *key, const char *const *choices,
                    int absent);
/* Adds one fault per member of d that is not in the NULL-terminated list. */
void json_doc_known(const struct json_doc *d, const char *const *keys);
void json_doc_fault(const struct json_doc *d, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

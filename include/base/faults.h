#ifndef WB_BASE_FAULTS_H
#define WB_BASE_FAULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct json_place;

/*
 * All faults of one document at once: configuration, recipe, app definition, API body. A reader
 * adds what it finds and goes on; the caller looks at `count` once. At most FAULTS_MAX are kept,
 * the rest is counted.
 */
enum { FAULTS_MAX = 50 };

struct fault {
    const char *path; /* "steps[0].with.object", or the name of a setting */
    const char *text; /* a whole sentence for the author of the document */
};

struct faults {
    arena *mem;
    size_t count; /* all that were found, also those not kept */
    struct fault list[FAULTS_MAX];
};

void faults_init(struct faults *f, arena *mem);
/* No more are kept: nobody need make the path of one. */
bool faults_full(const struct faults *f);
void faults_add(struct faults *f, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* [{"path":..., "text":...}], a new reference. */
json_t *faults_json(const struct faults *f);
/* Where in this text, which is JSON, each of such a list stands: by index, on mem. */
struct json_place *faults_places(arena *mem, struct bytes text, const json_t *list);
/* "path: text; path: text", at most max_bytes. */
char *faults_line(arena *mem, const struct faults *f, size_t max_bytes);

#endif

#ifndef WB_APPS_INPUT_INT_H
#define WB_APPS_INPUT_INT_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* What an action takes ("inputs" of its definition): inputs.c. */

enum apps_input_type {
    INPUT_TEXT,
    INPUT_OBJECT,
    INPUT_SOQL,
    INPUT_NUMBER,
    INPUT_BOOLEAN,
    INPUT_DATE,
    INPUT_LIST,
    INPUT_FILE /* {"name", and "content" or "content_base64"} */
};

struct apps_input {
    const char *name;
    enum apps_input_type type;
    bool required;
    const regex_t *pattern; /* of a text, or of each text of a list; NULL: any */
    const regex_t *keys;    /* of an object's keys; NULL: any */
    size_t max;             /* characters of each of these; 0: any number */
    const char *values;     /* of a soql: the input that holds the values of its :names */
    const char *strip;      /* of a text: characters that are taken out of it; NULL: none */
    const json_t *preset;   /* when nothing is given; NULL: none */
    const char *words;      /* "an object's API name, like Opportunity" */
};

/* A value as it is sent, a new reference: stripped, and a number or flag that came as text is one.
 */
json_t *apps_input_value(arena *mem, const struct apps_input *in, const json_t *value);
/* Why a value does not do, as a sentence for the recipe's author; NULL: it does. */
const char *apps_input_fault(arena *mem, const struct apps_input *in, const json_t *value);
/* Name and bytes of a file input; false when it is none or too large. */
bool apps_input_file(arena *mem, const json_t *value, const char **ret_name, struct bytes *ret);
/* Absent, null or the empty text. */
bool apps_input_empty(const json_t *value);

#endif

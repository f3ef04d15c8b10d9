#include "apps_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/*
 * :name in a SOQL query stands for a value, which becomes a literal: quoted and escaped text, a
 * bare number, true, false or null; {"date": ...} and {"datetime": ...} give the bare forms. So no
 * value can leave its place. Colons inside quotes, and before digits (times, LAST_N_DAYS:30), are
 * no names.
 */

static const char name_first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
static const char name_rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

/* Behind the quoted literal that begins at text. */
static const char *skip_quoted(const char *text)
{
    for (text++; *text != '\0' && *text != '\''; text++) {
        if (*text == '\\' && text[1] != '\0') {
            text++;
        }
    }
    return *text == '\0' ? text : text + 1;
}

/* The ":" of the next name at or behind text, or its end. */
static const char *next_colon(const char *text)
{
    while (*text != '\0') {
        text += strcspn(text, ":'");
        if (*text == '\'') {
            text = skip_quoted(text);
        } else if (*text == ':') {
            if (text[1] != '\0' && strchr(name_first, text[1]) != NULL) {
                return text;
            }
            text++;
        }
    }
    return text;
}

const char *apps_soql_next(arena *mem, const char **io_at)
{
    const char *colon = next_colon(*io_at);
    if (*colon == '\0') {
        *io_at = colon;
        return NULL;
    }
    size_t len = strspn(colon + 1, name_rest);
    *io_at = colon + 1 + len;
    return arena_strndup(mem, colon + 1, len);
}

static void add_quoted(struct str *s, const char *text)
{
    static const char from[] = "\\'\"\n\r\t\b\f";
    static const char to[] = "\\'\"nrtbf";
    str_add_char(s, '\'');
    for (; *text != '\0'; text++) {
        const char *special = strchr(from, *text);
        if (special != NULL) {
            str_add_char(s, '\\');
            str_add_char(s, to[special - from]);
        } else {
            str_add_char(s, (unsigned char)*text < ' ' ? ' ' : *text);
        }
    }
    str_add_char(s, '\'');
}

/* Does text have this form: "d" a digit, "." anything of the zone's tail, else itself. */
static bool has_form(const char *text, const char *form)
{
    for (; *form != '\0'; form++, text++) {
        bool digit = *text >= '0' && *text <= '9';
        if (*form == 'd' ? !digit : *text != *form) {
            return false;
        }
    }
    return *text == '\0';
}

static bool add_moment(struct str *s, const json_t *value)
{
    static const char *const dates[] = {"dddd-dd-dd", NULL};
    static const char *const times[] = {"dddd-dd-ddTdd:dd:ddZ", "dddd-dd-ddTdd:dd:dd.dddZ",
                                        "dddd-dd-ddTdd:dd:dd+dd:dd", "dddd-dd-ddTdd:dd:dd-dd:dd",
                                        NULL};
    const char *date = json_text(value, "date");
    const char *text = date != NULL ? date : json_text(value, "datetime");
    if (text == NULL || json_object_size(value) != 1) {
        return false;
    }
    for (const char *const *form = date != NULL ? dates : times; *form != NULL; form++) {
        if (has_form(text, *form)) {
            str_add(s, text);
            return true;
        }
    }
    return false;
}

/* With as many decimals as the number has: a literal has no exponent. */
static bool add_real(struct str *s, double value)
{
    enum { DECIMALS_MAX = 17 };
    char text[40];
    int decimals = 0;
    do {
        decimals++;
        (void)snprintf(text, sizeof(text), "%.*f", decimals, value);
    } while (strtod(text, NULL) != value && decimals < DECIMALS_MAX);
    str_add(s, text);
    return strtod(text, NULL) == value;
}

static bool add_literal(struct str *s, const json_t *value)
{
    if (json_is_string(value)) {
        add_quoted(s, json_string_value(value));
    } else if (value == NULL || json_is_null(value)) {
        str_add(s, "null");
    } else if (json_is_boolean(value)) {
        str_add(s, json_is_true(value) ? "true" : "false");
    } else if (json_is_integer(value)) {
        str_printf(s, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value) && fabs(json_real_value(value)) < 1e15) {
        return add_real(s, json_real_value(value));
    } else {
        return add_moment(s, value);
    }
    return true;
}

int apps_soql_bind(arena *mem, const char *soql, const json_t *values, char **ret, struct err *e)
{
    struct str s = str_new(mem, LIMIT_URL);
    const char *at = soql;
    for (;;) {
        const char *colon = next_colon(at);
        str_add_n(&s, at, (size_t)(colon - at));
        at = colon;
        const char *name = apps_soql_next(mem, &at);
        if (name == NULL) {
            break;
        }
        if (!add_literal(&s, json_member(values, name))) {
            return err_set(e, ERR_INVALID, "bad_input", "the value of :%s has no SOQL literal",
                           name);
        }
    }
    *ret = s.text;
    return apps_not_cut(&s, "a query", e);
}

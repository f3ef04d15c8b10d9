#include "recipe_int.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

const struct recipe_input *recipe_input_find(const struct recipe *r, const char *name)
{
    for (size_t i = 0; i < r->inputs_count; i++) {
        if (str_equal_fold(r->inputs[i].name, name)) {
            return &r->inputs[i];
        }
    }
    return NULL;
}

const struct recipe_input *recipe_missing(const struct recipe *r, json_t *inputs)
{
    const struct recipe_input *missing = NULL;
    for (size_t i = 0; i < r->inputs_count; i++) {
        const struct recipe_input *in = &r->inputs[i];
        const json_t *given = json_member(inputs, in->name);
        bool blank = given == NULL || json_is_null(given) ||
                     (json_is_string(given) && json_string_length(given) == 0);
        if (!blank) {
            continue;
        }
        json_object_del(inputs, in->name);
        if (in->fallback != NULL) {
            json_object_set_new(inputs, in->name, json_deep_copy(in->fallback));
        } else if (in->required && missing == NULL) {
            missing = in;
        }
    }
    return missing;
}

/* --- text to a typed value --- */

typedef bool parse_fn(arena *mem, const char *text, json_t **ret, const char **ret_why);

static bool parse_string(arena *mem, const char *text, json_t **ret, const char **ret_why)
{
    (void)mem;
    (void)ret_why;
    *ret = json_string(text);
    return true;
}

/* Above 2^53 a double has no cents, and then no units: nothing is rounded behind a user's back. */
static const double EXACT_MAX = 9007199254740992.0;

static bool parse_number(arena *mem, const char *text, json_t **ret, const char **ret_why)
{
    (void)mem;
    long long whole = 0;
    if (str_to_i64(text[0] == '+' && text[1] != '-' ? text + 1 : text, &whole)) {
        *ret = json_integer(whole);
        return true;
    }
    char *end = NULL;
    bool plain = text[0] != '\0' && strspn(text, "+-0123456789.") == strlen(text);
    double value = plain ? strtod(text, &end) : NAN;
    if (!plain || end == text || *end != '\0' || !isfinite(value)) {
        *ret_why = "That is not a number. Write it like 5000 or 12.5, without a currency or "
                   "thousands separators.";
        return false;
    }
    if (fabs(value) > EXACT_MAX) {
        *ret_why = "That number is too large.";
        return false;
    }
    *ret = json_real(value);
    return true;
}

static bool parse_boolean(arena *mem, const char *text, json_t **ret, const char **ret_why)
{
    (void)mem;
    static const char *const yes[] = {"yes", "true", "y", "on", "1", NULL};
    static const char *const no[] = {"no", "false", "n", "off", "0", NULL};
    for (size_t i = 0; yes[i] != NULL; i++) {
        if (str_equal_fold(text, yes[i]) || str_equal_fold(text, no[i])) {
            *ret = json_boolean(str_equal_fold(text, yes[i]));
            return true;
        }
    }
    *ret_why = "Answer yes or no.";
    return false;
}

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool recipe_parse_date(arena *mem, const char *text, json_t **ret, const char **ret_why)
{
    *ret_why = "That is not a date. Write it as year-month-day, like 2026-12-31.";
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-') {
        return false;
    }
    for (size_t i = 0; i < 10; i++) {
        if (i != 4 && i != 7 && !isdigit((unsigned char)text[i])) {
            return false;
        }
    }
    int year = (int)strtol(text, NULL, 10);
    int month = (int)strtol(text + 5, NULL, 10);
    int day = (int)strtol(text + 8, NULL, 10);
    if (month < 1 || month > 12 || day < 1) {
        *ret_why = "That is not a date: there is no such day. Write it as year-month-day, like "
                   "2026-12-31.";
        return false;
    }
    if (day > days_in_month(year, month)) {
        *ret_why = arena_printf(mem, "That is not a date: there is no %d %s %d.", day,
                                months[month - 1], year);
        return false;
    }
    *ret = json_string(text);
    return true;
}

static bool parse_file(arena *mem, const char *text, json_t **ret, const char **ret_why)
{
    (void)mem;
    (void)text;
    (void)ret;
    *ret_why = "A file cannot be typed: choose it in the form.";
    return false;
}

static parse_fn *const parsers[INPUT_TYPE_COUNT] = {
    [INPUT_STRING] = parse_string,
    [INPUT_NUMBER] = parse_number,
    [INPUT_BOOLEAN] = parse_boolean,
    [INPUT_DATE] = recipe_parse_date,
    [INPUT_DATE_TIME] = recipe_parse_date_time,
    [INPUT_FILE] = parse_file,
};

static bool one_of_options(arena *mem, const struct recipe_input *in, const char *text,
                           const char **ret_value, const char **ret_why)
{
    struct str choices = str_new(mem, 600);
    for (size_t i = 0; i < in->options_count; i++) {
        const struct recipe_option *o = &in->options[i];
        if (str_equal_fold(text, o->label) || str_equal_fold(text, o->value)) {
            *ret_value = o->value;
            return true;
        }
        str_printf(&choices, "%s%s", i == 0 ? "" : ", ", o->label);
    }
    *ret_why = arena_printf(mem, "Choose one of: %s.", choices.text);
    return false;
}

bool recipe_input_value(arena *mem, const struct recipe_input *in, const char *text, json_t **ret,
                        const char **ret_why)
{
    const char *value = str_trim(mem, text);
    if (str_characters(value) > LIMIT_INPUT_CHARACTERS_COUNT) {
        *ret_why = "That is too long: 4,000 characters at most.";
        return false;
    }
    if (in->options_count > 0 && !one_of_options(mem, in, value, &value, ret_why)) {
        return false;
    }
    json_t *parsed = NULL;
    if (!parsers[in->type](mem, value, &parsed, ret_why)) {
        return false;
    }
    *ret = arena_json(mem, parsed);
    return true;
}

const struct recipe_input *recipe_asks(arena *mem, const struct recipe *r, json_t *inputs,
                                       const char **ret_why)
{
    const struct recipe_input *missing = recipe_missing(r, inputs);
    *ret_why = NULL;
    for (size_t i = 0; i < r->inputs_count && &r->inputs[i] != missing; i++) {
        json_t *given = json_member(inputs, r->inputs[i].name), *value = NULL;
        const char *why = NULL;
        if (json_is_string(given) &&
            !recipe_input_value(mem, &r->inputs[i], json_string_value(given), &value, &why)) {
            *ret_why = why;
            return &r->inputs[i];
        }
    }
    return missing;
}

/* --- "name: Acme renewal amount: 5000" --- */

/* A word directly followed by a colon that stands at a word's beginning: [start, colon). */
struct label {
    const char *start;
    size_t len;
    const struct recipe_input *input; /* NULL: looks like an input but is none */
};

static bool label_at(const struct recipe *r, const char *text, const char *p, struct label *ret)
{
    if (p != text && !isspace((unsigned char)p[-1])) {
        return false;
    }
    size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (len == 0 || len > LIMIT_NAME || p[len] != ':') {
        return false;
    }
    char name[LIMIT_NAME + 1];
    memcpy(name, p, len);
    name[len] = '\0';
    /* "https://..." inside a value is no input; neither is "12:30" */
    bool value_like = p[len + 1] == '/' || isdigit((unsigned char)p[0]);
    *ret = (struct label){.start = p, .len = len, .input = recipe_input_find(r, name)};
    return ret->input != NULL || !value_like;
}

static const char *next_known(const struct recipe *r, const char *text, const char *from)
{
    struct label found;
    const char *p = from;
    while (*p != '\0' && !(label_at(r, text, p, &found) && found.input != NULL)) {
        p++;
    }
    return p;
}

static void add_unknown(arena *mem, struct recipe_words *w, const char *start, size_t len)
{
    if (w->unknown_count < LIMIT_INPUTS_COUNT) {
        w->unknown[w->unknown_count++] = str_trim(mem, arena_strndup(mem, start, len));
    }
}

/* What stands before the first known name was meant as something: name it, do not drop it. */
static const char *leading(arena *mem, const struct recipe *r, const char *rest,
                           struct recipe_words *w)
{
    const char *first = next_known(r, rest, rest);
    const char *p = rest;
    bool named = false;
    for (; p < first; p++) {
        struct label found;
        if (label_at(r, rest, p, &found)) {
            add_unknown(mem, w, found.start, found.len);
            named = true;
        }
    }
    char *words = str_trim(mem, arena_strndup(mem, rest, (size_t)(first - rest)));
    if (!named && words[0] != '\0') {
        add_unknown(mem, w, words, strlen(words));
    }
    return first;
}

static bool closes(const char *quote)
{
    return quote[1] == '\0' || isspace((unsigned char)quote[1]);
}

/* The last quote of the text that ends a value: none is looked for behind it. */
static const char *last_close(const char *text)
{
    const char *last = text;
    for (const char *p = strchr(text, '"'); p != NULL; p = strchr(p + 1, '"')) {
        last = closes(p) ? p : last;
    }
    return last;
}

/* `"a value: with anything"`: the end of a quoted value, behind its quote; NULL if it is not one.
 */
static const char *quoted_end(const char *value, const char *last)
{
    if (*value != '"' || last <= value) {
        return NULL;
    }
    const char *close = strchr(value + 1, '"');
    while (!closes(close)) {
        close = strchr(close + 1, '"');
    }
    return close + 1;
}

/* "colour: red" inside a plain value looks like an input that the recipe does not have: better
 * asked about than written into somebody's record. "Error: ..." and "a:b" do not. */
static void name_lookalikes(arena *mem, const struct recipe *r, const char *from, const char *to,
                            struct recipe_words *w)
{
    for (const char *p = from; p < to; p++) {
        struct label found;
        bool like = islower((unsigned char)*p) && label_at(r, from, p, &found) &&
                    found.input == NULL &&
                    strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_") == found.len &&
                    isspace((unsigned char)p[found.len + 1]);
        if (like) {
            add_unknown(mem, w, found.start, found.len);
        }
    }
}

static void add_repeated(struct recipe_words *w, const char *name)
{
    for (size_t i = 0; i < w->repeated_count; i++) {
        if (str_equal(w->repeated[i], name)) {
            return;
        }
    }
    if (w->repeated_count < LIMIT_INPUTS_COUNT) {
        w->repeated[w->repeated_count++] = name;
    }
}

static void take(const struct recipe_input *in, const char *text, struct recipe_words *w)
{
    if (json_member(w->given, in->name) != NULL) {
        add_repeated(w, in->name);
    }
    if (text[0] != '\0') { /* "name:" and nothing behind it is not given */
        json_object_set_new(w->given, in->name, json_string(text));
    }
}

/* What is split, and the last quote that ends a value there. */
struct splitting {
    const struct recipe *recipe;
    const char *text, *last;
};

/* One value, from behind its colon. Returns where the next known name begins. */
static const char *take_value(arena *mem, const struct splitting *s, const struct label *of,
                              struct recipe_words *w)
{
    const struct recipe *r = s->recipe;
    const char *value = of->start + of->len + 1;
    value += strspn(value, " \t");
    const char *quote = quoted_end(value, s->last);
    const char *end = next_known(r, s->text, quote == NULL ? value : quote);
    if (quote == NULL) {
        take(of->input, str_trim(mem, arena_strndup(mem, value, (size_t)(end - value))), w);
        name_lookalikes(mem, r, value, end, w);
        return end;
    }
    take(of->input, arena_strndup(mem, value + 1, (size_t)(quote - value - 2)), w);
    const char *loose = str_trim(mem, arena_strndup(mem, quote, (size_t)(end - quote)));
    if (loose[0] != '\0') {
        add_unknown(mem, w, loose, strlen(loose));
    }
    return end;
}

void recipe_inputs_split(arena *mem, const struct recipe *r, const char *rest,
                         struct recipe_words *ret)
{
    ret->given = arena_json(mem, json_object());
    ret->unknown = arena_array(mem, LIMIT_INPUTS_COUNT, sizeof(char *));
    ret->unknown_count = 0;
    ret->repeated = arena_array(mem, LIMIT_INPUTS_COUNT, sizeof(char *));
    ret->repeated_count = 0;
    const struct splitting s = {r, rest, last_close(rest)};
    const char *p = leading(mem, r, rest, ret);
    struct label found;
    while (*p != '\0' && label_at(r, rest, p, &found) && found.input != NULL) {
        p = take_value(mem, &s, &found, ret);
    }
}

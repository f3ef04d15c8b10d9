#include "recipe_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/*
 * The functions of templates: one closed table. Each is total: every value has a result, what is
 * absent stays absent unless the function is there for that, and what is no text is taken as it
 * prints. Nothing here loops but over its own value, and all texts on the way are counted.
 */

enum { WORK_MAX = 16 * LIMIT_TEMPLATE_OUTPUT };

typedef const json_t *apply_fn(struct template_work *w, const json_t *value, const char *argument);

struct template_function {
    const char *name;
    apply_fn *apply;
    bool takes_absent;          /* called for what is absent, too */
    bool takes_text;            /* needs an argument */
    const char *const *choices; /* which; NULL: any */
    const char *fault;          /* of a wrong argument */
};

struct template_work template_work_new(arena *mem, const json_t *context)
{
    return (struct template_work){.mem = mem, .context = context, .left = WORK_MAX};
}

static bool spend(struct template_work *w, size_t bytes)
{
    w->left = bytes < w->left ? w->left - bytes : 0;
    return w->left > 0;
}

/* As it prints in a text; "" when there is no room for it. */
static const char *text_of(struct template_work *w, const json_t *value)
{
    if (json_is_string(value)) {
        return spend(w, json_string_length(value)) ? json_string_value(value) : "";
    }
    if (value == NULL || json_is_null(value)) {
        return "";
    }
    /* asked for its length alone: jansson's own text has numbers that nobody typed */
    size_t need = json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    return spend(w, need) ? json_write(w->mem, value) : "";
}

static struct str buffer(struct template_work *w)
{
    return str_new(w->mem, LIMIT_TEMPLATE_OUTPUT);
}

/* A buffer that was cut is too much. */
static const json_t *finish(struct template_work *w, const struct str *s)
{
    w->left = s->cut ? 0 : w->left;
    return spend(w, s->len) ? arena_json(w->mem, json_words(s->text)) : NULL;
}

static const json_t *turn_letters(struct template_work *w, const json_t *value, char first,
                                  char last)
{
    struct str s = buffer(w);
    str_add(&s, text_of(w, value));
    for (char *p = s.text; *p != '\0'; p++) {
        *p = *p >= first && *p <= last ? (char)(*p ^ 0x20) : *p;
    }
    return finish(w, &s);
}

static const json_t *apply_upper(struct template_work *w, const json_t *value, const char *unused)
{
    (void)unused;
    return turn_letters(w, value, 'a', 'z');
}

static const json_t *apply_lower(struct template_work *w, const json_t *value, const char *unused)
{
    (void)unused;
    return turn_letters(w, value, 'A', 'Z');
}

static const json_t *apply_trim(struct template_work *w, const json_t *value, const char *unused)
{
    (void)unused;
    struct str s = buffer(w);
    str_add(&s, str_trim(w->mem, text_of(w, value)));
    return finish(w, &s);
}

static const json_t *apply_default(struct template_work *w, const json_t *value,
                                   const char *argument)
{
    bool there = value != NULL && !json_is_null(value) &&
                 !(json_is_string(value) && json_string_length(value) == 0);
    return there ? value : arena_json(w->mem, json_words(argument));
}

static int two_digits(const char *at)
{
    return (at[0] - '0') * 10 + at[1] - '0';
}

/* "2026-12-31", alone or before the time of an ISO 8601 moment. */
static bool read_day(const char *text, int *ret_month, int *ret_day)
{
    static const char form[] = "dddd-dd-dd";
    for (size_t i = 0; form[i] != '\0'; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != form[i]) {
            return false; /* the end of the text, too */
        }
    }
    *ret_month = two_digits(text + 5);
    *ret_day = two_digits(text + 8);
    return strchr("T ", text[10]) != NULL && *ret_month >= 1 && *ret_month <= 12 && *ret_day >= 1 &&
           *ret_day <= 31;
}

static const char *const date_forms[] = {"long", "short", "iso", "utc", NULL};

/* An instant as apps take it that know no zones: "2026-12-31 13:30:00". What names no zone stays as
 * it is, for nobody can say whose clock it is by. */
static const json_t *apply_utc(struct template_work *w, const json_t *value, const char *text)
{
    json_t *read = NULL;
    const char *why = NULL;
    const char *instant = recipe_parse_date_time(w->mem, text, &read, &why)
                              ? json_string_value(arena_json(w->mem, read))
                              : "";
    if (strchr(instant, 'Z') == NULL) {
        return value;
    }
    struct str s = buffer(w);
    str_printf(&s, "%.10s %.8s", instant, instant + strlen("2026-12-31T"));
    return finish(w, &s);
}

/* What is no date stays as it is. */
static const json_t *apply_date(struct template_work *w, const json_t *value, const char *form)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    const char *text = text_of(w, value);
    int month = 0, day = 0;
    if (str_equal(form, "utc")) {
        return apply_utc(w, value, text);
    }
    if (!read_day(text, &month, &day)) {
        return value;
    }
    struct str s = buffer(w);
    if (str_equal(form, "iso")) {
        str_add_n(&s, text, 10);
    } else {
        size_t length = str_equal(form, "short") ? 3 : strlen(months[month - 1]);
        str_printf(&s, "%d %.*s %.4s", day, (int)length, months[month - 1], text);
    }
    return finish(w, &s);
}

static const json_t *apply_count(struct template_work *w, const json_t *value, const char *unused)
{
    (void)unused;
    bool container = json_is_array(value) || json_is_object(value);
    size_t count = container ? json_array_size(value) + json_object_size(value)
                             : str_characters(text_of(w, value));
    return arena_json(w->mem, json_integer((json_int_t)count));
}

static const json_t *apply_join(struct template_work *w, const json_t *value, const char *between)
{
    struct str s = buffer(w);
    if (!json_is_array(value)) {
        str_add(&s, text_of(w, value));
    }
    for (size_t i = 0; i < json_array_size(value) && !s.cut; i++) {
        str_add(&s, i == 0 ? "" : between);
        str_add(&s, text_of(w, json_array_get(value, i)));
    }
    return finish(w, &s);
}

static const json_t *apply_url(struct template_work *w, const json_t *value, const char *unused)
{
    (void)unused;
    struct str s = buffer(w);
    str_add_url(&s, text_of(w, value));
    return finish(w, &s);
}

static const json_t *apply_json(struct template_work *w, const json_t *value, const char *unused)
{
    (void)unused;
    struct str s = buffer(w);
    if (!json_is_string(value)) {
        str_add(&s, text_of(w, value));
        return finish(w, &s);
    }
    const char *text = text_of(w, value);
    str_add_char(&s, '"');
    str_add_json(&s, text, strlen(text));
    str_add_char(&s, '"');
    return finish(w, &s);
}

/* The inside of a quoted text: Salesforce, "Quoted String Escape Sequences". */
static const json_t *apply_soql(struct template_work *w, const json_t *value, const char *unused)
{
    static const char from[] = "\\'\"\n\r\t\b\f";
    static const char to[] = "\\'\"nrtbf";
    (void)unused;
    struct str s = buffer(w);
    for (const char *p = text_of(w, value); *p != '\0'; p++) {
        const char *special = strchr(from, *p);
        if (special != NULL) {
            const char pair[] = {'\\', to[special - from]};
            str_add_n(&s, pair, 2);
        } else {
            str_add_char(&s, (unsigned char)*p < ' ' ? ' ' : *p);
        }
    }
    return finish(w, &s);
}

static const json_t *apply_first(struct template_work *w, const json_t *value, const char *unused)
{
    (void)w;
    (void)unused;
    return json_is_array(value) ? json_array_get(value, 0) : value;
}

static const json_t *apply_last(struct template_work *w, const json_t *value, const char *unused)
{
    (void)w;
    (void)unused;
    size_t size = json_array_size(value);
    return !json_is_array(value) ? value : size == 0 ? NULL : json_array_get(value, size - 1);
}

#define NEEDS_TEXT "this function takes one text in quotes, such as (\"none\")"

static const struct template_function functions[] = {
    {"count", apply_count, true, false, NULL, NULL},
    {"date", apply_date, false, true, date_forms,
     "date takes (\"long\"), (\"short\"), (\"iso\") or (\"utc\")"},
    {"default", apply_default, true, true, NULL, NEEDS_TEXT},
    {"first", apply_first, false, false, NULL, NULL},
    {"join", apply_join, false, true, NULL, NEEDS_TEXT},
    {"json", apply_json, false, false, NULL, NULL},
    {"last", apply_last, false, false, NULL, NULL},
    {"lower", apply_lower, false, false, NULL, NULL},
    {"soql", apply_soql, false, false, NULL, NULL},
    {"trim", apply_trim, false, false, NULL, NULL},
    {"upper", apply_upper, false, false, NULL, NULL},
    {"url", apply_url, false, false, NULL, NULL},
};

const struct template_function *template_function_find(const char *name)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (str_equal(functions[i].name, name)) {
            return &functions[i];
        }
    }
    return NULL;
}

const char *template_function_fault(const struct template_function *f, const char *argument)
{
    if (!f->takes_text) {
        return argument == NULL ? NULL : "this function takes no argument";
    }
    if (argument == NULL || f->choices == NULL) {
        return argument != NULL ? NULL : f->fault;
    }
    size_t i = 0;
    while (f->choices[i] != NULL && !str_equal(f->choices[i], argument)) {
        i++;
    }
    return f->choices[i] != NULL ? NULL : f->fault;
}

const json_t *template_slot_value(struct template_work *w, const struct template_slot *slot)
{
    const json_t *value = json_at(w->context, slot->path);
    for (size_t i = 0; i < slot->calls_count && w->left > 0; i++) {
        const struct template_call *c = &slot->calls[i];
        bool absent = value == NULL || json_is_null(value);
        if (!absent || c->function->takes_absent) {
            value = c->function->apply(w, value, c->argument);
        }
    }
    return w->left > 0 ? value : NULL;
}

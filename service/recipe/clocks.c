#include "recipe_int.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/*
 * Inputs of type date_time. Reading the text is pure; what a clock shows becomes an instant in a
 * second step, which asks the database for the rules of the zone.
 */

static const char SHAPE[] = "That is not a date and time. Write it like 2026-12-31 14:30.";

static const char NO_TIME[] = "The time is missing. Write it like 2026-12-31 14:30.";

/* --- the text --- */

/* One or two digits, up to max; moves *at behind them. */
static bool read_number(const char **at, int max, int *ret)
{
    const char *p = *at;
    int value = 0, digits = 0;
    for (; digits < 2 && isdigit((unsigned char)*p); digits++) {
        value = value * 10 + (*p++ - '0');
    }
    *at = p;
    *ret = value;
    return digits > 0 && value <= max;
}

static bool read_two(const char **at, int max, int *ret)
{
    bool two = isdigit((unsigned char)(*at)[0]) && isdigit((unsigned char)(*at)[1]);
    return two && read_number(at, max, ret);
}

/* "14:30", "14:30:00", "14:30:00.000": what is less than a second is dropped. */
static bool read_time(const char **at, int *ret_second_of_day)
{
    int hours = 0, minutes = 0, seconds = 0;
    if (!read_number(at, 23, &hours) || **at != ':') {
        return false;
    }
    (*at)++;
    if (!read_two(at, 59, &minutes)) {
        return false;
    }
    if (**at == ':') {
        (*at)++;
        if (!read_two(at, 59, &seconds)) {
            return false;
        }
        if (**at == '.' && isdigit((unsigned char)(*at)[1])) {
            (*at)++;
            *at += strspn(*at, "0123456789");
        }
    }
    *ret_second_of_day = hours * 3600 + minutes * 60 + seconds;
    return true;
}

/* "Z", "UTC", "+02:00", "+0200", "+02". No zone is right, too: *ret_given is false then. */
static bool read_zone(const char *at, bool *ret_given, int *ret_offset_s)
{
    int hours = 0, minutes = 0;
    *ret_given = *at != '\0';
    *ret_offset_s = 0;
    if (*at == '\0' || str_equal_fold(at, "z") || str_equal_fold(at, "utc")) {
        return true;
    }
    int sign = *at == '+' ? 1 : *at == '-' ? -1 : 0;
    at++;
    if (sign == 0 || !read_two(&at, 14, &hours)) {
        return false;
    }
    at += *at == ':' ? 1 : 0;
    if (*at != '\0' && !read_two(&at, 59, &minutes)) {
        return false;
    }
    *ret_offset_s = sign * (hours * 3600 + minutes * 60);
    return *at == '\0';
}

static bool is_in_reach(int64_t at)
{
    const int64_t first = -2208988800;   /* 1900-01-01 */
    const int64_t behind = 253370764800; /* 9999-01-01 */
    return at >= first && at < behind;
}

/* The day that stands before the time. *ret_at: its begin in UTC. */
static bool read_day(arena *mem, const char *text, int64_t *ret_at, const char **ret_why)
{
    enum { DAY_LENGTH = 10 };
    json_t *day = NULL;
    const char *date = arena_strndup(mem, text, strnlen(text, DAY_LENGTH));
    if (strlen(date) != DAY_LENGTH || date[4] != '-' || date[7] != '-') {
        return false;
    }
    if (!recipe_parse_date(mem, date, &day, ret_why)) {
        return false;
    }
    json_decref(day);
    *ret_why = text[DAY_LENGTH] == '\0' ? NO_TIME : SHAPE;
    return text[DAY_LENGTH] != '\0' && strchr("Tt ", text[DAY_LENGTH]) != NULL &&
           clock_read_rfc3339(date, ret_at);
}

bool recipe_parse_date_time(arena *mem, const char *text, json_t **ret, const char **ret_why)
{
    int64_t at = 0;
    int second = 0, offset = 0;
    bool zoned = false;
    *ret_why = SHAPE;
    if (!read_day(mem, text, &at, ret_why)) {
        return false;
    }
    const char *time = text + strlen("2026-12-31T");
    time += strspn(time, " ");
    if (!read_time(&time, &second) || !read_zone(time + strspn(time, " "), &zoned, &offset)) {
        return false;
    }
    at += second - offset;
    if (!is_in_reach(at)) {
        *ret_why = "That is too far away: the years 1900 to 9998 can be given.";
        return false;
    }
    char *written = clock_rfc3339(mem, at);
    *ret = json_stringn(written, strlen(written) - (zoned ? 0 : 1));
    return true;
}

/* --- the instant --- */

bool recipe_instant(const json_t *value, int64_t *ret)
{
    const char *text = json_string_value(value);
    return text != NULL && strchr(text, 'Z') != NULL && clock_read_rfc3339(text, ret);
}

int recipe_zone_of(store *s, const struct user *u, const char **ret, struct err *e)
{
    bool known = false;
    if (store_zone_known(s, u == NULL ? NULL : u->time_zone, &known, e) != 0) {
        return -1;
    }
    *ret = known ? u->time_zone : NULL;
    return 0;
}

char *recipe_zone_words(arena *mem, const char *zone)
{
    return zone == NULL ? arena_strdup(mem, "in UTC, as I do not know your time zone")
                        : arena_printf(mem, "in your time zone (%s)", zone);
}

static const char *offset_of(arena *mem, const struct clock_reading *c)
{
    long long minutes = c->offset_minutes < 0 ? -c->offset_minutes : c->offset_minutes;
    return arena_printf(mem, "%c%02lld:%02lld", c->offset_minutes < 0 ? '-' : '+', minutes / 60,
                        minutes % 60);
}

/* Clocks are turned there: which of the two moments is meant is the asker's to say. */
static const char *unclear(arena *mem, const char *civil, const char *zone,
                           const struct clock_readings *x)
{
    const char *day = arena_strndup(mem, civil, 10), *time = arena_strndup(mem, civil + 11, 5);
    const struct clock_reading *a = &x->list[0], *b = &x->list[x->near_count - 1];
    if (x->count == 0) {
        const char *first = str_starts(a->shows, day) ? a->shows + 11 : a->shows;
        const char *second = str_starts(b->shows, day) ? b->shows + 11 : b->shows;
        return arena_printf(mem,
                            "%s does not exist on %s in %s: clocks are put forward there. Say %s "
                            "or %s.",
                            time, day, zone, first, second);
    }
    return arena_printf(mem,
                        "%s comes twice on %s in %s: clocks are put back then. Say %s %s%s for the "
                        "first, or %s %s%s for the second.",
                        time, day, zone, day, time, offset_of(mem, a), day, time,
                        offset_of(mem, b));
}

/* *ret_why NULL: it was read, and stands in inputs. */
static int read_one(store *s, const char *name, const char *zone, json_t *inputs,
                    const char **ret_why, struct err *e)
{
    arena *mem = store_arena(s);
    const char *civil = json_text(inputs, name);
    struct clock_readings x;
    if (store_clock_readings(s, civil, zone, &x, e) != 0) {
        return -1;
    }
    *ret_why = x.count == 1 ? NULL : unclear(mem, civil, zone, &x);
    if (x.count == 1) {
        json_object_set_new(inputs, name, json_string(clock_rfc3339(mem, x.list[0].at)));
    }
    return 0;
}

int recipe_clocks_read(store *s, const struct recipe *r, const char *zone, json_t *inputs,
                       struct recipe_misread *ret, struct err *e)
{
    arena *mem = store_arena(s);
    struct recipe_misread first = {.input = NULL};
    for (size_t i = 0; i < r->inputs_count; i++) {
        const struct recipe_input *in = &r->inputs[i];
        const char *why = NULL, *text = json_text(inputs, in->name);
        json_t *value = NULL;
        int64_t at = 0;
        if (in->type != INPUT_DATE_TIME || text == NULL ||
            !recipe_input_value(mem, in, text, &value, &why)) {
            continue;
        }
        json_object_set(inputs, in->name, value);
        if (recipe_instant(value, &at)) {
            continue;
        }
        if (read_one(s, in->name, zone == NULL ? "UTC" : zone, inputs, &why, e) != 0) {
            return -1;
        }
        if (why != NULL && first.input == NULL) {
            first = (struct recipe_misread){.input = in, .why = why};
        }
    }
    *ret = first;
    return 0;
}

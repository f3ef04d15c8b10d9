#include "console_chart.h"

enum { STEP = 100, BAR = 72, HEIGHT = 1000, PART_MIN = 14 };

char *chart_number(arena *mem, int64_t value)
{
    return arena_printf(mem, "%lld", (long long)value);
}

char *chart_duration(arena *mem, int64_t seconds)
{
    static const struct {
        int64_t from_s, unit_s;
        const char *unit;
    } units[] = {{172800, 86400, "days"}, {7200, 3600, "h"}, {120, 60, "min"}, {0, 1, "s"}};
    size_t i = 0;
    while (seconds < units[i].from_s) {
        i++;
    }
    return arena_printf(mem, "%lld %s", (long long)(seconds / units[i].unit_s), units[i].unit);
}

int64_t chart_value(const struct chart *ch, const struct chart_part *part, const json_t *period)
{
    const json_t *from = ch->inside == NULL ? period : json_member(period, ch->inside);
    int64_t sum = 0;
    for (size_t i = 0; i < CHART_MEMBERS && part->members[i] != NULL; i++) {
        sum += json_i64(from, part->members[i]);
    }
    return sum;
}

static int64_t most_of(const struct chart *ch, const json_t *periods)
{
    int64_t most = 0;
    for (size_t i = 0; i < json_array_size(periods); i++) {
        int64_t sum = 0;
        for (size_t p = 0; p < ch->parts_count; p++) {
            sum += chart_value(ch, &ch->parts[p], json_array_get(periods, i));
        }
        most = sum > most ? sum : most;
    }
    return most;
}

/* Something small beside much is still seen; a bar may stand a little above the highest for it. */
static int64_t height_of(int64_t value, int64_t most)
{
    int64_t height = (int64_t)((double)value / (double)most * HEIGHT);
    return height < PART_MIN ? PART_MIN : height;
}

static json_t *bar_json(arena *mem, const struct chart *ch, const json_t *period, int64_t most)
{
    struct str title = str_new(mem, 200);
    json_t *parts = json_array();
    int64_t top = HEIGHT;
    for (size_t p = 0; p < ch->parts_count; p++) {
        const struct chart_part *part = &ch->parts[p];
        int64_t value = chart_value(ch, part, period);
        if (value == 0) {
            continue;
        }
        int64_t height = height_of(value, most);
        top -= height;
        json_push(parts, json_must(json_pack("{s:I, s:I, s:s}", "y", (json_int_t)top, "height",
                                             (json_int_t)height, "tone", part->tone)));
        str_printf(&title, "%s%s %s", title.len == 0 ? "" : ", ", ch->words(mem, value),
                   part->label);
    }
    return json_must(json_pack("{s:o, s:s}", "parts", parts, "what", title.text));
}

static json_t *legend_json(const struct chart *ch)
{
    json_t *list = json_array();
    for (size_t p = 0; p < ch->parts_count; p++) {
        json_push(list, json_must(json_pack("{s:s, s:s}", "label", ch->parts[p].label, "tone",
                                            ch->parts[p].tone)));
    }
    return list;
}

json_t *chart_json(arena *mem, const struct chart *ch, const json_t *periods)
{
    int64_t most = most_of(ch, periods);
    size_t count = json_array_size(periods);
    if (most == 0) {
        return NULL;
    }
    json_t *bars = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *bar = bar_json(mem, ch, json_array_get(periods, i), most);
        json_put(bar, "x", json_integer((json_int_t)i * STEP + (STEP - BAR) / 2));
        json_put_words(bar, "when", ch->labels[i]);
        json_push(bars, bar);
    }
    return json_must(json_pack("{s:I, s:o, s:s, s:o, s:s, s:s, s:s}", "width",
                               (json_int_t)count * STEP, "bars", bars, "most", ch->words(mem, most),
                               "legend", legend_json(ch), "first", ch->labels[0], "middle",
                               ch->labels[count / 2], "last", ch->labels[count - 1]));
}

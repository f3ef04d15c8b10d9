#ifndef WB_WEB_CONSOLE_CHART_H
#define WB_WEB_CONSOLE_CHART_H

#include "console_int.h"

/*
 * Bars for a page, as what an inline SVG is made of: no script draws them, and no text stands in
 * them, since the picture is stretched to its place. Labels are words of the page around it.
 */

/* A bar's part, from the bottom up: the members of a period whose numbers are added up. */
enum { CHART_MEMBERS = 4 };
struct chart_part {
    const char *members[CHART_MEMBERS]; /* NULL ends them */
    const char *label;                  /* in the legend and the title of a bar */
    const char *tone;                   /* of the style sheet */
};

struct chart {
    const struct chart_part *parts;
    size_t parts_count;
    const char *inside; /* the member of a period that holds them; NULL: it */
    char *(*words)(arena *mem, int64_t value); /* a value as people read it */
    const char *const *labels;                 /* one for each period */
};
int64_t chart_value(const struct chart *ch, const struct chart_part *part, const json_t *period);
/* {width, bars: [{x, when, what, parts: [{y, height, tone}]}], most, legend: [{label, tone}],
 * first, middle, last}, or NULL where every number is 0. */
json_t *chart_json(arena *mem, const struct chart *ch, const json_t *periods);

/* "12" */
char *chart_number(arena *mem, int64_t value);
/* "45 s", "12 min", "3 h", "2 days": rounded down */
char *chart_duration(arena *mem, int64_t seconds);

#endif

#include "apps_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* What an answer says besides its status: that it is a refusal, and when to come again. */

enum { DAY_MS = 24 * 3600 * 1000 };

bool apps_is_there(const json_t *value)
{
    if (json_is_object(value)) {
        return json_object_size(value) > 0;
    }
    if (json_is_array(value)) {
        return json_array_size(value) > 0;
    }
    return !apps_input_empty(value) && !json_is_false(value);
}

/* A refusal that says that there is nothing of the kind, where that is a state like others. */
static bool is_excepted(const struct apps_refused *row, const json_t *answer)
{
    const char *code =
        row->unless_code.count == 0 ? NULL : json_string_value(json_at(answer, row->code));
    size_t i = 0;
    while (code != NULL && i < row->unless_code.count &&
           !str_equal(row->unless_code.items[i], code)) {
        i++;
    }
    return code != NULL && i < row->unless_code.count;
}

bool apps_row_fits(const struct apps_refused *row, const json_t *answer)
{
    const json_t *value = json_at(answer, row->path);
    if (is_excepted(row, answer)) {
        return false;
    }
    if (row->missing) {
        return value == NULL || json_is_null(value);
    }
    if (row->is != NULL) {
        return value != NULL && json_equal(value, row->is);
    }
    if (row->is_not != NULL) {
        return value == NULL || !json_equal(value, row->is_not);
    }
    return apps_is_there(value);
}

const struct apps_refused *apps_refused_find(const struct apps_refusals *rows, const json_t *answer)
{
    for (size_t i = 0; answer != NULL && i < rows->count; i++) {
        if (apps_row_fits(&rows->items[i], answer)) {
            return &rows->items[i];
        }
    }
    return NULL;
}

/* Epoch seconds, a fraction cut off, as a wait; 0 when it makes no sense. */
static int64_t wait_until(const char *text, int64_t now_ms)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 12 || (text[digits] != '\0' && text[digits] != '.')) {
        return 0;
    }
    int64_t wait_ms = (int64_t)strtoll(text, NULL, 10) * 1000 - now_ms;
    return wait_ms < 0 || wait_ms > DAY_MS ? 0 : wait_ms;
}

int64_t apps_retry_after(const app *a, const struct net_response *r, bool limit)
{
    size_t after = a->errors.retry_after.count;
    int64_t now_ms = clock_now_ms();
    int64_t wait_ms = r->retry_after_ms;
    for (size_t i = 0; i < after && wait_ms == 0; i++) {
        wait_ms = net_retry_after(r->asked_headers[i], now_ms);
    }
    for (size_t i = 0; limit && i < a->errors.retry_at.count && wait_ms == 0; i++) {
        wait_ms = wait_until(r->asked_headers[after + i], now_ms);
    }
    return wait_ms;
}

#include "net_int.h"

#include <string.h>

#include "base/str.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static int64_t at_most_a_day(int64_t ms)
{
    if (ms < 0) {
        return 0;
    }
    return ms > DAY_MS ? DAY_MS : ms;
}

/* RFC 9110 section 10.2.3: delay-seconds or HTTP-date, of which section 5.6.7 has three forms;
 * all begin with a day's name and hold a time. */
int64_t net_retry_after(const char *text, int64_t now_ms)
{
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && text[digits] == '\0') {
        /* a number that fits no int64 is a long time */
        long long seconds = DAY_MS;
        (void)str_to_i64(text, &seconds);
        return seconds >= DAY_MS / 1000 ? DAY_MS : at_most_a_day(seconds * 1000);
    }
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    bool named = false;
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        named = named || str_starts(text, days[i]);
    }
    if (!named || strchr(text, ':') == NULL) {
        return 0;
    }
    time_t at = curl_getdate(text, NULL);
    return at < 0 ? 0 : at_most_a_day((int64_t)at * 1000 - now_ms);
}

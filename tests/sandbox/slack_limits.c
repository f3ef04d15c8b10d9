/* Rate limits per method, by workspace or by conversation, when a test sets them:
 * {"limits": {"chat.postMessage": {"count": 1, "window_ms": 1000, "by": "channel"}}} */
#include "slack.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

static json_t *calls; /* "method team [channel]" -> times of the calls that passed */

void slack_limits_reset(void)
{
    json_decref(calls);
    calls = json_object();
}

static json_t *calls_of(const struct slack_call *call, const char *method, bool by_channel)
{
    const char *channel = slack_arg(call, "channel");
    char *key = xasprintf("%s %s %s", method, json_str_or(call->team, "id", ""),
                          by_channel && channel != NULL ? channel : "");
    json_t *times = json_object_get(calls, key);
    if (times == NULL) {
        times = json_array();
        json_object_set_new(calls, key, times);
    }
    free(key);
    return times;
}

int64_t slack_limited(const struct slack_call *call, const char *method)
{
    const json_t *limit = json_object_get(json_object_get(slack_settings(), "limits"), method);
    if (!json_is_object(limit)) {
        return 0;
    }
    bool by_channel = strcmp(json_str_or(limit, "by", "workspace"), "channel") == 0;
    int64_t window = json_int_or(limit, "window_ms", 60000);
    int64_t now = clock_now_ms();
    json_t *times = calls_of(call, method, by_channel);
    while (json_array_size(times) > 0 &&
           json_integer_value(json_array_get(times, 0)) + window <= now) {
        json_array_remove(times, 0);
    }
    if ((int64_t)json_array_size(times) < json_int_or(limit, "count", 1)) {
        json_array_append_new(times, json_integer(now));
        return 0;
    }
    int64_t left = json_integer_value(json_array_get(times, 0)) + window - now;
    return (left + 999) / 1000;
}

#include "base/clock.h"

#include <pthread.h>
#include <time.h>

#include "base/die.h"

static struct timespec read_clock(clockid_t which)
{
    struct timespec t = {0};
    if (clock_gettime(which, &t) != 0) {
        die("clock_gettime failed");
    }
    return t;
}

int64_t clock_now(void)
{
    return read_clock(CLOCK_REALTIME).tv_sec;
}

int64_t clock_now_ms(void)
{
    struct timespec t = read_clock(CLOCK_REALTIME);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
    struct timespec t = read_clock(CLOCK_MONOTONIC);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_us(void)
{
    struct timespec t = read_clock(CLOCK_MONOTONIC);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void clock_wait_ms(int64_t wait_ms)
{
    int64_t until_ms = clock_mono_ms() + wait_ms;
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_condattr_t attr;
    pthread_cond_t never;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&never, &attr);
    pthread_mutex_lock(&lock);
    while (pthread_cond_timedwait(&never, &lock, &until) == 0) {
    }
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&never);
    pthread_condattr_destroy(&attr);
}

char *clock_rfc3339(arena *mem, int64_t at)
{
    /* RFC 3339 knows four digits of a year: 0000-01-01 to 9999-12-31 */
    const int64_t first = -62167219200;
    const int64_t last = 253402300799;
    time_t seconds = (time_t)(at < first ? first : at > last ? last : at);
    struct tm t = {0};
    if (gmtime_r(&seconds, &t) == NULL) {
        die("gmtime_r failed");
    }
    return arena_printf(mem, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1,
                        t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

/* Each run of "0" in `shape` is a number of so many digits; every other sign must be itself. */
static bool reads_as(const char *text, const char *shape, int *numbers)
{
    size_t i = 0, n = 0;
    for (; shape[i] != '\0'; i++) {
        if (shape[i] != '0' && text[i] != shape[i]) {
            return false;
        }
        if (shape[i] != '0') {
            n++;
            continue;
        }
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        numbers[n] = numbers[n] * 10 + (text[i] - '0');
    }
    return text[i] == '\0';
}

bool clock_read_rfc3339(const char *text, int64_t *ret)
{
    enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };
    int day[PARTS + 1] = {0}, time[PARTS + 1] = {0};
    bool whole = reads_as(text, "0000-00-00T00:00:00Z", time);
    if (!whole && !reads_as(text, "0000-00-00", day)) {
        return false;
    }
    const int *n = whole ? time : day;
    struct tm t = {.tm_year = n[YEAR] - 1900,
                   .tm_mon = n[MONTH] - 1,
                   .tm_mday = n[DAY],
                   .tm_hour = n[HOUR],
                   .tm_min = n[MINUTE],
                   .tm_sec = n[SECOND]};
    const struct tm said = t;
    time_t at = timegm(&t);
    /* the 30th of February becomes a day of March */
    if (t.tm_mon != said.tm_mon || t.tm_mday != said.tm_mday || t.tm_hour != said.tm_hour ||
        t.tm_min != said.tm_min || t.tm_sec != said.tm_sec) {
        return false;
    }
    *ret = at;
    return true;
}

/* Whether words are meant for the bot, where they were typed, and what a card sent with them. Any
 * member of an activity may be absent or of another type. */
#include "teams_read.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/str.h"

/* --- where --- */

enum teams_where teams_where(const json_t *activity)
{
    static const struct {
        const char *type;
        enum teams_where where;
    } rows[] = {
        {"personal", TEAMS_PERSONAL}, {"groupChat", TEAMS_GROUP}, {"channel", TEAMS_CHANNEL}};
    const char *type = json_text(json_member(activity, "conversation"), "conversationType");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (str_equal_fold(rows[i].type, type)) {
            return rows[i].where;
        }
    }
    return TEAMS_ELSEWHERE;
}

struct place teams_place(arena *mem, const json_t *activity)
{
    const char *type = json_text(json_at(activity, "channelData.channel"), "type");
    bool own = str_equal_fold(type, "standard") || str_equal_fold(type, "private");
    enum teams_where where = teams_where(activity);
    bool shared = where == TEAMS_CHANNEL && str_equal_fold(type, "shared");
    const char *thread = where == TEAMS_CHANNEL ? teams_thread(mem, activity) : NULL;
    return (struct place){
        .channel = teams_channel(mem, activity),
        .thread = thread,
        .thread_is_new = thread != NULL && str_equal(thread, json_text(activity, "id")),
        .is_private = where == TEAMS_PERSONAL,
        .is_group = where == TEAMS_GROUP,
        /* its roster may hold the people of its own organisation alone */
        .is_external = shared,
        /* a group can hold people of other organisations, and does not say so */
        .is_unsure = where != TEAMS_PERSONAL && !shared && !(where == TEAMS_CHANNEL && own),
    };
}

/* --- when --- */

static int64_t offset_seconds(const char *text)
{
    int hours = 0, minutes = 0;
    bool offset =
        (*text == '+' || *text == '-') && sscanf(text + 1, "%2d:%2d", &hours, &minutes) == 2;
    return offset ? (*text == '-' ? -1 : 1) * (hours * 3600 + minutes * 60) : 0;
}

/* Of ".9", ".98" and ".9876543" the first three digits. */
static int64_t fraction_ms(const char *digits, size_t count)
{
    int64_t ms = 0;
    for (size_t i = 0; i < 3; i++) {
        ms = ms * 10 + (i < count ? digits[i] - '0' : 0);
    }
    return ms;
}

int64_t teams_millis(const char *text)
{
    struct tm t = {0};
    int used = 0;
    if (text == NULL || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday,
                               &t.tm_hour, &t.tm_min, &t.tm_sec, &used) != 6) {
        return 0;
    }
    text += used;
    size_t digits = *text == '.' ? strspn(text + 1, "0123456789") : 0;
    int64_t ms = digits > 0 ? fraction_ms(text + 1, digits) : 0;
    text += *text == '.' ? 1 + digits : 0;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    int64_t at = timegm(&t) - offset_seconds(text);
    return at > 0 ? at * 1000 + ms : 0;
}

/* --- who is meant --- */

const char *teams_bot(const json_t *activity)
{
    return teams_id(json_member(activity, "recipient"), "id");
}

bool teams_is_type(const json_t *activity, const char *type)
{
    return str_equal_fold(json_text(activity, "type"), type);
}

bool teams_is_own_mention(const json_t *activity, const json_t *entity)
{
    const char *bot = teams_bot(activity);
    return bot != NULL && str_equal_fold(json_text(entity, "type"), "mention") &&
           str_equal(json_text(json_member(entity, "mentioned"), "id"), bot);
}

static bool mentions_bot(const json_t *activity)
{
    size_t i = 0;
    const json_t *entity = NULL;
    json_array_foreach(json_member(activity, "entities"), i, entity)
    {
        if (teams_is_own_mention(activity, entity)) {
            return true;
        }
    }
    return false;
}

bool teams_is_targeted(const json_t *activity)
{
    return json_flag(json_member(activity, "recipient"), "isTargeted");
}

static bool is_from_a_person(const json_t *activity)
{
    const json_t *from = json_member(activity, "from");
    const char *id = teams_id(from, "id");
    return id != NULL && !str_starts(id, "28:") && !str_equal(id, teams_bot(activity)) &&
           !str_equal_fold(json_text(from, "role"), "bot");
}

/* What is formatted comes once more as HTML: that is no file. */
bool teams_has_file(const json_t *activity)
{
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(json_member(activity, "attachments"), i, one)
    {
        const char *type = json_text(one, "contentType");
        if (!str_empty(type) && !str_starts_fold(type, "text/html")) {
            return true;
        }
    }
    return false;
}

bool teams_words_accepted(arena *mem, const json_t *activity)
{
    if (!teams_is_type(activity, "message") || !is_from_a_person(activity) ||
        teams_user(mem, activity) == NULL || teams_channel(mem, activity) == NULL) {
        return false;
    }
    if (mentions_bot(activity)) {
        return true;
    }
    bool addressed = teams_where(activity) == TEAMS_PERSONAL || teams_is_targeted(activity);
    return addressed && (!str_empty(json_text(activity, "text")) || teams_has_file(activity));
}

/* --- what a card sent --- */

bool teams_is_refresh(const json_t *value)
{
    return str_equal_fold(json_text(value, "trigger"), "automatic") ||
           str_equal(json_text(json_member(value, "action"), "verb"), TEAMS_REFRESH);
}

const json_t *teams_data(arena *mem, const json_t *activity)
{
    const json_t *value = teams_value(mem, activity);
    if (!teams_is_type(activity, "invoke")) {
        return value;
    }
    const json_t *action = json_member(value, "action");
    const json_t *data = json_member(action != NULL ? action : value, "data");
    return json_is_object(data) ? data : NULL;
}

/* What an invoke is answered in the HTTP response: the whole body, not wrapped in anything, with
 * status 200 outside and the real one inside. learn.microsoft.com/adaptive-cards/authoring-cards/
 * universal-action-model, "Response format"; learn.microsoft.com/microsoftteams/platform/
 * task-modules-and-cards/task-modules/task-modules-bots */
#include "teams_int.h"

#include "base/json.h"

static char *written(arena *mem, json_t *owned)
{
    return json_write(mem, arena_json(mem, owned));
}

char *teams_answer_message(arena *mem, const char *text)
{
    return written(mem, json_pack("{s:i, s:s, s:s}", "statusCode", 200, "type",
                                  "application/vnd.microsoft.activity.message", "value", text));
}

/* Not "vnd.microsoft.adaptive.card", as one page has it: Teams refuses that. */
char *teams_answer_card(arena *mem, const json_t *card)
{
    json_t *copy = json_deep_copy(card);
    return written(mem, json_pack("{s:i, s:s, s:o}", "statusCode", 200, "type",
                                  "application/vnd.microsoft.card.adaptive", "value", copy));
}

char *teams_answer_error(arena *mem, const char *text)
{
    return written(mem, json_pack("{s:i, s:s, s:{s:s, s:s}}", "statusCode", 400, "type",
                                  "application/vnd.microsoft.error", "value", "code", "BadRequest",
                                  "message", text));
}

char *chat_teams_press_answer(arena *mem, const char *refusal)
{
    return teams_answer_message(mem, refusal == NULL ? "Working on it." : refusal);
}

char *chat_teams_shared_press_answer(arena *mem, const char *refusal)
{
    static const char taken[] =
        "Working on it. What is for you alone comes in our one-to-one chat.";
    return teams_answer_message(mem, refusal == NULL ? taken : refusal);
}

char *teams_task_message(arena *mem, const char *text)
{
    return written(mem, json_pack("{s:{s:s, s:s}}", "task", "type", "message", "value", text));
}

/* What the press of a button that opens a form is answered, and the request that brings one. */
#include "teams_draw.h"

#include "base/json.h"
#include "base/str.h"

bool chat_teams_form_opens(arena *mem, struct bytes payload)
{
    json_t *activity = NULL;
    return json_read(mem, payload, &activity, NULL) == 0 &&
           str_equal(json_text(activity, "name"), "task/fetch");
}

/* Nothing of what somebody entered is cut: what cannot be shown is told of. */
static char *answer_with(arena *mem, const json_t *form, const json_t *errors)
{
    json_t *task = teams_task(mem, form, errors);
    if (teams_task_too_long(mem, task)) {
        return teams_task_message(
            mem, "This is more than a form of Teams holds. Answer in our chat instead: type the "
                 "command again with shorter values, or give them one after the other.");
    }
    return json_write(mem, arena_json(mem, json_must(json_pack("{s:O}", "task", task))));
}

char *chat_teams_form_opened(arena *mem, const json_t *form)
{
    if (form == NULL) {
        return teams_task_message(mem, "There is nothing to fill in here any more: see our chat.");
    }
    return answer_with(mem, form, NULL);
}

/* Of a form that nobody can show anew: its words alone. */
static char *first_error(arena *mem, const json_t *errors)
{
    json_t *any = json_object_iter_value(json_object_iter((json_t *)(uintptr_t)errors));
    return teams_task_message(mem, json_is_string(any) ? json_string_value(any) : "Try again.");
}

char *chat_teams_form_answer(arena *mem, const struct form_answer *a)
{
    const json_t *shown = a->errors != NULL ? a->again : a->next;
    if (shown == NULL) {
        return a->errors == NULL ? NULL : first_error(mem, a->errors);
    }
    return answer_with(mem, shown, a->errors);
}

#include "web_int.h"

#include "base/metrics.h"

/*
 * Cards in a place that others read: what one person sees of one, and whether that person's press
 * is taken. On a worker, in time or not at all, as forms are (teams_forms.c).
 */

static int answer_look(web *w, const struct request *q, struct response *r, struct err *e)
{
    const struct bot_sent sent = teams_sent_of(q);
    struct bot_view seen = {.view = NULL};
    if (bot_view_of(w->options.bot, q->mem, &sent, &seen, e) != 0) {
        return -1;
    }
    const struct teams_shown shown = {
        .view = seen.view, .our_id = seen.our_id, .owner_address = seen.owner_address};
    metric_add(METRIC_FORMS, seen.view != NULL ? "result=\"shown\"" : "result=\"not_shown\"", 1);
    hook_respond_json(r, chat_teams_card_shown(q->mem, &shown));
    return 0;
}

static int answer_press(web *w, const struct request *q, struct response *r, struct err *e)
{
    const struct bot_sent sent = teams_sent_of(q);
    const char *refusal = NULL;
    if (bot_press_sent(w->options.bot, q->mem, &sent, &refusal, e) != 0) {
        return -1;
    }
    metric_add(METRIC_FORMS, refusal == NULL ? "result=\"pressed\"" : "result=\"refused\"", 1);
    hook_respond_json(r, chat_teams_shared_press_answer(q->mem, refusal));
    hook_wake(w);
    return 0;
}

const struct at_once *teams_card_at_once(arena *mem, const struct teams_intake *in)
{
    bool looks = in->answers == TEAMS_ANSWER_LOOK;
    return teams_at_once(mem, in, looks ? answer_look : answer_press);
}

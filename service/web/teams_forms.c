#include "web_int.h"

#include "base/metrics.h"

/*
 * What Teams waits for with a person before it: the form that a button opens, and what becomes of
 * one that was sent. The sender is proven by then (teams_messages.c); this runs on a worker and
 * ends in time, or the watch answers for it (docs/decisions/0011-answered-at-once.md).
 */

enum { WITHIN_MS = 8000 /* Teams gives up after 10 to 15 s */ };

struct bot_sent teams_sent_of(const struct request *q)
{
    const struct teams_intake *in = q->at_once->about;
    return (struct bot_sent){.workspace = in->workspace,
                             .kind = JOB_TEAMS_INVOKE,
                             .payload = in->payload,
                             .lane = in->lane,
                             .keys = {in->keys[0], in->keys[1], in->keys[2]},
                             .until_ms = q->until_ms};
}

static int answer_opening(web *w, const struct request *q, struct response *r, struct err *e)
{
    const struct bot_sent sent = teams_sent_of(q);
    const json_t *form = NULL;
    if (bot_form_open(w->options.bot, q->mem, &sent, &form, e) != 0) {
        return -1;
    }
    metric_add(METRIC_FORMS, form != NULL ? "result=\"opened\"" : "result=\"not_opened\"", 1);
    hook_respond_json(r, chat_teams_form_opened(q->mem, form));
    hook_wake(w);
    return 0;
}

static int answer_form(web *w, const struct request *q, struct response *r, struct err *e)
{
    const struct bot_sent sent = teams_sent_of(q);
    struct form_answer a = {.errors = NULL};
    if (bot_form_sent(w->options.bot, q->mem, &sent, &a, e) != 0) {
        return -1;
    }
    metric_add(METRIC_FORMS, hook_form_label(&a), 1);
    hook_respond_json(r, chat_teams_form_answer(q->mem, &a));
    hook_wake(w);
    return 0;
}

const struct at_once *teams_at_once(arena *mem, const struct teams_intake *in, route_fn *answer)
{
    const struct at_once a = {.answer = answer,
                              .about = arena_copy(mem, in, sizeof *in),
                              .workspace = in->workspace,
                              .late = in->late,
                              .late_metric = "result=\"late\"",
                              .within_ms = WITHIN_MS};
    return arena_copy(mem, &a, sizeof a);
}

const struct at_once *teams_form_at_once(arena *mem, const struct teams_intake *in)
{
    bool opens = chat_teams_form_opens(mem, in->payload);
    return teams_at_once(mem, in, opens ? answer_opening : answer_form);
}

#include "web_int.h"

#include "base/metrics.h"

/*
 * What Slack waits for with a person before the form: what is wrong with it, or the choices of a
 * field. The sender is proven by then (slack_hooks.c); this runs on a worker and ends in time, or
 * the watch answers for it (docs/decisions/0011-answered-at-once.md).
 */

static struct bot_sent sent_of(const struct request *q)
{
    const struct slack_intake *in = q->at_once->about;
    return (struct bot_sent){.workspace = in->workspace,
                             .kind = JOB_SLACK_INTERACTION,
                             .payload = in->payload,
                             .until_ms = q->until_ms};
}

static int answer_form(web *w, const struct request *q, struct response *r, struct err *e)
{
    const struct bot_sent sent = sent_of(q);
    struct form_answer a = {.errors = NULL};
    if (bot_form_sent(w->options.bot, q->mem, &sent, &a, e) != 0) {
        return -1;
    }
    metric_add(METRIC_FORMS, hook_form_label(&a), 1);
    hook_respond_json(r, chat_slack_form_answer(q->mem, sent.payload, &a));
    hook_wake(w);
    return 0;
}

static int answer_choices(web *w, const struct request *q, struct response *r, struct err *e)
{
    const struct bot_sent sent = sent_of(q);
    struct form_choice *list = NULL;
    size_t count = 0;
    if (bot_form_choices(w->options.bot, q->mem, &sent, &list, &count, e) != 0) {
        return -1;
    }
    metric_add(METRIC_FORMS, "result=\"choices\"", 1);
    hook_respond_json(r, chat_slack_choices(q->mem, list, count));
    return 0;
}

const struct at_once *slack_form_at_once(arena *mem, const struct slack_intake *in)
{
    const struct at_once a = {.answer = in->choices ? answer_choices : answer_form,
                              .about = arena_copy(mem, in, sizeof *in),
                              .workspace = in->workspace,
                              .late = in->late,
                              .late_metric = "result=\"late\""};
    return arena_copy(mem, &a, sizeof a);
}

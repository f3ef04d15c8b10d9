#include "web_int.h"

#include "base/metrics.h"

/*
 * What Teams waits for with a person before it: the form that a button opens, and what becomes of
 * one that was sent. The sender is proven by then (teams_messages.c); this runs on a worker and
 * ends in time, or the watch answers for it (docs/decisions/0011-answered-at-once.md).
 */

enum { WITHIN_MS = 8000 /* Teams gives up after 10 to 15 s */ };

static struct bot_sent sent_of(const struct request *q)
{
    const struct teams_intake *in = q->at_once->about;
    return (struct bot_sent){.workspace = in->workspace,
                             .kind = JOB_TEAMS_INVOKE,
                             .payload = in->payload,
                             .key = in->keys[0],
                             .until_ms = q->until_ms};
}

static void respond_task(struct response *r, const char *json)
{
    respond_empty(r, 200);
    if (json != NULL) {
        r->content_type = "application/json";
        r->body = bytes_of(json);
    }
}

static void wake(const web *w)
{
    if (w->options.wake != NULL) {
        w->options.wake(w->options.wake_arg);
    }
}

static int answer_opening(web *w, const struct request *q, struct response *r, struct err *e)
{
    const struct bot_sent sent = sent_of(q);
    const json_t *form = NULL;
    if (bot_form_open(w->options.bot, q->mem, &sent, &form, e) != 0) {
        return -1;
    }
    metric_add(METRIC_FORMS, form != NULL ? "result=\"opened\"" : "result=\"not_opened\"", 1);
    respond_task(r, chat_teams_form_opened(q->mem, form));
    wake(w);
    return 0;
}

static const char *label_of(const struct form_answer *a)
{
    if (a->errors != NULL) {
        return "result=\"errors\"";
    }
    return a->next != NULL ? "result=\"next\"" : "result=\"taken\"";
}

static int answer_form(web *w, const struct request *q, struct response *r, struct err *e)
{
    const struct bot_sent sent = sent_of(q);
    struct form_answer a = {.errors = NULL};
    if (bot_form_sent(w->options.bot, q->mem, &sent, &a, e) != 0) {
        return -1;
    }
    metric_add(METRIC_FORMS, label_of(&a), 1);
    respond_task(r, chat_teams_form_answer(q->mem, &a));
    wake(w);
    return 0;
}

const struct at_once *teams_form_at_once(arena *mem, const struct teams_intake *in)
{
    bool opens = chat_teams_form_opens(mem, in->payload);
    const struct at_once a = {.answer = opens ? answer_opening : answer_form,
                              .about = arena_copy(mem, in, sizeof *in),
                              .workspace = in->workspace,
                              .late = in->late,
                              .late_metric = "result=\"late\"",
                              .within_ms = WITHIN_MS};
    return arena_copy(mem, &a, sizeof a);
}

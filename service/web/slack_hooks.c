#include "web_int.h"

#include "base/clock.h"
#include "base/metrics.h"

/*
 * The three webhooks of Slack. A handler proves the sender, says what to store and what to answer;
 * the server commits it and only then sends the answer (docs/decisions/0002-events-are-jobs.md).
 */
static const char *refused_label(const char *code)
{
    static const struct hook_label table[] = {{"slack_timestamp", "reason=\"timestamp\""},
                                              {"slack_signature", "reason=\"signature\""},
                                              {"slack_app", "reason=\"app\""},
                                              {"slack_body", "reason=\"body\""},
                                              {NULL, "reason=\"other\""}};
    return hook_label(table, sizeof table / sizeof table[0], code);
}

static const char *event_label(const struct slack_intake *in)
{
    static const struct hook_label table[] = {
        {"slack_event", "chat=\"slack\",kind=\"event\""},
        {"slack_interaction", "chat=\"slack\",kind=\"interaction\""},
        {"slack_command", "chat=\"slack\",kind=\"command\""},
        {"challenge", "chat=\"slack\",kind=\"challenge\""},
        {"ssl_check", "chat=\"slack\",kind=\"ssl_check\""},
        {"choices", "chat=\"slack\",kind=\"choices\""},
        {NULL, "chat=\"slack\",kind=\"ignored\""}};
    return hook_label(table, sizeof table / sizeof table[0], in->store ? in->job_kind : in->why);
}

static const char *single_header(const struct request *q, const char *name)
{
    size_t count = 0;
    const char *value = request_header(q, name, &count);
    return count == 1 ? value : NULL;
}

static int verify(web *w, const struct request *q, struct err *e)
{
    if (!chats_slack_on(w->options.chats)) {
        return err_set(e, ERR_NOT_FOUND, "no_route", "Slack is switched off here.");
    }
    struct slack_headers h = {.timestamp = single_header(q, "X-Slack-Request-Timestamp"),
                              .signature = single_header(q, "X-Slack-Signature")};
    return chat_slack_verify(w->options.chats, &h, q->body, clock_now(), e);
}

static struct job_seed *seed_new(web *w, arena *mem, const struct slack_intake *in)
{
    const struct hook_job job = {.chat = "chat=\"slack\"",
                                 .workspace = in->workspace,
                                 .kind = in->job_kind,
                                 .lane = in->lane,
                                 .urgent = in->urgent,
                                 .keys = &in->keys,
                                 .payload = in->payload};
    return hook_seed(w, mem, &job);
}

static int hook(web *w, const struct request *q, enum slack_route route, struct response *r,
                struct err *e)
{
    struct slack_intake in = {0};
    if (verify(w, q, e) != 0 ||
        chat_slack_intake(w->options.chats, q->mem, route, q->body, &in, e) != 0) {
        metric_add(METRIC_REFUSED, refused_label(e->code), 1);
        return -1;
    }
    metric_add(METRIC_EVENTS, event_label(&in), 1);
    if (in.answer == NULL) {
        respond_empty(r, 200);
    } else {
        respond_text(r, 200, in.answer);
        r->content_type = in.content_type;
    }
    if (in.submission || in.choices) {
        r->at_once = slack_form_at_once(q->mem, &in);
    } else {
        r->store = in.store ? seed_new(w, q->mem, &in) : NULL;
    }
    return 0;
}

int slack_events_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    return hook(w, q, SLACK_EVENTS, r, e);
}

int slack_interactions_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    return hook(w, q, SLACK_INTERACTIONS, r, e);
}

int slack_options_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    return hook(w, q, SLACK_OPTIONS, r, e);
}

int slack_commands_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    /* comes without a signature, and nothing else of it is looked at */
    if (chats_slack_on(w->options.chats) && chat_slack_is_ssl_check(q->mem, q->body)) {
        metric_add(METRIC_EVENTS, "chat=\"slack\",kind=\"ssl_check\"", 1);
        respond_empty(r, 200);
        return 0;
    }
    return hook(w, q, SLACK_COMMANDS, r, e);
}

#include "web_int.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * The webhook of Teams. The sender is proven on the HTTP thread while the signing key is in memory;
 * one that must be fetched first is fetched on a worker, and the request waits with nothing but its
 * bytes. What is proven is read once.
 */
static const char *refused_label(const char *code)
{
    static const struct hook_label table[] = {{"teams_body", "reason=\"body\""},
                                              {"teams_header", "reason=\"header\""},
                                              {"teams_token", "reason=\"token\""},
                                              {"teams_issuer", "reason=\"issuer\""},
                                              {"teams_key", "reason=\"key\""},
                                              {"teams_no_keys", "reason=\"no_keys\""},
                                              {"teams_signature", "reason=\"signature\""},
                                              {"teams_time", "reason=\"timestamp\""},
                                              {"teams_audience", "reason=\"audience\""},
                                              {"teams_endorsement", "reason=\"endorsement\""},
                                              {"teams_address", "reason=\"address\""},
                                              {"teams_address_host", "reason=\"address_host\""},
                                              {NULL, "reason=\"other\""}};
    return hook_label(table, sizeof table / sizeof table[0], code);
}

static const char *event_label(const struct teams_intake *in)
{
    static const struct hook_label table[] = {
        {"teams_activity", "chat=\"teams\",kind=\"activity\""},
        {"teams_invoke", "chat=\"teams\",kind=\"invoke\""},
        {"look", "chat=\"teams\",kind=\"look\""},
        {"press", "chat=\"teams\",kind=\"invoke\""},
        {"form", "chat=\"teams\",kind=\"form\""},
        {"code", "chat=\"teams\",kind=\"code\""},
        {"unknown_invoke", "chat=\"teams\",kind=\"unknown_invoke\""},
        {"tenant", "chat=\"teams\",kind=\"tenant\""},
        {"no_tenant", "chat=\"teams\",kind=\"tenant\""},
        {NULL, "chat=\"teams\",kind=\"ignored\""}};
    return hook_label(table, sizeof table / sizeof table[0], in->store ? in->job_kind : in->why);
}

static void respond_ready(struct response *r, const struct teams_intake *in)
{
    static const int statuses[] = {
        [TEAMS_ANSWER_EMPTY] = 200,  [TEAMS_ANSWER_AT_ONCE] = 200, [TEAMS_ANSWER_CODE] = 200,
        [TEAMS_ANSWER_LOOK] = 200,   [TEAMS_ANSWER_PRESS] = 200,   [TEAMS_ANSWER_NOBODY] = 404,
        [TEAMS_ANSWER_UNKNOWN] = 501};
    respond_empty(r, statuses[in->answers]);
    if (in->answer != NULL) {
        r->content_type = "application/json";
        r->body = bytes_of(in->answer);
    }
}

static int take(web *w, const struct request *q, const struct teams_activity *a, struct response *r,
                struct err *e)
{
    struct teams_intake in = {0};
    if (chat_teams_intake(w->options.chats, q->mem, a, &in, e) != 0) {
        return -1;
    }
    metric_add(METRIC_EVENTS, event_label(&in), 1);
    respond_ready(r, &in);
    if (in.answers == TEAMS_ANSWER_AT_ONCE) {
        r->at_once = teams_form_at_once(q->mem, &in);
    } else if (in.answers == TEAMS_ANSWER_CODE) {
        r->at_once = teams_code_at_once(q->mem, &in);
    } else if (in.answers == TEAMS_ANSWER_LOOK || in.answers == TEAMS_ANSWER_PRESS) {
        r->at_once = teams_card_at_once(q->mem, &in);
    } else if (in.store) {
        const struct hook_job job = {.chat = "chat=\"teams\"",
                                     .workspace = in.workspace,
                                     .kind = in.job_kind,
                                     .lane = in.lane,
                                     .urgent = in.urgent,
                                     .keys = &in.keys,
                                     .payload = in.payload};
        r->store = hook_seed(w, q->mem, &job);
    }
    return 0;
}

/* Somebody who can sign for Bot Connector names servers that are not the platform's: the bot's
 * token would go there. */
static void warn_of(const struct request *q, const struct err *e)
{
    if (str_equal(e->code, "teams_address_host")) {
        log_err(LOG_WARN, "an activity of Teams names an address that is not listed", e,
                (const struct log_field[]){LOG_TEXT("request_id", q->id)}, 1);
    }
}

static int refuse(const struct request *q, const struct err *e)
{
    metric_add(METRIC_REFUSED, refused_label(e->code), 1);
    warn_of(q, e);
    return -1;
}

static struct teams_credentials credentials_of(const struct request *q)
{
    struct teams_credentials from = {.authorization = NULL};
    from.authorization = request_header(q, "Authorization", &from.authorization_count);
    return from;
}

/* On a worker: the keys first. */
static int with_keys(web *w, const struct request *q, struct response *r, struct err *e)
{
    chats *c = w->options.chats;
    struct teams_activity a = {.json = NULL};
    struct teams_credentials from = credentials_of(q);
    from.keys_fetched = true;
    if (chat_teams_keys_fetch(c, q->mem, q->until_ms, e) != 0 ||
        chat_teams_verify(c, q->mem, &from, q->body, clock_now(), &a, e) != 0 ||
        take(w, q, &a, r, e) != 0) {
        return refuse(q, e);
    }
    return 0;
}

int teams_messages_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    chats *c = w->options.chats;
    if (!chats_teams_on(c)) {
        return err_set(e, ERR_NOT_FOUND, "no_route", "Teams is switched off here.");
    }
    struct teams_activity a = {.json = NULL};
    const struct teams_credentials from = credentials_of(q);
    if (chat_teams_verify(c, q->mem, &from, q->body, clock_now(), &a, e) == 0) {
        return take(w, q, &a, r, e) == 0 ? 0 : refuse(q, e);
    }
    if (str_equal(e->code, "teams_keys")) {
        r->later = with_keys;
        return 0;
    }
    return refuse(q, e);
}

#include "web_int.h"

/*
 * What the window of a login hands over in Teams (signin/verifyState), answered in the request:
 * the client shows its person whether the login was taken. Where there was no time, nothing was
 * done, and the status says that it may be sent again. learn.microsoft.com/microsoftteams/platform/
 * bots/how-to/authentication/auth-flow-bot
 */

enum { WITHIN_MS = 8000 /* Teams gives up after 10 to 15 s */ };

static int status_of(enum bot_code code)
{
    static const int statuses[] = {[BOT_CODE_TAKEN] = 200,
                                   [BOT_CODE_WRONG] = 412,
                                   [BOT_CODE_NONE] = 404,
                                   [BOT_CODE_CANCELLED] = 200};
    return statuses[code];
}

static int answer_code(web *w, const struct request *q, struct response *r, struct err *e)
{
    const struct bot_sent sent = teams_sent_of(q);
    enum bot_code code = BOT_CODE_NONE;
    if (bot_code_sent(w->options.bot, q->mem, &sent, &code, e) != 0) {
        return -1;
    }
    respond_empty(r, status_of(code));
    hook_wake(w);
    return 0;
}

const struct at_once *teams_code_at_once(arena *mem, const struct teams_intake *in)
{
    const struct at_once a = {.answer = answer_code,
                              .about = arena_copy(mem, in, sizeof *in),
                              .workspace = in->workspace,
                              .late_status = 503,
                              .late_metric = "result=\"late\"",
                              .within_ms = WITHIN_MS};
    return arena_copy(mem, &a, sizeof a);
}

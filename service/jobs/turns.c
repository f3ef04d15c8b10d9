#include "jobs_int.h"

#include <stdio.h>

/*
 * Urgent jobs go first, and nobody starves by it:
 *
 * - a claim takes its jobs by priority, urgent ones first;
 * - where that may have left others of the same workspaces behind urgent ones, the next is for
 * these alone;
 * - while more waits than there is room for, one for urgent jobs alone comes in between: these
 *   overtake all workspaces.
 *
 * So of a workspace that has more of both than can be done, each third job at least is no urgent
 * one, and where little waits no claim is made for this.
 */

enum { BATCH_MAX = 128, EACH_MAX = 8 };

void turns_ask(const struct turns *t, size_t room, struct job_claim *ret)
{
    const char *const after[] = {
        [CLAIM_OF_ALL] = t->all, [CLAIM_OF_URGENT] = t->urgent, [CLAIM_OF_REST] = t->rest};
    ret->of = t->next;
    ret->after_workspace = after[t->next];
    ret->max = room < BATCH_MAX ? (int64_t)room : BATCH_MAX;
    ret->per_workspace = room < EACH_MAX ? (int64_t)room : EACH_MAX;
}

static enum claim_of turn_after(const struct turns *t, bool hides)
{
    if (t->last == CLAIM_OF_URGENT) {
        return CLAIM_OF_ALL;
    }
    if (t->last == CLAIM_OF_ALL && hides) {
        return CLAIM_OF_REST;
    }
    return t->crowded ? CLAIM_OF_URGENT : CLAIM_OF_ALL;
}

void turns_took(struct turns *t, const struct job_claim *c, const struct job *list, size_t count)
{
    const char *end = count > 0 ? list[count - 1].workspace : NULL;
    bool full = (int64_t)count >= c->max;
    t->last = c->of;
    t->crowded = c->of == CLAIM_OF_ALL ? full : t->crowded || full;
    if (c->of == CLAIM_OF_ALL) {
        snprintf(t->rest, sizeof t->rest, "%s", t->all);
    }
    if (end != NULL && c->of != CLAIM_OF_REST) {
        snprintf(c->of == CLAIM_OF_URGENT ? t->urgent : t->all, sizeof t->all, "%s", end);
    }
    t->next = turn_after(t, *c->ret_more && count > 0 && list[0].priority == JOB_PRIORITY_URGENT);
}

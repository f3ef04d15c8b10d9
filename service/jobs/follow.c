#include "jobs_int.h"

#include <string.h>

struct task *task_new(const struct job *job)
{
    arena *mem = arena_new();
    struct task *t = arena_alloc(mem, sizeof(*t));
    memset(t, 0, sizeof(*t));
    t->mem = mem;
    t->job = *job;
    t->job.workspace = arena_strdup(mem, job->workspace);
    t->job.id = arena_strdup(mem, job->id);
    t->job.lane = job->lane == NULL ? NULL : arena_strdup(mem, job->lane);
    t->job.lease_token = arena_strdup(mem, job->lease_token);
    t->job.payload = arena_bytes(mem, job->payload);
    memset(t->job.keys, 0, sizeof(t->job.keys));
    return t;
}

/* A run needs a place as it would from a claim, and before its job is born. A send is followed by
 * nothing: its worker would otherwise belong to one conversation for long. */
void follow_offer(jobs *j, struct task *t)
{
    t->follow = (struct job_follow){
        .owner = j->owner, .workspace = t->job.workspace, .lease_s = j->options.config->ttl_lease};
    t->job.follow = &t->follow;
    if (atomic_load(&j->stopping)) {
        return;
    }
    t->follow.wanted[JOB_FORM] = job_is_event(t->job.kind);
    t->holds_place = job_is_event(t->job.kind) && places_try(&j->places, t->job.workspace);
    t->follow.wanted[JOB_RUN] = t->holds_place;
    t->follow.wanted[JOB_SEND] = t->job.kind != JOB_SEND;
}

struct task *follow_take(jobs *j, struct task *t, bool settled)
{
    const struct job *taken = &t->follow.taken;
    bool goes_on = settled && taken->id != NULL;
    bool keeps_place = goes_on && job_waits_for_app(taken->kind);
    if (t->holds_place && !keeps_place && places_give(&j->places, t->job.workspace)) {
        t->follow.left++;
    }
    if (!goes_on) {
        return NULL;
    }
    atomic_fetch_add(&j->busy, 1);
    return task_new(taken);
}

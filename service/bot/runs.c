#include "lists_int.h"
#include "login_int.h"
#include "run_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * The run job: the engine does the work and has each step on record; how it ended becomes the
 * run's state, the message and the job's end in one transaction.
 */

enum {
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_LOST_MS = 2000, /* what an app did without answering takes a moment to be found */
    BACKOFF_MAX_MS = 60000,
    WAIT_MAX_MS = 10 * 60 * 1000, /* whatever an app asks for: somebody waits for the answer */
    LONG_WAIT_MS = 10000,
    STILL_WORKING_AFTER = 3,
    TOUCH_EVERY_S = 60 /* "last used" is exact to a minute */
};

struct ending {
    struct scene scene;
    const struct job *job;
    struct run_outcome outcome;
    bool shared; /* its place has become a shared one */
};

typedef int end_fn(struct ending *x, struct err *e);

static bool is_nobodys(const struct ending *x)
{
    return x->outcome.run != NULL && run_is_nobodys(x->outcome.run);
}

/* The connection at which the run stands: of its step, else the first one with a problem. */
static const struct resolved *stands_at(const struct ending *x)
{
    const struct run_outcome *o = &x->outcome;
    const char *alias = NULL;
    for (size_t i = 0; o->step != NULL && i < o->recipe->steps_count; i++) {
        if (str_equal(o->recipe->steps[i].id, o->step)) {
            alias = o->recipe->steps[i].alias;
        }
    }
    for (size_t i = 0; i < o->resolved_count; i++) {
        const struct resolved *d = &o->resolved[i];
        if (d->def != NULL && (alias == NULL ? d->problem != NULL : str_equal(d->alias, alias))) {
            return d;
        }
    }
    return NULL;
}

static const char *app_of(const struct ending *x)
{
    const struct resolved *d = stands_at(x);
    return d == NULL ? NULL : words_app(&x->scene, d->def->app);
}

static int tell_admins(struct ending *x, struct err *e)
{
    const struct resolved *d = stands_at(x);
    const struct err *why = &x->outcome.err;
    return d == NULL ? 0
                     : notice_admins(&x->scene, d->def, why->code,
                                     consent_needed(&x->scene, d->def, why->needed), e);
}

static int touch_connections(struct ending *x, struct err *e)
{
    const struct run_outcome *o = &x->outcome;
    for (size_t i = 0; i < o->resolved_count; i++) {
        const struct connection *c = o->resolved[i].connection;
        if (c != NULL && c->last_used_at < clock_now() - TOUCH_EVERY_S &&
            store_connection_touch(x->scene.s, o->run->workspace, o->resolved[i].connection->id,
                                   e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int ended_done(struct ending *x, struct err *e)
{
    struct run_outcome *o = &x->outcome;
    metric_add(METRIC_RUNS, "result=\"done\"", 1);
    o->run->result = json_member(o->context, "steps");
    /* the run's row before the connection's, as off-boarding takes them */
    if (run_end(&x->scene, o->run, o->run->state, RUN_DONE, result_view(&x->scene, o), e) != 0 ||
        touch_connections(x, e) != 0) {
        return -1;
    }
    return store_job_done(x->scene.s, x->job, e);
}

static int ended_failed(struct ending *x, struct err *e)
{
    struct run_outcome *o = &x->outcome;
    const char *words = o->began_as == NULL ? o->words : result_other_account(&x->scene, o);
    const struct failure f = {.why = &o->err, .words = words, .app = app_of(x)};
    metric_add(METRIC_RUNS, "result=\"failed\"", 1);
    o->run->error_code = o->err.code;
    json_t *view = failure_view(&x->scene, o->run, o->recipe, &f);
    const char *so_far = NULL;
    x->scene.decided = o->decided.by == NULL ? NULL : &o->decided;
    if (decided_failed(&x->scene, o->run, &f, &view, e) != 0) {
        return -1;
    }
    if (result_so_far(&x->scene, o->run, &so_far, e) != 0) {
        return -1;
    }
    if (so_far != NULL) {
        view_text(view, "%s", so_far);
    }
    if (tell_admins(x, e) != 0 ||
        run_end(&x->scene, o->run, o->run->state, RUN_FAILED, view, e) != 0) {
        return -1;
    }
    return store_job_done(x->scene.s, x->job, e);
}

static int ended_login(struct ending *x, struct err *e)
{
    struct run_outcome *o = &x->outcome;
    metric_add(METRIC_RUNS, "result=\"parked\"", 1);
    if (run_park(&x->scene, o->run, o->need->def, o->consent_generation, e) != 0) {
        return -1;
    }
    return store_job_done(x->scene.s, x->job, e);
}

static int ended_wait(struct ending *x, struct err *e)
{
    metric_add(METRIC_RUNS, "result=\"parked\"", 1);
    return wait_begin(&x->scene, x->job, &x->outcome, e) != 0
               ? -1
               : store_job_done(x->scene.s, x->job, e);
}

/* The write may have happened: only its user can say, and is asked (P10). */
static int ended_unknown(struct ending *x, struct err *e)
{
    struct run_outcome *o = &x->outcome;
    json_t *view = unknown_view(&x->scene, o, app_of(x), o->run->id);
    metric_add(METRIC_RUNS, "result=\"unknown\"", 1);
    o->run->error_code = o->err.code;
    bool own = run_for_one(o->run);
    if (!own && say_dm(&x->scene, view, NULL, e) != 0) {
        return -1;
    }
    json_t *neutral = view_new(x->scene.mem);
    view_text(neutral, "%s, I need your word: see my private message.",
              words_person(x->scene.user));
    if (run_end(&x->scene, o->run, o->run->state, RUN_UNKNOWN, own ? view : neutral, e) != 0) {
        return -1;
    }
    return store_job_done(x->scene.s, x->job, e);
}

static int64_t at_most(int64_t ms, int64_t most_ms)
{
    return ms < most_ms ? ms : most_ms;
}

/* What the app asks for; without that, or when its answer got lost, a wait that doubles. */
static int64_t backoff_ms(const struct ending *x)
{
    const struct err *why = &x->outcome.err;
    int64_t ms = why->maybe_done ? BACKOFF_LOST_MS : BACKOFF_FIRST_MS;
    for (int64_t i = 1; i < x->job->attempts && ms < BACKOFF_MAX_MS; i++) {
        ms *= 2;
    }
    ms = at_most(ms, BACKOFF_MAX_MS);
    bool asked = why->retry_after_ms > (why->maybe_done ? ms : 0);
    return at_most(asked ? why->retry_after_ms : ms, WAIT_MAX_MS);
}

#define STILL_WORKING "Still working on "

static int tell_still_working(struct ending *x, int64_t delay_s, struct err *e)
{
    struct run_outcome *o = &x->outcome;
    if (is_nobodys(x)) {
        return 0;
    }
    json_t *view = view_new(x->scene.mem);
    view_text(view, STILL_WORKING "**%s**.", o->recipe->title);
    view_note(view, "%s I try again %s; `cancel` stops it.",
              words_reason(x->scene.mem, &o->err, app_of(x)), words_in(x->scene.mem, delay_s));
    return run_show(&x->scene, o->run, view, e);
}

/* Until its next try it is queued: nobody works on it, so its user can cancel it. */
static int wait_for_next_try(struct ending *x, struct err *e)
{
    struct run next = *x->outcome.run;
    bool changed = false;
    next.state = RUN_QUEUED;
    return store_run_update(x->scene.s, &next, x->outcome.run->state, &changed, e);
}

/* Its message says so already: it may have been looked at for the first time when it was old. */
static int was_told(struct ending *x, bool *ret, struct err *e)
{
    const struct run *r = x->outcome.run;
    struct message *m = NULL;
    if (r->message_id != NULL &&
        store_message_find(x->scene.s, r->workspace, r->message_id, &m, e) != 0) {
        return -1;
    }
    *ret = m != NULL && str_starts(view_summary(x->scene.mem, m->body), STILL_WORKING);
    return 0;
}

/* Nothing was tried, so no attempt is used up. By its age it looks again soon, and more seldom when
 * it waits for long; its user hears of that once. */
static int ended_held(struct ending *x, struct err *e)
{
    enum { SOON_S = 1, SELDOM_S = 10 };
    int64_t age_s = clock_now() - x->job->created_at;
    int64_t delay_s = age_s < SOON_S ? SOON_S : at_most(age_s, SELDOM_S);
    bool told = false, waits_long = age_s + delay_s >= SELDOM_S;
    if (waits_long && was_told(x, &told, e) != 0) {
        return -1;
    }
    if ((waits_long && !told && tell_still_working(x, delay_s, e) != 0) ||
        wait_for_next_try(x, e) != 0) {
        return -1;
    }
    return store_job_wait(x->scene.s, x->job, delay_s, x->outcome.err.code, e);
}

static int ended_again(struct ending *x, struct err *e)
{
    struct run_outcome *o = &x->outcome;
    if (recipe_not_tried(&o->err) && store_job_may_wait(x->job)) {
        return ended_held(x, e);
    }
    bool told = x->job->attempts == STILL_WORKING_AFTER || o->err.retry_after_ms > LONG_WAIT_MS;
    int64_t delay_s = (backoff_ms(x) + 999) / 1000;
    if ((told && tell_still_working(x, delay_s, e) != 0) || wait_for_next_try(x, e) != 0) {
        return -1;
    }
    return store_job_again(x->scene.s, x->job, delay_s, o->err.code, e);
}

static int ended_gone(struct ending *x, struct err *e)
{
    return store_job_done(x->scene.s, x->job, e);
}

static int nobody_done(struct ending *x, struct err *e)
{
    metric_add(METRIC_RUNS, "result=\"done\"", 1);
    if (post_done(&x->scene, &x->outcome, e) != 0 || touch_connections(x, e) != 0) {
        return -1;
    }
    return store_job_done(x->scene.s, x->job, e);
}

static int nobody_failed(struct ending *x, struct err *e)
{
    metric_add(METRIC_RUNS, "result=\"failed\"", 1);
    if (tell_admins(x, e) != 0 || post_failed(&x->scene, &x->outcome, app_of(x), e) != 0) {
        return -1;
    }
    return store_job_done(x->scene.s, x->job, e);
}

static int nobody_unknown(struct ending *x, struct err *e)
{
    metric_add(METRIC_RUNS, "result=\"unknown\"", 1);
    return post_unknown(&x->scene, &x->outcome, app_of(x), e) != 0
               ? -1
               : store_job_done(x->scene.s, x->job, e);
}

/* Nobody can log in, nor press for its user. */
static end_fn *const nobodys_endings[] = {
    [RUN_END_DONE] = nobody_done,       [RUN_END_LOGIN] = nobody_failed,
    [RUN_END_AGAIN] = ended_again,      [RUN_END_FAILED] = nobody_failed,
    [RUN_END_UNKNOWN] = nobody_unknown, [RUN_END_WAIT] = nobody_failed,
    [RUN_END_GONE] = ended_gone,
};

static end_fn *const endings[] = {
    [RUN_END_DONE] = ended_done,       [RUN_END_LOGIN] = ended_login,
    [RUN_END_AGAIN] = ended_again,     [RUN_END_FAILED] = ended_failed,
    [RUN_END_UNKNOWN] = ended_unknown, [RUN_END_WAIT] = ended_wait,
    [RUN_END_GONE] = ended_gone,
};

/* What could not be stored as a whole is tried again as a whole; by then it must be known that the
 * last step has been done. */
static void save_last_step(struct ending *x)
{
    store *s = NULL;
    struct err ignored = {0};
    if (x->outcome.last != NULL &&
        store_open(x->scene.bot->options.stores, x->scene.mem, &s, &ignored) == 0 &&
        recipe_last_step(s, x->job, &x->outcome, &ignored) == 0) {
        x->outcome.last = NULL;
    }
    store_close(s);
}

/* Before anything but a neutral line stands where others may read it by now. */
static void look_again(struct ending *x)
{
    struct run_outcome *o = &x->outcome;
    bool told = o->end != RUN_END_GONE && o->end != RUN_END_LOGIN && o->user != NULL;
    if (!told || o->run == NULL || !place_is_old(o->run)) {
        return;
    }
    save_last_step(x); /* the question takes its time */
    x->scene.workspace = o->workspace;
    x->shared = place_look_again(&x->scene, o->run);
}

static int store_in(struct scene *sc, void *arg, struct err *e)
{
    struct ending *x = arg;
    if (recipe_last_step(sc->s, x->job, &x->outcome, e) != 0) {
        return -1;
    }
    if (x->shared && store_run_set_shared(sc->s, x->job->workspace, x->outcome.run->id, e) != 0) {
        return -1;
    }
    end_fn *end = is_nobodys(x) ? nobodys_endings[x->outcome.end] : endings[x->outcome.end];
    return end(x, e) != 0 ? -1 : home_flush(sc, e);
}

static int store_ending(struct ending *x, struct err *e)
{
    x->scene.workspace = x->outcome.workspace;
    x->scene.user = x->outcome.user;
    if (x->scene.user == NULL && !is_nobodys(x)) {
        x->outcome.end = RUN_END_GONE; /* nobody is left to tell */
    } else if (x->outcome.run != NULL) {
        x->scene.from = run_origin(x->outcome.run);
    }
    int rc = scene_do(&x->scene, x->job, store_in, x, e);
    if (rc != 0) {
        save_last_step(x);
    }
    return rc;
}

static const char *read_payload(struct ending *x, struct err *e)
{
    json_t *payload = NULL;
    if (json_read(x->scene.mem, x->job->payload, &payload, e) != 0) {
        return NULL;
    }
    const char *id = json_text(payload, "run");
    if (id == NULL) {
        err_set(e, ERR_INPUT, "job_payload", "run job %s names no run", x->job->id);
    }
    x->scene.told = json_is_true(json_member(payload, "told"));
    return id;
}

int bot_job_run(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct ending x = {.scene = {.bot = b, .mem = mem}, .job = j};
    const char *run_id = read_payload(&x, e);
    if (run_id == NULL || recipe_run(b->options.recipes, mem, j, run_id, &x.outcome, e) != 0) {
        return -1;
    }
    look_again(&x);
    return store_ending(&x, e);
}

int bot_run_failed(bot *b, arena *mem, const struct job *j, const struct err *why, struct err *e)
{
    struct ending x = {.scene = {.bot = b, .mem = mem}, .job = j};
    const char *run_id = read_payload(&x, e);
    if (run_id == NULL || recipe_give_up(b->options.recipes, mem, j, run_id, &x.outcome, e) != 0) {
        return -1;
    }
    if (x.outcome.end == RUN_END_FAILED) {
        x.outcome.err = *why;
    }
    look_again(&x);
    return store_ending(&x, e);
}

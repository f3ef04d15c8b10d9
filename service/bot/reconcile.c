#include "bot_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * Events are best effort: once a night the people who hold something here are compared with what
 * the platform says of them. A page of them a job, and the job of the next page in the transaction
 * that ends this one: a crash loses a page of questions and nothing else.
 */

enum {
    PAGE = 20,
    PACE_S = 20, /* between pages: the platform allows more, and commands need it too */
};

struct comparing {
    struct scene scene;
    const struct job *job;
    const char *after; /* everybody up to here is done */
    bool more;         /* somebody is left */
    int64_t pause_s;   /* before the next page */
};

static int load(struct comparing *x, const char ***ret, size_t *ret_count, struct err *e)
{
    struct scene *sc = &x->scene;
    json_t *payload = NULL;
    struct workspace *w = NULL;
    store *s = NULL;
    if (json_read(sc->mem, x->job->payload, &payload, e) != 0 ||
        store_open(sc->bot->options.stores, sc->mem, &s, e) != 0) {
        return -1;
    }
    x->after = json_text(payload, "after");
    int rc = store_workspace_find(s, x->job->workspace, &w, e);
    if (rc == 0 && w != NULL && str_equal(w->state, "active")) {
        rc = store_people_page(s, w->workspace, x->after, PAGE, ret, ret_count, e);
    }
    store_close(s);
    sc->workspace = w;
    return rc;
}

static int take(struct comparing *x, const char *user_id, const struct chat_person *p,
                struct err *e)
{
    struct scene *sc = &x->scene;
    const struct person_news news = {.user_id = user_id, .person = p, .asked = true};
    const struct workspace *w = sc->workspace;
    if (store_open(sc->bot->options.stores, sc->mem, &sc->s, e) != 0) {
        return -1;
    }
    int rc =
        store_begin(sc->s, e) != 0 || person_take(sc, &news, e) != 0 ? -1 : store_commit(sc->s, e);
    store_close(sc->s);
    sc->s = NULL;
    sc->workspace = w;
    return rc;
}

static int compare(struct comparing *x, const char *user_id, struct err *e)
{
    struct chat_person p = {0};
    if (person_ask(&x->scene, user_id, &p, e) != 0) {
        if (e->kind != ERR_NOT_FOUND) {
            return -1;
        }
        p.deactivated = true;
        *e = (struct err){0};
    }
    return take(x, user_id, &p, e);
}

static int settle(struct comparing *x, struct err *e)
{
    struct scene *sc = &x->scene;
    store *s = NULL;
    if (store_open(sc->bot->options.stores, sc->mem, &s, e) != 0) {
        return -1;
    }
    store_follow(s, x->job);
    json_t *payload = arena_json(sc->mem, json_pack("{s:s?}", "after", x->after));
    struct job next = {.workspace = x->job->workspace,
                       .kind = JOB_RECONCILE,
                       .lane = "reconcile",
                       .priority = JOB_PRIORITY_REVOKE,
                       .payload = bytes_of(json_write(sc->mem, payload)),
                       .run_at = clock_now() + x->pause_s};
    int rc = store_begin(s, e);
    if (rc == 0 && x->more) {
        rc = store_job_add(s, &next, e);
    }
    if (rc == 0) {
        rc = store_job_done(s, x->job, e);
    }
    if (rc == 0) {
        rc = store_commit(s, e);
    }
    store_close(s);
    return rc;
}

int bot_job_reconcile(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct comparing x = {.scene = {.bot = b, .mem = mem}, .job = j, .pause_s = PACE_S};
    const char **people = NULL;
    size_t count = 0, done = 0;
    if (load(&x, &people, &count, e) != 0) {
        return -1;
    }
    if (chats_driver(b->options.chats, j->workspace) == NULL) {
        count = 0; /* the platform was switched off since */
    }
    while (done < count && compare(&x, people[done], e) == 0) {
        x.after = people[done++];
    }
    x.more = count == PAGE || done < count;
    if (done < count) {
        if (done == 0) {
            return -1; /* with this one it begins anew, later */
        }
        x.pause_s = e->retry_after_ms > 0 ? (e->retry_after_ms + 999) / 1000 : PACE_S;
        *e = (struct err){0};
    }
    return settle(&x, e);
}

int bot_reconcile_due(bot *b, store *s, struct err *e)
{
    enum { AT_ONCE = 50 };
    const char **due = NULL;
    size_t count = 0;
    if (store_begin(s, e) != 0 ||
        store_reconcile_due(s, b->options.config->ttl_reconcile, AT_ONCE, &due, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        struct job j = {.workspace = due[i],
                        .kind = JOB_RECONCILE,
                        .lane = "reconcile",
                        .priority = JOB_PRIORITY_REVOKE,
                        .payload = bytes_of("{}")};
        if (store_job_add(s, &j, e) != 0) {
            return -1;
        }
    }
    return store_commit(s, e);
}

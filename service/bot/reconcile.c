#include "bot_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

/*
 * Events are best effort: once a night the people who hold something here are compared with what
 * the platform says of them. A page of them a job, and the job of the next page in the transaction
 * that ends this one: a crash loses a page of questions and nothing else.
 */

enum {
    PAGE = 20,
    DOUBT_LEAST = 3, /* so many of a page, and more than half of it, do not leave in one night */
    DOUBT_EVERY_S = 20 * 3600,
    PACE_S = 20, /* between pages: the platform allows more, and commands need it too */
};

struct compared {
    const char *user_id;
    struct chat_person person;
    bool known; /* the platform said something of this person */
    bool gone;  /* who may not use Workbot here */
};

struct comparing {
    struct scene scene;
    const struct job *job;
    struct compared *people; /* of the page */
    size_t asked, gone;      /* how many of them so far */
    const char *after;       /* everybody up to here is done */
    bool more;               /* somebody is left */
    bool doubtful;           /* so many of them are gone that it cannot be */
    int64_t pause_s;         /* before the next page */
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
    struct person_news news = {.user_id = user_id, .person = p, .asked = true};
    const struct workspace *w = sc->workspace;
    int rc = scene_do(sc, NULL, person_take_alone, &news, e);
    sc->workspace = w;
    return rc;
}

/* What the platform says of one of them. */
static int ask(struct comparing *x, size_t i, struct err *e)
{
    struct compared *c = &x->people[i];
    c->known = true;
    if (person_ask(&x->scene, c->user_id, &c->person, e) != 0) {
        bool unclear = str_equal(e->code, "chat_unclear") || str_equal(e->code, "chat_not_granted");
        if (!person_is_absent(e, &c->person) && !unclear) {
            return -1;
        }
        c->known = !unclear; /* of whom it tells nothing today it may tell the next night */
        *e = (struct err){0};
    }
    c->gone = c->known && !store_standing_allowed(person_standing(&c->person), x->scene.workspace);
    return 0;
}

/* Most people of a page do not leave in one night: more likely the platform, or the bot's place in
 * it, is not as it should be, and what would be ended does not come back. */
static bool is_doubtful(struct comparing *x)
{
    size_t asked = 0;
    x->gone = 0;
    for (size_t i = 0; i < x->asked; i++) {
        asked += x->people[i].known ? 1 : 0;
        x->gone += x->people[i].gone ? 1 : 0;
    }
    return x->gone >= DOUBT_LEAST && x->gone * 2 > asked;
}

static int take_all(struct comparing *x, struct err *e)
{
    for (size_t i = 0; i < x->asked; i++) {
        const struct compared *c = &x->people[i];
        if (c->known && !(c->gone && x->doubtful) && take(x, c->user_id, &c->person, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* In the transaction that ends the page. */
static int tell_doubt(struct comparing *x, struct err *e)
{
    struct scene *sc = &x->scene;
    bool due = false;
    log_warn("most people of a page are gone, says the chat: nobody is off-boarded",
             LOG_TEXT("workspace", x->job->workspace), LOG_INT("people", (int64_t)x->asked),
             LOG_INT("gone", (int64_t)x->gone));
    if (store_notice_due(sc->s, x->job->workspace, "reconcile:doubt", DOUBT_EVERY_S, &due, e) !=
        0) {
        return -1;
    }
    json_t *view = view_new(sc->mem);
    view_text(view,
              "**I off-boarded nobody tonight**: the chat says of %lld of %lld people with "
              "connections that they may not use me any more.",
              (long long)x->gone, (long long)x->asked);
    view_note(view, "That is more than leave at once, so I look again the next night. If it is so, "
                    "end their connections through the API.");
    return due ? notice_all(sc, view, e) : 0;
}

static int end_page(struct scene *sc, void *arg, struct err *e)
{
    struct comparing *x = arg;
    json_t *payload = arena_json(sc->mem, json_pack("{s:s?}", "after", x->after));
    struct job next = {.workspace = x->job->workspace,
                       .kind = JOB_RECONCILE,
                       .lane = "reconcile",
                       .priority = JOB_PRIORITY_REVOKE,
                       .payload = bytes_of(json_write(sc->mem, payload)),
                       .run_at = clock_now() + x->pause_s};
    if ((x->doubtful && tell_doubt(x, e) != 0) ||
        (x->more && store_job_add(sc->s, &next, e) != 0)) {
        return -1;
    }
    return store_job_done(sc->s, x->job, e);
}

int bot_job_reconcile(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct comparing x = {.scene = {.bot = b, .mem = mem}, .job = j, .pause_s = PACE_S};
    const char **ids = NULL;
    size_t count = 0;
    if (load(&x, &ids, &count, e) != 0) {
        return -1;
    }
    if (chats_driver(b->options.chats, j->workspace) == NULL) {
        count = 0; /* the platform was switched off since */
    }
    x.people = arena_array(mem, count + 1, sizeof *x.people);
    for (; x.asked < count; x.asked++) {
        x.people[x.asked].user_id = ids[x.asked];
        if (ask(&x, x.asked, e) != 0) {
            break;
        }
        x.after = ids[x.asked];
    }
    if (x.asked == 0 && count > 0) {
        return -1; /* with this one it begins anew, later */
    }
    x.more = count == PAGE || x.asked < count;
    if (x.asked < count) {
        x.pause_s = e->retry_after_ms > 0 ? (e->retry_after_ms + 999) / 1000 : PACE_S;
        *e = (struct err){0};
    }
    x.doubtful = is_doubtful(&x);
    return take_all(&x, e) != 0 ? -1 : scene_do(&x.scene, j, end_page, &x, e);
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

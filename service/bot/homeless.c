#include "install_int.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * Events of places where the bot is not installed, or has lost its token: these wait for it, for a
 * day at most. The door knows no workspaces: it stores under the team that the platform names, and
 * an organisation's installation may stand behind it.
 */

enum { LOG_EVERY_MS = 60000 };

/* Somebody else's workspaces may send us a lot: one line in a while, and a metric. */
static void log_now_and_then(const char *workspace, const char *reason)
{
    static _Atomic int64_t logged_ms;
    if (log_due(&logged_ms, LOG_EVERY_MS)) {
        log_warn("events of places where the bot is not installed are dropped; this is one of them",
                 LOG_TEXT("workspace", workspace), LOG_TEXT("reason", reason));
    }
}

bool homeless_holds(const struct turn *t)
{
    return t->event.kind != EVENT_IGNORED && t->event.surface != SURFACE_COMMAND &&
           str_equal(t->scene.workspace->state, "broken") && store_job_may_wait(t->job);
}

int homeless_hold(const struct turn *t, struct err *e)
{
    enum { AGAIN_MS = 60000 }; /* it is woken when the workspace works again */
    (void)err_set(e, ERR_CONFIG, STORE_JOB_HELD, "the bot of %s has no usable token",
                  t->job->workspace);
    if (e != NULL) {
        e->retry_after_ms = AGAIN_MS;
    }
    return -1;
}

void homeless_note(const char *workspace, const char *state)
{
    static const struct {
        const char *state, *labels;
    } states[] = {{"draft", "reason=\"draft\""},
                  {"broken", "reason=\"broken\""},
                  {"removed", "reason=\"removed\""}};
    const char *labels = "reason=\"unknown\"";
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        labels = str_equal(states[i].state, state) ? states[i].labels : labels;
    }
    metric_add(METRIC_NO_WORKSPACE, labels, 1);
    log_now_and_then(workspace, state == NULL ? "unknown" : state);
}

/* A slash command shows in its workspace whoever is installed there or not, and whoever typed one
 * waits for a word. Its own address needs no token. */
void homeless_tell(struct turn *t, const struct chat_driver *driver)
{
    const struct job *j = t->job;
    arena *mem = t->scene.mem;
    struct event ev = {.kind = EVENT_IGNORED};
    struct err unused = {0};
    if (driver->parse(mem, job_kind_name(j->kind), j->payload, NULL, &ev, &unused) != 0 ||
        ev.surface != SURFACE_COMMAND || secret_empty(ev.response_url)) {
        return;
    }
    json_t *view = view_new(mem);
    if (t->scene.workspace != NULL && str_equal(t->scene.workspace->state, "broken")) {
        view_text(view, "I have lost my permission in this workspace, so I have not done that. "
                        "An admin must install me again; then type it once more.");
        installed_button(&t->scene, view);
    } else {
        view_text(view, "I am not set up in this workspace.");
        view_note(view, "Whoever manages its apps can install me.");
    }
    const struct chat_answer answer = {.response_url = ev.response_url, .view = view, .adds = true};
    (void)driver->respond(t->scene.bot->options.chats, mem, &answer, &unused);
}

struct moving {
    const struct job *job;
    const char *org; /* NULL: there is none */
    bool moved;
};

static int move(struct scene *sc, void *arg, struct err *e)
{
    struct moving *m = arg;
    struct workspace *home = NULL;
    if (m->org != NULL && store_workspace_find(sc->s, m->org, &home, e) != 0) {
        return -1;
    }
    m->moved = home != NULL;
    if (home != NULL && store_job_rehome(sc->s, m->job, m->org, e) != 0) {
        return -1;
    }
    return store_job_drop(sc->s, m->job,
                          e); /* who never had a workspace here leaves nothing behind */
}

int homeless_settle(struct turn *t, const struct chat_driver *driver, struct err *e)
{
    const struct job *j = t->job;
    struct moving m = {.job = j};
    if (driver->other_home != NULL) {
        m.org = driver->other_home(t->scene.mem, job_kind_name(j->kind), j->payload);
    }
    int rc = scene_do(&t->scene, j, move, &m, e);
    if (rc == 0 && !m.moved) {
        homeless_note(j->workspace, NULL);
        homeless_tell(t, driver);
    }
    return rc;
}

static int begin(const struct turn *t, store *s, bool *ret_made, struct err *e)
{
    const struct workspace w = {.workspace = t->job->workspace,
                                .name = "",
                                .installer_uses_default = true,
                                .state = "active"};
    if (store_workspace_make(s, w.workspace, ret_made, e) != 0) {
        return -1;
    }
    if (!*ret_made) {
        return 0; /* somebody else was first */
    }
    return store_workspace_put(s, &w, false, e) != 0
               ? -1
               : store_audit_add(s, w.workspace, "system", "workspace.created", w.workspace, NULL,
                                 e);
}

/* Nobody is its admin by that: an operator names one. */
int homeless_begin(struct turn *t, struct err *e)
{
    store *s = NULL;
    bool made = false;
    if (store_open(t->scene.bot->options.stores, t->scene.mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_begin(s, e);
    if (rc == 0) {
        rc = begin(t, s, &made, e);
    }
    if (rc == 0) {
        rc = store_commit(s, e);
    }
    store_close(s);
    if (rc == 0 && made) {
        log_info("a workspace begins", LOG_TEXT("workspace", t->job->workspace));
    }
    return rc;
}

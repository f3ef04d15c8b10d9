#include "boot_int.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

enum { NOTE_EVERY_S = 60, LOOK_AGAIN_S = 1 };

static bool role_of(const char *name, enum role *ret)
{
    static const char *const names[] = {"all", "web", "worker"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_equal(names[i], name)) {
            *ret = (enum role)i;
            return true;
        }
    }
    return false;
}

static bool read_arguments(int argc, char **argv, enum role *ret)
{
    *ret = ROLE_ALL;
    if (argc == 0) {
        return true;
    }
    return argc == 2 && strcmp(argv[0], "--role") == 0 && role_of(argv[1], ret);
}

/* Blocked in every thread, taken by this one alone. */
static void hold_signals(sigset_t *ret)
{
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(ret);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGINT);
    pthread_sigmask(SIG_BLOCK, ret, NULL);
}

/* Each call out and each client takes a descriptor; the usual soft limit of 1,024 is too low. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Heaps that many threads share keep less unused memory between them than one for each few. */
static void share_heaps(void)
{
    enum { HEAPS = 4 };
    (void)mallopt(M_ARENA_MAX, HEAPS);
}

/* Whoever would take this process's key out of the settings is told that it seals. */
static bool note_key(struct service *s)
{
    arena *mem = arena_new();
    store *st = NULL;
    struct err e = {0};
    bool noted = stores_ready(s->reserved, &e) == 0 && store_open(s->reserved, mem, &st, &e) == 0 &&
                 store_keys_note(st, &e) == 0;
    if (!noted) {
        log_err(LOG_WARN, "the key that seals is not noted yet", &e, NULL, 0);
    }
    store_close(st);
    arena_free(mem);
    return noted;
}

/* How far a process is that has started. */
struct start {
    int64_t began_ms;
    bool noted, ready;
    struct err said; /* why it is not ready yet */
};

/* Of a database that is away the text differs from try to try; of settings it says what to do. */
static bool same_reason(const struct err *a, const struct err *b)
{
    return str_equal(a->code, b->code) && (a->kind != ERR_CONFIG || str_equal(a->text, b->text));
}

static void look_ready(const struct service *s, struct start *io)
{
    arena *mem = arena_new();
    struct err why = {0};
    io->ready = web_ready(s->web, mem, &why) == 0;
    arena_free(mem);
    if (io->ready) {
        log_info("ready", LOG_TEXT("public_url", s->config.public_url),
                 LOG_INT("port", web_port(s->web, "main")),
                 LOG_INT("ops_port", web_port(s->web, "ops")),
                 LOG_INT("workers", s->jobs == NULL ? 0 : s->config.workers),
                 LOG_INT("start_ms", clock_mono_ms() - io->began_ms));
    } else if (!same_reason(&why, &io->said)) {
        log_err(LOG_WARN, "not ready yet", &why, NULL, 0);
        io->said = why;
    }
}

/* The janitor of a worker notes the key from time to time; who has none does it here. */
static int wait_for_signal(struct service *s, const sigset_t *signals, struct start *x)
{
    int got = -1;
    while (got < 0) {
        if (!x->ready) {
            look_ready(s, x);
        }
        bool settled = x->ready && (x->noted || s->jobs != NULL);
        const struct timespec pause = {.tv_sec = settled ? NOTE_EVERY_S : LOOK_AGAIN_S};
        got = sigtimedwait(signals, NULL, &pause);
        if (got < 0 && s->jobs == NULL) {
            x->noted = note_key(s);
        }
    }
    return got;
}

/* One chat is enough. */
static void say_platforms(const struct service *s)
{
    bool slack = s->config.slack_app_id != NULL, teams = s->config.teams_app_id != NULL;
    if (!slack && !teams) {
        log_warn("no chat is set up: neither WORKBOT_SLACK_APP_ID nor WORKBOT_TEAMS_APP_ID is set",
                 LOG_TEXT("routes", "/slack/* and /teams/* answer 404"));
    } else if (!slack) {
        log_info("Slack is not set up: WORKBOT_SLACK_APP_ID is not set",
                 LOG_TEXT("routes", "/slack/* answer 404"));
    } else if (!teams) {
        log_info("Teams is not set up: WORKBOT_TEAMS_APP_ID is not set",
                 LOG_TEXT("routes", "/teams/* answer 404"));
    }
}

int command_serve(int argc, char **argv)
{
    enum role role = ROLE_ALL;
    sigset_t signals;
    struct start start = {.began_ms = clock_mono_ms()};
    struct service s = {.mem = arena_new()};
    struct err e = {0};
    if (!read_arguments(argc, argv, &role)) {
        return command_misused(&s, "serve [--role all|web|worker]");
    }
    if (!settings_load(&s)) {
        return 1;
    }
    log_set_level(s.config.log_level);
    hold_signals(&signals);
    raise_descriptors();
    share_heaps();
    build_objects(&s);
    start.noted = note_key(&s); /* before anything is sealed */
    if (build_start(&s, role, &e) != 0) {
        log_err(LOG_ERROR, "cannot start", &e, NULL, 0);
        build_stop(&s); /* the workers stand already: at exit they would run into freed libraries */
        build_free(&s);
        return 1;
    }
    say_platforms(&s);
    int got = wait_for_signal(&s, &signals, &start);
    log_info("stopping", LOG_TEXT("signal", got == SIGTERM ? "SIGTERM" : "SIGINT"));
    build_stop(&s);
    build_free(&s);
    return 0;
}

#ifndef WB_BASE_METRICS_H
#define WB_BASE_METRICS_H

#include <stdint.h>

#include "base/arena.h"

/*
 * Counters, gauges and histograms of this process in Prometheus' text format. One row per metric;
 * docs/operations.md lists the same rows (guarded). Labels are closed sets given at the call as
 * ready text such as `result="done"`: never an id, a name or anything a user typed.
 */
enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

#define METRICS(X)                                                                                 \
    X(METRIC_EVENTS, METRIC_COUNTER, "workbot_events_total",                                       \
      "Webhooks received, by chat and kind")                                                       \
    X(METRIC_ACKS, METRIC_COUNTER, "workbot_acks_total",                                           \
      "Webhooks acknowledged after their commit, by chat")                                         \
    X(METRIC_DUPLICATES, METRIC_COUNTER, "workbot_duplicates_total",                               \
      "Webhooks that had been stored before, by chat")                                             \
    X(METRIC_REFUSED, METRIC_COUNTER, "workbot_refused_total",                                     \
      "Webhooks refused at the door, by reason")                                                   \
    X(METRIC_FORMS, METRIC_COUNTER, "workbot_forms_total",                                         \
      "Forms sent and choices asked for, by what they were answered")                              \
    X(METRIC_INTAKE_BATCH, METRIC_HISTOGRAM, "workbot_intake_batch_events",                        \
      "Events committed together")                                                                 \
    X(METRIC_HOOK_EVENTS, METRIC_COUNTER, "workbot_hook_events_total",                             \
      "Events of apps acted on, by result")                                                        \
    X(METRIC_RUNS, METRIC_COUNTER, "workbot_runs_total", "Runs ended, by result")                  \
    X(METRIC_LOGINS, METRIC_COUNTER, "workbot_logins_total", "Logins ended, by result")            \
    X(METRIC_REFRESHES, METRIC_COUNTER, "workbot_refreshes_total", "Token refreshes, by result")   \
    X(METRIC_ENDINGS, METRIC_COUNTER, "workbot_endings_total",                                     \
      "Connections whose end came near, so that their owners were told")                           \
    X(METRIC_BOT_REFRESHES, METRIC_COUNTER, "workbot_bot_refreshes_total",                         \
      "Renewals of a bot's own token, by result")                                                  \
    X(METRIC_BOTS_BROKEN, METRIC_COUNTER, "workbot_bots_broken_total",                             \
      "Workspaces whose bot token the platform does not take any more")                            \
    X(METRIC_NO_WORKSPACE, METRIC_COUNTER, "workbot_no_workspace_total",                           \
      "Webhooks of places where the bot is not installed, by reason")                              \
    X(METRIC_REVOKES, METRIC_COUNTER, "workbot_revokes_total", "Token revocations, by result")     \
    X(METRIC_JOBS, METRIC_COUNTER, "workbot_jobs_total", "Jobs settled, by result")                \
    X(METRIC_JOB_AGE, METRIC_GAUGE, "workbot_job_oldest_age_seconds",                              \
      "Age of the oldest job that is due")                                                         \
    X(METRIC_JOBS_WAITING, METRIC_GAUGE, "workbot_jobs_waiting", "Jobs that are due")              \
    X(METRIC_JOB_SECONDS, METRIC_HISTOGRAM, "workbot_job_duration_seconds",                        \
      "Time a job ran, by kind")                                                                   \
    X(METRIC_CHAT_SENDS, METRIC_COUNTER, "workbot_chat_sends_total",                               \
      "Calls to a chat platform, by chat and result")                                              \
    X(METRIC_POSTS_REPEATED, METRIC_COUNTER, "workbot_posts_repeated_total",                       \
      "First posts sent again because their answer was lost")                                      \
    X(METRIC_HTTP_SECONDS, METRIC_HISTOGRAM, "workbot_http_request_duration_seconds",              \
      "Time to answer a request, by route and status class")                                       \
    X(METRIC_UPSTREAM_SECONDS, METRIC_HISTOGRAM, "workbot_upstream_request_duration_seconds",      \
      "Time of a call out, by peer")                                                               \
    X(METRIC_UPSTREAM_HELD, METRIC_COUNTER, "workbot_upstream_held_total",                         \
      "Calls out that were put off, by reason")                                                    \
    X(METRIC_DB_SECONDS, METRIC_HISTOGRAM, "workbot_db_statement_duration_seconds",                \
      "Time of a database statement")                                                              \
    X(METRIC_DB_WAIT_SECONDS, METRIC_HISTOGRAM, "workbot_db_checkout_wait_seconds",                \
      "Time waited for a database connection")                                                     \
    X(METRIC_ERRORS, METRIC_COUNTER, "workbot_errors_total", "Errors logged at an edge, by kind")  \
    X(METRIC_OVERFLOWS, METRIC_COUNTER, "workbot_metric_overflows_total",                          \
      "Samples counted under overflow=\"true\" for want of room for their labels")

#define METRIC_ENUM(id, type, name, help) id,
enum metric { METRICS(METRIC_ENUM) METRIC_COUNT };
#undef METRIC_ENUM

/* Label sets of one metric: routes times status classes is the largest set. */
enum { METRIC_SERIES_MAX = 1024 };

/* labels: NULL for none, else ready text that lives as long as the process (a literal). After
 * METRIC_SERIES_MAX label sets of one metric the rest is counted under overflow="true", and in
 * METRIC_OVERFLOWS. */
void metric_add(enum metric m, const char *labels, int64_t n);
void metric_set(enum metric m, const char *labels, int64_t value);
/* A histogram's observation; durations in seconds, sizes in units. */
void metric_observe(enum metric m, const char *labels, double value);
/* The exposition text (version 0.0.4). */
char *metrics_render(arena *mem);

#endif

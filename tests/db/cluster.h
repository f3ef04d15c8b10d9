#ifndef WB_TESTS_DB_CLUSTER_H
#define WB_TESTS_DB_CLUSTER_H

#include <sys/types.h>

/* A PostgreSQL server of the test's own, on a unix socket, to be stopped, killed and started again.
 * It runs as an unprivileged user when the test runs as root. */
typedef struct cluster cluster;

cluster *cluster_new(void); /* initdb and start */
void cluster_free(cluster *c);
const char *cluster_url(const cluster *c);
/* The folder of its socket and files; what a test leaves there goes with the cluster. */
const char *cluster_dir(const cluster *c);
void cluster_start(cluster *c);
/* signal: SIGINT fast shutdown, SIGQUIT immediate, SIGKILL as in a crash. Returns when it is gone.
 */
void cluster_stop(cluster *c, int signal);

/* Starts a program with its output thrown away, as an unprivileged user when the test is root. */
pid_t start_unprivileged(char *const *argv);

#endif

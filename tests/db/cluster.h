#ifndef WB_TESTS_DB_CLUSTER_H
#define WB_TESTS_DB_CLUSTER_H

/* A PostgreSQL server of the test's own, on a unix socket, to be stopped, killed and started again.
 * It runs as an unprivileged user when the test runs as root. */
typedef struct cluster cluster;

cluster *cluster_new(void); /* initdb and start */
void cluster_free(cluster *c);
const char *cluster_url(const cluster *c);
void cluster_start(cluster *c);
/* signal: SIGINT fast shutdown, SIGQUIT immediate, SIGKILL as in a crash. Returns when it is gone.
 */
void cluster_stop(cluster *c, int signal);

#endif

#include "tests/db/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/die.h"

enum { START_MS = 30000, PAUSE_MS = 20 };

struct cluster {
    arena *mem;
    const char *bin; /* folder of initdb and postgres */
    const char *dir;
    const char *url;
    pid_t pid; /* 0: not running */
};

static const char *find_bin(arena *mem)
{
    const char *given = getenv("WORKBOT_TEST_PG_BIN");
    if (given != NULL) {
        return given;
    }
    glob_t found = {0};
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) != 0) {
        die("no initdb: install postgresql or set WORKBOT_TEST_PG_BIN");
    }
    const char *last = found.gl_pathv[found.gl_pathc - 1];
    const char *bin = arena_strndup(mem, last, strlen(last) - strlen("/initdb"));
    globfree(&found);
    return bin;
}

static const struct passwd *unprivileged(void)
{
    const struct passwd *user = getpwnam("postgres");
    user = user == NULL ? getpwnam("nobody") : user;
    if (user == NULL) {
        die("no unprivileged user to run PostgreSQL as");
    }
    return user;
}

pid_t start_unprivileged(char *const *argv)
{
    const struct passwd *user = geteuid() == 0 ? unprivileged() : NULL;
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    if (user != NULL &&
        (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
        _exit(126);
    }
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    execv(argv[0], argv);
    _exit(127);
}

static void run(char *const *argv)
{
    int status = 0;
    pid_t pid = start_unprivileged(argv);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        die("%s failed: %d", argv[0], status);
    }
}

static char *path(const cluster *c, const char *folder, const char *name)
{
    return arena_printf(c->mem, "%s/%s", folder, name);
}

void cluster_start(cluster *c)
{
    char *argv[] = {path(c, c->bin, "postgres"),
                    arena_printf(c->mem, "-D"),
                    path(c, c->dir, "data"),
                    arena_printf(c->mem, "-k%s", c->dir),
                    arena_printf(c->mem, "-clisten_addresses="),
                    arena_printf(c->mem, "-cfsync=off"),
                    arena_printf(c->mem, "-cshared_buffers=8MB"),
                    NULL};
    c->pid = start_unprivileged(argv);
    int64_t until_ms = clock_mono_ms() + START_MS;
    while (PQping(c->url) != PQPING_OK) {
        if (clock_mono_ms() > until_ms) {
            die("PostgreSQL does not start in %s", c->dir);
        }
        if (waitpid(c->pid, NULL, WNOHANG) != 0) {
            c->pid =
                start_unprivileged(argv); /* after a crash the old processes need a moment to go */
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
}

void cluster_stop(cluster *c, int signal)
{
    if (c->pid == 0) {
        return;
    }
    kill(c->pid, signal);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    c->pid = 0;
}

cluster *cluster_new(void)
{
    arena *mem = arena_new();
    cluster *c = arena_alloc(mem, sizeof *c);
    c->mem = mem;
    c->bin = find_bin(mem);
    char *dir = arena_strdup(mem, "/tmp/workbot-pg-XXXXXX");
    if (mkdtemp(dir) == NULL ||
        (geteuid() == 0 && chown(dir, unprivileged()->pw_uid, unprivileged()->pw_gid) != 0)) {
        die("no folder for a PostgreSQL server");
    }
    c->dir = dir;
    c->url = arena_printf(mem, "postgresql:///postgres?user=postgres&host=%s&port=5432", dir);
    char *argv[] = {path(c, c->bin, "initdb"),
                    arena_printf(mem, "-D"),
                    path(c, dir, "data"),
                    arena_printf(mem, "-Upostgres"),
                    arena_printf(mem, "-Atrust"),
                    arena_printf(mem, "--no-sync"),
                    arena_printf(mem, "-EUTF8"),
                    arena_printf(mem, "--locale=C.UTF-8"),
                    NULL};
    run(argv);
    cluster_start(c);
    return c;
}

void cluster_free(cluster *c)
{
    cluster_stop(c, SIGQUIT);
    char *argv[] = {arena_printf(c->mem, "/bin/sh"), arena_printf(c->mem, "-c"),
                    arena_printf(c->mem, "rm -rf %s/* %s/.s.*", c->dir, c->dir), NULL};
    run(argv);
    rmdir(c->dir);
    arena_free(c->mem);
}

const char *cluster_url(const cluster *c)
{
    return c->url;
}

const char *cluster_dir(const cluster *c)
{
    return c->dir;
}

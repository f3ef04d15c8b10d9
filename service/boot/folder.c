#include "boot_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Files into a folder: all of them or none, as far as a file system can do that. Each is written
 * beside its place, and only when all are there do they take their places.
 */

struct folder {
    int fd;
    arena *mem;
    const struct folder_files *wanted;
    struct faults *faults;
};

static char *path_of(const struct folder *d, const char *name)
{
    const char *dir = d->wanted->dir;
    const char *slash = dir[0] != '\0' && dir[strlen(dir) - 1] == '/' ? "" : "/";
    return arena_printf(d->mem, "%s%s%s", dir, slash, name);
}

/* Hidden, and of this process: nobody else's is overwritten. */
static char *draft_of(const struct folder *d, const char *name)
{
    return arena_printf(d->mem, ".%s.%ld.new", name, (long)getpid());
}

static const char *cause(arena *mem, int number)
{
    enum { BYTES = 128 };
    return strerror_r(number, arena_alloc(mem, BYTES), BYTES);
}

static bool fails(const struct folder *d, const char *name, const char *what)
{
    const char *why = cause(d->mem, errno);
    faults_add(d->faults, path_of(d, name), "%s: %s.", what, why);
    return false;
}

static bool read_whole(int fd, uint8_t *into, size_t len)
{
    size_t have = 0;
    while (have < len) {
        ssize_t n = read(fd, into + have, len - have);
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            return false;
        }
        have += n < 0 ? 0 : (size_t)n;
    }
    return true;
}

static bool holds(const struct folder *d, const char *name, struct bytes data)
{
    uint8_t *there = arena_alloc(d->mem, data.len + 1);
    int fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool same = read_whole(fd, there, data.len) && memcmp(there, data.data, data.len) == 0;
    close(fd);
    return same;
}

/* What stands in this file's place, and may it be replaced? */
static void look(const struct folder *d, const struct zip_file *f, bool *ret_there)
{
    struct stat st;
    *ret_there = false;
    if (fstatat(d->fd, f->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT) {
            (void)fails(d, f->name, "cannot be looked at");
        }
        return;
    }
    if (!S_ISREG(st.st_mode)) {
        faults_add(d->faults, path_of(d, f->name), "is there and is no ordinary file.");
        return;
    }
    *ret_there = (size_t)st.st_size == f->data.len && holds(d, f->name, f->data);
    if (!*ret_there && !d->wanted->replace) {
        faults_add(d->faults, path_of(d, f->name),
                   "is there and holds something else: move it away, or say --replace.");
    }
}

static bool write_whole(int fd, struct bytes data)
{
    size_t done = 0;
    while (done < data.len) {
        ssize_t n = write(fd, data.data + done, data.len - done);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        done += n < 0 ? 0 : (size_t)n;
    }
    return fsync(fd) == 0;
}

static bool write_draft(const struct folder *d, const struct zip_file *f)
{
    int fd = openat(d->fd, draft_of(d, f->name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return fails(d, f->name, "cannot be written");
    }
    bool written = write_whole(fd, f->data) || fails(d, f->name, "cannot be written");
    close(fd);
    return written;
}

static void put_all(const struct folder *d, const bool *there)
{
    const struct folder_files *w = d->wanted;
    size_t drafts = 0;
    while (drafts < w->count && (there[drafts] || write_draft(d, &w->files[drafts]))) {
        drafts++;
    }
    for (size_t i = 0; i < w->count && d->faults->count == 0; i++) {
        if (!there[i] &&
            renameat(d->fd, draft_of(d, w->files[i].name), d->fd, w->files[i].name) != 0) {
            (void)fails(d, w->files[i].name, "cannot be put in its place");
        }
    }
    for (size_t i = 0; i < w->count && d->faults->count > 0; i++) {
        (void)unlinkat(d->fd, draft_of(d, w->files[i].name), 0);
    }
    (void)fsync(d->fd);
}

void folder_put(arena *mem, const struct folder_files *files, bool *ret_there,
                struct faults *faults)
{
    struct folder d = {.mem = mem, .wanted = files, .faults = faults};
    d.fd = open(files->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d.fd < 0) {
        faults_add(faults, files->dir, "%s.",
                   errno == ENOENT ? "there is no such folder: make it first" : cause(mem, errno));
        return;
    }
    for (size_t i = 0; i < files->count; i++) {
        look(&d, &files->files[i], &ret_there[i]);
    }
    if (faults->count == 0) {
        put_all(&d, ret_there);
    }
    close(d.fd);
}

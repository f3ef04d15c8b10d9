#include "tests/unit/base/helpers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

static char *read_all(arena *mem, int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    assert_true(size >= 0);
    char *text = arena_alloc(mem, (size_t)size + 1);
    assert_int_equal(pread(fd, text, (size_t)size, 0), size);
    return text;
}

char *capture_stderr(arena *mem, void (*fn)(void *arg), void *arg)
{
    int file = memfd_create("stderr", 0);
    int saved = dup(STDERR_FILENO);
    assert_true(file >= 0 && saved >= 0);
    assert_true(dup2(file, STDERR_FILENO) >= 0);
    fn(arg);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    char *text = read_all(mem, file);
    close(saved);
    close(file);
    return text;
}

bool dies(void (*fn)(void *arg), void *arg, const char *words)
{
    arena *mem = arena_new();
    int file = memfd_create("stderr", 0);
    assert_true(file >= 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* cmocka of the parent must not report this abort */
        signal(SIGABRT, SIG_DFL);
        dup2(file, STDERR_FILENO);
        fn(arg);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    char **lines = lines_of(mem, read_all(mem, file));
    bool died = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    if (died) {
        assert_non_null(lines[0]);
        json_t *line = arena_json(mem, json_loads(lines[0], JSON_REJECT_DUPLICATES, NULL));
        assert_string_equal(json_string_value(json_object_get(line, "level")), "fatal");
        const char *message = json_string_value(json_object_get(line, "message"));
        assert_non_null(message);
        assert_non_null(strstr(message, words));
    }
    close(file);
    arena_free(mem);
    return died;
}

void in_threads(size_t count, void *(*fn)(void *arg), void *arg)
{
    pthread_t *threads = calloc(count, sizeof *threads);
    assert_non_null(threads);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, fn, arg), 0);
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    free(threads);
}

uint64_t next_number(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * 0x2545F4914F6CDD1DULL;
}

char **lines_of(arena *mem, const char *text)
{
    size_t count = 0;
    for (const char *c = text; *c != '\0'; c++) {
        count += *c == '\n' ? 1 : 0;
    }
    char **lines = arena_array(mem, count + 1, sizeof *lines);
    const char *rest = text;
    for (size_t i = 0; i < count; i++) {
        lines[i] = str_split(mem, &rest, '\n');
    }
    assert_true(str_empty(rest));
    return lines;
}

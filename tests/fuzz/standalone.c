/*
 * main() of a fuzz target without libFuzzer: runs the target once on each file given, and on each
 * file of each folder given. `make test` replays every corpus this way with the plain compiler, so
 * a found crash stays found. A target without any input fails: an empty corpus proves nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "standalone: %s: %s\n", what, path);
    exit(1);
}

/* The buffer is exactly as long as the input, so that a sanitizer sees a read past its end. */
static void run_file(const char *path, const struct stat *info)
{
    size_t size = (size_t)info->st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    FILE *in = fopen(path, "rb");

    if (data == NULL || in == NULL || fread(data, 1, size, in) != size) {
        fail("cannot read", path);
    }
    fclose(in);
    fprintf(stderr, "input %s (%zu bytes)\n", path, size);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static int run(const char *path);

static int run_folder(const char *path)
{
    struct dirent **entries;
    int total = 0;
    int count = scandir(path, &entries, NULL, alphasort);

    if (count < 0) {
        fail("cannot list", path);
    }
    for (int i = 0; i < count; i++) {
        char child[4096];

        if (entries[i]->d_name[0] != '.') {
            snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
            total += run(child);
        }
        free(entries[i]);
    }
    free(entries);
    return total;
}

static int run(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        fail("no such input", path);
    }
    if (S_ISDIR(info.st_mode)) {
        return run_folder(path);
    }
    run_file(path, &info);
    return 1;
}

int main(int argc, char **argv)
{
    int total = 0;

    for (int i = 1; i < argc; i++) {
        total += run(argv[i]);
    }
    if (total == 0) {
        fputs("standalone: no input at all\n", stderr);
        return 1;
    }
    printf("%d inputs\n", total);
    return 0;
}

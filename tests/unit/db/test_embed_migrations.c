#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>

#include "base/str.h"
#include "service/db/db_int.h"

/* The list in service/db/embed_migrations.c and the folder migrations/ are the same: names, order
 * and content. Runs at the top of the checkout. */

static int is_sql(const struct dirent *entry)
{
    return str_ends(entry->d_name, ".sql");
}

static char *read_file(arena *mem, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("%s cannot be read", path);
    }
    struct str s = str_new(mem, 1024 * 1024);
    char chunk[4096];
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, f)) > 0;) {
        str_add_n(&s, chunk, got);
    }
    fclose(f);
    assert_false(s.cut);
    return s.text;
}

static void list_equals_folder(void **state)
{
    (void)state;
    arena *mem = arena_new();
    size_t count = 0;
    const struct migration *list = migrations_embedded(&count);
    struct dirent **files = NULL;
    int found = scandir("migrations", &files, is_sql, alphasort);
    assert_true(found > 0);
    for (int i = 0; i < found; i++) {
        const char *name = (size_t)i < count ? list[i].name : "(nothing)";
        assert_string_equal(files[i]->d_name, arena_printf(mem, "%s.sql", name));
        const char *path = arena_printf(mem, "migrations/%s", files[i]->d_name);
        assert_string_equal(read_file(mem, path), list[i].sql);
        free(files[i]);
    }
    assert_int_equal(found, count);
    free(files);
    arena_free(mem);
}

static void names_are_numbered_in_order(void **state)
{
    (void)state;
    arena *mem = arena_new();
    size_t count = 0;
    const struct migration *list = migrations_embedded(&count);
    /* a number may be missing, as long as the change that has it is on its way */
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(strspn(list[i].name, "0123456789"), 4);
        assert_int_equal(list[i].name[4], '_');
        assert_true(i == 0 || strncmp(list[i - 1].name, list[i].name, 4) < 0);
    }
    assert_null(list[count].name);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_equals_folder),
        cmocka_unit_test(names_are_numbered_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

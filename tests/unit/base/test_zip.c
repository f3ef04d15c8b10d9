#include <string.h>

#include "base/zip.h"
#include "tests/unit/base/helpers.h"

static uint32_t read32(struct bytes b, size_t at)
{
    assert_true(at + 4 <= b.len);
    const uint8_t *p = b.data + at;
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The check value of the algorithm's catalogues, and those that python's zlib.crc32 gives. */
static void test_known_sums(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t crc;
    } rows[] = {{"123456789", 0xCBF43926},
                {"", 0},
                {"a", 0xE8B7BE43},
                {"The quick brown fox jumps over the lazy dog", 0x414FA339}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(zip_crc(bytes_of(rows[i].text)), rows[i].crc);
    }
    static const uint8_t zeros[32];
    assert_int_equal(zip_crc((struct bytes){zeros, sizeof zeros}), 0x190A55AD);
}

/* Where the directory says that a file begins, it begins. */
static void check_file(struct bytes zip, size_t central, const struct zip_file *f)
{
    size_t name = strlen(f->name);
    size_t local = read32(zip, central + 42);
    assert_int_equal(read32(zip, central), 0x02014b50);
    assert_int_equal(read32(zip, central + 16), zip_crc(f->data));
    assert_int_equal(read32(zip, central + 24), f->data.len);
    assert_memory_equal(zip.data + central + 46, f->name, name);
    assert_int_equal(read32(zip, local), 0x04034b50);
    assert_memory_equal(zip.data + local + 4, zip.data + central + 6, 26);
    assert_memory_equal(zip.data + local + 30, f->name, name);
    assert_memory_equal(zip.data + local + 30 + name, f->data.data, f->data.len);
}

static void test_directory_and_files_agree(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct zip_file files[] = {{"manifest.json", bytes_of("{}\n")},
                                     {"nothing", bytes_of("")},
                                     {"zeros", {(const uint8_t *)"\0\0\0", 3}}};
    struct bytes zip = zip_write(mem, files, 3);
    size_t end = zip.len - 22;
    assert_int_equal(read32(zip, end), 0x06054b50);
    assert_int_equal(read32(zip, end + 8), 3 << 16 | 3); /* on this disk, in all */
    size_t central = read32(zip, end + 16);
    assert_int_equal(central + read32(zip, end + 12), end);
    for (size_t i = 0; i < 3; i++) {
        check_file(zip, central, &files[i]);
        central += 46 + strlen(files[i].name);
    }
    assert_int_equal(central, end);
    arena_free(mem);
}

static void test_the_same_files_make_the_same_bytes(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const struct zip_file file = {"a", bytes_of("text")};
    struct bytes one = zip_write(mem, &file, 1);
    struct bytes two = zip_write(mem, &file, 1);
    assert_int_equal(one.len, 30 + 1 + 4 + 46 + 1 + 22);
    assert_int_equal(two.len, one.len);
    assert_memory_equal(one.data, two.data, one.len);
    arena_free(mem);
}

static void test_an_empty_one(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bytes zip = zip_write(mem, NULL, 0);
    assert_int_equal(zip.len, 22);
    assert_int_equal(read32(zip, 0), 0x06054b50);
    arena_free(mem);
}

static void without_a_name(void *arg)
{
    const struct zip_file file = {"", bytes_of("x")};
    (void)zip_write(arg, &file, 1);
}

static void test_a_file_without_a_name_is_a_mistake(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_true(dies(without_a_name, mem, "no such file"));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_sums),
        cmocka_unit_test(test_directory_and_files_agree),
        cmocka_unit_test(test_the_same_files_make_the_same_bytes),
        cmocka_unit_test(test_an_empty_one),
        cmocka_unit_test(test_a_file_without_a_name_is_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

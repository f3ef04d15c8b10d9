#include "tests/unit/recipe/recipe_help.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

json_t *quoted(arena *mem, const char *text)
{
    char *json = arena_strdup(mem, text);
    for (char *p = json; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    json_t *value = NULL;
    struct err e = {0};
    if (json_read(mem, bytes_of(json), &value, &e) != 0) {
        fail_msg("%s in %s", e.text, json);
    }
    return value;
}

json_t *recipe_body(arena *mem, const char *inputs, const char *more)
{
    return quoted(mem, arena_printf(mem,
                                    "{'name':'sample','title':'Sample','command':'crm sample',"
                                    "'connections':{'crm':{'use':'acme',"
                                    "'verify_user_access':true}},"
                                    "'inputs':%s,"
                                    "'steps':[{'id':'one','connection':'crm',"
                                    "'action':'create_record','with':{'object':'Task',"
                                    "'fields':{}}}],"
                                    "'reply':{'text':'Done'}%s%s}",
                                    inputs, more == NULL ? "" : ",", more == NULL ? "" : more));
}

struct faults *recipe_faults(arena *mem, const json_t *body)
{
    struct faults *f = arena_alloc(mem, sizeof(*f));
    struct recipe *r = NULL;
    faults_init(f, mem);
    recipe_parse(mem, body, &r, f);
    assert_non_null(r);
    return f;
}

struct recipe *recipe_good(arena *mem, json_t *body)
{
    struct faults f;
    struct recipe *r = NULL;
    faults_init(&f, mem);
    recipe_parse(mem, body, &r, &f);
    assert_string_equal(faults_line(mem, &f, 4000), "");
    return r;
}

struct recipe *recipe_with(arena *mem, const char *inputs)
{
    return recipe_good(mem, recipe_body(mem, inputs, NULL));
}

bool fault_stands(const struct faults *f, const char *path, const char *part)
{
    for (size_t i = 0; i < f->count && i < FAULTS_MAX; i++) {
        if (str_equal(f->list[i].path, path) && strstr(f->list[i].text, part) != NULL) {
            return true;
        }
    }
    print_error("no fault %s: ...%s..., but: %s\n", path, part, faults_line(f->mem, f, 8000));
    return false;
}

void assert_fault_paths(const struct faults *f, const char *const *paths)
{
    size_t count = 0;
    for (; paths[count] != NULL; count++) {
        assert_true(fault_stands(f, paths[count], ""));
    }
    if (f->count != count) {
        fail_msg("%zu faults, not %zu: %s", f->count, count, faults_line(f->mem, f, 8000));
    }
}

uint64_t test_seed(void)
{
    const char *given = getenv("WORKBOT_TEST_SEED");
    uint64_t seed = given == NULL ? 20260714 : strtoull(given, NULL, 10);
    seed = seed == 0 ? 1 : seed;
    print_message("# WORKBOT_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

size_t pick(uint64_t *seed, size_t end)
{
    return (size_t)(next_number(seed) % end);
}

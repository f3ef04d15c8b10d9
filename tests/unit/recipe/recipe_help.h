#ifndef WB_TESTS_UNIT_RECIPE_HELP_H
#define WB_TESTS_UNIT_RECIPE_HELP_H

#include "base/json.h"
#include "recipe.h"
#include "tests/unit/base/helpers.h"

/* JSON where ' stands for ", so that tests stay readable; it must be well-formed. */
json_t *quoted(arena *mem, const char *text);
/* A recipe without a fault that uses one connection "crm" (of the default connection "acme"),
 * verified, with these inputs (a list) and, unless NULL, further members ("'hint':'x'"). */
json_t *recipe_body(arena *mem, const char *inputs, const char *more);
/* Parsed; fails the test with the faults where there are any. */
struct recipe *recipe_good(arena *mem, json_t *body);
/* The same with only inputs. */
struct recipe *recipe_with(arena *mem, const char *inputs);
/* Parsed; all its faults. */
struct faults *recipe_faults(arena *mem, const json_t *body);
/* A fault at this path whose text holds `part` is among them; prints what there is instead. */
bool fault_stands(const struct faults *f, const char *path, const char *part);
/* Exactly these paths, in any order; NULL-terminated. */
void assert_fault_paths(const struct faults *f, const char *const *paths);
/* The seed of a test: WORKBOT_TEST_SEED, or always the same. Printed, so that a failure can be
 * repeated. */
uint64_t test_seed(void);
/* A number below `end`. */
size_t pick(uint64_t *seed, size_t end);

#endif

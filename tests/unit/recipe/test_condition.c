/* Conditions and loops of steps: their shape, what they name, and the answer for every value. */
#include "tests/unit/recipe/recipe_help.h"

#include <string.h>

#include "base/str.h"

static const char sample[] =
    "{'inputs':{'n':12,'real':12.0,'text':'12','name':'Ana','yes':true,'none':null,'empty':'',"
    "'date':'2026-12-31','odd':'12 apples'},'steps':{'found':{'records':[{'Id':'006'},'x',5],"
    "'nothing':[],'object':{},'full':{'a':1}}}}";

static bool holds(arena *mem, const char *when)
{
    bool answer = false;
    struct err e = {0};
    assert_int_equal(recipe_condition(mem, quoted(mem, when), quoted(mem, sample), &answer, &e), 0);
    return answer;
}

static void every_comparison_has_an_answer_for_every_value(void **state)
{
    (void)state;
    static const struct {
        const char *path, *is, *value;
        bool holds;
    } cases[] = {
        {"inputs.n", "equal", "12", true},
        {"inputs.n", "equal", "12.0", true},
        {"inputs.n", "equal", "'12'", true},
        {"inputs.real", "equal", "12", true},
        {"inputs.text", "equal", "12", true},
        {"inputs.odd", "equal", "12", false},
        {"inputs.text", "equal", "'12.0'", false}, /* two texts */
        {"inputs.name", "equal", "'Ana'", true},
        {"inputs.name", "equal", "'ana'", false},
        {"inputs.name", "equal", "'{{inputs.name}}'", true},
        {"inputs.n", "equal", "'{{inputs.real}}'", true},
        {"inputs.yes", "equal", "true", true},
        {"inputs.yes", "equal", "'true'", true},
        {"inputs.none", "equal", "''", true},
        {"inputs.absent", "equal", "''", true},
        {"inputs.absent", "equal", "0", false},
        {"inputs.absent", "equal", "'{{inputs.none}}'", true},
        {"inputs.n", "not_equal", "13", true},
        {"inputs.n", "not_equal", "12", false},
        {"inputs.absent", "not_equal", "'x'", true},
        {"inputs.n", "greater", "9", true}, /* no text order */
        {"inputs.text", "greater", "9", true},
        {"inputs.text", "greater", "'9'", true},
        {"inputs.n", "greater", "12", false},
        {"inputs.n", "less", "12.5", true},
        {"inputs.date", "greater", "'2026-02-01'", true},
        {"inputs.date", "less", "'2026-02-01'", false},
        {"inputs.absent", "less", "1", false},
        {"inputs.absent", "greater", "1", false},
        {"inputs.odd", "greater", "1", false},
        {"inputs.yes", "greater", "0", false},
        {"steps.found.records", "greater", "1", false},
        {"inputs.absent", "empty", NULL, true},
        {"inputs.none", "empty", NULL, true},
        {"inputs.empty", "empty", NULL, true},
        {"inputs.n", "empty", NULL, false},
        {"steps.found.nothing", "empty", NULL, true},
        {"steps.found.object", "empty", NULL, true},
        {"steps.found.full", "empty", NULL, false},
        {"steps.found.records", "empty", NULL, false},
        {"steps.found.records", "not_empty", NULL, true},
        {"steps.skipped.id", "not_empty", NULL, false},
        {"inputs.odd", "contains", "'app'", true},
        {"inputs.odd", "contains", "12", true},
        {"inputs.odd", "contains", "''", false},
        {"inputs.odd", "contains", "'App'", false},
        {"steps.found.records", "contains", "'x'", true},
        {"steps.found.records", "contains", "5.0", true},
        {"steps.found.records", "contains", "'y'", false},
        {"steps.found.full", "contains", "'a'", false},
        {"inputs.absent", "contains", "'x'", false},
        {"inputs.name", "one_of", "['Ben','Ana']", true},
        {"inputs.name", "one_of", "['Ben','{{inputs.name}}']", true},
        {"inputs.name", "one_of", "[]", false},
        {"inputs.n", "one_of", "['12']", true},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *value =
            cases[i].value == NULL ? "" : arena_printf(mem, ",'value':%s", cases[i].value);
        const char *when =
            arena_printf(mem, "{'path':'%s','is':'%s'%s}", cases[i].path, cases[i].is, value);
        if (holds(mem, when) != cases[i].holds) {
            fail_msg("%s", when);
        }
    }
    arena_free(mem);
}

static void conditions_join(void **state)
{
    (void)state;
    arena *mem = arena_new();
#define YES "{'path':'inputs.n','is':'equal','value':12}"
#define NO "{'path':'inputs.n','is':'empty'}"
    static const struct {
        const char *when;
        bool holds;
    } cases[] = {
        {"{'all':[" YES "," YES "]}", true},
        {"{'all':[" YES "," NO "]}", false},
        {"{'any':[" NO "," YES "]}", true},
        {"{'any':[" NO "," NO "]}", false},
        {"{'not':" NO "}", true},
        {"{'not':{'any':[" NO ",{'all':[" YES "]}]}}", false},
        {"{'all':[{'not':" NO "},{'any':[" NO ",{'not':" NO "}]}]}", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (holds(mem, cases[i].when) != cases[i].holds) {
            fail_msg("%s", cases[i].when);
        }
    }
    bool answer = false;
    struct err e = {0};
    assert_int_equal(recipe_condition(mem, NULL, quoted(mem, sample), &answer, &e), 0);
    assert_true(answer);
    arena_free(mem);
}

static void a_value_that_grows_too_long_is_an_error(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char *long_text = arena_alloc(mem, 70001);
    memset(long_text, 'x', 70000);
    const json_t *context = arena_json(mem, json_pack("{s:{s:s}}", "inputs", "long", long_text));
    bool answer = true;
    struct err e = {0};
    assert_int_equal(recipe_condition(mem,
                                      quoted(mem, "{'not':{'path':'inputs.long','is':'equal',"
                                                  "'value':'{{inputs.long}}'}}"),
                                      context, &answer, &e),
                     -1);
    assert_string_equal(e.code, "template_too_long");
    assert_true(answer);
    arena_free(mem);
}

static json_t *with_step(arena *mem, const char *more)
{
    return quoted(mem, arena_printf(mem,
                                    "{'name':'n','title':'T','command':'c',"
                                    "'connections':{'crm':{'use':'acme'}},'inputs':[{'name':'a'}],"
                                    "'steps':[{'id':'first','connection':'crm','action':'a'},"
                                    "{'id':'one','connection':'crm','action':'a',%s}],"
                                    "'reply':{'text':'Done'}}",
                                    more));
}

static void faults_of_conditions_and_loops_stand_at_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *step, *path, *part;
    } cases[] = {
        {"'when':5", "steps[1].when", "must be an object"},
        {"'when':{}", "steps[1].when.path", "required"},
        {"'when':{'path':'inputs.a'}", "steps[1].when.is", "required"},
        {"'when':{'path':'inputs.a','is':'like','value':'x'}", "steps[1].when.is", ""},
        {"'when':{'path':'{{inputs.a}}','is':'empty'}", "steps[1].when.path", "without braces"},
        {"'when':{'path':'inputs.a','is':'empty','value':1}", "steps[1].when.value",
         "takes no value"},
        {"'when':{'path':'inputs.a','is':'equal'}", "steps[1].when.value", "needs a value"},
        {"'when':{'path':'inputs.a','is':'equal','value':['x']}", "steps[1].when.value",
         "Give a text"},
        {"'when':{'path':'inputs.a','is':'one_of','value':'x'}", "steps[1].when.value",
         "Give a list"},
        {"'when':{'path':'inputs.a','is':'equal','value':'{{'}", "steps[1].when.value",
         "cannot be read"},
        {"'when':{'path':'inputs.a','is':'empty','else':1}", "steps[1].when.else", ""},
        {"'when':{'all':[]}", "steps[1].when.all", "at least one"},
        {"'when':{'all':[5]}", "steps[1].when.all[0]", "must be an object"},
        {"'when':{'any':[{'path':'inputs.a','is':'empty'},{'is':'empty'}]}",
         "steps[1].when.any[1].path", "required"},
        {"'when':{'not':{'not':{'not':{'not':{'not':{'path':'inputs.a','is':'empty'}}}}}}",
         "steps[1].when.not.not.not.not.not", "5 deep"},
        {"'when':{'not':{'path':'inputs.a','is':'empty'},'all':[]}", "steps[1].when.not", ""},
        {"'each':'x'", "steps[1].each", "one template alone"},
        {"'each':'{{inputs.a}} '", "steps[1].each", "one template alone"},
        {"'each':'{{inputs.a}}{{inputs.a}}'", "steps[1].each", "one template alone"},
        {"'each':['x']", "steps[1].each", ""},
        {"'each':'{{inputs.a}}','at_most':0", "steps[1].at_most", "from 1 to 100"},
        {"'each':'{{inputs.a}}','at_most':101", "steps[1].at_most", "from 1 to 100"},
        {"'at_most':5", "steps[1].at_most", "not there"},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct faults *f = recipe_faults(mem, with_step(mem, cases[i].step));
        assert_true(fault_stands(f, cases[i].path, cases[i].part));
    }
    struct recipe *r = recipe_good(mem, with_step(mem, "'each':'{{ steps.first.records }}'"));
    assert_int_equal(r->steps[1].at_most, 25);
    assert_string_equal(r->steps[1].each, "{{ steps.first.records }}");
    assert_null(r->steps[0].each);
    assert_null(r->steps[0].when);
    arena_free(mem);
}

static struct faults *references(arena *mem, const char *step)
{
    struct faults *f = arena_alloc(mem, sizeof(*f));
    faults_init(f, mem);
    recipe_check_references(mem, recipe_good(mem, with_step(mem, step)), f);
    return f;
}

static void conditions_and_items_name_what_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *step, *path, *part; /* path NULL: no fault */
    } cases[] = {
        {"'each':'{{steps.first.records}}','with':{'x':'{{item.Id}} {{item}} {{item_index}}'},"
         "'when':{'any':[{'path':'item.Amount','is':'greater','value':'{{inputs.a}}'}]}",
         NULL, NULL},
        {"'with':{'x':'{{item.Id}}'}", "steps[1].with.x", "only a step with"},
        {"'with':{'x':'{{item}}'}", "steps[1].with.x", "only a step with"},
        {"'when':{'path':'item_index','is':'equal','value':0}", "steps[1].when.path",
         "only a step with"},
        {"'each':'{{inputs.a}}','with':{'x':'{{item_index.y}}'}", "steps[1].with.x", "no parts"},
        {"'each':'{{item.list}}'", "steps[1].each", "only a step with"},
        {"'each':'{{steps.one.items}}'", "steps[1].each", "not over before"},
        {"'each':'{{inputs.b}}'", "steps[1].each", "no input \"b\""},
        {"'when':{'path':'steps.one.id','is':'empty'}", "steps[1].when.path", "not over before"},
        {"'when':{'not':{'path':'inputs.b','is':'empty'}}", "steps[1].when.not.path",
         "no input \"b\""},
        {"'when':{'all':[{'path':'inputs.a','is':'one_of','value':['{{inputs.b}}']}]}",
         "steps[1].when.all[0].value[0]", "no input \"b\""},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct faults *f = references(mem, cases[i].step);
        if (cases[i].path == NULL) {
            assert_string_equal(faults_line(mem, f, 2000), "");
        } else {
            assert_true(fault_stands(f, cases[i].path, cases[i].part));
        }
    }
    arena_free(mem);
}

/* Of a step whose answer was lost: who needs it? */
static void a_result_is_needed_by_later_steps_that_name_it(void **state)
{
    (void)state;
    static const struct {
        const char *more; /* of the first step */
        const char *step; /* the second one */
        bool needed;
    } cases[] = {
        {"", "'with':{'x':'{{inputs.a}} {{connections.crm.account}}'}", false},
        {"", "'with':{'x':{'y':['{{steps.first.id}}']}}", true},
        {"", "'with':{'x':'all {{ steps }}'}", true},
        {"", "'with':{'x':'{{steps.first.count}}'}", true}, /* its app's own */
        {"", "'with':{'x':'1'},'when':{'not':{'path':'steps.first.id','is':'empty'}}", true},
        {"",
         "'with':{'x':'1'},'when':{'path':'inputs.a','is':'equal','value':'{{steps.first.id}}'}",
         true},
        {"", "'each':'{{steps.first.records}}','with':{'x':'{{item}}'}", true},
        {",'each':'{{inputs.a}}'", "'with':{'x':'{{steps.first.count}}'}", false},
        {",'each':'{{inputs.a}}'", "'with':{'x':'{{steps.first.items.0.id}}'}", true},
        {",'each':'{{inputs.a}}'", "'with':{'x':'{{steps.first.count}} {{steps.first.items}}'}",
         true},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct recipe *r = recipe_good(
            mem,
            quoted(mem, arena_printf(mem,
                                     "{'name':'n','title':'T','command':'c',"
                                     "'connections':{'crm':{'use':'acme'}},'inputs':[{'name':'a'}],"
                                     "'steps':[{'id':'first','connection':'crm','action':'a'%s},"
                                     "{'id':'one','connection':'crm','action':'a',%s}],"
                                     "'reply':{'text':'{{steps.first.id}}'}}",
                                     cases[i].more, cases[i].step)));
        assert_int_equal(recipe_step_is_needed(mem, r, 0), cases[i].needed);
        assert_false(recipe_step_is_needed(mem, r, 1)); /* a reply may lack it */
    }
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_comparison_has_an_answer_for_every_value),
        cmocka_unit_test(conditions_join),
        cmocka_unit_test(a_value_that_grows_too_long_is_an_error),
        cmocka_unit_test(faults_of_conditions_and_loops_stand_at_their_place),
        cmocka_unit_test(conditions_and_items_name_what_is_there),
        cmocka_unit_test(a_result_is_needed_by_later_steps_that_name_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a recipe means in its workspace: sharing, collisions, connections, actions. */
#include "tests/unit/recipe/recipe_help.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

/* An app with an action that approves and one that takes no inputs; no built-in one has them. */
static const char approvals[] =
    "{\"name\":\"approvals\",\"title\":\"Sign-Off Desk\","
    "\"hosts\":{\"default\":\"id.approvals.example\",\"names\":[\"id.approvals.example\"],"
    "\"api_suffixes\":[\".approvals.example\"]},"
    "\"authorize\":{\"url\":\"https://{host}/auth\","
    "\"scopes\":[{\"name\":\"all\",\"words\":\"Everything\"}]},"
    "\"token\":{\"url\":\"https://{host}/token\"},"
    "\"identity\":{\"path\":\"/me\",\"key\":[{\"path\":\"id\"}],\"name\":\"login\"},"
    "\"api\":{\"base\":\"https://{host}\",\"error\":{\"code\":[\"code\"]}},"
    "\"actions\":{"
    "\"approve\":{\"title\":\"Approve\",\"writes\":true,\"approves\":true,"
    "\"inputs\":{\"task\":{\"words\":\"a task's id\",\"required\":true}},"
    "\"requests\":[{\"method\":\"POST\",\"path\":\"/tasks/{task}\",\"success\":[200]}],"
    "\"output\":\"answer\"},"
    "\"ping\":{\"title\":\"Ping\",\"inputs\":{},"
    "\"requests\":[{\"method\":\"GET\",\"path\":\"/ping\",\"success\":[200]}],"
    "\"output\":\"answer\"}}}";

static arena *boot;
static apps *catalogue;

static int load_apps(void **state)
{
    (void)state;
    char dir[] = "/tmp/recipe-apps-XXXXXX";
    boot = arena_new();
    assert_non_null(mkdtemp(dir));
    char *path = arena_printf(boot, "%s/approvals.json", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(approvals, f) >= 0);
    assert_int_equal(fclose(f), 0);
    struct faults faults;
    faults_init(&faults, boot);
    int rc = apps_load(boot, dir, &catalogue, &faults);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
    assert_string_equal(faults_line(boot, &faults, 2000), "");
    return rc;
}

static int free_apps(void **state)
{
    (void)state;
    arena_free(boot);
    return 0;
}

static const struct default_connection connections[] = {
    {.workspace = "slack:T1", .name = "acme", .app = "salesforce"},
    {.workspace = "slack:T1", .name = "office", .app = "approvals"},
    {.workspace = "slack:T1", .name = "gone", .app = "no-such-app"},
    {.workspace = "slack:T1", .name = "acme-salesforce", .app = "salesforce"},
    {.workspace = "slack:T1", .name = "partner-salesforce", .app = "salesforce"},
};
static const struct recipe_row others[] = {
    {.name = "other", .command = "crm create deal", .enabled = true},
    {.name = "off", .command = "drive share", .enabled = false},
    {.name = "hook", .command = NULL, .enabled = true},
};
static const char *const reserved[] = {"help", "personal connections", "why", NULL};

/* The faults of both readings, as the API has them; *ret_recipe may be NULL. */
static struct faults *check(arena *mem, json_t *body, struct recipe **ret_recipe)
{
    const struct recipe_world world = {.apps = catalogue,
                                       .connections = connections,
                                       .connections_count = 5,
                                       .recipes = others,
                                       .recipes_count = 3,
                                       .reserved = reserved};
    struct faults *f = arena_alloc(mem, sizeof(*f));
    struct recipe *r = NULL;
    faults_init(f, mem);
    recipe_parse(mem, body, &r, f);
    recipe_check(mem, r, &world, f);
    if (ret_recipe != NULL) {
        *ret_recipe = r;
    }
    return f;
}

/* A recipe with one step. verify: of its connection. more: further members. */
static json_t *step_body(arena *mem, const char *use, bool verify, const char *step,
                         const char *more)
{
    return quoted(mem, arena_printf(mem,
                                    "{'name':'own','title':'Own','command':'crm own',"
                                    "'connections':{'x':{'use':'%s','verify_user_access':%s}},"
                                    "'steps':[{'id':'one','connection':'x',%s}],"
                                    "'reply':{'text':'Done'}%s%s}",
                                    use, verify ? "true" : "false", step, more == NULL ? "" : ",",
                                    more == NULL ? "" : more));
}

static const char create[] = "'action':'create_record','with':{'object':'Task','fields':{}}";
static const char query[] = "'action':'query','with':{'soql':'SELECT Id FROM Task'}";
static const char approve[] = "'action':'approve','with':{'task':'{{run.reference}}'}";
static const char ping[] = "'action':'ping'";

static void apps_trap_19_sharing_a_connection_must_be_meant(void **state)
{
    (void)state;
    static const struct {
        const char *use, *step;
        bool verify;
        const char *more;
        const char *fault; /* NULL: none */
        bool writes;
    } cases[] = {
        {"acme", create, true, NULL, NULL, true},
        {"acme", create, false, NULL, "writes as the default connection", true},
        {"acme", create, false, "'allow':'everyone'", NULL, true},
        {"acme", create, false, "'allow':{'users':['U1']}", NULL, true},
        {"acme", create, false, "'allow':{'channels':['C1']}", NULL, true},
        /* shared_approver is about approving, not about who may write */
        {"acme", create, false, "'shared_approver':true", "writes as the default", true},
        {"acme", query, false, NULL, NULL, false},
        {"acme", query, true, NULL, NULL, false},
        {"office", approve, true, NULL, NULL, true},
        {"office", approve, false, "'allow':'everyone'", "approves or rejects", true},
        {"office", approve, false, "'allow':{'users':['U1']}", "approves or rejects", true},
        {"office", approve, false, "'allow':'everyone','shared_approver':true", NULL, true},
        {"office", approve, false, "'shared_approver':true", "writes as the default", true},
        {"office", ping, false, NULL, NULL, false},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recipe *r = NULL;
        struct faults *f = check(
            mem, step_body(mem, cases[i].use, cases[i].verify, cases[i].step, cases[i].more), &r);
        const char *const paths[] = {cases[i].fault == NULL ? NULL : "steps[0]", NULL};
        assert_fault_paths(f, paths);
        assert_true(cases[i].fault == NULL || fault_stands(f, "steps[0]", cases[i].fault));
        assert_int_equal(r->writes, cases[i].writes);
    }
    /* neither allowed nor meant: both are said */
    struct faults *f = check(mem, step_body(mem, "office", false, approve, NULL), NULL);
    assert_int_equal(f->count, 2);
    arena_free(mem);
}

/* Of a run's version under the current one: what is not meant any more decides as the person. */
static void apps_trap_19_a_shared_connection_decides_while_both_versions_mean_it(void **state)
{
    (void)state;
    static const char meant[] = "'allow':'everyone','shared_approver':true",
                      allowed[] = "'allow':'everyone'";
    static const struct {
        const char *step, *step_now, *now;
        bool verified;
    } cases[] = {
        {approve, approve, meant, false}, {approve, ping, meant, false},
        {approve, ping, allowed, true},   {ping, ping, allowed, false},
        {create, ping, allowed, false},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recipe *r = NULL;
        struct err e = {0};
        const struct recipe_source from = {
            .name = "own",
            .body = json_write(mem, step_body(mem, "office", false, cases[i].step, meant)),
            .body_now =
                json_write(mem, step_body(mem, "office", false, cases[i].step_now, cases[i].now)),
            .apps = catalogue};
        assert_int_equal(recipe_load(mem, &from, &r, &e), 0);
        assert_int_equal(r->connections[0].verify_user_access, cases[i].verified);
        assert_int_equal(r->shared_approver, cases[i].now == meant);
    }
    arena_free(mem);
}

/* Each alias is judged for itself. */
static void one_verified_alias_does_not_cover_another(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *body = step_body(mem, "acme", true, create, NULL);
    json_object_set(json_member(body, "connections"), "y", quoted(mem, "{'use':'acme'}"));
    json_array_append(json_member(body, "steps"),
                      quoted(mem, "{'id':'two','connection':'y','action':'create_record',"
                                  "'with':{'object':'Task','fields':{}}}"));
    static const char *const paths[] = {"steps[1]", NULL};
    assert_fault_paths(check(mem, body, NULL), paths);
    arena_free(mem);
}

static void what_it_refers_to_must_exist(void **state)
{
    (void)state;
    static const struct {
        const char *use, *step, *path, *text;
    } cases[] = {
        {"nobody", create, "connections.x.use", "no default connection \"nobody\""},
        {"gone", create, "connections.x.use", "gone"},
        {"acme", "'action':'fly','with':{}", "steps[0].action", "Salesforce has no action \"fly\""},
        {"acme", "'action':'Query','with':{}", "steps[0].action", "no action"},
        {"acme", "'action':'query','with':{}", "steps[0].with.soql", "required"},
        {"acme", "'action':'query'", "steps[0].with.soql", "required"},
        {"acme", "'action':'query','with':{'soql':'SELECT Id','limit':5}", "steps[0].with.limit",
         "not known"},
        {"acme", "'action':'query','with':{'soql':5}", "steps[0].with.soql", "must be"},
        {"acme", "'action':'query','with':{'soql':'SELECT {{user.id}}'}", "steps[0].with.soql",
         "no {{template}}"},
        {"acme", "'action':'query','with':{'soql':'SELECT :a'}", "steps[0].with.values", ":a"},
        {"office", "'action':'approve','with':{'task':'1','by':'me'}", "steps[0].with.by",
         "not known"},
        {"office", "'action':'ping','with':{'x':1}", "steps[0].with.x", "not known"},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct faults *f =
            check(mem, step_body(mem, cases[i].use, true, cases[i].step, NULL), NULL);
        const char *const paths[] = {cases[i].path, NULL};
        assert_fault_paths(f, paths);
        assert_true(fault_stands(f, cases[i].path, cases[i].text));
    }
    json_t *body = step_body(mem, "acme", true, create, NULL);
    json_object_set_new(json_array_get(json_member(body, "steps"), 0), "connection",
                        json_string("z"));
    struct faults *f = check(mem, body, NULL);
    assert_int_equal(f->count, 1);
    assert_true(fault_stands(f, "steps[0].connection", "no \"z\""));
    arena_free(mem);
}

static void a_command_hides_no_other(void **state)
{
    (void)state;
    static const struct {
        const char *command, *text; /* NULL: fine */
    } cases[] = {
        {"crm create deal", "Recipe \"other\""},
        {"CRM  Create\tDeal", "Recipe \"other\""},
        {"crm create", "Recipe \"other\""},
        {"crm", "Recipe \"other\""},
        {"crm create deal quickly", "Recipe \"other\""},
        {"crm create dealer", NULL},
        {"crm create de", NULL},
        {"xcrm create deal", NULL},
        {"create deal", NULL},
        /* switched off today, on tomorrow */
        {"drive share", "Recipe \"off\""},
        {"drive", "Recipe \"off\""},
        {"help", "a word of Workbot"},
        {"Help me", "a word of Workbot"},
        {"helper", NULL},
        {"personal", "a word of Workbot"},
        {"personal connections", "a word of Workbot"},
        {"personal connections list", "a word of Workbot"},
        {"personal note", NULL},
        {"why not", "a word of Workbot"},
        {"salesforce", "app's name"},
        {"Approvals", "app's name"},
        {"sign-off desk", "app's name"},
        {"sign-off", NULL},
        {"salesforce create lead", NULL},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *body = step_body(mem, "acme", true, create, NULL);
        json_object_set_new(body, "command", json_string(cases[i].command));
        struct faults *f = check(mem, body, NULL);
        if (f->count != (cases[i].text == NULL ? 0 : 1)) {
            fail_msg("%s: %s", cases[i].command, faults_line(mem, f, 2000));
        }
        assert_true(cases[i].text == NULL || fault_stands(f, "command", cases[i].text));
    }
    /* its own earlier version is not another recipe */
    json_t *body = step_body(mem, "acme", true, create, NULL);
    json_object_set_new(body, "name", json_string("other"));
    json_object_set_new(body, "command", json_string("crm create deal"));
    assert_int_equal(check(mem, body, NULL)->count, 0);
    arena_free(mem);
}

/* Shape and meaning are said together. */
static void faults_of_both_kinds_come_together(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *body =
        quoted(mem, "{'name':'own','command':'help','connections':{'x':{'use':'nobody'},'y':{}},"
                    "'steps':[{'id':'a','connection':'x'},{'id':'b','connection':'z','action':'q'},"
                    "{'connection':'y','action':'q'}],'reply':{'text':'{{'},'more':1}");
    static const char *const paths[] = {"title",
                                        "command",
                                        "connections.x.use",
                                        "connections.y.use",
                                        "steps[0].action",
                                        "steps[1].connection",
                                        "steps[2].id",
                                        "reply.text",
                                        "more",
                                        NULL};
    assert_fault_paths(check(mem, body, NULL), paths);
    (void)check(mem, quoted(mem, "{}"), NULL);
    (void)check(mem, quoted(mem, "[]"), NULL);
    arena_free(mem);
}

/* What check forbids is what would happen: for any two commands, there is a fault exactly when
 * some text would be taken by the wrong one. */
static void collisions_are_what_matching_would_confuse(void **state)
{
    (void)state;
    static const char *const words[] = {"a", "ab", "b", "a b"};
    uint64_t seed = test_seed();
    arena *mem = arena_new();
    for (size_t i = 0; i < 3000; i++) {
        char *commands[2];
        for (size_t k = 0; k < 2; k++) {
            struct str s = str_new(mem, 100);
            for (size_t n = 1 + pick(&seed, 3); n > 0; n--) {
                str_printf(&s, "%s%s", s.len == 0 ? "" : " ", words[pick(&seed, 4)]);
            }
            commands[k] = s.text;
        }
        const struct recipe_row rows_of[] = {
            {.name = "one", .command = commands[0], .enabled = true},
            {.name = "two", .command = commands[1], .enabled = true}};
        const char *rest = NULL;
        bool confused = recipe_match(mem, &rows_of[0], 1, commands[1], &rest) != NULL ||
                        recipe_match(mem, &rows_of[1], 1, commands[0], &rest) != NULL;
        const char *const none[] = {NULL};
        const struct recipe_world world = {
            .apps = catalogue, .recipes = rows_of, .recipes_count = 1, .reserved = none};
        struct recipe r = {.name = "two", .command = commands[1]};
        struct faults f;
        faults_init(&f, mem);
        recipe_check(mem, &r, &world, &f);
        if ((f.count > 0) != confused) {
            fail_msg("\"%s\" and \"%s\"", commands[0], commands[1]);
        }
    }
    arena_free(mem);
}

/* Every recipe that docs/recipes.md shows can be stored as it stands there. */
/* A condition may hold, and a list may have an item. */
static void a_step_that_may_not_run_or_runs_often_needs_what_it_needs(void **state)
{
    (void)state;
    static const char *const extra[] = {
        "'when':{'path':'user.id','is':'equal','value':'x'}", "'each':'{{steps.zero.records}}'",
        "'each':'{{steps.zero.records}}','when':{'path':'item.x','is':'empty'},'at_most':1"};
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof extra / sizeof extra[0]; i++) {
        struct recipe *r = NULL;
        const char *body =
            arena_printf(mem,
                         "{'name':'own','title':'Own','command':'crm own',"
                         "'connections':{'x':{'use':'office'},'y':{'use':'acme'}},"
                         "'steps':[{'id':'zero','connection':'y',%s},"
                         "{'id':'one','connection':'x',%s,%s},{'id':'two','connection':'y',%s,%s}],"
                         "'reply':{'text':'Done'}}",
                         query, approve, extra[i], create, extra[i]);
        const struct faults *f = check(mem, quoted(mem, body), &r);
        assert_true(fault_stands(f, "steps[1]", "approves or rejects"));
        assert_true(fault_stands(f, "steps[1]", "writes as the default connection"));
        assert_true(fault_stands(f, "steps[2]", "writes as the default connection"));
        assert_int_equal(f->count, 3);
        assert_true(r->writes);
    }
    arena_free(mem);
}

static void the_examples_of_the_docs_are_right(void **state)
{
    (void)state;
    arena *mem = arena_new();
    FILE *f = fopen("docs/recipes.md", "rb");
    assert_non_null(f);
    char *text = arena_alloc(mem, 200000);
    size_t len = fread(text, 1, 199999, f), found = 0;
    assert_int_equal(fclose(f), 0);
    assert_true(len > 1000 && len < 199999);
    for (const char *at = text; (at = strstr(at, "```json\n")) != NULL;) {
        const char *start = at + 8, *end = strstr(start, "```");
        json_t *body = NULL;
        struct err e = {0};
        assert_non_null(end);
        at = end + 3;
        assert_int_equal(
            json_read(mem, bytes_of(arena_strndup(mem, start, (size_t)(end - start))), &body, &e),
            0);
        if (json_member(body, "command") != NULL) {
            assert_string_equal(faults_line(mem, check(mem, body, NULL), 4000), "");
            found++;
        }
    }
    assert_int_equal(found, 3);
    arena_free(mem);
}

static struct faults *reference_faults(arena *mem, json_t *body)
{
    struct recipe *r = recipe_good(mem, body);
    struct faults *f = arena_alloc(mem, sizeof(*f));
    faults_init(f, mem);
    recipe_check_references(mem, r, f);
    return f;
}

static void templates_name_what_is_there(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char good[] =
        "{'name':'n','title':'T','command':'c','connections':{'crm':{'use':'acme'}},"
        "'inputs':[{'name':'about'}],"
        "'steps':[{'id':'one','connection':'crm','action':'a',"
        "'with':{'x':['{{inputs.about}} {{ connections.crm.account }}'],'k':'{{user.id}}'}},"
        "{'id':'two','connection':'crm','action':'a','with':{'x':'{{steps.one.records.0.Id}}',"
        "'y':'{{steps.one}} {{inputs}} {{run.reference}} {{connections.crm.rule}}'}}],"
        "'reply':{'text':'{{steps.two.id}} {{inputs.about}}','fields':[{'label':'L',"
        "'value':'{{connections.crm.organization}}'}],'link':{'label':'L','url':'{{steps.one.url}}'},"
        "'buttons':[{'title':'T','command':'c','inputs':{'about':'{{steps.two.id}}'}}]}}";
    assert_int_equal(reference_faults(mem, quoted(mem, good))->count, 0);

    static const char bad[] =
        "{'name':'n','title':'T','command':'c','connections':{'crm':{'use':'acme'}},"
        "'inputs':[{'name':'about'}],"
        "'steps':[{'id':'one','connection':'crm','action':'a',"
        "'with':{'a':{'b':['{{inputs.typo}} {{inputs.about}}']},'own':'{{steps.one.id}}',"
        "'later':'{{steps.two.id}}','deep':'{{inputs.about.x}}','case':'{{inputs.About}}'}},"
        "{'id':'two','connection':'crm','action':'a','with':{'x':'{{steps.three.id}}',"
        "'y':'{{connections.other.account}}','z':'{{connections.crm.token}}',"
        "'u':'{{user.name}}','r':'{{run.id}}','w':'{{input.about}}'}}],"
        "'reply':{'text':'{{steps.tow.id}}','fields':[{'label':'L','value':'{{inputs.}}'},"
        "{'label':'L','value':'{{inputs.abuot}}'}],'link':{'label':'L','url':'{{steps.url}}'},"
        "'buttons':[{'title':'T','command':'c','inputs':{'about':'{{now}}'}}]}}";
    json_t *body = quoted(mem, bad);
    json_t *fields = json_member(json_member(body, "reply"), "fields");
    json_array_remove(fields, 0); /* "inputs." is no path at all: recipe_parse() says so */
    const struct faults *f = reference_faults(mem, body);
    static const char *const paths[] = {"steps[0].with.a.b[0]",
                                        "steps[0].with.own",
                                        "steps[0].with.later",
                                        "steps[0].with.deep",
                                        "steps[0].with.case",
                                        "steps[1].with.x",
                                        "steps[1].with.y",
                                        "steps[1].with.z",
                                        "steps[1].with.u",
                                        "steps[1].with.r",
                                        "steps[1].with.w",
                                        "reply.text",
                                        "reply.link.url",
                                        "reply.fields[0].value",
                                        "reply.buttons[0].inputs.about",
                                        NULL};
    assert_fault_paths(f, paths);
    assert_true(fault_stands(f, "steps[0].with.a.b[0]", "has no input \"typo\""));
    assert_true(fault_stands(f, "steps[0].with.later", "not over before this"));
    assert_true(fault_stands(f, "reply.text", "has no step \"tow\""));
    arena_free(mem);
}

/* A hook's recipe with one step. */
static json_t *hook_body(arena *mem, bool verify, const char *step)
{
    json_t *body = step_body(mem, verify ? "acme" : "office", verify, step,
                             "'trigger':{'hook':'deals'},'post':{'channel':'C1'}");
    json_object_del(body, "command");
    return body;
}

static void apps_trap_19_what_nobody_runs_decides_nothing(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_true(fault_stands(check(mem, hook_body(mem, false, approve), NULL), "steps[0]",
                             "nobody runs it"));
    assert_int_equal(check(mem, hook_body(mem, false, ping), NULL)->count, 0);
    assert_true(fault_stands(check(mem, hook_body(mem, true, create), NULL),
                             "connections.x.verify_user_access", "only the default connection"));
    json_t *body = hook_body(mem, false, ping);
    json_object_set(body, "reply",
                    quoted(mem, "{'text':'{{user.id}} {{hook.data.a.b}} {{hook.x}}'}"));
    struct faults *f = check(mem, body, NULL);
    assert_int_equal(f->count, 2);
    assert_true(fault_stands(f, "reply.text", "nobody runs"));
    assert_true(fault_stands(f, "reply.text", "name, id, received and data"));
    body = step_body(mem, "acme", true, query, NULL);
    json_object_set(body, "reply", quoted(mem, "{'text':'{{hook.data.a}}'}"));
    assert_true(fault_stands(check(mem, body, NULL), "reply.text", "only a recipe that a hook"));
    arena_free(mem);
}

/* P13: a long name over a long list costs what both are long, and not what they are multiplied. */
static void a_long_name_over_a_long_list_costs_little(void **state)
{
    (void)state;
    enum { NAME = 20 * 1024, ITEMS = 20 * 1024, MOST = 32 * 1024 * 1024 };
    static const char *const items[] = {"x", "{{inputs.none}}", "{{"};
    for (size_t k = 0; k < sizeof items / sizeof items[0]; k++) {
        arena *mem = arena_new();
        char *name = arena_alloc(mem, NAME + 1);
        memset(name, 'a', NAME);
        json_t *list = json_array();
        for (size_t i = 0; i < ITEMS; i++) {
            json_array_append_new(list, json_string(items[k]));
        }
        json_t *body = step_body(mem, "acme", true, create, NULL);
        json_t *with = json_object_get(json_array_get(json_object_get(body, "steps"), 0), "with");
        json_object_set_new(json_object_get(with, "fields"), name, list);
        size_t before = mallinfo2().uordblks;
        assert_int_equal(check(mem, body, NULL)->count > ITEMS, k > 0);
        assert_true(mallinfo2().uordblks - before < MOST);
        arena_free(mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_name_what_is_there),
        cmocka_unit_test(apps_trap_19_sharing_a_connection_must_be_meant),
        cmocka_unit_test(apps_trap_19_a_shared_connection_decides_while_both_versions_mean_it),
        cmocka_unit_test(one_verified_alias_does_not_cover_another),
        cmocka_unit_test(what_it_refers_to_must_exist),
        cmocka_unit_test(a_command_hides_no_other),
        cmocka_unit_test(faults_of_both_kinds_come_together),
        cmocka_unit_test(collisions_are_what_matching_would_confuse),
        cmocka_unit_test(a_step_that_may_not_run_or_runs_often_needs_what_it_needs),
        cmocka_unit_test(apps_trap_19_what_nobody_runs_decides_nothing),
        cmocka_unit_test(the_examples_of_the_docs_are_right),
        cmocka_unit_test(a_long_name_over_a_long_list_costs_little),
    };
    return cmocka_run_group_tests(tests, load_apps, free_apps);
}

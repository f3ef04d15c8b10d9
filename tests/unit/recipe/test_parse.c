/* The shape of a recipe: everything that is wrong, at once, at its place. */
#include "tests/unit/recipe/recipe_help.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

static void a_whole_recipe_is_read(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct recipe *r = recipe_good(
        mem,
        quoted(mem,
               "{'name':'create-opportunity','title':'Create','command':'Salesforce  Create',"
               "'trigger':'command','hint':'Adds','enabled':false,'hidden':true,"
               "'shared_approver':true,'allow':{'users':['U1','U2'],'channels':['C1']},"
               "'connections':{'sf':{'use':'acme','verify_user_access':true},"
               "'sf_2':{'use':'other'}},"
               "'inputs':[{'name':'name','required':true,'hint':'h','sample':'s'},"
               "{'name':'n_2','type':'number','default':'5'},{'name':'b','type':'boolean',"
               "'default':true},{'name':'d','type':'date','default':'2024-02-29'},"
               "{'name':'s','type':'string','default':5},"
               "{'name':'o','options':[{'label':'L','value':'V'}],'default':'l'}],"
               "'steps':[{'id':'opp','connection':'sf','action':'create_record',"
               "'with':{'a':'{{inputs.name}}'}},{'id':'two','connection':'sf_2','action':'x'}],"
               "'reply':{'text':'Created','fields':[{'label':'L','value':'{{inputs.b}}'}],"
               "'link':{'label':'Open','url':'{{steps.opp.url}}'},"
               "'buttons':[{'title':'T','command':'c','inputs':{'x':'{{steps.opp.id}}'}}]}}"));
    assert_string_equal(r->name, "create-opportunity");
    assert_string_equal(r->command, "Salesforce  Create");
    assert_true(!r->enabled && r->hidden && r->shared_approver && !r->allow_everyone);
    assert_int_equal(r->allow_users_count, 2);
    assert_string_equal(r->allow_users[1], "U2");
    assert_string_equal(r->allow_channels[0], "C1");
    assert_int_equal(r->connections_count, 2);
    assert_string_equal(r->connections[0].alias, "sf");
    assert_string_equal(r->connections[1].use, "other");
    assert_true(r->connections[0].verify_user_access);
    /* absent is false: the default connection acts */
    assert_false(r->connections[1].verify_user_access);
    assert_int_equal(r->inputs_count, 6);
    assert_true(r->inputs[0].required && !r->inputs[1].required);
    assert_null(r->inputs[0].fallback);
    assert_int_equal(json_integer_value(r->inputs[1].fallback), 5);
    assert_true(json_is_true(r->inputs[2].fallback));
    assert_string_equal(json_string_value(r->inputs[3].fallback), "2024-02-29");
    assert_string_equal(json_string_value(r->inputs[4].fallback), "5");
    assert_string_equal(json_string_value(r->inputs[5].fallback), "V");
    assert_int_equal(r->inputs[3].type, INPUT_DATE);
    assert_int_equal(r->steps_count, 2);
    assert_true(json_is_object(r->steps[1].with)); /* absent: nothing is given */
    assert_string_equal(r->reply_link_url, "{{steps.opp.url}}");
    assert_int_equal(r->reply_fields_count, 1);
    assert_int_equal(r->reply_buttons_count, 1);
    arena_free(mem);
}

static void defaults_and_nulls(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct recipe *r =
        recipe_good(mem, recipe_body(mem, "[{'name':'a','default':null,'hint':null,'type':null}]",
                                     "'hint':null,'allow':null,'enabled':null,'trigger':null"));
    assert_true(r->enabled && !r->hidden && !r->shared_approver && !r->allow_everyone);
    assert_null(r->inputs[0].fallback);
    assert_int_equal(r->inputs[0].type, INPUT_STRING);
    json_t *body = recipe_body(mem, "[]", NULL);
    json_object_del(body, "inputs");
    json_object_update(json_member(body, "reply"),
                       quoted(mem, "{'link':null,'fields':null,'buttons':null}"));
    r = recipe_good(mem, body);
    assert_int_equal(r->inputs_count, 0);
    assert_null(r->reply_link_url);
    assert_true(recipe_good(mem, recipe_body(mem, "[]", "'allow':'everyone'"))->allow_everyone);
    arena_free(mem);
}

static json_t *with_step(arena *mem, const char *step)
{
    json_t *body = recipe_body(mem, "[{'name':'name'}]", NULL);
    json_object_set_new(body, "steps", json_array());
    json_array_append(json_member(body, "steps"), quoted(mem, step));
    return body;
}

static void a_step_that_waits_is_read(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct recipe *r = recipe_good(
        mem, with_step(mem, "{'id':'ok','when':{'path':'inputs.name','is':'not_empty'},"
                            "'wait':{'text':'Ship {{inputs.name}}?','from':'everyone here',"
                            "'fields':[{'label':'L','value':'{{inputs.name}}'}],"
                            "'buttons':[{'title':'Yes','value':'y','style':'primary'},"
                            "{'title':'No','value':'n','confirm':'Sure?'}]}}"));
    const struct recipe_step *p = &r->steps[0];
    assert_non_null(p->wait);
    assert_true(p->alias == NULL && p->action == NULL && p->when != NULL && p->wait->everyone);
    assert_string_equal(p->wait->text, "Ship {{inputs.name}}?");
    assert_string_equal(p->wait->fields[0].label, "L");
    assert_int_equal(p->wait->choices_count, 2);
    assert_string_equal(p->wait->choices[0].value, "y");
    assert_int_equal(p->wait->choices[0].style, STYLE_PRIMARY);
    assert_null(p->wait->choices[0].confirm);
    assert_string_equal(p->wait->choices[1].confirm, "Sure?");
    r = recipe_good(mem, with_step(mem, "{'id':'ok','wait':{'text':'T','buttons':"
                                        "[{'title':'Yes','value':'y'}]}}"));
    assert_false(r->steps[0].wait->everyone);
    arena_free(mem);
}

static void a_menu_is_read(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *body = recipe_body(mem, "[]", NULL);
    json_object_set(json_member(body, "reply"), "menu",
                    quoted(mem,
                           "{'title':'More','options':[{'title':'A','command':'a b','ask':['x']},"
                           "{'title':'B','command':'c','inputs':{'y':'{{run.reference}}'}}]}"));
    struct recipe *r = recipe_good(mem, body);
    assert_string_equal(r->reply_menu_title, "More");
    assert_int_equal(r->reply_menu_count, 2);
    assert_string_equal(r->reply_menu[0].command, "a b");
    assert_int_equal(r->reply_menu[0].ask_count, 1);
    json_object_set(json_member(body, "reply"), "menu",
                    quoted(mem, "{'options':[{'title':'A','command':'a','confirm':'?'},"
                                "{'command':'c','inputs':{'y':'{{'}}],'style':'danger'}"));
    struct faults *f = recipe_faults(mem, body);
    static const char *const paths[] = {"reply.menu.title",
                                        "reply.menu.style",
                                        "reply.menu.options[0].confirm",
                                        "reply.menu.options[1].title",
                                        "reply.menu.options[1].inputs.y",
                                        NULL};
    assert_fault_paths(f, paths);
    json_object_set(json_member(body, "reply"), "menu", quoted(mem, "{'title':'T','options':[]}"));
    assert_true(fault_stands(recipe_faults(mem, body), "reply.menu.options", "at least one"));
    arena_free(mem);
}

static void what_waits_calls_nothing(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char *const paths[] = {"steps[0].connection",
                                        "steps[0].action",
                                        "steps[0].with",
                                        "steps[0].each",
                                        "steps[0].at_most",
                                        "steps[0].wait.text",
                                        "steps[0].wait.from",
                                        "steps[0].wait.to",
                                        "steps[0].wait.fields[0].value",
                                        "steps[0].wait.buttons[0].value",
                                        "steps[0].wait.buttons[1].command",
                                        NULL};
    struct faults *f = recipe_faults(
        mem,
        with_step(mem, "{'id':'ok','connection':'crm','action':'x','with':{},'each':'{{a}}',"
                       "'at_most':5,'wait':{'text':'{{','from':'anybody','to':'C1',"
                       "'fields':[{'label':'L','value':'{{'}],'buttons':[{'title':'A'},"
                       "{'title':'B','value':'v','command':'c'},{'title':'C','value':'v'}]}}"));
    assert_true(fault_stands(f, "steps[0].wait.buttons[2].value", "Two buttons give \"v\""));
    for (size_t i = 0; paths[i] != NULL; i++) {
        assert_true(fault_stands(f, paths[i], ""));
    }
    f = recipe_faults(mem, with_step(mem, "{'id':'ok','wait':{'text':'T','buttons':[]}}"));
    assert_true(fault_stands(f, "steps[0].wait.buttons", "at least one"));
    f = recipe_faults(mem, with_step(mem, "{'id':'ok','wait':'yes'}"));
    assert_true(fault_stands(f, "steps[0].wait", ""));
    json_t *hook = with_step(mem, "{'id':'ok','wait':{'text':'T','buttons':"
                                  "[{'title':'Yes','value':'y'}]}}");
    json_object_set(hook, "trigger", quoted(mem, "{'hook':'deals'}"));
    assert_true(fault_stands(recipe_faults(mem, hook), "steps[0].wait", "Nobody runs"));
    arena_free(mem);
}

static void all_faults_come_at_once(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct faults *f = recipe_faults(
        mem,
        quoted(mem,
               "{'name':'-Bad Name','title':'','command':'bad: command','hint':5,'extra':1,"
               "'trigger':'hook','enabled':'yes','hidden':1,'shared_approver':0,"
               "'allow':{'users':['U1',5],'channels':'C1','groups':['G']},"
               "'connections':{'Bad-Alias':{'use':'x'},'':{'use':'x'},'ok':{'use':''},"
               "'text':'x','more':{'use':5,'verify_user_access':'no','why':1}},"
               "'inputs':[{'type':'money'},'text',{'name':'Bad Name','unit':'EUR'},"
               "{'name':'a','required':'yes','hint':7,'sample':false},{'name':'a'},"
               "{'name':'n','type':'number','default':'five'},{'name':'o','options':[{'label':'A'},"
               "{'label':'B','value':'b','icon':1},{'label':'b','value':'c'},7],'default':'z'},"
               "{'name':'list','default':[]},{'name':'size','type':'number',"
               "'options':[{'label':'Small','value':'small'}]},{'name':'last','options':{}}],"
               "'steps':[{'id':'Bad Id','connection':'','with':{'a':'{{','l':[1,{'b':'{{x y}}'}]},"
               "'when':1},5,{'id':'one','connection':'ok','action':'x','with':[]},"
               "{'id':'one','connection':'ok','action':'x'}],"
               "'reply':{'text':'{{','menu':[],'fields':[{'label':'','value':'{{a'},{'colour':1}],"
               "'link':{'label':5,'url':'{{}}','icon':1},"
               "'buttons':[{'title':'','command':7,'inputs':{'x':'{{'},'style':1},'text']}}"));
    static const char *const paths[] = {
        "name",
        "title",
        "command",
        "hint",
        "extra",
        "trigger",
        "enabled",
        "hidden",
        "shared_approver",
        "allow.users",
        "allow.channels",
        "allow.groups",
        "connections.Bad-Alias",
        "connections.",
        "connections.ok.use",
        "connections.text",
        "connections.more.use",
        "connections.more.verify_user_access",
        "connections.more.why",
        "inputs[0].type",
        "inputs[0].name",
        "inputs[1]",
        "inputs[2].name",
        "inputs[2].unit",
        "inputs[3].required",
        "inputs[3].hint",
        "inputs[3].sample",
        "inputs[4].name",
        "inputs[5].default",
        "inputs[6].options[0].value",
        "inputs[6].options[1].icon",
        "inputs[6].options[2].label",
        "inputs[6].options[3]",
        "inputs[6].default",
        "inputs[7].default",
        "inputs[8].options[0].value",
        "inputs[9].options",
        "steps[0].id",
        "steps[0].connection",
        "steps[0].action",
        "steps[0].when",
        "steps[0].with.a",
        "steps[0].with.l[1].b",
        "steps[1]",
        "steps[2].with",
        "steps[3].id",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_true(fault_stands(f, paths[i], ""));
    }
    /* 50 are kept, the rest is counted */
    assert_int_equal(f->count, sizeof paths / sizeof paths[0] + 15); /* of the reply: see below */
    assert_true(fault_stands(f, "extra", "not known here"));
    assert_true(fault_stands(f, "inputs[6].default", "Choose one of: B, b."));
    arena_free(mem);
}

static void a_reply_has_its_own_faults(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *body = recipe_body(mem, "[]", NULL);
    json_object_set(body, "reply",
                    quoted(mem, "{'text':'{{','menu':[],'fields':[{'label':'','value':'{{a'},"
                                "{'colour':1}],'link':{'label':5,'url':'{{}}','icon':1},"
                                "'buttons':[{'title':'','command':7,'inputs':{'x':'{{'},"
                                "'style':1},'text']}"));
    static const char *const paths[] = {"reply.text",
                                        "reply.menu",
                                        "reply.fields[0].label",
                                        "reply.fields[0].value",
                                        "reply.fields[1].label",
                                        "reply.fields[1].value",
                                        "reply.fields[1].colour",
                                        "reply.link.label",
                                        "reply.link.url",
                                        "reply.link.icon",
                                        "reply.buttons[0].title",
                                        "reply.buttons[0].command",
                                        "reply.buttons[0].inputs.x",
                                        "reply.buttons[0].style",
                                        "reply.buttons[1]",
                                        NULL};
    assert_fault_paths(recipe_faults(mem, body), paths);
    arena_free(mem);
}

static void what_a_hook_starts_has_no_person(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct recipe *r = recipe_good(
        mem, quoted(mem, "{'name':'news','title':'News','trigger':{'hook':'deals'},'post':{"
                         "'channel':'C1','person':{'app':'salesforce','email':'{{hook.data.m}}'}},"
                         "'reply':{'text':'Won','buttons':[{'title':'Yes','command':'say yes',"
                         "'style':'primary','confirm':'Sure?','ask':['why'],'decides':'won'}]}}"));
    assert_null(r->command);
    assert_string_equal(r->hook, "deals");
    assert_string_equal(r->post.channel, "C1");
    assert_string_equal(r->post.email, "{{hook.data.m}}");
    assert_int_equal(r->steps_count + r->connections_count, 0);
    assert_string_equal(r->reply_buttons[0].decides, "won");
    assert_string_equal(r->reply_buttons[0].ask[0], "why");
    assert_int_equal(r->reply_buttons[0].style, STYLE_PRIMARY);
    static const char *const paths[] = {"command", "inputs",        "allow",
                                        "post",    "trigger.other", NULL};
    assert_fault_paths(
        recipe_faults(mem, quoted(mem, "{'name':'news','title':'News','command':'x','inputs':[],"
                                       "'allow':'everyone','trigger':{'hook':'deals','other':1},"
                                       "'reply':{'text':'Won'}}")),
        paths);
    static const char *const both[] = {"post.person", "reply.buttons[0].ask",
                                       "reply.buttons[0].decides", NULL};
    assert_fault_paths(
        recipe_faults(
            mem, quoted(mem, "{'name':'news','title':'News','trigger':{'hook':'deals'},'post':{"
                             "'channel':'C1','person':{'app':'x','email':'a','key':'b'}},'reply':"
                             "{'text':'Won','buttons':[{'title':'Yes','command':'say','inputs':"
                             "{'a':1},'ask':['a'],'decides':' '}]}}")),
        both);
    arena_free(mem);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    static const char *const needed[] = {"name",  "title", "command", "connections",
                                         "steps", "reply", NULL};
    static const char *const top[] = {"", NULL};
    arena *mem = arena_new();
    assert_fault_paths(recipe_faults(mem, quoted(mem, "{}")), needed);
    assert_fault_paths(recipe_faults(mem, quoted(mem, "[]")), top);
    assert_fault_paths(recipe_faults(mem, quoted(mem, "'text'")), top);
    assert_fault_paths(recipe_faults(mem, NULL), top);
    arena_free(mem);
}

/* One member replaced by a wrong value: one fault, there. */
static void each_member_has_its_bounds(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"title", "'  '", "title"},
        {"command", "'  '", "command"},
        {"command", "5", "command"},
        {"name", "'with_underscore'", "name"},
        {"name", "'Upper'", "name"},
        {"allow", "'nobody'", "allow"},
        {"allow", "{}", "allow"},
        {"allow", "{'users':[],'channels':[]}", "allow"},
        {"allow", "[]", "allow"},
        {"allow", "5", "allow"},
        {"connections", "{}", "connections"},
        {"connections", "[]", "connections"},
        {"inputs", "{}", "inputs"},
        {"steps", "[]", "steps"},
        {"steps", "{}", "steps"},
        {"reply", "'text'", "reply"},
        {"reply", "{'text':'x','link':'y'}", "reply.link"},
        {"reply", "{}", "reply.text"},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *body = recipe_body(mem, "[]", NULL);
        json_object_set(body, cases[i][0], quoted(mem, cases[i][1]));
        const char *const paths[] = {cases[i][2], NULL};
        assert_fault_paths(recipe_faults(mem, body), paths);
    }
    arena_free(mem);
}

static json_t *text_of_size(arena *mem, char c, size_t size)
{
    char *text = arena_alloc(mem, size + 1);
    memset(text, c, size);
    return arena_json(mem, json_string(text));
}

static void texts_have_a_largest_size(void **state)
{
    (void)state;
    static const struct {
        const char *path; /* to a member of the reply or the top */
        size_t max;
    } cases[] = {{"name", LIMIT_NAME},
                 {"title", LIMIT_LABEL},
                 {"command", LIMIT_LABEL},
                 {"hint", LIMIT_LABEL},
                 {"reply.text", 2000}};
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool nested = str_starts(cases[i].path, "reply.");
        for (size_t over = 0; over < 2; over++) {
            json_t *body = recipe_body(mem, "[]", NULL);
            json_object_set(nested ? json_member(body, "reply") : body,
                            nested ? cases[i].path + 6 : cases[i].path,
                            text_of_size(mem, 'x', cases[i].max + over));
            const char *const paths[] = {over == 0 ? NULL : cases[i].path, NULL};
            assert_fault_paths(recipe_faults(mem, body), paths);
        }
    }
    json_t *body = recipe_body(mem, "[]", NULL);
    json_object_set(json_member(body, "connections"),
                    json_string_value(text_of_size(mem, 'a', LIMIT_NAME + 1)),
                    quoted(mem, "{'use':'acme'}"));
    assert_int_equal(recipe_faults(mem, body)->count, 1);
    arena_free(mem);
}

/* A list of `count` copies, each with its number in `key` (NULL: as it is). */
static json_t *copies(arena *mem, const char *one, const char *key, size_t count)
{
    json_t *list = arena_json(mem, json_array());
    for (size_t i = 0; i < count; i++) {
        json_t *item = json_deep_copy(quoted(mem, one));
        if (key != NULL) {
            json_object_set_new(item, key, json_string(arena_printf(mem, "n%zu", i)));
        }
        json_array_append_new(list, item);
    }
    return list;
}

static void lists_have_a_largest_length(void **state)
{
    (void)state;
    static const struct {
        const char *parent, *key, *one, *unique;
        size_t max;
    } cases[] = {
        {NULL, "inputs", "{}", "name", LIMIT_INPUTS_COUNT},
        {NULL, "steps", "{'connection':'crm','action':'x'}", "id", LIMIT_RECIPE_STEPS_COUNT},
        {"inputs", "options", "{'value':'v'}", "label", 500},
        {"allow", "users", "'U1'", NULL, 500},
        {"allow", "channels", "'C1'", NULL, 500},
        {"reply", "fields", "{'label':'l','value':'v'}", NULL, 20},
        {"reply", "buttons", "{'title':'t','command':'c'}", NULL, 25},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t over = 0; over < 2; over++) {
            json_t *body = recipe_body(mem, "[{'name':'a'}]",
                                       "'allow':{'users':['U'],"
                                       "'channels':['C']}");
            json_t *parent = cases[i].parent == NULL ? body : json_member(body, cases[i].parent);
            parent = json_is_array(parent) ? json_array_get(parent, 0) : parent;
            json_object_set(parent, cases[i].key,
                            copies(mem, cases[i].one, cases[i].unique, cases[i].max + over));
            struct faults *f = recipe_faults(mem, body);
            if (f->count != over) {
                fail_msg("%s: %s", cases[i].key, faults_line(mem, f, 2000));
            }
        }
    }
    for (size_t over = 0; over < 2; over++) {
        json_t *body = recipe_body(mem, "[]", NULL);
        for (size_t i = 1; i < LIMIT_RECIPE_CONNECTIONS_COUNT + over; i++) {
            json_object_set(json_member(body, "connections"), arena_printf(mem, "c%zu", i),
                            quoted(mem, "{'use':'acme'}"));
        }
        assert_int_equal(recipe_faults(mem, body)->count, over);
    }
    arena_free(mem);
}

/* Any member of a good recipe replaced by any other kind of value: never a crash, and what is
 * accepted is complete. */
static void any_document_is_survived(void **state)
{
    (void)state;
    static const char *const kinds[] = {"null", "5",    "'x'",    "[]",     "{}",
                                        "true", "[{}]", "['{{']", "[null]", "{'x':{}}"};
    static const char *const keys[] = {"name",
                                       "title",
                                       "command",
                                       "connections",
                                       "inputs",
                                       "steps",
                                       "reply",
                                       "allow",
                                       "use",
                                       "id",
                                       "options",
                                       "label",
                                       "value",
                                       "default",
                                       "with",
                                       "link",
                                       "fields",
                                       "buttons",
                                       "type",
                                       "crm",
                                       "action",
                                       "required",
                                       "verify_user_access"};
    uint64_t seed = test_seed();
    for (size_t i = 0; i < 3000; i++) {
        arena *mem = arena_new();
        json_t *body = json_deep_copy(recipe_body(
            mem, "[{'name':'a','options':[{'label':'L','value':'V'}]},{'name':'b'}]", NULL));
        arena_json(mem, body);
        for (size_t changes = 1 + pick(&seed, 3); changes > 0; changes--) {
            json_t *at = body;
            for (size_t deep = pick(&seed, 4); deep > 0; deep--) {
                void *iter = json_object_iter(at);
                for (size_t k = pick(&seed, 8); k > 0 && iter != NULL; k--) {
                    iter = json_object_iter_next(at, iter);
                }
                json_t *next = json_is_array(at)
                                   ? json_array_get(at, pick(&seed, json_array_size(at) + 1))
                                   : json_object_iter_value(iter);
                at = json_is_object(next) || json_is_array(next) ? next : at;
            }
            if (json_is_object(at)) {
                json_object_set_new(
                    at, keys[pick(&seed, sizeof keys / sizeof keys[0])],
                    json_deep_copy(quoted(mem, kinds[pick(&seed, sizeof kinds / sizeof *kinds)])));
            }
        }
        struct faults f;
        struct recipe *r = NULL;
        faults_init(&f, mem);
        recipe_parse(mem, body, &r, &f);
        assert_non_null(r);
        if (f.count == 0) {
            assert_true(r->name != NULL && r->title != NULL && r->command != NULL);
            assert_true(r->steps_count > 0 && r->connections_count > 0 && r->reply_text != NULL);
            for (size_t k = 0; k < r->steps_count; k++) {
                assert_true(r->steps[k].id != NULL && r->steps[k].with != NULL);
            }
        }
        arena_free(mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_recipe_is_read),
        cmocka_unit_test(defaults_and_nulls),
        cmocka_unit_test(a_step_that_waits_is_read),
        cmocka_unit_test(what_waits_calls_nothing),
        cmocka_unit_test(a_menu_is_read),
        cmocka_unit_test(all_faults_come_at_once),
        cmocka_unit_test(a_reply_has_its_own_faults),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(each_member_has_its_bounds),
        cmocka_unit_test(texts_have_a_largest_size),
        cmocka_unit_test(lists_have_a_largest_length),
        cmocka_unit_test(any_document_is_survived),
        cmocka_unit_test(what_a_hook_starts_has_no_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

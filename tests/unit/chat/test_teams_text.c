#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "service/chat/teams_read.h"
#include "tests/unit/chat/teams_help.h"

static int set_up(void **state)
{
    *state = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

#define OWN "{'type':'mention','mentioned':{'id':'" TEAMS_BOT "','name':'Workbot'},'text':%s}"
#define OWN_AS_USUAL                                                                               \
    "{'type':'mention','mentioned':{'id':'" TEAMS_BOT "','name':'Workbot'},"                       \
    "'text':'<at>Workbot</at>'}"
#define BO                                                                                         \
    "{'type':'mention','mentioned':{'id':'29:bo','name':'Bo Lind'},'text':'<at>Bo Lind</at>'}"
#define BOT_2                                                                                      \
    "{'type':'mention','mentioned':{'id':'28:b','name':'Otherbot'},'text':'<at>Otherbot</at>'}"

static char *typed(arena *mem, const char *text, const char *entities)
{
    json_t *activity = sample(
        mem, arena_printf(mem, "{'recipient':{'id':'" TEAMS_BOT "'},'entities':[%s]}", entities));
    json_object_set_new(activity, "text", json_string(text));
    return teams_text(mem, activity);
}

static void test_teams_gotcha_02_own_mentions_go(void **state)
{
    static const struct {
        const char *text, *entities, *typed;
    } rows[] = {
        {"<at>Workbot</at> help", OWN_AS_USUAL, "help"},
        {"\r\n<at>Workbot</at> help?\r\n", OWN_AS_USUAL, "help?"},
        {"<AT>WORKBOT</AT> help", OWN_AS_USUAL, "help"},
        {"<at>Workbot</at>: help", OWN_AS_USUAL, "help"},
        {"<at>Workbot</at>&nbsp;help&nbsp;", OWN_AS_USUAL, "help"},
        {"<at>Workbot</at>\xC2\xA0help", OWN_AS_USUAL, "help"},
        {"<at>Workbot</at>", OWN_AS_USUAL, ""},
        {"help <at>Workbot</at>", OWN_AS_USUAL, "help"},
        {"help <at>Workbot</at> salesforce", OWN_AS_USUAL, "help salesforce"},
        {"help<at>Workbot</at>salesforce", OWN_AS_USUAL, "help salesforce"},
        {"why <at>Workbot</at>, why?", OWN_AS_USUAL, "why , why?"},
        {"<at>Workbot</at> help <at>Workbot</at>", OWN_AS_USUAL, "help"},
        {"<at>Workbot</at><at>Workbot</at> help", OWN_AS_USUAL "," OWN_AS_USUAL, "help"},
        {"<at>Workbot</at> give it to <at>Bo Lind</at>", OWN_AS_USUAL "," BO,
         "give it to @Bo Lind"},
        {"<at>Otherbot</at> <at>Workbot</at> help", OWN_AS_USUAL "," BOT_2, "@Otherbot help"},
        /* what nobody mentions are characters */
        {"<at>Workbot</at> help", BO, "<at>Workbot</at> help"},
        {"&lt;at&gt;Workbot&lt;/at&gt; help", OWN_AS_USUAL, "<at>Workbot</at> help"},
        {"help", "", "help"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(typed(*state, rows[i].text, rows[i].entities), rows[i].typed);
    }
}

static void test_teams_gotcha_02_mentions_without_text(void **state)
{
    static const char *const texts[] = {"null", "''", "7", "'help'"};
    arena *mem = *state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *entity = arena_printf(mem, OWN, texts[i]);
        assert_string_equal(typed(mem, "<at>Workbot</at> help", entity), "help");
    }
}

static void test_entities_once(void **state)
{
    arena *mem = *state;
    assert_string_equal(typed(mem, "a &amp;lt; b &lt;b&gt; &quot;c&quot; &#39;d&#39; &copy; &", ""),
                        "a &lt; b <b> \"c\" 'd' &copy; &");
    assert_string_equal(typed(mem, "x\xE2\x80\x8By\xEF\xBB\xBFz\xE2\x81\xA0", ""), "xyz");
    assert_string_equal(typed(mem, "one\r\ntwo\rthree  four", ""), "one\ntwo\nthree  four");
}

static void test_no_text(void **state)
{
    arena *mem = *state;
    assert_string_equal(teams_text(mem, sample(mem, "{}")), "");
    assert_string_equal(teams_text(mem, sample(mem, "{'text':7,'entities':'x'}")), "");
    assert_string_equal(teams_text(mem, sample(mem, "{'text':' a ','entities':[1,{},null]}")), "a");
}

/* Names that are longer than their tags make a text longer, and never shorter at its end. */
static void test_long_names_cut_nothing(void **state)
{
    arena *mem = *state;
    struct str tags = str_new(mem, 64 * 1024), name = str_new(mem, 200);
    for (int i = 0; i < 100; i++) {
        str_add(&name, "n");
    }
    for (int i = 0; i < 1000; i++) {
        str_add(&tags, "<at</at>");
    }
    const char *entity =
        arena_printf(mem,
                     "{'type':'mention','text':'<at</at>','mentioned':{'id':'29:x',"
                     "'name':'%s'}}",
                     name.text);
    char *out = typed(mem, arena_printf(mem, "note text: %s pay: no", tags.text), entity);
    assert_true(str_ends(out, " pay: no"));
    assert_int_equal(strlen(out), strlen("note text:  pay: no") + 1000 * 101);
}

static void test_as_a_command(void **state)
{
    static const struct {
        const char *typed, *text;
    } rows[] = {
        {"help   salesforce", "help salesforce"},
        {"a \n  b", "a\nb"},
        {"\xE2\x80\x9Cx\xE2\x80\x9D \xE2\x80\x93 y", "\"x\" - y"},
        {"note text: it\xE2\x80\x99s  here", "note text: it\xE2\x80\x99s here"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(teams_text_plain(*state, rows[i].typed), rows[i].text);
    }
}

static void test_many_mentions(void **state)
{
    arena *mem = *state;
    struct str entities = str_new(mem, 64 * 1024);
    struct str text = str_new(mem, 64 * 1024);
    for (int i = 0; i < 200; i++) {
        str_add(&entities, i == 0 ? OWN_AS_USUAL : "," BO);
        str_add(&text, "<at>Bo Lind</at>");
    }
    char *all = typed(mem, text.text, entities.text);
    assert_int_equal(strlen(all), 200 * strlen("@Bo Lind"));
    str_add(&entities, "," OWN_AS_USUAL);
    assert_string_equal(
        typed(mem, "<at>Workbot</at> help", entities.text + strlen(OWN_AS_USUAL) + 1), "help");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_teams_gotcha_02_own_mentions_go),
        cmocka_unit_test(test_teams_gotcha_02_mentions_without_text),
        cmocka_unit_test(test_entities_once),
        cmocka_unit_test(test_no_text),
        cmocka_unit_test(test_long_names_cut_nothing),
        cmocka_unit_test(test_as_a_command),
        cmocka_unit_test(test_many_mentions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

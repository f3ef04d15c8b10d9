#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "service/chat/chat_int.h"
#include "tests/unit/base/helpers.h"
#include "tests/unit/chat/chat_help.h"

/* Block Kit's limits (docs.slack.dev/reference/block-kit) hold for every view, as a message and as
 * a home page: a text object of no character or one too many fails the whole of it. */

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

/* --- what Slack accepts --- */

/* What is named by its id is the one thing in angle brackets: "<#C0SALES01>", "<@U0BEN0001>". */
static bool is_named(const char *at)
{
    size_t len = strspn(at + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    bool sign = str_starts(at, "<#") || str_starts(at, "<@");
    return sign && len > 1 && at[2 + len] == '>';
}

static void check_brackets(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '<') {
            assert_true(is_named(p));
            p = strchr(p, '>');
        } else {
            assert_true(*p != '>');
        }
    }
}

static void check_text(const json_t *object, size_t most)
{
    const char *text = json_text(object, "text");
    assert_non_null(text);
    assert_in_range(slack_units(text), 1, most);
    assert_true(str_is_utf8(text, strlen(text)));
    if (str_equal(json_text(object, "type"), "mrkdwn")) {
        check_brackets(text);
        assert_true(json_flag(object, "verbatim"));
    } else {
        assert_string_equal(json_text(object, "type"), "plain_text");
        assert_false(json_flag(object, "emoji"));
    }
}

static void check_confirm(const json_t *confirm)
{
    check_text(json_member(confirm, "title"), 100);
    check_text(json_member(confirm, "text"), 300);
    check_text(json_member(confirm, "confirm"), 30);
    check_text(json_member(confirm, "deny"), 30);
}

static void check_button(const json_t *button, json_t *seen)
{
    const char *id = json_text(button, "action_id");
    const char *value = json_text(button, "value"), *url = json_text(button, "url");
    assert_string_equal(json_text(button, "type"), "button");
    assert_in_range(slack_units(id), 1, 255);
    assert_null(json_member(seen, id));
    json_object_set_new(seen, id, json_true());
    check_text(json_member(button, "text"), 75);
    assert_true(value == NULL || slack_units(value) <= 2000);
    assert_true(url == NULL || slack_units(url) <= 3000);
    if (json_member(button, "confirm") != NULL) {
        check_confirm(json_member(button, "confirm"));
    }
}

static void check_section(const json_t *block, json_t *seen)
{
    json_t *fields = json_member(block, "fields");
    size_t i = 0;
    const json_t *field = NULL;
    if (fields == NULL) {
        check_text(json_member(block, "text"), 3000);
    } else {
        assert_in_range(json_array_size(fields), 1, 10);
    }
    json_array_foreach(fields, i, field)
    {
        check_text(field, 2000);
    }
    if (json_member(block, "accessory") != NULL) {
        check_button(json_member(block, "accessory"), seen);
    }
}

static void check_block(const json_t *block, json_t *seen)
{
    const char *type = json_text(block, "type");
    json_t *elements = json_member(block, "elements");
    size_t i = 0;
    const json_t *item = NULL;
    if (str_equal(type, "header")) {
        check_text(json_member(block, "text"), 150);
    } else if (str_equal(type, "section")) {
        check_section(block, seen);
    } else if (str_equal(type, "context")) {
        assert_in_range(json_array_size(elements), 1, 10);
        check_text(json_array_get(elements, 0), 3000);
    } else if (str_equal(type, "actions")) {
        assert_in_range(json_array_size(elements), 1, 25);
        json_array_foreach(elements, i, item)
        {
            check_button(item, seen);
        }
    } else {
        assert_string_equal(type, "divider");
    }
}

static void check_blocks(arena *mem, const json_t *blocks, size_t most)
{
    json_t *seen = arena_json(mem, json_object());
    size_t i = 0;
    const json_t *block = NULL;
    assert_in_range(json_array_size(blocks), 0, most);
    json_array_foreach(blocks, i, block)
    {
        check_block(block, seen);
    }
}

static void check_message(arena *mem, const json_t *view)
{
    const json_t *message = chat_slack_render(mem, view);
    const char *text = json_text(message, "text");
    check_blocks(mem, json_member(message, "blocks"), 50);
    assert_in_range(slack_units(text), 1, 4000);
    assert_null(strpbrk(text, "<>"));
    assert_null(strstr(text, "://"));
}

static void check_home(arena *mem, const json_t *view)
{
    const json_t *home = chat_slack_render_home(mem, view);
    assert_string_equal(json_text(home, "type"), "home");
    assert_int_equal(json_object_size(home), 2);
    check_blocks(mem, json_member(home, "blocks"), 100);
    assert_true(strlen(json_write(mem, home)) <= 250000);
}

/* --- views without any restraint --- */

static const char *random_text(arena *mem, uint64_t *seed)
{
    static const char *const parts[] = {"a",
                                        " ",
                                        "*",
                                        "_",
                                        "`",
                                        "~",
                                        "&",
                                        "<!channel>",
                                        "é",
                                        "😀",
                                        "\n",
                                        "\xff",
                                        "https://x.example/y ",
                                        "\xE2\x82",
                                        ">",
                                        "日",
                                        "<@U0ANA0001>",
                                        "<#C1>",
                                        "<http://evil|bank.com>"};
    static const size_t lengths[] = {0, 1, 3, 10, 75, 150, 300, 1000, 2900, 3001, 10000};
    size_t left = lengths[next_number(seed) % (sizeof lengths / sizeof lengths[0])];
    struct str s = str_new(mem, 300000);
    bool one = next_number(seed) % 2 == 0;
    const char *same = parts[next_number(seed) % (sizeof parts / sizeof parts[0])];
    while (left-- > 0) {
        str_add(&s, one ? same : parts[next_number(seed) % (sizeof parts / sizeof parts[0])]);
    }
    return s.text;
}

static struct button random_button(arena *mem, uint64_t *seed)
{
    return (struct button){.title = random_text(mem, seed),
                           .action = random_text(mem, seed),
                           .value = random_text(mem, seed),
                           .url = random_text(mem, seed),
                           .style = (enum button_style)(next_number(seed) % 3),
                           .confirm = random_text(mem, seed),
                           .confirm_title = random_text(mem, seed)};
}

static void add_random_block(arena *mem, json_t *view, uint64_t *seed)
{
    const struct button b = random_button(mem, seed);
    switch (next_number(seed) % 8) {
    case 0:
        view_title(view, "%s", random_text(mem, seed));
        return;
    case 1:
        view_text(view, "x **%s** `%s` %s", random_text(mem, seed), random_text(mem, seed),
                  random_text(mem, seed));
        return;
    case 2:
        view_note(view, "%s", random_text(mem, seed));
        return;
    case 3:
        view_field(view, random_text(mem, seed), random_text(mem, seed));
        return;
    case 4:
        view_divider(view);
        return;
    case 5:
        view_row(view, next_number(seed) % 4 == 0 ? NULL : &b, "%s**%s**", random_text(mem, seed),
                 random_text(mem, seed));
        return;
    case 6:
        view_note(view, "in <#%s> ask <@%s|%s>",
                  next_number(seed) % 2 == 0 ? "C0SALES01" : random_text(mem, seed),
                  next_number(seed) % 2 == 0 ? "U0BEN0001" : random_text(mem, seed), "Ben");
        return;
    default:
        view_button(view, &b);
    }
}

static void slack_gotcha_22_no_view_passes_a_limit(void **state)
{
    (void)state;
    uint64_t seed = 20261122;
    for (int round = 0; round < 150; round++) {
        arena *mem = arena_new();
        json_t *view = view_new(mem);
        for (uint64_t n = next_number(&seed) % 160; n > 0; n--) {
            add_random_block(mem, view, &seed);
        }
        check_message(mem, view);
        check_home(mem, view);
        arena_free(mem);
    }
}

/* --- what is cut says so --- */

static char *filled(arena *mem, const char *unit, size_t times)
{
    struct str s = str_new(mem, strlen(unit) * times + 1);
    for (size_t i = 0; i < times; i++) {
        str_add(&s, unit);
    }
    return s.text;
}

static const char *last_words(const json_t *rendered)
{
    const json_t *blocks = json_member(rendered, "blocks");
    const json_t *last = json_array_get(blocks, json_array_size(blocks) - 1);
    return json_string_value(json_at(last, "elements.0.text"));
}

static void test_a_long_list(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    for (int i = 0; i < 200; i++) {
        view_row(view, &(struct button){.title = "Disconnect", .action = "disconnect"}, "row %lld",
                 (long long)i);
    }
    check_message(mem, view);
    check_home(mem, view);
    assert_string_equal(last_words(chat_slack_render(mem, view)),
                        "There is more than fits in one message.");
    assert_string_equal(last_words(chat_slack_render_home(mem, view)),
                        "There is more than fits on this page.");
}

/* So many blocks may stand on a page, each of so much text, but not both. */
static void test_a_page_of_too_many_bytes(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    for (int i = 0; i < 90; i++) {
        view_text(view, "%s", filled(mem, "日", 2800));
    }
    const json_t *home = chat_slack_render_home(mem, view);
    check_home(mem, view);
    assert_in_range(json_array_size(json_member(home, "blocks")), 20, 60);
    assert_string_equal(last_words(home), "There is more than fits on this page.");
}

/* A value of 10,000 characters is a field that was cut, or sections that hold all of it. */
static void test_a_value_of_ten_thousand_characters(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_field(view, "Description", filled(mem, "😀é", 5000));
    view_text(view, "%s", filled(mem, "x", 10000));
    const json_t *message = chat_slack_render(mem, view);
    const char *field = json_string_value(json_at(message, "blocks.0.fields.0.text"));
    check_message(mem, view);
    assert_true(str_ends(field, "… (cut)"));
    size_t whole = 0;
    for (size_t i = 1; i < json_array_size(json_member(message, "blocks")); i++) {
        const json_t *block = json_array_get(json_member(message, "blocks"), i);
        whole += strlen(json_string_value(json_at(block, "text.text")));
    }
    assert_int_equal(whole, 10000);
}

static void test_a_row_without_words_keeps_its_button(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_row(view, &(struct button){.title = "Go", .action = "go"}, "%s", " ");
    view_row(view, NULL, "%s", "");
    const json_t *message = chat_slack_render(mem, view);
    check_message(mem, view);
    assert_int_equal(json_array_size(json_member(message, "blocks")), 1);
    assert_string_equal(json_string_value(json_at(message, "blocks.0.elements.0.text.text")), "Go");
}

static void test_places_are_named_by_their_id_alone(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_note(view, "only in <#%s> and <#%s>", "C0SALES01", "C1|x> <!channel");
    assert_string_equal(
        json_string_value(json_at(chat_slack_render(mem, view), "blocks.0.elements.0.text")),
        "only in <#C0SALES01> and C1|x&gt; &lt;!channel");
}

static void test_people_are_named_by_their_id_alone(void **state)
{
    arena *mem = *state;
    json_t *view = view_new(mem);
    view_note(view, "ask <@%s|%s>, <@%s|%s> or <@%s|%s>: %s", "U0BEN0001", "Ben", "C0SALES01",
              "Sales", "U1|x> <!channel", "Una", "<@U0BEN0001>");
    assert_string_equal(
        json_string_value(json_at(chat_slack_render(mem, view), "blocks.0.elements.0.text")),
        "ask <@U0BEN0001>, C0SALES01 or U1|x&gt; &lt;!channel: &lt;@U0BEN0001&gt;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slack_gotcha_22_no_view_passes_a_limit),
        cmocka_unit_test(test_a_long_list),
        cmocka_unit_test(test_people_are_named_by_their_id_alone),
        cmocka_unit_test(test_a_page_of_too_many_bytes),
        cmocka_unit_test(test_a_value_of_ten_thousand_characters),
        cmocka_unit_test(test_a_row_without_words_keeps_its_button),
        cmocka_unit_test(test_places_are_named_by_their_id_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

#include "recipe_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* What starts a recipe: words that somebody types, or an app's own event, of which the recipe tells
 * a channel or a person. */

static void parse_command(const struct json_doc *d, struct recipe *r)
{
    static const char *const triggers[] = {"command", NULL};
    json_doc_choice(d, "trigger", triggers, 0);
    r->command = json_doc_text(d, "command", true, LIMIT_LABEL);
    if (r->command != NULL && str_empty(str_trim(d->mem, r->command))) {
        json_doc_fault(d, "command", "Give the words that a user types.");
    }
    if (r->command != NULL && strchr(r->command, ':') != NULL) {
        json_doc_fault(d, "command", "A command holds no colon: colons follow input names.");
    }
    if (json_member(d->object, "post") != NULL) {
        json_doc_fault(d, "post", "A command replies where it was typed.");
    }
}

/* By e-mail address or by the app's own stable id. */
static void parse_person(const struct json_doc *d, struct recipe *r)
{
    static const char *const keys[] = {"app", "connection", "email", "key", NULL};
    struct json_doc person = json_doc_member(d, "person", false);
    if (person.object == NULL) {
        return;
    }
    json_doc_known(&person, keys);
    r->post.app = json_doc_text(&person, "app", true, LIMIT_NAME);
    r->post.connection = json_doc_text(&person, "connection", false, LIMIT_NAME);
    r->post.email = recipe_parse_template(&person, "email", false, LIMIT_LABEL);
    r->post.key = recipe_parse_template(&person, "key", false, LIMIT_LABEL);
    if ((r->post.email == NULL) == (r->post.key == NULL)) {
        json_doc_fault(&person, NULL, "Name the person by \"email\" or by \"key\".");
    }
}

static void parse_post(const struct json_doc *d, struct recipe *r)
{
    static const char *const keys[] = {"channel", "person", "when", NULL};
    struct json_doc post = json_doc_member(d, "post", true);
    if (post.object == NULL) {
        return;
    }
    json_doc_known(&post, keys);
    r->post.channel = json_doc_text(&post, "channel", true, LIMIT_LABEL);
    if (r->post.channel != NULL && str_empty(str_trim(d->mem, r->post.channel))) {
        json_doc_fault(&post, "channel", "Give the id of a channel.");
    }
    r->post.when = recipe_parse_condition(&post, "when");
    parse_person(&post, r);
}

static void parse_hook(const struct json_doc *d, struct recipe *r)
{
    static const char *const keys[] = {"hook", NULL};
    static const char *const of_people[] = {"command", "inputs", "allow", "hidden",
                                            "shared_approver"};
    struct json_doc trigger = json_doc_member(d, "trigger", true);
    json_doc_known(&trigger, keys);
    r->hook = json_doc_text(&trigger, "hook", true, LIMIT_NAME);
    r->hook = r->hook == NULL ? "" : r->hook;
    for (size_t i = 0; i < sizeof of_people / sizeof of_people[0]; i++) {
        const json_t *there = json_member(d->object, of_people[i]);
        if (there != NULL && !json_is_null(there)) {
            json_doc_fault(d, of_people[i], "Nobody types what a hook starts.");
        }
    }
    parse_post(d, r);
}

void recipe_parse_trigger(const struct json_doc *d, struct recipe *r)
{
    if (json_is_object(json_member(d->object, "trigger"))) {
        parse_hook(d, r);
    } else {
        parse_command(d, r);
    }
}

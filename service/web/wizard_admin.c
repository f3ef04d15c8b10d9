#include "wizard_int.h"

/* A link by which somebody becomes an admin in Teams, where nobody installs the bot. The page that
 * made it shows it, this once. */

int wizard_admin_link(struct console *c, struct err *e)
{
    struct console_answer a;
    const struct console_call post = {
        .method = WB_POST, .handler = api_admin_links_post, .body = json_object()};
    if (console_try(c, &post, &a, e) != 0) {
        return -1;
    }
    json_t *data = json_object();
    json_put_words(data, "url", json_text(a.value, "url"));
    json_put_words(data, "until", console_time(c->mem, json_text(a.value, "expires")));
    console_put_problem(data, &a);
    const struct wizard_page page = {.template = "wizard_admin.html",
                                     .title = "Set up: an admin",
                                     .step = WIZARD_CHAT,
                                     .status = a.status};
    return wizard_show(c, &page, data, e);
}

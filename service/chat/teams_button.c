/* Buttons of cards. Action.Execute is answered in the card; clients that do not know it send the
 * same data with the Action.Submit that stands in its place. */
#include "teams_draw.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

enum { TITLE_CHARS = 75, QUESTION_CHARS = 300, URL_BYTES = 3000 };

static json_t *data_of(const struct teams_drawing *s, const json_t *button)
{
    json_t *ours =
        json_must(json_pack("{s:s, s:i}", "a", json_text(button, "action"), "n", s->buttons));
    const char *value = json_text(button, "value");
    if (value != NULL) {
        json_put(ours, "v", json_string(value));
    }
    json_put_words(ours, "m", s->our_id);
    json_put_words(ours, "t", s->token);
    return json_must(json_pack("{s:o}", "wb", ours));
}

/* How it looks: clients that do not know it leave it out. */
static void put_style(json_t *action, const json_t *button)
{
    const char *style = json_text(button, "style");
    if (str_equal(style, "primary")) {
        json_put_words(action, "style", "positive");
    } else if (str_equal(style, "danger")) {
        json_put_words(action, "style", "destructive");
    }
}

static json_t *submit_action(const char *title, json_t *data)
{
    return json_must(
        json_pack("{s:s, s:s, s:o}", "type", "Action.Submit", "title", title, "data", data));
}

/* Its answer is the form. */
static json_t *opening_action(const char *title, json_t *data)
{
    json_put(data, "msteams", json_pack("{s:s}", "type", "task/fetch"));
    return submit_action(title, data);
}

/* Without a verb Teams does not say that it was pressed. */
static json_t *execute_action(const json_t *button, const char *title, json_t *data)
{
    return json_must(json_pack("{s:s, s:s, s:s, s:O, s:o}", "type", "Action.Execute", "title",
                               title, "verb", json_text(button, "action"), "data", data, "fallback",
                               submit_action(title, data)));
}

/* A loopback address is that of a demo: Teams opens no other window than over https. */
static bool opens_window(const json_t *button)
{
    const char *url = json_text(button, "url");
    return json_flag(button, "window") &&
           (str_starts_fold(url, "https://") || str_starts_fold(url, "http://127.0.0.1:") ||
            str_starts_fold(url, "http://localhost:"));
}

/* The client opens the page in a window and waits for what its last page says; nothing is sent to
 * us before that. The size is Teams' own way to ask for one. */
static json_t *window_action(arena *mem, const char *title, const char *url)
{
    const char *page = arena_printf(mem, "%s?window=teams&width=600&height=640", url);
    return submit_action(
        title, json_must(json_pack("{s:{s:s, s:s}}", "msteams", "type", "signin", "value", page)));
}

static json_t *open_url_action(const char *title, const char *url)
{
    return json_must(
        json_pack("{s:s, s:s, s:s}", "type", "Action.OpenUrl", "title", title, "url", url));
}

/* There is no question before a press: it opens a card with the question and the button. */
static json_t *asking_action(struct teams_drawing *s, const json_t *button, const char *title,
                             json_t *action)
{
    const char *heading = teams_line(s->mem, json_text(button, "confirm_title"), TITLE_CHARS);
    const char *question = teams_line(s->mem, json_text(button, "confirm"), QUESTION_CHARS);
    json_t *body = json_must(json_array());
    if (heading != NULL) {
        teams_rich_text(s->mem, body, heading, &(struct teams_style){.bold = true});
    }
    teams_rich_text(s->mem, body, question, &(struct teams_style){.size = NULL});
    json_push(body, json_pack("{s:s, s:[o]}", "type", "ActionSet", "actions", action));
    return json_must(json_pack("{s:s, s:s, s:{s:s, s:o}}", "type", "Action.ShowCard", "title",
                               title, "card", "type", "AdaptiveCard", "body", body));
}

static bool fits(const char *text, size_t max)
{
    return text == NULL || strlen(text) <= max;
}

/* A scheme of its own would do something else on the reader's machine than open a page. */
static bool is_page(const char *url)
{
    return url == NULL || ((str_starts_fold(url, "https://") || str_starts_fold(url, "http://")) &&
                           strlen(url) <= URL_BYTES);
}

static json_t *link_action(struct teams_drawing *s, const json_t *button, const char *title)
{
    const char *url = json_text(button, "url");
    json_t *action =
        opens_window(button) ? window_action(s->mem, title, url) : open_url_action(title, url);
    put_style(action, button);
    return action;
}

static json_t *draw(struct teams_drawing *s, const json_t *button)
{
    const char *url = json_text(button, "url");
    const char *title = teams_line(s->mem, json_text(button, "title"), TITLE_CHARS);
    bool leads = url != NULL || !str_empty(json_text(button, "action"));
    s->buttons++;
    if (title == NULL || !leads || !is_page(url) ||
        !fits(json_text(button, "value"), TEAMS_VALUE_MAX)) {
        return NULL;
    }
    if (url != NULL) {
        return link_action(s, button, title);
    }
    json_t *data = data_of(s, button);
    json_t *action = json_flag(button, "opens") ? opening_action(title, data)
                                                : execute_action(button, title, data);
    put_style(action, button);
    bool asks = teams_line(s->mem, json_text(button, "confirm"), QUESTION_CHARS) != NULL;
    return asks ? asking_action(s, button, title, action) : action;
}

void teams_button(struct teams_drawing *s, const json_t *button, json_t *actions)
{
    json_t *action = draw(s, button);
    if (action == NULL) {
        return;
    }
    json_push(actions, action);
    if (opens_window(button)) { /* for clients without windows, and whoever is logged in there */
        json_push(actions, open_url_action("In the browser", json_text(button, "url")));
    }
}

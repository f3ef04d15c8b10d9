#include "lists_int.h"
#include "run_int.h"

#include "base/json.h"
#include "base/str.h"

/* `history`: a user's own runs, what came of them, and as whom; readable by that user alone. */

enum { RUNS_A_PAGE = 10, RECORDS_SHOWN = 3 };

const char *history_title(arena *mem, const struct run_line *l)
{
    json_t *body = NULL;
    struct err unread = {0};
    const char *title = NULL;
    if (l->recipe_body != NULL && json_read(mem, bytes_of(l->recipe_body), &body, &unread) == 0) {
        title = json_text(body, "title");
    }
    return str_empty(title) ? l->recipe : title;
}

/* "name: Acme renewal", or what it is about: what tells one such command from the next. */
static const char *first_input(const struct scene *sc, const struct run_line *l)
{
    const struct run r = {
        .workspace = sc->workspace->workspace, .inputs = l->inputs, .pressed = l->pressed};
    const struct recipe_row row = {.name = l->recipe, .body = l->recipe_body};
    struct recipe *recipe = NULL;
    struct err unread = {0};
    if (l->recipe_body == NULL || recipe_read(sc->mem, &row, &recipe, &unread) != 0) {
        return NULL;
    }
    return words_input(sc->s, recipe, &r);
}

/* Of several apps it is not on record which one it was. */
static const char *why_failed(const struct scene *sc, const struct run_line *l)
{
    const char *title = l->acted_count == 1 ? words_app(sc, l->acted[0].app) : NULL;
    return l->state == RUN_FAILED ? words_code(sc->mem, l->error_code, title) : NULL;
}

const char *history_failure(struct scene *sc, const struct run_line *l)
{
    struct message *m = NULL;
    struct err unread = {0};
    if (l->message_id != NULL &&
        store_message_find(sc->s, sc->workspace->workspace, l->message_id, &m, &unread) == 0 &&
        m != NULL) {
        const json_t *said = json_member(m->body, "failure");
        if (str_equal(json_text(said, "run"), l->id)) {
            return json_text(said, "text");
        }
    }
    const char *why = why_failed(sc, l);
    return why == NULL ? "Its answer in this chat says why." : why;
}

static const char *what_came(const struct scene *sc, const struct run_line *l)
{
    static const char *const states[RUN_STATE_COUNT] = {
        [RUN_QUEUED] = "is about to run",
        [RUN_ASKING] = "waits for you",
        [RUN_PARKED] = "waits",
        [RUN_RUNNING] = "is running",
        [RUN_DONE] = "done",
        [RUN_FAILED] = "did not work",
        [RUN_UNKNOWN] = "may have happened or not",
        [RUN_CANCELLED] = "cancelled",
        [RUN_EXPIRED] = "not run: it waited too long",
        [RUN_SUPERSEDED] = "not run: you typed it again",
    };
    const char *why = why_failed(sc, l);
    return why == NULL ? states[l->state] : arena_printf(sc->mem, "%s: %s", states[l->state], why);
}

static char *as_whom(struct scene *sc, const struct run_line *l)
{
    struct str out = str_new(sc->mem, 800);
    for (size_t i = 0; i < l->acted_count; i++) {
        const struct run_connection *c = &l->acted[i];
        bool own = str_equal(c->rule, "personal");
        const char *who = str_empty(c->account) ? "an unnamed account" : c->account;
        str_printf(&out, "%s%s%s in %s", i == 0 ? "as " : " and ", words_shared(sc, own), who,
                   words_app(sc, c->app));
    }
    return out.text;
}

static bool is_link(const struct scene *sc, const struct run_record *x)
{
    return x->url != NULL && words_is_link(sc, x->url);
}

/* Of one that a button opens: nothing. The last one has the button, and is named among others. */
static char *records_of(const struct scene *sc, const struct run_line *l)
{
    struct str out = str_new(sc->mem, 4000);
    size_t shown = l->records_count < RECORDS_SHOWN ? l->records_count : RECORDS_SHOWN;
    if (l->records_count == 1 && (is_link(sc, l->records) || l->records->id == NULL)) {
        return out.text;
    }
    for (size_t i = 0; i < shown; i++) {
        const struct run_record *x = &l->records[i];
        str_printf(&out, "%s%s",
                   i > 0       ? ", "
                   : shown > 1 ? " · records "
                               : " · record ",
                   x->id == NULL || is_link(sc, x) ? x->url : x->id);
    }
    if (l->records_count > shown) {
        str_printf(&out, " and %zu more", l->records_count - shown);
    }
    return out.text;
}

static void add_line(struct scene *sc, json_t *view, const struct run_line *l)
{
    const char *who = as_whom(sc, l);
    const struct run_record *last = l->records_count > 0 ? &l->records[l->records_count - 1] : NULL;
    bool link = last != NULL && is_link(sc, last);
    const struct button open = {
        .title = "Open", .action = "open", .value = l->id, .url = link ? last->url : NULL};
    const char *input = first_input(sc, l);
    view_row(view, link ? &open : NULL, "**%s** · %s\n%s%s%s%s%s%s", history_title(sc->mem, l),
             what_came(sc, l), input == NULL ? "" : input, input == NULL ? "" : " · ", who,
             *who == '\0' ? "" : " · ", l->reference, records_of(sc, l));
    view_row_at(view, l->created_at);
}

int history_add(struct scene *sc, json_t *view, size_t from, size_t limit, bool *ret_more,
                struct err *e)
{
    const struct run_history q = {
        .user_id = sc->user->user_id, .from = (int64_t)from, .limit = (int64_t)limit + 1};
    struct run_line *lines = NULL;
    size_t count = 0;
    if (store_run_history(sc->s, sc->workspace->workspace, &q, &lines, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count && i < limit; i++) {
        add_line(sc, view, &lines[i]);
    }
    *ret_more = count > limit;
    return count == 0 ? 0 : 1;
}

int command_history(struct turn *t, const char *rest, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    bool more = false;
    (void)rest;
    view_title(view, "Your last commands");
    int rc = history_add(&t->scene, view, t->from, RUNS_A_PAGE, &more, e);
    if (rc < 0) {
        return -1;
    }
    if (rc == 0) {
        view_text(view, t->from == 0 ? "You have run no command yet." : "There are no older ones.");
    }
    page_around(&t->scene, view,
                &(struct page){.from = t->from,
                               .size = RUNS_A_PAGE,
                               .total = t->from + RUNS_A_PAGE + (more ? 1 : 0),
                               .words = "history"});
    return say_private(t, view, NULL, e);
}

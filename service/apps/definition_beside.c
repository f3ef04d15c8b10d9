#include "definition_int.h"

#include "base/limits.h"
#include "base/str.h"

/* What is asked besides a request, and the links of the rows that an action gives. */

enum { ROWS_MAX = 6, ROW_WHERE_MAX = 2, WAITS_MAX = 2 };

/* A GET that 200 answers. */
static void read_question(const struct apps_action_reader *ar, const struct json_doc *d,
                          struct apps_request *q)
{
    apps_read_asking(ar, d, q);
    q->success[0] = 200;
    q->success_count = 1;
}

void apps_read_read_back(const struct apps_action_reader *ar, const struct json_doc *d,
                         struct apps_request *q)
{
    static const char *const keys[] = {"path", "query", "output", "record_id", NULL};
    struct json_doc row = json_doc_member(d, "read_back", false);
    json_doc_known(&row, keys);
    if (row.object == NULL) {
        return;
    }
    q->read_back = arena_alloc(ar->r->mem, sizeof(*q->read_back));
    *q->read_back = (struct apps_read_back){.outcome = apps_read_outcome(ar, &row, false)};
    read_question(ar, &row, &q->read_back->request);
    apps_need(&row, "record_id");
    if (!ar->action->writes) {
        json_doc_fault(&row, NULL, "This belongs to an action that writes.");
    }
}

static void read_ended(const struct apps_action_reader *ar, const struct json_doc *d,
                       struct apps_decided *decided)
{
    static const char *const keys[] = {"path", "query", "rows", "waits", "words", NULL};
    struct json_doc row = json_doc_member(d, "ended", false);
    json_doc_known(&row, keys);
    if (row.object == NULL) {
        return;
    }
    decided->ended = arena_alloc(ar->r->mem, sizeof(*decided->ended));
    *decided->ended = (struct apps_ended){.rows = apps_read_path(&row, "rows", true),
                                          .waits = apps_read_pairs(ar->r, &row, "waits", WAITS_MAX),
                                          .words = json_doc_text(&row, "words", true, LIMIT_LABEL)};
    read_question(ar, &row, &decided->ended->request);
    apps_need(&row, "waits"); /* without any, each row would */
    apps_check_where(ar, &row, &decided->ended->waits);
}

void apps_read_decided(const struct apps_action_reader *ar, const struct json_doc *d,
                       struct apps_request *q)
{
    static const char *const keys[] = {"when", "path", "query", "one", "by",
                                       "at",   "word", "ended", NULL};
    struct json_doc row = json_doc_member(d, "decided", false);
    json_doc_known(&row, keys);
    if (row.object == NULL) {
        return;
    }
    q->decided = arena_alloc(ar->r->mem, sizeof(*q->decided));
    *q->decided = (struct apps_decided){.one = apps_read_path(&row, "one", false),
                                        .by = apps_read_path(&row, "by", true),
                                        .at = apps_read_path(&row, "at", true),
                                        .word = apps_read_path(&row, "word", true)};
    read_question(ar, &row, &q->decided->request);
    read_ended(ar, &row, q->decided);
    if (!ar->action->approves) {
        json_doc_fault(&row, NULL, "This belongs to an action that approves.");
    }
}

static void check_in(const struct app_action *x, const struct json_doc *d,
                     const struct apps_texts *in)
{
    for (size_t i = 0; i < in->count; i++) {
        if (!json_is_object(x->outcome.output) ||
            json_member(x->outcome.output, in->items[i]) == NULL) {
            json_doc_fault(d, "in", "There is no \"%s\" in output.", in->items[i]);
        }
    }
}

void apps_read_rows(const struct apps_action_reader *ar, const struct json_doc *d)
{
    static const char *const keys[] = {"in", "where", "id", "url", NULL};
    struct app_action *x = ar->action;
    const json_t *list = json_doc_array(d, "rows", false, ROWS_MAX);
    x->rows_count = json_array_size(list);
    x->rows = arena_array(ar->r->mem, x->rows_count + 1, sizeof(*x->rows));
    for (size_t i = 0; i < x->rows_count; i++) {
        struct json_doc row = json_doc_item(d, "rows", i);
        json_doc_known(&row, keys);
        x->rows[i] =
            (struct apps_row){.in = apps_read_paths(&row, "in"),
                              .where = apps_read_pairs(ar->r, &row, "where", ROW_WHERE_MAX),
                              .id = apps_read_paths(&row, "id"),
                              .url = apps_read_filled(ar->r, &row, "url", true)};
        apps_need(&row, "in");
        apps_need(&row, "id");
        check_in(x, &row, &x->rows[i].in);
        apps_check_where(ar, &row, &x->rows[i].where);
        if (x->rows[i].url != NULL) {
            apps_check_link(ar, &row, "url", x->rows[i].url);
        }
    }
}

#ifndef WB_CHAT_VIEW_H
#define WB_CHAT_VIEW_H

#include <jansson.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * The neutral card (service/chat/view.c). A view is JSON, so that it can be stored:
 *   {"blocks":[{"kind":"title","text":...},
 *              {"kind":"text","spans":["plain",{"bold":"x"},{"code":"y"},
 *                                               {"channel":"C1"},{"person":"U1"}]},
 *              {"kind":"note","spans":[...]},
 *              {"kind":"row","spans":[...],"button":{...},"at":1790000000},
 *              {"kind":"fields","fields":[{"label":...,"value":...},
 *                                         {"label":...,"at":1790000000}]},
 *              {"kind":"menu","title":...,"buttons":[as below, of which one is chosen]},
 *              {"kind":"divider"},
 *              {"kind":"stamp","spans":[...],"at":1790000000},
 *              {"kind":"buttons","buttons":[{"title","action","value","url","style","confirm",
 *                                           "opens","window","call"}]}]}
 * All texts are plain: each platform's renderer escapes them. In the formats below **x** is
 * bold, `x` is code, <#%s> is a place by its id and <@%s|%s> a person by id and name (in private
 * messages alone: others' would call that person); they are read in the format only, never in the
 * arguments, so data cannot style, mention or link. Formats take %s, %lld and %% only.
 */
json_t *view_new(arena *mem);
void view_title(json_t *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
void view_text(json_t *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
void view_note(json_t *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds to the last block when that holds fields, else opens one. */
void view_field(json_t *view, const char *label, const char *value);
/* Its value is a time, shown as view_stamp shows it. */
void view_field_at(json_t *view, const char *label, int64_t at);
void view_divider(json_t *view);
/* The text, and when that was: in the reader's own time zone where the platform can. */
void view_stamp(json_t *view, int64_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum button_style { BUTTON_PLAIN, BUTTON_PRIMARY, BUTTON_DANGER };
struct button {
    const char *title;
    const char *action; /* [a-z_]+ */
    const char *value;  /* at most 1,900 bytes; may be NULL */
    const char *url;    /* opens in the browser; NULL: none */
    enum button_style style;
    const char *confirm, *confirm_title; /* a question asked before, and over it; NULL: none */
    bool opens;  /* pressing it shows a form: some platforms must know before it is pressed */
    bool window; /* url is a login's: opened in a window of the chat's client where it has such */
    const json_t *call; /* what pressing it does, kept with the message and never sent; NULL: value
                           says all */
};
/* Adds to the last block when that holds buttons (at most 5 a row), else opens one. */
void view_button(json_t *view, const struct button *b);
/* One of these is chosen: buttons without url, style and question. */
void view_menu(json_t *view, const char *title, const struct button *list, size_t count);
/* The first with this action, outside of rows; NULL: there is none. */
const json_t *view_find_button(const json_t *view, const char *action);
/* A text with one button at its side; b NULL: none. Long lists are made of these. */
void view_row(json_t *view, const struct button *b, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* When that was, of the row that was added last: as view_stamp shows it. */
void view_row_at(json_t *view, int64_t at);
/* Whose it is, of a view that everybody in a place may read: when it cannot stand there it goes to
 * this user alone, with the note that view_note_moved adds. NULL: nobody's. */
void view_set_owner(json_t *view, const char *user_id);
const char *view_owner(const json_t *view);
void view_note_moved(json_t *view);
/* What this one sees in the place of the blocks of a view that everybody in a place may read, where
 * the platform has that (chat_driver.own_views): "own" of the view, a view with "user". The notes
 * of view_note_moved and notifications are the view's. A link to log in stands in neither. */
void view_set_own(json_t *view, const char *user_id, const json_t *own);
const json_t *view_own(const json_t *view); /* NULL: all see the same */
/* What a message shows again when what stands in its place now is over: {"view", "run"}. It goes
 * from one content of the message to the next, until one that says that it is over (view NULL). */
void view_set_under(json_t *view, const json_t *under);
const json_t *view_under(const json_t *view); /* NULL: nothing is */
bool view_says_under(const json_t *view);     /* either way */
/* A private message's: the id of ours that promises it where others read it. NULL: none does. */
void view_set_line(json_t *view, const char *message_id);
const char *view_line(const json_t *view);
/* That one says no more than what goes to somebody's one-to-one chat; waits: `pending` shows it. */
void view_set_promise(json_t *view, bool waits);
bool view_promises(const json_t *view, bool *ret_waits);
/* What it is about, in one line of plain text: title or first text, never a link. */
char *view_subject(arena *mem, const json_t *view);
/* The same for notifications: behind how it ended, where a stamp says so first. */
char *view_summary(arena *mem, const json_t *view);

#endif

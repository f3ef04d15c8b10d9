#ifndef WB_SERVICE_CHAT_TEAMS_DRAW_H
#define WB_SERVICE_CHAT_TEAMS_DRAW_H

#include "teams_int.h"

/* What cards and forms are drawn with; pure. New references are the caller's. */

/* --- teams_runs.c: text --- */

struct teams_style {
    const char *size, *color; /* "Large", "Attention"; NULL: as usual */
    bool bold, subtle;
};
/* What stands for a conversation: a card cannot name it by its id. */
#define TEAMS_SOME_PLACE "another conversation"
/* RichTextBlocks of spans (chat/view.h), as many as their length asks for: what stands in them is
 * never read as markdown. Pushed to `items`. */
void teams_rich(arena *mem, json_t *items, const json_t *spans, const struct teams_style *s);
/* The same of one text. */
void teams_rich_text(arena *mem, json_t *items, const char *text, const struct teams_style *s);
/* Does it look the same where markdown is read? */
bool teams_is_plain(const char *text);
/* One trimmed line of at most `max` characters; NULL when nothing is left. */
char *teams_line(arena *mem, const char *text, size_t max);

/* --- teams_button.c --- */

struct teams_drawing {
    arena *mem;
    const char *our_id; /* NULL: none */
    const char *token;  /* of this sending; NULL: none */
    int buttons;        /* drawn so far: the number of the last one */
};
/* Pushes what stands for it: nothing when it cannot be sent whole, as a value or address that was
 * cut would be another one; two for a page in a window, which not every client can open. */
void teams_button(struct teams_drawing *s, const json_t *button, json_t *actions);

/* --- teams_limit.c --- */

struct teams_room {
    size_t bytes;
    size_t lead;    /* so many items at the beginning are what the card says first */
    json_t *fields; /* those of the items that are one or more */
    json_t *rest;   /* those that go on with a long text */
};
/* Makes a card's body fit. Long fields are cut, then go what goes on with a long text, fields,
 * buttons that carry much, the last one first, and what stands at the end; what the card says
 * first and what leads on stay longest. A note says that something is gone. */
void teams_limit(arena *mem, json_t *items, const struct teams_room *room);

/* --- teams_card.c --- */

/* What a card's body is made of, within so many bytes. New reference. */
json_t *teams_body(struct teams_drawing *s, const json_t *view, size_t bytes_max);
/* Of a card around it. */
json_t *teams_card_of(json_t *body);

#endif

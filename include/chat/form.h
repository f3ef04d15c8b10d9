#ifndef WB_CHAT_FORM_H
#define WB_CHAT_FORM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * The neutral form (service/chat/form.c): a view with places to fill in. It is JSON, so that it can
 * be stored:
 *   {"blocks": as in a view, they stand above the fields,
 *    "form": its name, "heading", "submit": what its button says,
 *    "private": our own text, which comes back with what was sent and is never an authority,
 *    "fields": [{"name","label","kind","required","value","hint","sample",
 *                "choices":[{"label","value"}],"search","endings":["pdf"]}]}
 * A view without "form" can be shown in the same way: a page with nothing to send.
 */
enum form_kind {
    FORM_TEXT,      /* one line */
    FORM_LINES,     /* several */
    FORM_NUMBER,    /* with or without decimals */
    FORM_DATE,      /* "2026-12-31" */
    FORM_DATE_TIME, /* "2026-12-31T13:30:00Z"; what comes back names no zone where the platform has
                       none to tell */
    FORM_CHOICE,    /* one of `choices` */
    FORM_FLAG,      /* "yes", or "no" or nothing */
    FORM_FILE       /* one, where the platform takes them (chat_driver.file) */
};

enum {
    FORM_TEXT_MAX = 3000,    /* characters that a field holds */
    FORM_CHOICE_MAX = 75,    /* bytes of a choice's value */
    FORM_CHOICES_SHOWN = 100 /* more than these are searched: the platform asks for them */
};

struct form_choice {
    const char *label, *value;
};

struct form_field {
    const char *name; /* [a-z0-9_]+, unique in the form; what was sent comes back under it */
    const char *label;
    enum form_kind kind;
    bool required;
    const char *value; /* filled in already; NULL: nothing. Of a choice: its value */
    const char *local; /* FORM_DATE_TIME: the value as the user's clock shows it */
    const char *hint, *sample;
    const char *const *endings; /* of a file that may be chosen: "pdf"; none: any */
    size_t endings_count;
    const struct form_choice *choices;
    size_t choices_count;
    bool search; /* of the choices only the chosen one goes along; the others are asked for */
};

/* submit: what its button says; private_value: NULL: none. */
struct form {
    const char *name; /* [a-z_]+ */
    const char *heading, *submit, *private_value;
};
json_t *form_new(arena *mem, const struct form *f);
void form_add(json_t *form, const struct form_field *field);

/* What a form that was sent is answered. With neither it closes. */
struct form_answer {
    const json_t *errors; /* {field: what is wrong with it}; it stays open */
    const json_t *next;   /* a form or view that takes its place */
    const json_t *again;  /* with errors: the form as it was sent, where it must be shown anew */
};
/* A form with what was entered in it: {field: text or null}. */
void form_fill(json_t *form, const json_t *fields);

/* --- as Slack shows them (slack_form_view.c): within all limits of docs.slack.dev/surfaces/modals
 * --- */

/* A form, or a view as one: {"type":"modal", ...}. */
json_t *chat_slack_render_form(arena *mem, const json_t *form);
/* What the request that brought a form is answered; payload: the form as it was sent. NULL: an
 * empty body, which closes it. */
char *chat_slack_form_answer(arena *mem, struct bytes payload, const struct form_answer *a);
/* What the request for choices is answered. */
char *chat_slack_choices(arena *mem, const struct form_choice *list, size_t count);

/* --- as Teams shows them (teams_form_view.c): task modules --- */

/* Is this task/fetch, which asks for a form? Else it brings one. */
bool chat_teams_form_opens(arena *mem, struct bytes payload);
/* What the press of a button that opens a form is answered; form NULL: there is none after all. */
char *chat_teams_form_opened(arena *mem, const json_t *form);
/* What the request that brought a form is answered. NULL: an empty body, which closes it. */
char *chat_teams_form_answer(arena *mem, const struct form_answer *a);

#endif

#ifndef WB_APPS_DEFINITION_INT_H
#define WB_APPS_DEFINITION_INT_H

#include "apps_int.h"

/* Reading a definition (definition*.c): each part adds its own faults. */

struct apps_reader {
    arena *mem;
    app *app;
};

/* Parts of it; each adds its own faults. */
void apps_read_vars(const struct apps_reader *r, const struct json_doc *top);
void apps_read_oauth(const struct apps_reader *r, const struct json_doc *top);
void apps_read_token(const struct apps_reader *r, const struct json_doc *top);
void apps_read_identity(const struct apps_reader *r, const struct json_doc *top);
void apps_read_api(const struct apps_reader *r, const struct json_doc *top);
void apps_read_actions(const struct apps_reader *r, const struct json_doc *top);
/* A list of non-empty texts. */
struct apps_texts apps_read_texts(const struct json_doc *d, const char *key, bool required);
/* Each begins with a dot and is a host's name behind it. */
void apps_check_suffixes(const struct json_doc *d, const char *key, const struct apps_texts *t);
/* An object of texts, with {value} filled in. */
struct apps_pairs apps_read_pairs(const struct apps_reader *r, const struct json_doc *d,
                                  const char *key, size_t max);
/* A fault where a member is absent. */
void apps_need(const struct json_doc *d, const char *key);
/* Lower-case letters, digits and "_", beginning with a letter. */
bool apps_is_word(const char *text);
/* "capture": names of variables that come `from` there, and where they stand. */
struct apps_pairs apps_read_capture(const struct apps_reader *r, const struct json_doc *d,
                                    unsigned from);
/* Names of the variables that come `from` there, and `more` (NULL: none); ends at a NULL. */
const char *const *apps_var_names(const struct apps_reader *r, unsigned from, const char *more);
/* A URL: "https://{host}..." or "https://" and a host, fixed or made of variables; variables in it
 * are those that come `from` there. NULL when absent. */
const char *apps_read_url_from(const struct apps_reader *r, const struct json_doc *d,
                               const char *key, unsigned from);
const char *apps_read_url(const struct apps_reader *r, const struct json_doc *d, const char *key,
                          bool required);
/* An extended regular expression from ^ to $, whose repeats stay small; `absent` (NULL: none) where
 * there is none. */
const regex_t *apps_read_pattern(const struct json_doc *d, const char *key, const char *absent);
/* Names are tokens and none of those that Workbot sets itself, or of `more` (NULL: none); values
 * are one line. */
void apps_check_headers(const struct json_doc *d, const char *key, const struct apps_pairs *pairs,
                        const char *const *more);
void apps_check_token_header(const struct json_doc *d, const char *name, const char *prefix);
/* "." or ".." between the slashes of a URL's path, encoded ones too. */
bool apps_has_dot_segment(const char *path);
/* A path in an answer: no name in it is empty. */
const char *apps_read_path(const struct json_doc *d, const char *key, bool required);
void apps_check_path(const struct json_doc *d, const char *key, const char *path);
/* Each is a host's full name. */
void apps_check_hosts(const struct json_doc *d, const char *key, const struct apps_texts *t);
/* A text or a list of texts. */
struct apps_texts apps_read_paths(const struct json_doc *d, const char *key);
struct apps_refused apps_read_refused(const struct json_doc *d);
extern const char *const apps_api_meanings[]; /* what a refusal of the API may mean */
struct apps_refusals apps_read_refusals(const struct apps_reader *r, const struct json_doc *d);
/* The inputs of an action, into x. */
void apps_read_inputs(const struct json_doc *d, struct app_action *x);
/* NULL: there is none of this name. */
const struct apps_input *apps_input_find(const struct app_action *x, const char *name);
bool apps_has_input(const struct app_action *x, const char *name);

/* One action while it is read. */
struct apps_action_reader {
    const struct apps_reader *r;
    struct app_action *action;
    const char **names; /* what its templates may name, NULL-terminated */
};
void apps_read_request(const struct apps_action_reader *ar, const struct json_doc *d,
                       struct apps_request *q);
/* The part of it that a look-up has too: where it goes and with what. */
void apps_read_asking(const struct apps_action_reader *ar, const struct json_doc *d,
                      struct apps_request *q);
void apps_read_look_ups(const struct apps_action_reader *ar, const struct json_doc *d);
void apps_read_already(const struct apps_action_reader *ar, const struct json_doc *d,
                       struct apps_request *q);
/* "taken": which inputs the app may leave out without a word, and where its answer shows them. */
void apps_read_taken(const struct apps_action_reader *ar, const struct json_doc *d,
                     struct apps_request *q);
void apps_read_expect(const struct apps_action_reader *ar, const struct json_doc *d,
                      struct apps_request *q);
/* "output" and "record_id"; `found`: their paths may begin with "found". */
struct apps_outcome apps_read_outcome(const struct apps_action_reader *ar, const struct json_doc *d,
                                      bool found);
/* "read_back" and "decided" of a request. */
void apps_read_read_back(const struct apps_action_reader *ar, const struct json_doc *d,
                         struct apps_request *q);
void apps_read_decided(const struct apps_action_reader *ar, const struct json_doc *d,
                       struct apps_request *q);
/* "rows" of an action, behind its output. */
void apps_read_rows(const struct apps_action_reader *ar, const struct json_doc *d);
/* A link to a record: where it may begin, and what it may name besides {id}. */
void apps_check_link(const struct apps_action_reader *ar, const struct json_doc *d, const char *key,
                     const char *url);
void apps_check_where(const struct apps_action_reader *ar, const struct json_doc *d,
                      const struct apps_pairs *where);
/* Statuses between least and most. */
size_t apps_read_statuses(const struct json_doc *d, const char *key, int least, int most, int *ret,
                          size_t room);
/* "multipart" of a request. */
void apps_read_parts(const struct apps_action_reader *ar, const struct json_doc *d,
                     struct apps_request *q);
/* Faults when text names what is not known. */
void apps_check_template(const struct apps_action_reader *ar, const struct json_doc *d,
                         const char *key, const char *text);
/* An address, with {client_id} and what a default connection sets. */
const char *apps_read_revoke_url(const struct apps_reader *r, const struct json_doc *d,
                                 const char *key);
/* Only these variables stand in the texts of parameters. */
void apps_check_param_values(const struct json_doc *d, const struct apps_pairs *p,
                             const char *const *names);
/* Parameters that Workbot sets itself may not come from a definition, except `but`. */
void apps_check_params(const struct json_doc *d, const struct apps_pairs *p,
                       const char *const *but);
/* Text in which {value} of "values" is filled in; other {names} stay. */
const char *apps_read_filled(const struct apps_reader *r, const struct json_doc *d, const char *key,
                             bool required);
/* A table of refusals: which meanings may stand in it is a NULL-terminated list of their names. */
struct apps_rules apps_read_rules(const struct apps_reader *r, const struct json_doc *d,
                                  const char *key, const char *const *meanings);

#endif

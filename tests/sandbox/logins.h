/* What the login pages of the apps share: requests under way, who is signed in, codes, forms. */
#ifndef SANDBOX_LOGINS_H
#define SANDBOX_LOGINS_H

#include "http.h"

struct logins {
    json_t *requests; /* id -> what the client asked for */
    json_t *sessions; /* cookie -> {the place's name, user} */
    json_t *codes;
    const char *cookie;
    const char *brand;
};

void logins_reset(struct logins *l);
/* Adds under this key; the oldest go where there are very many. Takes value. */
void logins_keep(json_t *object, const char *key, json_t *value);
/* What this code stands for; NULL: nothing. */
json_t *logins_code(const struct logins *l, const char *code);
/* Not used yet, since now. */
void logins_grant(struct logins *l, const char *code, const json_t *asked);

/* The session of this browser; NULL: it is signed in nowhere. */
json_t *logins_session(const struct logins *l, const struct request *req);
/* Signs this browser in as the user of a place: both are members of the session. */
void logins_sign_in(struct logins *l, struct request *req, json_t *session);
/* The chosen account must be the one this browser is signed in with; else an error page. */
bool logins_is_theirs(const struct logins *l, struct request *req, const json_t *asked);

/* The fields of a posted form; NULL after an error page. */
json_t *logins_form(const struct logins *l, struct request *req);
/* The pending request of a form or page; NULL after an error page. */
json_t *logins_pending(const struct logins *l, struct request *req, const json_t *fields);

/* The pages: a button that chooses a person, and the end of a page, which is sent. */
void logins_add_person(struct buf *b, const char *login, const char *name);
void logins_show(struct request *req, struct buf *b);

#endif

#ifndef WB_TESTS_UNIT_APPS_HELP_H
#define WB_TESTS_UNIT_APPS_HELP_H

#include "service/apps/apps_int.h"
#include "tests/unit/net/scripted.h"

/* An app on a peer on 127.0.0.1 that gives the same answer to every request. */
struct bench {
    arena *mem;
    const char *answer;
    const char *details; /* NULL, or the answer to a request that holds `mark` */
    const char *mark;    /* at first: the one for the organization's name */
    struct scripted *server;
    net_client *http;
    char *host;
    struct app_site site;
    struct app_client client;
    struct err e;
};

/* The built-in catalogue, which must be without a fault. */
apps *builtin_apps(arena *mem);
/* The app of a definition: the sample of the tests, with the text `from` replaced by `to` (NULL:
 * as it is). It must be without a fault. */
app *sample_app(arena *mem, const char *from, const char *to);
/* The faults of the same. */
struct faults *sample_faults(arena *mem, const char *from, const char *to);
/* Faults of a whole definition. */
struct faults *definition_faults(arena *mem, const char *text);
bool has_fault(const struct faults *f, const char *path, const char *part);

/* `answer` is the whole HTTP answer. */
void bench_start(struct bench *b, const char *answer);
void bench_stop(struct bench *b);
/* The last request as text. */
char *bench_request(struct bench *b);
/* HTTP/1.1 STATUS with this body and type. */
char *http_answer(arena *mem, int status, const char *type, const char *body);
/* URLs that must come about. */
char *authorize_url(arena *mem, const struct app_site *site, const struct app_authorize *q);
char *site_url(arena *mem, const struct app_site *site, const char *url);
const char *api_base(arena *mem, const struct app_site *site);
json_t *json_of(arena *mem, const char *text);

#endif

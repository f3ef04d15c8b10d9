/* Any definition: read or refused with faults; an accepted one builds URLs of its own places only.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/apps/apps_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

static void use(arena *mem, const app *a)
{
    static const char *const scopes[] = {"one"};
    const struct app_site site = {.app = a, .host = "127.0.0.1:9", .plain_http = true};
    const struct app_authorize q = {.client_id = "c",
                                    .redirect_uri = "r",
                                    .scopes = scopes,
                                    .scopes_count = 1,
                                    .state = "s",
                                    .challenge = "x"};
    char *url = NULL;
    const char *base = NULL;
    struct err e = {0};
    if (app_authorize_url(mem, &site, &q, &url, &e) == 0) {
        must(str_starts(url, "http://127.0.0.1:9"));
        must(str_equal(app_authorize_origin(mem, &site), "http://127.0.0.1:9"));
    } else {
        must(app_authorize_origin(mem, &site) == NULL);
    }
    if (apps_api_base(mem, &site, &base, &e) == 0) {
        must(str_starts(base, "http://127.0.0.1:9"));
    }
    json_t *with = arena_json(mem, json_pack("{s:s, s:{}, s:s}", "object", "Lead", "fields", "soql",
                                             "SELECT Id FROM Lead"));
    for (size_t i = 0; i < a->actions_count; i++) {
        struct faults f;
        faults_init(&f, mem);
        const struct json_doc d = json_doc(&f, mem, "with", with);
        app_action_check(&a->actions[i], &d);
        must(apps_request_pick(&a->actions[i], with) != NULL);
    }
    arena_json(mem, app_describe(a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *mem = arena_new();
    struct faults f;
    faults_init(&f, mem);
    const app *a = apps_definition_read(mem, "fuzz.json", (struct bytes){data, size}, &f);
    must((a == NULL) == (f.count > 0));
    if (a != NULL) {
        use(mem, a);
    }
    arena_free(mem);
    return 0;
}

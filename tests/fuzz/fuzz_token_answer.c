/* Whatever a token endpoint answers: tokens only from a success, always fit for a header. The first
 * byte chooses the content type and the status. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "service/apps/apps_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_token(struct secret s)
{
    const char *text = secret_reveal(s);
    must(s.len <= LIMIT_TOKEN && strlen(text) == s.len);
    for (size_t i = 0; i < s.len; i++) {
        must(text[i] >= ' ' && text[i] <= '~');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { ASKED_AT = 1800000000 };
    if (size == 0) {
        return 0;
    }
    bool form = (data[0] & 1) != 0;
    const struct apps_token_rules rules = {.any_type = (data[0] & 2) != 0,
                                           .tokens = (data[0] & 8) != 0 ? "authed_user" : NULL,
                                           .expires = (data[0] & 16) != 0 ? "expires_at" : NULL,
                                           .expires_unit = (enum apps_expires)((data[0] >> 5) & 3)};
    const struct apps_answer_context c = {.rules = &rules,
                                          .refresh = (data[0] & 128) != 0,
                                          .status = (data[0] & 4) != 0 ? 400 : 200,
                                          .content_type = form ? "application/x-www-form-urlencoded"
                                                               : "application/json",
                                          .asked_at = ASKED_AT};
    arena *mem = arena_new();
    struct apps_answer a;
    apps_answer_read(mem, &c, (struct bytes){data + 1, size - 1}, &a);
    must((a.kind == ANSWER_TOKENS) == !secret_empty(a.tokens.access));
    must(a.kind != ANSWER_TOKENS || c.status == 200);
    check_token(a.tokens.access);
    check_token(a.tokens.refresh);
    must(a.tokens.access_expires_at == 0 || a.tokens.access_expires_at > ASKED_AT);
    must(a.tokens.refresh_expires_at == 0 || a.tokens.refresh_expires_at > ASKED_AT);
    must(a.tokens.scopes_count <= 100);
    arena_free(mem);
    return 0;
}

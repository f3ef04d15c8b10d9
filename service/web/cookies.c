#include "web_int.h"

const char *cookie_name(arena *mem, const struct web *w, const char *base)
{
    /* RFC 6265bis section 4.1.3.2: browsers take a __Host- cookie only over https */
    return w->config->public_is_loopback ? base : arena_printf(mem, "__Host-%s", base);
}

void cookie_set(arena *mem, const struct web *w, struct response *r, const struct header *cookie,
                int64_t max_age_s)
{
    const char *value =
        arena_printf(mem, "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s",
                     cookie_name(mem, w, cookie->name), max_age_s > 0 ? cookie->value : "",
                     (long long)max_age_s, w->config->public_is_loopback ? "" : "; Secure");
    respond_header(r, "Set-Cookie", value);
}

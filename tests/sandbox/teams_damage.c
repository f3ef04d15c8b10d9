/* The tokens of inbound activities, and every way in which one can be wrong. */
#include "teams.h"

#include "world.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_TTL_S = 3900, SKEW_S = 60, LARGE_BYTES = 8192 };

/* What a damage may change. */
struct forgery {
    struct teams_jwt jwt;
    json_t *activity;
    int64_t now, seconds;
    const char *form; /* printf form of the header line, or NULL: no header */
    bool twice;       /* two Authorization headers */
};

static void set(json_t *object, const char *key, const char *value)
{
    json_object_set_new(object, key, json_string(value));
}

static void use_alg(struct forgery *f, const char *alg)
{
    f->jwt.alg = alg;
    set(f->jwt.header, "alg", alg);
}

/* ---- the header line ---- */

static void no_header(struct forgery *f)
{
    f->form = NULL;
}
static void blank(struct forgery *f)
{
    f->form = "";
}
static void basic(struct forgery *f)
{
    f->form = "Basic %s";
}
static void bearer_lower(struct forgery *f)
{
    f->form = "bearer %s";
}
static void two_spaces(struct forgery *f)
{
    f->form = "Bearer  %s";
}
static void no_scheme(struct forgery *f)
{
    f->form = "%s";
}
static void third_part(struct forgery *f)
{
    f->form = "Bearer %s x";
}
static void garbage(struct forgery *f)
{
    f->form = "Bearer garbage";
}
static void two_headers(struct forgery *f)
{
    f->twice = true;
}

/* ---- key and signature ---- */

static void kid_unknown(struct forgery *f)
{
    char tail[13];
    random_hex(tail, 12);
    char *kid = xasprintf("unknown-%s", tail);
    set(f->jwt.header, "kid", kid);
    free(kid);
    f->jwt.foreign = true;
}
static void kid_missing(struct forgery *f)
{
    json_object_del(f->jwt.header, "kid");
}
static void kid_path(struct forgery *f)
{
    set(f->jwt.header, "kid", "../../../dev/null");
    f->jwt.foreign = true;
}
static void key_foreign(struct forgery *f)
{
    f->jwt.foreign = true;
}
static void key_not_rsa(struct forgery *f)
{
    set(f->jwt.header, "kid", "sample-not-rsa");
}
static void signature(struct forgery *f)
{
    f->jwt.spoiled = true;
}
static void alg_none(struct forgery *f)
{
    use_alg(f, "none");
}
static void hs256(struct forgery *f)
{
    use_alg(f, "HS256");
}
static void ps256(struct forgery *f)
{
    use_alg(f, "PS256");
}
static void rs384(struct forgery *f)
{
    use_alg(f, "RS384");
}
static void rs512(struct forgery *f)
{
    use_alg(f, "RS512");
}
static void crit(struct forgery *f)
{
    json_object_set_new(f->jwt.header, "crit", json_pack("[s]", "exp"));
}
static void endorse_other(struct forgery *f)
{
    set(f->jwt.header, "kid", "sample-webchat-only");
}
static void endorse_none(struct forgery *f)
{
    set(f->jwt.header, "kid", "sample-without-endorsements");
}
static void large(struct forgery *f)
{
    char *pad = xcalloc(LARGE_BYTES + 1, 1);
    memset(pad, 'x', LARGE_BYTES);
    set(f->jwt.claims, "pad", pad);
    free(pad);
}

/* ---- claims ---- */

static void iss(struct forgery *f)
{
    set(f->jwt.claims, "iss", "https://api.botframework.example");
}
static void iss_missing(struct forgery *f)
{
    json_object_del(f->jwt.claims, "iss");
}
/* seconds ago; 301 is just too late, 290 within the skew */
static void expired(struct forgery *f)
{
    json_object_set_new(f->jwt.claims, "exp", json_integer((json_int_t)(f->now - f->seconds)));
}
static void exp_missing(struct forgery *f)
{
    json_object_del(f->jwt.claims, "exp");
}
static void exp_text(struct forgery *f)
{
    set(f->jwt.claims, "exp", "9999999999");
}
static void not_yet(struct forgery *f)
{
    json_object_set_new(f->jwt.claims, "nbf", json_integer((json_int_t)(f->now + f->seconds)));
}
static void aud_other(struct forgery *f)
{
    set(f->jwt.claims, "aud", "99999999-aaaa-4bbb-8ccc-999999999999");
}
static void aud_array(struct forgery *f)
{
    json_object_set_new(f->jwt.claims, "aud", json_pack("[s]", teams_app("id")));
}
static void aud_api(struct forgery *f)
{
    char *aud = xasprintf("api://%s", teams_app("id"));
    set(f->jwt.claims, "aud", aud);
    free(aud);
}
static void serviceurl_other(struct forgery *f)
{
    set(f->jwt.claims, "serviceurl", "https://smba.trafficmanager.net/amer/");
}
static void serviceurl_missing(struct forgery *f)
{
    json_object_del(f->jwt.claims, "serviceurl");
}
static void serviceurl_camel(struct forgery *f)
{
    json_object_set(f->jwt.claims, "serviceUrl", json_object_get(f->jwt.claims, "serviceurl"));
    json_object_del(f->jwt.claims, "serviceurl");
}
static void serviceurl_slash(struct forgery *f)
{
    const char *url = json_str_or(f->jwt.claims, "serviceurl", "");
    char *other = xstrndup(url, strlen(url) - 1);
    set(f->jwt.claims, "serviceurl", other);
    free(other);
}
static void serviceurl_case(struct forgery *f)
{
    char *other = xstrdup(json_str_or(f->jwt.claims, "serviceurl", ""));
    for (char *p = other; *p != '\0'; p++) {
        *p = (char)toupper((unsigned char)*p);
    }
    set(f->jwt.claims, "serviceurl", other);
    free(other);
}
/* What the Bot Framework Emulator, or anybody with the bot's own outbound token, would send. */
static void emulator(struct forgery *f)
{
    json_t *c = f->jwt.claims;
    char *from = xasprintf("https://sts.windows.net/%s/", teams_app("tenant"));
    set(c, "iss", from);
    set(c, "ver", "1.0");
    set(c, "tid", teams_app("tenant"));
    set(c, "appid", teams_app("id"));
    set(c, "aud", "https://api.botframework.com");
    json_object_del(c, "serviceurl");
    free(from);
}
/* The same member twice: readers differ in which one counts. */
static void duplicate(struct forgery *f)
{
    char *text = json_dumps(f->jwt.claims, JSON_COMPACT);
    f->jwt.claims_text = xasprintf("{\"iss\":\"https://api.botframework.example\",%s", text + 1);
    free(text);
}

/* ---- the activity ---- */

static void no_service_url(struct forgery *f)
{
    json_object_del(f->activity, "serviceUrl");
}
static void channel_empty(struct forgery *f)
{
    set(f->activity, "channelId", "");
}
static void channel_missing(struct forgery *f)
{
    json_object_del(f->activity, "channelId");
}
static void channel_other(struct forgery *f)
{
    set(f->activity, "channelId", "webchat");
}

static const struct {
    const char *name;
    void (*run)(struct forgery *f);
    int64_t seconds;
} damages[] = {
    {"no_header", no_header, 0},
    {"blank", blank, 0},
    {"basic", basic, 0},
    {"bearer_lower", bearer_lower, 0},
    {"two_spaces", two_spaces, 0},
    {"no_scheme", no_scheme, 0},
    {"third_part", third_part, 0},
    {"garbage", garbage, 0},
    {"two_headers", two_headers, 0},
    {"kid_unknown", kid_unknown, 0},
    {"kid_missing", kid_missing, 0},
    {"kid_path", kid_path, 0},
    {"key_foreign", key_foreign, 0},
    {"key_not_rsa", key_not_rsa, 0},
    {"signature", signature, 0},
    {"alg_none", alg_none, 0},
    {"hs256", hs256, 0},
    {"ps256", ps256, 0},
    {"rs384", rs384, 0},
    {"rs512", rs512, 0},
    {"crit", crit, 0},
    {"endorse_other", endorse_other, 0},
    {"endorse_none", endorse_none, 0},
    {"large", large, 0},
    {"iss", iss, 0},
    {"iss_missing", iss_missing, 0},
    {"exp", expired, 301},
    {"exp_missing", exp_missing, 0},
    {"exp_text", exp_text, 0},
    {"nbf", not_yet, 400},
    {"aud_other", aud_other, 0},
    {"aud_array", aud_array, 0},
    {"aud_api", aud_api, 0},
    {"serviceurl_other", serviceurl_other, 0},
    {"serviceurl_missing", serviceurl_missing, 0},
    {"serviceurl_camel", serviceurl_camel, 0},
    {"serviceurl_slash", serviceurl_slash, 0},
    {"serviceurl_case", serviceurl_case, 0},
    {"emulator", emulator, 0},
    {"duplicate", duplicate, 0},
    {"no_service_url", no_service_url, 0},
    {"channel_empty", channel_empty, 0},
    {"channel_missing", channel_missing, 0},
    {"channel_other", channel_other, 0},
};

enum { DAMAGES = sizeof damages / sizeof damages[0] };

static size_t damage_at(const char *name)
{
    size_t i = 0;
    while (i < DAMAGES && strcmp(damages[i].name, name) != 0) {
        i++;
    }
    return i;
}

static void apply(struct forgery *f, const json_t *damage)
{
    const char *name = json_str(damage, "damage");
    size_t at = name == NULL ? DAMAGES : damage_at(name);
    if (at < DAMAGES) {
        f->seconds = json_int_or(damage, "seconds", damages[at].seconds);
        damages[at].run(f);
    }
    teams_overlay(f->jwt.claims, json_object_get(damage, "claims"));
    teams_overlay(f->jwt.header, json_object_get(damage, "header"));
    teams_overlay(f->activity, json_object_get(damage, "activity"));
}

void teams_authorize(json_t *activity, const json_t *damage, char *ret_headers[2])
{
    int64_t now = clock_now_ms() / 1000 + json_int_or(damage, "clock_s", 0);
    json_t *claims =
        json_pack("{s:s, s:s, s:s, s:I, s:I}", "iss",
                  json_str_or(teams_settings(), "issuer", "https://api.botframework.com"), "aud",
                  teams_app("id"), "serviceurl", json_str_or(activity, "serviceUrl", ""), "nbf",
                  (json_int_t)(now - SKEW_S), "exp", (json_int_t)(now - SKEW_S + TOKEN_TTL_S));
    struct forgery f = {
        .jwt = teams_jwt_begin(claims), .activity = activity, .now = now, .form = "Bearer %s"};
    apply(&f, damage);
    char *token = json_str(damage, "token") != NULL ? xstrdup(json_str(damage, "token")) : NULL;
    char *own = teams_jwt_end(&f.jwt);
    ret_headers[0] = NULL;
    ret_headers[1] = NULL;
    if (f.form != NULL) {
        struct buf line = {0};
        const char *mark = strstr(f.form, "%s");
        buf_add(&line, "Authorization: ");
        buf_addn(&line, f.form, mark == NULL ? strlen(f.form) : (size_t)(mark - f.form));
        if (mark != NULL) {
            buf_add(&line, token == NULL ? own : token);
            buf_add(&line, mark + 2);
        }
        if (f.form[0] == '\0') { /* libcurl sends an empty header so */
            buf_free(&line);
            buf_add(&line, "Authorization;");
        }
        ret_headers[0] = line.data;
        ret_headers[1] = f.twice ? xstrdup(line.data) : NULL;
    }
    free(own);
    free(token);
}

/* ---- those that wait ---- */

static json_t *waiting;

void teams_damage_reset(void)
{
    json_decref(waiting);
    waiting = json_array();
}

const char *teams_damage_add(const json_t *body)
{
    const char *name = json_str(body, "damage");
    if (name != NULL && damage_at(name) == DAMAGES) {
        return "\"damage\" is not known";
    }
    json_t *copy = json_deep_copy(body);
    json_object_set_new(copy, "times", json_integer((json_int_t)json_int_or(body, "times", 1)));
    json_array_append_new(waiting, copy);
    return NULL;
}

json_t *teams_damage_list(void)
{
    json_t *names = json_array();
    for (size_t i = 0; i < DAMAGES; i++) {
        json_array_append_new(names, json_string(damages[i].name));
    }
    return json_pack("{s:b, s:O, s:o}", "ok", true, "waiting", waiting, "known", names);
}

json_t *teams_damage_take(void)
{
    json_t *first = json_array_get(waiting, 0);
    if (first == NULL) {
        return NULL;
    }
    json_t *copy = json_deep_copy(first);
    int64_t times = json_int_or(first, "times", 1);
    if (times > 0) {
        json_object_set_new(first, "times", json_integer((json_int_t)(times - 1)));
    }
    if (times == 1) {
        json_array_remove(waiting, 0);
    }
    return copy;
}

#include "config_int.h"

#include <string.h>

#include "base/die.h"
#include "base/str.h"

bool config_is_secret(enum config_type type)
{
    return type == CONFIG_SECRET || type == CONFIG_SECRETS;
}

/* "NAME must be ..., but is "value".", without the value where it is secret. */
static void fault(const struct config_value *v, const char *must)
{
    const char *name = v->key->name;
    if (config_is_secret(v->key->type)) {
        faults_add(v->faults, name, "%s %s.", name, must);
        return;
    }
    faults_add(v->faults, name, "%s %s, but is \"%s\".", name, must, str_cut(v->mem, v->text, 100));
}

static bool fits(const struct config_value *v, size_t len)
{
    if (len <= (size_t)v->key->max) {
        return true;
    }
    faults_add(v->faults, v->key->name, "%s is too long: give at most %lld characters.",
               v->key->name, (long long)v->key->max);
    return false;
}

static void parse_text(const struct config_value *v)
{
    if (fits(v, strlen(v->text))) {
        *(const char **)v->member = arena_strdup(v->mem, v->text);
    }
}

static void parse_url(const struct config_value *v)
{
    struct config_url url;
    if (!config_url_split(v->mem, v->text, &url)) {
        fault(v, "must be an address such as https://bot.example.com, without user, query or #");
        return;
    }
    if (v->key->type == CONFIG_ORIGIN && url.path[0] != '\0') {
        fault(v, "must have no path: the service owns the whole host");
        return;
    }
    size_t len = strlen(v->text);
    while (len > 0 && v->text[len - 1] == '/') {
        len--;
    }
    *(const char **)v->member = arena_strndup(v->mem, v->text, len);
}

static void parse_host_port(const struct config_value *v)
{
    const char *host;
    int port;
    if (!config_host_port_split(v->mem, v->text, &host, &port)) {
        fault(v, "must be host:port, such as 127.0.0.1:8080 or [::]:8080");
        return;
    }
    *(const char **)v->member = arena_strdup(v->mem, v->text);
}

/* What an item of a list must be; NULL: any text. */
struct item_rule {
    bool (*ok)(arena *mem, const char *item);
    const char *must;
};

static bool is_peer(arena *mem, const char *item)
{
    const char *host;
    int port = 0;
    return config_host_port_split(mem, item, &host, &port) && port > 0;
}

static bool is_host(arena *mem, const char *item)
{
    return config_host_valid(item, strlen(item)) || is_peer(mem, item);
}

static void parse_list(const struct config_value *v)
{
    static const struct item_rule rules[CONFIG_TYPE_COUNT] = {
        [CONFIG_HOST_PORTS] = {is_peer, "must list host:port, comma separated"},
        [CONFIG_HOSTS] = {is_host, "must list hosts or host:port, comma separated"},
        [CONFIG_ADDRESSES] = {config_is_network, "must list IP addresses or networks such as "
                                                 "10.0.0.0/8, comma separated"},
    };
    const struct item_rule *rule = &rules[v->key->type];
    struct text_list list = {NULL, 0};
    size_t room = 1;
    for (const char *at = v->text; *at != '\0'; at++) {
        room += *at == ',';
    }
    list.items = arena_array(v->mem, room, sizeof(*list.items));
    const char *part;
    for (const char *rest = v->text; (part = str_split(v->mem, &rest, ',')) != NULL;) {
        char *item = str_trim(v->mem, part);
        if (item[0] == '\0') {
            continue;
        }
        if (rule->ok != NULL && !rule->ok(v->mem, item)) {
            fault(v, rule->must);
            return;
        }
        list.items[list.count++] = item;
    }
    if (list.count == 0) {
        fault(v, "lists nothing");
        return;
    }
    *(struct text_list *)v->member = list;
}

static void parse_secret(const struct config_value *v)
{
    if (fits(v, strlen(v->text))) {
        *(struct secret *)v->member = secret_of(v->mem, v->text);
    }
}

static void parse_secrets(const struct config_value *v)
{
    struct secret_list list = {NULL, 0};
    size_t room = 1;
    for (const char *at = v->text; *at != '\0'; at++) {
        room += *at == ',';
    }
    list.items = arena_array(v->mem, room, sizeof(*list.items));
    for (const char *at = v->text; at != NULL;) {
        at += strspn(at, " ");
        size_t len = strcspn(at, ",");
        const char *next = at[len] == ',' ? at + len + 1 : NULL;
        while (len > 0 && at[len - 1] == ' ') {
            len--;
        }
        if (len < (size_t)v->key->min) {
            faults_add(v->faults, v->key->name,
                       "%s: value %zu has %zu characters: give at least %lld in each.",
                       v->key->name, list.count + 1, len, (long long)v->key->min);
        }
        list.items[list.count++] = secret_new(v->mem, at, len);
        at = next;
    }
    *(struct secret_list *)v->member = list;
}

static void parse_switch(const struct config_value *v)
{
    bool on = str_equal(v->text, "on");
    if (!on && !str_equal(v->text, "off")) {
        fault(v, "must be on or off");
        return;
    }
    *(bool *)v->member = on;
}

static void number_set(const struct config_value *v, long long number, const char *unit)
{
    if (number < v->key->min || number > v->key->max) {
        fault(v, arena_printf(v->mem, "must be from %lld to %lld%s", (long long)v->key->min,
                              (long long)v->key->max, unit));
        return;
    }
    *(int64_t *)v->member = number;
}

static void parse_int(const struct config_value *v)
{
    long long number;
    if (!str_to_i64(v->text, &number)) {
        fault(v, "must be a whole number");
        return;
    }
    number_set(v, number, "");
}

static void parse_seconds(const struct config_value *v)
{
    static const char letters[] = "smhd";
    static const int units[] = {1, 60, 3600, 86400};
    size_t len = strlen(v->text);
    const char *letter = len > 1 ? strchr(letters, v->text[len - 1]) : NULL;
    int unit = letter == NULL ? 1 : units[letter - letters];
    long long number;
    if (!str_to_i64(arena_strndup(v->mem, v->text, letter == NULL ? len : len - 1), &number) ||
        number < 0 || number > INT32_MAX) {
        fault(v, "must be a whole number of seconds, or one with a unit such as 10m, 24h, 7d");
        return;
    }
    number_set(v, number * unit, " seconds");
}

static void parse_level(const struct config_value *v)
{
    enum log_level level = log_level_of(v->text, LOG_LEVEL_COUNT);
    if (level == LOG_LEVEL_COUNT) {
        fault(v, "must be debug, info, warn or error");
        return;
    }
    *(enum log_level *)v->member = level;
}

static void parse_cloud(const struct config_value *v)
{
    for (size_t i = 0; config_clouds[i] != NULL; i++) {
        if (str_equal(config_clouds[i], v->text)) {
            *(const char **)v->member = config_clouds[i];
            return;
        }
    }
    fault(v, "must be public, gcc, gcc_high, dod or china");
}

void config_parse(const struct config_value *v)
{
    static void (*const parsers[CONFIG_TYPE_COUNT])(const struct config_value *) = {
        [CONFIG_TEXT] = parse_text,       [CONFIG_URL] = parse_url,
        [CONFIG_ORIGIN] = parse_url,      [CONFIG_HOST_PORT] = parse_host_port,
        [CONFIG_LIST] = parse_list,       [CONFIG_HOST_PORTS] = parse_list,
        [CONFIG_HOSTS] = parse_list,      [CONFIG_ADDRESSES] = parse_list,
        [CONFIG_SECRET] = parse_secret,   [CONFIG_SECRETS] = parse_secrets,
        [CONFIG_SWITCH] = parse_switch,   [CONFIG_INT] = parse_int,
        [CONFIG_SECONDS] = parse_seconds, [CONFIG_LEVEL] = parse_level,
        [CONFIG_CLOUD] = parse_cloud,
    };
    if (parsers[v->key->type] == NULL) {
        die("setting %s has no parser", v->key->name);
    }
    parsers[v->key->type](v);
}

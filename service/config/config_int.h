#ifndef WB_CONFIG_INT_H
#define WB_CONFIG_INT_H

#include <stddef.h>

#include "config.h"

enum config_type {
    CONFIG_TEXT,
    CONFIG_URL,       /* http or https, host, optional port and path; kept without trailing slash */
    CONFIG_ORIGIN,    /* a URL without a path */
    CONFIG_HOST_PORT, /* "host:port" or "[v6]:port" */
    CONFIG_LIST,      /* comma separated texts */
    CONFIG_HOST_PORTS,
    CONFIG_HOSTS,     /* each a host or host:port */
    CONFIG_ADDRESSES, /* each an IP address or network */
    CONFIG_SECRET,
    CONFIG_SECRETS,
    CONFIG_SWITCH,  /* on, off */
    CONFIG_INT,     /* whole number from min to max */
    CONFIG_SECONDS, /* the same with an optional unit: s m h d */
    CONFIG_LEVEL,
    CONFIG_CLOUD, /* one of config_clouds */
    CONFIG_TYPE_COUNT
};

enum config_need {
    NEED_NOT,
    NEED_ALWAYS,
    NEED_SLACK, /* when WORKBOT_SLACK_APP_ID is set */
    NEED_TEAMS  /* when WORKBOT_TEAMS_APP_ID is set */
};

struct config_key {
    const char *name;
    enum config_type type;
    size_t offset; /* of the member of struct config */
    enum config_need need;
    const char *absent; /* default, as it would be written; NULL: none */
    int64_t min;        /* of a number; of the characters of each secret in a list */
    int64_t max;
    const char *help;
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;
extern const char *const config_clouds[]; /* ends with NULL */

/* One value on its way from text to its member. */
struct config_value {
    const struct config_key *key;
    const char *text;
    struct faults *faults;
    arena *mem;
    void *member;
};

/* Parses v->text into v->member, or adds a fault. */
void config_parse(const struct config_value *v);
/* True for a type whose text must never be shown. */
bool config_is_secret(enum config_type type);

/* The text of NAME or of the file NAME_FILE; NULL when neither is given or on a fault, which is
 * added; *ret_faulty tells the two apart. */
const char *config_text(arena *mem, const char *(*get)(const char *), const struct config_key *key,
                        struct faults *faults, bool *ret_faulty);

/* Rules between settings. `faulty` holds one flag per row: it has a fault already. */
void config_rules(const struct config *c, const bool *faulty, struct faults *faults);
/* Those of WORKBOT_TEAMS_*, among them. */
void config_rules_teams(const struct config *c, struct faults *faults);

struct config_url {
    bool https;
    const char *host;      /* lower case; IPv6 in brackets */
    const char *host_port; /* with the port, also where it was not written */
    const char *path;      /* without trailing slash */
};
bool config_url_split(arena *mem, const char *text, struct config_url *ret);
/* Splits "host:port" (IPv6 in brackets); false unless the host is well-formed and 0 <= port <=
 * 65535. */
bool config_host_port_split(arena *mem, const char *text, const char **ret_host, int *ret_port);
/* "10.0.0.1", "fd00::/8". */
bool config_is_network(arena *mem, const char *text);
bool config_host_valid(const char *host, size_t len);
bool config_host_is_loopback(arena *mem, const char *host);

#endif

#include "world.h"

#include "http.h"
#include "peers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* seed.json, embedded; the assembler searches from the repository's root */
__asm__(".section .rodata\n"
        ".global sandbox_seed\n"
        "sandbox_seed:\n"
        ".incbin \"tests/sandbox/seed.json\"\n"
        ".byte 0\n"
        ".previous\n");
extern const char sandbox_seed[];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *seed;
static char *bot_url;
static char *public_url;
static int64_t version = 1;
static const char *cards_file =
    "tests/node_modules/adaptivecards/dist/adaptivecards.min.js"; /* from the repository's root */

void world_lock(void)
{
    pthread_mutex_lock(&lock);
}

void world_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void world_touch(void)
{
    __atomic_add_fetch(&version, 1, __ATOMIC_SEQ_CST);
    http_wake();
}

int64_t world_version(void)
{
    return __atomic_load_n(&version, __ATOMIC_SEQ_CST);
}

static void merge(json_t *into, json_t *from)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(from, key, value)
    {
        json_t *old = json_object_get(into, key);
        if (json_is_object(old) && json_is_object(value)) {
            merge(old, value);
        } else if (json_is_null(value)) {
            json_object_del(into, key);
        } else {
            json_object_set(into, key, value);
        }
    }
}

int world_load(const char *file)
{
    json_error_t error;
    seed = json_loads(sandbox_seed, 0, &error);
    if (seed == NULL) {
        fprintf(stderr, "sandbox: seed.json:%d: %s\n", error.line, error.text);
        return -1;
    }
    if (file != NULL) {
        json_t *over = json_load_file(file, 0, &error);
        if (!json_is_object(over)) {
            fprintf(stderr, "sandbox: %s:%d: %s\n", file, error.line,
                    over == NULL ? error.text : "must be an object");
            json_decref(over);
            return -1;
        }
        merge(seed, over);
        json_decref(over);
    }
    world_set_bot_url(json_str_or(seed, "bot_url", ""));
    world_set_public_url(json_str_or(seed, "public_url", ""));
    world_lock();
    world_reset();
    world_unlock();
    return 0;
}

void world_reset(void)
{
    for (size_t i = 0; peer_at(i) != NULL; i++) {
        json_t *part = json_deep_copy(json_object_get(seed, peer_at(i)->name));
        peer_at(i)->reset(part);
        json_decref(part);
    }
    world_touch();
}

const char *world_bot_url(void)
{
    return bot_url == NULL ? "" : bot_url;
}

void world_set_bot_url(const char *url)
{
    free(bot_url);
    bot_url = xstrdup(url);
    size_t len = strlen(bot_url);
    if (len > 0 && bot_url[len - 1] == '/') {
        bot_url[len - 1] = '\0';
    }
}

const char *world_public_url(void)
{
    if (public_url == NULL || public_url[0] == '\0') {
        free(public_url);
        public_url = xasprintf("http://127.0.0.1:%d", http_port(LISTENER_MAIN));
    }
    return public_url;
}

void world_set_public_url(const char *url)
{
    free(public_url);
    public_url = xstrdup(url);
}

const json_t *world_seed(void)
{
    return seed;
}

const char *world_cards_file(void)
{
    return cards_file;
}

void world_set_cards_file(const char *file)
{
    cards_file = file;
}

#ifndef WB_TESTS_UNIT_CHAT_HELP_H
#define WB_TESTS_UNIT_CHAT_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chat.h"

#define APP_ID "A0SAMPLE01"
#define BOT_ID "UBOT"
#define SIGNING_SECRET "8f742231b10e8888abcd99yyyzzz85a5"

/* Slack is on, with `secrets` (comma separated) as signing secrets; no client for calls out. */
chats *chats_at_the_door(arena *mem, const char *secrets);
/* A test's state, for cmocka_unit_test_setup_teardown: the same with SIGNING_SECRET. */
struct door {
    arena *mem;
    chats *c;
};
int door_set_up(void **state);
int door_tear_down(void **state);

/* JSON text; ' stands for ", so that samples stay readable. */
json_t *sample(arena *mem, const char *text);
/* The sample with the members of `changes` set at `path` ("" for the top); a null member of
 * `changes` becomes null, the text "(absent)" takes the member away. */
struct bytes changed(arena *mem, const char *text, const char *path, const char *changes);

extern const char SAMPLE_DM[];
extern const char SAMPLE_MENTION[];
extern const char SAMPLE_CLICK[];

/* "payload=<form-encoded JSON>" */
struct bytes as_form(arena *mem, struct bytes payload);

#endif

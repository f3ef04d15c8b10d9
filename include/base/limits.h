#ifndef WB_BASE_LIMITS_H
#define WB_BASE_LIMITS_H

/* Every bound at the door (promise P14), in one place. Bytes unless the name says otherwise. */
enum {
    LIMIT_WEBHOOK_BODY = 1024 * 1024,
    LIMIT_TEAMS_BODY = 256 * 1024, /* Teams itself takes messages of 100 KB */
    LIMIT_HOOK_BODY = 256 * 1024,  /* what apps tell of their own accord */
    LIMIT_API_BODY = 512 * 1024,
    LIMIT_FORM_BODY = 16 * 1024,
    LIMIT_BODIES = 32 * 1024 * 1024, /* of all requests that a process has at a time */
    LIMIT_URL = 16 * 1024,
    LIMIT_HEADERS_COUNT = 100,
    LIMIT_JSON_DEPTH = 64,
    LIMIT_JSON_VALUES_COUNT = 200 * 1000, /* 2,000 rows of 30 fields are a third of it */
    LIMIT_UPSTREAM_BODY = 4 * 1024 * 1024,
    LIMIT_RUN_TEXTS = 4 * LIMIT_UPSTREAM_BODY, /* in the results of all steps of a run */
    LIMIT_INPUTS_COUNT = 30,
    LIMIT_INPUT_CHARACTERS_COUNT = 4000,
    LIMIT_INPUT_VALUE = 4 * LIMIT_INPUT_CHARACTERS_COUNT,
    LIMIT_RECIPE_STEPS_COUNT = 40,
    LIMIT_RECIPE_CONNECTIONS_COUNT = 10,
    LIMIT_RECIPE_BODY = 256 * 1024,
    /* a recipe's text in a form, each byte of it as "%22", and what else the form has */
    LIMIT_EDITOR_BODY = 3 * LIMIT_RECIPE_BODY + LIMIT_FORM_BODY,
    LIMIT_TEMPLATE_OUTPUT = 64 * 1024,
    LIMIT_FILE_BETWEEN_STEPS = 1024 * 1024, /* before base64 */
    LIMIT_FILE_GIVEN = 10 * 1024 * 1024,    /* in a form of the chat; Slack takes no larger one */
    LIMIT_TOKEN = 16 * 1024,
    LIMIT_NAME = 63,
    LIMIT_LABEL = 200,
    LIMIT_PAGE_COUNT = 100
};

#endif

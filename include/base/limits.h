#ifndef WB_BASE_LIMITS_H
#define WB_BASE_LIMITS_H

/* Every bound at the door (promise P14), in one place. Bytes unless the name says otherwise. */
enum {
    LIMIT_WEBHOOK_BODY = 1024 * 1024,
    LIMIT_API_BODY = 512 * 1024,
    LIMIT_FORM_BODY = 16 * 1024,
    LIMIT_URL = 16 * 1024,
    LIMIT_HEADERS_COUNT = 100,
    LIMIT_JSON_DEPTH = 64,
    LIMIT_UPSTREAM_BODY = 4 * 1024 * 1024,
    LIMIT_INPUTS_COUNT = 30,
    LIMIT_INPUT_CHARACTERS_COUNT = 4000, /* of one value; four times as many bytes at most */
    LIMIT_RECIPE_STEPS_COUNT = 40,
    LIMIT_RECIPE_CONNECTIONS_COUNT = 10,
    LIMIT_RECIPE_BODY = 256 * 1024,
    LIMIT_TEMPLATE_OUTPUT = 64 * 1024,
    LIMIT_TOKEN = 16 * 1024,
    LIMIT_NAME = 63,
    LIMIT_LABEL = 200,
    LIMIT_PAGE_COUNT = 100
};

#endif

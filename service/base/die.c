#include "base/die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The line stays one valid JSON object, like those of the log, without any memory but the stack:
 * what would need escaping is replaced. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\') {
            *text = '?';
        }
    }
}

void die(const char *format, ...)
{
    char text[512];
    char line[600];
    va_list args;
    va_start(args, format);
    int made = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (made < 0) {
        text[0] = '\0';
    }
    make_printable(text);
    int len = snprintf(line, sizeof line, "{\"level\":\"fatal\",\"message\":\"%s\"}\n", text);
    if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0) {
        /* nowhere left to say it */
        abort();
    }
    abort();
}

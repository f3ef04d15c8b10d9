/* Faults that tests switch on: per peer, for the next `times` matching calls (-1: until removed).
 */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include "util.h"

struct fault {
    int64_t delay_ms;
    int64_t status;
    int64_t retry_after;
    bool says_when; /* retry_after was asked for */
    char error[64]; /* code of the fault "error" */
};

/* If a fault of this name waits for this peer and call: counts it down, copies its settings. */
bool fault_take(const char *peer, const char *name, const char *method, const char *path,
                struct fault *ret);
/* Adds one out of {"peer","fault","times","method","path","skip","delay_ms","status",
 * "retry_after"}; NULL or a text that says what is wrong. */
const char *fault_add(const json_t *body);
json_t *fault_list(void);
void fault_clear(const char *peer);

#endif

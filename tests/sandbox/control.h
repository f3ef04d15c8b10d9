/* The routes for scripts and the chat page: everything that begins with "/_", and "/". */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include "http.h"

void control_handle(struct request *req);

#endif

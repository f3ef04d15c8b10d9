#ifndef WB_HOOK_INT_H
#define WB_HOOK_INT_H

#include "apps/hook.h"

/* Inside the hooks of apps. */

/* --- xml.c: a document as a tree --- */

struct xml {
    const char *space; /* namespace; "": none */
    const char *name;  /* without a prefix */
    const char *type;  /* xsi:type without its prefix; NULL: none */
    bool nil;          /* xsi:nil */
    const char *text;  /* of this element itself, in one piece */
    struct xml *child, *next;
};

enum { XML_DEPTH_MAX = 16, XML_ELEMENTS_MAX = 20000 };

/* UTF-8 alone, no document type and thus no entities but the five of XML; nothing is ever fetched.
 * ERR_INPUT "hook_body". */
int xml_read(arena *mem, struct bytes text, struct xml **ret, struct err *e);

/* --- hook_salesforce.c --- */

int hook_salesforce_read(arena *mem, const json_t *rules, struct bytes body,
                         struct hook_events *ret, struct err *e);

#endif

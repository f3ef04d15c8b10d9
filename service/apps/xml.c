#include "hook_int.h"

#include <expat.h>
#include <string.h>

#include "base/die.h"
#include "base/str.h"

/*
 * libexpat lives here. Trap: names come as "namespace SEPARATOR name"; a namespace may hold any
 * character, a name never this one. Trap: the first bound that is passed stops the parser, and
 * what was read until then is thrown away.
 */

#define SEPARATOR '\n'
#define XSI "http://www.w3.org/2001/XMLSchema-instance"

struct open {
    struct xml *node;
    struct xml *last; /* child */
    struct str text;
};

struct reader {
    arena *mem;
    XML_Parser parser;
    size_t max; /* bytes of the document */
    struct open stack[XML_DEPTH_MAX];
    size_t depth, elements;
    struct xml *root;
    const char *fault; /* NULL: none of ours */
};

static void stop(struct reader *r, const char *fault)
{
    if (r->fault == NULL) {
        r->fault = fault;
    }
    XML_StopParser(r->parser, XML_FALSE);
}

static const char *behind(const char *text, int mark)
{
    const char *at = strrchr(text, mark);
    return at == NULL ? text : at + 1;
}

static const char *space_of(arena *mem, const char *name)
{
    const char *local = behind(name, SEPARATOR);
    return local == name ? "" : arena_strndup(mem, name, (size_t)(local - name - 1));
}

static void take_attributes(struct reader *r, struct xml *node, const char **pairs)
{
    for (size_t i = 0; pairs[i] != NULL; i += 2) {
        if (str_equal(pairs[i], XSI "\ntype")) {
            node->type = arena_strdup(r->mem, behind(pairs[i + 1], ':'));
        } else if (str_equal(pairs[i], XSI "\nnil")) {
            node->nil = str_equal(pairs[i + 1], "true") || str_equal(pairs[i + 1], "1");
        }
    }
}

static void hang(struct reader *r, struct xml *node)
{
    if (r->depth == 0) {
        r->root = node;
        return;
    }
    struct open *above = &r->stack[r->depth - 1];
    if (above->last == NULL) {
        above->node->child = node;
    } else {
        above->last->next = node;
    }
    above->last = node;
}

static void on_start(void *arg, const char *name, const char **pairs)
{
    struct reader *r = arg;
    if (r->fault != NULL) {
        return;
    }
    if (r->depth == XML_DEPTH_MAX || r->elements++ == XML_ELEMENTS_MAX) {
        stop(r, "it is nested too deeply, or holds too many elements");
        return;
    }
    struct xml *node = arena_alloc(r->mem, sizeof *node);
    node->space = space_of(r->mem, name);
    node->name = arena_strdup(r->mem, behind(name, SEPARATOR));
    node->text = "";
    take_attributes(r, node, pairs);
    hang(r, node);
    r->stack[r->depth++] = (struct open){.node = node, .text = str_new(r->mem, r->max)};
}

static void on_end(void *arg, const char *name)
{
    struct reader *r = arg;
    (void)name;
    if (r->fault == NULL) {
        struct open *o = &r->stack[--r->depth];
        o->node->text = o->text.text;
    }
}

static void on_text(void *arg, const char *text, int len)
{
    struct reader *r = arg;
    if (r->fault == NULL && r->depth > 0) {
        str_add_n(&r->stack[r->depth - 1].text, text, (size_t)len);
    }
}

/* Entities are declared here and nowhere else: what would grow, or fetch, begins with this. */
static void on_doctype(void *arg, const char *name, const char *system, const char *public,
                       int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(arg, "a document type is not taken");
}

static void parser_free(void *parser)
{
    XML_ParserFree(parser);
}

int xml_read(arena *mem, struct bytes text, struct xml **ret, struct err *e)
{
    struct reader *r = arena_alloc(mem, sizeof *r);
    *r = (struct reader){.mem = mem, .max = text.len + 1};
    r->parser = XML_ParserCreateNS("UTF-8", SEPARATOR);
    if (r->parser == NULL) {
        die("out of memory");
    }
    arena_defer(mem, parser_free, r->parser);
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    if (text.len == 0 || text.len > INT32_MAX) {
        return err_set(e, ERR_INPUT, "hook_body", "The body is empty.");
    }
    enum XML_Status status = XML_Parse(r->parser, (const char *)text.data, (int)text.len, XML_TRUE);
    if (r->fault != NULL) {
        return err_set(e, ERR_INPUT, "hook_body", "The XML is refused: %s.", r->fault);
    }
    if (status != XML_STATUS_OK) {
        return err_set(e, ERR_INPUT, "hook_body", "The XML cannot be read: %s.",
                       XML_ErrorString(XML_GetErrorCode(r->parser)));
    }
    *ret = r->root;
    return 0;
}

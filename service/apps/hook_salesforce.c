#include "hook_int.h"

#include <string.h>

#include "base/str.h"

/* Salesforce's outbound messages (SOAP API Developer Guide, "Outbound Messaging"). The session id
 * in them opens the organisation to whoever has it: it is passed over. */

#define SOAP "http://schemas.xmlsoap.org/soap/envelope/"
#define OUTBOUND "http://soap.sforce.com/2005/09/outbound"

static const char ACK[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    "<soapenv:Envelope xmlns:soapenv=\"" SOAP "\"><soapenv:Body>"
    "<notificationsResponse xmlns=\"" OUTBOUND "\"><Ack>true</Ack></notificationsResponse>"
    "</soapenv:Body></soapenv:Envelope>";

enum { ORGANIZATION_DIGITS = 15 }; /* three more say the same once again, without regard to case */

static int bad(struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "hook_body", "This is no outbound message: %s.", what);
}

static bool is(const struct xml *x, const char *space, const char *name)
{
    return x != NULL && str_equal(x->space, space) && str_equal(x->name, name);
}

/* The only child of this name; NULL when there is none, or are several. */
static const struct xml *only(const struct xml *above, const char *space, const char *name)
{
    const struct xml *found = NULL;
    for (const struct xml *x = above == NULL ? NULL : above->child; x != NULL; x = x->next) {
        if (is(x, space, name)) {
            if (found != NULL) {
                return NULL;
            }
            found = x;
        }
    }
    return found;
}

static const char *text_of(const struct xml *above, const char *name)
{
    const struct xml *x = only(above, OUTBOUND, name);
    return x == NULL || x->child != NULL ? NULL : x->text;
}

static json_t *value_of(const struct xml *x);

/* A name that stands twice is a list. */
static void put_field(json_t *into, const char *key, json_t *value)
{
    json_t *before = json_object_get(into, key);
    if (before == NULL) {
        json_put(into, key, value);
    } else if (json_is_array(before)) {
        json_push(before, value);
    } else {
        json_put(into, key, json_must(json_pack("[O, o]", before, value)));
    }
}

/* xml.c bounds how deep that goes. */
static json_t *value_of(const struct xml *x)
{
    if (x->nil) {
        return json_null();
    }
    if (x->child == NULL) {
        return json_words(x->text);
    }
    json_t *fields = json_must(json_object());
    for (const struct xml *field = x->child; field != NULL; field = field->next) {
        put_field(fields, field->name, value_of(field));
    }
    return fields;
}

static json_t *record_of(const struct xml *object)
{
    json_t *record = json_must(json_object());
    json_put(record, "type", json_words(object->type));
    for (const struct xml *field = object->child; field != NULL; field = field->next) {
        bool id = str_equal(field->name, "Id");
        put_field(record, id ? "id" : field->name, value_of(field));
    }
    return record;
}

static int read_one(arena *mem, const struct xml *message, const struct xml *notification,
                    struct hook_event *ret, struct err *e)
{
    const char *id = text_of(notification, "Id");
    const struct xml *object = only(notification, OUTBOUND, "sObject");
    if (str_empty(id) || strlen(id) > HOOK_ID_MAX) {
        return bad(e, "a notification has no Id");
    }
    if (object == NULL || str_empty(object->type)) {
        return bad(e, "a notification has no sObject with a type");
    }
    ret->id = id;
    ret->data = arena_json(mem, json_must(json_pack("{s:s, s:s?, s:s, s:o}", "organization_id",
                                                    text_of(message, "OrganizationId"), "action_id",
                                                    text_of(message, "ActionId"), "notification_id",
                                                    id, "object", record_of(object))));
    return 0;
}

static bool same_organization(const char *given, const char *wanted)
{
    return given != NULL && wanted != NULL && strlen(given) >= ORGANIZATION_DIGITS &&
           strncmp(given, wanted, ORGANIZATION_DIGITS) == 0;
}

static int read_all(arena *mem, const struct xml *message, struct hook_events *ret, struct err *e)
{
    ret->list = arena_array(mem, HOOK_EVENTS_MAX, sizeof *ret->list);
    for (const struct xml *x = message->child; x != NULL; x = x->next) {
        if (!is(x, OUTBOUND, "Notification")) {
            continue;
        }
        if (ret->count == HOOK_EVENTS_MAX) {
            return bad(e, "it holds more than 100 notifications");
        }
        if (read_one(mem, message, x, &ret->list[ret->count], e) != 0) {
            return -1;
        }
        ret->count++;
    }
    return ret->count == 0 ? bad(e, "it holds no notification") : 0;
}

int hook_salesforce_read(arena *mem, const json_t *rules, struct bytes body,
                         struct hook_events *ret, struct err *e)
{
    struct xml *root = NULL;
    if (xml_read(mem, body, &root, e) != 0) {
        return -1;
    }
    const struct xml *message = is(root, SOAP, "Envelope")
                                    ? only(only(root, SOAP, "Body"), OUTBOUND, "notifications")
                                    : NULL;
    if (message == NULL) {
        return bad(e, "it is not a SOAP envelope with notifications");
    }
    if (!same_organization(text_of(message, "OrganizationId"),
                           json_text(rules, "organization_id"))) {
        return err_set(e, ERR_UNAUTHENTIC, "hook_organization",
                       "the message is of another organisation");
    }
    ret->answer = ACK;
    ret->answer_type = "text/xml; charset=utf-8";
    return read_all(mem, message, ret, e);
}

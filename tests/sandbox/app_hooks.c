/* What Salesforce, ServiceNow and Box send of their own accord, each as it does: its body, its
 * proof, what it takes for an answer, and how often it tries. A delivery is made anew for each try
 * where the real sender does so (Box: delivery id, time and signatures). */
#include "app_hooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"

enum { TIMEOUT_MS = 10000, TRIES_MAX = 100, WAIT_MS = 250 };

struct delivery {
    const json_t *ask;
    struct buf body;
    char *headers[CLIENT_HEADERS_MAX];
    size_t headers_count;
};

/* One kind of sender. */
struct sender {
    const char *kind;
    const char *peer; /* in the journal */
    int64_t tries;    /* until it is taken */
    void (*write)(struct delivery *d);
    bool (*taken)(const struct call *call);
};

static void header(struct delivery *d, char *line)
{
    if (d->headers_count + 1 < CLIENT_HEADERS_MAX) {
        d->headers[d->headers_count++] = line;
    } else {
        free(line);
    }
}

/* Body as given: a text as it is, other JSON written out; `fallback` when there is none. */
static void write_body(struct delivery *d, const char *fallback)
{
    const json_t *given = json_object_get(d->ask, "body");
    if (json_is_string(given)) {
        buf_addn(&d->body, json_string_value(given), json_string_length(given));
    } else if (given != NULL) {
        char *text = json_dumps(given, JSON_COMPACT | JSON_ENCODE_ANY);
        buf_add(&d->body, text);
        free(text);
    } else {
        buf_add(&d->body, fallback);
    }
}

static void type_header(struct delivery *d, const char *fallback)
{
    header(d, xasprintf("Content-Type: %s", json_str_or(d->ask, "type", fallback)));
}

static bool taken_2xx(const struct call *call)
{
    return call->status >= 200 && call->status < 300;
}

/* ---- Salesforce: outbound message ---- */

#define SOAP "http://schemas.xmlsoap.org/soap/envelope/"
#define OUTBOUND "http://soap.sforce.com/2005/09/outbound"

static void element(struct buf *b, const char *prefix, const char *name, const json_t *value)
{
    buf_addf(b, "<%s%s", prefix, name);
    if (json_is_null(value)) {
        buf_add(b, " xsi:nil=\"true\"/>");
        return;
    }
    buf_add(b, ">");
    if (json_is_string(value)) {
        buf_add_html(b, json_string_value(value));
    } else {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        buf_add_html(b, text);
        free(text);
    }
    buf_addf(b, "</%s%s>", prefix, name);
}

static void notification(struct buf *b, const json_t *n)
{
    const char *name = NULL;
    json_t *value = NULL;
    buf_add(b, "   <Notification>\n    <Id>");
    buf_add_html(b, json_str_or(n, "id", "04lx000000000AAAAA"));
    buf_addf(b,
             "</Id>\n    <sObject xsi:type=\"sf:%s\" "
             "xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\">\n     <sf:Id>",
             json_str_or(n, "object", "Opportunity"));
    buf_add_html(b, json_str_or(n, "record", "006D000000QOMqeIAH"));
    buf_add(b, "</sf:Id>\n");
    json_object_foreach(json_object_get(n, "fields"), name, value)
    {
        buf_add(b, "     ");
        element(b, "sf:", name, value);
        buf_add(b, "\n");
    }
    buf_add(b, "    </sObject>\n   </Notification>\n");
}

static void write_outbound(struct delivery *d)
{
    const json_t *list = json_object_get(d->ask, "notifications");
    struct buf *b = &d->body;
    type_header(d, "text/xml; charset=utf-8");
    header(d, xstrdup("SOAPAction: \"\""));
    if (json_object_get(d->ask, "body") != NULL) {
        write_body(d, "");
        return;
    }
    buf_addf(
        b,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenv=\"" SOAP
        "\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "
        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n <soapenv:Body>\n"
        "  <notifications xmlns=\"" OUTBOUND "\">\n   <OrganizationId>%s</OrganizationId>\n"
        "   <ActionId>%s</ActionId>\n   %s\n"
        "   <EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/67.0</EnterpriseUrl>\n"
        "   <PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/67.0</PartnerUrl>\n",
        json_str_or(d->ask, "organization_id", "00D0000000ACME1EAG"),
        json_str_or(d->ask, "action_id", "04kx00000004CqUAAU"),
        json_flag(d->ask, "session", false) ? "<SessionId>00Dsample!session</SessionId>"
                                            : "<SessionId xsi:nil=\"true\"/>");
    for (size_t i = 0; i < json_array_size(list); i++) {
        notification(b, json_array_get(list, i));
    }
    buf_add(b, "  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>");
}

/* Nothing but this is an acknowledgement, however well it is meant. */
static bool taken_ack(const struct call *call)
{
    static const char ACK[] =
        "<soapenv:Envelope xmlns:soapenv=\"" SOAP "\"><soapenv:Body><notificationsResponse "
        "xmlns=\"" OUTBOUND "\"><Ack>true</Ack></notificationsResponse></soapenv:Body>"
        "</soapenv:Envelope>";
    const char *text = buf_text(&call->answer);
    const char *declared = strncmp(text, "<?xml ", 6) == 0 ? strstr(text, "?>") : NULL;
    return call->status == 200 && strcmp(call->type, "text/xml") == 0 &&
           strcmp(declared == NULL ? text : declared + 2, ACK) == 0;
}

/* ---- the secret or the signature of what an admin has built ---- */

static void write_proof(struct delivery *d)
{
    const json_t *hmac = json_object_get(d->ask, "hmac");
    const char *secret = json_str(d->ask, "secret");
    if (secret != NULL) {
        header(d, xasprintf("%s: %s%s", json_str_or(d->ask, "header", "X-Workbot-Secret"),
                            json_str_or(d->ask, "prefix", ""), secret));
    }
    if (!json_is_object(hmac)) {
        return;
    }
    const char *key = json_str_or(hmac, "secret", ""), *prefix = json_str_or(hmac, "prefix", "");
    const char *name = json_str_or(hmac, "header", "X-Signature");
    struct buf text = {0};
    const char *time_header = json_str(hmac, "timestamp_header");
    if (time_header != NULL) {
        long long at = (long long)(clock_now_ms() / 1000 + json_int_or(hmac, "offset_s", 0));
        header(d, xasprintf("%s: %lld", time_header, at));
        buf_addf(&text, "%lld.", at);
    }
    buf_addn(&text, buf_text(&d->body), d->body.len);
    if (strcmp(json_str_or(hmac, "encoding", "hex"), "base64") == 0) {
        char *sum = hmac_sha256_base64(key, buf_text(&text));
        header(d, xasprintf("%s: %s%s", name, prefix, sum));
        free(sum);
    } else {
        char sum[65];
        hmac_sha256_hex(key, buf_text(&text), text.len, sum);
        header(d, xasprintf("%s: %s%s", name, prefix, sum));
    }
    buf_free(&text);
}

static void write_flow(struct delivery *d)
{
    type_header(d, "application/json");
    write_body(d, "{\"id\":\"006D000000QOMqeIAH:2026-11-22T10:00:00Z\",\"record\":"
                  "\"006D000000QOMqeIAH\",\"stage\":\"Negotiation\"}");
    write_proof(d);
}

static void write_servicenow(struct delivery *d)
{
    type_header(d, "application/json");
    write_body(d, "{\"id\":\"e1000000000000000000000000000001:1\",\"approval\":"
                  "\"e1000000000000000000000000000001\",\"state\":\"requested\","
                  "\"approver_email\":\"ana@acme.example\",\"number\":\"CHG0000001\"}");
    write_proof(d);
}

static void write_plain(struct delivery *d)
{
    type_header(d, "application/json");
    write_body(d, "{}");
    write_proof(d);
}

/* ---- Box: webhooks V2 ---- */

static void sign_box(struct delivery *d, const char *name, const char *key, const char *at)
{
    if (key == NULL) {
        return;
    }
    char *text = xasprintf("%s%s", buf_text(&d->body), at);
    char *sum = hmac_sha256_base64(key, text);
    header(d, xasprintf("%s: %s", name, sum));
    free(sum);
    free(text);
}

static void write_box(struct delivery *d)
{
    char at[40];
    time_t when = (time_t)(clock_now_ms() / 1000 + json_int_or(d->ask, "offset_s", 0));
    struct tm t = {0};
    gmtime_r(&when, &t);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S-00:00", &t);
    char *delivery = random_uuid();
    type_header(d, "application/json; charset=utf-8");
    write_body(d, "{\"type\":\"webhook_event\",\"id\":\"eb0c4e06-751f-442c-86f8-fd5bb404dbec\","
                  "\"webhook\":{\"id\":\"1234567890\",\"type\":\"webhook\"},\"trigger\":"
                  "\"FILE.UPLOADED\",\"source\":{\"id\":\"8018809384\",\"type\":\"file\","
                  "\"name\":\"contract.pdf\"}}");
    header(d, xasprintf("BOX-DELIVERY-ID: %s", delivery));
    header(d, xasprintf("BOX-DELIVERY-TIMESTAMP: %s", at));
    header(d, xstrdup("BOX-SIGNATURE-VERSION: 1"));
    header(d, xstrdup("BOX-SIGNATURE-ALGORITHM: HmacSHA256"));
    sign_box(d, "BOX-SIGNATURE-PRIMARY", json_str(d->ask, "primary_key"), at);
    sign_box(d, "BOX-SIGNATURE-SECONDARY", json_str(d->ask, "secondary_key"), at);
    free(delivery);
}

/* ---- sending ---- */

static const struct sender senders[] = {
    {"salesforce_outbound", "salesforce", 20, write_outbound, taken_ack},
    {"flow", "salesforce", 1, write_flow, taken_2xx},
    {"servicenow", "servicenow", 1, write_servicenow, taken_2xx},
    {"box", "box", 12, write_box, taken_2xx},
    {"plain", "plain", 1, write_plain, taken_2xx},
};

static void add_headers(struct delivery *d)
{
    const json_t *more = json_object_get(d->ask, "headers");
    for (size_t i = 0; i < json_array_size(more); i++) {
        header(d, xstrdup(json_string_value(json_array_get(more, i))));
    }
}

/* One try; *ret_taken: the sender is content. */
static json_t *try_once(const struct sender *s, const json_t *ask, bool *ret_taken)
{
    struct delivery d = {.ask = ask};
    s->write(&d);
    add_headers(&d);
    struct call call = {.peer = s->peer,
                        .method = "POST",
                        .url = json_str_or(ask, "url", ""),
                        .body = buf_text(&d.body),
                        .body_len = d.body.len,
                        .timeout_ms = json_int_or(ask, "timeout_ms", TIMEOUT_MS)};
    for (size_t i = 0; i < d.headers_count; i++) {
        call.headers[i] = d.headers[i];
    }
    client_call(&call);
    *ret_taken = s->taken(&call);
    json_t *told =
        json_pack("{s:i, s:b, s:s?, s:o}", "status", call.status, "taken", *ret_taken, "failure",
                  call.failure, "answer", json_text(buf_text(&call.answer), call.answer.len));
    client_call_free(&call);
    for (size_t i = 0; i < d.headers_count; i++) {
        free(d.headers[i]);
    }
    buf_free(&d.body);
    return told;
}

static void pause_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* Until it is taken, as often as this sender tries; `times` more when it is, as senders do whose
 * own acknowledgement was lost. */
static json_t *deliver(const struct sender *s, const json_t *ask, bool *ret_taken)
{
    int64_t tries = json_int_or(ask, "attempts", s->tries);
    int64_t again = json_int_or(ask, "times", 1) - 1;
    json_t *attempts = json_array();
    *ret_taken = false;
    for (int64_t i = 0; i < tries && i < TRIES_MAX && !http_stopping(); i++) {
        bool taken = false;
        json_array_append_new(attempts, try_once(s, ask, &taken));
        *ret_taken = *ret_taken || taken;
        if (taken && again-- <= 0) {
            break;
        }
        tries += taken ? 1 : 0;
        if (i + 1 < tries && !taken) {
            pause_ms(json_int_or(ask, "wait_ms", WAIT_MS));
        }
    }
    return attempts;
}

static const struct sender *sender_of(const json_t *ask)
{
    const char *kind = json_str_or(ask, "kind", "");
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
        if (strcmp(senders[i].kind, kind) == 0) {
            return &senders[i];
        }
    }
    return NULL;
}

bool app_hook_tell(const json_t *ask)
{
    const struct sender *s = sender_of(ask);
    bool taken = false;
    if (s != NULL) {
        json_decref(deliver(s, ask, &taken));
    }
    return taken;
}

void app_hook_send(struct request *req, const json_t *body)
{
    const struct sender *s = sender_of(body);
    if (s == NULL) {
        http_reply_json(
            req, 400,
            json_pack("{s:b, s:s, s:s}", "ok", false, "error", "unknown_kind", "detail",
                      "\"kind\" is salesforce_outbound, flow, servicenow, box or plain"));
        return;
    }
    bool taken = false;
    json_t *attempts = deliver(s, body, &taken);
    http_reply_json(req, 200,
                    json_pack("{s:b, s:b, s:o}", "ok", true, "taken", taken, "attempts", attempts));
}

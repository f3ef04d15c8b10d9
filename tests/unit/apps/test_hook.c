#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "apps/hook.h"
#include "base/str.h"
#include "crypto.h"
#include "tests/unit/with_arena.h"

/* P14: is a message of an app genuine, and what does it say? */

enum { NOW = 1577865600 }; /* 2020-01-01T00:00:00-08:00 */

struct pairs {
    const char *name, *value;
};

static const char *pair_of(const void *headers, const char *name)
{
    for (const struct pairs *p = headers; p->name != NULL; p++) {
        if (str_equal_fold(p->name, name)) {
            return p->value;
        }
    }
    return NULL;
}

static const struct pairs NO_HEADERS[] = {{NULL, NULL}};
static const struct pairs JSON_TYPE[] = {{"Content-Type", "application/json; charset=UTF-8"},
                                         {NULL, NULL}};
static const struct pairs XML_TYPE[] = {{"Content-Type", "text/xml; charset=utf-8"}, {NULL, NULL}};

static struct hook_message message(const char *body, const struct pairs *headers)
{
    return (struct hook_message){
        .body = bytes_of(body), .header = pair_of, .headers = headers, .now = NOW};
}

/* The rules of a document without a fault. */
static struct hook_proof proof_of(enum hook_kind kind, const char *document)
{
    json_t *value = NULL;
    struct err e = {0};
    struct faults f;
    faults_init(&f, mem);
    assert_int_equal(json_read(mem, bytes_of(document), &value, &e), 0);
    const struct json_doc d = json_doc(&f, mem, "", value);
    json_t *rules = arena_json(mem, hook_rules_read(kind, &d));
    if (f.count > 0) {
        fail_msg("%s: %s", document, faults_line(mem, &f, 300));
    }
    return (struct hook_proof){.kind = kind, .rules = rules};
}

static size_t faults_of(enum hook_kind kind, const char *document)
{
    json_t *value = NULL;
    struct err e = {0};
    struct faults f;
    faults_init(&f, mem);
    assert_int_equal(json_read(mem, bytes_of(document), &value, &e), 0);
    const struct json_doc d = json_doc(&f, mem, "", value);
    arena_json(mem, hook_rules_read(kind, &d));
    return f.count;
}

static const char *verdict(const struct hook_proof *p, const struct hook_message *m)
{
    struct err e = {0};
    return hook_verify(mem, p, m, &e) == 0 ? "genuine" : e.code;
}

/* --- Box: the vectors of its documentation --- */

#define BOX_BODY                                                                                     \
    "{\"type\":\"webhook_event\",\"webhook\":{\"id\":\"1234567890\"},\"trigger\":\"FILE.UPLOADED\"," \
    "\"source\":{\"id\":\"1234567890\",\"type\":\"file\",\"name\":\"Test.txt\"}}"
#define BOX_PRIMARY "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI="
#define BOX_SECONDARY "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo="

static const char *box(const struct pairs *headers, int64_t now, const char *body)
{
    struct hook_proof p = {.kind = HOOK_BOX,
                           .rules = arena_json(mem, json_object()),
                           .first = secret_of(mem, "SamplePrimaryKey"),
                           .second = secret_of(mem, "SampleSecondaryKey")};
    struct hook_message m = message(body, headers);
    m.now = now;
    return verdict(&p, &m);
}

static void apps_trap_20_box_signatures(void **state)
{
    (void)state;
    enum { SENT = 1577862000 }; /* 2020-01-01T00:00:00-07:00 */
    struct pairs both[] = {{"BOX-DELIVERY-TIMESTAMP", "2020-01-01T00:00:00-07:00"},
                           {"BOX-SIGNATURE-VERSION", "1"},
                           {"BOX-SIGNATURE-ALGORITHM", "HmacSHA256"},
                           {"BOX-SIGNATURE-PRIMARY", BOX_PRIMARY},
                           {"BOX-SIGNATURE-SECONDARY", BOX_SECONDARY},
                           {NULL, NULL}};
    assert_string_equal(box(both, SENT, BOX_BODY), "genuine");
    both[4].value = "other";
    assert_string_equal(box(both, SENT, BOX_BODY), "genuine"); /* the primary one is enough */
    both[3].value = "other";
    assert_string_equal(box(both, SENT, BOX_BODY), "hook_signature");
    both[4].value = BOX_SECONDARY;
    assert_string_equal(box(both, SENT, BOX_BODY), "genuine"); /* and so is the other */
    both[3].value = BOX_SECONDARY;
    both[4].value = BOX_PRIMARY;
    assert_string_equal(box(both, SENT, BOX_BODY), "hook_signature");
}

static void apps_trap_16_box_message_eleven_minutes_old(void **state)
{
    (void)state;
    enum { SENT = 1577862000 };
    struct pairs headers[] = {{"BOX-DELIVERY-TIMESTAMP", "2020-01-01T00:00:00-07:00"},
                              {"BOX-SIGNATURE-VERSION", "1"},
                              {"BOX-SIGNATURE-ALGORITHM", "HmacSHA256"},
                              {"BOX-SIGNATURE-PRIMARY", BOX_PRIMARY},
                              {NULL, NULL}};
    assert_string_equal(box(headers, SENT + 600, BOX_BODY), "genuine");
    assert_string_equal(box(headers, SENT + 660, BOX_BODY), "hook_timestamp");
    assert_string_equal(box(headers, SENT - 660, BOX_BODY), "hook_timestamp");
    assert_string_equal(box(headers, SENT, BOX_BODY " "), "hook_signature");
    static const struct pairs others[] = {{"BOX-SIGNATURE-VERSION", "2"},
                                          {"BOX-SIGNATURE-ALGORITHM", "HmacSHA1"}};
    for (size_t i = 0; i < 2; i++) {
        const char *was = headers[1 + i].value;
        headers[1 + i].value = others[i].value;
        assert_string_equal(box(headers, SENT, BOX_BODY), "hook_signature");
        headers[1 + i].value = was;
    }
    headers[0].value = "yesterday";
    assert_string_equal(box(headers, SENT, BOX_BODY), "hook_timestamp");
    headers[0].name = "X-None";
    assert_string_equal(box(headers, SENT, BOX_BODY), "hook_timestamp");
}

static void box_keys_that_are_not_set_prove_nothing(void **state)
{
    (void)state;
    const struct bytes parts[] = {bytes_of(BOX_BODY), bytes_of("2020-01-01T00:00:00-08:00")};
    const char *empty_key =
        crypto_base64(mem, crypto_hmac(mem, "sha256", (struct bytes){NULL, 0}, parts, 2));
    const struct pairs headers[] = {{"BOX-DELIVERY-TIMESTAMP", "2020-01-01T00:00:00-08:00"},
                                    {"BOX-SIGNATURE-VERSION", "1"},
                                    {"BOX-SIGNATURE-ALGORITHM", "HmacSHA256"},
                                    {"BOX-SIGNATURE-PRIMARY", empty_key},
                                    {"BOX-SIGNATURE-SECONDARY", empty_key},
                                    {NULL, NULL}};
    const struct hook_proof p = {.kind = HOOK_BOX, .rules = arena_json(mem, json_object())};
    const struct hook_message m = message(BOX_BODY, headers);
    assert_string_equal(verdict(&p, &m), "hook_signature");
}

/* --- a secret in a header --- */

static void a_secret_in_a_header(void **state)
{
    (void)state;
    struct hook_proof p = proof_of(HOOK_JSON, "{}");
    p.first = secret_of(mem, "new-sample-secret");
    p.second = secret_of(mem, "old-sample-secret");
    static const struct {
        const char *header, *value, *verdict;
    } rows[] = {{"X-Workbot-Secret", "new-sample-secret", "genuine"},
                {"x-workbot-secret", "old-sample-secret", "genuine"},
                {"X-Workbot-Secret", "new-sample-secre", "hook_secret"},
                {"X-Workbot-Secret", "new-sample-secret2", "hook_secret"},
                {"X-Workbot-Secret", "", "hook_secret"},
                {"X-Other", "new-sample-secret", "hook_secret"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct pairs headers[] = {{rows[i].header, rows[i].value}, {NULL, NULL}};
        const struct hook_message m = message("{}", headers);
        assert_string_equal(verdict(&p, &m), rows[i].verdict);
    }
    const struct hook_proof none = proof_of(HOOK_JSON, "{}");
    const struct pairs empty[] = {{"X-Workbot-Secret", ""}, {NULL, NULL}};
    const struct hook_message m = message("{}", empty);
    assert_string_equal(verdict(&none, &m), "hook_secret");
    struct hook_proof bearer = proof_of(
        HOOK_SERVICENOW,
        "{\"verify\":{\"by\":\"secret\",\"header\":\"Authorization\",\"prefix\":\"Bearer \"}}");
    bearer.first = p.first;
    const struct pairs authorization[] = {{"Authorization", "Bearer new-sample-secret"},
                                          {NULL, NULL}};
    const struct hook_message given = message("{}", authorization);
    assert_string_equal(verdict(&bearer, &given), "genuine");
    const struct pairs bare[] = {{"Authorization", "new-sample-secret"}, {NULL, NULL}};
    const struct hook_message unfit = message("{}", bare);
    assert_string_equal(verdict(&bearer, &unfit), "hook_secret");
}

/* --- HMAC: RFC 4231 test case 2, and GitHub's published vector --- */

static void an_hmac_over_the_body(void **state)
{
    (void)state;
    struct hook_proof p = proof_of(
        HOOK_JSON,
        "{\"verify\":{\"by\":\"hmac\",\"header\":\"X-Hub-Signature-256\",\"prefix\":\"sha256=\"}}");
    p.first = secret_of(mem, "It's a Secret to Everybody");
    struct pairs headers[] = {
        {"X-Hub-Signature-256",
         "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        {NULL, NULL}};
    struct hook_message m = message("Hello, World!", headers);
    assert_string_equal(verdict(&p, &m), "genuine");
    m.body = bytes_of("Hello, World?");
    assert_string_equal(verdict(&p, &m), "hook_signature");
    m.body = bytes_of("Hello, World!");
    headers[0].value = "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17";
    assert_string_equal(verdict(&p, &m), "genuine");
    headers[0].value = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_string_equal(verdict(&p, &m), "hook_signature"); /* without its prefix */
    p.second = p.first;
    p.first = secret_of(mem, "another");
    headers[0].value = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_string_equal(verdict(&p, &m), "genuine"); /* the one before */

    struct hook_proof wide =
        proof_of(HOOK_JSON, "{\"verify\":{\"by\":\"hmac\",\"header\":\"X-Sum\","
                            "\"algorithm\":\"sha512\",\"encoding\":\"base64\"}}");
    wide.first = secret_of(mem, "Jefe");
    const struct pairs sum[] = {{"X-Sum", "Fkt6e/z4GeOjlwtvnuOBVKMQVErY7zh8VptwNr2ceVc="},
                                {NULL, NULL}};
    struct hook_message what = message("what do ya want for nothing?", sum);
    assert_string_equal(verdict(&wide, &what), "hook_signature");
    const struct bytes part = what.body;
    const struct pairs right[] = {
        {"X-Sum", crypto_base64(mem, crypto_hmac(mem, "sha512", bytes_of("Jefe"), &part, 1))},
        {NULL, NULL}};
    assert_string_equal(
        crypto_hex(mem, crypto_hmac(mem, "sha512", bytes_of("Jefe"), &part, 1)),
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f"
        "0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    what.headers = right;
    assert_string_equal(verdict(&wide, &what), "genuine");
    assert_string_equal(crypto_hex(mem, crypto_hmac(mem, "sha1", bytes_of("Jefe"), &part, 1)),
                        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

static void a_signature_over_the_time_too(void **state)
{
    (void)state;
    struct hook_proof p =
        proof_of(HOOK_JSON, "{\"verify\":{\"by\":\"hmac\",\"header\":\"X-Sum\","
                            "\"prefix\":\"v0=\",\"timestamp_header\":\"X-Time\","
                            "\"signed\":\"v0:{timestamp}:{body}\",\"within_s\":60}}");
    p.first = secret_of(mem, "key");
    static const struct {
        const char *time;
        const char *verdict;
    } rows[] = {{"1577865600", "genuine"},
                {"1577865541", "genuine"},
                {"1577865660", "genuine"},
                {"1577865600123", "genuine"},
                {"2020-01-01T08:00:00Z", "genuine"},
                {"1577865539", "hook_timestamp"},
                {"1577865661", "hook_timestamp"},
                {"", "hook_timestamp"},
                {"-1", "hook_timestamp"},
                {"9223372036854775807", "hook_timestamp"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = arena_printf(mem, "v0:%s:{}", rows[i].time);
        const struct bytes part = bytes_of(text);
        const char *sum = crypto_hex(mem, crypto_hmac(mem, "sha256", bytes_of("key"), &part, 1));
        const struct pairs headers[] = {
            {"X-Sum", arena_printf(mem, "v0=%s", sum)}, {"X-Time", rows[i].time}, {NULL, NULL}};
        const struct hook_message m = message("{}", headers);
        assert_string_equal(verdict(&p, &m), rows[i].verdict);
        const struct pairs moved[] = {
            {"X-Sum", arena_printf(mem, "v0=%s", sum)}, {"X-Time", "1577865601"}, {NULL, NULL}};
        const struct hook_message later = message("{}", moved);
        assert_string_equal(verdict(&p, &later), "hook_signature");
    }
}

static void rules_have_their_faults(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"verify\":{\"by\":\"trust\"}}",
        "{\"verify\":{\"by\":\"hmac\"}}",
        "{\"verify\":{\"by\":\"hmac\",\"header\":\"X Sum\"}}",
        "{\"verify\":{\"by\":\"hmac\",\"header\":\"X\",\"algorithm\":\"md5\"}}",
        "{\"verify\":{\"by\":\"hmac\",\"header\":\"X\",\"encoding\":\"plain\"}}",
        "{\"verify\":{\"by\":\"hmac\",\"header\":\"X\",\"signed\":\"nothing\"}}",
        "{\"verify\":{\"by\":\"hmac\",\"header\":\"X\",\"signed\":\"{body}{body}\"}}",
        "{\"verify\":{\"by\":\"hmac\",\"header\":\"X\",\"signed\":\"{timestamp}{body}\"}}",
        ("{\"verify\":{\"by\":\"hmac\",\"header\":\"X\",\"timestamp_header\":\"T\","
         "\"signed\":\"{body}\"}}"),
        "{\"verify\":{\"by\":\"hmac\",\"header\":\"X\",\"signed\":\"{{{{{{{{{body}\"}}",
        "{\"verify\":{\"by\":\"hmac\",\"header\":\"X\",\"within_s\":60}}",
        "{\"verify\":{\"by\":\"hmac\",\"header\":\"X\",\"timestamp_header\":\"T\",\"within_s\":1}}",
        "{\"verify\":{\"by\":\"secret\",\"algorithm\":\"sha256\"}}",
        "{\"verify\":{\"by\":\"secret\",\"prefix\":\"a\\nb\"}}",
        "{\"verify\":\"secret\"}",
        "{\"event_id\":{}}",
        "{\"event_id\":{\"header\":\"X\",\"path\":\"id\"}}",
        "{\"event_id\":{\"path\":\"\"}}",
        "{\"event_id\":{\"header\":\"a b\"}}",
        "{\"organization_id\":\"00Dx0000000BV7z\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (faults_of(HOOK_JSON, bad[i]) == 0) {
            fail_msg("no fault: %s", bad[i]);
        }
    }
    static const char *const organizations[] = {"{}", "{\"organization_id\":\"acme\"}",
                                                "{\"organization_id\":\"00Dx0000000BV7\"}",
                                                "{\"organization_id\":\"00Dx0000000BV-z\"}"};
    for (size_t i = 0; i < sizeof organizations / sizeof organizations[0]; i++) {
        assert_int_equal(faults_of(HOOK_SALESFORCE, organizations[i]), 1);
    }
    assert_int_equal(faults_of(HOOK_BOX, "{\"verify\":{\"by\":\"secret\"}}"), 1);
    assert_int_equal(faults_of(HOOK_BOX, "{}"), 0);
}

static void every_default_is_written_out(void **state)
{
    (void)state;
    static const char *const wanted[HOOK_KIND_COUNT] = {
        [HOOK_SALESFORCE] = "{\"organization_id\":\"00Dx0000000BV7zEAG\"}",
        [HOOK_SERVICENOW] = "{\"event_id\":{\"path\":\"id\"},\"verify\":{\"by\":\"secret\","
                            "\"header\":\"X-Workbot-Secret\",\"prefix\":\"\"}}",
        [HOOK_BOX] = "{}",
        [HOOK_JSON] = "{\"verify\":{\"by\":\"secret\",\"header\":\"X-Workbot-Secret\","
                      "\"prefix\":\"\"}}"};
    for (int kind = 0; kind < HOOK_KIND_COUNT; kind++) {
        const char *given =
            kind == HOOK_SALESFORCE ? "{\"organization_id\":\"00Dx0000000BV7zEAG\"}" : "{}";
        const struct hook_proof p = proof_of((enum hook_kind)kind, given);
        assert_string_equal(json_write(mem, p.rules), wanted[kind]);
        assert_int_equal(hook_kind_of(hook_kind_name((enum hook_kind)kind)), kind);
        /* what is stored reads as itself */
        const struct hook_proof again = proof_of((enum hook_kind)kind, wanted[kind]);
        assert_string_equal(json_write(mem, again.rules), wanted[kind]);
    }
    const struct hook_proof timed = proof_of(
        HOOK_JSON, "{\"verify\":{\"by\":\"hmac\",\"header\":\"X\",\"timestamp_header\":\"T\"}}");
    assert_string_equal(
        json_write(mem, timed.rules),
        "{\"verify\":{\"algorithm\":\"sha256\",\"by\":\"hmac\",\"encoding\":\"hex\","
        "\"header\":\"X\",\"prefix\":\"\",\"signed\":\"{timestamp}.{body}\","
        "\"timestamp_header\":\"T\",\"within_s\":300}}");
    assert_int_equal(hook_kind_of("carrier_pigeon"), HOOK_KIND_COUNT);
}

/* --- JSON --- */

static const char *read_code(const struct hook_proof *p, const struct hook_message *m,
                             struct hook_events *ret)
{
    struct err e = {0};
    return hook_read(mem, p, m, ret, &e) == 0 ? "read" : e.code;
}

static void bodies_of_json(void **state)
{
    (void)state;
    const struct hook_proof p = proof_of(HOOK_JSON, "{\"event_id\":{\"path\":\"event.ids.0\"}}");
    struct hook_events events;
    static const struct {
        const char *body, *code;
    } rows[] = {{"{\"a\":1}", "read"},
                {"[1,2]", "read"},
                {"7", "hook_body"},
                {"\"text\"", "hook_body"},
                {"", "hook_body"},
                {"{\"a\":1", "hook_body"},
                {"{\"a\":1,\"a\":2}", "hook_body"},
                {"{\"a\":\"\\u0000\"}", "hook_body"},
                {"{\"a\":\"\xff\"}", "hook_body"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct hook_message m = message(rows[i].body, JSON_TYPE);
        assert_string_equal(read_code(&p, &m, &events), rows[i].code);
    }
    char deep[400] = {0};
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    const struct hook_message nested = message(deep, JSON_TYPE);
    assert_string_equal(read_code(&p, &nested, &events), "hook_body");

    const struct hook_message m = message("{\"event\":{\"ids\":[\"e-7\"]}}", JSON_TYPE);
    assert_string_equal(read_code(&p, &m, &events), "read");
    assert_int_equal(events.count, 1);
    assert_string_equal(events.list[0].id, "e-7");
    assert_string_equal(json_write(mem, events.list[0].data), "{\"event\":{\"ids\":[\"e-7\"]}}");
    const struct hook_message number = message("{\"event\":{\"ids\":[12]}}", JSON_TYPE);
    assert_string_equal(read_code(&p, &number, &events), "read");
    assert_string_equal(events.list[0].id, "12");
    const struct hook_message none = message("{\"event\":{\"ids\":[true]}}", JSON_TYPE);
    assert_string_equal(read_code(&p, &none, &events), "read");
    assert_null(events.list[0].id);
    assert_int_equal(strlen(events.digest), 64);
}

static void ids_in_headers_and_long_ones(void **state)
{
    (void)state;
    const struct hook_proof p = proof_of(HOOK_JSON, "{\"event_id\":{\"header\":\"X-Event\"}}");
    char lengthy[HOOK_ID_MAX + 2] = {0};
    memset(lengthy, 'x', HOOK_ID_MAX + 1);
    struct pairs headers[] = {
        {"Content-Type", "application/vnd.acme+json"}, {"X-Event", "7"}, {NULL, NULL}};
    struct hook_events events;
    const struct hook_message m = message("{}", headers);
    assert_string_equal(read_code(&p, &m, &events), "read");
    assert_string_equal(events.list[0].id, "7");
    headers[1].value = lengthy;
    assert_string_equal(read_code(&p, &m, &events), "read");
    assert_string_equal(events.list[0].id, crypto_hash_text(mem, lengthy));
    headers[1].value = "";
    assert_string_equal(read_code(&p, &m, &events), "read");
    assert_null(events.list[0].id);
}

/* Box tells the same event again under another delivery id. */
static void box_events_are_known_by_the_bodys_id(void **state)
{
    (void)state;
    const struct hook_proof p = proof_of(HOOK_BOX, "{}");
    const struct pairs headers[] = {
        {"Content-Type", "application/json"}, {"BOX-DELIVERY-ID", "d-2"}, {NULL, NULL}};
    struct hook_events events;
    const struct hook_message m =
        message("{\"id\":\"eb0c4e06\",\"type\":\"webhook_event\"}", headers);
    assert_string_equal(read_code(&p, &m, &events), "read");
    assert_string_equal(events.list[0].id, "eb0c4e06");
}

static void content_types(void **state)
{
    (void)state;
    const struct hook_proof p = proof_of(HOOK_JSON, "{}");
    static const struct {
        const char *type, *code;
    } rows[] = {{"application/json", "read"},
                {"Application/JSON ; Charset=utf-8", "read"},
                {"application/json;charset=\"UTF-8\"", "read"},
                {"application/json; charset=iso-8859-1", "hook_type"},
                {"application/x-www-form-urlencoded", "hook_type"},
                {"text/json", "hook_type"},
                {"text/xml", "hook_type"},
                {"", "hook_type"},
                {NULL, "hook_type"}};
    struct hook_events events;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct pairs headers[] = {{"Content-Type", rows[i].type}, {NULL, NULL}};
        const struct hook_message m = message("{}", headers);
        assert_string_equal(read_code(&p, &m, &events), rows[i].code);
    }
}

/* --- Salesforce --- */

#define ORGANIZATION "00Dx0000000BV7z"
#define SOAP_OPEN                                                                                  \
    "<soapenv:Envelope "                                                                           \
    "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "                                 \
    "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "                                              \
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n <soapenv:Body>\n  "                \
    "<notifications xmlns=\"http://soap.sforce.com/2005/09/outbound\">\n"
#define SOAP_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" SOAP_OPEN
#define SOAP_FROM(organization)                                                                    \
    "<OrganizationId>" organization "</OrganizationId><ActionId>04kx00000004CqU</ActionId>"        \
    "<SessionId>canary-session</SessionId><EnterpriseUrl>https://a.example</EnterpriseUrl>"        \
    "<PartnerUrl>https://b.example</PartnerUrl>"
#define SOAP_TAIL "</notifications></soapenv:Body></soapenv:Envelope>"
#define NOTIFICATION(id, fields)                                                                   \
    "<Notification><Id>" id "</Id><sObject xsi:type=\"sf:Opportunity\" "                           \
    "xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\"><sf:Id>006D000000QOMqeIAH</sf:Id>" fields \
    "</sObject></Notification>"

static const char *soap(const char *text, struct hook_events *ret)
{
    const struct hook_proof p =
        proof_of(HOOK_SALESFORCE, "{\"organization_id\":\"" ORGANIZATION "EAG\"}");
    const struct hook_message m = message(text, XML_TYPE);
    return read_code(&p, &m, ret);
}

static void an_outbound_message_is_plain_json(void **state)
{
    (void)state;
    struct hook_events events;
    assert_string_equal(
        soap(SOAP_HEAD SOAP_FROM(ORGANIZATION) NOTIFICATION(
                 "04lx00000000ABC",
                 "<sf:Name>Acme &amp; Sons &#x263A;</sf:Name><sf:Amount>1200.0</sf:Amount>"
                 "<sf:NextStep xsi:nil=\"true\"/><sf:Note></sf:Note>"
                 "<sf:BillingAddress><sf:city>Bern</sf:city></sf:BillingAddress>"
                 "<sf:Tag>a</sf:Tag><sf:Tag>b</sf:Tag><sf:Tag>c</sf:Tag>") SOAP_TAIL,
             &events),
        "read");
    assert_int_equal(events.count, 1);
    assert_string_equal(events.list[0].id, "04lx00000000ABC");
    assert_string_equal(
        json_write(mem, events.list[0].data),
        "{\"action_id\":\"04kx00000004CqU\",\"notification_id\":\"04lx00000000ABC\",\"object\":"
        "{\"Amount\":\"1200.0\",\"BillingAddress\":{\"city\":\"Bern\"},"
        "\"Name\":\"Acme & Sons \xe2\x98\xba\",\"NextStep\":null,\"Note\":\"\","
        "\"Tag\":[\"a\",\"b\",\"c\"],\"id\":\"006D000000QOMqeIAH\",\"type\":\"Opportunity\"},"
        "\"organization_id\":\"00Dx0000000BV7z\"}");
}

static void apps_trap_17_the_acknowledgement_is_salesforces(void **state)
{
    (void)state;
    struct hook_events events;
    assert_string_equal(
        soap(SOAP_HEAD SOAP_FROM(ORGANIZATION "EAG") NOTIFICATION("1", "") SOAP_TAIL, &events),
        "read");
    assert_string_equal(
        events.answer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
                       "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>"
                       "<notificationsResponse xmlns=\"http://soap.sforce.com/2005/09/outbound\">"
                       "<Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>");
    assert_string_equal(events.answer_type, "text/xml; charset=utf-8");
}

static void apps_trap_17_wrong_organization(void **state)
{
    (void)state;
    struct hook_events events;
    static const char *const others[] = {
        SOAP_HEAD SOAP_FROM("00Dx0000000BV7Z") NOTIFICATION("1", "") SOAP_TAIL,
        SOAP_HEAD SOAP_FROM("00Dx0000000BV7") NOTIFICATION("1", "") SOAP_TAIL,
        SOAP_HEAD SOAP_FROM("") NOTIFICATION("1", "") SOAP_TAIL,
        SOAP_HEAD NOTIFICATION("1", "") SOAP_TAIL,
        /* which of two would count? */
        SOAP_HEAD SOAP_FROM(ORGANIZATION) SOAP_FROM("00Dx0000000EVIL") NOTIFICATION("1", "")
            SOAP_TAIL};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_string_equal(soap(others[i], &events), "hook_organization");
    }
}

static const char *many(int count)
{
    struct str s = str_new(mem, 256 * 1024);
    str_add(&s, SOAP_HEAD SOAP_FROM(ORGANIZATION));
    for (int i = 0; i < count; i++) {
        str_printf(&s, NOTIFICATION("04l%d", "<sf:Name>Deal</sf:Name>"), i);
    }
    str_add(&s, SOAP_TAIL);
    assert_false(s.cut);
    return s.text;
}

static void apps_trap_17_a_hundred_notifications(void **state)
{
    (void)state;
    struct hook_events events;
    assert_string_equal(soap(many(100), &events), "read");
    assert_int_equal(events.count, 100);
    for (int i = 0; i < 100; i++) {
        assert_string_equal(events.list[i].id, arena_printf(mem, "04l%d", i));
    }
    assert_string_equal(soap(many(101), &events), "hook_body");
    assert_string_equal(soap(many(0), &events), "hook_body");
}

static const char *nested(int depth)
{
    struct str s = str_new(mem, 64 * 1024);
    str_add(&s, "<notifications>");
    for (int i = 0; i < depth; i++) {
        str_add(&s, "<a>");
    }
    for (int i = 0; i < depth; i++) {
        str_add(&s, "</a>");
    }
    str_add(&s, "</notifications>");
    return s.text;
}

static void apps_trap_17_document_types_and_bombs(void **state)
{
    (void)state;
    struct hook_events events;
    static const char *const bad[] = {
        "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 "
        "\"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\">]><lolz>&lol2;</lolz>",
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><x/>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"http://127.0.0.1/\">]><x>&e;</x>",
        /* without its document type each of these would be taken */
        "<!DOCTYPE x>" SOAP_OPEN SOAP_FROM(ORGANIZATION) NOTIFICATION("1", "") SOAP_TAIL,
        "<!DOCTYPE x [<!ENTITY n \"Acme\">]>" SOAP_OPEN SOAP_FROM(ORGANIZATION)
            NOTIFICATION("1", "<sf:Name>&n;</sf:Name>") SOAP_TAIL,
        SOAP_HEAD SOAP_FROM(ORGANIZATION) NOTIFICATION("1", "<sf:Name>&unknown;</sf:Name>")
            SOAP_TAIL,
        "", "no xml", "<a><b></a></b>", "<a/><b/>", "<a>\xff</a>", "<x:a/>",
        "<Envelope><Body/></Envelope>",
        SOAP_HEAD SOAP_FROM(ORGANIZATION) "<Notification><Id>1</Id></Notification>" SOAP_TAIL,
        SOAP_HEAD SOAP_FROM(ORGANIZATION) NOTIFICATION("", "") SOAP_TAIL,
        SOAP_HEAD SOAP_FROM(ORGANIZATION)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (!str_equal(soap(bad[i], &events), "hook_body")) {
            fail_msg("it is taken: %s", bad[i]);
        }
    }
    assert_string_equal(soap(nested(2000), &events), "hook_body");
    struct str wide = str_new(mem, 256 * 1024);
    str_add(&wide, "<a>");
    for (int i = 0; i < 21000; i++) {
        str_add(&wide, "<b/>");
    }
    str_add(&wide, "</a>");
    assert_string_equal(soap(wide.text, &events), "hook_body");
}

static void the_session_id_goes_nowhere(void **state)
{
    (void)state;
    struct hook_events events;
    assert_string_equal(
        soap(SOAP_HEAD SOAP_FROM(ORGANIZATION) NOTIFICATION("1", "") SOAP_TAIL, &events), "read");
    assert_null(strstr(json_write(mem, events.list[0].data), "canary"));
}

static void its_address_is_its_only_secret(void **state)
{
    (void)state;
    struct hook_proof p = proof_of(HOOK_SALESFORCE, "{\"organization_id\":\"" ORGANIZATION "\"}");
    p.first = secret_of(mem, "new-secret");
    p.second = secret_of(mem, "old-secret");
    struct hook_message m = message("", XML_TYPE);
    assert_string_equal(verdict(&p, &m), "hook_unknown");
    m.secret = "new-secre";
    assert_string_equal(verdict(&p, &m), "hook_unknown");
    m.secret = "";
    assert_string_equal(verdict(&p, &m), "hook_unknown");
    m.secret = "new-secret";
    assert_string_equal(verdict(&p, &m), "genuine");
    m.secret = "old-secret";
    assert_string_equal(verdict(&p, &m), "genuine");
    p.second = secret_of(mem, NULL);
    assert_string_equal(verdict(&p, &m), "hook_unknown");
    /* and others have none there */
    struct hook_proof plain = proof_of(HOOK_JSON, "{}");
    plain.first = secret_of(mem, "s");
    const struct pairs headers[] = {{"X-Workbot-Secret", "s"}, {NULL, NULL}};
    struct hook_message with = message("{}", headers);
    assert_string_equal(verdict(&plain, &with), "genuine");
    with.secret = "s";
    assert_string_equal(verdict(&plain, &with), "hook_unknown");
    with.headers = NO_HEADERS;
    with.secret = NULL;
    assert_string_equal(verdict(&plain, &with), "hook_secret");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_set_up, arena_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(apps_trap_20_box_signatures),
        TEST(apps_trap_16_box_message_eleven_minutes_old),
        TEST(box_keys_that_are_not_set_prove_nothing),
        TEST(a_secret_in_a_header),
        TEST(an_hmac_over_the_body),
        TEST(a_signature_over_the_time_too),
        TEST(rules_have_their_faults),
        TEST(every_default_is_written_out),
        TEST(bodies_of_json),
        TEST(ids_in_headers_and_long_ones),
        TEST(box_events_are_known_by_the_bodys_id),
        TEST(content_types),
        TEST(an_outbound_message_is_plain_json),
        TEST(apps_trap_17_the_acknowledgement_is_salesforces),
        TEST(apps_trap_17_wrong_organization),
        TEST(apps_trap_17_a_hundred_notifications),
        TEST(apps_trap_17_document_types_and_bombs),
        TEST(the_session_id_goes_nowhere),
        TEST(its_address_is_its_only_secret),
    };
    return cmocka_run_group_tests_name("apps: hooks", tests, NULL, NULL);
}

/* What the Teams driver does, over real HTTP to a scripted Microsoft: messages, people, places. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "tests/unit/chat/teams_peer.h"

#define DM "a:1ana-acme"
#define CHANNEL "19:abc@thread.tacv2"
#define ADDRESS_ANA "29:1AnaAcme"
#define MEMBER                                                                                     \
    "{'id':'" ADDRESS_ANA "','name':'Ana Alvarez','email':'ana@acme.example',"                     \
    "'userPrincipalName':'ana@acme.example','tenantId':'" TENANT_A "','userRole':'user',"          \
    "'aadObjectId':'" ANA "'}"

static int set_up(void **state)
{
    *state = teams_peer_start(NULL);
    return 0;
}

static int tear_down(void **state)
{
    teams_peer_stop(*state);
    return 0;
}

/* ' stands for " */
static const char *http(struct teams_peer *p, const char *head, const char *body)
{
    const char *text = json_write(p->mem, sample(p->mem, body));
    return arena_printf(
        p->mem, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        head, strlen(text), text);
}

static const char *refusal(struct teams_peer *p, const char *head, const char *code)
{
    return http(p, head, arena_printf(p->mem, "{'error':{'code':'%s','message':'x'}}", code));
}

/* The bot's token first, then these. */
static void play(struct teams_peer *p, const char *first, const char *second, const char *third)
{
    const char *const all[] = {
        http(p, "200 OK",
             "{'token_type':'Bearer','expires_in':3599,'access_token':'sample-token-1'}"),
        first, second, third};
    atomic_store(&p->asked, 0);
    for (size_t i = 0; i < 4; i++) {
        p->answers[i] = all[i];
    }
}

static struct chat_access as(struct teams_peer *p, const char *channel)
{
    return (struct chat_access){.workspace = "teams:" TENANT_A,
                                .address = arena_printf(p->mem, "http://%s/emea/", p->host),
                                .channel = channel,
                                .person = ADDRESS_ANA};
}

static json_t *view_of(arena *mem)
{
    json_t *view = view_new(mem);
    view_text(view, "Hello **%s**", "<at>all</at>");
    return view;
}

static const char *last(struct teams_peer *p)
{
    char *text = arena_alloc(p->mem, SCRIPTED_REQUEST_MAX);
    scripted_last(p->peer, text, SCRIPTED_REQUEST_MAX);
    return text;
}

static json_t *last_body(struct teams_peer *p)
{
    json_t *body = NULL;
    const char *at = strstr(last(p), "\r\n\r\n");
    assert_non_null(at);
    assert_int_equal(json_read(p->mem, bytes_of(at + 4), &body, NULL), 0);
    return body;
}

static struct chat_post post_of(struct teams_peer *p)
{
    return (struct chat_post){.channel = CHANNEL,
                              .address = arena_printf(p->mem, "http://%s/emea/", p->host),
                              .thread = "1789999999000",
                              .our_id = "0190-our-id",
                              .view = view_of(p->mem)};
}

/* --- messages --- */

static void test_teams_gotcha_05_a_post_is_a_card_in_its_thread(void **state)
{
    struct teams_peer *p = *state;
    struct err e = {0};
    const char *id = NULL;
    const struct chat_access a = as(p, NULL);
    const struct chat_post post = post_of(p);
    play(p, http(p, "201 Created", "{'id':'1790000000456'}"), NULL, NULL);
    assert_int_equal(teams_post(p->c, p->mem, &a, &post, &id, &e), 0);
    assert_string_equal(id, "1790000000456");
    assert_true(str_starts(last(p), "POST /emea/v3/conversations/"
                                    "19%3Aabc%40thread.tacv2%3Bmessageid%3D1789999999000/"
                                    "activities "));
    const json_t *sent = last_body(p);
    assert_string_equal(json_text(sent, "type"), "message");
    assert_null(json_member(sent, "text")); /* with a card, Teams makes two messages of it */
    assert_string_equal(json_text(json_member(sent, "from"), "id"), "28:" TEAMS_APP);
    struct chat_access known = a;
    known.bot_user_id = "28:as-they-said";
    atomic_store(&p->asked, 1); /* the token is kept */
    assert_int_equal(teams_post(p->c, p->mem, &known, &post, &id, &e), 0);
    sent = last_body(p);
    assert_string_equal(json_text(json_member(sent, "from"), "id"), "28:as-they-said");
    assert_int_equal(json_array_size(json_member(sent, "attachments")), 1);
    assert_non_null(json_text(sent, "summary"));
}

static const json_t *card_in(const json_t *sent)
{
    return json_member(json_array_get(json_member(sent, "attachments"), 0), "content");
}

/* What one person sees of a card that all read is asked for by that person's client: nothing of it
 * is sent to anybody, and no notification says it. */
static void test_what_one_person_sees_alone_is_not_sent(void **state)
{
    struct teams_peer *p = *state;
    const char *id = NULL;
    const struct chat_access a = as(p, NULL);
    struct chat_post post = post_of(p);
    json_t *view = view_of(p->mem), *own = view_new(p->mem);
    view_text(own, "as ana@acme.example (Acme)");
    view_set_own(view, "33333333-0000-0000-0000-00000000000a", own);
    post.view = view;
    post.owner_address = "29:ana";
    play(p, http(p, "201 Created", "{'id':'1'}"), NULL, NULL);
    assert_int_equal(teams_post(p->c, p->mem, &a, &post, &id, NULL), 0);
    assert_null(strstr(last(p), "acme.example"));
    assert_null(strstr(last(p), "33333333-0000"));
    const json_t *refresh = json_member(card_in(last_body(p)), "refresh");
    assert_string_equal(json_string_value(json_at(refresh, "userIds.0")), "29:ana");
    assert_string_equal(json_string_value(json_at(refresh, "action.data.wb.m")), "0190-our-id");
    assert_null(json_at(refresh, "action.data.wb.v"));
    /* who asks is shown it, and is asked again */
    const struct teams_shown shown = {view_own(view), "0190-our-id", "29:ana"};
    const char *answer = chat_teams_card_shown(p->mem, &shown);
    assert_non_null(strstr(answer, "ana@acme.example"));
    assert_non_null(strstr(answer, "\"userIds\":[\"29:ana\"]"));
    assert_non_null(strstr(answer, "\"application/vnd.microsoft.card.adaptive\""));
    const struct teams_shown unaddressed = {view, "0190-our-id", NULL};
    assert_null(strstr(chat_teams_card_shown(p->mem, &unaddressed), "\"refresh\""));
    const struct teams_shown nothing = {.view = NULL};
    assert_non_null(strstr(chat_teams_card_shown(p->mem, &nothing), "activity.message"));
}

/* Teams makes two messages of both, and no id comes back by which they could be updated. */
static void test_teams_gotcha_19_a_card_has_no_text_beside_it(void **state)
{
    struct teams_peer *p = *state;
    const char *id = NULL;
    const struct chat_access a = as(p, NULL);
    struct chat_post post = post_of(p);
    play(p, http(p, "201 Created", "{'id':'1790000000456'}"), http(p, "200 OK", "{}"), NULL);
    assert_int_equal(teams_post(p->c, p->mem, &a, &post, &id, NULL), 0);
    assert_null(json_member(last_body(p), "text"));
    post.message_id = id;
    assert_int_equal(teams_update(p->c, p->mem, &a, &post, NULL), 0);
    assert_true(str_starts(last(p), "PUT "));
    assert_null(json_member(last_body(p), "text"));
    assert_int_equal(json_array_size(json_member(last_body(p), "attachments")), 1);
}

static void test_a_post_without_a_thread_goes_to_the_conversation(void **state)
{
    struct teams_peer *p = *state;
    const char *id = NULL;
    const struct chat_access a = as(p, NULL);
    struct chat_post post = post_of(p);
    post.channel = DM;
    post.thread = NULL;
    play(p, http(p, "201 Created", "{'id':'1'}"), NULL, NULL);
    assert_int_equal(teams_post(p->c, p->mem, &a, &post, &id, NULL), 0);
    assert_true(str_starts(last(p), "POST /emea/v3/conversations/a%3A1ana-acme/activities "));
}

/* The cards of two sendings of one message differ in what their buttons carry. */
static void test_each_sending_has_a_token_of_its_own(void **state)
{
    struct teams_peer *p = *state;
    const struct chat_access a = as(p, NULL);
    struct chat_post post = post_of(p);
    const char *id = NULL, *tokens[2];
    json_t *view = view_of(p->mem);
    view_button(view, &(struct button){.title = "Go", .action = "run", .value = "x"});
    post.view = view;
    post.message_id = "1790000000456";
    for (size_t i = 0; i < 2; i++) {
        play(p, http(p, "200 OK", "{'id':'1790000000456'}"), NULL, NULL);
        assert_int_equal(i == 0 ? teams_post(p->c, p->mem, &a, &post, &id, NULL)
                                : teams_update(p->c, p->mem, &a, &post, NULL),
                         0);
        atomic_store(&p->asked, 1); /* the token is kept */
        const char *at = strstr(last(p), "\"t\":\"");
        assert_non_null(at);
        tokens[i] = arena_strndup(p->mem, at + 5, 24);
        p->answers[0] = p->answers[1];
    }
    assert_true(str_starts(last(p), "PUT /emea/v3/conversations/"
                                    "19%3Aabc%40thread.tacv2%3Bmessageid%3D1789999999000/"
                                    "activities/1790000000456 "));
    assert_string_not_equal(tokens[0], tokens[1]);
}

static void test_teams_gotcha_21_what_is_for_one_alone_is_no_message_for_all(void **state)
{
    struct teams_peer *p = *state;
    struct err e = {0};
    const char *id = NULL;
    const struct chat_access a = as(p, NULL);
    struct chat_post post = post_of(p);
    post.ephemeral = true;
    post.user_id = ANA;
    play(p, http(p, "201 Created", "{'id':'1'}"), NULL, NULL);
    assert_int_equal(teams_post(p->c, p->mem, &a, &post, &id, &e), -1);
    assert_string_equal(e.code, "chat_no_ephemeral");
    assert_int_equal(teams_update(p->c, p->mem, &a, &post, &e), -1);
    assert_int_equal(teams_find_post(p->c, p->mem, &a, &post, 0, &id, &e), -1);
    assert_string_equal(e.code, "chat_no_history");
    assert_int_equal(atomic_load(&p->asked), 0); /* nobody was asked */
}

static void test_the_one_to_one_chat_is_a_conversation_with_one_member(void **state)
{
    struct teams_peer *p = *state;
    struct err e = {0};
    const char *channel = NULL;
    struct chat_access a = as(p, NULL);
    play(p, http(p, "201 Created", "{'id':'" DM "'}"), NULL, NULL);
    assert_int_equal(teams_open_dm(p->c, p->mem, &a, ANA, &channel, &e), 0);
    assert_string_equal(channel, DM);
    const json_t *sent = last_body(p);
    assert_true(str_starts(last(p), "POST /emea/v3/conversations "));
    assert_string_equal(json_string_value(json_at(sent, "members.0.id")), ADDRESS_ANA);
    assert_string_equal(json_text(sent, "tenantId"), TENANT_A);
    assert_string_equal(json_string_value(json_at(sent, "channelData.tenant.id")), TENANT_A);
    assert_true(json_is_false(json_member(sent, "isGroup")));
    a.person = NULL;
    assert_int_equal(teams_open_dm(p->c, p->mem, &a, ANA, &channel, &e), -1);
    assert_string_equal(e.code, "chat_target");
}

/* --- people --- */

static struct chat_person person(struct teams_peer *p, const char *member)
{
    struct chat_person who = {0};
    struct err e = {0};
    const struct chat_access a = as(p, CHANNEL);
    play(p, http(p, "200 OK", member), NULL, NULL);
    p->answers[0] = atomic_load(&p->asked) == 0 ? p->answers[0] : p->answers[1];
    if (teams_person(p->c, p->mem, &a, ANA, &who, &e) != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
    /* the token is kept from the first time on */
    p->answers[0] = p->answers[1];
    return who;
}

static char *member_with(struct teams_peer *p, const char *from, const char *to)
{
    const char *at = strstr(MEMBER, from);
    assert_non_null(at);
    return arena_printf(p->mem, "%.*s%s%s", (int)(at - MEMBER), MEMBER, to, at + strlen(from));
}

static void test_a_member(void **state)
{
    struct teams_peer *p = *state;
    const struct chat_person who = person(p, MEMBER);
    assert_true(str_starts(last(p), "GET /emea/v3/conversations/19%3Aabc%40thread.tacv2/members/"
                                    "" ANA " "));
    assert_string_equal(who.name, "Ana Alvarez");
    assert_string_equal(who.email, "ana@acme.example");
    assert_false(who.guest || who.stranger || who.deactivated || who.bot || who.partial);
}

static void test_the_name_of_a_sign_in_is_no_e_mail(void **state)
{
    struct teams_peer *p = *state;
    assert_null(person(p, member_with(p, "'email':'ana@acme.example',", "")).email);
}

static void test_an_endpoint_may_call_the_object_id_otherwise(void **state)
{
    struct teams_peer *p = *state;
    assert_false(person(p, member_with(p, "'aadObjectId'", "'objectId'")).stranger);
}

static void teams_gotcha_23_guests_and_strangers(void **state)
{
    static const struct {
        const char *from, *to;
        bool guest, stranger;
    } rows[] = {
        {"'user'", "'guest'", true, false},
        {"'userPrincipalName':'ana@acme.example'",
         "'userPrincipalName':'ana_globex.example#EXT#@acme.example'", true, false},
        {"'user'", "'anonymous'", false, true},
        {TENANT_A, "07e40000-0000-4000-8000-000000000003", false, true},
        {"'tenantId':'" TENANT_A "',", "", false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        void *fresh = NULL;
        assert_int_equal(set_up(&fresh), 0);
        struct teams_peer *p = fresh;
        const struct chat_person who = person(p, member_with(p, rows[i].from, rows[i].to));
        if (who.guest != rows[i].guest || who.stranger != rows[i].stranger) {
            fail_msg("row %zu: guest %d, stranger %d", i, who.guest, who.stranger);
        }
        tear_down(&fresh);
    }
    (void)state;
}

static struct err nobody(struct teams_peer *p, struct chat_access a)
{
    struct chat_person who = {0};
    struct err e = {0};
    assert_int_equal(teams_person(p->c, p->mem, &a, ANA, &who, &e), -1);
    return e;
}

static void test_the_answer_must_be_about_that_person(void **state)
{
    struct teams_peer *p = *state;
    play(p, http(p, "200 OK", member_with(p, ANA, "33333333-0000-0000-0000-00000000000b")), NULL,
         NULL);
    assert_int_equal(nobody(p, as(p, CHANNEL)).kind, ERR_UPSTREAM_BUSY);
}

/* Out of a team is not out of the tenant. */
static void test_who_is_out_of_a_team_is_looked_for_in_the_one_to_one_chat(void **state)
{
    struct teams_peer *p = *state;
    struct chat_person who = {0};
    const struct chat_access a = as(p, CHANNEL);
    play(p, refusal(p, "404 X", "MemberNotFoundInConversation"),
         http(p, "201 Created", "{'id':'" DM "'}"), http(p, "200 OK", MEMBER));
    assert_int_equal(teams_person(p->c, p->mem, &a, ANA, &who, NULL), 0);
    assert_string_equal(who.name, "Ana Alvarez");
    assert_true(str_starts(last(p), "GET /emea/v3/conversations/a%3A1ana-acme/members/"));
}

#define DM_OF(p) http(p, "201 Created", "{'id':'" DM "'}")
#define NO_MEMBER(p) refusal(p, "404 X", "MemberNotFoundInConversation")

static void test_who_is_nowhere_has_left(void **state)
{
    struct teams_peer *p = *state;
    play(p, NO_MEMBER(p), DM_OF(p), NULL);
    assert_string_equal(nobody(p, as(p, DM)).code, "chat_nobody");
}

static void test_who_is_neither_in_the_team_nor_in_the_one_to_one_chat_has_left(void **state)
{
    struct teams_peer *p = *state;
    play(p, NO_MEMBER(p), DM_OF(p), NO_MEMBER(p));
    assert_string_equal(nobody(p, as(p, CHANNEL)).code, "chat_nobody");
}

/* Of somebody whom the tenant does not know it speaks in that word here as well. */
static void test_whom_no_chat_can_be_had_with_has_left(void **state)
{
    struct teams_peer *p = *state;
    play(p, refusal(p, "404 X", "ConversationNotFound"),
         refusal(p, "400 X", "MemberNotFoundInConversation"), NULL);
    assert_string_equal(nobody(p, as(p, CHANNEL)).code, "chat_nobody");
}

static void is_out_of_reach(bool of_roster)
{
    void *fresh = NULL;
    assert_int_equal(set_up(&fresh), 0);
    struct teams_peer *p = fresh;
    const char *gone = refusal(p, "403 X", "BotNotInConversationRoster");
    play(p, of_roster ? NO_MEMBER(p) : gone, gone, NULL);
    struct err e = nobody(p, as(p, CHANNEL));
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    assert_string_equal(e.code, "chat_nowhere");
    tear_down(&fresh);
}

/* P12: taken out of the last place that the bot shares with somebody, that person has not left. */
static void test_who_cannot_be_reached_where_the_bot_is_has_not_left(void **state)
{
    (void)state;
    is_out_of_reach(true);
    is_out_of_reach(false);
}

/* P7, P12: only the word for this person off-boards. */
static const struct {
    const char *head, *word;
} no_words[] = {
    {"400 X", "BadSyntax"},
    {"400 X", "Bad Argument"},
    {"403 X", "ConversationBlockedByUser"},
    {"403 X", "MessageWritesBlocked"},
    {"403 X", "SomethingNew"},
    {"404 X", "ConversationNotFound"},
    {"404 X", "ActivityNotFoundInConversation"},
    {"404 X", "SomethingNew"},
    {"404 X", ""}, /* not JSON: a proxy's page */
    {"405 X", "MethodNotAllowed"},
    {"409 X", "Conflict"},
    {"410 X", "Gone"},
    {"413 X", "MessageSizeTooBig"},
    {"500 X", "ServiceError"},
};
enum { NO_WORDS = sizeof no_words / sizeof no_words[0] };

static const char *no_word(struct teams_peer *p, size_t i)
{
    static const char page[] = "<html>Not Found</html>";
    return *no_words[i].word != '\0'
               ? refusal(p, no_words[i].head, no_words[i].word)
               : arena_printf(p->mem,
                              "HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: "
                              "%zu\r\n\r\n%s",
                              no_words[i].head, strlen(page), page);
}

/* A fresh peer for each, as the token is kept. */
static void unclear(const char *channel, size_t i, unsigned at)
{
    void *fresh = NULL;
    assert_int_equal(set_up(&fresh), 0);
    struct teams_peer *p = fresh;
    const char *no = no_word(p, i);
    if (at == 0) { /* in the roster, and in that of the one-to-one chat */
        play(p, no, DM_OF(p), no);
    } else if (at == 1) { /* when the chat is opened */
        play(p, NO_MEMBER(p), no, NULL);
    } else {
        play(p, NO_MEMBER(p), DM_OF(p), no);
    }
    struct err e = nobody(p, as(p, channel));
    if (e.kind != ERR_UPSTREAM_BUSY || !str_equal(e.code, "chat_unclear")) {
        fail_msg("%s %s at %u: %s", no_words[i].head, no_words[i].word, at, e.code);
    }
    tear_down(&fresh);
}

static void test_no_other_refusal_means_that_somebody_has_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < NO_WORDS; i++) {
        for (unsigned at = 0; at < 3; at++) {
            unclear(CHANNEL, i, at);
        }
        unclear(DM, i, 0);
    }
}

static void test_a_chat_that_is_not_there_is_opened_anew(void **state)
{
    struct teams_peer *p = *state;
    struct chat_person who = {0};
    const struct chat_access a = as(p, "a:1ana-of-old");
    play(p, refusal(p, "404 X", "ConversationNotFound"), DM_OF(p), http(p, "200 OK", MEMBER));
    assert_int_equal(teams_person(p->c, p->mem, &a, ANA, &who, NULL), 0);
    assert_string_equal(who.name, "Ana Alvarez");
    assert_string_equal(who.dm, DM);
    assert_string_equal(who.dm_address, a.address);
}

/* P7: what the platform cannot say ends nothing. */
static void test_a_platform_in_trouble_off_boards_nobody(void **state)
{
    struct teams_peer *p = *state;
    play(p, NO_MEMBER(p), refusal(p, "503 X", "ServiceError"), NULL);
    assert_int_equal(nobody(p, as(p, CHANNEL)).kind, ERR_UPSTREAM_BUSY);
    struct chat_access nowhere = as(p, NULL);
    assert_string_equal(nobody(p, nowhere).code, "chat_unclear");
    struct chat_access unwritten = as(p, CHANNEL);
    unwritten.person = NULL;
    play(p, NO_MEMBER(p), NULL, NULL);
    p->answers[0] = p->answers[1]; /* the token is kept */
    assert_string_equal(nobody(p, unwritten).code, "chat_unclear");
}

static void test_an_admins_switch_off_boards_nobody(void **state)
{
    struct teams_peer *p = *state;
    play(p, NO_MEMBER(p), refusal(p, "403 X", "BotDisabledByAdmin"), NULL);
    assert_int_equal(nobody(p, as(p, CHANNEL)).kind, ERR_CONFIG);
}

/* --- places --- */

static bool shared(struct teams_peer *p)
{
    bool ret = false;
    struct err e = {0};
    const struct chat_access a = as(p, NULL);
    if (teams_is_shared(p->c, p->mem, &a, CHANNEL, &ret, &e) != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
    return ret;
}

static void test_a_roster_of_one_tenant(void **state)
{
    struct teams_peer *p = *state;
    play(p, http(p, "200 OK", "{'members':[" MEMBER "," MEMBER "]}"), NULL, NULL);
    assert_false(shared(p));
    int asked = atomic_load(&p->asked);
    assert_false(shared(p)); /* what it said holds for a while */
    assert_int_equal(atomic_load(&p->asked), asked);
}

static void test_somebody_of_another_tenant_on_the_second_page(void **state)
{
    struct teams_peer *p = *state;
    const char *sid = member_with(p, TENANT_A, "07e40000-0000-4000-8000-000000000003");
    play(p, http(p, "200 OK", "{'members':[" MEMBER "],'continuationToken':'a b/='}"),
         http(p, "200 OK", arena_printf(p->mem, "{'members':[%s]}", sid)), NULL);
    assert_true(shared(p));
    assert_non_null(strstr(last(p), "pagedmembers?pageSize=500&continuationToken=a%20b%2F%3D "));
}

static void test_a_place_without_end_is_taken_for_shared(void **state)
{
    struct teams_peer *p = *state;
    play(p, http(p, "200 OK", "{'members':[" MEMBER "],'continuationToken':'more'}"), NULL, NULL);
    assert_true(shared(p));
}

static void test_a_channel_of_one_organisation_is_not_asked_about(void **state)
{
    struct teams_peer *p = *state;
    bool ret = true;
    struct chat_access a = as(p, NULL);
    a.own = true;
    assert_int_equal(teams_is_shared(p->c, p->mem, &a, CHANNEL, &ret, NULL), 0);
    assert_false(ret);
    assert_int_equal(atomic_load(&p->asked), 0);
}

static void test_an_answer_without_members_is_taken_for_shared(void **state)
{
    struct teams_peer *p = *state;
    play(p, http(p, "200 OK", "{}"), NULL, NULL);
    assert_true(shared(p));
}

/* --- tenants --- */

static void test_only_named_tenants_are_served(void **state)
{
    struct teams_peer *p = *state;
    assert_non_null(chats_driver(p->c, "teams:" TENANT_A));
    assert_null(chats_driver(p->c, "teams:07e40000-0000-4000-8000-000000000003"));
    assert_null(chats_driver(p->c, "slack:T1"));
    assert_true(chats_teams_on(p->c));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_teams_gotcha_05_a_post_is_a_card_in_its_thread),
        TEST(test_what_one_person_sees_alone_is_not_sent),
        TEST(test_teams_gotcha_19_a_card_has_no_text_beside_it),
        TEST(test_a_post_without_a_thread_goes_to_the_conversation),
        TEST(test_each_sending_has_a_token_of_its_own),
        TEST(test_teams_gotcha_21_what_is_for_one_alone_is_no_message_for_all),
        TEST(test_the_one_to_one_chat_is_a_conversation_with_one_member),
        TEST(test_a_member),
        TEST(test_the_name_of_a_sign_in_is_no_e_mail),
        TEST(test_an_endpoint_may_call_the_object_id_otherwise),
        cmocka_unit_test(teams_gotcha_23_guests_and_strangers),
        TEST(test_the_answer_must_be_about_that_person),
        TEST(test_who_is_out_of_a_team_is_looked_for_in_the_one_to_one_chat),
        TEST(test_who_is_nowhere_has_left),
        TEST(test_who_is_neither_in_the_team_nor_in_the_one_to_one_chat_has_left),
        TEST(test_whom_no_chat_can_be_had_with_has_left),
        cmocka_unit_test(test_no_other_refusal_means_that_somebody_has_left),
        TEST(test_a_chat_that_is_not_there_is_opened_anew),
        TEST(test_who_cannot_be_reached_where_the_bot_is_has_not_left),
        TEST(test_a_platform_in_trouble_off_boards_nobody),
        TEST(test_an_admins_switch_off_boards_nobody),
        TEST(test_a_roster_of_one_tenant),
        TEST(test_somebody_of_another_tenant_on_the_second_page),
        TEST(test_a_place_without_end_is_taken_for_shared),
        TEST(test_a_channel_of_one_organisation_is_not_asked_about),
        TEST(test_an_answer_without_members_is_taken_for_shared),
        TEST(test_only_named_tenants_are_served),
    };
    return cmocka_run_group_tests_name("chat: what the Teams driver does", tests, NULL, NULL);
}

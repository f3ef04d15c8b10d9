/* Messages out (learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-
 * api-reference): post, update, the one-to-one chat. Always a card and no text beside it: Teams
 * makes two messages of both, and no id comes back that could be updated. */
#include "teams_int.h"

#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

enum { TOKEN_BYTES = 12 };

#define BOT_PREFIX "28:"

/* The bot's own id in its messages: as the workspace has it, else as they all are made. */
static const char *bot_id(const chats *c, arena *mem, const struct chat_access *a)
{
    return str_starts(a->bot_user_id, BOT_PREFIX)
               ? a->bot_user_id
               : arena_printf(mem, BOT_PREFIX "%s", c->settings.teams_app_id);
}

/* The tenant out of the key of a workspace. */
const char *teams_tenant_of(const char *workspace)
{
    return str_starts(workspace, TEAMS_PREFIX) ? workspace + sizeof TEAMS_PREFIX - 1 : workspace;
}

bool teams_is_allowed(const struct chat_settings *s, const char *tenant)
{
    return str_in(s->teams_allowed_tenants, s->teams_allowed_tenants_count, tenant);
}

/* A message of a thread is reached by the conversation's id with that of the thread's first. */
static const char *conversation_of(arena *mem, const struct chat_post *p)
{
    return p->thread == NULL ? p->channel
                             : arena_printf(mem, "%s;messageid=%s", p->channel, p->thread);
}

/* A new token at each sending: a press on what was shown since is another press. */
static json_t *card_of(arena *mem, const struct chat_post *p)
{
    json_t *card = teams_card(mem, p->view, p->our_id, crypto_random_hex(mem, TOKEN_BYTES));
    if (p->owner_address != NULL) {
        teams_card_refresh(card, p->our_id, &p->owner_address, 1);
    }
    return card;
}

static json_t *activity_of(const chats *c, arena *mem, const struct chat_access *a,
                           const struct chat_post *p)
{
    json_t *attachment =
        json_pack("{s:s, s:O}", "contentType", "application/vnd.microsoft.card.adaptive", "content",
                  card_of(mem, p));
    json_t *activity =
        json_pack("{s:s, s:{s:s}, s:{s:s}, s:s, s:[o]}", "type", "message", "from", "id",
                  bot_id(c, mem, a), "conversation", "id", conversation_of(mem, p), "summary",
                  teams_summary(mem, p->view), "attachments", attachment);
    return arena_json(mem, activity);
}

char *chat_teams_card_shown(arena *mem, const struct teams_shown *s)
{
    const struct chat_post p = {
        .view = s->view, .our_id = s->our_id, .owner_address = s->owner_address};
    return s->view == NULL ? teams_answer_message(mem, "This is up to date.")
                           : teams_answer_card(mem, card_of(mem, &p));
}

/* What one person is to read goes to the one-to-one chat: there is no other way. */
static int no_ephemeral(const struct chat_post *p, struct err *e)
{
    return err_set(e, ERR_FORBIDDEN, "chat_no_ephemeral", "%s: all of it is read by all",
                   p->our_id);
}

int teams_post(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
               const char **ret_message_id, struct err *e)
{
    json_t *answer = NULL;
    if (p->ephemeral) {
        return no_ephemeral(p, e);
    }
    const struct teams_call call = {
        .method = "POST",
        .address = p->address,
        .path = {"conversations", conversation_of(mem, p), "activities"},
        .body = activity_of(c, mem, a, p),
        .writes = true,
        .until_ms = a->until_ms,
    };
    if (teams_api(c, mem, &call, &answer, e) != 0) {
        return -1;
    }
    const char *id = teams_id(answer, "id");
    if (id == NULL) {
        (void)err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "a message was taken without an id");
        if (e != NULL) {
            e->maybe_done = true;
        }
        return -1;
    }
    *ret_message_id = id;
    return 0;
}

int teams_update(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                 struct err *e)
{
    if (p->ephemeral) {
        return no_ephemeral(p, e);
    }
    const struct teams_call call = {
        .method = "PUT",
        .address = p->address,
        .path = {"conversations", conversation_of(mem, p), "activities", p->message_id},
        .body = activity_of(c, mem, a, p),
        .until_ms = a->until_ms,
    };
    return teams_api(c, mem, &call, NULL, e);
}

/* Bot Connector shows no history, so a post whose answer was lost may stand there twice. */
int teams_find_post(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                    int64_t since, const char **ret_message_id, struct err *e)
{
    (void)c;
    (void)mem;
    (void)a;
    (void)since;
    (void)ret_message_id;
    return err_set(e, ERR_FORBIDDEN, "chat_no_history", "%s: Teams shows bots no history",
                   p->our_id);
}

/* The same person always gets the same conversation. The tenant stands in both places, for old and
 * new versions of the service. */
static json_t *conversation_with(const chats *c, arena *mem, const struct chat_access *a)
{
    const char *tenant = teams_tenant_of(a->workspace);
    return arena_json(mem, json_pack("{s:{s:s}, s:[{s:s}], s:b, s:s, s:{s:{s:s}}}", "bot", "id",
                                     bot_id(c, mem, a), "members", "id", a->person, "isGroup", 0,
                                     "tenantId", tenant, "channelData", "tenant", "id", tenant));
}

int teams_open_dm(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                  const char **ret_channel, struct err *e)
{
    json_t *answer = NULL;
    if (a->person == NULL) {
        return err_set(e, ERR_NOT_FOUND, "chat_target", "%s has never done anything with the bot",
                       user_id);
    }
    const struct teams_call call = {
        .method = "POST",
        .address = a->address,
        .path = {"conversations"},
        .body = conversation_with(c, mem, a),
        .until_ms = a->until_ms,
    };
    if (teams_api(c, mem, &call, &answer, e) != 0) {
        return -1;
    }
    const char *id = teams_id(answer, "id");
    if (id == NULL) {
        return err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "a conversation was made without an id");
    }
    *ret_channel = id;
    return 0;
}

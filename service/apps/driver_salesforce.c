#include "apps_int.h"

#include <string.h>

#include "base/str.h"
#include "crypto.h"

enum { ID_SHORT = 15 }; /* an id of 18 characters has a checksum behind these */

/* "id" is https://HOST/id/ORGANISATION/PERSON; what has another form says nothing. */
static bool is_of_another(const struct account *account, const char *id)
{
    const char *key = account->key == NULL ? "" : account->key;
    const char *at = id == NULL ? NULL : strstr(id, "/id/");
    const char *organization = at == NULL ? "" : at + strlen("/id/");
    size_t len = strcspn(organization, "/");
    const char *person = organization[len] == '/' ? organization + len + 1 : "";
    if (strlen(key) != 2 * ID_SHORT + 1 || len < ID_SHORT || strlen(person) < ID_SHORT) {
        return false;
    }
    return strncmp(key, organization, ID_SHORT) != 0 ||
           strncmp(key + ID_SHORT + 1, person, ID_SHORT) != 0;
}

/*
 * Salesforce signs whose tokens it gives: base64(HMAC-SHA256(consumer secret, id + issued_at)), see
 * "OAuth 2.0 Web Server Flow" in its help. An answer without it is older than that, or of a client
 * that has no secret.
 */
static int check_signature(arena *mem, const struct app_client *client, const json_t *answer,
                           struct err *e)
{
    const char *id = json_text(answer, "id"), *issued_at = json_text(answer, "issued_at");
    const char *signature = json_text(answer, "signature");
    if (signature == NULL || secret_empty(client->secret)) {
        return 0;
    }
    const struct digest mac =
        crypto_hmac_sha256(bytes_of(secret_reveal(client->secret)), bytes_of(id == NULL ? "" : id),
                           bytes_of(issued_at == NULL ? "" : issued_at));
    const char *own = crypto_base64(mem, (struct bytes){mac.bytes, sizeof(mac.bytes)});
    size_t len = strlen(own);
    bool same = strlen(signature) == len && crypto_equal(own, signature, len);
    return same ? 0
                : err_set(e, ERR_CONFIG, "token_signature",
                          "the tokens of salesforce are not signed with the client's secret");
}

static int check_tokens(arena *mem, const struct app_client *client, const struct account *account,
                        const json_t *answer, struct err *e)
{
    if (check_signature(mem, client, answer, e) != 0) {
        return -1;
    }
    return !is_of_another(account, json_text(answer, "id"))
               ? 0
               : err_set(e, ERR_ATTENTION, "token_of_another",
                         "salesforce renewed a login with the tokens of another account");
}

const struct apps_driver apps_driver_salesforce = {.name = "salesforce",
                                                   .check_tokens = check_tokens};

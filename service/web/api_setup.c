#include "api_int.h"

#include "base/clock.h"

/* Set-up links: how somebody becomes an admin where nobody installs the bot. */

enum { LINK_S = 24 * 3600 };

/* Where there is somebody who installs, that person is the first admin. */
static int check_workspace(struct api *a, struct err *e)
{
    const struct chat_driver *platform = chats_platform(a->workspace);
    if (platform == NULL || !platform->app_token) {
        return err_set(e, ERR_CONFLICT, "admin_by_installation",
                       "Whoever installs the bot there is its first admin; \"admins\" of the "
                       "workspace names others.");
    }
    if (chats_driver(a->web->options.chats, a->workspace) == NULL) {
        return err_set(e, ERR_CONFLICT, "not_served",
                       "Nobody there can write to the bot: the platform is switched off, or the "
                       "tenant is not listed.");
    }
    return 0;
}

static int links_post(struct api *a, struct err *e)
{
    static const char *const keys[] = {NULL};
    struct workspace *w = NULL;
    json_doc_known(&a->doc, keys);
    if (api_refuse(a, e) != 0 || api_workspace_lock(a, &w, e) != 0 || check_workspace(a, e) != 0) {
        return -1;
    }
    const char *hash = NULL;
    const char *handle = oauth_handle_new(a->mem, w->route, &hash);
    const struct id id = id_new();
    const struct setup link = {.workspace = a->workspace,
                               .id = id.text,
                               .handle_hash = hash,
                               .made_by = a->q->actor,
                               .expires_at = clock_now() + LINK_S};
    if (store_setup_add(a->s, &link, e) != 0 ||
        api_audit(a, "admin_link.made", link.id, NULL, e) != 0) {
        return -1;
    }
    api_answer(a, 201,
               json_pack("{s:o, s:o}", "url",
                         json_sprintf("%s/setup/%s", a->web->config->public_url, handle), "expires",
                         api_time(a->mem, link.expires_at)));
    return 0;
}

static int links_delete(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    int64_t count = 0;
    if (api_workspace_lock(a, &w, e) != 0 || store_setup_end(a->s, a->workspace, &count, e) != 0) {
        return -1;
    }
    json_t *detail = json_pack("{s:I}", "links", (json_int_t)count);
    if (count == 0) {
        json_decref(detail);
    } else if (api_audit(a, "admin_link.ended", a->workspace, detail, e) != 0) {
        return -1;
    }
    respond_empty(a->r, 204);
    return 0;
}

int api_admin_links_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, links_post, e);
}

int api_admin_links_delete(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, links_delete, e);
}

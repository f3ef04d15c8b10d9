#include "engine.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "crypto.h"

/*
 * Files that somebody gave in the chat. The run knows them by their ids; their bytes are fetched
 * when a step is to be given them, and stand in no row.
 */

/* What people read, by code; else by whether it is worth another try. */
static const struct {
    const char *code;
    const char *words;
} sentences[] = {
    {"file_gone", "The file that you chose is not in the chat any more. Give it again."},
    {"file_not_yours", "I only take a file that you have shared yourself."},
    {"file_elsewhere", "That is a link to a file somewhere else: I only take files that lie in the "
                       "chat itself. Choose one from your device."},
    {"file_too_large", "The file that you chose is too large: I take 10 MB at most."},
    {"file_refused", "The chat does not hand your file out to me. Give it again, or tell an admin "
                     "of Workbot if that does not help."},
    {"chat_scope", "I may not read files in this workspace. An admin must install Workbot again, "
                   "which asks for that."},
    {"no_files", "No file can be given in this chat."},
};

static const char *words_of(const struct err *why)
{
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        if (str_equal(sentences[i].code, why->code)) {
            return sentences[i].words;
        }
    }
    return err_fate(why->kind) == FATE_AGAIN
               ? "I cannot get your file from the chat at the moment. Please try again in a few "
                 "minutes."
               : "I cannot get your file from the chat. An admin of Workbot must look.";
}

bool engine_is_given(const struct engine *g, const json_t *value)
{
    const struct recipe *r = g->out->recipe;
    for (size_t i = 0; recipe_is_file(value) && i < r->inputs_count; i++) {
        if (r->inputs[i].type == INPUT_FILE &&
            json_equal(json_member(g->out->run->inputs, r->inputs[i].name), value)) {
            return true;
        }
    }
    return false;
}

static int fetch(struct engine *g, arena *mem, const json_t *given, struct bytes *ret,
                 struct err *why)
{
    const struct recipes_options *o = &g->recipes->options;
    const struct workspace *w = g->out->workspace;
    const struct chat_driver *driver = chats_driver(o->chats, w->workspace);
    struct oauth_bot as = oauth_bot_of(w);
    const struct chat_file file = {
        .id = json_text(given, "id"), .user_id = g->out->run->user_id, .max = LIMIT_FILE_GIVEN};
    if (driver == NULL || driver->file == NULL) {
        return err_set(why, ERR_CONFIG, "no_files", "%s gives no files", w->workspace);
    }
    if (oauth_bot_access(o->oauth, mem, w->workspace, &as, why) != 0) {
        return -1;
    }
    while (driver->file(o->chats, mem, &as.access, &file, ret, why) != 0) {
        if (!oauth_bot_again(o->oauth, mem, &as, why)) {
            return -1;
        }
    }
    return 0;
}

/* What it came as is let go: a file of its size stands in memory as often as it must, no more. */
static int fetch_coded(struct engine *g, const json_t *given, json_t **ret, struct err *why)
{
    arena *coded = arena_new(), *fetched = arena_new();
    struct bytes data = {0};
    const char *text = NULL;
    int rc = fetch(g, fetched, given, &data, why);
    if (rc == 0) {
        text = crypto_base64(coded, data);
    }
    arena_free(fetched);
    if (rc == 0) {
        *ret = json_must(json_string(text));
    }
    arena_free(coded);
    return rc;
}

/* Once for all steps of this worker's turn with the run. */
static int get(struct engine *g, const json_t *given, json_t **ret, struct err *why)
{
    const char *id = json_text(given, "id");
    json_t *coded = NULL;
    *ret = json_member(g->files, id);
    if (*ret != NULL) {
        return 0;
    }
    if (fetch_coded(g, given, &coded, why) != 0) {
        return -1;
    }
    if (g->files == NULL) {
        g->files = arena_json(g->mem, json_must(json_object()));
    }
    *ret = json_must(
        json_pack("{s:s, s:o}", "name", json_text(given, "name"), "content_base64", coded));
    json_object_set_new(g->files, id, *ret);
    return 0;
}

int engine_files(struct engine *g, json_t *with, const char **ret_words, struct err *why)
{
    const char *name = NULL;
    json_t *value = NULL, *file = NULL;
    json_object_foreach(with, name, value)
    {
        if (!engine_is_given(g, value)) {
            continue;
        }
        if (get(g, value, &file, why) != 0) {
            why->maybe_done = false; /* of the step: nothing was tried */
            *ret_words = words_of(why);
            return -1;
        }
        json_object_set(with, name, file);
    }
    return 0;
}

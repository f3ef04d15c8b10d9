#include "lists_int.h"
#include "login_int.h"
#include "run_int.h"

#include "base/str.h"

/* `connections`: what a user is connected to, as whom, since when; readable by that user alone. */

enum { ROWS_A_PAGE = 10, ROWS_LONG = 4, ROWS_SOME = 5 };

static void add_facts(struct scene *sc, json_t *view, const struct default_connection *d,
                      const struct connection *c)
{
    arena *mem = sc->mem;
    const struct account *a = &c->account;
    bool works = connection_acts(c);
    if (a->name != NULL) {
        /* of the account that waits for its code nothing is here */
        view_field(view, c->state == CONNECTION_PROVISIONAL ? "Account before" : "Account",
                   a->name);
    }
    if (a->organization != NULL) {
        view_field(view, "Organisation", a->organization);
        view_field(view, "Kind", a->sandbox ? "Sandbox" : "Production");
    }
    if (c->connected_at > 0) {
        view_field(view, works ? "Connected" : "Was connected", words_ago(mem, c->connected_at));
        view_field(view, "Last used", words_ago(mem, c->last_used_at));
    }
    if (c->state == CONNECTION_ACTIVE) {
        ending_add_field(sc, view, d, c);
    } else if (c->state == CONNECTION_NEEDS_LOGIN) {
        ending_add_grants(sc, view, c);
    }
}

static bool awaits_code(const struct login *list, size_t count, const char *default_name)
{
    for (size_t i = 0; i < count; i++) {
        if (store_login_waits_for_code(&list[i]) && str_equal(list[i].default_name, default_name)) {
            return true;
        }
    }
    return false;
}

/* It says so itself: the state of its row is the same as before its code. */
static bool awaits_site(const struct login *list, size_t count, const char *default_name)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].proven != NULL && str_equal(list[i].default_name, default_name)) {
            return true;
        }
    }
    return false;
}

struct owned {
    struct default_connection *defs;
    size_t defs_count;
    struct connection *connections;
    size_t connections_count;
    struct login *logins;
    size_t logins_count;
    bool beside_pending; /* which asks for the codes */
};

static int add_needs(struct scene *sc, const struct run *r, struct needs *ret, struct err *e)
{
    struct recipe *recipe = NULL;
    if (r->state != RUN_ASKING && r->state != RUN_PARKED) {
        return 0;
    }
    if (result_recipe(sc, r, &recipe, e) != 0) {
        return -1;
    }
    for (size_t i = 0; recipe != NULL && i < recipe->connections_count; i++) {
        if (recipe->connections[i].verify_user_access && ret->count < NEEDS_MAX) {
            ret->names[ret->count++] = recipe->connections[i].use;
        }
    }
    return 0;
}

int needs_load(struct scene *sc, struct needs *ret, struct err *e)
{
    struct run *open = NULL;
    size_t count = 0;
    ret->count = 0;
    if (store_run_open(sc->s, sc->workspace->workspace, sc->user->user_id, &open, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (add_needs(sc, &open[i], ret, e) != 0) {
            return -1;
        }
    }
    return 0;
}

size_t needs_count(const struct needs *n, const char *default_name)
{
    size_t found = 0;
    for (size_t i = 0; i < n->count; i++) {
        found += str_equal(n->names[i], default_name) ? 1 : 0;
    }
    return found;
}

char *needs_words(arena *mem, size_t count)
{
    return arena_printf(mem, "%s needs it, and will ask you to log in.",
                        count == 1
                            ? "A command of yours that waits"
                            : arena_printf(mem, "Each of %zu commands of yours that wait", count));
}

/* Pressed long after: what it asks counts nothing that may have changed. */
void list_add_disconnect(struct scene *sc, json_t *view, const struct connection *c)
{
    const char *title = words_app(sc, c->app);
    view_button(
        view,
        &(struct button){
            .title = "Disconnect",
            .action = "disconnect",
            .value = c->id,
            .style = BUTTON_DANGER,
            .confirm_title = arena_printf(sc->mem, "Disconnect %s?", title),
            .confirm = c->resting
                           ? arena_printf(sc->mem, "Your commands do not use %s.",
                                          words_account(sc->mem, &c->account))
                           : arena_printf(sc->mem,
                                          "Commands that act as you in %s, also those that wait "
                                          "now, then ask you to log in again.",
                                          title)});
}

/* What works goes on; only what needs more asks for it. */
static bool add_consent(struct scene *sc, json_t *view, const struct default_connection *d,
                        const struct connection *c)
{
    const char *words = consent_words(sc, d, c);
    if (words != NULL) {
        view_text(view, "%s wants your consent to: %s (%s).", words_app(sc, d->app), words,
                  consent_cause(d, c));
    }
    return words != NULL;
}

static void add_connect(json_t *view, const struct default_connection *d, bool again)
{
    view_button(view, &(struct button){.title = again ? "Log in again" : "Connect",
                                       .action = again ? "reconnect" : "connect",
                                       .value = d->name,
                                       .style = BUTTON_PRIMARY});
}

void list_add_delete(struct scene *sc, json_t *view, const struct connection *c)
{
    if (c->state == CONNECTION_PROVISIONAL) {
        return;
    }
    view_button(view, &(struct button){.title = "Delete",
                                       .action = "forget",
                                       .value = c->id,
                                       .confirm_title = arena_printf(sc->mem, "Delete %s?",
                                                                     words_app(sc, c->app)),
                                       .confirm = "Forget this connection for good?"});
}

static void add_buttons(struct scene *sc, json_t *view, const struct default_connection *d,
                        const struct connection *c)
{
    bool consent = add_consent(sc, view, d, c);
    if (c == NULL && d->client_id == NULL) {
        return; /* nobody can log in there yet */
    }
    bool unsure = c != NULL && c->state == CONNECTION_NEEDS_ATTENTION;
    bool on = unsure || (c != NULL && c->state == CONNECTION_ACTIVE);
    if (on) {
        ending_add_button(view, c);
        list_add_disconnect(sc, view, c);
        accounts_add_another(view, d);
    }
    if (!on || consent || unsure) {
        add_connect(view, d, consent);
    }
    if (c != NULL && !on) {
        list_add_delete(sc, view, c);
    }
}

/* With its own name where there are several of the app. */
static const char *name_of(struct scene *sc, const struct default_connection *d,
                           const struct owned *mine)
{
    size_t of_app = 0;
    for (size_t i = 0; i < mine->defs_count; i++) {
        of_app += str_equal(mine->defs[i].app, d->app) ? 1 : 0;
    }
    const char *title = words_app(sc, d->app);
    return of_app > 1 ? arena_printf(sc->mem, "%s, %s", title, d->name) : title;
}

/* The installer acts by the default connections: shown, not changeable here, with the reason. */
static int add_default(struct scene *sc, json_t *view, const struct default_connection *d,
                       struct err *e)
{
    struct connection *c = NULL;
    if (store_connection_find(sc->s, d->workspace, d->name, "", &c, e) != 0) {
        return -1;
    }
    view_divider(view);
    view_text(view, "**%s** · default connection `%s`", words_app(sc, d->app), d->name);
    if (c == NULL) {
        view_note(view, "Nobody has logged it in yet.");
        return 0;
    }
    view_note(view, "%s", words_state(sc->mem, c));
    add_facts(sc, view, d, c);
    return 0;
}

/* One line; two where a connection works while the login that replaces it waits for its code. */
static void add_state(struct scene *sc, json_t *view, const struct default_connection *d,
                      const struct owned *mine, const struct connection *c)
{
    const char *name = name_of(sc, d, mine);
    const char *none = d->client_id == NULL ? "Not set up yet: ask an admin" : "Not connected";
    bool asks = !mine->beside_pending && awaits_code(mine->logins, mine->logins_count, d->name);
    if (asks) {
        view_text(view,
                  "**%s**: type the 6-digit code that your browser shows, in our %s, to "
                  "finish the login.",
                  name, words_dm(sc));
    }
    if (awaits_site(mine->logins, mine->logins_count, d->name)) {
        view_text(view, "**%s** · Waiting for your choice of a site", name);
    } else if (!asks || c == NULL || c->state != CONNECTION_PROVISIONAL) {
        view_text(view, "**%s** · %s", name, c == NULL ? none : words_state(sc->mem, c));
    }
}

static void add_own(struct scene *sc, json_t *view, const struct default_connection *d,
                    const struct owned *mine, bool *io_asks)
{
    struct accounts all;
    accounts_of(mine->connections, mine->connections_count, d->name, &all);
    view_divider(view);
    add_state(sc, view, d, mine, all.chosen);
    if (all.chosen == NULL && d->client_id == NULL && !*io_asks) {
        *io_asks = true; /* under the first is enough */
        words_add_admins(sc, view);
    }
    if (all.chosen != NULL) {
        add_facts(sc, view, d, all.chosen);
    }
    if (all.used && all.resting_count > 0) {
        view_note(view, "Your commands use this account.");
    } else if (accounts_to_choose(&all)) {
        view_note(view, "**None of your accounts there is used now**: choose one, or log in.");
    }
    add_buttons(sc, view, d, all.chosen);
    accounts_add_resting(sc, view, &all, name_of(sc, d, mine));
}

bool uses_default(const struct scene *sc)
{
    return sc->workspace->installer_uses_default && sc->workspace->installer != NULL &&
           str_equal(sc->workspace->installer, sc->user->user_id);
}

static int load(struct scene *sc, struct owned *ret, struct err *e)
{
    const char *workspace = sc->workspace->workspace, *user = sc->user->user_id;
    *ret = (struct owned){.defs = NULL};
    if (store_default_list(sc->s, workspace, &ret->defs, &ret->defs_count, e) != 0 ||
        store_connection_list(sc->s, workspace, user, &ret->connections, &ret->connections_count,
                              e) != 0) {
        return -1;
    }
    return store_login_list_open(sc->s, workspace, user, &ret->logins, &ret->logins_count, e);
}

static void add_introduction(struct scene *sc, json_t *view, size_t count)
{
    if (uses_default(sc)) {
        view_text(view,
                  "You installed Workbot, so your commands run on the default connections of "
                  "%s. Admins change them; here they are only shown.",
                  str_empty(sc->workspace->name) ? "this workspace" : sc->workspace->name);
    } else if (count == 0) {
        view_text(view, "There is nothing to connect to yet. An admin of Workbot sets up apps.");
        words_add_admins(sc, view);
    } else {
        view_note(view, "Your personal accounts: what I act with as you, and nobody else can use.");
    }
}

static int add_rows(struct scene *sc, json_t *view, const struct owned *mine, size_t from,
                    size_t size, struct err *e)
{
    view_title(view, "Your connections");
    add_introduction(sc, view, mine->defs_count);
    bool asks = false;
    for (size_t i = from; i < mine->defs_count && i < from + size; i++) {
        if (!uses_default(sc)) {
            add_own(sc, view, &mine->defs[i], mine, &asks);
        } else if (add_default(sc, view, &mine->defs[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

int list_add_some(struct scene *sc, json_t *view, struct err *e)
{
    struct owned mine;
    if (load(sc, &mine, e) != 0) {
        return -1;
    }
    mine.beside_pending = true;
    if (add_rows(sc, view, &mine, 0, ROWS_SOME, e) != 0) {
        return -1;
    }
    if (mine.defs_count > ROWS_SOME) {
        view_button(view, &(struct button){.title = arena_printf(sc->mem, "All %zu connections",
                                                                 mine.defs_count),
                                           .action = "words",
                                           .value = "connections"});
    }
    return 0;
}

/* Who has several accounts of one app has longer rows. */
static size_t rows_a_page(const struct owned *mine)
{
    for (size_t i = 0; i < mine->connections_count; i++) {
        if (mine->connections[i].resting) {
            return ROWS_LONG;
        }
    }
    return ROWS_A_PAGE;
}

static int add_page(struct scene *sc, size_t from, json_t *view, struct err *e)
{
    struct owned mine;
    if (load(sc, &mine, e) != 0) {
        return -1;
    }
    const struct page p = {.from = from < mine.defs_count ? from : 0,
                           .size = rows_a_page(&mine),
                           .total = mine.defs_count,
                           .words = "connections"};
    if (add_rows(sc, view, &mine, p.from, p.size, e) != 0) {
        return -1;
    }
    page_end(sc, view, &p);
    return 0;
}

int list_add(struct scene *sc, json_t *view, struct err *e)
{
    return add_page(sc, 0, view, e);
}

int list_view(struct scene *sc, json_t **ret, struct err *e)
{
    *ret = view_new(sc->mem);
    return list_add(sc, *ret, e);
}

int list_say_behind(struct turn *t, json_t *said, struct err *e)
{
    return list_add(&t->scene, said, e) != 0 ? -1 : say_private(t, said, NULL, e);
}

int list_say_deleted(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "**That connection was deleted meanwhile**, so there is nothing to change.");
    return list_say_behind(t, view, e);
}

int command_connections(struct turn *t, const char *rest, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    (void)rest;
    return add_page(&t->scene, t->from, view, e) != 0 ? -1 : say_private(t, view, NULL, e);
}

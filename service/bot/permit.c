#include "run_int.h"

#include "base/id.h"
#include "base/str.h"

/* Which programs may run commands for a user (act.c): `allow NAME`, `disallow NAME`, the question's
 * buttons, and what `whoami` shows of it. */

enum { BUTTONS_MAX = 5 };

static const char *me(const struct turn *t)
{
    return t->scene.user->user_id;
}

static const char *here(const struct turn *t)
{
    return t->scene.workspace->workspace;
}

static int note(struct turn *t, const char *action, const struct act_permission *p, struct err *e)
{
    json_t *detail =
        json_pack("{s:s, s:o}", "name", p->name, "token", json_sprintf("token:%.8s", p->token));
    return store_audit_add(t->scene.s, here(t), arena_printf(t->scene.mem, "user:%s", me(t)),
                           action, me(t), arena_json(t->scene.mem, detail), e);
}

static int say_unknown(struct turn *t, const char *name, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    if (str_empty(name)) {
        view_text(view, "Write the program's name behind it, as `allow deal-sync`.");
    } else {
        view_text(view, "There is no program `%s` here that runs commands for people.",
                  str_cut(t->scene.mem, name, 80));
    }
    view_note(view, "`whoami` shows what you have allowed.");
    return say_private(t, view, NULL, e);
}

static int say_allowed(struct turn *t, const struct act_permission *p, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "**%s** may run commands for you from now on, as you. Each one is told to you.",
              p->name);
    view_note(view, "`disallow %s` ends it at any time.", p->name);
    view_button(view,
                &(struct button){.title = "Stop allowing it", .action = "act_end", .value = p->id});
    return note(t, "act.allowed", p, e) != 0 ? -1 : say_private(t, view, NULL, e);
}

int command_allow(struct turn *t, const char *rest, struct err *e)
{
    struct act_permission *p = NULL;
    char *name = recipe_command_fold(t->scene.mem, rest);
    if (t->scene.workspace->acting && !str_empty(name) &&
        store_permission_allow_name(t->scene.s, here(t), me(t), name, &p, e) != 0) {
        return -1;
    }
    return p == NULL ? say_unknown(t, name, e) : say_allowed(t, p, e);
}

/* What it began and what waits ends with it; what is being done at this moment ends by itself. */
static int cancel_waiting(struct turn *t, const struct act_permission *p, size_t *ret_count,
                          struct err *e)
{
    struct run *list = NULL;
    size_t count = 0;
    *ret_count = 0;
    if (store_run_open(t->scene.s, here(t), me(t), &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *view = NULL;
        struct run *r = &list[i];
        if (!run_may_cancel(r) || !str_equal(r->act.token, p->token)) {
            continue;
        }
        if (cancelled_view(&t->scene, r, false, &view, e) != 0 ||
            run_end(&t->scene, r, r->state, RUN_CANCELLED, view, e) != 0) {
            return -1;
        }
        (*ret_count)++;
    }
    return 0;
}

static int end(struct turn *t, const char *which, struct err *e)
{
    struct act_permission *p = NULL;
    size_t count = 0;
    json_t *view = view_new(t->scene.mem);
    if (store_permission_end(t->scene.s, here(t), me(t), which, &p, e) != 0) {
        return -1;
    }
    if (p == NULL) {
        view_text(view, "You have not allowed that, so there is nothing to end.");
        return say_private(t, view, NULL, e);
    }
    if (cancel_waiting(t, p, &count, e) != 0 || note(t, "act.ended", p, e) != 0) {
        return -1;
    }
    view_text(view, "**%s** may not run commands for you any more.", p->name);
    if (count > 0) {
        view_note(view, "%lld that waited %s cancelled.", (long long)count,
                  count == 1 ? "is" : "are");
    }
    return say_private(t, view, NULL, e);
}

int command_disallow(struct turn *t, const char *rest, struct err *e)
{
    char *name = recipe_command_fold(t->scene.mem, rest);
    return str_empty(name) ? say_unknown(t, name, e) : end(t, name, e);
}

/* --- buttons: a value selects nothing but what is the presser's own --- */

int action_act_allow(struct turn *t, const char *value, struct err *e)
{
    struct act_permission *p = NULL;
    if (t->scene.workspace->acting && id_valid(value) &&
        store_permission_allow(t->scene.s, here(t), me(t), value, &p, e) != 0) {
        return -1;
    }
    if (p != NULL) {
        return say_allowed(t, p, e);
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "That question is over: the program may not run commands here any more.");
    return say_private(t, view, NULL, e);
}

int action_act_later(struct turn *t, const char *value, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    (void)value;
    view_text(view, "All right, nothing is allowed. I ask again tomorrow at the earliest, and only "
                    "if the program does.");
    return say_private(t, view, NULL, e);
}

int action_act_end(struct turn *t, const char *value, struct err *e)
{
    return id_valid(value) ? end(t, value, e) : 0;
}

int permit_add(struct turn *t, json_t *view, struct err *e)
{
    struct act_permission *list = NULL;
    size_t count = 0;
    struct str names = str_new(t->scene.mem, 8192);
    if (store_permission_list(t->scene.s, here(t), me(t), &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        str_printf(&names, "%s%s", i == 0 ? "" : ", ", list[i].name);
        if (i < BUTTONS_MAX) {
            view_button(view, &(struct button){.title = arena_printf(
                                                   t->scene.mem, "Stop allowing %s", list[i].name),
                                               .action = "act_end",
                                               .value = list[i].id});
        }
    }
    if (count > 0) {
        view_text(view, "Programs that may run commands for you: **%s**", names.text);
        view_note(view, "%s`disallow` and the name ends it at once.",
                  t->scene.workspace->acting ? "" : "Switched off here at this time. ");
    }
    return 0;
}

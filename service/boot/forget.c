#include "boot_int.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"

/* `workbot forget WORKSPACE USER`: erases a person, and says what it looked through to prove it. */

enum { ROUNDS = 30, ROUND_MS = 1000 };

static void print_words(const char *what, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        printf("%s%s \"%s\"%s", i == 0 ? what : "", i == 0 ? ":" : ",", words[i],
               i + 1 == count ? "\n" : "");
    }
}

static void print_proof(const struct bot_forget *q, const struct bot_forgotten *f)
{
    const struct erase_proof *p = &f->proof;
    printf("erased: %lld rows deleted, %lld values of others changed, %lld lines of the audit say "
           "%s\n",
           (long long)f->done.rows, (long long)f->done.values, (long long)f->done.lines,
           f->pseudonym);
    printf(
        "proof: %lld columns and %lld sealed values of %s were searched, and none of these words "
        "of the person stands there\n",
        (long long)p->columns, (long long)p->sealed, q->workspace);
    print_words("searched for", p->words, p->words_count);
    print_words("not searched for, as others have them, too, or they mean nobody", p->spared,
                p->spared_count);
    if (p->unopened > 0) {
        printf("%lld sealed values open with no key, so nobody can read what is in them\n",
               (long long)p->unopened);
    }
}

static void print_rest(const struct bot_forgotten *f)
{
    if (f->waiting > 0) {
        printf("not yet: %lld jobs or runs of this person are under way (logins are being revoked "
               "at the apps by `workbot serve`). Run this again.\n",
               (long long)f->waiting);
        return;
    }
    printf("not yet: this person is still named in");
    for (size_t i = 0; i < f->proof.places_count; i++) {
        printf("%s %s", i == 0 ? "" : ",", f->proof.places[i]);
    }
    printf(", where work is under way. Run this again.\n");
}

static int forget(struct service *s, const struct bot_forget *q)
{
    struct bot_forgotten f = {.erased = false};
    for (int i = 0; i < ROUNDS && !f.erased; i++) {
        struct err e = {0};
        if (i > 0) {
            clock_wait_ms(ROUND_MS);
        }
        if (bot_forget(s->bot, s->mem, q, &f, &e) != 0) {
            fprintf(stderr, "forget: %s\n", e.text);
            return 1;
        }
    }
    f.erased ? print_proof(q, &f) : print_rest(&f);
    return f.erased ? 0 : 1;
}

int command_forget(int argc, char **argv)
{
    struct service s = {.mem = arena_new(), .patient = true};
    if (argc != 2 || argv[1][0] == '\0') {
        return command_misused(&s, "forget WORKSPACE USER");
    }
    if (!settings_load(&s)) {
        arena_free(s.mem);
        return 1;
    }
    build_objects(&s);
    const struct bot_forget q = {.workspace = argv[0], .user_id = argv[1], .actor = "operator"};
    int rc = forget(&s, &q);
    build_free(&s);
    return rc;
}

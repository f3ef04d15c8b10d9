#include "jobs_int.h"

void active_init(struct active *a)
{
    pthread_mutex_init(&a->lock, NULL);
    a->first = NULL;
}

void active_add(struct active *a, struct task *t)
{
    pthread_mutex_lock(&a->lock);
    t->before = NULL;
    t->next = a->first;
    if (a->first != NULL) {
        a->first->before = t;
    }
    a->first = t;
    pthread_mutex_unlock(&a->lock);
}

void active_remove(struct active *a, struct task *t)
{
    pthread_mutex_lock(&a->lock);
    if (t->next != NULL) {
        t->next->before = t->before;
    }
    if (t->before != NULL) {
        t->before->next = t->next;
    } else {
        a->first = t->next;
    }
    pthread_mutex_unlock(&a->lock);
}

const char **active_tokens(struct active *a, arena *mem, size_t *ret_count)
{
    size_t count = 0;
    pthread_mutex_lock(&a->lock);
    for (const struct task *t = a->first; t != NULL; t = t->next) {
        count++;
    }
    const char **tokens = arena_array(mem, count + 1, sizeof(*tokens));
    count = 0;
    for (const struct task *t = a->first; t != NULL; t = t->next) {
        tokens[count++] = arena_strdup(mem, t->job.lease_token);
    }
    pthread_mutex_unlock(&a->lock);
    *ret_count = count;
    return tokens;
}

#include "apps_int.h"

#include "base/str.h"

/*
 * What a lost answer leaves behind. A read or a repeatable write did nothing that a repeat would do
 * twice. A plain create leaves no mark of ours at the app: a record with the same values may be
 * somebody else's, or another run's, and its absence may only mean that it is not there yet. So the
 * person is asked, rather than a guess made (P10).
 */
int app_look_up(const struct app_call *c, const app_action *x, const json_t *with,
                enum app_lookup *ret, struct app_result *ret_result, struct err *e)
{
    (void)c;
    (void)e;
    *ret_result = (struct app_result){0};
    *ret = !x->writes || app_action_repeatable(x, with) ? APP_NOT_FOUND : APP_CANNOT_TELL;
    return 0;
}

#include "apps_int.h"

#include "base/str.h"

const struct apps_driver *apps_driver_find(const char *name)
{
    static const struct apps_driver *const all[] = {&apps_driver_salesforce};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (str_equal(all[i]->name, name)) {
            return all[i];
        }
    }
    return NULL;
}

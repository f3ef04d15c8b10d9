#include "api_int.h"

/* A recipe as PUT would be given it: what is wrong with it, and what of it would not work. Nothing
 * is stored, and nobody is told. */

/* Each with where it stands in the text that came. */
static json_t *placed(const struct api *a, json_t *list)
{
    const struct json_place *at = faults_places(a->mem, a->q->body, list);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *one = json_array_get(list, i);
        json_put(one, "line", json_must(json_integer(at[i].line)));
        json_put(one, "column", json_must(json_integer(at[i].column)));
    }
    return list;
}

static int recipe_check_post(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct recipe *recipe = NULL;
    json_t *warnings = NULL;
    if (api_workspace(a, &w, e) != 0 || api_recipe_read(a, &recipe, e) != 0) {
        return -1;
    }
    if (a->faults.count > 0) {
        warnings = json_array(); /* of a recipe that is none */
    } else if (api_recipe_warn(a, recipe, &warnings, e) != 0) {
        return -1;
    }
    api_answer(a, 200,
               json_pack("{s:o, s:o}", "faults", placed(a, faults_json(&a->faults)), "warnings",
                         placed(a, warnings)));
    return 0;
}

int api_recipe_check(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, recipe_check_post, e);
}

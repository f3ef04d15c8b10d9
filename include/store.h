#ifndef WB_STORE_H
#define WB_STORE_H

/*
 * What PostgreSQL holds, one section per aggregate, one file each in service/store/. Rows come
 * back as structs on the session's arena; secrets, payloads, inputs and results are sealed on the
 * way in and opened on the way out, so nothing above this module sees ciphertext. Every function
 * names the workspace: no row is found by its id alone.
 *
 * Common rules: 0 or -1 with *e; a `_find` that finds nothing is 0 with *ret = NULL; a `_load`
 * that finds nothing is ERR_NOT_FOUND; times are epoch seconds, 0 for NULL; absent texts are NULL.
 */

#include "store/session.h" /* session.c, stmts.c */

#include "store/api_tokens.h"    /* api_tokens.c */
#include "store/connections.h"   /* connections.c, connection_tokens.c, endings.c */
#include "store/console.h"       /* console.c */
#include "store/conversations.h" /* conversations.c */
#include "store/decisions.h"     /* decisions.c */
#include "store/erase.h"         /* erase.c, erase_audit.c */
#include "store/groups.h"        /* groups.c */
#include "store/homes.h"         /* homes.c */
#include "store/hooks.h"         /* hooks.c */
#include "store/jobs.h"          /* jobs.c, job_claim.c */
#include "store/keys.h"          /* keys.c */
#include "store/leavers.h"       /* leavers.c */
#include "store/logins.h"        /* logins.c, states.c */
#include "store/messages.h"      /* messages.c, audit.c, retention.c */
#include "store/moves.h"         /* moves.c, move_names.c, move_rows.c */
#include "store/people.h"        /* users.c, defaults.c */
#include "store/permissions.h"   /* permissions.c */
#include "store/runs.h"          /* recipes.c, runs.c, run_steps.c */
#include "store/seals.h"         /* seals.c, seal_days.c */
#include "store/setups.h"        /* setups.c */
#include "store/sign_in.h"       /* sign_in.c */
#include "store/stats.h"         /* stats.c */
#include "store/time_zones.h"    /* time_zones.c */
#include "store/workspaces.h"    /* workspaces.c, installations.c, bot_tokens.c */

#endif

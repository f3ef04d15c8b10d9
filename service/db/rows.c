#include "db_int.h"

#include "base/die.h"
#include "base/str.h"

enum { TYPE_BYTEA = 17 };

struct rows {
    PGresult *result;
    size_t count;
    int columns;
    struct bytes *decoded; /* count * columns; NULL when no column is bytea */
};

static void clear_result(void *result)
{
    PQclear(result);
}

static bool has_bytea(const PGresult *result, int columns)
{
    for (int i = 0; i < columns; i++) {
        if (PQftype(result, i) == TYPE_BYTEA) {
            return true;
        }
    }
    return false;
}

static struct bytes decode(arena *mem, const char *text)
{
    size_t len = 0;
    unsigned char *raw = PQunescapeBytea((const unsigned char *)text, &len);
    if (raw == NULL) {
        die("out of memory");
    }
    struct bytes copy = arena_bytes(mem, (struct bytes){raw, len});
    PQfreemem(raw);
    return copy;
}

static void decode_all(arena *mem, rows *r)
{
    r->decoded = arena_array(mem, r->count * (size_t)r->columns, sizeof *r->decoded);
    for (int column = 0; column < r->columns; column++) {
        if (PQftype(r->result, column) != TYPE_BYTEA) {
            continue;
        }
        for (size_t row = 0; row < r->count; row++) {
            if (PQgetisnull(r->result, (int)row, column) == 0) {
                r->decoded[row * (size_t)r->columns + (size_t)column] =
                    decode(mem, PQgetvalue(r->result, (int)row, column));
            }
        }
    }
}

rows *rows_new(arena *mem, PGresult *result)
{
    rows *r = arena_alloc(mem, sizeof *r);
    r->result = result;
    r->count = (size_t)PQntuples(result);
    r->columns = PQnfields(result);
    arena_defer(mem, clear_result, result);
    if (r->count > 0 && has_bytea(result, r->columns)) {
        decode_all(mem, r);
    }
    return r;
}

static void must_exist(const rows *r, size_t row, int column)
{
    if (row >= r->count || column < 0 || column >= r->columns) {
        die("row %zu column %d of an answer of %zu rows and %d columns", row, column, r->count,
            r->columns);
    }
}

size_t rows_count(const rows *r)
{
    return r->count;
}

bool row_null(const rows *r, size_t row, int column)
{
    must_exist(r, row, column);
    return PQgetisnull(r->result, (int)row, column) != 0;
}

const char *row_text(const rows *r, size_t row, int column)
{
    return row_null(r, row, column) ? NULL : PQgetvalue(r->result, (int)row, column);
}

int64_t row_i64(const rows *r, size_t row, int column)
{
    const char *text = row_text(r, row, column);
    long long value = 0;
    if (text != NULL && !str_to_i64(text, &value)) {
        die("column %d (%s) is not an integer", column, PQfname(r->result, column));
    }
    return value;
}

bool row_bool(const rows *r, size_t row, int column)
{
    const char *text = row_text(r, row, column);
    if (text != NULL && !str_equal(text, "t") && !str_equal(text, "f")) {
        die("column %d (%s) is not a boolean", column, PQfname(r->result, column));
    }
    return text != NULL && text[0] == 't';
}

struct bytes row_bytes(const rows *r, size_t row, int column)
{
    const char *text = row_text(r, row, column);
    if (text == NULL) {
        return (struct bytes){NULL, 0};
    }
    if (PQftype(r->result, column) == TYPE_BYTEA) {
        return r->decoded[row * (size_t)r->columns + (size_t)column];
    }
    return (struct bytes){(const uint8_t *)text, (size_t)PQgetlength(r->result, (int)row, column)};
}

#include "base/zip.h"

#include <string.h>

#include "base/die.h"

enum {
    LOCAL_SIGNATURE = 0x04034b50,
    CENTRAL_SIGNATURE = 0x02014b50,
    END_SIGNATURE = 0x06054b50,
    LOCAL_BYTES = 30,
    CENTRAL_BYTES = 46,
    END_BYTES = 22,
    VERSION = 10, /* 1.0: stored, no folders */
    FIRST_DAY = 1 << 5 | 1,
    COUNT_MAX = UINT16_MAX,
    NAME_MAX_BYTES = 255
};

/* An archive on its way: the room is known before. */
struct archive {
    uint8_t *at;
    size_t len;
};

static void put16(struct archive *a, uint32_t value)
{
    a->at[a->len++] = (uint8_t)value;
    a->at[a->len++] = (uint8_t)(value >> 8);
}

static void put32(struct archive *a, uint32_t value)
{
    put16(a, value & 0xFFFF);
    put16(a, value >> 16);
}

static void put_bytes(struct archive *a, const void *data, size_t len)
{
    if (len > 0) {
        memcpy(a->at + a->len, data, len);
        a->len += len;
    }
}

uint32_t zip_crc(struct bytes data)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < data.len; i++) {
        crc ^= data.data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
        }
    }
    return ~crc;
}

/* What both headers of a file say of it, in the same order. */
static void put_facts(struct archive *a, const struct zip_file *f)
{
    put16(a, VERSION);
    put16(a, 0); /* no flags */
    put16(a, 0); /* stored */
    put16(a, 0); /* midnight */
    put16(a, FIRST_DAY);
    put32(a, zip_crc(f->data));
    put32(a, (uint32_t)f->data.len);
    put32(a, (uint32_t)f->data.len);
    put16(a, (uint32_t)strlen(f->name));
    put16(a, 0); /* nothing extra */
}

static void put_local(struct archive *a, const struct zip_file *f)
{
    put32(a, LOCAL_SIGNATURE);
    put_facts(a, f);
    put_bytes(a, f->name, strlen(f->name));
    put_bytes(a, f->data.data, f->data.len);
}

static void put_central(struct archive *a, const struct zip_file *f, size_t offset)
{
    put32(a, CENTRAL_SIGNATURE);
    put16(a, VERSION);
    put_facts(a, f);
    put16(a, 0); /* no comment */
    put16(a, 0); /* the first disk */
    put16(a, 0); /* its inside: not said */
    put32(a, 0); /* its outside: not said */
    put32(a, (uint32_t)offset);
    put_bytes(a, f->name, strlen(f->name));
}

static void put_end(struct archive *a, size_t count, size_t central)
{
    size_t central_bytes = a->len - central;
    put32(a, END_SIGNATURE);
    put16(a, 0); /* this disk */
    put16(a, 0); /* the central directory's */
    put16(a, (uint32_t)count);
    put16(a, (uint32_t)count);
    put32(a, (uint32_t)central_bytes);
    put32(a, (uint32_t)central);
    put16(a, 0); /* no comment */
}

static size_t bytes_needed(const struct zip_file *files, size_t count)
{
    size_t bytes = END_BYTES;
    for (size_t i = 0; i < count; i++) {
        size_t name = strlen(files[i].name);
        if (name == 0 || name > NAME_MAX_BYTES || files[i].data.len > UINT32_MAX) {
            die("a zip holds no such file: %s", files[i].name);
        }
        bytes += LOCAL_BYTES + CENTRAL_BYTES + 2 * name + files[i].data.len;
    }
    if (count > COUNT_MAX || bytes > UINT32_MAX) {
        die("a zip of this kind holds no more than 4 GiB");
    }
    return bytes;
}

struct bytes zip_write(arena *mem, const struct zip_file *files, size_t count)
{
    struct archive a = {.at = arena_alloc(mem, bytes_needed(files, count))};
    size_t *offsets = arena_array(mem, count + 1, sizeof *offsets);
    for (size_t i = 0; i < count; i++) {
        offsets[i] = a.len;
        put_local(&a, &files[i]);
    }
    size_t central = a.len;
    for (size_t i = 0; i < count; i++) {
        put_central(&a, &files[i], offsets[i]);
    }
    put_end(&a, count, central);
    return (struct bytes){a.at, a.len};
}

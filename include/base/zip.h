#ifndef WB_BASE_ZIP_H
#define WB_BASE_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * A zip archive of a few small files (PKWARE APPNOTE 6.3.10), stored as they are. The same files
 * make the same archive, byte for byte: each bears the first moment that the format knows,
 * 1980-01-01 00:00.
 */
struct zip_file {
    const char *name; /* ASCII, without folders */
    struct bytes data;
};

/* On mem. More than 65,535 files or 4 GiB would be another format: it dies. */
struct bytes zip_write(arena *mem, const struct zip_file *files, size_t count);

/* CRC-32 of ISO 3309, as zip and PNG have it. */
uint32_t zip_crc(struct bytes data);

#endif

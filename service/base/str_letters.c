/* Letters by their code points, so that no locale of the machine decides where a word ends. */
#include <stdint.h>
#include <string.h>

#include "base/str.h"

uint32_t str_point(const char *text, size_t *ret_step)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    size_t step = str_utf8_step(text, strnlen(text, 4));
    if (step == 0) {
        *ret_step = 1;
        return *text == '\0' ? 0 : 0xFFFD;
    }
    uint32_t point = (unsigned char)text[0] & lead_bits[step];
    for (size_t i = 1; i < step; i++) {
        point = point << 6 | ((unsigned char)text[i] & 0x3Fu);
    }
    *ret_step = step;
    return point;
}

/* Letters, digits and marks of Unicode's blocks from Latin to Sinhala, Georgian, Ethiopic, and the
 * later parts of the same scripts; their punctuation lies between the rows. */
static const struct {
    uint32_t first, last;
} LETTERS[] = {
    {'0', '9'},       {'A', 'Z'},       {'_', '_'},       {'a', 'z'},       {0xAA, 0xAA},
    {0xB5, 0xB5},     {0xBA, 0xBA},     {0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2C1},
    {0x300, 0x374},   {0x376, 0x37D},   {0x37F, 0x383},   {0x386, 0x386},   {0x388, 0x481},
    {0x483, 0x559},   {0x560, 0x588},   {0x591, 0x5BD},   {0x5BF, 0x5BF},   {0x5C1, 0x5C2},
    {0x5C4, 0x5C5},   {0x5C7, 0x5F2},   {0x610, 0x61A},   {0x620, 0x669},   {0x66E, 0x6D3},
    {0x6D5, 0x6FF},   {0x710, 0x7F5},   {0x800, 0x82D},   {0x840, 0x85B},   {0x860, 0x963},
    {0x966, 0x96F},   {0x971, 0xDF3},   {0x10A0, 0x10FA}, {0x10FC, 0x10FF}, {0x1200, 0x135F},
    {0x1C80, 0x1CBF}, {0x1E00, 0x1FBC}, {0x1FC2, 0x1FCC}, {0x1FD0, 0x1FDB}, {0x1FE0, 0x1FEC},
    {0x1FF2, 0x1FFC}, {0x2C00, 0x2CE4}, {0x2D00, 0x2D6F}, {0x2D80, 0x2DFF}, {0xA640, 0xA66E},
    {0xA680, 0xA69F}, {0xA722, 0xA7FF}, {0xAB30, 0xAB69}, {0xFB00, 0xFB28}, {0xFB2A, 0xFBB1},
    {0xFBD3, 0xFD3D}, {0xFD50, 0xFDFB}, {0xFE70, 0xFEFC}, {0xFF10, 0xFF19}, {0xFF21, 0xFF3A},
    {0xFF41, 0xFF5A},
};

bool str_is_letter(uint32_t point)
{
    for (size_t i = 0; i < sizeof LETTERS / sizeof LETTERS[0] && point >= LETTERS[i].first; i++) {
        if (point <= LETTERS[i].last) {
            return true;
        }
    }
    return false;
}

/* From each `every`th of them to its small letter (UnicodeData.txt). */
static const struct {
    uint32_t first, last, every, to_small;
} CAPITALS[] = {
    {'A', 'Z', 1, 32},
    {0xC0, 0xD6, 1, 32},
    {0xD8, 0xDE, 1, 32},
    {0x100, 0x12E, 2, 1},
    {0x132, 0x136, 2, 1},
    {0x139, 0x147, 2, 1},
    {0x14A, 0x176, 2, 1},
    {0x179, 0x17D, 2, 1},
    {0x1CD, 0x1DB, 2, 1},
    {0x1DE, 0x1EE, 2, 1},
    {0x1F8, 0x21E, 2, 1},
    {0x386, 0x386, 1, 38},
    {0x388, 0x38A, 1, 37},
    {0x38C, 0x38C, 1, 64},
    {0x38E, 0x38F, 1, 63},
    {0x391, 0x3AB, 1, 32},
    {0x3C2, 0x3C2, 1, 1} /* at the end of a word */,
    {0x400, 0x40F, 1, 80},
    {0x410, 0x42F, 1, 32},
    {0x460, 0x480, 2, 1},
    {0x48A, 0x4BE, 2, 1},
    {0x4D0, 0x52E, 2, 1},
    {0x531, 0x556, 1, 48},
    {0x1E00, 0x1E94, 2, 1},
    {0x1EA0, 0x1EFE, 2, 1},
};

uint32_t str_fold(uint32_t point)
{
    if (point == 0x178) {
        return 0xFF; /* the one Latin capital behind its small letter */
    }
    for (size_t i = 0; i < sizeof CAPITALS / sizeof CAPITALS[0] && point >= CAPITALS[i].first;
         i++) {
        if (point <= CAPITALS[i].last) {
            return (point - CAPITALS[i].first) % CAPITALS[i].every == 0
                       ? point + CAPITALS[i].to_small
                       : point;
        }
    }
    return point;
}

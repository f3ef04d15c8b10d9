/* What readers see of a text: nothing of it, or another order than it has. */
#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *list, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= list[i].first && point <= list[i].last) {
            return true;
        }
    }
    return false;
}

/* Embeddings, overrides and isolates (Unicode Standard Annex 9, section 2): unbalanced, they turn
 * the words behind them. The marks LRM, RLM and ALM turn nothing and stay. */
static bool turns(uint32_t point)
{
    static const struct range list[] = {{0x202A, 0x202E}, {0x2066, 0x2069}};
    return is_in(list, sizeof list / sizeof list[0], point);
}

/* White space, controls, and what Unicode gives no shape of its own: Default_Ignorable_Code_Point
 * (DerivedCoreProperties.txt), and the Braille pattern without a dot. */
static bool is_blank(uint32_t point)
{
    static const struct range list[] = {
        {0x00, 0x20},       {0x7F, 0xA0},      {0xAD, 0xAD},     {0x34F, 0x34F},
        {0x61C, 0x61C},     {0x115F, 0x1160},  {0x1680, 0x1680}, {0x17B4, 0x17B5},
        {0x180B, 0x180F},   {0x2000, 0x200F},  {0x2028, 0x202F}, {0x205F, 0x206F},
        {0x2800, 0x2800},   {0x3000, 0x3000},  {0x3164, 0x3164}, {0xFE00, 0xFE0F},
        {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},  {0xFFF0, 0xFFF8}, {0x1BCA0, 0x1BCA3},
        {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};
    return is_in(list, sizeof list / sizeof list[0], point);
}

bool str_visible(const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    for (size_t i = 0; i < len;) {
        size_t step = 0;
        if (!is_blank(str_point(text + i, &step))) {
            return true;
        }
        i += step;
    }
    return false;
}

char *str_straight(arena *mem, const char *text)
{
    size_t len = strlen(text), kept = 0;
    char *copy = arena_alloc(mem, len + 1);
    for (size_t i = 0; i < len;) {
        size_t step = 0;
        bool drop = turns(str_point(text + i, &step));
        if (!drop) {
            memcpy(copy + kept, text + i, step);
            kept += step;
        }
        i += step;
    }
    copy[kept] = '\0';
    return copy;
}

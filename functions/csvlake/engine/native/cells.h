/* Read single cells. A cell is taken only in the one spelling that its value gives back: see csvlake/engine/kinds.py. */
#ifndef CSVLAKE_CELLS_H
#define CSVLAKE_CELLS_H

#include <stddef.h>
#include <stdint.h>
#include "memory.h"

enum { MOST_DIGITS = 18 }; /* any number of so many fits into 64 bits */

#define ZEROS 0x3030303030303030u
#define DOT ('.' ^ '0')

static const uint64_t POWERS[] = {1u,
                                  10u,
                                  100u,
                                  1000u,
                                  10000u,
                                  100000u,
                                  1000000u,
                                  10000000u,
                                  100000000u,
                                  1000000000u,
                                  10000000000u,
                                  100000000000u,
                                  1000000000000u,
                                  10000000000000u,
                                  100000000000000u,
                                  1000000000000000u,
                                  10000000000000000u,
                                  100000000000000000u,
                                  1000000000000000000u};

struct number {
    uint64_t digits;   /* all of them, as one number */
    unsigned whole;    /* digits before the dot, a lone zero being none */
    unsigned fraction; /* digits after it */
    int is_negative;
};

static inline uint64_t load_8(const uint8_t *data) { /* the first byte lowest, as on all processors we build for */
    uint64_t out;
    memcpy(&out, data, 8);
    return out;
}

/* The highest bit of each byte that is more than 9; of those behind the first such byte it may be wrong. */
static inline uint64_t find_no_digit(uint64_t bytes) {
    return ((bytes + 0x7676767676767676u) | bytes) & 0x8080808080808080u;
}

/* The value of eight digits, 0 to 9 a byte, the first byte worth most. Three multiplications: https://lemire.me/blog/
 * 2022/01/21/swar-explained-parsing-eight-digits/ */
static inline uint64_t join_8(uint64_t digits) {
    digits = digits * 10 + (digits >> 8);
    uint64_t even = (digits & 0x000000FF000000FFu) * 0x000F424000000064u;
    uint64_t odd = (digits >> 16 & 0x000000FF000000FFu) * 0x0000271000000001u;
    return (even + odd) >> 32 & 0xFFFFFFFFu;
}

/* Take the byte with index `at` out; those before it move up, and `in` comes first. */
static inline uint64_t drop_byte(uint64_t bytes, unsigned at, uint64_t in) {
    uint64_t before = ((uint64_t)1 << 8 * at) - 1;
    uint64_t behind = at < 7 ? ~(uint64_t)0 << 8 * (at + 1) : 0;
    return (bytes & behind) | (bytes & before) << 8 | in;
}

static int read_short(const uint8_t *cell, size_t size, const uint8_t *end, struct number *out) {
    uint64_t bytes = 0;
    if (end - cell >= 8) {
        bytes = load_8(cell);
    } else {
        memcpy(&bytes, cell, size);
    }
    bytes = (bytes ^ ZEROS) << (64 - 8 * size); /* right-aligned, with zeros before it */
    uint64_t others = find_no_digit(bytes);
    if (others) {
        unsigned at = (unsigned)__builtin_ctzll(others) / 8;
        if ((bytes >> 8 * at & 0xFF) != DOT) return 0;
        bytes = drop_byte(bytes, at, 0);
        if (find_no_digit(bytes)) return 0;
        out->fraction = 7 - at;
    }
    out->digits = join_8(bytes);
    return 1;
}

static int read_middle(const uint8_t *cell, size_t size, struct number *out) {
    uint64_t high = (load_8(cell) ^ ZEROS) << (128 - 8 * size), low = load_8(cell + size - 8) ^ ZEROS;
    uint64_t high_others = find_no_digit(high), low_others = find_no_digit(low);
    if (high_others) {
        unsigned at = (unsigned)__builtin_ctzll(high_others) / 8;
        if ((high >> 8 * at & 0xFF) != DOT) return 0;
        high = drop_byte(high, at, 0);
        out->fraction = 15 - at;
        if (find_no_digit(high) || low_others) return 0;
    } else if (low_others) {
        unsigned at = (unsigned)__builtin_ctzll(low_others) / 8;
        if ((low >> 8 * at & 0xFF) != DOT) return 0;
        low = drop_byte(low, at, high >> 56);
        high <<= 8;
        out->fraction = 7 - at;
        if (find_no_digit(low)) return 0;
    }
    out->digits = join_8(high) * 100000000u + join_8(low);
    return 1;
}

static int read_long(const uint8_t *cell, size_t size, struct number *out) {
    size_t dot = size;
    if (size > MOST_DIGITS + 2) return 0; /* 19 digits and a dot */
    for (size_t at = 0; at < size; at++) {
        uint8_t byte = cell[at];
        if (byte == '.' && dot == size) {
            dot = at;
        } else if (byte < '0' || byte > '9') {
            return 0;
        } else {
            out->digits = out->digits * 10 + (byte - '0'); /* 20 digits may wrap: refused below */
        }
    }
    if (size - (dot < size) > MOST_DIGITS + 1) return 0;
    out->fraction = dot < size ? (unsigned)(size - dot - 1) : 0;
    return 1;
}

/* Read a number in its shortest spelling but for zeros at the end of a fraction. `end`: no byte is read from there on. */
static inline int read_number(const uint8_t *cell, size_t size, const uint8_t *end, struct number *out) {
    *out = (struct number){.is_negative = *cell == '-'};
    cell += out->is_negative;
    size -= (size_t)out->is_negative;
    if (size == 0) return 0;
    int is_read = size <= 8    ? read_short(cell, size, end, out)
                  : size <= 16 ? read_middle(cell, size, out)
                               : read_long(cell, size, out);
    if (!is_read) return 0;
    /* A dot without digits behind it leaves fraction 0, and shows in the last byte. */
    if (cell[size - 1] == '.') return 0;
    unsigned whole = (unsigned)size - out->fraction - (out->fraction > 0);
    int is_zero = *cell == '0';
    out->whole = is_zero ? 0 : whole;
    if (whole == 0 || (is_zero && whole > 1)) return 0;
    return !(out->is_negative && out->digits == 0);
}

static inline int is_leap(unsigned year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

/* Read YYYY-MM-DD from the year 1 on as days since 1970-01-01. */
static inline int read_date(const uint8_t *cell, int32_t *days) {
    static const uint8_t LENGTHS[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const uint16_t BEFORE[] = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    uint64_t bytes = load_8(cell) ^ 0x2D30302D30303030u; /* 0000-00- */
    unsigned tens = cell[8] ^ '0', ones = cell[9] ^ '0';
    /* Seven bits of room above 9 in the digits' bytes, none in those of the dashes. */
    if (((bytes + 0x7F76767F76767676u) | bytes) & 0x8080808080808080u || tens > 9 || ones > 9) return 0;
    unsigned year = (bytes & 15) * 1000 + (bytes >> 8 & 15) * 100 + (bytes >> 16 & 15) * 10 + (bytes >> 24 & 15);
    unsigned month = (bytes >> 40 & 15) * 10 + (bytes >> 48 & 15), day = tens * 10 + ones;
    if (year == 0 || month == 0 || month > 12 || day == 0) return 0;
    if (day > LENGTHS[month] + (unsigned)(month == 2 && is_leap(year))) return 0;
    unsigned before = year - 1;
    *days = (int32_t)(365 * before + before / 4 - before / 100 + before / 400 + BEFORE[month] + day) +
            (month > 2 && is_leap(year)) - 719163;
    return 1;
}

/* Read YYYY-MM-DD?HH:MM:SS with up to three digits of a second, `size` bytes in all, as milliseconds since 1970. */
static inline int read_timestamp(const uint8_t *cell, size_t size, uint8_t separator, int64_t *milliseconds) {
    int32_t days;
    if (!read_date(cell, &days) || cell[10] != separator) return 0;
    uint8_t digits[9] = {0};
    static const uint8_t PLACES[] = {11, 12, 14, 15, 17, 18, 20, 21, 22};
    for (size_t place = 0; place < sizeof PLACES && PLACES[place] < size; place++) {
        digits[place] = cell[PLACES[place]] ^ '0';
        if (digits[place] > 9) return 0;
    }
    if (cell[13] != ':' || cell[16] != ':' || (size > 19 && cell[19] != '.')) return 0;
    int hours = digits[0] * 10 + digits[1], minutes = digits[2] * 10 + digits[3], seconds = digits[4] * 10 + digits[5];
    if (hours > 23 || minutes > 59 || seconds > 59) return 0;
    int64_t whole = ((int64_t)days * 24 + hours) * 3600 + minutes * 60 + seconds;
    *milliseconds = whole * 1000 + digits[6] * 100 + digits[7] * 10 + digits[8];
    return 1;
}

struct word {
    const char *text;
    size_t size;
};

/* The spellings of true and false, by the form in which a whole column has to write them. */
static const struct word WORDS[3][2] = {
    {{"false", 5}, {"true", 4}},
    {{"FALSE", 5}, {"TRUE", 4}},
    {{"False", 5}, {"True", 4}},
};

static inline int is_word(const uint8_t *cell, size_t size, const struct word *word) {
    return size == word->size && memcmp(cell, word->text, size) == 0;
}

#endif

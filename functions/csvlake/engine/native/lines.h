/* Read a physical line one of whose quotes is out of place, where there is no doubt how csvlake/engine/reading.py reads
 * it. Both scan.c and read.c follow it: two versions of this rule would differ only where one of them is wrong. */
#ifndef CSVLAKE_LINES_H
#define CSVLAKE_LINES_H

#include <stddef.h>
#include "kernel.h"
#include "memory.h"

enum { MOST_LINE_BYTES = 1 << 20 }; /* grammar.py follows no cell with odd quotes further */

enum follow { FOLLOWED, GOES_ON, IN_DOUBT };

/* What a quote in a quoted cell is that nothing ends behind: text, or the quotes' end with text behind it. */
enum way { INSIDE, ENDED };

struct line {
    size_t cells;
    size_t marks; /* delimiters, and its line end if there is one */
    size_t end;   /* behind its line end */
    uint8_t bits; /* all that are set in any of its bytes */
    int is_open;  /* its last cell's quotes do not close in it */
    int is_mixed; /* INSIDE: some quote is text; ENDED: text behind some cell's quotes ends with one */
};

static inline int is_break(uint8_t byte) { return byte == '\n' || byte == '\r'; }

static inline int has_delimiter(const uint8_t *data, size_t size, const struct dialect *d, size_t at) {
    size_t length = (size_t)d->delimiter_size;
    return size - at >= length && memcmp(data + at, d->delimiter, length) == 0;
}

/* Read the line at `start` in one way. GOES_ON: it ends behind `size`, IN_DOUBT: it is too long. See `follow_line`. */
static inline enum follow read_line(const uint8_t *data, size_t size, size_t start, const struct dialect *d,
                                    int is_final, enum way way, uint32_t *ends, size_t room, struct line *out) {
    size_t at = start, cell = start, stop = size - start < MOST_LINE_BYTES ? size : start + MOST_LINE_BYTES;
    int is_inside = 0, is_behind = 0;
    *out = (struct line){0};
    for (; at < stop && !is_break(data[at]); at++) {
        uint8_t byte = data[at];
        out->bits |= byte;
        if (is_inside) {
            if (byte != d->quote) continue;
            if (at + 1 < stop && data[at + 1] == byte) {
                at++;
            } else if (at + 1 == size || is_break(data[at + 1]) || has_delimiter(data, size, d, at + 1)) {
                is_inside = 0;
            } else if (way == ENDED) {
                is_inside = 0;
                is_behind = 1;
            } else {
                out->is_mixed = 1;
            }
        } else if (byte == d->quote && at == cell) {
            is_inside = 1;
        } else if (has_delimiter(data, size, d, at)) {
            out->is_mixed |= is_behind && data[at - 1] == d->quote;
            if (out->marks < room) ends[out->marks] = (uint32_t)at;
            out->marks++;
            at += (size_t)d->delimiter_size - 1;
            cell = at + 1;
            is_behind = 0;
        }
    }
    if (at >= stop && stop < size) return IN_DOUBT;
    if (!is_final && (at >= size || (at + 1 == size && data[at] == '\r'))) return GOES_ON;
    out->is_mixed |= is_behind && data[at - 1] == d->quote;
    out->is_open = is_inside;
    out->cells = out->marks + 1;
    out->end = size;
    if (at < size) {
        at += data[at] == '\r' && at + 1 < size && data[at + 1] == '\n';
        if (out->marks < room) ends[out->marks] = (uint32_t)at;
        out->marks++;
        out->end = at + 1;
    }
    return FOLLOWED;
}

/* Follow the line at `start`, which is no blank one, as the record that it is. It is taken INSIDE if that gives the
 * table's width, or if no quote is text then, which is the same ENDED. Else it is taken ENDED, if that gives the width
 * and INSIDE cannot be meant: it has another width, or would go on into a line that is a record by itself.
 *
 * IN_DOUBT: it may be any of several records. GOES_ON: what tells does not stand before `size`, where the text ends if
 * it `is_final`. `ends`: where delimiters and the line end, its LF in CR LF, stand; those up to `room` are stored. */
static inline enum follow follow_line(const uint8_t *data, size_t size, size_t start, const struct dialect *d,
                                      int is_final, uint32_t *ends, size_t room, struct line *out) {
    size_t width = (size_t)d->width;
    struct line next;
    enum follow found = read_line(data, size, start, d, is_final, INSIDE, ends, room, out);
    int goes_over = out->is_open;
    if (found != FOLLOWED || (!goes_over && (out->cells == width || !out->is_mixed))) return found;
    read_line(data, size, start, d, is_final, ENDED, ends, room, out);
    if (out->is_open || out->is_mixed || out->cells != width) return IN_DOUBT;
    if (!goes_over || (is_final && out->end == size)) return FOLLOWED;
    if (out->end == size) return GOES_ON;
    found = read_line(data, size, out->end, d, is_final, ENDED, NULL, 0, &next);
    if (found != FOLLOWED) return found;
    return next.is_open || next.cells != width || is_break(data[out->end]) ? IN_DOUBT : FOLLOWED;
}

#endif

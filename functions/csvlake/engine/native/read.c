/* Read records into typed columns.
 *
 * It goes tile by tile: some hundred kB of whole records, small enough to stay in the processor's cache. Of a tile it
 * finds where cells end, then reads column after column. A column's kind is that of its first cell; a cell that is not
 * of it refutes the kind for the whole column, and the caller then asks for the column's texts. A quote that leaves
 * its record in doubt refuses the stretch: csvlake/engine/records.py reads it then. */
#include "cells.h"
#include "kernel.h"
#include "lines.h"
#include "masks.h"

enum { LF = '\n', CR = '\r', TILE_BYTES = 128 << 10, SLACK = 64, OVERRUN = 16 };

struct tile {
    const struct reading *reading;
    const struct dialect *dialect;
    const uint32_t *ends; /* rows * width */
    size_t rows;
    size_t end; /* where the next tile starts */
};

struct marks {
    size_t count;      /* positions in `ends` */
    size_t line_ends;  /* of records among them */
    size_t scanned;    /* bytes were looked at up to here */
};

/* ---- where cells end ---- */

static int starts_delimiter(const struct reading *r, const struct dialect *d, size_t at) {
    return has_delimiter(r->data, (size_t)r->size, d, at);
}

/* Return 0 if every quote of a chunk opens a cell, closes one, or is one of a pair; else the bit at which the first is
 * found not to. `carried`: bit 0 tells whether a cell may open at the chunk's first byte, bit 1 whether the byte before
 * it closes one. */
static uint64_t find_odd(uint64_t quotes, uint64_t inside, uint64_t breaks, unsigned *carried) {
    uint64_t opening = quotes & inside, closing = quotes & ~inside, before = breaks | closing;
    uint64_t may_open = before << 1 | (*carried & 1), must_end = closing << 1 | *carried >> 1;
    *carried = (unsigned)(before >> 63) | (unsigned)(closing >> 63) << 1;
    uint64_t odd = (opening & ~may_open) | (must_end & ~(breaks | opening));
    return odd & -odd;
}

/* The same for delimiters of several bytes, quote by quote. */
static uint64_t find_odd_singly(const struct reading *r, const struct dialect *d, size_t base, uint64_t quotes,
                                uint64_t inside) {
    size_t length = (size_t)d->delimiter_size;
    for (; quotes; quotes &= quotes - 1) {
        int bit = lowest(quotes);
        size_t at = base + (size_t)bit;
        if (inside >> bit & 1) {
            uint8_t before = at > (size_t)r->at ? r->data[at - 1] : LF;
            if (is_break(before) || before == d->quote) continue;
            if (at - (size_t)r->at < length || !starts_delimiter(r, d, at - length)) return quotes & -quotes;
        } else if (at + 1 < (size_t)r->size) {
            uint8_t next = r->data[at + 1];
            if (!is_break(next) && next != d->quote && !starts_delimiter(r, d, at + 1)) return quotes & -quotes;
        }
    }
    return 0;
}

/* Store the positions of a chunk's delimiters and line ends. It writes up to eight more than there are. */
static inline size_t store_marks(uint32_t *out, size_t count, uint32_t base, uint64_t bits) {
    size_t total = count + (size_t)__builtin_popcountll(bits);
    while (bits) {
        for (int i = 0; i < 8; i++) {
            out[count + (size_t)i] = base + (uint32_t)__builtin_ctzll(bits | (uint64_t)1 << 63);
            bits &= bits - 1;
        }
        count += 8;
    }
    return total;
}

/* Store the marks of the line at `record`, one of whose quotes is odd, instead of those that stand in it. Return where
 * the next one starts: `record` itself if it has to wait for the next tile, 0 if it is in doubt. */
static size_t mark_line(struct reading *r, const struct dialect *d, size_t record, struct marks *m) {
    while (m->count && r->ends[m->count - 1] >= record) m->count--;
    struct line line;
    size_t room = (size_t)r->most_cells + SLACK - m->count;
    if (follow_line(r->data, (size_t)r->size, record, d, 1, r->ends + m->count, room, &line) != FOLLOWED) return 0;
    if (line.cells > room) return m->count ? record : 0;
    if (line.bits > 127) r->has_high = 1;
    m->count += line.marks;
    m->line_ends += line.marks == line.cells;
    return line.end;
}

/* Find delimiters and line ends outside quotes from `at` on, until there are enough. 0: a record is in doubt. */
static int find_marks(struct reading *r, const struct dialect *d, struct marks *m) {
    const int is_single = d->delimiter_size == 1;
    size_t size = (size_t)r->size, base = (size_t)r->at, record = base;
    uint64_t open = 0;
    unsigned carried = 1;
    *m = (struct marks){0};
    while (base < size && m->count < (size_t)r->most_cells &&
           (base - (size_t)r->at < TILE_BYTES || m->line_ends == 0)) {
        chunk c = load_rest(r->data + base, size - base);
        uint64_t valid = first_bits(size - base);
        uint64_t feeds = find_byte(&c, LF) & valid, returns = find_byte(&c, CR) & valid;
        uint64_t delimiters = find_byte(&c, d->delimiter[0]) & valid, inside = open, odd = 0;
        if (!is_ascii(&c)) r->has_high = 1;
        if (d->quote >= 0) {
            uint64_t quotes = find_byte(&c, (uint8_t)d->quote) & valid;
            if (quotes) inside = prefix_parity(quotes) ^ open;
            uint64_t breaks = (delimiters | feeds | returns) & ~inside;
            odd = is_single ? find_odd(quotes, inside, size - base < CHUNK ? breaks | ~valid : breaks, &carried)
                            : find_odd_singly(r, d, base, quotes, inside);
            open = inside >> 63 ? ~(uint64_t)0 : 0;
        }
        if (returns) { /* LF stands for CR LF */
            uint64_t next = base + CHUNK < size && r->data[base + CHUNK] == LF;
            returns &= ~(feeds >> 1 | next << 63);
        }
        uint64_t ends = (feeds | returns) & ~inside & (odd ? odd - 1 : ~(uint64_t)0);
        m->line_ends += (size_t)__builtin_popcountll(ends);
        m->count = store_marks(r->ends, m->count, (uint32_t)base, ends | (delimiters & ~inside));
        if (ends) record = base + (size_t)highest(ends) + 1;
        base += CHUNK;
        if (odd) {
            if (!(base = mark_line(r, d, record, m))) return 0;
            if (base == record) break;
            record = base;
            open = 0;
            carried = 1;
        }
    }
    m->scanned = base < size ? base : size;
    return !(m->scanned == size && open);
}

static inline int is_line_end(const struct reading *r, size_t at) {
    return at >= (size_t)r->size || r->data[at] == LF || r->data[at] == CR;
}

/* Leave only whole delimiters, where they have several bytes. 0: a quote stands behind two that overlap. */
static int drop_partial(struct reading *r, const struct dialect *d, struct marks *m) {
    size_t kept = 0, next = 0;
    for (size_t i = 0; i < m->count; i++) {
        size_t at = r->ends[i];
        if (!is_line_end(r, at)) {
            if (!starts_delimiter(r, d, at)) continue;
            if (at < next) {
                if (d->quote >= 0) return 0;
                continue;
            }
            next = at + (size_t)d->delimiter_size;
        } else {
            next = at + 1;
        }
        r->ends[kept++] = (uint32_t)at;
    }
    m->count = kept;
    return 1;
}

/* The end of a record's last cell, of which `at` is the line end. */
static inline uint32_t trim_end(const struct reading *r, size_t start, size_t at) {
    return (uint32_t)(at > start && at < (size_t)r->size && r->data[at] == LF && r->data[at - 1] == CR ? at - 1 : at);
}

/* Note where rows start, where every record has the table's width. 0: some has not. */
static int take_even(struct reading *r, const struct marks *m, struct tile *t) {
    size_t width = (size_t)r->width, rows = m->count / width, start = (size_t)r->at;
    if (rows != m->line_ends || rows == 0) return 0;
    for (size_t row = 0; row < rows; row++) {
        if (!is_line_end(r, r->ends[row * width + width - 1])) return 0;
    }
    for (size_t row = 0; row < rows; row++) {
        uint32_t *last = &r->ends[row * width + width - 1];
        size_t at = *last;
        r->starts[row] = (uint32_t)start;
        *last = trim_end(r, start, at);
        start = at + 1;
    }
    t->rows = rows;
    t->ends = r->ends;
    t->end = start;
    return 1;
}

static int is_comment(const struct reading *r, const struct dialect *d, size_t start, size_t end) {
    size_t length = (size_t)d->comment_size;
    while (start < end && r->data[start] == ' ') start++;
    return length > 0 && end - start >= length && memcmp(r->data + start, d->comment, length) == 0;
}

struct found { /* what a tile adds to `reading` once it is read */
    int64_t blank, comments, odd_count;
};

/* Do the same record by record: leave blank lines and comments out, cut and fill up what has not the width. */
static int take_uneven(struct reading *r, const struct dialect *d, const struct marks *m, struct tile *t,
                       struct found *f) {
    size_t width = (size_t)r->width, start = (size_t)r->at, mark = 0, most = (size_t)r->most_cells / width;
    uint32_t step = (uint32_t)d->delimiter_size;
    t->rows = 0;
    t->ends = r->tidy_ends;
    t->end = start;
    while (mark < m->count && t->rows < most) {
        size_t first = mark;
        while (mark < m->count && !is_line_end(r, r->ends[mark])) mark++;
        if (mark == m->count) break;
        size_t cells = mark - first + 1, at = r->ends[mark++];
        uint32_t end = trim_end(r, start, at);
        if (width > 1 && end == start) {
            f->blank++;
        } else {
            int is_odd = cells != width, is_skipped = is_odd && is_comment(r, d, start, end);
            if (is_odd) {
                if (f->odd_count == r->most_odd) return 0;
                r->odd[f->odd_count++] =
                    (struct odd){is_skipped ? -1 : r->rows + (int64_t)t->rows, (int64_t)start, end, (int64_t)cells};
            }
            if (is_skipped) {
                f->comments++;
            } else {
                uint32_t *ends = &r->tidy_ends[t->rows * width];
                for (size_t i = 0; i < width; i++) {
                    /* A cell that is missing is empty: it ends where it starts. */
                    ends[i] = i + 1 < cells ? r->ends[first + i] : (i + 1 == cells ? end : ends[i - 1] + step);
                }
                r->starts[t->rows++] = (uint32_t)start;
            }
        }
        start = at + 1;
        t->end = start;
    }
    return 1;
}

/* ---- columns ---- */

enum { QUOTED = 1, BEHIND }; /* between quotes, or begun there and gone on behind them */

struct cell {
    const uint8_t *data;
    size_t size;
    int quotes;
};

static inline struct cell get_cell(const struct tile *t, size_t row, size_t index) {
    size_t width = (size_t)t->reading->width, at = row * width + index;
    size_t start = index ? t->ends[at - 1] + (size_t)t->dialect->delimiter_size : t->reading->starts[row];
    struct cell out = {t->reading->data + start, t->ends[at] - start, 0};
    if (t->dialect->quote >= 0 && out.size >= 2 && *out.data == t->dialect->quote) {
        out.quotes = out.data[out.size - 1] == t->dialect->quote ? QUOTED : BEHIND;
        if (out.quotes == QUOTED) {
            out.data++;
            out.size -= 2;
        }
    }
    return out;
}

static inline void set_null(struct column *column, size_t row) {
    column->validity[row >> 3] &= (uint8_t)~(1u << (row & 7));
    column->nulls++;
}

/* Choose a column's kind by a cell that is not empty. */
static void decide(struct column *column, const struct cell *cell, size_t rows_before) {
    const uint8_t *data = cell->data;
    memset(column->values, 0, 8 * rows_before + 8);
    column->kind = TEXT;
    if (*data == '-' || (*data >= '0' && *data <= '9')) {
        column->kind = NUMBER;
        if (cell->size >= 10 && data[4] == '-') {
            size_t size = cell->size;
            column->kind = size == 10 ? DATE : NUMBER;
            if (size == 19 || (size >= 21 && size <= 23)) {
                column->kind = data[10] == ' ' || data[10] == 'T' ? TIMESTAMP : REFUTED;
                column->form = (int64_t)size * 256 + data[10];
            }
        }
        return;
    }
    for (int form = 0; form < 3; form++) {
        if (is_word(data, cell->size, &WORDS[form][0]) || is_word(data, cell->size, &WORDS[form][1])) {
            column->kind = BOOLEAN;
            column->form = form;
        }
    }
}

static void look_at_first(const struct tile *t, struct column *column, size_t index) {
    size_t before = (size_t)t->reading->rows;
    for (size_t row = 0; row < t->rows; row++) {
        struct cell cell = get_cell(t, row, index);
        if (cell.size) {
            decide(column, &cell, before);
            return;
        }
    }
}

static void read_nulls(const struct tile *t, struct column *column) {
    size_t before = (size_t)t->reading->rows;
    for (size_t row = 0; row < t->rows; row++) set_null(column, before + row);
}

/* Make room for more digits after the dot in the values so far. */
static int grow_scale(struct column *column, int64_t *values, size_t count, unsigned scale) {
    if (column->digits + scale > MOST_DIGITS) return 0;
    int64_t factor = (int64_t)POWERS[scale - (unsigned)column->scale];
    for (size_t row = 0; row < count; row++) values[row] *= factor;
    column->scale = scale;
    return 1;
}

static int read_numbers(const struct tile *t, struct column *column, size_t index) {
    size_t before = (size_t)t->reading->rows;
    int64_t *values = (int64_t *)(void *)column->values;
    const uint8_t *end = t->reading->data + t->reading->size;
    unsigned scale = (unsigned)column->scale, digits = (unsigned)column->digits;
    for (size_t row = 0; row < t->rows; row++) {
        struct cell cell = get_cell(t, row, index);
        struct number number;
        if (!cell.size) {
            values[before + row] = 0;
            set_null(column, before + row);
            continue;
        }
        if (!read_number(cell.data, cell.size, end, &number)) return 0;
        if (number.whole > digits) {
            digits = number.whole;
            column->digits = digits;
        }
        if (number.fraction > scale) {
            if (!grow_scale(column, values, before + row, number.fraction)) return 0;
            scale = number.fraction;
        }
        if (scale) {
            if (digits + scale > MOST_DIGITS) return 0;
            number.digits *= POWERS[scale - number.fraction];
        } else if (number.digits > (uint64_t)INT64_MAX + (unsigned)number.is_negative) {
            return 0;
        }
        values[before + row] = (int64_t)(number.is_negative ? 0 - number.digits : number.digits);
    }
    return 1;
}

static int read_dates(const struct tile *t, struct column *column, size_t index) {
    size_t before = (size_t)t->reading->rows;
    int32_t *values = (int32_t *)(void *)column->values + before;
    for (size_t row = 0; row < t->rows; row++) {
        struct cell cell = get_cell(t, row, index);
        if (!cell.size) {
            values[row] = 0;
            set_null(column, before + row);
        } else if (cell.size != 10 || !read_date(cell.data, &values[row])) {
            return 0;
        }
    }
    return 1;
}

static int read_timestamps(const struct tile *t, struct column *column, size_t index) {
    size_t before = (size_t)t->reading->rows, size = (size_t)column->form >> 8;
    int64_t *values = (int64_t *)(void *)column->values + before;
    for (size_t row = 0; row < t->rows; row++) {
        struct cell cell = get_cell(t, row, index);
        if (!cell.size) {
            values[row] = 0;
            set_null(column, before + row);
        } else if (cell.size != size || !read_timestamp(cell.data, size, column->form & 255, &values[row])) {
            return 0;
        }
    }
    return 1;
}

static int read_booleans(const struct tile *t, struct column *column, size_t index) {
    size_t before = (size_t)t->reading->rows;
    const struct word *words = WORDS[column->form];
    for (size_t row = 0; row < t->rows; row++) {
        struct cell cell = get_cell(t, row, index);
        size_t at = before + row;
        int is_true = 0;
        if (!cell.size) {
            set_null(column, at);
        } else {
            is_true = is_word(cell.data, cell.size, &words[1]);
            if (!is_true && !is_word(cell.data, cell.size, &words[0])) return 0;
        }
        if (!(at & 7)) column->values[at >> 3] = 0;
        column->values[at >> 3] |= (uint8_t)(is_true << (at & 7));
    }
    return 1;
}

/* Copy a cell; `from` may be read and `to` be written up to `from_end` and `to_end`. */
static inline void copy_cell(uint8_t *to, const uint8_t *to_end, const uint8_t *from, const uint8_t *from_end,
                             size_t size) {
    if (size <= OVERRUN && from_end - from >= OVERRUN && to_end - to >= OVERRUN) {
        memcpy(to, from, OVERRUN);
    } else {
        memcpy(to, from, size);
    }
}

/* Copy what stands between quotes, of two quotes side by side one; return its size. */
static size_t copy_quoted(uint8_t *to, const uint8_t *from, size_t size, int quote) {
    uint8_t *start = to;
    const uint8_t *end = from + size;
    for (const uint8_t *found; from < end && (found = memchr(from, quote, (size_t)(end - from))) != NULL;) {
        size_t length = (size_t)(found - from) + 1;
        memcpy(to, from, length);
        to += length;
        from = found + 1;
        from += from < end && *from == quote;
    }
    if (from < end) {
        memcpy(to, from, (size_t)(end - from));
        to += end - from;
    }
    return (size_t)(to - start);
}

/* Copy a cell that begins between quotes and goes on behind them; return its size. */
static size_t copy_both(uint8_t *to, const uint8_t *from, size_t size, int quote) {
    size_t at = 1;
    for (; at < size; at++) {
        if (from[at] != quote) continue;
        if (at + 1 == size || from[at + 1] != quote) break;
        at++;
    }
    size_t length = copy_quoted(to, from + 1, at - 1, quote), rest = at < size ? size - at - 1 : 0;
    memcpy(to + length, from + size - rest, rest);
    return length + rest;
}

static void read_texts(const struct tile *t, struct column *column, size_t index) {
    size_t before = (size_t)t->reading->rows, used = (size_t)column->used;
    int32_t *offsets = (int32_t *)(void *)column->values + before;
    uint8_t *text = column->text;
    const uint8_t *text_end = text + column->room, *end = t->reading->data + t->reading->size;
    if (before == 0) offsets[0] = 0;
    for (size_t row = 0; row < t->rows; row++) {
        struct cell cell = get_cell(t, row, index);
        if (!cell.size) {
            set_null(column, before + row);
        } else if (cell.quotes == BEHIND) {
            used += copy_both(text + used, cell.data, cell.size, (int)t->dialect->quote);
        } else if (cell.quotes) {
            used += copy_quoted(text + used, cell.data, cell.size, (int)t->dialect->quote);
        } else {
            copy_cell(text + used, text_end, cell.data, end, cell.size);
            used += cell.size;
        }
        offsets[row + 1] = (int32_t)used;
    }
    column->used = (int64_t)used;
}

/* Say how much room a column's texts need for a tile, in case that it has less. */
static int has_room(const struct tile *t, struct column *column, size_t index) {
    size_t needed = (size_t)column->used;
    if (column->room - column->used >= (int64_t)(t->end - (size_t)t->reading->at)) return 1;
    for (size_t row = 0; row < t->rows; row++) needed += get_cell(t, row, index).size;
    column->needed = (int64_t)needed;
    return column->room >= column->needed;
}

static int read_column(const struct tile *t, struct column *column, size_t index) {
    switch (column->kind) {
        case NUMBER: return read_numbers(t, column, index);
        case DATE: return read_dates(t, column, index);
        case TIMESTAMP: return read_timestamps(t, column, index);
        case BOOLEAN: return read_booleans(t, column, index);
        case TEXT: read_texts(t, column, index); return 1;
        case UNDECIDED: read_nulls(t, column); return 1;
        default: return 1; /* refuted: of no use any more */
    }
}

/* ---- all of it ---- */

static int find_rows(struct reading *r, const struct dialect *d, struct tile *t, struct found *f) {
    struct marks m;
    if (!find_marks(r, d, &m)) return REFUSED;
    if (d->delimiter_size > 1 && !drop_partial(r, d, &m)) return REFUSED;
    size_t last = (size_t)r->size - 1;
    if (m.scanned == (size_t)r->size && !(r->data[last] == LF || r->data[last] == CR)) {
        r->ends[m.count++] = (uint32_t)r->size; /* the last record has no line end */
        m.line_ends++;
    }
    if (!take_even(r, &m, t) && !take_uneven(r, d, &m, t, f)) return NEEDS_ODD;
    return t->end == (size_t)r->at ? REFUSED : DONE; /* a record of far too many cells */
}

API int64_t csvlake_read(struct reading *r, const struct dialect *d, struct column *columns) {
    size_t width = (size_t)r->width;
    if (r->at == 0) {
        for (size_t i = 0; i < width; i++) {
            if (columns[i].ask == SKIP) continue;
            columns[i].kind = columns[i].ask == AS_TEXT ? TEXT : UNDECIDED;
            memset(columns[i].validity, 0xFF, ((size_t)r->most_rows + 7) / 8);
            memset(columns[i].values, 0, 8);
        }
    }
    while (r->at < r->size) {
        struct tile t = {.reading = r, .dialect = d};
        struct found f = {.odd_count = r->odd_count};
        int state = find_rows(r, d, &t, &f), lacks_room = 0;
        if (state != DONE) return state;
        if (r->rows + (int64_t)t.rows > r->most_rows) return REFUSED;
        for (size_t i = 0; i < width; i++) {
            if (columns[i].ask == AS_FOUND && columns[i].kind == UNDECIDED) {
                look_at_first(&t, &columns[i], i);
            }
            if (columns[i].ask != SKIP && columns[i].kind == TEXT && !has_room(&t, &columns[i], i)) lacks_room = 1;
        }
        if (lacks_room) return NEEDS_TEXT;
        for (size_t i = 0; i < width; i++) {
            if (columns[i].ask != SKIP && !read_column(&t, &columns[i], i)) columns[i].kind = REFUTED;
        }
        r->rows += (int64_t)t.rows;
        r->blank += f.blank;
        r->comments += f.comments;
        r->odd_count = f.odd_count;
        r->at = (int64_t)t.end;
    }
    return DONE;
}

/* Find where records end by the parity of quotes, and count them, without looking at cells: the second opinion on what
 * read.c finds. It shares nothing with it but masks.h, and lines.h for lines one of whose quotes is out of place. */
#include "kernel.h"
#include "lines.h"
#include "masks.h"

enum { LF = '\n', CR = '\r' };

typedef struct {
    const uint8_t *data;
    size_t size;
    const struct dialect *dialect;
} text;

static int is_delimiter(const text *t, size_t at) { return has_delimiter(t->data, t->size, t->dialect, at); }

/* Whether a quote stands where a cell begins, or is the second one of a pair. */
static int may_open(const text *t, size_t at, size_t start) {
    size_t length = (size_t)t->dialect->delimiter_size;
    if (at == start) return 1;
    uint8_t before = t->data[at - 1];
    return is_break(before) || before == t->dialect->quote || (at - start >= length && is_delimiter(t, at - length));
}

/* Whether a quote stands where a cell ends, or is the first one of a pair. What follows the last byte is not known. */
static int may_close(const text *t, size_t at) {
    if (at + 1 == t->size) return 1;
    uint8_t next = t->data[at + 1];
    return is_break(next) || next == t->dialect->quote || is_delimiter(t, at + 1);
}

/* Return the first quote of a chunk that is out of place, as a bit number; 64 when there is none. */
static int find_odd(const text *t, size_t base, size_t start, uint64_t quotes, uint64_t inside) {
    for (uint64_t left = quotes; left; left &= left - 1) {
        int bit = lowest(left);
        size_t at = base + (size_t)bit;
        if (inside >> bit & 1 ? !may_open(t, at, start) : !may_close(t, at)) return bit;
    }
    return CHUNK;
}

/* The line ends of a chunk: LF, and CR where no LF follows. */
static uint64_t find_ends(const text *t, size_t base, const chunk *c, int is_final) {
    uint64_t feeds = find_byte(c, LF), returns = find_byte(c, CR);
    if (!returns) return feeds;
    size_t next = base + CHUNK;
    uint64_t followed = feeds >> 1;
    if (next < t->size && t->data[next] == LF) followed |= (uint64_t)1 << 63;
    if (t->size - base <= CHUNK && !is_final) followed |= (uint64_t)1 << (t->size - base - 1);
    return feeds | (returns & ~followed);
}

/* Leave the lowest `count` bits. */
static uint64_t keep_first(uint64_t bits, int64_t count) {
    uint64_t left = bits;
    if (__builtin_popcountll(bits) <= count) return bits;
    while (left && count-- > 0) left &= left - 1;
    return bits & ~left;
}

/* Count the line behind the last record end, in which a quote is out of place, if it is a record. 0: the scan ends. */
static int pass_line(const text *t, int64_t stop, int is_final, struct scanned *out) {
    struct line line;
    enum follow found = follow_line(t->data, t->size, (size_t)out->end, t->dialect, is_final, NULL, 0, &line);
    if (found == IN_DOUBT) return 0;
    out->odd = -1;
    if (found == GOES_ON || (int64_t)line.end > stop) return 0;
    out->end = (int64_t)line.end;
    out->records++;
    out->lines += line.marks == line.cells;
    return 1;
}

API void csvlake_scan(const uint8_t *data, int64_t size, int64_t start, int64_t stop, const struct dialect *dialect,
                      int64_t is_final, int64_t most_records, struct scanned *out) {
    text t = {data, (size_t)size, dialect};
    int64_t lines = 0, last_opening = -1;
    uint64_t open = 0;
    *out = (struct scanned){.end = start, .odd = -1};
    for (size_t base = (size_t)start; base < (size_t)stop;) {
        chunk c = load_rest(data + base, t.size - base);
        uint64_t valid = first_bits((size_t)stop - base);
        uint64_t ends = find_ends(&t, base, &c, (int)is_final) & valid, inside = open;
        if (dialect->quote >= 0) {
            uint64_t quotes = find_byte(&c, (uint8_t)dialect->quote) & valid;
            if (quotes) {
                inside = prefix_parity(quotes) ^ open;
                int odd = find_odd(&t, base, (size_t)start, quotes, inside);
                if (odd < CHUNK) {
                    out->odd = (int64_t)base + odd;
                    valid = first_bits((size_t)odd);
                }
                if (quotes & inside) last_opening = (int64_t)base + highest(quotes & inside);
                open = inside >> 63 ? ~(uint64_t)0 : 0;
                out->has_quotes = 1;
            }
        }
        uint64_t record_ends = ends & ~inside & valid;
        if (record_ends) {
            uint64_t kept = keep_first(record_ends, most_records - out->records);
            int is_full = kept != record_ends;
            if (kept) {
                int last = highest(kept);
                out->records += __builtin_popcountll(kept);
                out->lines = lines + __builtin_popcountll(ends & first_bits((size_t)last + 1));
                out->end = (int64_t)base + last + 1;
            }
            if (is_full) {
                out->odd = -1;
                return;
            }
        }
        if (out->odd >= 0) {
            if (out->records == most_records) out->odd = -1;
            if (out->odd < 0 || !pass_line(&t, stop, (int)is_final, out)) return;
            base = (size_t)out->end;
            lines = out->lines;
            open = 0;
            continue;
        }
        lines += __builtin_popcountll(ends);
        base += CHUNK;
    }
    if (!is_final || stop != size) return;
    if (open) {
        out->odd = last_opening;
    } else if (out->end < size && out->records < most_records) {
        out->end = size;
        out->records++;
        out->lines = lines;
    }
}

API void csvlake_balance(const uint8_t *data, int64_t size, int64_t start, int64_t stop, const struct dialect *dialect,
                         int64_t is_final, struct balance *out) {
    text t = {data, (size_t)size, dialect};
    uint64_t open = 0;
    *out = (struct balance){.first = {-1, -1}, .odd = {-1, -1}};
    for (size_t base = (size_t)start; base < (size_t)stop; base += CHUNK) {
        chunk c = load_rest(data + base, t.size - base);
        uint64_t valid = first_bits((size_t)stop - base);
        uint64_t ends = find_ends(&t, base, &c, (int)is_final) & valid, inside = open, quotes = 0;
        if (dialect->quote >= 0 && (quotes = find_byte(&c, (uint8_t)dialect->quote) & valid)) {
            inside = prefix_parity(quotes) ^ open;
            out->quotes += __builtin_popcountll(quotes);
        }
        for (int began = 0; began < 2; began++) {
            uint64_t within = began ? ~inside : inside, outer = ends & ~within;
            if (out->first[began] < 0 && outer) out->first[began] = (int64_t)base + lowest(outer) + 1;
            if (out->odd[began] >= 0 || !quotes) continue;
            int odd = find_odd(&t, base, 0, quotes, within);
            if (odd < CHUNK) out->odd[began] = (int64_t)base + odd;
        }
        open = inside >> 63 ? ~(uint64_t)0 : 0;
    }
}

/* What csvlake/engine/kernel.py calls. Offsets are bytes; a text is shorter than 2 GiB. */
#ifndef CSVLAKE_KERNEL_H
#define CSVLAKE_KERNEL_H

#include <stdint.h>

#define API __attribute__((visibility("default")))

struct dialect {
    const uint8_t *delimiter;
    int64_t delimiter_size; /* at least 1 */
    int64_t quote;          /* -1: quotes are text like any other */
    const uint8_t *comment; /* prefix of comment lines */
    int64_t comment_size;   /* 0: there are none */
    int64_t width;          /* cells of a record */
};

struct scanned {
    int64_t end;        /* behind the last record end that is certain */
    int64_t records;    /* up to there, blank lines among them */
    int64_t lines;      /* physical line ends up to there */
    int64_t odd;        /* the first quote that is out of place and leaves its record in doubt, -1: none */
    int64_t has_quotes;
};

/* Scan data[start:stop] for records. `data` has `size` bytes, and a record starts at `start`; `is_final` tells that
 * the text ends at `size`, where a last record needs no line end and a quote that is open is odd. */
API void csvlake_scan(const uint8_t *data, int64_t size, int64_t start, int64_t stop, const struct dialect *dialect,
                      int64_t is_final, int64_t most_records, struct scanned *out);

/* What counting quotes tells of a stretch that begins anywhere: [0] if it begins outside quotes, [1] if inside. */
struct balance {
    int64_t quotes;
    int64_t first[2]; /* behind the first record end, -1: none */
    int64_t odd[2];   /* the first quote that is out of place, -1: none */
};

/* Count the quotes of data[start:stop]. `data` has `size` bytes; those around the stretch tell whether a quote at its
 * edge is in its place, and whether a line end goes on. `is_final` tells that the text ends at
 * `size`. */
API void csvlake_balance(const uint8_t *data, int64_t size, int64_t start, int64_t stop, const struct dialect *dialect,
                         int64_t is_final, struct balance *out);

enum ask { SKIP, AS_TEXT, AS_FOUND };
enum kind { UNDECIDED, TEXT, NUMBER, DATE, TIMESTAMP, BOOLEAN, REFUTED };

struct column {
    int64_t ask;
    int64_t kind;
    int64_t form;   /* BOOLEAN: index of its words; TIMESTAMP: length * 256 + separator */
    int64_t scale;  /* NUMBER: of the values; the most digits after a dot */
    int64_t digits; /* NUMBER: the most digits before it, a lone zero being none */
    int64_t nulls;
    int64_t used;       /* TEXT: bytes in `text` */
    int64_t room;       /* TEXT: size of `text` */
    int64_t needed;     /* TEXT: the size that the next rows need, where `room` is less */
    uint8_t *text;
    uint8_t *values;    /* 8 * (most_rows + 1) bytes, aligned to 8: int64, int32, int32 offsets of texts, or bits */
    uint8_t *validity;  /* (most_rows + 7) / 8 bytes, bit 0 first: 0 is null */
};

/* A record that has not as many cells as the table. */
struct odd {
    int64_t row; /* -1: it is a comment, and no row */
    int64_t start;
    int64_t end; /* before its line end */
    int64_t cells;
};

enum state { DONE, NEEDS_TEXT, NEEDS_ODD, REFUSED };

struct reading {
    const uint8_t *data;
    int64_t size;
    int64_t width;       /* the dialect's */
    int64_t most_rows;
    int64_t most_cells;  /* of a tile: room of `ends` without its slack of 64; at least 8 * width */
    int64_t most_odd;
    uint32_t *ends;      /* most_cells + 64 */
    uint32_t *tidy_ends; /* most_cells */
    uint32_t *starts;    /* (most_cells + 64) / width + 1 */
    struct odd *odd;
    int64_t at;          /* from here on nothing was read yet */
    int64_t rows;
    int64_t blank;
    int64_t comments;
    int64_t odd_count;
    int64_t has_high;    /* some byte is no ASCII */
};

/* Read whole records into columns, from `at` on, and return a `state`. After NEEDS_TEXT and NEEDS_ODD it goes on when
 * it is called again with more room. Fields behind `odd` are 0 at first, as are those of the columns that tell. */
API int64_t csvlake_read(struct reading *reading, const struct dialect *dialect, struct column *columns);

#endif

/* Feed the engine's kernel random bytes, every buffer as small as it may be: `make fuzz`, for gcc's or clang's sanitizers.
 *
 *     fuzz_kernel SECONDS [SEED]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel.h"

enum { MOST_BYTES = 600, MOST_WIDTH = 6 };

static uint64_t state;

static unsigned below(unsigned limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % limit;
}

static const char *const PARTS[] = {
    ",",  ",",    "\n",   "\n",  "\r\n", "\r",    "\"",   "\"\"", "\",\"", "|",     "||",    ", ",       "#",
    " ",  "a",    "é",    "\xff", "12",  "-0",    "0",    "1.5",  ".",     "-",     "true",  "False",    "2020-02-29",
    "9",  "123456789012345678", "99999999999999999999", "2021-12-31 23:59:59", "2021-12-31T23:59:59.999", "0000-01-01",
    "00.5", "123456.789", "1234567.25", "some longer text that is copied",
};

static size_t make_text(uint8_t *text) {
    size_t size = 0, wanted = 1 + below(below(2) ? 40 : MOST_BYTES);
    while (size < wanted) {
        const char *part = PARTS[below(sizeof PARTS / sizeof *PARTS)];
        size_t length = strlen(part);
        if (size + length > wanted) length = wanted - size;
        memcpy(text + size, part, length);
        size += length;
    }
    return size;
}

static void fail(const char *why) {
    fprintf(stderr, "%s\n", why);
    abort();
}

/* Scan every stretch from the start, and check that ends go up and counts with them. */
static void scan_all(const uint8_t *data, int64_t size, const struct dialect *dialect) {
    struct scanned last = {0}, found;
    for (int64_t stop = 1; stop <= size; stop++) {
        csvlake_scan(data, size, 0, stop, dialect, stop % 2, below(3) ? INT64_MAX : 1 + below(3), &found);
        if (found.end < 0 || found.end > stop || found.records < 0) fail("a scan ended outside its stretch");
    }
    csvlake_scan(data, size, 0, size, dialect, 1, INT64_MAX, &found);
    if (found.end == size) { /* in parts it is the same */
        int64_t at = 0, records = 0, lines = 0;
        while (at < size) {
            csvlake_scan(data, size, at, size, dialect, 1, 1 + below(4), &last);
            if (last.end == at) fail("a scan of a part found no end");
            at = last.end;
            records += last.records;
            lines += last.lines;
        }
        if (records != found.records || lines != found.lines) fail("the parts' counts differ from the whole's");
    }
}

/* Balance the text in two parts, and check that together they tell what the whole does. */
static void balance_all(const uint8_t *data, int64_t size, const struct dialect *dialect) {
    struct balance whole, first, second;
    int64_t cut = 1 + below((unsigned)size);
    csvlake_balance(data, size, 0, size, dialect, 1, &whole);
    csvlake_balance(data, size, 0, cut, dialect, 1, &first);
    csvlake_balance(data, size, cut, size, dialect, 1, &second);
    if (first.quotes + second.quotes != whole.quotes) fail("quotes were lost between two parts");
    for (int began = 0; began < 2; began++) {
        int state = (began + (int)(first.quotes & 1)) & 1;
        if ((first.first[began] < 0 ? second.first[state] : first.first[began]) != whole.first[began]) fail("another first end");
        if ((first.odd[began] < 0 ? second.odd[state] : first.odd[began]) != whole.odd[began]) fail("another odd quote");
    }
}

static void *take(size_t size) {
    void *memory = malloc(size ? size : 1);
    if (!memory) fail("no memory");
    return memory;
}

static void read_all(const uint8_t *data, int64_t size, const struct dialect *dialect) {
    int64_t width = dialect->width, cells = width * (8 + below(40));
    struct scanned counted;
    csvlake_scan(data, size, 0, size, dialect, 1, INT64_MAX, &counted);
    int64_t rows = counted.records ? counted.records : 1, most_odd = 1 + below(3);
    struct column columns[MOST_WIDTH];
    memset(columns, 0, sizeof columns);
    for (int i = 0; i < width; i++) {
        columns[i].ask = below(5) ? (int64_t)1 + below(2) : 0;
        columns[i].values = take(8 * (size_t)(rows + 1));
        columns[i].validity = take((size_t)(rows + 7) / 8);
    }
    struct reading reading = {.data = data, .size = size, .width = width, .most_rows = rows, .most_cells = cells};
    reading.ends = take(4 * (size_t)(cells + 64));
    reading.tidy_ends = take(4 * (size_t)cells);
    reading.starts = take(4 * (size_t)((cells + 64) / width + 1));
    reading.most_odd = most_odd;
    reading.odd = take(sizeof(struct odd) * (size_t)most_odd);
    int64_t answer;
    while ((answer = csvlake_read(&reading, dialect, columns)) == NEEDS_TEXT || answer == NEEDS_ODD) {
        if (answer == NEEDS_ODD) {
            if (most_odd > size) fail("more odd records than bytes");
            most_odd *= 2;
            reading.odd = realloc(reading.odd, sizeof(struct odd) * (size_t)most_odd);
            reading.most_odd = most_odd;
            continue;
        }
        int grew = 0;
        for (int i = 0; i < width; i++) {
            if (columns[i].needed <= columns[i].room) continue;
            columns[i].text = realloc(columns[i].text, (size_t)columns[i].needed);
            columns[i].room = columns[i].needed;
            grew = 1;
        }
        if (!grew) fail("it asks for room and does not say where");
    }
    if (answer == DONE && counted.end == size && reading.rows + reading.blank + reading.comments != counted.records) {
        fail("the two counts differ");
    }
    for (int i = 0; i < width; i++) {
        free(columns[i].values);
        free(columns[i].validity);
        free(columns[i].text);
    }
    free(reading.ends);
    free(reading.tidy_ends);
    free(reading.starts);
    free(reading.odd);
}

int main(int count, char **arguments) {
    static const char *const DELIMITERS[] = {",", "|", "||", ", ", "\n", "\xc2\xa6"};
    static const int QUOTES[] = {'"', '"', '\'', -1};
    time_t end = time(NULL) + (count > 1 ? atoi(arguments[1]) : 10);
    unsigned long long texts = 0;
    state = count > 2 ? strtoull(arguments[2], NULL, 10) : (uint64_t)time(NULL);
    state = state * 2654435761u + 88172645463325252u;
    for (; time(NULL) < end; texts++) {
        uint8_t text[MOST_BYTES];
        size_t size = make_text(text);
        uint8_t *data = take(size); /* of its very size, so that reading on is noticed */
        memcpy(data, text, size);
        const char *delimiter = DELIMITERS[below(6)];
        struct dialect dialect = {(const uint8_t *)delimiter, (int64_t)strlen(delimiter), QUOTES[below(4)],
                                  (const uint8_t *)"#", below(2), 1 + below(MOST_WIDTH)};
        scan_all(data, (int64_t)size, &dialect);
        balance_all(data, (int64_t)size, &dialect);
        for (int i = 0; i < 4; i++) read_all(data, (int64_t)size, &dialect);
        free(data);
    }
    printf("%llu texts\n", texts);
    return 0;
}

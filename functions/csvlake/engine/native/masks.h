/* Look at 64 bytes at once: one bit a byte, the first byte's lowest. SSE2, NEON, or plain C. */
#ifndef CSVLAKE_MASKS_H
#define CSVLAKE_MASKS_H

#include <stddef.h>
#include <stdint.h>
#include "memory.h"

enum { CHUNK = 64 };

#if defined(__SSE2__)
#include <emmintrin.h>

typedef struct {
    __m128i part[4];
} chunk;

static inline chunk load_chunk(const uint8_t *data) {
    chunk out;
    for (int i = 0; i < 4; i++) out.part[i] = _mm_loadu_si128((const __m128i *)(data + 16 * i));
    return out;
}

static inline uint64_t join_masks(const int *bits) {
    uint64_t low = (uint32_t)bits[0] | (uint32_t)bits[1] << 16;
    uint64_t high = (uint32_t)bits[2] | (uint32_t)bits[3] << 16;
    return low | high << 32;
}

static inline uint64_t find_byte(const chunk *c, uint8_t byte) {
    __m128i wanted = _mm_set1_epi8((char)byte);
    int bits[4];
    for (int i = 0; i < 4; i++) bits[i] = _mm_movemask_epi8(_mm_cmpeq_epi8(c->part[i], wanted));
    return join_masks(bits);
}

static inline int is_ascii(const chunk *c) {
    __m128i any = _mm_or_si128(_mm_or_si128(c->part[0], c->part[1]), _mm_or_si128(c->part[2], c->part[3]));
    return _mm_movemask_epi8(any) == 0;
}

#elif defined(__ARM_NEON)
#include <arm_neon.h>

typedef struct {
    uint8x16_t part[4];
} chunk;

static inline chunk load_chunk(const uint8_t *data) {
    chunk out;
    for (int i = 0; i < 4; i++) out.part[i] = vld1q_u8(data + 16 * i);
    return out;
}

static inline uint64_t find_byte(const chunk *c, uint8_t byte) {
    const uint8x16_t bit = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t wanted = vdupq_n_u8(byte), found[4];
    for (int i = 0; i < 4; i++) found[i] = vandq_u8(vceqq_u8(c->part[i], wanted), bit);
    uint8x16_t sum = vpaddq_u8(vpaddq_u8(found[0], found[1]), vpaddq_u8(found[2], found[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

static inline int is_ascii(const chunk *c) {
    uint8x16_t any = vorrq_u8(vorrq_u8(c->part[0], c->part[1]), vorrq_u8(c->part[2], c->part[3]));
    return vmaxvq_u8(any) < 128;
}

#else

typedef struct {
    uint8_t part[CHUNK];
} chunk;

static inline chunk load_chunk(const uint8_t *data) {
    chunk out;
    memcpy(out.part, data, CHUNK);
    return out;
}

static inline uint64_t find_byte(const chunk *c, uint8_t byte) {
    uint64_t found = 0;
    for (int i = 0; i < CHUNK; i++) found |= (uint64_t)(c->part[i] == byte) << i;
    return found;
}

static inline int is_ascii(const chunk *c) {
    uint8_t any = 0;
    for (int i = 0; i < CHUNK; i++) any |= c->part[i];
    return any < 128;
}

#endif

/* Load what is left of a text, at most 64 bytes; the rest of the chunk is zero. */
static inline chunk load_rest(const uint8_t *data, size_t left) {
    uint8_t padded[CHUNK] = {0};
    if (left >= CHUNK) return load_chunk(data);
    memcpy(padded, data, left);
    return load_chunk(padded);
}

/* The bits of the first `count` bytes. */
static inline uint64_t first_bits(size_t count) {
    return count >= CHUNK ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
}

/* Bit i of the result is the parity of bits 0 to i. */
static inline uint64_t prefix_parity(uint64_t bits) {
    for (int by = 1; by < CHUNK; by *= 2) bits ^= bits << by;
    return bits;
}

static inline int lowest(uint64_t bits) { return __builtin_ctzll(bits); }

static inline int highest(uint64_t bits) { return 63 - __builtin_clzll(bits); }

#endif

/* Keyed hash; see sip.h. */
#include "base/sip.h"

#include <string.h>

static inline uint64_t rotate(uint64_t value, unsigned n_bits)
{
    return value << n_bits | value >> (64 - n_bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static inline void run_rounds(uint64_t v[4], unsigned n)
{
    while (n-- > 0)
        sip_round(v);
}

/* Inlined into the two below, where the numbers of rounds are known. */
static inline uint64_t hash(const uint64_t key[2], unsigned n_compress, unsigned n_final, const void *data, size_t size)
{
    uint64_t v[4] = { key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
                      key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U };
    const uint8_t *bytes = data;
    uint64_t word, last = (uint64_t)size << 56;

    for (; size >= 8; size -= 8, bytes += 8) {
        memcpy(&word, bytes, 8);
        v[3] ^= word;
        run_rounds(v, n_compress);
        v[0] ^= word;
    }
    for (size_t i = 0; i < size; i++)
        last |= (uint64_t)bytes[i] << (8 * i);
    v[3] ^= last;
    run_rounds(v, n_compress);
    v[0] ^= last;
    v[2] ^= 0xff;
    run_rounds(v, n_final);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t sb_sip13(const uint64_t key[2], const void *data, size_t size)
{
    return hash(key, 1, 3, data, size);
}

uint64_t sb_sip24(const uint64_t key[2], const void *data, size_t size)
{
    return hash(key, 2, 4, data, size);
}

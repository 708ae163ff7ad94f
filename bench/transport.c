#include "bench/transport.h"

#include <stdio.h>

const char *bench_mode_get_name(enum bench_mode mode)
{
    switch (mode) {
    case BENCH_SEQ:
        return "seq";
    case BENCH_PIPE:
        return "pipe64";
    case BENCH_CONC:
        return "conc16";
    case BENCH_OBJECT_PLAIN:
        return "object-plain";
    case BENCH_OBJECT_STUB:
        return "object-stub";
    case BENCH_OBJECT_NEW:
        return "object-new";
    case BENCH_OBJECT_PROXY:
        return "object-proxy";
    }
    return "?";
}

static uint8_t bench_payload_get(size_t position, uint8_t seed)
{
    return (uint8_t)(position * 7 + position / 251 + seed);
}

void bench_payload_fill(uint8_t *data, size_t size, uint8_t seed)
{
    for (size_t i = 0; i < size; i++)
        data[i] = bench_payload_get(i, seed);
}

static int bench_payload_complain(size_t size, const struct bench_job *job)
{
    fprintf(stderr, "bench: %s: another answer than was asked for (%zu bytes, expected %zu)\n",
            bench_mode_get_name(job->mode), size, job->size);
    return -1;
}

int bench_payload_check(const uint8_t *data, size_t size, const struct bench_job *job)
{
    size_t i = 0;
    while (size == job->size && i < size && data[i] == bench_payload_get(i, job->seed))
        i++;
    return size == job->size && i == size ? 0 : bench_payload_complain(size, job);
}

int bench_payload_check_ends(const uint8_t *data, size_t size, const struct bench_job *job)
{
    return size == job->size && data[0] == bench_payload_get(0, job->seed) &&
                   data[size - 1] == bench_payload_get(size - 1, job->seed)
               ? 0
               : bench_payload_complain(size, job);
}

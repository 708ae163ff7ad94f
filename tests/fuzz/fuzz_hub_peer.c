/*
 * A peer that says anything: its messages, and those of apps which hand it objects and calls. Each opens with three bytes: who (low two
 * bits of the first: 0 and 1 an app, 2 and 3 the peer; the next: the stream), length, type. Afterwards every table must be empty.
 */
#include "tests/fuzz/hub_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_world world;

    fuzz_world_init(&world);
    while (size >= 3) {
        uint8_t who = data[0];
        size_t n = (size_t)data[1] | (size_t)(data[2] & 15) << 8;
        uint16_t type = data[2] >> 4;

        data += 3;
        size -= 3;
        n = n < size ? n : size;
        if (who & 2)
            fuzz_peer_send(&world, who >> 2 & 3, type, data, n);
        else
            fuzz_app_send(&world.apps[who & 1], type, data, n);
        fuzz_reap(&world);
        if ((who & 0xf0) == 0x50)
            fuzz_set_session(&world, !world.has_session);
        data += n;
        size -= n;
    }
    fuzz_world_deinit(&world);
    return 0;
}

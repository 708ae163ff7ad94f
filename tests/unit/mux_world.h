/* Two multiplexers back to back, without sockets, through pipes that a test may cut anywhere. */
#ifndef TESTS_MUX_WORLD_H
#define TESTS_MUX_WORLD_H

#include "base/buf.h"
#include "session/mux.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUX_WORLD_STREAMS 12

struct mux_world;

struct mux_end {
    struct mux_world *world;
    struct sess_mux *mux;
    struct sb_buf pipe; /* bytes on their way to this end */
    uint32_t n_sent[MUX_WORLD_STREAMS], n_got[MUX_WORLD_STREAMS];
    bool is_blocked[MUX_WORLD_STREAMS];
    unsigned busy_of_16; /* chance that a message finds us busy */
    bool has_failed;
};

struct mux_world {
    struct mux_end ends[2];
    uint64_t seed, now_us;
};

/* Small windows and budgets, so that tests reach them. */
extern const struct sess_mux_config mux_world_defaults;

void mux_world_init(struct mux_world *world, const struct sess_mux_config *config, uint64_t seed);
void mux_world_deinit(struct mux_world *world);
int mux_world_send(struct mux_end *from, enum sess_class class, uint32_t stream, size_t size);
void mux_world_push(struct mux_world *world, int from);
void mux_world_deliver(struct mux_world *world, int to, size_t size);
void mux_world_cut(struct mux_world *world);
void mux_world_unblock_all(struct mux_world *world);
void mux_world_drain(struct mux_world *world);
void mux_world_check_arrived(struct mux_world *world);
void mux_world_check_empty(struct mux_world *world);
uint32_t mux_world_roll(struct mux_world *world, uint32_t n);

#endif

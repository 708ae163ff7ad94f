/* The processes of test_softbusd_random_channel.c: both ends of the channels, and a model of what each has said and seen. */
#ifndef TESTS_CHANNEL_SIM_H
#define TESTS_CHANNEL_SIM_H

#include "tests/unit/hub_world.h"

#define N_STEPS 6000
#define N_APPS 4
#define N_STUBS 3
#define N_LIVES 60
#define N_OBJECTS (N_LIVES * (N_STUBS + 1))
#define N_HELD 32
#define N_CHANNELS 512
#define N_QUEUE 4096
#define N_NUMBERS (N_STEPS * 2)

struct held {
    uint64_t handle, channel; /* channel: it is routed */
    uint32_t object, n_arrivals, epoch; /* epoch: of the reference, which may end and come again */
};

struct note { /* what a message says */
    uint32_t number, life, epoch, object, n, passed[2];
};

struct entry { /* on a channel: SEEK when is_seek */
    bool is_seek;
    uint64_t position, stub;
    struct note note;
};

struct channel {
    uint64_t id;
    uint32_t client, server; /* lives */
    bool is_open_at_client, is_open_at_server;
    bool needs_seek;
    uint64_t next;           /* the client's number */
    uint64_t position;       /* the server's */
    struct entry queue[N_QUEUE];
    unsigned first, last;
    struct sb_list detours;  /* struct world_msg, at the server */
    bool is_granted[N_STUBS + 1];
    uint64_t revoked_after[N_STUBS + 1];
};

struct process {
    struct world_app *app;
    uint32_t life;
    struct held held[N_HELD];
    unsigned n_held;
    uint32_t n_sent[N_STUBS + 1];
    bool is_withdrawn[N_STUBS + 1];
    struct wire_grant asked[64];
    unsigned n_asked;
};

struct sim {
    struct world world;
    uint64_t state;
    bool is_calm;
    uint32_t drop_every; /* references end often, or channels are used for long */
    struct process *processes[N_APPS];
    struct channel *channels[N_CHANNELS];
    unsigned n_channels, n_lives;
    uint32_t last_seen[N_OBJECTS][N_LIVES], last_epoch[N_OBJECTS][N_LIVES];
    bool is_taken[N_NUMBERS];
    uint32_t next_number;
    uint64_t n_sent, n_taken, n_refused, n_direct;
};

/* A random number below n. */
uint32_t channel_sim_pick(struct sim *sim, uint32_t n);

/* What a process does, if it can. */
void channel_sim_do_call(struct sim *sim, struct process *process);
void channel_sim_do_drop(struct sim *sim, struct process *process);
void channel_sim_do_get(struct sim *sim, struct process *process);
void channel_sim_do_withdraw(struct sim *sim, struct process *process);
void channel_sim_do_close_channel(struct sim *sim, struct process *process);
void channel_sim_do_grant(struct sim *sim, struct process *process);
void channel_sim_do_serve(struct sim *sim, struct process *process);

/* Gives all known arrivals of the handle back. */
void channel_sim_drop(struct sim *sim, struct process *process, struct held *held);

/* One message of the channel, if there is one whose turn it is. */
bool channel_sim_take_one(struct sim *sim, struct process *process, struct channel *channel);

void channel_sim_read_inbox(struct sim *sim, struct process *process, unsigned n);

#endif

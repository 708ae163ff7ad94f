/* A connection with a hub played by the test, three stubs that the hub knows and that say who is inside, and a proxy. */
#ifndef TESTS_UNIT_THREAD_WORLD_H
#define TESTS_UNIT_THREAD_WORLD_H

#include "softbus/object.h"
#include "tests/unit/hub_end.h"

#include <stdio.h>
#include <stdlib.h>

#define HANDLE 0x1234567800000001u
#define N_STUBS 3
#define CALLER 11
#define OTHER 12
#define CHAIN 700
#define FOREIGN 800

/* In other threads than the test's cmocka cannot fail. */
#define MUST(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

struct world;

struct served {
    struct world *world;
    struct softbus_object *stub;
    uint64_t id;
    unsigned n_inside, n_inside_most, n_begun;
    uint32_t codes[64];
};

struct world {
    struct hub_end end;
    struct softbus *bus;
    struct softbus_object *proxy;
    struct served served[N_STUBS];
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_open; /* the gate of GATED */
};

enum code {
    PLAIN = 1, /* nothing */
    GATED,     /* stays inside until the gate is open */
    CALLING,   /* calls the proxy */
    OTHER_ONE, /* nothing, under another number */
};

/* Runs one test in a world of its own. */
#define THREAD_TEST(name) cmocka_unit_test_setup_teardown(name, thread_world_set_up, thread_world_tear_down)
int thread_world_set_up(void **state);
int thread_world_tear_down(void **state);

void thread_world_open_gate(struct world *world);
void thread_world_await_inside(struct served *served, unsigned n);
/* Makes the stub known to the hub; its id there. */
uint64_t thread_world_offer(struct world *world, struct softbus_object *stub);

/* The next message is the answer, without an error, of this call; of these calls, 1 to n, in any order. */
void thread_world_hear_answer(struct world *world, uint64_t id);
void thread_world_hear_answers(struct world *world, unsigned n);
/* The next message is a call that this process makes for CALLING: its number. */
uint64_t thread_world_hear_nested(struct world *world);

#endif

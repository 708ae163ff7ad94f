#include "examples/counter.h"

#include <softbus/bus.h>
#include <softbus/error.h>
#include <softbus/object.h>
#include <softbus/parcel.h>
#include <softbus/registry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add(struct counter *counter, struct softbus_parcel *request, struct softbus_parcel *reply)
{
    uint32_t amount;

    if (softbus_parcel_read_u32(request, &amount) < 0)
        return SOFTBUS_ERR_BAD_REQUEST;
    counter->sum += amount;
    counter->sums[counter->n_served++ % COUNTER_HISTORY_MAX] = counter->sum;
    return reply ? softbus_parcel_write_u64(reply, counter->sum) : 0; /* a one-way call has no reply */
}

static int tell_history(struct counter *counter, struct softbus_parcel *reply)
{
    uint64_t sums[COUNTER_HISTORY_MAX];
    size_t begin = 0, n = counter->n_served;

    if (n > COUNTER_HISTORY_MAX) {
        begin = n % COUNTER_HISTORY_MAX;
        n = COUNTER_HISTORY_MAX;
    }
    for (size_t i = 0; i < n; i++)
        sums[i] = counter->sums[(begin + i) % COUNTER_HISTORY_MAX];
    return reply ? softbus_parcel_write_u64_array(reply, sums, n) : 0;
}

static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                  struct softbus_parcel *request, struct softbus_parcel *reply)
{
    (void)transaction;
    switch (code) {
    case COUNTER_ADD:
        return add(userdata, request, reply);
    case COUNTER_HISTORY:
        return tell_history(userdata, reply);
    default:
        return SOFTBUS_ERR_UNKNOWN_CODE;
    }
}

static void on_answer(void *userdata, int error, struct softbus_parcel *reply)
{
    struct counter *counter = userdata;
    uint64_t sum;

    if (error == 0 && softbus_parcel_read_u64(reply, &sum) == 0)
        counter->n_answered++;
    else if (error != SOFTBUS_ERR_DISCONNECTED) /* that ends everything, and is told there */
        fprintf(stderr, "%s: %s\n", counter->peer_name, softbus_strerror(error < 0 ? error : SOFTBUS_ERR_BAD_REQUEST));
}

void counter_tick(struct counter *counter)
{
    struct softbus_parcel *request = NULL;
    int r;

    if (!counter->peer)
        return;
    r = softbus_parcel_new(0, &request);
    if (r == 0)
        r = softbus_parcel_write_token(request, COUNTER_DESCRIPTOR);
    if (r == 0)
        r = softbus_parcel_write_u32(request, 1);
    if (r == 0)
        r = softbus_call_async(counter->peer, COUNTER_ADD, request, counter->timeout_ms, on_answer, counter, NULL);
    if (r == 0)
        counter->n_called++;
    else
        on_answer(counter, r, NULL);
    softbus_parcel_free(request);
}

/* The look-up asks only this device's softbusd, which has just said that the service is there. */
static void on_service(void *userdata, const char *device, const char *name, bool is_present)
{
    struct counter *counter = userdata;

    (void)device;
    if (strcmp(name, counter->peer_name) != 0)
        return;
    counter->peer = softbus_object_unref(counter->peer);
    if (is_present && softbus_service_get(counter->bus, NULL, name, 0, &counter->peer) < 0)
        counter->peer = NULL;
    counter_tick(counter);
}

int counter_open(struct counter *counter, int argc, char **argv)
{
    int r;

    memset(counter, 0, sizeof(*counter));
    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: %s NAME PEER [TICK-MS [TIMEOUT-MS]]    (services: its own, and the one it calls)\n", argv[0]);
        return 1;
    }
    counter->peer_name = argv[2];
    counter->tick_ms = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1000;
    counter->timeout_ms = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 0;
    if (counter->tick_ms == 0)
        counter->tick_ms = 1;
    r = softbus_open(NULL, "counter", &counter->bus);
    if (r == 0)
        r = softbus_stub_new(counter->bus, COUNTER_DESCRIPTOR, handle, counter, &counter->stub);
    if (r == 0)
        r = softbus_service_add(counter->bus, argv[1], counter->stub, SOFTBUS_SERVICE_LOCAL);
    if (r == 0)
        r = softbus_service_watch(counter->bus, NULL, on_service, counter, &counter->watch);
    return r;
}

int counter_close(struct counter *counter, int result, unsigned long n_turns)
{
    softbus_unwatch(counter->watch);
    softbus_object_unref(counter->peer);
    softbus_object_unref(counter->stub);
    softbus_close(counter->bus); /* unanswered calls end here, and count as such */
    if (result > 0)
        return 2;
    printf("served %lu, called %lu, answered %lu, turns %lu\n", counter->n_served, counter->n_called,
           counter->n_answered, n_turns);
    if (result == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "%s\n", softbus_strerror(result));
    return EXIT_FAILURE;
}

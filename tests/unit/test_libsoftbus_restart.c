/* A hub that restarts, played: what the library says to the new one, what it does with the answers, and who waits meanwhile. */
#include "libsoftbus/bus.h"
#include "libsoftbus/object.h"
#include "softbus/error.h"
#include "softbus/object.h"
#include "softbus/parcel.h"
#include "softbus/pool.h"
#include "softbus/registry.h"
#include "tests/unit/hub_end.h"
#include "wire/channel.h"
#include "wire/hub.h"
#include "wire/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define OBJECT_DATA "\x0f\x00\x00"

struct world {
    struct hub_end end;
    struct softbus *bus;
    struct softbus_object *stub, *proxy, *received;
    uint64_t stub_id, said_instance, said_proof;
    unsigned n_deaths, n_done, n_lost, n_back, n_names;
    enum softbus_death reason;
    int error;
};

static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    struct world *w = userdata;

    (void)transaction;
    (void)code;
    (void)reply;
    softbus_object_unref(w->received);
    w->received = NULL;
    return softbus_parcel_read_object(request, &w->received);
}

static void on_death(void *userdata, struct softbus_object *object, enum softbus_death reason)
{
    struct world *w = userdata;

    (void)object;
    w->n_deaths++;
    w->reason = reason;
}

static void on_reply(void *userdata, int error, struct softbus_parcel *reply)
{
    struct world *w = userdata;

    (void)reply;
    w->n_done++;
    w->error = error;
}

static void on_state(void *userdata, enum softbus_state state, unsigned n_lost)
{
    struct world *w = userdata;

    if (state == SOFTBUS_STATE_DISCONNECTED)
        w->n_lost++;
    else
        w->n_back++;
    w->n_names += n_lost;
}

static void process_all(struct world *w)
{
    while (softbus_process(w->bus) > 0)
        continue;
}

/* Answers one call of the hub. */
static void answer(struct hub_end *end)
{
    struct wire_call call;

    hub_end_hear_call(end, &call);
    if (call.target != WIRE_HUB)
        abort();
    end->n[0] = end->objects.n ? end->objects.items[0].id : 0;
    hub_end_say_reply(end, call.id, 0, NULL, NULL, 0);
}

/* A proxy with this handle and origin, of the stub 5 there. */
static struct wire_object make_proxy(uint64_t id, uint64_t origin)
{
    return (struct wire_object){ .kind = WIRE_OBJECT_PROXY, .id = id, .flags = WIRE_OBJECT_ORIGIN, .origin = origin, .stub = 5 };
}

static struct softbus_object *receive(struct world *w, uint64_t id, uint64_t origin)
{
    struct wire_object object = make_proxy(id, origin);
    struct softbus_object *received;

    hub_end_say_call(&w->end, 0, w->stub_id, 1, &object, OBJECT_DATA, 3);
    while (!w->received)
        softbus_wait(w->bus, 100);
    received = w->received;
    w->received = NULL;
    return received;
}

/* A service, and a proxy with the handle 9. */
static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    hub_end_open_path(&w->end, &w->bus);
    softbus_set_state_fn(w->bus, on_state, w);
    assert_int_equal(softbus_stub_new(w->bus, "org.example.Test", handle, w, &w->stub), 0);
    hub_end_start(&w->end, answer);
    assert_int_equal(softbus_service_add(w->bus, "org.example.test", w->stub, SOFTBUS_SERVICE_LOCAL), 0);
    hub_end_join(&w->end);
    w->stub_id = w->end.n[0];
    w->proxy = receive(w, 9, 1009);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    softbus_object_unref(w->received);
    softbus_object_unref(w->proxy);
    softbus_object_unref(w->stub);
    softbus_close(w->bus);
    hub_end_close(&w->end);
    free(w);
    return 0;
}

static void restart(struct world *w)
{
    hub_end_restart(&w->end, w->bus, HUB_END_INSTANCE, &w->said_instance, &w->said_proof);
    assert_int_equal(w->said_instance, HUB_END_INSTANCE);
    assert_int_equal(w->said_proof, HUB_END_INSTANCE + 1);
}

static void hear_while_driving(struct world *w, struct wire_call *ret_call)
{
    while (hub_end_is_silent(&w->end))
        softbus_wait(w->bus, 10);
    hub_end_hear_call(&w->end, ret_call);
}

/* OFFER and SERVICE_ADD come first; the latter is answered so. */
static void hear_offers(struct world *w, int32_t status)
{
    struct wire_call call;
    uint64_t stub;

    while (hub_end_is_silent(&w->end))
        softbus_wait(w->bus, 10);
    assert_int_equal(wire_offer_decode(hub_end_hear_type(&w->end, WIRE_OFFER), &stub), 0);
    assert_int_equal(stub, w->stub_id);
    hear_while_driving(w, &call);
    assert_int_equal(call.code, WIRE_HUB_SERVICE_ADD);
    assert_int_equal(w->end.objects.items[0].id, w->stub_id);
    hub_end_say_reply(&w->end, call.id, status, NULL, NULL, 0);
}

/* The claim of the proxy; its number. */
static uint64_t hear_claim(struct world *w, uint64_t origin)
{
    struct wire_call call;

    hear_while_driving(w, &call);
    assert_int_equal(call.code, WIRE_HUB_CLAIM);
    assert_int_equal(wire_load_u64(call.data.data + 1), origin);
    assert_int_equal(wire_load_u64(call.data.data + 10), 5);
    return call.id;
}

static void fulfil(struct world *w, uint64_t claim, uint64_t id, uint64_t origin)
{
    struct wire_object object = make_proxy(id, origin);

    hub_end_say_reply(&w->end, claim, 0, &object, OBJECT_DATA, 3);
}

static void until(struct world *w, const unsigned *count, unsigned n)
{
    while (*count < n)
        softbus_wait(w->bus, 100);
    assert_int_equal(*count, n);
}

static void test_restored(void **state)
{
    struct world *w = *state;
    struct wire_release release;
    struct wire_call call;

    hub_end_go_away(&w->end);
    until(w, &w->n_lost, 1);
    assert_int_equal(softbus_call_async(w->proxy, 3, NULL, 60000, on_reply, w, NULL), 0);
    restart(w);
    hear_offers(w, 0);
    fulfil(w, hear_claim(w, 1009), 33, 1009);
    /* What was put off goes to the new handle. */
    hear_while_driving(w, &call);
    assert_int_equal(call.target, 33);
    assert_int_equal(call.code, 3);
    hub_end_say_reply(&w->end, call.id, 0, NULL, NULL, 0);
    until(w, &w->n_done, 1);
    assert_int_equal(w->error, 0);
    until(w, &w->n_back, 1);
    assert_int_equal(w->n_names, 0);
    assert_int_equal(w->stub->n_outside, 2);
    /* Arrivals are counted anew. */
    w->proxy = softbus_object_unref(w->proxy);
    while (hub_end_is_silent(&w->end))
        softbus_wait(w->bus, 10);
    assert_int_equal(wire_release_decode(hub_end_hear_type(&w->end, WIRE_RELEASE), &release), 0);
    assert_int_equal(release.id, 33);
    assert_int_equal(release.count, 1);
}

/* Calls under way end; a name that somebody else has is counted, and not asked for again. */
static void test_ended(void **state)
{
    struct world *w = *state;
    struct wire_call call;

    assert_int_equal(softbus_call_async(w->proxy, 3, NULL, 60000, on_reply, w, NULL), 0);
    hub_end_hear_call(&w->end, &call);
    restart(w);
    until(w, &w->n_done, 1);
    assert_int_equal(w->error, SOFTBUS_ERR_DISCONNECTED);
    hear_offers(w, WIRE_NAME_TAKEN);
    hear_claim(w, 1009);
    while (softbus_object_is_service(w->stub))
        softbus_wait(w->bus, 10);
    /* Once more, in the middle of it. */
    restart(w);
    while (hub_end_is_silent(&w->end))
        softbus_wait(w->bus, 10);
    hub_end_hear_type(&w->end, WIRE_OFFER);
    fulfil(w, hear_claim(w, 1009), 40, 1009);
    until(w, &w->n_back, 1);
    assert_int_equal(w->n_lost, 1);
    assert_false(softbus_object_is_service(w->stub));
}

static void link_to(struct world *w)
{
    hub_end_start(&w->end, answer);
    assert_int_equal(softbus_link_death(w->proxy, on_death, w, NULL), 0);
    hub_end_join(&w->end);
}

static void test_dead(void **state)
{
    struct world *w = *state;

    link_to(w);
    restart(w);
    hear_offers(w, 0);
    hub_end_say_reply(&w->end, hear_claim(w, 1009), WIRE_DEAD_OBJECT, NULL, NULL, 0);
    until(w, &w->n_deaths, 1);
    assert_int_equal(w->reason, SOFTBUS_DEATH_PROCESS_DIED);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 0), SOFTBUS_ERR_DEAD_OBJECT);
    until(w, &w->n_back, 1);
    process_all(w);
    assert_int_equal(w->n_deaths, 1);
}

/* The link is made again, and fires by the new handle. */
static void test_linked_again(void **state)
{
    struct world *w = *state;
    struct wire_call call;

    link_to(w);
    restart(w);
    hear_offers(w, 0);
    fulfil(w, hear_claim(w, 1009), 34, 1009);
    hear_while_driving(w, &call);
    assert_int_equal(call.code, WIRE_HUB_LINK_DEATH);
    assert_int_equal(wire_load_u64(call.data.data + 1), 34);
    assert_int_equal(w->n_back, 0);
    hub_end_say_reply(&w->end, call.id, 0, NULL, NULL, 0);
    until(w, &w->n_back, 1);
    assert_int_equal(w->n_deaths, 0);
    hub_end_say_death(&w->end, 34, WIRE_DEATH_WITHDRAWN);
    until(w, &w->n_deaths, 1);
    assert_int_equal(w->reason, SOFTBUS_DEATH_WITHDRAWN);
}

/* One proxy, whichever comes first: the answer, or the object by another way. */
static void test_arrives_first(void **state)
{
    struct world *w = *state;
    struct softbus_object *again;
    uint64_t claim;

    restart(w);
    hear_offers(w, 0);
    claim = hear_claim(w, 1009);
    again = receive(w, 35, 1009);
    assert_ptr_equal(again, w->proxy);
    fulfil(w, claim, 35, 1009);
    until(w, &w->n_back, 1);
    assert_int_equal(w->proxy->n_outside, 2);
    softbus_object_unref(again);
}

static void test_again(void **state)
{
    struct world *w = *state;

    restart(w);
    hear_offers(w, 0);
    hub_end_say_reply(&w->end, hear_claim(w, 1009), WIRE_AGAIN, NULL, NULL, 0);
    fulfil(w, hear_claim(w, 1009), 36, 1009);
    until(w, &w->n_back, 1);
    assert_false(softbus_object_is_dead(w->proxy));
}

/* A hub that does not know us: nothing is offered as it was, nothing is claimed. */
static void test_stranger(void **state)
{
    struct world *w = *state;

    link_to(w);
    hub_end_restart(&w->end, w->bus, 78, &w->said_instance, &w->said_proof);
    hear_offers(w, 0);
    until(w, &w->n_deaths, 1);
    until(w, &w->n_back, 1);
    assert_true(softbus_object_is_dead(w->proxy));
    assert_true(hub_end_is_silent(&w->end));
}

static void test_remote(void **state)
{
    struct world *w = *state;
    struct wire_object object = hub_end_make_proxy(50, WIRE_OBJECT_REMOTE | WIRE_OBJECT_SERVICE, 0);

    softbus_object_unref(w->proxy);
    hub_end_hear_type(&w->end, WIRE_RELEASE);
    hub_end_say_call(&w->end, 0, w->stub_id, 1, &object, OBJECT_DATA, 3);
    while (!w->received)
        softbus_wait(w->bus, 100);
    w->proxy = w->received;
    w->received = NULL;
    link_to(w);
    hub_end_go_away(&w->end);
    until(w, &w->n_deaths, 1);
    assert_int_equal(w->reason, SOFTBUS_DEATH_DEVICE_LOST);
}

/* Nobody comes: a call waits for its own deadline, and was not sent. */
static void test_no_hub(void **state)
{
    struct world *w = *state;

    hub_end_go_away(&w->end);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 30), SOFTBUS_ERR_DISCONNECTED);
    assert_int_equal(softbus_call_async(w->proxy, 1, NULL, 30, on_reply, w, NULL), 0);
    until(w, &w->n_done, 1);
    assert_int_equal(w->error, SOFTBUS_ERR_DISCONNECTED);
    softbus_set_reconnect(w->bus, 1);
    while (softbus_wait(w->bus, 100) >= 0)
        continue;
    assert_int_equal(softbus_run(w->bus), SOFTBUS_ERR_DISCONNECTED);
    assert_int_equal(softbus_call_oneway(w->proxy, 1, NULL), SOFTBUS_ERR_DISCONNECTED);
}

/* --- threads --- */

#define N_THREADS 6

static void *call_until_answered(void *userdata)
{
    struct world *w = userdata;
    int r;

    do
        r = softbus_call(w->proxy, 1, NULL, NULL, 60000);
    while (r == SOFTBUS_ERR_DISCONNECTED);
    return (void *)(intptr_t)r;
}

/* Answers whatever comes until n[1] calls of handle n[2] were answered. */
static void serve(struct hub_end *end)
{
    for (unsigned n = 0; n < end->n[1];) {
        struct wire_msg message;
        struct wire_call call;
        struct wire_object object = make_proxy(end->n[2], 1009);

        if (!hub_end_hear(end, &message))
            abort();
        if (message.type != WIRE_CALL)
            continue;
        if (wire_call_decode(message.body, &call, &end->objects) < 0)
            abort();
        if (call.target == end->n[2])
            n++;
        if (call.target == WIRE_HUB && call.code == WIRE_HUB_CLAIM)
            hub_end_say_reply(end, call.id, 0, &object, OBJECT_DATA, 3);
        else
            hub_end_say_reply(end, call.id, 0, NULL, NULL, 0);
    }
}

/* All of them wait with the old hub; all are woken, go to the new one, and are answered. */
static void threads_go_over(struct world *w)
{
    pthread_t threads[N_THREADS];
    struct wire_call call;

    for (unsigned i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_until_answered, w), 0);
    for (unsigned i = 0; i < N_THREADS; i++)
        hub_end_hear_call(&w->end, &call);
    hub_end_restart(&w->end, NULL, HUB_END_INSTANCE, &w->said_instance, &w->said_proof);
    w->end.n[1] = N_THREADS;
    w->end.n[2] = 60;
    serve(&w->end);
    for (unsigned i = 0; i < N_THREADS; i++) {
        void *result;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_int_equal((intptr_t)result, 0);
    }
}

static void test_threads(void **state)
{
    threads_go_over(*state);
}

static void test_pool(void **state)
{
    struct world *w = *state;

    assert_int_equal(softbus_pool_start(w->bus, 4), 0);
    threads_go_over(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_restored),      TEST(test_ended), TEST(test_dead),     TEST(test_linked_again), TEST(test_arrives_first),
        TEST(test_again),         TEST(test_stranger), TEST(test_remote), TEST(test_no_hub),      TEST(test_threads),
        TEST(test_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

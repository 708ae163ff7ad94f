/* See thread_world.h. */
#include "tests/unit/thread_world.h"

#include "libsoftbus/bus.h"
#include "softbus/error.h"
#include "softbus/parcel.h"
#include "softbus/registry.h"
#include "wire/hub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define OBJECT_DATA "\x0f\x00\x00"

static void enter(struct served *served, uint32_t code)
{
    struct world *w = served->world;

    pthread_mutex_lock(&w->mutex);
    served->codes[served->n_begun++ % 64] = code;
    if (++served->n_inside > served->n_inside_most)
        served->n_inside_most = served->n_inside;
    pthread_cond_broadcast(&w->changed);
    while (code == GATED && !w->is_open)
        pthread_cond_wait(&w->changed, &w->mutex);
    pthread_mutex_unlock(&w->mutex);
}

static void leave(struct served *served)
{
    pthread_mutex_lock(&served->world->mutex);
    served->n_inside--;
    pthread_mutex_unlock(&served->world->mutex);
}

static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    struct served *served = userdata;
    int r = 0;

    (void)transaction;
    (void)request;
    (void)reply;
    enter(served, code);
    if (code == CALLING)
        r = softbus_call(served->world->proxy, 1, NULL, NULL, 0);
    leave(served);
    return r;
}

void thread_world_open_gate(struct world *w)
{
    pthread_mutex_lock(&w->mutex);
    w->is_open = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}

void thread_world_await_inside(struct served *served, unsigned n)
{
    pthread_mutex_lock(&served->world->mutex);
    while (served->n_inside < n)
        pthread_cond_wait(&served->world->changed, &served->world->mutex);
    pthread_mutex_unlock(&served->world->mutex);
}

/* --- a connection with stubs that the hub knows, and a proxy --- */

static int keep_object(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                       struct softbus_parcel *request, struct softbus_parcel *reply)
{
    (void)transaction;
    (void)code;
    (void)reply;
    return softbus_parcel_read_object(request, userdata);
}

static void answer_add(struct hub_end *end)
{
    struct wire_call call;

    hub_end_hear_call(end, &call);
    MUST(call.target == WIRE_HUB && call.code == WIRE_HUB_SERVICE_ADD && end->objects.n == 1);
    end->n[0] = end->objects.items[0].id;
    hub_end_say_reply(end, call.id, 0, NULL, NULL, 0);
}

uint64_t thread_world_offer(struct world *w, struct softbus_object *stub)
{
    hub_end_start(&w->end, answer_add);
    assert_int_equal(softbus_service_add(w->bus, "org.example.test", stub, SOFTBUS_SERVICE_LOCAL), 0);
    hub_end_join(&w->end);
    return w->end.n[0];
}

static struct softbus_object *receive_proxy(struct world *w)
{
    struct softbus_object *keeper, *proxy = NULL;
    struct wire_object object = hub_end_make_proxy(HANDLE, 0, 0);

    assert_int_equal(softbus_stub_new(w->bus, "keeper", keep_object, &proxy, &keeper), 0);
    hub_end_say_call(&w->end, 0, thread_world_offer(w, keeper), 1, &object, OBJECT_DATA, 3);
    while (softbus_process(w->bus) > 0)
        continue;
    assert_non_null(proxy);
    softbus_object_unref(keeper);
    return proxy;
}

int thread_world_set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, NULL);
    hub_end_open(&w->end, &w->bus);
    w->proxy = receive_proxy(w);
    for (unsigned i = 0; i < N_STUBS; i++) {
        w->served[i].world = w;
        assert_int_equal(softbus_stub_new(w->bus, "org.example.Test", handle, &w->served[i], &w->served[i].stub), 0);
        w->served[i].id = thread_world_offer(w, w->served[i].stub);
    }
    *state = w;
    return 0;
}

int thread_world_tear_down(void **state)
{
    struct world *w = *state;

    thread_world_open_gate(w);
    softbus_object_unref(w->proxy);
    for (unsigned i = 0; i < N_STUBS; i++)
        softbus_object_unref(w->served[i].stub);
    softbus_close(w->bus);
    hub_end_close(&w->end);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w);
    return 0;
}

void thread_world_hear_answer(struct world *w, uint64_t id)
{
    struct wire_reply reply;

    hub_end_hear_reply(&w->end, &reply);
    assert_int_equal(reply.id, id);
    assert_int_equal(reply.status, 0);
}

void thread_world_hear_answers(struct world *w, unsigned n)
{
    uint64_t heard = 0;

    for (unsigned i = 0; i < n; i++) {
        struct wire_reply reply;

        hub_end_hear_reply(&w->end, &reply);
        assert_int_equal(reply.status, 0);
        assert_in_range(reply.id, 1, n);
        assert_false(heard & (uint64_t)1 << reply.id);
        heard |= (uint64_t)1 << reply.id;
    }
}

uint64_t thread_world_hear_nested(struct world *w)
{
    struct wire_call call;

    hub_end_hear_call(&w->end, &call);
    assert_true(call.target == HANDLE);
    assert_int_equal(call.trace, CHAIN);
    return call.id;
}

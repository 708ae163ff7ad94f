/*
 * The rules, cell by cell: what may be passed to whom, in requests and in replies; sizes; links to death. Device r hosts
 * the remote stub, a holds its proxies, d is the third. a trusts both, r and d do not know each other.
 */
#include "tests/integration/kit.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT 204800
#define BYTES_OVERHEAD 5 /* tag and length of a byte buffer */

struct scene {
    struct lab_device *a, *r, *d;
    struct softbus *bus1, *bus2, *bus3, *bus_r, *bus_d; /* 1 to 3 on a */
    struct kit *kit1, *kit2, *kit3, *kit_r, *kit_d;
    /* What app 1 holds: */
    struct softbus_object *app2, *app3, *on_r, *on_d;
    /* What others hold of app 2's and r's services: */
    struct softbus_object *app2_from_3, *app2_from_r, *app2_from_d;
};

static void start_devices(struct lab *lab)
{
    struct lab_device *a = lab_device_add(lab, "a", NULL), *r = lab_device_add(lab, "r", NULL),
                      *d = lab_device_add(lab, "d", NULL);
    lab_meet(a, r);
    lab_meet(a, d);
}

static void open_scene(struct lab *lab, struct scene *s)
{
    *s = (struct scene){ .a = lab_get_device(lab, 0), .r = lab_get_device(lab, 1), .d = lab_get_device(lab, 2) };
    s->bus1 = lab_bus_open(lab, s->a, "app1");
    s->bus2 = lab_bus_open(lab, s->a, "app2");
    s->bus3 = lab_bus_open(lab, s->a, "app3");
    s->bus_r = lab_bus_open(lab, s->r, "app-r");
    s->bus_d = lab_bus_open(lab, s->d, "app-d");
    s->kit1 = kit_new(lab, s->bus1, NULL, 0);
    s->kit2 = kit_new(lab, s->bus2, "rules.app2", SOFTBUS_SERVICE_DISTRIBUTED);
    s->kit3 = kit_new(lab, s->bus3, "rules.app3", SOFTBUS_SERVICE_DISTRIBUTED);
    s->kit_r = kit_new(lab, s->bus_r, "rules.r", SOFTBUS_SERVICE_DISTRIBUTED);
    s->kit_d = kit_new(lab, s->bus_d, "rules.d", SOFTBUS_SERVICE_DISTRIBUTED);
    kit_watch_refusals(s->kit2);
    s->app2 = kit_get(lab, s->bus1, NULL, "rules.app2");
    s->app3 = kit_get(lab, s->bus1, NULL, "rules.app3");
    s->on_r = kit_get(lab, s->bus1, s->r, "rules.r");
    s->on_d = kit_get(lab, s->bus1, s->d, "rules.d");
    s->app2_from_3 = kit_get(lab, s->bus3, NULL, "rules.app2");
    s->app2_from_r = kit_get(lab, s->bus_r, s->a, "rules.app2");
    s->app2_from_d = kit_get(lab, s->bus_d, s->a, "rules.app2");
}

static void close_scene(struct lab *lab, struct scene *s)
{
    struct softbus_object *const objects[] = { s->app2,        s->app3,        s->on_r,       s->on_d,
                                               s->app2_from_3, s->app2_from_r, s->app2_from_d };
    struct kit *const kits[] = { s->kit1, s->kit2, s->kit3, s->kit_r, s->kit_d };
    struct softbus *const buses[] = { s->bus1, s->bus2, s->bus3, s->bus_r, s->bus_d };
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
        softbus_object_unref(objects[i]);
    for (size_t i = 0; i < sizeof(kits) / sizeof(kits[0]); i++)
        kit_free(kits[i]);
    for (size_t i = 0; i < sizeof(buses) / sizeof(buses[0]); i++)
        lab_bus_close(lab, buses[i]);
    lab_device_check_empty(s->a);
    lab_device_check_empty(s->r);
    lab_device_check_empty(s->d);
}

/* A proxy that arrived somewhere works, and says of itself what the table says. */
static void check_proxy(struct lab *lab, struct softbus_object *object, bool is_remote, unsigned hops,
                        const struct lab_device *home)
{
    int32_t sum;
    LAB_CHECK(lab, !softbus_object_is_stub(object));
    LAB_EQUAL(lab, softbus_object_is_remote(object), is_remote);
    LAB_EQUAL(lab, softbus_object_get_hops(object), hops);
    LAB_TEXT(lab, softbus_object_get_device(object), lab_device_get_id(home));
    LAB_OK(lab, kit_add(lab, object, 40, 2, &sum));
    LAB_EQUAL(lab, sum, 42);
}

static void test_own_stub(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    LAB_OK(lab, kit_hold(lab, s.app2, s.kit1->stub));
    check_proxy(lab, s.kit2->held[0], false, 0, s.a);
    LAB_CHECK(lab, !softbus_object_is_service(s.kit2->held[0]));
    LAB_OK(lab, kit_hold(lab, s.on_r, s.kit1->stub));
    check_proxy(lab, s.kit_r->held[0], true, 0, s.a);
    /* In a reply: the kit of app 2 gives itself. */
    struct softbus_object *given;
    s.kit2->held[1] = softbus_object_ref(s.kit2->stub);
    s.kit2->n_held = 2;
    LAB_OK(lab, kit_give(lab, s.app2, 1, &given));
    LAB_CHECK(lab, given == s.app2);
    softbus_object_unref(given);
    LAB_OK(lab, kit_give(lab, s.app2_from_r, 1, &given));
    LAB_CHECK(lab, given == s.app2_from_r);
    check_proxy(lab, given, true, 0, s.a);
    softbus_object_unref(given);
    close_scene(lab, &s);
}

static void test_proxy_of_this_device(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    /* From 1 to 2 to 3 and back to 1, as often as one likes; in its owner it is the stub. */
    LAB_OK(lab, kit_hold(lab, s.app2, s.app3));
    check_proxy(lab, s.kit2->held[0], false, 0, s.a);
    struct softbus_object *back;
    LAB_OK(lab, kit_give(lab, s.app2, 0, &back));
    LAB_CHECK(lab, back == s.app3);
    LAB_OK(lab, kit_hold(lab, s.app2, back));
    LAB_OK(lab, kit_hold(lab, s.app3, back));
    LAB_CHECK(lab, s.kit3->held[0] == s.kit3->stub);
    softbus_object_unref(back);
    /* App 3 gets its own stub in a reply of app 2. */
    LAB_OK(lab, kit_give(lab, s.app2_from_3, 0, &back));
    LAB_CHECK(lab, back == s.kit3->stub);
    softbus_object_unref(back);
    /* To another device: a proxy to this one. */
    LAB_OK(lab, kit_hold(lab, s.on_r, s.app3));
    check_proxy(lab, s.kit_r->held[0], true, 0, s.a);
    LAB_OK(lab, kit_give(lab, s.app2_from_r, 0, &back));
    LAB_CHECK(lab, back == s.kit_r->held[0]);
    softbus_object_unref(back);
    close_scene(lab, &s);
}

static void test_remote_proxy_passed_once(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    LAB_EQUAL(lab, softbus_object_get_hops(s.on_r), 0);
    LAB_OK(lab, kit_hold(lab, s.app2, s.on_r));
    check_proxy(lab, s.kit2->held[0], true, 1, s.r);
    /* The same process may pass it to others too: it is its own reference that has hop 0. */
    LAB_OK(lab, kit_hold(lab, s.app3, s.on_r));
    check_proxy(lab, s.kit3->held[0], true, 1, s.r);
    /* Hop 1 goes to nobody here, not even back: rule 4, in a request and in a reply. */
    struct softbus_object *app3 = kit_get(lab, s.bus2, NULL, "rules.app3"), *given = NULL;
    unsigned n_calls = s.kit3->n_calls;
    LAB_RESULT(lab, kit_hold(lab, app3, s.kit2->held[0]), SOFTBUS_ERR_DOUBLE_FORWARD);
    struct softbus_parcel *parcel = kit_parcel(lab, 0);
    LAB_OK(lab, softbus_parcel_write_object(parcel, s.kit2->held[0]));
    LAB_RESULT(lab, softbus_call_oneway(app3, KIT_HOLD, parcel), SOFTBUS_ERR_DOUBLE_FORWARD);
    softbus_parcel_free(parcel);
    LAB_EQUAL(lab, s.kit3->n_calls, n_calls); /* nothing was sent */
    LAB_EQUAL(lab, s.kit2->n_refused, 0);
    LAB_RESULT(lab, kit_give(lab, s.app2_from_3, 0, &given), SOFTBUS_ERR_DOUBLE_FORWARD);
    LAB_UNTIL(lab, s.kit2->n_refused == 1);
    LAB_RESULT(lab, s.kit2->refused_error, SOFTBUS_ERR_DOUBLE_FORWARD);
    LAB_RESULT(lab, kit_give(lab, s.app2, 0, &given), SOFTBUS_ERR_DOUBLE_FORWARD);
    LAB_CHECK(lab, given == NULL);
    softbus_object_unref(app3);
    close_scene(lab, &s);
}

static void test_lower_hop_wins(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    LAB_OK(lab, kit_hold(lab, s.app2, s.on_r));
    LAB_EQUAL(lab, softbus_object_get_hops(s.kit2->held[0]), 1);
    /* App 2 gets the same stub from its device: the same proxy, now with hop 0, and may pass it. */
    struct softbus_object *direct = kit_get(lab, s.bus2, s.r, "rules.r"), *app3 = kit_get(lab, s.bus2, NULL, "rules.app3");
    LAB_CHECK(lab, direct == s.kit2->held[0]);
    LAB_EQUAL(lab, softbus_object_get_hops(direct), 0);
    LAB_OK(lab, kit_hold(lab, app3, direct));
    LAB_EQUAL(lab, softbus_object_get_hops(s.kit3->held[0]), 1);
    /* The other way round the lower one stays. */
    LAB_OK(lab, kit_hold(lab, s.app2, s.on_r));
    LAB_EQUAL(lab, softbus_object_get_hops(direct), 0);
    softbus_object_unref(direct);
    softbus_object_unref(app3);
    close_scene(lab, &s);
}

static void test_passback(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    /* Hop 0, in a request, one-way, and in a reply; then hop 1. */
    unsigned n_calls = s.kit_r->n_calls;
    LAB_RESULT(lab, kit_hold(lab, s.on_r, s.on_r), SOFTBUS_ERR_PASSBACK);
    struct softbus_parcel *parcel = kit_parcel(lab, 0);
    LAB_OK(lab, softbus_parcel_write_object(parcel, s.on_r));
    LAB_RESULT(lab, softbus_call_oneway(s.on_r, KIT_HOLD, parcel), SOFTBUS_ERR_PASSBACK);
    softbus_parcel_free(parcel);
    LAB_EQUAL(lab, s.kit_r->n_calls, n_calls);
    struct softbus_object *given = NULL;
    s.kit2->held[s.kit2->n_held++] = kit_get(lab, s.bus2, s.r, "rules.r");
    LAB_EQUAL(lab, softbus_object_get_hops(s.kit2->held[0]), 0);
    LAB_RESULT(lab, kit_give(lab, s.app2_from_r, 0, &given), SOFTBUS_ERR_PASSBACK);
    LAB_UNTIL(lab, s.kit2->n_refused == 1);
    LAB_RESULT(lab, s.kit2->refused_error, SOFTBUS_ERR_PASSBACK);
    kit_drop_all(s.kit2);
    LAB_OK(lab, kit_hold(lab, s.app2, s.on_r));
    struct softbus_object *on_r_from_2 = softbus_object_ref(s.kit2->held[0]);
    LAB_EQUAL(lab, softbus_object_get_hops(on_r_from_2), 1);
    LAB_RESULT(lab, kit_hold(lab, on_r_from_2, on_r_from_2), SOFTBUS_ERR_PASSBACK);
    LAB_RESULT(lab, kit_give(lab, s.app2_from_r, 0, &given), SOFTBUS_ERR_PASSBACK);
    LAB_CHECK(lab, given == NULL);
    LAB_UNTIL(lab, s.kit2->n_refused == 2);
    softbus_object_unref(on_r_from_2);
    close_scene(lab, &s);
}

static void test_no_introduction(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    unsigned n_calls = s.kit_d->n_calls;
    LAB_RESULT(lab, kit_hold(lab, s.on_d, s.on_r), SOFTBUS_ERR_NO_INTRODUCTION);
    LAB_EQUAL(lab, s.kit_d->n_calls, n_calls);
    LAB_OK(lab, kit_hold(lab, s.app2, s.on_r));
    struct softbus_object *on_d = kit_get(lab, s.bus2, s.d, "rules.d"), *given = NULL;
    LAB_RESULT(lab, kit_hold(lab, on_d, s.kit2->held[0]), SOFTBUS_ERR_NO_INTRODUCTION);
    LAB_RESULT(lab, kit_give(lab, s.app2_from_d, 0, &given), SOFTBUS_ERR_NO_INTRODUCTION);
    LAB_CHECK(lab, given == NULL);
    LAB_UNTIL(lab, s.kit2->n_refused == 1);
    LAB_RESULT(lab, s.kit2->refused_error, SOFTBUS_ERR_NO_INTRODUCTION);
    softbus_object_unref(on_d);
    close_scene(lab, &s);
}

/* One broken object refuses the whole parcel: what was beside it has not arrived either. */
static void test_nothing_of_a_refused_parcel(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    struct softbus_parcel *parcel = kit_parcel(lab, 0);
    LAB_OK(lab, softbus_parcel_write_object(parcel, s.kit1->stub));
    LAB_OK(lab, softbus_parcel_write_object(parcel, s.on_r));
    LAB_RESULT(lab, lab_call(lab, s.on_r, KIT_HOLD, parcel, NULL, 0), SOFTBUS_ERR_PASSBACK);
    softbus_parcel_free(parcel);
    LAB_EQUAL(lab, s.kit_r->n_held, 0);
    close_scene(lab, &s);
}

/* A request whose parcel has exactly that size. */
static int send_size(struct lab *lab, struct softbus_object *object, size_t size)
{
    struct softbus_parcel *request = kit_parcel(lab, SOFTBUS_PARCEL_MAX_CAPACITY), *reply = kit_parcel(lab, 0);
    void *data = calloc(1, size);
    LAB_OK(lab, softbus_parcel_write_bytes(request, data, size - BYTES_OVERHEAD));
    LAB_EQUAL(lab, softbus_parcel_get_size(request), size);
    int r = lab_call(lab, object, KIT_STATS, request, reply, 0);
    if (r < 0)
        LAB_RESULT(lab, softbus_call_oneway(object, KIT_STATS, request), r);
    free(data);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    return r;
}

/* A reply whose parcel has exactly that size. */
static int receive_size(struct lab *lab, struct softbus_object *object, uint32_t size)
{
    struct softbus_parcel *request = kit_parcel(lab, 0), *reply = kit_parcel(lab, SOFTBUS_PARCEL_MAX_CAPACITY);
    softbus_parcel_write_u32(request, size);
    int r = lab_call(lab, object, KIT_FILL, request, reply, 0);
    if (r == 0)
        LAB_EQUAL(lab, softbus_parcel_get_size(reply), size);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    return r;
}

static void test_size_local(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    LAB_OK(lab, send_size(lab, s.app2, LIMIT));
    unsigned n_calls = s.kit2->n_calls;
    LAB_RESULT(lab, send_size(lab, s.app2, LIMIT + 1), SOFTBUS_ERR_TOO_LARGE);
    LAB_RESULT(lab, send_size(lab, s.app2, SOFTBUS_PARCEL_MAX_CAPACITY), SOFTBUS_ERR_TOO_LARGE);
    LAB_EQUAL(lab, s.kit2->n_calls, n_calls);
    LAB_OK(lab, receive_size(lab, s.app2, LIMIT));
    LAB_OK(lab, s.kit2->fill_result);
    LAB_RESULT(lab, receive_size(lab, s.app2, LIMIT + 1), SOFTBUS_ERR_FAILED);
    LAB_RESULT(lab, s.kit2->fill_result, SOFTBUS_ERR_PARCEL_FULL);
    close_scene(lab, &s);
}

static void test_size_of_a_parcel(struct lab *lab)
{
    struct softbus_parcel *parcel = kit_parcel(lab, 0), *too_large;
    void *data = calloc(1, LIMIT);
    LAB_EQUAL(lab, softbus_parcel_get_capacity(parcel), LIMIT);
    LAB_OK(lab, softbus_parcel_write_u8(parcel, 1));
    LAB_RESULT(lab, softbus_parcel_write_bytes(parcel, data, LIMIT - BYTES_OVERHEAD - 1), SOFTBUS_ERR_PARCEL_FULL);
    LAB_EQUAL(lab, softbus_parcel_get_size(parcel), 2);
    LAB_OK(lab, softbus_parcel_write_bytes(parcel, data, LIMIT - BYTES_OVERHEAD - 2));
    LAB_EQUAL(lab, softbus_parcel_get_size(parcel), LIMIT);
    LAB_RESULT(lab, softbus_parcel_write_bool(parcel, true), SOFTBUS_ERR_PARCEL_FULL);
    LAB_RESULT(lab, softbus_parcel_new(SOFTBUS_PARCEL_MAX_CAPACITY + 1, &too_large), SOFTBUS_ERR_INVALID);
    free(data);
    softbus_parcel_free(parcel);
}

static void test_size_remote(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    LAB_OK(lab, send_size(lab, s.on_r, LIMIT + 1));
    LAB_OK(lab, send_size(lab, s.on_r, SOFTBUS_PARCEL_MAX_CAPACITY));
    LAB_OK(lab, receive_size(lab, s.on_r, LIMIT + 1));
    LAB_OK(lab, receive_size(lab, s.on_r, SOFTBUS_PARCEL_MAX_CAPACITY));
    LAB_RESULT(lab, receive_size(lab, s.on_r, SOFTBUS_PARCEL_MAX_CAPACITY + 1), SOFTBUS_ERR_FAILED);
    LAB_RESULT(lab, s.kit_r->fill_result, SOFTBUS_ERR_PARCEL_FULL);
    LAB_OK(lab, kit_echo(lab, s.on_r, SOFTBUS_PARCEL_MAX_CAPACITY - BYTES_OVERHEAD, SOFTBUS_PARCEL_MAX_CAPACITY));
    close_scene(lab, &s);
}

static void test_death_of_anonymous(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    struct kit *anonymous = kit_new(lab, s.bus_r, NULL, 0);
    struct softbus_object *given;
    struct kit_deaths deaths = { 0 };
    s.kit_r->held[s.kit_r->n_held++] = softbus_object_ref(anonymous->stub);
    LAB_OK(lab, kit_give(lab, s.on_r, 0, &given));
    LAB_CHECK(lab, !softbus_object_is_service(given));
    check_proxy(lab, given, true, 0, s.r);
    LAB_RESULT(lab, softbus_link_death(given, kit_on_death, &deaths, NULL), SOFTBUS_ERR_DEATH_UNSUPPORTED);
    LAB_OK(lab, softbus_link_death(s.on_r, kit_on_death, &deaths, NULL));
    LAB_OK(lab, softbus_link_death(s.app2, kit_on_death, &deaths, NULL));
    /* Passed on inside the device it stays what it is. */
    LAB_OK(lab, kit_hold(lab, s.app2, given));
    LAB_RESULT(lab, softbus_link_death(s.kit2->held[0], kit_on_death, &deaths, NULL), SOFTBUS_ERR_DEATH_UNSUPPORTED);
    LAB_EQUAL(lab, deaths.n, 0);
    softbus_object_unref(given);
    kit_free(anonymous);
    /* The end of the scene withdraws the two that are linked to. */
    close_scene(lab, &s);
}

static void test_texts(struct lab *lab)
{
    LAB_CHECK(lab, strstr(softbus_strerror(SOFTBUS_ERR_TOO_LARGE), "204,800") != NULL);
    LAB_EQUAL(lab, softbus_error_get_outcome(SOFTBUS_ERR_PARCEL_FULL), SOFTBUS_OUTCOME_NOT_STARTED);
    LAB_EQUAL(lab, softbus_error_get_outcome(SOFTBUS_ERR_DEATH_UNSUPPORTED), SOFTBUS_OUTCOME_NOT_STARTED);
    /* These may be said of a reply, by when the handler has run. */
    static const int rules[] = { SOFTBUS_ERR_TOO_LARGE, SOFTBUS_ERR_PASSBACK, SOFTBUS_ERR_DOUBLE_FORWARD,
                                 SOFTBUS_ERR_NO_INTRODUCTION };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        LAB_EQUAL(lab, softbus_error_get_outcome(rules[i]), SOFTBUS_OUTCOME_UNKNOWN);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "three devices meet", start_devices);
    lab_test(lab, "own stub: a proxy here and there", test_own_stub);
    lab_test(lab, "proxy of this device: any number of times", test_proxy_of_this_device);
    lab_test(lab, "rule 4: a remote proxy is passed on once", test_remote_proxy_passed_once);
    lab_test(lab, "rule 4: of two ways the lower hop counts", test_lower_hop_wins);
    lab_test(lab, "rule 3: no proxy goes back to its home", test_passback);
    lab_test(lab, "no introduction to a third device", test_no_introduction);
    lab_test(lab, "nothing of a refused parcel arrives", test_nothing_of_a_refused_parcel);
    lab_test(lab, "rule 1: 204,800 bytes on a device, not one more", test_size_local);
    lab_test(lab, "rule 1: a parcel's capacity", test_size_of_a_parcel);
    lab_test(lab, "rule 1: 1 MiB between devices", test_size_remote);
    lab_test(lab, "rule 2: no link to a remote anonymous stub", test_death_of_anonymous);
    lab_test(lab, "the texts name rule and limit", test_texts);
    return lab_leave(lab);
}

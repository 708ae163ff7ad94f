#include "softbus/pool.h"
#include "tests/integration/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIT_WAIT_MS 30000

typedef int (*kit_code_fn)(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                           struct softbus_parcel *reply);

static struct kit *kit_new_bare(struct softbus *bus);

static int kit_do_echo(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)kit;
    (void)transaction;
    const void *data;
    size_t size;
    int r = softbus_parcel_read_bytes(request, &data, &size);
    return r < 0 ? r : softbus_parcel_write_bytes(reply, data, size);
}

static int kit_do_add(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                      struct softbus_parcel *reply)
{
    (void)kit;
    (void)transaction;
    int32_t a, b;
    if (softbus_parcel_read_i32(request, &a) < 0 || softbus_parcel_read_i32(request, &b) < 0)
        return SOFTBUS_ERR_BAD_REQUEST;
    return softbus_parcel_write_i32(reply, a + b);
}

static int kit_do_note(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)transaction;
    (void)reply;
    uint32_t number;
    if (softbus_parcel_read_u32(request, &number) < 0 || kit->n_notes == KIT_NOTES_MAX)
        return SOFTBUS_ERR_BAD_REQUEST;
    kit->notes[kit->n_notes++] = number;
    return 0;
}

static int kit_do_notes(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                        struct softbus_parcel *reply)
{
    (void)transaction;
    (void)request;
    uint32_t n_wrong = 0;
    for (size_t i = 1; i < kit->n_notes; i++)
        n_wrong += kit->notes[i] != kit->notes[i - 1] + 1;
    int r = softbus_parcel_write_u32(reply, (uint32_t)kit->n_notes);
    return r < 0 ? r : softbus_parcel_write_u32(reply, n_wrong);
}

static int kit_do_hold(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)transaction;
    (void)reply;
    struct softbus_object *object;
    if (kit->n_held == KIT_HELD_MAX)
        return SOFTBUS_ERR_AGAIN;
    if (softbus_parcel_read_object(request, &object) < 0 || object == NULL)
        return SOFTBUS_ERR_BAD_REQUEST;
    kit->held[kit->n_held++] = object;
    return 0;
}

static int kit_read_held(struct kit *kit, struct softbus_parcel *request, struct softbus_object **ret_object)
{
    uint32_t index;
    if (softbus_parcel_read_u32(request, &index) < 0 || index >= kit->n_held)
        return SOFTBUS_ERR_BAD_REQUEST;
    *ret_object = kit->held[index];
    return 0;
}

static int kit_do_give(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)transaction;
    struct softbus_object *object;
    int r = kit_read_held(kit, request, &object);
    return r < 0 ? r : softbus_parcel_write_object(reply, object);
}

static int kit_do_drop(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)transaction;
    (void)request;
    (void)reply;
    kit_drop_all(kit);
    return 0;
}

static int kit_do_pass(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)transaction;
    struct softbus_object *object, *target;
    struct softbus_parcel *parcel;
    int r = kit_read_held(kit, request, &object);
    if (r < 0 || softbus_parcel_read_object(request, &target) < 0 || target == NULL)
        return SOFTBUS_ERR_BAD_REQUEST;
    r = softbus_parcel_new(0, &parcel);
    if (r == 0) {
        r = softbus_parcel_write_object(parcel, object);
        if (r == 0)
            r = softbus_call(target, KIT_HOLD, parcel, NULL, 0);
        softbus_parcel_free(parcel);
    }
    softbus_object_unref(target);
    return softbus_parcel_write_i32(reply, r);
}

static int kit_do_use(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                      struct softbus_parcel *reply)
{
    (void)transaction;
    struct softbus_object *object;
    struct softbus_parcel *out = NULL, *in = NULL;
    int32_t sum = 0;
    int r = kit_read_held(kit, request, &object);
    if (r < 0)
        return r;
    if (softbus_parcel_new(0, &out) == 0 && softbus_parcel_new(0, &in) == 0) {
        softbus_parcel_write_i32(out, 20);
        softbus_parcel_write_i32(out, 22);
        r = softbus_call(object, KIT_ADD, out, in, 0);
        if (r == 0)
            r = softbus_parcel_read_i32(in, &sum);
    }
    softbus_parcel_free(out);
    softbus_parcel_free(in);
    softbus_parcel_write_i32(reply, r);
    return softbus_parcel_write_i32(reply, sum);
}

static int kit_do_chain(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                        struct softbus_parcel *reply)
{
    (void)transaction;
    uint32_t depth, reached = 0;
    struct softbus_object *other;
    struct softbus_parcel *out = NULL, *in = NULL;
    if (softbus_parcel_read_u32(request, &depth) < 0 || softbus_parcel_read_object(request, &other) < 0)
        return SOFTBUS_ERR_BAD_REQUEST;
    int r = 0;
    if (depth > 0 && (r = softbus_parcel_new(0, &out)) == 0 && (r = softbus_parcel_new(0, &in)) == 0) {
        softbus_parcel_write_u32(out, depth - 1);
        softbus_parcel_write_object(out, kit->stub);
        r = softbus_call(other, KIT_CHAIN, out, in, 0);
        if (r == 0)
            r = softbus_parcel_read_u32(in, &reached);
        reached++;
    }
    softbus_parcel_free(out);
    softbus_parcel_free(in);
    softbus_object_unref(other);
    return r < 0 ? SOFTBUS_ERR_FAILED : softbus_parcel_write_u32(reply, reached);
}

static int kit_do_who(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                      struct softbus_parcel *reply)
{
    (void)kit;
    (void)request;
    struct softbus_caller caller;
    if (softbus_transaction_get_caller(transaction, &caller) < 0)
        return SOFTBUS_ERR_FAILED;
    char text[256];
    snprintf(text, sizeof(text), "remote=%d pid=%u uid=%u gid=%u device=%s", caller.is_remote, caller.pid, caller.uid,
             caller.gid, caller.device);
    return softbus_parcel_write_string(reply, text);
}

static int kit_do_fail(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)kit;
    (void)transaction;
    (void)reply;
    int32_t error;
    return softbus_parcel_read_i32(request, &error) < 0 ? SOFTBUS_ERR_BAD_REQUEST : error;
}

static int kit_do_block(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                        struct softbus_parcel *reply)
{
    (void)transaction;
    (void)request;
    (void)reply;
    if (kit->app == NULL)
        return SOFTBUS_ERR_DENIED;
    lab_app_say(kit->app, "blocked");
    return lab_app_hear(kit->app) != NULL ? 0 : SOFTBUS_ERR_FAILED;
}

static int kit_do_fill(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)transaction;
    uint32_t size;
    if (softbus_parcel_read_u32(request, &size) < 0 || size < 5)
        return SOFTBUS_ERR_BAD_REQUEST;
    void *data = calloc(1, size);
    if (data == NULL)
        return SOFTBUS_ERR_FAILED;
    int r = softbus_parcel_write_bytes(reply, data, size - 5); /* a tag and a length before them */
    free(data);
    kit->fill_result = r;
    if (kit->app != NULL)
        lab_app_say(kit->app, "fill %d", r);
    return r;
}

struct kit_death {
    struct kit *kit;
    uint32_t index;
};

static void kit_tell_death(void *userdata, struct softbus_object *object, enum softbus_death reason)
{
    (void)object;
    struct kit_death *death = userdata;
    death->kit->n_deaths++;
    if (death->kit->app != NULL)
        lab_app_say(death->kit->app, "death %u %d", death->index, (int)reason);
    free(death);
}

static int kit_do_link(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)transaction;
    uint32_t index;
    struct kit_death *death = calloc(1, sizeof(*death));
    if (death == NULL || softbus_parcel_read_u32(request, &index) < 0 || index >= kit->n_held) {
        free(death);
        return SOFTBUS_ERR_BAD_REQUEST;
    }
    *death = (struct kit_death){ .kit = kit, .index = index };
    int r = softbus_link_death(kit->held[index], kit_tell_death, death, NULL);
    if (r < 0)
        free(death);
    return softbus_parcel_write_i32(reply, r);
}

static int kit_do_make(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)transaction;
    (void)request;
    /* Only a process that is killed in the end leaves these to the kernel. */
    struct kit *made = kit->app != NULL ? kit_new_bare(kit->bus) : NULL;
    if (made == NULL)
        return SOFTBUS_ERR_DENIED;
    made->app = kit->app;
    int r = softbus_parcel_write_object(reply, made->stub);
    made->stub = softbus_object_unref(made->stub);
    return r;
}

static int kit_do_stats(struct kit *kit, struct softbus_transaction *transaction, struct softbus_parcel *request,
                        struct softbus_parcel *reply)
{
    (void)transaction;
    (void)request;
    int r = softbus_parcel_write_u32(reply, kit->n_calls);
    return r < 0 ? r : softbus_parcel_write_u32(reply, (uint32_t)kit->n_held);
}

static const kit_code_fn kit_codes[] = {
    [KIT_ECHO] = kit_do_echo,   [KIT_ADD] = kit_do_add,     [KIT_NOTE] = kit_do_note,   [KIT_NOTES] = kit_do_notes,
    [KIT_HOLD] = kit_do_hold,   [KIT_GIVE] = kit_do_give,   [KIT_DROP] = kit_do_drop,   [KIT_PASS] = kit_do_pass,
    [KIT_USE] = kit_do_use,     [KIT_CHAIN] = kit_do_chain, [KIT_WHO] = kit_do_who,     [KIT_FAIL] = kit_do_fail,
    [KIT_BLOCK] = kit_do_block, [KIT_FILL] = kit_do_fill,   [KIT_LINK] = kit_do_link,   [KIT_MAKE] = kit_do_make,
    [KIT_STATS] = kit_do_stats,
};

static int kit_handle(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                      struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct kit *kit = userdata;
    kit->n_calls++;
    if (code >= sizeof(kit_codes) / sizeof(kit_codes[0]) || kit_codes[code] == NULL)
        return SOFTBUS_ERR_UNKNOWN_CODE;
    return kit_codes[code](kit, transaction, request, reply);
}

static struct kit *kit_new_bare(struct softbus *bus)
{
    struct kit *kit = calloc(1, sizeof(*kit));
    if (kit != NULL) {
        kit->bus = bus;
        if (softbus_stub_new(bus, KIT_DESCRIPTOR, kit_handle, kit, &kit->stub) < 0) {
            free(kit);
            kit = NULL;
        }
    }
    return kit;
}

struct kit *kit_new(struct lab *lab, struct softbus *bus, const char *service, unsigned flags)
{
    struct kit *kit = kit_new_bare(bus);
    LAB_CHECK(lab, kit != NULL);
    if (service != NULL)
        LAB_OK(lab, softbus_service_add(bus, service, kit->stub, flags));
    return kit;
}

void kit_drop_all(struct kit *kit)
{
    while (kit->n_held > 0)
        softbus_object_unref(kit->held[--kit->n_held]);
}

struct kit *kit_free(struct kit *kit)
{
    if (kit == NULL)
        return NULL;
    softbus_set_refused_fn(kit->bus, NULL, NULL);
    kit_drop_all(kit);
    softbus_stub_withdraw(kit->stub);
    softbus_object_unref(kit->stub);
    free(kit);
    return NULL;
}

static void kit_on_refused(void *userdata, struct softbus_object *object, int error)
{
    (void)object;
    struct kit *kit = userdata;
    kit->n_refused++;
    kit->refused_error = error;
    if (kit->app != NULL)
        lab_app_say(kit->app, "refused %d", error);
}

void kit_watch_refusals(struct kit *kit)
{
    softbus_set_refused_fn(kit->bus, kit_on_refused, kit);
}

struct kit_served {
    const char *service;
    unsigned flags, n_workers;
};

static int kit_run_served(struct lab_app *app, struct softbus *bus, void *userdata)
{
    const struct kit_served *served = userdata;
    struct kit *kit = kit_new_bare(bus);
    if (kit == NULL)
        return 1;
    kit->app = app;
    kit_watch_refusals(kit);
    int r = served->n_workers > 0 ? softbus_pool_start(bus, served->n_workers) : 0;
    if (r == 0)
        r = softbus_service_add(bus, served->service, kit->stub, served->flags);
    if (r < 0) {
        lab_app_say(app, "service_add: %s", softbus_error_get_name(r));
        return 1;
    }
    lab_app_say(app, "ready");
    return softbus_run(bus) < 0 ? 2 : 0;
}

struct lab_app *kit_serve(struct lab *lab, struct lab_device *device, const char *name, const char *service,
                          unsigned flags)
{
    return kit_serve_pool(lab, device, name, service, flags, 0);
}

struct lab_app *kit_serve_pool(struct lab *lab, struct lab_device *device, const char *name, const char *service,
                               unsigned flags, unsigned n_workers)
{
    struct kit_served served = { service, flags, n_workers };
    struct lab_app *app = lab_app_fork(lab, device, name, kit_run_served, &served);
    LAB_UNTIL(lab, lab_app_has_said(app, "ready"));
    return app;
}

/* --- calls --- */

struct softbus_parcel *kit_parcel(struct lab *lab, size_t capacity)
{
    struct softbus_parcel *parcel;
    LAB_OK(lab, softbus_parcel_new(capacity, &parcel));
    return parcel;
}

int kit_add(struct lab *lab, struct softbus_object *object, int32_t a, int32_t b, int32_t *ret_sum)
{
    struct softbus_parcel *request = kit_parcel(lab, 0), *reply = kit_parcel(lab, 0);
    softbus_parcel_write_token(request, KIT_DESCRIPTOR);
    softbus_parcel_write_i32(request, a);
    softbus_parcel_write_i32(request, b);
    int r = lab_call(lab, object, KIT_ADD, request, reply, 0);
    if (r == 0)
        r = softbus_parcel_read_i32(reply, ret_sum);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    return r;
}

int kit_call_object(struct lab *lab, struct softbus_object *object, uint32_t code, struct softbus_object *argument)
{
    struct softbus_parcel *request = kit_parcel(lab, 0);
    int r = softbus_parcel_write_object(request, argument);
    if (r == 0)
        r = lab_call(lab, object, code, request, NULL, 0);
    softbus_parcel_free(request);
    return r;
}

int kit_hold(struct lab *lab, struct softbus_object *object, struct softbus_object *argument)
{
    return kit_call_object(lab, object, KIT_HOLD, argument);
}

int kit_give(struct lab *lab, struct softbus_object *object, uint32_t index, struct softbus_object **ret_object)
{
    struct softbus_parcel *request = kit_parcel(lab, 0), *reply = kit_parcel(lab, 0);
    softbus_parcel_write_u32(request, index);
    int r = lab_call(lab, object, KIT_GIVE, request, reply, 0);
    if (r == 0)
        r = softbus_parcel_read_object(reply, ret_object);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    return r;
}

int kit_echo(struct lab *lab, struct softbus_object *object, size_t size, size_t capacity)
{
    struct softbus_parcel *request = kit_parcel(lab, capacity), *reply = kit_parcel(lab, capacity);
    uint8_t *data = malloc(size + 1);
    const void *back;
    size_t n_back;
    LAB_CHECK(lab, data != NULL);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 31 + (i >> 8));
    int r = softbus_parcel_write_bytes(request, data, size);
    if (r == 0)
        r = lab_call(lab, object, KIT_ECHO, request, reply, 0);
    if (r == 0)
        r = softbus_parcel_read_bytes(reply, &back, &n_back);
    if (r == 0)
        LAB_CHECK(lab, n_back == size && memcmp(back, data, size) == 0);
    free(data);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    return r;
}

static int kit_finish_i32(struct lab *lab, struct softbus_object *object, uint32_t code, struct softbus_parcel *request,
                          int32_t *ret_value)
{
    struct softbus_parcel *reply = kit_parcel(lab, 0);
    int r = lab_call(lab, object, code, request, reply, 0);
    if (r == 0)
        r = softbus_parcel_read_i32(reply, ret_value);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    return r;
}

int kit_ask_i32(struct lab *lab, struct softbus_object *object, uint32_t code, uint32_t argument, int32_t *ret_value)
{
    struct softbus_parcel *request = kit_parcel(lab, 0);
    softbus_parcel_write_u32(request, argument);
    return kit_finish_i32(lab, object, code, request, ret_value);
}

int kit_pass(struct lab *lab, struct softbus_object *object, uint32_t index, struct softbus_object *target,
             int32_t *ret_result)
{
    struct softbus_parcel *request = kit_parcel(lab, 0);
    softbus_parcel_write_u32(request, index);
    softbus_parcel_write_object(request, target);
    return kit_finish_i32(lab, object, KIT_PASS, request, ret_result);
}

int kit_note(struct softbus_object *object, uint32_t number)
{
    struct softbus_parcel *request;
    int r = softbus_parcel_new(0, &request);
    if (r < 0)
        return r;
    softbus_parcel_write_u32(request, number);
    r = softbus_call_oneway(object, KIT_NOTE, request);
    softbus_parcel_free(request);
    return r;
}

struct softbus_object *kit_get(struct lab *lab, struct softbus *bus, const struct lab_device *device,
                               const char *service)
{
    struct softbus_object *object;
    LAB_OK(lab, softbus_service_get(bus, device != NULL ? lab_device_get_id(device) : NULL, service, KIT_WAIT_MS,
                                    &object));
    return object;
}

void kit_on_death(void *userdata, struct softbus_object *object, enum softbus_death reason)
{
    (void)object;
    struct kit_deaths *deaths = userdata;
    deaths->n++;
    deaths->reason = reason;
}

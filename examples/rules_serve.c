/* rules serve: the other side of the experiment. */
#include "examples/find.h"
#include "examples/rules.h"

#include <softbus/bus.h>
#include <softbus/error.h>
#include <softbus/object.h>
#include <softbus/parcel.h>
#include <softbus/registry.h>
#include <stdio.h>

static int rules_handle_anonymous(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                                  struct softbus_parcel *request, struct softbus_parcel *reply)
{
    (void)userdata, (void)transaction, (void)code, (void)request, (void)reply;
    return SOFTBUS_ERR_UNKNOWN_CODE; /* it only has to exist, and answers PING as every object does */
}

static int rules_handle_make(struct softbus *bus, struct softbus_parcel *reply)
{
    struct softbus_object *made;
    int r = softbus_stub_new(bus, RULES_INTERFACE ".Anonymous", rules_handle_anonymous, NULL, &made);

    if (r < 0)
        return r;
    r = softbus_parcel_write_object(reply, made);
    softbus_object_unref(made); /* from now on the parcel, then the references elsewhere, keep it alive */
    return r;
}

static int rules_handle(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                        struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct softbus_object *object = NULL;
    const void *data;
    size_t size;
    int r;

    if (softbus_transaction_is_oneway(transaction))
        return SOFTBUS_ERR_BAD_REQUEST;
    switch (code) {
    case RULES_SIZE:
        r = softbus_parcel_read_bytes(request, &data, &size);
        return r < 0 ? r : softbus_parcel_write_u64(reply, size);
    case RULES_MAKE:
        return rules_handle_make(userdata, reply);
    case RULES_TAKE:
    case RULES_HAND_ON:
        r = softbus_parcel_read_object(request, &object);
        if (r == 0 && !object)
            r = SOFTBUS_ERR_BAD_REQUEST;
        if (r == 0)
            r = code == RULES_TAKE ? softbus_parcel_write_u32(reply, softbus_object_get_hops(object))
                                   : softbus_parcel_write_object(reply, object);
        softbus_object_unref(object);
        return r;
    default:
        return SOFTBUS_ERR_UNKNOWN_CODE;
    }
}

static void rules_on_refused(void *userdata, struct softbus_object *object, int error)
{
    (void)userdata, (void)object;
    printf("a reply of mine was refused: %s\n", softbus_error_get_name(error));
}

int rules_serve(struct softbus *bus)
{
    struct softbus_object *stub;
    int r = softbus_stub_new(bus, RULES_INTERFACE, rules_handle, bus, &stub);

    if (r < 0)
        return find_fail("rules serve", r);
    softbus_set_refused_fn(bus, rules_on_refused, NULL);
    r = softbus_service_add(bus, RULES_SERVICE, stub, SOFTBUS_SERVICE_DISTRIBUTED);
    if (r == 0) {
        printf("serving %s\n", RULES_SERVICE);
        r = softbus_run(bus);
    }
    softbus_object_unref(stub);
    return find_fail("rules serve", r);
}

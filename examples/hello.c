/* The smallest service and its client: `hello serve` on one device, `hello DEVICE-ID [NAME]` on another (or `hello .`). */
#include <softbus/bus.h>
#include <softbus/error.h>
#include <softbus/object.h>
#include <softbus/parcel.h>
#include <softbus/registry.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { GREET = 1 };

static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                  struct softbus_parcel *request, struct softbus_parcel *reply)
{
    const char *name;
    char text[128];

    (void)userdata;
    if (code != GREET)
        return SOFTBUS_ERR_UNKNOWN_CODE;
    if (softbus_transaction_is_oneway(transaction)) /* then there is no reply to write to: it is NULL */
        return SOFTBUS_ERR_BAD_REQUEST;
    /* Too long a name is refused: cut, it might end inside a character. */
    if (softbus_parcel_read_string(request, &name) < 0 || strlen(name) > 100)
        return SOFTBUS_ERR_BAD_REQUEST;
    snprintf(text, sizeof(text), "Hello, %s!", name);
    return softbus_parcel_write_string(reply, text);
}

int main(int argc, char **argv)
{
    struct softbus *bus = NULL;
    struct softbus_object *hello = NULL;
    struct softbus_parcel *parcel = NULL;
    const char *device = argc > 1 && strcmp(argv[1], ".") != 0 ? argv[1] : NULL, *text;
    int r;

    if (argc < 2 || argc > 3 || argv[1][0] == '-') {
        bool is_help = argc == 2 && strcmp(argv[1], "--help") == 0;

        fputs("usage: hello serve\n       hello DEVICE-ID [NAME]    (. is this device)\n", is_help ? stdout : stderr);
        return is_help ? 0 : 2;
    }
    r = softbus_open(NULL, "hello", &bus);
    if (r == 0 && device && strcmp(device, "serve") == 0) {
        r = softbus_stub_new(bus, "org.softbus.example.Hello", handle, NULL, &hello);
        if (r == 0)
            r = softbus_service_add(bus, "org.softbus.example.hello", hello, SOFTBUS_SERVICE_DISTRIBUTED);
        if (r == 0)
            r = softbus_run(bus);
    } else if (r == 0) {
        r = softbus_service_get(bus, device, "org.softbus.example.hello", 5000, &hello);
        if (r == 0)
            r = softbus_parcel_new(0, &parcel);
        if (r == 0 && (r = softbus_parcel_write_token(parcel, "org.softbus.example.Hello")) == 0 &&
            (r = softbus_parcel_write_string(parcel, argc > 2 ? argv[2] : "softbus")) == 0 &&
            (r = softbus_call(hello, GREET, parcel, parcel, 0)) == 0 &&
            (r = softbus_parcel_read_string(parcel, &text)) == 0)
            puts(text);
    }
    if (r < 0)
        fprintf(stderr, "hello: %s\n", softbus_strerror(r));
    softbus_parcel_free(parcel);
    softbus_object_unref(hello);
    softbus_close(bus);
    return r < 0;
}

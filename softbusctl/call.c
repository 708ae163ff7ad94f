/* softbusctl call: any service can be called by hand; values carry their types both ways. */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"
#include "softbusctl/number.h"
#include "softbusctl/target.h"
#include "softbusctl/value.h"

#include <softbus/error.h>
#include <softbus/object.h>
#include <softbus/parcel.h>
#include <stdio.h>
#include <string.h>

struct call_arguments {
    const char *target, *token;
    uint32_t code;
    bool is_oneway;
    char **values; /* TYPE VALUE TYPE VALUE … NULL */
};

static int call_parse_code(const char *text, uint32_t *ret_code)
{
    static const struct {
        const char *name;
        uint32_t code;
    } built_in[] = {
        { "ping", SOFTBUS_CODE_PING }, { "interface", SOFTBUS_CODE_INTERFACE }, { "dump", SOFTBUS_CODE_DUMP }
    };
    uint64_t value;

    for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++)
        if (strcmp(text, built_in[i].name) == 0) {
            *ret_code = built_in[i].code;
            return CTL_EXIT_OK;
        }
    if (ctl_number_parse_unsigned(text, SOFTBUS_CODE_MAX, &value) < 0 || value == 0)
        return ctl_fail_usage("call", "%s is no code: it is a number from 1 to %u, or ping, interface, dump", text,
                              SOFTBUS_CODE_MAX);
    *ret_code = (uint32_t)value;
    return CTL_EXIT_OK;
}

static int call_parse(int argc, char **argv, struct call_arguments *ret_arguments)
{
    int i = 3;

    if (argc < 3)
        return ctl_fail_usage("call", "a DEVICE/SERVICE and a CODE are needed");
    *ret_arguments = (struct call_arguments){ .target = argv[1] };
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (strcmp(argv[i], "--oneway") == 0)
            ret_arguments->is_oneway = true;
        else if (strcmp(argv[i], "--token") == 0 && i + 1 < argc)
            ret_arguments->token = argv[++i];
        else
            return ctl_fail_usage("call", "%s: unknown option, or its value is missing", argv[i]);
    }
    ret_arguments->values = argv + i;
    if ((argc - i) % 2 != 0)
        return ctl_fail_usage("call", "%s: a value of this type is missing", argv[argc - 1]);
    return call_parse_code(argv[2], &ret_arguments->code);
}

static int call_write(struct softbus_parcel *request, const char *type, const char *value)
{
    int r = ctl_value_write(request, type, value);

    switch (r) {
    case CTL_VALUE_WRITTEN:
        return CTL_EXIT_OK;
    case CTL_VALUE_NO_TYPE:
        return ctl_fail_usage("call", "%s: no such type", type);
    case CTL_VALUE_NO_VALUE:
        return ctl_fail_usage("call", "%s: not a value of type %s", value, type);
    case CTL_VALUE_RANGE:
        return ctl_fail_usage("call", "%s: too large or too small for %s", value, type);
    default:
        return ctl_fail(r, "writing %s", type);
    }
}

static int call_fill(const struct call_arguments *arguments, struct softbus_parcel *request)
{
    int r = arguments->token ? call_write(request, "token", arguments->token) : CTL_EXIT_OK;

    for (char **value = arguments->values; r == CTL_EXIT_OK && *value; value += 2)
        r = call_write(request, value[0], value[1]);
    return r;
}

static int call_print(const struct ctl *ctl, struct softbus_parcel *reply)
{
    bool is_first = true;
    int r;

    if (ctl->is_json)
        fputs("{\"reply\":[", stdout);
    for (;;) {
        int type;
        size_t count;

        if (ctl->is_json && !is_first && softbus_parcel_peek(reply, &type, &count) == 0)
            fputc(',', stdout);
        is_first = false;
        r = ctl_value_print_next(stdout, reply, ctl->is_json);
        if (r <= 0)
            break;
    }
    if (ctl->is_json)
        fputs("]}\n", stdout);
    return r < 0 ? ctl_fail(r, "reading the reply") : CTL_EXIT_OK;
}

static int call_make(struct ctl *ctl, const struct call_arguments *arguments, bool is_local, struct softbus_object *service,
                     struct softbus_parcel *request, struct softbus_parcel *reply)
{
    int r = call_fill(arguments, request);

    if (r != CTL_EXIT_OK)
        return r;
    if (arguments->is_oneway) {
        r = softbus_call_oneway(service, arguments->code, request);
        if (r == 0) /* an answer to a later message says that this one has been taken */
            r = softbus_ping(service, ctl->timeout_ms);
    } else {
        r = softbus_call(service, arguments->code, request, reply, ctl->timeout_ms);
    }
    if (r < 0)
        return ctl_fail_service(r, is_local, "calling", arguments->target);
    return arguments->is_oneway ? CTL_EXIT_OK : call_print(ctl, reply);
}

int ctl_call_run(struct ctl *ctl, int argc, char **argv)
{
    struct call_arguments arguments = { .target = NULL };
    struct softbus_parcel *request = NULL, *reply = NULL;
    struct softbus_object *service = NULL;
    struct ctl_target target;
    const char *name;
    int r = call_parse(argc, argv, &arguments);

    if (r == CTL_EXIT_OK)
        r = ctl_connect(ctl);
    if (r == CTL_EXIT_OK)
        r = ctl_target_find_service(ctl, arguments.target, &target, &name);
    if (r != CTL_EXIT_OK)
        return r;
    if (!name)
        return ctl_fail_usage("call", "%s: the service is missing: DEVICE/SERVICE", arguments.target);
    r = ctl_target_look_up(ctl, &target, name, &service);
    if (r < 0)
        return ctl_fail_service(r, !*target.id, "looking for", arguments.target);
    r = softbus_parcel_new(*target.id ? SOFTBUS_PARCEL_MAX_CAPACITY : 0, &request);
    if (r == 0)
        r = softbus_parcel_new(0, &reply);
    r = r < 0 ? ctl_fail(r, "calling %s", name) : call_make(ctl, &arguments, !*target.id, service, request, reply);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    softbus_object_unref(service);
    return r;
}

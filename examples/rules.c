/* Tries the four rules and prints what was answered: examples/rules.h says how. */
#include "examples/rules.h"

#include "examples/find.h"

#include <softbus/bus.h>
#include <softbus/error.h>
#include <softbus/object.h>
#include <softbus/parcel.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rules {
    struct softbus *bus;
    struct softbus_object *here, *there, *third; /* the services; third may be NULL */
    struct softbus_object *anonymous;            /* made there */
    struct softbus_parcel *reply;
    unsigned n_wrong;
};

/* Tells what was answered, and counts it when the rule says otherwise. */
static void rules_tell(struct rules *rules, int rule, const char *what, int answer, int expected)
{
    printf("rule %d: %s: ", rule, what);
    if (answer < 0)
        printf("%s: %s\n", softbus_error_get_name(answer), softbus_strerror(answer));
    else
        puts("done");
    if (answer != expected) {
        printf("        this should have been: %s\n", expected < 0 ? softbus_error_get_name(expected) : "done");
        rules->n_wrong++;
    }
}

/* A request with one byte buffer, of `size` bytes in all: token, tags and lengths count too. 0 or a SOFTBUS_ERR_*. */
static int rules_make_request(size_t capacity, size_t size, struct softbus_parcel **ret_request)
{
    struct softbus_parcel *request = NULL;
    char *data = calloc(1, size);
    int r = data ? softbus_parcel_new(capacity, &request) : SOFTBUS_ERR_NO_MEMORY;

    if (r == 0) {
        r = softbus_parcel_write_token(request, RULES_INTERFACE);
        if (r == 0)
            r = softbus_parcel_write_bytes(request, data, size - softbus_parcel_get_size(request) - 5);
        if (r == 0)
            *ret_request = request;
        else
            softbus_parcel_free(request);
    }
    free(data);
    return r;
}

static int rules_send_size(struct rules *rules, struct softbus_object *object, size_t capacity, size_t size)
{
    struct softbus_parcel *request = NULL;
    int r = rules_make_request(capacity, size, &request);

    if (r < 0)
        return r;
    r = softbus_call(object, RULES_SIZE, request, rules->reply, 0);
    softbus_parcel_free(request);
    return r;
}

static int rules_send_object(struct rules *rules, struct softbus_object *to, uint32_t code, struct softbus_object *what)
{
    struct softbus_parcel *request;
    int r = softbus_parcel_new(0, &request);

    if (r < 0)
        return r;
    r = softbus_parcel_write_token(request, RULES_INTERFACE);
    if (r == 0 && what)
        r = softbus_parcel_write_object(request, what);
    if (r == 0)
        r = softbus_call(to, code, request, rules->reply, 0);
    softbus_parcel_free(request);
    return r;
}

static void rules_on_death(void *userdata, struct softbus_object *object, enum softbus_death reason)
{
    (void)userdata, (void)object, (void)reason;
}

static int rules_link(struct softbus_object *object)
{
    struct softbus_link *link;
    int r = softbus_link_death(object, rules_on_death, NULL, &link);

    if (r == 0)
        softbus_unlink_death(link);
    return r;
}

static void rules_try_all(struct rules *rules)
{
    const size_t limit = SOFTBUS_PARCEL_DEFAULT_CAPACITY;

    rules_tell(rules, 1, "204,800 bytes to a process of this device", rules_send_size(rules, rules->here, 0, limit), 0);
    rules_tell(rules, 1, "204,801 bytes into a parcel of the default capacity",
               rules_send_size(rules, rules->here, 0, limit + 1), SOFTBUS_ERR_PARCEL_FULL);
    rules_tell(rules, 1, "204,801 bytes in a larger parcel, to a process of this device",
               rules_send_size(rules, rules->here, limit + 1, limit + 1), SOFTBUS_ERR_TOO_LARGE);
    rules_tell(rules, 1, "the same to the other device", rules_send_size(rules, rules->there, limit + 1, limit + 1), 0);

    rules_tell(rules, 2, "link to the death of a service of the other device", rules_link(rules->there), 0);
    rules_tell(rules, 2, "link to the death of an anonymous object of the other device", rules_link(rules->anonymous),
               SOFTBUS_ERR_DEATH_UNSUPPORTED);

    rules_tell(rules, 3, "pass that object back to the device it lives on",
               rules_send_object(rules, rules->there, RULES_TAKE, rules->anonymous), SOFTBUS_ERR_PASSBACK);
    if (rules->third)
        rules_tell(rules, 3, "pass it to a third device",
                   rules_send_object(rules, rules->third, RULES_TAKE, rules->anonymous), SOFTBUS_ERR_NO_INTRODUCTION);

    rules_tell(rules, 4, "pass it to another process of this device",
               rules_send_object(rules, rules->here, RULES_TAKE, rules->anonymous), 0);
    rules_tell(rules, 4, "which passes it on to a process of this device again",
               rules_send_object(rules, rules->here, RULES_HAND_ON, rules->anonymous), SOFTBUS_ERR_DOUBLE_FORWARD);
}

int rules_try(struct softbus *bus, const char *device, const char *third)
{
    struct rules rules = { .bus = bus };
    int r = find_service(bus, ".", RULES_SERVICE, RULES_WAIT_MS, &rules.here);

    if (r == 0)
        r = find_service(bus, device, RULES_SERVICE, RULES_WAIT_MS, &rules.there);
    if (r == 0 && third)
        r = find_service(bus, third, RULES_SERVICE, RULES_WAIT_MS, &rules.third);
    if (r == 0)
        r = softbus_parcel_new(0, &rules.reply);
    if (r == 0)
        r = rules_send_object(&rules, rules.there, RULES_MAKE, NULL);
    if (r == 0)
        r = softbus_parcel_read_object(rules.reply, &rules.anonymous);
    if (r == 0)
        rules_try_all(&rules);
    softbus_object_unref(rules.anonymous);
    softbus_parcel_free(rules.reply);
    softbus_object_unref(rules.third);
    softbus_object_unref(rules.there);
    softbus_object_unref(rules.here);
    return r < 0 ? find_fail("rules try", r) : rules.n_wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int rules_usage(void)
{
    fputs("usage: rules serve\n"
          "       rules try DEVICE [THIRD-DEVICE]\n"
          "`rules serve` has to run on this device and on those that are named. Exit status 1: a rule was not kept.\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct softbus *bus;
    int r, status = 2;
    bool is_serve = argc == 2 && strcmp(argv[1], "serve") == 0;

    if (!is_serve && ((argc != 3 && argc != 4) || strcmp(argv[1], "try") != 0))
        return rules_usage();
    setvbuf(stdout, NULL, _IOLBF, 0);
    r = softbus_open(NULL, "rules", &bus);
    if (r < 0)
        return find_fail("rules: connecting to softbusd", r);
    status = is_serve ? rules_serve(bus) : rules_try(bus, argv[2], argv[3]);
    softbus_close(bus);
    return status;
}

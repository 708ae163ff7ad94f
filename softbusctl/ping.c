/* softbusctl ping: round trips to a device's softbusd, or to a service. */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"
#include "softbusctl/interrupt.h"
#include "softbusctl/number.h"
#include "softbusctl/target.h"
#include "softbusctl/text.h"

#include <inttypes.h>
#include <math.h>
#include <softbus/bus.h>
#include <softbus/device.h>
#include <softbus/error.h>
#include <softbus/object.h>
#include <stdio.h>
#include <string.h>

struct ping {
    struct ctl *ctl;
    const char *text; /* DEVICE or DEVICE/SERVICE, as it was given */
    struct ctl_target target;
    const char *service;           /* NULL: the device itself */
    struct softbus_object *object; /* of the service */
    uint64_t count;                /* 0: until a signal */
    uint64_t interval_ms, wait_ms;
    uint64_t n_sent, n_received, min_us, max_us;
    double sum_us, sum_of_squares;
    int last_error;
};

static int ping_parse(struct ping *ping, int argc, char **argv)
{
    bool are_options_over = false;

    for (int i = 1; i < argc; i++) {
        uint64_t *value = strcmp(argv[i], "-c") == 0   ? &ping->count
                          : strcmp(argv[i], "-i") == 0 ? &ping->interval_ms
                          : strcmp(argv[i], "-W") == 0 ? &ping->wait_ms
                                                       : NULL;

        if (argv[i][0] != '-' || are_options_over) {
            if (ping->text)
                return ctl_fail_usage("ping", "ping: one device at a time: %s, or %s", ping->text, argv[i]);
            ping->text = argv[i];
            continue;
        }
        are_options_over = strcmp(argv[i], "--") == 0;
        if (are_options_over)
            continue;
        if (!value)
            return ctl_fail_usage("ping", "%s: unknown option", argv[i]);
        if (++i == argc)
            return ctl_fail_usage("ping", "%s: its value is missing", argv[i - 1]);
        if (ctl_number_parse_unsigned(argv[i], INT32_MAX, value) < 0 || (*value == 0 && value != &ping->interval_ms))
            return ctl_fail_usage("ping", "%s %s: not a number%s", argv[i - 1], argv[i],
                                  value == &ping->interval_ms ? "" : " above 0");
    }
    return ping->text ? CTL_EXIT_OK : ctl_fail_usage("ping", "ping: a DEVICE or DEVICE/SERVICE is needed");
}

static void ping_print_answer(const struct ping *ping, uint64_t round_trip_us)
{
    if (ping->ctl->is_json) {
        putchar('{');
        ctl_text_print_member_number(stdout, true, "seq", ping->n_sent);
        ctl_text_print_member_number(stdout, false, "time_us", round_trip_us);
        puts("}");
        return;
    }
    fputs("answer from ", stdout);
    ctl_text_print(stdout, ping->target.label, strlen(ping->target.label));
    printf("%s%s: seq=%" PRIu64 " time=%.3f ms\n", ping->service ? "/" : "", ping->service ? ping->service : "",
           ping->n_sent, (double)round_trip_us / 1000.0);
}

static void ping_print_error(const struct ping *ping)
{
    if (ping->ctl->is_json) {
        putchar('{');
        ctl_text_print_member_number(stdout, true, "seq", ping->n_sent);
        ctl_text_print_member(stdout, false, "error", softbus_error_get_name(ping->last_error));
        puts("}");
        return;
    }
    printf("no answer: seq=%" PRIu64 " %s\n", ping->n_sent, softbus_strerror(ping->last_error));
}

static void ping_send(struct ping *ping)
{
    uint32_t wait_ms = (uint32_t)ping->wait_ms;
    uint64_t start_us = ctl_interrupt_get_now_us(), round_trip_us;
    int r = ping->object ? softbus_ping(ping->object, wait_ms)
                         : softbus_device_ping(ping->ctl->bus, ctl_target_get_device(&ping->target), wait_ms);

    round_trip_us = ctl_interrupt_get_now_us() - start_us;
    ping->n_sent++;
    if (r < 0) {
        ping->last_error = r;
        ping_print_error(ping);
        return;
    }
    ping->min_us = ping->n_received == 0 || round_trip_us < ping->min_us ? round_trip_us : ping->min_us;
    ping->max_us = round_trip_us > ping->max_us ? round_trip_us : ping->max_us;
    ping->n_received++;
    ping->sum_us += (double)round_trip_us;
    ping->sum_of_squares += (double)round_trip_us * (double)round_trip_us;
    ping_print_answer(ping, round_trip_us);
}

/* Pings that cannot succeed any more end the command early. */
static bool ping_is_hopeless(int error)
{
    return error == SOFTBUS_ERR_DISCONNECTED || error == SOFTBUS_ERR_NO_DEVICE || error == SOFTBUS_ERR_DEAD_OBJECT ||
           error == SOFTBUS_ERR_BAD_DEVICE_ID || error == SOFTBUS_ERR_DENIED;
}

static int ping_loop(struct ping *ping)
{
    struct ctl_interrupt interrupt;
    int r = ctl_interrupt_open(&interrupt);

    if (r < 0)
        return ctl_fail_errno("signalfd");
    while (!ctl_interrupt_is_raised(&interrupt)) {
        uint64_t start_us = ctl_interrupt_get_now_us(), passed_ms;

        ping_send(ping);
        if (ping->n_sent == ping->count || ping_is_hopeless(ping->last_error))
            break;
        passed_ms = (ctl_interrupt_get_now_us() - start_us) / 1000u;
        r = ctl_interrupt_wait(&interrupt, ping->ctl->bus,
                               passed_ms < ping->interval_ms ? (int)(ping->interval_ms - passed_ms) : 0);
        if (r < 0) {
            ping->last_error = r;
            break;
        }
    }
    ctl_interrupt_close(&interrupt);
    return CTL_EXIT_OK;
}

static void ping_print_statistics(const struct ping *ping)
{
    double n = (double)ping->n_received, mean_us = n > 0 ? ping->sum_us / n : 0;
    double variance = n > 0 ? ping->sum_of_squares / n - mean_us * mean_us : 0;
    double deviation_us = variance > 0 ? sqrt(variance) : 0;
    double loss = ping->n_sent ? 100.0 * (double)(ping->n_sent - ping->n_received) / (double)ping->n_sent : 0;

    if (ping->ctl->is_json) {
        printf("{\"sent\":%" PRIu64 ",\"received\":%" PRIu64 ",\"loss_percent\":%.1f", ping->n_sent, ping->n_received, loss);
        if (ping->n_received)
            printf(",\"min_us\":%" PRIu64 ",\"avg_us\":%.1f,\"max_us\":%" PRIu64 ",\"stddev_us\":%.1f", ping->min_us, mean_us,
                   ping->max_us, deviation_us);
        puts("}");
        return;
    }
    printf("%" PRIu64 " sent, %" PRIu64 " received, %.1f%% loss\n", ping->n_sent, ping->n_received, loss);
    if (ping->n_received)
        printf("round trip min/avg/max/stddev = %.3f/%.3f/%.3f/%.3f ms\n", (double)ping->min_us / 1000.0,
               mean_us / 1000.0, (double)ping->max_us / 1000.0, deviation_us / 1000.0);
}

int ctl_ping_run(struct ctl *ctl, int argc, char **argv)
{
    struct ping ping = { .ctl = ctl, .interval_ms = 1000, .wait_ms = ctl->timeout_ms ? ctl->timeout_ms : 2000 };
    int r = ping_parse(&ping, argc, argv);

    if (r == CTL_EXIT_OK)
        r = ctl_connect(ctl);
    if (r == CTL_EXIT_OK)
        r = ctl_target_find_service(ctl, ping.text, &ping.target, &ping.service);
    if (r != CTL_EXIT_OK)
        return r;
    if (ping.service) {
        r = ctl_target_look_up(ctl, &ping.target, ping.service, &ping.object);
        if (r < 0)
            return ctl_fail_service(r, !*ping.target.id, "looking for", ping.text);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    r = ping_loop(&ping);
    ping_print_statistics(&ping);
    softbus_object_unref(ping.object);
    if (r != CTL_EXIT_OK || ping.n_received > 0 || ping.n_sent == 0)
        return r;
    return ping.service ? ctl_fail_service(ping.last_error, !*ping.target.id, "ping", ping.text)
                        : ctl_fail(ping.last_error, "ping %s", ping.text);
}

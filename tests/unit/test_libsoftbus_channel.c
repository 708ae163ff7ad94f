/* Both ends of direct channels in the library, with the hub and the other app played: what the other app may not do to this one. */
#include "softbus/error.h"
#include "softbus/parcel.h"
#include "tests/unit/thread_world.h"
#include "wire/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define CHANNEL 50
#define STUB 77
#define OBJECT_DATA "\x0f\x00\x00"

static void process_all(struct world *w)
{
    while (softbus_process(w->bus) > 0)
        continue;
}

static void say_with_fd(struct hub_end *end, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
    struct iovec part = { .iov_base = end->out.data + end->out.start, .iov_len = end->out.length };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };

    memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    MUST(sendmsg(end->fd, &message, 0) == (ssize_t)end->out.length);
    sb_buf_consume(&end->out, end->out.length);
}

/* The library gets one end of a channel in this role; the other is here. */
static void open_channel(struct world *w, struct hub_end *other, enum wire_role role)
{
    struct wire_channel channel = { .channel = CHANNEL, .role = role,
                                    .identity = { .kind = WIRE_IDENTITY_LOCAL, .pid = 11, .label = { "", 0 } } };
    int fds[2];

    *other = (struct hub_end){ 0 };
    sb_buf_init(&other->in, 4 * WIRE_MSG_MAX);
    sb_buf_init(&other->out, 4 * WIRE_MSG_MAX);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    other->fd = fds[0];
    assert_int_equal(wire_channel_encode(&w->end.out, &channel), 0);
    say_with_fd(&w->end, fds[1]);
    close(fds[1]);
    process_all(w);
}

/* Calls of the proxy go by the channel. */
static void open_client(struct world *w, struct hub_end *other)
{
    struct wire_route route = { .handle = HANDLE, .channel = CHANNEL, .stub = STUB };
    struct wire_detour detour;

    open_channel(w, other, WIRE_ROLE_CLIENT);
    assert_int_equal(wire_route_encode(&w->end.out, &route), 0);
    hub_end_say_bytes(&w->end, NULL, 0);
    process_all(w);
    assert_int_equal(wire_detour_decode(hub_end_hear_type(&w->end, WIRE_DETOUR), &detour), 0);
    assert_int_equal(detour.type, 0);
}

/* The hub is told of the end, and of nothing else. */
static void check_ended(struct world *w)
{
    struct wire_channel_end ended;

    assert_int_equal(wire_channel_end_decode(hub_end_hear_type(&w->end, WIRE_CHANNEL_END), &ended), 0);
    assert_int_equal(ended.channel, CHANNEL);
    assert_true(hub_end_is_silent(&w->end));
}

static void answer_with_object(struct hub_end *other)
{
    struct wire_object object = hub_end_make_proxy(4711, 0, 0);
    struct wire_call call;

    MUST(wire_seek_decode(hub_end_hear_type(other, WIRE_SEEK), &other->n[0]) == 0);
    hub_end_hear_call(other, &call);
    hub_end_say_reply(other, call.id, 0, &object, OBJECT_DATA, 3);
}

/* Only the hub may say what a handle means: else this app would give the hub back what it does not hold, and lose its connection. */
static void test_object_in_answer(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *reply;
    struct hub_end other;

    open_client(w, &other);
    assert_int_equal(softbus_parcel_new(0, &reply), 0);
    hub_end_start(&other, answer_with_object);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, reply, 0), SOFTBUS_ERR_DIED);
    hub_end_join(&other);
    softbus_parcel_free(reply);
    check_ended(w);
    hub_end_close(&other);
}

/* The same in a call of a stub that was not granted, which nobody reads. */
static void test_object_in_refused_call(void **state)
{
    struct world *w = *state;
    struct wire_object object = hub_end_make_proxy(4711, 0, 0);
    struct hub_end other;

    open_channel(w, &other, WIRE_ROLE_SERVER);
    hub_end_say_call(&other, 1, w->served[0].id, PLAIN, &object, OBJECT_DATA, 3);
    process_all(w);
    check_ended(w);
    hub_end_close(&other);
}

static void answer_call(struct hub_end *end)
{
    struct wire_channel_end ended;
    struct wire_call call;

    MUST(wire_channel_end_decode(hub_end_hear_type(end, WIRE_CHANNEL_END), &ended) == 0);
    hub_end_hear_call(end, &call);
    MUST(call.target == HANDLE);
    hub_end_say_reply(end, call.id, 0, NULL, NULL, 0);
}

/* The server has closed its end, and the hub has not said so yet: the call goes through the hub, and the channel is no more. */
static void test_server_is_gone(void **state)
{
    struct world *w = *state;
    struct hub_end other;

    open_client(w, &other);
    hub_end_close(&other);
    hub_end_start(&w->end, answer_call);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 0), 0);
    hub_end_join(&w->end);
}

static void say_detoured_reply(struct hub_end *end, uint64_t id)
{
    struct wire_detour detour = { .channel = CHANNEL };
    struct wire_reply reply = { .id = id };

    end->objects.n = 0;
    MUST(wire_detour_reply_encode_head(&end->out, &detour, &reply, &end->objects) == 0);
    hub_end_say_bytes(end, NULL, 0);
}

/* In end->n: the stub to call, and the other end of the channel. Its call is answered twice while another one runs. */
static void answer_twice(struct hub_end *end)
{
    struct hub_end *other = (struct hub_end *)(uintptr_t)end->n[1];
    struct wire_call outer, inner;
    struct wire_reply reply;

    MUST(wire_seek_decode(hub_end_hear_type(other, WIRE_SEEK), &end->n[2]) == 0);
    hub_end_hear_call(other, &outer);
    end->n[2] = outer.id;
    hub_end_say_call_of(end, CALLER, CHAIN, 900, end->n[0], CALLING);
    hub_end_hear_call(other, &inner);
    say_detoured_reply(end, end->n[2]);
    say_detoured_reply(end, end->n[2]);
    say_detoured_reply(end, inner.id);
    hub_end_hear_reply(end, &reply);
    MUST(reply.id == 900 && reply.status == 0);
}

/* A server that answers twice through the hub, which keeps no book of such calls: the connection to the hub does not suffer. */
static void test_answers_twice(void **state)
{
    struct world *w = *state;
    struct hub_end other;

    open_client(w, &other);
    w->end.n[0] = w->served[0].id;
    w->end.n[1] = (uint64_t)(uintptr_t)&other;
    hub_end_start(&w->end, answer_twice);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 0), 0);
    hub_end_join(&w->end);
    hub_end_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        THREAD_TEST(test_object_in_answer),
        THREAD_TEST(test_object_in_refused_call),
        THREAD_TEST(test_server_is_gone),
        THREAD_TEST(test_answers_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Apps in memory; see hub_world.h. */
#include "tests/unit/hub_world_app.h"

#include "tests/unit/hub_world.h"
#include "wire/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIRST_FD 1000000 /* of the world's own numbers for descriptors */

static int decode_detour(struct world_msg *msg, struct wire_bytes body)
{
    if (wire_detour_decode(body, &msg->detour) < 0)
        return -1;
    if (msg->detour.type == WIRE_CALL)
        return wire_call_decode(msg->detour.body, &msg->call, &msg->objects);
    return msg->detour.type == WIRE_REPLY ? wire_reply_decode(msg->detour.body, &msg->reply, &msg->objects) : 0;
}

static int decode(struct world_msg *msg, struct wire_bytes body)
{
    switch (msg->type) {
    case WIRE_CHANNEL:
        return wire_channel_decode(body, &msg->channel);
    case WIRE_GRANT:
        return wire_grant_decode(body, &msg->grant);
    case WIRE_ROUTE:
        return wire_route_decode(body, &msg->route);
    case WIRE_REVOKE:
        return wire_revoke_decode(body, &msg->revoke);
    case WIRE_CHANNEL_END:
        return wire_channel_end_decode(body, &msg->end);
    case WIRE_DETOUR:
        return decode_detour(msg, body);
    case WIRE_WELCOME:
        return wire_welcome_decode(body, &msg->welcome);
    case WIRE_CALL:
        return wire_call_decode(body, &msg->call, &msg->objects);
    case WIRE_REPLY:
        return wire_reply_decode(body, &msg->reply, &msg->objects);
    case WIRE_CANCEL:
        return wire_cancel_decode(body, &msg->id);
    case WIRE_RELEASE:
        return wire_release_decode(body, &msg->release);
    case WIRE_DEATH:
        return wire_death_decode(body, &msg->death);
    case WIRE_REFUSED:
        return wire_refused_decode(body, &msg->refused);
    default:
        return -1;
    }
}

void world_op_app_send(void *conn, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size, int *fds,
                       unsigned n)
{
    struct world_app *app = conn;
    struct world_msg *msg = calloc(1, sizeof(*msg) + head_size + data_size);
    struct wire_msg view;
    size_t size;

    assert_non_null(msg);
    assert_false(app->is_killed); /* nothing more is sent to an app that was ended */
    memcpy(msg->bytes, head, head_size);
    if (data_size > 0)
        memcpy(msg->bytes + head_size, data, data_size);
    assert_int_equal(wire_msg_scan(msg->bytes, head_size + data_size, WIRE_MSG_MAX, &view, &size), 1);
    assert_int_equal(size, head_size + data_size);
    msg->type = view.type;
    msg->n_fds = view.n_fds;
    assert_int_equal(view.n_fds, n);
    for (unsigned i = 0; i < n; i++) {
        assert_true(fds[i] >= 0);
        app->device->n_fds -= fds[i] >= FIRST_FD;
        msg->fds[i] = fds[i];
        fds[i] = -1;
    }
    assert_int_equal(decode(msg, view.body), 0);
    sb_list_append(&app->inbox, &msg->link);
}

void world_op_app_kill(void *conn, const char *why)
{
    struct world_app *app = conn;

    assert_false(app->is_killed);
    app->is_killed = true;
    snprintf(app->why, sizeof(app->why), "%s", why);
}

void world_op_app_resume(void *conn)
{
    ((struct world_app *)conn)->may_resume = true;
}

int world_op_channel_make(void *userdata, int ret_fds[2])
{
    struct world_device *device = userdata;

    if (device->channel_error < 0)
        return device->channel_error;
    ret_fds[0] = FIRST_FD;
    ret_fds[1] = FIRST_FD + 1;
    device->n_fds += 2;
    return 0;
}

void world_op_fd_close(void *userdata, int fd)
{
    assert_in_range(fd, FIRST_FD, FIRST_FD + 1);
    ((struct world_device *)userdata)->n_fds--;
}

struct world_app *world_app_connect(struct world *world, unsigned device, uint32_t uid)
{
    struct world_app *app = calloc(1, sizeof(*app));
    struct hub_credentials credentials = { .pid = 100 + world->devices[device].hub->n_apps, .uid = uid, .gid = uid + 1,
                                           .label = "label" };

    assert_non_null(app);
    app->device = &world->devices[device];
    sb_list_init(&app->inbox);
    sb_list_init(&app->taken);
    sb_list_append(&app->device->apps, &app->link);
    assert_int_equal(hub_app_open(app->device->hub, app, &credentials, &app->hub_app), 0);
    return app;
}

struct world_app *world_app_new(struct world *world, unsigned device, const char *name, uint32_t uid)
{
    struct world_app *app = world_app_connect(world, device, uid);
    struct wire_hello hello = { .version_min = 1, .version_max = 1, .features = WIRE_FEATURE_CHANNELS,
                                .name = { .text = name, .size = strlen(name) } };
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_MSG_MAX);
    assert_int_equal(wire_hello_encode(&buf, &hello), 0);
    world_app_send(app, &buf);
    sb_buf_deinit(&buf);
    assert_int_equal(world_take(app, WIRE_WELCOME)->welcome.version, 1);
    return app;
}

static void free_messages(struct sb_list *list)
{
    struct sb_list *link;

    while ((link = sb_list_first(list))) {
        sb_list_remove(link);
        free(SB_CONTAINER_OF(link, struct world_msg, link));
    }
}

void world_set_queued(struct world_app *app, uint32_t bytes)
{
    hub_quota_refund(&app->queued);
    hub_quota_force(&app->queued, hub_app_get_account(app->hub_app), HUB_QUOTA_BYTES, bytes);
}

void world_app_close(struct world_app *app)
{
    world_set_queued(app, 0);
    app->is_killed = true; /* it can be sent to no more */
    hub_app_close(app->hub_app);
    sb_list_remove(&app->link);
    free_messages(&app->inbox);
    free_messages(&app->taken);
    free(app->waiting);
    free(app);
}

enum hub_receive world_app_send_bytes(struct world_app *app, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size); /* exact, so that a sanitizer sees a read past its end */
    enum hub_receive result;
    struct wire_msg msg;
    size_t msg_size;

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    assert_int_equal(wire_msg_scan(copy, size, WIRE_MSG_MAX, &msg, &msg_size), 1);
    assert_int_equal(msg_size, size);
    result = hub_app_receive(app->hub_app, &msg, msg.n_fds > 0 && !app->has_lost_fds ? app->fds : NULL);
    free(app->waiting);
    app->waiting = result == HUB_WAIT ? copy : NULL;
    app->waiting_size = size;
    if (result != HUB_WAIT)
        free(copy);
    return result;
}

enum hub_receive world_app_resume(struct world_app *app)
{
    uint8_t *bytes = app->waiting;
    enum hub_receive result;

    app->waiting = NULL;
    app->may_resume = false;
    result = world_app_send_bytes(app, bytes, app->waiting_size);
    free(bytes);
    return result;
}

enum hub_receive world_app_send(struct world_app *app, const struct sb_buf *msg)
{
    return world_app_send_bytes(app, sb_buf_bytes(msg), msg->length);
}

struct wire_object world_stub(uint64_t id)
{
    return (struct wire_object){ .kind = WIRE_OBJECT_STUB, .id = id };
}

struct wire_object world_proxy(uint64_t handle)
{
    return (struct wire_object){ .kind = WIRE_OBJECT_PROXY, .id = handle };
}

static void set_objects(struct wire_objects *ret_objects, const struct wire_object *objects, uint16_t n)
{
    ret_objects->n = n;
    for (uint16_t i = 0; i < n; i++)
        ret_objects->items[i] = objects[i];
}

uint64_t world_call_full(struct world_app *app, uint64_t id, uint64_t target, uint32_t code, bool is_oneway,
                         struct wire_bytes data, const struct wire_object *objects, uint16_t n, enum hub_receive *ret_result)
{
    struct wire_call call = { .id = id, .target = target, .code = code, .flags = is_oneway ? WIRE_CALL_ONEWAY : 0,
                              .deadline_ms = is_oneway ? 0 : 8000, .trace = 77, .data = data, .n_fds = app->n_fds_next };
    struct wire_objects table;
    enum hub_receive result;
    struct sb_buf buf;

    app->n_fds_next = 0;
    set_objects(&table, objects, n);
    sb_buf_init(&buf, WIRE_MSG_MAX);
    assert_int_equal(wire_call_encode_head(&buf, &call, &table), 0);
    assert_int_equal(sb_buf_append(&buf, data.data, data.size), 0);
    result = world_app_send(app, &buf);
    sb_buf_deinit(&buf);
    if (ret_result)
        *ret_result = result;
    else
        assert_int_equal(result, HUB_DONE);
    return id;
}

static uint64_t call_with_zeros(struct world_app *app, uint64_t id, uint64_t target, size_t size,
                                const struct wire_object *objects, uint16_t n, enum hub_receive *ret_result)
{
    uint8_t *zeros = calloc(1, size + 1);

    assert_non_null(zeros);
    world_call_full(app, id, target, 5, id == 0, (struct wire_bytes){ .data = zeros, .size = size }, objects, n, ret_result);
    free(zeros);
    return id;
}

uint64_t world_call(struct world_app *app, uint64_t target, size_t size, const struct wire_object *objects, uint16_t n)
{
    return call_with_zeros(app, ++app->last_call, target, size, objects, n, NULL);
}

enum hub_receive world_oneway(struct world_app *app, uint64_t target, size_t size, const struct wire_object *objects,
                              uint16_t n)
{
    enum hub_receive result;

    call_with_zeros(app, 0, target, size, objects, n, &result);
    return result;
}

enum hub_receive world_reply_full(struct world_app *app, uint64_t id, int32_t status, struct wire_bytes data,
                                  const struct wire_object *objects, uint16_t n)
{
    struct wire_reply reply = { .id = id, .status = status, .data = data, .n_fds = app->n_fds_next };
    struct wire_objects table;
    enum hub_receive result;
    struct sb_buf buf;

    app->n_fds_next = 0;
    set_objects(&table, objects, n);
    sb_buf_init(&buf, WIRE_MSG_MAX);
    assert_int_equal(wire_reply_encode_head(&buf, &reply, &table), 0);
    assert_int_equal(sb_buf_append(&buf, data.data, data.size), 0);
    result = world_app_send(app, &buf);
    sb_buf_deinit(&buf);
    return result;
}

enum hub_receive world_reply(struct world_app *app, uint64_t id, int32_t status, size_t size,
                             const struct wire_object *objects, uint16_t n)
{
    uint8_t *zeros = calloc(1, size + 1);
    enum hub_receive result;

    assert_non_null(zeros);
    result = world_reply_full(app, id, status, (struct wire_bytes){ .data = zeros, .size = size }, objects, n);
    free(zeros);
    return result;
}

void world_cancel(struct world_app *app, uint64_t id)
{
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_MSG_MAX);
    assert_int_equal(wire_cancel_encode(&buf, id), 0);
    assert_int_equal(world_app_send(app, &buf), HUB_DONE);
    sb_buf_deinit(&buf);
}

void world_release(struct world_app *app, uint64_t handle, uint32_t count)
{
    world_release_after(app, handle, count, 0);
}

void world_release_after(struct world_app *app, uint64_t handle, uint32_t count, uint64_t after)
{
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_MSG_MAX);
    assert_int_equal(wire_release_encode(&buf, &(struct wire_release){ .id = handle, .count = count, .after = after }), 0);
    assert_int_equal(world_app_send(app, &buf), HUB_DONE);
    sb_buf_deinit(&buf);
}

void world_withdraw(struct world_app *app, uint64_t id)
{
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_MSG_MAX);
    assert_int_equal(wire_withdraw_encode(&buf, id), 0);
    assert_int_equal(world_app_send(app, &buf), HUB_DONE);
    sb_buf_deinit(&buf);
}

static uint64_t ask(struct world_app *app, uint32_t code, const struct wire_object *object, const char *format, va_list args)
{
    struct wire_writer writer;
    const char *text;
    struct sb_buf buf;
    uint64_t id;

    sb_buf_init(&buf, WIRE_MSG_MAX);
    wire_writer_init(&writer, &buf);
    for (; *format; format++) {
        switch (*format) {
        case 's':
            text = va_arg(args, const char *);
            wire_value_put_str(&writer, text, strlen(text));
            break;
        case 'u':
            wire_value_put_u64(&writer, va_arg(args, uint64_t));
            break;
        case 'b':
            wire_value_put_bool(&writer, va_arg(args, int));
            break;
        default:
            wire_value_put_object(&writer, (uint16_t)va_arg(args, int));
        }
    }
    assert_int_equal(writer.error, 0);
    id = world_call_full(app, ++app->last_call, WIRE_HUB, code, false,
                         (struct wire_bytes){ .data = sb_buf_bytes(&buf), .size = buf.length }, object, object ? 1 : 0, NULL);
    sb_buf_deinit(&buf);
    return id;
}

uint64_t world_ask(struct world_app *app, uint32_t code, const struct wire_object *object, const char *format, ...)
{
    uint64_t id;
    va_list args;

    va_start(args, format);
    id = ask(app, code, object, format, args);
    va_end(args);
    return id;
}

enum wire_status world_do(struct world_app *app, uint32_t code, const struct wire_object *object, const char *format, ...)
{
    uint64_t id;
    va_list args;

    va_start(args, format);
    id = ask(app, code, object, format, args);
    va_end(args);
    world_run(app->device->world);
    return world_take_status(app, id);
}

static struct world_msg *find(const struct world_app *app, enum wire_type type, uint64_t reply_id)
{
    SB_LIST_FOREACH(link, &app->inbox) {
        struct world_msg *msg = SB_CONTAINER_OF(link, struct world_msg, link);

        if (msg->type == type && (type != WIRE_REPLY || reply_id == 0 || msg->reply.id == reply_id))
            return msg;
    }
    return NULL;
}

static struct world_msg *take(struct world_app *app, struct world_msg *msg)
{
    assert_non_null(msg);
    sb_list_remove(&msg->link);
    sb_list_append(&app->taken, &msg->link);
    return msg;
}

struct world_msg *world_take(struct world_app *app, enum wire_type type)
{
    return take(app, find(app, type, 0));
}

struct world_msg *world_take_reply(struct world_app *app, uint64_t id)
{
    struct world_msg *msg = take(app, find(app, WIRE_REPLY, id));

    assert_null(find(app, WIRE_REPLY, id)); /* exactly one */
    return msg;
}

enum wire_status world_take_status(struct world_app *app, uint64_t id)
{
    return (enum wire_status)world_take_reply(app, id)->reply.status;
}

bool world_has(const struct world_app *app, enum wire_type type)
{
    return find(app, type, 0) != NULL;
}

bool world_is_quiet(const struct world_app *app)
{
    return sb_list_is_empty(&app->inbox);
}

void world_forget(struct world_app *app)
{
    free_messages(&app->inbox);
}

void world_serve(struct world_app *owner, uint64_t stub, const char *name, bool is_distributed)
{
    struct wire_object object = world_stub(stub);

    assert_int_equal(world_do(owner, WIRE_HUB_SERVICE_ADD, &object, "sob", name, 0, is_distributed), WIRE_OK);
    world_run(owner->device->world);
}

uint64_t world_get(struct world_app *app, unsigned device, const char *name)
{
    const char *text = app->device->world->devices[device].id_text;
    uint64_t id = world_ask(app, WIRE_HUB_SERVICE_GET, NULL, "ssb", text, name, false);
    struct world_msg *msg;

    world_run(app->device->world);
    msg = world_take_reply(app, id);
    assert_int_equal(msg->reply.status, WIRE_OK);
    assert_int_equal(msg->objects.n, 1);
    assert_int_equal(msg->objects.items[0].kind, WIRE_OBJECT_PROXY);
    return msg->objects.items[0].id;
}

uint64_t world_give(struct world_app *giver, struct world_app *taker, const char *name, struct wire_object object)
{
    uint64_t to = world_get(giver, taker->device->index, name);
    struct world_msg *msg;

    assert_int_equal(world_oneway(giver, to, 0, &object, 1), HUB_DONE);
    world_run(giver->device->world);
    world_release(giver, to, 1);
    world_run(giver->device->world);
    msg = world_take(taker, WIRE_CALL);
    assert_int_equal(msg->objects.n, 1);
    return msg->objects.items[0].id;
}

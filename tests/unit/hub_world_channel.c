/* What apps in memory say about direct channels; see hub_world.h. */
#include "tests/unit/hub_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* r: what the encoder said. */
static enum hub_receive send_and_free(struct world_app *app, struct sb_buf *buf, int r)
{
    enum hub_receive result;

    assert_int_equal(r, 0);
    result = world_app_send(app, buf);
    sb_buf_deinit(buf);
    return result;
}

enum hub_receive world_grant(struct world_app *app, const struct wire_grant *grant)
{
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_MSG_MAX);
    return send_and_free(app, &buf, wire_grant_encode(&buf, grant));
}

void world_channel_end(struct world_app *app, uint64_t channel)
{
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_MSG_MAX);
    send_and_free(app, &buf, wire_channel_end_encode(&buf, &(struct wire_channel_end){ .channel = channel, .reason = 1 }));
}

enum hub_receive world_detour(struct world_app *app, uint64_t channel, uint64_t position)
{
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_MSG_MAX);
    return send_and_free(app, &buf, wire_detour_encode(&buf, &(struct wire_detour){ .channel = channel, .position = position }));
}

static struct wire_objects as_table(const struct wire_object *objects, uint16_t n)
{
    struct wire_objects table = { .n = n };

    for (uint16_t i = 0; i < n; i++)
        table.items[i] = objects[i];
    return table;
}

enum hub_receive world_detour_call(struct world_app *app, uint64_t channel, uint64_t position, uint64_t id, uint64_t target,
                                   struct wire_bytes data, const struct wire_object *objects, uint16_t n)
{
    const struct wire_detour detour = { .channel = channel, .position = position };
    const struct wire_call call = { .id = id, .target = target, .code = 5, .flags = id ? 0 : WIRE_CALL_ONEWAY,
                                    .deadline_ms = id ? 8000 : 0, .data = data, .n_fds = app->n_fds_next };
    const struct wire_objects table = as_table(objects, n);
    struct sb_buf buf;
    int r;

    app->n_fds_next = 0;
    sb_buf_init(&buf, WIRE_MSG_MAX);
    r = wire_detour_call_encode_head(&buf, &detour, &call, &table);
    return send_and_free(app, &buf, r < 0 ? r : sb_buf_append(&buf, data.data, data.size));
}

enum hub_receive world_detour_reply(struct world_app *app, uint64_t channel, uint64_t id, int32_t status, struct wire_bytes data,
                                    const struct wire_object *objects, uint16_t n)
{
    const struct wire_detour detour = { .channel = channel };
    const struct wire_reply reply = { .id = id, .status = status, .data = data, .n_fds = app->n_fds_next };
    const struct wire_objects table = as_table(objects, n);
    struct sb_buf buf;
    int r;

    app->n_fds_next = 0;
    sb_buf_init(&buf, WIRE_MSG_MAX);
    r = wire_detour_reply_encode_head(&buf, &detour, &reply, &table);
    return send_and_free(app, &buf, r < 0 ? r : sb_buf_append(&buf, data.data, data.size));
}

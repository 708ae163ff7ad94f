/* Message codec; see msg.h. Section numbers are those of docs/protocol-app.md. */
#include "wire/msg.h"

#include "base/buf.h"
#include "wire/codec.h"
#include "wire/status.h"

#include <errno.h>

static bool may_have_fds(uint16_t type, uint16_t n_fds)
{
    switch (type) {
    case WIRE_CALL:
    case WIRE_REPLY:
    case WIRE_DETOUR:
        return n_fds <= WIRE_FDS_MAX;
    case WIRE_CHANNEL:
        return n_fds == 1;
    default:
        return n_fds == 0;
    }
}

int wire_msg_scan(const uint8_t *bytes, size_t size, size_t max, struct wire_msg *ret_msg, size_t *ret_size)
{
    uint32_t length;

    *ret_size = WIRE_HEADER_SIZE;
    if (size < WIRE_HEADER_SIZE)
        return 0;
    length = wire_load_u32(bytes);
    if (length < WIRE_HEADER_SIZE || !may_have_fds(wire_load_u16(bytes + 4), wire_load_u16(bytes + 6)))
        return -EBADMSG;
    if (length > max)
        return -EMSGSIZE;
    *ret_size = length;
    if (size < length)
        return 0;
    ret_msg->type = wire_load_u16(bytes + 4);
    ret_msg->n_fds = wire_load_u16(bytes + 6);
    ret_msg->body = (struct wire_bytes){ .data = bytes + WIRE_HEADER_SIZE, .size = length - WIRE_HEADER_SIZE };
    return 1;
}

struct wire_reader wire_open_body(struct wire_bytes body)
{
    struct wire_reader reader;

    wire_reader_init(&reader, body.data, body.size);
    return reader;
}

/* Section "HELLO". */
int wire_hello_decode(struct wire_bytes body, struct wire_hello *ret_hello)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_hello hello;

    hello.version_min = wire_get_u16(&reader);
    hello.version_max = wire_get_u16(&reader);
    hello.features = wire_get_u32(&reader);
    hello.instance = wire_get_u64(&reader);
    hello.proof = wire_get_u64(&reader);
    hello.name = wire_get_str(&reader, WIRE_NAME_MAX);
    if (hello.version_min > hello.version_max || hello.features & ~(uint32_t)WIRE_FEATURES_ALL)
        wire_reader_fail(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_hello = hello;
    return 0;
}

static struct wire_devid get_devid(struct wire_reader *reader)
{
    struct wire_bytes bytes = wire_get_fixed(reader, WIRE_DEVID_SIZE);
    struct wire_devid id = { 0 };

    for (size_t i = 0; i < bytes.size; i++)
        id.bytes[i] = bytes.data[i];
    return id;
}

/* Section "WELCOME". */
int wire_welcome_decode(struct wire_bytes body, struct wire_welcome *ret_welcome)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_welcome welcome;

    welcome.version = wire_get_u16(&reader);
    welcome.local_max = wire_get_u32(&reader);
    welcome.remote_max = wire_get_u32(&reader);
    welcome.device = get_devid(&reader);
    welcome.device_name = wire_get_str(&reader, WIRE_NAME_MAX);
    welcome.instance = wire_get_u64(&reader);
    welcome.proof = wire_get_u64(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_welcome = welcome;
    return 0;
}

/* Section "Identity". */
struct wire_identity wire_get_identity(struct wire_reader *reader)
{
    struct wire_identity identity = { .kind = wire_get_u8(reader), .label = { .text = "" } };

    switch (identity.kind) {
    case WIRE_IDENTITY_NONE:
        break;
    case WIRE_IDENTITY_LOCAL:
        identity.pid = wire_get_u32(reader);
        identity.uid = wire_get_u32(reader);
        identity.gid = wire_get_u32(reader);
        identity.label = wire_get_str(reader, WIRE_LABEL_MAX);
        break;
    case WIRE_IDENTITY_REMOTE:
        identity.device = get_devid(reader);
        identity.uid = wire_get_u32(reader);
        break;
    case WIRE_IDENTITY_ASSERTED:
        identity.uid = wire_get_u32(reader);
        break;
    default:
        wire_reader_fail(reader);
    }
    return identity;
}

static struct wire_object get_object(struct wire_reader *reader)
{
    struct wire_object object = { .kind = wire_get_u8(reader) };

    object.flags = wire_get_u8(reader);
    object.hops = wire_get_u8(reader);
    object.id = wire_get_u64(reader);
    if (object.kind < WIRE_OBJECT_STUB || object.kind > WIRE_OBJECT_PROXY || object.flags & ~WIRE_OBJECT_FLAGS_ALL ||
        object.hops > 1)
        wire_reader_fail(reader);
    if (object.flags & WIRE_OBJECT_ORIGIN && (object.kind != WIRE_OBJECT_PROXY || object.flags & WIRE_OBJECT_REMOTE))
        wire_reader_fail(reader);
    if (object.flags & WIRE_OBJECT_REMOTE)
        object.device = get_devid(reader);
    if (object.flags & WIRE_OBJECT_ORIGIN) {
        object.origin = wire_get_u64(reader);
        object.stub = wire_get_u64(reader);
    }
    return object;
}

/* Section "Objects". */
static void get_objects(struct wire_reader *reader, struct wire_objects *objects)
{
    objects->n = wire_get_u16(reader);
    if (objects->n > WIRE_OBJECTS_MAX) {
        objects->n = 0;
        wire_reader_fail(reader);
    }
    for (uint16_t i = 0; i < objects->n && !reader->has_failed; i++)
        objects->items[i] = get_object(reader);
}

/* Section "CALL". */
int wire_call_decode(struct wire_bytes body, struct wire_call *ret_call, struct wire_objects *ret_objects)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_call call;

    call.id = wire_get_u64(&reader);
    call.target = wire_get_u64(&reader);
    call.code = wire_get_u32(&reader);
    call.flags = wire_get_u32(&reader);
    call.deadline_ms = wire_get_u32(&reader);
    call.trace = wire_get_u64(&reader);
    call.identity = wire_get_identity(&reader);
    get_objects(&reader, ret_objects);
    call.data = wire_get_bytes(&reader, WIRE_REMOTE_MAX);
    call.n_fds = 0;
    if (call.code == 0 || call.flags & ~(uint32_t)WIRE_CALL_FLAGS_ALL ||
        (call.id == 0) != ((call.flags & WIRE_CALL_ONEWAY) != 0))
        wire_reader_fail(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_call = call;
    return 0;
}

/* Section "REPLY". */
int wire_reply_decode(struct wire_bytes body, struct wire_reply *ret_reply, struct wire_objects *ret_objects)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_reply reply;

    reply.id = wire_get_u64(&reader);
    reply.status = (int32_t)wire_get_u32(&reader);
    get_objects(&reader, ret_objects);
    reply.data = wire_get_bytes(&reader, WIRE_REMOTE_MAX);
    reply.n_fds = 0;
    if (reply.status > 0 || reply.status < WIRE_STATUS_MIN ||
        (reply.status != 0 && (reply.data.size > 0 || ret_objects->n > 0)))
        wire_reader_fail(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_reply = reply;
    return 0;
}

int wire_decode_id(struct wire_bytes body, uint64_t *ret_id)
{
    struct wire_reader reader = wire_open_body(body);
    uint64_t id = wire_get_u64(&reader);

    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_id = id;
    return 0;
}

/* Section "CANCEL". */
int wire_cancel_decode(struct wire_bytes body, uint64_t *ret_id)
{
    return wire_decode_id(body, ret_id);
}

/* Section "WITHDRAW". */
int wire_withdraw_decode(struct wire_bytes body, uint64_t *ret_id)
{
    return wire_decode_id(body, ret_id);
}

/* Section "RELEASE". */
int wire_release_decode(struct wire_bytes body, struct wire_release *ret_release)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_release release;

    release.id = wire_get_u64(&reader);
    release.count = wire_get_u32(&reader);
    release.after = wire_get_u64(&reader);
    if (release.count == 0)
        wire_reader_fail(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_release = release;
    return 0;
}

/* Section "DEATH". */
int wire_death_decode(struct wire_bytes body, struct wire_death_msg *ret_death)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_death_msg death;

    death.id = wire_get_u64(&reader);
    death.reason = wire_get_u32(&reader);
    if (death.reason < WIRE_DEATH_PROCESS_DIED || death.reason > WIRE_DEATH_ACCESS_REVOKED)
        wire_reader_fail(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_death = death;
    return 0;
}

/* Section "REFUSED". */
int wire_refused_decode(struct wire_bytes body, struct wire_refused *ret_refused)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_refused refused;

    refused.id = wire_get_u64(&reader);
    refused.object = wire_get_u64(&reader);
    refused.status = (int32_t)wire_get_u32(&reader);
    if (refused.status >= 0 || refused.status < WIRE_STATUS_MIN)
        wire_reader_fail(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_refused = refused;
    return 0;
}

/* Section "SERVICE". */
int wire_service_decode(struct wire_bytes body, struct wire_service *ret_service)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_service service;

    service.is_present = wire_get_u8(&reader);
    service.name = wire_get_str(&reader, WIRE_SERVICE_NAME_MAX);
    if (service.is_present > 1 || service.name.size == 0)
        wire_reader_fail(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_service = service;
    return 0;
}

struct wire_open wire_open_msg(struct sb_buf *buf, enum wire_type type, uint16_t n_fds)
{
    struct wire_open msg = { .start = buf->length };

    wire_writer_init(&msg.writer, buf);
    wire_put_u32(&msg.writer, 0);
    wire_put_u16(&msg.writer, (uint16_t)type);
    wire_put_u16(&msg.writer, n_fds);
    return msg;
}

int wire_close_msg(struct wire_open *msg, size_t n_following)
{
    struct sb_buf *buf = msg->writer.buf;

    if (msg->writer.error < 0) {
        buf->length = msg->start;
        return msg->writer.error;
    }
    wire_store_u32(buf->data + buf->start + msg->start, (uint32_t)(buf->length - msg->start + n_following));
    return 0;
}

int wire_hello_encode(struct sb_buf *buf, const struct wire_hello *hello)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_HELLO, 0);

    wire_put_u16(&msg.writer, hello->version_min);
    wire_put_u16(&msg.writer, hello->version_max);
    wire_put_u32(&msg.writer, hello->features);
    wire_put_u64(&msg.writer, hello->instance);
    wire_put_u64(&msg.writer, hello->proof);
    wire_put_str(&msg.writer, hello->name.text, hello->name.size);
    return wire_close_msg(&msg, 0);
}

int wire_welcome_encode(struct sb_buf *buf, const struct wire_welcome *welcome)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_WELCOME, 0);

    wire_put_u16(&msg.writer, welcome->version);
    wire_put_u32(&msg.writer, welcome->local_max);
    wire_put_u32(&msg.writer, welcome->remote_max);
    wire_put_fixed(&msg.writer, welcome->device.bytes, WIRE_DEVID_SIZE);
    wire_put_str(&msg.writer, welcome->device_name.text, welcome->device_name.size);
    wire_put_u64(&msg.writer, welcome->instance);
    wire_put_u64(&msg.writer, welcome->proof);
    return wire_close_msg(&msg, 0);
}

void wire_put_identity(struct wire_writer *writer, const struct wire_identity *identity)
{
    wire_put_u8(writer, (uint8_t)identity->kind);
    switch (identity->kind) {
    case WIRE_IDENTITY_NONE:
        break;
    case WIRE_IDENTITY_LOCAL:
        wire_put_u32(writer, identity->pid);
        wire_put_u32(writer, identity->uid);
        wire_put_u32(writer, identity->gid);
        wire_put_str(writer, identity->label.text, identity->label.size);
        break;
    case WIRE_IDENTITY_REMOTE:
        wire_put_fixed(writer, identity->device.bytes, WIRE_DEVID_SIZE);
        wire_put_u32(writer, identity->uid);
        break;
    case WIRE_IDENTITY_ASSERTED:
        wire_put_u32(writer, identity->uid);
        break;
    }
}

static void put_objects(struct wire_writer *writer, const struct wire_objects *objects)
{
    wire_put_u16(writer, objects->n);
    for (uint16_t i = 0; i < objects->n; i++) {
        const struct wire_object *object = &objects->items[i];

        wire_put_u8(writer, (uint8_t)object->kind);
        wire_put_u8(writer, object->flags);
        wire_put_u8(writer, object->hops);
        wire_put_u64(writer, object->id);
        if (object->flags & WIRE_OBJECT_REMOTE)
            wire_put_fixed(writer, object->device.bytes, WIRE_DEVID_SIZE);
        if (object->flags & WIRE_OBJECT_ORIGIN) {
            wire_put_u64(writer, object->origin);
            wire_put_u64(writer, object->stub);
        }
    }
}

void wire_put_call(struct wire_writer *writer, const struct wire_call *call, const struct wire_objects *objects)
{
    wire_put_u64(writer, call->id);
    wire_put_u64(writer, call->target);
    wire_put_u32(writer, call->code);
    wire_put_u32(writer, call->flags);
    wire_put_u32(writer, call->deadline_ms);
    wire_put_u64(writer, call->trace);
    wire_put_identity(writer, &call->identity);
    put_objects(writer, objects);
    wire_put_u32(writer, (uint32_t)call->data.size);
}

int wire_call_encode_head(struct sb_buf *buf, const struct wire_call *call, const struct wire_objects *objects)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_CALL, call->n_fds);

    wire_put_call(&msg.writer, call, objects);
    return wire_close_msg(&msg, call->data.size);
}

void wire_put_reply(struct wire_writer *writer, const struct wire_reply *reply, const struct wire_objects *objects)
{
    wire_put_u64(writer, reply->id);
    wire_put_u32(writer, (uint32_t)reply->status);
    put_objects(writer, objects);
    wire_put_u32(writer, (uint32_t)reply->data.size);
}

int wire_reply_encode_head(struct sb_buf *buf, const struct wire_reply *reply, const struct wire_objects *objects)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_REPLY, reply->n_fds);

    wire_put_reply(&msg.writer, reply, objects);
    return wire_close_msg(&msg, reply->data.size);
}

int wire_encode_id(struct sb_buf *buf, enum wire_type type, uint64_t id)
{
    struct wire_open msg = wire_open_msg(buf, type, 0);

    wire_put_u64(&msg.writer, id);
    return wire_close_msg(&msg, 0);
}

int wire_cancel_encode(struct sb_buf *buf, uint64_t id)
{
    return wire_encode_id(buf, WIRE_CANCEL, id);
}

int wire_withdraw_encode(struct sb_buf *buf, uint64_t id)
{
    return wire_encode_id(buf, WIRE_WITHDRAW, id);
}

int wire_release_encode(struct sb_buf *buf, const struct wire_release *release)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_RELEASE, 0);

    wire_put_u64(&msg.writer, release->id);
    wire_put_u32(&msg.writer, release->count);
    wire_put_u64(&msg.writer, release->after);
    return wire_close_msg(&msg, 0);
}

int wire_death_encode(struct sb_buf *buf, const struct wire_death_msg *death)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_DEATH, 0);

    wire_put_u64(&msg.writer, death->id);
    wire_put_u32(&msg.writer, death->reason);
    return wire_close_msg(&msg, 0);
}

int wire_refused_encode(struct sb_buf *buf, const struct wire_refused *refused)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_REFUSED, 0);

    wire_put_u64(&msg.writer, refused->id);
    wire_put_u64(&msg.writer, refused->object);
    wire_put_u32(&msg.writer, (uint32_t)refused->status);
    return wire_close_msg(&msg, 0);
}

int wire_service_encode(struct sb_buf *buf, const struct wire_service *service)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_SERVICE, 0);

    wire_put_u8(&msg.writer, service->is_present);
    wire_put_str(&msg.writer, service->name.text, service->name.size);
    return wire_close_msg(&msg, 0);
}

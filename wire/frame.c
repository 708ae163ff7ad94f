/* Frames between devices; see frame.h and docs/protocol-peer.md, "Frames". */
#include "wire/frame.h"

#include "base/buf.h"

#include <assert.h>
#include <errno.h>

/* Least values that let a session make progress, and largest that fit its arithmetic. */
#define WINDOW_MIN 1024
#define WINDOW_MAX (64u * 1024 * 1024)
#define MESSAGE_MIN 1024
#define MESSAGE_MAX (64u * 1024 * 1024)
#define HEARTBEAT_MAX_MS (3600u * 1000)

static bool hello_is_valid(const struct wire_frame_hello *hello, uint8_t type)
{
    if (hello->version_min == 0 || hello->version_min > hello->version_max || hello->instance == 0)
        return false;
    if (type == WIRE_FRAME_ACCEPT && (hello->session == 0 || hello->version_min != hello->version_max))
        return false;
    if (hello->name.size > WIRE_FRAME_NAME_MAX || hello->n_streams == 0)
        return false;
    return hello->window_bytes >= WINDOW_MIN && hello->window_bytes <= WINDOW_MAX && hello->message_max >= MESSAGE_MIN &&
           hello->message_max <= MESSAGE_MAX && hello->heartbeat_ms > 0 && hello->heartbeat_ms <= HEARTBEAT_MAX_MS;
}

static void read_hello(struct wire_reader *reader, uint8_t type, struct wire_frame_hello *hello)
{
    hello->version_min = wire_get_u16(reader);
    hello->version_max = wire_get_u16(reader);
    hello->instance = wire_get_u64(reader);
    hello->session = wire_get_u64(reader);
    hello->received = wire_get_u64(reader);
    hello->window_bytes = wire_get_u32(reader);
    hello->n_streams = wire_get_u32(reader);
    hello->message_max = wire_get_u32(reader);
    hello->heartbeat_ms = wire_get_u32(reader);
    hello->name = wire_get_str(reader, WIRE_FRAME_NAME_MAX);
    /* A newer peer may add fields to the HELLO with which it also offers our version. */
    if (type == WIRE_FRAME_HELLO && hello->version_max > WIRE_FRAME_VERSION && !reader->has_failed)
        wire_get_fixed(reader, reader->left);
    if (!hello_is_valid(hello, type))
        wire_reader_fail(reader);
}

static int read_payload(struct wire_frame *frame)
{
    struct wire_reader reader;

    wire_reader_init(&reader, frame->payload.data, frame->payload.size);
    switch (frame->type) {
    case WIRE_FRAME_HELLO:
    case WIRE_FRAME_ACCEPT:
        read_hello(&reader, frame->type, &frame->hello);
        break;
    case WIRE_FRAME_REJECT:
    case WIRE_FRAME_CLOSE:
        frame->reason = wire_get_u32(&reader);
        break;
    case WIRE_FRAME_CREDIT:
        frame->credit_bytes = wire_get_u32(&reader);
        if (frame->credit_bytes == 0)
            wire_reader_fail(&reader);
        break;
    case WIRE_FRAME_PING:
    case WIRE_FRAME_PONG:
        frame->stamp = wire_get_u64(&reader);
        break;
    case WIRE_FRAME_ACK:
        frame->received = wire_get_u64(&reader);
        break;
    case WIRE_FRAME_DATA:
        return frame->payload.size > 0 ? 0 : -EBADMSG;
    case WIRE_FRAME_END_STREAM:
    case WIRE_FRAME_STREAM_ENDED:
        break;
    default: /* unknown: what it carries is its own affair */
        return frame->type == 0 ? -EBADMSG : 0;
    }
    return wire_reader_end(&reader);
}

/* Stream 0 is the control stream: it has no credit and no end. Frames about the connection carry stream 0. */
static bool stream_is_valid(const struct wire_frame *frame)
{
    switch (frame->type) {
    case WIRE_FRAME_CREDIT:
    case WIRE_FRAME_END_STREAM:
    case WIRE_FRAME_STREAM_ENDED:
        return frame->stream != 0;
    case WIRE_FRAME_HELLO:
    case WIRE_FRAME_ACCEPT:
    case WIRE_FRAME_REJECT:
    case WIRE_FRAME_PING:
    case WIRE_FRAME_PONG:
    case WIRE_FRAME_ACK:
    case WIRE_FRAME_CLOSE:
        return frame->stream == 0;
    default:
        return true;
    }
}

int wire_frame_read(const uint8_t *bytes, size_t size, struct wire_frame *ret_frame, size_t *ret_size)
{
    struct wire_frame frame = { 0 };
    size_t payload_size;
    int r;

    if (size < WIRE_FRAME_HEADER_SIZE)
        return -EAGAIN;
    payload_size = wire_load_u16(bytes);
    if (payload_size > WIRE_FRAME_PAYLOAD_MAX || bytes[3] != 0)
        return -EBADMSG;
    if (size - WIRE_FRAME_HEADER_SIZE < payload_size)
        return -EAGAIN;
    frame.type = bytes[2];
    frame.stream = wire_load_u32(bytes + 4);
    frame.payload = (struct wire_bytes){ .data = bytes + WIRE_FRAME_HEADER_SIZE, .size = payload_size };
    if (!stream_is_valid(&frame))
        return -EBADMSG;
    r = read_payload(&frame);
    if (r < 0)
        return r;
    *ret_frame = frame;
    *ret_size = WIRE_FRAME_HEADER_SIZE + payload_size;
    return 0;
}

void wire_frame_store_header(uint8_t bytes[WIRE_FRAME_HEADER_SIZE], enum wire_frame_type type, uint32_t stream,
                             size_t payload_size)
{
    assert(payload_size <= WIRE_FRAME_PAYLOAD_MAX);
    wire_store_u16(bytes, (uint16_t)payload_size);
    bytes[2] = (uint8_t)type;
    bytes[3] = 0;
    wire_store_u32(bytes + 4, stream);
}

size_t wire_frame_load_size(const uint8_t bytes[WIRE_FRAME_HEADER_SIZE])
{
    return WIRE_FRAME_HEADER_SIZE + (size_t)wire_load_u16(bytes);
}

static void write_hello(struct wire_writer *writer, const struct wire_frame_hello *hello)
{
    wire_put_u16(writer, hello->version_min);
    wire_put_u16(writer, hello->version_max);
    wire_put_u64(writer, hello->instance);
    wire_put_u64(writer, hello->session);
    wire_put_u64(writer, hello->received);
    wire_put_u32(writer, hello->window_bytes);
    wire_put_u32(writer, hello->n_streams);
    wire_put_u32(writer, hello->message_max);
    wire_put_u32(writer, hello->heartbeat_ms);
    wire_put_str(writer, hello->name.text, hello->name.size);
}

static void write_payload(struct wire_writer *writer, const struct wire_frame *frame)
{
    switch (frame->type) {
    case WIRE_FRAME_HELLO:
    case WIRE_FRAME_ACCEPT:
        write_hello(writer, &frame->hello);
        break;
    case WIRE_FRAME_REJECT:
    case WIRE_FRAME_CLOSE:
        wire_put_u32(writer, frame->reason);
        break;
    case WIRE_FRAME_CREDIT:
        wire_put_u32(writer, frame->credit_bytes);
        break;
    case WIRE_FRAME_PING:
    case WIRE_FRAME_PONG:
        wire_put_u64(writer, frame->stamp);
        break;
    case WIRE_FRAME_ACK:
        wire_put_u64(writer, frame->received);
        break;
    default: /* END_STREAM, STREAM_ENDED: empty */
        break;
    }
}

int wire_frame_write(struct sb_buf *buf, const struct wire_frame *frame)
{
    uint8_t bytes[256]; /* the longest is a HELLO: 8 + 44 + 4 + 63 + 1 */
    struct sb_buf payload = { .data = bytes, .capacity = sizeof(bytes), .max = sizeof(bytes) };
    struct wire_frame check;
    struct wire_writer writer;
    size_t size;

    payload.length = WIRE_FRAME_HEADER_SIZE;
    wire_writer_init(&writer, &payload);
    write_payload(&writer, frame);
    if (writer.error)
        return -EINVAL;
    wire_frame_store_header(bytes, (enum wire_frame_type)frame->type, frame->stream,
                            payload.length - WIRE_FRAME_HEADER_SIZE);
    if (wire_frame_read(bytes, payload.length, &check, &size) < 0)
        return -EINVAL;
    return sb_buf_append(buf, bytes, payload.length);
}

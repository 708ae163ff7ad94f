/* Discovery helper messages; see disc.h and docs/discovery.md, section "Helper protocol". */
#include "wire/disc.h"

#include "base/buf.h"

#include <errno.h>
#include <string.h>

#define FLAG_IPV4 1
#define FLAG_IPV6 2
#define SANDBOX_BITS \
    (WIRE_DISC_SANDBOX_USER | WIRE_DISC_SANDBOX_ROOT | WIRE_DISC_SANDBOX_CAPS | WIRE_DISC_SANDBOX_SECCOMP)
#define LOG_LEVEL_MAX 3

static void get_devid(struct wire_reader *reader, struct wire_devid *ret_id)
{
    struct wire_bytes bytes = wire_get_fixed(reader, WIRE_DEVID_SIZE);

    if (bytes.data)
        memcpy(ret_id->bytes, bytes.data, WIRE_DEVID_SIZE);
}

/* "CONFIG" */
static void get_config(struct wire_reader *reader, struct wire_disc_config *ret_config)
{
    uint32_t version = wire_get_u32(reader);
    uint8_t flags;

    get_devid(reader, &ret_config->id);
    ret_config->port = wire_get_u16(reader);
    flags = wire_get_u8(reader);
    ret_config->use_ipv4 = flags & FLAG_IPV4;
    ret_config->use_ipv6 = flags & FLAG_IPV6;
    ret_config->instance = wire_get_str(reader, WIRE_DISC_INSTANCE_MAX);
    ret_config->n_interfaces = wire_get_u8(reader);
    if (version != WIRE_DISC_VERSION || ret_config->port == 0 || flags == 0 || flags & ~(FLAG_IPV4 | FLAG_IPV6) ||
        ret_config->instance.size == 0 || ret_config->n_interfaces > WIRE_DISC_INTERFACES_MAX) {
        wire_reader_fail(reader);
        return;
    }
    for (size_t i = 0; i < ret_config->n_interfaces; i++) {
        ret_config->interfaces[i] = wire_get_str(reader, WIRE_DISC_INTERFACE_MAX);
        if (ret_config->interfaces[i].size == 0)
            wire_reader_fail(reader);
    }
}

/* "READY" */
static uint32_t get_sandbox(struct wire_reader *reader)
{
    uint32_t version = wire_get_u32(reader), sandbox = wire_get_u32(reader);

    if (version != WIRE_DISC_VERSION || sandbox & ~(uint32_t)SANDBOX_BITS)
        wire_reader_fail(reader);
    return sandbox;
}

/* "FOUND" and "LOST": an address. */
static void get_address(struct wire_reader *reader, struct wire_disc_address *ret_address)
{
    uint8_t family = wire_get_u8(reader);
    struct wire_bytes bytes;

    ret_address->port = wire_get_u16(reader);
    ret_address->scope = wire_get_u32(reader);
    bytes = wire_get_fixed(reader, family == WIRE_DISC_IPV4 ? 4 : 16);
    if ((family != WIRE_DISC_IPV4 && family != WIRE_DISC_IPV6) || ret_address->port == 0 ||
        (family == WIRE_DISC_IPV4 && ret_address->scope != 0)) {
        wire_reader_fail(reader);
        return;
    }
    ret_address->family = family;
    if (bytes.data)
        memcpy(ret_address->bytes, bytes.data, bytes.size);
}

int wire_disc_decode(const void *data, size_t size, struct wire_disc_message *ret_message)
{
    struct wire_disc_message message = { 0 };
    struct wire_reader reader;
    uint8_t type;
    int r;

    if (size > WIRE_DISC_MESSAGE_MAX)
        return -EBADMSG;
    wire_reader_init(&reader, data, size);
    type = wire_get_u8(&reader);
    switch (type) {
    case WIRE_DISC_CONFIG:
        get_config(&reader, &message.config);
        break;
    case WIRE_DISC_READY:
        message.ready.sandbox = get_sandbox(&reader);
        break;
    case WIRE_DISC_FOUND:
    case WIRE_DISC_LOST:
        get_devid(&reader, &message.seen.id);
        message.seen.version = type == WIRE_DISC_FOUND ? wire_get_u32(&reader) : 0;
        get_address(&reader, &message.seen.address);
        if (type == WIRE_DISC_FOUND && message.seen.version == 0)
            wire_reader_fail(&reader);
        break;
    case WIRE_DISC_LOG:
        message.log.level = wire_get_u8(&reader);
        message.log.text = wire_get_str(&reader, WIRE_DISC_LOG_MAX);
        if (message.log.level > LOG_LEVEL_MAX)
            wire_reader_fail(&reader);
        break;
    case WIRE_DISC_ALIVE:
        break;
    default:
        wire_reader_fail(&reader);
    }
    r = wire_reader_end(&reader);
    if (r < 0)
        return r;
    message.type = type;
    *ret_message = message;
    return 0;
}

static void put_config(struct wire_writer *writer, const struct wire_disc_config *config)
{
    wire_put_u32(writer, WIRE_DISC_VERSION);
    wire_put_fixed(writer, config->id.bytes, WIRE_DEVID_SIZE);
    wire_put_u16(writer, config->port);
    wire_put_u8(writer, (uint8_t)((config->use_ipv4 ? FLAG_IPV4 : 0) | (config->use_ipv6 ? FLAG_IPV6 : 0)));
    wire_put_str(writer, config->instance.text, config->instance.size);
    wire_put_u8(writer, (uint8_t)config->n_interfaces);
    for (size_t i = 0; i < config->n_interfaces && i < WIRE_DISC_INTERFACES_MAX; i++)
        wire_put_str(writer, config->interfaces[i].text, config->interfaces[i].size);
}

static void put_seen(struct wire_writer *writer, const struct wire_disc_message *message)
{
    const struct wire_disc_address *address = &message->seen.address;

    wire_put_fixed(writer, message->seen.id.bytes, WIRE_DEVID_SIZE);
    if (message->type == WIRE_DISC_FOUND)
        wire_put_u32(writer, message->seen.version);
    wire_put_u8(writer, (uint8_t)address->family);
    wire_put_u16(writer, address->port);
    wire_put_u32(writer, address->scope);
    wire_put_fixed(writer, address->bytes, address->family == WIRE_DISC_IPV4 ? 4 : 16);
}

int wire_disc_encode(const struct wire_disc_message *message, struct sb_buf *buf)
{
    struct wire_disc_message check;
    struct wire_writer writer;
    size_t start = buf->length;

    wire_writer_init(&writer, buf);
    wire_put_u8(&writer, (uint8_t)message->type);
    switch (message->type) {
    case WIRE_DISC_CONFIG:
        put_config(&writer, &message->config);
        break;
    case WIRE_DISC_READY:
        wire_put_u32(&writer, WIRE_DISC_VERSION);
        wire_put_u32(&writer, message->ready.sandbox);
        break;
    case WIRE_DISC_FOUND:
    case WIRE_DISC_LOST:
        put_seen(&writer, message);
        break;
    case WIRE_DISC_LOG:
        wire_put_u8(&writer, message->log.level);
        wire_put_str(&writer, message->log.text.text, message->log.text.size);
        break;
    case WIRE_DISC_ALIVE:
        break;
    }
    if (writer.error == 0 && wire_disc_decode(sb_buf_bytes(buf) + start, buf->length - start, &check) < 0)
        writer.error = -EINVAL; /* one set of rules for both directions */
    if (writer.error < 0)
        buf->length = start;
    return writer.error;
}

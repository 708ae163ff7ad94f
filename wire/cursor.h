/*
 * Reading and writing of protocol fields: fixed width, little-endian, no padding, never a struct copy.
 * Errors stick: read or write everything, then test once. A read that fails yields zeros, and reads nothing more.
 * docs/protocol-app.md, section "Encoding".
 */
#ifndef SB_WIRE_CURSOR_H
#define SB_WIRE_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sb_buf;

/* Little-endian access to raw memory. */
static inline uint16_t wire_load_u16(const uint8_t *p)
{
    uint16_t value;

    memcpy(&value, p, sizeof(value));
    return le16toh(value);
}

static inline uint32_t wire_load_u32(const uint8_t *p)
{
    uint32_t value;

    memcpy(&value, p, sizeof(value));
    return le32toh(value);
}

static inline uint64_t wire_load_u64(const uint8_t *p)
{
    uint64_t value;

    memcpy(&value, p, sizeof(value));
    return le64toh(value);
}

static inline void wire_store_u16(uint8_t *p, uint16_t value)
{
    value = htole16(value);
    memcpy(p, &value, sizeof(value));
}

static inline void wire_store_u32(uint8_t *p, uint32_t value)
{
    value = htole32(value);
    memcpy(p, &value, sizeof(value));
}

static inline void wire_store_u64(uint8_t *p, uint64_t value)
{
    value = htole64(value);
    memcpy(p, &value, sizeof(value));
}

/* A view into bytes that somebody else owns. For a string, text[size] is its NUL and there is none before. */
struct wire_bytes {
    const uint8_t *data;
    size_t size;
};

struct wire_str {
    const char *text; /* never NULL after a read: "" when the read failed */
    size_t size;
};

struct wire_reader {
    const uint8_t *position;
    size_t left;
    bool has_failed;
};

/* borrows data for the reader's life. */
void wire_reader_init(struct wire_reader *reader, const void *data, size_t size);

uint8_t wire_get_u8(struct wire_reader *reader);
uint16_t wire_get_u16(struct wire_reader *reader);
uint32_t wire_get_u32(struct wire_reader *reader);
uint64_t wire_get_u64(struct wire_reader *reader);

/* `size` bytes as they are. */
struct wire_bytes wire_get_fixed(struct wire_reader *reader, size_t size);

/* u32 length, then the bytes; fails when there are more than max. */
struct wire_bytes wire_get_bytes(struct wire_reader *reader, size_t max);

/* u32 length, the text, one NUL; fails when longer than max, not UTF-8, or with a NUL inside. */
struct wire_str wire_get_str(struct wire_reader *reader, size_t max);

/* Marks the reader as failed: for a value that was read but is out of range. */
void wire_reader_fail(struct wire_reader *reader);

/* 0 when all was read and nothing is left over, else -EBADMSG. */
int wire_reader_end(const struct wire_reader *reader);

struct wire_writer {
    struct sb_buf *buf;
    int error; /* 0, -ENOBUFS, -ENOMEM or -EINVAL; sticky */
};

/* borrows buf for the writer's life; fields are appended to it. After an error its tail is unspecified: the caller
 * truncates to the length before the writer began. */
void wire_writer_init(struct wire_writer *writer, struct sb_buf *buf);

void wire_put_u8(struct wire_writer *writer, uint8_t value);
void wire_put_u16(struct wire_writer *writer, uint16_t value);
void wire_put_u32(struct wire_writer *writer, uint32_t value);
void wire_put_u64(struct wire_writer *writer, uint64_t value);
void wire_put_fixed(struct wire_writer *writer, const void *data, size_t size);
void wire_put_bytes(struct wire_writer *writer, const void *data, size_t size);
void wire_put_str(struct wire_writer *writer, const char *text, size_t size);

/* True for well-formed UTF-8 without NUL (RFC 3629: no surrogates, no overlong forms). */
bool wire_text_is_valid(const char *text, size_t size);

#endif

/*
 * Values inside a parcel: one tag byte, then the value in the cursor's encoding. The tag makes a reader that asks for
 * another type fail instead of misreading, and lets tools print a parcel whose interface they do not know.
 * docs/protocol-app.md, section "Parcels".
 */
#ifndef SB_WIRE_VALUE_H
#define SB_WIRE_VALUE_H

#include "wire/cursor.h"

#include <stdint.h>

enum wire_tag {
    WIRE_TAG_BOOL = 1, /* u8, 0 or 1 */
    WIRE_TAG_I8,
    WIRE_TAG_U8,
    WIRE_TAG_I16,
    WIRE_TAG_U16,
    WIRE_TAG_I32,
    WIRE_TAG_U32,
    WIRE_TAG_I64,
    WIRE_TAG_U64,
    WIRE_TAG_FLOAT,  /* IEEE 754 binary32 */
    WIRE_TAG_DOUBLE, /* IEEE 754 binary64 */
    WIRE_TAG_STRING,
    WIRE_TAG_BYTES,  /* u32 length, bytes */
    WIRE_TAG_TOKEN,  /* string: the interface's name; only as the first value */
    WIRE_TAG_OBJECT, /* u16: index into the transaction's objects, or 0xffff for none */
    WIRE_TAG_STRING16,  /* u32 number of units, then each as u16: UTF-16 without NUL */
    WIRE_TAG_NULL,      /* nothing follows: a value of whatever type that is not there */
    WIRE_TAG_STRUCT,    /* u32 length in bytes, then values with their tags */
    WIRE_TAG_EXCEPTION, /* u32 code in two's complement, string */
    WIRE_TAG_FD,        /* u16: index into the transaction's descriptors */
    WIRE_TAG_ASHMEM,    /* u16 as of a descriptor, u8 protection, u64 size, string name */
    WIRE_TAG_MAX = WIRE_TAG_ASHMEM,
    WIRE_TAG_ARRAY = 0x40, /* or'ed with BOOL ... STRING, OBJECT, STRING16: u32 number of elements, then each without its tag */
};

#define WIRE_NO_OBJECT 0xffff

/* How deep structures nest at most, on both sides: what walks through them has an end. */
#define WIRE_STRUCT_DEPTH_MAX 32

/* Is it a tag that a value can have? */
bool wire_tag_is_valid(int tag);

/* Size of one element of a fixed-size type; 0 for the others. */
size_t wire_tag_get_size(enum wire_tag tag);

/* u32 number of units, then the units: a view of them, two bytes each. Fails when they are not UTF-16 or have a NUL inside. */
struct wire_bytes wire_get_str16(struct wire_reader *reader);

/* Told where an index into the transaction's objects (tag OBJECT) or descriptors (tag FD) lies. */
typedef void (*wire_index_fn)(void *userdata, enum wire_tag tag, const uint8_t *index);

/* Reads the next value, whatever its type, with all it holds. Fails when it does not end where it should or when structures
 * nest deeper than `depth`; texts are not looked at. */
void wire_value_skip(struct wire_reader *reader, unsigned depth, wire_index_fn visit, void *userdata);

/* Single tagged values, for the hub's own calls. A read of another type fails the reader. */
bool wire_value_get_bool(struct wire_reader *reader);
uint32_t wire_value_get_u32(struct wire_reader *reader);
uint64_t wire_value_get_u64(struct wire_reader *reader);
struct wire_str wire_value_get_str(struct wire_reader *reader, size_t max);
uint16_t wire_value_get_object(struct wire_reader *reader); /* the index */

void wire_value_put_bool(struct wire_writer *writer, bool value);
void wire_value_put_u32(struct wire_writer *writer, uint32_t value);
void wire_value_put_u64(struct wire_writer *writer, uint64_t value);
void wire_value_put_str(struct wire_writer *writer, const char *text, size_t size);
void wire_value_put_object(struct wire_writer *writer, uint16_t index);

#endif

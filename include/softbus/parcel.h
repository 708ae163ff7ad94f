/**
 * @file softbus/parcel.h
 * Parcels: typed values and objects, written in order and read in the same order.
 *
 * @code
 * struct softbus_parcel *request;
 * if (softbus_parcel_new(0, &request) < 0)
 *     return;
 * softbus_parcel_write_token(request, "org.softbus.example.Board");
 * softbus_parcel_write_string(request, "hello");
 * softbus_parcel_write_object(request, callback);
 * softbus_call(board, POST, request, NULL, 0);
 * softbus_parcel_free(request);
 * @endcode
 *
 * Every value carries its type: reading another type than was written fails with SOFTBUS_ERR_PARCEL_TYPE, reading past
 * the end with SOFTBUS_ERR_PARCEL_END. A write that would pass the capacity fails with SOFTBUS_ERR_PARCEL_FULL. A failed
 * read or write leaves the parcel as it was. Sizes are in bytes and count everything: a scalar is one byte of type and its
 * own size, a string 6 bytes and its text, bytes 5 and theirs, an object 3, an array 5 and its elements.
 * The encoding is docs/protocol-app.md, "Parcels". A parcel belongs to one thread at a time.
 */
#ifndef SOFTBUS_PARCEL_H
#define SOFTBUS_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct softbus_object;
struct softbus_parcel;

/** Capacity by default, and what a transaction inside a device carries at most: 200 KB. */
#define SOFTBUS_PARCEL_DEFAULT_CAPACITY 204800
/** Largest capacity; only for calls to other devices. */
#define SOFTBUS_PARCEL_MAX_CAPACITY 1048576
/** Objects in one parcel. */
#define SOFTBUS_PARCEL_MAX_OBJECTS 128

enum softbus_type {
    SOFTBUS_TYPE_BOOL = 1,
    SOFTBUS_TYPE_I8,
    SOFTBUS_TYPE_U8,
    SOFTBUS_TYPE_I16,
    SOFTBUS_TYPE_U16,
    SOFTBUS_TYPE_I32,
    SOFTBUS_TYPE_U32,
    SOFTBUS_TYPE_I64,
    SOFTBUS_TYPE_U64,
    SOFTBUS_TYPE_FLOAT,
    SOFTBUS_TYPE_DOUBLE,
    SOFTBUS_TYPE_STRING,
    SOFTBUS_TYPE_BYTES,
    SOFTBUS_TYPE_TOKEN,
    SOFTBUS_TYPE_OBJECT,
    SOFTBUS_TYPE_ARRAY = 0x40, /**< or'ed with BOOL ... STRING */
};

/** capacity: 0 for the default, else up to SOFTBUS_PARCEL_MAX_CAPACITY. Memory grows with what is written.
 * @param[out] ret_parcel gives. Errors: INVALID, NO_MEMORY. @since 0.1 */
int softbus_parcel_new(size_t capacity, struct softbus_parcel **ret_parcel);

/** takes; NULL is fine. Drops the parcel's references to objects. @since 0.1 */
void softbus_parcel_free(struct softbus_parcel *parcel);

/** Empties it for reuse; capacity and memory stay. @since 0.1 */
void softbus_parcel_clear(struct softbus_parcel *parcel);

/** Bytes written; bytes not read yet; bytes it may hold. @since 0.1 */
size_t softbus_parcel_get_size(const struct softbus_parcel *parcel);
size_t softbus_parcel_get_left(const struct softbus_parcel *parcel);
size_t softbus_parcel_get_capacity(const struct softbus_parcel *parcel);

/** Reading starts again at the first value. @since 0.1 */
void softbus_parcel_rewind(struct softbus_parcel *parcel);

/** Type (enum softbus_type, with ARRAY or'ed in) and count (elements of an array, bytes of a string or bytes, else 1) of the
 * next value, without reading it. Errors: PARCEL_END, PROTOCOL (the parcel came from a broken sender). @since 0.1 */
int softbus_parcel_peek(const struct softbus_parcel *parcel, int *ret_type, size_t *ret_count);

/** @name Writing
 * Data is copied. Errors: PARCEL_FULL, NO_MEMORY, INVALID (parcel is NULL, as the reply of a one-way call is; a string that is
 * not UTF-8). @since 0.1
 * @{ */
int softbus_parcel_write_bool(struct softbus_parcel *parcel, bool value);
int softbus_parcel_write_i8(struct softbus_parcel *parcel, int8_t value);
int softbus_parcel_write_u8(struct softbus_parcel *parcel, uint8_t value);
int softbus_parcel_write_i16(struct softbus_parcel *parcel, int16_t value);
int softbus_parcel_write_u16(struct softbus_parcel *parcel, uint16_t value);
int softbus_parcel_write_i32(struct softbus_parcel *parcel, int32_t value);
int softbus_parcel_write_u32(struct softbus_parcel *parcel, uint32_t value);
int softbus_parcel_write_i64(struct softbus_parcel *parcel, int64_t value);
int softbus_parcel_write_u64(struct softbus_parcel *parcel, uint64_t value);
int softbus_parcel_write_float(struct softbus_parcel *parcel, float value);
int softbus_parcel_write_double(struct softbus_parcel *parcel, double value);
int softbus_parcel_write_string(struct softbus_parcel *parcel, const char *text); /**< UTF-8, NUL-terminated */
int softbus_parcel_write_bytes(struct softbus_parcel *parcel, const void *data, size_t size);

int softbus_parcel_write_bool_array(struct softbus_parcel *parcel, const bool *values, size_t n);
int softbus_parcel_write_i8_array(struct softbus_parcel *parcel, const int8_t *values, size_t n);
int softbus_parcel_write_u8_array(struct softbus_parcel *parcel, const uint8_t *values, size_t n);
int softbus_parcel_write_i16_array(struct softbus_parcel *parcel, const int16_t *values, size_t n);
int softbus_parcel_write_u16_array(struct softbus_parcel *parcel, const uint16_t *values, size_t n);
int softbus_parcel_write_i32_array(struct softbus_parcel *parcel, const int32_t *values, size_t n);
int softbus_parcel_write_u32_array(struct softbus_parcel *parcel, const uint32_t *values, size_t n);
int softbus_parcel_write_i64_array(struct softbus_parcel *parcel, const int64_t *values, size_t n);
int softbus_parcel_write_u64_array(struct softbus_parcel *parcel, const uint64_t *values, size_t n);
int softbus_parcel_write_float_array(struct softbus_parcel *parcel, const float *values, size_t n);
int softbus_parcel_write_double_array(struct softbus_parcel *parcel, const double *values, size_t n);
int softbus_parcel_write_string_array(struct softbus_parcel *parcel, const char *const *texts, size_t n);

/** The interface this request is meant for; only as the first value (else INVALID). The stub compares it with its descriptor
 * before its handler runs, and the handler does not see it. */
int softbus_parcel_write_token(struct softbus_parcel *parcel, const char *descriptor);

/** An object, or NULL. The parcel takes a reference of its own. Also LIMIT: SOFTBUS_PARCEL_MAX_OBJECTS;
 * INVALID: the objects of one parcel belong to one connection. Whether it may be passed is known when the parcel is sent. */
int softbus_parcel_write_object(struct softbus_parcel *parcel, struct softbus_object *object);
/** @} */

/** @name Reading
 * Errors: PARCEL_END, PARCEL_TYPE, PROTOCOL (the bytes are no valid value). Outputs are untouched on failure. @since 0.1
 * @{ */
int softbus_parcel_read_bool(struct softbus_parcel *parcel, bool *ret_value);
int softbus_parcel_read_i8(struct softbus_parcel *parcel, int8_t *ret_value);
int softbus_parcel_read_u8(struct softbus_parcel *parcel, uint8_t *ret_value);
int softbus_parcel_read_i16(struct softbus_parcel *parcel, int16_t *ret_value);
int softbus_parcel_read_u16(struct softbus_parcel *parcel, uint16_t *ret_value);
int softbus_parcel_read_i32(struct softbus_parcel *parcel, int32_t *ret_value);
int softbus_parcel_read_u32(struct softbus_parcel *parcel, uint32_t *ret_value);
int softbus_parcel_read_i64(struct softbus_parcel *parcel, int64_t *ret_value);
int softbus_parcel_read_u64(struct softbus_parcel *parcel, uint64_t *ret_value);
int softbus_parcel_read_float(struct softbus_parcel *parcel, float *ret_value);
int softbus_parcel_read_double(struct softbus_parcel *parcel, double *ret_value);
/** lends text and data until the parcel is cleared, written to or freed; the text is NUL-terminated UTF-8. */
int softbus_parcel_read_string(struct softbus_parcel *parcel, const char **ret_text);
int softbus_parcel_read_bytes(struct softbus_parcel *parcel, const void **ret_data, size_t *ret_size);

/** Arrays are copied to `values`, which has room for max elements; PARCEL_TYPE when there are more (see peek). */
int softbus_parcel_read_bool_array(struct softbus_parcel *parcel, bool *values, size_t max, size_t *ret_n);
int softbus_parcel_read_i8_array(struct softbus_parcel *parcel, int8_t *values, size_t max, size_t *ret_n);
int softbus_parcel_read_u8_array(struct softbus_parcel *parcel, uint8_t *values, size_t max, size_t *ret_n);
int softbus_parcel_read_i16_array(struct softbus_parcel *parcel, int16_t *values, size_t max, size_t *ret_n);
int softbus_parcel_read_u16_array(struct softbus_parcel *parcel, uint16_t *values, size_t max, size_t *ret_n);
int softbus_parcel_read_i32_array(struct softbus_parcel *parcel, int32_t *values, size_t max, size_t *ret_n);
int softbus_parcel_read_u32_array(struct softbus_parcel *parcel, uint32_t *values, size_t max, size_t *ret_n);
int softbus_parcel_read_i64_array(struct softbus_parcel *parcel, int64_t *values, size_t max, size_t *ret_n);
int softbus_parcel_read_u64_array(struct softbus_parcel *parcel, uint64_t *values, size_t max, size_t *ret_n);
int softbus_parcel_read_float_array(struct softbus_parcel *parcel, float *values, size_t max, size_t *ret_n);
int softbus_parcel_read_double_array(struct softbus_parcel *parcel, double *values, size_t max, size_t *ret_n);
int softbus_parcel_read_string_array(struct softbus_parcel *parcel, const char **texts, size_t max, size_t *ret_n);

/** The interface token a request opened with; a stub's handler never needs it. lends as read_string. */
int softbus_parcel_read_token(struct softbus_parcel *parcel, const char **ret_descriptor);

/** gives a reference: a proxy, the own stub that came home, or NULL when NULL was written. */
int softbus_parcel_read_object(struct softbus_parcel *parcel, struct softbus_object **ret_object);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

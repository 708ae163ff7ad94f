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
 * own size, a string 6 bytes and its text, bytes 5 and theirs, UTF-16 5 and two per unit, an object or descriptor 3, a null 1,
 * an array 5 and its elements, a structure 5 and its fields, an exception 10 and its text, shared memory 17 and its name.
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

struct softbus_ashmem;
struct softbus_object;
struct softbus_parcel;

/** Capacity by default, and what a transaction inside a device carries at most: 200 KB. */
#define SOFTBUS_PARCEL_DEFAULT_CAPACITY 204800
/** Largest capacity; only for calls to other devices. */
#define SOFTBUS_PARCEL_MAX_CAPACITY 1048576
/** Objects in one parcel. */
#define SOFTBUS_PARCEL_MAX_OBJECTS 128
/** Descriptors in one parcel, those of shared memory included. */
#define SOFTBUS_PARCEL_MAX_FDS 32
/** Structures inside each other. */
#define SOFTBUS_PARCEL_MAX_DEPTH 32

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
    SOFTBUS_TYPE_STRING16, /**< UTF-16 */
    SOFTBUS_TYPE_NULL,     /**< a value of whatever type that is not there */
    SOFTBUS_TYPE_STRUCT,
    SOFTBUS_TYPE_EXCEPTION,
    SOFTBUS_TYPE_FD,
    SOFTBUS_TYPE_ASHMEM,       /**< shared memory (softbus/ashmem.h) */
    SOFTBUS_TYPE_ARRAY = 0x40, /**< or'ed with BOOL ... STRING, OBJECT, STRING16 */
};

/** capacity: 0 for the default, else up to SOFTBUS_PARCEL_MAX_CAPACITY. Memory grows with what is written.
 * @param[out] ret_parcel gives. Errors: INVALID, NO_MEMORY. @since 0.1 */
int softbus_parcel_new(size_t capacity, struct softbus_parcel **ret_parcel);

/** takes; NULL is fine. Drops the parcel's references to objects and closes its descriptors. @since 0.1 */
void softbus_parcel_free(struct softbus_parcel *parcel);

/** Empties it for reuse; capacity and memory stay. @since 0.1 */
void softbus_parcel_clear(struct softbus_parcel *parcel);

/** Bytes written; bytes not read yet, inside an entered structure those of it; bytes it may hold. @since 0.1 */
size_t softbus_parcel_get_size(const struct softbus_parcel *parcel);
size_t softbus_parcel_get_left(const struct softbus_parcel *parcel);
size_t softbus_parcel_get_capacity(const struct softbus_parcel *parcel);

/** Objects and descriptors that it holds. @since 0.1 */
size_t softbus_parcel_get_n_objects(const struct softbus_parcel *parcel);
size_t softbus_parcel_get_n_fds(const struct softbus_parcel *parcel);

/** Reading starts again at the first value, outside all structures. @since 0.1 */
void softbus_parcel_rewind(struct softbus_parcel *parcel);

/** Makes room for `size` more bytes at once, so that writing them moves nothing. What is lent stays so.
 * Errors: INVALID (parcel is NULL), PARCEL_FULL, NO_MEMORY. @since 0.1 */
int softbus_parcel_reserve(struct softbus_parcel *parcel, size_t size);

/** Writes all values of `from` behind those of `parcel`, read or not, with its objects (of the same connection, else INVALID) and
 * descriptors (copies); `from` stays as it is, and a token that the library has taken off a request is not among them.
 * Errors: INVALID (parcel is NULL, or from; a structure of `from` is not ended; a token would not come first), PARCEL_FULL,
 * NO_MEMORY, LIMIT (objects, descriptors), PROTOCOL (the values of `from` came from a broken sender, or structures would nest
 * deeper than SOFTBUS_PARCEL_MAX_DEPTH). @since 0.1 */
int softbus_parcel_append(struct softbus_parcel *parcel, const struct softbus_parcel *from);

/** Type (enum softbus_type, with ARRAY or'ed in) and count of the next value, without reading it. The count is that of an array's
 * elements, of the bytes of a string, bytes or structure, of the units of a string16, else 1.
 * Errors: PARCEL_END, PROTOCOL (the parcel came from a broken sender), INVALID (a structure, while one is begun). @since 0.1 */
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
/** UTF-16, NUL-terminated; INVALID when surrogates are not in pairs. It is carried as it is, not converted. @since 0.1 */
int softbus_parcel_write_string16(struct softbus_parcel *parcel, const uint16_t *text);

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
int softbus_parcel_write_string16_array(struct softbus_parcel *parcel, const uint16_t *const *texts, size_t n); /**< @since 0.1 */

/** The interface this request is meant for; only as the first value (else INVALID). The stub compares it with its descriptor
 * before its handler runs, and the handler does not see it. */
int softbus_parcel_write_token(struct softbus_parcel *parcel, const char *descriptor);

/** An object, or NULL. The parcel takes a reference of its own. Also LIMIT: SOFTBUS_PARCEL_MAX_OBJECTS;
 * INVALID: the objects of one parcel belong to one connection. Whether it may be passed is known when the parcel is sent. */
int softbus_parcel_write_object(struct softbus_parcel *parcel, struct softbus_object *object);
/** Objects or NULLs, under the same conditions, all or none. @since 0.1 */
int softbus_parcel_write_object_array(struct softbus_parcel *parcel, struct softbus_object *const *objects, size_t n);

/** A copy of the descriptor, which stays the caller's; the parcel's is closed with it. Only for calls inside a device: sent to
 * another one, the parcel is refused with DESCRIPTOR.
 * Also LIMIT: SOFTBUS_PARCEL_MAX_FDS, or the process may open no more; INVALID: fd is not open. @since 0.1 */
int softbus_parcel_write_fd(struct softbus_parcel *parcel, int fd);
/** Shared memory (softbus/ashmem.h) with its name, size and protection; the handle stays the caller's. As write_fd otherwise. @since 0.1 */
int softbus_parcel_write_ashmem(struct softbus_parcel *parcel, const struct softbus_ashmem *ashmem);

/** Stands for a value of any type that is not there; see read_null. @since 0.1 */
int softbus_parcel_write_null(struct softbus_parcel *parcel);

/** What happened, before the values of a reply: a code of the app's own (not 0) and a sentence in UTF-8, or that nothing did.
 * It is a value as any other: an error that the library has a number for is better returned by the handler. @since 0.1 */
int softbus_parcel_write_exception(struct softbus_parcel *parcel, int32_t code, const char *text);
int softbus_parcel_write_no_exception(struct softbus_parcel *parcel);

/** Raw data: bytes that the caller puts where they will be sent from. reserve lends room for `size` bytes until something is written
 * or reserved; commit makes the first `size` of them a value of type BYTES, as if write_bytes had copied them. The room is not
 * cleared: commit only what was filled. Commit fails with INVALID when nothing is reserved any more. @since 0.1 */
int softbus_parcel_reserve_bytes(struct softbus_parcel *parcel, size_t size, void **ret_room);
int softbus_parcel_commit_bytes(struct softbus_parcel *parcel, size_t size);

/** What is written between the two are the fields of one value. The reader may leave it without having read them all, so that
 * fields can be added at its end. A parcel with a structure that is not ended cannot be sent (INVALID).
 * Also begin: LIMIT (SOFTBUS_PARCEL_MAX_DEPTH); end: INVALID (none is begun). @since 0.1 */
int softbus_parcel_begin_struct(struct softbus_parcel *parcel);
int softbus_parcel_end_struct(struct softbus_parcel *parcel);
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
/** Copied to `text`, which has room for max units, with a NUL behind it: one more than peek counts; else PARCEL_TYPE.
 * @param[out] ret_n units without the NUL. @since 0.1 */
int softbus_parcel_read_string16(struct softbus_parcel *parcel, uint16_t *text, size_t max, size_t *ret_n);

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
/** The texts are copied to `units` one behind the other, each with its NUL; texts[i] points there. Room for
 * softbus_parcel_get_left() / 2 units always is enough. @since 0.1 */
int softbus_parcel_read_string16_array(struct softbus_parcel *parcel, uint16_t *units, size_t max_units, const uint16_t **texts,
                                       size_t max, size_t *ret_n);

/** The interface token a request opened with; a stub's handler never needs it. lends as read_string. */
int softbus_parcel_read_token(struct softbus_parcel *parcel, const char **ret_descriptor);

/** gives a reference: a proxy, the own stub that came home, or NULL when NULL was written. */
int softbus_parcel_read_object(struct softbus_parcel *parcel, struct softbus_object **ret_object);
/** gives a reference to each. @since 0.1 */
int softbus_parcel_read_object_array(struct softbus_parcel *parcel, struct softbus_object **objects, size_t max, size_t *ret_n);

/** gives a descriptor of the caller's own, close-on-exec, each time; the parcel keeps its. Also LIMIT (the process may open no
 * more), NO_MEMORY. @since 0.1 */
int softbus_parcel_read_fd(struct softbus_parcel *parcel, int *ret_fd);
/** gives a handle, each time another. Nothing is mapped yet, but it can be safely: also SEALS (it is not shared memory, or its maker could
 * still change its size, or has another than said), LIMIT, NO_MEMORY. Its protection is the sender's, or less. @since 0.1 */
int softbus_parcel_read_ashmem(struct softbus_parcel *parcel, struct softbus_ashmem **ret_ashmem);

/** 0 when the next value is a null, which is read then; else PARCEL_TYPE, and the value can be read as what it is. Reading a null
 * as another type is PARCEL_TYPE. @since 0.1 */
int softbus_parcel_read_null(struct softbus_parcel *parcel);

/** @param[out] ret_code 0 when nothing happened; ret_text lends as read_string. @since 0.1 */
int softbus_parcel_read_exception(struct softbus_parcel *parcel, int32_t *ret_code, const char **ret_text);

/** Reading goes on with the fields of the structure, and ends (PARCEL_END) where they end. leave skips what is left of it.
 * Also enter: INVALID (a structure of the parcel is begun and not ended), NO_MEMORY; leave: INVALID (none is entered). @since 0.1 */
int softbus_parcel_enter_struct(struct softbus_parcel *parcel);
int softbus_parcel_leave_struct(struct softbus_parcel *parcel);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

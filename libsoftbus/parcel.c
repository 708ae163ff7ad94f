/* Parcels as a whole: their life, their tables of objects and descriptors, what comes next; see parcel.h. The values are in the
 * files beside this one. */
#include "libsoftbus/parcel.h"

#include "libsoftbus/object.h"
#include "softbus/error.h"
#include "wire/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_FD 3 /* a copy never takes the place of a closed stdin, stdout or stderr */

_Static_assert(SOFTBUS_PARCEL_DEFAULT_CAPACITY == WIRE_LOCAL_MAX, "rule 1");
_Static_assert(SOFTBUS_PARCEL_MAX_CAPACITY == WIRE_REMOTE_MAX, "rule 1");
_Static_assert(SOFTBUS_PARCEL_MAX_OBJECTS == WIRE_OBJECTS_MAX && SOFTBUS_PARCEL_MAX_FDS == WIRE_FDS_MAX, "one table of each");
_Static_assert((int)SOFTBUS_TYPE_ASHMEM == (int)WIRE_TAG_MAX && (int)SOFTBUS_TYPE_ARRAY == (int)WIRE_TAG_ARRAY, "one numbering");

int softbus_parcel_new(size_t capacity, struct softbus_parcel **ret_parcel)
{
    struct softbus_parcel *parcel;

    if (capacity > SOFTBUS_PARCEL_MAX_CAPACITY)
        return SOFTBUS_ERR_INVALID;
    parcel = calloc(1, sizeof(*parcel));
    if (!parcel)
        return SOFTBUS_ERR_NO_MEMORY;
    parcel->capacity = capacity ? capacity : SOFTBUS_PARCEL_DEFAULT_CAPACITY;
    sb_buf_init(&parcel->buf, parcel->capacity);
    *ret_parcel = parcel;
    return 0;
}

void softbus_parcel_free(struct softbus_parcel *parcel)
{
    if (!parcel)
        return;
    softbus_parcel_clear(parcel);
    sb_buf_deinit(&parcel->buf);
    free(parcel->objects);
    free(parcel->fds);
    free(parcel->limits);
    free(parcel);
}

void softbus_parcel_clear(struct softbus_parcel *parcel)
{
    parcel->buf.start = parcel->buf.length = 0;
    parcel->buf.max = parcel->capacity;
    parcel->start = parcel->position = parcel->limit = 0;
    parcel->n_entered = parcel->n_open = 0;
    parcel->open = parcel->reserved = 0;
    if (parcel->n_objects)
        softbus_object_unref_all(parcel->objects, parcel->n_objects);
    parcel->n_objects = 0;
    while (parcel->n_fds > 0)
        close(parcel->fds[--parcel->n_fds]);
}

size_t softbus_parcel_get_size(const struct softbus_parcel *parcel)
{
    return parcel->buf.length;
}

size_t softbus_parcel_get_left(const struct softbus_parcel *parcel)
{
    return softbus_parcel_get_end(parcel) - parcel->position;
}

size_t softbus_parcel_get_capacity(const struct softbus_parcel *parcel)
{
    return parcel->capacity;
}

size_t softbus_parcel_get_n_objects(const struct softbus_parcel *parcel)
{
    return parcel->n_objects;
}

size_t softbus_parcel_get_n_fds(const struct softbus_parcel *parcel)
{
    return parcel->n_fds;
}

void softbus_parcel_rewind(struct softbus_parcel *parcel)
{
    parcel->position = parcel->start;
    parcel->limit = 0;
    parcel->n_entered = 0;
}

int softbus_parcel_reserve(struct softbus_parcel *parcel, size_t size)
{
    uint8_t *room;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    if (size > parcel->buf.max - parcel->buf.length)
        return SOFTBUS_ERR_PARCEL_FULL;
    parcel->reserved = 0; /* the memory may be another one now */
    return size > 0 && sb_buf_reserve(&parcel->buf, size, &room, &size) < 0 ? SOFTBUS_ERR_NO_MEMORY : 0;
}

int softbus_parcel_load(struct softbus_parcel *parcel, const void *data, size_t size)
{
    softbus_parcel_clear(parcel);
    /* What another device sent may be larger than what this parcel may be filled with here. */
    parcel->buf.max = size > parcel->capacity ? size : parcel->capacity;
    return sb_buf_append(&parcel->buf, data, size) < 0 ? SOFTBUS_ERR_NO_MEMORY : 0;
}

int softbus_parcel_add_object(struct softbus_parcel *parcel, struct softbus_object *object)
{
    if (parcel->n_objects >= parcel->objects_room) {
        uint16_t room = parcel->objects_room ? (uint16_t)(parcel->objects_room * 2) : 4;
        struct softbus_object **objects = reallocarray(parcel->objects, room, sizeof(struct softbus_object *));

        if (!objects) {
            softbus_object_unref(object);
            return SOFTBUS_ERR_NO_MEMORY;
        }
        parcel->objects = objects;
        parcel->objects_room = room;
    }
    parcel->objects[parcel->n_objects++] = object;
    return 0;
}

int softbus_parcel_dup_fd(int fd, int *ret_fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);

    if (copy < 0)
        return errno == EBADF ? SOFTBUS_ERR_INVALID : errno == ENOMEM ? SOFTBUS_ERR_NO_MEMORY : SOFTBUS_ERR_LIMIT;
    *ret_fd = copy;
    return 0;
}

int softbus_parcel_add_fd(struct softbus_parcel *parcel, int fd)
{
    int r = SOFTBUS_ERR_LIMIT;

    if (parcel->n_fds < SOFTBUS_PARCEL_MAX_FDS) {
        if (!parcel->fds)
            parcel->fds = calloc(SOFTBUS_PARCEL_MAX_FDS, sizeof(int));
        if (parcel->fds) {
            parcel->fds[parcel->n_fds++] = fd;
            return 0;
        }
        r = SOFTBUS_ERR_NO_MEMORY;
    }
    close(fd);
    return r;
}

/* Adds references to the objects and copies of the descriptors of `from`; what was added before a failure stays. */
static int add_tables(const struct softbus_parcel *from, struct softbus_parcel *to)
{
    int r = 0, fd;

    for (uint16_t i = 0; r == 0 && i < from->n_objects; i++)
        r = softbus_parcel_add_object(to, softbus_object_ref(from->objects[i]));
    for (uint8_t i = 0; r == 0 && i < from->n_fds; i++) {
        r = softbus_parcel_dup_fd(from->fds[i], &fd);
        if (r == 0)
            r = softbus_parcel_add_fd(to, fd);
    }
    return r;
}

int softbus_parcel_copy(const struct softbus_parcel *from, struct softbus_parcel *to)
{
    int r = softbus_parcel_load(to, sb_buf_bytes(&from->buf), from->buf.length);

    if (r == 0)
        r = add_tables(from, to);
    if (r < 0) {
        softbus_parcel_clear(to);
        return r;
    }
    to->open = from->open;
    to->n_open = from->n_open;
    return 0;
}

void softbus_parcel_move(struct softbus_parcel *from, struct softbus_parcel *to)
{
    struct softbus_parcel old;

    softbus_parcel_clear(to);
    old = *to;
    to->buf = from->buf;
    to->buf.max = from->buf.length > to->capacity ? from->buf.length : to->capacity;
    from->buf = old.buf;
    to->open = from->open;
    to->n_open = from->n_open;
    to->objects = from->objects;
    to->n_objects = from->n_objects;
    to->objects_room = from->objects_room;
    from->objects = old.objects;
    from->objects_room = old.objects_room;
    from->n_objects = 0;
    to->fds = from->fds;
    to->n_fds = from->n_fds;
    from->fds = old.fds;
    from->n_fds = 0;
    softbus_parcel_clear(from);
}

/* Appending: the values are copied, and what they hold of indices is moved behind the tables that are there already. */

struct shift {
    const struct softbus_parcel *from, *to;
    uint8_t *data; /* the copy, up to its index to change */
    bool is_broken;
};

static void shift_index(void *userdata, enum wire_tag tag, const uint8_t *index)
{
    struct shift *shift = userdata;
    uint16_t value = wire_load_u16(index), n = tag == WIRE_TAG_OBJECT ? shift->from->n_objects : shift->from->n_fds;
    uint8_t *copy = shift->data + (index - (sb_buf_bytes(&shift->from->buf) + shift->from->start));

    if (tag == WIRE_TAG_OBJECT && value == WIRE_NO_OBJECT)
        return;
    if (value >= n)
        shift->is_broken = true;
    else
        wire_store_u16(copy, (uint16_t)(value + (tag == WIRE_TAG_OBJECT ? shift->to->n_objects : shift->to->n_fds)));
}

static int check_append(const struct softbus_parcel *to, const struct softbus_parcel *from)
{
    if (from->n_objects + to->n_objects > SOFTBUS_PARCEL_MAX_OBJECTS || from->n_fds + to->n_fds > SOFTBUS_PARCEL_MAX_FDS)
        return SOFTBUS_ERR_LIMIT;
    if (from->n_objects > 0 && to->n_objects > 0 && from->objects[0]->bus != to->objects[0]->bus)
        return SOFTBUS_ERR_INVALID;
    return to->buf.length > 0 && sb_buf_bytes(&from->buf)[from->start] == WIRE_TAG_TOKEN ? SOFTBUS_ERR_INVALID : 0;
}

/* Copies the values of `from` behind those of `to` and lets them point to where its tables will be. */
static int append_values(struct softbus_parcel *to, const struct softbus_parcel *from)
{
    size_t size = from->buf.length - from->start;
    struct shift shift = { .from = from, .to = to };
    struct wire_reader reader;
    int r = softbus_parcel_reserve(to, size);

    if (r < 0)
        return r;
    if (sb_buf_append(&to->buf, sb_buf_bytes(&from->buf) + from->start, size) < 0)
        return SOFTBUS_ERR_NO_MEMORY;
    shift.data = to->buf.data + to->buf.start + to->buf.length - size;
    wire_reader_init(&reader, sb_buf_bytes(&from->buf) + from->start, size);
    while (reader.left > 0)
        wire_value_skip(&reader, WIRE_STRUCT_DEPTH_MAX - to->n_open, shift_index, &shift);
    return reader.has_failed || shift.is_broken ? SOFTBUS_ERR_PROTOCOL : 0;
}

int softbus_parcel_append(struct softbus_parcel *to, const struct softbus_parcel *from)
{
    size_t before;
    uint16_t n_objects;
    uint8_t n_fds;
    int r;

    if (!to || to == from || !softbus_parcel_is_complete(from))
        return SOFTBUS_ERR_INVALID;
    if (from->buf.length == from->start)
        return 0;
    before = to->buf.length;
    n_objects = to->n_objects;
    n_fds = to->n_fds;
    r = check_append(to, from);
    if (r == 0)
        r = append_values(to, from);
    if (r == 0)
        r = add_tables(from, to);
    if (r == 0)
        return 0;
    softbus_parcel_cut(to, before);
    while (to->n_objects > n_objects)
        softbus_object_unref(to->objects[--to->n_objects]);
    while (to->n_fds > n_fds)
        close(to->fds[--to->n_fds]);
    return r;
}

/* What comes next. */

static bool has_count(int tag)
{
    return tag & WIRE_TAG_ARRAY || tag == WIRE_TAG_STRING || tag == WIRE_TAG_BYTES || tag == WIRE_TAG_TOKEN ||
           tag == WIRE_TAG_STRING16 || tag == WIRE_TAG_STRUCT;
}

/* What each of the counted takes at least, or a value without a count. */
static size_t get_least_size(int tag)
{
    switch (tag) {
    case WIRE_TAG_STRING:
    case WIRE_TAG_BYTES:
    case WIRE_TAG_TOKEN:
    case WIRE_TAG_STRUCT:
        return 1;
    case WIRE_TAG_STRING16:
        return 2;
    case WIRE_TAG_STRING | WIRE_TAG_ARRAY: /* a length and a NUL */
        return 5;
    case WIRE_TAG_STRING16 | WIRE_TAG_ARRAY: /* a length */
        return 4;
    case WIRE_TAG_EXCEPTION:
        return 4 + 5;
    case WIRE_TAG_ASHMEM:
        return 2 + 1 + 8 + 5;
    default:
        return wire_tag_get_size((enum wire_tag)(tag & ~WIRE_TAG_ARRAY));
    }
}

int softbus_parcel_peek(const struct softbus_parcel *parcel, int *ret_type, size_t *ret_count)
{
    struct wire_reader reader;
    size_t left = softbus_parcel_get_left(parcel), count = 1, least;
    int tag;

    if (left == 0)
        return SOFTBUS_ERR_PARCEL_END;
    wire_reader_init(&reader, sb_buf_bytes(&parcel->buf) + parcel->position, left);
    tag = wire_get_u8(&reader);
    if (!wire_tag_is_valid(tag))
        return SOFTBUS_ERR_PROTOCOL;
    if (tag == WIRE_TAG_STRUCT && !softbus_parcel_is_complete(parcel))
        return SOFTBUS_ERR_INVALID;
    if (has_count(tag))
        count = wire_get_u32(&reader);
    least = get_least_size(tag); /* 0: of a null, which has nothing but its tag */
    if (reader.has_failed || (least > 0 && count > reader.left / least))
        return SOFTBUS_ERR_PROTOCOL;
    *ret_type = tag;
    *ret_count = count;
    return 0;
}

/* What the files of the message codec share; nobody else includes this. */
#ifndef SB_WIRE_CODEC_H
#define SB_WIRE_CODEC_H

#include "wire/msg.h"

struct wire_reader wire_open_body(struct wire_bytes body);
struct wire_identity wire_get_identity(struct wire_reader *reader);
int wire_decode_id(struct wire_bytes body, uint64_t *ret_id); /* a body that is one u64 */

/* Opens a message at the end of buf; wire_close_msg() puts in its length, or takes everything back after an error. */
struct wire_open {
    struct wire_writer writer;
    size_t start;
};
struct wire_open wire_open_msg(struct sb_buf *buf, enum wire_type type, uint16_t n_fds);
/* n_following: bytes of the message that the caller sends behind it. */
int wire_close_msg(struct wire_open *msg, size_t n_following);

void wire_put_identity(struct wire_writer *writer, const struct wire_identity *identity);
/* Bodies without the bytes of their data. */
void wire_put_call(struct wire_writer *writer, const struct wire_call *call, const struct wire_objects *objects);
void wire_put_reply(struct wire_writer *writer, const struct wire_reply *reply, const struct wire_objects *objects);
int wire_encode_id(struct sb_buf *buf, enum wire_type type, uint64_t id);

#endif

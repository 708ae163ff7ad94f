/* Frames of a peer: what is read can be written again, and gives the same bytes where the reader ignores nothing. */
#include "base/buf.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_rewritable(const struct wire_frame *frame)
{
    switch (frame->type) {
    case WIRE_FRAME_HELLO:
        return frame->hello.version_max == WIRE_FRAME_VERSION;
    case WIRE_FRAME_ACCEPT:
    case WIRE_FRAME_REJECT:
    case WIRE_FRAME_CREDIT:
    case WIRE_FRAME_END_STREAM:
    case WIRE_FRAME_STREAM_ENDED:
    case WIRE_FRAME_PING:
    case WIRE_FRAME_PONG:
    case WIRE_FRAME_ACK:
    case WIRE_FRAME_CLOSE:
        return true;
    default:
        return false;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_frame frame;
    struct sb_buf buf;
    size_t used;

    while (wire_frame_read(data, size, &frame, &used) == 0) {
        sb_buf_init(&buf, WIRE_FRAME_MAX);
        if (is_rewritable(&frame) &&
            (wire_frame_write(&buf, &frame) != 0 || buf.length != used || memcmp(sb_buf_bytes(&buf), data, used) != 0))
            abort();
        sb_buf_deinit(&buf);
        data += used;
        size -= used;
    }
    return 0;
}

/* Decisions about sessions; see settle.h. */
#include "session/settle.h"

#include "session/hello.h"
#include "wire/devid.h"
#include "wire/frame.h"

#include <errno.h>

static enum sess_settle_outcome compare(const struct sess_settle_session *session, bool can_resume,
                                        const struct wire_frame_hello *hello)
{
    if (session->session == 0)
        return SESS_SETTLE_NEW;
    if (hello->instance != session->peer_instance)
        return SESS_SETTLE_REPLACE_RESTARTED;
    return hello->session == session->session && can_resume ? SESS_SETTLE_RESUME : SESS_SETTLE_REPLACE_LOST;
}

enum sess_settle_outcome sess_settle_hello(const struct wire_devid *own_id, const struct wire_devid *peer_id,
                                           const struct sess_settle_session *session, bool has_asked, bool can_resume,
                                           const struct wire_frame_hello *hello)
{
    uint16_t version;

    if (sess_hello_choose_version(hello, &version) < 0)
        return SESS_SETTLE_REJECT_VERSION;
    /* Both sides see the same two ids, so both keep the same connection. */
    if (has_asked && wire_devid_compare(own_id, peer_id) < 0)
        return SESS_SETTLE_REJECT_BUSY;
    return compare(session, can_resume, hello);
}

int sess_settle_accept(const struct sess_settle_session *session, uint64_t asked, bool can_resume,
                       const struct wire_frame_hello *accept, enum sess_settle_outcome *ret_outcome)
{
    enum sess_settle_outcome outcome = compare(session, can_resume, accept);
    uint16_t version;

    if (sess_hello_choose_version(accept, &version) < 0)
        return -EPROTO;
    /* It goes on with what it says it has not received as we sent it, or with a session that we have given up while it
     * answered: what it told us in there, it would not tell again. Or it starts anew with frames in it. */
    if (asked != 0 && accept->session == asked && outcome != SESS_SETTLE_RESUME)
        return -EPROTO;
    if (outcome != SESS_SETTLE_RESUME && accept->received != 0)
        return -EPROTO;
    *ret_outcome = outcome;
    return 0;
}

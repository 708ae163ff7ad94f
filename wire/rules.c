/* The rules; see rules.h. */
#include "wire/rules.h"

#include "wire/msg.h"

#include <ctype.h>

enum wire_status wire_rules_check_pass(const struct wire_passed *passed, const struct wire_destination *to)
{
    if (!passed->is_remote)
        return WIRE_OK;
    if (!to->is_remote)
        return passed->hops == 0 ? WIRE_OK : WIRE_DOUBLE_FORWARD;
    return wire_devid_is_equal(&passed->home, &to->device) ? WIRE_PASSBACK : WIRE_NO_INTRODUCTION;
}

enum wire_status wire_rules_check_size(size_t data_bytes, bool is_remote)
{
    return data_bytes <= (is_remote ? WIRE_REMOTE_MAX : WIRE_LOCAL_MAX) ? WIRE_OK : WIRE_TOO_LARGE;
}

enum wire_status wire_rules_check_link(bool is_remote, bool is_service)
{
    return is_remote && !is_service ? WIRE_DEATH_UNSUPPORTED : WIRE_OK;
}

const char *wire_rules_check_name(const char *name, size_t size)
{
    if (size == 0)
        return "is empty";
    if (size > WIRE_SERVICE_NAME_MAX)
        return "is longer than 255 bytes";
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)name[i];

        if (c >= 0x80 || !(isalnum(c) || c == '.' || c == '_' || c == '-'))
            return "has a character other than letters, digits, '.', '_' and '-'";
    }
    if (!isalnum((unsigned char)name[0]) || !isalnum((unsigned char)name[size - 1]))
        return "begins or ends with something else than a letter or digit";
    return NULL;
}

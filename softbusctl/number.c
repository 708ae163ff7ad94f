#include "softbusctl/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A leading 0 is no sign of octal, and strtoull() would take "-1" and " 1". */
static int number_get_base(const char *digits)
{
    return digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') ? 16 : 10;
}

int ctl_number_parse_unsigned(const char *text, uint64_t max, uint64_t *ret_value)
{
    char *end;
    uint64_t value;

    if (text[0] < '0' || text[0] > '9')
        return -EINVAL;
    errno = 0;
    value = strtoull(text, &end, number_get_base(text));
    if (*end)
        return -EINVAL;
    if (errno == ERANGE || value > max)
        return -ERANGE;
    *ret_value = value;
    return 0;
}

int ctl_number_parse_signed(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    const char *digits = text + (text[0] == '-');
    char *end;
    int64_t value;

    if (digits[0] < '0' || digits[0] > '9')
        return -EINVAL;
    errno = 0;
    value = strtoll(text, &end, number_get_base(digits));
    if (*end)
        return -EINVAL;
    if (errno == ERANGE || value < min || value > max)
        return -ERANGE;
    *ret_value = value;
    return 0;
}

int ctl_number_parse_double(const char *text, double *ret_value)
{
    char *end;
    double value;

    if (!*text || strchr(" \t\n\v\f\r", *text))
        return -EINVAL;
    errno = 0;
    value = strtod(text, &end);
    if (*end)
        return -EINVAL;
    if (errno == ERANGE && fabs(value) > 1.0)
        return -ERANGE;
    *ret_value = value;
    return 0;
}

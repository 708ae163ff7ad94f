/* Numbers as they are typed: all of the text must be one, and in range; 0x for hexadecimal. */
#ifndef CTL_NUMBER_H
#define CTL_NUMBER_H

#include <stdint.h>

/* -EINVAL: no number; -ERANGE: beyond the limits. */
int ctl_number_parse_unsigned(const char *text, uint64_t max, uint64_t *ret_value);
int ctl_number_parse_signed(const char *text, int64_t min, int64_t max, int64_t *ret_value);
int ctl_number_parse_double(const char *text, double *ret_value);

#endif

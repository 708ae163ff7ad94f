/* Values of parcels as text: TYPE VALUE pairs of the command line into a request, replies out to people and programs. */
#ifndef CTL_VALUE_H
#define CTL_VALUE_H

#include <stdbool.h>
#include <stdio.h>

struct softbus_parcel;

/* Outcomes beside the SOFTBUS_ERR_* of the write, which are negative. */
enum ctl_value_outcome {
    CTL_VALUE_WRITTEN = 0,
    CTL_VALUE_NO_TYPE,  /* there is no such type */
    CTL_VALUE_NO_VALUE, /* the text is no value of that type */
    CTL_VALUE_RANGE,    /* it is too large or too small for it */
};

/* Of a type without its array bit; NULL when there is no such type. */
const char *ctl_value_get_name(int type);

int ctl_value_write(struct softbus_parcel *parcel, const char *type, const char *text);

/* Prints the next value of the parcel: `i32 42`, or {"type":"i32","value":42}; of a structure all that is in it. 1: printed; 0: nothing is left; or a
 * SOFTBUS_ERR_*. */
int ctl_value_print_next(FILE *file, struct softbus_parcel *parcel, bool is_json);

#endif

/* The key file in the run directory: it outlives the daemon, so that a new one knows the apps of the one before, and not the device. */
#ifndef HUB_KEY_H
#define HUB_KEY_H

#include <stdint.h>

struct sb_log;

#define HUB_KEY_FILE "softbusd.key"

/* Reads the key, or makes a new one when there is none, or none that only we can have read or written. One that cannot be written
 * is given too, and will not be known after the next start: that is logged. run_dir: "" when there is none. */
void hub_key_load(const char *run_dir, const struct sb_log *log, uint64_t ret_key[2]);

#endif

/* Small files that must never be half written. */
#ifndef SESS_FILE_IO_H
#define SESS_FILE_IO_H

#include <stddef.h>

/* gives the contents with a NUL behind them, to be freed; the descriptor's fstat() says what it is. -EFBIG: more than
 * max bytes; -EINVAL: not a regular file; -errno. */
int sess_file_read(const char *path, size_t max, char **ret_text, size_t *ret_size, unsigned *ret_mode,
                   unsigned *ret_uid);

/* Writes beside the path, mode 0600, and syncs; *ret_temporary is the name, to be freed, for finish or abandon.
 * On failure nothing is left behind. -errno */
int sess_file_prepare(const char *path, const char *text, size_t size, char **ret_temporary);

/* takes temporary in any case. finish renames it to path and syncs the folder; on failure it is gone. -errno */
int sess_file_finish(char *temporary, const char *path);
void sess_file_abandon(char *temporary);

#endif

/* Scope-owned resources: SB_CLEANUP(fn) runs fn(&variable) when the variable goes out of scope. */
#ifndef SB_BASE_CLEANUP_H
#define SB_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define SB_CLEANUP(fn) __attribute__((__cleanup__(fn)))

static inline void sb_cleanup_free(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

static inline void sb_cleanup_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define SB_AUTO_FREE SB_CLEANUP(sb_cleanup_free)
#define SB_AUTO_CLOSE SB_CLEANUP(sb_cleanup_close)

/* Hands the value of a scope-owned variable to a new owner; the variable is left empty. */
#define SB_TAKE_PTR(p) ({ __typeof__(p) sb_taken_ = (p); (p) = NULL; sb_taken_; })
#define SB_TAKE_FD(fd) ({ int sb_taken_ = (fd); (fd) = -1; sb_taken_; })

#endif

/* The notes that a board remembers: the newest ones, up to a number and a size. */
#ifndef EXAMPLES_BOARD_STORE_H
#define EXAMPLES_BOARD_STORE_H

#include <stddef.h>
#include <stdint.h>

#define BOARD_STORE_MAX 65536            /* notes */
#define BOARD_STORE_MAX_BYTES (32 << 20) /* of text */

struct board_note;
struct board_stored;

struct board_store {
    struct board_stored *notes[BOARD_STORE_MAX]; /* a ring, by number */
    uint64_t first, next;                        /* numbers; first == next: empty. The first note is number 1 */
    size_t bytes;
};

void board_store_init(struct board_store *store);
void board_store_deinit(struct board_store *store);

/* Copies the note under the next number. Room is made by forgetting the oldest notes, but none from `keep_from` on.
 * 0, SOFTBUS_ERR_AGAIN: there is no room; SOFTBUS_ERR_NO_MEMORY. */
int board_store_add(struct board_store *store, const struct board_note *note, uint64_t keep_from, uint64_t *ret_number);

/* The number must be one that is stored. Lent until the next note is added. */
void board_store_get(const struct board_store *store, uint64_t number, struct board_note *ret_note);

#endif

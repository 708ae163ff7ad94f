#include "examples/board_store.h"

#include "examples/board.h"

#include <softbus/error.h>
#include <softbus/object.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct board_stored {
    char author[SOFTBUS_DEVICE_ID_SIZE];
    uint32_t uid;
    size_t size;
    unsigned char text[];
};

void board_store_init(struct board_store *store)
{
    memset(store, 0, sizeof(*store));
    store->first = store->next = 1;
}

static void board_store_forget_first(struct board_store *store)
{
    struct board_stored **slot = &store->notes[store->first % BOARD_STORE_MAX];

    store->bytes -= (*slot)->size;
    free(*slot);
    *slot = NULL;
    store->first++;
}

void board_store_deinit(struct board_store *store)
{
    while (store->first < store->next)
        board_store_forget_first(store);
}

int board_store_add(struct board_store *store, const struct board_note *note, uint64_t keep_from, uint64_t *ret_number)
{
    struct board_stored *stored;

    while (store->next - store->first == BOARD_STORE_MAX ||
           (store->first < store->next && store->bytes + note->size > BOARD_STORE_MAX_BYTES)) {
        if (store->first >= keep_from)
            return SOFTBUS_ERR_AGAIN;
        board_store_forget_first(store);
    }
    stored = malloc(sizeof(*stored) + note->size);
    if (!stored)
        return SOFTBUS_ERR_NO_MEMORY;
    snprintf(stored->author, sizeof(stored->author), "%s", note->author);
    stored->uid = note->uid;
    stored->size = note->size;
    if (note->size > 0)
        memcpy(stored->text, note->text, note->size);
    store->notes[store->next % BOARD_STORE_MAX] = stored;
    store->bytes += note->size;
    *ret_number = store->next++;
    return 0;
}

void board_store_get(const struct board_store *store, uint64_t number, struct board_note *ret_note)
{
    const struct board_stored *stored = store->notes[number % BOARD_STORE_MAX];

    *ret_note = (struct board_note){
        .number = number, .author = stored->author, .uid = stored->uid, .text = stored->text, .size = stored->size
    };
}

/* How a note travels, and how it is shown. */
#include "examples/board.h"

#include <inttypes.h>
#include <softbus/error.h>
#include <softbus/parcel.h>
#include <stdio.h>

int board_note_write(struct softbus_parcel *parcel, const struct board_note *note)
{
    int r = softbus_parcel_write_u64(parcel, note->number);

    if (r == 0)
        r = softbus_parcel_write_string(parcel, note->author);
    if (r == 0)
        r = softbus_parcel_write_u32(parcel, note->uid);
    if (r == 0)
        r = softbus_parcel_write_bytes(parcel, note->text, note->size);
    return r;
}

int board_note_read(struct softbus_parcel *parcel, struct board_note *ret_note)
{
    struct board_note note;
    int r = softbus_parcel_read_u64(parcel, &note.number);

    if (r == 0)
        r = softbus_parcel_read_string(parcel, &note.author);
    if (r == 0)
        r = softbus_parcel_read_u32(parcel, &note.uid);
    if (r == 0)
        r = softbus_parcel_read_bytes(parcel, &note.text, &note.size);
    if (r == 0)
        *ret_note = note;
    return r;
}

void board_note_print(const struct board_note *note)
{
    const unsigned char *text = note->text;
    size_t size = note->size;

    if (size > 0 && text[size - 1] == '\n')
        size--;
    printf("%" PRIu64 " %.7s uid %" PRIu32 ": ", note->number, note->author, note->uid);
    /* What is not ASCII is shown only as a mark: deciding which of it is harmless is softbusctl's business. */
    for (size_t i = 0; i < size && i < 120; i++)
        putchar(text[i] >= ' ' && text[i] < 0x7f ? text[i] : text[i] == '\t' ? ' ' : '?');
    puts(size > 120 ? "..." : "");
}

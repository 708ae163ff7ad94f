/*
 * A shared notes board, as an example of a distributed service.
 *
 * Interface org.softbus.example.Board, the service of the same name:
 *   1 POST       bytes text                    -> u64 number        AGAIN: the board is full until its followers have caught up
 *   2 SUBSCRIBE  object follower               -> u64 next          number of the first note that the follower will get
 *   3 LIST       u64 from                      -> (bool true, note)... bool false    as many as fit into a reply
 * Interface org.softbus.example.Board.Follower, an anonymous object of whoever subscribes; one-way, in the order of the numbers:
 *   1 NOTE       note
 * A note is: u64 number, string device of the author, u32 uid of the author, bytes text.
 *
 * The text is any bytes up to BOARD_NOTE_MAX, most often a line with its newline. Longer lines are posted as several notes:
 * the texts of one author put together are what that author posted, byte for byte.
 */
#ifndef EXAMPLES_BOARD_H
#define EXAMPLES_BOARD_H

#include <stddef.h>
#include <stdint.h>

struct softbus;
struct softbus_parcel;

#define BOARD_SERVICE "org.softbus.example.Board"
#define BOARD_INTERFACE "org.softbus.example.Board"
#define BOARD_FOLLOWER_INTERFACE "org.softbus.example.Board.Follower"

enum board_code { BOARD_POST = 1, BOARD_SUBSCRIBE = 2, BOARD_LIST = 3 };
enum board_follower_code { BOARD_FOLLOWER_NOTE = 1 };

/* Well below the 204,800 bytes that a transaction inside a device may carry. */
#define BOARD_NOTE_MAX 65536

/* How long one waits for a board to appear. */
#define BOARD_WAIT_MS 10000

struct board_note {
    uint64_t number;
    const char *author; /* device id */
    uint32_t uid;       /* on that device */
    const void *text;
    size_t size;
};

/* 0 or a SOFTBUS_ERR_*. What is read is lent by the parcel. */
int board_note_write(struct softbus_parcel *parcel, const struct board_note *note);
int board_note_read(struct softbus_parcel *parcel, struct board_note *ret_note);
/* For people: without control characters, which would reach their terminal. */
void board_note_print(const struct board_note *note);

/* The commands; they return the exit status of the process. device: as the user gave it. */
int board_serve(struct softbus *bus);
int board_post(struct softbus *bus, const char *device, char **files);
/* count: stop after so many notes, 0: when the board goes. directory: one file for each author, with the bytes as
 * posted; may be NULL. */
int board_follow(struct softbus *bus, const char *device, uint64_t count, const char *directory);
int board_list(struct softbus *bus, const char *device);

#endif

/*
 * board serve: the board itself. Every follower has a place in the row of notes; notes go to it from there on as fast as it
 * takes them. So a follower that is slow for a moment loses nothing, and a note is forgotten only when all have it.
 */
#include "examples/board.h"
#include "examples/board_store.h"
#include "examples/find.h"

#include <inttypes.h>
#include <softbus/bus.h>
#include <softbus/error.h>
#include <softbus/object.h>
#include <softbus/parcel.h>
#include <softbus/registry.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLLOWERS_MAX 256
#define RETRY_MS 10

struct follower {
    struct softbus_object *object; /* NULL: this place is free */
    uint64_t next;                 /* number of the note that it gets next */
};

struct board {
    struct softbus *bus;
    struct board_store store;
    struct follower followers[FOLLOWERS_MAX];
    bool is_delivering;
};

static struct follower *board_find_follower(struct board *board, const struct softbus_object *object)
{
    for (size_t i = 0; i < FOLLOWERS_MAX; i++)
        if (board->followers[i].object == object)
            return &board->followers[i];
    return NULL;
}

static void board_drop_follower(struct board *board, struct softbus_object *object, const char *why)
{
    struct follower *follower = object ? board_find_follower(board, object) : NULL;

    if (!follower)
        return;
    printf("a follower on %.7s is gone: %s\n", softbus_object_get_device(object), why);
    follower->object = softbus_object_unref(follower->object);
}

static void board_on_follower_death(void *userdata, struct softbus_object *object, enum softbus_death reason)
{
    board_drop_follower(userdata, object, softbus_death_get_text(reason));
}

/* Nobody waits for the end of a one-way call: that it was refused comes here. */
static void board_on_refused(void *userdata, struct softbus_object *object, int error)
{
    board_drop_follower(userdata, object, softbus_strerror(error));
}

/* 0; AGAIN: try again later; another error: the follower cannot be reached any more. */
static int board_send_note(struct board *board, struct follower *follower)
{
    struct softbus_parcel *request;
    struct board_note note;
    int r = softbus_parcel_new(0, &request);

    if (r < 0)
        return SOFTBUS_ERR_AGAIN;
    board_store_get(&board->store, follower->next, &note);
    r = softbus_parcel_write_token(request, BOARD_FOLLOWER_INTERFACE);
    if (r == 0)
        r = board_note_write(request, &note);
    if (r == 0)
        r = softbus_call_oneway(follower->object, BOARD_FOLLOWER_NOTE, request);
    softbus_parcel_free(request);
    return r;
}

/* Brings every follower as far as it goes; true when one has to wait. */
static bool board_deliver(struct board *board)
{
    bool is_waiting = false;

    if (board->is_delivering)
        return true;
    board->is_delivering = true;
    for (size_t i = 0; i < FOLLOWERS_MAX; i++) {
        struct follower *follower = &board->followers[i];

        while (follower->object && follower->next < board->store.next) {
            int r = board_send_note(board, follower);

            if (r == SOFTBUS_ERR_AGAIN) {
                is_waiting = true;
                break;
            }
            if (r < 0)
                board_drop_follower(board, follower->object, softbus_strerror(r));
            else
                follower->next++;
        }
    }
    board->is_delivering = false;
    return is_waiting;
}

static uint64_t board_get_slowest(const struct board *board)
{
    uint64_t slowest = board->store.next;

    for (size_t i = 0; i < FOLLOWERS_MAX; i++)
        if (board->followers[i].object && board->followers[i].next < slowest)
            slowest = board->followers[i].next;
    return slowest;
}

static int board_handle_post(struct board *board, const struct softbus_transaction *transaction,
                             struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct softbus_caller caller;
    struct board_note note = { .number = 0 };
    uint64_t number;
    int r = softbus_parcel_read_bytes(request, &note.text, &note.size);

    if (r < 0 || note.size > BOARD_NOTE_MAX)
        return SOFTBUS_ERR_BAD_REQUEST;
    r = softbus_transaction_get_caller(transaction, &caller);
    if (r < 0)
        return SOFTBUS_ERR_DENIED; /* a note has an author or is none */
    note.author = caller.device;
    note.uid = caller.uid;
    r = board_store_add(&board->store, &note, board_get_slowest(board), &number);
    if (r < 0)
        return r;
    r = softbus_parcel_write_u64(reply, number);
    board_deliver(board);
    return r;
}

static int board_handle_subscribe(struct board *board, struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct softbus_object *object;
    struct follower *follower;
    int r = softbus_parcel_read_object(request, &object);

    if (r < 0 || !object)
        return SOFTBUS_ERR_BAD_REQUEST;
    follower = board_find_follower(board, object); /* the same stub is the same proxy: subscribed already */
    if (follower) {
        softbus_object_unref(object);
        return softbus_parcel_write_u64(reply, follower->next);
    }
    follower = board_find_follower(board, NULL);
    if (!follower) {
        softbus_object_unref(object);
        return SOFTBUS_ERR_FAILED;
    }
    *follower = (struct follower){ .object = object, .next = board->store.next };
    r = softbus_parcel_write_u64(reply, follower->next);
    /* A follower on this device tells us when it dies. Rule 2 forbids the same for anonymous objects of other devices
     * (DEATH_UNSUPPORTED): such a one is dropped when a note cannot be sent to it any more. */
    if (softbus_link_death(object, board_on_follower_death, board, NULL) == SOFTBUS_ERR_DEAD_OBJECT)
        board_drop_follower(board, object, softbus_strerror(SOFTBUS_ERR_DEAD_OBJECT));
    return r;
}

static int board_handle_list(struct board *board, struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct board_note note;
    uint64_t from;
    int r = softbus_parcel_read_u64(request, &from);

    if (r < 0)
        return r;
    for (from = from < board->store.first ? board->store.first : from; r == 0 && from < board->store.next; from++) {
        board_store_get(&board->store, from, &note);
        if (softbus_parcel_get_size(reply) + note.size + 128 > softbus_parcel_get_capacity(reply))
            break; /* the caller asks for the rest */
        r = softbus_parcel_write_bool(reply, true);
        if (r == 0)
            r = board_note_write(reply, &note);
    }
    return r < 0 ? r : softbus_parcel_write_bool(reply, false);
}

static int board_handle(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                        struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct board *board = userdata;

    if (softbus_transaction_is_oneway(transaction))
        return SOFTBUS_ERR_BAD_REQUEST; /* there is no reply to write to */
    switch (code) {
    case BOARD_POST:
        return board_handle_post(board, transaction, request, reply);
    case BOARD_SUBSCRIBE:
        return board_handle_subscribe(board, request, reply);
    case BOARD_LIST:
        return board_handle_list(board, request, reply);
    default:
        return SOFTBUS_ERR_UNKNOWN_CODE;
    }
}

static int board_loop(struct board *board)
{
    struct softbus_object *stub;
    bool is_waiting = false;
    int r = softbus_stub_new(board->bus, BOARD_INTERFACE, board_handle, board, &stub);

    if (r < 0)
        return r;
    softbus_set_refused_fn(board->bus, board_on_refused, board);
    r = softbus_service_add(board->bus, BOARD_SERVICE, stub, SOFTBUS_SERVICE_DISTRIBUTED);
    if (r == 0)
        printf("serving %s\n", BOARD_SERVICE);
    while (r >= 0) {
        r = softbus_wait(board->bus, is_waiting ? RETRY_MS : UINT32_MAX);
        is_waiting = board_deliver(board);
    }
    softbus_object_unref(stub);
    return r;
}

int board_serve(struct softbus *bus)
{
    struct board *board = calloc(1, sizeof(*board));
    int r;

    if (!board)
        return find_fail("board", SOFTBUS_ERR_NO_MEMORY);
    board->bus = bus;
    board_store_init(&board->store);
    r = board_loop(board);
    for (size_t i = 0; i < FOLLOWERS_MAX; i++)
        softbus_object_unref(board->followers[i].object);
    board_store_deinit(&board->store);
    free(board);
    return find_fail("board serve", r);
}

/*
 * An object that does what tests need: echo, add, keep and pass on what it is given, block, fail, say who calls.
 * It lives in the test's own process, or in a process of its own that serves until it is killed.
 */
#ifndef TESTS_KIT_H
#define TESTS_KIT_H

#include "tests/integration/lab.h"

#define KIT_DESCRIPTOR "org.softbus.test.Kit"
#define KIT_HELD_MAX 1024
#define KIT_NOTES_MAX 4096

enum kit_code {
    KIT_ECHO = 1, /* bytes -> bytes */
    KIT_ADD,      /* i32, i32 -> i32 */
    KIT_NOTE,     /* u32 -> ; kept in order */
    KIT_NOTES,    /* -> u32 how many, u32 how many came out of order (each must be its predecessor + 1) */
    KIT_HOLD,     /* object -> ; kept */
    KIT_GIVE,     /* u32 index -> object */
    KIT_DROP,     /* -> ; gives everything held back */
    KIT_PASS,     /* u32 index, object target -> i32 what passing held[index] to target's HOLD returned */
    KIT_USE,      /* u32 index -> i32 what calling held[index]'s ADD returned, i32 its sum */
    KIT_CHAIN,    /* u32 depth, object other -> u32 depth reached: other.CHAIN(depth - 1, me) until 0 */
    KIT_WHO,      /* -> string "remote=… pid=… uid=… gid=… device=…" */
    KIT_FAIL,     /* i32 error: returned by the handler */
    KIT_BLOCK,    /* only in a process: says "blocked", and returns at the next line it is told */
    KIT_FILL,     /* u32 size -> bytes: a reply whose parcel has that size; says "fill RESULT" of the write in a process */
    KIT_LINK,     /* u32 index -> i32 what linking to held[index]'s death returned; says "death INDEX REASON" in a process */
    KIT_MAKE,     /* -> object: a new anonymous kit that lives as long as someone refers to it */
    KIT_STATS,    /* -> u32 calls so far, u32 held */
};

struct kit {
    struct softbus *bus;
    struct softbus_object *stub;
    struct softbus_object *held[KIT_HELD_MAX];
    size_t n_held;
    uint32_t notes[KIT_NOTES_MAX];
    size_t n_notes;
    unsigned n_calls, n_refused, n_deaths;
    int refused_error;      /* the last one */
    int fill_result;        /* of the last KIT_FILL's write */
    struct lab_app *app;    /* NULL in the test's process */
};

/* A kit in this process. Registers it when service is not NULL. */
struct kit *kit_new(struct lab *lab, struct softbus *bus, const char *service, unsigned flags);
struct kit *kit_free(struct kit *kit); /* withdraws it */
/* Has it tell refusals of its bus into n_refused and refused_error. */
void kit_watch_refusals(struct kit *kit);
void kit_drop_all(struct kit *kit);

/* A process that serves a kit under that name; returns when it is registered. */
struct lab_app *kit_serve(struct lab *lab, struct lab_device *device, const char *name, const char *service,
                          unsigned flags);
/* The same beside a pool of workers; 0: none. */
struct lab_app *kit_serve_pool(struct lab *lab, struct lab_device *device, const char *name, const char *service,
                               unsigned flags, unsigned n_workers);

/* Calls, made by lab_call() with the default deadline; they return what it returns. */
int kit_add(struct lab *lab, struct softbus_object *object, int32_t a, int32_t b, int32_t *ret_sum);
int kit_call_object(struct lab *lab, struct softbus_object *object, uint32_t code, struct softbus_object *argument);
int kit_hold(struct lab *lab, struct softbus_object *object, struct softbus_object *argument);
int kit_give(struct lab *lab, struct softbus_object *object, uint32_t index, struct softbus_object **ret_object);
int kit_echo(struct lab *lab, struct softbus_object *object, size_t size, size_t capacity);
/* Sends one u32, reads one value of that kind back. */
int kit_ask_i32(struct lab *lab, struct softbus_object *object, uint32_t code, uint32_t argument, int32_t *ret_value);
/* A request with a u32 and an object; reply: an i32. */
int kit_pass(struct lab *lab, struct softbus_object *object, uint32_t index, struct softbus_object *target,
             int32_t *ret_result);
int kit_note(struct softbus_object *object, uint32_t number); /* one-way */

/* Gets a service there is, or appears within the lab's patience. device NULL: the bus's own. */
struct softbus_object *kit_get(struct lab *lab, struct softbus *bus, const struct lab_device *device,
                               const char *service);
struct softbus_parcel *kit_parcel(struct lab *lab, size_t capacity);

/* Counts what a link to death tells. */
struct kit_deaths {
    unsigned n;
    enum softbus_death reason; /* the last one */
};
void kit_on_death(void *userdata, struct softbus_object *object, enum softbus_death reason);

#endif

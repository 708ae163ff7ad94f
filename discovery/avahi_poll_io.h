/* Avahi's event loop interface (avahi-common/watch.h) on top of libevent. */
#ifndef DISC_AVAHI_POLL_IO_H
#define DISC_AVAHI_POLL_IO_H

struct AvahiPoll;
struct event_base;

/* Fills in *ret_poll, which lasts as long as base does and needs no deinit: every watch and timeout stands for itself. */
void disc_avahi_poll_init(struct AvahiPoll *ret_poll, struct event_base *base);

#endif

/* Addresses of devices: which may be dialled, which are the same, how they are written; and the interfaces behind them. */
#ifndef SESS_ADDRESS_H
#define SESS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define SESS_ADDRESS_TEXT_SIZE 64

/* Not port 0, multicast, broadcast, unspecified, IPv4 inside IPv6, or loopback unless allowed: an announcement may say
 * anything, and must not make us talk to whatever listens here. */
bool sess_address_is_dialable(const struct sockaddr_storage *address, bool allow_loopback);

bool sess_address_is_loopback(const struct sockaddr_storage *address);
bool sess_address_is_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

/* The same host as far as quotas go: an IPv6 host has a whole /64 to choose from, and fe80::/64 on each interface. */
bool sess_address_is_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

socklen_t sess_address_get_size(const struct sockaddr_storage *address);
unsigned sess_address_get_port(const struct sockaddr_storage *address);

/* "192.0.2.1:7070", "[fe80::1%3]:7070" */
void sess_address_format(const struct sockaddr_storage *address, char ret_text[SESS_ADDRESS_TEXT_SIZE]);

/* Whether the accepted connection came in through one of the interfaces; interfaces NULL: any but lo. */
bool sess_address_came_through(int fd, const char *const *interfaces, bool allow_loopback);

/* Whether a connection to the address would leave through one of them. Asks the kernel's routes; sends nothing. */
bool sess_address_goes_through(const struct sockaddr_storage *address, const char *const *interfaces);

/* The connection leads to this host itself, on the port we listen on. */
bool sess_address_is_ourselves(int fd, unsigned own_port);

#endif

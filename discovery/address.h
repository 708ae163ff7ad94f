/* Socket addresses as values: comparison, and what may be dialled because a stranger said so. */
#ifndef DISC_ADDRESS_H
#define DISC_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

struct wire_disc_address;

/* Family, address, port and scope id are equal; padding and flow labels do not count. */
bool disc_address_is_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

/* False for port 0, and for unspecified, loopback, multicast and broadcast addresses, IPv4 ones dressed as IPv6, and
 * link-local IPv6 without a scope: an announcement must not make us talk to those. */
bool disc_address_is_dialable(const struct sockaddr_storage *address);

/* address must be AF_INET or AF_INET6. */
void disc_address_to_wire(const struct sockaddr_storage *address, struct wire_disc_address *ret_wire);
void disc_address_from_wire(const struct wire_disc_address *wire, struct sockaddr_storage *ret_address);

#endif

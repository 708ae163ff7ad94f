/* Socket addresses as values; see address.h. */
#include "discovery/address.h"

#include "wire/disc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const struct sockaddr_in *v4(const struct sockaddr_storage *address)
{
    return (const struct sockaddr_in *)(const void *)address;
}

static const struct sockaddr_in6 *v6(const struct sockaddr_storage *address)
{
    return (const struct sockaddr_in6 *)(const void *)address;
}

bool disc_address_is_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET)
        return v4(a)->sin_port == v4(b)->sin_port && v4(a)->sin_addr.s_addr == v4(b)->sin_addr.s_addr;
    if (a->ss_family == AF_INET6)
        return v6(a)->sin6_port == v6(b)->sin6_port && v6(a)->sin6_scope_id == v6(b)->sin6_scope_id &&
               memcmp(&v6(a)->sin6_addr, &v6(b)->sin6_addr, sizeof(struct in6_addr)) == 0;
    return false;
}

static bool is_dialable_v4(const struct sockaddr_in *address)
{
    uint32_t host = ntohl(address->sin_addr.s_addr);

    /* 0/8 is "this network", 127/8 loopback, 224/3 multicast, reserved and broadcast. */
    return address->sin_port != 0 && host >> 24 != 0 && host >> 24 != 127 && host >> 29 != 7;
}

static bool is_dialable_v6(const struct sockaddr_in6 *address)
{
    const struct in6_addr *host = &address->sin6_addr;

    return address->sin6_port != 0 && !IN6_IS_ADDR_UNSPECIFIED(host) && !IN6_IS_ADDR_LOOPBACK(host) &&
           !IN6_IS_ADDR_MULTICAST(host) && !IN6_IS_ADDR_V4MAPPED(host) && !IN6_IS_ADDR_V4COMPAT(host) &&
           (!IN6_IS_ADDR_LINKLOCAL(host) || address->sin6_scope_id != 0);
}

bool disc_address_is_dialable(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return is_dialable_v4(v4(address));
    return address->ss_family == AF_INET6 && is_dialable_v6(v6(address));
}

void disc_address_to_wire(const struct sockaddr_storage *address, struct wire_disc_address *ret_wire)
{
    *ret_wire = (struct wire_disc_address){ 0 };
    if (address->ss_family == AF_INET) {
        ret_wire->family = WIRE_DISC_IPV4;
        ret_wire->port = ntohs(v4(address)->sin_port);
        memcpy(ret_wire->bytes, &v4(address)->sin_addr, 4);
        return;
    }
    ret_wire->family = WIRE_DISC_IPV6;
    ret_wire->port = ntohs(v6(address)->sin6_port);
    ret_wire->scope = v6(address)->sin6_scope_id;
    memcpy(ret_wire->bytes, &v6(address)->sin6_addr, 16);
}

void disc_address_from_wire(const struct wire_disc_address *wire, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(wire->port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(wire->port), .sin6_scope_id = wire->scope };

    *ret_address = (struct sockaddr_storage){ 0 };
    memcpy(&in.sin_addr, wire->bytes, 4);
    memcpy(&in6.sin6_addr, wire->bytes, 16);
    if (wire->family == WIRE_DISC_IPV4)
        memcpy(ret_address, &in, sizeof(in));
    else
        memcpy(ret_address, &in6, sizeof(in6));
}

/* Addresses; see address.h. */
#include "session/address.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const struct sockaddr_in *as_v4(const struct sockaddr_storage *address)
{
    return (const struct sockaddr_in *)(const void *)address;
}

static const struct sockaddr_in6 *as_v6(const struct sockaddr_storage *address)
{
    return (const struct sockaddr_in6 *)(const void *)address;
}

bool sess_address_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohl(as_v4(address)->sin_addr.s_addr) >> 24 == 127;
    return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&as_v6(address)->sin6_addr);
}

bool sess_address_is_dialable(const struct sockaddr_storage *address, bool allow_loopback)
{
    if (address->ss_family != AF_INET && address->ss_family != AF_INET6)
        return false;
    if (sess_address_get_port(address) == 0 || (sess_address_is_loopback(address) && !allow_loopback))
        return false;
    if (address->ss_family == AF_INET) {
        uint32_t host = ntohl(as_v4(address)->sin_addr.s_addr);

        return host >> 24 != 0 && host >> 28 < 14; /* 0/8: this network; 224/4 multicast; 240/4 reserved and broadcast */
    } else {
        const struct in6_addr *host = &as_v6(address)->sin6_addr;

        /* Without its interface a link-local address says nothing. */
        if (IN6_IS_ADDR_LINKLOCAL(host) && as_v6(address)->sin6_scope_id == 0)
            return false;
        return !IN6_IS_ADDR_MULTICAST(host) && !IN6_IS_ADDR_UNSPECIFIED(host) && !IN6_IS_ADDR_V4MAPPED(host) &&
               !IN6_IS_ADDR_V4COMPAT(host);
    }
}

unsigned sess_address_get_port(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET ? as_v4(address)->sin_port : as_v6(address)->sin6_port);
}

socklen_t sess_address_get_size(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static bool host_is_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b, size_t v6_bytes)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET)
        return as_v4(a)->sin_addr.s_addr == as_v4(b)->sin_addr.s_addr;
    return memcmp(&as_v6(a)->sin6_addr, &as_v6(b)->sin6_addr, v6_bytes) == 0 &&
           as_v6(a)->sin6_scope_id == as_v6(b)->sin6_scope_id;
}

bool sess_address_is_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    return host_is_equal(a, b, 16) && sess_address_get_port(a) == sess_address_get_port(b);
}

bool sess_address_is_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    /* fe80::/64 is no exception: a host may take as many addresses in it as it likes. All hosts of a link share it. */
    return host_is_equal(a, b, 8);
}

void sess_address_format(const struct sockaddr_storage *address, char ret_text[SESS_ADDRESS_TEXT_SIZE])
{
    char host[INET6_ADDRSTRLEN] = "?";
    unsigned scope = address->ss_family == AF_INET6 ? as_v6(address)->sin6_scope_id : 0;
    unsigned port = sess_address_get_port(address);

    if (address->ss_family == AF_INET) {
        inet_ntop(AF_INET, &as_v4(address)->sin_addr, host, sizeof(host));
        snprintf(ret_text, SESS_ADDRESS_TEXT_SIZE, "%s:%u", host, port);
        return;
    }
    inet_ntop(AF_INET6, &as_v6(address)->sin6_addr, host, sizeof(host));
    if (scope)
        snprintf(ret_text, SESS_ADDRESS_TEXT_SIZE, "[%s%%%u]:%u", host, scope, port);
    else
        snprintf(ret_text, SESS_ADDRESS_TEXT_SIZE, "[%s]:%u", host, port);
}

static bool is_named(const char *name, const char *const *interfaces)
{
    for (; *interfaces; interfaces++) {
        if (!strcmp(name, *interfaces))
            return true;
    }
    return false;
}

/* The interface of a connection's first packet. An accepted TCP socket keeps it where multicast would use it:
 * tcp_v4_syn_recv_sock() and tcp_v6_syn_recv_sock() in Linux. 0: not known. */
static unsigned get_incoming_index(int fd, sa_family_t family)
{
    int index = 0, on = 1;
    socklen_t size = sizeof(index);
    char control[CMSG_SPACE(sizeof(struct in_pktinfo)) + 64];
    struct msghdr header = { .msg_control = control };

    if (family == AF_INET6)
        return getsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, &size) < 0 ? 0 : (unsigned)index;
    size = sizeof(control);
    if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) < 0 ||
        getsockopt(fd, IPPROTO_IP, IP_PKTOPTIONS, control, &size) < 0)
        return 0;
    header.msg_controllen = size;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        struct in_pktinfo info;

        if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
            continue;
        memcpy(&info, CMSG_DATA(c), sizeof(info));
        return (unsigned)info.ipi_ifindex;
    }
    return 0;
}

bool sess_address_came_through(int fd, const char *const *interfaces, bool allow_loopback)
{
    struct sockaddr_storage local = { 0 };
    socklen_t size = sizeof(local);
    char name[IF_NAMESIZE] = "";
    unsigned index;

    if (getsockname(fd, (struct sockaddr *)&local, &size) < 0)
        return false;
    index = get_incoming_index(fd, local.ss_family);
    if (index == 0 || !if_indextoname(index, name))
        return !interfaces && !sess_address_is_loopback(&local);
    if (!strcmp(name, "lo"))
        return allow_loopback;
    return !interfaces || is_named(name, interfaces);
}

static bool owner_is_named(const struct sockaddr_storage *local, const char *const *interfaces)
{
    struct ifaddrs *list, *item;
    bool is_found = false;

    if (getifaddrs(&list) < 0)
        return false;
    for (item = list; item && !is_found; item = item->ifa_next) {
        struct sockaddr_storage address = { 0 };

        if (!item->ifa_addr || item->ifa_addr->sa_family != local->ss_family)
            continue;
        address.ss_family = item->ifa_addr->sa_family;
        memcpy(&address, item->ifa_addr, sess_address_get_size(&address));
        is_found = host_is_equal(&address, local, 16) && is_named(item->ifa_name, interfaces);
    }
    freeifaddrs(list);
    return is_found;
}

bool sess_address_goes_through(const struct sockaddr_storage *address, const char *const *interfaces)
{
    struct sockaddr_storage local = { 0 };
    socklen_t size = sizeof(local);
    SB_AUTO_CLOSE int fd = -1;

    if (!interfaces || sess_address_is_loopback(address))
        return true;
    /* Connecting a datagram socket chooses a route and a source address, and sends nothing. */
    fd = socket(address->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)address, sess_address_get_size(address)) < 0 ||
        getsockname(fd, (struct sockaddr *)&local, &size) < 0)
        return false;
    return owner_is_named(&local, interfaces);
}

bool sess_address_is_ourselves(int fd, unsigned own_port)
{
    struct sockaddr_storage local = { 0 }, remote = { 0 };
    socklen_t local_size = sizeof(local), remote_size = sizeof(remote);

    if (getsockname(fd, (struct sockaddr *)&local, &local_size) < 0 ||
        getpeername(fd, (struct sockaddr *)&remote, &remote_size) < 0)
        return false;
    return host_is_equal(&local, &remote, 16) && sess_address_get_port(&remote) == own_port;
}

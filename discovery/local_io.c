/* Our own addresses; see local_io.h. */
#include "discovery/local_io.h"

#include <avahi-common/address.h>
#include <avahi-core/core.h>
#include <avahi-core/publish.h>
#include <errno.h>
#include <event2/event.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURN_BUDGET 16 /* reads in one turn of the loop */

struct local_address {
    struct sb_list link;
    AvahiSEntryGroup *group;
    AvahiIfIndex interface;
    AvahiAddress address;
};

/* Asks for all addresses; the answers come like changes do. */
static int request_all(int fd)
{
    const struct {
        struct nlmsghdr header;
        struct ifaddrmsg address;
    } request = { .header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETADDR,
                              .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };

    return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

static void on_group(AvahiServer *server, AvahiSEntryGroup *group, AvahiEntryGroupState state, void *userdata)
{
    (void)server, (void)group, (void)state, (void)userdata;
}

static void publish(struct disc_local *local, struct local_address *address)
{
    if (!address->group)
        address->group = avahi_s_entry_group_new(local->server, on_group, NULL);
    if (!address->group)
        return;
    avahi_s_entry_group_reset(address->group);
    /* No probing: the host name is made from the device id, so it is ours alone. */
    if (avahi_server_add_address(local->server, address->group, address->interface, AVAHI_PROTO_UNSPEC,
                                 AVAHI_PUBLISH_NO_REVERSE | AVAHI_PUBLISH_NO_PROBE, NULL, &address->address) == 0)
        (void)avahi_s_entry_group_commit(address->group);
}

void disc_local_publish(struct disc_local *local)
{
    SB_LIST_FOREACH(link, &local->addresses)
        publish(local, SB_CONTAINER_OF(link, struct local_address, link));
}

static void address_free(struct disc_local *local, struct local_address *address)
{
    if (address->group)
        avahi_s_entry_group_free(address->group);
    sb_list_remove(&address->link);
    local->n_addresses--;
    free(address);
}

static struct local_address *find_address(const struct disc_local *local, AvahiIfIndex interface,
                                          const AvahiAddress *wanted)
{
    SB_LIST_FOREACH(link, &local->addresses) {
        struct local_address *address = SB_CONTAINER_OF(link, struct local_address, link);

        if (address->interface == interface && avahi_address_cmp(&address->address, wanted) == 0)
            return address;
    }
    return NULL;
}

static void set_address(struct disc_local *local, AvahiIfIndex interface, const AvahiAddress *value, bool is_there)
{
    struct local_address *address = find_address(local, interface, value);

    if (!is_there && address)
        address_free(local, address);
    if (!is_there || address || local->n_addresses == DISC_LOCAL_MAX)
        return;
    address = calloc(1, sizeof(*address));
    if (!address)
        return;
    address->interface = interface;
    address->address = *value;
    sb_list_append(&local->addresses, &address->link);
    local->n_addresses++;
    publish(local, address);
}

/* A point-to-point link has two addresses in one message: IFA_LOCAL is ours. IPv6 has IFA_ADDRESS alone. */
static bool read_attributes(const struct ifaddrmsg *message, size_t size, AvahiAddress *ret_address, uint32_t *ret_flags)
{
    const uint8_t *bytes = (const uint8_t *)message;
    size_t need = message->ifa_family == AF_INET ? 4 : 16;
    bool has_address = false, has_local = false;
    struct rtattr attribute;

    *ret_address = (AvahiAddress){ .proto = message->ifa_family == AF_INET ? AVAHI_PROTO_INET : AVAHI_PROTO_INET6 };
    *ret_flags = message->ifa_flags;
    for (size_t at = NLMSG_ALIGN(sizeof(*message)); at + sizeof(attribute) <= size; at += RTA_ALIGN(attribute.rta_len)) {
        const uint8_t *value = bytes + at + RTA_LENGTH(0);
        bool is_local;

        memcpy(&attribute, bytes + at, sizeof(attribute));
        is_local = attribute.rta_type == IFA_LOCAL;
        if (attribute.rta_len < RTA_LENGTH(0) || attribute.rta_len > size - at)
            return false;
        if (attribute.rta_type == IFA_FLAGS && attribute.rta_len >= RTA_LENGTH(sizeof(*ret_flags))) {
            memcpy(ret_flags, value, sizeof(*ret_flags));
        } else if ((is_local || (attribute.rta_type == IFA_ADDRESS && !has_local)) && attribute.rta_len >= RTA_LENGTH(need)) {
            memcpy(ret_address->data.data, value, need);
            has_address = true;
            has_local = has_local || is_local;
        }
    }
    return has_address;
}

static void handle_address(struct disc_local *local, const struct nlmsghdr *header)
{
    const struct ifaddrmsg *message = NLMSG_DATA(header);
    AvahiAddress address;
    uint32_t flags;

    if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*message)) || message->ifa_scope == RT_SCOPE_HOST ||
        (message->ifa_family != AF_INET && message->ifa_family != AF_INET6) || message->ifa_index > INT32_MAX ||
        !read_attributes(message, NLMSG_PAYLOAD(header, 0), &address, &flags))
        return;
    /* An address that is still being checked for duplicates is told again when that is done. */
    set_address(local, (AvahiIfIndex)message->ifa_index, &address,
                header->nlmsg_type == RTM_NEWADDR && !(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)));
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
    struct disc_local *local = userdata;
    union {
        struct nlmsghdr header;
        uint8_t bytes[16 * 1024];
    } buffer;

    (void)what;
    for (int i = 0; i < TURN_BUDGET; i++) {
        struct sockaddr_nl from = { 0 };
        socklen_t from_size = sizeof(from);
        ssize_t n = recvfrom(fd, &buffer, sizeof(buffer), MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
        size_t left = n > 0 ? (size_t)n : 0;

        if (n < 0 && errno == ENOBUFS) { /* changes were lost */
            (void)request_all(fd);
            continue;
        }
        if (n <= 0)
            return;
        if (from.nl_pid != 0) /* not from the kernel */
            continue;
        for (const struct nlmsghdr *header = &buffer.header; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left))
            if (header->nlmsg_type == RTM_NEWADDR || header->nlmsg_type == RTM_DELADDR)
                handle_address(local, header);
    }
}

int disc_local_init(struct disc_local *local, struct event_base *base, struct AvahiServer *server)
{
    const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
    int r;

    *local = (struct disc_local){ .server = server };
    sb_list_init(&local->addresses);
    local->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (local->fd < 0)
        return -errno;
    r = bind(local->fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : request_all(local->fd);
    if (r == 0) {
        local->readable = event_new(base, local->fd, EV_READ | EV_PERSIST, on_readable, local);
        if (!local->readable || event_add(local->readable, NULL) < 0)
            r = -ENOMEM;
    }
    if (r < 0)
        disc_local_deinit(local);
    return r;
}

void disc_local_deinit(struct disc_local *local)
{
    if (!local->server)
        return; /* never initialised */
    SB_LIST_FOREACH(link, &local->addresses)
        address_free(local, SB_CONTAINER_OF(link, struct local_address, link));
    if (local->readable)
        event_free(local->readable);
    local->readable = NULL;
    if (local->fd >= 0)
        close(local->fd);
    local->fd = -1;
    local->server = NULL;
}

/* The cage of the discovery helper; see sandbox_io.h and docs/discovery.md, section "What the helper may do". */
#include "discovery/sandbox_io.h"

#include "wire/disc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534 /* the kernel's overflow id: owns nothing */
#define MEMORY_MAX (256UL << 20)
#define DESCRIPTORS_MAX 64

/* Sanitizers reserve terabytes of address space. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#ifndef HAS_SANITIZER
#define HAS_SANITIZER 0
#endif

static int close_others(int keep_fd)
{
    if (keep_fd > 3 && close_range(3, (unsigned)keep_fd - 1, 0) < 0)
        return -errno;
    return close_range((unsigned)keep_fd + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* A directory that was removed before we moved into it: it is empty, and nobody can make it otherwise. */
static bool enter_empty_root(void)
{
    char path[] = "/tmp/softbus-mdns-XXXXXX";
    bool is_in;

    if (!mkdtemp(path))
        return false;
    is_in = chdir(path) == 0;
    (void)rmdir(path);
    if (is_in && chroot(".") == 0)
        return true;
    (void)!chdir("/");
    return false;
}

static bool become_nobody(void)
{
    return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

    /* An empty permitted set is refilled by nothing: no_new_privs is on, and the filter has no execve(). */
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

/* Needs CAP_SETPCAP: without it the bounding set is moot as well. */
static void drop_bounding_set(void)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int set_limit(__rlimit_resource_t resource, rlim_t value)
{
    struct rlimit old, limit;

    if (getrlimit(resource, &old) < 0)
        return -errno;
    if (old.rlim_max < value)
        value = old.rlim_max;
    limit = (struct rlimit){ .rlim_cur = value, .rlim_max = value };
    return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static int set_limits(void)
{
    int r;

    if ((r = set_limit(RLIMIT_CORE, 0)) < 0 || (r = set_limit(RLIMIT_FSIZE, 0)) < 0 ||
        (r = set_limit(RLIMIT_NPROC, 0)) < 0 || (r = set_limit(RLIMIT_NOFILE, DESCRIPTORS_MAX)) < 0)
        return r;
    return HAS_SANITIZER ? 0 : set_limit(RLIMIT_AS, MEMORY_MAX);
}

int disc_sandbox_enter(int keep_fd, uint32_t *ret_sandbox)
{
    uint32_t sandbox = WIRE_DISC_SANDBOX_CAPS;
    int r;

    r = close_others(keep_fd);
    if (r < 0)
        return r;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    if (enter_empty_root())
        sandbox |= WIRE_DISC_SANDBOX_ROOT;
    drop_bounding_set();
    if ((geteuid() == 0 && become_nobody()) || geteuid() != 0)
        sandbox |= WIRE_DISC_SANDBOX_USER;
    r = drop_capabilities();
    if (r < 0)
        return r;
    r = set_limits();
    if (r < 0)
        return r;
    /* Both are undone by a change of user, so they come after it. The daemon may have died before: its socket says so. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return -errno;
    *ret_sandbox = sandbox;
    return 0;
}

/* What the event loop, the C library's memory and clocks, and Avahi on its open sockets need. */
static int allow_plain(scmp_filter_ctx filter)
{
    static const int calls[] = {
        SCMP_SYS(brk),           SCMP_SYS(clock_gettime), SCMP_SYS(close),        SCMP_SYS(epoll_ctl),
        SCMP_SYS(epoll_pwait),   SCMP_SYS(epoll_wait),    SCMP_SYS(exit),         SCMP_SYS(exit_group),
        SCMP_SYS(futex),         SCMP_SYS(getpid),        SCMP_SYS(getrandom),    SCMP_SYS(gettimeofday),
        SCMP_SYS(gettid),        SCMP_SYS(mremap),        SCMP_SYS(munmap),       SCMP_SYS(poll),
        SCMP_SYS(ppoll),         SCMP_SYS(recvfrom),      SCMP_SYS(recvmsg),      SCMP_SYS(restart_syscall),
        SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sendmsg),      SCMP_SYS(sendto),
    };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);

        if (r < 0)
            return r;
    }
    return 0;
}

/* Calls of which only some arguments are harmless. */
static int allow_with_arguments(scmp_filter_ctx filter)
{
    const struct { int call; struct scmp_arg_cmp cmp; } rules[] = {
        /* joining and leaving multicast groups, as interfaces and addresses come and go */
        { SCMP_SYS(setsockopt), SCMP_A1(SCMP_CMP_EQ, IPPROTO_IP) },
        { SCMP_SYS(setsockopt), SCMP_A1(SCMP_CMP_EQ, IPPROTO_IPV6) },
        /* how long the next packet is */
        { SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONREAD) },
        /* memory, never executable */
        { SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
        { SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
        { SCMP_SYS(madvise), SCMP_A2(SCMP_CMP_EQ, MADV_DONTNEED) },
        { SCMP_SYS(madvise), SCMP_A2(SCMP_CMP_EQ, MADV_FREE) },
        /* an assert that fails: its text, which nobody reads, and a signal to ourselves, which the daemon logs */
        { SCMP_SYS(write), SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO) },
        { SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()) },
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        int r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rules[i].call, 1, &rules[i].cmp);

        if (r < 0)
            return r;
    }
    return 0;
}

int disc_sandbox_lock(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int r;

    if (!filter)
        return -ENOMEM;
    r = allow_plain(filter);
    if (r == 0)
        r = allow_with_arguments(filter);
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    return r;
}

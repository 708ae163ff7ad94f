/*
 * Apps that say anything: the input is messages of three apps of one hub, which has a session with a device that only listens. Each
 * opens with a byte: who (low two bits; 3: time goes on, see tick()), 16 more for its type, and how its bytes are used. Afterwards all
 * is closed and every table must be empty.
 */
#include "tests/fuzz/hub_fuzz.h"

#include "softbusd/names.h"
#include "softbusd/node.h"
#include "softbusd/policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int find_user(const char *name, struct hub_user *ret_user)
{
    *ret_user = (struct hub_user){ .uid = (uint32_t)atoi(name) };
    return 0;
}

static void report(void *userdata, const char *line)
{
    (void)userdata, (void)line;
}

/* Lets one app own what it likes and another look it up, or all do all. */
static void set_policy(struct fuzz_world *world, uint8_t what)
{
    static const struct hub_names names = { .find_user = find_user };
    char text[] = "[service *]\nown = user:X\nlookup = user:X\n";
    struct hub_policy *policy = NULL;

    *strchr(text, 'X') = (char)('0' + (what & 1));
    *strchr(text, 'X') = (char)('0' + (what >> 1 & 3));
    if (what & 8 && hub_policy_parse("file", text, strlen(text), &names, report, NULL, &policy) < 0)
        abort();
    hub_set_policy(world->hub, policy);
}

/* Things that happen to the hub from elsewhere. */
static void tick(struct fuzz_world *world, uint8_t what)
{
    struct fuzz_app *app = &world->apps[what % FUZZ_APPS];

    switch (what >> 4) {
    case 0:
        fuzz_app_toggle_full(app);
        if (app->queued.amount == 0 && app->hub_app)
            hub_app_drained(app->hub_app);
        break;
    case 1:
        fuzz_app_close(app);
        fuzz_app_open(world, app, what & 8);
        break;
    case 2:
        world->peer_error = what & 8 ? -11 : 0;
        break;
    case 3:
        fuzz_set_session(world, what & 8);
        break;
    case 4:
        hub_peer_sent(world->hub, &world->peer, world->last_cookie);
        break;
    case 5:
        world->save_error = what & 8 ? -28 : 0;
        break;
    case 6:
        hub_peer_set_addresses(world->hub, &world->stranger, what & 8 ? "192.0.2.1:1" : "");
        break;
    case 7:
        app->n_fds = what & 3;
        app->has_lost_fds = what & 8;
        break;
    case 8:
        world->channel_error = what & 8 ? -24 : 0;
        break;
    case 9:
        set_policy(world, what & 15);
        break;
    default:
        hub_peer_suspect(world->hub, &world->peer);
        hub_peer_online(world->hub, &world->peer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_world world;

    fuzz_world_init(&world);
    while (size >= 4) {
        uint8_t who = data[0] & 3;
        size_t n = (size_t)data[1] | (size_t)(data[2] & 15) << 8;
        uint16_t type = (uint16_t)(data[2] >> 4 | (data[0] & 16));

        if (who == FUZZ_APPS) {
            tick(&world, data[1]);
            data += 2;
            size -= 2;
            continue;
        }
        data += 3;
        size -= 3;
        n = n < size ? n : size;
        fuzz_app_send(&world.apps[who], type, data, n);
        fuzz_reap(&world);
        data += n;
        size -= n;
    }
    fuzz_world_deinit(&world);
    return 0;
}

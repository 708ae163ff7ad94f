/*
 * Tries the four rules with real objects between real devices. Interface org.softbus.example.Rules, the service of the same
 * name, which runs on every device of the experiment:
 *   1 SIZE     bytes data    -> u64 size
 *   2 MAKE                   -> object          a new anonymous object
 *   3 TAKE     object        -> u32 hops        takes it and lets it go again
 *   4 HAND_ON  object        -> object          the same one: passes it a second time
 */
#ifndef EXAMPLES_RULES_H
#define EXAMPLES_RULES_H

struct softbus;

#define RULES_SERVICE "org.softbus.example.Rules"
#define RULES_INTERFACE "org.softbus.example.Rules"
#define RULES_WAIT_MS 10000

enum rules_code { RULES_SIZE = 1, RULES_MAKE = 2, RULES_TAKE = 3, RULES_HAND_ON = 4 };

/* They return the exit status of the process. */
int rules_serve(struct softbus *bus);
int rules_try(struct softbus *bus, const char *device, const char *third);

#endif

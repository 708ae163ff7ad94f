/* softbusctl help */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"

#include <stdio.h>
#include <string.h>

static void help_print_all(void)
{
    fputs("usage: softbusctl [--socket PATH] [--json] [--timeout MS] COMMAND [ARGUMENT...]\n\n", stdout);
    for (const struct ctl_command *command = ctl_commands_get(); command->name; command++)
        printf("  %-9s %s\n", command->name, command->summary);
    fputs("\nDEVICE is a device id or its first 4 or more characters, the name of a trusted device, or . for this one.\n"
          "  --socket PATH   softbusd's socket (else SOFTBUS_SOCKET, the user's own daemon, the system's)\n"
          "  --json          for programs: lists as one object, watch and ping as one object a line\n"
          "  --timeout MS    deadline of a call (8000), and of a service's start\n"
          "`softbusctl help COMMAND` and softbusctl(1) say more.\n",
          stdout);
}

/* `help trust add` is about trust, which says it all. */
static bool help_is_verb(const struct ctl_command *command, const char *word)
{
    size_t length = strlen(word);
    const char *verb = command->verbs;

    while (verb && *verb && !(strncmp(verb, word, length) == 0 && (verb[length] == ' ' || verb[length] == '\0'))) {
        verb += strcspn(verb, " ");
        verb += *verb == ' ';
    }
    return verb && *verb && length > 0;
}

int ctl_help_run(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_command *command;

    (void)ctl;
    if (argc < 2) {
        help_print_all();
        return CTL_EXIT_OK;
    }
    command = ctl_commands_find(argv[1]);
    if (!command)
        return ctl_fail_usage(NULL, "%s: no such command", argv[1]);
    if (argc > 3 || (argc == 3 && !help_is_verb(command, argv[2])))
        return ctl_fail_usage("help", "help: takes one command, as in `softbusctl help trust`");
    printf("usage: softbusctl %s%s%s\n%s\n", command->name, *command->arguments ? " " : "", command->arguments,
           command->summary);
    if (command->details)
        fputs(command->details, stdout);
    return CTL_EXIT_OK;
}

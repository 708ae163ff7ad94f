/* A shared notes board: examples/board.h says what it is. This file reads the command line and connects. */
#include "examples/board.h"
#include "examples/find.h"

#include <softbus/bus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int board_usage(void)
{
    fputs("usage: board serve\n"
          "       board post DEVICE [FILE...]\n"
          "       board follow DEVICE [--count N] [--out DIRECTORY]\n"
          "       board list DEVICE\n"
          "DEVICE is the id or name of the board's device, or . for this one.\n"
          "post posts the lines of the FILEs, or of standard input. follow prints what is posted, until N notes have come\n"
          "or the board is gone (exit status 3); with --out the bytes of each author also go to a file in DIRECTORY.\n",
          stderr);
    return 2;
}

static int board_parse_follow(struct softbus *bus, char **argv)
{
    const char *directory = NULL;
    char *end = NULL;
    uint64_t count = 0;

    for (char **option = argv + 3; *option; option += 2) {
        if (!option[1])
            return board_usage();
        if (strcmp(*option, "--count") == 0)
            count = strtoull(option[1], &end, 10);
        else if (strcmp(*option, "--out") == 0)
            directory = option[1];
        else
            return board_usage();
        if (end && *end)
            return board_usage();
    }
    return board_follow(bus, argv[2], count, directory);
}

static int board_run(struct softbus *bus, int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        return board_serve(bus);
    if (argc >= 3 && strcmp(argv[1], "post") == 0)
        return board_post(bus, argv[2], argv + 3);
    if (argc >= 3 && strcmp(argv[1], "follow") == 0)
        return board_parse_follow(bus, argv);
    if (argc == 3 && strcmp(argv[1], "list") == 0)
        return board_list(bus, argv[2]);
    return board_usage();
}

int main(int argc, char **argv)
{
    struct softbus *bus;
    int r, status;

    if (argc < 2 || strcmp(argv[1], "--help") == 0)
        return board_usage();
    setvbuf(stdout, NULL, _IOLBF, 0);
    r = softbus_open(NULL, "board", &bus);
    if (r < 0)
        return find_fail("board: connecting to softbusd", r);
    status = board_run(bus, argc, argv);
    softbus_close(bus);
    return status;
}

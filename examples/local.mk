# Built as an app outside the project would be: the public headers and the installed library only.
#noinst_PROGRAMS += examples/board

#examples_board_SOURCES = examples/board.c
#examples_board_LDADD = libsoftbus/libsoftbus.la

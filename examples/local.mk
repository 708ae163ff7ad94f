# Built as an app outside the project would be: the public headers and the installed library only.
noinst_PROGRAMS += examples/board examples/hello examples/rules

examples_board_SOURCES = \
	examples/board.c \
	examples/board.h \
	examples/board_follow.c \
	examples/board_note.c \
	examples/board_post.c \
	examples/board_serve.c \
	examples/board_store.c \
	examples/board_store.h \
	examples/find.c \
	examples/find.h
examples_board_LDADD = libsoftbus/libsoftbus.la

examples_hello_SOURCES = examples/hello.c
examples_hello_LDADD = libsoftbus/libsoftbus.la

examples_rules_SOURCES = \
	examples/find.c \
	examples/find.h \
	examples/rules.c \
	examples/rules.h \
	examples/rules_serve.c
examples_rules_LDADD = libsoftbus/libsoftbus.la

EXTRA_DIST += demo examples/demo_lab.sh examples/demo_shell.sh examples/demo_story.sh

# Built as an app outside the project would be: the public headers and the installed library only.
noinst_PROGRAMS += examples/board examples/hello examples/loop_libevent examples/loop_poll examples/rules

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

# One job in four event loops; each where its library is there.
COUNTER = examples/counter.c examples/counter.h

examples_loop_libevent_SOURCES = $(COUNTER) examples/loop_libevent.c
examples_loop_libevent_LDADD = libsoftbus/libsoftbus.la $(EVENT_LIBS)

examples_loop_poll_SOURCES = $(COUNTER) examples/loop_poll.c
examples_loop_poll_LDADD = libsoftbus/libsoftbus.la

if HAVE_GLIB
noinst_PROGRAMS += examples/loop_glib
examples_loop_glib_SOURCES = $(COUNTER) examples/loop_glib.c
examples_loop_glib_CPPFLAGS = $(AM_CPPFLAGS) $(GLIB_CFLAGS)
examples_loop_glib_LDADD = libsoftbus/libsoftbus.la $(GLIB_LIBS)
endif

if HAVE_SDEVENT
noinst_PROGRAMS += examples/loop_sdevent
examples_loop_sdevent_SOURCES = $(COUNTER) examples/loop_sdevent.c
examples_loop_sdevent_CPPFLAGS = $(AM_CPPFLAGS) $(SDEVENT_CFLAGS)
examples_loop_sdevent_LDADD = libsoftbus/libsoftbus.la $(SDEVENT_LIBS)
endif

examples_rules_SOURCES = \
	examples/find.c \
	examples/find.h \
	examples/rules.c \
	examples/rules.h \
	examples/rules_serve.c
examples_rules_LDADD = libsoftbus/libsoftbus.la

EXTRA_DIST += demo examples/demo_lab.sh examples/demo_shell.sh examples/demo_story.sh

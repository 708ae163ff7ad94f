noinst_LTLIBRARIES += session/libsession.la

session_libsession_la_SOURCES = \
	session/hello.c \
	session/hello.h \
	session/identity_io.h \
	session/manager_io.h \
	session/mux.c \
	session/mux.h \
	session/mux_impl.h \
	session/mux_in.c \
	session/mux_out.c \
	session/peer.c \
	session/peer.h \
	session/session.h \
	session/settle.c \
	session/settle.h \
	session/trust.h \
	session/trust_io.h \
	session/worker.c \
	session/worker.h

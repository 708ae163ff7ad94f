noinst_LTLIBRARIES += session/libsession.la

session_libsession_la_SOURCES = \
	session/address.c \
	session/address.h \
	session/conn_io.c \
	session/dialer_io.c \
	session/file_io.c \
	session/file_io.h \
	session/greet_io.c \
	session/hello.c \
	session/hello.h \
	session/identity.h \
	session/identity_io.c \
	session/identity_io.h \
	session/link_io.c \
	session/listener_io.c \
	session/manager_impl.h \
	session/manager_io.c \
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
	session/tls_io.c \
	session/tls_io.h \
	session/trust.c \
	session/trust.h \
	session/trust_io.c \
	session/trust_io.h \
	session/worker.c \
	session/worker.h

noinst_LTLIBRARIES += wire/libwire.la

wire_libwire_la_SOURCES = \
	wire/channel.c \
	wire/channel.h \
	wire/codec.h \
	wire/cursor.c \
	wire/cursor.h \
	wire/devid.c \
	wire/devid.h \
	wire/disc.c \
	wire/disc.h \
	wire/frame.c \
	wire/frame.h \
	wire/hub.h \
	wire/msg.c \
	wire/msg.h \
	wire/rules.c \
	wire/rules.h \
	wire/status.h \
	wire/value.c \
	wire/value.h

noinst_LTLIBRARIES += wire/libwire.la

wire_libwire_la_SOURCES = \
	wire/cursor.c \
	wire/cursor.h \
	wire/devid.c \
	wire/devid.h

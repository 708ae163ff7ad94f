noinst_LTLIBRARIES += base/libbase.la

base_libbase_la_SOURCES = \
	base/buf.c \
	base/buf.h \
	base/cleanup.h \
	base/clock.c \
	base/clock.h \
	base/idtab.c \
	base/idtab.h \
	base/list.h \
	base/log.c \
	base/log.h \
	base/map.c \
	base/map.h \
	base/random.c \
	base/random.h \
	base/rate.c \
	base/rate.h \
	base/sip.c \
	base/sip.h

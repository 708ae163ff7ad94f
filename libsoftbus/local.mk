# All code is in libclient.la, which unit tests link to reach what the version script hides;
# the installed library is made of it and of the two folders below it.
noinst_LTLIBRARIES += libsoftbus/libclient.la
lib_LTLIBRARIES += libsoftbus/libsoftbus.la

softbusincludedir = $(includedir)/softbus
softbusinclude_HEADERS = \
	include/softbus/ashmem.h \
	include/softbus/bus.h \
	include/softbus/device.h \
	include/softbus/error.h \
	include/softbus/object.h \
	include/softbus/parcel.h \
	include/softbus/pool.h \
	include/softbus/quota.h \
	include/softbus/registry.h

libsoftbus_libclient_la_SOURCES = \
	libsoftbus/ashmem.c \
	libsoftbus/ashmem.h \
	libsoftbus/bus.c \
	libsoftbus/bus.h \
	libsoftbus/call.c \
	libsoftbus/call.h \
	libsoftbus/call_async.c \
	libsoftbus/channel.c \
	libsoftbus/channel.h \
	libsoftbus/connect.c \
	libsoftbus/connect.h \
	libsoftbus/death.c \
	libsoftbus/device.c \
	libsoftbus/dispatch.c \
	libsoftbus/dispatch.h \
	libsoftbus/error.c \
	libsoftbus/listing.c \
	libsoftbus/listing.h \
	libsoftbus/lock.c \
	libsoftbus/lock.h \
	libsoftbus/object.c \
	libsoftbus/object.h \
	libsoftbus/parcel.c \
	libsoftbus/parcel.h \
	libsoftbus/parcel_array.c \
	libsoftbus/parcel_fd.c \
	libsoftbus/parcel_object.c \
	libsoftbus/parcel_scalar.c \
	libsoftbus/parcel_struct.c \
	libsoftbus/parcel_text.c \
	libsoftbus/parcel_text16.c \
	libsoftbus/pool.c \
	libsoftbus/pool.h \
	libsoftbus/quota.c \
	libsoftbus/reconnect.c \
	libsoftbus/reconnect.h \
	libsoftbus/registry.c \
	libsoftbus/registry.h \
	libsoftbus/restore.c \
	libsoftbus/restore.h \
	libsoftbus/send.c \
	libsoftbus/send.h \
	libsoftbus/serve.c \
	libsoftbus/serve.h \
	libsoftbus/serve_chain.c \
	libsoftbus/serve_own.c \
	libsoftbus/stream.c \
	libsoftbus/stream.h \
	libsoftbus/transaction.c \
	libsoftbus/wait.c \
	libsoftbus/wait.h \
	libsoftbus/watch.c \
	libsoftbus/watch.h
# Public headers carry no visibility attributes: here the version script alone decides what is exported.
libsoftbus_libclient_la_CFLAGS = $(SB_CFLAGS)

libsoftbus_libsoftbus_la_SOURCES =
libsoftbus_libsoftbus_la_LIBADD = $(CLIENT_LIBS)
libsoftbus_libsoftbus_la_DEPENDENCIES = $(CLIENT_LIBS) libsoftbus/libsoftbus.map
# current:revision:age, see "Releases" in CONTRIBUTING.md
libsoftbus_libsoftbus_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined -Wl,-Bsymbolic-functions -version-info 0:0:0 \
	-Wl,--version-script=$(top_srcdir)/libsoftbus/libsoftbus.map

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = libsoftbus/libsoftbus.pc

EXTRA_DIST += libsoftbus/libsoftbus.map

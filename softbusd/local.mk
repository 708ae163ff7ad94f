# Everything but main.c is in the library, which the tests link.
noinst_LTLIBRARIES += softbusd/libhub.la
bin_PROGRAMS += softbusd/softbusd

softbusd_libhub_la_SOURCES = \
	softbusd/accept_io.c \
	softbusd/accept_io.h \
	softbusd/access.c \
	softbusd/access.h \
	softbusd/activate.c \
	softbusd/activate.h \
	softbusd/activate_io.c \
	softbusd/activate_io.h \
	softbusd/app.c \
	softbusd/app.h \
	softbusd/apps_io.c \
	softbusd/apps_io.h \
	softbusd/call.c \
	softbusd/call.h \
	softbusd/channel.c \
	softbusd/channel.h \
	softbusd/config.c \
	softbusd/config.h \
	softbusd/config_file.c \
	softbusd/daemon.c \
	softbusd/daemon.h \
	softbusd/detour.c \
	softbusd/detour.h \
	softbusd/get.c \
	softbusd/get.h \
	softbusd/hub.c \
	softbusd/hub.h \
	softbusd/hubcall.c \
	softbusd/hubcall.h \
	softbusd/ini.c \
	softbusd/ini.h \
	softbusd/key.c \
	softbusd/key.h \
	softbusd/listen.c \
	softbusd/listen.h \
	softbusd/load.c \
	softbusd/load.h \
	softbusd/loop.c \
	softbusd/loop.h \
	softbusd/names.c \
	softbusd/names.h \
	softbusd/node.c \
	softbusd/node.h \
	softbusd/notify.c \
	softbusd/notify.h \
	softbusd/options.c \
	softbusd/options.h \
	softbusd/outq.c \
	softbusd/outq.h \
	softbusd/pass.c \
	softbusd/pass.h \
	softbusd/paths.c \
	softbusd/paths.h \
	softbusd/peer.c \
	softbusd/peer.h \
	softbusd/peermsg.c \
	softbusd/peers_io.c \
	softbusd/peers_io.h \
	softbusd/policy.c \
	softbusd/policy.h \
	softbusd/policy_file.c \
	softbusd/quota.c \
	softbusd/quota.h \
	softbusd/quotacall.c \
	softbusd/quotacall.h \
	softbusd/registry.c \
	softbusd/registry.h \
	softbusd/restart.c \
	softbusd/restart.h \
	softbusd/rights.c \
	softbusd/rights.h \
	softbusd/send.c \
	softbusd/send.h \
	softbusd/service_file.c \
	softbusd/service_file.h \
	softbusd/service_folder.c \
	softbusd/tables.h \
	softbusd/trustcall.c \
	softbusd/trustcall.h

softbusd_softbusd_SOURCES = softbusd/main.c
softbusd_softbusd_LDADD = $(HUB_LIBS)

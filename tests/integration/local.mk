# An integration test is two lines: its name in this list (its source is NAME.c) and $(LAB_LIBS).
integration_tests += \
	tests/integration/test_activate \
	tests/integration/test_channel_order \
	tests/integration/test_channels \
	tests/integration/test_ctl \
	tests/integration/test_death \
	tests/integration/test_hostile \
	tests/integration/test_hostile_channels \
	tests/integration/test_hostile_deaths \
	tests/integration/test_hostile_descriptors \
	tests/integration/test_hostile_forged \
	tests/integration/test_hostile_limits \
	tests/integration/test_links \
	tests/integration/test_local \
	tests/integration/test_loops \
	tests/integration/test_parcels \
	tests/integration/test_policy \
	tests/integration/test_refs \
	tests/integration/test_registry \
	tests/integration/test_remote \
	tests/integration/test_restart \
	tests/integration/test_rules \
	tests/integration/test_rules_raw \
	tests/integration/test_threads \
	tests/integration/test_trust

check_LTLIBRARIES += tests/integration/liblab.la
tests_integration_liblab_la_SOURCES = \
	tests/integration/honest.c \
	tests/integration/honest.h \
	tests/integration/kit.c \
	tests/integration/kit.h \
	tests/integration/lab.c \
	tests/integration/lab.h \
	tests/integration/lab_app.c \
	tests/integration/lab_device.c \
	tests/integration/lab_impl.h \
	tests/integration/raw.c \
	tests/integration/raw.h \
	tests/integration/someone.c \
	tests/integration/someone.h

LAB_LIBS = tests/integration/liblab.la libsoftbus/libsoftbus.la $(WIRE_LIBS)

tests_integration_test_activate_LDADD = $(LAB_LIBS)
tests_integration_test_channel_order_LDADD = $(LAB_LIBS)
tests_integration_test_channels_LDADD = $(LAB_LIBS)
tests_integration_test_ctl_LDADD = $(LAB_LIBS)
tests_integration_test_death_LDADD = $(LAB_LIBS)
tests_integration_test_hostile_LDADD = $(LAB_LIBS)
tests_integration_test_hostile_channels_LDADD = $(LAB_LIBS)
tests_integration_test_hostile_deaths_LDADD = $(LAB_LIBS)
tests_integration_test_hostile_descriptors_LDADD = $(LAB_LIBS)
tests_integration_test_hostile_forged_LDADD = $(LAB_LIBS)
tests_integration_test_hostile_limits_LDADD = $(LAB_LIBS)
tests_integration_test_links_LDADD = $(LAB_LIBS)
tests_integration_test_local_LDADD = $(LAB_LIBS)
tests_integration_test_loops_LDADD = $(LAB_LIBS)
tests_integration_test_parcels_LDADD = $(LAB_LIBS)
tests_integration_test_policy_LDADD = $(LAB_LIBS)
tests_integration_test_refs_LDADD = $(LAB_LIBS)
tests_integration_test_registry_LDADD = $(LAB_LIBS)
tests_integration_test_remote_LDADD = $(LAB_LIBS)
tests_integration_test_restart_LDADD = $(LAB_LIBS) -lpthread
tests_integration_test_rules_LDADD = $(LAB_LIBS)
tests_integration_test_rules_raw_LDADD = $(LAB_LIBS)
tests_integration_test_threads_LDADD = $(LAB_LIBS) -lpthread
tests_integration_test_trust_LDADD = $(LAB_LIBS)

CLEANFILES += tests/integration/.slot-a tests/integration/.slot-b

# A harness is tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput() and a folder tests/fuzz/corpus/NAME of inputs.
# Four lines: its name in this list, its sources, its flags, its folder's libraries. "make check" replays the corpus;
# "make fuzz" searches for FUZZ_SECONDS per harness.
fuzz_tests += \
	tests/fuzz/fuzz_channel \
	tests/fuzz/fuzz_client \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_cursor \
	tests/fuzz/fuzz_devid \
	tests/fuzz/fuzz_disc \
	tests/fuzz/fuzz_frame \
	tests/fuzz/fuzz_hub_app \
	tests/fuzz/fuzz_hub_peer \
	tests/fuzz/fuzz_msg \
	tests/fuzz/fuzz_mux \
	tests/fuzz/fuzz_parcel \
	tests/fuzz/fuzz_policy \
	tests/fuzz/fuzz_service_file \
	tests/fuzz/fuzz_trust \
	tests/fuzz/fuzz_txt \
	tests/fuzz/fuzz_value

FUZZ_SECONDS = 60

if FUZZING
fuzz_main =
else
fuzz_main = tests/fuzz/replay.c
endif
hub_fuzz = tests/fuzz/hub_fuzz.c tests/fuzz/hub_fuzz.h
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)


tests_fuzz_fuzz_disc_SOURCES = tests/fuzz/fuzz_disc.c $(fuzz_main)
tests_fuzz_fuzz_disc_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_disc_LDADD = $(DISCOVERY_LIBS)

tests_fuzz_fuzz_txt_SOURCES = tests/fuzz/fuzz_txt.c $(fuzz_main)
tests_fuzz_fuzz_txt_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_txt_LDADD = $(DISCOVERY_LIBS)

tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c $(fuzz_main)
tests_fuzz_fuzz_frame_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_frame_LDADD = $(WIRE_LIBS)

tests_fuzz_fuzz_mux_SOURCES = tests/fuzz/fuzz_mux.c $(fuzz_main)
tests_fuzz_fuzz_mux_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_mux_LDADD = $(SESSION_LIBS)

tests_fuzz_fuzz_trust_SOURCES = tests/fuzz/fuzz_trust.c $(fuzz_main)
tests_fuzz_fuzz_trust_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_trust_LDADD = $(SESSION_LIBS)

tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(fuzz_main)
tests_fuzz_fuzz_config_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_config_LDADD = $(HUB_LIBS)

tests_fuzz_fuzz_policy_SOURCES = tests/fuzz/fuzz_policy.c $(fuzz_main)
tests_fuzz_fuzz_policy_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_policy_LDADD = $(HUB_LIBS)

tests_fuzz_fuzz_service_file_SOURCES = tests/fuzz/fuzz_service_file.c $(fuzz_main)
tests_fuzz_fuzz_service_file_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_service_file_LDADD = $(HUB_LIBS)

tests_fuzz_fuzz_channel_SOURCES = tests/fuzz/fuzz_channel.c $(fuzz_main)
tests_fuzz_fuzz_channel_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_channel_LDADD = $(CLIENT_LIBS)

tests_fuzz_fuzz_client_SOURCES = tests/fuzz/fuzz_client.c $(fuzz_main)
tests_fuzz_fuzz_client_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_client_LDADD = $(CLIENT_LIBS)

tests_fuzz_fuzz_cursor_SOURCES = tests/fuzz/fuzz_cursor.c $(fuzz_main)
tests_fuzz_fuzz_cursor_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_cursor_LDADD = $(WIRE_LIBS)

tests_fuzz_fuzz_devid_SOURCES = tests/fuzz/fuzz_devid.c $(fuzz_main)
tests_fuzz_fuzz_devid_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_devid_LDADD = $(WIRE_LIBS)

tests_fuzz_fuzz_msg_SOURCES = tests/fuzz/fuzz_msg.c $(fuzz_main)
tests_fuzz_fuzz_msg_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_msg_LDADD = $(WIRE_LIBS)

tests_fuzz_fuzz_parcel_SOURCES = tests/fuzz/fuzz_parcel.c $(fuzz_main)
tests_fuzz_fuzz_parcel_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_parcel_LDADD = $(CLIENT_LIBS)

tests_fuzz_fuzz_value_SOURCES = tests/fuzz/fuzz_value.c $(fuzz_main)
tests_fuzz_fuzz_value_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_value_LDADD = $(WIRE_LIBS)

tests_fuzz_fuzz_hub_app_SOURCES = tests/fuzz/fuzz_hub_app.c $(hub_fuzz) $(fuzz_main)
tests_fuzz_fuzz_hub_app_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_hub_app_LDADD = $(HUB_LIBS)

tests_fuzz_fuzz_hub_peer_SOURCES = tests/fuzz/fuzz_hub_peer.c $(hub_fuzz) $(fuzz_main)
tests_fuzz_fuzz_hub_peer_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_hub_peer_LDADD = $(HUB_LIBS)

EXTRA_DIST += tests/fuzz/corpus tests/fuzz/replay.c

# Inputs that are new to a harness gather in fuzzing/found/NAME, those that break it in fuzzing/broken-NAME-*.
if FUZZING
fuzz: $(fuzz_tests)
	@for harness in $(fuzz_tests); do \
		name=$${harness##*/fuzz_}; \
		$(MKDIR_P) fuzzing/found/$$name || exit; \
		echo "fuzzing $$name for $(FUZZ_SECONDS) s"; \
		SOFTBUS_SRCDIR='$(abs_top_srcdir)' $$harness -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
			-artifact_prefix=fuzzing/broken-$$name- fuzzing/found/$$name \
			$(srcdir)/tests/fuzz/corpus/$$name >fuzzing/$$name.log 2>&1 || { tail -n 40 fuzzing/$$name.log; exit 1; }; \
		tail -n 1 fuzzing/$$name.log; \
	done
else
fuzz:
	$(MKDIR_P) fuzzing
	test -e fuzzing/Makefile || \
		(cd fuzzing && '$(abs_top_srcdir)/configure' -q --enable-fuzzing CC=clang CFLAGS='-g -O1')
	cd fuzzing && $(MAKE) $(AM_MAKEFLAGS) fuzz FUZZ_SECONDS='$(FUZZ_SECONDS)'
endif

clean-local:
	rm -rf fuzzing

.PHONY: fuzz

# A unit test is two lines: its name in this list (its source is NAME.c) and the libraries of its folder.
# No skip() in them: cmocka 1.1.5 prints a skipped test as a failed one.
hub_world = tests/unit/hub_world.c tests/unit/hub_world.h tests/unit/hub_world_app.c tests/unit/hub_world_app.h tests/unit/hub_world_channel.c
thread_world = tests/unit/thread_world.c tests/unit/thread_world.h tests/unit/hub_end.c tests/unit/hub_end.h
session_nodes = tests/unit/session_nodes.c tests/unit/session_nodes.h

if HAVE_CMOCKA
unit_tests += \
	tests/unit/test_base_buf \
	tests/unit/test_base_tables \
	tests/unit/test_discovery_address \
	tests/unit/test_discovery_helper_io \
	tests/unit/test_discovery_report \
	tests/unit/test_discovery_table \
	tests/unit/test_discovery_txt \
	tests/unit/test_libsoftbus_ashmem \
	tests/unit/test_libsoftbus_call \
	tests/unit/test_libsoftbus_callers \
	tests/unit/test_libsoftbus_channel \
	tests/unit/test_libsoftbus_object \
	tests/unit/test_libsoftbus_parcel \
	tests/unit/test_libsoftbus_parcel_fd \
	tests/unit/test_libsoftbus_parcel_object \
	tests/unit/test_libsoftbus_parcel_struct \
	tests/unit/test_libsoftbus_parcel_text16 \
	tests/unit/test_libsoftbus_restart \
	tests/unit/test_libsoftbus_threads \
	tests/unit/test_session_address \
	tests/unit/test_session_identity_io \
	tests/unit/test_session_manager_io \
	tests/unit/test_session_mux \
	tests/unit/test_session_states \
	tests/unit/test_session_tls_io \
	tests/unit/test_session_trust \
	tests/unit/test_softbusctl_target \
	tests/unit/test_softbusctl_text \
	tests/unit/test_softbusctl_value \
	tests/unit/test_softbusd_access \
	tests/unit/test_softbusd_activate \
	tests/unit/test_softbusd_apps_fds \
	tests/unit/test_softbusd_apps_io \
	tests/unit/test_softbusd_apps_share \
	tests/unit/test_softbusd_call \
	tests/unit/test_softbusd_channel \
	tests/unit/test_softbusd_config \
	tests/unit/test_softbusd_descriptors \
	tests/unit/test_softbusd_get \
	tests/unit/test_softbusd_key \
	tests/unit/test_softbusd_node \
	tests/unit/test_softbusd_options \
	tests/unit/test_softbusd_peer \
	tests/unit/test_softbusd_peers_io \
	tests/unit/test_softbusd_policy \
	tests/unit/test_softbusd_quota \
	tests/unit/test_softbusd_quotacall \
	tests/unit/test_softbusd_random \
	tests/unit/test_softbusd_random_channel \
	tests/unit/test_softbusd_registry \
	tests/unit/test_softbusd_restart \
	tests/unit/test_softbusd_rights \
	tests/unit/test_softbusd_rules \
	tests/unit/test_softbusd_service_file \
	tests/unit/test_wire_cursor \
	tests/unit/test_wire_devid \
	tests/unit/test_wire_disc \
	tests/unit/test_wire_frame \
	tests/unit/test_wire_msg \
	tests/unit/test_wire_rules \
	tests/unit/test_wire_value
endif

tests_unit_test_discovery_address_SOURCES = tests/unit/test_discovery_address.c
tests_unit_test_discovery_address_LDADD = $(DISCOVERY_LIBS) $(CMOCKA_LIBS)

tests_unit_test_discovery_helper_io_SOURCES = tests/unit/test_discovery_helper_io.c
tests_unit_test_discovery_helper_io_LDADD = $(DISCOVERY_LIBS) $(CMOCKA_LIBS)

tests_unit_test_discovery_report_SOURCES = tests/unit/test_discovery_report.c
tests_unit_test_discovery_report_LDADD = $(DISCOVERY_LIBS) $(CMOCKA_LIBS)

tests_unit_test_discovery_table_SOURCES = tests/unit/test_discovery_table.c
tests_unit_test_discovery_table_LDADD = $(DISCOVERY_LIBS) $(CMOCKA_LIBS)

tests_unit_test_discovery_txt_SOURCES = tests/unit/test_discovery_txt.c
tests_unit_test_discovery_txt_LDADD = $(DISCOVERY_LIBS) $(CMOCKA_LIBS)

tests_unit_test_session_manager_io_SOURCES = tests/unit/test_session_manager_io.c $(session_nodes)
tests_unit_test_session_manager_io_LDADD = $(SESSION_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusctl_target_SOURCES = tests/unit/test_softbusctl_target.c
tests_unit_test_softbusctl_target_LDADD = $(CTL_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusctl_text_SOURCES = tests/unit/test_softbusctl_text.c
tests_unit_test_softbusctl_text_LDADD = $(CTL_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusctl_value_SOURCES = tests/unit/test_softbusctl_value.c
tests_unit_test_softbusctl_value_LDADD = $(CTL_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_access_SOURCES = tests/unit/test_softbusd_access.c $(hub_world)
tests_unit_test_softbusd_access_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_activate_SOURCES = tests/unit/test_softbusd_activate.c
tests_unit_test_softbusd_activate_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_call_SOURCES = tests/unit/test_softbusd_call.c $(hub_world)
tests_unit_test_softbusd_call_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_channel_SOURCES = tests/unit/test_softbusd_channel.c $(hub_world)
tests_unit_test_softbusd_channel_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_descriptors_SOURCES = tests/unit/test_softbusd_descriptors.c $(hub_world)
tests_unit_test_softbusd_descriptors_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_get_SOURCES = tests/unit/test_softbusd_get.c $(hub_world)
tests_unit_test_softbusd_get_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_key_SOURCES = tests/unit/test_softbusd_key.c
tests_unit_test_softbusd_key_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_node_SOURCES = tests/unit/test_softbusd_node.c $(hub_world)
tests_unit_test_softbusd_node_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_peer_SOURCES = tests/unit/test_softbusd_peer.c $(hub_world)
tests_unit_test_softbusd_peer_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_peers_io_SOURCES = tests/unit/test_softbusd_peers_io.c
tests_unit_test_softbusd_peers_io_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_policy_SOURCES = tests/unit/test_softbusd_policy.c
tests_unit_test_softbusd_policy_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_quota_SOURCES = tests/unit/test_softbusd_quota.c
tests_unit_test_softbusd_quota_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_quotacall_SOURCES = tests/unit/test_softbusd_quotacall.c $(hub_world)
tests_unit_test_softbusd_quotacall_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_random_SOURCES = tests/unit/test_softbusd_random.c $(hub_world)
tests_unit_test_softbusd_random_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_registry_SOURCES = tests/unit/test_softbusd_registry.c $(hub_world)
tests_unit_test_softbusd_registry_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_random_channel_SOURCES = tests/unit/test_softbusd_random_channel.c tests/unit/channel_sim.c tests/unit/channel_sim.h $(hub_world)
tests_unit_test_softbusd_random_channel_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_restart_SOURCES = tests/unit/test_softbusd_restart.c $(hub_world)
tests_unit_test_softbusd_restart_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_rights_SOURCES = tests/unit/test_softbusd_rights.c
tests_unit_test_softbusd_rights_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_rules_SOURCES = tests/unit/test_softbusd_rules.c $(hub_world)
tests_unit_test_softbusd_rules_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_service_file_SOURCES = tests/unit/test_softbusd_service_file.c
tests_unit_test_softbusd_service_file_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_wire_disc_SOURCES = tests/unit/test_wire_disc.c
tests_unit_test_wire_disc_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_session_mux_SOURCES = tests/unit/mux_world.c tests/unit/mux_world.h tests/unit/test_session_mux.c
tests_unit_test_session_mux_LDADD = $(SESSION_LIBS) $(CMOCKA_LIBS)

tests_unit_test_session_states_SOURCES = tests/unit/test_session_states.c
tests_unit_test_session_states_LDADD = $(SESSION_LIBS) $(CMOCKA_LIBS)

tests_unit_test_session_identity_io_SOURCES = tests/unit/test_session_identity_io.c
tests_unit_test_session_identity_io_LDADD = $(SESSION_LIBS) $(CMOCKA_LIBS)

tests_unit_test_session_tls_io_SOURCES = tests/unit/test_session_tls_io.c $(session_nodes)
tests_unit_test_session_tls_io_LDADD = $(SESSION_LIBS) $(CMOCKA_LIBS)

tests_unit_test_session_trust_SOURCES = tests/unit/test_session_trust.c
tests_unit_test_session_trust_LDADD = $(SESSION_LIBS) $(CMOCKA_LIBS)

tests_unit_test_session_address_SOURCES = tests/unit/test_session_address.c
tests_unit_test_session_address_LDADD = $(SESSION_LIBS) $(CMOCKA_LIBS)

tests_unit_test_wire_frame_SOURCES = tests/unit/test_wire_frame.c
tests_unit_test_wire_frame_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_apps_fds_SOURCES = tests/unit/test_softbusd_apps_fds.c
tests_unit_test_softbusd_apps_fds_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_apps_io_SOURCES = tests/unit/test_softbusd_apps_io.c
tests_unit_test_softbusd_apps_io_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_apps_share_SOURCES = tests/unit/test_softbusd_apps_share.c
tests_unit_test_softbusd_apps_share_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_config_SOURCES = tests/unit/test_softbusd_config.c
tests_unit_test_softbusd_config_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_softbusd_options_SOURCES = tests/unit/test_softbusd_options.c
tests_unit_test_softbusd_options_LDADD = $(HUB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_base_buf_SOURCES = tests/unit/test_base_buf.c
tests_unit_test_base_buf_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_base_tables_SOURCES = tests/unit/test_base_tables.c
tests_unit_test_base_tables_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_libsoftbus_ashmem_SOURCES = tests/unit/test_libsoftbus_ashmem.c
tests_unit_test_libsoftbus_ashmem_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS)

tests_unit_test_libsoftbus_call_SOURCES = tests/unit/test_libsoftbus_call.c tests/unit/hub_end.c tests/unit/hub_end.h
tests_unit_test_libsoftbus_call_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_libsoftbus_callers_SOURCES = tests/unit/test_libsoftbus_callers.c $(thread_world)
tests_unit_test_libsoftbus_callers_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_libsoftbus_channel_SOURCES = tests/unit/test_libsoftbus_channel.c $(thread_world)
tests_unit_test_libsoftbus_channel_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_libsoftbus_threads_SOURCES = tests/unit/test_libsoftbus_threads.c $(thread_world)
tests_unit_test_libsoftbus_threads_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_libsoftbus_object_SOURCES = tests/unit/test_libsoftbus_object.c tests/unit/hub_end.c tests/unit/hub_end.h
tests_unit_test_libsoftbus_object_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_libsoftbus_parcel_SOURCES = tests/unit/test_libsoftbus_parcel.c
tests_unit_test_libsoftbus_parcel_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS)

tests_unit_test_libsoftbus_parcel_fd_SOURCES = tests/unit/test_libsoftbus_parcel_fd.c
tests_unit_test_libsoftbus_parcel_fd_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS)

tests_unit_test_libsoftbus_parcel_object_SOURCES = tests/unit/test_libsoftbus_parcel_object.c tests/unit/hub_end.c tests/unit/hub_end.h
tests_unit_test_libsoftbus_parcel_object_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_libsoftbus_parcel_struct_SOURCES = tests/unit/test_libsoftbus_parcel_struct.c
tests_unit_test_libsoftbus_parcel_struct_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS)

tests_unit_test_libsoftbus_parcel_text16_SOURCES = tests/unit/test_libsoftbus_parcel_text16.c
tests_unit_test_libsoftbus_parcel_text16_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS)

tests_unit_test_libsoftbus_restart_SOURCES = tests/unit/test_libsoftbus_restart.c tests/unit/hub_end.c tests/unit/hub_end.h
tests_unit_test_libsoftbus_restart_LDADD = $(CLIENT_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_wire_cursor_SOURCES = tests/unit/test_wire_cursor.c
tests_unit_test_wire_cursor_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_wire_devid_SOURCES = tests/unit/test_wire_devid.c
tests_unit_test_wire_devid_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_wire_msg_SOURCES = tests/unit/test_wire_msg.c
tests_unit_test_wire_msg_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_wire_rules_SOURCES = tests/unit/test_wire_rules.c
tests_unit_test_wire_rules_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_wire_value_SOURCES = tests/unit/test_wire_value.c
tests_unit_test_wire_value_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)

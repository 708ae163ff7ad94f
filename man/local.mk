dist_man_MANS += \
	man/libsoftbus.3 \
	man/softbusctl.1 \
	man/softbusd.8 \
	man/softbusd.conf.5 \
	man/softbusd.policy.5

checks += \
	tests/checks/bench.sh \
	tests/checks/config.sh \
	tests/checks/demo.sh \
	tests/checks/docs.sh \
	tests/checks/headers.sh \
	tests/checks/layering.sh \
	tests/checks/manpages.sh \
	tests/checks/setup.sh \
	tests/checks/softbusctl.sh \
	tests/checks/softbusd.sh \
	tests/checks/style.sh \
	tests/checks/symbols.sh

EXTRA_DIST += $(checks) tests/checks/tap.sh

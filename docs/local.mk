EXTRA_DIST += \
	docs/architecture.md \
	docs/discovery.md \
	docs/performance.md \
	docs/protocol-app.md \
	docs/protocol-peer.md

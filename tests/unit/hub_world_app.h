/* What hub_world.c gives to the hubs of the apps' half. */
#ifndef TESTS_HUB_WORLD_APP_H
#define TESTS_HUB_WORLD_APP_H

#include <stddef.h>
#include <stdint.h>

void world_op_app_send(void *conn, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size, int *fds,
                       unsigned n);
void world_op_app_kill(void *conn, const char *why);
void world_op_app_resume(void *conn);
int world_op_channel_make(void *userdata, int ret_fds[2]);
void world_op_fd_close(void *userdata, int fd);

#endif

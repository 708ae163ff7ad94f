/*
 * One thread for arithmetic that takes milliseconds. A job belongs to the worker from submit until collect: between the
 * two nobody else touches it or what it points to. The descriptor becomes readable when jobs are done.
 */
#ifndef SESS_WORKER_H
#define SESS_WORKER_H

#include "base/list.h"

struct sess_worker;

struct sess_worker_job {
    struct sb_list link;
    void (*run)(struct sess_worker_job *job); /* on the worker's thread */
};

/* -errno. Signals are blocked in the thread: they are the program's. */
int sess_worker_new(struct sess_worker **ret_worker);

/* Waits for the job that runs. Every job submitted and not collected is left unfinished, and its owner's again. */
struct sess_worker *sess_worker_free(struct sess_worker *worker);

int sess_worker_get_fd(const struct sess_worker *worker);

/* borrows job until it is collected. */
void sess_worker_submit(struct sess_worker *worker, struct sess_worker_job *job);

/* A job that is done, NULL when there is none: call until then. */
struct sess_worker_job *sess_worker_collect(struct sess_worker *worker);

#endif

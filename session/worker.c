/* Worker thread; see worker.h. */
#include "session/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct sess_worker {
    pthread_t thread;
    pthread_mutex_t lock; /* protects what follows */
    pthread_cond_t wake;
    struct sb_list todo, done;
    bool is_stopping;
    int fd;
};

static struct sess_worker_job *take_first(struct sb_list *list)
{
    struct sb_list *link = sb_list_first(list);

    if (!link)
        return NULL;
    sb_list_remove(link);
    return SB_CONTAINER_OF(link, struct sess_worker_job, link);
}

static void signal_done(int fd)
{
    uint64_t one = 1;

    /* Fails only when the counter is full, and then it is readable anyway. */
    if (write(fd, &one, sizeof(one)) < 0)
        return;
}

static void *work(void *userdata)
{
    struct sess_worker *worker = userdata;
    struct sess_worker_job *job;

    pthread_mutex_lock(&worker->lock);
    while (!worker->is_stopping) {
        job = take_first(&worker->todo);
        if (!job) {
            pthread_cond_wait(&worker->wake, &worker->lock);
            continue;
        }
        pthread_mutex_unlock(&worker->lock);
        job->run(job);
        pthread_mutex_lock(&worker->lock);
        sb_list_append(&worker->done, &job->link);
        signal_done(worker->fd);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

int sess_worker_new(struct sess_worker **ret_worker)
{
    struct sess_worker *worker = calloc(1, sizeof(*worker));
    sigset_t all, before;
    int r;

    if (!worker)
        return -ENOMEM;
    sb_list_init(&worker->todo);
    sb_list_init(&worker->done);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->wake, NULL);
    worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    r = worker->fd < 0 ? -errno : 0;
    if (r == 0) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = -pthread_create(&worker->thread, NULL, work, worker);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (r < 0) {
        if (worker->fd >= 0)
            close(worker->fd);
        pthread_cond_destroy(&worker->wake);
        pthread_mutex_destroy(&worker->lock);
        free(worker);
        return r;
    }
    *ret_worker = worker;
    return 0;
}

struct sess_worker *sess_worker_free(struct sess_worker *worker)
{
    if (!worker)
        return NULL;
    pthread_mutex_lock(&worker->lock);
    worker->is_stopping = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    while (take_first(&worker->todo) || take_first(&worker->done))
        ;
    close(worker->fd);
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
    return NULL;
}

int sess_worker_get_fd(const struct sess_worker *worker)
{
    return worker->fd;
}

void sess_worker_submit(struct sess_worker *worker, struct sess_worker_job *job)
{
    pthread_mutex_lock(&worker->lock);
    sb_list_append(&worker->todo, &job->link);
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
}

struct sess_worker_job *sess_worker_collect(struct sess_worker *worker)
{
    struct sess_worker_job *job;
    uint64_t count;

    pthread_mutex_lock(&worker->lock);
    job = take_first(&worker->done);
    /* The counter is emptied together with the list, under the lock: nothing done in between is missed. */
    if (!job && read(worker->fd, &count, sizeof(count)) < 0)
        job = NULL;
    pthread_mutex_unlock(&worker->lock);
    return job;
}

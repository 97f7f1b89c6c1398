/* Moves the wall clock of a process by the seconds that a file holds.
   Loaded before the C library (LD_PRELOAD); the monotonic clock stays as it is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static volatile long long *offset_s;
static long long nothing;

static long long moved_by(void) {
  if (!offset_s) {
    const char *path = getenv("MOVED_CLOCK_FILE");
    int file = path ? open(path, O_RDONLY) : -1;
    offset_s = &nothing;
    if (file >= 0) {
      void *held = mmap(0, sizeof(long long), PROT_READ, MAP_SHARED, file, 0);
      if (held != MAP_FAILED) offset_s = held;
      close(file);
    }
  }
  return *offset_s;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int failed = syscall(SYS_clock_gettime, clock, now);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += moved_by();
  return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec exact;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (now) {
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
  }
  return 0;
}

time_t time(time_t *now) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (now) *now = exact.tv_sec;
  return exact.tv_sec;
}

/* Until a moment of the wall clock: as in the kernel, its end moves with the clock,
   also of a wait that has begun. So it is cut in slices, each of whose ends counts as
   one of the wake-ups without a cause that every caller has to expect. */
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until) {
  const long long second = 1000000000, slice = second / 10;
  struct timespec now, end;
  /* No wall clock is as early as this: the condition is of the monotonic clock. */
  if (until->tv_sec < second)
    return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, until);
  clock_gettime(CLOCK_REALTIME, &now);
  long long left = (until->tv_sec - now.tv_sec) * second + until->tv_nsec - now.tv_nsec;
  long long part = left < 0 ? 0 : left < slice ? left : slice;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += (end.tv_nsec + part) / second;
  end.tv_nsec = (end.tv_nsec + part) % second;
  int result = pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &end);
  return result == ETIMEDOUT && left > part ? 0 : result;
}

/* The same by its C11 name, which the C library's own does not ask for above. */
int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until) {
  int result = pthread_cond_timedwait((pthread_cond_t *)condition,
                                      (pthread_mutex_t *)mutex, until);
  return result == 0 ? thrd_success : result == ETIMEDOUT ? thrd_timedout : thrd_error;
}

/* A disk that forgets: stands between a process and the files of one folder (LD_PRELOAD).
 *
 * What is written goes to the files as always, and beside that into a record: writes, sizes, names, and what was synced.
 * From the record power.py tells what a power cut would have left. A kill -9 leaves the page cache alive, so the sync
 * itself may be left out. Through the control page the harness makes the disk fail, moves the clock, and has the process
 * end itself at its n-th touch of the disk. Nothing happens before chaos_begin() was called.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MOST_FILES 65536
#define REAL(name) ((__typeof__(&name))real(#name))

struct control {          /* power.py: CONTROL */
    volatile int64_t error;   /* errno of every touch that changes something; 0: none */
    volatile int64_t touches; /* touches of the disk until the process ends itself; 0: it does not */
    volatile int64_t ahead;   /* seconds by which the clock is ahead */
};

struct entry {            /* power.py: ENTRY; data follows */
    int64_t kind, file, offset, length;
};

enum { FILE_SEEN = 1, FOLDER_SEEN = 2 };

static struct control idle, *control = &idle;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static int record = -1, lies;
static unsigned char seen[MOST_FILES];

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

void chaos_begin(const char *watched, const char *page, const char *record_file, int sync_lies) {
    int fd = REAL(open)(page, O_RDWR | O_CLOEXEC);
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) abort();
    control = mapped;
    if (*record_file && (record = REAL(open)(record_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0) abort();
    lies = sync_lies;
    folder_length = strlen(watched);
    memcpy(folder, watched, folder_length + 1);
}

static int is_seen(int fd) { return folder_length && fd >= 0 && fd < MOST_FILES && seen[fd]; }

/* The name inside the folder; NULL: elsewhere, or shared memory, which no power cut needs to spare. */
static const char *name_in_folder(const char *path) {
    if (!folder_length || !path || strncmp(path, folder, folder_length) || path[folder_length] != '/') return NULL;
    const char *name = path + folder_length + 1;
    size_t length = strlen(name);
    return length > 4 && !strcmp(name + length - 4, "-shm") ? NULL : name;
}

static void touch(void) {
    if (control->touches > 0 && --control->touches == 0) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
}

static int64_t number_of(int fd) {
    struct stat found;
    return fstat(fd, &found) ? -1 : (int64_t)found.st_ino;
}

static void put(char kind, int64_t file, int64_t offset, const void *data, size_t length) {
    if (record < 0) return;
    struct entry entry = {kind, file, offset, (int64_t)length};
    struct iovec parts[2] = {{&entry, sizeof entry}, {(void *)data, length}};
    if (REAL(writev)(record, parts, 2) != (ssize_t)(sizeof entry + length)) abort();
}

static int begins(int changes) {
    pthread_mutex_lock(&one_at_a_time);
    touch();
    if (changes && control->error) {
        pthread_mutex_unlock(&one_at_a_time);
        errno = (int)control->error;
        return 0;
    }
    return 1;
}

static void ends(void) {
    int kept = errno;
    touch();
    pthread_mutex_unlock(&one_at_a_time);
    errno = kept;
}

/* opening and closing */

static int opened(int (*really)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    const char *name = name_in_folder(path);
    int is_folder = folder_length && !strcmp(path, folder);
    if (!name) {
        int fd = really(path, flags, mode);
        if (fd >= 0 && fd < MOST_FILES) seen[fd] = is_folder ? FOLDER_SEEN : 0;
        return fd;
    }
    struct stat before;
    int is_new = (flags & O_CREAT) && stat(path, &before);
    if (!begins(is_new || (flags & O_TRUNC))) return -1;
    int fd = really(path, flags, mode);
    if (fd >= MOST_FILES) abort();
    if (fd >= 0) {
        seen[fd] = FILE_SEEN;
        if (is_new) put('C', number_of(fd), 0, name, strlen(name));
        else if (flags & O_TRUNC) put('T', number_of(fd), 0, "", 0);
    }
    ends();
    return fd;
}

#define MODE_OF(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

int open(const char *path, int flags, ...) { MODE_OF(flags) return opened(REAL(open), path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags) return opened(REAL(open64), path, flags, mode); }
int openat(int at, const char *path, int flags, ...) {
    MODE_OF(flags)
    return path[0] == '/' ? opened(REAL(open), path, flags, mode) : REAL(openat)(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE_OF(flags)
    return path[0] == '/' ? opened(REAL(open64), path, flags, mode) : REAL(openat64)(at, path, flags, mode);
}
int close(int fd) {
    if (fd >= 0 && fd < MOST_FILES) seen[fd] = 0;
    return REAL(close)(fd);
}

/* writing */

static ssize_t written(int fd, ssize_t done, const void *data, int64_t offset) {
    if (done > 0) put('W', number_of(fd), offset, data, (size_t)done);
    ends();
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    if (!is_seen(fd)) return REAL(pwrite)(fd, data, length, offset);
    return begins(1) ? written(fd, REAL(pwrite)(fd, data, length, offset), data, offset) : -1;
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return pwrite(fd, data, length, offset); }

ssize_t write(int fd, const void *data, size_t length) {
    if (!is_seen(fd)) return REAL(write)(fd, data, length);
    struct stat now;
    int64_t offset = fcntl(fd, F_GETFL) & O_APPEND && !fstat(fd, &now) ? now.st_size : lseek(fd, 0, SEEK_CUR);
    return begins(1) ? written(fd, REAL(write)(fd, data, length), data, offset) : -1;
}

/* What SQLite does not call here: a store that did would not be watched whole, so it ends. */

ssize_t writev(int fd, const struct iovec *parts, int count) { if (is_seen(fd)) abort(); return REAL(writev)(fd, parts, count); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { if (is_seen(fd)) abort(); return REAL(pwritev)(fd, parts, count, at); }
int fallocate(int fd, int mode, off_t at, off_t length) { if (is_seen(fd)) abort(); return REAL(fallocate)(fd, mode, at, length); }
int posix_fallocate(int fd, off_t at, off_t length) { if (is_seen(fd)) abort(); return REAL(posix_fallocate)(fd, at, length); }
int posix_fallocate64(int fd, off64_t at, off64_t length) { return posix_fallocate(fd, at, length); }

void *mmap(void *at, size_t length, int rights, int flags, int fd, off_t offset) {
    if (is_seen(fd) && (flags & MAP_SHARED) && (rights & PROT_WRITE)) abort();
    return REAL(mmap)(at, length, rights, flags, fd, offset);
}
void *mmap64(void *at, size_t length, int rights, int flags, int fd, off64_t offset) {
    return mmap(at, length, rights, flags, fd, offset);
}

int ftruncate(int fd, off_t size) {
    if (!is_seen(fd)) return REAL(ftruncate)(fd, size);
    if (!begins(1)) return -1;
    int failed = REAL(ftruncate)(fd, size);
    if (!failed) put('T', number_of(fd), size, "", 0);
    ends();
    return failed;
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

/* syncing: with a record the disk itself is not waited for, a kill leaves the page cache alive anyway */

static int synced(int fd, int (*really)(int)) {
    if (!is_seen(fd)) return really(fd);
    if (!begins(1)) return -1;
    int failed = record < 0 ? really(fd) : 0;
    if (!failed && !lies) put('S', seen[fd] == FOLDER_SEEN ? 0 : number_of(fd), 0, "", 0);
    ends();
    return failed;
}
int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

/* names */

int unlink(const char *path) {
    const char *name = name_in_folder(path);
    if (!name) return REAL(unlink)(path);
    if (!begins(1)) return -1;
    int failed = REAL(unlink)(path);
    if (!failed) put('U', 0, 0, name, strlen(name));
    ends();
    return failed;
}

int rename(const char *from, const char *to) {
    if (name_in_folder(from) || name_in_folder(to)) abort();
    return REAL(rename)(from, to);
}

/* the clock */

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = REAL(clock_gettime)(clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec += control->ahead;
    return failed;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int failed = REAL(gettimeofday)(now, zone);
    if (!failed) now->tv_sec += control->ahead;
    return failed;
}
time_t time(time_t *kept) {
    time_t now = REAL(time)(NULL) + control->ahead;
    if (kept) *kept = now;
    return now;
}

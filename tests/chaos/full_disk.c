/* The disk of PostgreSQL's tables fails while its log's does not (LD_PRELOAD into the server).
 *
 * The page named by FULL_DISK holds the errno of every write to a file below base/; 0: none.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static volatile int64_t idle, *error = &idle;

__attribute__((constructor)) static void begin(void) {
    const char *page = getenv("FULL_DISK");
    int fd = page ? open(page, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED) error = mapped;
    close(fd);
}

static int failing(int fd) {
    char link[64], path[4096];
    if (!*error) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, "/base/") ? (int)*error : 0;
}

#define FAIL_OR(really) do { int failed = failing(fd); if (failed) { errno = failed; return -1; } return really; } while (0)

ssize_t pwrite(int fd, const void *data, size_t length, off_t place) { FAIL_OR(REAL(pwrite)(fd, data, length, place)); }

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t place) {
    FAIL_OR(REAL(pwritev)(fd, parts, count, place));
}

int posix_fallocate(int fd, off_t place, off_t length) {
    int failed = failing(fd);
    return failed ? failed : REAL(posix_fallocate)(fd, place, length);
}

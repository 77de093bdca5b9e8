/* Kills the process at the n-th change of a file, half done where it is a write.
 *
 * Loaded before the C library. Nothing happens until cut_at(n) was called; cut_at(0) only counts,
 * and changes_seen() tells how many there were.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long seen;
static atomic_long last = -1;

void cut_at(long n) {
    seen = 0;
    last = n;
}

long changes_seen(void) { return seen; }

static int is_last(void) {
    if (last < 0) return 0;
    return ++seen == last;
}

static int is_file(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static void die(void) { kill(getpid(), SIGKILL); }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) {
    if (last >= 0 && is_file(fd) && is_last()) {
        REAL(write)(fd, data, size / 2);
        die();
    }
    return REAL(write)(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    if (is_last()) {
        REAL(pwrite)(fd, data, size / 2, at);
        die();
    }
    return REAL(pwrite)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    if (is_last()) {
        REAL(pwrite64)(fd, data, size / 2, at);
        die();
    }
    return REAL(pwrite64)(fd, data, size, at);
}

int ftruncate(int fd, off_t size) {
    if (is_last()) die();
    return REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    if (is_last()) die();
    return REAL(ftruncate64)(fd, size);
}

int rename(const char *from, const char *to) {
    if (is_last()) die();
    return REAL(rename)(from, to);
}

int link(const char *from, const char *to) {
    if (is_last()) die();
    return REAL(link)(from, to);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    if (is_last()) die();
    return REAL(linkat)(from_fd, from, to_fd, to, flags);
}

ssize_t sendfile(int to, int from, off_t *at, size_t size) {
    if (last >= 0 && is_file(to) && is_last()) {
        REAL(sendfile)(to, from, at, size / 2);
        die();
    }
    return REAL(sendfile)(to, from, at, size);
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
    if (last >= 0 && is_file(to) && is_last()) {
        REAL(sendfile64)(to, from, at, size / 2);
        die();
    }
    return REAL(sendfile64)(to, from, at, size);
}

int unlink(const char *path) {
    if (is_last()) die();
    return REAL(unlink)(path);
}

int fsync(int fd) {
    if (is_last()) die();
    return last < 0 ? REAL(fsync)(fd) : 0; /* the machine does not die here */
}

int fdatasync(int fd) {
    if (is_last()) die();
    return last < 0 ? REAL(fdatasync)(fd) : 0;
}

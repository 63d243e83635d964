/* Keeps a record of what a program does to the files of a SQLite database: every write, in its order, with its bytes.
 *
 * Loaded before the C library (LD_PRELOAD), so that the calls come here first. A lock is held around each call and its
 * record: the record has the order in which the calls took effect, whichever threads made them. What is recorded are
 * files in $RECORDED_DIRECTORY whose name begins with `replica.db`, but for the shared memory of the write-ahead log:
 * SQLite throws that away when the first connection opens a database.
 *
 * One record is one byte for what was done, one for the length of the file's name, eight for a place, four for a length
 * (both little-endian, as the machines are that this runs on), then the name and the bytes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The file's name within the watched directory; NULL when nobody wants to know of it. */
static const char *watched_path(const char *path) {
    const char *directory = getenv("RECORDED_DIRECTORY");
    size_t length = directory ? strlen(directory) : 0;
    if (!length || strncmp(path, directory, length) != 0 || path[length] != '/') return NULL;
    const char *name = path + length + 1;
    size_t name_length = strlen(name);
    if (strncmp(name, "replica.db", 10) != 0) return NULL;
    if (name_length > 4 && strcmp(name + name_length - 4, "-shm") == 0) return NULL;
    return name;
}

static const char *watched(int fd, char path[4096]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, 4095);
    if (length <= 0) return NULL;
    path[length] = 0;
    return watched_path(path);
}

static void record(char what, const char *name, int64_t place, const void *bytes, size_t length) {
    static int out = -1;
    if (out < 0) out = open(getenv("RECORD"), O_WRONLY | O_APPEND | O_CLOEXEC);
    char head[14];
    uint32_t size = (uint32_t)length;
    head[0] = what;
    head[1] = (char)strlen(name);
    memcpy(head + 2, &place, 8);
    memcpy(head + 10, &size, 4);
    struct iovec parts[3] = {
        {head, sizeof head}, {(void *)name, strlen(name)}, {(void *)bytes, length}};
    if (writev(out, parts, 3) != (ssize_t)(sizeof head + strlen(name) + length)) abort();
}

static ssize_t write_at(int fd, const void *bytes, size_t count, int64_t place, int given) {
    char path[4096];
    const char *name = watched(fd, path);
    if (!name)
        return given ? syscall(SYS_pwrite64, fd, bytes, count, place) : syscall(SYS_write, fd, bytes, count);
    pthread_mutex_lock(&lock);
    int64_t at = given ? place : (int64_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
    ssize_t done = given ? syscall(SYS_pwrite64, fd, bytes, count, place) : syscall(SYS_write, fd, bytes, count);
    int failure = errno;
    if (done > 0) record('W', name, at, bytes, (size_t)done);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return done;
}

ssize_t write(int fd, const void *bytes, size_t count) { return write_at(fd, bytes, count, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t place) { return write_at(fd, bytes, count, place, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t place) { return write_at(fd, bytes, count, place, 1); }

static int cut_to(int fd, int64_t size) {
    char path[4096];
    const char *name = watched(fd, path);
    pthread_mutex_lock(&lock);
    int failed = (int)syscall(SYS_ftruncate, fd, size), failure = errno;
    if (!failed && name) record('T', name, size, "", 0);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return failed;
}

int ftruncate(int fd, off_t size) { return cut_to(fd, size); }
int ftruncate64(int fd, off64_t size) { return cut_to(fd, size); }

/* The lock is held while the disk works: what is recorded before a sync is on disk after it. */
static int sync_of(int fd, long call) {
    char path[4096];
    const char *name = watched(fd, path);
    if (!name) return (int)syscall(call, fd);
    pthread_mutex_lock(&lock);
    int failed = (int)syscall(call, fd), failure = errno;
    if (!failed) record('S', name, 0, "", 0);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return failed;
}

int fdatasync(int fd) { return sync_of(fd, SYS_fdatasync); }
int fsync(int fd) { return sync_of(fd, SYS_fsync); }

int unlink(const char *path) {
    const char *name = watched_path(path);
    pthread_mutex_lock(&lock);
    int failed = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0), failure = errno;
    if (!failed && name) record('U', name, 0, "", 0);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return failed;
}

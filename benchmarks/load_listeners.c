/* Many listeners in one cheap process, for benchmarks/fanout.py.
 *
 *     load_listeners PORT PATH COUNT PER_SECOND
 *
 * Opens COUNT connections to 127.0.0.1, PER_SECOND of them each second, asks each for PATH and
 * reads. A stamp in the stream (the 8 bytes below, then the CLOCK_MONOTONIC time in nanoseconds,
 * little-endian) tells when a segment was made. Prints "ready MEDIAN_MS P99_MS FAILED BEGAN ENDED"
 * once all have joined, or 10 s after the last has tried: the times are from connecting to the
 * first bytes, and BEGAN and ENDED are when the first connected and the last was served, in
 * nanoseconds. Then for a line "FROM TO" (nanoseconds) on standard input it prints what came of
 * the segments made in that time:
 * "SEGMENTS MEDIAN_MS P99_MS CONNECTED". cc -O2 -o load_listeners load_listeners.c */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAGIC "\x01\xfbSTAMP\x02"
#define MARK 16
#define MOST_FDS 70000

struct listener {
    int64_t began;
    uint8_t tail[MARK];
    uint8_t tail_length;
    uint8_t state; /* 0 connecting, 1 waiting for the first bytes, 2 listening, 3 gone */
};
struct sample {
    int64_t made;
    uint32_t delay_us;
};

static struct listener listeners[MOST_FDS];
static struct sample *samples;
static size_t sample_count, sample_room;
static uint32_t join_us[MOST_FDS], sorted[1 << 24];
static int opened, joined, failed, connected, epoll;
static int64_t last_joined;
static char buffer[MARK + (1 << 18)], request[512];

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile(uint32_t *values, size_t count, double share) {
    if (!count) return 0;
    qsort(values, count, sizeof *values, compare);
    return values[(size_t)((count - 1) * share)] / 1000.0;
}

static void gone(int fd) {
    struct listener *l = &listeners[fd];
    if (l->state < 2) failed++;
    if (l->state == 2) connected--;
    l->state = 3;
    close(fd);
}

static void open_one(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || fd >= MOST_FDS) exit(2);
    listeners[fd] = (struct listener){.began = now_ns()};
    opened++;
    if (connect(fd, (void *)&to, sizeof to) && errno != EINPROGRESS) {
        gone(fd);
        return;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void take_stamps(struct listener *l, char *data, size_t length, int64_t now) {
    char *at = data, *end = data + length;
    while ((at = memmem(at, end - at, MAGIC, 8)) && at + MARK <= end) {
        int64_t made;
        memcpy(&made, at + 8, 8);
        if (sample_count == sample_room)
            samples = realloc(samples, (sample_room = sample_room * 2 + 65536) * sizeof *samples);
        samples[sample_count++] = (struct sample){made, (uint32_t)((now - made) / 1000)};
        at += MARK;
    }
    size_t tail = length < MARK - 1 ? length : MARK - 1;
    /* A stamp that ended inside the tail must not be counted again: keep only an unfinished one. */
    char *unfinished = at && at + MARK > end ? at : NULL;
    for (size_t k = tail; !unfinished && k > 0; k--)
        if (k < 8 && !memcmp(end - k, MAGIC, k)) unfinished = end - k;
    l->tail_length = unfinished ? end - unfinished : 0;
    memcpy(l->tail, unfinished ? unfinished : end, l->tail_length);
}

static void serve(int fd, uint32_t events) {
    struct listener *l = &listeners[fd];
    if (l->state == 0 && events & EPOLLOUT) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (write(fd, request, strlen(request)) < 0) {
            gone(fd);
            return;
        }
        l->state = 1;
        epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
    }
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) return;
    memcpy(buffer, l->tail, l->tail_length);
    ssize_t length = read(fd, buffer + l->tail_length, sizeof buffer - MARK);
    if (length <= 0) {
        if (length == 0 || errno != EAGAIN) gone(fd);
        return;
    }
    int64_t now = now_ns();
    if (l->state == 1) {
        l->state = 2;
        join_us[joined++] = (now - l->began) / 1000;
        last_joined = now;
        connected++;
        if (memcmp(buffer + 8, " 200", 4)) {
            gone(fd);
            failed++;
            return;
        }
    }
    take_stamps(l, buffer, l->tail_length + length, now);
}

static void report(int64_t from, int64_t to) {
    size_t count = 0;
    for (size_t k = 0; k < sample_count; k++)
        if (samples[k].made >= from && samples[k].made < to && count < sizeof sorted / 4)
            sorted[count++] = samples[k].delay_us;
    printf("%zu %.1f %.1f %d\n", count, percentile(sorted, count, 0.5),
           percentile(sorted, count, 0.99), connected);
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    int port = atoi(argv[1]), wanted = atoi(argv[3]), ready = 0;
    double per_second = atof(argv[4]);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", argv[2]);
    epoll = epoll_create1(0);
    struct epoll_event input = {.events = EPOLLIN, .data.fd = 0};
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input);
    int64_t began = now_ns(), last_opened = began;
    for (;;) {
        struct epoll_event events[512];
        int due = (int)((now_ns() - began) / 1e9 * per_second) + 1;
        while (opened < wanted && opened < due) open_one(port);
        /* Never asleep in epoll_wait: being woken for each packet would be the server's cost, and
         * the wakings saved by a busy machine would be its gain. */
        int n = epoll_wait(epoll, events, 512, 0);
        if (!n) usleep(1000);
        for (int i = 0; i < n; i++) {
            long long from, to;
            if (events[i].data.fd)
                serve(events[i].data.fd, events[i].events);
            else if (scanf("%lld %lld", &from, &to) == 2)
                report(from, to);
            else
                return 0;
        }
        if (opened < wanted) last_opened = now_ns();
        int patience_over = now_ns() - last_opened > 10 * 1000000000LL;
        if (!ready && opened == wanted && (joined + failed >= wanted || patience_over)) {
            ready = 1;
            for (int fd = 3; fd < MOST_FDS; fd++)
                if (listeners[fd].began && listeners[fd].state < 2) gone(fd);
            double median = percentile(join_us, joined, 0.5);
            printf("ready %.1f %.1f %d %lld %lld\n", median, percentile(join_us, joined, 0.99),
                   failed, (long long)began, (long long)last_joined);
            fflush(stdout);
        }
    }
}

/* The floor for benchmarks/fanout.py: what handing bytes to N sockets costs without any server
 * around it. Answers every connection with one header; each read of standard input is a frame,
 * written to all of them. Prints its port. cc -O2 -o fanout_floor fanout_floor.c */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 65536
static const char HEADER[] = "HTTP/1.1 200 OK\r\nContent-Type: audio/webm\r\nTransfer-Encoding: "
                             "chunked\r\nConnection: close\r\n\r\n";
static int listeners[MOST], count;
static char data[1 << 18], frame[(1 << 18) + 32], request[8192];

static void watch(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(void) {
    int on = 1, buffer = 65536, epoll = epoll_create1(0);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(server, (void *)&address, size) || listen(server, 4096)) return 1;
    getsockname(server, (void *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    watch(epoll, server);
    watch(epoll, 0);
    for (;;) {
        struct epoll_event events[256];
        int n = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == server) {
                int client = accept4(server, NULL, NULL, SOCK_NONBLOCK);
                if (client < 0) continue;
                setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                setsockopt(client, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
                watch(epoll, client);
            } else if (fd == 0) {
                ssize_t length = read(0, data, sizeof data);
                if (length <= 0) return 0;
                int prefix = sprintf(frame, "%zx\r\n", length);
                memcpy(frame + prefix, data, length);
                memcpy(frame + prefix + length, "\r\n", 2);
                for (int k = 0; k < count; k++)
                    if (write(listeners[k], frame, prefix + length + 2) < 0)
                        listeners[k--] = listeners[--count];
            } else if (read(fd, request, sizeof request) <= 0) {
                close(fd);
            } else if (count < MOST) {
                if (write(fd, HEADER, sizeof HEADER - 1) > 0) listeners[count++] = fd;
            }
        }
    }
}

/* The limit: what a kernel and one thread can do. Whatever one socket sends is written once to every socket; nothing else.
 *
 * `limit PORT [CORE]`, loopback only. Bytes that gathered between two looks go out in one write, as one round.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS_MAX 65536

static int sockets[SOCKETS_MAX], socket_count;
static char round_bytes[1 << 18];

static int listen_on(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) {
        perror("listen");
        exit(71);
    }
    return listener;
}

static void take_new(int listener, int epoll) {
    int fd, on = 1;
    while (socket_count < SOCKETS_MAX && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        sockets[socket_count++] = fd;
    }
}

static void forget(int fd) {
    for (int index = 0; index < socket_count; index++)
        if (sockets[index] == fd) sockets[index--] = sockets[--socket_count];
    close(fd);
}

static void write_all(int fd, const char *bytes, ssize_t length) {
    while (length > 0) {
        ssize_t written = send(fd, bytes, (size_t)length, MSG_NOSIGNAL);
        if (written < 0 && errno != EAGAIN) return;
        if (written < 0) poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
        else bytes += written, length -= written;
    }
}

static void play_round(int fd) {
    ssize_t length = recv(fd, round_bytes, sizeof round_bytes, 0);
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0) forget(fd);
    for (int index = 0; length > 0 && index < socket_count; index++) write_all(sockets[index], round_bytes, length);
}

int main(int count, char **arguments) {
    struct epoll_event events[1024], event = {.events = EPOLLIN};
    struct rlimit files;
    cpu_set_t cores;
    if (count < 2) return 64;
    CPU_ZERO(&cores);
    if (count > 2) CPU_SET(atoi(arguments[2]), &cores), sched_setaffinity(0, sizeof cores, &cores);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int listener = listen_on(atoi(arguments[1])), epoll = epoll_create1(0);
    event.data.fd = listener;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(epoll, events, 1024, -1);
        for (int index = 0; index < ready; index++) {
            if (events[index].data.fd == listener) take_new(listener, epoll);
            else play_round(events[index].data.fd);
        }
    }
}

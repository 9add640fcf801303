/* One TCP connection, plain or WebSocket: opening, its script, and writing without waiting. */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

#define CARRY_MAX 64

/* CATCHING_UP: the script was played, and what the plan says is owed has not all been read. */
enum phase { CLOSED, CONNECTING, TALKING, CATCHING_UP, READY };

/* How far a socket has read one of its rooms. */
struct reading {
    uint64_t expected, missing;
};

/* What a publisher has sent, over all its rooms, and has had acknowledged. */
struct sending {
    uint64_t sent, acked;
    int64_t *sent_at;
};

struct conn {
    int fd;
    enum phase phase;
    unsigned index, first_room;
    bool is_link, is_slow, is_dirty;
    int step;
    unsigned rooms_told; /* rooms for which the last step was played */
    int64_t began, returns_at; /* returns: when the server has told it to come back later */
    char *heard; /* of the script's current step, or of an answer to a poll */
    size_t heard_length;
    char *cursor; /* of a socket that polls */
    char *out;
    size_t out_length, out_capacity;
    char carry[CARRY_MAX]; /* the end of what was read last: a stamp may go on in the next read */
    size_t carried;
    struct reading *readings; /* one per room of its own */
    struct sending *sending;  /* publishers only */
};

int64_t now_ns(void);
void conn_open(struct conn *conn, const struct plan *plan, int epoll);
void conn_close(struct conn *conn);
/* Seconds after which a socket that was turned away with 503 may come back; -1: it was not. */
long conn_turned_away(const struct conn *conn);
void conn_queue(struct conn *conn, const char *bytes, size_t length);
void conn_queue_message(struct conn *conn, const struct plan *plan, const char *bytes, size_t length);
/* Writes what is queued; the kernel tells when the rest can go. False: the connection is broken. */
bool conn_flush(struct conn *conn, int epoll);
/* Plays the script as far as what was heard allows; what was heard after its end stays in `heard`. False: refused. */
bool conn_talk(struct conn *conn, const struct plan *plan, const char *bytes, size_t length);
void conn_say(struct conn *conn, const struct plan *plan, const struct template *text);
bool conn_hear(struct conn *conn, const char *bytes, size_t length);
void conn_forget(struct conn *conn, size_t length);
void conn_listen(struct conn *conn, int epoll, bool reading);

#endif

/* Rooms, what was sent to them and who has read it: every member reads every number of its room once and in order. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include "conn.h"
#include "histogram.h"
#include "stamps.h"

#define UNACKED_MAX 1024

struct room {
    unsigned index, readers;
    struct conn *publisher;
    uint64_t sent, done;
    uint32_t *left; /* readers that still miss a number, by number modulo; windowed runs only */
    bool is_waiting; /* listed in traffic.waiting */
};

struct traffic {
    const struct plan *plan;
    struct conn *conns;
    struct room *rooms;
    unsigned room_count;
    unsigned window; /* 0: open loop */
    uint64_t mask, run;
    int64_t measure_from, measure_until;
    struct room **waiting; /* rooms whose window has opened */
    unsigned waiting_count;
    struct conn **dirty;
    unsigned dirty_count;
    uint64_t sent, reads, due_reads, acked;                         /* of the whole run */
    uint64_t measured_reads, measured_acks, measured_bytes;         /* within the measured time */
    uint64_t lost, doubled, swapped, strays, closed, slow_closed;
    struct histogram delivery, ack;
};

void traffic_begin(struct traffic *traffic, unsigned window);
void traffic_send(struct traffic *traffic, struct room *room, int64_t stamp_time);
void traffic_fill(struct traffic *traffic);
void traffic_take(struct traffic *traffic, struct conn *conn, char *bytes, size_t carried, size_t length, int64_t now);
void traffic_end(struct traffic *traffic);
/* Whether a socket has read all that is owed to it, each once. */
bool traffic_has_caught_up(const struct traffic *traffic, const struct conn *conn);
bool traffic_is_settled(const struct traffic *traffic);

#endif

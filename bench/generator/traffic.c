#define _GNU_SOURCE
#include "traffic.h"

#include <stdlib.h>
#include <string.h>

static char message[1 << 16];

static bool is_measured(const struct traffic *traffic, int64_t time) {
    return time >= traffic->measure_from && time < traffic->measure_until;
}

static void begin_room(struct traffic *traffic, struct room *room) {
    room->done = room->sent;
    free(room->left);
    room->left = traffic->window ? calloc(traffic->mask + 1, sizeof *room->left) : NULL;
    if (!room->publisher->sending) {
        room->publisher->sending = calloc(1, sizeof *room->publisher->sending);
        room->publisher->sending->sent_at = calloc(UNACKED_MAX, sizeof(int64_t));
    }
    room->publisher->sending->acked = room->publisher->sending->sent;
    room->is_waiting = traffic->window > 0;
    if (room->is_waiting) traffic->waiting[traffic->waiting_count++] = room;
}

/* A run starts from where the last one ended, whatever that one lost. */
void traffic_begin(struct traffic *traffic, unsigned window) {
    traffic->window = window;
    for (traffic->mask = 1; traffic->mask < 2 * window; traffic->mask *= 2) continue;
    traffic->mask--;
    traffic->waiting_count = traffic->dirty_count = 0;
    traffic->sent = traffic->reads = traffic->due_reads = traffic->acked = 0;
    traffic->measured_reads = traffic->measured_acks = traffic->measured_bytes = 0;
    traffic->lost = traffic->doubled = traffic->swapped = traffic->strays = 0;
    histogram_clear(&traffic->delivery);
    histogram_clear(&traffic->ack);
    for (unsigned index = 0; index < traffic->room_count; index++) begin_room(traffic, &traffic->rooms[index]);
    for (unsigned index = 0; index < traffic->plan->sockets; index++)
        for (unsigned each = 0; each < traffic->plan->rooms_each; each++)
            traffic->conns[index].readings[each] = (struct reading){traffic->rooms[traffic->conns[index].first_room + each].sent, 0};
}

/* The stamp carries the time from which latency counts: in an open loop when the message was due, not when it could go. */
void traffic_send(struct traffic *traffic, struct room *room, int64_t stamp_time) {
    char stamp[STAMP_LENGTH];
    struct conn *publisher = room->publisher;
    const struct plan *plan = traffic->plan;
    struct context context = {
        .index = publisher->index,
        .token = plan->tokens.count ? plan->tokens.items[publisher->index % plan->tokens.count] : "",
        .room = plan->rooms.count ? plan->rooms.items[room->index % plan->rooms.count] : "",
        .stamp = stamp,
        .run = traffic->run,
        .sender = room->index,
        .seq = room->sent,
        .topic_seq = plan->first_seq + room->sent,
    };
    if (plan->message.longest > sizeof message) exit(64);
    stamp_write(stamp, (struct stamp){room->index, room->sent, stamp_time});
    size_t length = template_write(&plan->message, &context, message);
    publisher->sending->sent_at[publisher->sending->sent++ % UNACKED_MAX] = stamp_time;
    if (room->left) room->left[room->sent & traffic->mask] = room->readers;
    room->sent++;
    traffic->sent++;
    traffic->due_reads += room->readers;
    if (publisher->phase != READY) return;
    conn_queue_message(publisher, plan, message, length);
    if (!publisher->is_dirty) traffic->dirty[traffic->dirty_count++] = publisher;
    publisher->is_dirty = true;
}

void traffic_fill(struct traffic *traffic) {
    while (traffic->waiting_count) {
        struct room *room = traffic->waiting[--traffic->waiting_count];
        room->is_waiting = false;
        while (room->sent - room->done < traffic->window) traffic_send(traffic, room, now_ns());
    }
}

static void advance(struct traffic *traffic, struct room *room, uint64_t seq) {
    if (!room->left || --room->left[seq & traffic->mask] || seq != room->done) return;
    while (room->done < room->sent && !room->left[room->done & traffic->mask]) room->done++;
    if (room->is_waiting) return;
    room->is_waiting = true;
    traffic->waiting[traffic->waiting_count++] = room;
}

/* An earlier number fills a hole (swapped) while there is one, else it came before (doubled). */
static bool is_in_order(struct traffic *traffic, struct conn *conn, struct stamp stamp) {
    unsigned each = stamp.sender - conn->first_room;
    if (each >= traffic->plan->rooms_each || stamp.seq >= traffic->rooms[stamp.sender].sent) {
        traffic->strays++;
        return false;
    }
    struct reading *reading = &conn->readings[each];
    if (stamp.seq >= reading->expected) {
        reading->missing += stamp.seq - reading->expected;
        reading->expected = stamp.seq + 1;
        return true;
    }
    if (!reading->missing) {
        traffic->doubled++;
        return false;
    }
    reading->missing--;
    traffic->swapped++;
    return true;
}

static void take_stamp(struct traffic *traffic, struct conn *conn, const char *text, int64_t now) {
    struct stamp stamp = stamp_read(text);
    if (conn->is_slow || conn->is_link || !is_in_order(traffic, conn, stamp)) return;
    traffic->reads++;
    if (is_measured(traffic, now)) traffic->measured_reads++;
    if (is_measured(traffic, stamp.time)) histogram_add(&traffic->delivery, now - stamp.time);
    advance(traffic, &traffic->rooms[stamp.sender], stamp.seq);
}

static void take_stamps(struct traffic *traffic, struct conn *conn, char *bytes, size_t carried, size_t length, int64_t now) {
    char *at = bytes, *end = bytes + length;
    while ((at = memchr(at, '~', (size_t)(end - at))) && end - at >= STAMP_LENGTH) {
        if (!stamp_is_here(at)) {
            at++;
            continue;
        }
        if (at + STAMP_LENGTH > bytes + carried) take_stamp(traffic, conn, at, now);
        at += STAMP_LENGTH;
    }
}

/* The answers of one publisher come in the order of its messages. */
static void take_ack(struct traffic *traffic, struct sending *sending, int64_t now) {
    bool is_known = sending->sent - sending->acked <= UNACKED_MAX;
    int64_t sent_at = sending->sent_at[sending->acked % UNACKED_MAX];
    if (is_known && is_measured(traffic, sent_at)) histogram_add(&traffic->ack, now - sent_at);
    sending->acked++;
    traffic->acked++;
    if (is_measured(traffic, now)) traffic->measured_acks++;
}

static void take_acks(struct traffic *traffic, struct sending *sending, char *bytes, size_t carried, size_t length, int64_t now) {
    struct bytes ack = traffic->plan->ack;
    char *at = bytes, *end = bytes + length;
    while ((at = memmem(at, (size_t)(end - at), ack.data, ack.length))) {
        at += ack.length;
        if (at > bytes + carried) take_ack(traffic, sending, now);
    }
}

/* `bytes` begins with what was carried from the last read: a match that lies wholly in there was counted then. */
void traffic_take(struct traffic *traffic, struct conn *conn, char *bytes, size_t carried, size_t length, int64_t now) {
    if (is_measured(traffic, now)) traffic->measured_bytes += length - carried;
    take_stamps(traffic, conn, bytes, carried, length, now);
    if (conn->sending && traffic->plan->ack.length) take_acks(traffic, conn->sending, bytes, carried, length, now);
    conn->carried = length < STAMP_LENGTH - 1 ? length : STAMP_LENGTH - 1;
    memcpy(conn->carry, bytes + length - conn->carried, conn->carried);
}

bool traffic_is_settled(const struct traffic *traffic) {
    bool acked = !traffic->plan->ack.length || traffic->acked >= traffic->sent;
    return acked && traffic->reads >= traffic->due_reads;
}

void traffic_end(struct traffic *traffic) {
    for (unsigned index = 0; index < traffic->plan->sockets; index++) {
        struct conn *conn = &traffic->conns[index];
        for (unsigned each = 0; each < traffic->plan->rooms_each && !conn->is_slow; each++) {
            struct reading reading = conn->readings[each];
            traffic->lost += reading.missing + traffic->rooms[conn->first_room + each].sent - reading.expected;
        }
    }
}

bool traffic_has_caught_up(const struct traffic *traffic, const struct conn *conn) {
    struct reading reading = conn->readings[0];
    return reading.expected >= traffic->plan->owed && !reading.missing;
}

#define _GNU_SOURCE
#include "poll.h"

#include <stdlib.h>
#include <string.h>

static const char HEAD_END[] = "\r\n\r\n", CHUNKS_END[] = "\r\n0\r\n\r\n";

/* Returns the length of the answer that `heard` begins with, or 0 while its end has not come. */
static size_t answer_length(const struct conn *conn) {
    char *head_end = memmem(conn->heard, conn->heard_length, HEAD_END, strlen(HEAD_END));
    if (!head_end) return 0;
    size_t head_length = (size_t)(head_end - conn->heard) + strlen(HEAD_END);
    char *told = strcasestr(conn->heard, "content-length:");
    if (told && told < head_end) {
        size_t length = head_length + strtoul(told + strlen("content-length:"), NULL, 10);
        return length <= conn->heard_length ? length : 0;
    }
    char *end = memmem(head_end, conn->heard_length - (size_t)(head_end - conn->heard), CHUNKS_END, strlen(CHUNKS_END));
    return end ? (size_t)(end - conn->heard) + strlen(CHUNKS_END) : 0;
}

static bool keep_cursor(struct conn *conn, const struct plan *plan, size_t length) {
    char *found = memmem(conn->heard, length, plan->cursor.data, plan->cursor.length);
    char *start = found ? found + plan->cursor.length : NULL;
    char *end = start ? memchr(start, '"', length - (size_t)(start - conn->heard)) : NULL;
    if (!end) return false;
    free(conn->cursor);
    conn->cursor = strndup(start, (size_t)(end - start));
    return true;
}

bool poll_take(struct conn *conn, const struct plan *plan, const char *bytes, size_t length) {
    size_t answer;
    if (!conn_hear(conn, bytes, length)) return false;
    while ((answer = answer_length(conn))) {
        if (!keep_cursor(conn, plan, answer)) return false;
        conn_forget(conn, answer);
        conn_say(conn, plan, &plan->poll);
    }
    return true;
}

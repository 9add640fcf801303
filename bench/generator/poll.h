/* Sockets that poll: an answer over HTTP carries a cursor, and the next question is asked with it. */
#ifndef POLL_H
#define POLL_H

#include "conn.h"

/* Collects what was read; at the end of an answer keeps its cursor and queues the next question. False: not an answer to go on with. */
bool poll_take(struct conn *conn, const struct plan *plan, const char *bytes, size_t length);

#endif

/* Texts with placeholders: {i} {token} {room} {stamp} {nonce} {seq8} {cursor}. Parsed once, written for every message. */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

enum part_kind { LITERAL, INDEX, TOKEN, ROOM, STAMP, NONCE, SEQ8, CURSOR };

struct part {
    enum part_kind kind;
    const char *bytes;
    size_t length;
};

struct template {
    struct part parts[24];
    int count;
    size_t longest; /* no rendering is longer */
};

struct context {
    unsigned index;
    const char *token, *room, *stamp, *cursor;
    uint64_t run, sender, seq, topic_seq;
};

struct bytes {
    char *data;
    size_t length;
};

struct bytes bytes_from_hex(const char *hex);
struct template template_from_hex(const char *hex);
size_t template_write(const struct template *template, const struct context *context, char *out);

#endif

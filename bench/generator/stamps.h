/* The stamp inside every payload: `~S<sender, 4><seq, 10>.<nanoseconds, 19>~`. Made here, and found in raw bytes. */
#ifndef STAMPS_H
#define STAMPS_H

#include <stddef.h>
#include <stdint.h>

#define STAMP_LENGTH 37
#define SENDERS_MAX 10000

struct stamp {
    unsigned sender;
    uint64_t seq;
    int64_t time;
};

static inline void stamp_digits(char *out, int width, uint64_t number) {
    for (int index = width - 1; index >= 0; index--, number /= 10) out[index] = (char)('0' + number % 10);
}

static inline void stamp_write(char *out, struct stamp stamp) {
    out[0] = '~', out[1] = 'S', out[16] = '.', out[36] = '~';
    stamp_digits(out + 2, 4, stamp.sender);
    stamp_digits(out + 6, 10, stamp.seq);
    stamp_digits(out + 17, 19, (uint64_t)stamp.time);
}

static inline uint64_t stamp_number(const char *text, int width) {
    uint64_t number = 0;
    for (int index = 0; index < width; index++) number = number * 10 + (uint64_t)(text[index] - '0');
    return number;
}

/* `text` has at least STAMP_LENGTH bytes and begins with `~`. */
static inline int stamp_is_here(const char *text) { return text[1] == 'S' && text[16] == '.' && text[36] == '~'; }

static inline struct stamp stamp_read(const char *text) {
    return (struct stamp){(unsigned)stamp_number(text + 2, 4), stamp_number(text + 6, 10),
                          (int64_t)stamp_number(text + 17, 19)};
}

#endif

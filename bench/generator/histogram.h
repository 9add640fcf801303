/* Latencies in nanoseconds, kept in buckets of 1/64 of their power of two: percentiles are right within 1.6 %. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>
#include <string.h>

struct histogram {
    uint64_t count;
    int64_t largest;
    uint64_t buckets[64 * 64];
};

static inline void histogram_clear(struct histogram *histogram) { memset(histogram, 0, sizeof *histogram); }

static inline void histogram_add(struct histogram *histogram, int64_t value) {
    uint64_t positive = value < 64 ? 64 : (uint64_t)value;
    int exponent = 63 - __builtin_clzll(positive);
    histogram->buckets[exponent * 64 + ((positive >> (exponent - 6)) & 63)]++;
    histogram->count++;
    if (value > histogram->largest) histogram->largest = value;
}

/* The upper bound of the bucket that holds the share; 0 for an empty histogram. */
static inline int64_t histogram_at(const struct histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)(share * (double)histogram->count), seen = 0;
    for (int index = 0; index < 64 * 64; index++) {
        seen += histogram->buckets[index];
        if (seen > wanted) {
            int exponent = index / 64;
            int64_t bound = (int64_t)((64 + (uint64_t)(index % 64) + 1) << (exponent - 6));
            return bound < histogram->largest ? bound : histogram->largest;
        }
    }
    return histogram->largest;
}

#endif

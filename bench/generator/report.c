#include "report.h"

#include <stdio.h>

static void print_latency(const char *name, const struct histogram *histogram) {
    static const double shares[] = {0.5, 0.9, 0.99};
    printf("\"%s_us\":{", name);
    for (int index = 0; index < 3; index++)
        printf("\"p%d\":%.1f,", (int)(shares[index] * 100 + 0.5), (double)histogram_at(histogram, shares[index]) / 1e3);
    printf("\"max\":%.1f,\"count\":%llu},", (double)histogram->largest / 1e3, (unsigned long long)histogram->count);
}

static void print_number(const char *name, uint64_t number) { printf("\"%s\":%llu,", name, (unsigned long long)number); }

static void print_violations(const struct traffic *traffic) {
    print_number("lost", traffic->lost);
    print_number("doubled", traffic->doubled);
    print_number("swapped", traffic->swapped);
    print_number("strays", traffic->strays);
    print_number("closed", traffic->closed);
}

void report_ready(const struct opening *opening) {
    printf("{\"state\":\"ready\",\"sockets\":%u,\"failed\":%u,\"seconds\":%.4f,\"connects_per_second\":%.1f,", opening->ready,
           opening->failed, opening->seconds, opening->ready / opening->seconds);
    print_number("turned_away", opening->turned_away);
    print_latency("handshake", &opening->handshake);
    printf("\"quarters\":[%.4f,%.4f,%.4f,%.4f],", (double)opening->quarter[0] / 1e9, (double)opening->quarter[1] / 1e9,
           (double)opening->quarter[2] / 1e9, (double)opening->quarter[3] / 1e9);
    printf("\"first_failure\":\"%s\"}\n", opening->first_failure);
    fflush(stdout);
}

void report_state(const char *state) {
    printf("{\"state\":\"%s\"}\n", state);
    fflush(stdout);
}

void report_run(const struct traffic *traffic, double cpu) {
    double seconds = (double)(traffic->measure_until - traffic->measure_from) / 1e9;
    printf("{\"state\":\"done\",\"seconds\":%.4f,\"deliveries_per_second\":%.1f,\"acks_per_second\":%.1f,\"generator_cpu\":%.4f,",
           seconds, (double)traffic->measured_reads / seconds, (double)traffic->measured_acks / seconds, cpu / seconds);
    print_number("sent", traffic->sent);
    print_number("deliveries", traffic->measured_reads);
    print_number("acks", traffic->measured_acks);
    print_number("bytes", traffic->measured_bytes);
    print_latency("delivery", &traffic->delivery);
    print_latency("ack", &traffic->ack);
    print_violations(traffic);
    print_number("slow_closed", traffic->slow_closed);
    printf("\"unacked\":%lld}\n", traffic->plan->ack.length ? (long long)traffic->sent - (long long)traffic->acked : 0LL);
    fflush(stdout);
}

void report_check(const struct traffic *traffic) {
    printf("{");
    print_violations(traffic);
    printf("\"state\":\"checked\"}\n");
    fflush(stdout);
}

/* Convolutions in registers: a few neighbouring pixels of a row times a few vectors of channels.
 *
 * Feature maps lie channel-last. The input gradient of a stride-2 convolution is the same computation on the pixels
 * of one parity, with the taps that meet them.
 */
#pragma once
#include "vectors.h"

#if defined(__AVX512F__)
#define WIDEST 4 /* vectors of channels a tile: 32 registers hold 4 x 5 sums and what feeds them */
#else
#define WIDEST 2
#endif

/* Sums of `taps` x `depth` products for P pixels (in rows of INNER, found from pointers to each GROUP of them, so that
 * the processor's own address arithmetic does) and NV vectors of channels. */
#define TILE(P, INNER, GROUP, NV)                                                                                            \
    static void tile_##P##_##INNER##_##NV(float *restrict out, Steps to, const float *restrict in, Steps from,       \
                                          const long *offsets, const float *const *weights, int taps, long depth,    \
                                          long stride, const float *bias) {                                          \
        vec sum[P][NV];                                                                                               \
        for (int p = 0; p < P; p++)                                                                                   \
            for (int v = 0; v < NV; v++) sum[p][v] = bias ? *(const vec *)(bias + v * V) : (vec){0};                  \
        for (int t = 0; t < taps; t++) {                                                                              \
            const float *w = weights[t], *x[(P + GROUP - 1) / GROUP];                                                 \
            for (int g = 0; g * GROUP < P; g++)                                                                       \
                x[g] = in + offsets[t] + g * GROUP / INNER * from.row + g * GROUP % INNER * from.pixel;               \
            for (long c = 0; c < depth; c++, w += stride) {                                                           \
                vec k[NV];                                                                                            \
                for (int v = 0; v < NV; v++) k[v] = *(const vec *)(w + v * V);                                        \
                for (int p = 0; p < P; p++)                                                                           \
                    for (int v = 0; v < NV; v++) sum[p][v] += x[p / GROUP][p % GROUP * from.pixel + c] * k[v];        \
            }                                                                                                         \
        }                                                                                                             \
        for (int p = 0; p < P; p++)                                                                                   \
            for (int v = 0; v < NV; v++)                                                                              \
                *(vec *)(out + p / INNER * to.row + p % INNER * to.pixel + v * V) = sum[p][v];                        \
    }
typedef struct {
    long pixel, row; /* floats from a pixel to the next, and from a row of pixels to the next */
} Steps;
TILE(4, 4, 4, 1) TILE(4, 2, 2, 1) TILE(5, 5, 5, 1) TILE(15, 15, 5, 1)
TILE(4, 4, 4, 2) TILE(4, 2, 2, 2) TILE(5, 5, 5, 2)
#if WIDEST == 4
TILE(4, 4, 4, 4) TILE(4, 2, 2, 4) TILE(5, 5, 5, 4)
#endif

typedef void Tile(float *, Steps, const float *, Steps, const long *, const float *const *, int, long, long,
                  const float *);

/* A convolution, or one parity of its input gradient, at `count` x `count` pixels. */
typedef struct {
    long offsets[25]; /* of the pixels that the taps meet */
    int tap[25], taps;
    long depth, outs, count;
    const float *weights, *bias;
    Steps from, to;
} Job;

typedef struct {
    Tile *run;
    int pixels, rows, vectors;
} Plan;

static Plan plan_of(const Job *job) {
    int vectors = WIDEST;
    while (job->outs / V % vectors) vectors /= 2;
    if (job->count == 2) {
#if WIDEST == 4
        if (vectors == 4) return (Plan){tile_4_2_4, 2, 2, 4};
#endif
        return vectors == 2 ? (Plan){tile_4_2_2, 2, 2, 2} : (Plan){tile_4_2_1, 2, 2, 1};
    }
    if (job->count % 15 == 0 && vectors == 1 && V == 16) return (Plan){tile_15_15_1, 15, 1, 1};
    int five = job->count % 5 == 0;
#if WIDEST == 4
    if (vectors == 4) return (Plan){five ? tile_5_5_4 : tile_4_4_4, five ? 5 : 4, 1, 4};
#endif
    if (vectors == 2) return (Plan){five ? tile_5_5_2 : tile_4_4_2, five ? 5 : 4, 1, 2};
    return (Plan){five ? tile_5_5_1 : tile_4_4_1, five ? 5 : 4, 1, 1};
}

/* Rows `first` to `last` of a job, one block of output channels (as many as `plan.vectors` hold) from `block` on. */
static void rows(const Job *job, Plan plan, long block, long first, long last, const float *in, float *out) {
    const float *at[25], *bias = job->bias ? job->bias + block : NULL;
    for (int t = 0; t < job->taps; t++) at[t] = job->weights + job->tap[t] * job->depth * job->outs + block;
    for (long r = first; r < last; r += plan.rows)
        for (long p = 0; p < job->count; p += plan.pixels) /* the last tile may go beyond the row: there is room */
            plan.run(out + (r - first) * job->to.row + p * job->to.pixel + block, job->to,
                     in + r * job->from.row + p * job->from.pixel, job->from, job->offsets, at, job->taps, job->depth,
                     job->outs, bias);
}

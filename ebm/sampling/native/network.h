/* An EnergyNet: energies and the gradient before its first SiLU, one picture at a time in the nearest caches. */
#pragma once
#include "numbers.h"
#include "tiles.h"

#define PADDED 64 /* SIDE and the first convolution's padding of 4 on both sides */
#define LAYERS 5
#define DEEP 3      /* the layers from here on have small maps and large weights */
#define TOGETHER 8  /* pictures at most that go through them together */
static const int SIDES[LAYERS] = {30, 15, 8, 4, 2};
#define LINE 32 /* a row of one channel of the first layer's gradient, which lies planar: (rows, channels, LINE) */
#define HALF 28

typedef struct {
    long width, outputs, pooled;
    const float *forward[LAYERS];  /* (taps, in, out) */
    const float *backward[LAYERS]; /* (taps, out, in); of the first layer (width, 25) */
    const float *bias[LAYERS];
    const float *head, *head_bias; /* (outputs, features), (outputs,); features channel-last */
} Net;

static long channels(const Net *net, int layer) { return net->width * (layer == 0 ? 1 : layer == 1 ? 2 : 4); }

/* Where feature maps lie in the scratch memory. Their margins of zeros are never written. */
typedef struct {
    float *picture, *active[LAYERS], *slope[LAYERS], *grad[LAYERS], *work, *plane, *line, *share, *gradient;
} Maps;

static long padded_side(int layer) { return SIDES[layer] + 2; }

/* How many pictures go through the deep layers together: their weights, with 64 channels, are read for each one by
 * one from the nearest cache, those of wider nets from a farther one, which is worth it only for several. */
static int together(const Net *net) { return net->width <= 16 ? 1 : net->width <= 32 ? 4 : 8; }

static long lay_out(const Net *net, float *base, Maps *maps) {
    long at = 0, width = net->width;
#define TAKE(name, size) (name = base + at, at += ((size) + 15) / 16 * 16)
    for (int b = 0; b < together(net); b++) {
        Maps *m = maps + b;
        if (b) *m = maps[0]; /* what is only passed through is shared */
        else {
            TAKE(m->picture, PADDED * PADDED);
            TAKE(m->plane, SIDES[0] * width * LINE + V); /* vectors may read beyond the last row */
            TAKE(m->line, (SIDES[0] + 2) * 4 * width);
            TAKE(m->share, net->outputs);
            TAKE(m->gradient, SIDE * SIDE);
        }
        TAKE(m->work, SIDES[DEEP - 1] * SIDES[DEEP - 1] * 4 * width);
        for (int k = 0; k < LAYERS; k++) {
            long c = channels(net, k), side = padded_side(k), all = (side * side + 2) * c;
            if (b == 0 || k > DEEP - 2) TAKE(m->active[k], all);
            if (b == 0 || k > DEEP - 2) TAKE(m->grad[k], all);
            TAKE(m->slope[k], SIDES[k] * SIDES[k] * c);
        }
    }
#undef TAKE
    return at;
}

/* Floats of scratch memory, zeros at first, for one thread. */
static long scratch_floats(const Net *net) {
    Maps maps[TOGETHER];
    return lay_out(net, NULL, maps);
}

static Job convolution(const Net *net, int k) {
    int size = k == 0 ? 5 : 3;
    long side = k == 0 ? PADDED : padded_side(k - 1), depth = k == 0 ? 1 : channels(net, k - 1);
    Job job = {.taps = size * size, .depth = depth, .outs = channels(net, k), .count = SIDES[k],
               .weights = net->forward[k], .bias = net->bias[k], .from = {2 * depth, 2 * side * depth},
               .to = {channels(net, k), SIDES[k] * channels(net, k)}};
    for (int t = 0; t < job.taps; t++) {
        job.tap[t] = t;
        job.offsets[t] = (t / size * side + t % size) * depth;
    }
    return job;
}

static void activate(int k, long outs, const float *z, long first, long last, Maps *m) {
    long n = SIDES[k];
    for (long r = first; r < last; r++)
        silu(z + (r - first) * n * outs, m->active[k] + ((r + 1) * padded_side(k) + 1) * outs,
             m->slope[k] + r * n * outs, n * outs);
}

static void forward(const Net *net, long n, const float *x, Maps *maps) {
    for (long b = 0; b < n; b++, x += SIDE * SIDE) {
        Maps *m = maps + b;
        for (int r = 0; r < SIDE; r++) memcpy(m->picture + (r + 4) * PADDED + 4, x + r * SIDE, SIDE * sizeof(float));
        for (int k = 0; k < DEEP; k++) {
            Job job = convolution(net, k);
            Plan plan = plan_of(&job);
            for (long r = 0; r < SIDES[k]; r++) {
                for (long block = 0; block < job.outs; block += plan.vectors * V)
                    rows(&job, plan, block, r, r + 1, k == 0 ? m->picture : m->active[k - 1], m->line);
                activate(k, job.outs, m->line, r, r + 1, m);
            }
        }
    }
    for (int k = DEEP; k < LAYERS; k++) {
        Job job = convolution(net, k);
        Plan plan = plan_of(&job);
        for (long block = 0; block < job.outs; block += plan.vectors * V)
            for (long b = 0; b < n; b++) /* before its activation, a map lies where its slope will */
                rows(&job, plan, block, 0, SIDES[k], maps[b].active[k - 1], maps[b].slope[k]);
        for (long b = 0; b < n; b++) activate(k, job.outs, maps[b].slope[k], 0, SIDES[k], maps + b);
    }
}

static float dot(const float *a, const float *b, long n) {
    vec sum = {0};
    float total = 0;
    for (long k = 0; k < n; k += V) sum += *(const vec *)(a + k) * *(const vec *)(b + k);
    for (int v = 0; v < V; v++) total += sum[v];
    return total;
}

/* What a chain goes down: -f with f = sum_k logits[k] f(x)[k] + logsumexp * log q(x). One sort, no sort, a weighted sum
 * of sorts and guidance are all of this form. */
typedef struct {
    long y;             /* the one class of weight 1, or -1 for log q(x) alone; read where there is no mix */
    const float *mix;   /* (outputs + 1,): the weights of the logits, then that of the logsumexp; or NULL */
} Aim;

/* The energies of the top features, and the gradient of the aim's one in them times the last SiLU's slope. */
typedef struct {
    float aimed, energy; /* of the aim; E(x) = -logsumexp of the logits */
} Energies;

static const float *features_of(const Net *net, Maps *m) {
    long c = channels(net, LAYERS - 1), side = padded_side(LAYERS - 1);
    float *features = m->line;
    for (int cell = 0; cell < 4; cell++)
        memcpy(features + cell * c, m->active[4] + ((cell / 2 + 1) * side + cell % 2 + 1) * c, c * sizeof(float));
    if (net->pooled)
        for (long k = 0; k < c; k++)
            features[k] = (features[k] + features[c + k] + features[2 * c + k] + features[3 * c + k]) / 4;
    return features;
}

static long feature_count(const Net *net) { return channels(net, LAYERS - 1) * (net->pooled ? 1 : 4); }

/* All logits; returns the logarithm of the sum of their exponentials. */
static float logits_of(const Net *net, const float *features, float *logits) {
    long count = feature_count(net);
    float most = -3e38f, sum = 0;
    for (long o = 0; o < net->outputs; o++) {
        logits[o] = dot(features, net->head + o * count, count) + net->head_bias[o];
        most = logits[o] > most ? logits[o] : most;
    }
    for (long o = 0; o < net->outputs; o++) sum += exponential(logits[o] - most);
    return most + logarithm(sum);
}

static Energies top(const Net *net, Aim aim, Maps *m) {
    long c = channels(net, LAYERS - 1), side = padded_side(LAYERS - 1), count = feature_count(net);
    const float *features = features_of(net, m);
    float *back = m->line + 4 * c, all = logits_of(net, features, m->share), f = 0;
    memset(back, 0, count * sizeof(float));
    for (long o = 0; o < net->outputs; o++) {
        float own = aim.mix ? aim.mix[o] : aim.y == o, of_all = aim.mix ? aim.mix[net->outputs] : aim.y < 0;
        float share = own + (of_all ? of_all * exponential(m->share[o] - all) : 0);
        f += own * m->share[o];
        if (o == 0) f += of_all * all;
        if (share)
            for (long k = 0; k < count; k++) back[k] -= share * net->head[o * count + k];
    }
    for (int cell = 0; cell < 4; cell++) {
        float *to = m->grad[4] + (cell / 2 * side + cell % 2) * c;
        const float *from = net->pooled ? back : back + cell * c, *slope = m->slope[4] + cell * c;
        for (long k = 0; k < c; k++) to[k] = from[k] * slope[k] * (net->pooled ? 0.25f : 1.0f);
    }
    return (Energies){-f, -all};
}

/* The pixels of one parity (p of rows, q of columns) of the gradient in layer k's input. */
static Job way_back(const Net *net, int k, int p, int q) {
    long side = padded_side(k), from = channels(net, k), to = channels(net, k - 1), n = SIDES[k - 1];
    Job job = {.depth = from, .outs = to, .count = (n + 1 - q) / 2, .weights = net->backward[k],
               .from = {from, side * from}, .to = {2 * to, 2 * n * to}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            if ((p + 1 - i) % 2 == 0 && (q + 1 - j) % 2 == 0) {
                job.tap[job.taps] = i * 3 + j;
                job.offsets[job.taps++] = ((p + 1 - i) / 2 * side + (q + 1 - j) / 2) * from;
            }
    return job;
}

static void times_slope(const Net *net, int k, const float *line, long r, Maps *m) {
    long n = SIDES[k], c = channels(net, k);
    const float *slope = m->slope[k] + r * n * c;
    if (k > 0) {
        float *out = m->grad[k] + r * padded_side(k) * c;
        for (long i = 0; i < n * c; i++) out[i] = line[i] * slope[i];
    } else /* the last way back reads planes */
        for (long p = 0; p < n; p++)
            for (long i = 0; i < c; i++) m->plane[(r * c + i) * LINE + p] = line[p * c + i] * slope[p * c + i];
}

/* From the gradient before the last SiLU to that before layer DEEP - 1's, for all pictures together ... */
static void back_deep(const Net *net, long n, Maps *maps) {
    for (int k = LAYERS - 1; k >= DEEP; k--) {
        long side = SIDES[k - 1], outs = channels(net, k - 1);
        for (int parity = 0; parity < 4; parity++) {
            int p = parity / 2, q = parity % 2;
            Job job = way_back(net, k, p, q);
            Plan plan = plan_of(&job);
            for (long block = 0; block < outs; block += plan.vectors * V)
                for (long b = 0; b < n; b++)
                    rows(&job, plan, block, 0, side / 2, maps[b].grad[k], maps[b].work + (p * side + q) * outs);
        }
        for (long b = 0; b < n; b++)
            for (long r = 0; r < side; r++) times_slope(net, k - 1, maps[b].work + r * side * outs, r, maps + b);
    }
}

/* ... and on to that before the first SiLU, for one. */
static void back_shallow(const Net *net, Maps *m) {
    for (int k = DEEP - 1; k > 0; k--) {
        Job jobs[2][2];
        for (int p = 0; p < 2; p++)
            for (int q = 0; q < 2; q++) jobs[p][q] = way_back(net, k, p, q);
        for (long r = 0; r < SIDES[k - 1]; r++) {
            for (int q = 0; q < 2; q++) {
                const Job *job = &jobs[r % 2][q];
                Plan plan = plan_of(job);
                for (long block = 0; block < job->outs; block += plan.vectors * V)
                    rows(job, plan, block, r / 2, r / 2 + 1, m->grad[k], m->line + q * job->outs);
            }
            times_slope(net, k - 1, m->line, r, m);
        }
    }
}

/* Two rows of the picture at a time, from three of the first layer: every tap meets one of the four parities. */
static void back_to_picture(const Net *net, Maps *m) {
    for (long i = 0; i < HALF; i++)
        for (long part = 0; part < HALF; part += V) {
            /* For even and odd rows: the sums of the three taps a row that meet even columns, the two that meet odd ones.
             * One sum for each, so that no addition waits for the one before. */
            vec even[5] = {0}, odd[5] = {0};
            for (long c = 0; c < net->width; c++) {
                const float *g = m->plane + (i * net->width + c) * LINE + part, *w = net->backward[0] + c * 25;
                for (int a = 0; a < 3; a++)
                    for (int b = 0; b < 3; b++) {
                        vec at = *(const vec *)(g + a * net->width * LINE + b);
                        even[b] += w[(4 - 2 * a) * 5 + 4 - 2 * b] * at;
                        if (b > 0) even[2 + b] += w[(4 - 2 * a) * 5 + 5 - 2 * b] * at;
                        if (a > 0) odd[b] += w[(5 - 2 * a) * 5 + 4 - 2 * b] * at;
                        if (a > 0 && b > 0) odd[2 + b] += w[(5 - 2 * a) * 5 + 5 - 2 * b] * at;
                    }
            }
            vec ee = even[0] + even[1] + even[2], eo = even[3] + even[4];
            vec oe = odd[0] + odd[1] + odd[2], oo = odd[3] + odd[4];
            float *to = m->gradient + 2 * i * SIDE + 2 * part;
            for (int j = 0; j < V && part + j < HALF; j++) {
                to[2 * j] = ee[j];
                to[2 * j + 1] = eo[j];
                to[SIDE + 2 * j] = oe[j];
                to[SIDE + 2 * j + 1] = oo[j];
            }
        }
}

/* A network's weights, from torch's order into the one that the tiles read. */
#pragma once
#include "network.h"

static long kernel_side(int layer) { return layer == 0 ? 5 : 3; }
static long inputs(const Net *net, int layer) { return layer == 0 ? 1 : channels(net, layer - 1); }

static long weight_count(const Net *net) {
    long sum = net->outputs * (feature_count(net) + 1);
    for (int k = 0; k < LAYERS; k++)
        sum += channels(net, k) * (kernel_side(k) * kernel_side(k) * inputs(net, k) + 1);
    return sum;
}

/* Floats that the packed weights take: each convolution is kept for both directions. */
static long packed_count(const Net *net) { return 2 * weight_count(net); }

/* `raw`: for every convolution its weights (out, in, rows, columns) and biases, then the head's. Fills `to` and points
 * the net at it. */
static void pack(Net *net, const float *raw, float *to) {
    for (int k = 0; k < LAYERS; k++) {
        long outs = channels(net, k), ins = inputs(net, k), taps = kernel_side(k) * kernel_side(k), all = outs * ins * taps;
        for (long o = 0; o < outs; o++)
            for (long i = 0; i < ins; i++)
                for (long t = 0; t < taps; t++) {
                    float w = *raw++;
                    to[(t * ins + i) * outs + o] = w;
                    to[all + (k ? (t * outs + o) * ins + i : o * taps + t)] = w;
                }
        memcpy(to + 2 * all, raw, outs * sizeof(float));
        net->forward[k] = to;
        net->backward[k] = to + all;
        net->bias[k] = to + 2 * all;
        raw += outs;
        to += 2 * all + outs;
    }
    long count = feature_count(net), c = channels(net, LAYERS - 1), cells = count / c;
    for (long o = 0; o < net->outputs; o++)
        for (long k = 0; k < c; k++)
            for (long cell = 0; cell < cells; cell++) to[o * count + cell * c + k] = *raw++;
    net->head = to;
    net->head_bias = to + net->outputs * count;
    memcpy(to + net->outputs * count, raw, net->outputs * sizeof(float));
}

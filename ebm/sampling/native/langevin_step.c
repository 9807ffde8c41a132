/* One Langevin step of an EnergyNet on the CPU: forward pass, gradient of the energy in the picture, drift, noise
 * and clamp, without access to main memory in between.
 *
 * ebm/sampling/native/__init__.py compiles it for this machine. arrays.py next to it describes the arrays.
 */
#include <pthread.h>

#include "network.h"

#define MOST_THREADS 64

typedef struct {
    float step, noise, clip, low, high;
} Move;

static void move(const Move *how, const float *x, const float *noise, const Maps *m, float *out) {
    for (int k = 0; k < PIXELS; k++) {
        float g = m->gradient[k];
        g = g < -how->clip ? -how->clip : g > how->clip ? how->clip : g;
        float to = x[k] - how->step * g + (noise ? how->noise * noise[k] : 0);
        out[k] = to < how->low ? how->low : to > how->high ? how->high : to;
    }
}

typedef struct {
    const Net *net;
    long n;
    const float *x;
    const long *y;
    const Move *how;
    const float *noise;
    float *out, *energy, *scratch;
} Part;

static void *run(void *of) {
    const Part *part = of;
    const Net *net = part->net;
    Maps maps[TOGETHER];
    lay_out(net, part->scratch, maps);
    for (long k = 0; k < part->n; k += together(net)) {
        long count = part->n - k < together(net) ? part->n - k : together(net);
        forward(net, count, part->x + k * PIXELS, maps);
        for (long b = 0; b < count; b++) part->energy[k + b] = top(net, part->y ? part->y[k + b] : -1, maps + b);
        back_deep(net, count, maps);
        for (long b = 0; b < count; b++) {
            long at = (k + b) * PIXELS;
            back_shallow(net, maps + b);
            back_to_picture(net, maps + b);
            if (part->how)
                move(part->how, part->x + at, part->noise ? part->noise + at : NULL, maps + b, part->out + at);
            else
                memcpy(part->out + at, maps[b].gradient, PIXELS * sizeof(float));
        }
    }
    return NULL;
}

/* Floats in a vector. */
long vector_size(void) { return V; }

/* Computes the energies of n pictures, and in `out` their next step, or without `how` the gradient.
 * `scratch` has `threads` times scratch_size floats. The result of a picture does not depend on the others. */
void langevin_step(const Net *net, long n, const float *x, const long *y, const Move *how, const float *noise,
                   float *out, float *energy, float *scratch, long threads) {
    Part parts[MOST_THREADS];
    pthread_t workers[MOST_THREADS];
    int begun[MOST_THREADS];
    long size = scratch_size(net), blocks = (n + together(net) - 1) / together(net);
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    if (threads > blocks) threads = blocks;
    for (long t = 0; t < threads; t++) {
        long from = blocks * t / threads * together(net), to = blocks * (t + 1) / threads * together(net);
        if (to > n) to = n;
        parts[t] = (Part){net, to - from, x + from * PIXELS, y ? y + from : NULL, how,
                          noise ? noise + from * PIXELS : NULL, out + from * PIXELS, energy + from, scratch + t * size};
    }
    for (long t = 1; t < threads; t++) begun[t] = !pthread_create(&workers[t], NULL, run, &parts[t]);
    run(&parts[0]);
    for (long t = 1; t < threads; t++)
        if (begun[t])
            pthread_join(workers[t], NULL);
        else
            run(&parts[t]); /* the system could not make a thread */
}

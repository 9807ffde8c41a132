/* The shared library for Python: one Langevin step of an EnergyNet on several threads, without access to main memory in
 * between.
 *
 * ebm/sampling/native/__init__.py compiles it for this machine. engine.c is the same for a page.
 */
#include <pthread.h>

#include "chain.h"
#include "stream.h"
#include "weights.h"

#define MOST_THREADS 64

/* Floats in a vector. */
long vector_size(void) { return V; }

/* Bytes of a Net, which the caller only holds. */
long net_bytes(void) { return sizeof(Net); }

/* Describes a network; its weights are missing until fill_net. */
void open_net(Net *net, long width, long outputs, long pooled) {
    *net = (Net){.width = width, .outputs = outputs, .pooled = pooled};
}

/* Floats of the packed weights. */
long packed_size(const Net *net) { return packed_count(net); }

/* Packs the weights, in torch's order, into `store`, which must be kept as long as the net. */
void fill_net(Net *net, const float *raw, float *store) { pack(net, raw, store); }

/* Floats of scratch memory, zeros at first, for one thread. */
long scratch_size(const Net *net) { return scratch_floats(net); }

/* The starts of chains 0 to n, of PIXELS each. */
void fill_uniform(uint64_t seed, long n, float *out) {
    for (long k = 0; k < n; k++) uniform_start(seed, k, out + k * PIXELS);
}

/* The noise of a step of chains 0 to n, of PIXELS each. */
void fill_normal(uint64_t seed, long n, long step, float *out) {
    for (long k = 0; k < n; k++) normal_noise(seed, k, step, out + k * PIXELS);
}

/* The logits (n, outputs) and energies (n,) of n pictures, on one thread. */
void read_glyphs(const Net *net, long n, const float *x, float *logits, float *energy, float *scratch) {
    read_through(net, n, x, logits, energy, scratch);
}

typedef struct {
    const Net *net;
    const Glyphs *glyphs;
    const Move *how;
    long first, last;
    float *scratch;
} Part;

static void *run(void *of) {
    const Part *part = of;
    step_through(part->net, part->glyphs, part->first, part->last, part->how, part->scratch);
    return NULL;
}

/* Computes the energies of n pictures that they go down, and in `out` their next step, or without `how` the gradient.
 * `scratch` has `threads` times scratch_size floats. The result of a picture does not depend on the others. */
void langevin_step(const Net *net, long n, const float *x, const long *y, const float *mix, const Move *how,
                   const float *noise, float *out, float *energy, float *scratch, long threads) {
    Glyphs glyphs = {.x = x, .y = y, .mix = mix, .noise = noise, .out = out, .aimed = energy};
    Part parts[MOST_THREADS];
    pthread_t workers[MOST_THREADS];
    int begun[MOST_THREADS];
    long size = scratch_size(net), blocks = (n + together(net) - 1) / together(net);
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    if (threads > blocks) threads = blocks;
    for (long t = 0; t < threads; t++) {
        long from = blocks * t / threads * together(net), to = blocks * (t + 1) / threads * together(net);
        parts[t] = (Part){net, &glyphs, how, from, to < n ? to : n, scratch + t * size};
    }
    for (long t = 1; t < threads; t++) begun[t] = !pthread_create(&workers[t], NULL, run, &parts[t]);
    run(&parts[0]);
    for (long t = 1; t < threads; t++)
        if (begun[t])
            pthread_join(workers[t], NULL);
        else
            run(&parts[t]); /* the system could not make a thread */
}

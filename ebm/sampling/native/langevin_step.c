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
    long n, next; /* pictures in all; the first that no thread has taken */
} Work;

typedef struct {
    Work *work;
    float *scratch;
} Worker;

/* Takes pictures until none is left, so that a thread that is held up takes fewer. */
static void *run(void *of) {
    const Worker *worker = of;
    Work *work = worker->work;
    long several = together(work->net);
    for (;;) {
        long first = __atomic_fetch_add(&work->next, several, __ATOMIC_RELAXED);
        if (first >= work->n) return NULL;
        long last = first + several < work->n ? first + several : work->n;
        step_through(work->net, work->glyphs, first, last, work->how, worker->scratch);
    }
}

/* Computes the energies of n pictures that they go down, and in `out` their next step, or without `how` the gradient.
 * `scratch` has `threads` times scratch_size floats. The result of a picture does not depend on the others. */
void langevin_step(const Net *net, long n, const float *x, const long *y, const float *mix, const Move *how,
                   const float *noise, float *out, float *energy, float *scratch, long threads) {
    Glyphs glyphs = {.x = x, .y = y, .mix = mix, .noise = noise, .out = out, .aimed = energy};
    Work work = {net, &glyphs, how, n, 0};
    Worker workers[MOST_THREADS];
    pthread_t handles[MOST_THREADS];
    int begun[MOST_THREADS];
    long size = scratch_size(net), blocks = (n + together(net) - 1) / together(net);
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    if (threads > blocks) threads = blocks;
    for (long t = 0; t < threads; t++) workers[t] = (Worker){&work, scratch + t * size};
    for (long t = 1; t < threads; t++) begun[t] = !pthread_create(&handles[t], NULL, run, &workers[t]);
    if (threads) run(&workers[0]);
    for (long t = 1; t < threads; t++)
        if (begun[t]) pthread_join(handles[t], NULL); /* otherwise the others have done its share */
}

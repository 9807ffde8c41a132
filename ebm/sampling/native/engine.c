/* The WebAssembly module for a page: the same steps as langevin_step.c, with memory and chains of its own.
 *
 * `make engine` builds it. A page writes the weights to weights_at() after opening a network, packs them, writes
 * pictures to pictures_at(), and calls. There is nothing to import, no C library and no thread.
 */
#include "chain.h"
#include "stream.h"
#include "weights.h"

#define EXPORT(name) __attribute__((export_name(#name))) name
#define PAGE 65536

extern unsigned char __heap_base;
static Net net;
static long slots;
static float *raw, *store, *scratch, *pictures, *slopes, *logits, *energies, *aimed, *mixes, *noise;
static unsigned char *masks;

/* Opens a network for so many pictures at once; 0 where the page gives no memory. Whatever was there before is gone. */
int EXPORT(open_net)(long width, long outputs, long pooled, long most) {
    net = (Net){.width = width, .outputs = outputs, .pooled = pooled};
    slots = most;
    uintptr_t at = ((uintptr_t)&__heap_base + 63) / 64 * 64, begin = at;
    struct {
        float **what;
        long floats;
    } areas[] = {
        {&raw, weight_count(&net)}, {&store, packed_count(&net)}, {&scratch, scratch_floats(&net)},
        {&pictures, most * PIXELS}, {&slopes, most * PIXELS}, {&noise, TOGETHER * PIXELS}, {&logits, most * outputs},
        {&energies, most}, {&aimed, most}, {&mixes, most * (outputs + 1)}, {(float **)&masks, most * PIXELS / 4},
    };
    for (unsigned k = 0; k < sizeof areas / sizeof *areas; k++) {
        *areas[k].what = (float *)at;
        at += (areas[k].floats * sizeof(float) + 63) / 64 * 64 + 64; /* vectors may read beyond the end */
    }
    long have = __builtin_wasm_memory_size(0), need = (at + PAGE - 1) / PAGE;
    if (need > have && __builtin_wasm_memory_grow(0, need - have) == (unsigned long)-1) return 0;
    memset((void *)begin, 0, at - begin);
    return 1;
}

long EXPORT(weights_count)(void) { return weight_count(&net); }
float *EXPORT(weights_at)(void) { return raw; }
float *EXPORT(pictures_at)(void) { return pictures; }
float *EXPORT(slopes_at)(void) { return slopes; }
float *EXPORT(logits_at)(void) { return logits; }
float *EXPORT(energies_at)(void) { return energies; }
float *EXPORT(aimed_at)(void) { return aimed; }
float *EXPORT(mixes_at)(void) { return mixes; }
unsigned char *EXPORT(masks_at)(void) { return masks; }

/* Packs the weights that lie at weights_at(). */
void EXPORT(pack_net)(void) { pack(&net, raw, store); }

/* Logits and energies of the first n pictures. */
void EXPORT(read_glyphs)(long n) { read_through(&net, n, pictures, logits, energies, scratch); }

/* Energies of the pictures `first` to `last`, and the gradients of what their mixes aim at. */
void EXPORT(slope_of)(long first, long last) {
    Glyphs all = {.x = pictures, .mix = mixes, .out = slopes, .aimed = aimed, .energy = energies};
    step_through(&net, &all, first, last, NULL, scratch);
}

/* Picture `slot` becomes the start of a chain. */
void EXPORT(start)(long slot, uint32_t seed_low, uint32_t seed_high, long chain) {
    uniform_start((uint64_t)seed_high << 32 | seed_low, chain, pictures + slot * PIXELS);
}

/* One step of the chains `first` to `last` in place, the `index`-th since their start: energies are those before the
 * step. A chain lies in the slot of its number, so that several modules can share the chains of a run. */
void EXPORT(take_step)(long first, long last, long index, uint32_t seed_low, uint32_t seed_high, float step, float noise_size,
                       float clip, int masked) {
    Move how = {step, noise_size, clip, -1, 1};
    for (long k = first; k < last; k += TOGETHER) {
        long at = k * PIXELS, count = last - k < TOGETHER ? last - k : TOGETHER;
        for (long b = 0; noise_size && b < count; b++)
            normal_noise((uint64_t)seed_high << 32 | seed_low, k + b, index, noise + b * PIXELS);
        Glyphs some = {.x = pictures + at, .mix = mixes + k * (net.outputs + 1), .noise = noise_size ? noise : NULL,
                       .free = masked ? masks + at : NULL, .out = pictures + at, .aimed = aimed + k, .energy = energies + k};
        step_through(&net, &some, 0, count, &how, scratch);
    }
}

/* Random numbers by counting: Philox4x32-10 (Salmon et al. 2011), so that any number of any chain and step is known at
 * once, and a seed gives the same glyphs in a page, in Python, on every machine.
 *
 * The key is the seed. The counter is (block of four pixels, step, chain, kind). Kind 0 is the normal noise of a step,
 * kind 1 the uniform start, whose step is 0.
 */
#pragma once
#include "numbers.h"

enum { NORMAL, UNIFORM };

typedef struct {
    uint32_t word[4];
} Block;

static inline Block philox(Block counter, uint32_t low, uint32_t high) {
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * counter.word[0], b = (uint64_t)0xCD9E8D57u * counter.word[2];
        counter = (Block){{(uint32_t)(b >> 32) ^ counter.word[1] ^ low, (uint32_t)b,
                           (uint32_t)(a >> 32) ^ counter.word[3] ^ high, (uint32_t)a}};
        low += 0x9E3779B9u;
        high += 0xBB67AE85u;
    }
    return counter;
}

/* (0, 1], never 0: its logarithm is taken. */
static inline float open_unit(uint32_t word) { return ((float)(word >> 8) + 1.0f) * 5.9604645e-8f; }

/* The start of a chain: uniform in [-1, 1). */
static void uniform_start(uint64_t seed, long chain, float *out) {
    for (long k = 0; k < PIXELS / 4; k++) {
        Block block = philox((Block){{k, 0, chain, UNIFORM}}, (uint32_t)seed, seed >> 32);
        for (int w = 0; w < 4; w++) out[4 * k + w] = (float)(block.word[w] >> 8) * 1.1920929e-7f - 1.0f;
    }
}

/* The standard normal noise of a chain's step, by Box and Muller: two words give two numbers. */
static void normal_noise(uint64_t seed, long chain, long step, float *out) {
    for (long k = 0; k < PIXELS / 4; k += V / 2) { /* V / 2 blocks have 2 V words, which fill two vectors */
        vec length, angle, cosine, sine;
        for (long b = 0; b < V / 2; b++) {
            Block block = philox((Block){{k + b, step, chain, NORMAL}}, (uint32_t)seed, seed >> 32);
            length[2 * b] = open_unit(block.word[0]);
            length[2 * b + 1] = open_unit(block.word[2]);
            angle[2 * b] = (float)(block.word[1] >> 8) * 5.9604645e-8f;
            angle[2 * b + 1] = (float)(block.word[3] >> 8) * 5.9604645e-8f;
        }
        length = roots(-2.0f * logarithms(length));
        circle(angle, &cosine, &sine);
        cosine *= length;
        sine *= length;
        for (int v = 0; v < V; v++) {
            out[4 * k + 2 * v] = cosine[v];
            out[4 * k + 2 * v + 1] = sine[v];
        }
    }
}

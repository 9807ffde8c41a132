/* What happens to pictures: their energies, the gradient, a Langevin step. */
#pragma once
#include "network.h"

typedef struct {
    float step, noise, clip, low, high;
} Move;

/* Pictures, and where the results go; of the pointers only x must be there, and out where there is a gradient. */
typedef struct {
    const float *x;            /* (n, PIXELS) */
    const long *y;             /* (n,) the classes that steer the chains */
    const float *mix;          /* (n, outputs + 1), in place of y: see Aim */
    const float *noise;        /* (n, PIXELS) standard normal */
    const unsigned char *free; /* (n, PIXELS) 0 where pixels keep their values */
    float *out;                /* (n, PIXELS) the pictures after the step, or the gradient; may be x */
    float *aimed, *energy;     /* (n,) the energy that the chain goes down, and E(x) */
} Glyphs;

static void move(const Move *how, const float *x, const float *noise, const unsigned char *free, const float *gradient,
                 float *out) {
    for (int k = 0; k < PIXELS; k++) {
        float g = gradient[k];
        g = g < -how->clip ? -how->clip : g > how->clip ? how->clip : g;
        float to = x[k] - how->step * g + (noise ? how->noise * noise[k] : 0);
        to = to < how->low ? how->low : to > how->high ? how->high : to;
        out[k] = free && !free[k] ? x[k] : to;
    }
}

/* Pictures `first` to `last`: energies, and in `out` the next step, or without `how` the gradient. */
static void step_through(const Net *net, const Glyphs *g, long first, long last, const Move *how, float *scratch) {
    Maps maps[TOGETHER];
    lay_out(net, scratch, maps);
    for (long k = first; k < last; k += together(net)) {
        long count = last - k < together(net) ? last - k : together(net);
        forward(net, count, g->x + k * PIXELS, maps);
        for (long b = 0; b < count; b++) {
            long at = k + b;
            Energies e = top(net, (Aim){g->y ? g->y[at] : -1, g->mix ? g->mix + at * (net->outputs + 1) : NULL}, maps + b);
            if (g->aimed) g->aimed[at] = e.aimed;
            if (g->energy) g->energy[at] = e.energy;
        }
        back_deep(net, count, maps);
        for (long b = 0; b < count; b++) {
            long at = (k + b) * PIXELS;
            back_shallow(net, maps + b);
            back_to_picture(net, maps + b);
            if (how)
                move(how, g->x + at, g->noise ? g->noise + at : NULL, g->free ? g->free + at : NULL, maps[b].gradient,
                     g->out + at);
            else
                memcpy(g->out + at, maps[b].gradient, PIXELS * sizeof(float));
        }
    }
}

/* The logits (n, outputs) of pictures, and their energies E(x); the forward pass alone. */
static void read_through(const Net *net, long n, const float *x, float *logits, float *energy, float *scratch) {
    Maps maps[TOGETHER];
    lay_out(net, scratch, maps);
    for (long k = 0; k < n; k += together(net)) {
        long count = n - k < together(net) ? n - k : together(net);
        forward(net, count, x + k * PIXELS, maps);
        for (long b = 0; b < count; b++)
            energy[k + b] = -logits_of(net, features_of(net, maps + b), logits + (k + b) * net->outputs);
    }
}

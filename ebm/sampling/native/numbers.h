/* Exponentials, logarithms and circles by our own polynomials, so that every machine computes the same numbers. */
#pragma once
#include "vectors.h"

static inline vec polynomial(vec r) { /* e^r for |r| < 0.35, relative error below 2e-7 */
    vec p = 8.3333333e-3f + r * 1.3888889e-3f;
    return 1.0f + r * (1.0f + r * (0.5f + r * (1.6666667e-1f + r * (4.1666668e-2f + r * p))));
}

#if defined(__AVX512F__)
static inline vec sigmoid(vec x) {
    __m512 z = _mm512_min_ps((__m512)-x, _mm512_set1_ps(87.0f)); /* beyond, the sigmoid is 0 in any case */
    __m512 n = _mm512_roundscale_ps(z * 1.44269504f, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    vec d = 1.0f + (vec)_mm512_scalef_ps((__m512)polynomial((vec)(z - n * 0.693147181f)), n);
    vec r = (vec)_mm512_rcp14_ps((__m512)d); /* an estimate and one Newton step are faster than a division */
    return r * (2.0f - d * r);
}
#else
static inline vec sigmoid(vec x) {
    vec z = -x;
    ivec below = z < -87.0f, above = z > 87.0f;
    z = (vec)((below & (ivec)((vec){0} - 87.0f)) | (above & (ivec)((vec){0} + 87.0f)) | (~(below | above) & (ivec)z));
    vec n = (z * 1.44269504f + 12582912.0f) - 12582912.0f; /* rounds to a whole number */
    vec e = polynomial(z - n * 0.693147181f) * (vec)((__builtin_convertvector(n, ivec) + 127) << 23);
    return 1.0f / (1.0f + e);
}
#endif

/* SiLU of `count` values into `active`, its derivative into `slope`. */
static void silu(const float *z, float *restrict active, float *slope, long count) {
    for (long k = 0; k < count; k += V) {
        vec x = *(const vec *)(z + k), s = sigmoid(x);
        *(vec *)(active + k) = x * s;
        *(vec *)(slope + k) = s * (1.0f + x * (1.0f - s));
    }
}

static inline float exponential(float x) { /* for x <= 0, as a softmax needs it */
    if (x < -87.0f) return 0;
    float n = (x * 1.44269504f + 12582912.0f) - 12582912.0f, r = x - n * 0.693147181f;
    float p = 1.0f + r * (1.0f + r * (0.5f + r * (1.6666667e-1f + r * (4.1666668e-2f + r * (8.3333333e-3f + r * 1.3888889e-3f)))));
    union { int32_t bits; float value; } scale = {((int32_t)n + 127) << 23};
    return p * scale.value;
}

/* The natural logarithm of positive normal numbers, relative error below 2e-7: ln(m 2^e) with sqrt(1/2) <= m < sqrt(2),
 * by the series of artanh((m - 1) / (m + 1)). */
static inline vec logarithms(vec x) {
    ivec bits = (ivec)x - 0x3f3504f3; /* the bits of sqrt(1/2) */
    ivec exponent = bits >> 23;
    vec m = (vec)((ivec)x - (exponent << 23)), s = (m - 1.0f) / (m + 1.0f), q = s * s;
    vec series = 2.0f + q * (0.66666667f + q * (0.4f + q * (0.28571429f + q * 0.22222222f)));
    return __builtin_convertvector(exponent, vec) * 0.693147181f + s * series;
}

static inline float logarithm(float x) {
    vec all = (vec){0} + x;
    return logarithms(all)[0];
}

static inline vec roots(vec x) { /* one square root a lane; every processor and WebAssembly has an instruction for it */
    vec y;
    for (int v = 0; v < V; v++) y[v] = __builtin_sqrtf(x[v]);
    return y;
}

/* Cosine and sine of the angle 2 pi t, 0 <= t < 1, absolute error below 2e-7. */
static inline void circle(vec t, vec *cosine, vec *sine) {
    vec quarter = (t * 4.0f + 12582912.0f) - 12582912.0f, a = (t * 4.0f - quarter) * 1.57079633f, q = a * a;
    vec s = a * (1.0f + q * (-1.6666667e-1f + q * (8.3333333e-3f + q * (-1.9841270e-4f + q * 2.7557319e-6f))));
    vec c = 1.0f + q * (-0.5f + q * (4.1666667e-2f + q * (-1.3888889e-3f + q * 2.4801587e-5f)));
    ivec turn = __builtin_convertvector(quarter, ivec), odd = -(turn & 1);
    ivec minus_c = ((turn + 1) & 2) << 30, minus_s = (turn & 2) << 30; /* sign bits */
    *cosine = (vec)(((odd & (ivec)s) | (~odd & (ivec)c)) ^ minus_c);
    *sine = (vec)(((odd & (ivec)c) | (~odd & (ivec)s)) ^ minus_s);
}

/* The vectors of this processor, for GCC, Clang and WebAssembly alike. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define V 16
#elif defined(__AVX__)
#define V 8
#else
#define V 4
#endif

#define SIDE 56 /* of a picture */
#define PIXELS (SIDE * SIDE)

typedef float vec __attribute__((vector_size(4 * V), aligned(4), may_alias));
typedef int ivec __attribute__((vector_size(4 * V), aligned(4), may_alias));

/* In a page there is no C library; the compiler makes instructions of these. */
#define memcpy __builtin_memcpy
#define memset __builtin_memset

// The one-dimensional transforms of Winograd's algorithm, on vectors.
#pragma once

#include "winograd_points.h"
#include "winograd_products.h"

namespace sluice {
namespace {

// With N = Tile + 2: `input` computes B' d, N values from N; `output` computes A' m, Tile values from N; `gradient`
// computes A g, N values from Tile. The rows of B' are the coefficients of M(x) / (x - p) for each finite point p, and
// of M itself, with M the product of x - p over these points. A holds the powers of the points. (Toom-Cook)
template <int Tile>
struct WinogradTransform;

SLUICE_SIMD_INLINE __m512 constant(float value) { return _mm512_set1_ps(value); }
SLUICE_SIMD_INLINE __m512 add(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }
SLUICE_SIMD_INLINE __m512 subtract(__m512 a, __m512 b) { return _mm512_sub_ps(a, b); }
// a + factor * b
SLUICE_SIMD_INLINE __m512 add_scaled(__m512 a, float factor, __m512 b) {
  return _mm512_fmadd_ps(constant(factor), b, a);
}
// a - factor * b
SLUICE_SIMD_INLINE __m512 subtract_scaled(__m512 a, float factor, __m512 b) {
  return _mm512_fnmadd_ps(constant(factor), b, a);
}

template <>
struct WinogradTransform<2> {
  SLUICE_SIMD_INLINE void input(const __m512 (&d)[4], __m512 (&t)[4]) {
    t[0] = subtract(d[2], d[0]);
    t[1] = add(d[2], d[1]);
    t[2] = subtract(d[2], d[1]);
    t[3] = subtract(d[3], d[1]);
  }
  SLUICE_SIMD_INLINE void output(const __m512 (&m)[4], __m512 (&y)[2]) {
    y[0] = add(m[0], add(m[1], m[2]));
    y[1] = add(m[3], subtract(m[1], m[2]));
  }
  SLUICE_SIMD_INLINE void gradient(const __m512 (&g)[2], __m512 (&w)[4]) {
    w[0] = g[0];
    w[1] = add(g[0], g[1]);
    w[2] = subtract(g[0], g[1]);
    w[3] = g[1];
  }
};

template <>
struct WinogradTransform<3> {
  static constexpr float a = WinogradPoints<3>::pair, c = WinogradPoints<3>::single;

  SLUICE_SIMD_INLINE void input(const __m512 (&d)[5], __m512 (&t)[5]) {
    const __m512 e0 = subtract_scaled(d[1], c, d[0]), e1 = subtract_scaled(d[2], c, d[1]);
    const __m512 e2 = subtract_scaled(d[3], c, d[2]), e3 = subtract_scaled(d[4], c, d[3]);
    const __m512 d3 = d[3], d1 = d[1];
    t[0] = subtract_scaled(e2, a * a, e0);
    t[1] = add_scaled(e2, a, e1);
    t[2] = subtract_scaled(e2, a, e1);
    t[3] = subtract_scaled(d3, a * a, d1);
    t[4] = subtract_scaled(e3, a * a, e1);
  }
  SLUICE_SIMD_INLINE void output(const __m512 (&m)[5], __m512 (&y)[3]) {
    const __m512 even = add(m[1], m[2]), odd = subtract(m[1], m[2]);
    y[0] = add(add(m[0], even), m[3]);
    y[1] = add_scaled(_mm512_mul_ps(constant(c), m[3]), a, odd);
    y[2] = add_scaled(add_scaled(m[4], c * c, m[3]), a * a, even);
  }
  SLUICE_SIMD_INLINE void gradient(const __m512 (&g)[3], __m512 (&w)[5]) {
    const __m512 even = add_scaled(g[0], a * a, g[2]);
    w[0] = g[0];
    w[1] = add_scaled(even, a, g[1]);
    w[2] = subtract_scaled(even, a, g[1]);
    w[3] = add_scaled(add_scaled(g[0], c * c, g[2]), c, g[1]);
    w[4] = g[2];
  }
};

template <>
struct WinogradTransform<4> {
  static constexpr float a = WinogradPoints<4>::pair, b = WinogradPoints<4>::second_pair;

  SLUICE_SIMD_INLINE void input(const __m512 (&d)[6], __m512 (&t)[6]) {
    const __m512 even_a = subtract_scaled(d[4], b * b, d[2]), odd_a = subtract_scaled(d[3], b * b, d[1]);
    const __m512 even_b = subtract_scaled(d[4], a * a, d[2]), odd_b = subtract_scaled(d[3], a * a, d[1]);
    const __m512 last = subtract_scaled(d[5], a * a, d[3]);
    t[0] = subtract_scaled(even_a, a * a, subtract_scaled(d[2], b * b, d[0]));
    t[1] = add_scaled(even_a, a, odd_a);
    t[2] = subtract_scaled(even_a, a, odd_a);
    t[3] = add_scaled(even_b, b, odd_b);
    t[4] = subtract_scaled(even_b, b, odd_b);
    t[5] = subtract_scaled(last, b * b, odd_b);
  }
  SLUICE_SIMD_INLINE void output(const __m512 (&m)[6], __m512 (&y)[4]) {
    const __m512 even_a = add(m[1], m[2]), odd_a = subtract(m[1], m[2]);
    const __m512 even_b = add(m[3], m[4]), odd_b = subtract(m[3], m[4]);
    y[0] = add(add(m[0], even_a), even_b);
    y[1] = add_scaled(_mm512_mul_ps(constant(b), odd_b), a, odd_a);
    y[2] = add_scaled(_mm512_mul_ps(constant(b * b), even_b), a * a, even_a);
    y[3] = add_scaled(add_scaled(m[5], b * b * b, odd_b), a * a * a, odd_a);
  }
  SLUICE_SIMD_INLINE void gradient(const __m512 (&g)[4], __m512 (&w)[6]) {
    const __m512 even_a = add_scaled(g[0], a * a, g[2]), odd_a = add_scaled(g[1], a * a, g[3]);
    const __m512 even_b = add_scaled(g[0], b * b, g[2]), odd_b = add_scaled(g[1], b * b, g[3]);
    w[0] = g[0];
    w[1] = add_scaled(even_a, a, odd_a);
    w[2] = subtract_scaled(even_a, a, odd_a);
    w[3] = add_scaled(even_b, b, odd_b);
    w[4] = subtract_scaled(even_b, b, odd_b);
    w[5] = g[3];
  }
};

}  // namespace
}  // namespace sluice

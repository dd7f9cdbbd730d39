// The points at which Winograd's algorithm evaluates its polynomials, and the transform of weights that follows.
#pragma once

#include <array>

namespace sluice {

// The points are 0, infinity and these. Their powers have few bits and are exact in f32, and of such points these lose
// the least: the mean squared error in f32 equals that of plain sums for tiles of 2, and is ten times larger for tiles
// of 3 and 4, where the usual whole numbers lose five times more.
template <int Tile>
struct WinogradPoints;

template <>
struct WinogradPoints<2> {  // 1, -1
  static constexpr float pair = 1.0f;
};

template <>
struct WinogradPoints<3> {  // pair, -pair, single
  static constexpr float pair = 1.25f, single = 0.5f;
};

template <>
struct WinogradPoints<4> {  // pair, -pair, second_pair, -second_pair
  static constexpr float pair = 0.625f, second_pair = 1.5f;
};

// Row p of G is [1, p, p^2] / (product of p - q over the other finite points q); the row of infinity is [0, 0, 1].
using WinogradWeightTransform = std::array<std::array<float, 3>, 6>;

constexpr WinogradWeightTransform winograd_weight_transform(int tile) {
  WinogradWeightTransform transform{};
  double points[5] = {};
  if (tile == 2) {
    points[1] = WinogradPoints<2>::pair;
    points[2] = -points[1];
  } else if (tile == 3) {
    points[1] = WinogradPoints<3>::pair;
    points[2] = -points[1];
    points[3] = WinogradPoints<3>::single;
  } else {
    points[1] = WinogradPoints<4>::pair;
    points[2] = -points[1];
    points[3] = WinogradPoints<4>::second_pair;
    points[4] = -points[3];
  }
  for (int i = 0; i <= tile; ++i) {
    double norm = 1.0;
    for (int j = 0; j <= tile; ++j) norm *= j == i ? 1.0 : points[i] - points[j];
    transform[i] = {static_cast<float>(1.0 / norm), static_cast<float>(points[i] / norm),
                    static_cast<float>(points[i] * points[i] / norm)};
  }
  transform[tile + 1] = {0.0f, 0.0f, 1.0f};
  return transform;
}

}  // namespace sluice

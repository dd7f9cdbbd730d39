// The rule for products of tiles, and their work spread over threads.
#include "tiled.h"

#include <cstdlib>
#include <string_view>

#include "../onednn.h"
#include "taps.h"
#include "tiled_kernels.h"

namespace sluice {
namespace {

enum class Form { none, plain, amx };

// SLUICE_PLAIN_TILES=1 takes the plain form, so that tests reach these kernels on processors without AMX.
Form form_of_tiles() {
  const char* const wanted = std::getenv("SLUICE_PLAIN_TILES");
  if (wanted != nullptr && std::string_view(wanted) == "1")
    return onednn_supports(dnnl::cpu_isa::avx512_core) ? Form::plain : Form::none;
  return onednn_supports(dnnl::cpu_isa::avx512_core_amx) && has_tiles() ? Form::amx : Form::none;
}

Form form() {
  static const Form form = form_of_tiles();
  return form;
}

}  // namespace

bool tiled_suits(const sl_conv_shape& s) {
  return s.dtype == SL_BF16 && s.in_channels % tile_lanes == 0 && s.out_channels % tile_rows == 0 &&
         form() != Form::none;
}

void tiled_backward_weights(const ConvProblem& p, const void* x, const void* dy, float* dw, bool accumulate) {
  const auto multiply = form() == Form::amx ? multiply_tap<AmxTiles> : multiply_tap<PlainTiles>;
  backward_weights_by_taps(p, tile_depth, gather_tiles, multiply, x, dy, dw, accumulate);
}

}  // namespace sluice

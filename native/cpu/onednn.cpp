// Runs oneDNN's primitives, and translates its errors, versions and instruction sets.
#include "onednn.h"

#include "signals.h"

namespace sluice {

static_assert(DNNL_CPU_RUNTIME == DNNL_RUNTIME_OMP,
              "oneDNN must be built with OpenMP: a context's thread count is set through it");

void use_threads(const sl_context* context) {
  // A primitive that runs on fewer threads than it was created for computes another partition, or waits forever for the
  // missing threads. OMP_DYNAMIC and OMP_MAX_ACTIVE_LEVELS=0 would cause that.
  omp_set_dynamic(0);
  omp_set_max_active_levels(1);
  omp_set_num_threads(context->threads);
}

dnnl::primitive_attr default_attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attributes.set_fpmath_mode(dnnl::fpmath_mode::strict);
  return attributes;
}

void execute(sl_context* context, const Primitive& primitive, std::initializer_list<Operand> operands) {
  OneDnn& onednn = *context->onednn;
  const RequiredScratch scratch(context, primitive.scratch_bytes);
  std::unordered_map<int, dnnl::memory> arguments;
  with_backend_error([&] {
    for (const Operand& operand : operands) {
      arguments.emplace(operand.argument,
                        dnnl::memory(primitive[operand.argument], onednn.engine, const_cast<void*>(operand.data)));
    }
    if (scratch) {
      const dnnl::memory::desc& layout = primitive[DNNL_ARG_SCRATCHPAD];
      arguments.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(layout, onednn.engine, scratch.get()));
    }
    const SignalsHeld held;
    primitive.primitive.execute(onednn.stream, arguments);
    onednn.stream.wait();
  });
}

Primitive make_reorder(sl_context* context, const dnnl::memory::desc& from, const dnnl::memory::desc& to,
                       bool accumulate) {
  dnnl::primitive_attr attributes = default_attributes();
  if (accumulate) {
    dnnl::post_ops operations;
    operations.append_sum(1.0f);
    attributes.set_post_ops(operations);
  }
  const dnnl::engine& engine = context->onednn->engine;
  const dnnl::reorder::primitive_desc descriptor(engine, from, engine, to, attributes);
  return make_primitive<dnnl::reorder>(descriptor, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}});
}

dnnl::memory::data_type onednn_type(int32_t dtype) {
  return dtype == SL_BF16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
}

bool onednn_supports(dnnl::cpu_isa wanted) {
  const int bits = static_cast<int>(wanted);
  return (static_cast<int>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

bool prefers_own_products(int32_t dtype) {
  if (dtype != SL_BF16) return onednn_supports(dnnl::cpu_isa::avx512_core);
  return onednn_supports(dnnl::cpu_isa::avx512_core_bf16) && !onednn_supports(dnnl::cpu_isa::avx512_core_amx);
}

// oneDNN's bf16 kernels need AVX-512 (F, BW, VL, DQ) and emulate the rest.
bool onednn_has_bf16() { return onednn_supports(dnnl::cpu_isa::avx512_core); }

int32_t check_onednn_dtype(const char* name, int32_t dtype) {
  if (dtype != SL_BF16 || onednn_has_bf16()) return SL_OK;
  return fail(SL_ERROR_UNSUPPORTED, "%s: bf16 needs a processor with AVX-512, this one is used as %s: take f32", name,
              onednn_isa().c_str());
}

std::string onednn_isa() {
  const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
  switch (isa) {
    case dnnl::cpu_isa::sse41: return "sse41";
    case dnnl::cpu_isa::avx: return "avx";
    case dnnl::cpu_isa::avx2: return "avx2";
    case dnnl::cpu_isa::avx2_vnni: return "avx2_vnni";
    case dnnl::cpu_isa::avx512_core: return "avx512_core";
    case dnnl::cpu_isa::avx512_core_vnni: return "avx512_core_vnni";
    case dnnl::cpu_isa::avx512_core_bf16: return "avx512_core_bf16";
    case dnnl::cpu_isa::avx512_core_amx: return "avx512_core_amx";
    default: break;  // newer than this list: report the best set of the list that it includes
  }
  if (onednn_supports(dnnl::cpu_isa::avx512_core_amx)) return "avx512_core_amx";
  if (onednn_supports(dnnl::cpu_isa::avx512_core_bf16)) return "avx512_core_bf16";
  return onednn_supports(dnnl::cpu_isa::avx512_core) ? "avx512_core" : "generic";
}

std::string onednn_version() {
  const dnnl_version_t* version = dnnl::version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch);
}

// Measured: with AMX, version 3.2 trains in bf16 faster than 2.6; on processors without it, it is no faster.
std::string onednn_detail() {
  if (dnnl::version()->major >= 3) return onednn_version();
  const bool gains = onednn_supports(dnnl::cpu_isa::avx512_core_amx);
  return onednn_version() + (gains ? "; version 3 computes bf16 faster with this processor's AMX"
                                   : "; version 3 is no faster without AMX");
}

BackendError backend_error(const dnnl::error& error) {
  const int32_t status = error.status == dnnl_out_of_memory   ? SL_ERROR_OUT_OF_MEMORY
                         : error.status == dnnl_unimplemented ? SL_ERROR_UNSUPPORTED
                                                              : SL_ERROR_BACKEND;
  return {status, std::string("oneDNN failed: ") + error.what()};
}

}  // namespace sluice

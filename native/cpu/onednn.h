// What the convolutions and matrix products share of oneDNN: engine, stream, caches of primitives.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "context.h"

namespace sluice {

// One created primitive, with the descriptors of its operands by DNNL_ARG number.
struct Primitive {
  dnnl::primitive primitive;
  std::map<int, dnnl::memory::desc> arguments;
  int64_t scratch_bytes = 0;
  std::string implementation;  // oneDNN's name of the kernel

  const dnnl::memory::desc& operator[](int argument) const { return arguments.at(argument); }
};

// What tells primitives apart: a kind, then the numbers that the kind is made from.
using PrimitiveKey = std::array<int64_t, 14>;

struct OneDnn {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};

  // The primitive under `key`, created by create() when first asked for. A primitive costs about 0.3 ms to create.
  template <typename Create>
  const Primitive& cached(const PrimitiveKey& key, const Create& create) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = primitives_.find(key);
    if (found != primitives_.end()) return *found->second;
    return *(primitives_[key] = std::make_unique<Primitive>(create()));
  }

 private:
  std::mutex mutex_;
  std::map<PrimitiveKey, std::unique_ptr<Primitive>> primitives_;
};

// One operand of a call: its DNNL_ARG number and its bytes.
struct Operand {
  int argument;
  const void* data;
};

// Runs the primitive to its end with scratch from the context's allocator.
void execute(sl_context* context, const Primitive& primitive, std::initializer_list<Operand> operands);

// Makes oneDNN's primitives, created or run by the calling thread from now on, use the context's threads.
void use_threads(const sl_context* context);

// Attributes every primitive starts from: scratch given by the caller, f32 that means f32.
dnnl::primitive_attr default_attributes();

// A primitive from its descriptor: arguments are those that the caller names and queries.
template <typename PrimitiveType, typename Descriptor>
Primitive make_primitive(const Descriptor& descriptor, std::map<int, dnnl::memory::desc> arguments) {
  Primitive made;
  made.primitive = PrimitiveType(descriptor);
  made.arguments = std::move(arguments);
  made.arguments[DNNL_ARG_SCRATCHPAD] = descriptor.scratchpad_desc();
  made.scratch_bytes = static_cast<int64_t>(descriptor.scratchpad_desc().get_size());
  made.implementation = descriptor.impl_info_str();
  return made;
}

// A reorder of `from` to `to`, adding to what is there where `accumulate`; its arguments are DNNL_ARG_SRC and
// DNNL_ARG_DST.
Primitive make_reorder(sl_context* context, const dnnl::memory::desc& from, const dnnl::memory::desc& to,
                       bool accumulate);

dnnl::memory::data_type onednn_type(int32_t dtype);
// Whether kernels may use an instruction set: the processor has it, and ONEDNN_MAX_CPU_ISA allows it.
bool onednn_supports(dnnl::cpu_isa wanted);
// Whether own AVX-512 products of this type are the faster ones: matrix units of bf16, which oneDNN uses, outdo them.
bool prefers_own_products(int32_t dtype);
bool onednn_has_bf16();
std::string onednn_isa();
std::string onednn_version();

// The status of the exception being handled, which is oneDNN's or the standard library's: called within catch (...) at
// the end of an exported function. `shapes` says what the call was about.
int32_t exception_status(const char* name, const char* shapes) noexcept;

}  // namespace sluice

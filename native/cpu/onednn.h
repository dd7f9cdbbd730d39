// oneDNN as the convolutions and matrix products use it: engine, stream, and a cache of primitives.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "context.h"

namespace sluice {

// A primitive, with the descriptors of its operands by DNNL_ARG number.
struct Primitive {
  dnnl::primitive primitive;
  std::map<int, dnnl::memory::desc> arguments;
  int64_t scratch_bytes = 0;
  std::string implementation;  // oneDNN's name of the kernel

  const dnnl::memory::desc& operator[](int argument) const { return arguments.at(argument); }
};

// Identifies a primitive: its kind, then the numbers that it is created from.
using PrimitiveKey = std::array<int64_t, 14>;

// The BackendError of an error of oneDNN.
BackendError backend_error(const dnnl::error& error);

// Calls body, and turns oneDNN's errors into BackendError.
template <typename Body>
auto with_backend_error(const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const dnnl::error& error) {
    throw backend_error(error);
  }
}

struct OneDnn {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};

  // The primitive of a key, created at the first call, which takes about 0.3 ms. Throws BackendError.
  template <typename Create>
  const Primitive& cached(const PrimitiveKey& key, const Create& create) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = primitives_.find(key);
    if (found != primitives_.end()) return *found->second;
    return *(primitives_[key] = with_backend_error([&] { return std::make_unique<Primitive>(create()); }));
  }

 private:
  std::mutex mutex_;
  std::map<PrimitiveKey, std::unique_ptr<Primitive>> primitives_;
};

// An operand of a call: its DNNL_ARG number and its bytes.
struct Operand {
  int argument;
  const void* data;
};

// Runs the primitive to its end, with scratch from the context's allocator. Throws BackendError and std::bad_alloc.
void execute(sl_context* context, const Primitive& primitive, std::initializer_list<Operand> operands);

// Sets the number of threads of the primitives that the calling thread creates or runs from now on.
void use_threads(const sl_context* context);

// The attributes of every primitive: the caller provides scratch, and f32 is computed in f32, not in a shorter type.
dnnl::primitive_attr default_attributes();

// Creates a primitive from its descriptor. `arguments` describes the operands that execute() will get.
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

// A reorder from DNNL_ARG_SRC to DNNL_ARG_DST, which adds to the destination if `accumulate`.
Primitive make_reorder(sl_context* context, const dnnl::memory::desc& from, const dnnl::memory::desc& to,
                       bool accumulate);

dnnl::memory::data_type onednn_type(int32_t dtype);

// Whether kernels may use an instruction set: the processor has it, and ONEDNN_MAX_CPU_ISA allows it.
bool onednn_supports(dnnl::cpu_isa wanted);

// Whether our AVX-512 products of this type are faster than oneDNN's. With AMX, oneDNN's bf16 products are faster.
bool prefers_own_products(int32_t dtype);

bool onednn_has_bf16();

// UNSUPPORTED for bf16 on a processor that lacks it.
int32_t check_onednn_dtype(const char* name, int32_t dtype);

// The instruction set that oneDNN uses, in its own words.
std::string onednn_isa();

std::string onednn_version();

// The version, and what a newer one would bring to this processor.
std::string onednn_detail();

}  // namespace sluice

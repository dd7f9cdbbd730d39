/*
 * The C interface that every native library of sluice exports: sluice_cpu (oneDNN, OpenMP) and sluice_cuda.
 *
 * Conventions, true of every function unless its comment says otherwise:
 *
 *  - Returns a status (SL_OK or one of the SL_ERROR codes). sl_last_error() then holds one sentence that names the
 *    operation, the shapes and the cause; it belongs to the calling thread and lives until that thread's next failure.
 *    Nothing aborts, exits or prints; what other libraries print to C's stdout goes to stderr once this one is loaded.
 *  - The library keeps no tensors: the caller owns every buffer, its shape and its lifetime. Pointers named without
 *    `host_` are device memory from sl_malloc. Compute calls are ordered on the context's compute stream.
 *  - Activations are NHWC, convolution weights OHWI, matrices row-major. Scalars, statistics, losses, gates and master
 *    weights are f32; `dtype` is that of activations and matrix operands: SL_F32, or SL_BF16, whose denormals may be 0.
 *  - Where an output may be added to what is already there, `accumulate` says so: 0 overwrites (the buffer may hold
 *    anything, NaN included), 1 adds.
 *  - Reductions have a fixed order: the same call on the same device with the same thread count gives the same bits.
 *  - What only the device can see to be wrong, an index in a buffer, is INVALID_ARGUMENT too: the CPU's calls tell it
 *    themselves, a GPU's next call that waits tells it for them, and nothing outside the buffers is read or written.
 *  - A size of zero elements is a valid no-op; a negative size, a null pointer that is not documented as optional, or
 *    an unknown dtype is SL_ERROR_INVALID_ARGUMENT and nothing is written. So are sizes of a tensor whose product is
 *    above 2^48, zeros among them counted as 1: within that, no offset and no workspace overflows 64 bits.
 *  - Declarations are one per statement and regular (`SL_API int32_t sl_name(type name, ...);`): src/device/abi.ts
 *    mirrors them and a test parses this file.
 */
#ifndef SLUICE_H
#define SLUICE_H

#include <stdint.h>

#define SL_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

#define SL_ABI_VERSION 1

/* Status codes. */
#define SL_OK 0
#define SL_ERROR_INVALID_ARGUMENT 1
#define SL_ERROR_OUT_OF_MEMORY 2
#define SL_ERROR_UNSUPPORTED 3 /* this device cannot do it (bf16 without AVX-512, say) */
#define SL_ERROR_BACKEND 4     /* oneDNN, cuDNN, ... failed */

/* Element types. */
#define SL_F32 0
#define SL_BF16 1
#define SL_U8 2
#define SL_I32 3

typedef struct sl_context sl_context; /* a device, its threads or streams, its caches */
typedef struct sl_stream sl_stream;   /* an ordered queue of work; NULL is the compute stream */
typedef struct sl_event sl_event;     /* a point in a stream */

/* ---- library and context ------------------------------------------------------------------------------------ */

/* SL_ABI_VERSION of the library, to be compared with the caller's. Not a status. */
SL_API int32_t sl_abi_version(void);

/* The sentence of this thread's last failure; empty before the first. Not a status. */
SL_API const char* sl_last_error(void);

/* Number of devices this library can drive (the CPU library: 1) into *host_count. */
SL_API int32_t sl_device_count(int32_t* host_count);

/* One JSON object describing device `index` into host_text (UTF-8, zero-terminated, at most `capacity` bytes):
 * {"kind","name","isa","cores","backend","backendVersion","bf16","tf32"}; isa is oneDNN's effective instruction set or
 * the GPU's architecture, bf16 and tf32 whether such matrix operands are supported. */
SL_API int32_t sl_device_describe(int32_t index, char* host_text, int64_t capacity);

/* One JSON array into host_text, as sl_device_describe writes: what the library needs of the machine besides itself,
 * each {"name","found","detail"}; the detail is the version and place of what was found, or one sentence that says
 * what is missing, where it was looked for, and the remedy. */
SL_API int32_t sl_requirements(char* host_text, int64_t capacity);

/* Creates a context on device `index`. `threads` is the number of CPU threads every call uses (1 to 16 times the cores
 * that this process may use; fixed for the life of the context; without effect on a GPU). Writes the handle to
 * *host_context. */
SL_API int32_t sl_context_create(int32_t index, int32_t threads, sl_context** host_context);

/* Whether f32 products and convolutions may round their operands to TF32 from now on (10 bits of mantissa; at first
 * they may not). UNSUPPORTED where the device has no TF32 and `allow` is not 0. */
SL_API int32_t sl_context_allow_tf32(sl_context* context, int32_t allow);

/* Whether a convolution of a new kind, from now on, measures the engines that come into question when it is first
 * computed, and keeps the fastest; at first it takes the library's own first choice, which is the same on every run.
 * UNSUPPORTED where there is nothing to choose from (the CPU) and `measure` is not 0. */
SL_API int32_t sl_context_autotune(sl_context* context, int32_t measure);

/* The engines that convolutions have taken until now, as lines of text behind one that names device and library, into
 * host_text where it has room for them; *host_bytes: the room that they need, with the zero at their end. The same
 * choices give the same text. Empty on the CPU. */
SL_API int32_t sl_plans_export(sl_context* context, char* host_text, int64_t capacity, int64_t* host_bytes);

/* Takes the engines of such a text for convolutions that are first computed from now on. INVALID_ARGUMENT where it is
 * no such text, or another device's or library's; nothing is taken then. */
SL_API int32_t sl_plans_import(sl_context* context, const char* host_text);

/* Frees the context with every cache and every buffer still allocated from it. NULL is a no-op. */
SL_API int32_t sl_context_destroy(sl_context* context);

/* Waits until all streams of the context are idle. */
SL_API int32_t sl_synchronize(sl_context* context);

/* ---- memory ------------------------------------------------------------------------------------------------- */

/* Allocates `bytes` of device memory (64-byte aligned, contents undefined) from the caching allocator. */
SL_API int32_t sl_malloc(sl_context* context, int64_t bytes, void** host_pointer);

/* Returns a buffer of sl_malloc to the cache. NULL is a no-op; a pointer that is not live is INVALID_ARGUMENT.
 *
 * Buffers are handed on in the order of the compute stream: work queued there may still use a buffer that sl_malloc
 * gives out again. Another stream that uses one waits for an event of the compute stream first, and before sl_free the
 * compute stream waits for an event of every other stream that used it. */
SL_API int32_t sl_free(sl_context* context, void* pointer);

/* Allocates pinned host memory, for transfers that overlap computation. */
SL_API int32_t sl_host_malloc(sl_context* context, int64_t bytes, void** host_pointer);
SL_API int32_t sl_host_free(sl_context* context, void* pointer);

/* host_stats[0..3]: bytes in use (as requested, rounded to 64), bytes reserved from the system (of the long stretches
 * that large buffers are cut from, what was ever used), peak of bytes in use, number of live buffers. */
SL_API int32_t sl_memory_stats(sl_context* context, int64_t* host_stats);

/* Bytes of memory that the device has in all, others' included, into *host_bytes. */
SL_API int32_t sl_memory_total(sl_context* context, int64_t* host_bytes);

/* Sets the peak of bytes in use to the present bytes in use. */
SL_API int32_t sl_memory_reset_peak(sl_context* context);

/* Returns cached, unused blocks to the system. */
SL_API int32_t sl_memory_trim(sl_context* context);

/* Copies between ranges that do not overlap, in the order of `stream`. An upload from ordinary memory has read its
 * source when it returns, and a download to ordinary memory has written its destination; with pinned memory both may
 * still be under way, until the caller has waited for the stream. Small uploads wait for nothing. */
SL_API int32_t sl_upload(sl_context* context, sl_stream* stream, void* destination, const void* host_source,
    int64_t bytes);
SL_API int32_t sl_download(sl_context* context, sl_stream* stream, void* host_destination, const void* source,
    int64_t bytes);
SL_API int32_t sl_copy(sl_context* context, sl_stream* stream, void* destination, const void* source, int64_t bytes);

/* ---- streams and events ------------------------------------------------------------------------------------- */

SL_API int32_t sl_stream_create(sl_context* context, sl_stream** host_stream);
SL_API int32_t sl_stream_destroy(sl_context* context, sl_stream* stream);
SL_API int32_t sl_event_create(sl_context* context, sl_event** host_event);
SL_API int32_t sl_event_destroy(sl_context* context, sl_event* event);
/* Marks the present end of `stream`. */
SL_API int32_t sl_event_record(sl_context* context, sl_event* event, sl_stream* stream);
/* Makes later work in `stream` wait for the event. */
SL_API int32_t sl_event_wait(sl_context* context, sl_event* event, sl_stream* stream);
/* Makes the calling thread wait for the event. */
SL_API int32_t sl_event_synchronize(sl_context* context, sl_event* event);

/* ---- element-wise ------------------------------------------------------------------------------------------- */

/* x[i] = value, for n elements. */
SL_API int32_t sl_fill(sl_context* context, int32_t dtype, int64_t n, float value, void* x);

/* y = (to) x, for n elements, between SL_F32, SL_BF16 (round to nearest even) and from SL_U8 or SL_I32 to SL_F32. */
SL_API int32_t sl_cast(sl_context* context, int32_t from, int32_t to, int64_t n, const void* x, void* y);

/* y = alpha * x + beta * y; with beta 0, y is not read. */
SL_API int32_t sl_axpby(sl_context* context, int32_t dtype, int64_t n, float alpha, const void* x, float beta, void* y);

#define SL_UNARY_RELU 0
#define SL_UNARY_SQUARE 1
#define SL_UNARY_SQRT 2
#define SL_UNARY_EXP 3
#define SL_UNARY_LOG 4
/* y[i] = op(x[i]). */
SL_API int32_t sl_unary(sl_context* context, int32_t op, int32_t dtype, int64_t n, const void* x, void* y);
/* dx[i] = dy[i] * op'(x[i]), y = op(x) as saved by the caller; relu'(0) = 0, and sqrt'(0) = 0. */
SL_API int32_t sl_unary_backward(sl_context* context, int32_t op, int32_t dtype, int64_t n, const void* x,
    const void* y, const void* dy, void* dx, int32_t accumulate);

#define SL_BINARY_ADD 0
#define SL_BINARY_SUBTRACT 1
#define SL_BINARY_MULTIPLY 2
#define SL_BINARY_DIVIDE 3
#define SL_BROADCAST_NONE 0   /* b is [rows, columns] */
#define SL_BROADCAST_ROW 1    /* b is [columns], the same for every row */
#define SL_BROADCAST_COLUMN 2 /* b is [rows], the same along a row */
#define SL_BROADCAST_SCALAR 3 /* b is [1] */
/* y = a op b, a and y are [rows, columns]; y may be a. */
SL_API int32_t sl_binary(sl_context* context, int32_t op, int32_t broadcast, int32_t dtype, int64_t rows,
    int64_t columns, const void* a, const void* b, void* y);

/* ---- reductions, gathers ------------------------------------------------------------------------------------ */

#define SL_AXIS_ROWS 0    /* sums over rows: y is [columns] */
#define SL_AXIS_COLUMNS 1 /* sums along each row: y is [rows] */
#define SL_AXIS_ALL 2     /* y is [1] */
/* y = alpha * sum of x ([rows, columns], dtype) over the axis; y is f32. Partial sums are formed in f64. */
SL_API int32_t sl_reduce_sum(sl_context* context, int32_t axis, int32_t dtype, int64_t rows, int64_t columns,
    float alpha, const void* x, float* y, int32_t accumulate);

/* dx[i,j] = alpha * dy[.], dy as shaped by sl_reduce_sum's axis: the backward of sl_reduce_sum. */
SL_API int32_t sl_broadcast(sl_context* context, int32_t axis, int32_t dtype, int64_t rows, int64_t columns,
    float alpha, const float* dy, void* dx, int32_t accumulate);

/* y[i,:] = x[indices[i],:] for `count` rows of `columns` elements, x has `rows` rows; an index outside 0..rows-1 is
 * INVALID_ARGUMENT on the CPU and gives rows of zeros on a GPU. dtype may be any element type. */
SL_API int32_t sl_gather_rows(sl_context* context, int32_t dtype, int64_t rows, int64_t columns, int64_t count,
    const void* x, const int32_t* indices, void* y);

/* dx[indices[i],:] += dy[i,:] (dx [rows, columns], set to zero first unless `accumulate`); repeated indices are summed
 * in order of i. f32. */
SL_API int32_t sl_scatter_add_rows(sl_context* context, int32_t dtype, int64_t rows, int64_t columns, int64_t count,
    const void* dy, const int32_t* indices, void* dx, int32_t accumulate);

/* The k largest of each row of x [rows, columns] (f32), descending, ties by the lower column; values [rows, k] f32,
 * indices [rows, k] i32. 1 <= k <= columns. NaN sorts last. */
SL_API int32_t sl_topk(sl_context* context, int64_t rows, int64_t columns, int32_t k, const float* x, float* values,
    int32_t* indices);

/* Softmax cross-entropy: logits [rows, classes] f32, labels [rows] i32 in 0..classes-1 (else INVALID_ARGUMENT);
 * losses [rows] = -log softmax(logits)[label], probabilities [rows, classes] = softmax(logits). */
SL_API int32_t sl_cross_entropy(sl_context* context, int64_t rows, int64_t classes, const float* logits,
    const int32_t* labels, float* losses, float* probabilities);

/* dlogits[i,:] = dlosses[i] * (probabilities[i,:] - onehot(labels[i])). */
SL_API int32_t sl_cross_entropy_backward(sl_context* context, int64_t rows, int64_t classes, const float* probabilities,
    const int32_t* labels, const float* dlosses, float* dlogits, int32_t accumulate);

/* ---- random numbers ----------------------------------------------------------------------------------------- */

/* Philox4x32-10 with key (seed_low, seed_high) and counter (block, stream, step, 0), block = floor(i / 4) +
 * first_block, word i mod 4: y[i] = ((bits >> 8) + 0.5) * 2^-24 rounded to f32, so in (0, 1] (1 with a chance of
 * 2^-24), i in 0..n-1. The same bits on every device and in src/random/philox.ts. */
SL_API int32_t sl_philox_uniform(sl_context* context, uint32_t seed_low, uint32_t seed_high, uint32_t stream,
    uint32_t step, uint32_t first_block, int64_t n, float* y);

/* ---- convolution -------------------------------------------------------------------------------------------- */

/* Ten int32: square kernels or not, one stride and one padding for both axes, dilation 1, groups 1.
 * Output height = (height + 2 padding - kernel_height) / stride + 1, likewise width. */
typedef struct sl_conv_shape {
  int32_t batch;
  int32_t height;
  int32_t width;
  int32_t in_channels;
  int32_t out_channels;
  int32_t kernel_height;
  int32_t kernel_width;
  int32_t stride;
  int32_t padding;
  int32_t dtype;
} sl_conv_shape;

#define SL_CONV_FORWARD 0
#define SL_CONV_BACKWARD_DATA 1

/* Bytes of the packed weights for one direction of this shape into *host_bytes. */
SL_API int32_t sl_conv_packed_bytes(sl_context* context, const sl_conv_shape* host_shape, int32_t direction,
    int64_t* host_bytes);

/* Reorders or transforms (and for bf16 rounds) f32 OHWI weights to what the direction's kernel wants. */
SL_API int32_t sl_conv_pack(sl_context* context, const sl_conv_shape* host_shape, int32_t direction,
    const float* weights, void* packed);

/* y [N,H',W',O] = conv(x [N,H,W,I]); x, y of shape.dtype, packed for SL_CONV_FORWARD. */
SL_API int32_t sl_conv_forward(sl_context* context, const sl_conv_shape* host_shape, const void* x, const void* packed,
    void* y);

/* dx [N,H,W,I] from dy [N,H',W',O]; packed for SL_CONV_BACKWARD_DATA. */
SL_API int32_t sl_conv_backward_data(sl_context* context, const sl_conv_shape* host_shape, const void* dy,
    const void* packed, void* dx, int32_t accumulate);

/* dw f32 OHWI from x and dy. Of bf16 operands a GPU forms it in bf16, from sums of f32, and widens it. */
SL_API int32_t sl_conv_backward_weights(sl_context* context, const sl_conv_shape* host_shape, const void* x,
    const void* dy, float* dw, int32_t accumulate);

/* ---- matrix products ---------------------------------------------------------------------------------------- */

/* C [m,n] = alpha * op(A) op(B) + beta * C + bias. op(A) is [m,k]: A is stored [m,k], or [k,m] where transpose_a;
 * op(B) is [k,n]: B is stored [k,n], or [n,k] where transpose_b. A and B are of `dtype`, C of `out_dtype`. `bias` [n]
 * f32 is optional (NULL), added to every row. With beta 0, C is not read. k = 0 gives beta * C + bias. */
SL_API int32_t sl_matmul(sl_context* context, int32_t dtype, int32_t out_dtype, int64_t m, int64_t n, int64_t k,
    int32_t transpose_a, int32_t transpose_b, float alpha, const void* a, const void* b, float beta, void* c,
    const float* bias);

/* ---- batch norm: statistics, (collective), apply ---------------------------------------------------------------- */

/* statistics [2,C] f32 of x [rows, C]: the mean of each channel, then the sum of squared deviations from it. Ranks
 * merge theirs by Chan's formula between this call and the next. */
SL_API int32_t sl_norm_statistics(sl_context* context, int32_t dtype, int64_t rows, int64_t channels, const void* x,
    float* statistics);

/* From statistics over `count` rows: mean [C] and rstd [C] = 1 / sqrt(var_biased + epsilon). Where running_mean and
 * running_var are given (both or neither): r = (1 - momentum) r + momentum * (mean | unbiased variance, 0
 * of one row). */
SL_API int32_t sl_norm_finalize(sl_context* context, int64_t channels, int64_t count, const float* statistics,
    float epsilon, float momentum, float* running_mean, float* running_var, float* mean, float* rstd);

/* rstd [C] = 1 / sqrt(variance + epsilon): for norms that use their running statistics. */
SL_API int32_t sl_norm_rstd(sl_context* context, int64_t channels, const float* variance, float epsilon, float* rstd);

/* The norm's output v = gamma * (x - mean) * rstd + beta, then in this order, each optional:
 * + residual [N,HW,C] (NULL: none); relu where `relu`; times mask [N,C] f32 (NULL: none). x, residual, y: [N,HW,C] of
 * dtype. mask and residual together are INVALID_ARGUMENT. y may be x. */
SL_API int32_t sl_norm_apply(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels, int64_t channels,
    const void* x, const float* mean, const float* rstd, const float* gamma, const float* beta, const void* residual,
    int32_t relu, const float* mask, void* y);

/* With g = the gradient with respect to v: g = dy * mask * [v > 0] (factors as used in the forward call).
 * sums [2,C]: sum of g, sum of g * xhat, xhat = (x - mean) * rstd: these are dbeta and dgamma.
 * Where mask is given, dmask [N,C] f32 receives sum over pixels of dy * a, a = the value before the mask (relu(v) or
 * v). y is the forward output, read for the sign where relu and residual were used (NULL otherwise). */
SL_API int32_t sl_norm_backward_statistics(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
    int64_t channels, const void* dy, const void* x, const void* y, const float* mean, const float* rstd,
    const float* gamma, const float* beta, int32_t relu, const float* mask, float* sums, float* dmask);

/* dx = gamma * rstd * (g - sums[0] / count - xhat * sums[1] / count), sums and count over all ranks.
 * dresidual (NULL: none) = g. dx may be dy; dresidual may be neither. */
SL_API int32_t sl_norm_backward_apply(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
    int64_t channels, int64_t count, const void* dy, const void* x, const void* y, const float* mean, const float* rstd,
    const float* gamma, const float* beta, int32_t relu, const float* mask, const float* sums, void* dx,
    void* dresidual, int32_t accumulate_residual);

/* scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale: a norm of fixed statistics as one
 * multiply-add. */
SL_API int32_t sl_norm_fold(sl_context* context, int64_t channels, const float* mean, const float* variance,
    const float* gamma, const float* beta, float epsilon, float* scale, float* shift);

/* ---- pooling ------------------------------------------------------------------------------------------------ */

/* y [N,C] f32 = mean over pixels of x [N,HW,C]. */
SL_API int32_t sl_global_pool_forward(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
    int64_t channels, const void* x, float* y);
SL_API int32_t sl_global_pool_backward(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
    int64_t channels, const float* dy, void* dx, int32_t accumulate);

/* Square max pooling, padding counted as minus infinity; y [N,H',W',C], H' = (H + 2 padding - kernel) / stride + 1;
 * winners [N,H',W',C] u8: the index ky * kernel + kx of the first maximum in row order (kernel <= 15, padding <
 * kernel). */
SL_API int32_t sl_max_pool_forward(sl_context* context, int32_t dtype, int64_t batch, int64_t height, int64_t width,
    int64_t channels, int32_t kernel, int32_t stride, int32_t padding, const void* x, void* y, uint8_t* winners);
SL_API int32_t sl_max_pool_backward(sl_context* context, int32_t dtype, int64_t batch, int64_t height, int64_t width,
    int64_t channels, int32_t kernel, int32_t stride, int32_t padding, const void* dy, const uint8_t* winners, void* dx,
    int32_t accumulate);

/* ---- gate --------------------------------------------------------------------------------------------------- */

/* Training: g = log(u + 1e-8) - log(1 - u + 1e-8), soft = sigmoid((logit + g) / tau), mask = [soft >= 0.5], n elements,
 * f32, u in (0,1] from sl_philox_uniform. (method: Bernoulli gates, straight-through Gumbel) */
SL_API int32_t sl_gate_sample(sl_context* context, int64_t n, const float* logits, const float* uniform, float tau,
    float* mask, float* soft);

/* Straight-through: dlogits = dmask * soft * (1 - soft) / tau. */
SL_API int32_t sl_gate_sample_backward(sl_context* context, int64_t n, const float* soft, const float* dmask, float tau,
    float* dlogits, int32_t accumulate);

/* Evaluation: mask = [logit >= 0]. */
SL_API int32_t sl_gate_threshold(sl_context* context, int64_t n, const float* logits, float* mask);

/* Evaluation, a whole gate: mask [N,C] = [logit >= 0], logits = weight2 relu(norm(weight1 pooled)) + bias, from pooled
 * [N,I], weight1 [hidden,I], weight2 [C,hidden], bias [C] or NULL, and a norm of running statistics, [hidden] each;
 * f32. */
SL_API int32_t sl_gate_decide(sl_context* context, int64_t batch, int64_t in_channels, int64_t hidden, int64_t channels,
    const float* pooled, const float* weight1, const float* mean, const float* variance, const float* gamma,
    const float* beta, float epsilon, const float* weight2, const float* bias, float* mask);

/* ---- gated convolutions, inference --------------------------------------------------------------------------- */

/* A residual block whose channels an image may close: convolutions in a row, each followed by a norm and relu,
 *
 *   h = relu(scale * conv(h) + shift) * mask,     from h = x, the factor left out if the convolution is not masked,
 *   y = relu(scale * conv(h) + shift + residual)  in the last convolution, which is never masked.
 *
 * sl_gated_forward computes for each image only the channels that its masks open. It knows the block by this shape and
 * a table with one sl_gated_convolution for each convolution. */
typedef struct sl_gated_shape {
  int32_t batch;
  int32_t height;
  int32_t width;
  int32_t in_channels;
  int32_t convolutions; /* rows of the table, 1 to SL_GATED_MOST_CONVOLUTIONS */
} sl_gated_shape;

/* Output height = (height + 2 padding - kernel) / stride + 1, likewise width; kernels are square. */
typedef struct sl_gated_convolution {
  int32_t kernel;
  int32_t stride;
  int32_t padding;
  int32_t outputs; /* channels, open or not */
  int32_t masked;  /* 1 or 0 */
} sl_gated_convolution;

#define SL_GATED_MOST_CONVOLUTIONS 8

/* Columns of the addresses that sl_gated_forward takes for each convolution. */
#define SL_GATED_MASK 0   /* f32 [N,outputs] of 0 and 1; 0 if the convolution is not masked */
#define SL_GATED_PACKED 1 /* from sl_gated_pack, for this shape and table */
#define SL_GATED_SCALE 2  /* f32 [outputs], from sl_norm_fold */
#define SL_GATED_SHIFT 3  /* f32 [outputs], from sl_norm_fold */
#define SL_GATED_COLUMNS 4

/* Whether this library computes the table in one pass over the open channels: 1 or 0 into *host_supported. The answer
 * depends on the table alone. The other functions return UNSUPPORTED for a table that it has no kernels for: compute
 * that with sl_conv_forward and sl_norm_apply, which takes the mask. */
SL_API int32_t sl_gated_supports(sl_context* context, const sl_gated_shape* host_shape,
    const sl_gated_convolution* host_convolutions, int32_t* host_supported);

/* Bytes of the packed weights of the convolution in row `index`, 0 being the first, into *host_bytes. */
SL_API int32_t sl_gated_packed_bytes(sl_context* context, const sl_gated_shape* host_shape,
    const sl_gated_convolution* host_convolutions, int32_t index, int64_t* host_bytes);

/* Reorders or transforms the convolution's f32 OHWI weights into the order in which the kernels read those of one open
 * channel as contiguous runs. */
SL_API int32_t sl_gated_pack(sl_context* context, const sl_gated_shape* host_shape,
    const sl_gated_convolution* host_convolutions, int32_t index, const float* weights, void* packed);

/* x [N,H,W,I], residual and y [N,H',W',O] f32, O the outputs of the last convolution; host_operands
 * [convolutions, SL_GATED_COLUMNS] holds device addresses. */
SL_API int32_t sl_gated_forward(sl_context* context, const sl_gated_shape* host_shape,
    const sl_gated_convolution* host_convolutions, const uint64_t* host_operands, const float* x,
    const float* residual, float* y);

/* ---- optimisers (many tensors in one call) ------------------------------------------------------------------- */

/* For each of `tensors` tensors t: parameters, gradients and velocities hold device addresses, sizes element counts,
 * rates and weight_decays one value each. g += wd w; v = momentum v + g; w -= rate v. (PyTorch's SGD) */
SL_API int32_t sl_sgd_step(sl_context* context, int32_t tensors, const uint64_t* host_parameters,
    const uint64_t* host_gradients, const uint64_t* host_velocities, const int64_t* host_sizes, const float* host_rates,
    const float* host_weight_decays, float momentum);

/* As sl_sgd_step, but where host_adapt[t] is 1 and |w| and |g| are not 0:
 * trust = min(trust_coefficient |w| / (|g| + wd |w| + epsilon) / rate, 1); v = momentum v + trust (g + wd w); w -=
 * rate v. Where host_adapt[t] is 0: plain SGD with that tensor's weight decay. Where |w| or |g| is 0 under adapt: v =
 * momentum v + g. (LARS, You et al. 2017, with the clipping of LARC) */
SL_API int32_t sl_lars_step(sl_context* context, int32_t tensors, const uint64_t* host_parameters,
    const uint64_t* host_gradients, const uint64_t* host_velocities, const int64_t* host_sizes, const float* host_rates,
    const float* host_weight_decays, const int32_t* host_adapt, float momentum, float trust_coefficient,
    float epsilon);

/* ---- augmentation ------------------------------------------------------------------------------------------- */

/* Columns of the parameter table of sl_augment, one row of f32 an image; the operations are applied in this order.
 * Pixel values are in 0..1 throughout, clamped to it after each operation that can leave it. */
#define SL_AUGMENT_CROP_TOP 0      /* crop rectangle in source pixels, whole numbers inside the image */
#define SL_AUGMENT_CROP_LEFT 1
#define SL_AUGMENT_CROP_HEIGHT 2
#define SL_AUGMENT_CROP_WIDTH 3
/* A permutation of {0 brightness, 1 contrast, 2 saturation, 3 hue} as decimal digits, first applied first: 123 is
 * 0, 1, 2, 3; -1: no jitter. */
#define SL_AUGMENT_JITTER_ORDER 4
#define SL_AUGMENT_BRIGHTNESS 5    /* factors, 1 = unchanged */
#define SL_AUGMENT_CONTRAST 6
#define SL_AUGMENT_SATURATION 7
#define SL_AUGMENT_HUE 8           /* shift in turns, -0.5..0.5, 0 = unchanged */
#define SL_AUGMENT_GRAYSCALE 9     /* 1: replace by luma (0.299, 0.587, 0.114) in all three channels */
/* Gaussian blur, pixels of the output; 0: none. Radius min(ceil(3 sigma), size - 1) on each axis, borders mirrored
 * without repeating the edge pixel, weights normalised. */
#define SL_AUGMENT_BLUR_SIGMA 10
#define SL_AUGMENT_SOLARIZE 11     /* 1: invert values >= 128/255 */
#define SL_AUGMENT_FLIP 12         /* 1: mirror left-right */
#define SL_AUGMENT_COLUMNS 13

/* images u8 [count_in, H, W, 3], indices i32 [count] choose the source of each output, parameters f32 [count, COLUMNS],
 * y [count, out_height, out_width, 3] of dtype: (value - mean) / std. mean and std are host arrays of three.
 * The crop is resized with the bicubic kernel (a = -0.5), widened when it shrinks (Pillow's antialiasing); a crop of
 * the output's size passes pixels unchanged. */
SL_API int32_t sl_augment(sl_context* context, int32_t dtype, int64_t count_in, int64_t height, int64_t width,
    int64_t count, int64_t out_height, int64_t out_width, const uint8_t* images, const int32_t* indices,
    const float* parameters, const float* host_mean, const float* host_std, void* y);

/* y[n] = x[n] rotated counter-clockwise by turns[n] quarter turns, modulo 4: square images x and y
 * [count, side, side, channels] of any element type, turns i32 [count]. y may not be x. */
SL_API int32_t sl_rotate(sl_context* context, int32_t dtype, int64_t count, int64_t side, int64_t channels,
    const void* x, const int32_t* turns, void* y);

/* ---- images in files, read by the host ----------------------------------------------------------------------- */

/* Threads of the host that read images ahead of those that compute with them. The same in both libraries; no device is
 * involved, and every pointer is one of the host's. */
typedef struct sl_reader sl_reader;

/* `threads` (1..256) threads, all asleep. Belongs to the context only as far as errors do: it may outlive it. */
SL_API int32_t sl_reader_create(sl_context* context, int32_t threads, sl_reader** host_reader);

/* Ends the threads, once what they are at is done; jobs that nobody waited for are dropped. NULL is a no-op. */
SL_API int32_t sl_reader_destroy(sl_context* context, sl_reader* reader);

/* What an image in a file is: JPEG (baseline or progressive; grayscale, YCbCr, RGB, CMYK or YCCK, the latter two
 * inverted as Adobe writes them) or PNG (any colour type and depth), known by its first bytes and not by its name. It
 * becomes 8-bit RGB as Pillow's convert("RGB") makes it: grey three times, alpha and transparent colours dropped, of
 * 16 bits the upper 8 (of grey as of colours: there Pillow cuts at 255). Colour profiles and gamma are left alone.
 *
 * It becomes upright too, by its orientation, which sizes and frames already count with: the first value of EXIF's
 * entry, of whichever type of whole numbers (a JPEG's APP1 segments Exif, each continuing the one before; a PNG's
 * eXIf chunk, else its text "Raw profile type exif"); if EXIF has no such entry, tiff:Orientation of XMP (APP1; the
 * PNG's text "XML:com.adobe.xmp"). A value other than 1 to 8 leaves the image as it is, and so do an EXIF entry of
 * text or fractions, EXIF in another of a PNG's texts, and a text of more than 1 MiB.
 *
 * Refused by name: another format, more than 100,000,000 pixels, one side more than 65,536 times the other, a PNG
 * more than 1,000,000 pixels wide, more than 100 scans, a damaged or truncated file, one that cannot be opened. */

/* Reads the headers of `count` files on all threads, and waits. host_paths: their UTF-8 paths one after the other, each
 * ended by a zero, path_bytes in all. host_sizes i32 [count, 2]: upright height and width, 0 and 0 of a file that is
 * refused. host_text: a JSON array of the refused, in order, [{"index","reason"}], a reason being one sentence of at
 * most 200 bytes without the path; capacity is at least 256 (count + 1). */
SL_API int32_t sl_reader_inspect(sl_context* context, sl_reader* reader, int64_t count, const char* host_paths,
    int64_t path_bytes, int32_t* host_sizes, char* host_text, int64_t capacity);

/* Columns of a frame: what is cut out of an image, the size that it is resized to (as sl_augment resizes, to the
 * nearest of 256 values), and where in that the wanted pixels begin. */
#define SL_FRAME_TOP 0 /* the crop, in pixels of the upright image, inside it */
#define SL_FRAME_LEFT 1
#define SL_FRAME_HEIGHT 2
#define SL_FRAME_WIDTH 3
#define SL_FRAME_RESIZED_HEIGHT 4
#define SL_FRAME_RESIZED_WIDTH 5
#define SL_FRAME_WINDOW_TOP 6 /* out_height x out_width pixels from here on lie inside the resized crop */
#define SL_FRAME_WINDOW_LEFT 7
#define SL_FRAME_COLUMNS 8

/* Queues the decoding of `count` files, `views` (1..16) frames of each: host_frames i32 [count, views,
 * SL_FRAME_COLUMNS], host_pixels u8 [views, count, out_height, out_width, 3], the caller's until the job was waited
 * for. Paths and frames are copied. A JPEG may be decoded at 1/2, 1/4 or 1/8 of its size where all of its crops are
 * that much larger than what they are resized to, and only as far as they reach. The pixels depend on nothing but the
 * file and its frames. *host_job: the job's number. Jobs are begun in the order of their numbers. */
SL_API int32_t sl_reader_decode(sl_context* context, sl_reader* reader, int64_t count, const char* host_paths,
    int64_t path_bytes, int32_t views, const int32_t* host_frames, int64_t out_height, int64_t out_width,
    uint8_t* host_pixels, int64_t* host_job);

/* Queues the reading of `count` records of one file, i64 host_records being their numbers from 0: each 3 height width
 * bytes, planes of red, of green and of blue, each column by column (STL-10). host_pixels u8 [count, height, width,
 * 3], as above. */
SL_API int32_t sl_reader_records(sl_context* context, sl_reader* reader, const char* host_path, int64_t count,
    const int64_t* host_records, int64_t height, int64_t width, uint8_t* host_pixels, int64_t* host_job);

/* Whether a job is done: 1 or 0 into *host_done. Waits for nothing. */
SL_API int32_t sl_reader_done(sl_context* context, sl_reader* reader, int64_t job, int32_t* host_done);

/* Waits for a job, whose number is of no use afterwards. host_text as sl_reader_inspect's, capacity by the job's count:
 * images or records that could not be read, whose pixels are all zero. Where the capacity is too small nothing
 * happens. */
SL_API int32_t sl_reader_wait(sl_context* context, sl_reader* reader, int64_t job, char* host_text, int64_t capacity);

#ifdef __cplusplus
}
#endif

#endif

/*
 * The C interface that both native libraries of sluice export: sluice_cpu (oneDNN, OpenMP) and sluice_cuda.
 *
 * These conventions hold for every function unless its comment says otherwise:
 *
 *  - A function returns a status: SL_OK or an SL_ERROR code. After an error, sl_last_error() holds one sentence that
 *    names the operation, the shapes and the cause. The sentence belongs to the calling thread and lives until the
 *    thread's next failure. Nothing aborts, exits or prints. If another library prints to C's stdout, the text goes to
 *    stderr.
 *  - The library keeps no tensors: the caller owns every buffer, its shape and its lifetime. Pointers are device memory
 *    from sl_malloc, except those named `host_...`. Compute calls run in order on the context's compute stream.
 *  - Activations are NHWC, convolution weights OHWI, matrices row-major. Scalars, statistics, losses, gates and master
 *    weights are f32. `dtype` is the type of activations and matrix operands: SL_F32 or SL_BF16. Denormal numbers of
 *    bf16 may count as 0.
 *  - `accumulate` 0 overwrites an output, which may hold anything before, NaN included; 1 adds to it.
 *  - Reductions have a fixed order: the same call on the same device with the same thread count gives the same bits.
 *  - A negative size, a null pointer that is not documented as optional, or an unknown dtype is
 *    SL_ERROR_INVALID_ARGUMENT, and nothing is written. So is a tensor whose sizes multiply to more than 2^48, where a
 *    size of 0 counts as 1: below this limit no offset and no workspace overflows 64 bits. A tensor of zero elements is
 *    valid: the call does nothing.
 *  - A wrong index in a device buffer is INVALID_ARGUMENT too. On the CPU the call itself returns the status; on a GPU
 *    the next call that waits for the device returns it. Nothing outside the buffers is read or written.
 *  - Declarations are regular, one per statement (`SL_API int32_t sl_name(type name, ...);`): src/device/abi.ts and
 *    src/device/abi_constants.ts mirror this file, and a test compares them.
 */
#ifndef SLUICE_H
#define SLUICE_H

#include <stdint.h>

#define SL_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

#define SL_ABI_VERSION 4

/* Status codes. */
#define SL_OK 0
#define SL_ERROR_INVALID_ARGUMENT 1
#define SL_ERROR_OUT_OF_MEMORY 2
#define SL_ERROR_UNSUPPORTED 3 /* the device cannot do it, such as bf16 without AVX-512 */
#define SL_ERROR_BACKEND 4     /* oneDNN, cuDNN or another library failed */

/* Element types. */
#define SL_F32 0
#define SL_BF16 1
#define SL_U8 2
#define SL_I32 3

typedef struct sl_context sl_context; /* a device with its threads or streams and its caches */
typedef struct sl_stream sl_stream;   /* an ordered queue of work; NULL is the compute stream */
typedef struct sl_event sl_event;     /* a point in a stream */
typedef struct sl_graph sl_graph;     /* recorded work of the compute stream, which one call repeats */

/* ---- library and context ------------------------------------------------------------------------------------ */

/* Returns the library's SL_ABI_VERSION, which the caller compares with its own. Not a status. */
SL_API int32_t sl_abi_version(void);

/* Returns the sentence of this thread's last failure, empty before the first. Not a status. */
SL_API const char* sl_last_error(void);

/* Writes the number of devices that the library can drive to *host_count; 1 for the CPU library. */
SL_API int32_t sl_device_count(int32_t* host_count);

/* Writes a JSON object that describes device `index` to host_text (UTF-8, zero-terminated, at most `capacity` bytes):
 * {"kind","name","isa","cores","backend","backendVersion","bf16","tf32","sharedPacks"}. isa is oneDNN's effective
 * instruction set or the GPU's architecture; bf16 and tf32 say whether the device multiplies such operands; sharedPacks
 * says whether what sl_conv_pack writes is the same for both directions. */
SL_API int32_t sl_device_describe(int32_t index, char* host_text, int64_t capacity);

/* Writes a JSON array of the library's requirements to host_text, as sl_device_describe does: those without which no
 * device can be used, and if `all` is not 0, also libraries that are of use. Each is
 * {"name","needed","found","detail"}; the detail is the version and path, or a sentence that says what is missing,
 * in which places, and the remedy. */
SL_API int32_t sl_requirements(int32_t all, char* host_text, int64_t capacity);

/* Creates a context on device `index` and writes its handle to *host_context. `threads` is the number of CPU threads of
 * every call: 1 to 16 times the cores that this process may use. It is fixed for the life of the context; a GPU ignores
 * it. */
SL_API int32_t sl_context_create(int32_t index, int32_t threads, sl_context** host_context);

/* Sets whether later f32 products and convolutions may round their operands to TF32 (10 bits of mantissa); 0 at first.
 * UNSUPPORTED if `allow` is not 0 and the device has no TF32. */
SL_API int32_t sl_context_allow_tf32(sl_context* context, int32_t allow);

/* Sets whether a convolution of a new shape measures the suitable engines at its first use and keeps the fastest. At
 * first this is 0: a convolution takes the library's first choice, which is the same in every run. UNSUPPORTED if
 * `measure` is not 0 on the CPU, which has no choice. */
SL_API int32_t sl_context_autotune(sl_context* context, int32_t measure);

/* Writes the engines that convolutions have used until now to host_text, as lines of text after a line that names
 * device and library. Nothing is written if the text does not fit; *host_bytes receives the bytes that it needs, with
 * the zero at its end. The same choices give the same text. The text is empty on the CPU. */
SL_API int32_t sl_plans_export(sl_context* context, char* host_text, int64_t capacity, int64_t* host_bytes);

/* Uses the engines of a text of sl_plans_export for convolutions that are new from now on. INVALID_ARGUMENT, and no
 * effect, if it is not such a text, or if it names another device or library. A convolution whose engine cannot be used
 * fails with BACKEND, and the sentence names the line. */
SL_API int32_t sl_plans_import(sl_context* context, const char* host_text);

/* Frees the context, its caches and every buffer that is still allocated from it. NULL is a no-op. */
SL_API int32_t sl_context_destroy(sl_context* context);

/* Waits until all streams of the context are idle. */
SL_API int32_t sl_synchronize(sl_context* context);

/* ---- memory ------------------------------------------------------------------------------------------------- */

/* Allocates `bytes` of device memory from the caching allocator: 64-byte aligned, contents undefined. */
SL_API int32_t sl_malloc(sl_context* context, int64_t bytes, void** host_pointer);

/* Returns a buffer of sl_malloc to the cache. NULL is a no-op; a pointer that is not allocated is INVALID_ARGUMENT.
 *
 * Buffers are reused in the order of the compute stream: sl_malloc may return a buffer that queued work still uses. If
 * another stream uses a buffer, it must first wait for an event of the compute stream, and before sl_free the compute
 * stream must wait for an event of that stream. */
SL_API int32_t sl_free(sl_context* context, void* pointer);

/* Allocates and frees pinned host memory, for transfers that overlap computation. */
SL_API int32_t sl_host_malloc(sl_context* context, int64_t bytes, void** host_pointer);
SL_API int32_t sl_host_free(sl_context* context, void* pointer);

/* Writes to host_stats[0..3]: bytes in use (requests rounded up to 64), bytes reserved from the system (of the regions
 * that large buffers are cut from, only the part ever used), peak of bytes in use, number of buffers in use. */
SL_API int32_t sl_memory_stats(sl_context* context, int64_t* host_stats);

/* Writes the bytes of memory of the whole device, those of other processes included, to *host_bytes. */
SL_API int32_t sl_memory_total(sl_context* context, int64_t* host_bytes);

/* Resets the peak of bytes in use to the bytes now in use. */
SL_API int32_t sl_memory_reset_peak(sl_context* context);

/* Returns cached, unused blocks to the system. */
SL_API int32_t sl_memory_trim(sl_context* context);

/* Copies between ranges that do not overlap, in the order of `stream`. With ordinary host memory, an upload has read
 * its source and a download has written its destination when it returns. With pinned memory the copy may still run
 * until the caller has waited for the stream. Small uploads do not wait for the stream's earlier work. */
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
/* Sets the event to the present end of `stream`. */
SL_API int32_t sl_event_record(sl_context* context, sl_event* event, sl_stream* stream);
/* Makes later work of `stream` wait for the event. */
SL_API int32_t sl_event_wait(sl_context* context, sl_event* event, sl_stream* stream);
/* Makes the calling thread wait for the event. */
SL_API int32_t sl_event_synchronize(sl_context* context, sl_event* event);

/* ---- recorded work ------------------------------------------------------------------------------------------ */

/* From here to sl_graph_end, calls record their work in *host_graph instead of queueing it. They take device memory
 * that no other work gets, so that the graph may write to it whenever it is launched. What a call is given as a number
 * stays as it is; what it reads from device memory is read anew in every launch. Make the same calls once before: the
 * first use of a shape may measure or compile. sl_upload, sl_download, sl_synchronize, sl_memory_trim and events are
 * UNSUPPORTED meanwhile. UNSUPPORTED on the CPU. */
SL_API int32_t sl_graph_begin(sl_context* context, sl_graph** host_graph);

/* Ends the recording. After an error only sl_graph_destroy takes the graph. */
SL_API int32_t sl_graph_end(sl_context* context, sl_graph* graph);

/* Queues the recorded work in the compute stream. */
SL_API int32_t sl_graph_launch(sl_context* context, sl_graph* graph);

/* Waits for the compute stream and frees the graph; a recording under way ends, and is lost. Memory that the recorded
 * calls allocated and nobody has freed stays valid until it is freed. NULL is a no-op. UNSUPPORTED while another graph
 * is being recorded. Call it before sl_context_destroy. */
SL_API int32_t sl_graph_destroy(sl_context* context, sl_graph* graph);

/* As sl_upload in the compute stream, for data that are the same whenever the work is repeated: a recording keeps a
 * copy of them. At most 256 KiB. */
SL_API int32_t sl_upload_constant(sl_context* context, void* destination, const void* host_source, int64_t bytes);

/* ---- element-wise ------------------------------------------------------------------------------------------- */

/* x[i] = value, for n elements. */
SL_API int32_t sl_fill(sl_context* context, int32_t dtype, int64_t n, float value, void* x);

/* y = (to) x, for n elements: between SL_F32 and SL_BF16 (ties to even), and from SL_U8 or SL_I32 to SL_F32. */
SL_API int32_t sl_cast(sl_context* context, int32_t from, int32_t to, int64_t n, const void* x, void* y);

/* y = alpha * x + beta * y, for n elements. If beta is 0, y is not read. */
SL_API int32_t sl_axpby(sl_context* context, int32_t dtype, int64_t n, float alpha, const void* x, float beta, void* y);

#define SL_UNARY_RELU 0
#define SL_UNARY_SQUARE 1
#define SL_UNARY_SQRT 2
#define SL_UNARY_EXP 3
#define SL_UNARY_LOG 4
/* y[i] = op(x[i]), for n elements. */
SL_API int32_t sl_unary(sl_context* context, int32_t op, int32_t dtype, int64_t n, const void* x, void* y);
/* dx[i] = dy[i] * op'(x[i]). The caller passes the saved y = op(x). relu'(0) = 0 and sqrt'(0) = 0. */
SL_API int32_t sl_unary_backward(sl_context* context, int32_t op, int32_t dtype, int64_t n, const void* x,
                                 const void* y, const void* dy, void* dx, int32_t accumulate);

#define SL_BINARY_ADD 0
#define SL_BINARY_SUBTRACT 1
#define SL_BINARY_MULTIPLY 2
#define SL_BINARY_DIVIDE 3
#define SL_BROADCAST_NONE 0   /* b is [rows, columns] */
#define SL_BROADCAST_ROW 1    /* b is [columns], broadcast over the rows */
#define SL_BROADCAST_COLUMN 2 /* b is [rows], broadcast over the columns */
#define SL_BROADCAST_SCALAR 3 /* b is [1] */
/* y = a op b; a and y are [rows, columns], and y may be a. */
SL_API int32_t sl_binary(sl_context* context, int32_t op, int32_t broadcast, int32_t dtype, int64_t rows,
                         int64_t columns, const void* a, const void* b, void* y);

/* ---- reductions, gathers ------------------------------------------------------------------------------------ */

#define SL_AXIS_ROWS 0    /* sums over the rows: y is [columns] */
#define SL_AXIS_COLUMNS 1 /* sums along each row: y is [rows] */
#define SL_AXIS_ALL 2     /* y is [1] */
/* y = alpha * sum of x over the axis; x is [rows, columns] of dtype, y is f32. Partial sums are f64. */
SL_API int32_t sl_reduce_sum(sl_context* context, int32_t axis, int32_t dtype, int64_t rows, int64_t columns,
                             float alpha, const void* x, float* y, int32_t accumulate);

/* The backward of sl_reduce_sum: dx[i,j] = alpha * dy[k], where k is the element to which x[i,j] was added. */
SL_API int32_t sl_broadcast(sl_context* context, int32_t axis, int32_t dtype, int64_t rows, int64_t columns,
                            float alpha, const float* dy, void* dx, int32_t accumulate);

/* y[i,:] = x[indices[i],:] for `count` rows of `columns` elements; x has `rows` rows. dtype may be any element type. An
 * index outside 0..rows-1 is INVALID_ARGUMENT; a GPU also writes a row of zeros for it. */
SL_API int32_t sl_gather_rows(sl_context* context, int32_t dtype, int64_t rows, int64_t columns, int64_t count,
                              const void* x, const int32_t* indices, void* y);

/* dx[indices[i],:] += dy[i,:]. dx [rows, columns] is set to zero first unless `accumulate`. Repeated indices are summed
 * in the order of i. f32. */
SL_API int32_t sl_scatter_add_rows(sl_context* context, int32_t dtype, int64_t rows, int64_t columns, int64_t count,
                                   const void* dy, const int32_t* indices, void* dx, int32_t accumulate);

/* The k largest values of each row of x [rows, columns] f32 in descending order: values [rows, k] f32, and their
 * columns in indices [rows, k] i32. 1 <= k <= columns. Ties go to the lower column. NaN comes last. */
SL_API int32_t sl_topk(sl_context* context, int64_t rows, int64_t columns, int32_t k, const float* x, float* values,
                       int32_t* indices);

/* Softmax cross-entropy of logits [rows, classes] f32 and labels [rows] i32: losses [rows] =
 * -log softmax(logits)[label], probabilities [rows, classes] = softmax(logits). A label outside 0..classes-1 is
 * INVALID_ARGUMENT. */
SL_API int32_t sl_cross_entropy(sl_context* context, int64_t rows, int64_t classes, const float* logits,
                                const int32_t* labels, float* losses, float* probabilities);

/* dlogits[i,:] = dlosses[i] * (probabilities[i,:] - onehot(labels[i])). */
SL_API int32_t sl_cross_entropy_backward(sl_context* context, int64_t rows, int64_t classes, const float* probabilities,
                                         const int32_t* labels, const float* dlosses, float* dlogits,
                                         int32_t accumulate);

/* ---- random numbers ----------------------------------------------------------------------------------------- */

/* y[i] = ((bits >> 8) + 0.5) * 2^-24 rounded to f32, i in 0..n-1: in (0, 1], and 1 with a probability of 2^-24. The
 * bits are word i mod 4 of Philox4x32-10 with key (seed_low, seed_high) and counter (floor(i / 4) + first_block,
 * stream, step, 0). They are the same on every device and in src/random/philox.ts. */
SL_API int32_t sl_philox_uniform(sl_context* context, uint32_t seed_low, uint32_t seed_high, uint32_t stream,
                                 uint32_t step, uint32_t first_block, int64_t n, float* y);

/* ---- convolution -------------------------------------------------------------------------------------------- */

/* A convolution with one stride and one padding for both axes, dilation 1 and groups 1. Kernels need not be square.
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

/* Writes the bytes of the packed weights for one direction of this shape to *host_bytes. */
SL_API int32_t sl_conv_packed_bytes(sl_context* context, const sl_conv_shape* host_shape, int32_t direction,
                                    int64_t* host_bytes);

/* Reorders or transforms f32 OHWI weights to the layout of the direction's kernel, and rounds them for bf16. */
SL_API int32_t sl_conv_pack(sl_context* context, const sl_conv_shape* host_shape, int32_t direction,
                            const float* weights, void* packed);

/* y [N,H',W',O] = conv(x [N,H,W,I]); x and y are of shape.dtype, weights packed for SL_CONV_FORWARD. */
SL_API int32_t sl_conv_forward(sl_context* context, const sl_conv_shape* host_shape, const void* x, const void* packed,
                               void* y);

/* dx [N,H,W,I] from dy [N,H',W',O]; weights packed for SL_CONV_BACKWARD_DATA. */
SL_API int32_t sl_conv_backward_data(sl_context* context, const sl_conv_shape* host_shape, const void* dy,
                                     const void* packed, void* dx, int32_t accumulate);

/* dw f32 OHWI from x and dy. If the operands are bf16, a GPU sums in f32, rounds dw to bf16 and widens it. */
SL_API int32_t sl_conv_backward_weights(sl_context* context, const sl_conv_shape* host_shape, const void* x,
                                        const void* dy, float* dw, int32_t accumulate);

/* ---- matrix products ---------------------------------------------------------------------------------------- */

/* C [m,n] = alpha * op(A) op(B) + beta * C + bias. op(A) is [m,k]: A is stored as [m,k], or as [k,m] if transpose_a.
 * op(B) is [k,n]: B is stored as [k,n], or as [n,k] if transpose_b. A and B are of `dtype`, C of `out_dtype`. `bias`
 * [n] f32 is added to every row; it may be NULL. If beta is 0, C is not read. k = 0 gives beta * C + bias. */
SL_API int32_t sl_matmul(sl_context* context, int32_t dtype, int32_t out_dtype, int64_t m, int64_t n, int64_t k,
                         int32_t transpose_a, int32_t transpose_b, float alpha, const void* a, const void* b,
                         float beta, void* c, const float* bias);

/* ---- batch norm: statistics, (collective), apply ---------------------------------------------------------------- */

/* statistics [2,C] f32 of x [rows, C]: the mean of each channel, and the sum of squared deviations from it. Ranks merge
 * their statistics by Chan's formula between this call and sl_norm_finalize. */
SL_API int32_t sl_norm_statistics(sl_context* context, int32_t dtype, int64_t rows, int64_t channels, const void* x,
                                  float* statistics);

/* From statistics over `count` rows: mean [C] and rstd [C] = 1 / sqrt(biased variance + epsilon). If running_mean and
 * running_var are given (both or neither), they become (1 - momentum) * old + momentum * new; the new variance is the
 * unbiased one, and 0 for a single row. */
SL_API int32_t sl_norm_finalize(sl_context* context, int64_t channels, int64_t count, const float* statistics,
                                float epsilon, float momentum, float* running_mean, float* running_var, float* mean,
                                float* rstd);

/* rstd [C] = 1 / sqrt(variance + epsilon), for norms that use their running statistics. */
SL_API int32_t sl_norm_rstd(sl_context* context, int64_t channels, const float* variance, float epsilon, float* rstd);

/* The norm's output v = gamma * (x - mean) * rstd + beta, followed by three optional steps in this order: plus residual
 * [N,HW,C] unless NULL; relu if `relu`; times mask [N,C] f32 unless NULL. x, residual and y are [N,HW,C] of dtype. mask
 * and residual together are INVALID_ARGUMENT. y may be x.
 * signs, unless NULL, receives [v > 0] for the backward of relu after a residual, and is INVALID_ARGUMENT without both.
 * If C is a multiple of 8, it is [N,HW,C/4]: bit k of a byte belongs to channel 4 byte + k, the other bits are 0; every
 * array of the call must then be aligned to 16 bytes, signs to 2. Otherwise it is [N,HW,C] of 0 and 1. */
SL_API int32_t sl_norm_apply(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels, int64_t channels,
                             const void* x, const float* mean, const float* rstd, const float* gamma, const float* beta,
                             const void* residual, int32_t relu, const float* mask, void* y, uint8_t* signs);

/* g = dy * mask * [v > 0] is the gradient with respect to v, with the factors of the forward call. sums [2,C] receives
 * the sum of g and the sum of g * xhat, xhat = (x - mean) * rstd: these are dbeta and dgamma. If mask is given, dmask
 * [N,C] f32 receives the sum over pixels of dy * a, a = the value before the mask: relu(v) or v. signs are those of the
 * forward call if relu and residual were used, NULL otherwise; what they ask of the arrays holds here too. */
SL_API int32_t sl_norm_backward_statistics(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                           int64_t channels, const void* dy, const void* x, const uint8_t* signs,
                                           const float* mean, const float* rstd, const float* gamma, const float* beta,
                                           int32_t relu, const float* mask, float* sums, float* dmask);

/* dx = gamma * rstd * (g - sums[0] / count - xhat * sums[1] / count), with sums and count over all ranks. dresidual = g
 * unless NULL. dx may be dy; dresidual must be another buffer. */
SL_API int32_t sl_norm_backward_apply(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                      int64_t channels, int64_t count, const void* dy, const void* x,
                                      const uint8_t* signs, const float* mean, const float* rstd, const float* gamma,
                                      const float* beta, int32_t relu, const float* mask, const float* sums, void* dx,
                                      void* dresidual, int32_t accumulate_residual);

/* scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale: a norm with fixed statistics as one
 * multiply-add. */
SL_API int32_t sl_norm_fold(sl_context* context, int64_t channels, const float* mean, const float* variance,
                            const float* gamma, const float* beta, float epsilon, float* scale, float* shift);

/* ---- pooling ------------------------------------------------------------------------------------------------ */

/* y [N,C] f32 = mean over pixels of x [N,HW,C]. */
SL_API int32_t sl_global_pool_forward(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                      int64_t channels, const void* x, float* y);
SL_API int32_t sl_global_pool_backward(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                       int64_t channels, const float* dy, void* dx, int32_t accumulate);

/* Max pooling over square windows; padding counts as minus infinity. y is [N,H',W',C],
 * H' = (H + 2 padding - kernel) / stride + 1. winners [N,H',W',C] u8 receives the index ky * kernel + kx of the maximum
 * in its window; ties go to the first in row order. kernel <= 15, padding < kernel. */
SL_API int32_t sl_max_pool_forward(sl_context* context, int32_t dtype, int64_t batch, int64_t height, int64_t width,
                                   int64_t channels, int32_t kernel, int32_t stride, int32_t padding, const void* x,
                                   void* y, uint8_t* winners);
SL_API int32_t sl_max_pool_backward(sl_context* context, int32_t dtype, int64_t batch, int64_t height, int64_t width,
                                    int64_t channels, int32_t kernel, int32_t stride, int32_t padding, const void* dy,
                                    const uint8_t* winners, void* dx, int32_t accumulate);

/* ---- gate --------------------------------------------------------------------------------------------------- */

/* Training: g = log(u + 1e-8) - log(1 - u + 1e-8), soft = sigmoid((factor logit + g) / tau), mask = [soft >= 0.5]; n
 * elements, f32, u in (0,1] from sl_philox_uniform. setting[0] is the factor, setting[1] is tau, which must be above 0:
 * both lie in device memory, because they change from step to step. (Bernoulli gates, straight-through Gumbel) */
SL_API int32_t sl_gate_sample(sl_context* context, int64_t n, const float* logits, const float* uniform,
                              const float* setting, float* mask, float* soft);

/* Straight-through: dlogits = factor * dmask * soft * (1 - soft) / tau. */
SL_API int32_t sl_gate_sample_backward(sl_context* context, int64_t n, const float* soft, const float* dmask,
                                       const float* setting, float* dlogits, int32_t accumulate);

/* Evaluation: mask = [logit >= 0]. */
SL_API int32_t sl_gate_threshold(sl_context* context, int64_t n, const float* logits, float* mask);

/* Evaluation of a whole gate: mask [N,C] = [logits >= 0], logits = weight2 relu(norm(weight1 pooled)) + bias. pooled is
 * [N,I], weight1 [hidden,I], weight2 [C,hidden], bias [C] or NULL. The norm's running statistics and parameters are
 * [hidden]. f32. */
SL_API int32_t sl_gate_decide(sl_context* context, int64_t batch, int64_t in_channels, int64_t hidden, int64_t channels,
                              const float* pooled, const float* weight1, const float* mean, const float* variance,
                              const float* gamma, const float* beta, float epsilon, const float* weight2,
                              const float* bias, float* mask);

/* ---- gated convolutions, inference --------------------------------------------------------------------------- */

/* A residual block whose channels an image may close: convolutions in a row, each followed by a norm and relu,
 *
 *   h = relu(scale * conv(h) + shift) * mask,     from h = x, the factor left out if the convolution is not masked,
 *   y = relu(scale * conv(h) + shift + residual)  in the last convolution, which is never masked.
 *
 * sl_gated_forward's cost follows the channels that each image's masks open. It knows the block by this shape and a
 * table with one sl_gated_convolution for each convolution. A mask that opens a part of a group is allowed, but may
 * cost as much as if it opened the whole group. */
typedef struct sl_gated_shape {
  int32_t batch;
  int32_t height;
  int32_t width;
  int32_t in_channels;
  int32_t convolutions; /* rows of the table, 1 to SL_GATED_MOST_CONVOLUTIONS */
  int32_t dtype;        /* of x, residual and y: SL_F32 or SL_BF16 */
} sl_gated_shape;

/* Output height = (height + 2 padding - kernel) / stride + 1, likewise width; kernels are square. */
typedef struct sl_gated_convolution {
  int32_t kernel;
  int32_t stride;
  int32_t padding;
  int32_t outputs; /* channels, open or not */
  int32_t group;   /* neighbouring channels that the mask opens together, 0 if the convolution is not masked */
} sl_gated_convolution;

#define SL_GATED_MOST_CONVOLUTIONS 8

/* Columns of the addresses that sl_gated_forward takes for each convolution. */
#define SL_GATED_MASK 0   /* f32 [N,outputs] of 0 and 1; 0 if the convolution is not masked */
#define SL_GATED_PACKED 1 /* from sl_gated_pack, for this shape and table */
#define SL_GATED_SCALE 2  /* f32 [outputs], from sl_norm_fold */
#define SL_GATED_SHIFT 3  /* f32 [outputs], from sl_norm_fold */
#define SL_GATED_COLUMNS 4

/* Whether this library has kernels of its own for the table: 1 or 0 into *host_supported. The answer depends on the
 * table, the dtype, the input channels and the processor. The other functions return UNSUPPORTED for a table that it
 * has no kernels for: compute that with sl_conv_forward and sl_norm_apply, which takes the mask. */
SL_API int32_t sl_gated_supports(sl_context* context, const sl_gated_shape* host_shape,
                                 const sl_gated_convolution* host_convolutions, int32_t* host_supported);

/* Into *host_open: from how many open channels of its first mask on an image is computed in full, because so many would
 * cost more one by one; one more than the channels if never. It depends on the shape, the table and the processor. */
SL_API int32_t sl_gated_full_from(sl_context* context, const sl_gated_shape* host_shape,
                                  const sl_gated_convolution* host_convolutions, int32_t* host_open);

/* Bytes of the packed weights of the convolution in row `index`, 0 being the first, into *host_bytes. */
SL_API int32_t sl_gated_packed_bytes(sl_context* context, const sl_gated_shape* host_shape,
                                     const sl_gated_convolution* host_convolutions, int32_t index, int64_t* host_bytes);

/* Reorders or transforms the convolution's f32 OHWI weights into the order in which the kernels read them: those of one
 * open channel, or of a vector of channels, as contiguous runs, and perhaps a second time for images in full. */
SL_API int32_t sl_gated_pack(sl_context* context, const sl_gated_shape* host_shape,
                             const sl_gated_convolution* host_convolutions, int32_t index, const float* weights,
                             void* packed);

/* x [N,H,W,I], residual and y [N,H',W',O] of the shape's dtype, O the outputs of the last convolution; host_operands
 * [convolutions, SL_GATED_COLUMNS] holds device addresses. If `products` is SL_BF16, operands may be rounded to bf16
 * before they are multiplied, and if it is SL_F32 and TF32 is allowed, to TF32; maps in bf16 are multiplied in bf16, or
 * on a CPU in f32 if a mask opens few single channels. Sums are f32. pooled [N,O] f32, or NULL, becomes what
 * sl_global_pool_forward gives for y: what the gates of the next block read. After OUT_OF_MEMORY, y and pooled are
 * undefined. */
SL_API int32_t sl_gated_forward(sl_context* context, const sl_gated_shape* host_shape,
                                const sl_gated_convolution* host_convolutions, int32_t products,
                                const uint64_t* host_operands, const void* x, const void* residual, void* y,
                                float* pooled);

/* ---- optimisers (many tensors in one call) ------------------------------------------------------------------- */

/* For each tensor t in 0..tensors-1: g += weight_decay w; v = momentum v + g; w -= rate v. (PyTorch's SGD) The tables
 * of parameters w, gradients g and velocities v hold device addresses of f32 buffers, sizes their element counts. */
SL_API int32_t sl_sgd_step(sl_context* context, int32_t tensors, const uint64_t* host_parameters,
                           const uint64_t* host_gradients, const uint64_t* host_velocities, const int64_t* host_sizes,
                           const float* host_rates, const float* host_weight_decays, float momentum);

/* LARS (You et al. 2017) with the clipping of LARC. If host_adapt[t] is 1 and |w| and |g| are not 0:
 * trust = min(trust_coefficient |w| / (|g| + weight_decay |w| + epsilon) / rate, 1),
 * v = momentum v + trust (g + weight_decay w), w -= rate v. If host_adapt[t] is 1 and |w| or |g| is 0:
 * v = momentum v + g, w -= rate v. If host_adapt[t] is 0: as sl_sgd_step. */
SL_API int32_t sl_lars_step(sl_context* context, int32_t tensors, const uint64_t* host_parameters,
                            const uint64_t* host_gradients, const uint64_t* host_velocities, const int64_t* host_sizes,
                            const float* host_rates, const float* host_weight_decays, const int32_t* host_adapt,
                            float momentum, float trust_coefficient, float epsilon);

/* ---- augmentation ------------------------------------------------------------------------------------------- */

/* Columns of the parameter table of sl_augment, which has one row of f32 for each view. The operations are applied in
 * this order. Pixel values are in 0..1; each operation that can leave this range clamps its result. */
#define SL_AUGMENT_CROP_TOP 0 /* crop rectangle in source pixels, whole numbers inside the image */
#define SL_AUGMENT_CROP_LEFT 1
#define SL_AUGMENT_CROP_HEIGHT 2
#define SL_AUGMENT_CROP_WIDTH 3
/* A permutation of {0 brightness, 1 contrast, 2 saturation, 3 hue} as decimal digits, which are applied from the first
 * to the last: 123 is 0, 1, 2, 3. -1: no jitter. */
#define SL_AUGMENT_JITTER_ORDER 4
#define SL_AUGMENT_BRIGHTNESS 5 /* factors, 1 = unchanged */
#define SL_AUGMENT_CONTRAST 6
#define SL_AUGMENT_SATURATION 7
#define SL_AUGMENT_HUE 8       /* shift in turns, -0.5..0.5, 0 = unchanged */
#define SL_AUGMENT_GRAYSCALE 9 /* 1: replace by luma (0.299, 0.587, 0.114) in all three channels */
/* Sigma of the Gaussian blur in pixels of the view; 0: no blur. The radius is min(ceil(3 sigma), size - 1) on each
 * axis. Borders are mirrored without repeating the edge pixel. Weights are normalised. */
#define SL_AUGMENT_BLUR_SIGMA 10
#define SL_AUGMENT_SOLARIZE 11 /* 1: invert values >= 128/255 */
#define SL_AUGMENT_FLIP 12     /* 1: mirror left-right */
#define SL_AUGMENT_COLUMNS 13

/* y [count, out_height, out_width, 3] of dtype = (view - mean) / std. View i is cut from image indices[i] of images u8
 * [count_in, H, W, 3] by row i of parameters f32 [count, SL_AUGMENT_COLUMNS]. host_mean and host_std hold three values.
 * The crop is resized with the bicubic kernel (a = -0.5), which is widened if the crop shrinks (Pillow's antialiasing).
 * A crop of the output's size keeps its pixels unchanged. */
SL_API int32_t sl_augment(sl_context* context, int32_t dtype, int64_t count_in, int64_t height, int64_t width,
                          int64_t count, int64_t out_height, int64_t out_width, const uint8_t* images,
                          const int32_t* indices, const float* parameters, const float* host_mean,
                          const float* host_std, void* y);

/* y[n] = x[n] rotated counter-clockwise by turns[n] quarter turns, modulo 4: square images x and y
 * [count, side, side, channels] of any element type, turns i32 [count]. y may not be x. */
SL_API int32_t sl_rotate(sl_context* context, int32_t dtype, int64_t count, int64_t side, int64_t channels,
                         const void* x, const int32_t* turns, void* y);

/* ---- images in files, read by the host ----------------------------------------------------------------------- */

/* Host threads that read images ahead of the computation. The same in both libraries: no device is involved, and every
 * pointer is host memory. */
typedef struct sl_reader sl_reader;

/* Starts `threads` threads, 1 to 256. The reader may outlive the context. */
SL_API int32_t sl_reader_create(sl_context* context, int32_t threads, sl_reader** host_reader);

/* Ends the threads when their present work is done, and drops every job that was not waited for. NULL is a no-op. */
SL_API int32_t sl_reader_destroy(sl_context* context, sl_reader* reader);

/* An image file is a JPEG (baseline or progressive; grayscale, YCbCr, RGB, or CMYK and YCCK inverted as Adobe writes
 * them) or a PNG (any colour type and depth). The first bytes decide the format, not the name. The image becomes 8-bit
 * RGB as Pillow's convert("RGB") makes it: grey is repeated three times, alpha and transparent colours are dropped, and
 * of 16 bits the upper 8 are kept, also for grey, where Pillow clips at 255. Colour profiles and gamma are ignored.
 *
 *
 * The image is turned upright by its orientation; sizes and frames refer to the upright image. The orientation is the
 * first value of EXIF's entry, of any type of whole numbers (in a JPEG: the APP1 segments Exif, where each continues
 * the one before; in a PNG: the eXIf chunk, else the text "Raw profile type exif"). If EXIF has no such entry, it is
 * tiff:Orientation of XMP (APP1; the PNG's text "XML:com.adobe.xmp"). The image stays as it is if the value is not 1 to
 * 8, if EXIF's entry is text or a fraction, if EXIF is in another text of a PNG, or if a text is larger than 1 MiB.
 *
 *
 * A file is refused with a reason if it has another format, more than 100,000,000 pixels, one side more than 65,536
 * times the other, more than 100 scans, or, as a PNG, a width of more than 1,000,000 pixels; if it is damaged or
 * truncated; or if it cannot be opened. */

/* Reads the headers of `count` files on all threads, and waits. host_paths holds the UTF-8 paths one after the other,
 * each ended by a zero, path_bytes in total. host_sizes i32 [count, 2] receives the upright height and width, or 0 and
 * 0 for a refused file. host_text receives a JSON array of the refused files in order, [{"index","reason"}]; a reason
 * is one sentence of at most 200 bytes without the path. capacity is at least 256 (count + 1). */
SL_API int32_t sl_reader_inspect(sl_context* context, sl_reader* reader, int64_t count, const char* host_paths,
                                 int64_t path_bytes, int32_t* host_sizes, char* host_text, int64_t capacity);

/* Columns of a frame: a crop of the image, the size to which the crop is resized (as sl_augment does, rounded to the
 * nearest of 256 values), and the window of it that is kept. */
#define SL_FRAME_TOP 0 /* the crop, in pixels of the upright image and inside it */
#define SL_FRAME_LEFT 1
#define SL_FRAME_HEIGHT 2
#define SL_FRAME_WIDTH 3
#define SL_FRAME_RESIZED_HEIGHT 4
#define SL_FRAME_RESIZED_WIDTH 5
#define SL_FRAME_WINDOW_TOP 6 /* the window, out_height x out_width pixels, inside the resized crop */
#define SL_FRAME_WINDOW_LEFT 7
#define SL_FRAME_COLUMNS 8

/* Queues the decoding of `count` files with `views` (1 to 16) frames each: host_frames i32 [count, views,
 * SL_FRAME_COLUMNS]. host_pixels u8 [views, count, out_height, out_width, 3] receives the pixels; it must stay valid
 * until the job was waited for. Paths and frames are copied. A JPEG is decoded only as far as its crops reach, and at
 * 1/2, 1/4 or 1/8 of its size if all its crops are shrunk by at least that much. The pixels depend on the file and its
 * frames alone. *host_job receives the job's number. Jobs begin in the order of their numbers. */
SL_API int32_t sl_reader_decode(sl_context* context, sl_reader* reader, int64_t count, const char* host_paths,
                                int64_t path_bytes, int32_t views, const int32_t* host_frames, int64_t out_height,
                                int64_t out_width, uint8_t* host_pixels, int64_t* host_job);

/* Queues the reading of `count` records of one file; host_records holds their numbers from 0. A record is
 * three planes of height x width bytes, red, green and blue, each column by column (STL-10). host_pixels u8 [count,
 * height, width, 3] and *host_job are as for sl_reader_decode. */
SL_API int32_t sl_reader_records(sl_context* context, sl_reader* reader, const char* host_path, int64_t count,
                                 const int64_t* host_records, int64_t height, int64_t width, uint8_t* host_pixels,
                                 int64_t* host_job);

/* Writes 1 to *host_done if the job is done, else 0. Does not wait. */
SL_API int32_t sl_reader_done(sl_context* context, sl_reader* reader, int64_t job, int32_t* host_done);

/* Waits for a job, whose number is invalid afterwards. host_text receives the images or records that could not be read,
 * in the form of sl_reader_inspect and with its capacity for the job's count; their pixels are all zero. A capacity
 * that is too small is INVALID_ARGUMENT, and the job can still be waited for. */
SL_API int32_t sl_reader_wait(sl_context* context, sl_reader* reader, int64_t job, char* host_text, int64_t capacity);

#ifdef __cplusplus
}
#endif

#endif

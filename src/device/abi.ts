/**
 * The table of native functions, which mirrors native/include/sluice.h; a test compares the two.
 *
 * `pointer` is device memory or a handle, `buffer` is a typed array of the host (the header's `host_...` arguments),
 * `i64` takes numbers and BigInts.
 *
 * @module
 */

/** Every exported function with its parameters in order; comments name the C parameters whose types do not say it. */
export const symbols = {
  // library and context
  sl_abi_version: { parameters: [], result: "i32" },
  sl_last_error: { parameters: [], result: "pointer" },
  sl_device_count: { parameters: ["buffer"], result: "i32" }, // host_count
  sl_device_describe: { parameters: ["i32", "buffer", "i64"], result: "i32" }, // index, host_text, capacity
  sl_requirements: { parameters: ["i32", "buffer", "i64"], result: "i32" }, // all, host_text, capacity
  sl_context_create: { parameters: ["i32", "i32", "buffer"], result: "i32" }, // index, threads, host_context
  sl_context_allow_tf32: { parameters: ["pointer", "i32"], result: "i32" }, // allow
  sl_context_autotune: { parameters: ["pointer", "i32"], result: "i32" }, // measure
  sl_plans_export: { parameters: ["pointer", "buffer", "i64", "buffer"], result: "i32" }, // host_text, capacity, host_bytes
  sl_plans_import: { parameters: ["pointer", "buffer"], result: "i32" }, // host_text
  sl_context_destroy: { parameters: ["pointer"], result: "i32" },
  sl_synchronize: { parameters: ["pointer"], result: "i32" },
  // memory
  sl_malloc: { parameters: ["pointer", "i64", "buffer"], result: "i32" }, // context, bytes, host_pointer
  sl_free: { parameters: ["pointer", "pointer"], result: "i32" },
  sl_host_malloc: { parameters: ["pointer", "i64", "buffer"], result: "i32" },
  sl_host_free: { parameters: ["pointer", "pointer"], result: "i32" },
  sl_memory_stats: { parameters: ["pointer", "buffer"], result: "i32" }, // host_stats[4]
  sl_memory_total: { parameters: ["pointer", "buffer"], result: "i32" }, // host_bytes
  sl_memory_reset_peak: { parameters: ["pointer"], result: "i32" },
  sl_memory_trim: { parameters: ["pointer"], result: "i32" },
  sl_upload: { parameters: ["pointer", "pointer", "pointer", "buffer", "i64"], result: "i32" }, // stream, destination, host_source, bytes
  sl_download: { parameters: ["pointer", "pointer", "buffer", "pointer", "i64"], result: "i32" }, // stream, host_destination, source, bytes
  sl_copy: { parameters: ["pointer", "pointer", "pointer", "pointer", "i64"], result: "i32" }, // stream, destination, source, bytes
  // streams and events
  sl_stream_create: { parameters: ["pointer", "buffer"], result: "i32" },
  sl_stream_destroy: { parameters: ["pointer", "pointer"], result: "i32" },
  sl_event_create: { parameters: ["pointer", "buffer"], result: "i32" },
  sl_event_destroy: { parameters: ["pointer", "pointer"], result: "i32" },
  sl_event_record: { parameters: ["pointer", "pointer", "pointer"], result: "i32" }, // event, stream
  sl_event_wait: { parameters: ["pointer", "pointer", "pointer"], result: "i32" }, // event, stream
  sl_event_synchronize: { parameters: ["pointer", "pointer"], result: "i32" },
  // recorded work
  sl_graph_begin: { parameters: ["pointer", "buffer"], result: "i32" }, // host_graph
  sl_graph_end: { parameters: ["pointer", "pointer"], result: "i32" },
  sl_graph_launch: { parameters: ["pointer", "pointer"], result: "i32" },
  sl_graph_destroy: { parameters: ["pointer", "pointer"], result: "i32" },
  sl_upload_constant: { parameters: ["pointer", "pointer", "buffer", "i64"], result: "i32" }, // destination, host_source, bytes
  // element-wise
  sl_fill: { parameters: ["pointer", "i32", "i64", "f32", "pointer"], result: "i32" }, // dtype, n, value, x
  sl_cast: { parameters: ["pointer", "i32", "i32", "i64", "pointer", "pointer"], result: "i32" }, // from, to, n, x, y
  sl_axpby: { parameters: ["pointer", "i32", "i64", "f32", "pointer", "f32", "pointer"], result: "i32" }, // dtype, n, alpha, x, beta, y
  sl_unary: { parameters: ["pointer", "i32", "i32", "i64", "pointer", "pointer"], result: "i32" }, // op, dtype, n, x, y
  sl_unary_backward: {
    parameters: ["pointer", "i32", "i32", "i64", "pointer", "pointer", "pointer", "pointer", "i32"], // op, dtype, n, x, y, dy, dx, accumulate
    result: "i32",
  },
  sl_binary: {
    parameters: ["pointer", "i32", "i32", "i32", "i64", "i64", "pointer", "pointer", "pointer"], // op, broadcast, dtype, rows, columns, a, b, y
    result: "i32",
  },
  // reductions, gathers
  sl_reduce_sum: {
    parameters: ["pointer", "i32", "i32", "i64", "i64", "f32", "pointer", "pointer", "i32"], // axis, dtype, rows, columns, alpha, x, y, accumulate
    result: "i32",
  },
  sl_broadcast: {
    parameters: ["pointer", "i32", "i32", "i64", "i64", "f32", "pointer", "pointer", "i32"], // axis, dtype, rows, columns, alpha, dy, dx, accumulate
    result: "i32",
  },
  sl_gather_rows: {
    parameters: ["pointer", "i32", "i64", "i64", "i64", "pointer", "pointer", "pointer"], // dtype, rows, columns, count, x, indices, y
    result: "i32",
  },
  sl_scatter_add_rows: {
    parameters: ["pointer", "i32", "i64", "i64", "i64", "pointer", "pointer", "pointer", "i32"], // dtype, rows, columns, count, dy, indices, dx, accumulate
    result: "i32",
  },
  sl_topk: { parameters: ["pointer", "i64", "i64", "i32", "pointer", "pointer", "pointer"], result: "i32" }, // rows, columns, k, x, values, indices
  sl_cross_entropy: {
    parameters: ["pointer", "i64", "i64", "pointer", "pointer", "pointer", "pointer"], // rows, classes, logits, labels, losses, probabilities
    result: "i32",
  },
  sl_cross_entropy_backward: {
    parameters: ["pointer", "i64", "i64", "pointer", "pointer", "pointer", "pointer", "i32"], // rows, classes, probabilities, labels, dlosses, dlogits, accumulate
    result: "i32",
  },
  // random numbers
  sl_philox_uniform: { parameters: ["pointer", "u32", "u32", "u32", "u32", "u32", "i64", "pointer"], result: "i32" }, // seed_low, seed_high, stream, step, first_block, n, y
  // convolution
  sl_conv_packed_bytes: { parameters: ["pointer", "buffer", "i32", "buffer"], result: "i32" }, // host_shape, direction, host_bytes
  sl_conv_pack: { parameters: ["pointer", "buffer", "i32", "pointer", "pointer"], result: "i32" }, // host_shape, direction, weights, packed
  sl_conv_forward: { parameters: ["pointer", "buffer", "pointer", "pointer", "pointer"], result: "i32" }, // host_shape, x, packed, y
  sl_conv_backward_data: { parameters: ["pointer", "buffer", "pointer", "pointer", "pointer", "i32"], result: "i32" }, // host_shape, dy, packed, dx, accumulate
  sl_conv_backward_weights: {
    parameters: ["pointer", "buffer", "pointer", "pointer", "pointer", "i32"],
    result: "i32",
  }, // host_shape, x, dy, dw, accumulate
  // matrix products
  sl_matmul: {
    parameters: [
      "pointer",
      "i32", // dtype
      "i32", // out_dtype
      "i64", // m
      "i64", // n
      "i64", // k
      "i32", // transpose_a
      "i32", // transpose_b
      "f32", // alpha
      "pointer", // a
      "pointer", // b
      "f32", // beta
      "pointer", // c
      "pointer", // bias
    ],
    result: "i32",
  },
  // batch norm
  sl_norm_statistics: { parameters: ["pointer", "i32", "i64", "i64", "pointer", "pointer"], result: "i32" }, // dtype, rows, channels, x, statistics
  sl_norm_finalize: {
    // channels, count, statistics, epsilon, momentum, running_mean, running_var, mean, rstd
    parameters: ["pointer", "i64", "i64", "pointer", "f32", "f32", "pointer", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  sl_norm_rstd: { parameters: ["pointer", "i64", "pointer", "f32", "pointer"], result: "i32" }, // channels, variance, epsilon, rstd
  sl_norm_apply: {
    parameters: [
      "pointer",
      "i32", // dtype
      "i64", // batch
      "i64", // pixels
      "i64", // channels
      "pointer", // x
      "pointer", // mean
      "pointer", // rstd
      "pointer", // gamma
      "pointer", // beta
      "pointer", // residual
      "i32", // relu
      "pointer", // mask
      "pointer", // y
      "pointer", // signs
    ],
    result: "i32",
  },
  sl_norm_backward_statistics: {
    parameters: [
      "pointer",
      "i32", // dtype
      "i64", // batch
      "i64", // pixels
      "i64", // channels
      "pointer", // dy
      "pointer", // x
      "pointer", // signs
      "pointer", // mean
      "pointer", // rstd
      "pointer", // gamma
      "pointer", // beta
      "i32", // relu
      "pointer", // mask
      "pointer", // sums
      "pointer", // dmask
    ],
    result: "i32",
  },
  sl_norm_backward_apply: {
    parameters: [
      "pointer",
      "i32", // dtype
      "i64", // batch
      "i64", // pixels
      "i64", // channels
      "i64", // count
      "pointer", // dy
      "pointer", // x
      "pointer", // signs
      "pointer", // mean
      "pointer", // rstd
      "pointer", // gamma
      "pointer", // beta
      "i32", // relu
      "pointer", // mask
      "pointer", // sums
      "pointer", // dx
      "pointer", // dresidual
      "i32", // accumulate_residual
    ],
    result: "i32",
  },
  sl_norm_fold: {
    parameters: ["pointer", "i64", "pointer", "pointer", "pointer", "pointer", "f32", "pointer", "pointer"], // channels, mean, variance, gamma, beta, epsilon, scale, shift
    result: "i32",
  },
  // pooling
  sl_global_pool_forward: { parameters: ["pointer", "i32", "i64", "i64", "i64", "pointer", "pointer"], result: "i32" }, // dtype, batch, pixels, channels, x, y
  sl_global_pool_backward: {
    parameters: ["pointer", "i32", "i64", "i64", "i64", "pointer", "pointer", "i32"], // dtype, batch, pixels, channels, dy, dx, accumulate
    result: "i32",
  },
  sl_max_pool_forward: {
    // dtype, batch, height, width, channels, kernel, stride, padding, x, y, winners
    parameters: ["pointer", "i32", "i64", "i64", "i64", "i64", "i32", "i32", "i32", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  sl_max_pool_backward: {
    // dtype, batch, height, width, channels, kernel, stride, padding, dy, winners, dx, accumulate
    parameters: [
      "pointer",
      "i32",
      "i64",
      "i64",
      "i64",
      "i64",
      "i32",
      "i32",
      "i32",
      "pointer",
      "pointer",
      "pointer",
      "i32",
    ],
    result: "i32",
  },
  // gate
  sl_gate_sample: {
    parameters: ["pointer", "i64", "pointer", "pointer", "pointer", "pointer", "pointer"],
    result: "i32",
  }, // n, logits, uniform, setting, mask, soft
  sl_gate_sample_backward: {
    parameters: ["pointer", "i64", "pointer", "pointer", "pointer", "pointer", "i32"],
    result: "i32",
  }, // n, soft, dmask, setting, dlogits, accumulate
  sl_gate_threshold: { parameters: ["pointer", "i64", "pointer", "pointer"], result: "i32" }, // n, logits, mask
  sl_gate_decide: {
    parameters: [
      "pointer",
      "i64", // batch
      "i64", // in_channels
      "i64", // hidden
      "i64", // channels
      "pointer", // pooled
      "pointer", // weight1
      "pointer", // mean
      "pointer", // variance
      "pointer", // gamma
      "pointer", // beta
      "f32", // epsilon
      "pointer", // weight2
      "pointer", // bias
      "pointer", // mask
    ],
    result: "i32",
  },
  // gated convolutions, inference
  sl_gated_supports: { parameters: ["pointer", "buffer", "buffer", "buffer"], result: "i32" }, // host_shape, host_convolutions, host_supported
  sl_gated_full_from: { parameters: ["pointer", "buffer", "buffer", "buffer"], result: "i32" }, // host_shape, host_convolutions, host_open
  sl_gated_packed_bytes: { parameters: ["pointer", "buffer", "buffer", "i32", "buffer"], result: "i32" }, // host_shape, host_convolutions, index, host_bytes
  sl_gated_pack: {
    parameters: ["pointer", "buffer", "buffer", "i32", "pointer", "pointer"], // host_shape, host_convolutions, index, weights, packed
    result: "i32",
  },
  sl_gated_forward: {
    // host_shape, host_convolutions, products, host_operands, x, residual, y, pooled
    parameters: ["pointer", "buffer", "buffer", "i32", "buffer", "pointer", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  // optimisers
  sl_sgd_step: {
    // tensors, host_parameters, host_gradients, host_velocities, host_sizes, host_rates, host_weight_decays, momentum
    parameters: ["pointer", "i32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "f32"],
    result: "i32",
  },
  sl_lars_step: {
    // as sl_sgd_step up to host_weight_decays, then host_adapt, momentum, trust_coefficient, epsilon
    parameters: [
      "pointer",
      "i32",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "f32",
      "f32",
      "f32",
    ],
    result: "i32",
  },
  // augmentation
  sl_augment: {
    parameters: [
      "pointer",
      "i32", // dtype
      "i64", // count_in
      "i64", // height
      "i64", // width
      "i64", // count
      "i64", // out_height
      "i64", // out_width
      "pointer", // images
      "pointer", // indices
      "pointer", // parameters
      "buffer", // host_mean
      "buffer", // host_std
      "pointer", // y
    ],
    result: "i32",
  },
  sl_rotate: {
    parameters: ["pointer", "i32", "i64", "i64", "i64", "pointer", "pointer", "pointer"], // dtype, count, side, channels, x, turns, y
    result: "i32",
  },
  // images in files
  sl_reader_create: { parameters: ["pointer", "i32", "buffer"], result: "i32" }, // threads, host_reader
  sl_reader_destroy: { parameters: ["pointer", "pointer"], result: "i32" },
  sl_reader_inspect: {
    // reader, count, host_paths, path_bytes, host_sizes, host_text, capacity
    parameters: ["pointer", "pointer", "i64", "buffer", "i64", "buffer", "buffer", "i64"],
    result: "i32",
  },
  sl_reader_decode: {
    parameters: [
      "pointer",
      "pointer", // reader
      "i64", // count
      "buffer", // host_paths
      "i64", // path_bytes
      "i32", // views
      "buffer", // host_frames
      "i64", // out_height
      "i64", // out_width
      "buffer", // host_pixels
      "buffer", // host_job
    ],
    result: "i32",
  },
  sl_reader_records: {
    // reader, host_path, count, host_records, height, width, host_pixels, host_job
    parameters: ["pointer", "pointer", "buffer", "i64", "buffer", "i64", "i64", "buffer", "buffer"],
    result: "i32",
  },
  sl_reader_done: { parameters: ["pointer", "pointer", "i64", "buffer"], result: "i32" }, // reader, job, host_done
  sl_reader_wait: { parameters: ["pointer", "pointer", "i64", "buffer", "i64"], result: "i32" }, // reader, job, host_text, capacity
} as const satisfies Deno.ForeignLibraryInterface;

// Marks a function that runs on the host and in CUDA kernels.
#pragma once

#ifdef __CUDACC__
#define SL_HOST_DEVICE __host__ __device__
#else
#define SL_HOST_DEVICE
#endif

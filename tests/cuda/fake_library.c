// Stands for one of NVIDIA's libraries in tests of the search for them: it has every function that is asked for by
// name, and tells the version that it was compiled with. RELEASE is its own version, CUDA that of the CUDA release that
// it is for, GPUS the number of GPUs.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#if defined(CUDNN_GRAPH)

int graph_release(void) { return RELEASE; }

#elif defined(CUDNN)

// As cuDNN does, asks the loader for a part of itself by its bare name. The release of the part counts; 0 without one.
static int part_release(const char* name) {
  void* const part = dlopen(name, RTLD_LAZY);
  int (*const release)(void) = part == NULL ? NULL : (int (*)(void))dlsym(part, "graph_release");
  return release == NULL ? 0 : release();
}

size_t cudnnGetVersion(void) { return RELEASE; }
size_t cudnnGetCudartVersion(void) { return CUDA; }
const char* cudnnGetErrorString(int status) { return status == 1002 ? "CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH" : "FAKE_WITHOUT_CONVOLUTIONS"; }
void cudnnGetLastErrorString(char* text, size_t size) {
  if (size > 0) text[0] = '\0';
}
int cudnnCreate(void** handle) {
  *handle = NULL;
  return part_release("libcudnn_graph.so.9") == RELEASE ? 0 : 1002;
}
int cudnnDestroy(void* handle) { return handle == NULL ? 0 : 1; }
// These fail: no test gets further.
int cudnnSetStream(void) { return 1; }
int cudnnBackendCreateDescriptor(void) { return 1; }
int cudnnBackendDestroyDescriptor(void) { return 1; }
int cudnnBackendFinalize(void) { return 1; }
int cudnnBackendSetAttribute(void) { return 1; }
int cudnnBackendGetAttribute(void) { return 1; }
int cudnnBackendExecute(void) { return 1; }

#elif defined(NVRTC)

int nvrtcVersion(int* major, int* minor) {
  *major = CUDA / 1000;
  *minor = CUDA % 1000 / 10;
  return 0;
}

#elif defined(NCCL)

int ncclGetVersion(int* version) {
  *version = RELEASE;
  return 0;
}

#elif defined(DRIVER)

// A driver with some GPUs, of handles 7, 8 and so on; it refuses if their number is negative.
int cuInit(unsigned flags) { return GPUS < 0 ? 100 : (int)flags; }
int cuDriverGetVersion(int* version) {
  *version = CUDA;
  return 0;
}
int cuGetErrorString(int result, const char** text) {
  *text = result == 100 ? "no device is detected" : "?";
  return 0;
}
int cuDeviceGetCount(int* count) {
  *count = GPUS;
  return 0;
}
int cuDeviceGet(int* device, int index) {
  *device = index + 7;
  return 0;
}
int cuDeviceGetName(char* name, int capacity, int device) {
  strncpy(name, device == 7 ? "GPU of the first kind" : "another", (size_t)capacity);
  return 0;
}
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  *value = attribute == 75 ? 9 : device - 7;  // the compute capability
  return 0;
}
int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  *bytes = (size_t)(device - 6) << 33;
  return 0;
}

#endif

/*
 * Stubs for the functions of NVIDIA's libraries that ONNX Runtime's CUDA provider needs to create a session. Memory is
 * allocated on the host; all other calls succeed and do nothing. cuda-stand-ins.ts generates those not defined here.
 */
#include <stdlib.h>
#include <string.h>

#define GIB ((size_t)1 << 30)
#define HANDLE(name) int name(void **handle) { return give(handle, 64); }

/* Compute capability as major * 10 + minor. */
static int capability(void) {
  const char *text = getenv("CUDA_STAND_IN_CAPABILITY");
  return text ? atoi(text) : 80;
}

static int give(void **pointer, size_t bytes) {
  *pointer = aligned_alloc(256, (bytes + 256) / 256 * 256);
  return *pointer ? 0 : 2;
}

int cudaGetDeviceCount(int *count) { *count = 1; return 0; }
int cudaGetDevice(int *device) { *device = 0; return 0; }
int cudaRuntimeGetVersion(int *version) { *version = 13000; return 0; }
int cudaDriverGetVersion(int *version) { *version = 13000; return 0; }

/* Offsets of cudaDeviceProp's fields in driver_types.h, which are the same in CUDA 12 and 13. */
int cudaGetDeviceProperties(char *properties, int device) {
  (void)device;
  memset(properties, 0, 512);
  strcpy(properties, "stand-in");
  *(size_t *)(properties + 288) = 40 * GIB;         /* totalGlobalMem */
  *(size_t *)(properties + 296) = 48 << 10;         /* sharedMemPerBlock */
  *(int *)(properties + 308) = 32;                  /* warpSize */
  *(int *)(properties + 320) = 1024;                /* maxThreadsPerBlock */
  *(int *)(properties + 324) = 1024;                /* maxThreadsDim */
  *(int *)(properties + 328) = 1024;
  *(int *)(properties + 332) = 64;
  *(int *)(properties + 336) = 2147483647;          /* maxGridSize */
  *(int *)(properties + 340) = 65535;
  *(int *)(properties + 344) = 65535;
  *(int *)(properties + 360) = capability() / 10;   /* major */
  *(int *)(properties + 364) = capability() % 10;   /* minor */
  return 0;
}
int cudaGetDeviceProperties_v2(char *properties, int device) { return cudaGetDeviceProperties(properties, device); }

int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  switch (attribute) {
    case 16: *value = 108; return 0;                /* multiprocessors */
    case 75: *value = capability() / 10; return 0;
    case 76: *value = capability() % 10; return 0;
    default: *value = 48 << 10; return 0;
  }
}

int cudaMalloc(void **pointer, size_t bytes) { return give(pointer, bytes); }
int cudaMallocHost(void **pointer, size_t bytes) { return give(pointer, bytes); }
int cudaHostAlloc(void **pointer, size_t bytes) { return give(pointer, bytes); }
int cudaFree(void *pointer) { free(pointer); return 0; }
int cudaFreeHost(void *pointer) { free(pointer); return 0; }
int cudaMemGetInfo(size_t *unused, size_t *total) { *unused = *total = 40 * GIB; return 0; }
int cudaMemcpy(void *to, const void *from, size_t bytes) { memmove(to, from, bytes); return 0; }
int cudaMemcpyAsync(void *to, const void *from, size_t bytes) { memmove(to, from, bytes); return 0; }
int cudaMemset(void *to, int value, size_t bytes) { memset(to, value, bytes); return 0; }
int cudaMemsetAsync(void *to, int value, size_t bytes) { memset(to, value, bytes); return 0; }
int cudaPointerGetAttributes(void *attributes) { memset(attributes, 0, 32); return 0; }

HANDLE(cudaStreamCreate)
HANDLE(cudaStreamCreateWithFlags)
HANDLE(cudaEventCreate)
HANDLE(cudaEventCreateWithFlags)
HANDLE(cublasCreate_v2)
HANDLE(cublasLtCreate)
HANDLE(cudnnCreate)

/* Looked up by name instead of linked since ONNX Runtime 1.27. */
int cudnnDestroy(void) { return 0; }
int cudnnSetStream(void) { return 0; }
size_t cudnnGetVersion(void) {
  const char *text = getenv("CUDA_STAND_IN_CUDNN");
  return text ? (size_t)atol(text) : 91400;
}
size_t cudnnGetCudartVersion(void) { return 13000; }

void **__cudaRegisterFatBinary(void) { return calloc(1, 64); }

const char *cudaGetErrorName(void) { return "stand-in"; }
const char *cudaGetErrorString(void) { return "stand-in"; }
const char *cublasGetStatusName(void) { return "stand-in"; }
const char *cublasGetStatusString(void) { return "stand-in"; }
const char *cudnnGetErrorString(void) { return "stand-in"; }

// SPDX-License-Identifier: Apache-2.0
/*
 * What asgo4j calls of CUDA 12 and 13: runtime, driver, cuBLAS and cuSOLVER. The prototypes and values are written here from
 * the CUDA documentation, so that no CUDA has to be installed to generate the bindings. Only what both versions have with one
 * binary interface is here: no cudaDeviceProp and no cudaPointerAttributes, whose layouts differ.
 *
 * All enumerations are int; sizes are 64-bit on every platform that CUDA runs on. Device and host pointers have one type.
 */
typedef unsigned long long cuda_size; /* size_t, with one layout on Linux and Windows */

/* ---- Runtime (libcudart): CUDA Runtime API, modules Device, Error, Stream, Memory ---- */

typedef int cudaError_t;
typedef void *cudaStream_t;
typedef void *cudaEvent_t;

enum cuda_error { cudaSuccess = 0, cudaErrorMemoryAllocation = 2, cudaErrorHostMemoryAlreadyRegistered = 712 };
enum cuda_memcpy_kind {
    cudaMemcpyHostToHost = 0,
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
    cudaMemcpyDeviceToDevice = 3
};
enum cuda_stream_flags { cudaStreamNonBlocking = 1 };
enum cuda_event_flags { cudaEventDisableTiming = 2 };
enum cuda_host_flags { cudaHostRegisterPortable = 1 };
enum cuda_device_attribute {
    cudaDevAttrMultiProcessorCount = 16,
    cudaDevAttrComputeCapabilityMajor = 75,
    cudaDevAttrComputeCapabilityMinor = 76
};

cudaError_t cudaRuntimeGetVersion(int *version);
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaDeviceGetAttribute(int *value, int attribute, int device);
cudaError_t cudaMemGetInfo(cuda_size *free_bytes, cuda_size *total_bytes);

cudaError_t cudaGetLastError(void);
const char *cudaGetErrorName(cudaError_t error);
const char *cudaGetErrorString(cudaError_t error);

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned int flags);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
/* What the stream is asked for from now on waits for what the event was last recorded behind. */
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned int flags);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventDestroy(cudaEvent_t event);

cudaError_t cudaMalloc(void **device_pointer, cuda_size bytes);
cudaError_t cudaFree(void *device_pointer);
cudaError_t cudaMallocHost(void **host_pointer, cuda_size bytes);
cudaError_t cudaFreeHost(void *host_pointer);
cudaError_t cudaHostRegister(void *host_pointer, cuda_size bytes, unsigned int flags);
cudaError_t cudaHostUnregister(void *host_pointer);
cudaError_t cudaMemsetAsync(void *device_pointer, int value, cuda_size bytes, cudaStream_t stream);
cudaError_t cudaMemcpyAsync(void *to, const void *from, cuda_size bytes, int kind, cudaStream_t stream);
/* Pitches and width in bytes; `height` rows of `width` bytes are copied. */
cudaError_t cudaMemcpy2DAsync(void *to, cuda_size to_pitch, const void *from, cuda_size from_pitch, cuda_size width,
                              cuda_size height, int kind, cudaStream_t stream);

/* ---- Driver (libcuda): CUDA Driver API, modules Initialization, Device, Module, Execution, Unified Addressing ---- */

typedef int CUresult;
typedef int CUdevice;
typedef void *CUmodule;
typedef void *CUfunction;
typedef unsigned long long CUdeviceptr;

enum cuda_driver_values {
    CUDA_SUCCESS = 0,
    CU_POINTER_ATTRIBUTE_MEMORY_TYPE = 2, /* of unsigned int */
    CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL = 9, /* of int */
    CU_POINTER_ATTRIBUTE_RANGE_START_ADDR = 11, /* of CUdeviceptr */
    CU_POINTER_ATTRIBUTE_RANGE_SIZE = 12, /* of size_t */
    CU_MEMORYTYPE_DEVICE = 2
};

CUresult cuInit(unsigned int flags);
CUresult cuDriverGetVersion(int *version);
CUresult cuDeviceGet(CUdevice *device, int ordinal);
CUresult cuDeviceGetName(char *name, int length, CUdevice device);
CUresult cuGetErrorName(CUresult error, const char **name);
CUresult cuGetErrorString(CUresult error, const char **text);
CUresult cuModuleLoadData(CUmodule *module, const void *image);
CUresult cuModuleUnload(CUmodule module);
CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name);
CUresult cuLaunchKernel(CUfunction function, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z,
                        unsigned int block_x, unsigned int block_y, unsigned int block_z, unsigned int shared_bytes,
                        cudaStream_t stream, void **parameters, void **extra);
CUresult cuPointerGetAttribute(void *value, int attribute, CUdeviceptr pointer);

/* ---- cuBLAS (libcublas): matrices column-major; scalars on the host, as the default pointer mode says ---- */

typedef int cublasStatus_t;
typedef void *cublasHandle_t;

enum cublas_values {
    CUBLAS_STATUS_SUCCESS = 0,
    CUBLAS_OP_N = 0,
    CUBLAS_OP_T = 1,
    CUBLAS_FILL_MODE_LOWER = 0,
    CUBLAS_FILL_MODE_UPPER = 1,
    CUBLAS_SIDE_LEFT = 0,
    CUBLAS_SIDE_RIGHT = 1,
    CUBLAS_POINTER_MODE_HOST = 0,
    CUBLAS_DEFAULT_MATH = 0 /* float32 is computed in float32: no TF32 */
};

cublasStatus_t cublasCreate_v2(cublasHandle_t *handle);
cublasStatus_t cublasDestroy_v2(cublasHandle_t handle);
cublasStatus_t cublasGetVersion_v2(cublasHandle_t handle, int *version);
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream);
cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, int mode);
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, int mode);
const char *cublasGetStatusName(cublasStatus_t status);
const char *cublasGetStatusString(cublasStatus_t status);

cublasStatus_t cublasSgemm_v2(cublasHandle_t handle, int trans_a, int trans_b, int m, int n, int k, const float *alpha,
                              const float *a, int lda, const float *b, int ldb, const float *beta, float *c, int ldc);
cublasStatus_t cublasDgemm_v2(cublasHandle_t handle, int trans_a, int trans_b, int m, int n, int k, const double *alpha,
                              const double *a, int lda, const double *b, int ldb, const double *beta, double *c, int ldc);
/* C <- alpha op(A) op(B) + beta C for each of `count` matrices, the next of which begins a stride of elements further on. */
cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t handle, int trans_a, int trans_b, int m, int n, int k,
                                         const float *alpha, const float *a, int lda, long long stride_a,
                                         const float *b, int ldb, long long stride_b, const float *beta, float *c,
                                         int ldc, long long stride_c, int count);
cublasStatus_t cublasDgemmStridedBatched(cublasHandle_t handle, int trans_a, int trans_b, int m, int n, int k,
                                         const double *alpha, const double *a, int lda, long long stride_a,
                                         const double *b, int ldb, long long stride_b, const double *beta, double *c,
                                         int ldc, long long stride_c, int count);
cublasStatus_t cublasSsyrk_v2(cublasHandle_t handle, int uplo, int trans, int n, int k, const float *alpha,
                              const float *a, int lda, const float *beta, float *c, int ldc);
cublasStatus_t cublasDsyrk_v2(cublasHandle_t handle, int uplo, int trans, int n, int k, const double *alpha,
                              const double *a, int lda, const double *beta, double *c, int ldc);
cublasStatus_t cublasSsymm_v2(cublasHandle_t handle, int side, int uplo, int m, int n, const float *alpha,
                              const float *a, int lda, const float *b, int ldb, const float *beta, float *c, int ldc);
cublasStatus_t cublasDsymm_v2(cublasHandle_t handle, int side, int uplo, int m, int n, const double *alpha,
                              const double *a, int lda, const double *b, int ldb, const double *beta, double *c, int ldc);

/* ---- cuSOLVER, dense (libcusolver): matrices column-major; work, tau, d, e, w and info on the device ---- */

typedef int cusolverStatus_t;
typedef void *cusolverDnHandle_t;
typedef void *cusolverDnParams_t;

enum cuda_data_type { CUDA_R_32F = 0, CUDA_R_64F = 1 };

enum cusolver_values {
    CUSOLVER_STATUS_SUCCESS = 0,
    CUSOLVER_STATUS_NOT_INITIALIZED = 1,
    CUSOLVER_STATUS_ALLOC_FAILED = 2,
    CUSOLVER_STATUS_INVALID_VALUE = 3,
    CUSOLVER_STATUS_ARCH_MISMATCH = 4,
    CUSOLVER_STATUS_MAPPING_ERROR = 5,
    CUSOLVER_STATUS_EXECUTION_FAILED = 6,
    CUSOLVER_STATUS_INTERNAL_ERROR = 7,
    CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED = 8,
    CUSOLVER_STATUS_NOT_SUPPORTED = 9,
    CUSOLVER_EIG_MODE_VECTOR = 1
};

cusolverStatus_t cusolverGetVersion(int *version);
cusolverStatus_t cusolverDnCreate(cusolverDnHandle_t *handle);
cusolverStatus_t cusolverDnDestroy(cusolverDnHandle_t handle);
cusolverStatus_t cusolverDnSetStream(cusolverDnHandle_t handle, cudaStream_t stream);

cusolverStatus_t cusolverDnSsyevd_bufferSize(cusolverDnHandle_t handle, int jobz, int uplo, int n, const float *a,
                                             int lda, const float *w, int *lwork);
cusolverStatus_t cusolverDnSsyevd(cusolverDnHandle_t handle, int jobz, int uplo, int n, float *a, int lda, float *w,
                                  float *work, int lwork, int *info);
cusolverStatus_t cusolverDnDsyevd_bufferSize(cusolverDnHandle_t handle, int jobz, int uplo, int n, const double *a,
                                             int lda, const double *w, int *lwork);
cusolverStatus_t cusolverDnDsyevd(cusolverDnHandle_t handle, int jobz, int uplo, int n, double *a, int lda, double *w,
                                  double *work, int lwork, int *info);

cusolverStatus_t cusolverDnSgeqrf_bufferSize(cusolverDnHandle_t handle, int m, int n, float *a, int lda, int *lwork);
cusolverStatus_t cusolverDnSgeqrf(cusolverDnHandle_t handle, int m, int n, float *a, int lda, float *tau, float *work,
                                  int lwork, int *info);
cusolverStatus_t cusolverDnDgeqrf_bufferSize(cusolverDnHandle_t handle, int m, int n, double *a, int lda, int *lwork);
cusolverStatus_t cusolverDnDgeqrf(cusolverDnHandle_t handle, int m, int n, double *a, int lda, double *tau, double *work,
                                  int lwork, int *info);
cusolverStatus_t cusolverDnSorgqr_bufferSize(cusolverDnHandle_t handle, int m, int n, int k, const float *a, int lda,
                                             const float *tau, int *lwork);
cusolverStatus_t cusolverDnSorgqr(cusolverDnHandle_t handle, int m, int n, int k, float *a, int lda, const float *tau,
                                  float *work, int lwork, int *info);
cusolverStatus_t cusolverDnDorgqr_bufferSize(cusolverDnHandle_t handle, int m, int n, int k, const double *a, int lda,
                                             const double *tau, int *lwork);
cusolverStatus_t cusolverDnDorgqr(cusolverDnHandle_t handle, int m, int n, int k, double *a, int lda, const double *tau,
                                  double *work, int lwork, int *info);

cusolverStatus_t cusolverDnSpotrf_bufferSize(cusolverDnHandle_t handle, int uplo, int n, float *a, int lda, int *lwork);
cusolverStatus_t cusolverDnSpotrf(cusolverDnHandle_t handle, int uplo, int n, float *a, int lda, float *work, int lwork,
                                  int *info);
cusolverStatus_t cusolverDnSpotri_bufferSize(cusolverDnHandle_t handle, int uplo, int n, float *a, int lda, int *lwork);
cusolverStatus_t cusolverDnSpotri(cusolverDnHandle_t handle, int uplo, int n, float *a, int lda, float *work, int lwork,
                                  int *info);
cusolverStatus_t cusolverDnDpotrf_bufferSize(cusolverDnHandle_t handle, int uplo, int n, double *a, int lda, int *lwork);
cusolverStatus_t cusolverDnDpotrf(cusolverDnHandle_t handle, int uplo, int n, double *a, int lda, double *work, int lwork,
                                  int *info);
cusolverStatus_t cusolverDnDpotri_bufferSize(cusolverDnHandle_t handle, int uplo, int n, double *a, int lda, int *lwork);
cusolverStatus_t cusolverDnDpotri(cusolverDnHandle_t handle, int uplo, int n, double *a, int lda, double *work, int lwork,
                                  int *info);

cusolverStatus_t cusolverDnSsytrd_bufferSize(cusolverDnHandle_t handle, int uplo, int n, const float *a, int lda,
                                             const float *d, const float *e, const float *tau, int *lwork);
cusolverStatus_t cusolverDnSsytrd(cusolverDnHandle_t handle, int uplo, int n, float *a, int lda, float *d, float *e,
                                  float *tau, float *work, int lwork, int *info);
cusolverStatus_t cusolverDnSorgtr_bufferSize(cusolverDnHandle_t handle, int uplo, int n, const float *a, int lda,
                                             const float *tau, int *lwork);
cusolverStatus_t cusolverDnSorgtr(cusolverDnHandle_t handle, int uplo, int n, float *a, int lda, const float *tau,
                                  float *work, int lwork, int *info);

/*
 * Xsyev of many: A_k(i, j) = a[i + lda j + lda n k], W_k(j) = w[j + n k], info of batch_size numbers on the device; n lda
 * batch_size is at most 2^31 - 1. cuSOLVER has the two XsyevBatched from 11.7.1 (CUDA 12.6 update 2) on: they are the only
 * functions here that a library of CUDA 12 may lack. From cuSOLVER's documentation, "cusolverDnXsyevBatched()" among the
 * 64-bit dense eigenvalue solvers; the parameters compared with the headers of CUDA 12.6 and 12.9 as JavaCPP read them.
 */
cusolverStatus_t cusolverDnCreateParams(cusolverDnParams_t *params);
cusolverStatus_t cusolverDnDestroyParams(cusolverDnParams_t params);
cusolverStatus_t cusolverDnXsyevBatched_bufferSize(cusolverDnHandle_t handle, cusolverDnParams_t params, int jobz, int uplo,
                                                   long long n, int data_type_a, const void *a, long long lda,
                                                   int data_type_w, const void *w, int compute_type,
                                                   cuda_size *bytes_on_device, cuda_size *bytes_on_host,
                                                   long long batch_size);
cusolverStatus_t cusolverDnXsyevBatched(cusolverDnHandle_t handle, cusolverDnParams_t params, int jobz, int uplo, long long n,
                                        int data_type_a, void *a, long long lda, int data_type_w, void *w,
                                        int compute_type, void *buffer_on_device, cuda_size bytes_on_device,
                                        void *buffer_on_host, cuda_size bytes_on_host, int *info, long long batch_size);

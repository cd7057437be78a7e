// Measures the floating-point peak of the processor: independent fused multiply-adds in registers, in every thread.
// Times are processor times of the threads, so that other programs do not lower it; hyperthreads of a core do, as they
// should, if both are free.
// usage: fma-peak <threads>; prints float32 multiply-adds per second. Compile with -O3 -march=native -ffp-contract=fast.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
#define LANES (BYTES / sizeof(float))

typedef float vector __attribute__((vector_size(BYTES)));

// More than latency (4 cycles) times units (2), so that none waits; with two operands they fit into 16 registers.
#define CHAINS 12
#define STEPS 50000000L
#define ROUNDS 5
#define MOST_THREADS 1024

static vector start[CHAINS], factor, term;

struct work {
  vector sum;
  double seconds;
};
static struct work works[MOST_THREADS];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static void *compute(void *result) {
  struct work *work = result;
  double from = now();
  vector chains[CHAINS], m = factor, a = term, sum = term;
  for (int i = 0; i < CHAINS; i++) chains[i] = start[i];
  for (long step = 0; step < STEPS; step++) {
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++) chains[i] = chains[i] * m + a;
  }
  for (int i = 0; i < CHAINS; i++) sum += chains[i];
  // It is used, so that it is computed.
  work->sum = sum;
  work->seconds = now() - from;
  return NULL;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 1;
  if (threads < 1 || threads > MOST_THREADS) return 2;
  // Values that stay finite and that the compiler does not know.
  for (unsigned lane = 0; lane < LANES; lane++) {
    factor[lane] = 1.0f / (count + 1);
    term[lane] = count;
    for (int i = 0; i < CHAINS; i++) start[i][lane] = i;
  }
  pthread_t handles[MOST_THREADS];
  double most = 0;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < threads; i++) {
      if (pthread_create(&handles[i], NULL, compute, &works[i]) != 0) return 1;
    }
    double rate = 0;
    for (int i = 0; i < threads; i++) {
      pthread_join(handles[i], NULL);
      if (works[i].sum[0] < 0) return 1;
      rate += (double)STEPS * CHAINS * LANES / works[i].seconds;
    }
    if (rate > most) most = rate;
  }
  printf("%.0f\n", most);
  return 0;
}

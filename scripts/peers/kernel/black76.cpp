// The pricing kernel of src/risk once more in C++: the same operations in the same order over the options of
// the golden hash, so that the two must agree in every bit. Needs -ffp-contract=off: with fused multiply-add
// (GCC's default where the machine has it) the bits are others.
// Prints the hash as eight hexadecimal digits.
//   g++ -std=c++17 -O2 -ffp-contract=off black76.cpp -o black76 && ./black76 20261120 20000
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

static const double log2E = 1.4426950408889634, ln2High = 6.9314718036912381649e-1, ln2Low = 1.9082149292705877e-10;
static const double shift = 6755399441055744.0;

static double scaled(double x, int k) { return std::ldexp(x, k); }  // exact

static double exp13(double x) {
  volatile double t = x * log2E + shift;  // volatile: no compiler may cancel + shift - shift
  double n = t - shift, high = x - n * ln2High, low = n * ln2Low, r = high - low, lost = high - r - low;
  double r2 = r * r, r4 = r2 * r2;
  double c2 = 1.0 / 2 + r * (1.0 / 6), c4 = 1.0 / 24 + r * (1.0 / 120), c6 = 1.0 / 720 + r * (1.0 / 5040);
  double c8 = 1.0 / 40320 + r * (1.0 / 362880), c10 = 1.0 / 3628800 + r * (1.0 / 39916800);
  double c12 = 1.0 / 479001600 + r * (1.0 / 6227020800);
  double p = c2 + c4 * r2 + ((c6 + c8 * r2) * r4 + (c10 + c12 * r2) * (r4 * r4));
  return scaled(1 + (r + (lost + r2 * p)), (int)n);
}

static double ln(double x) {
  int k = 0;
  for (; x >= 1.4142135623730951; k++) x *= 0.5;
  for (; x < 0.7071067811865476; k--) x *= 2;
  double s = (x - 1) / (x + 1), z = s * s, p = 2.0 / 23;
  for (int n = 21; n >= 3; n -= 2) p = p * z + 2.0 / n;
  return k * ln2High + (2 * s + (s * z * p + k * ln2Low));
}

static double root(double x) {
  int k = 0;
  for (; x >= 4; k++) x *= 0.25;
  for (; x < 1; k--) x *= 4;
  double y = 0.590162067090644583 * x + 0.4173075986388649989;
  for (int step = 0; step < 6; step++) y = 0.5 * (y + x / y);
  return scaled(y, k);
}

static double tail(double a, double e) {
  static const double P[] = {0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383,
                             112.079291497871, 221.213596169931, 220.206867912376};
  static const double Q[] = {0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461,
                             296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752};
  double n = P[0], d = Q[0];
  for (int i = 1; i < 7; i++) n = n * a + P[i];
  for (int i = 1; i < 8; i++) d = d * a + Q[i];
  return (e * n) / d;
}

struct Value { double figures[5]; };  // price, delta, gamma, vega per vol point, theta per day

static Value black76(int sign, double F, double K, double vol, double D, double T) {
  double sd = vol * (T == 0 ? 0 : root(T));
  if (sd == 0) {
    double payoff = sign * (F - K);
    return {{payoff > 0 ? D * payoff : 0, payoff > 0 ? sign * D : 0, 0, 0, 0}};
  }
  if (sd >= 24) return {{D * (sign > 0 ? F : K), sign > 0 ? D : 0, 0, 0, 0}};
  double d1 = ln(F / K) / sd + 0.5 * sd, d2 = d1 - sd;
  double b1 = std::fmin(std::fabs(d1), 37), b2 = std::fmin(std::fabs(d2), 37);
  double e1 = exp13(-0.5 * b1 * b1), t1 = tail(b1, e1), t2 = tail(b2, e1 * (F / K));
  double n1 = d1 < 0 ? t1 : 1 - t1, m1 = d1 < 0 ? 1 - t1 : t1, n2 = d2 < 0 ? t2 : 1 - t2, m2 = d2 < 0 ? 1 - t2 : t2;
  bool callIsOut = K >= F;
  double raw = callIsOut ? D * (F * n1 - K * n2) : D * (K * m2 - F * m1), out = raw < 0 ? 0 : raw;
  double price = callIsOut == (sign > 0) ? out : out + D * (callIsOut ? K - F : F - K);
  double density = 0.3989422804014327 * e1, vega = F * D * density * root(T), decay = (vega * vol) / (2 * T);
  double theta = ((-ln(D) / T) * price - decay) / 365;
  return {{price, D * (sign > 0 ? n1 : -m1), (D * density) / (F * sd), vega / 100, theta}};
}

static int32_t state;
static double uniform() {
  state = (int32_t)((uint32_t)state * 1664525u + 1013904223u);
  return (uint32_t)state / 4294967296.0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  state = (int32_t)std::atoll(argv[1]);
  uint32_t hash = 0x811c9dc5;
  for (int n = std::atoi(argv[2]); n > 0; n--) {
    int sign = uniform() < 0.5 ? 1 : -1;
    double F = 1 + std::floor(uniform() * 1e13), K = 1 + std::floor(uniform() * 1e13), vol = std::floor(uniform() * 3e9);
    double D = 900000000000.0 + std::floor(uniform() * 1e11), seconds = std::floor(uniform() * 94608000);
    Value value = black76(sign, F / 1e8, K / 1e8, vol / 1e9, D / 1e12, seconds / 31536000);
    unsigned char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    for (unsigned char byte : bytes) hash = (hash ^ byte) * 0x01000193u;
  }
  std::printf("%08x\n", hash);
}

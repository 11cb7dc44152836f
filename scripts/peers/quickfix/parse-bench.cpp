// Measures QuickFIX C++ on one message, for bench/fix-parse.ts.
//   parse-bench FIX44.xml message.fix rounds messagesPerRound
// Prints one JSON object: the best round of three stages, in messages per second.
//   parse             Message(text, dictionary): fields, repeating groups, BodyLength and CheckSum
//   parseValidate     the same, then DataDictionary::validate
//   parseNoDictionary Message(text): fields without groups
#include <quickfix/DataDictionary.h>
#include <quickfix/Message.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

static double bestPerSecond(int rounds, int messages, const std::function<void()>& one) {
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < messages; i++) one();
  double best = 0;
  for (int round = 0; round < rounds; round++) {
    const auto begin = Clock::now();
    for (int i = 0; i < messages; i++) one();
    best = std::max(best, messages / std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return best;
}

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: parse-bench FIX44.xml message.fix rounds messagesPerRound\n");
    return 64;
  }
  std::ifstream file(argv[2], std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const int rounds = std::atoi(argv[3]);
  const int messages = std::atoi(argv[4]);
  try {
    const FIX::DataDictionary dictionary(argv[1]);
    size_t sink = 0;
    const double bare = bestPerSecond(rounds, messages, [&] {
      const FIX::Message message(text);
      sink += message.totalFields();
    });
    const double parse = bestPerSecond(rounds, messages, [&] {
      const FIX::Message message(text, dictionary);
      sink += message.totalFields();
    });
    const double validated = bestPerSecond(rounds, messages, [&] {
      const FIX::Message message(text, dictionary);
      dictionary.validate(message);
      sink += message.totalFields();
    });
    std::printf("{\"parseNoDictionary\":%.0f,\"parse\":%.0f,\"parseValidate\":%.0f,\"fields\":%zu}\n", bare, parse,
                validated, sink / (static_cast<size_t>(rounds + 1) * messages * 3));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}

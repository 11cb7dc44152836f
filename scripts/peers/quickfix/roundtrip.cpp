// NewOrderSingle -> ExecutionReport with QuickFIX C++ at either end, to measure against and to test against.
//
//   roundtrip acceptor CONFIG                     answers every order with a report until `quit` or end of input
//   roundtrip initiator CONFIG N WINDOW [WARMUP]  sends N option orders, at most WINDOW of them unanswered
//
// The store is the file store of the configuration; MEM=1 keeps messages in memory instead. The initiator prints
// one JSON line: {"n":…,"window":…,"seconds":…,"perSecond":…,"p50Us":…,"p99Us":…}. Exit 2: no logon, or reports missing.
#include <quickfix/Application.h>
#include <quickfix/FileStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketAcceptor.h>
#include <quickfix/SocketInitiator.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
const auto patience = std::chrono::seconds(30);

class Side : public FIX::Application {
 public:
  FIX::SessionID session;
  std::atomic<bool> loggedOn{false};

  void onCreate(const FIX::SessionID& id) override { session = id; }
  void onLogon(const FIX::SessionID&) override { loggedOn = true; }
  void onLogout(const FIX::SessionID&) override { loggedOn = false; }
  void toAdmin(FIX::Message&, const FIX::SessionID&) override {}
  void toApp(FIX::Message&, const FIX::SessionID&) throw(FIX::DoNotSend) override {}
  void fromAdmin(const FIX::Message&, const FIX::SessionID&) throw(
      FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::RejectLogon) override {}
};

class Broker : public Side {
 public:
  void fromApp(const FIX::Message& order, const FIX::SessionID& from) throw(
      FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override {
    if (order.getHeader().getField(35) != "D") throw FIX::UnsupportedMessageType();
    FIX::Message report;
    report.getHeader().setField(35, "8");
    const std::string id = order.getField(11);
    report.setField(37, "O" + id);
    report.setField(17, "E" + id);
    report.setField(11, id);
    report.setField(150, "0");
    report.setField(39, "0");
    for (int tag : {54, 55, 38}) report.setField(tag, order.getField(tag));
    report.setField(151, order.getField(38));
    report.setField(14, "0");
    report.setField(6, "0");
    FIX::Session::sendToTarget(report, from);
  }
};

class Trader : public Side {
 public:
  std::atomic<int> answered{0};
  std::vector<Clock::time_point> sentAt;
  std::vector<double> latencyUs;

  explicit Trader(int n) : sentAt(n), latencyUs(n) {}

  void fromApp(const FIX::Message& report, const FIX::SessionID&) throw(
      FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override {
    const size_t i = std::stoul(report.getField(11));
    if (i < sentAt.size())
      latencyUs[i] = std::chrono::duration<double, std::micro>(Clock::now() - sentAt[i]).count();
    ++answered;
  }
};

FIX::Message order(int i) {
  FIX::Message message;
  message.getHeader().setField(35, "D");
  message.setField(11, std::to_string(i));
  message.setField(54, "1");
  message.setField(FIX::TransactTime());
  message.setField(40, "2");
  message.setField(55, "ETH");
  message.setField(48, "ETH-25JUN27-4000-C");
  message.setField(22, "8");
  message.setField(167, "OPT");
  message.setField(461, "OCECCN");
  message.setField(541, "20270625");
  message.setField(201, "1");
  message.setField(202, "4000");
  message.setField(15, "USD");
  message.setField(38, "100");
  message.setField(44, "430.72");
  return message;
}

template <class Condition>
bool waitFor(Condition holds) {
  const auto until = Clock::now() + patience;
  while (!holds()) {
    if (Clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

/** Sends orders `from` to `to`; false when the reports stop coming. */
bool trade(Trader& trader, int from, int to, int window) {
  for (int i = from; i < to; ++i) {
    const auto until = Clock::now() + patience;
    while (i - trader.answered >= window) {
      if (Clock::now() > until) return false;
      std::this_thread::yield();
    }
    FIX::Message message = order(i);
    trader.sentAt[i] = Clock::now();
    FIX::Session::sendToTarget(message, trader.session);
  }
  const auto until = Clock::now() + patience;
  while (trader.answered < to) {
    if (Clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

int measure(Trader& trader, int n, int window, int warmUp) {
  if (!waitFor([&] { return trader.loggedOn.load(); }) || !trade(trader, 0, warmUp, window)) return 2;
  const auto start = Clock::now();
  if (!trade(trader, warmUp, warmUp + n, window)) return 2;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<double> sorted(trader.latencyUs.begin() + warmUp, trader.latencyUs.end());
  std::sort(sorted.begin(), sorted.end());
  std::printf("{\"n\":%d,\"window\":%d,\"seconds\":%.4f,\"perSecond\":%.0f,\"p50Us\":%.1f,\"p99Us\":%.1f}\n", n, window,
              seconds, n / seconds, sorted[n / 2], sorted[static_cast<size_t>(n * 0.99)]);
  std::fflush(stdout);
  return 0;
}

int serve() {
  std::cout << "READY" << std::endl;
  std::string line;
  while (std::getline(std::cin, line) && line != "quit") {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[1] : "";
  if (mode != "acceptor" && !(mode == "initiator" && argc >= 5)) {
    std::cerr << "usage: roundtrip acceptor CONFIG | roundtrip initiator CONFIG N WINDOW [WARMUP]" << std::endl;
    return 64;
  }
  try {
    FIX::SessionSettings settings(argv[2], true);
    FIX::FileStoreFactory files(settings);
    FIX::MemoryStoreFactory memory;
    FIX::MessageStoreFactory& store = std::getenv("MEM") ? static_cast<FIX::MessageStoreFactory&>(memory) : files;
    if (mode == "acceptor") {
      Broker broker;
      FIX::SocketAcceptor acceptor(broker, store, settings);
      acceptor.start();
      const int code = serve();
      acceptor.stop();
      return code;
    }
    const int n = std::atoi(argv[3]), window = std::atoi(argv[4]), warmUp = argc > 5 ? std::atoi(argv[5]) : 0;
    Trader trader(n + warmUp);
    FIX::SocketInitiator initiator(trader, store, settings);
    initiator.start();
    const int code = measure(trader, n, window, warmUp);
    initiator.stop();
    return code;
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}

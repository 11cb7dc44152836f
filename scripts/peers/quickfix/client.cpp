// A desk with a stock FIX engine: QuickFIX C++ with a file store, scripted by lines on standard input.
// Build: g++ -std=c++14 -O1 -w client.cpp -o client -lquickfix -lpthread     Run: ./client client.cfg
// (C++17 refuses the QuickFIX headers: they use throw() specifications.)
//
// Commands                                  Prints
//   rfq ID SYMBOL SECURITYID QTY [SIDE]       READY                     the engine runs
//   order CLORDID [PRICE]                     LOGON | LOGOUT            the session goes on or off
//   status CLORDID                            IN|OUT kind message      every message, SOH shown as |
//   raw MSGTYPE TAG=VALUE ...                 ERROR text                the command was not understood
//   cut  (drops the connection)
//   quit (logs out and ends)
// `order` takes the last quote at its offer. The option is written as ETH-25JUN27-4000-C is.
#include <quickfix/Application.h>
#include <quickfix/FileStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketInitiator.h>

#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>

namespace {

std::mutex printing;

void print(const std::string& line) {
  std::lock_guard<std::mutex> lock(printing);
  std::cout << line << std::endl;
}

std::string readable(const FIX::Message& message) {
  std::string text = message.toString();
  for (char& c : text)
    if (c == '\001') c = '|';
  return text;
}

class Desk : public FIX::Application {
 public:
  FIX::SessionID session;

  void onCreate(const FIX::SessionID& id) override { session = id; }
  void onLogon(const FIX::SessionID&) override { print("LOGON"); }
  void onLogout(const FIX::SessionID&) override { print("LOGOUT"); }
  void toAdmin(FIX::Message& message, const FIX::SessionID&) override { print("OUT admin " + readable(message)); }
  void toApp(FIX::Message& message, const FIX::SessionID&) throw(FIX::DoNotSend) override {
    print("OUT app " + readable(message));
  }
  void fromAdmin(const FIX::Message& message, const FIX::SessionID&) throw(
      FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::RejectLogon) override {
    print("IN admin " + readable(message));
  }
  void fromApp(const FIX::Message& message, const FIX::SessionID&) throw(
      FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override {
    if (message.getHeader().getField(35) == "S") remember(message);
    print("IN app " + readable(message));
  }

  std::map<int, std::string> quote() {
    std::lock_guard<std::mutex> lock(quoting);
    return lastQuote;
  }

 private:
  std::mutex quoting;
  std::map<int, std::string> lastQuote;

  void remember(const FIX::Message& message) {
    std::lock_guard<std::mutex> lock(quoting);
    lastQuote.clear();
    for (int tag : {15, 22, 48, 55, 117, 132, 133, 134, 135, 167, 201, 202, 461, 541, 947})
      if (message.isSetField(tag)) lastQuote[tag] = message.getField(tag);
  }
};

FIX::Message newMessage(const std::string& type) {
  FIX::Message message;
  message.getHeader().setField(35, type);
  return message;
}

void setOption(FIX::FieldMap& fields, const std::string& symbol, const std::string& securityId) {
  fields.setField(55, symbol);
  fields.setField(48, securityId);
  fields.setField(22, "8");
  fields.setField(461, "OCECCN");
  fields.setField(167, "OPT");
  fields.setField(541, "20270625");
  fields.setField(201, "1");
  fields.setField(202, "4000");
  fields.setField(947, "USD");
  fields.setField(15, "USDC");
}

/** QuoteRequest(R) for one instrument. */
FIX::Message quoteRequest(std::istringstream& words) {
  std::string id, symbol, securityId, quantity, side = "1";
  words >> id >> symbol >> securityId >> quantity >> side;
  FIX::Message request = newMessage("R");
  request.setField(131, id);
  // NoRelatedSym(146), its first field and their order.
  FIX::Group instrument(146, 55,
                        FIX::message_order(55, 48, 22, 461, 167, 541, 201, 202, 947, 54, 38, 15, 0));
  setOption(instrument, symbol, securityId);
  instrument.setField(54, side.empty() ? "1" : side);
  instrument.setField(38, quantity);
  request.addGroup(instrument);
  return request;
}

/** NewOrderSingle(D), previously quoted, against the QuoteID of the last quote. */
FIX::Message order(std::istringstream& words, std::map<int, std::string> quote) {
  std::string clOrdId, price;
  words >> clOrdId >> price;
  FIX::Message message = newMessage("D");
  for (int tag : {15, 22, 48, 55, 117, 167, 201, 202, 461, 541, 947})
    if (quote.count(tag)) message.setField(tag, quote[tag]);
  message.setField(11, clOrdId);
  message.setField(54, "1");
  message.setField(38, quote.count(135) ? quote[135] : "1");
  message.setField(40, "D");
  message.setField(44, price.empty() ? quote[133] : price);
  message.setField(59, "4");
  message.setField(FIX::TransactTime());
  return message;
}

FIX::Message status(std::istringstream& words, std::map<int, std::string> quote) {
  std::string clOrdId;
  words >> clOrdId;
  FIX::Message message = newMessage("H");
  message.setField(11, clOrdId);
  message.setField(55, quote.count(55) ? quote[55] : "ETH");
  message.setField(54, "1");
  return message;
}

FIX::Message raw(std::istringstream& words) {
  std::string type, field;
  words >> type;
  FIX::Message message = newMessage(type);
  while (words >> field) {
    const size_t split = field.find('=');
    message.setField(std::stoi(field.substr(0, split)), field.substr(split + 1));
  }
  return message;
}

/** False when the desk goes home. */
bool obey(const std::string& line, Desk& desk) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  if (command == "quit") return false;
  FIX::Message message;
  if (command == "rfq") message = quoteRequest(words);
  else if (command == "order") message = order(words, desk.quote());
  else if (command == "status") message = status(words, desk.quote());
  else if (command == "raw") message = raw(words);
  else if (command == "cut") {
    FIX::Session::lookupSession(desk.session)->disconnect();
    return true;
  } else {
    print("ERROR unknown command " + command);
    return true;
  }
  FIX::Session::sendToTarget(message, desk.session);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: client CONFIG" << std::endl;
    return 64;
  }
  try {
    FIX::SessionSettings settings(argv[1], true);
    Desk desk;
    FIX::FileStoreFactory store(settings);
    FIX::SocketInitiator initiator(desk, store, settings);
    initiator.start();
    print("READY");
    std::string line;
    while (std::getline(std::cin, line) && obey(line, desk)) {
    }
    initiator.stop();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}

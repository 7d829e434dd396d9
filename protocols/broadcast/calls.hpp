// What a node of the broadcast family calls: the entries of its workload, in their order and at
// their time. Parties and external clients own one each.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/setup.hpp"

namespace sibyl::broadcast {

/// Timer: the time of an entry of the node's workload has come.
struct EntryDue {
  std::uint64_t op = 0;
};
BOOST_DESCRIBE_STRUCT(EntryDue, (), (op))

/// Sessions are well formed: commands of one node are called in the order of the list, and the next
/// one when the one before has returned. Values are broadcast whenever they may be.
struct Calls {
  std::set<std::uint64_t> due;        ///< entries whose time has come, not called yet
  std::set<std::uint64_t> seen;       ///< those delivered here, of System::waited_for
  std::optional<std::uint64_t> open;  ///< the command that has not returned
  std::uint64_t commands = 0;         ///< how many have been called

  /// Arms a timer for each entry of the node.
  void start(Context& context, const System& system);
  /// After a crash: for the values whose time is to come. Commands are not gone on with, since
  /// what had been called is forgotten; nor is what was due before.
  void recover(Context& context, const System& system);
  void delivered(const System& system, const Item& item);
  /// The entry to be called now, if there is one; a command is open from now on. Call it again
  /// until there is none. O(entries that are due).
  std::optional<std::uint64_t> take(const System& system);
  /// Whether `op` was open; it has returned now.
  bool returned(std::uint64_t op);
};
BOOST_DESCRIBE_STRUCT(Calls, (), (due, seen, open, commands))

/// Reports that the node calls the command of an entry.
void note_invoke(Context& context, const Entry& entry);

}  // namespace sibyl::broadcast
